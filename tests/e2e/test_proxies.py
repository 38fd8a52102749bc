"""The samples of contrib/ in front of avis-web, and what doctor says."""

import re
import subprocess

import pytest

from tests.e2e.test_web_limits import Site, message_of
from tests.lab.avis import BUILD, TREE
from tests.lab.browsers import Client
from tests.lab.ports import Port
from tests.lab.web import make_certificate

SAMPLE = TREE / "contrib/nginx/avis.conf"
AROUND = """daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ }}
http {{
    client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    {site}
}}
"""


class Nginx:
    """The sample as it stands, but for ports and the certificate."""

    def __init__(self, site, change=lambda text: text):
        place = site.place
        folder = place.folder("nginx")
        folder.chmod(0o755)
        place.path.chmod(0o755)
        self.https, self.http = Port(), Port()
        self.certificate, key = make_certificate(place, folder)
        text = re.sub(r".*listen \[::\].*\n", "", SAMPLE.read_text())
        for old, new in (
                ("listen 443 ssl", f"listen 127.0.0.1:{self.https} ssl"),
                ("listen 80", f"listen 127.0.0.1:{self.http}"),
                ("127.0.0.1:8893", f"127.0.0.1:{site.web.port}"),
                ("/etc/letsencrypt/live/avis.example.fr/fullchain.pem",
                 str(self.certificate)),
                ("/etc/letsencrypt/live/avis.example.fr/privkey.pem",
                 str(key))):
            assert old in text, old
            text = text.replace(old, new)
        conf = folder / "nginx.conf"
        conf.write_text(AROUND.format(folder=folder, site=change(text)))
        for port in (self.https, self.http):
            port.yield_now()
        process = place.start("nginx", ["/usr/sbin/nginx", "-c", conf, "-p",
                                        folder], folder / "out.log")
        process.wait_ready(self.https.answers, "nginx to listen")
        self.url = f"https://127.0.0.1:{self.https}"
        self.client = Client(self.certificate)


@pytest.fixture
def site():
    running = Site(rate="300/60s", proxies=["127.0.0.1/32"])
    yield running
    running.close()


def doctor(site, nginx):
    site.avis.settings["web"] = nginx.url
    site.avis.write()
    return subprocess.run(
        [BUILD / "avis", "doctor", "--no-dns", "--conf", site.avis.conf],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60, env={**site.web.environment,
                         "SSL_CERT_FILE": str(nginx.certificate)}).stdout


def test_LST_8_one_click_through_nginx(site):
    nginx = Nginx(site)
    ((path, _),) = site.tokens(1)
    assert nginx.client.ask("GET", nginx.url + path).status == 200
    assert nginx.client.post_parts(nginx.url + path).status == 200
    assert site.recorded() == [message_of(path)]
    answer = nginx.client.post_form(nginx.url + path, ("x", "y" * 5000))
    assert answer.status == 413
    # The plain port turns a reader round, and nobody's POST.
    plain = f"http://127.0.0.1:{nginx.http}{path}"
    assert Client().ask("GET", plain).status == 301
    assert Client().post_form(plain).status == 403
    # A stranger's word about himself does not get past the proxy.
    statuses = [nginx.client.ask("GET", nginx.url + "/u/x", Forwarded="for=1",
                                 X_Forwarded_For=f"198.51.{n}.7").status
                for n in range(40)]
    assert statuses[0] == 404 and statuses[-1] == 429


def test_LST_8_doctor_looks_through_the_proxy(site):
    text = doctor(site, Nginx(site))
    assert re.search(r"(?m)^ok +https://\S+ answers", text), text
    assert re.search(r"(?m)^ok +a POST reaches avis-web", text), text
    # The lab's certificate lasts two days.
    assert re.search(r"(?m)^warn +the pages' certificate ends in 1 day", text)


def test_LST_8_doctor_sees_a_redirect(site):
    nginx = Nginx(site, lambda text: text.replace(
        "location / {", "location /u/ { return 301 /x$request_uri; }\n"
        "location / {", 1))
    text = doctor(site, nginx)
    assert re.search(r"(?m)^FAIL +a POST to \S+ is answered 301", text), text


def test_LST_4_doctor_sees_pages_that_are_away(site):
    nginx = Nginx(site)
    site.web.stop()
    text = doctor(site, nginx)
    assert re.search(r"(?m)^FAIL +\S+/health answers 502", text), text


def test_the_sample_for_caddy_is_one(site):
    done = site.place.run(["/usr/bin/caddy", "adapt", "--validate", "--config",
                           TREE / "contrib/caddy/Caddyfile"], check=False)
    assert done.returncode == 0, done.stderr
    assert '"reverse_proxy"' in done.stdout
