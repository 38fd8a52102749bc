"""Golden tests of `avis report`: tests/mail/reports/NAME.eml in, the line of
NAME.json out. NAME.sent holds addresses for --sent, one a line.

AVIS_BIN names the program (build/avis if not set); AVIS_GOLDEN=1 writes the
.json files anew, and the reviewer reads the difference.
"""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAILS = sorted((ROOT / "tests/mail/reports").glob("*.eml"))
AVIS = os.environ.get("AVIS_BIN", str(ROOT / "build/avis"))
GOLDEN = os.environ.get("AVIS_GOLDEN") == "1"

RECIPIENT = {"original", "final", "action", "status", "diagnostic",
             "remote_mta"}


def run(*args, stdin=None):
    return subprocess.run([AVIS, "report", *args], input=stdin,
                          capture_output=True, timeout=60)


def read(mail):
    sent = mail.with_suffix(".sent")
    args = []
    if sent.exists():
        for address in sent.read_text().split():
            args += ["--sent", address]
    done = run(*args, str(mail))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    got = json.loads(done.stdout)
    got["file"] = mail.name
    return got


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_report(mail):
    got = read(mail)
    golden = mail.with_suffix(".json")
    if GOLDEN:
        golden.write_text(json.dumps(got, ensure_ascii=False) + "\n")
    assert got == json.loads(golden.read_text())


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_members_are_always_there(mail):
    got = read(mail)
    assert {"file", "kind", "envelope_id", "original_message_id",
            "recipients"} <= set(got)
    for recipient in got["recipients"]:
        assert RECIPIENT <= set(recipient)
    if got["kind"] == "mdn":
        assert "disposition" in got


# The others are about their own line ends.
UNIX_MAILS = [mail for mail in MAILS if b"\r" not in mail.read_bytes()]


@pytest.mark.parametrize("mail", UNIX_MAILS, ids=lambda mail: mail.stem)
def test_line_ends_change_nothing(mail):
    """The same mail with CRLF says the same as with LF."""
    sent = mail.with_suffix(".sent")
    args = []
    if sent.exists():
        for address in sent.read_text().split():
            args += ["--sent", address]
    text = mail.read_bytes()
    unix = run(*args, "-", stdin=text)
    windows = run(*args, "-", stdin=text.replace(b"\n", b"\r\n"))
    assert json.loads(unix.stdout) == json.loads(windows.stdout)


def test_many_files_one_line_each():
    done = run(*[str(mail) for mail in MAILS[:5]])
    lines = done.stdout.decode().splitlines()
    assert [json.loads(line)["file"] for line in lines] == [
        str(mail) for mail in MAILS[:5]]


@pytest.mark.parametrize("words", [
    ["--sent", "x@example.com", "anne@example.com"],
    ["--sent", "x@example.com,anne@example.com"],
    ["--sent", "x@example.com", "--sent", "anne@example.com"],
], ids=["spaces", "commas", "repeated"])
def test_several_addresses_it_was_sent_to(tmp_path, words):
    bounce = tmp_path / "b.eml"
    bounce.write_text(
        "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n"
        "I was not able to deliver your message.\n\n"
        "<anne@example.com>:\n550 5.1.1 no such user\n\n"
        "<other@example.com>:\n550 5.1.1 no such user\n")
    done = run(str(bounce), *words)
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert [r["final"] for r in got["recipients"]] == ["anne@example.com"]


def test_missing_file_does_not_stop_the_others(tmp_path):
    done = run(str(tmp_path / "none.eml"), str(MAILS[0]))
    assert done.returncode == 1
    assert b"none.eml" in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_folder_is_an_error_with_a_remedy(tmp_path):
    done = run(str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == b""
    assert str(tmp_path).encode() + b"/*" in done.stderr


@pytest.mark.parametrize("args", [[], ["--nonsense"], ["--sent"]])
def test_wrong_use(args):
    done = run(*args)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"`avis report --help` says more" in done.stderr


def test_help_goes_to_stdout():
    done = run("--help")
    assert done.returncode == 0
    assert done.stdout.startswith(b"usage: avis report")


def test_sent_takes_commas():
    bounce = b"""Return-Path: <>
From: MAILER-DAEMON@x.example
To: s@example.org
Subject: Undelivered Mail

Could not be delivered:

a@x.example
b@x.example
c@x.example
"""
    done = run("--sent", "b@x.example, c@x.example", "-", stdin=bounce)
    finals = [r["final"] for r in json.loads(done.stdout)["recipients"]]
    assert finals == ["b@x.example", "c@x.example"]


def test_pretty_is_the_same_json():
    plain = run(str(MAILS[0]))
    pretty = run("--pretty", str(MAILS[0]))
    assert json.loads(plain.stdout) == json.loads(pretty.stdout)
    assert len(pretty.stdout.splitlines()) > 5


BOUNCE = (b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\n"
          b"To: s@example.org\nSubject: Undelivered Mail\n\n")


def lines(form, count=3000):
    return BOUNCE + b"".join(form % i for i in range(count))


HOSTILE = {
    "list": lines(b"  a%d@b.example\n\n"),
    "openings": lines(b"<a%d@b.example>:\nx\n"),
    "sentences": lines(b"zz zz q to a%d@b.example yy\n"),
    "labels": lines(b"From: a\nTo: a%d@b.example\n"),
    "one line": lines(b"a%d@b.example ", 9000),
    "separators": lines(b"%d original message follows\n"),
    "many senders": b"To: " + b", ".join(
        b"a%d@b.example" % i for i in range(3000)) + b"\n" + lines(
            b"  a%d@b.example\n\n"),
    "many parts": b"Content-Type: multipart/report; boundary=b; "
                  b"report-type=delivery-status\n\n" + b"--b\n\nx\n" * 300000,
    "deep": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
                     % (i, i) for i in range(20000)),
    "addresses": b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\n"
                 b"Subject: Undelivered\n\n" + b"<a@b.example>:\n550 no\n"
                 * 200000,
    "at signs": b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\n"
                b"Subject: Undelivered\n\n" + b"@" * 4000000,
    "one long line": b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\n"
                     b"Subject: Undelivered\n\n" + b"a" * 8000000,
    "open tags": b"Content-Type: text/html\nFrom: MAILER-DAEMON@x.example\n"
                 b"Subject: Undelivered\n\n" + b"<!--<script <a@" * 400000,
    "fields": b"Subject: x\n" * 700000 + b"\n",
    "folds": b"Subject: x\n" + b" y\n" * 2000000 + b"\n",
    "comments": b"From: " + b"(" * 4000000 + b"\nDisposition: x\n\nx\n",
    "groups": b"Content-Type: message/delivery-status\n\n"
              + b"Final-Recipient: rfc822;a@b\n\n" * 300000,
    "carriage returns": b"\r" * 6000000,
    "failed": b"X-Failed-Recipients: "
              + b",".join(b"a%d@b.example" % i for i in range(300000))
              + b"\n\nx\n",
    "bad bytes": b"Content-Type: text/plain; charset=utf-8\n\n"
                 + b"\xff\xfe" * 4000000,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_mail_takes_no_time(name):
    """Seconds would be far too long; a quadratic reader needs minutes."""
    done = subprocess.run([AVIS, "report", "-"], input=HOSTILE[name],
                          capture_output=True, timeout=10)
    assert done.returncode == 0
    json.loads(done.stdout)
