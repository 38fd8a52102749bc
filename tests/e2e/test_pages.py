"""The pages for recipients: choices, data, erasure, and who may do what."""

import base64
import hashlib
import hmac
import re
import time

import pytest

from tests.e2e.people import fresh_recipient, letter, send_and_receive
from tests.e2e.test_one_click import (
    identity_of, is_stopped, newsletter, token_for)
from tests.lab.browsers import Client, one_click_url

ORGANISATION = {
    "name": "Maison Exemple", "contact": "contact@example.fr",
    "telephone": "+33 1 99 00 12 34",
    "address": "1 rue de l'Exemple, 75000 Paris",
    "privacy": "https://example.fr/privacy"}
LAB = {"has_web": True}
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
    import quopri
    return quopri.decodestring(mail.body).decode()


def test_the_whole_way_to_other_choices(lab, client, reader, message):
    answer = client.post_form(url_for(lab, message, "p"), ("wish", "none"),
                              ("lang", "en"))
    assert answer.status == 200 and "on its way" in answer.body
    link = mailed_link(lab, reader, "v")
    page = client.ask("GET", link)
    assert page.status == 200
    assert 'name="none" value="1" checked' in page.body
    assert not is_stopped(lab, reader)
