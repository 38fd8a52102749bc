"""Consent, caps, hours, channels: who gets a message, and when."""

import datetime
import re
import smtplib

import pytest

from tests.e2e.people import (
    SETTINGS, STRANGER, field, fresh_recipient, letter, send_and_receive, wait_case)
from tests.e2e.test_unsubscribe import leave
from tests.lab.waiting import wait_until


def clock(minutes):
    when = datetime.datetime.now(datetime.timezone.utc) \
        + datetime.timedelta(minutes=minutes)
    return f"{when:%H:%M}"


def closed_now():
    """Sending hours that begin in some hours."""
    return f"{clock(180)}-{clock(300)} UTC"


def opens_next_minute():
    return f"{clock(1)}-{clock(300)} UTC"


def marketing(name, **settings):
    more = " ".join(f'{k} = "{v}";' for k, v in settings.items())
    return (f'{{ name = "{name}"; purpose = "marketing"; '
            f'basis = "consent"; when = {{ header = {{ '
            f'"X-Campaign" = "{name}"; }}; }}; unsubscribe = "mailto"; '
            f'list_id = "{name}.example.fr"; {more} }}')


def policy(hours):
    classes = [
        marketing("consent", consent="required"),
        marketing("soft", consent="soft-opt-in"),
        marketing("dropped", consent="required", on_no_consent="drop"),
        marketing("awaited", consent="required", on_no_consent="hold"),
        marketing("capped", cap="2/1h"),
        marketing("spread", cap="1/1h", on_cap="hold"),
        marketing("night", hours=closed_now()),
        marketing("later", hours=closed_now(), on_hours="defer", cap="1/1h"),
        marketing("morning", hours=hours),
        marketing("link", visible_link="require"),
        marketing("seen", visible_link="report"),
        '{ name = "mail"; purpose = "service"; '
        'basis = "legitimate-interest"; }',
    ]
    return "classes = (\n" + ",\n".join(classes) + "\n);\n"


LAB = {"policy": policy(opens_next_minute()), "settings": SETTINGS}
NEWS = "news@example.fr"


def news(name, to, **words):
    return letter(NEWS, to=to, X_Campaign=name, **words)


def send(lab, name, *people, **words):
    text = news(name, ", ".join(people), **words)
    return text, lab.send(NEWS, list(people), text)


def refusal(lab, name, *people, **words):
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        send(lab, name, *people, **words)
    return refused.value.smtp_code, str(refused.value.smtp_error)


def consent(lab, person, name, receive="yes", basis="consent", day="01"):
    table = ("address,class,time,text_id,channel,receive,basis,context\n"
             f"{person},{name},2026-11-{day}T10:00:00Z,optin-2026,web-form,"
             f"{receive},{basis},order\n")
    path = lab.place.folder("csv") / "consents.csv"
    path.write_text(table)
    lab.avis.run("consent import", str(path))


def wait_refused(lab, name, person, code=550):
    """Feeding Redis takes a moment."""
    def look():
        try:
            send(lab, name, person)
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code == code
        return False
    wait_until(look, f"{name} to be refused", 10, lab.logs())


# -- consent ----------------------------------------------------------------

def test_GDPR_2_without_consent_nothing_is_sent(lab):
    reader = fresh_recipient()
    code, text = refusal(lab, "consent", reader)
    assert code == 550
    assert "5.7.1 no consent of the recipient to consent" in text


def test_GDPR_2_consent_lets_through_until_it_is_withdrawn(lab):
    reader = fresh_recipient()
    consent(lab, reader, "consent")
    send_and_receive(lab, news("consent", reader), to=reader)
    lab.avis.run("consent withdraw", reader, "--class", "consent")
    wait_refused(lab, "consent", reader)


def test_FR_2_customers_get_what_wants_no_more(lab):
    reader = fresh_recipient()
    consent(lab, reader, "soft", basis="soft-opt-in")
    consent(lab, reader, "consent", basis="soft-opt-in")
    send_and_receive(lab, news("soft", reader), to=reader)
    assert refusal(lab, "consent", reader)[0] == 550


def test_GDPR_2_dropped_is_taken_and_recorded(lab):
    reader = fresh_recipient()
    text, queue_id = send(lab, "dropped", reader)
    lab.avis.wait_log(rf"{queue_id}.*1 of 1 recipients left out: no consent")
    lab.sender.wait_queue_empty()
    assert lab.inbox(reader).messages(subject=field(text, "Subject")) == []


