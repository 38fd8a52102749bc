"""A hostile sender, and an insider who wants past the rules.

The scripted MTA says what no Postfix would let through too.
"""

import re
import time

import pytest

from tests.e2e.people import POLICY, SETTINGS, STRANGER, Case, letter
from tests.lab import reports
from tests.lab.avis import Avis
from tests.lab.places import Place
from tests.lab.redis_server import RedisServer
from tests.lab.scripted_mta import ALL_ACTIONS, ScriptedMta
from tests.lab.waiting import wait_until

NOTICE = "recouvrement@example.fr"
NEWS = "news@example.fr"
ANNE = "anne@example.com"
BENOIT = "benoit@example.com"
CHGHDRS = 0x10
EVENTS, RECIPIENTS = 120, 200


@pytest.fixture(scope="module")
def avis():
    with Place() as place:
        redis = RedisServer(place).start()
        daemon = Avis(place, redis.url, policy=POLICY, settings={
            **SETTINGS,
            "limits": {"events": EVENTS, "recipients": RECIPIENTS}})
        daemon.start()
        yield daemon
        assert daemon.is_running()
        assert daemon.stop() == 0


def new(avis, address, **options):
    link = ScriptedMta(avis.for_postfix, **options)
    link.hello(address)
    return link


@pytest.fixture
def ours(avis):
    with new(avis, "127.0.0.1") as link:
        yield link


@pytest.fixture
def stranger(avis):
    with new(avis, STRANGER) as link:
        yield link


def send_notice(mta, *recipients):
    """A formal notice; the address its reports come back to."""
    outcome = mta.send(NOTICE, list(recipients) or [ANNE], letter(NOTICE))
    return outcome.of("chgfrom")[0].name.strip("<>")


def dsn(address, *words, **options):
    """As a letter with LF line ends."""
    return reports.dsn(address, *words, **options).replace(b"\r\n", b"\n")


def give(mta, report, *recipients, sender=""):
    return mta.send((f"<{sender}>",), list(recipients), report)


def case(avis, address):
    return Case(avis.proof("--token", address.partition("+")[2][:40]))


def wait_events(avis, address, kind, count=1):
    def look():
        found = case(avis, address)
        return found.is_from_store and len(found.all(kind)) >= count and found
    return wait_until(look, f"{count} x {kind}", 20, [avis.log_file])


# -- mail that is lost -------------------------------------------------------

def test_X_12_mail_for_more_than_the_limit_is_not_discarded(avis, ours,
                                                            stranger):
    """Recipients past the limit are not looked at, but they are there."""
    address = send_notice(ours)
    outcome = give(stranger, dsn(address, ANNE, "delivered"),
                   *[address] * RECIPIENTS, "contact@example.fr")
    assert outcome.answer == "continue"
    assert not outcome.of("delrcpt", "<contact@example.fr>")


# -- reports in bulk ---------------------------------------------------------

def test_REP_11_one_address_many_times_is_one_report(avis, ours, stranger):
    address = send_notice(ours)
    outcome = give(stranger, dsn(address, ANNE, "delivered"),
                   *[address] * 100)
    assert outcome.answer == "discard"
    wait_events(avis, address, "delivered")
    time.sleep(0.5)
    assert len(case(avis, address).all("delivered")) == 1


def test_many_addresses_are_no_report(avis, ours, stranger):
    """Each would be looked up and read: one small mail, much work."""
    addresses = [send_notice(ours) for _ in range(30)]
    outcome = give(stranger, dsn(addresses[0], ANNE, "delivered"), *addresses)
    assert outcome.answer == "continue"
    assert 0 < len(outcome.of("delrcpt")) <= 16


def test_events_of_a_message_have_a_limit(avis, ours, stranger):
    """Who has a token may write as often as he likes, we need not."""
    address = send_notice(ours)
    for n in range(3 * EVENTS):
        last = give(stranger, dsn(address, ANNE, "relayed",
                                  diagnostic=f"smtp; 250 try {n}"), address)
        if last.answer != "discard":
            break
        time.sleep(0.01)
    # Not recorded, and not lost: the mailbox behind the address has it.
    assert last.answer == "continue" and last.edits == []
    assert n >= EVENTS - 1
    assert len(case(avis, address).events) < 2 * EVENTS
    avis.wait_log("limits.events")


