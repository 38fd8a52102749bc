"""Evidence bundles: checked with openssl alone, and bent in every way."""

import base64
import datetime
import hashlib
import io
import json
import pathlib
import re
import subprocess
import tarfile

import pytest

from tests.e2e.people import (letter, send_and_receive, token_of,
                              wait_case)
from tests.e2e.test_seal import leaf
from tests.lab.authority import Authority, TimeStampAuthority, now
from tests.lab.avis import BUILD
from tests.lab.bundles import Bundle
from tests.lab.seals import Seals
from tests.lab.waiting import wait_until


@pytest.fixture(scope="module")
def seals(lab):
    seals = Seals(lab.place, lab.avis)
    yield seals
    seals.close()


@pytest.fixture(scope="module")
def case(lab, seals):
    """A message with its report, and others around it in the journal."""
    send_and_receive(lab, letter("julie@example.fr"))
    got = send_and_receive(lab, letter("recouvrement@example.fr"))
    found = wait_case(lab, got, "delivered")
    send_and_receive(lab, letter("julie@example.fr"))
    return found["message"] if isinstance(found, dict) else found


@pytest.fixture(scope="module")
def name(lab, case):
    shown = lab.avis.proof("--from", "recouvrement@example.fr")
    return shown["messages"][0]["message"]


def make(lab, name, path, *words):
    return lab.avis.run("proof", "--bundle", path, *words, name)


@pytest.fixture(scope="module")
def folder(lab, name):
    path = lab.place.path / "bundle"
    make(lab, name, path, "--case", "2026-118")
    return path


@pytest.fixture
def bundle(folder):
    return Bundle.read(folder)


class Checks:
    """Both verifiers, on a bundle that was bent."""

    def __init__(self, lab, seals):
        self.lab = lab
        self.seals = seals
        self.path = lab.place.path / "bent"

    def avis(self, bundle, *words, trust=True):
        bundle.write(self.path)
        anchors = ["--seal-ca", self.seals.ca.root, "--tsa-ca",
                   self.seals.tsa.root] if trust else []
        return subprocess.run([BUILD / "avis", "verify", *anchors, *words,
                               self.path], capture_output=True, text=True)

    def script(self, bundle, *words, trust=True, shell="sh"):
        bundle.write(self.path)
        mine = pathlib.Path(__file__).parents[2] / "record/verify.sh"
        anchors = ["--seal-ca", self.seals.ca.root, "--tsa-ca",
                   self.seals.tsa.root] if trust else []
        return subprocess.run([shell, mine, *anchors, *words, self.path],
                              capture_output=True, text=True)

    def refuse(self, bundle, named, step=None, words=("", "")):
        """Both fail, in that step, and name what is wrong."""
        for run, more in ((self.avis, words[0]), (self.script, words[1])):
            done = run(bundle, *([more] if isinstance(more, str) and more
                                 else more or []))
            failures = [line for line in done.stdout.splitlines()
                        if line.startswith("FAIL")]
            assert done.returncode == 1, done.stdout + done.stderr
            assert any(named in line and (step is None or
                                          line.split()[1] == step)
                       for line in failures), (run.__name__, failures)

    def accept(self, bundle, *words, script=()):
        done = self.avis(bundle, *words)
        assert done.returncode == 0, done.stdout
        done = self.script(bundle, *script)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def checks(lab, seals):
    return Checks(lab, seals)


# --- what is in it ----------------------------------------------------------

