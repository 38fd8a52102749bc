"""The mail server's log becomes evidence: who took it, and what it said."""

import gzip
import os
import re
import shutil

import pytest

from tests.e2e.people import (POLICY, SETTINGS, Case, field, fresh_recipient,
                              letter)
from tests.lab.avis import BUILD
from tests.lab.labs import Lab
from tests.lab.waiting import wait_until


@pytest.fixture(scope="module")
def lab():
    """Ours speaks TLS where it is offered: example.com has it."""
    made = Lab(policy=POLICY, settings=SETTINGS)
    made.sender.settings.update({"smtp_tls_security_level": "may",
                                 "smtp_tls_loglevel": "1"})
    etc = made.recipient.conf
    made.place.run(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                    "-nodes", "-subj", "/CN=mx.example.com", "-days", "2",
                    "-keyout", etc / "key.pem", "-out", etc / "cert.pem"])
    made.recipient._options["dsn"].update({
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": etc / "cert.pem",
        "smtpd_tls_key_file": etc / "key.pem"})
    made.avis.settings["maillog"] = {"path": str(made.sender.log_file)}
    with made as running:
        running.follower = Follower(running)
        running.follower.start()
        yield running
        running.follower.stop()
        assert running.avis.stop() == 0


class Follower:
    """avis maillog, as its unit runs it."""

    def __init__(self, lab):
        self.lab = lab
        self.log_file = lab.place.path / "follower.log"

    def start(self):
        self.process = self.lab.place.start(
            "avis maillog",
            [BUILD / "avis", "maillog", "--conf", self.lab.avis.conf],
            self.log_file)
        self.process.wait_ready(
            lambda: self.said().count("following") > self.said().count(
                "stopped"), "the follower to follow")
        return self

    def said(self):
        return self.log_file.read_text()

    def stop(self):
        assert self.process.stop() == 0, self.log_file.read_text()


def log_events(case):
    return [e for e in case.events
            if e["source"] == "maillog" and e["kind"] != "gap"]


def wait_log_events(lab, text, count=1):
    def look():
        case = Case(lab.avis.proof("--message-id", field(text, "Message-ID")))
        return len(log_events(case)) >= count and case
    return wait_until(look, f"{count} events from the log", 20,
                      [lab.follower.log_file, *lab.logs()])


def send(lab, text, *recipients):
    to = list(recipients) or [field(text, "To")]
    return lab.send(field(text, "From"), to, text)


def test_F_4_the_log_says_who_took_it(lab):
    text = letter(to=fresh_recipient())
    queue_id = send(lab, text)
    case = wait_log_events(lab, text)
    event, = log_events(case)
    assert event["kind"] == "relayed"
    assert event["grade"] == "observed"
    assert event["writer"] == "mail.maillog"
    assert event["queue_id"] == queue_id
    assert event["status"] == "2.0.0"
    facts = event["facts"]
    assert facts["remote_ip"] == "127.0.0.1"
    assert re.match(r"250 2\.0\.0 Ok: queued as \w+$", facts["diagnostic"])
    assert facts["tls"] == "TLSv1.3"
    assert facts["tls_cipher"].startswith("TLS_")
    assert facts["tls_trust"] == "Untrusted"
    assert float(facts["delay"]) >= 0
    assert facts["attempt"] == "1"
    assert case.state() == "relayed"


def test_EVD_6_the_text_says_what_was_seen(lab):
    text = letter(to=fresh_recipient())
    send(lab, text)
    wait_log_events(lab, text)
    shown = lab.avis.proof_text("--message-id", field(text, "Message-ID"))
    words = " ".join(shown.split())
    assert "handed over" in words
    assert "[127.0.0.1]" in words and "TLSv1.3" in words
    assert '"250 2.0.0 Ok: queued as' in words
    assert "mail log, mail" in words


def test_without_tls_none_is_claimed(lab):
    text = letter(to=fresh_recipient("example.net"))
    send(lab, text)
    event, = log_events(wait_log_events(lab, text))
    assert "tls" not in event["facts"]


