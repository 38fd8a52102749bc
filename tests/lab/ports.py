"""Free TCP ports on loopback that stay ours until we give them back."""

import socket


class Port:
    """A reserved port.

    Our socket is bound and never listens. With SO_REUSEADDR on both sides
    Linux lets a daemon bind the same port and listen, while nobody else is
    handed it: there is no moment in which another process can take it.
    Where a kernel does not allow this, yield_now() gives the port up just
    before the daemon binds.
    """

    def __init__(self, address="127.0.0.1"):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((address, 0))
        self.address = address
        self.number = self._socket.getsockname()[1]

    def __str__(self):
        return str(self.number)

    def answers(self):
        """Does somebody listen there now?"""
        try:
            socket.create_connection((self.address, self.number), 1).close()
        except OSError:
            return False
        return True

    def yield_now(self):
        self._socket.close()

    release = yield_now
