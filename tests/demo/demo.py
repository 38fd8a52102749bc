#!/usr/bin/python3
"""make demo: four real messages, two real mail servers, what came back.

KEEP=1 leaves everything running for mail of your own, until Ctrl-C.
"""

import os
import pathlib
import shlex
import shutil
import signal
import smtplib
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).resolve().parents[2])

from tests.demo import page  # noqa: E402
from tests.demo.letters import (  # noqa: E402
    ALL, GHOST, NEWSLETTER, NOTICE, ORDER, UNASKED)
from tests.lab import reports, smtp  # noqa: E402
from tests.lab.avis import BUILD, SAMPLES  # noqa: E402
from tests.lab.browsers import Client, one_click_url  # noqa: E402
from tests.lab.labs import Lab  # noqa: E402
from tests.lab.waiting import LabError, wait_until  # noqa: E402

POLICY = (SAMPLES / "policy.conf").read_text()
KEEP = os.environ.get("KEEP", "") not in ("", "0", "no")


def introduce():
    page.say(page.paint("bold", "avis") + " reads an organisation's "
             "outgoing mail as it leaves, and makes it mail that people can "
             "answer, refuse and prove. Here it does that on real parts, "
             "private to this run.")


def start(lab):
    page.title("Starting")
    lab.start()
    page.row("Redis", "on a Unix socket, append-only file on")
    page.row("avis-milter", "with conf/avis.conf and conf/policy.conf, "
             "the samples; paths and networks differ, and the newsletter "
             "has one-click, as if a signer followed (dkim_signs)")
    lab.avis.wait_log("one-click links are given out")
    page.row("avis-web", f"{lab.web.url}, with a certificate of this run; a "
             "proxy may stand in front of it")
    page.row("Postfix of example.fr", "our mail server: "
             f"127.0.0.1:{lab.sender.port('own')}, avis is its milter")
    page.row("Postfix of example.com", "somebody else's: "
             f"127.0.0.1:{lab.recipient.port('dsn')}, knows nothing of avis")
    page.row("files and logs", str(lab.place.path))


def consent(lab):
    """What a site has from its forms: who agreed, when, to which words."""
    page.title("Somebody agrees to the newsletter, somebody does not")
    table = lab.place.folder("consents") / "consents.csv"
    table.write_text(
        "address,class,time,text_id,channel,receive\n"
        f"{NEWSLETTER.to},newsletter,2026-11-02T09:14:05Z,optin-fr-2026-03,"
        "web-form,yes\n")
    page.command("avis consent import consents.csv")
    lab.avis.run("consent import", str(table))
    page.row("Benoît", "gave his consent on a form, and it is on record")
    page.row("David", "did not, and is on the same mailing:")
    page.block(refusal_of(lab, UNASKED), 8)


def refusal_of(lab, letter):
    try:
        lab.send(letter.sender, [letter.to], letter.data)
    except smtplib.SMTPResponseException as refused:
        return f"{refused.smtp_code} {refused.smtp_error}"
    raise LabError("a newsletter left to one who does not want it")


def send_all(lab):
    page.title("Four messages leave")
    for number, letter in enumerate(ALL, 1):
        page.row(f"{number}  {letter.sender}",
                 f"to {letter.to}: {letter.subject}")
        lab.send(letter.sender, [letter.to], letter.data)


def mailbox_and_letter(lab, letter):
    return lab.inbox(letter.to).wait_one(message_id=letter.message_id)


def give_back(lab, sender, recipient, data):
    smtp.send(lab.recipient.port("dsn"), sender, [recipient], data)


def answer_all(lab):
    """The other side: a mail program, a person, two mail servers."""
    page.title("The other side answers")
    for letter in (NOTICE, NEWSLETTER, ORDER):
        letter.received = mailbox_and_letter(lab, letter)
    page.row("their mail server", "puts three messages into mailboxes, "
             "reports the first as delivered, and refuses the fourth")
    to = reports.receipt_address(NOTICE.received)
    wait_for_event(lab, NOTICE, "delivered")
    give_back(lab, "", to, reports.mdn(NOTICE.received, NOTICE.to))
    page.row("Anne's mail program", "shows the notice and sends the receipt "
             "that she allows; it may, because receipts go to the same "
             "address as the sender in the envelope")
    give_back(lab, ORDER.to, ORDER.sender,
              reports.reply(ORDER.received, ORDER.to, to=ORDER.sender))
    page.row("Chloé", "presses Reply")


def wait_for_event(lab, letter, kind):
    """Until `avis proof` shows it."""
    def is_there():
        done = lab.avis.run("proof", "--json", "--message-id",
                            letter.message_id, check=False)
        return f'"{kind}"' in done.stdout
    wait_until(is_there, f"\"{kind}\" in the proof of "
               f"\"{letter.subject}\"", 20, lab.logs())


def wait_for_answers(lab):
    wait_for_event(lab, NOTICE, "displayed")
    wait_for_event(lab, ORDER, "replied")
    wait_for_event(lab, GHOST, "failed")
    wait_for_event(lab, NEWSLETTER, "submitted")
    GHOST.received = lab.inbox(GHOST.sender).wait_one()


