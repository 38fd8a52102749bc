"""What a bundle holds beside entries: the message, the log, one person's
part of a shared message; and bundles that come from the archive alone."""

import json
import shutil
import subprocess

import pytest

from tests.e2e.people import (SETTINGS, field, letter, send_and_receive,
                              token_of, wait_case)
from tests.e2e.test_archive import close_segment
from tests.e2e.test_bundle import Checks, make
from tests.e2e.test_content import LAB, with_attachment
from tests.lab.bundles import Bundle
from tests.lab.labs import Lab
from tests.lab.seals import Seals
from tests.lab.waiting import wait_until


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "archive"
    settings = {**SETTINGS, "segment_size": "64k",
                "archive": {"folder": str(folder)}}
    with Lab(settings=settings, policy=LAB["policy"]) as made:
        yield made


@pytest.fixture(scope="module")
def seals(lab):
    seals = Seals(lab.place, lab.avis)
    yield seals
    seals.close()


@pytest.fixture
def checks(lab, seals):
    return Checks(lab, seals)


def read_log(lab):
    lab.avis.run("maillog", "--once", lab.sender.log_file)


def named(lab, got):
    return lab.avis.proof(token_of(got))["messages"][0]["message"]


def bundle_of(lab, name, path, *words):
    path = lab.place.path / path
    make(lab, name, path, *words)
    return Bundle.read(path)


@pytest.fixture(scope="module")
def whole(lab, seals):
    """A message that is kept whole, and what the log says of it."""
    got = send_and_receive(lab, with_attachment("recouvrement@example.fr",
                                                b"%PDF-1.4 \xff\x00"))
    wait_case(lab, got, "submitted")
    read_log(lab)
    wait_case(lab, got, "relayed")
    return got


def test_the_message_and_the_log_are_in_it(lab, whole, checks):
    bundle = bundle_of(lab, named(lab, whole), "whole")
    head, _, body = bundle["message/as-sent.eml"].partition(b"\r\n\r\n")
    assert b"From: recouvrement@example.fr" in head
    assert body.startswith(b"--b\r\n")
    lines = bundle["log/maillog.txt"].decode().splitlines()
    written = lab.sender.log_file.read_text().splitlines()
    assert len(lines) >= 2 and len(lines) % 2 == 0
    for mark, line in zip(lines[::2], lines[1::2]):
        assert mark.startswith("# payload/") and line in written
        assert json.dumps(line).encode() in bundle[mark.split()[1]]
    checks.accept(bundle)


@pytest.mark.parametrize("name,old,new", [
    ("message/as-sent.eml", b"Bonjour", b"Bonsoir"),
    ("log/maillog.txt", b"status=sent", b"status=gone")])
def test_BND_4_copies_that_say_something_else(lab, seals, whole, checks, name,
                                              old, new):
    """Though signed by us, with good sums: the payload says otherwise."""
    bundle = bundle_of(lab, named(lab, whole), f"bent-{name[:3]}")
    assert old in bundle[name]
    bundle[name] = bundle[name].replace(old, new, 1)
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, name, "copies")


def test_a_header_class_has_its_header_in_it(lab, seals, checks):
    text = with_attachment("factures@example.fr")
    got = send_and_receive(lab, text)
    wait_case(lab, got, "submitted")
    bundle = bundle_of(lab, named(lab, got), "head")
    kept = bundle["message/headers-at-eom.txt"]
    assert f"Subject: {field(text, 'Subject')}\r\n".encode() in kept
    assert "message/as-sent.eml" not in bundle
    checks.accept(bundle)
    name = "message/headers-at-eom.txt"
    bundle[name] = kept.replace(b"Subject: ", b"Subject: un autre ")
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, name, "copies")


def test_content_that_is_gone_is_said(lab, whole, checks):
    aside = lab.avis.content.with_name("aside")
    lab.avis.content.rename(aside)
    path = lab.place.path / "gone"
    try:
        done = make(lab, named(lab, whole), path)
    finally:
        aside.rename(lab.avis.content)
    assert "the message itself is not in it" in done.stderr
    bundle = Bundle.read(path)
    assert "message/as-sent.eml" not in bundle
    checks.accept(bundle)


# --- one copy for several people --------------------------------------------

@pytest.fixture(scope="module")
def shared(lab, seals):
    people = ["user40@example.com", "user41@example.com"]
    text = letter("recouvrement@example.fr", to=people[0])
    lab.send("recouvrement@example.fr", people, text)
    got = lab.inbox(people[0]).wait_one(subject=field(text, "Subject"))
    lab.inbox(people[1]).wait_one(subject=field(text, "Subject"))
    read_log(lab)
    wait_case(lab, got, "relayed", 2)
    return lab.avis.proof("--message-id", got["Message-ID"])[
        "messages"][0]["message"]


def test_BND_3_a_shared_message_names_nobody_unasked(lab, shared):
    path = lab.place.path / "unasked"
    done = lab.avis.run("proof", "--bundle", path, shared, check=False)
    assert done.returncode == 2 and not path.exists()
    assert "2 people" in done.stderr and "--with-others" in done.stderr


def test_BND_3_one_recipient_of_a_shared_message(lab, shared, checks):
    bundle = bundle_of(lab, shared, "one", "--to", "user40@example.com")
    everything = b"".join(bundle.values())
    assert b"user40@example.com" in everything
    assert b"user41" not in everything
    assert b"content_key" not in everything
    assert "message/as-sent.eml" not in bundle
    assert b"relay=" in bundle["log/maillog.txt"]
    assert "withheld" in checks.avis(bundle).stdout
    checks.accept(bundle)


def test_BND_3_all_of_them_when_asked(lab, shared, checks):
    bundle = bundle_of(lab, shared, "all", "--with-others")
    everything = b"".join(bundle.values())
    assert b"user40@example.com" in everything
    assert b"user41@example.com" in everything
    assert "message/as-sent.eml" in bundle
    checks.accept(bundle)


# --- ten years later (the last one: nothing is left of the lab) -------------

def test_BND_2_the_archive_gives_the_same_bundle(lab, seals, whole, checks):
    name = named(lab, whole)
    before = bundle_of(lab, name, "before", "--case", "7")
    close_segment(lab)
    wait_until(lambda: read_log(lab) or len(list(
        (lab.avis.journal / "mail.maillog").glob("*.log"))) > 1,
        "a segment of the log's journal to close", 30)
    seals.run()
    lab.avis.stop()
    lab.avis.run("archive", "add")
    lab.redis.stop()
    shutil.rmtree(lab.avis.journal)
    after = bundle_of(lab, name, "after", "--case", "7")
    assert {n for n in after if after[n] != before.get(n)} == set()
    assert after == before
    checks.accept(after)
    alone = lab.place.path / "alone"
    after.write(alone)
    done = subprocess.run(["sh", "verify.sh"], cwd=alone, env={
        "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
