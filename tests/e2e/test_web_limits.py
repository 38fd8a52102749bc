"""avis-web and those who mean it ill: slow, large, many, forged, killed."""

import base64
import concurrent.futures
import json
import random
import signal
import socket
import subprocess
import time

import pytest

from tests.lab.avis import BUILD, Avis
from tests.lab.browsers import Client
from tests.lab.places import Place
from tests.lab.redis_server import RedisServer
from tests.lab.waiting import wait_until
from tests.lab.web import AvisWeb, make_certificate

CLASS = "newsletter"


class Site:
    """A Redis, settings and keys, and avis-web; no mail server."""

    def __init__(self, tls=False, **pages):
        self.place = Place()
        self.redis = RedisServer(self.place).start()
        self.avis = Avis(self.place, self.redis.url)
        self.web = AvisWeb(self.place, self.avis, tls=tls, **pages)
        self.web.start()
        self.client = Client(self.web.certificate)

    def close(self):
        try:
            if self.web.is_running():
                assert self.web.stop() == 0
            self.web.check_log()
        finally:
            self.place.close()

    def tokens(self, count):
        """[(path, address)] of messages that were never sent."""
        done = self.place.run([BUILD / "tests/bench/web_tokens",
                               self.avis.conf, CLASS, str(count)])
        return [tuple(line.split()) for line in done.stdout.splitlines()]

    def load(self, paths, *options):
        done = self.place.run(
            [BUILD / "tests/bench/web_load", *options, str(self.web.port)],
            "\n".join(paths).encode())
        return json.loads(done.stdout)

    def recorded(self):
        """The messages that avis-web recorded as left, one each time."""
        done = self.place.run([BUILD / "avis", "journal", "show", "--conf",
                               self.avis.conf, "mail.web"])
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [e["m"] for e in entries if e["k"] == "unsubscribed"]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.web.port.number),
                                        30)


@pytest.fixture(scope="module")
def site():
    running = Site(timeout="2s", connections=4096)
    yield running
    running.close()


@pytest.fixture
def own(request):
    """A site with settings of this test: own(rate=...)."""
    made = []

    def make(**pages):
        made.append(Site(**pages))
        return made[-1]
    yield make
    for running in made:
        running.close()


def message_of(path):
    """The message that a path's token names, as the journal writes it."""
    packed = base64.urlsafe_b64decode(path.rpartition("/")[2] + "==")
    return base64.b32encode(packed[1:17]).rstrip(b"=").decode().lower()


def until_closed(connection):
    """What still comes, and how long it takes to the end."""
    start, got = time.monotonic(), b""
    try:
        while more := connection.recv(65536):
            got += more
    except ConnectionError:
        pass
    return got, time.monotonic() - start


# -- slow and large -----------------------------------------------------------

@pytest.mark.parametrize("start", [
    b"", b"POST /u/x HTT", b"POST /u/x HTTP/1.1\r\nHost: a\r\nX-",
    b"POST /u/x HTTP/1.1\r\nHost: a\r\nContent-Type: application/"
    b"x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\nList-"])
def test_who_stops_is_cut_off(site, start):
    with site.connect() as connection:
        connection.sendall(start)
        got, took = until_closed(connection)
    assert b"200" not in got
    assert took < 20  # pages.timeout is 2 s; machines are slow


def test_who_drips_is_cut_off_no_later(site):
    """A byte now and then wins no time."""
    with site.connect() as connection:
        connection.sendall(b"POST /u/x HTTP/1.1\r\nHost: a\r\n")
        connection.settimeout(0.2)
        sent = 0
        with pytest.raises(OSError):
            for sent in range(200):
                connection.sendall(b"X")
                try:
                    if not connection.recv(100):
                        raise ConnectionResetError
                except TimeoutError:
                    pass
        assert sent < 150


