"""Redis goes away, hangs, forgets everything: mail goes on."""

import smtplib
import time

import pytest

from tests.e2e.people import (
    Case, case_of, field, fresh_recipient, give_back, letter,
    send_and_receive, wait_case)
from tests.lab import reports
from tests.lab.waiting import LabError, wait_until


@pytest.fixture
def away(lab):
    """Redis is away for the time of a test, and back afterwards."""
    lab.redis.kill()
    yield
    if not lab.redis.command("PING"):
        lab.redis.start()


def newsletter(**fields):
    return letter("news@example.fr", X_Campaign="autumn", **fields)


def test_X_12_defer_answers_4xx(lab, away):
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        lab.send("news@example.fr", [fresh_recipient()], newsletter())
    assert refusal.value.smtp_code == 451
    assert "4." in str(refusal.value.smtp_error)


def test_X_12_allow_goes_out_and_is_caught_up(lab, away):
    got = send_and_receive(lab, letter("julie@example.fr"))
    lab.redis.start()
    case = wait_case(lab, got, "submitted")
    assert case.kinds.count("submitted") == 1


def test_X_12_reports_that_come_meanwhile_are_not_lost(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    lab.redis.kill()
    try:
        give_back(lab, "", got["Return-Path"].strip("<>"),
                  reports.mdn(got, got["Delivered-To"]))
    finally:
        lab.redis.start()
    case = wait_case(lab, got, "displayed")
    assert len(case.all("displayed")) == 1
    assert len(case.all("delivered")) == 1


def test_MLT_21_a_redis_that_hangs_costs_only_the_budget(lab):
    send_and_receive(lab, letter("julie@example.fr"))
    lab.redis.pause()
    try:
        start = time.monotonic()
        got = send_and_receive(lab, letter("julie@example.fr"))
        took = time.monotonic() - start
    finally:
        lab.redis.go_on()
    assert took < 5
    wait_case(lab, got, "submitted")


def test_replay_into_an_empty_redis_gives_the_same_proof(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    give_back(lab, "", got["Return-Path"].strip("<>"),
              reports.mdn(got, got["Delivered-To"]))
    wait_case(lab, got, "displayed")
    question = ("--message-id", got["Message-ID"])
    text = lab.avis.proof_text(*question)
    data = lab.avis.proof(*question)
    lab.avis.stop()
    lab.redis.empty()
    assert not case_of(lab, got).is_from_store
    for _ in range(2):  # a second time is harmless
        lab.avis.run("journal replay")
        assert lab.avis.proof(*question) == data
        assert lab.avis.proof_text(*question) == text
    lab.avis.launch()


def test_journal_answers_while_redis_is_away(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    events = wait_case(lab, got, "delivered").events
    lab.redis.kill()
    try:
        case = case_of(lab, got)
    finally:
        lab.redis.start()
    assert not case.is_from_store
    assert case.events == events


def test_a_running_daemon_refills_an_emptied_redis(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    before = wait_case(lab, got, "delivered")
    lab.redis.empty()
    # Any new event wakes the one who forwards.
    send_and_receive(lab, letter("julie@example.fr"))
    after = wait_case(lab, got, "delivered")
    assert after.kinds == before.kinds


@pytest.mark.parametrize("option, value", [
    ("--message-id", lambda m: m["Message-ID"]),
    ("--to", lambda m: m["Delivered-To"]),
    ("--token", lambda m: m["Return-Path"][6:46]),
])
def test_proof_is_found_in_several_ways(lab, option, value):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    case = Case(lab.avis.proof(option, value(got)))
    assert "delivered" in case.kinds


def test_proof_by_queue_id(lab):
    to = fresh_recipient()
    text = letter("recouvrement@example.fr", to=to)
    queue_id = lab.send("recouvrement@example.fr", [to], text)
    got = lab.inbox(to).wait_one(subject=field(text, "Subject"))
    wait_case(lab, got, "delivered")
    assert "delivered" in Case(lab.avis.proof("--queue-id", queue_id)).kinds


def test_proof_of_what_we_never_sent_says_so(lab):
    done = lab.avis.run("proof", "--message-id", "<never@example.fr>",
                        check=False)
    assert done.returncode == 1
    assert done.stdout + done.stderr


def test_GDPR_6_no_clear_address_in_redis(lab):
    to = fresh_recipient()
    got = send_and_receive(lab, letter("recouvrement@example.fr", to=to),
                           to=to)
    wait_case(lab, got, "delivered")
    name = to.partition("@")[0]
    content = b"".join(p.read_bytes() for p in
                       (lab.redis.folder / "appendonlydir").iterdir())
    assert b"avis:" in content
    for word in (to, f"{name}@", got["Subject"], "recouvrement"):
        assert word.encode() not in content, word
