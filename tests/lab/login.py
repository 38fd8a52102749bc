"""Passwords for the lab: answers Postfix as a Dovecot auth server would.

Just enough of that protocol for AUTH PLAIN, so that tests can log in as an
authenticated client on a real Postfix.
"""

import base64
import itertools
import os
import socketserver
import threading

PASSWORD = "lab"


class _Session(socketserver.StreamRequestHandler):
    numbers = itertools.count(1)

    def _say(self, *words):
        self.wfile.write("\t".join(words).encode() + b"\n")

    def handle(self):
        self._say("VERSION", "1", "1")
        self._say("MECH", "PLAIN", "plaintext")
        self._say("SPID", str(os.getpid()))
        self._say("CUID", str(next(self.numbers)))
        self._say("COOKIE", "0" * 32)
        self._say("DONE")
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] == "AUTH":
                self._answer(words[1], words[2:])

    def _answer(self, number, words):
        given = dict(w.partition("=")[::2] for w in words)
        try:
            _, user, password = base64.b64decode(given["resp"]).split(b"\0")
        except (KeyError, ValueError):
            self._say("FAIL", number)
            return
        if password.decode() == PASSWORD:
            self._say("OK", number, f"user={user.decode()}")
        else:
            self._say("FAIL", number, f"user={user.decode()}")


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A Postfix that stops hangs up; nobody needs to read of it."""


class LoginServer:
    """Serves until close(); anybody may log in with PASSWORD."""

    def __init__(self, place):
        self.socket = place.folder("login") / "auth.sock"
        self._server = _Server(str(self.socket), _Session)
        self.socket.chmod(0o666)
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
