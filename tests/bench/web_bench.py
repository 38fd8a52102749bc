#!/usr/bin/python3
"""web_bench.py BUILD [--posts N] [--rounds N]

avis-web beside a bare libmicrohttpd handler, in one run, round by round:
one-click POSTs to fresh tokens, each of them on disk and in force in Redis
before its 200, beside a handler that reads the body and answers 200. Then
POSTs of forged tokens, and the same POST again.

Each POST comes on a connection of its own, as those of mail programs do; with
"keep" on connections that stay, as those of a proxy do.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))
CONNECTIONS = (1, 10, 100)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time of a process, its ended threads too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


class Server:
    def __init__(self, name, port, pid):
        self.name, self.port, self.pid = name, port, pid

    def measure(self, build, connections, paths, *options, status="200"):
        before = cpu_s(self.pid)
        done = subprocess.run(
            [build / "tests/bench/web_load", "--connections",
             str(connections), *options, str(self.port)],
            input="\n".join(paths), stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout)
        if found["statuses"] != {status: len(paths)}:
            sys.exit(f"{self.name}: {done.stdout}")
        found["cpu_us"] = (cpu_s(self.pid) - before) / len(paths) * 1e6
        return found


def start_bare(place, build):
    from tests.lab.ports import Port
    port = Port()
    port.yield_now()
    process = place.start("bare_web", [build / "tests/bench/bare_web",
                                       str(port)], place.path / "bare.log")
    process.wait_ready(port.answers, "bare_web to listen")
    return Server("bare", port, process.pid)


def start_avis(place):
    from tests.lab.avis import Avis
    from tests.lab.redis_server import RedisServer
    from tests.lab.web import AvisWeb
    avis = Avis(place, RedisServer(place).start().url)
    web = AvisWeb(place, avis, tls=False, connections=4096).start()
    return avis, Server("avis-web", web.port, web.pid)


def fresh(build, avis, count):
    """Paths of messages that nobody has left yet."""
    for folder in avis.journal.glob("*.tokens"):
        for file in folder.iterdir():
            file.unlink()
    done = subprocess.run(
        [build / "tests/bench/web_tokens", avis.conf, "newsletter",
         str(count)], stdout=subprocess.PIPE, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def forged(paths):
    return [path[:-6] + path[-6:].swapcase()[::-1] for path in paths]


def run(place, build, posts, rounds):
    avis, web = start_avis(place)
    bare = start_bare(place, build)
    results = {}

    def note(number, *key, found):
        if number:  # the first round warms up
            results.setdefault(key, []).append(found)

    for number in range(rounds + 1):
        for connections in CONNECTIONS:
            for options in ([], ["--keep"]):
                kind = "keep" if options else "fresh"
                paths = fresh(build, avis, posts)
                for server in (bare, web):
                    note(number, kind, connections, server.name, found=server
                         .measure(build, connections, paths, *options))
        note(number, "fresh", 100, "again",
             found=web.measure(build, 100, paths))
        note(number, "fresh", 100, "forged", found=web.measure(
            build, 100, forged(paths), status="404"))
        print(f"  round {number} of {rounds}", file=sys.stderr)
    return results


def median(found, key):
    return statistics.median(item[key] for item in found)


def table(results):
    print(f"\n{'':6}{'links':>6} {'server':<10}{'POST/s':>8}{'/bare':>7}"
          f"{'median us':>10}{'p99 us':>9}{'CPU us':>8}{'/bare':>7}")
    for (kind, connections, name), found in sorted(results.items()):
        bare = results[kind, connections, "bare"]
        rate, cpu = median(found, "rate"), median(found, "cpu_us")
        print(f"{kind:<6}{connections:>6} {name:<10}{rate:>8.0f}"
              f"{rate / median(bare, 'rate'):>7.2f}"
              f"{median(found, 'median_us'):>10.0f}"
              f"{median(found, 'p99_us'):>9.0f}{cpu:>8.0f}"
              f"{cpu / max(median(bare, 'cpu_us'), 0.1):>7.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--posts", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    build = words.build.resolve()
    os.environ["AVIS_BUILD"] = os.environ.get("AVIS_BUILD", str(build))
    from tests.lab.places import Place
    print(f"\navis-web: {platform.machine()}, {os.cpu_count()} cores; "
          f"{words.posts} one-click POSTs a round, {words.rounds} rounds")
    with Place("avis-web-bench-") as place:
        table(run(place, build, words.posts, words.rounds))


main()
