#!/usr/bin/python3
"""unit.py FOLDER [PATTERN]: runs the cmocka programs in FOLDER.

Shows each program with its counts, the output of what failed, and what a
program that skipped something had to say about it.
"""
import fnmatch
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from totals import Totals  # noqa: E402

TIMEOUT_S = 300
PLAN = re.compile(r"^1\.\.(\d+)$", re.M)
PASSED = re.compile(r"^ok \d+ - ", re.M)
SKIPPED = re.compile(r"^not ok \d+ # SKIP (.*)$", re.M)


def run(program):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", LC_ALL="C")
    try:
        done = subprocess.run([str(program)], env=env, timeout=TIMEOUT_S,
                              stdout=subprocess.PIPE, errors="replace",
                              stderr=subprocess.STDOUT)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        return f"{text}\nstopped after {TIMEOUT_S} s\n", 1


def judge(output, code):
    """A test of the plan that never reported counts as failed (a crash)."""
    planned = sum(map(int, PLAN.findall(output)))
    totals = Totals(len(PASSED.findall(output)), 0,
                    len(SKIPPED.findall(output)))
    totals.failed = planned - totals.passed - totals.skipped
    if code != 0 and totals.failed <= 0:
        totals.failed = 1
    return totals


def show(program, totals, output):
    print(f"  {program.name:<32} {totals}")
    if totals.failed:
        print("    " + output.rstrip().replace("\n", "\n    "))
    elif totals.skipped:
        for line in output.splitlines():
            if not re.match(r"ok \d+ - |1\.\.\d+$|# (not )?ok - ", line):
                print(f"    {line}")


def main():
    folder = Path(sys.argv[1])
    pattern = sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else "*"
    programs = sorted(p for p in folder.glob("test_*")
                      if p.is_file() and not p.suffix
                      and fnmatch.fnmatch(p.name, pattern))
    sum_of_all = Totals()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for program, (output, code) in zip(programs, pool.map(run, programs)):
            totals = judge(output, code)
            show(program, totals, output)
            sum_of_all.add(totals)
    sum_of_all.finish()


main()
