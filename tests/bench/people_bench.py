#!/usr/bin/python3
"""people_bench.py BUILD [--rows N] [--events N] [--rounds N]

What people say, on its way in and out, on one machine in one run.

In: `avis consent import`, every row on disk and in Redis when it ends; beside
it --dry-run, which reads and checks the rows, and Python's csv module, which
only splits them. Out: `avis hook run --once` to a receiver on loopback, each
event signed, in order, its place on disk; beside it the same receiver posted
to by a loop that keeps nothing.
"""
import argparse
import csv
import http.client
import os
import platform
import statistics
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))
HEAD = "address,class,time,text_id,channel,receive,basis,context\n"
SECRET = b"an-example-of-a-secret"


def table(place, name, rows):
    path = place.folder("csv") / f"{name}.csv"
    with path.open("w") as out:
        out.write(HEAD)
        for i in range(rows):
            out.write(f"p{i}.{name}@example.com,newsletter,"
                      "2026-03-01T10:00:00Z,optin-2,web,yes,consent,form\n")
    return path


def rate(count, work):
    began = time.monotonic()
    work()
    return count / (time.monotonic() - began)


def split(path):
    with path.open(newline="") as lines:
        for _ in csv.reader(lines):
            pass


def importing(place, avis, rows, rounds):
    found = {"avis consent import": [], "--dry-run": [], "split alone": []}
    for number in range(rounds):
        path = table(place, f"r{number}", rows)
        found["split alone"].append(rate(rows, lambda: split(path)))
        for name, words in (("--dry-run", ["--dry-run"]),
                            ("avis consent import", [])):
            found[name].append(rate(rows, lambda: avis.run(
                "consent import", *words, str(path))))
    return found


def post_alone(receiver, count):
    body = (b'{"address":"p1.r0@example.com","class":"newsletter",'
            b'"detail":"given-receive","event":"consent","hook":"crm",'
            b'"id":"office.avis/1"}')
    link = http.client.HTTPConnection("127.0.0.1", receiver.port)
    for _ in range(count):
        link.request("POST", "/events", body, {
            "Avis-Signature": "t=0,v1=0", "Avis-Event-Id": "office.avis/1"})
        link.getresponse().read()
    link.close()


def posting(place, avis, receiver, events, rounds):
    found = {"avis hook run": [], "posts alone": []}
    for number in range(rounds):
        avis.run("consent import", str(table(place, f"h{number}", events)))
        before = len(receiver.posts)
        found["avis hook run"].append(
            rate(events, lambda: avis.run("hook run", "--once")))
        if len(receiver.posts) - before != events or receiver.problems:
            sys.exit(f"{len(receiver.posts) - before} of {events} told; "
                     f"{receiver.problems[:1]}")
        found["posts alone"].append(
            rate(events, lambda: post_alone(receiver, events)))
        receiver.problems.clear()
    return found


def show(title, found):
    print(f"\n{title}")
    medians = {name: statistics.median(of) for name, of in found.items()}
    bare = list(medians.values())[-1]
    for name, median in medians.items():
        print(f"  {name:<22}{median:>9.0f}/s {median / bare:>7.2f} x bare")


def write_hook(place, avis, receiver):
    from tests.lab.avis import written
    secret = place.folder("hooks") / "secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    hook = {"name": "crm", "url": receiver.url, "secret": str(secret)}
    with avis.conf.open("a") as out:
        out.write(f"hook_state = {written(place.folder('hooks'))};\n"
                  f"hooks = ( {written(hook)} );\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--rows", type=int, default=50000)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    os.environ["AVIS_BUILD"] = os.environ.get("AVIS_BUILD",
                                              str(words.build.resolve()))
    from tests.lab.avis import Avis
    from tests.lab.places import Place
    from tests.lab.receiver import Receiver
    from tests.lab.redis_server import RedisServer
    print(f"\npeople: {platform.machine()}, {os.cpu_count()} cores; "
          f"{words.rows} rows, {words.events} events, {words.rounds} rounds")
    with Place("avis-people-bench-") as place:
        avis = Avis(place, RedisServer(place).start().url)
        avis.write()
        avis.run("key create")
        show("consents in, rows", importing(place, avis, words.rows,
                                            words.rounds))
        receiver = Receiver(SECRET).start()
        write_hook(place, avis, receiver)
        avis.run("hook run", "--once")  # it tells what comes from now on
        show("events out", posting(place, avis, receiver, words.events,
                                   words.rounds))
        receiver.stop()


main()
