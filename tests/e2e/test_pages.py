"""The pages for recipients: choices, data, erasure, and who may do what."""

import base64
import hashlib
import hmac
import quopri
import re
import smtplib
import time
import urllib.parse

import pytest

from tests.e2e.people import (
    POLICY, case_of, fresh_recipient, letter, send_and_receive)
from tests.e2e.test_one_click import (
    identity_of, is_stopped, newsletter, token_for)
from tests.lab.browsers import PAIR, Client, links_of, one_click_url
from tests.lab.waiting import wait_until

ORGANISATION = {
    "name": "Maison Exemple", "contact": "contact@example.fr",
    "telephone": "+33 1 99 00 12 34",
    "address": "1 rue de l'Exemple, 75000 Paris",
    "privacy": "https://example.fr/privacy"}
OFFERS = """classes = (
  { name = "offers"; title = { fr = "Offres"; en = "Offers"; };
    purpose = "marketing"; basis = "consent"; consent = "required";
    when = { header = { "X-Campaign" = "offers"; }; };
    unsubscribe = "one-click"; recipients = "separate";
    list_id = "offers.example.fr"; retention = "13mo"; },
  { name = "catalogue"; title = { fr = "Catalogue"; en = "Catalogue"; };
    purpose = "marketing"; basis = "legitimate-interest";
    audience = "professionals"; on_post = "refuse";
    when = { header = { "X-Campaign" = "catalogue"; }; };
    unsubscribe = "mailto"; list_id = "catalogue.example.fr"; },
"""
LAB = {"has_web": True,
       "policy": POLICY.replace("classes = (", OFFERS, 1).replace(
           'list_id = "news.example.fr";',
           'list_id = "news.example.fr"; on_post = "header";')}
ENGLISH = {"Accept_Language": "en"}
HOURS_48 = 48 * 3600


@pytest.fixture(scope="module", autouse=True)
def organisation(lab):
    lab.avis.settings["organisation"] = ORGANISATION
    lab.web.reload()


@pytest.fixture(scope="module")
def client(lab):
    lab.avis.wait_log("one-click links are given out")
    return Client(lab.web.certificate)


@pytest.fixture
def reader():
    return fresh_recipient()


@pytest.fixture
def message(lab, client, reader):
    return send_and_receive(lab, newsletter(reader), to=reader)


def url_for(lab, message, purpose, path=None):
    """Another link of the message, as our pages and footers have it."""
    identity = identity_of(one_click_url(message))
    return (f"{lab.web.url}/{path or purpose}/"
            f"{token_for(lab, purpose, identity)}")


def fresh_url(lab, message, purpose, until):
    """A link of web/fresh.h, made with the installation's own key."""
    line = [x.split() for x in lab.avis.keys.read_text().splitlines()
            if x.startswith("token ")][-1]
    version, key = int(line[1]), bytes.fromhex(line[2])
    identity = identity_of(one_click_url(message))
    name = base64.urlsafe_b64encode(identity).rstrip(b"=").decode()
    end = str(int(until))
    mac = hmac.new(key, f"{purpose}{version}.{name}{end}".encode(),
                   hashlib.sha256).digest()[:8]
    token = base64.b32encode(bytes([version]) + identity + mac)
    return (f"{lab.web.url}/{purpose}/"
            f"{token.decode().lower().rstrip('=')}{end}")


def own_url(lab, message, purpose):
    return fresh_url(lab, message, purpose, time.time() + HOURS_48)


def mailed_link(lab, reader, prefix, count=1):
    """The link in the newest of `count` mails that avis-web has sent."""
    mails = lab.inbox(reader).wait(count, auto_submitted="auto-generated")
    found = re.findall(rf"https://\S+/{prefix}/\S+",
                       text_of(mails[-1]))
    assert len(found) == 1, text_of(mails[-1])
    return found[0]


def text_of(mail):
    return quopri.decodestring(mail.body).decode()


