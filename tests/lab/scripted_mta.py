"""An MTA of a few lines: says what the test tells it to a filter, and keeps
the edits that come back. No Postfix needed, and it may break the protocol.

    mta = ScriptedMta("unix:/run/x.sock")     # as Postfix writes sockets
    mta.hello(address="127.0.0.1")
    outcome = mta.send("julie@example.fr", ["anne@example.com"], LETTER)
    outcome.answer, outcome.edits
"""

import socket
import struct
from dataclasses import dataclass, field

ALL_ACTIONS = 0x1FF
POSTFIX_STEPS = 0x1FFFFF
LEADING_SPACE = 0x100000
SKIP = 0x400
TIMEOUT_S = 20

# What the filter may leave out, and what it may leave unanswered.
LEFT_OUT = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20,
            "N": 0x40, "U": 0x100, "T": 0x200}
QUIET = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000,
         "T": 0x10000, "U": 0x20000, "N": 0x40000, "B": 0x80000}
STAGES = dict(enumerate("CHMRTEN"))
EDITS = {"h": "add", "i": "insert", "m": "change", "+": "addrcpt",
         "2": "addrcpt", "-": "delrcpt", "e": "chgfrom", "b": "body",
         "q": "quarantine"}
ANSWERS = {"c": "continue", "a": "accept", "d": "discard", "r": "reject",
           "t": "tempfail", "y": "reply", "s": "skip"}


class ProtocolError(Exception):
    """What came back is nothing that a filter may say now."""


class Hung(ProtocolError):
    """Nothing came back in time."""


@dataclass
class Edit:
    """One wish of the filter. index is that of insert and change."""

    kind: str
    name: str = ""
    value: str = ""
    index: int = 0
    raw: bytes = b""


@dataclass
class Outcome:
    answer: str = ""
    text: str = ""  # of a reply: "451 4.3.0 ..."
    edits: list = field(default_factory=list)

    def of(self, kind, name=None):
        """The edits of a kind, and of a header or address."""
        return [e for e in self.edits if e.kind == kind
                and (name is None or e.name.lower() == name.lower())]

    def values(self, name):
        """What was added or inserted under that name."""
        return [e.value for e in self.edits
                if e.kind in ("add", "insert")
                and e.name.lower() == name.lower()]


def parts(data):
    return [p.decode("utf-8", "surrogateescape")
            for p in data.rstrip(b"\0").split(b"\0")]


def read_edit(letter, data):
    kind = EDITS[letter]
    if kind in ("insert", "change"):
        index = struct.unpack(">I", data[:4])[0]
        name, _, value = data[4:].partition(b"\0")
        return Edit(kind, *parts(name),
                    value[:-1].decode("utf-8", "surrogateescape"), index,
                    data)
    if kind == "add":
        name, _, value = data.partition(b"\0")
        return Edit(kind, *parts(name),
                    value[:-1].decode("utf-8", "surrogateescape"), raw=data)
    if kind == "body":
        return Edit(kind, raw=data)
    words = parts(data) + [""]
    return Edit(kind, words[0], words[1], raw=data)


def as_bytes(text):
    return text if isinstance(text, bytes) else \
        text.encode("utf-8", "surrogateescape")


def open_socket(name):
    if name.startswith("unix:"):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(TIMEOUT_S)
        link.connect(name[5:])
        return link
    host, _, port = name.removeprefix("inet:").rpartition(":")
    return socket.create_connection((host, int(port)), TIMEOUT_S)


