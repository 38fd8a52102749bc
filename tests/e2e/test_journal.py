"""The journal: what stands in it, and that it cannot be bent unseen."""

import shutil
import struct

import pytest

from tests.e2e.people import letter, send_and_receive, wait_case
from tests.lab.avis import BUILD


@pytest.fixture(scope="module")
def written(lab):
    """A few messages, then the daemon at rest; the segment files."""
    for _ in range(3):
        got = send_and_receive(lab, letter("recouvrement@example.fr"))
        wait_case(lab, got, "delivered")
    lab.avis.stop()
    return sorted(lab.avis.journal.rglob("*.log"))


def entries(path):
    """The chain entries in one segment, as they stand on the disk."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        (size, _) = struct.unpack_from("<II", data, at)
        (length,) = struct.unpack_from("<I", data, at + 8)
        yield data[at + 12:at + 12 + length]
        at += 8 + size


def test_verify_is_content_with_an_honest_journal(lab, written):
    done = lab.avis.run("journal verify")
    assert done.returncode == 0


def test_CHAIN_6a_nothing_personal_in_the_chain(written):
    found = [entry for path in written for entry in entries(path)]
    assert len(found) >= 6
    for entry in found:
        assert b"@" not in entry
        assert b"recouvrement" not in entry


def test_no_clear_address_anywhere_in_the_journal(lab, written):
    for path in lab.avis.journal.rglob("*"):
        if path.is_file():
            assert b"recouvrement@example.fr" not in path.read_bytes()


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_CHAIN_3_one_changed_byte_is_found(lab, written, where):
    path = written[-1]
    spare = path.with_suffix(".spare")
    shutil.copy(path, spare)
    data = bytearray(path.read_bytes())
    data[int(len(data) * where)] ^= 1
    path.write_bytes(data)
    try:
        done = lab.avis.run("journal verify", check=False)
    finally:
        shutil.move(spare, path)
    assert done.returncode == 1
    assert path.name in done.stdout + done.stderr


def test_CHAIN_3_a_dropped_entry_is_found(lab, written):
    path = written[-1]
    data = path.read_bytes()
    (size, _) = struct.unpack_from("<II", data, 0)
    first = 8 + size
    (size, _) = struct.unpack_from("<II", data, first)
    path.write_bytes(data[:first] + data[first + 8 + size:])
    try:
        done = lab.avis.run("journal verify", check=False)
    finally:
        path.write_bytes(data)
    assert done.returncode == 1


def test_a_torn_tail_is_cut_and_told(lab, written):
    """What a crash in the middle of a write leaves behind."""
    path = written[-1]
    before = list(entries(path))
    with path.open("ab") as out:
        out.write(b"\x90\x01\x00\x00torn")
    lab.avis.launch()
    try:
        got = send_and_receive(lab, letter("recouvrement@example.fr"))
        wait_case(lab, got, "delivered")
    finally:
        lab.avis.stop()
    lab.avis.run("journal verify")
    after = [entry for p in sorted(path.parent.glob("*.log"))
             for entry in entries(p)]
    assert after[:len(before)] == before
    assert any(b'"gap"' in e for e in after[len(before):])


def test_one_writer_at_a_time(lab, written):
    lab.avis.launch()
    try:
        done = lab.place.run([BUILD / "avis-milter", "--conf",
                              lab.avis.conf], check=False, timeout=10)
        assert done.returncode != 0
        assert lab.avis.is_running()
        send_and_receive(lab, letter("julie@example.fr"))
    finally:
        lab.avis.stop()


def test_files_are_for_the_owner_only(lab, written):
    for path in [lab.avis.keys, *lab.avis.journal.rglob("*")]:
        assert path.stat().st_mode & 0o007 == 0, path
