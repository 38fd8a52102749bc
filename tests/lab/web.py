"""avis-web as an administrator runs it, on a private port.

It has TLS and a certificate of this run, which SSL_CERT_FILE makes known,
because avis-milter gives out https links alone, and only while /health
answers (LST-4). With tls=False it answers plain HTTP, as behind a proxy.
"""

import os
import signal

from .avis import BUILD, SANITIZER
from .ports import Port
from .waiting import LabError, wait_until

STOP_S = 40


def make_certificate(place, folder, name="certificate"):
    """A certificate of 127.0.0.1 and its key; gives the two paths."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    place.run(["openssl", "req", "-x509", "-nodes", "-days", "2",
               "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-subj", f"/CN={name}",
               "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", key, "-out", certificate])
    return certificate, key


class AvisWeb:
    """Reads the settings of an Avis, and adds its own section to them."""

    def __init__(self, place, avis, tls=True, **pages):
        self.place = place
        self.avis = avis
        self.folder = place.folder("web")
        self.log_file = self.folder / "avis-web.log"
        self.port = Port()
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.settings = {"listen": f"127.0.0.1:{self.port}",
                         "proxies": [], "rate": "999999/60s",
                         "translations": str(BUILD / "translations"),
                         **pages}
        self.certificate = None
        self.environment = dict(os.environ)
        if tls:
            self.certificate, key = make_certificate(place, self.folder)
            self.settings.update(certificate=str(self.certificate),
                                 key=str(key))
            self.environment["SSL_CERT_FILE"] = str(self.certificate)
        self._process = None
        avis.settings["pages"] = self.settings

    def start(self):
        self.avis.write()
        self.avis.make_keys()
        self.launch()
        return self

    def launch(self, env=None):
        before = self.log().count(": ready on ")
        self._process = self.place.start(
            "avis-web", [BUILD / "avis-web", "--conf", self.avis.conf],
            self.log_file, env=env or self.environment)
        self._process.wait_ready(
            lambda: self.log().count(": ready on ") > before,
            "avis-web to say that it is ready", 20)

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

    def send_signal(self, number):
        self._process.send(number)

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process is not None and self._process.is_running()

    def reload(self):
        """Writes the settings, gives what the daemon says to them."""
        self.avis.write()
        before = len(self.log())
        self._process.send(signal.SIGHUP)
        wait_until(lambda: "reload:" in self.log()[before:],
                   "avis-web to speak of its reload", 20, [self.log_file])
        return self.log()[before:]

    def log(self):
        try:
            return self.log_file.read_text(errors="replace")
        except FileNotFoundError:
            return ""
