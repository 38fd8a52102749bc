"""What `avis doctor` tells you to type does what it says."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from tests.lab.avis import BUILD

BROKEN = {
    "smtpd_milters": "", "non_smtpd_milters": "",
    "internal_mail_filter_classes": "", "recipient_delimiter": "",
    "milter_protocol": "4", "enable_long_queue_ids": "no",
}


def findings(lab):
    done = lab.avis.run("doctor", "--json", "--no-dns", "--postfix",
                        str(lab.sender.conf), check=False)
    found = json.loads(done.stdout)
    assert done.returncode == (1 if found["fail"] else 0)
    return found["findings"]


def bad(found):
    return {f["check"] for f in found if f["grade"] != "ok"}


def test_the_lines_to_type_repair_postfix(lab):
    kept = dict(lab.sender.settings)
    lab.sender.settings.update(BROKEN)
    lab.sender.write_conf()
    try:
        found = findings(lab)
        assert {"filter-missing", "bounces", "delimiter", "mta-version",
                "queue-ids"} <= bad(found)
        for finding in found:
            # The reload behind it takes seconds, and is Postfix's own.
            command, _, reload = finding.get("remedy", "").partition(" && ")
            if command.startswith("postconf"):
                assert reload.endswith(" reload")
                subprocess.run(["sh", "-ec", command], check=True)
        # No signer follows here, and nobody sets the clock in a container.
        assert bad(findings(lab)) <= {
            "clock", "strangers", "signer", "filter-order"}
    finally:
        lab.sender.settings = kept
        lab.sender.reload()


@pytest.mark.parametrize("settings, told", [
    ({}, set()),
    ({"virtual_mailbox_maps": "inline:{ recu@example.fr=a/ }"},
     {"unsubscribe@example.fr"}),
    ({"virtual_mailbox_maps": "inline:{ julie@example.fr=a/ }"},
     {"recu@example.fr", "unsubscribe@example.fr"}),
    ({"virtual_mailbox_maps": "inline:{ julie@example.fr=a/ }",
      "virtual_alias_maps": "inline:{ @example.fr=julie@example.fr }"},
     set()),
    ({"virtual_mailbox_domains": "", "mydestination": "x.example, example.fr",
      "local_recipient_maps": "proxy:inline:{ recu=a, julie=b }"},
     {"unsubscribe@example.fr"}),
    ({"virtual_mailbox_domains": "", "mydestination": "example.fr",
      "local_recipient_maps": "inline:{ julie=b } ldap:/nowhere.cf"}, set()),
])
def test_addresses_that_postfix_would_refuse_are_named(lab, settings, told):
    kept = dict(lab.sender.settings)
    lab.sender.settings.update(settings)
    lab.sender.write_conf()
    try:
        texts = [f["text"] for f in findings(lab)
                 if f["check"] == "recipient" and f["grade"] == "fail"]
    finally:
        lab.sender.settings = kept
        lab.sender.write_conf()
    assert {text.split()[3] for text in texts} == told


def test_who_is_not_root_is_told():
    # The tree may lie where nobody but root may look.
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        program = shutil.copy(BUILD / "avis", folder)
        conf = folder / "avis.conf"
        conf.write_text('host = "x";\nreceipts = "recu@example.fr";\n')
        words = [program, "doctor", "--no-dns", "--conf", conf]
        for who, is_told in ((["setpriv", "--reuid=65534", "--regid=65534",
                               "--clear-groups"], True), ([], False)):
            done = subprocess.run(who + words, capture_output=True,
                                  text=True, check=False)
            assert "ok " in done.stdout
            assert ("warn  this is not root" in done.stdout) == is_told


def test_no_colours_in_a_pipe(lab):
    done = lab.avis.run("doctor", "--no-dns", "--postfix",
                        str(lab.sender.conf), check=False)
    assert "\033" not in done.stdout
    last = done.stdout.rstrip().rsplit("\n", 1)[-1]
    assert " ok, " in last and "failure" in last


def test_wrong_use_exits_2(lab):
    for word in ("--nonsense", "extra"):
        assert lab.avis.run("doctor", word, check=False).returncode == 2


def test_settings_that_cannot_be_read_are_a_failure(lab):
    path = lab.place.path / "broken.conf"
    path.write_text("host = ;\n")
    done = lab.place.run([BUILD / "avis", "doctor", "--conf", path],
                         check=False)
    assert done.returncode == 1
    assert "FAIL" in done.stdout and "avis check --conf" in done.stdout
