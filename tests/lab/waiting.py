"""Waiting for a condition, with a deadline and a message that helps."""

import time

STEP_S = 0.02
DEADLINE_S = 20


class LabError(Exception):
    """Something the lab needs did not work; the text says where to look."""


def tail(path, lines=15):
    """The end of a log for an error message."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return f"    ({path} is not there)"
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def wait_until(condition, what, timeout=DEADLINE_S, logs=()):
    """Gives the first true value of condition(), or raises LabError.

    `what` completes the sentence "waited 20 s for ..."; the ends of `logs`
    are shown with it.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            break
        time.sleep(STEP_S)
    text = f"waited {timeout} s for {what}, in vain"
    for log in logs:
        text += f"\n  end of {log}:\n{tail(log)}"
    raise LabError(text)