def test_REP_13_groups_of_one_report_stay_within_the_limit(avis, ours,
                                                           stranger):
    address = send_notice(ours)
    group = (b"\nFinal-Recipient: rfc822; x%d@example.com\n"
             b"Action: failed\nStatus: 5.1.1\n")
    head, middle, tail = dsn(address, ANNE, "failed").rpartition(b"\n--")
    report = head + b"".join(group % n for n in range(700)) + middle + tail
    outcome = give(stranger, report, address)
    assert outcome.answer == "continue" and not outcome.of("delrcpt")
    time.sleep(1)
    assert len(case(avis, address).events) <= EVENTS + 1


def test_LST_13_unsubscribing_again_says_nothing_new(avis, ours, stranger):
    outcome = ours.send(NEWS, ["fatou@example.com"],
                        letter(NEWS, X_Campaign="1"))
    way = outcome.values("List-Unsubscribe")[0]
    address = re.search(r"mailto:([^?>]*)", way).group(1)
    mail = letter("fatou@example.com", address)
    assert give(stranger, mail, address,
                sender="fatou@example.com").answer == "discard"
    wait_events(avis, address, "unsubscribed")
    for _ in range(20):
        assert give(stranger, mail, address,
                    sender="fatou@example.com").answer == "discard"
    time.sleep(0.5)
    assert len(case(avis, address).all("unsubscribed")) == 1


def test_a_long_name_is_not_kept_whole(avis, ours, stranger):
    address = send_notice(ours)
    long = "x" * 50_000 + "@evil.example"
    give(stranger, letter(long, address), address, sender="a@evil.example")
    event = wait_events(avis, address, "replied").one("replied")
    assert len(event["facts"]["from"]) <= 1000


# -- who says so -------------------------------------------------------------

def test_REP_10_a_shared_token_proves_no_recipient(avis, ours, stranger):
    """Benoit has the token too: he may say what Anne's server never said."""
    address = send_notice(ours, ANNE, BENOIT)
    give(stranger, dsn(address, ANNE, "delivered"), address)
    event = wait_events(avis, address, "delivered").one("delivered")
    assert event["recipient"] == 1
    assert event["grade"] == "claimed"


def test_REP_10_our_own_server_is_believed_for_each(avis, ours):
    address = send_notice(ours, ANNE, BENOIT)
    give(ours, dsn(address, ANNE, "failed"), address)
    event = wait_events(avis, address, "failed").one("failed")
    assert event["grade"] == "authenticated"


# -- past the rules ----------------------------------------------------------

@pytest.mark.parametrize("address", ["recu@example.fr", "recu+x@example.fr",
                                     "unsubscribe@example.fr"])
def test_our_address_among_the_recipients_is_no_way_past_the_rules(
        ours, address):
    outcome = ours.send(NEWS, [ANNE, address], letter(NEWS, X_Campaign="1"))
    assert outcome.answer == "continue"
    assert outcome.values("List-Unsubscribe")
    assert outcome.values("Avis-Record")


def test_a_real_token_is_no_way_past_the_rules_either(ours):
    address = send_notice(ours)
    outcome = ours.send(NEWS, [ANNE, address], letter(NEWS, X_Campaign="1"))
    assert outcome.values("Avis-Record")
    assert not outcome.of("delrcpt")


# -- what the record says of what did not leave ------------------------------

def test_MLT_9_what_was_put_off_is_not_left_as_sent(avis):
    """A blind MTA gets 4xx each time it tries: nothing was sent."""
    text = letter(NOTICE)
    message_id = re.search(r"(?m)^Message-ID: (.*)$", text).group(1)
    with new(avis, "127.0.0.1", actions=ALL_ACTIONS & ~CHGHDRS) as mta:
        assert mta.send(NOTICE, [ANNE], text).text.startswith("451")

    def look():
        found = Case(avis.proof("--message-id", message_id))
        return found.is_from_store and found.all("refused") and found
    found = wait_until(look, "the withdrawal", 10, [avis.log_file])
    assert found.state() == "refused"


# -- what the log says -------------------------------------------------------

def test_GDPR_15_no_header_of_a_message_stands_in_the_log(avis, ours):
    """A class chosen by a header: the log shows the rule, not the value."""
    outcome = ours.send(NEWS, [ANNE], letter(
        NEWS, X_Campaign="pour Madame Anne Dupont"))
    assert outcome.values("Avis-Record")
    avis.wait_log(r"header X-Campaign: \*")
    assert "Dupont" not in avis.log()
