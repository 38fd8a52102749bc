#!/usr/bin/python3
"""lint.py [CHECK...]: the rules of the house that machines can hold.

Without names all of them run, fast ones first; "fast" stands for those that
only read text, and the format.
"""
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "run")]
import checks  # noqa: E402
import selftest  # noqa: E402
import tools  # noqa: E402
from source import Tree  # noqa: E402
from totals import Totals  # noqa: E402

SHOWN = 40
FAST = {check.__name__ for check in checks.TABLE} | {"scripts", "formatted"}


def run(check, tree):
    """(findings, why it was left out)"""
    try:
        return list(check(tree)), ""
    except tools.Missing as missing:
        return [], str(missing)


def show(check, found, why, seconds):
    name = check.__name__.strip("_")
    word = "skip" if why else "FAIL" if found else "ok"
    summary = (check.__doc__ or "").strip().splitlines()[0]
    print(f"  {word:<5} {name:<11} {summary}  ({seconds:.1f} s)")
    if why:
        print(f"        {why}")
    for line in found[:SHOWN]:
        print(f"        {line}")
    if len(found) > SHOWN:
        print(f"        and {len(found) - SHOWN} more")
    sys.stdout.flush()


def chosen(names):
    table = checks.TABLE + [selftest.selftest] + tools.TABLE
    by_name = {check.__name__.strip("_"): check for check in table}
    if not names:
        return table
    if names == ["fast"]:
        return [check for check in table if check.__name__ in FAST]
    unknown = [name for name in names if name not in by_name]
    if unknown:
        sys.exit(f"no such check: {unknown[0]}; there are: fast "
                 + " ".join(by_name))
    return [by_name[name] for name in names]


def main():
    tree = Tree(HERE.parents[1])
    totals = Totals()
    for check in chosen(sys.argv[1:]):
        started = time.monotonic()
        found, why = run(check, tree)
        show(check, found, why, time.monotonic() - started)
        totals.add(Totals(0, 0, 1) if why else
                   Totals(0, 1) if found else Totals(1))
    totals.finish()


main()
