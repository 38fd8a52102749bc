#!/usr/bin/python3
"""cases.py PYTEST-ARGUMENTS: pytest, ending in the line that steps end in."""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from totals import Totals  # noqa: E402


def count(report):
    totals = Totals()
    try:
        suites = xml.parse(report).getroot().iter("testsuite")
    except (OSError, xml.ParseError):
        return totals
    for suite in suites:
        ran, skipped = int(suite.get("tests")), int(suite.get("skipped"))
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        totals.add(Totals(ran - failed - skipped, failed, skipped))
    return totals


def main():
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = subprocess.call(
            [sys.executable, "-m", "pytest", "-q", "-rsxX", "--tb=short",
             "-p", "no:cacheprovider", f"--basetemp={folder}/tmp",
             f"--junitxml={report}"] + sys.argv[1:],
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        totals = count(report)
    # A collection error has an exit code and, at times, no failed test.
    if code not in (0, 5) and not totals.failed:
        totals.failed = 1
    totals.finish()


main()
