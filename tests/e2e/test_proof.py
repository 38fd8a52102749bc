"""avis proof, journal and key as people type them."""

import base64
import hashlib
import json
import re

import pytest
import redis as client

from tests.e2e.people import (Case, fresh_recipient, letter,
                              send_and_receive, token_of, wait_case)


@pytest.fixture(scope="module")
def sent(lab):
    """One letter that came back as delivered."""
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    return got


def name_of(lab, got):
    return lab.avis.proof("--token", token_of(got))["messages"][0]["message"]


@pytest.mark.parametrize("word", [
    lambda lab, got: token_of(got),
    lambda lab, got: token_of(got).upper(),
    lambda lab, got: got["Return-Path"].strip("<>"),
    lambda lab, got: name_of(lab, got),
    lambda lab, got: got["Message-ID"],
    lambda lab, got: got["Delivered-To"],
    lambda lab, got: got["Delivered-To"].upper(),
])
def test_a_bare_word_is_guessed(lab, sent, word):
    case = Case(lab.avis.proof(word(lab, sent)))
    assert "delivered" in case.kinds
    assert case.state() == "delivered"


def test_the_text_names_grade_and_limits(lab, sent):
    text = lab.avis.proof_text(token_of(sent))
    assert re.search(r"submitted .* observed +avis, ", text)
    assert re.search(r"delivered .* authenticated +DSN", text)
    assert "state: delivered to the mailbox service" in text
    words = " ".join(text.split())
    assert "It does not show that anyone read the message." in words
    assert "It does not show who the reader was." in words
    assert max(map(len, text.splitlines())) <= 100


def test_the_text_in_french(lab, sent):
    text = lab.avis.proof_text("--lang", "fr", token_of(sent))
    assert re.search(r"distribué .* authentifié +DSN", text)
    assert "état: distribué au service de la boîte aux lettres" in text
    assert "pas une lettre recommandée" in " ".join(text.split())


def test_the_json_is_what_scripts_rely_on(lab, sent):
    message = lab.avis.proof(token_of(sent))["messages"][0]
    assert message["qualified"] is False
    assert len(message["limits"]) == 5
    assert message["recipients"][0]["gaps"] == [
        "No line of the mail log of mail about it is in the record."]
    assert message["read_from"] == "store"
    assert re.fullmatch("[0-9a-f]{64}", message["body_sha256"])
    for event in message["events"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                            event["time"])
        assert event["event_id"].startswith(("http://uri.etsi.org/", "x-"))


def test_several_are_listed_and_one_is_picked(lab):
    to = fresh_recipient()
    names = []
    for _ in range(3):
        got = send_and_receive(lab, letter("julie@example.fr", to=to), to=to)
        wait_case(lab, got, "submitted")
        names.insert(0, name_of(lab, got))
    text = lab.avis.proof_text("--to", to)
    assert [line.split()[0] for line in text.splitlines()[:3]] == names
    assert "3 messages" in text and "--all" in text
    assert lab.avis.proof_text("--to", to, "--all").count("state:") == 3
    assert "state:" in lab.avis.proof_text(names[1])
    assert len(lab.avis.proof("--to", to)["messages"]) == 3
    assert lab.avis.run("proof", "--to", to, "--from", "nobody@example.fr",
                        check=False).returncode == 1
    assert lab.avis.run("proof", "--to", to, "--until", "2020-01-01",
                        check=False).returncode == 1
    assert len(lab.avis.proof("--to", to, "--since", "2020-01-01", "--from",
                              "julie@example.fr")["messages"]) == 3


def test_without_redis_the_journals_answer(lab, sent):
    before = lab.avis.proof(token_of(sent))["messages"][0]
    lab.redis.stop()
    try:
        for word in (token_of(sent), sent["Message-ID"],
                     sent["Delivered-To"]):
            done = lab.avis.run("proof", "--json", word)
            message = json.loads(done.stdout)["messages"][0]
            assert message["read_from"] == "journal"
            assert message["events"] == before["events"]
            assert "reading the journals of this host" in done.stderr
    finally:
        lab.redis.start()


@pytest.mark.parametrize("words, says", [
    (["nothing@example.com"], "nothing in the record fits"),
    (["--token", "a" * 40], "no token made with the keys"),
    (["--message", "short"], "26 letters"),
    (["--since", "yesterday", "x"], "wants a time"),
    (["--lang", "de", "x"], "wants en or fr"),
    ([], "of which message?"),
    (["a", "b"], "one question at a time"),
])
def test_a_wrong_question_gets_a_helpful_line(lab, words, says):
    done = lab.avis.run("proof", *words, check=False)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert done.stdout == ""


# -- avis journal ----------------------------------------------------------

def test_plain_tools_follow_the_chain(lab, sent):
    """What avis-journal(5) promises: openssl and basenc are enough."""
    lines = lab.avis.run("journal", "show",
                         "mail.milter").stdout.splitlines()
    prev = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
    for number, line in enumerate(lines, 1):
        entry = json.loads(line)
        assert entry["seq"] == str(number)
        assert entry["prev"] == prev
        assert line == json.dumps(entry, sort_keys=True,
                                  separators=(",", ":"))
        digest = hashlib.sha256(line.encode()).digest()
        prev = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert prev in lab.avis.run("journal", "verify").stdout