def show_changes(letter):
    if letter is GHOST:
        return
    sender = letter.received["Return-Path"].strip("<>")
    changes = page.difference(letter.header_lines,
                              letter.received.header_lines())
    if sender != letter.sender:
        changes = [("-", "MAIL FROM", letter.sender),
                   ("+", "MAIL FROM", sender)] + changes
    page.say("What avis changed, before and after:", 4)
    page.show_difference(changes)


AFTERWORDS = {
    NOTICE: "\"displayed\" is what a mail program said. It does not show "
            "who read it, and the record does not claim so.",
    NEWSLETTER: "Silence proves nothing, so nothing stands here but what "
                "left.",
    ORDER: "This server does not speak DSN and says nothing: the answer is "
           "the sign of life.",
}


def show_all(lab):
    for number, letter in enumerate(ALL, 1):
        page.title(f"{number}. {letter.title}")
        page.say(letter.story, 4)
        print()
        show_changes(letter)
        page.command(f"avis proof --message-id '{letter.message_id}'")
        text = lab.avis.proof_text("--message-id", letter.message_id)
        # Its closing words are the same each time: once is enough.
        page.block(text if number == 1
                   else text.partition("\n\nThis shows ")[0])
        if letter is GHOST:
            page.say("The people who wrote have the failure in their "
                     f"mailbox: \"{GHOST.received['Subject']}\". The token "
                     "is taken out of it.", 4)
        else:
            page.say(AFTERWORDS[letter], 4)


def leave(lab):
    """Gmail's button, or any other: RFC 8058."""
    page.title("Benoît has enough of it")
    url = one_click_url(NEWSLETTER.received)
    page.row("Benoît", "presses Unsubscribe in his mail program, which sends "
             "what the header says:")
    page.command(f"curl --data List-Unsubscribe=One-Click {url}")
    answer = Client(lab.web.certificate).post_parts(url)
    if answer.status != 200:
        raise LabError(f"one-click: {answer.status}\n{answer.body}")
    page.block(f"{answer.status}: it is on disk, and holds from now on", 6)
    page.row("the newsletter", "goes out to him once more, this instant:")
    page.block(refusal_of(lab, NEWSLETTER), 8)
    page.row("his order", "would still reach him: one click, one list")


def show_next(lab):
    page.title("And now")
    check = lab.avis.run("journal", "verify", check=False).stdout
    page.command("avis journal verify")
    page.block(check)
    if not KEEP:
        page.row("make demo KEEP=1", "leaves it running: send your own mail "
                 "through it")
    page.row("conf/policy.conf", "the rules that were applied; change one, "
             "run it again")
    page.row("avis try", "shows what would be done to a message, without "
             "sending it")
    page.row("INSTALL", "beside your own Postfix or Sendmail")


def keep_running(lab):
    folder = lab.place.path
    conf = lab.avis.conf
    avis = shlex.quote(os.path.relpath(BUILD / "avis"))
    page.title("It stays until you press Ctrl-C here")
    page.say(f"Point a mail program at 127.0.0.1:"
             f"{lab.sender.port('own')} (no password), or use another "
             "terminal:", 4)
    page.paste(f"sendmail -C {folder}/mail/etc -f julie@example.fr "
               "anne@example.com < letter.eml")
    page.paste(f"{avis} proof --conf {conf} --to anne@example.com")
    page.say("Mailboxes that exist: anne, benoit, chloe, david at "
             "example.com (speaks DSN) and example.net (does not); julie, "
             "marc, contact at example.fr.", 4)
    page.row("  their mailboxes", f"{folder}/mx/mail")
    page.row("  our mailboxes", f"{folder}/mail/mail")
    page.row("  logs", f"{folder}/avis/avis.log, {folder}/mail/mail.log")
    page.row("  the rules", f"{conf.parent}/policy.conf; then kill -HUP "
             f"{lab.avis.pid}")
    while True:
        signal.pause()


def run():
    started = time.monotonic()
    introduce()
    lab = Lab(has_web=True, settings={"dkim_signs": True},
              policy=POLICY.replace('"mailto"', '"one-click"'))
    with lab.place:
        start(lab)
        consent(lab)
        send_all(lab)
        answer_all(lab)
        wait_for_answers(lab)
        show_all(lab)
        leave(lab)
        show_next(lab)
        if KEEP:
            keep_running(lab)
    page.say(f"Everything is stopped and removed. "
             f"{time.monotonic() - started:.0f} seconds.")




def become_root():
    why = ("The demonstration starts private mail servers, and Postfix "
           "starts as root only.")
    if not shutil.which("sudo"):
        sys.exit(f"{why}\nRun it as root, or in a container.")
    page.say(f"{why} Asking sudo.")
    keep = "--preserve-env=KEEP,AVIS_BUILD,NO_COLOR"
    os.execvp("sudo", ["sudo", keep, "--", sys.executable, __file__])


def main():
    if os.getuid() != 0:
        become_root()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run()
    except KeyboardInterrupt:
        print("\nStopped; nothing is left behind.")
        sys.exit(130)
    except (LabError, OSError) as error:
        sys.exit(f"\nThe demonstration stopped: {error}")
    except reports.WouldNotSend as reason:
        sys.exit("\nThe demonstration stopped: a mail program would send no "
                 f"receipt: {reason}")


main()
