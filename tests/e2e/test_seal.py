"""Sealing: what avis signs is good for openssl, and nothing waits for it."""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

from tests.e2e.people import letter, send_and_receive, wait_case
from tests.e2e.test_journal import entries
from tests.lab.avis import BUILD
from tests.lab.seals import Seals
from tests.lab.waiting import wait_until


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def root(leaves):
    """RFC 6962, 2.1, by its definition."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root(leaves[:split])
                          + root(leaves[split:])).digest()


@pytest.fixture(scope="module")
def seals(lab):
    seals = Seals(lab.place, lab.avis)
    yield seals
    seals.close()


def send_one(lab):
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    return wait_case(lab, got, "delivered")


@pytest.fixture(scope="module")
def sealed(lab, seals):
    """Two passes, with the writer at work."""
    for _ in range(2):
        send_one(lab)
        seals.run()
    return seals


def newest(seals):
    path = seals.heads()[-1]
    return path, json.loads(path.read_bytes())


def test_CHAIN_4_a_head_is_the_root_of_what_is_there(lab, sealed):
    path, head = newest(sealed)
    assert len(sealed.heads()) >= 2
    log = lab.avis.journal / "mail.milter" / f"{head['segment']:08}.log"
    there = list(entries(log))[:head["size"]]
    assert len(there) == head["size"] >= 4
    assert root([leaf(e) for e in there]).hex() == head["root"]
    assert hashlib.sha256(there[-1]).hexdigest() == head["last"]
    before = sealed.heads()[-2].read_bytes()
    assert hashlib.sha256(before).hexdigest() == head["prev"]


def test_JCS_1_a_head_is_canonical(sealed):
    path, head = newest(sealed)
    assert path.read_bytes() == json.dumps(
        head, sort_keys=True, separators=(",", ":")).encode()


def test_CMS_1_openssl_verifies_the_signature(lab, sealed):
    path, _ = newest(sealed)
    sealed.ca.openssl("cms", "-verify", "-binary", "-cades", "-inform",
                      "DER", "-in", f"{path}.p7s", "-content", path,
                      "-CAfile", sealed.ca.root, "-purpose", "any",
                      "-out", "/dev/null")
    shown = sealed.ca.openssl("cms", "-cmsout", "-print", "-inform", "DER",
                              "-in", f"{path}.p7s").stdout
    for attribute in ("contentType", "messageDigest", "signingTime",
                      "signingCertificateV2"):
        assert f"id-smime-aa-{attribute}" in shown or attribute in shown
    assert "sha256" in shown


def test_TSA_2_the_stamp_is_over_the_signature(lab, sealed):
    path, _ = newest(sealed)

    def verify(data):
        return lab.place.run(
            ["openssl", "ts", "-verify", "-data", data, "-in",
             f"{path}.tsr", "-CAfile", sealed.tsa.root], check=False)

    assert verify(f"{path}.p7s").returncode == 0
    assert verify(path).returncode != 0


def test_TSA_1_the_request_is_as_it_should_be(lab, sealed):
    shown = lab.place.run(["openssl", "ts", "-query", "-in",
                           sealed.tsa.folder / "query.tsq", "-text"]).stdout
    assert "Version: 1" in shown
    assert "sha256" in shown
    assert "Certificate required: yes" in shown
    assert "Nonce: 0x" in shown


def test_nothing_new_no_head(sealed):
    before = len(sealed.heads())
    assert "0 heads" in sealed.run().stdout
    assert len(sealed.heads()) == before


def test_CMS_5_sealing_needs_no_keys(lab, seals):
    """Its user can read no .keys: here they are out of the way."""
    spare = lab.place.path / "keys-away"
    send_one(lab)
    lab.avis.stop()
    spare.mkdir()
    moved = list((lab.avis.journal / "mail.milter").glob("*.keys"))
    for path in moved:
        shutil.move(path, spare / path.name)
    try:
        before = len(seals.heads())
        seals.run()
        assert len(seals.heads()) == before + 1
    finally:
        for path in moved:
            shutil.move(spare / path.name, path)
        lab.avis.launch()


def test_TSA_4_an_authority_that_is_away(lab, seals):
    seals.tsa.is_away = True
    try:
        send_one(lab)
        done = seals.run(check=False)
    finally:
        seals.tsa.is_away = False
    assert done.returncode == 1
    # The questions of the tests are in a journal of their own.
    waiting = int(re.search(r"(\d+) pending", done.stdout)[1])
    assert waiting >= 1 and "503" in done.stderr
    path, _ = newest(seals)
    assert path.with_name(path.name + ".p7s").exists()
    stamp = path.with_name(path.name + ".tsr")
    assert not stamp.exists()
    assert re.search(r"mail\.milter: .* 1 stamps pending",
                     seals.run("status").stdout)
    stamped = int(re.search(r"(\d+) time-stamped", seals.run().stdout)[1])
    assert stamped >= waiting
    assert stamp.exists()


def test_TSA_1_a_stamp_of_something_else_is_not_taken(lab, seals):
    """An authority that answers with an old stamp."""
    seals.run()
    good = seals.tsa.answer
    old = seals.heads()[0].with_name(seals.heads()[0].name
                                     + ".tsr").read_bytes()
    seals.tsa.answer = lambda query: old
    try:
        send_one(lab)
        done = seals.run(check=False)
    finally:
        seals.tsa.answer = good
    assert "of no use" in done.stderr and "something else" in done.stderr
    path, _ = newest(seals)
    assert not path.with_name(path.name + ".tsr").exists()
    seals.run()


def test_TSA_1_a_stranger_as_authority(lab, seals):
    seals.settings["authority_ca"] = str(seals.ca.root)
    seals.write()
    try:
        send_one(lab)
        done = seals.run(check=False)
    finally:
        seals.settings["authority_ca"] = str(seals.tsa.root)
        seals.write()
    assert "no certificate that you trust" in done.stderr
    seals.run()


@pytest.fixture
def archive(lab):
    return lab.place.folder("custodian")


class Inbox(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        self.got.append(json.loads(
            self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_CHAIN_4_custodians_get_each_head(lab, seals, archive, collector):
    send_one(lab)
    seals.settings |= {
        "custodians": [str(archive), "mailto:anne@example.com",
                       f"http://127.0.0.1:{collector.server_port}/heads"]}
    lab.avis.settings["relay"] = f"smtp://127.0.0.1:{lab.sender.port('own')}"
    seals.write()
    try:
        seals.run("--now")
        kept = sorted((archive / "mail.milter").glob("*.json"))
        assert [p.read_bytes() for p in kept] == \
            [p.read_bytes() for p in seals.heads()]
        assert len(list((archive / "mail.milter").glob("*.tsr"))) == \
            len(kept)
        path, head = newest(seals)
        assert Inbox.got[-1]["head"] == head
        assert base64.b64decode(Inbox.got[-1]["signature"]) == \
            path.with_name(path.name + ".p7s").read_bytes()
        mails = wait_until(
            lambda: [m for m in lab.inbox("anne@example.com").messages()
                     if "avis: head" in str(m["Subject"])],
            "the custodian's mail", 30, lab.logs())
        parts = {p.get_filename(): p.get_payload(decode=True)
                 for p in mails[-1].parsed.walk() if p.get_filename()}
        assert parts[path.name] == path.read_bytes()
        assert mails[-1]["Auto-Submitted"] == "auto-generated"
        # Nothing goes twice; but that mail is in the record, too.
        seals.settings["custodians"].pop(1)
        seals.write()
        seals.run("--now")
        assert "0 copies" in seals.run("--now").stdout
        # A head that was made anew is noticed where the old one lies.
        (archive / "mail.milter" / path.name).write_bytes(b"{}")
        note = [p for p in (seals.folder / "mail.milter").iterdir()
                if p.name.startswith("custodian-")]
        for p in note:
            p.write_text("0\n")
        done = seals.run(check=False)
        assert "made anew" in done.stderr
    finally:
        seals.settings["custodians"] = []
        seals.write()


def test_journal_verify_looks_at_heads(lab, sealed):
    shown = lab.avis.run("journal verify").stdout
    assert "sealed by" in shown
    path = sealed.heads()[1]
    good = path.read_bytes()
    try:
        path.write_bytes(good.replace(b'"root":"', b'"root":"0', 1))
        done = lab.avis.run("journal verify", check=False)
        assert done.returncode == 1 and "head 2" in done.stdout
    finally:
        path.write_bytes(good)


def test_a_journal_made_anew_is_not_sealed(lab, seals):
    """Whole and well chained, but not what was sealed."""
    lab.avis.stop()
    home = lab.avis.journal / "mail.milter"
    spare = lab.place.path / "the-true-journal"
    shutil.move(home, spare)
    try:
        lab.avis.launch()
        send_one(lab)
        lab.avis.stop()
        before = len(seals.heads())
        done = seals.run(check=False)
        assert done.returncode == 1
        assert "no longer there as it was" in done.stderr
        assert len(seals.heads()) == before
        done = lab.avis.run("journal verify", check=False)
        assert done.returncode == 1 and "sealed" in done.stdout
    finally:
        shutil.rmtree(home)
        shutil.move(spare, home)
        lab.avis.launch()


def test_CMS_1_a_weak_key_is_refused(lab, seals):
    key, certificate = seals.ca.certify("weak", "seal", kind="2048")
    good = dict(seals.settings)
    seals.settings |= {"key": str(key), "certificate": str(certificate)}
    seals.write()
    try:
        done = seals.run(check=False)
        assert done.returncode == 1 and "3072" in done.stderr
    finally:
        seals.settings.update(good)
        seals.write()


def test_TSA_3_certificates_are_kept_when_they_change(lab, seals):
    good = dict(seals.settings)
    key, certificate = seals.ca.certify("avis seal 2", "seal")
    chain = seals.chain.with_name("chain2.pem")
    chain.write_bytes(certificate.read_bytes() + seals.ca.root.read_bytes())
    seals.settings |= {"key": str(key), "certificate": str(chain)}
    seals.write()
    try:
        seals.run()
    finally:
        seals.settings.update(good)
        seals.write()
    assert len(list((seals.folder / "trust").glob("seal-*.pem"))) >= 2
    assert list((seals.folder / "trust").glob("authority-*.pem"))


def test_CMS_5_a_key_in_a_token(lab, seals):
    """PKCS#11, with a software token."""
    tokens = lab.place.folder("tokens")
    conf = lab.place.path / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tokens}\n"
                    "objectstore.backend = file\nlog.level = ERROR\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(conf)}
    lab.place.run(["softhsm2-util", "--init-token", "--free", "--label",
                   "avis", "--pin", "1234", "--so-pin", "5678"],
                  env=environment)
    key, certificate = seals.ca.certify("in a token", "seal")
    lab.place.run(["softhsm2-util", "--import", key, "--token", "avis",
                   "--label", "seal", "--id", "01", "--pin", "1234"],
                  env=environment)
    pin = lab.place.path / "pin"
    pin.write_text("1234")
    module = str(next(pathlib.Path("/usr/lib").glob(
        "**/softhsm/libsofthsm2.so")))
    good = dict(seals.settings)
    chain = seals.chain.with_name("token.pem")
    chain.write_bytes(certificate.read_bytes() + seals.ca.root.read_bytes())
    seals.settings |= {
        "key": f"pkcs11:token=avis;object=seal;pin-source=file:{pin}",
        "certificate": str(chain)}
    seals.write()
    send_one(lab)
    try:
        environment["PKCS11_MODULE_PATH"] = module
        before = len(seals.heads())
        lab.place.run([BUILD / "avis",
                       "seal", "--conf", lab.avis.conf], env=environment)
        assert len(seals.heads()) == before + 1
        path, _ = newest(seals)
        shown = subprocess.run(
            ["openssl", "cms", "-verify", "-binary", "-inform", "DER",
             "-in", f"{path}.p7s", "-content", path, "-CAfile",
             seals.ca.root, "-purpose", "any", "-out", "/dev/null"],
            capture_output=True)
        assert shown.returncode == 0, shown.stderr
    finally:
        seals.settings.update(good)
        seals.write()


