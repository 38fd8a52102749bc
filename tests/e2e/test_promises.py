"""Rules that hold across flows: what is promised, seen from outside."""

import json
import re

import pytest

from tests.e2e.people import (Case, POLICY, case_of, field, fresh_recipient,
                              from_outside, give_back, letter,
                              send_and_receive, token_of, wait_case)
from tests.lab import reports

REWRITE = """senders = (
  { match = [ "robot@*" ]; reply_to = "Service <contact@example.fr>";
    from = "contact@example.fr"; },
"""
LAB = {"policy": POLICY.replace("senders = (\n", REWRITE, 1)}
LETTER = "recouvrement@example.fr"


@pytest.fixture
def sent(lab):
    to = fresh_recipient()
    got = send_and_receive(lab, letter(LETTER, to=to), to=to)
    wait_case(lab, got, "delivered")
    return got


def entries(lab):
    shown = lab.avis.run("journal show").stdout
    return [json.loads(line) for line in shown.splitlines()]


def test_ADR_7_from_sender_and_receipts_are_three_decisions(lab):
    to = fresh_recipient()
    text = letter("robot@example.fr", to=to, Avis_Class="notice")
    got = send_and_receive(lab, text, to=to)
    assert "contact@example.fr" in got["From"]
    token_of(got)
    assert got["Disposition-Notification-To"] == got["Return-Path"]


def test_MLT_12_the_very_first_field_can_be_changed(lab):
    to = fresh_recipient()
    text = letter("robot@example.fr", to=to)
    assert text.startswith("From: robot@example.fr\n")
    got = send_and_receive(lab, text, to=to)
    assert len(got.all("From")) == 1
    assert "robot" not in got["From"]


def test_MLT_11_the_audit_field_stands_above_our_servers_trace(lab, sent):
    names = [line.partition(":")[0].lower() for line in sent.header_lines()
             if line[:1] not in " \t"]
    ours = [i for i, line in enumerate(
        line for line in sent.header_lines() if line[:1] not in " \t")
        if line.startswith("Received:")]
    # The recipient's own Received is on top, ours below the audit field.
    assert names.index("avis-record") < ours[-1]


def test_CHAIN_5_the_record_is_on_disk_before_the_answer(lab):
    """No waiting: what was answered 250 stands in the journal."""
    to = fresh_recipient()
    text = letter(LETTER, to=to)
    before = len(entries(lab))
    queue_id = lab.send(LETTER, [to], text)
    new = entries(lab)[before:]
    assert [e["q"] for e in new if e["k"] == "submitted"] == [queue_id]


def test_CHAIN_6a_no_address_and_no_free_text_in_the_chain(lab, sent):
    give_back(lab, "", sent["Return-Path"].strip("<>"),
              reports.mdn(sent, sent["To"]))
    wait_case(lab, sent, "displayed")
    shown = lab.avis.run("journal show").stdout
    assert shown.count("\n") >= 4
    assert "@" not in shown
    for word in ("recouvrement", "example.com", sent["Subject"]):
        assert word not in shown


def test_EVD_5_each_event_has_grade_and_source(lab, sent):
    for event in case_of(lab, sent).events:
        assert event["grade"] in ("observed", "authenticated", "claimed")
        assert event["source"] in ("milter", "dsn", "mdn", "bounce", "mail")


def test_MDN_9_silence_is_never_called_unread(lab, sent):
    said = lab.avis.proof_text("--token", token_of(sent)).lower()
    for words in ("unread", "not read", "not been read", "ignored"):
        assert words not in said
    assert "does not show" in said


def test_MDN_8_a_receipt_without_the_token_changes_nothing(lab, sent):
    """Message-ID and all are right; the address bears no token."""
    from_outside(lab, "recu@example.fr",
                 reports.mdn(sent, sent["To"], to="recu@example.fr"))
    lab.avis.wait_log(r"wrong or missing token")
    assert not case_of(lab, sent).all("displayed")


def test_MDN_8_a_receipt_from_somebody_is_a_claim(lab, sent):
    token = sent["Return-Path"].strip("<>")
    from_outside(lab, token, reports.mdn(sent, sent["To"]),
                 sender="mallory@example.net")
    case = wait_case(lab, sent, "displayed")
    assert case.one("displayed")["grade"] == "claimed"


def test_MDN_14_an_alias_is_kept_as_it_came(lab, sent):
    token = sent["Return-Path"].strip("<>")
    give_back(lab, "", token, reports.mdn(sent, "Anne.Private@example.com"))
    event = wait_case(lab, sent, "displayed").one("displayed")
    assert "Anne.Private@example.com" in json.dumps(event)
    assert event["recipient"] == 1


def test_MDN_15_the_returned_message_is_not_kept(lab, sent):
    token = sent["Return-Path"].strip("<>")
    secret = "only the letter says this"
    receipt = reports.mdn(sent, sent["To"]) + secret.encode()
    give_back(lab, "", token, receipt)
    wait_case(lab, sent, "displayed")
    assert secret not in lab.avis.run("journal show --payload").stdout


def test_MLT_17_a_large_report_is_passed_on_whole(lab):
    """Body edits in chunks: every byte but the token arrives."""
    text = letter("marc@example.fr", to="ghost@example.com",
                  text="".join(f"line {n:06}\n" for n in range(20000)))
    lab.send("marc@example.fr", [("ghost@example.com", "")], text,
             mail_options=["RET=FULL"])
    mail = lab.inbox("marc@example.fr").wait_one(
        subject="Undelivered Mail Returned to Sender")
    body = mail.body.decode()
    assert not re.search(r"recu\+[a-z2-7]{40}", body)
    assert "Action: failed" in body
    assert mail.raw.rstrip().endswith(b"--")


def test_MLT_30_only_what_is_recorded_is_discarded(lab, sent):
    """Two recipients, one of them ours: the other one gets the mail."""
    token = sent["Return-Path"].strip("<>")
    receipt = reports.mdn(sent, sent["To"])
    lab.send_from_outside("", [token, "contact@example.fr"], receipt)
    wait_case(lab, sent, "displayed")
    lab.inbox("contact@example.fr").wait(1)


def test_a_case_can_be_asked_for_by_all_that_people_know(lab, sent):
    case = case_of(lab, sent)
    queue_id = case.one("submitted")["queue_id"]
    for words in (("--message-id", field(sent.raw.decode(), "Message-ID")),
                  ("--queue-id", queue_id), ("--to", sent["To"])):
        found = Case(lab.avis.proof(*words))
        assert case.message["message"] in json.dumps(found.data)
