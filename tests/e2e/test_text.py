"""Notice and footer on real mail: what people read at the other end."""

import email.message
import email.policy
import html
import uuid

import pytest

from tests.e2e.people import fresh_recipient, send_and_receive, wait_case

POLICY = """
classes = (
  { name = "legal"; purpose = "legal"; basis = "contract";
    when = { from = [ "recouvrement@example.fr" ]; };
    receipts = { delivery = [ "success", "failure" ]; reading = true; };
    recipients = "shared";
    notice = "receipt"; footer = [ "reassurance" ]; },
  { name = "service"; purpose = "service"; basis = "contract";
    footer = [ "reassurance", "way-on" ];
    way_on = "https://example.fr/aide"; } );
"""
LAB = {"policy": POLICY, "settings": {
    "receipts": "recu@example.fr", "pages": {"language": "fr"},
    "organisation": {"name": "Exemple SA",
                     "contact": "contact@example.fr"}}}

NOTICE = "Nous avons demandé à votre logiciel de messagerie"
WHO = "Écrivez-nous, une personne vous lira"
WAY_ON = "https://example.fr/aide"


def written(text, to, sender="julie@example.fr", page=None, **options):
    mail = email.message.EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = f"Facture {uuid.uuid4().hex}"
    mail["Message-ID"] = f"<{uuid.uuid4().hex}@example.fr>"
    mail["Date"] = "Sat, 21 Nov 2026 10:00:00 +0100"
    mail.set_content(text, **options)
    if page:
        mail.add_alternative(page, subtype="html")
    return mail


def received(lab, mail, **options):
    """(as it arrived, parsed)"""
    arrived = send_and_receive(lab, mail.as_string(), to=mail["To"],
                               **options)
    return arrived, email.message_from_bytes(
        arrived.raw, policy=email.policy.default)


def text_of(mail):
    """Words with single spaces: lines may be folded anywhere."""
    return " ".join(mail.get_body(("plain",)).get_content().split())


def html_of(mail):
    return " ".join(mail.get_body(("html",)).get_content().split())


def test_BODY_6_text_and_html_say_the_same(lab):
    to = fresh_recipient()
    mail = written("Bonjour, votre facture.\n", to,
                   "recouvrement@example.fr",
                   "<html><body><p>Bonjour</p></body></html>")
    arrived, parsed = received(lab, mail)
    for words in (NOTICE, WHO):
        assert words in text_of(parsed)
        assert words in html.unescape(html_of(parsed))
    assert html_of(parsed).endswith("</body></html>")
    case = wait_case(lab, arrived, "submitted")
    assert "block receipt" in case.one("submitted")["facts"]["reason"]


@pytest.mark.parametrize("cte", ["7bit", "8bit", "quoted-printable",
                                 "base64"])
def test_BODY_2_every_encoding(lab, cte):
    to = fresh_recipient()
    text = "Hello.\n" if cte == "7bit" else "Été.\n"
    mail = written(text, to, cte=cte)
    _, parsed = received(lab, mail)
    assert text_of(parsed).startswith(text.strip() + " Exemple SA")
    assert WAY_ON in text_of(parsed)


def test_X_8_signed_mail_keeps_every_byte(lab):
    to = fresh_recipient()
    inner = ("--b\nContent-Type: text/plain\n\nBonjour  \n\n--b\n"
             "Content-Type: application/pgp-signature\n\nxx\n--b--\n")
    data = (f"From: julie@example.fr\nTo: {to}\nSubject: {uuid.uuid4().hex}\n"
            "MIME-Version: 1.0\nContent-Type: multipart/signed; "
            'protocol="application/pgp-signature"; micalg=pgp-sha256; '
            f"boundary=b\n\n{inner}")
    arrived = send_and_receive(lab, data, to=to)
    assert arrived.body.decode() == inner
    case = wait_case(lab, arrived, "submitted")
    assert "signed" in case.one("submitted")["facts"]["reason"]


def test_X_13_an_answer_gets_no_second_footer(lab):
    to = fresh_recipient()
    _, first = received(lab, written("Bonjour.\n", to))
    quoted = "".join(f"> {line}\n" for line in
                     first.get_body().get_content().splitlines())
    _, second = received(lab, written("Suite.\n\n" + quoted, to))
    assert text_of(second).replace("> ", "").count("Exemple SA") == 1
    assert text_of(second).count(WAY_ON) == 1


def test_a_large_attachment_stays_as_it_was(lab):
    to = fresh_recipient()
    blob = bytes(i * 7 % 251 for i in range(3_000_000))
    mail = written("Bonjour.\n", to)
    mail.add_attachment(blob, maintype="application", subtype="octet-stream",
                        filename="a.bin")
    _, parsed = received(lab, mail)
    assert next(parsed.iter_attachments()).get_content() == blob
    assert WHO in text_of(parsed)
    # The spool's files have no names.
    assert not list((lab.avis.folder / "spool").iterdir())
