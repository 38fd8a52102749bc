"""The filter and a scripted MTA: what comes back, edit by edit.

No Postfix here, so that each step of the protocol can be said, left out,
broken off or said wrong.
"""

import re
import struct

import pytest

from tests.e2e.people import POLICY, SETTINGS, STRANGER, letter
from tests.lab.avis import Avis
from tests.lab.places import Place
from tests.lab.redis_server import RedisServer
from tests.lab.scripted_mta import (
    ALL_ACTIONS, LEADING_SPACE, POSTFIX_STEPS, SKIP, ProtocolError,
    ScriptedMta, apply, split_letter)

NOTICE = "recouvrement@example.fr"
ANNE = "anne@example.com"
# What Postfix's command filter puts behind a RCPT without a wish.
MARKER = "NOTIFY=Success,Failure"
CHGFROM, ADDRCPT_PAR, SETSYMLIST = 0x40, 0x80, 0x100
QUARANTINE = 0x20
QUIET_STEPS = 0xff080


@pytest.fixture(scope="module")
def avis():
    with Place() as place:
        redis = RedisServer(place).start()
        # 10.0.0.0/8 is ours, 198.51.100.0/24 is not.
        daemon = Avis(place, redis.url, policy=POLICY, settings=SETTINGS)
        daemon.start()
        yield daemon
        # A crash, a leak or a race was an answer too.
        assert daemon.is_running()
        assert daemon.stop() == 0


@pytest.fixture
def mta(avis):
    with ScriptedMta(avis.for_postfix) as link:
        link.hello()
        yield link


def new(avis, address="127.0.0.1", **options):
    link = ScriptedMta(avis.for_postfix, **options)
    link.hello(address)
    return link


def send_notice(mta, to=ANNE, **fields):
    return mta.send(NOTICE, [(f"<{to}>", MARKER)],
                    letter(NOTICE, to, **fields))


def is_a_treated_notice(outcome):
    return (outcome.answer == "continue" and outcome.of("chgfrom")
            and outcome.values("Disposition-Notification-To"))


def serves(avis):
    """A fresh connection gets what a notice gets."""
    with new(avis) as mta:
        return is_a_treated_notice(send_notice(mta))


# -- the edits of a message ------------------------------------------------

def test_X_2_sender_and_receipt_address_agree(mta):
    outcome = send_notice(mta)
    sender = outcome.of("chgfrom")[0].name.strip("<>")
    assert sender.startswith("recu+") and sender.endswith("@example.fr")
    to = outcome.values("Disposition-Notification-To")
    assert len(to) == 1
    assert re.search(r"<?([^<>\s]+)>?$", to[0]).group(1) == sender


def test_MLT_15_a_recipient_goes_before_it_comes_again(mta):
    outcome = mta.send(NOTICE, [("<Anne+x@Example.COM>", MARKER)], letter(NOTICE))
    kinds = [e.kind for e in outcome.edits
             if e.kind in ("delrcpt", "addrcpt")]
    assert kinds == ["delrcpt", "addrcpt"]
    assert outcome.of("delrcpt")[0].name == "<Anne+x@Example.COM>"
    again = outcome.of("addrcpt")[0]
    assert again.name == "<Anne+x@Example.COM>"
    assert "NOTIFY=SUCCESS,FAILURE" in again.value
    assert "ORCPT=rfc822;Anne+2Bx@Example.COM" in again.value


def test_DSN_10_MLT_13_arguments_of_the_sender(mta):
    words = send_notice(mta).of("chgfrom")[0].value.split()
    assert "RET=HDRS" in words
    envid = [w for w in words if w.startswith("ENVID=r1.")]
    assert len(envid) == 1 and len(envid[0]) == len("ENVID=") + 37
    assert len(words) == 2


def test_HDR_8_our_record_goes_on_top(mta):
    record = send_notice(mta).of("insert", "Avis-Record")
    assert len(record) == 1 and record[0].index in (0, 1)


def test_X_1_two_recipients_share_nothing_of_one(mta):
    outcome = mta.send("news@example.fr", [ANNE, "benoit@example.com"],
                       letter("news@example.fr", X_Campaign="11"))
    assert outcome.answer == "continue"
    assert not outcome.values("List-Unsubscribe-Post")


