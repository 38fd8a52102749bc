"""Confirmed by the recipient: the button, or an answer; never a machine."""

import concurrent.futures
import email
import email.policy
import quopri
import re

import pytest

from tests.e2e.people import (
    case_of, fresh_recipient, from_outside, letter, send_and_receive,
    wait_case)
from tests.e2e.test_pages import ORGANISATION, forms_of, mailed_link
from tests.e2e.test_pages_browser import looks_well, plain
from tests.lab.browsers import Client
from tests.lab.chrome import PHONE, Chrome
from tests.lab.waiting import wait_until

POLICY = """
classes = (
  { name = "legal"; title = { fr = "Mise en demeure"; en = "Notice"; };
    purpose = "legal"; basis = "contract";
    when = { from = [ "recouvrement@example.fr" ]; };
    notice = "receipt"; confirm = true; keep = "headers";
    recipients = "shared"; },
  { name = "quiet"; purpose = "legal"; basis = "contract";
    when = { from = [ "factures@example.fr" ]; };
    notice = "receipt"; confirm = true; notify_author = false; },
  { name = "other"; purpose = "service"; basis = "contract"; } );
"""
LAB = {"has_web": True, "policy": POLICY, "settings": {
    "receipts": "recu@example.fr", "organisation": ORGANISATION}}
FORMAL = "recouvrement@example.fr"
LINK = re.compile(r"https://127\.0\.0\.1:\d+/c/[\w-]{34}")
ENGLISH = {"Accept_Language": "en"}
PRESS = ("confirm", "1")


@pytest.fixture(scope="module")
def client(lab):
    return Client(lab.web.certificate)


@pytest.fixture
def reader():
    return fresh_recipient()


def text_of(message):
    parsed = email.message_from_bytes(message.raw,
                                      policy=email.policy.default)
    return parsed.get_body(("plain",)).get_content()


def sent(lab, reader, sender=FORMAL, **fields):
    """(as it arrived, the link to confirm by)"""
    message = send_and_receive(lab, letter(sender, to=reader, **fields),
                               to=reader)
    wait_case(lab, message, "submitted")
    link = LINK.search(text_of(message).replace("\n", ""))
    return message, link and link.group(0)


def told(lab, message):
    """The mails that tell the author of it."""
    return [m for m in lab.inbox(FORMAL).messages(
                auto_submitted="auto-generated")
            if message["Message-ID"] in quopri.decodestring(m.body).decode()]


def answer(lab, reader, message, subject=None, **fields):
    reply = letter(reader, to=FORMAL,
                   subject=subject or f"Re: {message['Subject']}",
                   text="C'est noté, je réponds lundi.\n",
                   In_Reply_To=message["Message-ID"], **fields)
    from_outside(lab, FORMAL, reply, sender=reader)


def test_looking_changes_nothing_and_says_who_wrote(lab, client, reader):
    message, link = sent(lab, reader)
    for _ in range(3):
        page = client.ask("GET", link, **ENGLISH)
        assert page.status == 200
    assert client.ask("HEAD", link).status == 200
    assert FORMAL in page.body and message["Subject"] in page.body
    assert reader not in page.body
    assert case_of(lab, message).all("confirmed") == []


def test_pressed_once_is_the_strongest_state(lab, client, reader):
    message, link = sent(lab, reader)
    for _ in range(2):
        page = client.post_form(link, PRESS, **ENGLISH)
        assert page.status == 200 and "it is on record" in page.body
    case = wait_case(lab, message, "confirmed")
    event = case.one("confirmed")
    assert (event["grade"], event["source"]) == ("observed", "page")
    assert case.state() == "confirmed"
    # Who comes back later sees that it is done.
    assert "it is on record" in client.ask("GET", link, **ENGLISH).body


def test_the_author_is_told_once(lab, client, reader):
    message, link = sent(lab, reader)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for page in pool.map(lambda _: client.post_form(link, PRESS),
                             range(8)):
            assert page.status == 200
    wait_until(lambda: told(lab, message), "the mail to the author", 20,
               lab.logs())
    lab.sender.wait_queue_empty()
    mail, = told(lab, message)
    words = quopri.decodestring(mail.body).decode()
    assert reader in words and message["Subject"] in words


def test_an_author_who_is_not_to_be_told_is_not(lab, client, reader):
    message, link = sent(lab, reader, "factures@example.fr")
    assert client.post_form(link, PRESS).status == 200
    wait_case(lab, message, "confirmed")
    lab.sender.wait_queue_empty()
    assert lab.inbox("factures@example.fr").messages(
        auto_submitted="auto-generated") == []
    # This class keeps digests alone, so the page has no subject.
    assert message["Subject"] not in client.ask("GET", link).body


