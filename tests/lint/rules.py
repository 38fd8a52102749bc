#!/usr/bin/python3
"""Which rules of the standards have a test, and where they are cited.

A test holds a rule when its name says so (test_REP_4_..., in C or Python)
or when a case file or a docstring names it (REP-4).
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from source import Tree, line_of  # noqa: E402

TOP = Path(__file__).resolve().parents[2]


def later_rules(tree):
    """Ids that may be cited and that this release does not answer for."""
    return {rule for line in tree.text("tests/lint/rules.txt").splitlines()
            if line.startswith("later:") for rule in line.split()[1:]}


def read_rules(tree):
    """{id: title} from rules.txt."""
    found = {}
    for line in tree.text("tests/lint/rules.txt").splitlines():
        if line and not line.startswith(("#", "later:")):
            rule, _, title = line.partition(" ")
            found[rule] = title.strip()
    return found


def families(known):
    return sorted({rule.rpartition("-")[0] for rule in known},
                  key=len, reverse=True)


def cited(text, names):
    """(id, line) of each mention. REP-4, and REP_4 in a function's name."""
    mark = "|".join(map(re.escape, names))
    pattern = re.compile(
        rf"(?:(?<![\w-])({mark})-(\d+[a-z]?)(?![\w-]*@)|"
        rf"(?<=test_)({mark.replace('-', '_')})_(\d+[a-z]?)(?=_))")
    for match in pattern.finditer(text):
        family = match[1] or match[3].replace("_", "-")
        number = match[2] or match[4]
        yield f"{family}-{number}", line_of(text, match.start())
    # Ranges and pairs in one name: test_X_1_X_3_...
    for match in re.finditer(r"\btest_((?:[A-Z][A-Z0-9]*_\d+_)+)", text):
        parts = re.findall(r"([A-Z][A-Z0-9]*)_(\d+)_", match[1])
        for family, number in parts[1:]:
            if family in names:
                yield f"{family}-{number}", line_of(text, match.start())


def collect(tree, known):
    tests, code = {}, {}
    names = families(known)
    for name in tree.files:
        if name.startswith(("tests/lint/", "tests/mail/")) or \
                not name.endswith((".c", ".h", ".py", ".case", ".txt", ".json",
                                   ".1", ".5", ".8")):
            continue
        place = tests if name.startswith("tests/") else code
        # A case bears its rule in its name.
        text = tree.text(name) + "\n" + Path(name).name
        for rule, _ in cited(text, names):
            # EVD-7a speaks of a part of EVD-7.
            rule = rule if rule in known else rule.rstrip("abc")
            place.setdefault(rule, set()).add(name)
    return tests, code


def show(rule, title, where):
    print(f"  {rule:<9} {title[:46]:<46}  {where}")


def short(files):
    names = sorted(Path(f).name for f in files)
    more = f" +{len(names) - 2}" if len(names) > 2 else ""
    return " ".join(names[:2]) + more


def main():
    tree = Tree(TOP)
    known = read_rules(tree)
    tests, code = collect(tree, known)
    print("With a test:")
    for rule, title in known.items():
        if rule in tests:
            show(rule, title, short(tests[rule]))
    print("\nWithout a test:")
    for rule, title in known.items():
        if rule not in tests:
            cites = "cited in " + short(code[rule]) if rule in code else ""
            show(rule, title, cites)
    held = sum(rule in tests for rule in known)
    print(f"\n{held} of {len(known)} rules have a test, "
          f"{sum(r in code for r in known)} are cited in the code")


if __name__ == "__main__":
    main()
