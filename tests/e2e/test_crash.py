"""The milter is killed while mail flows: nothing lost, nothing doubled."""

import smtplib
import threading
import time
import uuid

from tests.e2e.people import (
    Case, fresh_recipient, letter, send_and_receive, wait_case)
from tests.lab.smtp import SmtpClient
from tests.lab.waiting import wait_until

SENDERS = 4
KILLS = 4


class Applications:
    """Several programs that send without a pause until told to stop."""

    def __init__(self, lab, recipient):
        self.lab = lab
        self.recipient = recipient
        self.accepted = []  # queue ids by which we got a 250
        self.refused = []   # got a 4xx: theirs to try again
        self.unknown = []   # the connection broke before an answer
        self.permanent = [] # a 5xx: must not be
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work)
                         for _ in range(SENDERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self):
        while not self._stop.is_set():
            self._send_one()

    def _send_one(self):
        name = uuid.uuid4().hex
        text = letter("recouvrement@example.fr", to=self.recipient,
                      subject=f"burst {name}",
                      Message_ID=f"<{name}@app.example.fr>")
        try:
            with SmtpClient(self.lab.sender.port("own")) as client:
                client.deliver("recouvrement@example.fr", [self.recipient],
                               text)
            self.accepted.append(name)
        except smtplib.SMTPResponseException as answer:
            found = (self.permanent if answer.smtp_code >= 500
                     else self.refused)
            found.append((name, answer))
        except (smtplib.SMTPException, OSError) as error:
            self.unknown.append((name, error))


def test_X_12_killed_under_load_nothing_is_lost_or_doubled(lab):
    recipient = fresh_recipient()
    box = lab.inbox(recipient)
    with Applications(lab, recipient) as applications:
        for _ in range(KILLS):
            goal = len(applications.accepted) + 15
            wait_until(lambda: len(applications.accepted) >= goal,
                       "messages to flow", 30, lab.logs())
            lab.avis.kill()
            gone = len(applications.refused) + 1
            wait_until(lambda: len(applications.refused) >= gone,
                       "a refusal while the milter is away", 30, lab.logs())
            lab.avis.launch()
    assert applications.permanent == []
    wait_until(lambda: not lab.sender.queue() and not lab.recipient.queue(),
               "the queues to empty", 60, lab.logs())

    arrived = [m["Subject"].split()[1] for m in box.messages()]
    assert len(arrived) == len(set(arrived)), "delivered twice"
    missing = set(applications.accepted) - set(arrived)
    assert not missing, f"accepted and lost: {missing}"
    refused = {name for name, _ in applications.refused}
    assert not refused & set(arrived), "refused, yet delivered"
    # Nothing left unmarked: every copy bears our record.
    assert all(m.all("Avis-Record") for m in box.messages())

    lab.avis.run("journal verify")
    for name in applications.accepted[-5:]:
        case = wait_until(
            lambda: (c := Case(lab.avis.proof(
                "--message-id", f"<{name}@app.example.fr>"))) and
            c.all("delivered") and c, "the proof after the storm", 20,
            lab.logs())
        assert len(case.all("submitted")) == 1
        assert len(case.all("delivered")) == 1


def test_X_12_local_mail_waits_in_the_queue_while_we_are_away(lab):
    recipient = fresh_recipient()
    text = letter("recouvrement@example.fr", to=recipient,
                  subject="patient")
    lab.avis.stop()
    lab.sender.sendmail("recouvrement@example.fr", [recipient], text)
    lab.avis.launch()
    lab.sender.place.run(["postkick", "-c", lab.sender.conf, "public",
                          "pickup", "W"])
    got = lab.inbox(recipient).wait_one(subject="patient", timeout=90)
    assert got.all("Avis-Record")
    wait_case(lab, got, "submitted")


def test_stop_ends_cleanly_and_at_once(lab):
    """libmilter alone takes five seconds, and idle connections stay."""
    to = fresh_recipient()
    with SmtpClient(lab.sender.port("own")) as client:
        client.deliver("julie@example.fr", [to], letter(to=to))
        start = time.monotonic()
        assert lab.avis.stop() == 0
        assert time.monotonic() - start < 2
    lab.avis.launch()
    send_and_receive(lab)
