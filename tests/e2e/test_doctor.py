"""`avis doctor` and `avis try` on the private instance."""

import re

from tests.e2e.people import letter


def doctor(lab):
    done = lab.avis.run("doctor", "--postfix", str(lab.sender.conf),
                        "--no-dns", check=False)
    return done.returncode, done.stdout + done.stderr


def test_doctor_is_content_with_the_lab(lab):
    code, text = doctor(lab)
    assert not re.search(r"(?m)^FAIL", text), text
    assert code == 0


def test_F_5_doctor_sees_that_local_bounces_do_not_reach_us(lab):
    kept = lab.sender.settings.pop("internal_mail_filter_classes")
    lab.sender.write_conf()
    try:
        code, text = doctor(lab)
    finally:
        lab.sender.settings["internal_mail_filter_classes"] = kept
        lab.sender.write_conf()
    assert code == 1
    assert re.search(r"(?m)^FAIL.*bounce", text), text
    assert re.search("internal_mail_filter_classes ?= ?bounce", text)


def test_doctor_sees_that_success_is_never_flagged(lab):
    kept = lab.sender._options["own"].pop("smtpd_command_filter")
    lab.sender.write_conf()
    try:
        code, text = doctor(lab)
    finally:
        lab.sender._options["own"]["smtpd_command_filter"] = kept
        lab.sender.write_conf()
    assert "smtpd_command_filter" in text
    assert re.search(r"(?m)^(FAIL|warn)", text), text


def test_doctor_sees_a_redis_that_forgets(lab):
    lab.redis.command("CONFIG", "SET", "appendonly", "no")
    lab.redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        code, text = doctor(lab)
    finally:
        lab.redis.command("CONFIG", "SET", "appendonly", "yes")
        lab.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert code == 1
    assert re.search(r"(?m)^FAIL.*Redis", text), text


def test_try_says_what_would_be_done_and_does_nothing(lab):
    path = lab.place.path / "letter.eml"
    path.write_text(letter("no-reply@example.fr"))
    before = lab.avis.run("journal verify").stdout
    done = lab.avis.run("try", "--from", "no-reply@example.fr", "--to",
                        "anne@example.com", str(path))
    assert re.search(r"class +service", done.stdout)
    assert re.search(r"(?m)^\s*\+ Reply-To: Service client "
                     r"<contact@example\.fr>", done.stdout)
    assert lab.avis.run("journal verify").stdout == before
