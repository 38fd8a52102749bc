"""What happens to mail that leaves, on a real Postfix."""

import email.utils
import re

import pytest

from tests.e2e.people import (
    DELAY, FAILURE, NEVER, OUR_CLIENT, STRANGER, SUCCESS, TOKEN_ADDRESS,
    added, field, fresh_recipient, letter, queued, send_and_receive,
    token_of, wait_case)
from tests.lab.labs import OUTSIDE_ADDRESS
from tests.lab.smtp import SmtpClient

LAB = {"has_web": True}
BOUNDARY_MAIL = "multipart/report; report-type=delivery-status; boundary=b"


# -- receipts ---------------------------------------------------------------

def test_X_2_receipts_go_to_the_envelope_sender(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    token = token_of(got)
    wanted = f"recu+{token}@example.fr"
    assert got["Return-Path"] == f"<{wanted}>"
    assert email.utils.getaddresses(
        got.all("Disposition-Notification-To")) == [("", wanted)]


def test_MDN_3_receipt_address_of_the_author_is_replaced_not_doubled(lab):
    got = send_and_receive(lab, letter(
        "recouvrement@example.fr",
        Disposition_Notification_To="marc@example.fr"))
    fields = got.all("Disposition-Notification-To")
    assert len(fields) == 1
    assert TOKEN_ADDRESS.search(fields[0])


def test_MDN_12_legacy_receipt_requests_are_taken_out(lab):
    got = send_and_receive(lab, letter(
        "recouvrement@example.fr", Return_Receipt_To="marc@example.fr",
        X_Confirm_Reading_To="marc@example.fr"))
    assert not got.all("Return-Receipt-To")
    assert not got.all("X-Confirm-Reading-To")
    assert got.all("Disposition-Notification-To")


@pytest.mark.parametrize("name, value", [
    ("Auto_Submitted", "auto-generated"),
    ("Precedence", "bulk"),
    ("List_Id", "<team.example.fr>"),
])
def test_MDN_1_no_reading_receipt_for_automatic_or_list_mail(
        lab, name, value):
    got = send_and_receive(lab, letter("recouvrement@example.fr",
                                       **{name: value}))
    assert not got.all("Disposition-Notification-To")


def test_MDN_1_no_receipt_asked_of_ordinary_mail(lab):
    got = send_and_receive(lab, letter("julie@example.fr"))
    assert not got.all("Disposition-Notification-To")
    token_of(got)  # its bounces come back to us all the same


def test_DSN_2_success_brings_failure_with_it(lab):
    file = queued(lab, letter("recouvrement@example.fr"),
                  ["a@example.org"])
    assert file.recipients["a@example.org"]["notify"] == \
        SUCCESS | FAILURE | DELAY


def test_DSN_8_DSN_10_envelope_id_is_ours_and_headers_suffice(lab):
    file = queued(lab, letter("recouvrement@example.fr"),
                  ["a@example.org"])
    assert re.fullmatch(r"r1\.[\w-]{22}\.[\w-]{11}", file.envid)
    assert file.ret == "2"  # HDRS
    assert TOKEN_ADDRESS.fullmatch(file.sender)


def test_DSN_10_the_author_may_have_the_full_message_back(lab):
    file = queued(lab, letter("recouvrement@example.fr"),
                  ["a@example.org"], mail_options=["RET=FULL"])
    assert file.ret == "1"


def test_marker_is_narrowed_to_what_the_class_asks(lab):
    """The command filter asks for all; "service" wants no success."""
    file = queued(lab, letter("julie@example.fr"), ["a@example.org"])
    assert file.recipients["a@example.org"]["notify"] & SUCCESS == 0
    assert file.recipients["a@example.org"]["notify"] & FAILURE


def test_X_3_never_stays_never(lab):
    file = queued(lab, letter("recouvrement@example.fr"),
                  [("a@example.org", "NOTIFY=NEVER"), "b@example.org"])
    assert file.recipients["a@example.org"]["notify"] == NEVER
    assert file.recipients["b@example.org"]["notify"] == \
        SUCCESS | FAILURE | DELAY


def test_X_3_original_recipient_keeps_its_bytes(lab):
    orcpt = "rfc822;Some+2BOne@Else.Example"
    file = queued(lab, letter("recouvrement@example.fr"),
                  [("a@example.org", f"ORCPT={orcpt}")])
    # Postfix shows it decoded.
    assert file.recipients["a@example.org"]["orcpt"] == \
        "rfc822;Some+One@Else.Example"


def test_DSN_5_original_recipient_is_the_one_written_to(lab):
    file = queued(lab, letter("recouvrement@example.fr"),
                  ["A.Name@example.org"])
    assert file.recipients["A.Name@example.org"]["orcpt"] == \
        "rfc822;A.Name@example.org"


def test_DSN_6_null_sender_is_left_alone(lab):
    to = fresh_recipient()
    text = letter("recouvrement@example.fr", to=to)
    got = send_and_receive(lab, text, sender="", to=to)
    assert got["Return-Path"] == "<>"
    assert not got.all("Disposition-Notification-To")


def test_REP_14_reports_of_our_own_users_are_not_touched(lab):
    to = fresh_recipient()
    text = letter(
        "recouvrement@example.fr", to=to, MIME_Version="1.0",
        Content_Type=BOUNDARY_MAIL,
        text="--b\nContent-Type: text/plain\n\nseen\n--b\n"
             "Content-Type: message/delivery-status\n\n"
             "Reporting-MTA: dns; x.example\n\n"
             "Final-Recipient: rfc822; a@example.fr\nAction: delivered\n"
             "Status: 2.0.0\n\n--b--\n")
    got = send_and_receive(lab, text, sender="", to=to)
    assert added(got, text) == []


# -- several recipients -----------------------------------------------------

def test_X_1_two_recipients_get_nothing_of_one_person(lab):
    people = [fresh_recipient(), fresh_recipient()]
    text = letter("news@example.fr", to=", ".join(people), X_Campaign="c1")
    lab.send("news@example.fr", people, text)
    for address in people:
        got = lab.inbox(address).wait_one(subject=field(text, "Subject"))
        assert not got.all("List-Unsubscribe-Post")
        assert "https:" not in got["List-Unsubscribe"]


def test_DSN_7_REP_11_two_recipients_have_two_states(lab):
    good, bad = fresh_recipient(), "ghost@example.com"
    text = letter("recouvrement@example.fr", to=good)
    lab.send("recouvrement@example.fr", [good, bad], text)
    got = lab.inbox(good).wait_one(subject=field(text, "Subject"))
    wait_case(lab, got, "failed")
    case = wait_case(lab, got, "delivered")
    assert case.state(1) == "delivered"
    assert case.state(2) == "failed"


# -- who wrote --------------------------------------------------------------

def test_ADR_1_no_reply_gets_an_address_for_replies(lab):
    text = letter('"Boutique" <no-reply@example.fr>')
    got = send_and_receive(lab, text, sender="no-reply@example.fr")
    assert got["From"] == '"Boutique" <no-reply@example.fr>'
    assert got.all("Reply-To") == ["Service client <contact@example.fr>"]


def test_ADR_4_a_reply_address_of_the_author_stays(lab):
    got = send_and_receive(lab, letter("no-reply@example.fr",
                                       Reply_To="marc@example.fr"))
    assert got.all("Reply-To") == ["marc@example.fr"]


def test_ADR_4_a_no_reply_reply_address_is_none(lab):
    got = send_and_receive(lab, letter("no-reply@example.fr",
                                       Reply_To="noreply@example.fr"))
    assert got.all("Reply-To") == ["Service client <contact@example.fr>"]


def test_ADR_5_similar_names_are_no_no_reply(lab):
    got = send_and_receive(lab, letter("monoreply@example.fr"))
    assert not got.all("Reply-To")


# -- lists ------------------------------------------------------------------

def newsletter(**fields):
    return letter("news@example.fr", X_Campaign="autumn", **fields)


@pytest.fixture(scope="module")
def web(lab):
    """The lab once avis knows that the pages answer."""
    lab.avis.wait_log("one-click links are given out")
    return lab.web


def test_LST_4_one_recipient_gets_one_click(lab, web):
    got = send_and_receive(lab, newsletter())
    assert got.all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    (value,) = got.all("List-Unsubscribe")
    assert len(re.findall(rf"<{re.escape(web.url)}/u/[\w-]{{34}}>",
                          value)) == 1
    assert len(re.findall(
        r"<mailto:unsubscribe\+[a-z2-7]{40}@example\.fr\?", value)) == 1
    assert "http:" not in value


def test_LST_6_no_address_stands_in_the_link(lab):
    got = send_and_receive(lab, newsletter())
    name = got["Delivered-To"].partition("@")[0]
    assert name not in got["List-Unsubscribe"]


def test_LST_1_list_id_is_there_once(lab):
    got = send_and_receive(lab, newsletter())
    (value,) = got.all("List-Id")
    assert value.endswith("<news.example.fr>")


def test_LST_1_a_set_of_the_application_is_never_added_to(lab):
    got = send_and_receive(lab, newsletter(
        List_Unsubscribe="<https://other.example/u/1>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        List_Id="<other.example>"))
    for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"):
        assert len(got.all(name)) == 1, name
    is_theirs = "other.example" in got["List-Unsubscribe"]
    assert ("other.example" in got["List-Id"]) == is_theirs


def test_LST_17_service_mail_has_no_way_to_unsubscribe(lab):
    got = send_and_receive(lab, letter("julie@example.fr"))
    for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"):
        assert not got.all(name), name


# -- identity and the audit header ------------------------------------------

def test_HDR_9_one_audit_header(lab):
    got = send_and_receive(lab)
    (value,) = got.all("Avis-Record")
    assert re.fullmatch(r"v1 [a-z2-7]{40}", value)


def test_HDR_10_missing_message_id_and_date_are_added(lab):
    # For clients on its own addresses Postfix adds them before us.
    got = send_and_receive(lab, letter(Message_ID=None, Date=None),
                           source=OUTSIDE_ADDRESS, login="julie")
    (message_id,) = got.all("Message-ID")
    assert re.fullmatch(r"<[^<>@\s]+@example\.fr>", message_id)
    (date,) = got.all("Date")
    assert email.utils.parsedate_to_datetime(date)


def test_HDR_10_what_is_there_is_kept(lab):
    text = letter()
    got = send_and_receive(lab, text)
    assert got.all("Message-ID") == [field(text, "Message-ID")]
    assert got.all("Date") == [field(text, "Date")]


def test_X_13_a_message_that_passes_twice_is_changed_once(lab):
    # newsletter and letter have the most to double.
    text = letter("no-reply@example.fr", Avis_Class="notice")
    queue_id = lab.send("no-reply@example.fr", ["a@example.org"], text)
    before = lab.sender.queued(queue_id)
    assert before.envid
    lab.sender.requeue(queue_id)
    match = lab.sender.wait_log(
        rf"postfix/pickup\[\d+\]: (\w+): .*orig_id={queue_id}")
    again = match.group(1)
    lab.sender.wait_log(rf"{again}: .*status=deferred")
    after = lab.sender.queued(again)

    def ours(file):
        return [line for line in file.header_lines
                if not line.startswith(("Received", "\t"))]
    assert ours(after) == ours(before)
    assert after.sender == before.sender
    assert after.envid == before.envid
    assert after.recipients == before.recipients


def test_MLT_26_a_copied_audit_header_does_not_pass_for_ours(lab):
    first = send_and_receive(lab, letter("recouvrement@example.fr"))
    text = letter("recouvrement@example.fr",
                  Avis_Record=first["Avis-Record"])
    got = send_and_receive(lab, text)
    (value,) = got.all("Avis-Record")
    assert value != first["Avis-Record"]
    assert token_of(got) != token_of(first)


# -- who is ours ------------------------------------------------------------

def test_ours_local_submission(lab):
    to = fresh_recipient()
    text = letter("recouvrement@example.fr", to=to)
    lab.sender.sendmail("recouvrement@example.fr", [to], text)
    got = lab.inbox(to).wait_one(subject=field(text, "Subject"))
    token_of(got)
    assert got.all("Disposition-Notification-To")
    assert len(got.all("Avis-Record")) == 1


def test_ours_our_network(lab):
    got = send_and_receive(lab, xclient=OUR_CLIENT)
    assert len(got.all("Avis-Record")) == 1


def test_ours_authenticated_from_anywhere(lab):
    got = send_and_receive(lab, xclient=STRANGER, login="julie")
    assert len(got.all("Avis-Record")) == 1


def test_DSN_4_transit_is_not_touched(lab):
    text = letter("someone@else.example", to="julie@example.fr",
                  Disposition_Notification_To="someone@else.example",
                  Return_Receipt_To="someone@else.example",
                  List_Unsubscribe="<https://else.example/u>",
                  X_Campaign="theirs")
    lab.send_from_outside("someone@else.example", ["julie@example.fr"],
                          text, xclient=STRANGER)
    got = lab.inbox("julie@example.fr").wait_one(
        subject=field(text, "Subject"))
    assert got["Return-Path"] == "<someone@else.example>"
    assert added(got, text) == []
    for line in text.partition("\n\n")[0].split("\n"):
        assert line in got.header_lines()


def test_HDR_9_control_headers_of_strangers_are_removed(lab):
    ours = send_and_receive(lab, letter("recouvrement@example.fr"))
    text = letter("someone@else.example", to="julie@example.fr",
                  Avis_Class="letter", Avis_Record=ours["Avis-Record"])
    lab.send_from_outside("someone@else.example", ["julie@example.fr"],
                          text, xclient=STRANGER)
    got = lab.inbox("julie@example.fr").wait_one(
        subject=field(text, "Subject"))
    assert not got.all("Avis-Class")
    assert not got.all("Avis-Record")
    assert got["Return-Path"] == "<someone@else.example>"


def test_HDR_9_a_trusted_application_names_the_class(lab):
    got = send_and_receive(lab, letter("boutique@example.fr",
                                       Avis_Class="notice"))
    assert got.all("Disposition-Notification-To")
    assert not got.all("Avis-Class")


def test_HDR_9_a_trusted_user_names_the_class(lab):
    got = send_and_receive(lab, letter("boutique@example.fr",
                                       Avis_Class="notice"),
                           xclient=STRANGER, login="shop")
    assert got.all("Disposition-Notification-To")


@pytest.mark.parametrize("how", [{"xclient": OUR_CLIENT},
                                 {"xclient": STRANGER, "login": "julie"}])
def test_HDR_9_others_of_ours_may_not_name_the_class(lab, how):
    got = send_and_receive(lab, letter("boutique@example.fr",
                                       Avis_Class="notice"), **how)
    assert not got.all("Disposition-Notification-To")
    assert not got.all("Avis-Class")


# -- the conversation -------------------------------------------------------

def test_MLT_5_several_messages_on_one_connection(lab):
    to = fresh_recipient()
    texts = [letter("recouvrement@example.fr", to=to) for _ in range(5)]
    with SmtpClient(lab.sender.port("own")) as client:
        for text in texts:
            client.deliver("recouvrement@example.fr", [to], text)
    got = [lab.inbox(to).wait_one(subject=field(text, "Subject"))
           for text in texts]
    assert len({token_of(message) for message in got}) == 5


def test_MLT_5_reset_and_aborted_messages_leave_nothing(lab):
    to, other = fresh_recipient(), fresh_recipient()
    text = letter("recouvrement@example.fr", to=to)
    with SmtpClient(lab.sender.port("own")) as client:
        client.say("MAIL FROM:<news@example.fr>")
        client.say(f"RCPT TO:<{other}>")
        client.say("RSET")
        client.say("MAIL FROM:<news@example.fr> RET=FULL ENVID=old")
        client.say("RSET")
        client.deliver("recouvrement@example.fr", [to], text)
    got = lab.inbox(to).wait_one(subject=field(text, "Subject"))
    assert got.all("Disposition-Notification-To")
    case = wait_case(lab, got, "submitted")
    assert len(case.message["recipients"]) == 1
    assert lab.inbox(other).messages() == []


def test_MLT_5_a_client_that_vanishes_leaves_nothing(lab):
    to = fresh_recipient()
    client = SmtpClient(lab.sender.port("own"))
    client.say("MAIL FROM:<recouvrement@example.fr>")
    client.say(f"RCPT TO:<{to}>")
    client.say("DATA")
    client.send(b"From: recouvrement@example.fr\r\nSubject: half")
    client.close()
    send_and_receive(lab, letter(to=to), to=to)
    assert [m["Subject"] for m in lab.inbox(to).messages()
            if m["Subject"] == "half"] == []


# -- content ----------------------------------------------------------------

def test_X_8_signed_content_arrives_byte_for_byte(lab):
    body = ("--s\nContent-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: quoted-printable\n\n"
            "=C3=A9t=C3=A9 =20\nlast line without end\n--s\n"
            "Content-Type: application/pgp-signature\n\n"
            "not really a signature\n--s--\n")
    text = letter("recouvrement@example.fr", MIME_Version="1.0",
                  Content_Type='multipart/signed; boundary="s"; '
                               'protocol="application/pgp-signature"',
                  text=body)
    got = send_and_receive(lab, text)
    assert got.body == body.encode()
    assert got.all("Disposition-Notification-To")


def test_X_7_an_encoded_line_end_injects_nothing(lab):
    text = letter("no-reply@example.fr",
                  subject="=?utf-8?Q?Hi=0D=0ABcc:_x=40evil.example?= k77",
                  Avis_Class="notice")
    to = fresh_recipient()
    lab.send("no-reply@example.fr", [to], text)
    got = lab.inbox(to).wait_one(subject="k77")
    assert not got.all("Bcc")
    assert not got.raw.count(b"\nBcc:")


def test_X_19_smtputf8_recipient_gets_no_utf8_original_recipient(lab):
    text = letter("recouvrement@example.fr", to="zoé@example.com")
    before = len(lab.sender.log())
    lab.send("recouvrement@example.fr", ["zoé@example.com"], text,
             mail_options=["SMTPUTF8"])
    got = lab.inbox("zoé@example.com").wait_one(
        subject=field(text, "Subject"))
    token_of(got)
    assert "utf-8;" not in lab.sender.log()[before:]
    assert "warning" not in lab.sender.log()[before:]


def test_I18N_4_plain_mail_gets_ascii_headers_only(lab):
    got = send_and_receive(lab, letter(
        "=?utf-8?Q?Caf=C3=A9?= <no-reply@example.fr>"),
        sender="no-reply@example.fr")
    head = got.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    assert head.isascii()


def test_MLT_19_a_large_message_passes(lab):
    line = "0123456789abcdef" * 4 + "\n"
    got = send_and_receive(lab, letter("recouvrement@example.fr",
                                       text=line * 40000))
    assert got.body == (line * 40000).encode()


def test_folded_and_unusual_headers_survive(lab):
    text = letter("recouvrement@example.fr")
    head, _, body = text.partition("\n\n")
    head += ("\nX-Folded: one\n two\n\tthree\nX-Empty:\n"
             "X-NoSpace:tight\nx-lower: kept")
    got = send_and_receive(lab, f"{head}\n\n{body}")
    lines = got.header_lines()
    for line in head.split("\n"):
        assert line in lines


# -- at the end -------------------------------------------------------------

def test_nothing_stays_in_the_trace_directory(lab):
    """Success reports asked by a milter alone would stay there for ever."""
    for queue_file in lab.sender.queue():
        lab.sender.postsuper("-d", queue_file["queue_id"])
    lab.sender.wait_queue_empty()
    assert lab.sender.trace_files() == []
