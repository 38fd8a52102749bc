"""Leaving a list by mail, and what it changes."""

import concurrent.futures
import json
import re
import smtplib
import threading
import time

import pytest
import redis as client

from tests.e2e.people import (
    STRANGER, field, fresh_recipient, from_outside, letter, send_and_receive,
    wait_case)
from tests.lab.waiting import wait_until


def newsletter(to):
    return letter("news@example.fr", to=to, X_Campaign="autumn")


def way_out(message):
    """The address in List-Unsubscribe."""
    return re.search(r"<mailto:([^?>]+)", message["List-Unsubscribe"]).group(1)


def leave(lab, reader, address, text=""):
    """A request as mail programs make it; its body may be empty."""
    data = f"From: {reader}\nTo: {address}\nSubject: unsubscribe\n\n{text}"
    from_outside(lab, address, data, sender=reader, xclient=STRANGER)


def test_LST_13_leaving_by_mail_holds_from_then_on(lab):
    reader = fresh_recipient()
    first = send_and_receive(lab, newsletter(reader), to=reader)
    leave(lab, reader, way_out(first))
    wait_case(lab, first, "unsubscribed")
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        lab.send("news@example.fr", [reader], newsletter(reader))
    assert refusal.value.smtp_code == 550
    assert b"5.7.1" in refusal.value.smtp_error.encode()


def test_LST_13_the_token_decides_whoever_writes(lab):
    reader = fresh_recipient()
    first = send_and_receive(lab, newsletter(reader), to=reader)
    leave(lab, "other@else.example", way_out(first))
    wait_case(lab, first, "unsubscribed")
    with pytest.raises(smtplib.SMTPResponseException):
        lab.send("news@example.fr", [reader], newsletter(reader))


def test_LST_14_other_mail_still_arrives(lab):
    reader = fresh_recipient()
    first = send_and_receive(lab, newsletter(reader), to=reader)
    leave(lab, reader, way_out(first))
    wait_case(lab, first, "unsubscribed")
    send_and_receive(lab, letter("julie@example.fr", to=reader), to=reader)
    send_and_receive(lab, letter("recouvrement@example.fr", to=reader),
                     to=reader)


def test_LST_13_a_wrong_token_takes_nobody_off_and_is_kept(lab):
    reader = fresh_recipient()
    first = send_and_receive(lab, newsletter(reader), to=reader)
    address = way_out(first)
    local, _, domain = address.partition("@")
    wrong = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    leave(lab, reader, wrong)
    # It lies in the mailbox behind the address, for a person to look at.
    lab.inbox("unsubscribe@example.fr").wait_one(subject="unsubscribe")
    send_and_receive(lab, newsletter(reader), to=reader)


def is_refused(lab, reader):
    try:
        lab.send("news@example.fr", [reader], newsletter(reader))
    except smtplib.SMTPResponseException as refusal:
        return refusal.smtp_code == 550
    return False


def test_LST_12_a_message_long_forgotten_can_be_left(lab):
    """The record of it has gone, its way out has not; and the entry says who,
    so that no replay needs the message either (GDPR-6)."""
    reader = fresh_recipient()
    first = send_and_receive(lab, newsletter(reader), to=reader)
    wait_case(lab, first, "submitted")
    redis = client.Redis(unix_socket_path=str(lab.redis.socket))
    redis.delete(*redis.scan_iter("avis:{" + "?" * 26 + "}*"))
    leave(lab, reader, way_out(first))
    wait_until(lambda: is_refused(lab, reader), "the refusal", 10, lab.logs())
    shown = lab.avis.run("journal", "show").stdout.splitlines()
    entry = [e for e in map(json.loads, shown) if e["k"] == "unsubscribed"][-1]
    assert entry["class"] == "newsletter"
    assert re.fullmatch("[0-9a-f]{24}", entry["p"])


def test_suppressed_among_others_is_left_out(lab):
    """GDPR-4: the others get theirs."""
    gone, stays = fresh_recipient(), fresh_recipient()
    first = send_and_receive(lab, newsletter(gone), to=gone)
    leave(lab, gone, way_out(first))
    wait_case(lab, first, "unsubscribed")
    text = newsletter(f"{gone}, {stays}")
    lab.send("news@example.fr", [gone, stays], text)
    lab.inbox(stays).wait_one(subject=field(text, "Subject"))
    lab.sender.wait_queue_empty()
    lab.recipient.wait_queue_empty()
    assert lab.inbox(gone).messages(subject=field(text, "Subject")) == []


def test_LST_12_survives_an_emptied_redis(lab):
    reader = fresh_recipient()
    first = send_and_receive(lab, newsletter(reader), to=reader)
    leave(lab, reader, way_out(first))
    wait_case(lab, first, "unsubscribed")
    lab.redis.empty()
    lab.avis.run("journal replay")
    wait_until(lambda: is_refused(lab, reader), "the refusal after the replay",
               10, lab.logs())


def test_LST_10_the_next_message_after_the_answer_is_stopped(lab):
    """The gap from the answer to its effect, under load: 0 accepted."""
    people = [fresh_recipient() for _ in range(12)]
    firsts = {p: send_and_receive(lab, newsletter(p), to=p) for p in people}
    stop = threading.Event()
    accepted, refused = [], []  # (reader, began, ended)

    def sender(reader):
        while not stop.is_set():
            began = time.monotonic()
            try:
                lab.send("news@example.fr", [reader], newsletter(reader))
            except smtplib.SMTPResponseException as refusal:
                assert refusal.smtp_code == 550
                refused.append((reader, began, time.monotonic()))
            else:
                accepted.append((reader, began, time.monotonic()))

    with concurrent.futures.ThreadPoolExecutor(len(people)) as pool:
        senders = [pool.submit(sender, p) for p in people]
        wait_until(lambda: len(accepted) > 3 * len(people), "a load", 60)
        answered = {}
        for reader in people[:8]:
            leave(lab, reader, way_out(firsts[reader]))
            answered[reader] = time.monotonic()
        wait_until(lambda: {r for r, *_ in refused} >= set(answered),
                   "each to be stopped", 30, lab.logs())
        stop.set()
        for done in senders:
            done.result()
    late = [(r, began - answered[r]) for r, began, _ in accepted
            if r in answered and began > answered[r]]
    after = [began - answered[r] for r, began, _ in refused
             if began > answered.get(r, began)]
    print(f"{len(accepted)} accepted, {len(refused)} refused, {len(after)} of "
          f"them begun after the answer, the nearest {1000 * min(after):.1f} "
          f"ms behind it; {len(late)} accepted after it")
    assert late == []
