"""The manual pages name every setting, its default and every option."""

import os
import pathlib
import re
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
AVIS = os.environ.get("AVIS_BIN", str(TREE / "build" / "avis"))
PAGES = {"avis.conf": TREE / "conf" / "avis.conf.5",
         "avis-policy": TREE / "conf" / "avis-policy.5",
         "avis": TREE / "cli" / "avis.1",
         "avis-milter": TREE / "milter" / "avis-milter.8",
         "avis-web": TREE / "web" / "avis-web.8",
         "avis-journal": TREE / "record" / "avis-journal.5",
         "avis-store": TREE / "record" / "avis-store.5",
         "avis-archive": TREE / "record" / "avis-archive.5",
         "avis-bundle": TREE / "record" / "avis-bundle.5"}
# Options of a daemon, and the page that has them.
DAEMONS = ["avis-milter", "avis-web"]
# These have no subsection of their own name: the top of avis.conf.
TOP = ["This machine", "Addresses", "The record"]


def run(*arguments):
    return subprocess.run([AVIS, *arguments], capture_output=True, text=True,
                          check=False, timeout=20)


def rows():
    done = run("check", "--rows")
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def subsections(page):
    """Name -> text of every .Ss."""
    parts = re.split(r"(?m)^\.S[sh] ", page.read_text())
    found = {}
    for part in parts[1:]:
        name, _, text = part.partition("\n")
        found[name] = text
    return found


def page_of(group):
    place = "avis-policy" if group.startswith(("classes", "senders")) \
        else "avis.conf"
    return PAGES[place]


def items(text):
    """Name -> text of every .It Ic of a list, but not of lists inside."""
    found, depth, name = {}, 0, None
    for line in text.splitlines():
        depth += line.startswith(".Bl") - line.startswith(".El")
        start = re.match(r"\.It Ic (\w+)$", line)
        if start and depth == 1:
            name = start.group(1)
            found[name] = ""
        elif name is not None:
            found[name] += line + "\n"
    return found


def described(group):
    parts = subsections(page_of(group))
    names = [group] if group else TOP
    return {k: v for name in names for k, v in items(parts[name]).items()}


def plain(text):
    text = re.sub(r"\\\(dq|\"|\\&", "", text)
    return re.sub(r"(?m)^\.[A-Z][a-z]+ (?:[A-Z][a-z] )?", "", text)


def test_table_of_settings_is_there():
    assert len(rows()) > 50
    assert all(len(row) == 5 for row in rows())


@pytest.mark.parametrize("row", rows(), ids=lambda r: ".".join(r[:2]))
def test_setting_is_described(row):
    group, name, kind, standard, _ = row
    entry = described(group).get(name)
    assert entry is not None, f"{page_of(group).name}: no {group} {name}"
    if standard not in ("", '""', "[ ]", "{ }"):
        assert "Default:" in entry
        assert plain(standard) in plain(entry.partition("Default:")[2])
    if "|" in kind and kind != "true | false":
        for word in re.findall(r"[a-z-]+", kind.removeprefix("list of ")):
            assert word in plain(entry), word


@pytest.mark.parametrize("group", sorted({row[0] for row in rows()}))
def test_nothing_is_described_that_is_not_there(group):
    known = {row[1] for row in rows() if row[0] == group}
    assert set(described(group)) <= known


def subcommands():
    return re.findall(r"(?m)^  (\w+) +\S", run("--help").stdout)


def test_help_lists_the_subcommands():
    assert {"check", "try", "doctor", "proof", "journal"} <= set(
        subcommands())


@pytest.mark.parametrize("command", subcommands())
def test_subcommand_has_a_section(command):
    assert command in subsections(PAGES["avis"])


@pytest.mark.parametrize("command", subcommands())
def test_options_of_the_help_are_in_the_manual_and_back(command):
    text = run(command, "--help").stdout
    assert text, f"avis {command} --help says nothing"
    section = subsections(PAGES["avis"])[command]
    helped = set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", text)) - {"help"}
    written = set(re.findall(r"(?m)^\.It .*?Fl -([a-z][a-z-]+)", section))
    assert written == helped


@pytest.mark.parametrize("name", DAEMONS)
def test_options_of_a_daemon_are_in_its_manual_and_back(name):
    text = subprocess.run([pathlib.Path(AVIS).with_name(name), "--help"],
                          capture_output=True, text=True, check=True).stdout
    written = set(re.findall(r"(?m)^\.It .*?Fl -([a-z][a-z-]+)",
                             PAGES[name].read_text()))
    assert written
    assert written == set(re.findall(r"--([a-z][a-z-]+)", text))


def templates():
    return sorted(p.name for p in (TREE / "web" / "templates").iterdir())


@pytest.mark.parametrize("name", templates())
def test_template_of_the_pages_is_in_the_manual(name):
    assert name in PAGES["avis-web"].read_text()


@pytest.mark.parametrize("name", PAGES)
def test_mandoc_is_content(name):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style",
                           PAGES[name]],
                          capture_output=True, text=True, check=False)
    said = [line for line in done.stdout.splitlines()
            if "referenced manual not found" not in line]
    assert said == []


@pytest.mark.parametrize("name", PAGES)
def test_lint_rule_in_the_manual_is_one_that_is_known(name):
    known = (TREE / "tests" / "lint" / "rules.txt").read_text()
    for rule in re.findall(r"\b([A-Z][A-Z0-9]+-\d+)\b",
                           PAGES[name].read_text()):
        if not rule.startswith(
                ("RFC", "UTF", "SHA", "AES", "HMAC")):
            assert re.search(rf"\b{rule}\b", known), rule