def forms_of(page):
    """[(path, fields)] as a browser would send them unchanged."""
    found = []
    for form in re.findall(r"<form .*?</form>", page, re.S):
        action = re.search(r'action="([^"]*)"', form).group(1)
        fields = [(re.search(r'name="([^"]*)"', tag).group(1),
                   re.search(r'value="([^"]*)"', tag).group(1))
                  for tag in re.findall(r"<input [^>]*>", form)
                  if 'type="hidden"' in tag or " checked" in tag]
        for select in re.findall(r"<select .*?</select>", form, re.S):
            chosen = re.search(r'value="([^"]*)" selected', select)
            fields.append((re.search(r'name="([^"]*)"', select).group(1),
                           chosen.group(1) if chosen else ""))
        found.append((action, fields))
    return found


def open_page(client, link):
    answer = client.ask("GET", link)
    assert answer.status in (200, 503)
    return answer.status == 200 and answer


def save(lab, client, link, **changed):
    """Opens the choices, changes some, presses Save."""
    # The mail may have arrived before the store knew of it.
    page = wait_until(lambda: open_page(client, link), "the page")
    (path, fields), = forms_of(page.body)
    for name, value in changed.items():
        fields = [f for f in fields if f[0] != name]
        values = value if isinstance(value, list) else [value]
        fields += [(name, v) for v in values if v is not None]
    return client.post_form(lab.web.url + path, *fields)


def events_of(lab, message, kind):
    return case_of(lab, message).all(kind)


def details(lab, message):
    return [e.get("detail", "") for e in events_of(lab, message,
                                                   "preference")]


# -- what it is for -----------------------------------------------------------

def test_GDPR_4_the_whole_way_to_no_advertising(lab, client, reader, message):
    answer = client.post_form(url_for(lab, message, "p"), ("wish", "none"),
                              ("lang", "en"))
    assert answer.status == 200 and "on its way" in answer.body
    link = mailed_link(lab, reader, "v")
    page = client.ask("GET", link)
    assert page.status == 200
    assert 'name="none" value="1" checked' in page.body
    assert not is_stopped(lab, reader), "to look changes nothing"
    assert save(lab, client, link).status == 200
    assert is_stopped(lab, reader), "the answer came before the effect"
    send_and_receive(lab, letter(to=reader), to=reader)


def test_GDPR_4_back_again_by_the_mailbox_alone(lab, client, reader, message):
    link = own_url(lab, message, "v")
    save(lab, client, link, **{"class": None})
    assert is_stopped(lab, reader)
    # LST-11: the old token does not bring anybody back.
    client.post_form(one_click_url(message))
    assert is_stopped(lab, reader)
    save(lab, client, link, **{"class": "newsletter"})
    assert not is_stopped(lab, reader)


def test_receipts_refused_are_not_asked_for(lab, client, reader):
    first = send_and_receive(lab, newsletter(reader), to=reader)
    letter_to = letter("recouvrement@example.fr", to=reader)
    assert send_and_receive(lab, letter_to, to=reader)[
        "Disposition-Notification-To"]
    assert save(lab, client, own_url(lab, first, "v"),
                receipts=None).status == 200
    again = letter("recouvrement@example.fr", to=reader)
    assert not send_and_receive(lab, again, to=reader)[
        "Disposition-Notification-To"]


@pytest.mark.parametrize("channel", ["post", "telephone"])
def test_another_channel_is_told_to_the_sender(lab, client, reader, message,
                                               channel):
    """A milter sends no letters: the header says so, or the reply does."""
    catalogue = letter("news@example.fr", to=reader, X_Campaign="catalogue")
    assert not message["Avis-Preferred-Channel"]
    send_and_receive(lab, catalogue, to=reader)
    link = own_url(lab, message, "v")
    assert save(lab, client, link, channel=channel).status == 200
    again = send_and_receive(lab, newsletter(reader), to=reader)
    assert again["Avis-Preferred-Channel"] == channel
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        lab.send("news@example.fr", [reader], letter(
            "news@example.fr", to=reader, X_Campaign="catalogue"))
    assert refused.value.smtp_code == 550
    assert "prefers another channel" in str(refused.value.smtp_error)
    # Mail that is no marketing goes on by mail.
    plain = send_and_receive(lab, letter("recouvrement@example.fr", to=reader),
                             to=reader)
    assert not plain["Avis-Preferred-Channel"]
    assert save(lab, client, link, channel="email").status == 200
    send_and_receive(lab, catalogue.replace("Subject: ", "Subject: Re "),
                     to=reader)


