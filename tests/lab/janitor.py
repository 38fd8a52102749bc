"""Runs beside a lab and cleans up when the lab dies without doing so.

Reads lines from a pipe that only the lab holds: "dir PATH", "group PID",
"gone PID". When the pipe ends - the lab has ended, or was killed - it ends
the process groups still listed and removes the directories. Started as a
program of its own, in its own session: a Ctrl-C or a closed terminal does
not reach it.
"""

import os
import pathlib
import shutil
import signal
import sys
import time

GRACE_S = 5


def read_orders():
    folders, groups = [], []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "dir":
            folders.append(rest)
        elif word == "keep" and rest in folders:
            folders.remove(rest)
        elif word == "group":
            groups.append(int(rest))
        elif word == "gone" and int(rest) in groups:
            groups.remove(int(rest))
    return folders, groups


def send(group, number):
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def living_groups():
    """Groups with a member that is more than an uncollected dead entry."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if state not in "ZX":
            found.add(int(group))
    return found


def end_groups(groups):
    for group in reversed(groups):
        # A stopped process must go on to hear that it shall end.
        send(group, signal.SIGCONT)
        send(group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while living_groups().intersection(groups):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    for group in groups:
        send(group, signal.SIGKILL)


def remove(folder):
    """A command that nobody had time to tell of may still write there."""
    deadline = time.monotonic() + GRACE_S
    while os.path.exists(folder) and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.2)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folders, groups = read_orders()
    end_groups(groups)
    for folder in folders:
        remove(folder)


if __name__ == "__main__":
    main()
