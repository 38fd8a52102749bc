"""One line a message, that says what was done and gives nobody away."""

import re

from tests.e2e.people import (
    field, fresh_recipient, give_back, letter, send_and_receive, wait_case)
from tests.lab import reports


def line_for(lab, queue_id):
    return lab.avis.wait_log(rf"(?m)^.*{queue_id}: class=.*$").group(0)


def send(lab, text, to, **options):
    return lab.send(field(text, "From"), [to], text, **options)


def test_line_names_class_verdict_edits_and_reason(lab):
    to = fresh_recipient()
    line = line_for(lab, send(lab, letter("recouvrement@example.fr",
                                          to=to), to))
    assert "class=letter" in line
    assert "verdict=pass" in line
    assert "+Disposition-Notification-To" in line
    assert re.search(r'reason=".*letter.*"', line)


def test_GDPR_15_addresses_are_masked(lab):
    to = "anne@example.com"
    line = line_for(lab, send(lab, letter("recouvrement@example.fr",
                                          to=to), to))
    assert "a***@example.com" in line
    assert "anne@" not in line
    assert "recouvrement@" not in line


def test_GDPR_15_no_clear_address_in_the_whole_log(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    give_back(lab, "", got["Return-Path"].strip("<>"),
              reports.mdn(got, got["Delivered-To"]))
    wait_case(lab, got, "displayed")
    log = lab.avis.log()
    assert got["Delivered-To"] not in log
    assert got["Return-Path"].strip("<>") not in log
    assert got["Subject"] not in log


def test_a_header_cannot_forge_a_log_line(lab):
    to = fresh_recipient()
    text = letter("julie@example.fr", to=to, Avis_Class="x y",
                  subject="a =?utf-8?Q?=0A?= FORGED: class=evil")
    send(lab, text, to)
    lab.inbox(to).wait_one(subject="FORGED")
    for line in lab.avis.log().splitlines():
        assert not line.startswith("FORGED")


def test_a_report_has_a_line_with_its_grade(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    lab.avis.wait_log(r"delivered .*grade=authenticated")
