"""What comes back, and what avis makes of it."""

import re

import pytest

from tests.e2e.people import (
    STRANGER, TOKEN_ADDRESS, Case, case_of, field, fresh_recipient,
    from_outside, give_back, letter, send_and_receive, token_of, wait_case)
from tests.lab import reports
from tests.lab.waiting import wait_until

FORMAL = "recouvrement@example.fr"


@pytest.fixture
def sent(lab):
    """A formal notice that has arrived, its `delivered` report counted."""
    got = send_and_receive(lab, letter(FORMAL))
    wait_case(lab, got, "delivered")
    return got


def address_of(message):
    return message["Return-Path"].strip("<>")


def reader_of(message):
    return message["Delivered-To"]


def reports_token(mail):
    """Anything in a passed-on report that could be used as a token.

    But for the Received field of our own Postfix, "for <recu+TOKEN@...>":
    it writes that one itself and shows it to no filter (MLT-10).
    """
    text = mail.raw.decode("utf-8", "replace")
    text = re.sub(r"(?m)^Received: by mail\.example\.fr.*\n(?:[ \t].*\n)*|"
                  r"^Received: from \S+ \(unknown \[127\.0\.0\.2\]\)\n"
                  r"(?:[ \t].*\n)*", "", text)
    return re.search(r"recu(\+|=2B|\+2B)[a-z2-7]{40}|r1\.[\w-]{22}\.", text)


def case_by_id(lab, text):
    return Case(lab.avis.proof("--message-id", field(text, "Message-ID")))


def bounce_for(lab, author, text, to="ghost@example.com", **options):
    """Sends to a user who does not exist; gives the author's bounce."""
    before = {m.path for m in lab.inbox(author).messages()}
    lab.send(author, [to], text, **options)

    def is_new(mail):
        return mail.path not in before and \
            field(text, "Message-ID") in mail.raw.decode("utf-8", "replace")

    box = lab.inbox(author)
    found = wait_until(lambda: [m for m in box.messages() if is_new(m)],
                       f"the bounce to reach {author}", 20, lab.logs())
    assert len(found) == 1
    return found[0]


# -- delivery reports from real servers -------------------------------------

def test_DSN_12_delivered_comes_from_a_hop_that_speaks_dsn(lab, sent):
    event = case_of(lab, sent).one("delivered")
    assert event["grade"] == "authenticated"
    assert event["source"] == "dsn"
    assert case_of(lab, sent).state() == "delivered"


def test_X_4_REP_12_relayed_comes_from_our_own_bounce_service(lab):
    """Needs non_smtpd_milters and internal_mail_filter_classes."""
    got = send_and_receive(lab, letter(FORMAL),
                           to=fresh_recipient("example.net"))
    case = wait_case(lab, got, "relayed")
    assert case.state() == "relayed"
    assert not case.all("delivered")
    assert not case.all("replied")


def test_success_reports_are_consumed(lab):
    """Nobody asked for them: neither the author nor the collector."""
    got = send_and_receive(lab, letter(FORMAL))
    wait_case(lab, got, "delivered")
    other = send_and_receive(lab, letter(FORMAL),
                             to=fresh_recipient("example.net"))
    wait_case(lab, other, "relayed")
    for address in (FORMAL, "recu@example.fr"):
        for mail in lab.inbox(address).messages():
            assert "Action: delivered" not in mail.body.decode()
            assert "Action: relayed" not in mail.body.decode()


def test_failure_is_passed_on_to_the_author_without_the_token(lab):
    text = letter("marc@example.fr", to="ghost@example.com")
    mail = bounce_for(lab, "marc@example.fr", text)
    assert mail["Return-Path"] == "<>"
    assert "Action: failed" in mail.body.decode()
    assert not TOKEN_ADDRESS.search(mail.raw.decode("utf-8", "replace"))
    assert reports_token(mail) is None


def test_DSN_9_author_finds_his_own_envelope_id_in_the_bounce(lab):
    text = letter("marc@example.fr", to="ghost@example.com")
    mail = bounce_for(lab, "marc@example.fr", text,
                      mail_options=["ENVID=case-4711"])
    assert "Original-Envelope-Id: case-4711" in mail.body.decode()


def test_failure_stands_in_the_record(lab):
    text = letter("marc@example.fr", to="ghost@example.com")
    bounce_for(lab, "marc@example.fr", text)
    case = case_by_id(lab, text)
    event = case.one("failed")
    assert event["grade"] == "authenticated"
    assert event["status"] == "5.1.1"
    assert case.state() == "failed"
    assert case.all("passed-on")


def test_DSN_3_author_who_said_never_gets_no_bounce(lab):
    text = letter("marc@example.fr", to="ghost@example.com")
    before = len(lab.inbox("marc@example.fr").messages())
    lab.send("marc@example.fr", [("ghost@example.com", "NOTIFY=NEVER")],
             text)
    # A second message, sent later, whose bounce does arrive.
    bounce_for(lab, "marc@example.fr",
               letter("marc@example.fr", to="ghost@example.com"))
    assert len(lab.inbox("marc@example.fr").messages()) == before + 1


