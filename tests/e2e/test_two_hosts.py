"""Two hosts with avis and one Redis: what is counted is counted once."""

import concurrent.futures
import shutil
import smtplib

import pytest

from tests.e2e.people import SETTINGS, fresh_recipient, letter
from tests.lab import smtp
from tests.lab.avis import Avis
from tests.lab.labs import Lab
from tests.lab.waiting import wait_until

POLICY = """
classes = (
  { name = "news"; purpose = "marketing"; basis = "legitimate-interest";
    audience = "professionals"; unsubscribe = "mailto";
    list_id = "news.example.fr"; cap = "5/1h"; }
);
"""
NEWS = "news@example.fr"


@pytest.fixture(scope="module")
def hosts():
    lab = Lab(policy=POLICY, settings=SETTINGS)
    second = Avis(lab.place, lab.redis.url, name="avis2", policy=POLICY,
                  settings={**SETTINGS, "host": "mail2"})
    lab.sender.listen("second", smtpd_milters=second.for_postfix)
    with lab:
        shutil.copy(lab.avis.keys, second.keys)
        second.start()
        yield lab
        assert second.stop() == 0


def outcome(lab, listener, reader):
    """250, 550...: of one message by way of that host."""
    try:
        smtp.send(lab.sender.port(listener), NEWS, [reader],
                  letter(NEWS, to=reader))
    except smtplib.SMTPResponseException as refused:
        return refused.smtp_code
    return 250


def test_a_cap_holds_across_hosts(hosts):
    """Exactly as many as the cap allows, whoever is first."""
    for _ in range(5):
        reader = fresh_recipient()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(
                lambda n: outcome(hosts, ("own", "second")[n % 2], reader),
                range(24)))
        assert sorted(codes) == [250] * 5 + [550] * 19


def test_who_leaves_at_one_host_is_stopped_at_the_other(hosts):
    reader = fresh_recipient()
    assert outcome(hosts, "own", reader) == 250
    hosts.avis.run("suppress add", reader, "--class", "news")
    wait_until(lambda: outcome(hosts, "second", reader) == 550,
               "the other host to refuse", 10, hosts.logs())
    assert outcome(hosts, "own", reader) == 550
