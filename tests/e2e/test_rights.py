"""The rights of the people we write to: shown, erased, restricted."""

import base64
import html.parser
import json
import smtplib
import subprocess
import time

import pytest

from tests.e2e.people import (
    Case, field, letter, send_and_receive, wait_case)
from tests.e2e.test_unsubscribe import leave, newsletter, way_out
from tests.lab.avis import BUILD
from tests.lab.waiting import wait_until

GONE, STAYS = "emma@example.com", "anne@example.com"


@pytest.fixture(scope="module")
def correspondence(lab):
    """One letter to each, one to both, a list that one of them left."""
    own = send_and_receive(lab, letter("recouvrement@example.fr", to=GONE),
                           to=GONE)
    other = send_and_receive(lab, letter("recouvrement@example.fr", to=STAYS),
                             to=STAYS)
    both = letter("recouvrement@example.fr", to=f"{STAYS}, {GONE}")
    lab.send("recouvrement@example.fr", [STAYS, GONE], both)
    shared = lab.inbox(STAYS).wait_one(subject=field(both, "Subject"))
    news = send_and_receive(lab, newsletter(GONE), to=GONE)
    leave(lab, GONE, way_out(news))
    wait_case(lab, news, "unsubscribed")
    for message in (own, other):
        wait_case(lab, message, "delivered")
    wait_case(lab, shared, "delivered", 2)
    return {"own": own, "other": other, "shared": shared, "news": news}


def export(lab, address, *words):
    done = lab.avis.run("rights export", *words, address)
    return json.loads(done.stdout)


def proof(lab, message):
    return lab.avis.run("proof", "--json", "--message-id",
                        message["Message-ID"], check=False)


# -- what we hold about somebody (GDPR-8) -----------------------------------

def test_GDPR_8_all_of_one_person_and_nothing_of_others(lab, correspondence):
    data = export(lab, STAYS)
    text = json.dumps(data)
    assert data["address"] == STAYS
    assert len(data["messages"]) == 2
    assert GONE not in text and "emma" not in text
    shared = [m for m in data["messages"] if m["had_other_recipients"]]
    assert len(shared) == 1
    assert sorted(e["kind"] for e in shared[0]["events"]) == [
        "delivered", "submitted"]
    for message in data["messages"]:
        assert message["basis"] == "contract"
        assert message["kept_until"] > "2031"
        assert len(message["token"]) == 26


def test_GDPR_8_choices_and_what_was_done_with_them(lab, correspondence):
    data = export(lab, GONE)
    assert len(data["messages"]) == 3
    kinds = [e["kind"] for m in data["messages"] for e in m["events"]]
    assert "unsubscribed" in kinds
    refused = [c for c in data["choices"]["classes"] if
               c.get("refused_since")]
    assert [c["class"] for c in refused] == ["newsletter"]


def test_GDPR_8_the_asking_is_recorded(lab, correspondence):
    export(lab, STAYS)
    data = export(lab, STAYS)
    assert "exported" in [e["kind"] for e in data["other_events"]]


class Reader(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("language, title", [
    ("en", "Messages sent to you"),
    ("fr", "Messages qui vous ont été adressés")])
def test_GDPR_8_a_page_to_read(lab, correspondence, tmp_path, language,
                               title):
    path = tmp_path / "page.html"
    lab.avis.run("rights export", "--html", str(path), "--lang", language,
                 STAYS)
    page = Reader(path.read_text())
    assert title in page.text and STAYS in page.text
    assert GONE not in path.read_text()
    assert ("lang", language) in page.attributes
    assert "script" not in page.tags
    assert not any(name in ("src", "href") for name, _ in page.attributes)
    assert path.stat().st_mode & 0o077 == 0


def test_nobody_is_nobody(lab, correspondence):
    data = export(lab, "nobody@example.com")
    assert data["messages"] == []


# -- restriction and the register -------------------------------------------

def test_GDPR_10_restricted_and_lifted(lab):
    address = "chloe@example.com"
    lab.avis.run("rights restrict", address, "on")
    assert export(lab, address)["choices"]["restricted_since"]
    lab.avis.run("rights restrict", address, "off")
    assert "restricted_since" not in export(lab, address)["choices"]


def test_GDPR_14_register_of_all_classes(lab):
    text = lab.avis.run("rights register", "--lang", "en").stdout
    for name in ("letter", "newsletter", "notice", "service"):
        assert f"({name})" in text
    assert "**Retention**: 1826 days" in text
    assert "Registre des activités" in lab.avis.run(
        "rights register", "--lang", "fr").stdout
    data = json.loads(lab.avis.run("rights register", "--json", "-").stdout)
    assert [a["name"] for a in data["activities"]] == [
        "letter", "newsletter", "notice", "service"]
    assert data["activities"][0]["reading_receipts"]


def test_figures_by_day_and_class(lab, correspondence):
    rows = json.loads(lab.avis.run("stats", "--json").stdout)
    of = {row["class"]: row for row in rows}
    assert of["letter"]["left"] == 3
    assert of["letter"]["delivered"] == 4
    assert of["newsletter"]["left"] == 1
    assert sum(row["unsubscribed"] for row in rows) == 1
    text = lab.avis.run("stats").stdout
    assert "newsletter" in text and "@" not in text
    assert lab.avis.run("stats", "--json", "--until",
                        "2020-01-01").stdout.strip() == "[]"


# -- erasure (GDPR-9): in the order of this file ----------------------------

def forms(address):
    """How an address may stand in a file."""
    local = address.partition("@")[0]
    clear = address.encode()
    found = {clear, clear.replace(b"@", b"="), clear.hex().encode()}
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + clear)
        found.add(coded[4 if shift else 0:-4])
    assert local
    return found