def test_slow_clients_hold_up_nobody(site):
    slow = [site.connect() for _ in range(300)]
    try:
        for connection in slow:
            connection.sendall(b"POST /u/x HTTP/1.1\r\nHost: a\r\nX: ")
        found = site.load([path for path, _ in site.tokens(100)])
        assert found["statuses"] == {"200": 100}
    finally:
        for connection in slow:
            connection.close()


def test_LST_7_a_body_over_4096_bytes_is_refused(site):
    url = site.web.url + "/u/x"
    for size, status in ((4096 - 2, 404), (4097, 413), (10**6, 413)):
        pair = "List-Unsubscribe=One-Click&x="
        try:
            answer = site.client.ask(
                "POST", url, (pair + "y" * size)[:size],
                Content_Type="application/x-www-form-urlencoded")
        except ConnectionError:  # the answer came before all was sent
            assert size == 10**6
            continue
        assert answer.status == status


def test_LST_7_so_is_a_chunked_one(site):
    with site.connect() as connection:
        connection.sendall(
            b"POST /u/x HTTP/1.1\r\nHost: a\r\nContent-Type: application/"
            b"x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]


def test_a_header_without_end_is_refused(site):
    with site.connect() as connection:
        try:
            connection.sendall(b"GET /u/x HTTP/1.1\r\nHost: a\r\n")
            for _ in range(100):
                connection.sendall(b"X-Long: " + b"y" * 1000 + b"\r\n")
        except ConnectionError:
            pass
        got, _ = until_closed(connection)
    assert b" 200 " not in got.split(b"\r\n")[0]


def test_neither_length_nor_both_lengths_is_a_request(site):
    """What a proxy and a server could read differently is refused."""
    for head in (b"Content-Length: 5\r\nContent-Length: 6\r\n",
                 b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                 b"Content-Length: -1\r\n", b"Content-Length: 5x\r\n"):
        with site.connect() as connection:
            connection.sendall(b"POST /u/x HTTP/1.1\r\nHost: a\r\n" + head +
                               b"\r\n0\r\n\r\nGET /health HTTP/1.1\r\n"
                               b"Host: a\r\n\r\n")
            got, _ = until_closed(connection)
        assert b" 200 " not in got, head


# -- many ---------------------------------------------------------------------

def test_rate_of_one_network_is_limited(own):
    site = own(rate="50/60s")
    statuses = [site.client.ask("GET", site.web.url + "/health").status
                for _ in range(60)]
    assert statuses[:40] == [200] * 40
    assert statuses[-1] == 429
    answer = site.client.ask("GET", site.web.url + "/health")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_wrong_tokens_use_it_up_faster(own):
    site = own(rate="50/60s")
    for _ in range(6):
        answer = site.client.post_form(site.web.url + "/u/wrong")
    assert answer.status == 429


def test_the_word_of_a_proxy_counts_and_of_others_does_not(own):
    site = own(rate="20/60s", proxies=["127.0.0.1/32"])

    def ask(**headers):
        return site.client.ask("GET", site.web.url + "/health",
                               **headers).status

    for number in range(60):  # sixty clients behind one proxy
        assert ask(X_Forwarded_For=f"198.51.{number}.7") == 200
    # What a client puts in front of the proxy's word does not help it.
    last = [ask(X_Forwarded_For=f"203.0.{n}.1, 192.0.2.9")
            for n in range(30)]
    assert last[0] == 200 and last[-1] == 429
    # Nor does the other header.
    assert ask(X_Forwarded_For="192.0.2.9", Forwarded="for=8.8.8.8") == 429


def test_a_stranger_cannot_say_who_he_is(own):
    site = own(rate="20/60s", proxies=["192.0.2.0/24"])
    statuses = [site.client.ask("GET", site.web.url + "/health",
                                X_Forwarded_For=f"198.51.{n}.7").status
                for n in range(30)]
    assert statuses[-1] == 429


def test_connections_of_one_network_are_limited(own):
    site = own(connections=8)
    held = [site.connect() for _ in range(8)]
    with site.connect() as ninth:
        ninth.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        got, _ = until_closed(ninth)
    assert b" 200 " not in got
    for connection in held:
        connection.close()

    def is_served():
        try:
            return site.client.ask("GET",
                                   site.web.url + "/health").status == 200
        except OSError:
            return False
    wait_until(is_served, "room for a new connection")


# -- forged -------------------------------------------------------------------

def kinds_of_wrong(paths, chance):
    """The same number of each kind of wrong token."""
    def token(raw):
        return "/u/" + base64.urlsafe_b64encode(bytes(raw)).rstrip(
            b"=").decode()

    def flip_mac(raw):
        raw[17 + chance.randrange(8)] ^= 1 << chance.randrange(8)
        return raw

    def flip_id(raw):
        raw[1 + chance.randrange(16)] ^= 1 << chance.randrange(8)
        return raw

    def other_version(raw):
        raw[0] = chance.randrange(2, 100)
        return raw

    def chance_only(raw):
        return bytes([1]) + chance.randbytes(24)
    found = {}
    for change in (flip_mac, flip_id, other_version, chance_only):
        found[change.__name__] = [
            token(change(bytearray(base64.urlsafe_b64decode(
                path.rpartition("/")[2] + "==")))) for path in paths]
    found["short"] = [path[:-1 - chance.randrange(20)] for path in paths]
    return found


def test_LST_6_of_100000_forged_tokens_none_opens(site):
    chance = random.Random(8058)
    paths = [path for path, _ in site.tokens(1000)] * 20
    before = len(site.recorded())
    for kind, wrong in kinds_of_wrong(paths, chance).items():
        found = site.load(wrong, "--connections", "40", "--keep")
        assert found["statuses"] == {"404": len(wrong)}, kind
    assert len(site.recorded()) == before


def test_LST_6_wrong_tokens_take_the_same(site):
    """Coarse on purpose: a kind that skips work is several times quicker."""
    chance = random.Random(2369)
    paths = [path for path, _ in site.tokens(300)]
    medians = {}
    for _ in range(3):
        for kind, wrong in kinds_of_wrong(paths, chance).items():
            found = site.load(wrong, "--connections", "1", "--keep")
            medians.setdefault(kind, []).append(found["median_us"])
    best = {kind: min(times) for kind, times in medians.items()}
    assert max(best.values()) < 2 * min(best.values()), best


# -- stopped, killed, changed -------------------------------------------------

def test_LST_10_killed_under_load_what_was_answered_holds(own):
    site = own()
    paths = [path for path, _ in site.tokens(20000)]
    log = site.place.path / "answers"
    load = subprocess.Popen(
        [BUILD / "tests/bench/web_load", "--connections", "50", "--log", log,
         str(site.web.port)], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True)
    load.stdin.write("\n".join(paths))
    load.stdin.close()
    wait_until(lambda: log.exists() and log.stat().st_size > 100_000,
               "the load to be under way")
    site.web.kill()
    load.wait(60)
    answered = [line.split()[1] for line in log.read_text().splitlines()
                if line.startswith("200 ")]
    assert 500 < len(answered) < len(paths)
    recorded = set(site.recorded())
    missing = [p for p in answered if message_of(p) not in recorded]
    assert not missing, f"{len(missing)} of {len(answered)} are not on disk"
    site.avis.run("journal verify")
    # A Redis that has forgotten all of it is told again.
    site.redis.empty()
    site.web.launch()
    site.avis.run("journal replay")
    before = len(site.recorded())
    assert site.load(answered)["statuses"] == {"200": len(answered)}
    assert len(site.recorded()) == before, "a wish was not in force"


def test_stopped_under_load_every_request_is_answered(own):
    site = own()
    paths = [path for path, _ in site.tokens(5000)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        load = pool.submit(site.load, paths, "--connections", "20", "--keep")
        wait_until(lambda: len(site.recorded()) > 200, "some requests")
        assert site.web.stop() == 0
        found = load.result()
    # 0: the connection was refused, or closed before anything was sent.
    assert set(found["statuses"]) <= {"200", "0", "503"}
    assert len(site.recorded()) >= found["statuses"]["200"]


def test_reload_under_load_loses_nothing(own):
    site = own()
    paths = [path for path, _ in site.tokens(3000)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        load = pool.submit(site.load, paths, "--connections", "10")
        for number in range(5):
            site.web.settings["connections"] = 100 + number
            assert "in force" in site.web.reload()
        assert load.result()["statuses"] == {"200": len(paths)}


def test_reload_takes_a_new_certificate(own):
    site = own(tls=True)
    health = site.web.url + "/health"
    assert site.client.ask("GET", health).status == 200
    certificate, key = make_certificate(site.place, site.web.folder, "new")
    site.web.settings.update(certificate=str(certificate), key=str(key))
    assert "in force" in site.web.reload()
    with pytest.raises(OSError):
        site.client.ask("GET", health)
    assert Client(certificate).ask("GET", health).status == 200


def test_reload_with_a_mistake_keeps_what_works(own):
    site = own(tls=True)
    site.web.settings["key"] = str(site.place.path / "nothing.pem")
    assert "stay" in site.web.reload()
    assert site.client.ask("GET", site.web.url + "/health").status == 200


def test_a_unix_socket_is_the_proxys(own):
    site = own()
    path = site.place.path / "web.sock"
    site.web.stop()
    site.web.settings.update(listen=f"unix:{path}", rate="20/60s")
    site.avis.write()
    for _ in range(2):  # the second run finds the socket of the first
        site.web.launch()
        for number in range(40):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(
                    b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close"
                    b"\r\nX-Forwarded-For: 198.51.%d.7\r\n\r\n" % number)
                assert b" 200 " in until_closed(connection)[0]
        site.web.kill()


def test_a_socket_from_systemd(own):
    """As systemd.socket(5) hands it over: descriptor 3."""
    site = own()
    assert site.web.stop() == 0
    program = ("import os, socket, sys\n"
               "s = socket.create_server(('127.0.0.1', 0))\n"
               "os.dup2(s.fileno(), 3)\n"
               "os.set_inheritable(3, True)\n"
               "print(s.getsockname()[1], flush=True)\n"
               "os.environ.update(LISTEN_FDS='1', "
               "LISTEN_PID=str(os.getpid()))\n"
               "os.execv(sys.argv[1], sys.argv[1:])\n")
    log = site.place.path / "handed.log"
    process = site.place.start(
        "avis-web", ["/usr/bin/python3", "-c", program, BUILD / "avis-web",
                     "--conf", site.avis.conf], log)
    process.wait_ready(lambda: ": ready on " in log.read_text(), "be ready")
    port = log.read_text().split()[0]
    assert site.client.ask("GET",
                           f"http://127.0.0.1:{port}/health").status == 200
    assert process.stop(20) == 0


def test_it_says_when_it_cannot_listen(own):
    site = own()
    second = site.place.folder("second")
    conf = second / "avis.conf"
    conf.write_text(site.avis.conf.read_text().replace(
        'host = "mail"', 'host = "mail2"').replace(
        '@include "policy.conf"',
        f'@include "{site.avis.conf.parent}/policy.conf"'))
    done = site.place.run([BUILD / "avis-web", "--conf", conf], check=False)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{site.web.port}" in done.stderr
    # Nor can a second one write the same journal.
    done = site.place.run([BUILD / "avis-web", "--conf", site.avis.conf],
                          check=False)
    assert done.returncode == 1 and "mail.web" in done.stderr


def test_ready_and_stopping_are_told(own):
    """sd_notify(3)"""
    site = own()
    assert site.web.stop() == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        path = site.place.path / "notify"
        ear.bind(str(path))
        ear.settimeout(20)
        site.web.launch(env={**site.web.environment,
                             "NOTIFY_SOCKET": str(path)})
        assert ear.recv(100) == b"READY=1"
        site.web.send_signal(signal.SIGTERM)
        assert ear.recv(100) == b"STOPPING=1"