def symptoms(lab):
    done = lab.avis.run("doctor", "--json", "--no-dns", check=False)
    found = {}
    for one in json.loads(done.stdout)["findings"]:
        found.setdefault(one["check"], []).append(one)
    return found


def test_doctor_looks_at_seals(lab, seals):
    send_one(lab)
    seals.run()
    seen = symptoms(lab)
    assert seen["seal"][0]["grade"] == "ok"
    assert seen["seal-certificate"][0]["grade"] == "ok"
    # In the lab everything is root's.
    assert "belongs to the user" in seen["seal-key"][0]["text"]
    assert "nobody outside" in seen["seal-custodian"][0]["text"]
    os.chown(seals.key, 65534, -1)
    assert symptoms(lab)["seal-key"][0]["grade"] == "ok"
    seals.key.chmod(0o640)
    assert symptoms(lab)["seal-key"][0]["grade"] == "fail"
    seals.key.chmod(0o600)
    os.chown(seals.key, 0, -1)


def test_doctor_sees_a_journal_that_cannot_be_read(lab, seals):
    """One of an earlier version, which its writer alone may read."""
    log = sorted((lab.avis.journal / "mail.milter").glob("*.log"))[0]
    mode = log.stat().st_mode
    log.chmod(0o600)
    try:
        found = symptoms(lab)["seal-journal"][0]
        assert found["grade"] == "fail" and log.name in found["text"]
        assert "chmod g+r" in found["remedy"]
    finally:
        log.chmod(mode)
    assert "seal-journal" not in symptoms(lab)


def test_doctor_sees_what_waits(lab, seals):
    good = dict(seals.settings)
    seals.settings |= {"custodians": ["/nonexistent/custodian"],
                       "stamp_within": "1min"}
    seals.write()
    seals.tsa.is_away = True
    try:
        send_one(lab)
        seals.run(check=False)
        assert "wait for their time stamp" in \
            symptoms(lab)["seal-stamps"][0]["text"]
    finally:
        seals.tsa.is_away = False
        seals.settings.clear()
        seals.settings.update(good)
        seals.write()
    seals.run()
    assert "seal-stamps" not in symptoms(lab)