def test_every_choice_is_an_event_once(lab, client, reader, message):
    link = own_url(lab, message, "v")
    changes = dict(fewer="2-30", receipts=None, measure=None, channel="post",
                   language="fr")
    answer = save(lab, client, link, **changes)
    assert "Plutôt par la poste" in answer.body, "in the language just chosen"
    wanted = ["channel-post", "fewer-2-30", "language-fr", "measure-off",
              "receipts-off"]
    assert sorted(details(lab, message)) == wanted
    page = client.ask("GET", link)
    for tag in ('value="post" checked', 'value="fr" checked',
                'value="2-30" selected'):
        assert tag in page.body
    assert save(lab, client, link).status == 200
    assert sorted(details(lab, message)) == wanted


def test_what_no_form_has_changes_nothing(lab, client, reader, message):
    link = own_url(lab, message, "v")
    for pairs in ([("List-Unsubscribe", "One-Click")], [("none", "1")],
                  [("channel", "pigeon")],
                  [("channel", "email"), ("fewer", "10-400")]):
        assert client.post_form(link, *pairs).status == 400
    assert details(lab, message) == []
    assert not is_stopped(lab, reader)


def test_GDPR_2_GDPR_3_tick_is_a_consent_and_can_be_taken_back(
        lab, client, reader, message):
    offer = letter("news@example.fr", to=reader, X_Campaign="offers")

    def is_refused():
        try:
            lab.send("news@example.fr", [reader], offer)
        except smtplib.SMTPResponseException as refusal:
            return refusal.smtp_code == 550
        return False
    link = own_url(lab, message, "v")
    both = ["newsletter", "offers"]
    assert is_refused(), "silence is no consent"
    page = wait_until(lambda: open_page(client, link), "the page")
    assert 'value="newsletter" checked' in page.body
    assert 'value="offers" checked' not in page.body
    assert save(lab, client, link, **{"class": both}).status == 200
    assert not is_refused()
    given = events_of(lab, message, "consent")
    assert [e["detail"] for e in given] == ["given-receive"]
    assert save(lab, client, link, **{"class": "newsletter"}).status == 200
    assert is_refused()
    assert not is_stopped(lab, reader), "the other list is another"
    assert [e["detail"] for e in events_of(lab, message, "consent")] == [
        "given-receive", "withdrawn-receive"]


# -- a forwarded message ------------------------------------------------------

def personal(reader):
    return [reader, reader.partition("@")[0] + "@"]


def test_GDPR_a_forwarded_message_shows_and_changes_nothing(
        lab, client, reader, message):
    """A stranger with all links of a message, and patience."""
    wanted = {"p", "d"}
    links = [url for url in links_of(message) if lab.web.url in url]
    links += [url_for(lab, message, purpose) for purpose in wanted]
    before = client.ask("GET", own_url(lab, message, "v")).body
    for link in links:
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
            answer = client.ask(method, link)
            for word in personal(reader):
                assert word not in answer.body
    for purpose in wanted:
        url = url_for(lab, message, purpose)
        for pairs in (
                [("wish", "none"), ("none", "1"), ("channel", "post"),
                 ("shown", "newsletter")],
                [("wish", "erase"), ("address", "stranger@example.net")],
                [("List-Unsubscribe", "One-Click")],
                [("address", "user99@example.com")]):
            answer = client.post_form(url, *pairs)
            assert answer.status == 200
            for word in personal(reader):
                assert word not in answer.body
    # Its own tokens do not open what is opened by mail, in any spelling.
    for purpose in "vwe":
        for made in "upd":
            token = url_for(lab, message, made).rpartition("/")[2]
            for ending in ("", "1999999999"):
                url = f"{lab.web.url}/{purpose}/{token}{ending}"
                assert client.ask("GET", url).status == 404
                assert client.post_form(url, ("channel", "post")).status == 404
    assert details(lab, message) == []
    assert events_of(lab, message, "exported") == []
    assert not is_stopped(lab, reader)
    after = client.ask("GET", own_url(lab, message, "v")).body
    assert re.sub(r"/v/\w+", "", after) == re.sub(r"/v/\w+", "", before)
    # Mails went to the address itself, and not many.
    mails = lab.inbox(reader).wait(3, auto_submitted="auto-generated")
    lab.sender.wait_queue_empty()
    assert len(mails) == 3
    assert reader not in lab.web.log()
    for other in ("stranger@example.net", "user99@example.com"):
        assert lab.inbox(other).messages(
            auto_submitted="auto-generated") == []