def test_author_who_asked_for_success_gets_it_once(lab):
    to = fresh_recipient()
    text = letter("marc@example.fr", to=to)
    before = len(lab.inbox("marc@example.fr").messages())
    lab.send("marc@example.fr", [(to, "NOTIFY=SUCCESS,FAILURE")], text)
    mail = lab.inbox("marc@example.fr").wait(before + 1)[-1]
    assert "Action: delivered" in mail.body.decode()
    assert reports_token(mail) is None
    got = lab.inbox(to).wait_one(subject=field(text, "Subject"))
    wait_case(lab, got, "delivered")


# -- reports written by others ----------------------------------------------

def test_REP_5_delayed_is_not_the_end(lab, sent):
    """Over the real `delivered`: a late, lower report changes nothing."""
    from_outside(lab, address_of(sent),
                 reports.dsn(address_of(sent), reader_of(sent), "delayed",
                             message=sent))
    case = wait_case(lab, sent, "delayed")
    assert case.state() == "delivered"


def test_REP_6_failure_after_delivery_keeps_both_visible(lab, sent):
    from_outside(lab, address_of(sent),
                 reports.dsn(address_of(sent), reader_of(sent), "failed",
                             message=sent))
    case = wait_case(lab, sent, "failed")
    assert case.all("delivered")
    assert case.state() == "contradicted"


def test_REP_11_the_same_report_twice_counts_once(lab, sent):
    data = reports.dsn(address_of(sent), reader_of(sent), "delayed",
                       message=sent)
    from_outside(lab, address_of(sent), data)
    wait_case(lab, sent, "delayed")
    from_outside(lab, address_of(sent), data)
    # Something later through the same journal, then look back.
    from_outside(lab, address_of(sent),
                 reports.mdn(sent, reader_of(sent)))
    case = wait_case(lab, sent, "displayed")
    assert len(case.all("delayed")) == 1


def test_REP_4_unknown_action_changes_no_state(lab, sent):
    from_outside(lab, address_of(sent),
                 reports.dsn(address_of(sent), reader_of(sent), "teleported",
                             status="2.0.0", message=sent))
    case = wait_case(lab, sent, "unreadable")
    assert case.state() == "delivered"


def test_REP_10_REP_15_a_strange_recipient_does_not_confuse(lab, sent):
    """Forwarding: Final-Recipient may be somebody unknown."""
    from_outside(lab, address_of(sent),
                 reports.dsn(address_of(sent), "elsewhere@else.example",
                             "delayed", original=reader_of(sent),
                             message=sent))
    event = wait_case(lab, sent, "delayed").one("delayed")
    assert event["recipient"] == 1


def test_X_5_REP_9_report_with_a_sender_is_only_a_claim(lab):
    got = send_and_receive(lab, letter(FORMAL),
                           to=fresh_recipient("example.net"))
    wait_case(lab, got, "relayed")
    from_outside(lab, address_of(got),
                 reports.dsn(address_of(got), reader_of(got), "delivered",
                             message=got),
                 sender="somebody@else.example", xclient=STRANGER)
    case = wait_case(lab, got, "delivered")
    assert case.one("delivered")["grade"] == "claimed"


def test_X_5_wrong_token_changes_nothing_and_is_logged(lab, sent):
    address = address_of(sent)
    local, _, domain = address.partition("@")
    wrong = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    before = case_of(lab, sent).kinds
    seen = len(lab.avis.log())
    from_outside(lab, wrong, reports.dsn(wrong, reader_of(sent), "failed",
                                         message=sent), xclient=STRANGER)
    wait_until(lambda: "token" in lab.avis.log()[seen:],
               "a line on the wrong token", 10, [lab.avis.log_file])
    assert case_of(lab, sent).kinds == before


def test_missing_token_changes_nothing(lab, sent):
    before = case_of(lab, sent).kinds
    from_outside(lab, "recu@example.fr",
                 reports.dsn("recu@example.fr", reader_of(sent), "failed"),
                 xclient=STRANGER)
    from_outside(lab, address_of(sent), reports.mdn(sent, reader_of(sent)))
    case = wait_case(lab, sent, "displayed")
    assert case.kinds == [*before, "displayed"]


def test_old_bounce_without_report_part_is_a_failure(lab):
    got = send_and_receive(lab, letter(FORMAL),
                           to=fresh_recipient("example.net"))
    wait_case(lab, got, "relayed")
    from_outside(lab, address_of(got),
                 reports.old_bounce(address_of(got), reader_of(got), got))
    case = wait_case(lab, got, "failed")
    assert case.one("failed")["source"] == "bounce"
    assert case.state() == "contradicted"


# -- reading receipts -------------------------------------------------------

def test_MDN_2_a_careful_mail_reader_would_answer(lab, sent):
    assert reports.receipt_address(sent) == address_of(sent)


def test_MDN_6_displayed_is_what_it_says(lab, sent):
    give_back(lab, "", address_of(sent), reports.mdn(sent, reader_of(sent)))
    case = wait_case(lab, sent, "displayed")
    assert case.one("displayed")["grade"] == "authenticated"
    assert case.one("displayed")["source"] == "mdn"
    assert case.state() == "displayed"


