"""HTTP as a client writes it, and as raw bytes for what no client library would send."""
import http.client
import json as json_module
import re
import socket
import ssl

from .waiting import DEADLINE


class Response:
    def __init__(self, raw, body):
        self.status = raw.status
        self.headers = raw.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def type(self):
        return self.headers.get("Content-Type")

    def json(self):
        return json_module.loads(self.text)

    def ok(self):
        """The decoded body of a 200; anything else fails the test with what was said instead."""
        assert self.status == 200, f"status {self.status}: {self.body[:500]!r}"
        return self.json()

    def pre(self):
        """Text of the <pre> of a small HTML error page."""
        found = re.search(r"<pre>(.*?)</pre>", self.text, re.S)
        assert found, f"no <pre> in {self.text[:300]!r}"
        return found.group(1)

    def __repr__(self):
        return f"<{self.status} {self.type} {self.body[:200]!r}>"


def request(host, port, method, path, json=None, body=None, headers=None, timeout=DEADLINE, tls=None):
    """One request on a connection of its own; with `tls` (a context) by HTTPS. `json` (any value, also None via `body=b"null"`) sets type and body."""
    headers = dict(headers or {})
    if json is not None:
        body = json_module.dumps(json).encode()
        headers.setdefault("Content-Type", "application/json")
    kind, more = (http.client.HTTPSConnection, {"context": tls}) if tls else (http.client.HTTPConnection, {})
    connection = kind(host, port, timeout=timeout, **more)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            body = body.encode() if isinstance(body, str) else body
            connection.putheader("Content-Length", str(len(body)))
        elif method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", "0")
        connection.endheaders(body)
        answer = connection.getresponse()
        return Response(answer, answer.read())
    finally:
        connection.close()


def tls_context(authority=None, **set_to):
    """Trusts that authority's file only, or anybody."""
    made = ssl.create_default_context(cafile=authority)
    if authority is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    for name, value in set_to.items():
        setattr(made, name, value)
    return made


class Raw:
    """A TCP connection on which a test says exactly what it wants to say."""

    def __init__(self, host, port, timeout=DEADLINE):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.kept = b""

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)
        return self

    def send_while_open(self, data):
        """Sends what the other side still takes: a refusal may close the connection while we are speaking."""
        try:
            self.send(data)
        except OSError:
            pass
        return self

    def read(self, count):
        while len(self.kept) < count:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f"closed after {self.kept!r}")
            self.kept += more
        taken, self.kept = self.kept[:count], self.kept[count:]
        return taken

    def read_until(self, mark):
        while mark not in self.kept:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f"closed after {self.kept!r}")
            self.kept += more
        at = self.kept.index(mark) + len(mark)
        taken, self.kept = self.kept[:at], self.kept[at:]
        return taken

    def read_to_end(self):
        """Everything until the server closes; a reset counts as a close."""
        try:
            while True:
                more = self.socket.recv(65536)
                if not more:
                    break
                self.kept += more
        except ConnectionError:
            pass
        taken, self.kept = self.kept, b""
        return taken

    def read_response(self):
        """(status, {lower-case header: value}, body) of a response with Content-Length or without body."""
        head = self.read_until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        status = int(first.split()[1])
        body = b""
        if status not in (100, 101, 204, 304):
            body = self.read(int(headers.get("content-length", "0")))
        return status, headers, body

    def close(self):
        self.socket.close()
