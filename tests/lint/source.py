"""The tree that lint looks at: files, rooms, adapters, code without text."""
import re
import subprocess
from functools import cached_property
from pathlib import Path

COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
SKIPPED = ("build/", "build-", ".git/")


def blank(match):
    """White space of the same shape, so that line numbers stay right."""
    text = match.group()
    if text[0] in "\"'":
        return text[0] + text[0]
    return " " + "\n" * text.count("\n")


class Tree:
    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def files(self):
        """Names of all that is, or is about to be, in the repository."""
        try:
            out = subprocess.run(
                ["git", "-C", str(self.root), "ls-files", "-z", "--cached",
                 "--others", "--exclude-standard"], check=True,
                capture_output=True).stdout.decode()
            names = out.split("\0")
        except (OSError, subprocess.CalledProcessError):
            names = [str(p.relative_to(self.root))
                     for p in self.root.rglob("*") if p.is_file()]
        return sorted(n for n in set(names) if n
                      and not n.startswith(SKIPPED)
                      and "__pycache__" not in n
                      and (self.root / n).is_file())

    @cached_property
    def _texts(self):
        return {}

    def text(self, name):
        if name not in self._texts:
            raw = (self.root / name).read_bytes()
            self._texts[name] = raw.decode("utf-8", "replace")
        return self._texts[name]

    def code(self, name):
        """C without comments and with empty strings."""
        return COMMENT_OR_TEXT.sub(blank, self.text(name))

    @cached_property
    def makefile(self):
        return re.sub(r"\\\n", " ", self.text("Makefile"))

    @cached_property
    def uses(self):
        """{room: rooms it may use}, as the link lines have it."""
        rows = re.findall(r"^USES_(\w+) *=(.*)$", self.makefile, re.M)
        return {room: set(rest.split()) for room, rest in rows}

    @cached_property
    def adapters(self):
        """{library: files that may see it}"""
        rest = re.search(r"^ADAPTERS =(.*)$", self.makefile, re.M).group(1)
        found = {}
        for item in rest.split():
            file, library = item.split(":")
            found.setdefault(library, set()).add(file + ".c")
        return found

    def room(self, name):
        first = name.split("/")[0]
        return first if first in self.uses else None

    @cached_property
    def c_files(self):
        return [n for n in self.files if n.endswith((".c", ".h"))]

    @cached_property
    def room_files(self):
        return [n for n in self.c_files if self.room(n)]


def line_of(text, position):
    return text.count("\n", 0, position) + 1