def test_GDPR_2_others_still_get_it(lab):
    yes, no = fresh_recipient(), fresh_recipient()
    consent(lab, yes, "consent")
    text, _ = send(lab, "consent", yes, no)
    lab.inbox(yes).wait_one(subject=field(text, "Subject"))
    lab.sender.wait_queue_empty()
    assert lab.inbox(no).messages(subject=field(text, "Subject")) == []


def test_X_12_consent_that_cannot_be_asked_is_awaited(lab):
    reader = fresh_recipient()
    consent(lab, reader, "consent")
    lab.redis.pause()
    try:
        assert refusal(lab, "consent", reader)[0] == 451
    finally:
        lab.redis.go_on()

    def is_taken():
        try:
            return send(lab, "consent", reader)
        except smtplib.SMTPResponseException as refused:
            assert refused.smtp_code == 451
            return None
    text, _ = wait_until(is_taken, "Redis to be asked again", 10, lab.logs())
    lab.inbox(reader).wait_one(subject=field(text, "Subject"))


# -- caps -------------------------------------------------------------------

def test_a_cap_lets_so_many_through(lab):
    reader = fresh_recipient()
    for _ in range(2):
        send_and_receive(lab, news("capped", reader), to=reader)
    code, text = refusal(lab, "capped", reader)
    assert code == 550 and "as many messages of capped" in text
    # Other mail is not counted.
    send_and_receive(lab, news("seen", reader), to=reader)


def test_a_message_that_does_not_leave_is_not_counted(lab):
    """Two From fields are refused after the store was asked."""
    reader = fresh_recipient()
    for _ in range(3):
        text = "From: a@example.fr\n" + news("capped", reader)
        with pytest.raises(smtplib.SMTPResponseException):
            lab.send(NEWS, [reader], text)
    for _ in range(2):
        send_and_receive(lab, news("capped", reader), to=reader)
    assert refusal(lab, "capped", reader)[0] == 550


def test_a_message_that_is_deferred_is_not_counted(lab):
    """Else the second would be over the cap, and refused for good."""
    reader = fresh_recipient()
    for _ in range(3):
        assert refusal(lab, "later", reader)[0] == 451


def test_the_same_message_tried_again_counts_once(lab):
    reader = fresh_recipient()
    text = news("capped", reader)
    for _ in range(3):
        lab.send(NEWS, [reader], text)
    send_and_receive(lab, news("capped", reader), to=reader)
    assert refusal(lab, "capped", reader)[0] == 550


# -- fields that are not everybody's ------------------------------------------

def test_LST_15_people_do_not_make_lists(lab):
    """Who logs in writes letters; programs of ours may run lists."""
    fields = {"List_Id": "<x.example.fr>", "List_Owner": "<mailto:a@example.fr>",
              "List_Unsubscribe": "<mailto:a@example.fr>"}
    reader = fresh_recipient()
    text = letter("julie@example.fr", to=reader, **fields)
    got = send_and_receive(lab, text, to=reader, login="julie",
                           xclient=STRANGER)
    assert [x for x in got.header_lines() if x.startswith("List-")] == []
    text = letter("julie@example.fr", to=reader, **fields)
    got = send_and_receive(lab, text, to=reader)
    assert got["List-Id"] == "<x.example.fr>"


# -- a way out that readers see ---------------------------------------------

def test_BULK_2_a_text_without_a_way_out_is_refused(lab):
    reader = fresh_recipient()
    code, text = refusal(lab, "link", reader, text="Nothing but praise.\n")
    assert code == 550 and "BULK-2" in text


def test_BULK_2_a_text_with_a_way_out_leaves(lab):
    reader = fresh_recipient()
    text = news("link", reader, text="Praise.\n\nTo unsubscribe: "
                "https://news.example.com/leave/1\n")
    send_and_receive(lab, text, to=reader)


def test_BULK_2_what_is_missing_is_reported(lab):
    reader = fresh_recipient()
    got = send_and_receive(lab, news("seen", reader), to=reader)
    lab.avis.wait_log("readers see no way out in the text")
    case = wait_case(lab, got, "submitted")
    assert "readers see no way out" in str(case.one("submitted"))


# -- hours ------------------------------------------------------------------

def held(lab, queue_id):
    return [m for m in lab.sender.queue()
            if m["queue_id"] == queue_id and m["queue_name"] == "hold"]


def release(lab, *words, check=True):
    return lab.avis.run("release", "--postfix", str(lab.sender.conf), *words,
                        check=check)


