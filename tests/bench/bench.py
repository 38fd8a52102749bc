#!/usr/bin/python3
"""bench.py BUILD [--messages N] [--rounds N] [--only unix|tcp|refusals]
         [--large]

avis-milter beside a bare libmilter filter, in one run, round by round: each
round asks every filter once, so that a slow minute of the machine is shared.
The load generator speaks as Postfix does and sends no mail.

Four filters: chatty (libmilter as it comes: each step is answered), bare (it
leaves unanswered what avis does), bare+edits (and makes as many edits as avis
makes of the mix), avis (a private Redis, its journal on this disk, the sample
policy).

CPU is that of the filter's process, user and system, for each message.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))
MIX = "notice=1,newsletter=5,order=8,transit=2"
NAMES = ("chatty", "bare", "bare+edits", "avis")
CONNECTIONS = (1, 10, 100)
# What the other programs get: a folder, then these.
EVENTS = ("20000", "8")
WITH_REDIS = ("bench_refusals", "bench_maillog", "bench_archive")
WITH_RECORD = ("bench_bundle",)
MAILLOG = "20000"
# People who want no mail, and how many questions about them.
REFUSALS = ("10000", "1000000")
LARGE = "10000000"
# Messages in Redis and in the archive, one of which is to be proven.
ARCHIVED = ("10000", "1000000")
LOOKUPS = "20000"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time of a process, its ended threads too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


class Filter:
    """name, the socket for the load generator, and whose CPU counts."""

    def __init__(self, name, socket, pid, redis_pid=0):
        self.name = name
        self.socket = socket
        self.pid = pid
        self.redis_pid = redis_pid

    def measure(self, build, connections, messages):
        before = cpu_s(self.pid)
        redis = cpu_s(self.redis_pid) if self.redis_pid else 0
        done = subprocess.run(
            [build / "tests/bench/milter_load", "--json", "--mix", MIX,
             "--messages", str(messages), "--connections", str(connections),
             self.socket], stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout)
        if done.returncode or found["refused"] or found["broken"]:
            sys.exit(f"{self.name}: {done.stdout}")
        found["cpu_us"] = (cpu_s(self.pid) - before) / messages * 1e6
        if self.redis_pid:
            found["redis_us"] = \
                (cpu_s(self.redis_pid) - redis) / messages * 1e6
        return found


def start_bare(place, build, kind, options, name):
    from tests.lab.ports import Port
    if kind == "tcp":
        port = Port()
        socket, ready = f"inet:{port}@127.0.0.1", port.answers
        port.yield_now()
    else:
        path = place.folder("bare") / f"{name}.sock"
        socket, ready = f"unix:{path}", path.exists
    process = place.start(name, [build / "tests/bench/bare_filter", *options,
                                 socket], place.path / f"{name}.log")
    process.wait_ready(ready, f"{name} to listen")
    return Filter(name, socket, process.pid)


def start_avis(place, kind):
    from tests.lab.avis import SAMPLES, Avis
    from tests.lab.redis_server import RedisServer
    redis = RedisServer(place, f"redis-{kind}").start()
    # One reader gets all the newsletters, who has agreed to them.
    rules = (SAMPLES / "policy.conf").read_text()
    avis = Avis(place, redis.url, name=f"avis-{kind}",
                policy=rules.replace('"4/30d"', '"999999/30d"'),
                socket_kind="inet" if kind == "tcp" else "unix")
    avis.start()
    consents = place.path / f"consents-{kind}.csv"
    consents.write_text("address,class,time,text_id,channel,receive\n"
                        "bruno@example.com,newsletter,2026-11-02T09:14:05Z,"
                        "optin,form,yes\n")
    avis.run("consent import", str(consents))
    return Filter("avis", avis._listen, avis.pid, redis._process.pid)


def edits_a_message(build, filter_):
    found = filter_.measure(build, 1, 320)
    return found["edits"] / found["messages"]


def run(place, build, kinds, messages, rounds):
    results = {}
    for kind in kinds:
        avis = start_avis(place, kind)
        edits = edits_a_message(build, avis)
        # chgfrom, delrcpt and addrcpt are three; the rest are headers.
        headers = max(0, round(edits) - 3)
        filters = [
            start_bare(place, build, kind, ["--chatty"], f"chatty-{kind}"),
            start_bare(place, build, kind, [], f"bare-{kind}"),
            start_bare(place, build, kind, ["--edits", str(headers)],
                       f"edits-{kind}"), avis]
        print(f"{kind}: avis makes {edits:.1f} edits a message")
        for filter_, name in zip(filters, NAMES):
            filter_.name = name
        sys.stdout.flush()
        for number in range(rounds + 1):
            for connections in CONNECTIONS:
                for filter_ in filters:
                    found = filter_.measure(build, connections, messages)
                    if number:  # the first round warms up
                        results.setdefault(
                            (kind, connections, filter_.name),
                            []).append(found)
            print(f"  round {number} of {rounds}", file=sys.stderr)
    return results


def median(found, key):
    return statistics.median(item[key] for item in found)


def table(results):
    print(f"\n{'':6}{'links':>6} {'filter':<11}{'msg/s':>8}{'':>7}"
          f"{'eom us':>8}{'p99 us':>9}{'CPU us':>8}{'':>7}{'Redis us':>9}")
    print(f"{'':6}{'':>6} {'':<11}{'':>8}{'/bare':>7}{'':>8}{'':>9}{'':>8}"
          f"{'/bare':>7}")
    for (kind, connections, name), found in results.items():
        bare = results[kind, connections, "bare"]
        rate, cpu = median(found, "rate"), median(found, "cpu_us")
        redis = f"{median(found, 'redis_us'):>9.0f}" \
            if "redis_us" in found[0] else ""
        print(f"{kind:<6}{connections:>6} {name:<11}{rate:>8.0f}"
              f"{rate / median(bare, 'rate'):>7.2f}"
              f"{median(found, 'median_us'):>8.0f}"
              f"{median(found, 'p99_us'):>9.0f}{cpu:>8.0f}"
              f"{cpu / median(bare, 'cpu_us'):>7.2f}{redis}")


def aims(results):
    print("\nAims: CPU a message at most 1.3 times the bare filter's; over TCP"
          " at least 0.9 of\nthe Unix socket's rate.")
    for (kind, connections, name), found in results.items():
        if name != "avis":
            continue
        cpu = median(found, "cpu_us")
        for other in NAMES[:-1]:
            ratio = cpu / median(results[kind, connections, other], "cpu_us")
            print(f"  {'met' if ratio <= 1.3 else 'MISSED':<7}CPU "
                  f"{ratio:.2f} x {other:<11}{kind}, {connections} links")
        unix = results.get(("unix", connections, name))
        if kind == "tcp" and unix:
            ratio = median(found, "rate") / median(unix, "rate")
            print(f"  {'met' if ratio >= 0.9 else 'MISSED':<7}TCP "
                  f"{ratio:.2f} x unix       {connections} links")


def others(build):
    """Whatever else measures: bench_*.c."""
    for program in sorted((build / "tests/bench").glob("bench_*")):
        if not program.suffix and program.name not in (
                *WITH_REDIS, *WITH_RECORD):
            print(f"\n{program.name}")
            sys.stdout.flush()
            with tempfile.TemporaryDirectory(dir=".") as folder:
                subprocess.run([program, folder, *EVENTS], check=True)


def maillog(place, build):
    """The mail server's log into the record, with a Redis of its own."""
    from tests.lab.redis_server import RedisServer
    redis = RedisServer(place, "redis-maillog").start()
    print("\nbench_maillog")
    sys.stdout.flush()
    subprocess.run([build / "tests/bench/bench_maillog",
                    place.folder("maillog"), redis.url, MAILLOG], check=True)


