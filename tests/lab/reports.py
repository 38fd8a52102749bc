"""What the other side sends back: receipts, replies, bounces.

Each function takes the message as it was received and gives the bytes of
the answer; whoever calls decides by which envelope it travels.
"""

import email.utils
import itertools

_numbers = itertools.count(1)


class WouldNotSend(Exception):
    """A careful mail reader would not send this receipt; the text says why."""


def _message_id(domain):
    return f"<answer.{next(_numbers)}.{email.utils.make_msgid()[1:-1]}" \
        .split("@", 1)[0] + f"@{domain}>"


def _lines(*lines):
    return "\r\n".join(lines).encode("utf-8") + b"\r\n"


def _header_block(message):
    head = message.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return head.replace(b"\n", b"\r\n").decode("utf-8", "replace")


def receipt_address(message):
    """Where RFC 8098 lets a mail reader send a receipt without asking.

    One Disposition-Notification-To with one address, the same as
    Return-Path, the local part with its case (MDN-2, F-2).
    """
    fields = message.all("Disposition-Notification-To")
    if len(fields) != 1:
        raise WouldNotSend(f"{len(fields)} Disposition-Notification-To")
    addresses = email.utils.getaddresses(fields)
    if len(addresses) != 1:
        raise WouldNotSend(f"{len(addresses)} addresses for receipts")
    address = addresses[0][1]
    path = message["Return-Path"].strip("<>")
    local, _, domain = address.rpartition("@")
    path_local, _, path_domain = path.rpartition("@")
    if (local, domain.lower()) != (path_local, path_domain.lower()):
        raise WouldNotSend(f"receipts go to {address}, but the message "
                           f"came from {path or '<>'}")
    return address


def mdn(message, reader, disposition="displayed",
        mode="manual-action/MDN-sent-manually", to=None):
    """A disposition notification as the reader's program makes it."""
    to = to or receipt_address(message)
    domain = reader.rpartition("@")[2]
    part = [
        f"Reporting-UA: {domain}; Readable 4.2",
        f"Original-Recipient: rfc822;{reader}",
        f"Final-Recipient: rfc822;{reader}",
    ]
    if message["Message-ID"]:
        part.append(f"Original-Message-ID: {message['Message-ID']}")
    part.append(f"Disposition: {mode}; {disposition}")
    return _lines(
        f"From: {reader}", f"To: {to}",
        f"Subject: Read: {message['Subject']}",
        f"Date: {email.utils.formatdate(localtime=True)}",
        f"Message-ID: {_message_id(domain)}",
        f"In-Reply-To: {message['Message-ID']}",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report;",
        "\treport-type=disposition-notification; boundary=\"seen-42\"",
        "", "--seen-42", "Content-Type: text/plain; charset=utf-8", "",
        f"Your message to {reader} was shown on a screen.",
        "This does not say that it was read or understood.",
        "", "--seen-42", "Content-Type: message/disposition-notification",
        "", *part, "", "--seen-42", "Content-Type: text/rfc822-headers", "",
        _header_block(message), "", "--seen-42--")


def reply(message, author, text="Thank you, well received.", to=None):
    """A person's answer."""
    to = to or message["Reply-To"] or message["From"]
    return _lines(
        f"From: {author}", f"To: {to}", f"Subject: Re: {message['Subject']}",
        f"Date: {email.utils.formatdate(localtime=True)}",
        f"Message-ID: {_message_id(author.rpartition('@')[2])}",
        f"In-Reply-To: {message['Message-ID']}",
        f"References: {message['Message-ID']}",
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "",
        text)


def auto_reply(message, author, to=None):
    """An absence notice, as RFC 3834 wants it."""
    to = to or message["Return-Path"].strip("<>")
    return _lines(
        f"From: {author}", f"To: {to}",
        f"Subject: Auto: {message['Subject']}",
        f"Date: {email.utils.formatdate(localtime=True)}",
        f"Message-ID: {_message_id(author.rpartition('@')[2])}",
        f"In-Reply-To: {message['Message-ID']}",
        f"References: {message['Message-ID']}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "",
        "I am away until Monday and read your message then.")


STATUS = {"failed": "5.1.1", "delayed": "4.4.1", "delivered": "2.0.0",
          "relayed": "2.0.0", "expanded": "2.0.0"}


def dsn(to, recipient, action, status=None, message=None, envelope_id="",
        diagnostic="smtp; 250 ok", original=None, reporter="mx.example.com"):
    """A delivery status notification of another system (RFC 3464)."""
    per_message = [f"Reporting-MTA: dns; {reporter}"]
    if envelope_id:
        per_message.append(f"Original-Envelope-Id: {envelope_id}")
    per_recipient = [
        f"Original-Recipient: rfc822;{original or recipient}",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {action}", f"Status: {status or STATUS.get(action, '2.0.0')}",
        f"Diagnostic-Code: {diagnostic}",
    ]
    tail = []
    if message is not None:
        tail = ["", "--status-7", "Content-Type: text/rfc822-headers", "",
                _header_block(message)]
    return _lines(
        f"From: Mail system <mailer-daemon@{reporter}>", f"To: {to}",
        "Subject: About your message",
        f"Date: {email.utils.formatdate(localtime=True)}",
        f"Message-ID: {_message_id(reporter)}",
        "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        "\tboundary=\"status-7\"",
        "", "--status-7", "Content-Type: text/plain; charset=us-ascii", "",
        f"This is {reporter}. Your message to {recipient}: {action}.",
        "", "--status-7", "Content-Type: message/delivery-status", "",
        *per_message, "", *per_recipient, *tail, "", "--status-7--")


def old_bounce(to, recipient, message, host="relay.example.net"):
    """A bounce in prose, as systems wrote them before RFC 3464."""
    return _lines(
        f"From: MAILER-DAEMON@{host}", f"To: {to}",
        "Subject: failure notice",
        f"Date: {email.utils.formatdate(localtime=True)}", "",
        f"Hi. This is the mail program at {host}.",
        "I could not deliver your message to the address below.",
        "This is a permanent error; I have given up.", "",
        f"<{recipient}>:",
        "550 5.1.1 There is no mailbox of that name here.", "",
        "--- Below this line is a copy of the message.", "",
        _header_block(message), "",
        message.body.decode("utf-8", "replace"))