def test_show_decrypts_only_when_asked(lab, sent):
    plain = lab.avis.run("journal", "show", "--from", "2").stdout
    assert "@" not in plain
    assert '"seq":"1"' not in plain
    opened = lab.avis.run("journal", "show", "--payload").stdout
    payloads = [json.loads(line)["payload"] for line in opened.splitlines()]
    assert any(p["f"].get("from") == "recouvrement@example.fr"
               for p in payloads)


def test_GDPR_6_emptying_keeps_who_wants_no_mail(lab, sent):
    redis = client.Redis(unix_socket_path=str(lab.redis.socket))
    member = b"0123456789newsletter"
    redis.zadd("avis:sup:{AAA}", {member: 1_767_225_600_000_002})
    lab.avis.run("journal", "replay", "--empty")
    assert redis.zscore("avis:sup:{AAA}", member) == 1_767_225_600_000_002
    assert "delivered" in Case(lab.avis.proof(token_of(sent))).kinds
    redis.delete("avis:sup:{AAA}")


def test_GDPR_12_each_key_has_an_end(lab, sent):
    redis = client.Redis(unix_socket_path=str(lab.redis.socket))
    keys = list(redis.scan_iter())
    assert len(keys) > 5
    for key in keys:
        assert key.startswith(b"avis:")
        if not key.startswith(b"avis:sup:") and key != b"avis:schema":
            assert redis.ttl(key) > 0, key


@pytest.mark.parametrize("deed", ["verify", "replay", "show"])
def test_an_unknown_writer_is_a_problem(lab, sent, deed):
    done = lab.avis.run("journal", deed, "nobody.here", check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "nobody.here" in done.stderr


def test_a_list_has_columns(lab):
    to = fresh_recipient()
    for sender in ("recouvrement@example.fr", "boutique@example.fr"):
        got = send_and_receive(lab, letter(sender, to), to=to)
        wait_case(lab, got, "submitted")
    text = lab.avis.run("proof", "--to", to).stdout
    lines = [line for line in text.splitlines() if f" -> {to}" in line]
    assert len(lines) == 2
    assert lines[0].index("boutique@") == lines[1].index("recouvrement@")


# -- avis key --------------------------------------------------------------

def test_keys_are_listed_but_not_shown(lab):
    text = lab.avis.run("key", "list").stdout
    assert re.search(r"token +1 +20.*in use", text)
    secrets = re.findall(r"\b[0-9a-f]{64}\b", lab.avis.keys.read_text())
    assert len(secrets) == 3
    for secret in secrets:
        assert secret not in text


def test_keys_are_made_once_and_rotated(lab, tmp_path):
    keys = tmp_path / "keys"
    file = ("--file", str(keys))
    lab.avis.run("key create", *file)
    assert keys.stat().st_mode & 0o777 == 0o600
    before = keys.read_text()
    done = lab.avis.run("key create", *file, check=False)
    assert done.returncode == 1 and "there already" in done.stderr
    done = lab.avis.run("key rotate", "address", *file, check=False)
    assert done.returncode == 2 and "never rotated" in done.stderr
    assert keys.read_text() == before
    text = lab.avis.run("key rotate", "store", *file).stdout
    assert "key 2 of kind store" in text and "SIGHUP" in text
    assert re.search(r"store +2 +20.*in use",
                     lab.avis.run("key list", *file).stdout)


def test_a_rotated_key_leaves_old_proof_readable(lab, sent):
    lab.avis.run("key rotate", "store")
    lab.avis.run("key rotate", "token")
    lab.avis.reload()
    assert "delivered" in Case(lab.avis.proof(token_of(sent))).kinds
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")


def pdf_text(lab, *words):
    """The text of the certificate, and how many pages it has."""
    path = lab.place.path / "certificate.pdf"
    lab.avis.run("proof", "--pdf", path, *words)
    text = lab.place.run(["pdftotext", "-layout", path, "-"]).stdout
    info = lab.place.run(["pdfinfo", path]).stdout
    assert path.stat().st_mode & 0o777 == 0o600
    return " ".join(text.split()), int(re.search(r"Pages: +(\d+)",
                                                 info).group(1))


def test_LRE_3_a_certificate_says_what_it_is_not(lab, sent):
    text, pages = pdf_text(lab, token_of(sent))
    assert pages == 1
    assert "Delivery record" in text
    assert sent["Delivered-To"] in text and sent["Message-ID"] in text
    assert "State: delivered to the mailbox service" in text
    assert "delivered – to the mailbox service" in text
    assert "authenticated · DSN · entry mail.milter/" in text
    message = lab.avis.proof(token_of(sent))["messages"][0]
    assert message["body_sha256"] in text
    for limit in message["limits"]:
        assert limit in text
    assert "It is not a registered letter (lettre recommandée)." in text
    assert "page 1 / 1" in text


def test_a_certificate_in_french(lab, sent):
    text, pages = pdf_text(lab, token_of(sent), "--lang", "fr")
    assert pages == 1
    assert "Preuve d'acheminement" in text
    assert "Ce n'est pas une lettre recommandée." in text


def test_a_certificate_is_about_one_when_asked(lab):
    """BND-3: who asks about one recipient is not told of the others."""
    one, other = fresh_recipient(), fresh_recipient()
    text = letter("julie@example.fr", to=f"{one}, {other}")
    lab.send("julie@example.fr", [one, other], text)
    got = lab.inbox(one).wait_one()
    wait_case(lab, got, "submitted")
    shown, _ = pdf_text(lab, "--message-id", got["Message-ID"])
    assert one in shown and other in shown
    shown, _ = pdf_text(lab, "--message-id", got["Message-ID"], "--to", one)
    assert one in shown and other not in shown