def test_a_bundle_is_good_to_both(checks, bundle):
    checks.accept(bundle)
    said = checks.avis(bundle).stdout
    for limit in ("anybody read", "who was at", "another server",
                  "the clocks", "not a\nqualified"):
        assert limit in said
    assert len([n for n in bundle if n.startswith("events/")]) >= 2
    assert len([n for n in bundle if n.startswith("payload/")]) >= 4


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_script_in_the_bundle_runs_by_itself(folder, shell):
    done = subprocess.run([shell, "verify.sh"], cwd=folder,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "certificates in the bundle are taken" in done.stdout
    assert done.stderr == ""


def test_BND_1_every_file_is_under_a_sum(bundle):
    listed = [line.split("  ")[1] for line in
              bundle["SHA256SUMS"].decode().splitlines()]
    assert listed == sorted(listed)
    last = {"SHA256SUMS", "SHA256SUMS.sealed", "manifest.json",
            "manifest.json.p7s", "manifest.json.tsr"}
    assert set(listed) | last == set(bundle) and not set(listed) & last
    for n in bundle:
        assert n.isascii() and " " not in n
        if not n.endswith((".p7s", ".tsr", ".salt", ".eml")):
            assert b"\r" not in bundle[n]


def test_BND_2_the_same_request_gives_the_same_bytes(lab, name, folder,
                                                     bundle):
    path = lab.place.path / "again"
    make(lab, name, path, "--case", "2026-118")
    assert Bundle.read(path) == bundle


def test_BND_2_a_tar_depends_on_nothing_but_its_bytes(lab, name, bundle):
    paths = [lab.place.path / "one.tar", lab.place.path / "two.tar"]
    for path in paths:
        make(lab, name, path, "--case", "2026-118")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with tarfile.open(fileobj=io.BytesIO(paths[0].read_bytes())) as tar:
        names = [m.name for m in tar.getmembers()]
        assert names == sorted(names)
        assert {(m.mtime, m.uid, m.gid) for m in tar.getmembers()} == \
            {(0, 0, 0)}
        tops = {n.split("/")[0] for n in names}
        inside = {n.split("/", 1)[1]: tar.extractfile(n).read()
                  for n in names}
    assert inside == bundle and len(tops) == 1
    done = subprocess.run([BUILD / "avis", "verify", paths[0]])
    assert done.returncode == 0


def page(lab, *words):
    path = lab.place.path / "certificate.pdf"
    lab.avis.run("proof", "--pdf", path, *words)
    text = lab.place.run(["pdftotext", "-layout", path, "-"]).stdout
    return " ".join(text.split())


def test_TSA_2_a_certificate_names_its_seals(lab, name, folder, bundle):
    """The head, its root, who stamped it and when; or that nobody did."""
    head = json.loads(bundle["chain/head-001.json"])
    shown = page(lab, name)
    last = int(head["first"]) + head["size"] - 1
    assert f"head {head['number']}, entries {head['first']}–{last}" in shown
    assert head["root"] in shown and "time-stamped on" in shown
    assert "not yet" not in shown
    assert "horodaté le" in page(lab, "--lang", "fr", name)
    got = send_and_receive(lab, letter("julie@example.fr"))
    wait_case(lab, got, "submitted")
    assert re.search("not yet [1-9] of the entries named above",
                     page(lab, token_of(got)))


def test_BND_3_others_are_bare_hashes(lab, bundle):
    """Neither the entries nor the names of other people's mail."""
    everything = b"".join(bundle.values())
    assert b"julie@example.fr" not in everything
    manifest = json.loads(bundle["manifest.json"])
    assert manifest["qualified"] is False
    head = json.loads(bundle["chain/head-001.json"])
    assert head["size"] > len(manifest["events"])
    ours = {n for n in bundle if n.startswith("events/")}
    assert len(ours) == len(manifest["events"])


def test_BND_7_the_readme_says_what_it_does_not_show(bundle):
    text = bundle["README.txt"].decode()
    for words in ("anybody read", "who was at the\n   screen",
                  "another server took it over", "the clocks",
                  "not a qualified one", "n'est pas qualifie",
                  "Que quelqu'un a lu"):
        assert words.replace("\n   ", " ") in " ".join(text.split()) or \
            words in text


def test_the_readme_by_hand(folder):
    """The four commands that it names do what it says."""
    text = (folder / "README.txt").read_text()
    start = text.index("By hand")
    block = text[start:text.index("When a certificate has expired")]
    lines = block.splitlines()[1:]
    script = "\n".join(line[4:] for line in lines if line.startswith("    "))
    script = script.replace("(the time)", "| grep 'Time stamp'")
    done = subprocess.run(["sh", "-e", "-c", script], cwd=folder,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Time stamp" in done.stdout


def test_CHAIN_1_the_path_by_hand(bundle):
    """An entry's audit path, climbed by a few lines of other code."""
    place = dict(line.split(" ", 1) for line in
                 bundle["chain/001.txt"].decode().splitlines()
                 if not line.startswith("path"))
    path = [bytes.fromhex(line.split()[1]) for line in
            bundle["chain/001.txt"].decode().splitlines()
            if line.startswith("path")]

    def climb(lo, hi, index, path):
        if hi - lo == 1:
            return leaf(bundle["events/001.json"])
        split = 1
        while split * 2 < hi - lo:
            split *= 2
        other = path[-1]
        if index < lo + split:
            mine = climb(lo, lo + split, index, path[:-1])
            return hashlib.sha256(b"\1" + mine + other).digest()
        mine = climb(lo + split, hi, index, path[:-1])
        return hashlib.sha256(b"\1" + other + mine).digest()

    head = json.loads(bundle[f"chain/head-{place['head']}.json"])
    assert climb(0, head["size"], int(place["index"]), path).hex() == \
        head["root"]


def test_the_sealing_process_signs_for_others(lab, seals, name):
    """Who asks may not read the key: a manifest waits for its answer."""
    good = seals.settings["key"]
    path = lab.place.path / "asked"
    elsewhere = lab.place.path / "no-such-key"
    seals.settings["key"] = str(elsewhere)
    seals.write()
    asking = subprocess.Popen(
        [BUILD / "avis", "proof", "--conf", lab.avis.conf, "--case", "other",
         "--bundle", path, name], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    try:
        requests = pathlib.Path(seals.settings["requests"])
        wait_until(lambda: list(requests.iterdir()), "a request", 20)
        seals.settings["key"] = good
        seals.write()
        seals.run()
        said, _ = asking.communicate(timeout=40)
        assert asking.returncode == 0, said
        assert list(requests.iterdir()) == []
    finally:
        seals.settings["key"] = good
        seals.write()
        asking.kill()
        asking.wait()
    done = subprocess.run([BUILD / "avis", "verify", "-q", path])
    assert done.returncode == 0


def test_CMS_5_only_manifests_are_signed_for_others(seals, bundle):
    """A head, or anything else, cannot be had signed by asking."""
    requests = pathlib.Path(seals.settings["requests"])
    forged = bundle["chain/head-001.json"].replace(b'"size":', b'"size":1')
    asked = requests / f"{hashlib.sha256(forged).hexdigest()[:32]}.json"
    asked.write_bytes(forged)
    (requests / ("a" * 32 + ".json")).write_bytes(bundle["manifest.json"])
    done = seals.run(check=False)
    assert "0 bundles signed" in done.stdout and done.returncode == 1
    assert list(requests.iterdir()) == []


# --- BND-4: every byte ------------------------------------------------------

def test_BND_4_every_byte_flipped_is_caught(lab, seals, folder):
    """What avis verify does, for each byte, in one process: of the two files
    over 4 KiB, README.txt and verify.sh, for each 13th."""
    done = lab.place.run([BUILD / "tests/bench/bench_bundle", "flip", folder,
                          seals.ca.root, seals.tsa.root], check=False,
                         timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    sizes = {n: len(data) for n, data in Bundle.read(folder).items()}
    assert {n for n in sizes if sizes[n] > 4096} <= {"README.txt",
                                                     "verify.sh"}
    flips = sum(-(-size // (13 if size > 4096 else 1))
                for size in sizes.values())
    assert f"{flips} flips" in done.stdout


def test_BND_4_the_script_catches_flips_too(checks, bundle):
    """verify.sh: a byte of each file, and three where no sum is signed."""
    for target in sorted(bundle):
        size = len(bundle[target])
        last = target.startswith(("manifest", "SHA256SUMS"))
        for at in sorted({0, size // 2, size - 1} if last else {size // 2}):
            done = checks.script(bundle.copy().flip(target, at))
            assert done.returncode == 1, (target, at)
            assert any(target in line for line in done.stdout.splitlines()
                       if line.startswith("FAIL")), (target, at, done.stdout)


# --- BND-4: by people who make good what covers the change ------------------

def entries_of(bundle):
    return sorted(n for n in bundle if n.startswith("events/"))


def test_BND_4_dropped(checks, bundle):
    number = entries_of(bundle)[-1][7:10]
    for n in list(bundle):
        if f"/{number}." in n:
            del bundle[n]
    checks.refuse(bundle, f"events/{number}.json", "files")
    checks.refuse(bundle.copy().resum(), "manifest.json.p7s", "manifest")


def test_BND_4_extra(checks, bundle):
    bundle["events/900.json"] = b"{}"
    checks.refuse(bundle, "events/900.json", "files")
    del bundle["events/900.json"]
    bundle["log/maillog.txt"] = b"said so\n"
    checks.refuse(bundle, "log/maillog.txt", "files")


def test_BND_4_a_change_with_new_sums(checks, bundle):
    bundle["payload/001.json"] = bundle["payload/001.json"].replace(
        b"example.fr", b"example.eu")
    checks.refuse(bundle.resum(), "manifest.json.p7s", "manifest")


def test_BND_4_a_change_signed_by_us(checks, seals, bundle):
    """Our own key cannot make another entry true: the head is older."""
    bundle["payload/001.json"] = bundle["payload/001.json"].replace(
        b"example.fr", b"example.eu")
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, "payload/001.json", "payload")
    c = base64.urlsafe_b64encode(hashlib.sha256(
        bundle["payload/001.salt"] + bundle["payload/001.json"]).digest())
    entry = json.loads(bundle["events/001.json"])
    entry["c"] = c.rstrip(b"=").decode()
    bundle["events/001.json"] = json.dumps(
        entry, sort_keys=True, separators=(",", ":")).encode()
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, "events/001.json", "tree")


def swap(bundle, one, two, folders=("events", "payload", "chain",
                                    "reports")):
    for f in folders:
        for ending in ("json", "salt", "txt", "eml"):
            a, b = f"{f}/{one}.{ending}", f"{f}/{two}.{ending}"
            first, second = bundle.pop(a, None), bundle.pop(b, None)
            if second is not None:
                bundle[a] = second
            if first is not None:
                bundle[b] = first
    return bundle


def test_BND_4_reordered(checks, seals, bundle):
    swap(bundle, "001", "002")
    checks.refuse(bundle.copy(), "001.json", "sums")
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, "", "order")


def test_BND_4_entries_in_each_others_place(checks, seals, bundle):
    swap(bundle, "001", "002", folders=("events", "payload"))
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, "events/001.json", "place")


def test_BND_4_a_foreign_entry(checks, seals, bundle):
    """Well formed, committed to, signed by us; but under no head."""
    entry = json.loads(bundle["events/002.json"])
    entry["k"] = "confirmed"
    bundle["events/002.json"] = json.dumps(
        entry, sort_keys=True, separators=(",", ":")).encode()
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, "events/002.json", "tree")


def test_BND_4_a_head_in_a_gap(checks, seals, bundle):
    """Whoever may ask for a bundle gets a manifest signed, and no head: one
    that lies where none is looked for makes no entry true."""
    entry = json.loads(bundle["events/001.json"])
    entry["k"] = "confirmed"
    bundle["events/001.json"] = json.dumps(
        entry, sort_keys=True, separators=(",", ":")).encode()
    head = json.loads(bundle["chain/head-001.json"]) | {
        "first": int(entry["seq"]), "size": 1, "number": 500,
        "root": leaf(bundle["events/001.json"]).hex()}
    manifest = json.loads(bundle["manifest.json"])
    for number in (500, 0):
        forged = bundle.copy()
        forged[f"chain/head-{number:03}.json"] = json.dumps(
            head, sort_keys=True, separators=(",", ":")).encode()
        forged["chain/001.txt"] = (
            f"log_id {entry['w']}\nseq {entry['seq']}\n"
            f"head {number:03}\nindex 0\nsize 1\n").encode()
        for ending in ("json", "salt"):
            forged.pop(f"payload/001.{ending}")
        for at, event in enumerate(manifest["events"]):
            if at == 0:
                event |= {"head": number, "index": 0}
        forged.put_manifest(manifest).resum()
        forged.resign(seals.key, seals.chain, seals.tsa)
        checks.refuse(forged, f"head-{number:03}.json")
        done = checks.avis(forged)
        assert "events/001.json: its head" in done.stdout


@pytest.mark.parametrize("stray", [
    "events/900.json", "events/1.json", "payload/900.json", "payload/002.jso",
    "chain/900.txt", "chain/head-900.json.tsr", "log/other.txt", "x.pdf",
    "events/.json"])
def test_BND_4_a_file_that_no_step_looks_at(checks, seals, bundle, stray):
    """A sum that a manifest names does not say that it is ours."""
    bundle[stray] = b"said so\n"
    bundle.resum().resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, stray, "files")


def test_BND_4_a_name_that_speaks_to_the_terminal(checks, bundle):
    bundle["\x1b[2J\x1b[Hok"] = b""
    bundle["SHA256SUMS"] += b"0" * 64 + b"  \x1b[1A\x9b2K\n"
    for run in (checks.avis, checks.script):
        done = run(bundle)
        assert done.returncode == 1
        assert "\x1b" not in done.stdout and "FAIL" in done.stdout


def test_BND_4_entries_of_another_message(lab, checks, seals, bundle):
    """Each is genuine, but not about what the manifest says."""
    manifest = json.loads(bundle["manifest.json"])
    manifest["message"] = "a" * len(manifest["message"])
    bundle.put_manifest(manifest).resign(seals.key, seals.chain, seals.tsa)
    checks.refuse(bundle, "events/001.json", "order")


def test_BND_4_a_head_made_for_it_by_a_stranger(lab, checks, seals, bundle):
    stranger = Authority(lab.place, "stranger")
    key, certificate = stranger.certify("stranger", "seal")
    head = json.loads(bundle["chain/head-001.json"])
    head["root"] = leaf(bundle["events/001.json"]).hex()
    bundle["chain/head-001.json"] = json.dumps(
        head, sort_keys=True, separators=(",", ":")).encode()
    bundle.resign(key, certificate, seals.tsa, "chain/head-001.json")
    bundle.resum().resign(key, certificate, seals.tsa)
    bundle["trust/seal-roots.pem"] = stranger.root.read_bytes()
    bundle.resum().resign(key, certificate, seals.tsa)
    checks.refuse(bundle, "no certificate that you trust", "manifest")
    checks.refuse(bundle, "chain/head-001.json.p7s", "head")


def test_BND_5_the_bundles_own_anchors_prove_nothing(lab, checks, seals,
                                                     bundle):
    """What a stranger signed is good to his own certificates only."""
    other = Authority(lab.place, "other-ca")
    key, certificate = other.certify("other", "seal")
    for n in [n for n in bundle if n.startswith("chain/head-")
              and n.endswith(".json")]:
        bundle.resign(key, certificate, seals.tsa, n)
    bundle["trust/seal-roots.pem"] = other.root.read_bytes()
    bundle.resum().resign(key, certificate, seals.tsa)
    done = checks.avis(bundle, trust=False)
    assert done.returncode == 0 and "are taken" in done.stdout
    checks.refuse(bundle, "no certificate that you trust")


def test_BND_4_swapped_stamps(checks, seals, bundle):
    a, b = "manifest.json.tsr", "chain/head-001.json.tsr"
    bundle[a], bundle[b] = bundle[b], bundle[a]
    checks.refuse(bundle.reseal(), "manifest.json.tsr: it is the time stamp "
                  "of something else", "manifest")
    checks.refuse(bundle, "chain/head-001.json.tsr: it is the time stamp of "
                  "something else", "head")


def test_TSA_2_a_stamp_over_the_manifest_itself(checks, seals, bundle):
    bundle["manifest.json.tsr"] = seals.tsa.stamp(bundle["manifest.json"])
    checks.refuse(bundle.reseal(), "manifest.json.tsr", "manifest")


def test_BND_4_a_foreign_time_stamp_authority(lab, checks, seals, bundle):
    tsa = TimeStampAuthority(lab.place, "other-tsa")
    try:
        bundle.resign(seals.key, seals.chain, tsa)
    finally:
        tsa.close()
    checks.refuse(bundle, "manifest.json.tsr: no certificate", "manifest")


def test_TSA_1_a_certificate_that_is_for_something_else(lab, checks, seals,
                                                        bundle):
    """The key of the seals plays authority."""
    tsa = TimeStampAuthority(lab.place, "unfit")
    try:
        tsa.key, tsa.certificate = tsa.certify("unfit", "seal")
        with pytest.raises(Exception):
            tsa.stamp(b"openssl does not even make one")
    finally:
        tsa.close()


def until(when):
    wait_until(lambda: now() > when, f"the clock to pass {when}", 30)


def test_CMS_4_an_expired_certificate(lab, checks, seals, bundle):
    """Of the signer: good as of the stamp; without a stamp only --at."""
    ends = now() + datetime.timedelta(seconds=4)
    key, certificate = seals.ca.certify("short", "seal", ends=ends)
    stamped = bundle.copy().resign(key, certificate, seals.tsa)
    bare = bundle.copy().resign(key, certificate)
    for n in ("seal.crl.pem",):
        assert f"trust/{n}" not in bundle
    moment = int(now().timestamp())
    until(ends)
    checks.accept(stamped)
    assert "expired after the stamp" in checks.avis(stamped).stdout
    checks.refuse(bare, "manifest.json.p7s: a certificate", "manifest")
    done = checks.avis(bare, "--at", datetime.datetime.fromtimestamp(
        moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert done.returncode == 0, done.stdout
    done = checks.script(bare, "--at", str(moment))
    assert done.returncode == 0, done.stdout


def test_CMS_4_an_expired_authority(lab, checks, seals, bundle):
    """Of the authority: only as of a time that the verifier names."""
    ends = now() + datetime.timedelta(seconds=4)
    good = seals.tsa.key, seals.tsa.certificate
    seals.tsa.key, seals.tsa.certificate = seals.tsa.certify(
        "short tsa", "tsa", ends=ends)
    try:
        bundle.resign(seals.key, seals.chain, seals.tsa)
        moment = int(now().timestamp())
    finally:
        seals.tsa.key, seals.tsa.certificate = good
    until(ends)
    checks.refuse(bundle, "manifest.json.tsr: a certificate", "manifest")
    done = checks.avis(bundle, "--at", datetime.datetime.fromtimestamp(
        moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert done.returncode == 0, done.stdout
    done = checks.script(bundle, "--at", str(moment))
    assert done.returncode == 0, done.stdout


def test_CMS_4_a_revoked_certificate(lab, checks, seals, bundle):
    ca = seals.ca
    key, certificate = ca.certify("to be revoked", "seal")
    bundle.resign(key, certificate, seals.tsa)
    before = lab.place.path / "before.pem"
    before.write_bytes(ca.crl().read_bytes())
    checks.accept(bundle, "--seal-crl", before,
                  script=("--seal-crl", before))
    ca.revoke(certificate)
    after = str(ca.crl())
    checks.refuse(bundle, "revoked", "manifest",
                  words=(["--seal-crl", after], ["--seal-crl", after]))


def test_CMS_4_no_list_that_fits(lab, checks, seals, bundle):
    other = Authority(lab.place, "another-ca")
    crl = str(other.crl())
    checks.refuse(bundle, "list of revoked", "manifest",
                  words=(["--seal-crl", crl], ["--seal-crl", crl]))


def test_CMS_2_line_ends_are_bytes(checks, bundle):
    """A text with CRLF and LF in it is signed as it is."""
    assert b"\n" in bundle["README.txt"]
    bundle["README.txt"] = bundle["README.txt"].replace(b"\n", b"\r\n")
    checks.refuse(bundle, "README.txt", "sums")


# --- what is sealed later, erased, or away ----------------------------------

def test_BND_2_the_later_bundle_covers_what_came_since(lab, seals, name):
    path = lab.place.path / "later"
    make(lab, name, path)
    assert subprocess.run([BUILD / "avis", "verify", "-q", path],
                          capture_output=True).returncode == 0


def test_CHAIN_6_an_erased_payload_leaves_a_stub(lab, checks, name, folder):
    """Its key is zeros: the entry is there, its content is not."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    last = manifest["events"][-1]
    lab.avis.stop()
    keys = next((lab.avis.journal / last["log_id"]).glob("*.keys"))
    good = keys.read_bytes()
    at = last["index"] * 32
    keys.write_bytes(good[:at] + bytes(32) + good[at + 32:])
    path = lab.place.path / "stub"
    try:
        make(lab, name, path)
    finally:
        keys.write_bytes(good)
        lab.avis.launch()
    bundle = Bundle.read(path)
    number = f"{len(manifest['events']):03}"
    assert f"events/{number}.json" in bundle
    assert f"payload/{number}.json" not in bundle
    checks.accept(bundle)
    assert "was erased" in checks.avis(bundle).stdout


def test_without_an_authority_it_says_so(lab, checks, seals, name):
    good = dict(seals.settings)
    seals.settings |= {"authority": "", "authority_ca": "/nonexistent",
                       "folder": str(lab.place.path / "unstamped")}
    del seals.settings["authority_ca"]
    seals.write()
    path = lab.place.path / "unstamped-bundle"
    try:
        make(lab, name, path)
    finally:
        seals.settings.clear()
        seals.settings.update(good)
        seals.write()
    bundle = Bundle.read(path)
    assert not [n for n in bundle if n.endswith(".tsr")]
    done = checks.avis(bundle)
    assert done.returncode == 0, done.stdout
    assert "not time-stamped" in done.stdout
    assert checks.script(bundle).returncode == 0
