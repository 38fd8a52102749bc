#!/usr/bin/python3
"""fuzz.py FOLDER SECONDS: runs the libFuzzer programs in FOLDER.

First the kept inputs of tests/fuzz/corpus/TARGET (seeds, and what once
crashed), then new ones for SECONDS each. What is found new stays in the
build folder; a crasher is printed so that it can be kept.
"""
import base64
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from totals import Totals  # noqa: E402

CORPUS = Path(__file__).parent.parent / "fuzz" / "corpus"
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=65536",
          "-print_final_stats=1"]
ENV = dict(os.environ,
           ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1",
           UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")


def call(command, seconds):
    try:
        done = subprocess.run(command, env=ENV, errors="replace",
                              timeout=seconds + 120, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired:
        return "the fuzzer did not stop by itself\n", 1


def replay(program, kept):
    files = sorted(p for p in kept.glob("*") if p.is_file())
    if not files:
        return "", 0
    return call([str(program), "-timeout=10"] + [str(p) for p in files], 300)


def fuzz(program, seconds):
    kept = CORPUS / program.name.removeprefix("fuzz_")
    fresh = program.parent / "found" / program.name
    crashes = program.parent / "crashes" / program.name
    for folder in (kept, fresh, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    output, code = replay(program, kept)
    if code == 0:
        words = kept.parent / (kept.name + ".dict")
        extra = [f"-dict={words}"] if words.exists() else []
        output, code = call(
            [str(program), str(fresh), str(kept), *LIMITS, *extra,
             f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/"],
            seconds)
    return program, output, code, crashes


def show(program, output, code, crashes):
    runs = [line.split()[-1] for line in output.splitlines()
            if "number_of_executed_units" in line]
    if code == 0:
        print(f"  {program.name:<24} ok, {runs[-1] if runs else '?'} runs")
        return
    print(f"  {program.name:<24} FAILED\n")
    print("    " + output[-6000:].rstrip().replace("\n", "\n    "))
    for path in sorted(crashes.glob("*"))[:3]:
        text = base64.b64encode(path.read_bytes()[:3000]).decode()
        print(f"\n    keep it: base64 -d >tests/fuzz/corpus/"
              f"{program.name.removeprefix('fuzz_')}/{path.name}\n    {text}")


def main():
    programs = sorted(p for p in Path(sys.argv[1]).glob("fuzz_*")
                      if p.is_file() and not p.suffix)
    seconds = int(sys.argv[2])
    totals = Totals()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(lambda p: fuzz(p, seconds), programs):
            show(*result)
            totals.add(Totals(1, 0) if result[2] == 0 else Totals(0, 1))
    totals.finish()


main()
