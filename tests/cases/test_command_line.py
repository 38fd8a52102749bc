"""The programs' own options: what people type first."""
import os
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
AVIS = os.environ.get("AVIS_BIN", str(TREE / "build" / "avis"))
COMMANDS = ["check", "try", "doctor", "proof", "report", "journal", "consent", "rights", "hook", "stats",
            "key"]


def run(*words):
    return subprocess.run([AVIS, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_lists_the_commands(word):
    done = run(word)
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_version(word):
    assert run(word).stdout.startswith("avis ")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_on_a_command(command):
    long = run(command, "--help")
    assert (long.returncode, long.stderr) == (0, "")
    assert long.stdout.startswith(f"usage: avis {command} ")
    for same in (run(command, "-h"), run("help", command)):
        assert same.returncode == 0
        assert same.stdout == long.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_option_names_the_command_and_its_help(command):
    done = run(command, "--nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"avis {command}: ")
    assert f"`avis {command} --help` says more." in done.stderr


@pytest.mark.parametrize("words", [("prof",), ("help", "prof")])
def test_near_miss(words):
    done = run(*words)
    assert done.returncode == 2
    assert 'did you mean "proof"?' in done.stderr
