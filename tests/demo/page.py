"""How the demonstration looks: at most 100 columns, colours on terminals."""

import os
import sys
import textwrap

WIDTH = 100
TRACE = ("return-path", "x-original-to", "delivered-to", "received")
_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32"}
_is_colourful = (sys.stdout.isatty() and "NO_COLOR" not in os.environ
                 and os.environ.get("TERM", "") != "dumb")


def paint(colour, text):
    if not _is_colourful:
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


def say(text="", indent=0):
    """A paragraph, wrapped."""
    space = " " * indent
    print(textwrap.fill(" ".join(text.split()), WIDTH,
                        initial_indent=space, subsequent_indent=space,
                        break_on_hyphens=False), flush=True)


def title(text):
    print("\n" + paint("bold", text), flush=True)


def row(left, right):
    """A line of two columns."""
    space = " " * 26
    lines = textwrap.wrap(right, WIDTH - 26, break_on_hyphens=False) or [""]
    print(f"  {left:<24}" + ("\n" + space).join(lines), flush=True)


def command(text):
    print("    " + paint("dim", "$ ") + cut(text, WIDTH - 6), flush=True)


def paste(text):
    """A command for the reader to copy: never cut."""
    print("      " + text, flush=True)


def cut(text, width):
    return text if len(text) <= width else text[:width - 1] + "…"


def block(text, indent=6):
    """What a program printed; lines too long are cut and marked."""
    for line in text.rstrip("\n").split("\n"):
        print((" " * indent + cut(line, WIDTH - indent)).rstrip(),
              flush=True)


def fields(head):
    """[(name, value)] of a header block, folds undone."""
    found = []
    for line in head:
        if line[:1] in " \t" and found:
            found[-1] = (found[-1][0], found[-1][1] + " " + line.strip())
        elif ":" in line:
            name, _, value = line.partition(":")
            found.append((name, value.strip()))
    return found


def difference(sent, received):
    """[("-" or "+", name, value)]: header fields that are not the same.

    sent and received are lists of header lines. What mail servers write on
    the way is left out.
    """
    old = fields(sent)
    new = [f for f in fields(received) if f[0].lower() not in TRACE]
    same = {(n.lower(), v) for n, v in old} & {(n.lower(), v)
                                               for n, v in new}
    changes = [("-", n, v) for n, v in old if (n.lower(), v) not in same]
    changes += [("+", n, v) for n, v in new if (n.lower(), v) not in same]
    # What replaces a field stands right under it.
    first = {}
    for number, (_, name, _) in enumerate(changes):
        first.setdefault(name.lower(), number)
    return sorted(changes, key=lambda c: (first[c[1].lower()], c[0] == "+"))


def show_difference(changes):
    width = max((len(name) for _, name, _ in changes), default=0) + 1
    for sign, name, value in changes:
        line = cut(f"{sign} {name + ':':<{width}} {value}", WIDTH - 6)
        print("      " + paint("green" if sign == "+" else "red", line),
              flush=True)
