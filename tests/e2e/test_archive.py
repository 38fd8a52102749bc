"""avis archive: old questions get the same answer, from copies elsewhere."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from tests.e2e.people import (POLICY, SETTINGS, letter, send_and_receive,
                              token_of, wait_case)
from tests.lab.avis import BUILD
from tests.lab.labs import Lab


@pytest.fixture(scope="module")
def aged(tmp_path_factory):
    """A lab of its own whose journal segments are small, with an archive."""
    folder = tmp_path_factory.mktemp("archive") / "archive"
    settings = {**SETTINGS, "segment_size": "64k",
                "archive": {"folder": str(folder)}}
    with Lab(settings=settings, policy=POLICY) as lab:
        lab.archive = folder
        yield lab


def close_segment(lab):
    """Sends until the journal has gone on to another segment."""
    writer = lab.avis.journal / "mail.milter"
    before = len(list(writer.glob("*.log")))
    while len(list(writer.glob("*.log"))) == before:
        lab.send("julie@example.fr",
                 [f"user{n}@example.org" for n in range(100)],
                 letter("julie@example.fr"))


def without_source(text):
    return [line for line in text.splitlines()
            if not line.startswith("Read from ")]


def test_F_4_an_old_log_of_what_redis_forgot(aged):
    """Read afterwards, once, into a case that only the archive has."""
    got = send_and_receive(aged, letter("recouvrement@example.fr"))
    wait_case(aged, got, "delivered")
    close_segment(aged)
    aged.avis.run("archive", "add")
    aged.avis.stop()
    try:
        aged.redis.command("FLUSHALL")
        old = aged.place.path / "mail.log.7"
        old.write_bytes(aged.sender.log_file.read_bytes())
        done = aged.avis.run("maillog", "--once", old)
        assert " recorded 0" not in done.stdout
        again = aged.avis.run("maillog", "--once", old)
        assert " recorded 0, " in again.stdout
        shown = aged.avis.proof(token_of(got))["messages"][0]
        kinds = [event["kind"] for event in shown["events"]]
        assert shown["read_from"] == "archive"
        assert kinds.count("relayed") == 1 and "submitted" in kinds
    finally:
        aged.avis.launch()


def test_ten_years_later_the_answer_is_the_same(aged):
    got = send_and_receive(aged, letter("recouvrement@example.fr"))
    wait_case(aged, got, "delivered")
    before = aged.avis.proof(token_of(got))["messages"][0]
    text = aged.avis.proof_text(token_of(got))
    close_segment(aged)
    done = aged.avis.run("archive", "add")
    assert re.search("[1-9][0-9]* segments", done.stdout)
    assert re.search(r"good: (\d+) of \1 segments",
                     aged.avis.run("archive", "verify").stdout)
    aged.avis.stop()
    aged.redis.stop()
    shutil.rmtree(aged.avis.journal)
    for word in (token_of(got), got["Message-ID"], got["Delivered-To"]):
        done = aged.avis.run("proof", "--json", word)
        after = json.loads(done.stdout)["messages"][0]
        assert after.pop("read_from") == "archive"
        assert after == {k: v for k, v in before.items()
                         if k != "read_from"}
    shown = aged.avis.run("proof", token_of(got)).stdout
    assert "Read from the archive." in shown
    assert without_source(shown) == without_source(text)
    assert "mail.milter/00000001" in aged.avis.run("archive", "list").stdout
    assert b"example" not in (aged.archive / "index.sqlite").read_bytes()


def test_without_the_setting_it_says_so(lab):
    done = lab.avis.run("archive", "list", check=False)
    assert done.returncode == 1
    assert "archive.folder" in done.stderr


# -- who may ask -------------------------------------------------------------

def asked(lab):
    lines = lab.avis.run("journal", "show", "--payload",
                         "mail.avis").stdout.splitlines()
    return [e for e in map(json.loads, lines) if e["entry"]["k"] == "asked"]


def test_BND_6_each_question_is_recorded_before_its_answer(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "submitted")
    lab.avis.run("proof", "--purpose", "litige 12", "--case", "2026-118",
                 token_of(got))
    last = asked(lab)[-1]
    facts = last["payload"]["f"]
    assert facts["purpose"] == "litige 12" and facts["case"] == "2026-118"
    assert facts["who"] == "root" and facts["count"] == "1"
    assert token_of(got) in facts["what"]
    assert "purpose" not in json.dumps(last["entry"])
    lab.avis.run("proof", "nobody.at.all@example.com", check=False)
    assert asked(lab)[-1]["entry"]["detail"] == "nothing-found"
    # The asking is no part of the message's own story.
    events = lab.avis.proof(token_of(got))["messages"][0]["events"]
    assert "asked" not in [event["kind"] for event in events]


def with_access(lab, **access):
    lab.avis.settings["access"] = access
    lab.avis.write()


def test_BND_6_nobody_calls_himself_another(lab):
    """SUDO_USER is worth what the account is worth that it is set under."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = shutil.copy(BUILD / "avis", folder)
        conf = folder / "avis.conf"
        conf.write_text(f'''host = "x"; receipts = "recu@example.fr";
            store = "{lab.redis.url}"; journal = "{folder}/journal";
            keys = "{folder}/keys"; access = {{ groups = ["root"]; }};''')
        subprocess.run([program, "key", "create", "--conf", conf], check=True,
                       capture_output=True)
        (folder / "journal").mkdir(exist_ok=True)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, 54321, 54321)
        said = []
        for who in ([], ["setpriv", "--reuid=54321", "--regid=54321",
                         "--clear-groups"]):
            done = subprocess.run(
                [*who, "env", "SUDO_USER=root", program, "proof", "--conf",
                 conf, "--message-id", "<nothing@example.fr>"],
                capture_output=True, text=True, check=False)
            said.append(done.stderr)
        assert "not known to this machine" not in said[0]
        assert "not known to this machine" in said[1]


def test_BND_6_purpose_and_case_when_policy_says_so(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "submitted")
    try:
        for access, words, says in [
                ({"purpose_required": True}, [], "--purpose"),
                ({"case_required": True}, ["--purpose", "x"], "--case"),
                ({"groups": ["no-such-group"]}, [], "none of the groups")]:
            with_access(lab, **access)
            before = len(asked(lab))
            done = lab.avis.run("proof", *words, token_of(got), check=False)
            assert done.returncode == 1 and done.stdout == ""
            assert says in done.stderr
            assert len(asked(lab)) == before
        with_access(lab, groups=["root"], purpose_required=True)
        assert "state:" in lab.avis.run("proof", "--purpose", "x",
                                        token_of(got)).stdout
    finally:
        del lab.avis.settings["access"]
        lab.avis.write()


def test_BND_6_what_cannot_be_recorded_is_not_answered(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "submitted")
    writer = lab.avis.journal / "mail.avis"
    away = writer.with_name("away")
    lab.avis.proof(token_of(got))
    writer.rename(away)
    writer.write_text("a file where the folder should be")
    try:
        done = lab.avis.run("proof", token_of(got), check=False)
        assert done.returncode == 1 and done.stdout == ""
        assert "cannot be recorded" in done.stderr
        with_access(lab, unrecorded="allow")
        done = lab.avis.run("proof", token_of(got))
        assert "state:" in done.stdout
    finally:
        writer.unlink()
        away.rename(writer)
        lab.avis.settings.pop("access", None)
        lab.avis.write()
