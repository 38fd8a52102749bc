"""The whole lab: both ends of a conversation, with avis at ours.

    our people        sender: Postfix of example.fr        recipient: Postfix
    and programs ---> own      --\\                         of the others
                                  avis --- Redis           dsn    example.com
    the outside  ---> outside  --/                         plain  example.net
                      <--------- reports, replies -------- (from 127.0.0.2)

example.com announces DSN, example.net does not, and example.org is known
but never answers: mail for it stays in the queue.
"""

import concurrent.futures

from . import smtp
from .avis import Avis
from .login import LoginServer
from .places import Place
from .ports import Port
from .postfix import Postfix
from .redis_server import RedisServer
from .web import AvisWeb

OUR_USERS = ["contact", "recouvrement", "boutique", "news", "julie", "marc",
             "factures", "no-reply", "recu", "unsubscribe", "postmaster"]
THEIR_USERS = ["anne", "benoit", "chloe", "david", "emma", "zoé",
               *(f"user{n}" for n in range(100))]
OUTSIDE_ADDRESS = "127.0.0.2"


class Lab:
    """Use it in a `with` block. More words go to Avis().

    has_web: avis-web runs too, so that one-click links are made; web: its
    settings.
    """

    def __init__(self, has_avis=True, has_web=False, web=None,
                 **avis_options):
        self.place = Place()
        self.redis = RedisServer(self.place)
        self.avis = Avis(self.place, self.redis.url, **avis_options) \
            if has_avis else None
        self.web = None
        if has_web:
            self.web = AvisWeb(self.place, self.avis, **(web or {}))
            self.avis.settings["web"] = self.web.url
            self.avis.environment = self.web.environment
        self.login = LoginServer(self.place)
        self.recipient = self._make_recipient()
        self.sender = self._make_sender()
        if self.avis:
            self.avis.settings.setdefault(
                "relay", f"smtp://127.0.0.1:{self.sender.port('own')}")
        self.recipient.routes = {
            "example.fr": self.sender.listeners["outside"]}

    def _make_recipient(self):
        mx = Postfix(self.place, "mx", ["example.com", "example.net"],
                     THEIR_USERS)
        mx.listen("dsn")
        mx.listen("plain",
                  smtpd_discard_ehlo_keywords="dsn, silent-discard")
        mx.settings["smtp_bind_address"] = OUTSIDE_ADDRESS
        return mx

    def _make_sender(self):
        mail = Postfix(self.place, "mail", ["example.fr"], OUR_USERS)
        mail.settings["mynetworks"] = "127.0.0.1/32, 10.0.0.0/8"
        mail.listen("own", smtpd_authorized_xclient_hosts="127.0.0.1",
                    smtpd_sasl_auth_enable="yes", smtpd_sasl_type="dovecot",
                    smtpd_sasl_path=self.login.socket,
                    smtpd_sasl_security_options="noanonymous")
        mail.listen("outside", smtpd_authorized_xclient_hosts="127.0.0.0/8")
        mail.mark_notify("own")
        mail.hide_dsn_from_strangers("outside")
        self.nowhere = Port()
        mail.routes = {"example.com": self.recipient.listeners["dsn"],
                       "example.net": self.recipient.listeners["plain"],
                       "example.org": self.nowhere}
        if self.avis:
            mail.use_milter(self.avis.for_postfix)
        return mail

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.place.close()
            raise

    def __exit__(self, *_):
        self.place.close()
        self.login.close()

    def start(self):
        self.redis.start()
        if self.web:
            self.web.start()
        if self.avis:
            self.avis.start()
        # `postfix check` takes most of the time; two at once.
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for done in [pool.submit(self.recipient.start),
                         pool.submit(self.sender.start)]:
                done.result()
        return self

    # -- the people ---------------------------------------------------------

    def send(self, sender, recipients, data, **options):
        """One of ours sends; gives the queue id."""
        return smtp.send(self.sender.port("own"), sender, recipients, data,
                         **options)

    def send_from_outside(self, sender, recipients, data, **options):
        """A stranger writes to us."""
        options.setdefault("source", OUTSIDE_ADDRESS)
        options.setdefault("helo", "mx.example.com")
        return smtp.send(self.sender.port("outside"), sender, recipients,
                         data, **options)

    def inbox(self, address):
        """Somebody's mailbox, ours or theirs."""
        end = self.sender if address.endswith("@example.fr") \
            else self.recipient
        return end.mailbox(address)

    def logs(self):
        return [self.sender.log_file, self.recipient.log_file,
                self.redis.log] + ([self.avis.log_file] if self.avis else []) \
            + ([self.web.log_file] if self.web else [])