def test_each_recipient_has_its_own_line(lab):
    ghost = "ghost@example.com"
    good = fresh_recipient()
    text = letter(to=f"{good}, {ghost}")
    send(lab, text, good, ghost)
    case = wait_log_events(lab, text, 2)
    by_number = {e["recipient"]: e for e in log_events(case)}
    assert by_number[1]["kind"] == "relayed"
    assert by_number[2]["kind"] == "failed"
    assert by_number[2]["status"].startswith("5.1.")
    assert by_number[2]["facts"]["command"] == "RCPT TO"
    assert "ghost" in by_number[2]["facts"]["diagnostic"]


def test_delays_are_attempts_and_a_hold_is_seen(lab):
    text = letter(to="someone@example.org")
    queue_id = send(lab, text)
    case = wait_log_events(lab, text, 2)
    events = log_events(case)
    assert {e["kind"] for e in events} == {"delayed"}
    assert [e["facts"]["attempt"] for e in events[:2]] == ["1", "2"]
    assert case.state() == "delayed"
    lab.sender.postsuper("-d", queue_id)
    wait_until(lambda: Case(lab.avis.proof(
        "--message-id", field(text, "Message-ID"))).state() == "failed",
        "the deletion to be seen", 20, [lab.follower.log_file])


def test_CHAIN_6a_no_address_in_the_entries(lab):
    text = letter(to=fresh_recipient())
    send(lab, text)
    wait_log_events(lab, text)
    shown = lab.avis.run("journal show", "mail.maillog").stdout
    assert '"src":"maillog"' in shown
    assert "@" not in shown


def test_a_restart_records_nothing_twice(lab):
    text = letter(to=fresh_recipient())
    send(lab, text)
    wait_log_events(lab, text)
    lab.follower.stop()
    (lab.avis.journal / "mail.maillog" / "cursor").unlink()
    before = lab.avis.run("journal show", "mail.maillog").stdout
    lab.follower.start()
    again = letter(to=fresh_recipient())
    send(lab, again)
    case = wait_log_events(lab, again)
    assert len(log_events(case)) == 1
    after = lab.avis.run("journal show", "mail.maillog").stdout
    assert after.count('"k":"relayed"') == before.count('"k":"relayed"') + 1


def test_what_was_logged_while_it_was_away_and_rotated(lab):
    lab.follower.stop()
    log = lab.sender.log_file
    texts = [letter(to=fresh_recipient()) for _ in range(2)]
    send(lab, texts[0])
    lab.sender.wait_queue_empty()
    # As logrotate does with delaycompress off: renamed, then compressed.
    with open(log, "rb") as old, gzip.open(f"{log}.1.gz", "wb") as new:
        shutil.copyfileobj(old, new)
    os.truncate(log, 0)
    send(lab, texts[1])
    lab.sender.wait_queue_empty()
    lab.follower.start()
    for text in texts:
        assert len(log_events(wait_log_events(lab, text))) == 1
    assert "missing" not in lab.follower.log_file.read_text()


def wait_caught_up(lab):
    """Until the saved place is the end of the log: nothing is waited for."""
    cursor = lab.avis.journal / "mail.maillog" / "cursor"
    wait_until(lambda: cursor.exists() and cursor.read_text().split()[2]
               == str(lab.sender.log_file.stat().st_size),
               "the follower to have read it all", 20,
               [lab.follower.log_file])


def test_EVD_9_lines_that_are_gone_are_a_gap_in_the_case(lab):
    wait_caught_up(lab)
    lab.follower.stop()
    text = letter(to=fresh_recipient())
    send(lab, text)
    lab.sender.wait_queue_empty()
    os.truncate(lab.sender.log_file, 0)
    lab.follower.start()
    name = field(text, "Message-ID")

    def gap():
        case = Case(lab.avis.proof("--message-id", name))
        return "gap" in case.kinds and case
    case = wait_until(gap, "the gap to be recorded", 20,
                      [lab.follower.log_file])
    assert case.one("gap")["detail"] == "maillog-lost"
    assert case.message["recipients"][0]["gaps"]
    shown = " ".join(lab.avis.proof_text("--message-id", name).split())
    assert "lines of the mail log were gone" in shown


