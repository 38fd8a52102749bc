"""Consents: imported, shown, withdrawn, and what the record says of them."""

import json
import os
import signal
import subprocess

import pytest

from tests.lab.avis import BUILD, Avis
from tests.lab.places import Place
from tests.lab.redis_server import RedisServer
from tests.lab.waiting import wait_until

HEAD = "address,class,time,text_id,channel,receive,open,click,basis,context\n"
MORNING = "2026-03-01T10:00:00Z"


@pytest.fixture(scope="module")
def office():
    """The command line with a Redis, no mail server."""
    place = Place()
    redis = RedisServer(place)
    redis.start()
    avis = Avis(place, redis.url, settings={"host": "office"})
    avis.write()
    avis.run("key create")
    yield avis
    place.close()


@pytest.fixture
def table(office, tmp_path):
    """Writes a file of consents and imports it."""
    def load(text, *words, check=False, encoding="utf-8"):
        path = tmp_path / "consents.csv"
        path.write_bytes(text.encode(encoding))
        return office.run("consent import", *words, str(path), check=check)
    return load


def row(address, receive="yes", opened="", click="", when=MORNING,
        basis="consent", context="form"):
    return (f"{address},newsletter,{when},optin-2,web,{receive},{opened},"
            f"{click},{basis},{context}\n")


def shown(office, address):
    return json.loads(office.run("consent show", "--json", address).stdout)


def flags(office, address):
    of = [c for c in shown(office, address)["classes"]
          if c["class"] == "newsletter"]
    assert len(of) == 1
    return of[0]["receive"], of[0]["open"], of[0]["click"]


def test_GDPR_3_three_flags_and_silence_is_no(office, table):
    done = table(HEAD + row("anne@example.com", "yes", "", "yes")
                 + row("benoit@example.com", ""))
    assert done.returncode == 0, done.stderr
    assert flags(office, "anne@example.com") == (True, False, True)
    assert flags(office, "benoit@example.com") == (False, False, False)


def test_GDPR_2_the_record_says_who_when_what_and_how(office, table):
    table(HEAD + row("chloe@example.com", context="\"salon, stand 4\""))
    (event,) = shown(office, "chloe@example.com")["history"]
    assert event["time"] == "2026-03-01T10:00:00.000Z"
    assert event["address"] == "chloe@example.com"
    assert (event["text"], event["channel"]) == ("optin-2", "web")
    assert event["context"] == "salon, stand 4"


def test_the_same_line_is_recorded_once(office, table):
    text = HEAD + row("david@example.com") * 3
    assert "1 recorded, 2 on record" in table(text).stdout
    assert "0 recorded, 3 on record" in table(text).stdout
    assert len(shown(office, "david@example.com")["history"]) == 1


def test_french_spreadsheet(office, table):
    done = table("\ufeffadresse;liste;date;texte;recevoir;contexte\r\n"
                 "emma@example.com;newsletter;2026-03-01;t;oui;\"a;b\"\r\n")
    assert done.returncode == 0, done.stderr
    assert flags(office, "emma@example.com") == (True, False, False)


def test_bad_lines_are_named_and_the_others_taken(office, table, tmp_path):
    rejects = tmp_path / "rejects.csv"
    done = table(HEAD + row("good1@example.com") + row("nobody")
                 + row("x@example.com", "perhaps")
                 + "\"y\"z,newsletter\n" + row("good2@example.com"),
                 "--rejects", str(rejects))
    assert done.returncode == 1
    assert "5 lines: 2 recorded, 0 on record before, 3 bad" in done.stdout
    for text in (":3: address: is no address", ":4: receive: is neither",
                 ":5: there is text behind a closing quote"):
        assert text in done.stderr
    lines = rejects.read_text().splitlines()
    assert len(lines) == 4
    assert lines[0].endswith(",avis_line,avis_reason")
    assert lines[1].endswith(",3,address: is no address")
    assert rejects.stat().st_mode & 0o077 == 0


def test_what_was_rejected_can_be_mended_and_imported(office, table,
                                                      tmp_path):
    rejects = tmp_path / "rejects.csv"
    table(HEAD + row("mended"), "--rejects", str(rejects))
    text = rejects.read_text().replace("mended,", "mended@example.com,")
    done = table(text)
    assert (done.returncode, done.stderr) == (0, "")
    assert flags(office, "mended@example.com") == (True, False, False)


