"""Starts the lab and leaves it running: python3 -m tests.lab [--no-avis]"""

import argparse
import os
import signal
import sys

from .avis import BUILD
from .labs import Lab
from .waiting import LabError

TEXT = """\
The lab runs. Ctrl-C ends it and removes it.

  our mail      127.0.0.1:{own:<6} people and programs of example.fr
  the outside   127.0.0.1:{outside:<6} strangers; say XCLIENT ADDR=192.0.2.7
  their server  127.0.0.1:{dsn:<6} example.com, announces DSN
                127.0.0.1:{plain:<6} example.net, does not

  mailboxes     {folder}/mx/mail   {folder}/mail/mail
  logs          {folder}/mail/mail.log  {folder}/mx/mail.log
{avis}  Redis         redis-cli -s {redis}
  queue         postqueue -c {folder}/mail/etc -p
  local mail    sendmail -C {folder}/mail/etc -f julie@example.fr anne@example.com
"""

AVIS_TEXT = """\
                {folder}/avis/avis.log
  avis          {build}/avis proof --conf {conf} --to anne@example.com
"""


def main():
    options = argparse.ArgumentParser(prog="python3 -m tests.lab")
    options.add_argument("--no-avis", action="store_true",
                         help="the two Postfix and Redis only")
    options.add_argument("--inet", action="store_true",
                         help="the milter on a TCP socket")
    options.add_argument("--policy", metavar="FILE",
                         help="instead of conf/policy.conf")
    chosen = options.parse_args()
    if os.getuid() != 0:
        sys.exit("The lab needs root, as Postfix does.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    policy = open(chosen.policy).read() if chosen.policy else None
    try:
        with Lab(has_avis=not chosen.no_avis, policy=policy,
                 socket_kind="inet" if chosen.inet else "unix") as lab:
            avis = "" if chosen.no_avis else AVIS_TEXT.format(
                folder=lab.place.path, build=BUILD, conf=lab.avis.conf)
            print(TEXT.format(
                own=lab.sender.port("own"),
                outside=lab.sender.port("outside"),
                dsn=lab.recipient.port("dsn"),
                plain=lab.recipient.port("plain"),
                folder=lab.place.path, redis=lab.redis.socket, avis=avis),
                flush=True)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        print()
    except LabError as error:
        sys.exit(f"lab: {error}")


main()