def test_DSN_4_transit_mail_is_not_touched(avis):
    with new(avis, STRANGER) as mta:
        outcome = mta.send("someone@example.net", ["contact@example.fr"],
                           letter("someone@example.net",
                                  "contact@example.fr"))
    assert outcome.answer == "continue" and outcome.edits == []


def test_DSN_6_the_null_sender_gets_nothing(mta):
    outcome = mta.send(("<>",), [ANNE], letter(NOTICE))
    assert not outcome.of("chgfrom") and not outcome.of("addrcpt")
    assert not outcome.values("Disposition-Notification-To")


def test_MLT_26_a_second_pass_changes_nothing(mta):
    text = letter(NOTICE, ANNE)
    first = mta.send(NOTICE, [ANNE], text)
    assert is_a_treated_notice(first)
    sender = first.of("chgfrom")[0].name.strip("<>")
    second = mta.send(sender, [ANNE], apply(text, first))
    assert second.answer == "continue" and second.edits == []


def test_HDR_6_HDR_9_forged_records_go_from_the_last_up(avis):
    forged = [("Avis-Record", " v=1; forged=%d" % n) for n in range(3)]
    with new(avis, STRANGER) as mta:
        mta.mail("<someone@example.net>")
        mta.rcpt("<contact@example.fr>")
        mta.data()
        fields, body = split_letter(letter("someone@example.net"))
        mta.headers(forged[:1] + fields + forged[1:])
        mta.headers_end()
        mta.bodies([body])
        outcome = mta.end()
    gone = [e.index for e in outcome.of("change", "Avis-Record")
            if e.value == ""]
    assert gone == [3, 2, 1]
    assert len(outcome.edits) == 3


# -- whose mail it is, and what is left alone -------------------------------

@pytest.mark.parametrize("path", [f"<{NOTICE}>", NOTICE])
def test_MLT_25_programs_of_this_host_are_ours(avis, path):
    """Postfix plays sendmail(1): localhost, 127.0.0.1, no ESMTP words."""
    with ScriptedMta(avis.for_postfix) as mta:
        mta.hello(port=0)
        outcome = mta.send((path,), [(ANNE,)], letter(NOTICE))
    assert is_a_treated_notice(outcome)


BOUNCE = """\
From: MAILER-DAEMON@example.fr
To: julie@example.fr
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not go.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.example.fr

Final-Recipient: rfc822; anne@example.com
Action: failed
Status: 5.1.1

--b--
"""


def test_MLT_27_REP_14_a_local_bounce_is_not_touched(avis):
    with ScriptedMta(avis.for_postfix) as mta:
        mta.hello(port=0)
        outcome = mta.send(("",), [("julie@example.fr",)], BOUNCE)
    assert outcome.answer == "continue" and outcome.edits == []


def test_HDR_5_two_From_fields_are_refused_in_ours_only(avis, mta):
    text = "From: x@example.fr\n" + letter(NOTICE)
    outcome = mta.send(NOTICE, [ANNE], text)
    assert outcome.answer in ("reply", "reject", "tempfail")
    assert not outcome.edits
    with new(avis, STRANGER) as stranger:
        outcome = stranger.send("a@example.net", ["contact@example.fr"], text)
    assert outcome.answer == "continue" and not outcome.edits


def test_HDR_11_who_is_in_Bcc_stands_in_no_header(mta):
    hidden = "hidden.person@example.com"
    outcome = mta.send(NOTICE, [(f"<{ANNE}>", MARKER),
                                (f"<{hidden}>", MARKER)], letter(NOTICE))
    assert outcome.answer == "continue"
    for edit in outcome.edits:
        if edit.kind not in ("addrcpt", "delrcpt"):
            assert b"hidden" not in edit.raw.lower(), edit


def test_I18N_4_I18N_5_what_we_add_is_ascii(mta):
    """The message came without SMTPUTF8, whatever bytes stand in it."""
    outcome = mta.send("no-reply@example.fr", [ANNE],
                       letter("Été <no-reply@example.fr>",
                              subject="où ça ?", To="Zoé <anne@example.com>"))
    assert outcome.answer == "continue" and outcome.values("Reply-To")
    for edit in outcome.edits:
        assert (edit.name + edit.value).isascii(), edit


def test_MDN_11_list_mail_asks_for_no_receipt(mta):
    outcome = send_notice(mta, List_Id="<people.example.fr>")
    assert outcome.answer == "continue"
    assert not outcome.values("Disposition-Notification-To")


