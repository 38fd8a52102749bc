"""A stand-in for the public pages: HTTPS that answers /health.

avis gives out one-click links only while their endpoint answers (LST-4);
its certificate is made for this run, and SSL_CERT_FILE makes it known.
"""

import http.server
import os
import ssl
import threading


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_health = self.path == "/health"
        self.send_response(200 if is_health else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class WebServer:
    def __init__(self, place):
        folder = place.folder("web")
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        place.run(["openssl", "req", "-x509", "-nodes", "-days", "2",
                   "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-subj", "/CN=lab",
                   "-addext", "subjectAltName=IP:127.0.0.1",
                   "-keyout", key, "-out", self.certificate])
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                       _Pages)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket,
                                                  server_side=True)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self.environment = {**os.environ,
                            "SSL_CERT_FILE": str(self.certificate)}

    def close(self):
        self._server.shutdown()
        self._server.server_close()
