"""The milter on a TCP socket, as a filter on another machine would be."""

import time

from tests.e2e.people import (
    fresh_recipient, give_back, letter, send_and_receive, wait_case)
from tests.lab import reports
from tests.lab.smtp import SmtpClient

LAB = {"socket_kind": "inet"}
MESSAGES = 40


def test_a_message_and_its_receipts(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    give_back(lab, "", reports.receipt_address(got),
              reports.mdn(got, got["Delivered-To"]))
    assert wait_case(lab, got, "displayed").state() == "displayed"


def test_relayed_comes_through_the_second_filter_list(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"),
                           to=fresh_recipient("example.net"))
    assert wait_case(lab, got, "relayed").state() == "relayed"


def test_no_40_ms_waits_between_small_writes(lab):
    """Nagle and delayed ACK would cost 80 ms a message (architecture, 9)."""
    to = fresh_recipient()
    with SmtpClient(lab.sender.port("own")) as client:
        client.deliver("julie@example.fr", [to], letter(to=to))
        start = time.monotonic()
        for _ in range(MESSAGES):
            client.deliver("julie@example.fr", [to], letter(to=to))
        took = time.monotonic() - start
    assert took / MESSAGES < 0.060
