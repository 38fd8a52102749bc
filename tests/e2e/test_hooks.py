"""Other systems stay in step: what people say is posted, in order."""

import collections
import subprocess
import time

import pytest

from tests.e2e.people import letter, send_and_receive, wait_case
from tests.e2e.test_consent import HEAD, row
from tests.e2e.test_unsubscribe import leave, newsletter, way_out
from tests.lab.avis import BUILD, Avis, written
from tests.lab.places import Place
from tests.lab.receiver import Receiver
from tests.lab.redis_server import RedisServer
from tests.lab.waiting import wait_until

SECRET = b"an-example-of-a-secret"


class Office:
    """The command line with a Redis and a receiver, no mail server."""

    def __init__(self, **hook):
        self.place = Place()
        self.redis = RedisServer(self.place).start()
        self.receiver = Receiver(SECRET).start()
        self.avis = Avis(self.place, self.redis.url,
                         settings={"host": "office"})
        self.secret = self.avis.folder / "secret"
        self.secret.write_bytes(SECRET + b"\n")
        self.secret.chmod(0o600)
        self.state = self.avis.folder / "hooks"
        self.avis.settings["hook_state"] = str(self.state)
        self.write_hooks(**hook)
        self.avis.run("key create")
        self.runner = None

    def write_hooks(self, **more):
        """libconfig writes a list of groups in round brackets."""
        hook = {"name": "crm", "url": self.receiver.url,
                "secret": str(self.secret), "timeout": "1s", **more}
        self.avis.write()
        with self.avis.conf.open("a") as out:
            out.write(f"\nhooks = ( {written(hook)} );\n")

    def run(self):
        log = self.place.folder("hook") / "hook.log"
        before = log.read_text().count("ready") if log.exists() else 0
        self.runner = self.place.start(
            "avis hook", [BUILD / "avis", "hook", "run", "--conf",
                          self.avis.conf], log)
        wait_until(lambda: log.exists() and
                   log.read_text().count("ready") > before,
                   "avis hook to be ready", logs=[log])

    def consents(self, people, rounds, name):
        """Each round one word of each person, in that order."""
        lines = [row(f"p{p}.{name}@example.com",
                     when=f"2026-03-{r + 1:02d}T10:00:00Z")
                 for r in range(rounds) for p in range(people)]
        path = self.avis.folder / f"{name}.csv"
        path.write_text(HEAD + "".join(lines))
        self.avis.run("consent import", str(path))
        return [line.split(",")[0] for line in lines]

    def close(self):
        self.receiver.stop()
        self.place.close()


@pytest.fixture
def office():
    running = Office()
    # So that it begins before what the test has to tell.
    running.avis.run("hook run", "--once")
    yield running
    assert running.receiver.problems == []
    running.close()


def told(office, name):
    return [post for post in office.receiver.posts
            if post.get("address", "").endswith(f".{name}@example.com")]


def wait_told(office, count, name, timeout=40):
    wait_until(lambda: len({p["id"] for p in told(office, name)}) >= count,
               f"{count} events at the receiver", timeout)


def check_order(posts):
    """First postings: nobody's later word came before an earlier one."""
    seen, last = set(), collections.defaultdict(str)
    for post in posts:
        if post["id"] in seen:
            continue
        seen.add(post["id"])
        assert post["time"] >= last[post["address"]], post
        last[post["address"]] = post["time"]


def test_what_is_posted(office):
    office.avis.run("suppress add", "Anne@Example.com")
    office.avis.run("consent withdraw", "--class", "newsletter",
                    "benoit@example.com")
    office.avis.run("hook run", "--once")
    first, second = office.receiver.posts
    # The list of refusals never knew the address, only its hash (GDPR-6).
    assert first["event"] == "suppressed" and "address" not in first
    assert "class" not in first and len(first["person"]) == 24
    assert first["hook"] == "crm" and first["source"] == "operator"
    assert (second["event"], second["class"]) == ("consent", "newsletter")
    assert second["detail"].startswith("withdrawn")
    assert second["address"] == "benoit@example.com"
    assert second["person"] != first["person"]
    assert first["id"].startswith("office.avis/")


def test_nothing_twice_when_nothing_failed(office):
    office.consents(5, 4, "calm")
    office.avis.run("hook run", "--once")
    office.avis.run("hook run", "--once")
    assert len(told(office, "calm")) == 20
    assert "20 told" in office.avis.run("hook status").stdout


def test_history_before_the_first_run_is_not_told():
    office = Office()
    try:
        office.consents(2, 1, "before")
        office.avis.run("hook run", "--once")
        assert office.receiver.posts == []
    finally:
        office.close()


def test_only_what_was_asked_for():
    office = Office(events=["suppressed"], classes=["newsletter"])
    try:
        office.avis.run("hook run", "--once")
        office.consents(2, 1, "other")
        office.avis.run("suppress add", "--class", "service",
                        "a@example.com")
        office.avis.run("suppress add", "--class", "newsletter",
                        "b@example.com")
        office.avis.run("suppress add", "c@example.com")
        office.avis.run("hook run", "--once")
        assert [(p["event"], p.get("class", "")) for p in
                office.receiver.posts] == [("suppressed", "newsletter"),
                                           ("suppressed", "")]
    finally:
        office.close()


def test_a_receiver_that_is_down_gets_all_in_order(office):
    office.receiver.stop()
    office.run()
    office.consents(10, 5, "down")
    wait_until(lambda: "not taken" in office.avis.run(
        "hook status", check=False).stdout, "the trouble to be told")
    office.receiver.start()
    wait_told(office, 50, "down")
    check_order(told(office, "down"))
    assert len(told(office, "down")) == 50


