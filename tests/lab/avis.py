"""avis as an administrator installs it: the sample settings with the paths
of this run, a key file, the daemon in the foreground.
"""

import json
import os
import pathlib
import re
import signal

from .ports import Port
from .waiting import LabError, wait_until

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AVIS_BUILD", TREE / "build"))
SAMPLES = TREE / "conf"
STOP_S = 20
SANITIZER = re.compile(r"(?m)(Address|Leak|Thread)Sanitizer:|: runtime error:")


def written(value):
    """A Python value as libconfig writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(written(v) for v in value) + " ]"
    if isinstance(value, dict):
        inner = " ".join(f"{k} = {written(v)};" for k, v in value.items())
        return "{ " + inner + " }"
    return json.dumps(str(value), ensure_ascii=False)


def with_setting(text, name, value):
    """The settings file with one top-level setting put in or replaced."""
    line = f"{name} = {written(value)};"
    kinds = r"(?:\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"|[^;{\[\"\n]*)"
    place = re.compile(rf"^{name}\s*[:=]\s*{kinds}\s*;", re.M)
    if place.search(text):
        return place.sub(lambda _: line, text, count=1)
    return line + "\n" + text


class Avis:
    """settings: top-level settings beside the paths; policy: policy.conf."""

    def __init__(self, place, store, socket_kind="unix", settings=None,
                 policy=None, name="avis"):
        self.place = place
        self.folder = place.folder(name)
        self.conf = place.folder(name, "etc") / "avis.conf"
        self.log_file = self.folder / "avis.log"
        self.journal = self.folder / "journal"
        self.keys = self.folder / "keys"
        self.content = self.folder / "content"
        self.policy = policy
        self.environment = None
        self._process = None
        self._set_socket(socket_kind)
        self.settings = {
            "host": "mail", "listen": self._listen, "listen_mode": "0666",
            "store": store, "journal": str(self.journal),
            "spool": str(self.folder / "spool"),
            "keys": str(self.keys), "content": str(self.content),
            "log": "stderr", "log_level": "info",
            # 127.0.0.2 plays the outside; see labs.py.
            "ours": {"networks": ["127.0.0.1/32"], "authenticated": True},
            "trusted": {"networks": ["127.0.0.1/32"], "users": ["shop"]},
            **(settings or {})}

    def _set_socket(self, kind):
        if kind == "inet":
            self.port = Port()
            self._listen = f"inet:{self.port}@127.0.0.1"
            self.for_postfix = f"inet:127.0.0.1:{self.port}"
            self.is_listening = self.port.answers
        else:
            socket = self.folder / "milter.sock"
            self._listen = f"unix:{socket}"
            self.for_postfix = f"unix:{socket}"
            self.is_listening = socket.exists

    def write(self):
        text = (SAMPLES / "avis.conf").read_text()
        for name, value in self.settings.items():
            text = with_setting(text, name, value)
        policy = self.policy or (SAMPLES / "policy.conf").read_text()
        self.conf.write_text(text)
        (self.conf.parent / "policy.conf").write_text(policy)

    def start(self):
        self.write()
        self.make_keys()
        self.launch()
        return self

    def make_keys(self):
        if not self.keys.exists():
            self.run("key create")

    def launch(self):
        # The socket of an earlier run may still be there.
        before = self.log().count(": ready on ")
        self._process = self.place.start(
            "avis-milter", [BUILD / "avis-milter", "--conf", self.conf],
            self.log_file, env=self.environment)
        self._process.wait_ready(
            lambda: self.log().count(": ready on ") > before,
            "avis-milter to say that it is ready")

    def stop(self):
        """Its exit code; a sanitizer's complaint is a LabError."""
        code = self._process.stop(STOP_S)
        self.check_log()
        return code

    def check_log(self):
        if SANITIZER.search(self.log()):
            raise LabError(f"a sanitizer complains:\n{self.log()[-8000:]}")

    def kill(self):
        self._process.kill()

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process is not None and self._process.is_running()

    def hang_up(self):
        """SIGHUP: read the settings again."""
        self._process.send(signal.SIGHUP)

    def reload(self):
        """Writes the settings, gives what the daemon says to them."""
        self.write()
        before = len(self.log())
        self.hang_up()
        wait_until(lambda: "reload:" in self.log()[before:],
                   "avis-milter to speak of its reload", 10,
                   [self.log_file])
        return self.log()[before:]

    def log(self):
        try:
            return self.log_file.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, timeout=20):
        return wait_until(lambda: re.search(pattern, self.log()),
                          f"avis-milter's log to show /{pattern}/", timeout,
                          [self.log_file])

    # -- the command line ---------------------------------------------------

    def run(self, command, *words, check=True, data=b""):
        """avis COMMAND --conf FILE WORDS..."""
        name, *more = command.split()
        done = self.place.run([BUILD / "avis", name, *more, "--conf",
                               self.conf, *words], data, check)
        if SANITIZER.search(done.stderr):
            raise LabError(f"avis {command}: {done.stderr}")
        return done

    def proof(self, *words):
        """What `avis proof --json` says, as Python data."""
        done = self.run("proof", "--json", *words, check=False)
        if done.returncode not in (0, 1) or not done.stdout.strip():
            raise LabError(f"avis proof {' '.join(words)}: exit "
                           f"{done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def proof_text(self, *words):
        return self.run("proof", *words).stdout