def test_MLT_4_the_body_is_skipped_only_where_offered(avis):
    text = letter("someone@example.net", text="x" * 70 + "\n")
    for steps in (POSTFIX_STEPS, POSTFIX_STEPS & ~SKIP):
        with new(avis, STRANGER, steps=steps) as mta:
            mta.mail("<someone@example.net>")
            mta.rcpt("<contact@example.fr>")
            mta.data()
            mta.headers(split_letter(text)[0])
            mta.headers_end()
            answer = mta.body("one\r\n")
            assert answer is None or steps & SKIP or \
                answer.answer == "continue"
            assert mta.end().answer == "continue"
    # Ours is summed up to the last byte.
    with new(avis) as mta:
        for step in steps_of(mta):
            answer = step()
            assert answer is None or answer.answer == "continue"


def test_STAT_1_STAT_2_form_of_a_refusal(mta):
    outcome = mta.send(NOTICE, [f"u{n}@example.com" for n in range(1500)],
                       letter(NOTICE))
    match = re.fullmatch(r"([45])\d\d ([45])\.\d{1,3}\.\d{1,3} [ -~]{3,900}",
                         outcome.text)
    assert match, outcome.text
    assert match[1] == match[2] and "%%" not in outcome.text


# -- what each edit looks like ----------------------------------------------

HOSTILE = {
    "an encoded line break": "=?utf-8?Q?a=0D=0ABcc:_x@example.net?=",
    "raw UTF-8": "été ✓",
    "bytes of no charset": b"\xff\xfe\x80 \xc3(".decode(
        "utf-8", "surrogateescape"),
    "a separator of lines": "a\u2028Bcc: x@example.net",
    "a fold of nothing": "a\n \n b",
    "a very long word": "x" * 5000,
    "nothing": "",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["Subject", "From", "Message-ID", "To",
                                   "Disposition-Notification-To"])
def test_HDR_1_X_7_no_value_breaks_out_of_its_line(mta, name, field):
    value = HOSTILE[name]
    text = letter(NOTICE, **{field.replace("-", "_"):
                             f"{value} <{NOTICE}>" if field == "From"
                             else value})
    outcome = mta.send(NOTICE, [ANNE], text)
    assert outcome.answer in ("continue", "reply", "tempfail", "reject")
    for edit in outcome.edits:
        data = edit.value.encode("utf-8", "surrogateescape")
        assert b"\r" not in data and b"\0" not in data
        assert not re.search(rb"\n(?![ \t])|\n[ \t]*(\n|$)", data), edit
        assert max(len(line) for line in data.split(b"\n")) <= 998
        assert not re.search(rb"(?i)bcc:", edit.name.encode(
            "utf-8", "surrogateescape"))


@pytest.mark.parametrize("steps", [POSTFIX_STEPS,
                                   POSTFIX_STEPS & ~LEADING_SPACE])
def test_MLT_3_leading_space_both_ways(avis, steps):
    with new(avis, steps=steps) as mta:
        outcome = send_notice(mta)
        has_space = bool(mta.steps & LEADING_SPACE)
    values = [e.value for e in outcome.edits
              if e.kind in ("add", "insert")]
    assert values
    for value in values:
        assert value.startswith(" ") == has_space, value
        assert not value.startswith("  ")


# -- what the MTA offers ----------------------------------------------------

def test_MLT_1_too_few_actions_are_no_way_around_us(avis):
    # libmilter takes none at all for those of version 1.
    with new(avis, actions=QUARANTINE) as mta:
        outcome = send_notice(mta)
    assert outcome.edits == []
    assert outcome.answer in ("tempfail", "reply")
    assert outcome.answer == "tempfail" or outcome.text.startswith("4")


@pytest.mark.parametrize("missing", [CHGFROM, ADDRCPT_PAR])
def test_MLT_13_MLT_14_without_parameters_no_half_wishes(avis, missing):
    with new(avis, actions=ALL_ACTIONS & ~missing) as mta:
        outcome = send_notice(mta)
    if missing == CHGFROM:
        assert not outcome.of("chgfrom")
    assert not [e for e in outcome.of("addrcpt") if missing == ADDRCPT_PAR]
    assert len(outcome.of("delrcpt")) == len(outcome.of("addrcpt"))


