"""Settings: refused at the start, kept out or taken over by SIGHUP."""

import pytest

from tests.e2e.people import (
    POLICY, SETTINGS, field, fresh_recipient, give_back, letter,
    send_and_receive, wait_case)
from tests.lab import reports
from tests.lab.avis import Avis, BUILD
from tests.lab.smtp import SmtpClient

BAD = {
    "a slip in a word": POLICY.replace('"one-click"', '"oneclick"'),
    "receipts on marketing": POLICY.replace(
        'unsubscribe = "one-click";',
        'unsubscribe = "one-click"; receipts = { reading = true; };'),
    "marketing without a way out": POLICY.replace(
        'unsubscribe = "one-click"; ', ""),
    "no purpose": POLICY.replace('purpose = "transactional"; ', ""),
    "no such setting": POLICY.replace("retention", "retension"),
    "broken syntax": POLICY + "\nclasses = (",
}


@pytest.mark.parametrize("name", BAD)
def test_daemon_refuses_a_bad_file(lab, name):
    avis = Avis(lab.place, lab.redis.url, settings=SETTINGS,
                policy=BAD[name], name=f"bad {name}".replace(" ", "-"))
    avis.write()
    avis.run("key create", check=False)
    done = lab.place.run([BUILD / "avis-milter", "--conf", avis.conf],
                         check=False, timeout=15)
    assert done.returncode not in (0, -6, -11)
    assert "policy.conf:" in done.stdout + done.stderr
    assert not avis.is_listening()


@pytest.mark.parametrize("name", BAD)
def test_check_names_file_and_line(lab, name):
    path = lab.place.folder("check") / "avis.conf"
    path.write_text(lab.avis.conf.read_text())
    (path.parent / "policy.conf").write_text(BAD[name])
    done = lab.place.run([BUILD / "avis", "check", "--conf", path],
                         check=False)
    assert done.returncode == 1
    assert "policy.conf:" in done.stdout + done.stderr


def test_check_suggests_the_word_that_was_meant(lab):
    path = lab.place.folder("meant") / "avis.conf"
    path.write_text(lab.avis.conf.read_text())
    (path.parent / "policy.conf").write_text(BAD["a slip in a word"])
    done = lab.place.run([BUILD / "avis", "check", "--conf", path],
                         check=False)
    assert 'did you mean "one-click"' in done.stdout + done.stderr


def test_check_is_content_with_the_running_settings(lab):
    assert lab.avis.run("check").returncode == 0


@pytest.fixture
def own_settings(lab):
    """Puts the settings back after a test."""
    yield lab.avis
    lab.avis.policy = POLICY
    lab.avis.reload()


def reply_to(lab):
    return send_and_receive(lab, letter("no-reply@example.fr"))["Reply-To"]


def test_reload_good_file_holds_for_the_next_message(lab, own_settings):
    assert reply_to(lab) == "Service client <contact@example.fr>"
    own_settings.policy = POLICY.replace("contact@example.fr",
                                         "marc@example.fr")
    own_settings.reload()
    assert reply_to(lab) == "Service client <marc@example.fr>"


@pytest.mark.parametrize("name", BAD)
def test_reload_bad_file_is_kept_out(lab, own_settings, name):
    own_settings.policy = BAD[name].replace("contact@example.fr",
                                            "marc@example.fr")
    said = own_settings.reload()
    assert "policy.conf:" in said
    assert "?  " not in said  # a line end would be written so
    assert lab.avis.is_running()
    assert reply_to(lab) == "Service client <contact@example.fr>"


def test_reload_does_not_hurt_a_message_on_its_way(lab, own_settings):
    """A message is judged by the settings it began with."""
    to = fresh_recipient()
    text = letter("no-reply@example.fr", to=to)
    with SmtpClient(lab.sender.port("own")) as client:
        client.say("MAIL FROM:<no-reply@example.fr>")
        client.say(f"RCPT TO:<{to}>")
        # Postfix holds MAIL and RCPT back until an answer is due.
        assert client.say("DATA")[0] == 354
        own_settings.policy = POLICY.replace("contact@example.fr",
                                             "marc@example.fr")
        own_settings.reload()
        assert client.say(text.replace("\n", "\r\n") + ".")[0] == 250
    got = lab.inbox(to).wait_one(subject=field(text, "Subject"))
    assert got["Reply-To"] == "Service client <contact@example.fr>"


def test_LST_4_no_link_while_the_pages_do_not_answer(lab, own_settings):
    own_settings.settings["web"] = "https://127.0.0.1:1"
    own_settings.reload()
    got = send_and_receive(lab, letter("news@example.fr", X_Campaign="c"))
    del own_settings.settings["web"]
    assert not got.all("List-Unsubscribe-Post")
    assert "https:" not in got["List-Unsubscribe"]
    assert "<mailto:" in got["List-Unsubscribe"]


def test_keys_of_yesterday_go_on_verifying(lab):
    """LST-12: a token made before the rotation still counts after it."""
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, got, "delivered")
    lab.avis.run("key rotate token")
    lab.avis.reload()
    give_back(lab, "", got["Return-Path"].strip("<>"),
              reports.mdn(got, got["Delivered-To"]))
    wait_case(lab, got, "displayed")
    newer = send_and_receive(lab, letter("recouvrement@example.fr"))
    wait_case(lab, newer, "delivered")


def test_key_list_shows_no_secret(lab):
    done = lab.avis.run("key list")
    for line in lab.avis.keys.read_text().splitlines():
        secret = line.split()[2]
        assert secret not in done.stdout
    assert "token" in done.stdout
