"""The way out by one click (RFC 8058): from the header to the next message."""

import base64
import concurrent.futures
import hashlib
import hmac
import smtplib
import threading
import time
import uuid

import pytest

from tests.e2e.people import (
    case_of, fresh_recipient, letter, send_and_receive, wait_case)
from tests.lab.avis import BUILD
from tests.lab.browsers import (
    PAIR, Client, links_of, multipart, one_click_url)

LAB = {"has_web": True}
REDIRECTS = range(300, 400)


@pytest.fixture(scope="module")
def client(lab):
    lab.avis.wait_log("one-click links are given out")
    return Client(lab.web.certificate)


def newsletter(to, **fields):
    return letter("news@example.fr", to=to, X_Campaign="autumn", **fields)


@pytest.fixture
def reader():
    return fresh_recipient()


@pytest.fixture
def message(lab, client, reader):
    """A newsletter as it arrived, with its link."""
    return send_and_receive(lab, newsletter(reader), to=reader)


def is_stopped(lab, reader):
    try:
        lab.send("news@example.fr", [reader], newsletter(reader))
    except smtplib.SMTPResponseException as refusal:
        assert refusal.smtp_code == 550 and "5.7.1" in str(
            refusal.smtp_error)
        return True
    return False


def changes(lab, message):
    return len(case_of(lab, message).all("unsubscribed"))


def token_for(lab, purpose, identity):
    """Made with the installation's own key: base/token.h."""
    line = [x.split() for x in lab.avis.keys.read_text().splitlines()
            if x.startswith("token ")][-1]
    version, key = int(line[1]), bytes.fromhex(line[2])
    name = base64.urlsafe_b64encode(identity).rstrip(b"=").decode()
    mac = hmac.new(key, f"{purpose}{version}.{name}".encode(),
                   hashlib.sha256).digest()[:8]
    packed = bytes([version]) + identity + mac
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def identity_of(url):
    token = url.rpartition("/")[2]
    return base64.urlsafe_b64decode(token + "==")[1:17]


# -- what it is for -----------------------------------------------------------

def test_LST_4_LST_10_from_the_header_to_the_next_message(lab, client, reader,
                                                          message):
    answer = client.post_parts(one_click_url(message))
    assert answer.status == 200
    assert is_stopped(lab, reader), "the answer came before the effect"
    event = wait_case(lab, message, "unsubscribed").one("unsubscribed")
    assert event["detail"] == "one-click"
    assert event["source"] == "page"


@pytest.mark.parametrize("way", ["post_form", "post_parts"])
def test_LST_7_both_content_types(lab, client, reader, message, way):
    assert getattr(client, way)(one_click_url(message)).status == 200
    assert is_stopped(lab, reader)


def test_LST_7_X_10_a_second_post_is_200_and_records_nothing(lab, client,
                                                             message):
    url = one_click_url(message)
    assert [client.post_form(url).status for _ in range(3)] == [200] * 3
    wait_case(lab, message, "unsubscribed")
    assert changes(lab, message) == 1


def test_LST_7_X_10_cookies_and_passwords_change_nothing(lab, client, reader,
                                                         message):
    url = one_click_url(message)
    plain = client.post_form(url)
    dressed = client.post_form(
        url, Cookie="session=1; avis=2", Authorization="Basic dTpw",
        Referer="https://else.example/", Origin="https://else.example",
        User_Agent="")
    assert (plain.status, plain.body) == (dressed.status, dressed.body)
    assert dressed.headers["Set-Cookie"] is None
    assert is_stopped(lab, reader)


def test_LST_7_other_fields_are_ignored(lab, client, message):
    answer = client.post_parts(
        one_click_url(message), ("utf8", "✓"), PAIR, ("reason", "x" * 500))
    assert answer.status == 200


@pytest.mark.parametrize("pairs", [
    [("List-Unsubscribe", "one-click")], [("list-unsubscribe", "One-Click")],
    [("List-Unsubscribe", "")], [("x", "List-Unsubscribe=One-Click")]])
def test_LST_7_without_the_pair_nothing_happens(lab, client, reader, message,
                                                pairs):
    url = one_click_url(message)
    assert client.post_form(url, *pairs).status == 400
    assert client.post_parts(url, *pairs).status == 400
    assert client.ask("POST", url).status == 400
    assert not is_stopped(lab, reader)


def test_LST_8_a_slash_at_the_end_is_no_redirect(client, message):
    assert client.post_form(one_click_url(message) + "/").status == 200