def wait_listed(lab, queue_id):
    return wait_until(
        lambda: re.search(rf"{queue_id} .*", release(lab, "--list").stdout),
        f"{queue_id} on the list", 10, lab.logs()).group(0)


def test_MLT_31_at_night_a_message_waits(lab):
    reader = fresh_recipient()
    text, queue_id = send(lab, "night", reader)
    assert held(lab, queue_id)
    assert "outside of the sending hours" in wait_listed(lab, queue_id)
    # It is not due.
    release(lab)
    assert held(lab, queue_id)
    # Somebody lets it go all the same.
    release(lab, "--now", queue_id)
    got = lab.inbox(reader).wait_one(subject=field(text, "Subject"))
    case = wait_case(lab, got, "released")
    assert case.kinds.index("held") < case.kinds.index("released")
    assert queue_id not in release(lab, "--list").stdout


def test_GDPR_2_a_message_waits_for_its_consent(lab):
    reader = fresh_recipient()
    text, queue_id = send(lab, "awaited", reader)
    assert held(lab, queue_id)
    assert "no consent to awaited" in wait_listed(lab, queue_id)
    release(lab)
    assert held(lab, queue_id)
    consent(lab, reader, "awaited")
    release(lab)
    lab.inbox(reader).wait_one(subject=field(text, "Subject"))


def test_a_message_over_the_cap_waits_for_the_window(lab):
    reader = fresh_recipient()
    send_and_receive(lab, news("spread", reader), to=reader)
    text, queue_id = send(lab, "spread", reader)
    assert held(lab, queue_id)
    line = wait_listed(lab, queue_id)
    assert "stays" in line and "not due: cap" in line
    due = datetime.datetime.fromisoformat(
        re.search(r"[-\d]{10}T[:\d]{5}", line).group(0))
    wait = due - datetime.datetime.utcnow()
    assert abs(wait.total_seconds() - 3600) < 120
    release(lab)
    assert held(lab, queue_id)
    release(lab, "--now", queue_id)
    lab.inbox(reader).wait_one(subject=field(text, "Subject"))


def test_a_store_that_is_away_lets_nothing_go(lab):
    reader = fresh_recipient()
    _, queue_id = send(lab, "night", reader)
    wait_listed(lab, queue_id)
    lab.redis.pause()
    try:
        done = release(lab, "--now", queue_id, check=False)
    finally:
        lab.redis.go_on()
    assert done.returncode == 1
    assert "what is on hold stays there" in done.stderr
    assert held(lab, queue_id)


def test_hours_may_ask_the_client_to_come_back(lab):
    code, text = refusal(lab, "later", fresh_recipient())
    assert code == 451 and "4.7.1 class later is not sent at this hour" in text


def test_MLT_25_local_mail_is_held_where_clients_would_wait(lab):
    reader = fresh_recipient()
    text = news("later", reader)
    lab.sender.sendmail(NEWS, [reader], text.encode())
    wait_until(lambda: [m for m in lab.sender.queue()
                        if m["queue_name"] == "hold" and any(
                            r["address"] == reader for r in m["recipients"])],
               "local mail on hold", 20, lab.logs())


def test_GDPR_4_who_leaves_while_it_is_on_hold_does_not_get_it(lab):
    """Night, three messages, two people leave, morning."""
    stays, gone, other = (fresh_recipient() for _ in range(3))
    lab.avis.policy = policy(opens_next_minute())
    lab.avis.reload()
    alone, alone_id = send(lab, "morning", stays)
    ended, ended_id = send(lab, "morning", gone)
    both, both_id = send(lab, "morning", other, gone)
    for queue_id in (alone_id, ended_id, both_id):
        assert held(lab, queue_id)
        wait_listed(lab, queue_id)
    # The way out of the second, which nobody else has seen yet.
    leave(lab, gone, re.search(r"<mailto:([^?>]+)", lab.sender.queued(
        ended_id).content).group(1))
    lab.avis.wait_log("unsubscribe by mail")

    def is_morning():
        release(lab)
        return not (held(lab, alone_id) or held(lab, ended_id) or
                    held(lab, both_id))
    wait_until(is_morning, "the morning", 90, lab.logs())
    for text, reader in ((alone, stays), (both, other)):
        lab.inbox(reader).wait_one(subject=field(text, "Subject"))
    for queue_id in (ended_id, both_id):
        lab.sender.wait_log(rf"postsuper\[\d+\]: {queue_id}: removed")
    assert lab.inbox(gone).messages() == []
    proof = lab.avis.proof("--message-id", field(ended, "Message-ID"))
    assert "refused-held" in str(proof)
