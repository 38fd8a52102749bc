"""A CRM of the tests: takes what `avis hook` posts, or fails as told."""

import hashlib
import hmac
import http.server
import json
import threading
import time


class Receiver:
    """answers: what to say, a function of the event; default 200."""

    def __init__(self, secret):
        self.secret = secret
        self.posts = []
        self.problems = []
        self.answer = lambda event: 200
        self._server = None
        self._lock = threading.Lock()
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/events"

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers, body):
        event = json.loads(body)
        if not self.is_signed(headers["Avis-Signature"], body):
            self.problems.append(f"bad signature: {headers}")
        if headers["Avis-Event-Id"] != event["id"]:
            self.problems.append(f"two ids: {headers} {event}")
        status = self.answer(event)
        if status == 200:
            with self._lock:
                self.posts.append(event)
        return status

    def is_signed(self, header, body):
        parts = [p.split("=", 1) for p in header.split(",")]
        (when,) = [v for k, v in parts if k == "t"]
        want = hmac.new(self.secret, when.encode() + b"." + body,
                        hashlib.sha256).hexdigest()
        return abs(time.time() - int(when)) < 300 and \
            any(hmac.compare_digest(v, want) for k, v in parts if k == "v1")

    def unique(self):
        """Each event once, as a receiver keeps them: by its id."""
        return list({post["id"]: post for post in self.posts}.values())