def test_nobody_is_flooded_with_mails(lab, client, reader, message):
    url = url_for(lab, message, "p")
    answers = {client.post_form(url, ("lang", "en")).body for _ in range(8)}
    assert len(answers) == 1, "the answer tells who has had a mail"
    lab.inbox(reader).wait(3, auto_submitted="auto-generated")
    lab.sender.wait_queue_empty()
    lab.recipient.wait_queue_empty()
    assert len(lab.inbox(reader).messages(
        auto_submitted="auto-generated")) == 3


def test_AUTO_the_mail_is_one_that_nobody_answers(lab, client, reader,
                                                  message):
    client.post_form(url_for(lab, message, "d"), ("lang", "fr"))
    mail = lab.inbox(reader).wait_one(auto_submitted="auto-generated")
    assert mail["Return-Path"] == "<>"
    assert mail["From"] == '"Maison Exemple" <contact@example.fr>'
    assert mail["To"] == f"<{reader}>"
    assert not mail["Disposition-Notification-To"]
    assert not mail["List-Unsubscribe"]
    assert len(mail.all("Avis-Record")) == 1
    assert len(lab.avis.proof("--to", reader)["messages"]) == 1, \
        "the milter takes it for a message of a class (MLT-26)"
    assert "Votre lien" in mail["Subject"].replace("_", " ")
    assert "Ne transférez pas" in text_of(mail)


def test_shared_message_speaks_for_nobody(lab, client):
    one, two = fresh_recipient(), fresh_recipient()
    text = letter("recouvrement@example.fr", to=f"{one}, {two}")
    lab.send("recouvrement@example.fr", [one, two], text)
    message = lab.inbox(one).wait_one()
    token = re.search(r"recu\+([a-z2-7]{40})@", message["Return-Path"])
    identity = base64.b32decode(token.group(1).upper())[1:17]
    for purpose in "upd":
        url = f"{lab.web.url}/{purpose}/{token_for(lab, purpose, identity)}"
        wait_until(lambda u=url: client.ask("GET", u).status != 503,
                   "the message to be in the store")
        assert client.ask("GET", url, **ENGLISH).status == 409
        answer = client.post_form(url, PAIR, ("lang", "en"))
        assert answer.status == 409
        assert "several people" in answer.body
        assert one not in answer.body and two not in answer.body


# -- links that were mailed ----------------------------------------------------

@pytest.mark.parametrize("purpose", "vwe")
def test_fresh_link_ends(lab, client, reader, message, purpose):
    old = fresh_url(lab, message, purpose, time.time() - 1)
    for answer in (client.ask("GET", old, **ENGLISH),
                   client.post_form(old, ("channel", "post"),
                                    ("lang", "en"))):
        assert answer.status == 410
        assert "too old" in answer.body and "/p/" in answer.body
        assert reader not in answer.body
    assert details(lab, message) == []


def test_fresh_link_cannot_be_made_to_last(lab, client, message):
    until = int(time.time()) - 1
    old = fresh_url(lab, message, "v", until)
    longer = old[:-len(str(until))] + str(until + HOURS_48)
    assert client.ask("GET", longer).status == 404