def test_LST_14_one_list_and_no_other(lab, client, reader, message):
    assert client.post_form(one_click_url(message)).status == 200
    for sender in ("julie@example.fr", "recouvrement@example.fr"):
        send_and_receive(lab, letter(sender, to=reader), to=reader)


def test_LST_11_no_mail_says_goodbye(lab, client, reader, message):
    before = len(lab.inbox(reader).messages())
    assert client.post_form(one_click_url(message)).status == 200
    lab.sender.wait_queue_empty()
    assert len(lab.inbox(reader).messages()) == before


def test_LST_10_under_load_no_message_after_the_answer(lab, client):
    """The gap from the answer to its effect: 0 accepted after it."""
    done = lab.place.run([BUILD / "tests/bench/web_tokens", lab.avis.conf,
                          "newsletter", "200"])
    rows = [line.split() for line in done.stdout.splitlines()]
    gaps, stop = [], threading.Event()

    def others():
        """Messages for other people pass all the while."""
        while not stop.is_set():
            assert not is_stopped(lab, "david@example.com")

    def one(path, address):
        assert client.post_parts(lab.web.url + path).status == 200
        start = time.monotonic()
        assert is_stopped(lab, address), f"accepted after the answer: {path}"
        gaps.append(time.monotonic() - start)

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        noise = [pool.submit(others) for _ in range(4)]
        try:
            for done in [pool.submit(one, *row) for row in rows]:
                done.result()
        finally:
            stop.set()
        for done in noise:
            done.result()
    assert len(gaps) == len(rows)


# -- who only looks -----------------------------------------------------------

def test_X_10_a_scanner_that_follows_every_link(lab, client, reader, message):
    links = links_of(message)
    assert one_click_url(message) in [link.rstrip(">") for link in links]
    for link in links:
        for method in ("GET", "HEAD", "OPTIONS", "GET"):
            answer = client.ask(method, link)
            assert answer.status not in REDIRECTS, (method, link)
            assert answer.status < 500
    assert not is_stopped(lab, reader)
    assert changes(lab, message) == 0


def test_X_10_a_browser_that_prefetches(lab, client, reader, message):
    url = one_click_url(message)
    for headers in ({"Sec_Purpose": "prefetch"}, {"Purpose": "prefetch"},
                    {"X_Moz": "prefetch"}, {"Sec_Purpose":
                                            "prefetch;prerender"}):
        assert client.ask("GET", url, **headers).status == 200
    assert not is_stopped(lab, reader)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "get"])
def test_LST_9_other_methods_change_nothing(lab, client, reader, message,
                                            method):
    answer = client.ask(method, one_click_url(message), "x=1")
    assert answer.status in (400, 405, 501)
    assert not is_stopped(lab, reader)


def test_LST_9_a_get_with_the_pair_is_still_a_get(lab, client, reader,
                                                  message):
    url = one_click_url(message)
    body, kind = multipart([PAIR])
    assert client.ask("GET", url + "?List-Unsubscribe=One-Click").status == 200
    assert client.ask("GET", url, body, Content_Type=kind).status == 200
    assert client.ask("POST", url + "?List-Unsubscribe=One-Click",
                      "").status == 400
    assert not is_stopped(lab, reader)


def test_LST_9_get_shows_a_button_that_posts_here(client, message):
    url = one_click_url(message)
    page = client.ask("GET", url)
    assert page.status == 200
    path = url.partition("//")[2].partition("/")[2]
    assert f'action="/{path}"' in page.body
    assert 'name="List-Unsubscribe"' in page.body
    assert client.ask("HEAD", url).body == ""


# -- whose token it is --------------------------------------------------------

def test_LST_6_tokens_of_other_purposes_change_nothing(lab, client, reader,
                                                       message):
    url = one_click_url(message)
    identity = identity_of(url)
    base = url.rpartition("/")[0]
    assert url.endswith(token_for(lab, "u", identity))
    for purpose in "rapdckmU":
        answer = client.post_form(f"{base}/{token_for(lab, purpose, identity)}")
        assert answer.status == 404, purpose
    assert not is_stopped(lab, reader)
    assert changes(lab, message) == 0


def test_LST_6_wrong_tokens_all_get_the_same_answer(lab, client, message):
    url = one_click_url(message)
    base, _, token = url.rpartition("/")
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    other = token_for(lab, "p", identity_of(url))
    answers = [client.post_form(f"{base}/{wrong}")
               for wrong in (flipped, other, token[:-1], token + "A", "", "x",
                             "%2e%2e", "A" * 34, "A" * 2000)]
    first = answers[0]
    assert first.status == 404
    for answer in answers[1:]:
        assert answer.status == 404
        assert answer.body == first.body
        assert answer.headers.keys() == first.headers.keys()