class ScriptedMta:
    def __init__(self, name, actions=ALL_ACTIONS, steps=POSTFIX_STEPS,
                 greets=True):
        self.link = open_socket(name)
        self._reader = self.link.makefile("rb")
        self.actions = self.steps = 0
        self.symbols = {}
        self.macros = {"j": "mx1.example.fr", "v": "Postfix 3.7.11",
                       "{daemon_name}": "mx1.example.fr",
                       "_": "localhost [127.0.0.1]", "i": "4fScripted01"}
        if greets:
            self._greet(actions, steps)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- packets ------------------------------------------------------------

    def raw(self, data):
        """Any bytes at all."""
        self.link.sendall(data)

    def packet(self, letter, data=b""):
        data = as_bytes(letter) + data
        self.raw(struct.pack(">I", len(data)) + data)

    def read(self):
        """(letter, data) of the next packet; EOFError at the end."""
        try:
            head = self._reader.read(4)
            if len(head) < 4:
                raise EOFError
            data = self._reader.read(struct.unpack(">I", head)[0])
        except TimeoutError:
            raise Hung("the filter does not answer") from None
        except ConnectionError:
            raise EOFError from None
        return data[:1].decode("latin-1"), data[1:]

    def _greet(self, actions, steps):
        self.packet("O", struct.pack(">III", 6, actions, steps))
        letter, data = self.read()
        if letter != "O":
            raise ProtocolError(f"{letter!r} instead of its terms")
        _, self.actions, self.steps = struct.unpack(">III", data[:12])
        if self.actions & ~actions or self.steps & ~steps:
            raise ProtocolError("the filter wants what was not offered")
        data = data[12:]
        while data:
            stage = STAGES[struct.unpack(">I", data[:4])[0]]
            names, _, data = data[4:].partition(b"\0")
            self.symbols[stage] = names.decode().split()

    def say(self, letter, data=b""):
        """One step as Postfix makes it. None when it is left out or quiet."""
        if self.steps & LEFT_OUT.get(letter, 0):
            return None
        self._say_macros(letter)
        self.packet(letter, data)
        if self.steps & QUIET.get(letter, 0):
            return None
        answer, data = self.read()
        if answer not in ANSWERS:
            raise ProtocolError(f"{answer!r} in answer to {letter!r}")
        return Outcome(ANSWERS[answer], data.rstrip(b"\0").decode())

    def _say_macros(self, letter):
        standard = {"C": ["j", "{daemon_name}", "v", "_"], "T": ["i"],
                    "N": ["i"], "E": ["i"], "M": ["{mail_addr}"]}
        names = self.symbols.get(letter, standard.get(letter, []))
        data = b"".join(as_bytes(n) + b"\0" + as_bytes(self.macros[n]) + b"\0"
                        for n in names if n in self.macros)
        self.packet("D", as_bytes(letter) + data)

    # -- steps --------------------------------------------------------------

    def hello(self, address="127.0.0.1", name="localhost", port=40000):
        family = b"6" if ":" in address else b"4"
        answer = self.say("C", as_bytes(name) + b"\0" + family +
                          struct.pack(">H", port) + as_bytes(address) + b"\0")
        self.say("H", b"client.example.fr\0")
        return answer

    def mail(self, path, *words):
        return self.say("M", b"".join(as_bytes(w) + b"\0"
                                      for w in (path, *words)))

    def rcpt(self, path, *words):
        return self.say("R", b"".join(as_bytes(w) + b"\0"
                                      for w in (path, *words)))

    def data(self):
        return self.say("T")

    def header(self, name, value):
        """value as it stands behind the colon, folds as LF."""
        value = as_bytes(value)
        if not self.steps & LEADING_SPACE:
            value = value.removeprefix(b" ")
        return self.say("L", as_bytes(name) + b"\0" + value + b"\0")

    def headers_end(self):
        return self.say("N")

    def body(self, data):
        return self.say("B", as_bytes(data))

    def end(self):
        """End of the message: the edits, and the answer."""
        self._say_macros("E")
        self.packet("E")
        outcome = Outcome()
        while True:
            letter, data = self.read()
            if letter in EDITS:
                outcome.edits.append(read_edit(letter, data))
            elif letter in ANSWERS:
                outcome.answer = ANSWERS[letter]
                outcome.text = data.rstrip(b"\0").decode()
                return outcome
            elif letter != "p":
                raise ProtocolError(f"{letter!r} at the end of a message")

    def abort(self):
        self.packet("A")

    def close(self):
        try:
            self.packet("Q")
        except OSError:
            pass
        self.drop()

    def drop(self):
        """Gone without a word."""
        self._reader.close()
        self.link.close()

    # -- whole messages -----------------------------------------------------

    def headers(self, fields):
        for name, value in fields:
            answer = self.header(name, value)
            if answer and answer.answer != "continue":
                return answer
        return None

    def bodies(self, chunks):
        for chunk in chunks:
            answer = self.body(chunk)
            if answer and answer.answer == "skip":
                break
            if answer and answer.answer != "continue":
                return answer
        return None

    def send(self, sender, recipients, letter, chunk=65535):
        """sender and recipients without brackets, or (path, words...)."""
        fields, body = split_letter(letter)
        steps = [lambda: self.mail(*path_and_words(sender))]
        steps += [lambda r=r: self.rcpt(*path_and_words(r))
                  for r in recipients]
        steps += [self.data, lambda: self.headers(fields), self.headers_end,
                  lambda: self.bodies(body[i:i + chunk] for i in
                                      range(0, len(body), chunk))]
        for step in steps:
            answer = step()
            if answer and answer.answer not in ("continue", "skip"):
                return answer
        return self.end()


def path_and_words(given):
    if isinstance(given, tuple):
        return given
    return (f"<{given}>",)


def split_letter(letter):
    """([(name, value)...], body with CRLF) of a letter with LF line ends."""
    head, _, body = as_bytes(letter).partition(b"\n\n")
    fields = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, value + b"\n" + line)
        else:
            name, _, value = line.partition(b":")
            fields.append((name, value))
    return fields, body.replace(b"\n", b"\r\n")


def apply(letter, outcome):
    """The letter as the next hop gets it, headers only edited."""
    fields, _ = split_letter(letter)
    fields = [(as_bytes(n), as_bytes(v)) for n, v in fields]
    for edit in outcome.edits:
        name, value = as_bytes(edit.name), as_bytes(edit.value)
        places = [i for i, (n, _) in enumerate(fields)
                  if n.lower() == name.lower()]
        if edit.kind == "add":
            fields.append((name, value))
        elif edit.kind == "insert":
            fields.insert(max(edit.index - 1, 0), (name, value))
        elif edit.kind == "change" and edit.index <= len(places):
            place = places[max(edit.index, 1) - 1]
            fields[place:place + 1] = [(name, value)] if value else []
        elif edit.kind == "change" and value:
            fields.append((name, value))
    head = b"\n".join(n + b":" + (v if v[:1] == b" " else b" " + v)
                      for n, v in fields)
    return head + b"\n\n" + as_bytes(letter).partition(b"\n\n")[2]
