"""Those who follow links: mail programs, scanners, browsers that prefetch.

Each is played by http.client, which follows no redirect, sends no cookie and
adds nothing of its own.
"""

import http.client
import re
import ssl
import urllib.parse
import uuid

LINK = re.compile(r"https://[^\s<>\"']+")
PAIR = ("List-Unsubscribe", "One-Click")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read().decode("utf-8", "replace")


class Client:
    """certificate: whom to trust, for https."""

    def __init__(self, certificate=None, timeout=30):
        self.timeout = timeout
        self.context = ssl.create_default_context(
            cafile=str(certificate)) if certificate else None

    def connect(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=self.timeout,
                context=self.context)
        return http.client.HTTPConnection(parts.hostname, parts.port,
                                          timeout=self.timeout)

    def ask(self, method, url, body=None, **headers):
        connection = self.connect(url)
        parts = urllib.parse.urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        try:
            connection.request(
                method, target, body.encode() if body else None,
                {k.replace("_", "-"): v for k, v in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def post_form(self, url, *pairs, **headers):
        """application/x-www-form-urlencoded"""
        body = urllib.parse.urlencode(pairs or [PAIR])
        return self.ask("POST", url, body, Content_Type="application/"
                        "x-www-form-urlencoded", **headers)

    def post_parts(self, url, *pairs, **headers):
        """multipart/form-data, as the large receivers send it."""
        body, kind = multipart(pairs or [PAIR])
        return self.ask("POST", url, body, Content_Type=kind, **headers)


def multipart(pairs):
    line = uuid.uuid4().hex
    text = "".join(f"--{line}\r\nContent-Disposition: form-data; "
                   f'name="{name}"\r\n\r\n{value}\r\n'
                   for name, value in pairs)
    return f"{text}--{line}--\r\n", f"multipart/form-data; boundary={line}"


def one_click_url(message):
    """The https link of List-Unsubscribe."""
    found = LINK.search(message["List-Unsubscribe"])
    assert found, f"no https link in {message['List-Unsubscribe']!r}"
    return found.group(0)


def links_of(message):
    """Every link of a message, header and body, as a scanner finds them."""
    text = "\n".join(re.sub(r"\r?\n[ \t]", " ", line)
                     for line in message.header_lines())
    body = message.body.decode("utf-8", "replace")
    return sorted(set(LINK.findall(text + "\n" + body)))
