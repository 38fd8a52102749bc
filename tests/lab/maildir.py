"""What arrived in somebody's mailbox."""

import email
import email.policy
import pathlib

from .waiting import wait_until


class Message:
    """One message as it was delivered, byte for byte."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.raw = self.path.read_bytes()
        self.parsed = email.message_from_bytes(
            self.raw, policy=email.policy.compat32)

    def __getitem__(self, name):
        """The first field of that name, unfolded; "" when there is none."""
        value = self.parsed[name]
        return "" if value is None else " ".join(str(value).split())

    def all(self, name):
        return [" ".join(str(v).split())
                for v in self.parsed.get_all(name, [])]

    def header_lines(self):
        """The header as lines "Name: value", in order, folds kept."""
        head = self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        return head.decode("utf-8", "replace").split("\n")

    @property
    def body(self):
        return self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]

    def __repr__(self):
        return f"<{self['Subject']!r} in {self.path}>"


class Maildir:
    def __init__(self, path, logs=()):
        self.path = pathlib.Path(path)
        self.logs = logs

    def messages(self, **wanted):
        """All of them, oldest first; wanted: subject="...", message_id=..."""
        found = []
        for folder in ("new", "cur"):
            try:
                paths = list((self.path / folder).iterdir())
            except OSError:
                continue
            for path in paths:
                try:
                    found.append(Message(path))
                except FileNotFoundError:
                    continue
        found.sort(key=lambda m: m.path.stat().st_mtime_ns)
        return [m for m in found if all(
            value in m[name.replace("_", "-")]
            for name, value in wanted.items())]

    def wait(self, count=1, timeout=20, **wanted):
        """The messages once there are `count` of them (or more)."""
        what = ", ".join(f"{k} {v!r}" for k, v in wanted.items()) or "mail"
        return wait_until(
            lambda: len(found := self.messages(**wanted)) >= count and found,
            f"{count} x {what} in {self.path}", timeout, self.logs)

    def wait_one(self, timeout=20, **wanted):
        return self.wait(1, timeout, **wanted)[-1]

    def clear(self):
        for message in self.messages():
            message.path.unlink(missing_ok=True)
