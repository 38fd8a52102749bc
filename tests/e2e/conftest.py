"""Fixtures of the end-to-end tests: one lab for each module."""

import os

import pytest

from tests.e2e.people import POLICY, SETTINGS
from tests.lab.avis import BUILD
from tests.lab.labs import Lab


def pytest_collection_modifyitems(items):
    """Without root there is no Postfix; say so, once for each test."""
    reason = ""
    if os.getuid() != 0:
        reason = "needs root, as Postfix does"
    for item in items:
        if reason and "e2e" in str(item.path):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def programs():
    for name in ("avis", "avis-milter", "avis-web"):
        if not (BUILD / name).exists():
            pytest.exit(f"{BUILD / name} is not there; run make first", 2)


@pytest.fixture(scope="module")
def lab(request):
    """A module may set LAB = {...}: words for Lab()."""
    words = {"policy": POLICY, "settings": SETTINGS,
             **getattr(request.module, "LAB", {})}
    with Lab(**words) as running:
        yield running
        # With a sanitizer in it the program speaks up when it ends.
        for program in filter(None, [running.avis, running.web]):
            if program.is_running():
                assert program.stop() == 0
            program.check_log()