def test_an_old_log_is_read_afterwards(lab):
    """The record of a message whose log nobody followed."""
    lab.follower.stop()
    text = letter(to=fresh_recipient())
    send(lab, text)
    lab.sender.wait_queue_empty()
    old = lab.place.path / "mail.log.9.gz"
    old.write_bytes(gzip.compress(lab.sender.log_file.read_bytes()))
    # So that following begins behind it.
    os.truncate(lab.sender.log_file, 0)
    done = lab.avis.run("maillog", "--once", old)
    assert re.search(r"recorded \d+", done.stdout)
    assert len(log_events(wait_log_events(lab, text))) == 1
    gone = lab.avis.run("maillog", "--once", f"{old}.not", check=False)
    assert gone.returncode == 1 and "No such file" in gone.stderr
    again = lab.avis.run("maillog", "--once", old).stdout
    assert "recorded 0, " in again and "were already" in again
    lab.follower.start()


@pytest.mark.parametrize("forged", [
    "status=sent (250 2.0.0 Ok: queued as 4bXyzT1gqRz3Y1)",
    "to=<{to}>, relay=mx[192.0.2.9]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, "
    "status=sent (250 ok)",
])
def test_F_4_a_sender_cannot_write_evidence(lab, forged):
    """Words in a HELO name, a subject or an address are no delivery."""
    to = "someone@example.org"
    words = forged.format(to=to)
    text = letter(to=to, subject=words)
    queue_id = send(lab, text)
    helo = re.sub(r"[^!-~]", "-", f"{queue_id}: {words}")
    lab.send_from_outside("x@example.com", ["julie@example.fr"],
                          letter("x@example.com", "julie@example.fr",
                                 subject=f"{queue_id}: {words}"),
                          helo=helo[:200])
    case = wait_log_events(lab, text)
    assert {e["kind"] for e in log_events(case)} == {"delayed"}
    lab.sender.postsuper("-d", queue_id)


def test_F_4_the_journal_of_systemd(lab):
    """The same lines out of a journal, with the time to the microsecond."""
    lab.follower.stop()
    text = letter(to=fresh_recipient())
    send(lab, text)
    lab.sender.wait_queue_empty()
    lines = lab.sender.log().splitlines()[-40:]
    os.truncate(lab.sender.log_file, 0)
    export = ""
    for number, line in enumerate(lines):
        stamp, pid, said = re.match(
            r"(\w+ +\d+ [\d:]+) mail (\S+?\[\d+\]): (.*)", line).groups()
        program, pid = pid[:-1].split("[")
        seconds = lab.place.run(["date", "-d", stamp, "+%s"]).stdout.strip()
        export += (f"__REALTIME_TIMESTAMP={seconds}{number:06}\n"
                   f"__MONOTONIC_TIMESTAMP={number + 1}\n"
                   f"_BOOT_ID={'1' * 32}\n_HOSTNAME=mail\n"
                   f"SYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER={program}\n"
                   f"SYSLOG_PID={pid}\nMESSAGE={said}\n\n")
    folder = lab.place.folder("systemd")
    lab.place.run(["/lib/systemd/systemd-journal-remote", "-o",
                   folder / "mail.journal", "-"], export)
    done = lab.avis.run("maillog", "--once", f"systemd:{folder}")
    assert re.search(r"recorded [1-9]", done.stdout), done.stdout
    event, = log_events(wait_log_events(lab, text))
    assert event["facts"]["log"] == "systemd"
    again = lab.avis.run("maillog", "--once", f"systemd:{folder}").stdout
    assert "recorded 0, " in again
    lab.follower.start()
