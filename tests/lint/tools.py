"""Checks that outside tools make. Each gives lines; none means all well."""
import hashlib
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPILER = ["-std=c11", "-D_DEFAULT_SOURCE", "-I.", "-DAVIS_VERSION=\"0\"",
            "-DAVIS_CONF=\"/etc/avis/avis.conf\"",
            "-DAVIS_STATE=\"/var/lib/avis\"",
            "-DAVIS_SHARE=\"/usr/share/avis\""]
MARKED = re.compile(r"^\S+:\d+:\d+: (?:warning|error|style)", re.M)


class Missing(Exception):
    """The tool is not on this machine."""


def run(tree, command):
    if not shutil.which(command[0]):
        raise Missing(f"{command[0]} is missing: "
                      "contrib/install-packages test")
    done = subprocess.run(command, cwd=tree.root, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def in_parallel(work, items):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(work, items):
            yield from found


def formatted(tree):
    """clang-format would change nothing: make fmt."""
    for start in range(0, len(tree.c_files), 40):
        code, out = run(tree, ["clang-format", "--dry-run", "-Werror",
                               *tree.c_files[start:start + 40]])
        if code:
            yield from sorted({
                f"{m[0]}: make fmt" for m in
                re.finditer(r"^[^\s:]+:\d+(?=:\d+: error)", out, re.M)}) \
                or [out]


def manuals(tree):
    """mandoc has nothing to say about a manual page."""
    for name in tree.files:
        if re.fullmatch(r"[a-z]+/[\w-]+\.[158]", name):
            _, out = run(tree, ["mandoc", "-T", "lint", "-W", "warning",
                                name])
            yield from out.splitlines()


def scripts(tree):
    """Shell that parses."""
    for name in tree.files:
        text = tree.text(name)
        match = re.match(r"#!/bin/(bash|sh)\b", text)
        if match:
            code, out = run(tree, [match[1], "-n", name])
            if code:
                yield out.strip()


def cppcheck(tree):
    """cppcheck, but for what tests/lint/cppcheck.txt excuses."""
    code, out = run(tree, [
        "cppcheck", "--quiet", "-j2", "--std=c11", "--error-exitcode=1",
        "--enable=warning,performance,portability", "--inline-suppr",
        "--suppressions-list=tests/lint/cppcheck.txt", "-I.",
        "--template={file}:{line}: {severity}: {message} [{id}]",
        "-D_DEFAULT_SOURCE", *[d for d in COMPILER if d.startswith("-DAVIS")],
        *[n for n in tree.c_files if n.endswith(".c")
          and not n.startswith("tests/unit/")]])
    if code:
        yield from out.splitlines()


def preprocessed(tree, name, extra):
    _, out = run(tree, ["clang", "-E", *COMPILER, *extra, name])
    return out


def clang_tidy(tree):
    """clang-tidy; a file that has not changed since it passed is left out.

    The analyzer takes seconds a file. What passed is remembered in
    build-lint/ by a digest of the preprocessed source and the rules.
    """
    _, extra = run(tree, ["pkg-config", "--cflags", *sorted(tree.adapters)])
    passed = tree.root / "build-lint"
    passed.mkdir(exist_ok=True)
    rules = (tree.root / ".clang-tidy").read_text()

    def check(name):
        source = preprocessed(tree, name, extra.split())
        digest = hashlib.sha256((rules + source).encode()).hexdigest()
        if (passed / digest).exists():
            return []
        code, out = run(tree, ["clang-tidy", "--quiet", name, "--",
                               *COMPILER, *extra.split()])
        if code == 0:
            (passed / digest).touch()
            return []
        found = [line for line in out.splitlines()
                 if re.match(r"\S+:\d+:\d+: (warning|error)", line)]
        root = str(Path(tree.root).resolve()) + "/"
        return [line.replace(root, "") for line in found] or [out[-500:]]

    yield from in_parallel(check, [n for n in tree.c_files
                                   if n.endswith(".c")
                                   and not n.startswith("tests/unit/")])


# Tables with pointers stand in .data.rel.ro: sealed before main() starts.
WRITABLE = re.compile(r"^[0-9a-f]+ .{7} "
                      r"(\.data|\.bss|\.tdata|\.tbss)(?!\.rel\.ro)(?:\.\S+)?"
                      r"\t[0-9a-f]+ (?:\.hidden )?(\S+)$", re.M)


def globals_allowed(tree):
    rows = re.findall(r"^(\S+) (\S+): \S",
                      tree.text("tests/lint/globals.txt"), re.M)
    return set(rows)


def globals_(tree):
    """No writable globals: callbacks run in threads."""
    build = tree.root / os.environ.get("AVIS_BUILD", "build")
    allowed = globals_allowed(tree)
    for name in tree.room_files:
        item = build / (name[:-2] + ".o")
        if not name.endswith(".c") or not item.exists():
            continue
        _, out = run(tree, ["objdump", "-t", str(item)])
        for _, symbol in WRITABLE.findall(out):
            symbol = re.sub(r"\.\d+$", "", symbol)
            if symbol.startswith(".") or (name, symbol) in allowed \
                    or ("*", symbol) in allowed:
                continue
            yield (f"{name}:1: {symbol} is a writable global; keep it in a "
                   "context, or excuse it in tests/lint/globals.txt")


TABLE = [scripts, manuals, formatted, globals_, cppcheck, clang_tidy]