def places(lab):
    """All that is ours on the disk, Redis's own files too."""
    yield from (p for p in lab.avis.folder.rglob("*") if p.is_file())
    yield from (p for p in lab.redis.folder.rglob("*") if p.is_file())


def test_GDPR_9_a_look_changes_nothing(lab, correspondence):
    before = export(lab, GONE)["messages"]
    done = lab.avis.run("rights erase", GONE)
    assert "nothing was changed" in done.stdout
    assert "mail.milter" in done.stdout
    assert export(lab, GONE)["messages"] == before


def test_X_15_erased_and_still_refused(lab, correspondence):
    done = lab.avis.run("rights erase", "--do", GONE)
    assert "done:" in done.stdout, done.stdout + done.stderr

    # The chain still verifies, and says how much was erased.
    assert "erased" in lab.avis.run("journal verify").stdout
    # What was theirs alone is unknown, by any question.
    data = export(lab, GONE)
    assert data["messages"] == []
    assert proof(lab, correspondence["own"]).returncode == 1
    assert lab.avis.run("proof", "--to", GONE, check=False).returncode == 1
    # The other recipient's case is whole.
    case = Case(json.loads(proof(lab, correspondence["shared"]).stdout))
    assert case.message["recipients"][0]["address"] == STAYS
    assert case.state(1) == "delivered"
    assert GONE not in json.dumps(case.data)
    # A no outlives what it was said to (GDPR-6).
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        lab.send("news@example.fr", [GONE], newsletter(GONE))
    assert refusal.value.smtp_code == 550


def test_X_15_no_clear_address_anywhere(lab, correspondence):
    lab.redis.command("SAVE")
    lab.redis.command("BGREWRITEAOF")
    wait_until(lambda: not list(lab.redis.folder.rglob("temp-*")),
               "Redis to have written its files anew")
    looked = 0
    for path in places(lab):
        content = path.read_bytes().lower()
        looked += 1
        for form in forms(GONE):
            assert form.lower() not in content, path
    assert looked > 5


def test_X_15_the_same_when_redis_is_filled_again(lab, correspondence):
    lab.redis.empty()
    lab.avis.run("journal replay")
    assert proof(lab, correspondence["own"]).returncode == 1 or \
        GONE not in proof(lab, correspondence["own"]).stdout
    case = Case(json.loads(proof(lab, correspondence["shared"]).stdout))
    assert case.message["recipients"][0]["address"] == STAYS
    assert case.state(1) == "delivered"
    assert GONE not in json.dumps(case.data)
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        lab.send("news@example.fr", [GONE], newsletter(GONE))
    assert refusal.value.smtp_code == 550


def test_GDPR_9_from_the_journals_alone(lab, correspondence):
    """Redis away: the amended event stands for the original."""
    lab.redis.pause()
    try:
        case = Case(json.loads(proof(lab, correspondence["shared"]).stdout))
    finally:
        lab.redis.go_on()
    assert [k for k in case.kinds if k == "submitted"] == ["submitted"]
    assert case.message["recipients"][0]["address"] == STAYS
    assert GONE not in json.dumps(case.data)


def test_GDPR_9_killed_half_way_and_done_again(lab, correspondence):
    """Whatever the moment: run again, nothing of the person is left."""
    person = "benoit@example.com"
    for n in range(12):
        text = letter("recouvrement@example.fr", to=f"{person}, {STAYS}")
        lab.send("recouvrement@example.fr", [person, STAYS], text)
    last = lab.inbox(STAYS).wait_one(subject=field(text, "Subject"))
    wait_case(lab, last, "delivered", 2)
    for delay in (0.002, 0.01, 0.02, 0.04, 0.08):
        running = subprocess.Popen(
            [BUILD / "avis", "rights", "erase", "--conf", lab.avis.conf,
             "--do", person], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(delay)
        running.kill()
        running.wait()
        lab.avis.run("journal verify")
    lab.avis.run("rights erase", "--do", person)
    assert "nothing to destroy" in lab.avis.run("rights erase",
                                                person).stdout
    case = Case(json.loads(proof(lab, last).stdout))
    assert case.state(2) == "delivered"
    assert [r["address"] for r in case.message["recipients"]] == ["", STAYS]
    assert person not in json.dumps(case.data)
    for path in places(lab):
        if path.suffix != ".aof" and path.suffix != ".rdb":
            assert person.encode() not in path.read_bytes().lower(), path


def test_erasing_again_finds_only_what_came_since(lab, correspondence):
    lab.avis.run("rights erase", "--do", GONE)
    done = lab.avis.run("rights erase", GONE)
    assert "nothing to destroy" in done.stdout


def test_CHAIN_6_the_erasure_itself_has_no_identity(lab, correspondence):
    done = lab.avis.run("journal show", "--payload", "mail.avis")
    erased = [json.loads(line) for line in done.stdout.splitlines()
              if '"k":"erased"' in line]
    assert erased
    for entry in erased:
        assert "p" not in entry["entry"]
        assert set(entry["payload"]["f"]) == {"amended", "destroyed", "held"}