def test_MLT_2_every_step_is_answered_where_quiet_is_not_offered(avis):
    with ScriptedMta(avis.for_postfix,
                     steps=POSTFIX_STEPS & ~QUIET_STEPS) as mta:
        assert mta.steps & QUIET_STEPS == 0
        assert mta.hello().answer == "continue"
        assert mta.mail(f"<{NOTICE}>").answer == "continue"
        assert mta.rcpt(f"<{ANNE}>").answer == "continue"
        assert mta.data() is None or mta.steps
        assert mta.header("From", f" {NOTICE}").answer == "continue"
        assert mta.headers_end().answer == "continue"
        assert mta.body("x\r\n").answer in ("continue", "skip")
        assert mta.end().answer == "continue"


def test_MLT_24_macros_asked_for_are_not_too_many(avis):
    with new(avis) as mta:
        assert all(len(names) <= 50 for names in mta.symbols.values())
        assert "i" in mta.symbols.get("E", ["i"])
    with new(avis, actions=ALL_ACTIONS & ~SETSYMLIST) as mta:
        assert mta.symbols == {}
        assert is_a_treated_notice(send_notice(mta))


@pytest.mark.parametrize("version", ["Postfix 3.5.25", "Postfix 2.11.0"])
def test_MLT_16_older_postfix_keeps_its_recipients(avis, version):
    with ScriptedMta(avis.for_postfix) as mta:
        mta.macros["v"] = version
        mta.hello()
        outcome = send_notice(mta)
    assert outcome.answer == "continue"
    assert not outcome.of("delrcpt") and not outcome.of("addrcpt")


def test_MLT_23_no_macros_at_all(avis):
    with ScriptedMta(avis.for_postfix) as mta:
        mta.macros.clear()
        mta.hello()
        assert send_notice(mta).answer == "continue"


@pytest.mark.parametrize("path", [
    f"<{NOTICE}>", NOTICE, f"<@relay.example.net:{NOTICE}>", "<>", "",
    "<\"odd name\"@example.fr>", "<", ">", "<<>>", "@", "<@>", "x" * 3000])
def test_MLT_7_forms_of_addresses(mta, path):
    outcome = mta.send((path,), [(path.replace("recouvrement", "anne"),)],
                       letter(NOTICE))
    assert outcome.answer in ("continue", "reply", "tempfail", "reject")


@pytest.mark.parametrize("words", [
    ["NOTIFY=NEVER"], ["notify=failure", "ORCPT=rfc822;X@example.com"],
    ["NOTIFY="], ["ORCPT="], ["="], [""], ["NOTIFY=NEVER", "NOTIFY=SUCCESS"],
    ["ORCPT=rfc822;a+0Db@example.com"], ["X" * 2000], ["NOTIFY=\xff"]])
def test_MLT_8_odd_parameters_do_no_harm(mta, words):
    outcome = mta.send((f"<{NOTICE}>", "RET=FULL", "ENVID=a+2Bb", "SIZE=3"),
                       [(f"<{ANNE}>", *words)], letter(NOTICE))
    assert outcome.answer in ("continue", "reply", "tempfail")
    if words == ["NOTIFY=NEVER"]:  # DSN-3, X-3
        assert all("NOTIFY=NEVER" in e.value
                   for e in outcome.of("addrcpt"))
    if "ORCPT=rfc822;X@example.com" in words:  # DSN-5
        assert all("ORCPT=rfc822;X@example.com" in e.value
                   for e in outcome.of("addrcpt"))


# -- several messages, aborts, broken connections ---------------------------

def test_MLT_5_messages_of_one_connection_share_nothing(mta):
    seen = set()
    for n in range(5):
        outcome = send_notice(mta, f"user{n}@example.com")
        assert is_a_treated_notice(outcome)
        assert outcome.of("delrcpt")[0].name == f"<user{n}@example.com>"
        assert len(outcome.of("delrcpt")) == 1
        seen.add(outcome.of("chgfrom")[0].name)
        plain = mta.send("julie@example.fr", [ANNE], letter())
        assert not plain.values("Disposition-Notification-To")
    assert len(seen) == 5


