"""avis suppress: the list of who wants no mail, by hand and by file."""

import re
import smtplib

from tests.e2e.people import fresh_recipient, letter, send_and_receive
from tests.lab.waiting import wait_until

HASH = re.compile("[0-9a-f]{24}")


def newsletter(to):
    return letter("news@example.fr", to=to, X_Campaign="autumn")


def refusal(lab, reader):
    """The answer to a newsletter, "" when it was taken."""
    try:
        lab.send("news@example.fr", [reader], newsletter(reader))
    except smtplib.SMTPResponseException as answer:
        return f"{answer.smtp_code} {answer.smtp_error}"
    return ""


def suppress(lab, *words, **options):
    return lab.avis.run("suppress", *words, **options)


def hash_of(lab, reader):
    return HASH.search(suppress(lab, "list", reader).stdout).group()


def test_GDPR_4_by_hand_from_the_next_message_on(lab):
    reader = fresh_recipient()
    done = suppress(lab, "add", "--class", "newsletter", reader.upper())
    assert reader.lower() not in done.stdout.lower()
    assert re.match("550 5.7.1 .*newsletter", refusal(lab, reader))
    send_and_receive(lab, letter("julie@example.fr", to=reader), to=reader)
    listed = suppress(lab, "list", reader).stdout
    assert re.fullmatch(r"[0-9a-f]{24}  newsletter +since 20\d\d-.*Z\n", listed)
    suppress(lab, "remove", "--class", "newsletter", hash_of(lab, reader))
    assert refusal(lab, reader) == ""
    assert "is not on the list" in suppress(lab, "list", reader).stdout


def test_all_marketing_and_nothing_else(lab):
    reader = fresh_recipient()
    suppress(lab, "add", reader)
    assert refusal(lab, reader).startswith("550")
    send_and_receive(lab, letter("recouvrement@example.fr", to=reader),
                     to=reader)
    left = suppress(lab, "remove", "--class", "newsletter", reader).stdout
    assert "still refused: all marketing but that" in left
    assert refusal(lab, reader) == ""
    suppress(lab, "remove", reader)


def test_GDPR_6_hashes_only(lab):
    """No address in the entries nor in their payloads."""
    reader = fresh_recipient("else.test")
    suppress(lab, "add", reader)
    suppress(lab, "remove", reader)
    shown = lab.avis.run("journal", "show", "--payload").stdout
    assert '"suppressed"' in shown
    assert "else.test" not in shown


def import_file(lab, tmp_path, text, *words, check=True):
    path = tmp_path / "list.csv"
    path.write_text(text)
    return suppress(lab, "import", *words, path, check=check)


def test_import_of_addresses_one_a_line(lab, tmp_path):
    one, two = fresh_recipient(), fresh_recipient()
    text = f"{one}\n\n  {two.upper()} \r\n"
    dry = import_file(lab, tmp_path, text, "--dry-run", "--class",
                      "newsletter")
    assert "2 lines: 2 would be recorded" in dry.stdout
    assert refusal(lab, one) == ""
    done = import_file(lab, tmp_path, text, "--class", "newsletter")
    assert "2 lines: 2 recorded, 0 on the list before" in done.stdout
    assert refusal(lab, one).startswith("550")
    assert refusal(lab, two).startswith("550")
    again = import_file(lab, tmp_path, text, "--class", "newsletter")
    assert "2 lines: 0 recorded, 2 on the list before" in again.stdout


def test_import_of_a_table_with_bad_lines(lab, tmp_path):
    one, two, back = (fresh_recipient() for _ in range(3))
    rejects = tmp_path / "bad.csv"
    suppress(lab, "add", back)
    suppress(lab, "remove", back)
    done = import_file(
        lab, tmp_path,
        "\ufeffname;since;email;class\r\n"
        f"Anne;2026-01-02;{one};newsletter\r\n"
        f"\"Bo; of it\";2026-01-02T10:00:00+01:00;{two};*\r\n"
        f"Carl;2026-01-02;{back};\r\n"
        "nobody;2026-01-02;not an address;newsletter\r\n"
        f"Dora;2026-01-02;{one};news\r\n"
        f"Eve;2190-01-02;{one};newsletter\r\n"
        f"Fay;yesterday;{one};newsletter\r\n",
        "--rejects", rejects, check=False)
    assert done.returncode == 1
    assert "7 lines: 2 recorded, 0 on the list before, 1 said yes later, " \
        "4 bad" in done.stdout
    for number, why in ((5, "neither an address nor a hash"),
                        (6, 'there is no class "news"'),
                        (7, "since: lies in the future"),
                        (8, "since: is no time")):
        assert f"list.csv:{number}: {why}" in done.stderr, done.stderr
    assert len(rejects.read_text().splitlines()) == 4
    assert "since 2026-01-02" in suppress(lab, "list", one).stdout.replace(
        "2026-01-01T23", "2026-01-02T")
    assert "2026-01-02T09:00:00.000Z" in suppress(lab, "list", two).stdout
    assert "all marketing" in suppress(lab, "list", two).stdout
    assert refusal(lab, back) == ""


def test_X_15_what_is_exported_brings_it_back(lab, tmp_path):
    readers = [fresh_recipient() for _ in range(3)]
    import_file(lab, tmp_path, "\n".join(readers), "--class", "newsletter")
    text = suppress(lab, "export").stdout
    assert text.splitlines()[0] == "person,class,since"
    assert "@" not in text
    hashes = [line.split(",")[0] for line in text.splitlines()[1:]]
    assert hashes == sorted(hashes)
    lab.redis.empty()
    assert refusal(lab, readers[0]) == ""
    done = import_file(lab, tmp_path, text)
    assert f"{len(hashes)} lines: {len(hashes)} recorded" in done.stdout
    assert all(refusal(lab, reader).startswith("550") for reader in readers)
    assert suppress(lab, "export").stdout == text
    lab.avis.run("journal", "replay")


def test_wrong_words_change_nothing(lab):
    for words, code, said in (
            (["add", "nobody"], 1, "neither an address nor a hash"),
            (["add", "--class", "newsleter", "a@example.com"], 1,
             'did you mean "newsletter"?'),
            (["add"], 2, "usage:"),
            (["forget", "a@example.com"], 2, "usage:"),
            (["import", "/nowhere.csv"], 1, "No such file")):
        done = suppress(lab, *words, check=False)
        assert done.returncode == code, words
        assert said in done.stderr


def test_X_12_recorded_while_the_store_is_away(lab):
    """The answer says so, and it holds as soon as the store is back."""
    reader = fresh_recipient()
    lab.redis.stop()
    try:
        done = suppress(lab, "add", reader, check=False)
    finally:
        lab.redis.start()
    assert done.returncode == 1
    assert "takes effect when the store is back" in done.stderr
    lab.avis.run("journal", "replay")
    wait_until(lambda: refusal(lab, reader).startswith("550"),
               "the refusal", 10, lab.logs())
