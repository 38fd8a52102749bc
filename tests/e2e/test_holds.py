"""Legal holds: what is under one is not erased (X-16)."""

import json

from tests.e2e.people import (fresh_recipient, letter, send_and_receive,
                              token_of, wait_case)


def hold(lab, *words, **options):
    return lab.avis.run("hold", *words, **options)


def test_X_16_a_hold_refuses_erasure_until_it_is_lifted(lab):
    to = fresh_recipient()
    got = send_and_receive(lab, letter("recouvrement@example.fr", to=to),
                           to=to)
    wait_case(lab, got, "delivered")
    done = hold(lab, "add", "--reason", "legal_claim", "--text",
                "litige 2026-118", "--case", "2026-118", "--review",
                "2099-01-01", "--to", to)
    name = done.stdout.split()[1]
    shown = json.loads(hold(lab, "list", "--json").stdout)["holds"]
    assert [h["id"] for h in shown] == [name]
    assert shown[0]["author"] == "root" and not shown[0]["overdue"]
    # The entry names nobody; the payload has it all.
    plain = lab.avis.run("journal", "show", "mail.avis").stdout
    assert '"k":"hold"' in plain and "litige" not in plain
    done = lab.avis.run("rights", "erase", to, "--do", check=False)
    assert done.returncode == 1
    assert "under a legal hold" in done.stdout
    case = lab.avis.proof(token_of(got))["messages"][0]
    assert case["recipients"][0]["address"] == to
    assert hold(lab, "lift", "--case", "2026-118", "--text",
                "settled").returncode == 0
    assert "no holds" in hold(lab, "list").stdout
    lab.avis.run("rights", "erase", to, "--do")
    assert to not in lab.avis.run("journal", "show", "--payload").stdout
    lab.avis.run("journal", "verify")


def test_X_16_an_overdue_review_is_said(lab):
    hold(lab, "add", "--reason", "legal_obligation", "--text", "x",
         "--review", "2020-01-01", "--class", "letter")
    done = hold(lab, "list", check=False)
    assert done.returncode == 1 and "OVERDUE" in done.stdout
    report = lab.avis.run("doctor", "--no-dns", check=False).stdout
    assert "legal hold" in report and "2020-01-01" in report
    name = done.stdout.split()[0]
    assert "reviewed" in hold(lab, "review", name, "--review",
                              "2099-01-01").stdout
    assert hold(lab, "list").returncode == 0
    hold(lab, "lift", name, "--text", "done")


def test_a_hold_wants_all_that_the_law_does(lab):
    for words in (["add"], ["add", "--reason", "because"],
                  ["add", "--reason", "legal_claim", "--text", "x"],
                  ["add", "--reason", "legal_claim", "--text", "x",
                   "--review", "2099-01-01"],
                  ["lift"], ["lift", "abc"], ["review", "abc"]):
        assert hold(lab, *words, check=False).returncode == 2, words
    done = hold(lab, "lift", "nosuchhold", "--text", "x", check=False)
    assert done.returncode == 1 and "no such hold" in done.stderr