def test_fresh_link_is_of_one_purpose(lab, client, message):
    for made in "vwe":
        for used in set("vweupd") - {made}:
            url = own_url(lab, message, made).replace(f"/{made}/", f"/{used}/")
            assert client.ask("GET", url).status == 404
            assert client.post_form(url, PAIR, ("channel", "email")
                                    ).status == 404


# -- data and erasure ---------------------------------------------------------

def test_GDPR_8_own_data_and_nobody_elses(lab, client, reader, message):
    other = fresh_recipient()
    text = letter("recouvrement@example.fr", to=f"{reader}, {other}",
                  subject="Affaire secrète")
    lab.send("recouvrement@example.fr", [reader, other], text)
    lab.inbox(reader).wait(2)
    client.post_form(url_for(lab, message, "d"), ("lang", "en"))
    link = mailed_link(lab, reader, "w")
    page = client.ask("GET", link)
    assert "Show my data" in page.body and reader not in page.body
    assert events_of(lab, message, "exported") == []
    save(lab, client, own_url(lab, message, "v"), channel="telephone")

    def shown():
        answer = client.post_form(link, ("lang", "en"))
        assert answer.status == 200
        return "Formal notice" in answer.body and answer
    answer = wait_until(shown, "the second message in the data")
    for words in (reader, "Newsletter", "Rather by telephone", "Kept until"):
        assert words in answer.body
    assert other not in answer.body
    assert "secrète" not in answer.body
    assert events_of(lab, message, "exported")


def test_GDPR_9_erasure_is_asked_for_from_the_mailbox(lab, client, reader,
                                                      message):
    client.post_form(url_for(lab, message, "d"), ("wish", "erase"),
                     ("lang", "en"))
    link = mailed_link(lab, reader, "e")
    page = client.ask("GET", link)
    assert "Ask for erasure" in page.body
    assert details(lab, message) == []
    (path, fields), = forms_of(page.body)
    answer = client.post_form(lab.web.url + path, *fields)
    assert answer.status == 200 and "on record" in answer.body
    assert details(lab, message) == ["erasure-asked"]
    # Who has asked is listed until it is done (article 12(3)).
    assert re.search(rf"{reader}  asked [-\d]{{10}}, to be done by ",
                     lab.avis.run("rights pending").stdout)
    lab.avis.run("rights erase", "--do", reader)
    assert reader not in lab.avis.run("rights pending").stdout


def test_GDPR_9_erasure_from_the_data_takes_a_mail_too(lab, client, reader,
                                                       message):
    """The page with the data is open to who has the link, for 48 hours."""
    client.post_form(own_url(lab, message, "w"), ("wish", "erase"))
    mailed_link(lab, reader, "e")
    assert details(lab, message) == []


# -- when the message is forgotten ---------------------------------------------

def keys_of(message):
    identity = identity_of(one_click_url(message))
    name = base64.b32encode(identity).decode().lower().rstrip("=")
    return f"avis:{{{name}}}", f"avis:{{{name}}}:e"


def forget(lab, message):
    """As its retention does: all of the message, not the way out."""
    assert lab.redis.command("DEL", *keys_of(message)) != "0"


def test_LST_12_forgotten_message_still_leads_to_choices(lab, client, reader,
                                                         message):
    url = url_for(lab, message, "p")
    wait_until(lambda: open_page(client, url), "the page")
    forget(lab, message)
    page = client.ask("GET", url, **ENGLISH)
    assert page.status == 200 and 'type="email"' in page.body
    # Whoever types another address learns nothing and sends nothing.
    answers = [client.post_form(url, ("lang", "en"), ("address", address))
               for address in ("stranger@example.net", "user98@example.com",
                               "", reader)]
    assert len({(a.status, a.body) for a in answers}) == 1
    save(lab, client, mailed_link(lab, reader, "v"), none="1")
    assert is_stopped(lab, reader)
    # GDPR-12: what comes later does not bring the message back for ever.
    assert "-1" not in [lab.redis.command("PTTL", key)
                        for key in keys_of(message)]
    lab.sender.wait_queue_empty()
    assert lab.inbox("user98@example.com").messages() == []


# -- languages ----------------------------------------------------------------

