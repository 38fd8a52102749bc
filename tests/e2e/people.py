"""What the end-to-end tests share: letters, questions and answers."""

import itertools
import pathlib
import re
import uuid

from tests.lab import smtp
from tests.lab.waiting import wait_until

POLICY = pathlib.Path(__file__).with_name("policy.conf").read_text()
SETTINGS = {
    "dkim_signs": True,
    # 10.0.0.0/8: our own network, but no trusted application there.
    "ours": {"networks": ["127.0.0.1/32", "10.0.0.0/8"],
             "authenticated": True},
}
OUR_CLIENT = "10.1.2.3"
STRANGER = "198.51.100.7"

TOKEN_ADDRESS = re.compile(r"recu\+([a-z2-7]{40})@example\.fr")
SUCCESS, FAILURE, DELAY, NEVER = 2, 4, 8, 1

_users = itertools.cycle(f"user{n}" for n in range(100))


def letter(sender="julie@example.fr", to="anne@example.com", subject=None,
           text="Bonjour,\n\nun mot.\n", **fields):
    """A message as text; a field given as None is left out."""
    subject = subject or f"sujet {uuid.uuid4().hex[:12]}"
    lines = {"From": sender, "To": to, "Subject": subject,
             "Date": "Sat, 21 Nov 2026 10:00:00 +0100",
             "Message-ID": f"<{uuid.uuid4().hex}@app.example.fr>"}
    for name, value in fields.items():
        lines[name.replace("_", "-")] = value
    head = "".join(f"{k}: {v}\n" for k, v in lines.items() if v is not None)
    return f"{head}\n{text}"


def field(text, name):
    """A field of such a letter."""
    match = re.search(rf"(?m)^{name}: (.*)$", text)
    return match.group(1) if match else ""


def fresh_recipient(domain="example.com"):
    """A mailbox that no other test of this module looks at."""
    return f"{next(_users)}@{domain}"


def token_of(message):
    """The token in the envelope sender a message arrived with."""
    match = TOKEN_ADDRESS.search(message["Return-Path"])
    assert match, f"no token in Return-Path {message['Return-Path']!r}"
    return match.group(1)


def send_and_receive(lab, text=None, sender=None, to=None, **options):
    """One message to one recipient; gives it as it arrived."""
    to = to or fresh_recipient()
    text = text or letter(to=to)
    sender = field(text, "From") if sender is None else sender
    lab.send(sender, [to], text, **options)
    return lab.inbox(to).wait_one(subject=field(text, "Subject"))


def queued(lab, text, recipients, **options):
    """Sends to somebody who cannot be reached; gives the queue file."""
    queue_id = lab.send(field(text, "From"), recipients, text, **options)
    return lab.sender.queued(queue_id)


def added(message, text):
    """Header lines of the arrived message that the sent one had not."""
    trace = ("Return-Path", "X-Original-To", "Delivered-To", "Received")
    sent = set(text.partition("\n\n")[0].split("\n"))
    lines, is_trace = [], False
    for line in message.header_lines():
        if line[:1] not in " \t":
            is_trace = line.partition(":")[0] in trace
        if not is_trace and line not in sent:
            lines.append(line)
    return lines


# -- what avis knows --------------------------------------------------------

class Case:
    """What `avis proof --json` says of one message."""

    def __init__(self, data):
        self.data = data
        self.message = (data["messages"] or [{}])[0]
        self.events = self.message.get("events", [])
        # Else from the journals of this host: not in Redis (yet).
        self.is_from_store = self.message.get("read_from") == "store"

    @property
    def kinds(self):
        return [event["kind"] for event in self.events]

    def state(self, recipient=1):
        return self.message["recipients"][recipient - 1]["state"]

    def all(self, kind):
        return [e for e in self.events if e["kind"] == kind]

    def one(self, kind):
        found = self.all(kind)
        assert len(found) == 1, f"{kind}: {len(found)} times in {self.kinds}"
        return found[0]


def case_of(lab, message):
    """By the token in the sender the message arrived with, or its id."""
    match = TOKEN_ADDRESS.search(message["Return-Path"])
    if match:
        return Case(lab.avis.proof("--token", match.group(1)))
    return Case(lab.avis.proof("--message-id", message["Message-ID"]))


def wait_case(lab, message, kind, count=1):
    """The case once Redis shows `count` events of that kind."""
    def look():
        case = case_of(lab, message)
        return case.is_from_store and len(case.all(kind)) >= count and case
    return wait_until(look, f"{count} x \"{kind}\" in the proof of "
                      f"{message['Subject']!r}", 20, lab.logs())


def from_outside(lab, recipient, data, sender="", **options):
    """Somebody else's server delivers a report or a reply to us."""
    return lab.send_from_outside(sender, [recipient], data, **options)


def give_back(lab, sender, recipient, data):
    """Through the recipient's own mail server, as mail programs do."""
    return smtp.send(lab.recipient.port("dsn"), sender, [recipient], data)
