"""Certificates and a time-stamp authority (RFC 3161) of one run.

The authority is `openssl ts -reply` behind a small HTTP server on loopback.
Nothing but openssl makes what is checked here, so that what avis writes is
never only read by avis.
"""

import datetime
import http.server
import threading

CONFIG = """
[ca]
default_ca = this
[this]
dir = {folder}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
policy = any
unique_subject = no
crlnumber = $dir/crlnumber
default_crl_days = 2
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[seal]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ts]
default_tsa = ts_here
[ts_here]
serial = $ENV::TS_FOLDER/ts_serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
DAY = datetime.timedelta(days=1)


def utc(when):
    return when.strftime("%y%m%d%H%M%SZ")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Authority:
    """A root certificate that makes others."""

    def __init__(self, place, name):
        self.place = place
        self.folder = place.folder(name)
        self.root = self.folder / "root.pem"
        self.config = self.folder / "openssl.cnf"
        self.config.write_text(CONFIG.format(folder=self.folder))
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")
        (self.folder / "crlnumber").write_text("01\n")
        self.environment = {"PATH": "/usr/bin:/bin",
                            "TS_FOLDER": str(self.folder)}
        self.openssl("req", "-x509", "-nodes", "-days", "3650", "-newkey",
                     "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-subj", f"/CN={name} root", "-extensions", "root",
                     "-config", self.config, "-keyout",
                     self.folder / "root.key", "-out", self.root)

    def openssl(self, *words, **more):
        return self.place.run(["openssl", *words], env=self.environment,
                              **more)

    def make_key(self, name, kind="ec"):
        key = self.folder / f"{name}.key"
        options = ["-pkeyopt", "ec_paramgen_curve:prime256v1"] \
            if kind == "ec" else ["-pkeyopt", f"rsa_keygen_bits:{kind}"]
        self.openssl("genpkey", "-algorithm", "EC" if kind == "ec" else "RSA",
                     *options, "-out", key)
        key.chmod(0o600)
        return key

    def certify(self, name, profile, begins=None, ends=None, key=None,
                kind="ec"):
        """(key, certificate): PEM files; key may be a pkcs11: URI's file."""
        key = key or self.make_key(name, kind)
        request = self.folder / f"{name}.csr"
        certificate = self.folder / f"{name}.pem"
        self.openssl("req", "-new", "-key", key, "-subj", f"/CN={name}",
                     "-config", self.config, "-out", request)
        self.openssl("ca", "-batch", "-config", self.config, "-cert",
                     self.root, "-keyfile", self.folder / "root.key",
                     "-extensions", profile, "-notext", "-in", request,
                     "-startdate", utc(begins or now() - DAY),
                     "-enddate", utc(ends or now() + 300 * DAY),
                     "-out", certificate)
        return key, certificate

    def revoke(self, certificate):
        self.openssl("ca", "-config", self.config, "-cert", self.root,
                     "-keyfile", self.folder / "root.key", "-revoke",
                     certificate)

    def crl(self):
        """A fresh list of what is revoked, a PEM file."""
        out = self.folder / "crl.pem"
        self.openssl("ca", "-config", self.config, "-cert", self.root,
                     "-keyfile", self.folder / "root.key", "-gencrl",
                     "-out", out)
        return out


class TimeStampAuthority(Authority):
    """Answers on loopback; `is_away` makes it refuse."""

    def __init__(self, place, name="tsa", **validity):
        super().__init__(place, name)
        (self.folder / "ts_serial").write_text("01\n")
        self.key, self.certificate = self.certify(f"{name} signer", "tsa",
                                                  **validity)
        self.is_away = False
        self.asked = 0
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def answer(self, query):
        """The response to a query, DER both."""
        with self._lock:
            self.asked += 1
            asked = self.folder / "query.tsq"
            reply = self.folder / "reply.tsr"
            asked.write_bytes(query)
            self.openssl("ts", "-reply", "-config", self.config, "-section",
                         "ts_here", "-queryfile", asked, "-signer",
                         self.certificate, "-inkey", self.key, "-out", reply)
            return reply.read_bytes()

    def stamp(self, data):
        """A stamp over any bytes."""
        path = self.folder / "data"
        path.write_bytes(data)
        query = self.folder / "data.tsq"
        self.openssl("ts", "-query", "-data", path, "-sha256", "-cert",
                     "-out", query)
        return self.answer(query.read_bytes())

    def _handler(authority):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(
                    int(self.headers["Content-Length"]))
                if authority.is_away:
                    self.send_error(503)
                    return
                answer = authority.answer(body)
                self.send_response(200)
                self.send_header("Content-Type",
                                 "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass
        return Handler

    def close(self):
        self._server.shutdown()
        self._server.server_close()
