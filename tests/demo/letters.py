"""The four messages of the demonstration, and who answers how."""

import email.utils
import uuid


class Letter:
    def __init__(self, title, story, sender, to, subject, text, **fields):
        self.title = title
        self.story = story
        self.sender = sender
        self.to = to
        self.subject = subject
        self.message_id = f"<{uuid.uuid4().hex[:12]}@app.example.fr>"
        name = fields.pop("name", "")
        lines = {"From": f"{name} <{sender}>" if name else sender,
                 "To": to, "Subject": subject,
                 "Date": email.utils.formatdate(localtime=True),
                 "Message-ID": self.message_id,
                 **{k.replace("_", "-"): v for k, v in fields.items()},
                 "MIME-Version": "1.0",
                 "Content-Type": "text/plain; charset=utf-8"}
        self.header_lines = [f"{k}: {v}" for k, v in lines.items()]
        self.data = "\n".join(self.header_lines) + f"\n\n{text}\n"
        self.received = None


NOTICE = Letter(
    "A formal notice, from an address that nobody reads",
    "An application writes to Anne as no-reply@example.fr. She shall be able "
    "to answer, and it must be possible to show later what became of it. The "
    "application says what kind of mail it is: Avis-Class.",
    "no-reply@example.fr", "anne@example.com", "Facture 2026-118 : rappel",
    "Madame,\n\nla facture 2026-118 reste impayée.\n",
    name="Recouvrement", Avis_Class="mise-en-demeure")

NEWSLETTER = Letter(
    "A newsletter",
    "Mail that its reader must be able to stop. The header X-Campaign is how "
    "the rules of the sample recognise it. Nobody is asked for a receipt: "
    "receipts are for letters, not for advertising.",
    "news@example.fr", "benoit@example.com", "Les nouvelles de novembre",
    "Bonjour,\n\nvoici les nouvelles.\n",
    name="Example", X_Campaign="2026-11")

ORDER = Letter(
    "An order confirmation, to a server that does not speak DSN",
    "Everyday mail. Only its failures interest anybody, and this one meets "
    "none: Chloé simply answers.",
    "boutique@example.fr", "chloe@example.net", "Votre commande 4711",
    "Bonjour,\n\nvotre commande est partie.\n", name="Boutique")

GHOST = Letter(
    "An invoice to somebody who does not exist",
    "The other server refuses the address. The failure must reach the "
    "people who wrote, and stand in the record.",
    "factures@example.fr", "ghost@example.com", "Facture 2026-119",
    "Bonjour,\n\nvoici votre facture.\n", name="Facturation")

UNASKED = Letter(
    "A newsletter to somebody who never agreed", "",
    "news@example.fr", "david@example.com", NEWSLETTER.subject,
    "Bonjour,\n\nvoici les nouvelles.\n",
    name="Example", X_Campaign="2026-11")

ALL = [NOTICE, NEWSLETTER, ORDER, GHOST]