def test_LST_9_a_stray_post_records_nothing(lab, client, reader):
    message, link = sent(lab, reader)
    assert client.post_form(link, ("a", "b")).status == 400
    assert case_of(lab, message).all("confirmed") == []


def test_LST_6_another_purpose_s_token_is_none(lab, client, reader):
    _, link = sent(lab, reader)
    token = link.rpartition("/")[2]
    other = "A" if token[-1] != "A" else "B"
    for wrong in (link[:-1] + other, link.replace("/c/", "/u/")):
        assert client.ask("GET", wrong).status == 404
        assert client.post_form(wrong, PRESS,
                                ("List-Unsubscribe", "One-Click")
                                ).status == 404


def test_X_1_several_people_get_no_button(lab, client):
    first, second = fresh_recipient(), fresh_recipient()
    text = letter(FORMAL, to=f"{first}, {second}")
    lab.send(FORMAL, [first, second], text)
    for to in (first, second):
        message = lab.inbox(to).wait_one(
            subject=re.search("Subject: (.*)", text).group(1))
        assert "/c/" not in message.body.decode()


@pytest.mark.parametrize("subject, detail", [
    (None, "reply"), ("Reçu", "word"), ("RE: bien reçu, merci", "word"),
    ("Recueil", "reply")])
def test_a_person_s_answer_confirms(lab, reader, subject, detail):
    message, _ = sent(lab, reader)
    answer(lab, reader, message, subject)
    case = wait_case(lab, message, "confirmed")
    assert case.one("confirmed")["detail"] == detail
    assert case.one("confirmed")["source"] == "mail"
    assert case.state() == "confirmed"


@pytest.mark.parametrize("fields", [
    {"Auto_Submitted": "auto-replied"},
    {"X_Autoreply": "yes", "Precedence": "bulk"}])
def test_a_machine_s_answer_never_does(lab, reader, fields):
    message, _ = sent(lab, reader)
    answer(lab, reader, message, "Reçu", **fields)
    case = wait_case(lab, message, "auto-replied")
    assert case.all("confirmed") == []
    assert case.state() != "confirmed"


def test_somebody_else_s_answer_does_not(lab, reader):
    message, _ = sent(lab, reader)
    answer(lab, "stranger@example.net", message, "Reçu")
    case = wait_case(lab, message, "replied")
    assert case.all("confirmed") == []


@pytest.mark.parametrize("wish, field, value", [
    ("post", "channel", "post"), ("telephone", "channel", "telephone"),
    ("no-receipts", "receipts", None)])
def test_another_way(lab, client, reader, wish, field, value):
    message, link = sent(lab, reader)
    page = client.ask("GET", link, **ENGLISH)
    way = re.search(rf'href="(/p/[\w-]+)\?wish={wish}&', page.body).group(1)
    asked = client.post_form(lab.web.url + way, ("wish", wish),
                             ("lang", "en"))
    assert asked.status == 200
    form = client.ask("GET", mailed_link(lab, reader, "v"))
    (path, fields), = forms_of(form.body)
    assert dict(fields).get(field) == value
    assert client.post_form(lab.web.url + path, *fields).status == 200
    detail = "receipts-off" if value is None else f"channel-{value}"
    case = wait_case(lab, message, "preference")
    assert [e["detail"] for e in case.all("preference")] == [detail]


def test_who_wants_no_receipts_gets_no_button(lab, client, reader):
    test_another_way(lab, client, reader, "no-receipts", "receipts", None)
    _, link = sent(lab, reader)
    assert link is None


@pytest.fixture(scope="module")
def browser(lab):
    chrome = Chrome(lab.place)
    chrome.size(PHONE)
    yield chrome
    chrome.close()


@pytest.mark.parametrize("code, before, after", [
    ("en", "Have you received this message?", "Thank you: it is on record"),
    ("fr", "Avez-vous reçu ce message ?", "Merci : c’est enregistré")])
def test_in_a_browser(lab, browser, reader, code, before, after):
    message, link = sent(lab, reader)
    browser.language(code)
    browser.open(link)
    assert plain(browser.heading) == before
    assert len(browser.all("main button")) == 1, "one thing to do"
    looks_well(browser, f"{code}-confirm-1")
    assert case_of(lab, message).all("confirmed") == []
    browser.submit()
    assert plain(browser.heading) == after
    assert len(browser.all(".ways a")) == 3
    looks_well(browser, f"{code}-confirm-2")
    wait_case(lab, message, "confirmed")