def language_of(answer):
    return re.search(r'<html lang="(\w+)"', answer.body).group(1)


def test_language_follows_reader_then_browser(lab, client, reader, message):
    url = url_for(lab, message, "p")
    assert language_of(client.ask("GET", url)) == "en"
    assert language_of(client.ask("GET", url, Accept_Language="fr")) == "fr"
    assert language_of(client.ask("GET", url + "?lang=en",
                                  Accept_Language="fr")) == "en"
    own = own_url(lab, message, "v")
    save(lab, client, own, language="fr")
    assert language_of(client.ask("GET", own, **ENGLISH)) == "fr"
    # What is on record is not told to who has the message alone.
    assert language_of(client.ask("GET", url, **ENGLISH)) == "en"
    client.post_form(url, ("lang", "en"))
    assert "Bonjour" in text_of(lab.inbox(reader).wait_one(
        auto_submitted="auto-generated"))


# -- what must hold for every page ---------------------------------------------

def test_no_page_asks_others_for_anything(lab, client, message):
    urls = [one_click_url(message), lab.web.url + "/u/x",
            *[url_for(lab, message, p) for p in "pd"],
            *[own_url(lab, message, p) for p in "vwe"]]
    for url in urls:
        answer = client.ask("GET", url)
        assert not answer.headers.get("Set-Cookie")
        assert "default-src 'none'" in answer.headers[
            "Content-Security-Policy"]
        assert "<script" not in answer.body and "style=" not in answer.body
        sources = re.findall(r'(?:src|href|action)="([^"]*)"', answer.body)
        for source in sources:
            assert source.startswith(("/", "?", "mailto:", "tel:")) or \
                source == ORGANISATION["privacy"], source
        for word in ("Maison Exemple", "contact@example.fr",
                     "+33 1 99 00 12 34", "1 rue de l&#39;Exemple"):
            assert word in answer.body
    style = client.ask("GET", lab.web.url + "/style.css")
    assert style.status == 200
    assert style.headers["Content-Type"].startswith("text/css")
    assert "url(" not in style.body and "@import" not in style.body


def test_broken_template_does_not_take_the_page_down(lab, client, message):
    folder = lab.place.folder("templates")
    pages = lab.web.settings
    url = url_for(lab, message, "p")
    try:
        pages["templates"] = str(folder)
        (folder / "choices-ask.html").write_text("<h1>Ours</h1>{{title}}")
        lab.web.reload()
        assert "<h1>Ours</h1>" in client.ask("GET", url).body
        (folder / "choices-ask.html").write_text("<h1>Ours</h1>{{titel}}")
        said = lab.web.reload()
        assert "choices-ask.html:1" in said and "titel" in said
        answer = client.ask("GET", url)
        assert answer.status == 200 and "Ours" not in answer.body
        assert urllib.parse.urlsplit(url).path in answer.body
    finally:
        del pages["templates"]
        lab.web.reload()


# -- when something is away ----------------------------------------------------

def test_X_12_mail_server_away_is_told(lab, client, reader, message):
    relay = lab.avis.settings["relay"]
    try:
        lab.avis.settings["relay"] = "smtp://127.0.0.1:1"
        lab.web.reload()
        url = url_for(lab, message, "p")
        for _ in range(5):
            answer = client.post_form(url)
            assert answer.status == 503 and answer.headers["Retry-After"]
    finally:
        lab.avis.settings["relay"] = relay
        lab.web.reload()
    # What was not sent does not count.
    client.post_form(url)
    mailed_link(lab, reader, "v")


def test_X_12_store_away_is_no_yes(lab, client, reader, message):
    link = own_url(lab, message, "v")
    page = client.ask("GET", link)
    lab.redis.stop()
    try:
        (path, fields), = forms_of(page.body)
        answer = client.post_form(lab.web.url + path,
                                  *fields, ("none", "1"))
        assert answer.status == 503
        assert client.ask("GET", link).status == 503
    finally:
        lab.redis.start()
    wait_until(lambda: save(lab, client, link, none="1").status == 200,
               "the store to be back")
    assert is_stopped(lab, reader)