def steps_of(mta):
    """The steps of a message, up to and with the one that a test wants."""
    return [lambda: mta.mail(f"<{NOTICE}>"), lambda: mta.rcpt(f"<{ANNE}>"),
            lambda: mta.rcpt("<benoit@example.com>"), mta.data,
            lambda: mta.header("From", f" {NOTICE}"),
            lambda: mta.header("Subject", " x"), mta.headers_end,
            lambda: mta.body("one\r\n"), lambda: mta.body("two\r\n")]


STEP_COUNT = 9


@pytest.mark.parametrize("count", range(STEP_COUNT + 1))
def test_X_14_abort_after_each_step(mta, count):
    for step in steps_of(mta)[:count]:
        step()
    mta.abort()
    mta.abort()
    outcome = send_notice(mta)
    assert is_a_treated_notice(outcome)
    assert [e.name for e in outcome.of("delrcpt")] == [f"<{ANNE}>"]


@pytest.mark.parametrize("count", range(STEP_COUNT + 1))
def test_X_14_a_new_message_without_abort(mta, count):
    for step in steps_of(mta)[:count]:
        step()
    outcome = send_notice(mta, "chloe@example.com")
    assert outcome.answer in ("continue", "reply", "tempfail")
    for edit in outcome.of("delrcpt"):
        assert edit.name == "<chloe@example.com>"


@pytest.mark.parametrize("ending", ["close", "drop", "end and drop"])
@pytest.mark.parametrize("count", range(STEP_COUNT + 1))
def test_X_14_the_connection_ends_after_each_step(avis, count, ending):
    mta = new(avis)
    for step in steps_of(mta)[:count]:
        step()
    if ending == "end and drop":
        mta.packet("E")
    mta.close() if ending == "close" else mta.drop()
    assert serves(avis)


def test_MLT_5_close_is_the_only_word(avis):
    ScriptedMta(avis.for_postfix, greets=False).drop()
    ScriptedMta(avis.for_postfix, greets=False).close()
    ScriptedMta(avis.for_postfix).drop()
    assert serves(avis)


def say_wrong(*steps):
    def play(mta):
        for step in steps:
            step(mta)
    return play


WRONG = {
    "a header before MAIL": say_wrong(lambda m: m.header("A", " b")),
    "the end before MAIL": say_wrong(lambda m: m.packet("E")),
    "a body before RCPT": say_wrong(lambda m: m.mail("<a@example.fr>"),
                                    lambda m: m.packet("B", b"x")),
    "RCPT behind the header": say_wrong(
        lambda m: m.mail("<a@example.fr>"), lambda m: m.rcpt("<b@c.example>"),
        lambda m: m.data(), lambda m: m.header("A", " b"),
        lambda m: m.packet("R", b"<c@d.example>\0")),
    "two ends": say_wrong(lambda m: m.packet("E"), lambda m: m.packet("E")),
    "a letter of no meaning": say_wrong(lambda m: m.packet("\x07", b"x")),
    "an empty packet": say_wrong(lambda m: m.raw(b"\0\0\0\0")),
    "a packet of 2 GB": say_wrong(
        lambda m: m.raw(struct.pack(">I", 0x7fffffff) + b"L")),
    "a packet cut short": say_wrong(
        lambda m: m.raw(struct.pack(">I", 100) + b"LFrom\0")),
    "a header without a value": say_wrong(
        lambda m: m.mail("<a@example.fr>"), lambda m: m.packet("L", b"A\0")),
    "a header without an end": say_wrong(
        lambda m: m.mail("<a@example.fr>"), lambda m: m.packet("L", b"AAA")),
    "MAIL without a path": say_wrong(lambda m: m.packet("M", b"")),
    "RCPT without an end": say_wrong(
        lambda m: m.mail("<a@example.fr>"), lambda m: m.packet("R", b"<b")),
    "macros without an end": say_wrong(
        lambda m: m.packet("D", b"Mi\0"), lambda m: m.packet("D", b"M"),
        lambda m: m.packet("D", b"")),
    "greeting again": say_wrong(
        lambda m: m.packet("O", struct.pack(">III", 6, 0, 0))),
    "greeting of version 1": say_wrong(
        lambda m: m.packet("O", struct.pack(">III", 1, 1, 1))),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_broken_protocol_breaks_one_connection_only(avis, what):
    mta = new(avis)
    try:
        WRONG[what](mta)
        mta.link.settimeout(1)
        for _ in range(10):
            mta.read()
    except (EOFError, OSError, ProtocolError):
        pass
    mta.drop()
    assert serves(avis)


def test_garbage_instead_of_a_greeting(avis):
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 400, b"\0" * 400,
                    b"EHLO x\r\n"):
        mta = ScriptedMta(avis.for_postfix, greets=False)
        mta.raw(garbage)
        mta.drop()
    assert serves(avis)