@pytest.mark.parametrize("text, why", [
    ("", "it is empty"),
    ("address,time,receive\n", "--class"),
    ("class,time,receive\n", 'no column "address"'),
])
def test_a_file_without_what_counts_is_refused(table, text, why):
    done = table(text)
    assert done.returncode == 1
    assert why in done.stderr


def test_another_character_set_is_told(table):
    done = table(HEAD + row("f@example.com", context="caf\u00e9"),
                 encoding="latin-1")
    assert "iconv" in done.stderr
    done = table(HEAD + row("f@example.com"), encoding="utf-16")
    assert done.returncode == 1
    assert "UTF-16" in done.stderr


def test_dry_run_changes_nothing(office, table):
    done = table(HEAD + row("dry@example.com"), "--dry-run")
    assert "1 would be recorded" in done.stdout
    assert shown(office, "dry@example.com")["history"] == []


def test_GDPR_5_measuring_is_withdrawn_without_the_subscription(office,
                                                                table):
    table(HEAD + row("gil@example.com", "yes", "yes", "yes"))
    office.run("consent withdraw", "--only", "open,click", "gil@example.com")
    assert flags(office, "gil@example.com") == (True, False, False)
    office.run("consent withdraw", "gil@example.com")
    assert flags(office, "gil@example.com") == (False, False, False)


def test_a_daily_import_does_not_undo_a_withdrawal(office, table):
    text = HEAD + row("hana@example.com")
    table(text)
    office.run("consent withdraw", "hana@example.com")
    table(text)
    assert flags(office, "hana@example.com") == (False, False, False)
    table(HEAD + row("hana@example.com", when="2026-11-20T10:00:00Z"))
    assert flags(office, "hana@example.com") == (False, False, False)


def test_list_is_csv_of_all(office, table):
    table(HEAD + row("ines@example.com"))
    done = office.run("consent list")
    head, *lines = done.stdout.splitlines()
    assert head.startswith("time,class,deed,receive")
    assert any("ines@example.com" in line and ",given,yes,no,no," in line
               for line in lines)


def test_an_import_killed_half_way_goes_on(office, tmp_path):
    """Nothing lost, nothing twice, whatever the moment."""
    path = tmp_path / "many.csv"
    count = 30000
    path.write_text(HEAD + "".join(row(f"k{n}@example.org")
                                   for n in range(count)))
    command = [BUILD / "avis", "consent", "import", "--conf", office.conf,
               path]
    journal = office.journal / "office.import"
    size = sum(f.stat().st_size for f in journal.glob("*.log"))
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_until(lambda: sum(f.stat().st_size for f in journal.glob("*.log"))
               > size + 100000, "the import to be under way")
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = office.run("consent import", str(path))
    assert done.returncode == 0
    lines = office.run("consent list").stdout.splitlines()
    mine = [line for line in lines if "@example.org" in line]
    assert len(mine) == count
    assert len(set(mine)) == count
    assert flags(office, "k29999@example.org") == (True, False, False)


def test_the_journal_of_imports_holds_no_clear_address(office):
    for path in office.journal.rglob("*"):
        if path.is_file():
            assert b"@example" not in path.read_bytes()


def test_X_15_erased_in_the_archive_too():
    """What was copied elsewhere goes with the original (GDPR-9)."""
    with Place() as place:
        folder = place.folder("archive")
        avis = Avis(place, RedisServer(place).start().url,
                    settings={"host": "office", "segment_size": "1M",
                              "archive": {"folder": str(folder)}})
        avis.write()
        avis.run("key create")
        path = avis.folder / "many.csv"
        path.write_text(HEAD + "".join(
            row(f"p{i}@example.com") for i in range(4000)))
        avis.run("consent import", str(path))
        avis.run("archive add")
        assert "erased" not in avis.run("archive verify").stdout
        assert "1 payloads destroyed" in avis.run(
            "rights erase", "--do", "p5@example.com").stdout
        assert "1 erased" in avis.run("archive verify").stdout
        assert "1 erased" in avis.run("journal verify").stdout