def test_MDN_6_deleted_is_not_displayed(lab, sent):
    give_back(lab, "", address_of(sent),
              reports.mdn(sent, reader_of(sent), "deleted"))
    case = wait_case(lab, sent, "disposed")
    assert not case.all("displayed")
    assert case.state() == "delivered"


def test_X_6_disposition_with_comments_and_folds(lab, sent):
    give_back(lab, "", address_of(sent), reports.mdn(
        sent, reader_of(sent),
        mode="manual-action (by hand)\r\n / MDN-sent-manually (really)"))
    wait_case(lab, sent, "displayed")


def test_MDN_7_a_second_receipt_does_not_change_the_first(lab, sent):
    for disposition in ("displayed", "deleted"):
        give_back(lab, "", address_of(sent),
                  reports.mdn(sent, reader_of(sent), disposition))
        kind = "displayed" if disposition == "displayed" else "disposed"
        case = wait_case(lab, sent, kind)
    assert case.state() == "displayed"


def test_MDN_goes_to_nobodys_mailbox(lab, sent):
    give_back(lab, "", address_of(sent), reports.mdn(sent, reader_of(sent)))
    wait_case(lab, sent, "displayed")
    for box in (FORMAL, "recu@example.fr"):
        for mail in lab.inbox(box).messages():
            assert "Disposition: manual-action" not in mail.body.decode()


# -- replies ----------------------------------------------------------------

def test_reply_is_recorded_and_reaches_the_person(lab):
    got = send_and_receive(lab, letter("no-reply@example.fr",
                                       Avis_Class="notice"))
    reader = reader_of(got)
    answer = reports.reply(got, reader)
    give_back(lab, reader, "contact@example.fr", answer)
    case = wait_case(lab, got, "replied")
    assert case.state() == "replied"
    mail = lab.inbox("contact@example.fr").wait_one(
        subject=f"Re: {got['Subject']}")
    assert mail["From"] == reader


def test_reply_to_the_token_address_reaches_a_person_too(lab):
    """Some programs answer to Return-Path."""
    got = send_and_receive(lab, letter(FORMAL))
    reader = reader_of(got)
    give_back(lab, reader, address_of(got),
              reports.reply(got, reader, to=address_of(got)))
    wait_case(lab, got, "replied")
    lab.inbox(FORMAL).wait_one(subject=f"Re: {got['Subject']}")


def test_automatic_answer_is_no_reply(lab, sent):
    reader = reader_of(sent)
    give_back(lab, "", address_of(sent), reports.auto_reply(sent, reader))
    case = wait_case(lab, sent, "auto-replied")
    assert not case.all("replied")
    assert case.state() == "delivered"


def test_a_forged_reply_to_an_unknown_message_is_plain_mail(lab):
    text = letter("someone@else.example", to="julie@example.fr",
                  In_Reply_To="<never-sent@app.example.fr>")
    from_outside(lab, "julie@example.fr", text,
                 sender="someone@else.example", xclient=STRANGER)
    lab.inbox("julie@example.fr").wait_one(subject=field(text, "Subject"))


# -- hostile bytes ----------------------------------------------------------

HOSTILE = {
    "nothing": b"",
    "no end": b"Content-Type: multipart/report; boundary=x; "
              b"report-type=delivery-status\r\n\r\n--x\r\n",
    "zeros": b"Subject: \0\0\r\nContent-Type: multipart/report\r\n\r\n"
             + b"\0" * 5000,
    "deep": b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
            + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
            * 300,
    "many groups": b"Content-Type: message/delivery-status\r\n\r\n"
                   b"Reporting-MTA: dns; x\r\n\r\n"
                   + b"Final-Recipient: rfc822; a@b\r\nAction: failed\r\n"
                     b"Status: 5.0.0\r\n\r\n" * 3000,
    "bad base64": b"Content-Type: message/delivery-status\r\n"
                  b"Content-Transfer-Encoding: base64\r\n\r\n===!!!\r\n",
    "8 bit header": b"Subject: \xff\xfe\xc3\r\nFrom: \xff@\xff\r\n\r\nx\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_to_a_valid_token_break_nothing(lab, sent, name):
    state = case_of(lab, sent).state()
    from_outside(lab, address_of(sent), HOSTILE[name], xclient=STRANGER)
    assert lab.avis.is_running()
    assert case_of(lab, sent).state() in (state, "contradicted")
    # It still works.
    give_back(lab, "", address_of(sent), reports.mdn(sent, reader_of(sent)))
    wait_case(lab, sent, "displayed")


# -- at the end -------------------------------------------------------------

def test_reports_answer_nobody(lab):
    """REP-14: nothing was sent because of a report or a wrong token."""
    for mail in lab.inbox("postmaster@example.fr").messages():
        pytest.fail(f"postmaster got {mail!r}")


def test_nothing_stays_in_the_trace_directory(lab):
    lab.sender.wait_queue_empty()
    assert lab.sender.trace_files() == []


def test_journal_verifies_after_all_this(lab):
    lab.avis.run("journal verify")


def test_token_of_is_a_token(sent):
    assert len(token_of(sent)) == 40
