"""An SMTP client that says exactly what it is told to say."""

import re
import smtplib
import time

from .login import PASSWORD

class SmtpClient(smtplib.SMTP):
    """One connection; several messages may go through it.

    xclient: the client address to play, for listeners that trust us to
    (smtpd_authorized_xclient_hosts). login: a user to log in as.
    """

    def __init__(self, port, helo="client.example.fr", source="127.0.0.1",
                 xclient=None, login=None, timeout=30):
        super().__init__(local_hostname=helo, timeout=timeout,
                         source_address=(source, 0))
        code, text = self.connect("127.0.0.1", int(str(port)))
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        if xclient:
            self.ehlo()
            self._expect(220, self.docmd("XCLIENT", f"ADDR={xclient}"))
        self.ehlo()
        if login:
            self.login(login, PASSWORD)

    @staticmethod
    def _expect(wanted, answer):
        code, text = answer
        if code != wanted:
            raise smtplib.SMTPResponseException(code, text)
        return text.decode(errors="replace")

    def say(self, line):
        """A raw command line (text or bytes); gives (code, text)."""
        if isinstance(line, str):
            line = line.encode("utf-8")
        self.send(line + b"\r\n")
        code, text = self.getreply()
        return code, text.decode(errors="replace")

    def deliver(self, sender, recipients, data, mail_options=(),
                rcpt_options=()):
        """One message; gives the queue id. Raises on any refusal.

        A recipient is an address, or (address, "NOTIFY=...", ...).
        """
        code, text = self.say(" ".join([f"MAIL FROM:<{sender}>",
                                        *mail_options]))
        self._require(code, 250, text)
        for recipient in recipients:
            words = ([recipient] if isinstance(recipient, str)
                     else list(recipient))
            code, text = self.say(" ".join(
                [f"RCPT TO:<{words[0]}>", *words[1:], *rcpt_options]))
            self._require(code, 250, text)
        return self.send_data(data)

    def send_data(self, data):
        """DATA and the content; gives the queue id."""
        if isinstance(data, str):
            data = data.encode("utf-8")
        data = re.sub(rb"\r?\n", b"\r\n", data)
        code, text = self.data(data)
        text = text.decode(errors="replace")
        self._require(code, 250, text)
        match = re.search(r"queued as (\S+)", text)
        return match.group(1) if match else ""

    def _require(self, code, wanted, text):
        if code != wanted:
            self._close_transaction()
            raise smtplib.SMTPResponseException(code, text)

    def _close_transaction(self):
        try:
            self.rset()
        except smtplib.SMTPException:
            pass


def send(port, sender, recipients, data, **options):
    """One connection, one message; gives the queue id."""
    client_options = {k: options.pop(k) for k in
                      ("helo", "source", "xclient", "login") if k in options}
    if isinstance(recipients, str):
        recipients = [recipients]
    with SmtpClient(port, **client_options) as client:
        return client.deliver(sender, recipients, data, **options)


def send_with_patience(port, sender, recipients, data, seconds=20, **options):
    """As send(), and again after a 4xx, as a real client does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return send(port, sender, recipients, data, **options)
        except smtplib.SMTPResponseException as refusal:
            if refusal.smtp_code >= 500 or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
