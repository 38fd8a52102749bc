"""The pages in a browser, as people use them: on a phone, by keyboard, in
both languages. One browser for all; pictures in build/screenshots."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.e2e.people import fresh_recipient, send_and_receive
from tests.e2e.test_one_click import is_stopped, newsletter
from tests.e2e.test_pages import (
    ORGANISATION, mailed_link, own_url, url_for)
from tests.lab.browsers import Client, one_click_url
from tests.lab.chrome import DESK, PHONE, Chrome
from tests.lab.waiting import wait_until

LAB = {"has_web": True}
WORDS = {
    "en": {"unsubscribe": "Unsubscribe from “Newsletter”",
           "done": "It holds from now on", "fewer": "Receive fewer messages",
           "sent": "Look into your mailbox",
           "choices": "Choose what you receive",
           "erasure": "Your request is on record"},
    "fr": {"unsubscribe": "Se désabonner de « Lettre d'information »",
           "done": "C’est en vigueur dès maintenant",
           "fewer": "Recevoir moins de messages",
           "sent": "Regardez dans votre messagerie",
           "choices": "Choisir ce que vous recevez",
           "erasure": "Votre demande est enregistrée"},
}
OTHER = {"en": "fr", "fr": "en"}


@pytest.fixture(scope="module")
def browser(lab):
    lab.avis.settings["organisation"] = ORGANISATION
    lab.web.reload()
    lab.avis.wait_log("one-click links are given out")
    chrome = Chrome(lab.place)
    yield chrome
    chrome.close()


@pytest.fixture
def reader():
    return fresh_recipient()


@pytest.fixture
def message(lab, browser, reader):
    browser.size(PHONE)
    browser.colours("light")
    browser.language("en")
    message = send_and_receive(lab, newsletter(reader), to=reader)
    client = Client(lab.web.certificate)
    wait_until(lambda: client.ask("GET", one_click_url(message)).status == 200,
               "the page of the message")
    return message


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def looks_well(browser, name):
    """What must hold for each page that anybody sees."""
    assert browser.complaints() == []
    assert browser.overflow() == 0, "wider than the phone"
    browser.picture(name)
    assert browser.script("return document.title").strip(" –")
    assert len(browser.all("h1")) == 1
    sizes = browser.script(
        "return [...document.querySelectorAll('button, select, main "
        "a.button, input:not([type=hidden])')].map(e => (e.labels && "
        "e.labels.length && e.type != 'email' ? e.closest('p') : e)"
        ".getBoundingClientRect().height)")
    assert all(size >= 24 for size in sizes), "WCAG 2.2, 2.5.8"
    for role, label in browser.tree():
        if role in ("button", "link", "checkbox", "radio", "textbox",
                    "combobox", "heading", "group", "navigation"):
            assert label.strip(), f"a {role} without a name"


@pytest.mark.parametrize("code", ["en", "fr"])
def test_clicking_through(lab, browser, reader, message, code):
    words = WORDS[code]
    browser.language(code)
    browser.open(one_click_url(message))
    assert plain(browser.heading) == words["unsubscribe"]
    assert browser.one("html").get_attribute("lang") == code
    assert len(browser.all("main button")) == 1, "one thing to do"
    looks_well(browser, f"{code}-1-unsubscribe")
    assert not is_stopped(lab, reader)
    browser.submit()
    assert plain(browser.heading) == words["done"]
    assert is_stopped(lab, reader)
    assert len(browser.all(".ways a")) == 3
    looks_well(browser, f"{code}-2-unsubscribed")

    browser.follow(browser.all(".ways a")[0])
    assert browser.heading == words["fewer"]
    looks_well(browser, f"{code}-3-ask")
    browser.submit()
    assert browser.heading == words["sent"]
    looks_well(browser, f"{code}-4-sent")

    browser.open(mailed_link(lab, reader, "v"))
    assert browser.heading == words["choices"]
    looks_well(browser, f"{code}-5-choices")
    assert browser.one("#fewer").get_attribute("value") == "2-30"
    assert not browser.one("#class-1").is_selected()
    browser.one("label[for=class-1]").click()
    browser.one("label[for=receipts]").click()
    browser.submit()
    assert browser.heading == words["done"]
    looks_well(browser, f"{code}-6-saved")
    assert not is_stopped(lab, reader)


@pytest.mark.parametrize("code", ["en", "fr"])
def test_data_and_erasure(lab, browser, reader, message, code):
    browser.language(code)
    browser.open(url_for(lab, message, "d"))
    looks_well(browser, f"{code}-7-data-ask")
    browser.submit()
    browser.open(mailed_link(lab, reader, "w"))
    looks_well(browser, f"{code}-8-data-show")
    browser.submit()
    assert reader in browser.text
    looks_well(browser, f"{code}-9-data")
    browser.submit(browser.one("button.second"))
    browser.open(mailed_link(lab, reader, "e", count=2))
    looks_well(browser, f"{code}-10-erase")
    browser.submit()
    assert browser.heading == WORDS[code]["erasure"]
    looks_well(browser, f"{code}-11-erase-asked")


def test_changing_the_language_on_the_page(browser, message):
    browser.open(one_click_url(message))
    for code in ("fr", "en", "fr"):
        browser.follow(browser.one(f"footer a[hreflang={code}]"))
        assert plain(browser.heading) == WORDS[code]["unsubscribe"]
    browser.submit()
    assert browser.heading == WORDS["fr"]["done"]


def test_keyboard_alone(lab, browser, reader, message):
    """No mouse: Tab, Space, Enter; what has the focus is to be seen."""
    browser.open(one_click_url(message))
    passed = browser.tab_to(lambda e: e.tag_name == "button")
    assert len(passed) == 1, "the button comes first"
    assert browser.script(
        "return getComputedStyle(document.activeElement).outlineStyle") \
        == "solid"
    browser.press_and_leave(Keys.ENTER)
    assert browser.heading == WORDS["en"]["done"]
    browser.tab_to(lambda e: "wish=none" in (e.get_attribute("href") or ""))
    browser.press_and_leave(Keys.ENTER)
    browser.tab_to(lambda e: e.tag_name == "button")
    browser.press_and_leave(Keys.SPACE)
    assert browser.heading == WORDS["en"]["sent"]
    browser.open(mailed_link(lab, reader, "v"))
    passed = browser.tab_to(lambda e: e.tag_name == "button")
    tops = [e.location["y"] for e in passed]
    assert tops == sorted(tops), "the focus goes down the page"
    browser.press_and_leave(Keys.ENTER)
    assert browser.heading == WORDS["en"]["done"]
    assert is_stopped(lab, reader)


def test_choices_are_grouped_and_labelled(lab, browser, message):
    browser.open(own_url(lab, message, "v"))
    tree = browser.tree()
    assert ("group", "Advertising and news") in tree
    assert ("checkbox", "Newsletter") in tree
    assert ("combobox", "How many messages") in tree
    assert ("radio", "telephone") in tree
    assert ("button", "Save") in tree
    assert ("navigation", "Language") in tree


def test_done_and_problems_are_announced(lab, browser, message):
    browser.open(one_click_url(message))
    browser.submit()
    assert "status" in [role for role, _ in browser.tree()]
    browser.open(lab.web.url + "/u/nothing")
    browser.complaints()  # a 404 is one to the console
    assert "alert" in [role for role, _ in browser.tree()]
    browser.picture("en-12-unknown")


def test_dark_and_wide_and_large(lab, browser, message):
    browser.size(DESK)
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        browser.open(own_url(lab, message, "v"))
        looks_well(browser, f"en-desk-{scheme}")
    browser.size(PHONE)
    browser.open(own_url(lab, message, "v"))
    looks_well(browser, "en-phone-dark")
    # WCAG 1.4.4: text twice as large on the phone.
    browser.script("document.documentElement.style.fontSize = '200%'")
    assert browser.overflow() == 0
    browser.picture("en-phone-large")
