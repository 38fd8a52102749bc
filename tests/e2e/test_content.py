"""What stays of a message, by its class: digests, header, all of it."""

import base64
import hashlib
import os
import re

import pytest

from tests.lab.avis import BUILD
from tests.e2e.people import (POLICY, fresh_recipient, letter,
                              send_and_receive, token_of, wait_case)

RECEIPTS = 'receipts = { delivery = [ "failure" ]; };'
KEPT = """
classes = (
  { name = "whole"; purpose = "legal"; basis = "contract";
    when = { from = [ "recouvrement@example.fr" ]; }; keep = "message"; RECEIPTS },
  { name = "head"; purpose = "legal"; basis = "contract";
    when = { from = [ "factures@example.fr" ]; }; keep = "headers"; RECEIPTS },
  { name = "rest"; purpose = "service"; basis = "legitimate-interest";
    RECEIPTS }
);
""".replace("RECEIPTS", RECEIPTS)
LAB = {"policy": POLICY[:POLICY.index("classes")] + KEPT}

PDF = os.urandom(150_000)
MIXED = """--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Bonjour =C3=A9t=C3=A9
--c
Content-Type: text/html

<p>Bonjour</p>
--c--
--b
Content-Type: application/pdf; name="Facture 7.pdf"
Content-Disposition: attachment; filename="Facture 7.pdf"
Content-Transfer-Encoding: base64

{pdf}--b--
"""


def with_attachment(sender, pdf=PDF):
    return letter(sender, text=MIXED.format(
        pdf=base64.encodebytes(pdf).decode()), MIME_Version="1.0",
        Content_Type="multipart/mixed; boundary=b")


def sent(lab, text):
    got = send_and_receive(lab, text)
    wait_case(lab, got, "submitted")
    return got


def rebuilt(lab, got, name):
    path = lab.place.path / name
    done = lab.avis.run("proof", "--eml", path, token_of(got))
    return path.read_bytes(), done.stdout


def files(lab):
    return [p for p in lab.avis.content.rglob("*") if p.is_file()]


@pytest.mark.parametrize("sender", ["recouvrement@example.fr",
                                    "factures@example.fr",
                                    "julie@example.fr"])
def test_each_part_has_its_digest(lab, sender):
    """What sha256sum says of the attachment that somebody saved."""
    got = sent(lab, with_attachment(sender))
    parts = lab.avis.proof(token_of(got))["messages"][0]["parts"]
    assert [p["path"] for p in parts] == ["1.1", "1.2", "2"]
    assert [p["type"] for p in parts] == ["text/plain", "text/html",
                                          "application/pdf"]
    assert parts[2]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert parts[2]["size_bytes"] == str(len(PDF))
    assert parts[2]["file"] == "Facture 7.pdf"
    assert parts[0]["sha256"] == \
        hashlib.sha256("Bonjour été".encode()).hexdigest()


def test_CHAIN_6_a_whole_message_is_rebuilt_from_the_record(lab):
    text = with_attachment("recouvrement@example.fr")
    got = sent(lab, text)
    eml, says = rebuilt(lab, got, "whole.eml")
    assert hashlib.sha256(eml).hexdigest() in says
    head, _, body = eml.partition(b"\r\n\r\n")
    assert body == text.partition("\n\n")[2].replace("\n", "\r\n").encode()
    # As it left: with our edits.
    assert b"From: recouvrement@example.fr" in head
    arrived = got.raw.replace(b"\r\n", b"\n")
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        assert line in arrived, line
    # On the disk there is nothing to read, but for whoever has the key.
    assert files(lab)
    for path in files(lab):
        assert path.stat().st_mode & 0o077 == 0
        assert b"Bonjour" not in path.read_bytes()
        assert b"example" not in path.read_bytes()
    # The key is shown to nobody, and is not in Redis.
    shown = lab.avis.run("proof", "--json", token_of(got)).stdout
    assert "content_key" not in shown
    plain = lab.avis.run("journal", "show").stdout
    assert "content_key" not in plain


def test_of_a_header_class_the_header_is_left(lab):
    text = with_attachment("factures@example.fr")
    got = sent(lab, text)
    before = len(files(lab))
    eml, says = rebuilt(lab, got, "head.eml")
    assert "keeps no body" in says and eml.endswith(b"\r\n\r\n")
    subject = re.search("(?m)^Subject: .*$", text).group(0)
    assert subject.encode() in eml
    assert len(files(lab)) == before


def test_of_a_digest_class_nothing_is_left(lab):
    got = sent(lab, with_attachment("julie@example.fr"))
    before = len(files(lab))
    done = lab.avis.run("proof", "--eml", lab.place.path / "none.eml",
                        token_of(got), check=False)
    assert done.returncode == 1 and "only digests" in done.stderr
    assert not (lab.place.path / "none.eml").exists()
    assert len(files(lab)) == before


def test_a_changed_byte_is_not_rebuilt(lab):
    known = set(files(lab))
    got = sent(lab, with_attachment("recouvrement@example.fr"))
    path, = set(files(lab)) - known
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = lab.avis.run("proof", "--eml", lab.place.path / "bad.eml",
                        token_of(got), check=False)
    assert done.returncode == 1
    assert "not the message that was recorded" in done.stderr
    assert not (lab.place.path / "bad.eml").exists()


def test_what_cannot_be_kept_is_tried_again_later(lab):
    """No room: 4xx for the class that needs it, no other feels it."""
    aside = lab.avis.content.with_name("aside")
    lab.avis.content.rename(aside)
    lab.avis.content.write_text("a file where the folder should be")
    try:
        with pytest.raises(Exception, match="451"):
            lab.send("recouvrement@example.fr", [fresh_recipient()],
                     with_attachment("recouvrement@example.fr"))
        sent(lab, letter("julie@example.fr"))
    finally:
        lab.avis.content.unlink()
        aside.rename(lab.avis.content)
    sent(lab, with_attachment("recouvrement@example.fr"))


def peak_kb(lab):
    with open(f"/proc/{lab.avis.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))


# ASan keeps what was freed for a while: its builds show no leak of chunks,
# not how few there are at a time.
MORE_KB = 32768 if "asan" in BUILD.name else 3072


def test_a_large_message_costs_no_memory(lab):
    """As large as Postfix takes here, while it is digested and encrypted."""
    sent(lab, with_attachment("recouvrement@example.fr"))
    before = peak_kb(lab)
    pdf = os.urandom(7_000_000)
    got = sent(lab, with_attachment("recouvrement@example.fr", pdf))
    assert peak_kb(lab) - before < MORE_KB
    eml, _ = rebuilt(lab, got, "large.eml")
    assert len(eml) > 9_000_000
    parts = lab.avis.proof(token_of(got))["messages"][0]["parts"]
    assert parts[2]["sha256"] == hashlib.sha256(pdf).hexdigest()
