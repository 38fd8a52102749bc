#!/usr/bin/python3
"""install.py BUILD: `make install` puts things where they belong.

Into a temporary DESTDIR, with another PREFIX; then `make uninstall` leaves
nothing but what an administrator may have changed.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from totals import Totals  # noqa: E402

TOP = Path(__file__).resolve().parents[2]
WANTED = """
usr/bin/avis usr/sbin/avis-milter
usr/share/man/man1/avis.1 usr/share/man/man5/avis.conf.5
usr/share/man/man5/avis-policy.5 usr/share/man/man8/avis-milter.8
etc/avis/avis.conf etc/avis/policy.conf etc/avis/redis.conf
etc/avis/mark-notify.pcre etc/avis/strangers.cidr
etc/avis/avis.conf.sample etc/avis/policy.conf.sample
lib/systemd/system/avis-milter.service lib/systemd/system/avis-redis.service
usr/lib/sysusers.d/avis.conf usr/lib/tmpfiles.d/avis.conf
usr/share/bash-completion/completions/avis
usr/share/doc/avis/LICENSE usr/share/doc/avis/postfix/README
usr/share/doc/avis/sendmail/avis.mc
""".split()
SETTINGS = ("avis.conf", "policy.conf", "redis.conf", "mark-notify.pcre",
            "strangers.cidr")
KEPT = {f"etc/avis/{name}" for name in SETTINGS}


def make(target, build, folder):
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(
        ["make", "--no-print-directory", target, f"BUILD={build}",
         f"DESTDIR={folder}", "PREFIX=/usr"], cwd=TOP, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def files_in(folder):
    return {str(p.relative_to(folder)) for p in Path(folder).rglob("*")
            if not p.is_dir()}


def checks(build):
    """(what is checked, does it hold, what to show when not)"""
    with tempfile.TemporaryDirectory() as folder:
        code, out = make("install", build, folder)
        yield "make install", code == 0, out
        there = files_in(folder)
        for name in WANTED:
            yield name, name in there, "is not there"
        unit = Path(folder, "lib/systemd/system/avis-milter.service")
        text = unit.read_text() if unit.exists() else ""
        yield ("the unit names the installed program",
               "ExecStart=/usr/sbin/avis-milter" in text
               and "/usr/local" not in text, text)
        done = subprocess.run([f"{folder}/usr/bin/avis", "--version"],
                              stdout=subprocess.PIPE, text=True) \
            if "usr/bin/avis" in there else None
        yield ("avis --version", done is not None and done.returncode == 0
               and done.stdout.startswith("avis "), "does not answer")
        changed = {name: f"# mine: {name}\n" for name in SETTINGS}
        for name, text in changed.items():
            Path(folder, "etc/avis", name).write_text(text)
        code, out = make("install", build, folder)
        for name, text in changed.items():
            yield (f"an upgrade keeps {name}", code == 0 and
                   Path(folder, "etc/avis", name).read_text() == text,
                   "was written over")
            yield (f"an upgrade lays {name}.sample beside it",
                   f"etc/avis/{name}.sample" in files_in(folder), out)
        code, out = make("uninstall", build, folder)
        left = files_in(folder)
        yield ("make uninstall", code == 0 and left == KEPT,
               f"{out}\nleft: {sorted(left - KEPT)}")


def main():
    totals = Totals()
    for what, holds, why in checks(sys.argv[1]):
        totals.add(Totals(1) if holds else Totals(0, 1))
        if not holds:
            print(f"  {what}: {why}")
    totals.finish()


main()
