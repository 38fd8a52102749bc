#!/usr/bin/python3
"""all.py [STEP...]: what `make check` runs.

Each step is a make target that ends in "N passed, N failed, N skipped".
As many run side by side as there are cores. What a step prints is shown
when it failed or skipped something, else one line.
"""
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from totals import Totals, sum_of_lines  # noqa: E402

TOP = Path(__file__).resolve().parents[2]
TIMEOUT_S = 1500
WERROR = "WERROR=-Werror"


@dataclass
class Step:
    name: str
    title: str
    make: list
    needs: list = field(default_factory=list)
    output: str = ""
    totals: Totals = None
    seconds: float = 0


# A build folder has one writer: `gcc` builds all that its other users need,
# so that they find nothing left to do. Long ones come first.
GCC = ["CC=gcc", "BUILD=build-gcc", WERROR]
STEPS = [
    Step("gcc", "builds with gcc -Werror", ["check-build", *GCC]),
    Step("asan", "unit tests and cases with ASan and UBSan", ["check-asan"]),
    Step("unit", "unit tests", ["check-unit", *GCC], ["gcc"]),
    Step("e2e", "end to end, with real Postfix and Redis",
         ["check-e2e", *GCC], ["gcc"]),
    Step("cases", "reports, policies and manuals", ["check-cases", *GCC],
         ["gcc"]),
    Step("e2e-asan", "end to end, ASan and UBSan in the programs",
         ["check-e2e-asan"], ["asan"]),
    Step("lint", "the rules that machines can check", ["lint", *GCC],
         ["gcc"]),
    Step("clang", "builds with clang -Werror",
         ["check-build", "CC=clang", "BUILD=build-clang", WERROR]),
    Step("fuzz", "fuzzers, a moment each", ["fuzz"]),
    Step("install", "installs into a folder of its own, and away again",
         ["check-install", *GCC], ["gcc"]),
    Step("bench", "the load generator speaks the protocol",
         ["check-bench", *GCC], ["gcc"]),
]

lock = threading.Condition()


def say(text):
    print(text, flush=True)


def run(step):
    started = time.monotonic()
    command = ["make", "--no-print-directory", "-j2", *step.make]
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    try:
        done = subprocess.run(command, cwd=TOP, env=env, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT_S,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        step.output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        step.output, code = f"{text}\nstopped after {TIMEOUT_S} s\n", 1
    step.seconds = time.monotonic() - started
    totals = sum_of_lines(step.output) or Totals(0, 1)
    if code != 0 and not totals.failed:
        totals.failed = 1
    if not totals.count:
        step.output += "\nthis step ran no test\n"
        totals.failed = 1
    with lock:
        show(step, totals)
        step.totals = totals
        lock.notify_all()


def show(step, totals):
    word = "FAIL" if totals.failed else "ok"
    say(f"{word:<5} {step.name:<9} {totals}  ({step.seconds:.0f} s)")
    if totals.failed or totals.skipped:
        say("      " + step.output.rstrip().replace("\n", "\n      "))


def is_ready(step, chosen):
    return all(other.totals or other not in chosen
               for other in chosen if other.name in step.needs)


def run_all(chosen):
    waiting, threads = list(chosen), []
    with lock:
        while waiting:
            ready = [s for s in waiting if is_ready(s, chosen)]
            busy = sum(t.is_alive() for t in threads)
            if not ready or busy >= max(2, os.cpu_count() or 1):
                lock.wait(1)
                continue
            step = ready[0]
            waiting.remove(step)
            say(f"      {step.name:<9} {step.title}: make "
                + " ".join(step.make))
            threads.append(threading.Thread(target=run, args=(step,)))
            threads[-1].start()
    for thread in threads:
        thread.join()


def main():
    names = sys.argv[1:]
    unknown = set(names) - {s.name for s in STEPS}
    if unknown:
        sys.exit(f"no such step: {', '.join(sorted(unknown))}; there are: "
                 + ", ".join(s.name for s in STEPS))
    chosen = [s for s in STEPS if not names or s.name in names]
    run_all(chosen)
    totals = Totals()
    for step in chosen:
        totals.add(step.totals)
    say("")
    failed = [s.name for s in chosen if s.totals.failed]
    if failed:
        say(f"failed: {', '.join(failed)}; one alone: make check "
            f"STEPS={failed[0]}")
    totals.finish()


main()
