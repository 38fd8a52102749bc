"""avis check: what it prints, and its exit codes."""

import json
import os
import pathlib
import subprocess

import pytest

TREE = pathlib.Path(__file__).resolve().parents[2]
AVIS = os.environ.get("AVIS_BIN", str(TREE / "build" / "avis"))
SAMPLES = {name: (TREE / "conf" / name).read_text()
           for name in ("avis.conf", "policy.conf")}


def check(folder, *options, **files):
    for name, text in {**SAMPLES, **files}.items():
        (folder / name).write_text(text)
    return subprocess.run([AVIS, "check", "--conf", folder / "avis.conf",
                           *options],
                          capture_output=True, text=True, check=False,
                          timeout=20)


def with_policy(old, new):
    assert old in SAMPLES["policy.conf"]
    return {"policy.conf": SAMPLES["policy.conf"].replace(old, new)}


def test_samples_are_good_without_a_warning(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == ("avis.conf and policy.conf are good: 4 classes, "
                           "1 sender rule\n")


def test_slip_is_shown_with_file_line_and_remedy(tmp_path):
    done = check(tmp_path, **with_policy('"mailto"', '"mail-to"'))
    line = 1 + SAMPLES["policy.conf"].partition('"mailto"')[0].count("\n")
    place = f"policy.conf:{line}: "
    assert done.returncode == 1
    assert done.stdout == (
        f'{place}classes.newsletter.unsubscribe: "mail-to" is not one of '
        "none, mailto, one-click\n"
        f'{" " * len(place)}did you mean "mailto"?\n'
        "1 error; nothing was changed\n")


def test_reader_lint_and_patterns_speak_in_one_pass(tmp_path):
    policy = SAMPLES["policy.conf"].replace(
        'unsubscribe = "mailto";',
        'unsubscribe = "mailto"; receipts = { reading = true; }; '
        'confirm = true;').replace('"boutique@*"', '"/(/"')
    settings = SAMPLES["avis.conf"].replace('"info"', '"loud"')
    done = check(tmp_path, **{"avis.conf": settings, "policy.conf": policy})
    assert done.returncode == 1
    assert "avis.conf:" in done.stdout and '"loud"' in done.stdout
    assert ("classes.newsletter: a marketing class asks reading receipts "
            "(receipts.reading = true)\n") in done.stdout
    assert 'classes.service.when.from: "/(/": ' in done.stdout
    assert "warning: classes.newsletter: confirm without a notice" in done.stdout
    assert done.stdout.endswith("3 errors, 1 warning; nothing was changed\n")


def test_warnings_alone_are_good(tmp_path):
    done = check(tmp_path, **with_policy('"mailto"', '"one-click"'))
    assert done.returncode == 0
    assert "LST-4" in done.stdout
    assert done.stdout.endswith("are good, with 2 warnings: 4 classes, "
                                "1 sender rule\n")


def test_quiet_prints_errors_only(tmp_path):
    done = check(tmp_path, "--quiet", **with_policy('"mailto"',
                                                    '"one-click"'))
    assert (done.returncode, done.stdout) == (0, "")
    done = check(tmp_path, "--quiet", **with_policy('"mailto"', '"x"'))
    assert done.returncode == 1
    assert "error;" not in done.stdout


def test_json_says_the_same(tmp_path):
    done = check(tmp_path, "--json", **with_policy('"mailto"', '"mail-to"'))
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert (said["good"], said["errors"], said["warnings"]) == (False, 1, 0)
    assert (said["classes"], said["senders"]) == (4, 1)
    finding, = said["findings"]
    assert finding["file"] == "policy.conf"
    assert finding["setting"] == "classes.newsletter.unsubscribe"
    assert finding["level"] == "error"
    assert finding["remedy"] == 'did you mean "mailto"?'


def test_broken_syntax_ends_the_reading(tmp_path):
    done = check(tmp_path, "--json", **{"policy.conf": "classes = (\n"})
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert [f["text"] for f in said["findings"]] == [
        "the ( in this line is never closed"]
    assert "classes" not in said


@pytest.mark.parametrize("arguments", [["x"], ["--conf"], ["--what"]])
def test_wrong_use(arguments):
    done = subprocess.run([AVIS, "check", *arguments], capture_output=True,
                          text=True, check=False, timeout=20)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


def test_no_such_file(tmp_path):
    done = subprocess.run([AVIS, "check", "--conf", tmp_path / "none.conf"],
                          capture_output=True, text=True, check=False,
                          timeout=20)
    assert done.returncode == 1
    assert "there is no such file" in done.stdout


def with_hours(text):
    return with_policy('    cap = "4/30d";\n',
                       f'    cap = "4/30d"; {text}\n')


def test_a_zone_that_is_none_is_told(tmp_path):
    done = check(tmp_path, **with_hours('hours = "08:00-20:00 Europe/Pari";'))
    assert done.returncode == 1
    assert ('classes.newsletter.hours: "08:00-20:00 Europe/Pari": there is no '
            'time zone "Europe/Pari" here') in done.stdout
    assert "timedatectl list-timezones" in done.stdout


def test_hours_that_are_none_are_told_by_the_word(tmp_path):
    done = check(tmp_path, **with_hours('hours = "mon-fry 8:00 UTC";'))
    assert done.returncode == 1
    assert 'has "mon-fry", which is neither hours (08:00-20:00) nor days' \
        in done.stdout


def test_holidays_are_read_with_the_settings(tmp_path):
    days = tmp_path / "days"
    hours = f'hours = "mon 08:00-20:00 UTC"; holidays = "{days}";'
    done = check(tmp_path, **with_hours(hours))
    assert done.returncode == 1 and "classes.newsletter.holidays" in \
        done.stdout
    days.write_text("# days\n2026-02-30\n")
    done = check(tmp_path, **with_hours(hours))
    assert done.returncode == 1 and "line 2 is not a day" in done.stdout
    days.write_text("12-25\n2026-05-14 # Ascension\n")
    assert check(tmp_path, **with_hours(hours)).returncode == 0


def test_hours_that_never_come_are_refused(tmp_path):
    days = tmp_path / "days"
    days.write_text("".join(f"{month:02}-{day:02}\n" for month in range(1, 13)
                            for day in range(1, 30)) +
                    "".join(f"{month:02}-{30:02}\n" for month in range(1, 13)
                            if month != 2) +
                    "".join(f"{month:02}-31\n"
                            for month in (1, 3, 5, 7, 8, 10, 12)))
    done = check(tmp_path, **with_hours(
        f'hours = "00:00-24:00 UTC"; holidays = "{days}";'))
    assert done.returncode == 1
    assert "never open: every such day is a holiday" in done.stdout


def test_a_block_that_is_not_there(tmp_path):
    policy = SAMPLES["policy.conf"].replace(
        'unsubscribe = "mailto";',
        'unsubscribe = "mailto"; footer = [ "reasurance" ];')
    done = check(tmp_path, **{"policy.conf": policy})
    assert done.returncode == 1
    assert ('classes.newsletter.footer: there is no block "reasurance"\n'
            in done.stdout)
    assert 'did you mean "reassurance"?\n' in done.stdout


def test_blocks_of_ones_own(tmp_path):
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    (blocks / "hello.fr.txt").write_text("Bonjour {{name}}\n")
    (blocks / "half.en.txt").write_text("Half\n")
    (blocks / "odd.txt").write_text("Odd\n")
    settings = SAMPLES["avis.conf"] + f'\nblocks = "{blocks}";\n'
    done = check(tmp_path, **{"avis.conf": settings})
    assert done.returncode == 1
    assert f"{blocks}/hello.fr.txt:1: blocks: " in done.stdout
    assert "half.en has a text and no HTML" in done.stdout
    assert f"{blocks}/odd.txt" in done.stdout
    for name in blocks.iterdir():
        name.unlink()
    for ending in ("en.txt", "en.html", "fr.txt", "fr.html"):
        (blocks / f"hello.{ending}").write_text("{{organisation}}\n")
    policy = SAMPLES["policy.conf"].replace(
        'unsubscribe = "mailto";',
        'unsubscribe = "mailto"; footer = [ "hello" ];')
    done = check(tmp_path, **{"avis.conf": settings, "policy.conf": policy})
    assert done.returncode == 0, done.stdout
