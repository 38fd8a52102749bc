"""hard_bounces: an address that bounces for good gets no more marketing."""

import smtplib

from tests.e2e.people import (
    SETTINGS, STRANGER, fresh_recipient, from_outside, letter,
    send_and_receive, wait_case)
from tests.lab import reports

LAB = {"settings": {**SETTINGS, "hard_bounces": "2/30d"}}


def newsletter(to):
    return letter("news@example.fr", to=to, X_Campaign="autumn")


def is_refused(lab, reader):
    try:
        lab.send("news@example.fr", [reader], newsletter(reader))
    except smtplib.SMTPResponseException as refusal:
        # Nobody unsubscribed, and nobody is said to have.
        assert "bounced too often" in str(refusal.smtp_error)
        return refusal.smtp_code == 550
    return False


def bounce(lab, reader, status, sender=""):
    """One more message to the reader, and the report that it failed."""
    message = send_and_receive(lab, letter("recouvrement@example.fr",
                                           to=reader), to=reader)
    address = message["Return-Path"].strip("<>")
    report = reports.dsn(address, reader, "failed", status)
    from_outside(lab, address, report, sender=sender, xclient=STRANGER)
    wait_case(lab, message, "failed")
    return message, address, report


def test_STAT_4_two_messages_that_bounce(lab):
    reader = fresh_recipient()
    _, address, report = bounce(lab, reader, "5.1.1")
    # The same report once more is still one message.
    from_outside(lab, address, report, sender="", xclient=STRANGER)
    assert not is_refused(lab, reader)
    message, _, _ = bounce(lab, reader, "5.2.1")
    wait_case(lab, message, "suppressed")
    assert is_refused(lab, reader)
    listed = lab.avis.run("suppress", "list", reader).stdout
    assert "all marketing" in listed and "(bounced)" in listed
    # What must arrive is tried all the same.
    send_and_receive(lab, letter("julie@example.fr", to=reader), to=reader)
    # Somebody says that the address works: it starts anew.
    lab.avis.run("suppress", "remove", reader)
    assert not is_refused(lab, reader)


def test_BULK_5_what_is_said_of_us_suppresses_nobody(lab):
    reader = fresh_recipient()
    for status in ("5.7.515", "5.7.26", "5.2.2", "5.1.8"):
        bounce(lab, reader, status)
    assert not is_refused(lab, reader)


def test_REP_9_a_claim_suppresses_nobody(lab):
    """Anybody could write it: it has a sender."""
    reader = fresh_recipient()
    for _ in range(3):
        bounce(lab, reader, "5.1.1", sender="mallory@else.example")
    assert not is_refused(lab, reader)
