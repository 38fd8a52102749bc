"""A private Postfix: own configuration, queue, data and log, on loopback.

Needs root, as Postfix does. It takes nothing from /etc/postfix but the
programs' list of files, and works without a resolvable host name, without
IPv6 and without systemd.
"""

import json
import os
import pathlib
import pwd
import re
import shutil

from .maildir import Maildir
from .ports import Port
from .waiting import LabError, wait_until

TREE = pathlib.Path(__file__).resolve().parents[2]

# The files that an administrator installs: the lab runs what they say.
SAMPLES = TREE / "contrib" / "postfix"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {host}
mydomain = {domain}
myorigin = {domain}
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relay_domains =
mynetworks = 127.0.0.1/32
smtpd_peername_lookup = no
smtpd_relay_restrictions =
    permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
transport_maps = texthash:{folder}/etc/transport
virtual_mailbox_domains = texthash:{folder}/etc/domains
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
recipient_delimiter = +
enable_long_queue_ids = yes
biff = no
append_dot_mydomain = no
notify_classes =
smtputf8_enable = yes
# A test does not wait minutes for a second attempt.
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 3s
in_flow_delay = 0
bounce_queue_lifetime = 1h
maximal_queue_lifetime = 1h
"""

MASTER_CF = """\
pickup    unix       n - n 60  1 pickup
cleanup   unix       n - n -   0 cleanup
qmgr      unix       n - n 300 1 qmgr
rewrite   unix       - - n -   - trivial-rewrite
bounce    unix       - - n -   0 bounce
defer     unix       - - n -   0 bounce
trace     unix       - - n -   0 bounce
tlsmgr    unix       - - n 1000? 1 tlsmgr
verify    unix       - - n -   1 verify
flush     unix       n - n -   0 flush
proxymap  unix       - - n -   - proxymap
proxywrite unix      - - n -   1 proxymap
smtp      unix       - - n -   - smtp
relay     unix       - - n -   - smtp
showq     unix       n - n -   - showq
error     unix       - - n -   - error
retry     unix       - - n -   - error
discard   unix       - - n -   - discard
virtual   unix       - n n -   - virtual
anvil     unix       - - n -   1 anvil
scache    unix       - - n -   1 scache
postlog   unix-dgram n - n -   1 postlogd
"""


class QueueFile:
    """A queued message, read from what postcat prints.

    recipients: {address: {"notify": bits, "orcpt": "rfc822;..."}}
    """

    def __init__(self, text):
        self.text = text
        self.sender = ""
        self.envid = ""
        self.ret = ""
        self.recipients = {}
        self.content = text.partition("*** MESSAGE CONTENTS")[2] \
            .partition("\n")[2].partition("*** HEADER EXTRACTED")[0]
        self._read_envelope()

    def _read_envelope(self):
        wish = {}
        for line in self.text.splitlines():
            word, _, value = line.partition(": ")
            if word == "named_attribute":
                name, _, value = value.partition("=")
                wish[name] = value
            elif word == "sender":
                # The milter's is written behind the client's.
                self.sender = value
                self.envid = wish.get("envelope_id", "")
                self.ret = wish.get("ret_flags", "")
            elif word == "recipient":
                self.recipients[value] = {
                    "notify": int(wish.pop("notify_flags", "0")),
                    "orcpt": wish.pop("dsn_orig_rcpt", "")}

    @property
    def header_lines(self):
        head = self.content.partition("\n\n")[0]
        return [line for line in head.split("\n") if line]


class Postfix:
    """One instance. Add listeners and settings, then start() it.

    users:     names with a mailbox in each of `domains`
    routes:    {domain: Port} where mail for other domains goes
    settings:  further main.cf lines, as a dict
    """

    def __init__(self, place, name, domains, users):
        self.place = place
        self.name = name
        self.domains = list(domains)
        self.users = list(users)
        self.host = f"{name}.{self.domains[0]}"
        self.folder = place.folder(name)
        self.conf = place.folder(name, "etc")
        self.log_file = self.folder / "mail.log"
        self.routes = {}
        self.settings = {}
        self.listeners = {}
        self._options = {}
        self._process = None

    # -- before the start ---------------------------------------------------

    def listen(self, name, **options):
        """Adds an SMTP listener with its own settings; gives its port."""
        self.listeners[name] = Port()
        self._options[name] = options
        return self.listeners[name]

    def use_milter(self, socket):
        """socket as Postfix writes it: unix:/path or inet:host:port."""
        self.settings.update({
            "smtpd_milters": socket,
            "non_smtpd_milters": socket,
            "milter_protocol": "6",
            "milter_default_action": "tempfail",
            "internal_mail_filter_classes": "bounce",
        })

    def mark_notify(self, listener):
        """Listener for our own mail: says NOTIFY where the client did not.

        Postfix reports `relayed` only when the client's RCPT asked for
        success; the milter narrows what this asks for.
        """
        shutil.copy(SAMPLES / "mark-notify.pcre", self.conf)
        self._options[listener]["smtpd_command_filter"] = \
            f"pcre:{self.conf}/mark-notify.pcre"

    def hide_dsn_from_strangers(self, listener):
        """Others shall not make us send reports of success."""
        shutil.copy(SAMPLES / "strangers.cidr", self.conf)
        self._options[listener]["smtpd_discard_ehlo_keyword_address_maps"] \
            = f"cidr:{self.conf}/strangers.cidr"

    # -- life ---------------------------------------------------------------

    def start(self):
        self._make_folders()
        self.write_conf()
        self._check()
        try:
            self._start_master()
        except LabError as error:
            # Before its own log service runs, what master dies of stands
            # nowhere; a port that it could not have is the likely cause.
            if "ended with" not in str(error):
                raise
            for port in self.listeners.values():
                port.yield_now()
            self._start_master()
        return self

    def stop(self):
        self._process.stop()

    def reload(self):
        self.write_conf()
        self.place.run(["postfix", "-c", self.conf, "reload"])

    def _make_folders(self):
        owner = pwd.getpwnam("postfix")
        nobody = pwd.getpwnam("nobody")
        self.place.folder(self.name, "queue")
        data = self.place.folder(self.name, "data", mode=0o700)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        mail = self.place.folder(self.name, "mail", mode=0o700)
        os.chown(mail, nobody.pw_uid, nobody.pw_gid)

    def write_conf(self):
        nobody = pwd.getpwnam("nobody")
        main = MAIN_CF.format(folder=self.folder, host=self.host,
                              domain=self.domains[0], uid=nobody.pw_uid,
                              gid=nobody.pw_gid)
        for key, value in self.settings.items():
            # Postfix warns of a setting that stands there twice.
            main = re.sub(rf"^{key} =.*\n", "", main, flags=re.M)
            main += f"{key} = {value}\n"
        master = MASTER_CF
        for name, port in self.listeners.items():
            # The number is the service's name: a listener of the instance
            # beside it must not look the same in the log.
            master += f"127.0.0.1:{port} inet n - n - - smtpd\n"
            master += f"  -o syslog_name={self.name}/{name}\n"
            for key, value in self._options[name].items():
                master += f"  -o {{ {key} = {value} }}\n"
        (self.conf / "main.cf").write_text(main)
        (self.conf / "master.cf").write_text(master)
        self._write_tables()

    def _write_tables(self):
        def table(name, rows):
            text = "".join(f"{k} {v}\n" for k, v in rows)
            (self.conf / name).write_text(text)
        table("transport", [(d, f"smtp:[127.0.0.1]:{p}")
                            for d, p in self.routes.items()])
        table("domains", [(d, "here") for d in self.domains])
        table("mailboxes", [(f"{u}@{d}", f"{d}/{u}/")
                            for d in self.domains for u in self.users])

    def _check(self):
        done = self.place.run(["postfix", "-c", self.conf, "check"])
        # It also asks the machine's own Postfix about its instances: what is
        # odd in /etc/postfix is no affair of ours.
        noise = [line for line in (done.stdout + done.stderr).splitlines()
                 if line.strip() and (str(self.conf) in line or
                                      "postconf: warning:" not in line)]
        if noise:
            raise LabError(f"postfix check on {self.conf}:\n"
                           + "\n".join(noise))

    def _start_master(self):
        daemons = self.place.run(["postconf", "-c", self.conf, "-h",
                                  "daemon_directory"]).stdout.strip()
        self._process = self.place.start(
            f"postfix {self.name}",
            [f"{daemons}/master", "-c", self.conf, "-s"],
            self.folder / "master.out", cwd=self.folder / "queue")
        self._process.wait_ready(
            lambda: all(p.answers() for p in self.listeners.values()),
            f"Postfix \"{self.name}\" to listen")
        self._process.log = self.log_file

    # -- looking and doing --------------------------------------------------

    def port(self, listener):
        return self.listeners[listener].number

    def mailbox(self, address):
        """The Maildir of user@domain, or of a user in the first domain."""
        user, _, domain = address.partition("@")
        domain = domain or self.domains[0]
        return Maildir(self.folder / "mail" / domain / user, [self.log_file])

    def log(self):
        try:
            return self.log_file.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, timeout=20):
        """The first match of a regular expression in the mail log."""
        return wait_until(lambda: re.search(pattern, self.log()),
                          f"the mail log to show /{pattern}/", timeout,
                          [self.log_file])

    def sendmail(self, sender, recipients, data, *options, check=True):
        """Local submission, as a program on this machine does it."""
        return self.place.run(
            ["sendmail", "-C", self.conf, "-i", *options, "-f", sender,
             "--", *recipients], data, check)

    def queue(self):
        """The queued messages as postqueue tells them, one dict each."""
        done = self.place.run(["postqueue", "-c", self.conf, "-j"])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_queue_empty(self, timeout=30):
        wait_until(lambda: not self.queue(),
                   f"the queue of {self.name} to empty", timeout,
                   [self.log_file])

    def flush(self):
        self.place.run(["postqueue", "-c", self.conf, "-f"])

    def postsuper(self, *words):
        return self.place.run(["postsuper", "-c", self.conf, *words])

    def requeue(self, queue_id):
        """Sends a queued message through everything again, now."""
        self.postsuper("-r", queue_id)
        self.place.run(["postkick", "-c", self.conf, "public", "pickup",
                        "W"])

    def trace_files(self):
        """Success reports asked for and never sent stay here for ever."""
        folder = self.folder / "queue" / "trace"
        return sorted(p.name for p in folder.rglob("*") if p.is_file())

    def queued(self, queue_id):
        """What stands in a queue file."""
        def look():
            # It may be moved from one queue to the next meanwhile.
            done = self.place.run(["postcat", "-c", self.conf, "-qbhe",
                                   queue_id], check=False)
            return done.returncode == 0 and done.stdout
        return QueueFile(wait_until(look, f"queue file {queue_id}", 5,
                                    [self.log_file]))