def seals(place, build):
    """What sealing and verifying read and hash, beside sha256sum on the same
    bytes."""
    record = place.folder("seals")
    subprocess.run([build / "tests/bench/bench_journal", record, *EVENTS],
                   check=True, stdout=subprocess.DEVNULL)
    log = record / "bench.journal" / "00000001.log"
    tool = build / "tests/bench/bench_bundle"
    beside = {"sealing": [tool, "seal", log],
              "verifying": [tool, "verify", log.parent],
              "sha256sum": ["sha256sum", log],
              "openssl": ["openssl", "dgst", "-sha256", log]}
    rates = {name: [] for name in beside}
    for _ in range(5):
        for name, words in beside.items():
            started = time.monotonic()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            rates[name].append(log.stat().st_size / 1e6
                               / (time.monotonic() - started))
    print("\nsealing: all entries read, their chain checked, the tree built;"
          "\nverifying: checksums and chain, each payload opened and compared")
    for name, found in rates.items():
        print(f"  {name:<12}{statistics.median(found):8.0f} MB/s")
    for name in ("sealing", "verifying"):
        ratio = statistics.median(rates[name]) \
            / statistics.median(rates["sha256sum"])
        print(f"  {name}: {ratio:.2f} of sha256sum (aim: 0.5)")


def refusals(place, build, is_large):
    """Who wants no mail: its own Redis, which keeps nothing on disk."""
    from tests.lab.redis_server import RedisServer
    redis = RedisServer(place, "redis-refusals").start()
    redis.command("CONFIG", "SET", "appendonly", "no")
    print("\nbench_refusals")
    sys.stdout.flush()
    subprocess.run([build / "tests/bench/bench_refusals", redis.url, LOOKUPS,
                    *REFUSALS, *([LARGE] if is_large else [])], check=True)


def archive(place, build, is_large):
    """What a proof costs, out of how many; Redis takes no 10 million here."""
    from tests.lab.redis_server import RedisServer
    for count in ARCHIVED + ((LARGE,) if is_large else ()):
        print(f"\nbench_archive, {count} messages")
        sys.stdout.flush()
        words = []
        if count != LARGE:
            redis = RedisServer(place, f"redis-archive-{count}").start()
            redis.command("CONFIG", "SET", "appendonly", "no")
            words = [redis.url]
        with tempfile.TemporaryDirectory(dir=".") as folder:
            subprocess.run([build / "tests/bench/bench_archive", folder,
                            count, *words], check=True)
        if words:
            redis.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["unix", "tcp", "refusals",
                                           "maillog", "seals", "archive"])
    parser.add_argument("--large", action="store_true")
    words = parser.parse_args()
    build = words.build.resolve()
    os.environ["AVIS_BUILD"] = os.environ.get("AVIS_BUILD", str(build))
    from tests.lab.places import Place
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux "
          f"{platform.release()}; {words.messages} messages a round, "
          f"{words.rounds} rounds, mix {MIX}")
    kinds = [words.only] if words.only else ["unix", "tcp"]
    with Place("avis-bench-") as place:
        if words.only == "refusals":
            return refusals(place, build, words.large)
        if words.only == "archive":
            return archive(place, build, words.large)
        if words.only == "maillog":
            return maillog(place, build)
        if words.only == "seals":
            return seals(place, build)
        results = run(place, build, kinds, words.messages, words.rounds)
    table(results)
    aims(results)
    if not words.only:
        others(build)
        with Place("avis-bench-") as place:
            refusals(place, build, words.large)
            maillog(place, build)
            seals(place, build)
            archive(place, build, words.large)
    return None


main()
