"""Measured links: with consent alone, to where they led, machines apart."""

import email
import email.policy
import html
import json
import re
import urllib.parse

import pytest

from tests.e2e.people import (
    case_of, fresh_recipient, send_and_receive, wait_case)
from tests.e2e.test_pages import ORGANISATION, own_url, save
from tests.e2e.test_text import written
from tests.lab.browsers import Client
from tests.lab.chrome import PHONE, Chrome
from tests.lab.waiting import wait_until

POLICY = """
classes = (
  { name = "news"; title = { fr = "Lettre"; en = "News"; };
    purpose = "marketing"; basis = "consent"; consent = "required";
    when = { from = [ "news@example.fr" ]; };
    unsubscribe = "one-click"; list_id = "news.example.fr";
    notice = "receipt"; links = "measure"; },
  { name = "other"; purpose = "service"; basis = "contract"; } );
"""
LAB = {"has_web": True, "policy": POLICY, "settings": {
    "receipts": "recu@example.fr", "dkim_signs": True,
    "organisation": ORGANISATION}}
NEWS = "news@example.fr"
SHOP = "https://shop.example.com/a?b=1&c=%C3%A9#here"
TARGETS = [SHOP, "http://example.com/", "https://example.com/x%2By?q=a+b"]
LEFT = ["mailto:contact@example.fr", "tel:+33199001234", "#top",
        "https://example.com/unsubscribe?u=7",
        "https://example.com/" + "x" * 1600]