# -- bodies and sizes -------------------------------------------------------

def comparable(outcome):
    """The edits without what is fresh in every message."""
    return [(e.kind, e.name.partition("+")[0],
             re.sub(r"[A-Za-z0-9_.-]{20,}", "*", e.value))
            for e in outcome.edits]


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 65535])
def test_MLT_19_chunks_may_end_anywhere(mta, chunk):
    text = letter(NOTICE, text="Bonjour\n" * 20 + "\n\n")
    whole = comparable(mta.send(NOTICE, [ANNE], text))
    assert comparable(mta.send(NOTICE, [ANNE], text, chunk)) == whole


@pytest.mark.parametrize("body", [
    b"", b"\0", b"\0" * 70000, b"\r\n" * 40000, b"\r" * 1000, b"\n" * 1000,
    bytes(range(256)) * 300, b"x" * 200000, b"--=_b\r\n" * 5000])
def test_MLT_19_any_bytes_are_a_body(mta, body):
    mta.mail(f"<{NOTICE}>")
    mta.rcpt(f"<{ANNE}>")
    mta.data()
    fields, _ = split_letter(letter(NOTICE))
    mta.headers(fields)
    mta.headers_end()
    mta.bodies(body[i:i + 65535] for i in range(0, len(body), 65535))
    assert is_a_treated_notice(mta.end())


def test_no_header_and_no_body_at_all(mta):
    mta.mail(f"<{NOTICE}>")
    mta.rcpt(f"<{ANNE}>")
    mta.data()
    mta.headers_end()
    assert mta.end().answer in ("continue", "reply", "tempfail")


def test_MLT_20_a_field_of_2000_lines(mta):
    folded = "".join(f"\n line {n}" for n in range(2000))
    outcome = send_notice(mta, X_Long=f"one{folded}")
    assert is_a_treated_notice(outcome)


def test_MLT_20_a_field_as_long_as_postfix_can_hand_over(mta):
    """Past 64 KB libmilter drops the connection, if it is not told."""
    long = "\n ".join("x" * 900 for _ in range(110))
    assert is_a_treated_notice(send_notice(mta, X_Long=long))


def test_limits_headers_is_named(avis):
    """Past limits.headers: refused with the name of the limit, not cut."""
    with new(avis) as mta:
        many = [("X-N", f" {n}") for n in range(3000)]
        mta.mail(f"<{NOTICE}>")
        mta.rcpt(f"<{ANNE}>")
        mta.data()
        mta.headers(split_letter(letter(NOTICE))[0] + many)
        mta.headers_end()
        outcome = mta.end()
        assert outcome.answer == "reply" and outcome.text[0] in "45"
        assert "limits.headers" in outcome.text
        assert not outcome.edits
        assert is_a_treated_notice(send_notice(mta))


def test_limits_recipients_is_named(mta):
    outcome = mta.send(NOTICE, [f"u{n}@example.com" for n in range(1500)],
                       letter(NOTICE))
    assert outcome.answer == "reply" and "limits.recipients" in outcome.text


def test_transit_past_the_limits_still_passes(avis):
    """Other people's mail is not ours to refuse."""
    with new(avis, STRANGER) as mta:
        mta.mail("<someone@example.net>")
        mta.rcpt("<contact@example.fr>")
        mta.data()
        mta.headers([("X-N", f" {n}") for n in range(3000)])
        mta.headers_end()
        outcome = mta.end()
    assert outcome.answer == "continue" and outcome.edits == []


def test_many_connections_at_once(avis):
    links = [new(avis) for _ in range(60)]
    for link in links:
        link.mail(f"<{NOTICE}>")
    for n, link in enumerate(links):
        link.rcpt(f"<user{n}@example.com>", MARKER)
    for n, link in enumerate(links):
        link.data()
        link.headers(split_letter(letter(NOTICE))[0])
        link.headers_end()
        outcome = link.end()
        assert is_a_treated_notice(outcome)
        assert [e.name for e in outcome.of("delrcpt")] == [
            f"<user{n}@example.com>"]
        link.close()
