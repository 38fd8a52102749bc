"""`make demo` itself: it tells its story and leaves nothing behind."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.lab.waiting import wait_until

TREE = pathlib.Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(TREE / "tests" / "demo" / "demo.py")]


def start(tmp_path, **env):
    return subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), **env})


@pytest.fixture
def reachable(tmp_path):
    """A place for temporary files that Postfix's user may pass through."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o011 != 0o011:
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


def left_behind(tmp_path):
    """Files, and processes that have something to do with them."""
    found = [str(p) for p in tmp_path.iterdir()]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode()
            where = os.readlink(process / "cwd")
        except OSError:
            continue
        if str(tmp_path) in words or where.startswith(str(tmp_path)):
            found.append(words.replace("\0", " "))
    return found


def test_demo_tells_its_story(reachable):
    with start(reachable) as demo:
        text = demo.communicate(timeout=100)[0]
    assert demo.returncode == 0, text
    assert re.search(r"\+ Reply-To: +Service client", text)
    assert "state: displayed by the recipient's mail program" in text
    assert "state: answered by the recipient" in text
    assert "state: could not be delivered" in text
    assert re.search(r"List-Unsubscribe-Post: +List-Unsubscribe=One-Click",
                     text)
    assert "200: it is on disk" in text
    assert "5.7.1 the recipient unsubscribed from newsletter" in text
    assert "Everything is stopped and removed." in text
    assert "\033" not in text  # no colours: this is no terminal
    assert [line for line in text.splitlines() if len(line) > 100] == []
    assert left_behind(reachable) == []


@pytest.mark.parametrize("number, code", [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
@pytest.mark.parametrize("moment", ["Starting", "files and logs",
                                    "The other side answers"])
def test_demo_stopped_at_any_moment_leaves_nothing(reachable, number, code,
                                                   moment):
    with start(reachable) as demo:
        said = ""
        for line in demo.stdout:
            said += line
            if moment in line:
                break
        demo.send_signal(number)
        said += demo.stdout.read()
    assert demo.returncode == code, said
    # Killed, it can only be cleaned up after.
    deadline = time.monotonic() + 15
    while left_behind(reachable) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_behind(reachable) == []


def test_demo_kept_running_takes_mail(reachable):
    with start(reachable, KEEP="1") as demo:
        lines = []
        for line in demo.stdout:
            lines.append(line.strip())
            if "kill -HUP" in line:
                break
        text = "\n".join(lines)
        letter = "From: julie@example.fr\nTo: anne@example.com\n\nhello\n"
        (sendmail,) = re.findall(r"(?m)^(sendmail -C .*) <", text)
        subprocess.run(sendmail.split(), input=letter, text=True, check=True)
        (proof,) = re.findall(r"(?m)^(\S*avis proof .*)$", text)

        def is_known():
            done = subprocess.run([*proof.split(), "--json"], text=True,
                                  capture_output=True, check=False)
            return '"julie@example.fr"' in done.stdout
        wait_until(is_known, "our own mail in the record")
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()
    assert demo.returncode == 130
    assert left_behind(reachable) == []