def test_LST_6_a_token_is_for_its_own_path_alone(lab, client, reader, message):
    url = one_click_url(message)
    root, _, token = url.rpartition("/u/")
    for path in ("/U/", "/uu/", "//u/", "/u//", "/x/../u/", "/"):
        assert client.post_form(root + path + token).status == 404
    assert not is_stopped(lab, reader)


def test_LST_6_a_message_to_several_is_nobodys_to_leave(lab, client):
    """No such link is given out; made by hand it is as an unknown one."""
    readers = [fresh_recipient(), fresh_recipient()]
    text = newsletter(", ".join(readers))
    lab.send("news@example.fr", readers, text)
    got = [lab.inbox(r).wait_one(subject=text.partition("Subject: ")[2]
                                 .partition("\n")[0]) for r in readers]
    assert "https" not in got[0]["List-Unsubscribe"]
    name = case_of(lab, got[0]).message["message"]
    identity = base64.b32decode(name.upper() + "=" * (-len(name) % 8))[:16]
    url = f"{lab.web.url}/u/{token_for(lab, 'u', identity)}"
    assert client.post_form(url).status == 409
    assert client.ask("GET", url).status == 409
    assert not any(is_stopped(lab, reader) for reader in readers)


def test_LST_6_a_forwarded_message_takes_its_first_reader_off_that_list_alone(
        lab, client, reader, message):
    """Whoever has the link: it speaks for the list and person it was made
    for, and shows neither."""
    stranger = fresh_recipient()
    send_and_receive(lab, letter(
        "julie@example.fr", to=stranger, subject=f"Fwd {uuid.uuid4().hex}",
        text=f"Look:\n{one_click_url(message)}\n"), to=stranger)
    page = client.ask("GET", one_click_url(message))
    done = client.post_form(one_click_url(message))
    for text in (page.body, done.body):
        assert reader not in text and reader.partition("@")[0] not in text
    assert is_stopped(lab, reader)
    assert not is_stopped(lab, stranger)


def test_LST_12_an_old_key_still_opens(lab, client, reader, message):
    lab.avis.run("key rotate", "token")
    try:
        lab.web.reload()
        assert client.post_form(one_click_url(message)).status == 200
        assert is_stopped(lab, reader)
    finally:
        lab.avis.reload()


def test_LST_6_a_key_we_never_had_opens_nothing(lab, client, reader, message):
    url = one_click_url(message)
    base, _, token = url.rpartition("/")
    packed = bytearray(base64.urlsafe_b64decode(token + "=="))
    packed[0] = 77
    forged = base64.urlsafe_b64encode(bytes(packed)).rstrip(b"=").decode()
    assert client.post_form(f"{base}/{forged}").status == 404
    assert not is_stopped(lab, reader)


# -- what every answer bears --------------------------------------------------

def test_every_answer_is_strict(client, message):
    url = one_click_url(message)
    root = url.partition("/u/")[0]
    answers = [client.ask("GET", url), client.post_form(url),
               client.post_form(url, ("x", "y")), client.ask("PUT", url),
               client.ask("GET", root + "/nothing"),
               client.ask("GET", root + "/health"),
               client.ask("OPTIONS", url), client.post_form(url, *[
                   ("x", "y" * 5000)])]
    for answer in answers:
        headers = answer.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Set-Cookie"] is None
        assert answer.status not in REDIRECTS
        assert "script" not in answer.body


def test_GDPR_11_no_client_is_logged(lab, client, message):
    for _ in range(3):
        client.post_form(one_click_url(message))
        client.post_form(f"{lab.web.url}/u/wrong")
    assert "127.0.0.1 " not in lab.web.log().replace(
        f"127.0.0.1:{lab.web.port} ", "")


# -- when the record is away --------------------------------------------------

def test_X_12_without_the_store_503_and_then_it_holds(lab, client, reader,
                                                      message):
    lab.redis.stop()
    try:
        answer = client.post_form(one_click_url(message))
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert client.ask("GET", f"{lab.web.url}/health").status == 503
    finally:
        lab.redis.start()
    # Recorded all the same: nobody has to press again.
    wait_case(lab, message, "unsubscribed")
    assert is_stopped(lab, reader)
    assert client.ask("GET", f"{lab.web.url}/health").status == 200
    assert client.post_form(one_click_url(message)).status == 200
