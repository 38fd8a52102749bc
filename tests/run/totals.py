"""How the steps of `make check` tell what they did.

Every step ends with one line, alone: "N passed, N failed, N skipped".
Whoever runs steps reads such lines and adds them up; a step that does not
say it, or that ran nothing, has failed.
"""
import re
import sys
from dataclasses import dataclass

LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


@dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self):
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    @property
    def count(self):
        return self.passed + self.failed + self.skipped

    def finish(self):
        """Prints the line and ends the process with the right code."""
        print(self, flush=True)
        sys.exit(1 if self.failed or not self.count else 0)


def sum_of_lines(output):
    """All such lines of a step's output added up, or None."""
    found = LINE.findall(output)
    if not found:
        return None
    totals = Totals()
    for numbers in found:
        totals.add(Totals(*map(int, numbers)))
    return totals
