"""avis archive: old questions get the same answer, from copies elsewhere."""

import json
import shutil

import pytest

from tests.e2e.people import (POLICY, SETTINGS, letter, send_and_receive,
                              token_of, wait_case)
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


def test_ten_years_later_the_answer_is_the_same(aged):
    got = send_and_receive(aged, letter("recouvrement@example.fr"))
    wait_case(aged, got, "delivered")
    before = aged.avis.proof(token_of(got))["messages"][0]
    text = aged.avis.proof_text(token_of(got))
    close_segment(aged)
    done = aged.avis.run("archive", "add")
    assert "1 segments" in done.stdout
    assert "good: 1 of 1 segments" in aged.avis.run("archive",
                                                    "verify").stdout
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
