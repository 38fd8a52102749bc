"""A private Redis on a Unix socket: no TCP, append-only file, no eviction."""

import signal
import socket

CONF = """\
port 0
unixsocket {socket}
unixsocketperm 666
dir {folder}
dbfilename dump.rdb
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
daemonize no
databases 16
"""


class RedisServer:
    def __init__(self, place, name="redis"):
        self.place = place
        self.folder = place.folder(name)
        self.socket = self.folder / "redis.sock"
        self.log = self.folder / "redis.log"
        self.url = f"redis+unix://{self.socket}"
        self._conf = self.folder / "redis.conf"
        self._conf.write_text(CONF.format(socket=self.socket,
                                          folder=self.folder))
        self._process = None

    def start(self):
        self._process = self.place.start(
            "redis-server", ["redis-server", self._conf], self.log)
        self._process.wait_ready(lambda: self.command("PING") == "PONG",
                                 "Redis to answer PING")
        return self

    def command(self, *words):
        """One simple command, one line of answer; "" when it is away."""
        parts = [str(word).encode() for word in words]
        order = b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(5)
                link.connect(str(self.socket))
                link.sendall(order)
                answer = link.makefile("rb").readline().decode().strip()
        except OSError:
            return ""
        return answer[1:]

    def empty(self):
        self.command("FLUSHALL")

    def pause(self):
        """Still there, does not answer: like a machine that hangs."""
        self._process.send(signal.SIGSTOP)

    def go_on(self):
        self._process.send(signal.SIGCONT)

    def stop(self):
        self._process.stop()

    def kill(self):
        self._process.kill()

    def restart(self):
        self.stop()
        return self.start()