PERSON = {"User_Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
MEASURED = re.compile(r"/k/[a-z2-7]{40}\?u=")


@pytest.fixture(scope="module")
def client(lab):
    lab.avis.wait_log("one-click links are given out")
    return Client(lab.web.certificate)


@pytest.fixture
def reader():
    return fresh_recipient()


def agree(lab, reader, click="yes", day="01"):
    path = lab.place.folder("csv") / "consents.csv"
    path.write_text(
        "address,class,time,text_id,channel,receive,open,click,basis,"
        f"context\n{reader},news,2026-11-{day}T10:00:00Z,optin-2,web,yes,,"
        f"{click},consent,form\n")
    lab.avis.run("consent import", str(path))


def page_of(links):
    anchors = "".join(f'<p><a href="{html.escape(url)}">link</a></p>\n'
                      for url in links)
    return f"<html><body><p>Bonjour</p>\n{anchors}</body></html>"


def news(lab, reader, page=None):
    """(as it arrived, the addresses of its links)"""
    page = page or page_of(TARGETS + LEFT)
    mail = written("Bonjour, https://shop.example.com/\n", reader, NEWS,
                   page)
    mail["X-Campaign"] = "autumn"
    arrived = wait_until(lambda: attempt(lab, mail, reader),
                         "the consent to be in force", 10, lab.logs())
    parsed = email.message_from_bytes(arrived.raw,
                                      policy=email.policy.default)
    found = parsed.get_body(("html",)).get_content()
    return arrived, [html.unescape(url) for url in
                     re.findall(r'href\s*=\s*["\']?([^"\'>\s]+)', found,
                                re.IGNORECASE)]


def attempt(lab, mail, reader):
    try:
        return send_and_receive(lab, mail.as_string(), to=reader)
    except OSError:
        return None


def clicks(lab, message, count):
    case = wait_case(lab, message, "clicked", count)
    return case.message["clicks"], case


def test_with_consent_links_lead_over_our_page(lab, client, reader):
    agree(lab, reader)
    message, links = news(lab, reader)
    measured = [url for url in links if MEASURED.search(url)]
    assert len(measured) == len(TARGETS)
    for url, target in zip(measured, TARGETS):
        assert url.startswith(lab.web.url + "/k/")
        answer = client.ask("GET", url, **PERSON)
        assert (answer.status, answer.headers["Location"]) == (302, target)
    for url in LEFT:
        assert url in links
    # The notice says so and leads to the way to stop it.
    text = message.raw.decode()
    assert "Count no more links" in text or "Ne plus compter" in text


def test_PIX_6_without_the_click_consent_nothing_changes(lab, client, reader):
    agree(lab, reader, click="")
    message, links = news(lab, reader)
    assert links[:len(TARGETS + LEFT)] == TARGETS + LEFT
    case = wait_case(lab, message, "submitted")
    assert "PIX-6" in case.one("submitted")["facts"]["reason"]


def test_machines_and_people_are_counted_apart(lab, client, reader):
    agree(lab, reader)
    message, links = news(lab, reader)
    url = next(url for url in links if MEASURED.search(url))
    client.ask("GET", url, **PERSON)
    client.ask("GET", url, User_Agent="Barracuda Sentinel (EE)")
    counts, case = clicks(lab, message, 2)
    assert counts == {"raw": 2, "machine": 1, "human": 1}
    # No reading, no confirmation, no change of state.
    assert case.state() not in ("displayed", "replied", "confirmed")
    assert case.all("clicked")[0]["facts"]["url"] == SHOP
    # A third within ten seconds: all of it was a machine.
    client.ask("HEAD", url, **PERSON)
    client.ask("GET", url, Sec_Purpose="prefetch;prerender", **PERSON)
    counts, _ = clicks(lab, message, 4)
    assert counts == {"raw": 4, "machine": 4, "human": 0}
    rows = json.loads(lab.avis.run("stats", "--json").stdout)
    row, = [r for r in rows if r["class"] == "news"]
    assert row["clicks"] == row["by_machines"] + row["by_humans"] >= 4
    assert "links followed: 4, by machines 4" in lab.avis.run(
        "proof", "--message-id", message["Message-ID"]).stdout


def test_no_open_redirect(lab, client, reader):
    agree(lab, reader)
    message, links = news(lab, reader)
    url = next(url for url in links if MEASURED.search(url))
    token = MEASURED.search(url).group(0)
    head = url.partition("/k/")[0]
    other = urllib.parse.quote("https://evil.example.org/", safe="")
    for wrong in (f"{head}{token}{other}", url + "x", head + token,
                  url.replace("/k/", "/k/a"), f"{url}&u={other}"):
        answer = client.ask("GET", wrong, **PERSON)
        assert "evil" not in answer.headers.get("Location", "")
        assert answer.status == 404 or wrong.startswith(url + "&")
    assert client.post_form(url, ("a", "b")).status == 405


def test_GDPR_5_withdrawal_leaves_the_subscription(lab, client, reader):
    agree(lab, reader)
    message, links = news(lab, reader)
    url = next(url for url in links if MEASURED.search(url))
    save(lab, client, own_url(lab, message, "v"), measure=None)
    wait_case(lab, message, "preference")
    # Links sent before still lead on, and are not counted any more.
    answer = client.ask("GET", url, **PERSON)
    assert (answer.status, answer.headers["Location"]) == (302, SHOP)
    later, links = news(lab, reader)
    assert not any(MEASURED.search(url) for url in links)
    assert case_of(lab, message).all("clicked") == []


def test_links_lead_on_while_the_record_is_away(lab, client, reader):
    agree(lab, reader)
    _, links = news(lab, reader)
    url = next(url for url in links if MEASURED.search(url))
    lab.redis.stop()
    try:
        answer = client.ask("GET", url, **PERSON)
        assert (answer.status, answer.headers["Location"]) == (302, SHOP)
    finally:
        lab.redis.start()


@pytest.mark.parametrize("page", [
    "<p><a href=https://example.com/a>x<p><A HREF='https://example.com/b'"
    "><b>y</a></b>", "<a href=\"https://example.com/a\"><table><a href="
    "\"https://example.com/b\" title='<a>'>z</table>"])
def test_broken_html_survives(lab, client, reader, page):
    agree(lab, reader)
    message, links = news(lab, reader, page)
    measured = [url for url in links if MEASURED.search(url)]
    leads = [client.ask("GET", url, **PERSON).headers["Location"]
             for url in measured]
    assert leads == ["https://example.com/a", "https://example.com/b"]


def test_in_a_browser_as_a_person(lab, client, reader):
    agree(lab, reader)
    message, links = news(lab, reader, page_of(["http://127.0.0.1:1/x"]))
    url = next(url for url in links if MEASURED.search(url))
    chrome = Chrome(lab.place)
    try:
        chrome.size(PHONE)
        chrome.command("Network.setUserAgentOverride",
                       userAgent=PERSON["User_Agent"])
        try:
            chrome.open(url)
        except Exception as refused:        # nobody listens there
            assert "ERR_CONNECTION_REFUSED" in str(refused) or \
                "ERR_UNSAFE_PORT" in str(refused)
    finally:
        chrome.close()
    counts, _ = clicks(lab, message, 1)
    assert counts == {"raw": 1, "machine": 0, "human": 1}
