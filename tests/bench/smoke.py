#!/usr/bin/python3
"""smoke.py BUILD: the load generator and the bare filter understand each
other, on both kinds of socket. Nothing is timed."""
import json
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "run")]
from tests.lab.places import Place  # noqa: E402
from tests.lab.ports import Port  # noqa: E402
from totals import Totals  # noqa: E402

BUILD = Path(sys.argv[1]).resolve() / "tests" / "bench"
MESSAGES = 14

# options of the filter, options of the load, edits for each message
CASES = [([], ["--connections", "7"], 0),
         (["--edits", "2"], ["--connections", "7"], 5),
         (["--chatty"], ["--separate", "--per-connection", "3"], 0),
         ([], ["--body", "200000", "--headers", "50"], 0)]


def start(place, number, options, kind):
    port = Port() if kind == "inet" else None
    path = place.path / f"bare-{number}.sock"
    socket = f"inet:{port}@127.0.0.1" if port else f"unix:{path}"
    if port:
        port.yield_now()
    process = place.start("bare_filter",
                          [BUILD / "bare_filter", *options, socket],
                          place.path / f"bare-{number}.log")
    process.wait_ready(port.answers if port else path.exists,
                       "the bare filter to listen")
    return process, socket


def holds(place, number, case, kind):
    filter_options, load_options, edits = case
    process, socket = start(place, number, filter_options, kind)
    done = subprocess.run(
        [BUILD / "milter_load", "--json", "--messages", str(MESSAGES),
         *load_options, socket], stdout=subprocess.PIPE, text=True,
        timeout=120)
    process.kill()  # libmilter takes five seconds to stop
    found = json.loads(done.stdout or "{}")
    wanted = {"messages": MESSAGES, "accepted": MESSAGES, "broken": 0,
              "edits": edits * MESSAGES}
    if done.returncode == 0 and wanted.items() <= found.items():
        return True
    print(f"  {kind} {case}: {done.stdout}")
    return False


def main():
    totals = Totals()
    with Place("avis-smoke-") as place:
        for number, case in enumerate(CASES):
            # Over TCP, two writes in a row wait 40 ms for each other.
            for kind in ("unix",) if "--separate" in case[1] \
                    else ("unix", "inet"):
                is_good = holds(place, f"{number}{kind}", case, kind)
                totals.add(Totals(1) if is_good else Totals(0, 1))
    totals.finish()


main()
