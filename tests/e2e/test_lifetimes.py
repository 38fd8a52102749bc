"""GDPR-12: what Redis holds goes by itself."""

from tests.e2e.people import letter, send_and_receive, wait_case
from tests.e2e.test_unsubscribe import leave, newsletter, way_out


def lifetimes(lab):
    done = lab.avis.run("doctor", check=False)
    (line,) = [line for line in done.stdout.splitlines()
               if "its time is over" in line or "stay for ever" in line]
    return line


def test_GDPR_12_every_key_has_its_time(lab):
    first = send_and_receive(lab, newsletter("emma@example.com"),
                             to="emma@example.com")
    leave(lab, "emma@example.com", way_out(first))
    wait_case(lab, first, "unsubscribed")
    one = send_and_receive(lab, letter("recouvrement@example.fr",
                                       to="anne@example.com"),
                           to="anne@example.com")
    wait_case(lab, one, "delivered")
    lab.avis.run("consent withdraw", "--class", "newsletter",
                 "anne@example.com")
    line = lifetimes(lab)
    assert line.startswith("ok") and "(all " in line


def test_GDPR_12_a_key_that_stays_is_named(lab):
    lab.redis.command("SET", "avis:i:strange", "1")
    line = lifetimes(lab)
    assert line.startswith("warn") and "avis:i:strange" in line
    lab.redis.command("DEL", "avis:i:strange")