def test_errors_are_asked_again_and_hold_what_follows(office):
    fails = collections.Counter()

    def answer(event):
        fails[event["id"]] += 1
        return 503 if fails[event["id"]] == 1 and \
            event.get("address", "").startswith("p1.") else 200
    office.receiver.answer = answer
    office.consents(3, 2, "busy")
    office.run()
    wait_told(office, 6, "busy")
    check_order(told(office, "busy"))
    assert [p["time"] for p in told(office, "busy")] == \
        sorted(p["time"] for p in told(office, "busy"))


def test_one_that_hangs_is_cut_off(office):
    hung = []

    def answer(event):
        if not hung:
            hung.append(event["id"])
            time.sleep(1.5)
            return 500
        return 200
    office.receiver.answer = answer
    office.consents(2, 1, "slow")
    office.run()
    wait_told(office, 2, "slow")
    assert len(hung) == 1


def test_what_is_refused_is_put_aside_and_told():
    office = Office(tries=2)
    try:
        office.avis.run("hook run", "--once")
        office.receiver.answer = lambda event: \
            422 if event.get("address", "").startswith("p1.") else 200
        office.consents(3, 1, "bad")
        office.run()
        wait_told(office, 2, "bad")
        wait_until(lambda: "1 put aside" in office.avis.run(
            "hook status", check=False).stdout, "the status to tell")
        assert office.avis.run("hook status", check=False).returncode == 1
        text = (office.state / "crm.aside").read_text()
        assert text.count("\n") == 1 and " consent 422" in text
        assert "@" not in text
    finally:
        office.close()


def test_killed_again_and_again_nothing_is_lost(office):
    office.receiver.answer = lambda event: (time.sleep(0.005), 200)[1]
    names = office.consents(20, 15, "kill")
    for wanted in (40, 90, 150, 220):
        office.run()
        wait_told(office, wanted, "kill")
        office.runner.kill()
    office.run()
    wait_told(office, len(names), "kill")
    posts = told(office, "kill")
    check_order(posts)
    assert len({p["id"] for p in posts}) == len(names)
    counted = collections.Counter(p["address"] for p in
                                  {p["id"]: p for p in posts}.values())
    assert counted == collections.Counter(names)


def test_one_runner_at_a_time(office):
    office.run()
    done = office.avis.run("hook run", "--once", check=False)
    assert done.returncode == 1
    assert "another process" in done.stderr


def test_the_test_event(office):
    done = office.avis.run("hook test")
    assert (done.returncode, done.stdout) == (0, "crm: answer 200\n")
    assert office.receiver.posts[-1]["event"] == "test"
    office.receiver.stop()
    assert office.avis.run("hook test", check=False).returncode == 1
    office.receiver.start()


@pytest.mark.parametrize("text, mode, why", [
    (b"short\n", 0o600, "at least 16"), (SECRET, 0o644, "chmod 600")])
def test_a_secret_that_is_none(office, text, mode, why):
    office.secret.write_bytes(text)
    office.secret.chmod(mode)
    done = office.avis.run("hook run", "--once", check=False)
    assert done.returncode == 1
    assert why in done.stderr


def test_two_secrets_while_one_is_changed(office):
    office.secret.write_bytes(b"the-new-one-is-this-one\n" + SECRET + b"\n")
    office.avis.run("hook test")


def test_openssl_verifies_as_the_manual_says(office, tmp_path):
    headers, body = [], []
    take = office.receiver.take

    def keep(header, data):
        headers.append(header["Avis-Signature"])
        body.append(data)
        return take(header, data)
    office.receiver.take = keep
    office.avis.run("hook test")
    (tmp_path / "body").write_bytes(body[0])
    when, given = (p.split("=", 1)[1] for p in headers[0].split(","))
    done = subprocess.run(
        ["sh", "-c", '{ printf "%s." "$1"; cat "$2"; } | '
         'openssl dgst -sha256 -hmac "$(cat "$3")"', "sh", when,
         tmp_path / "body", office.secret], capture_output=True, text=True,
        check=True)
    assert done.stdout.split("= ")[1].strip() == given


# -- with mail ---------------------------------------------------------------

def test_unsubscribed_and_bounced_by_mail_name_the_person(lab):
    receiver = Receiver(SECRET).start()
    secret = lab.avis.folder / "secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    with lab.avis.conf.open("a") as out:
        hook = {"name": "crm", "url": receiver.url, "secret": str(secret)}
        out.write(f"\nhook_state = {written(lab.avis.folder / 'hooks')};\n"
                  f"hooks = ( {written(hook)} );\n")
    lab.avis.run("hook run", "--once")
    news = send_and_receive(lab, newsletter("emma@example.com"),
                            to="emma@example.com")
    leave(lab, "emma@example.com", way_out(news))
    wait_case(lab, news, "unsubscribed")
    lab.send("recouvrement@example.fr", ["nobody@example.com"],
             letter("recouvrement@example.fr", to="nobody@example.com"))
    wait_until(lambda: '"failed"' in lab.avis.run(
        "journal show").stdout, "the bounce", logs=lab.logs())
    lab.avis.run("hook run", "--once")
    receiver.stop()
    assert receiver.problems == []
    of = {post["event"]: post for post in receiver.posts}
    assert set(of) == {"unsubscribed", "hard-bounce"}
    assert of["unsubscribed"]["address"] == "emma@example.com"
    assert of["unsubscribed"]["class"] == "newsletter"
    assert of["hard-bounce"]["address"] == "nobody@example.com"
    assert of["hard-bounce"]["status"].startswith("5.")
