#!/usr/bin/env python3
"""Processes around a server under attack: bench/crowd.py healthy|KIND PORT plain|tls SECONDS. What each saw is one JSON object on standard output.

healthy: a client like others are: on a kept connection GET /signalk, on a WebSocket a delta that comes back, and now and then a new connection.
The other kinds, in kinds(), are attackers from two hundred addresses of this machine.
"""

import itertools
import json
import pathlib
import resource
import selectors
import socket
import ssl
import struct
import sys
import time

HOST = "127.0.0.1"
GET = b"GET /signalk HTTP/1.1\r\nHost: bench\r\n"
CONFORMANCE = pathlib.Path(__file__).resolve().parents[1] / "tests/conformance/http.json"
STEP_S = 0.02  # a healthy client's pace
WAIT_S = 10


def trust():
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


# ---- the healthy client ----


def dial(port, tls):
    s = socket.create_connection((HOST, port), timeout=WAIT_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls.wrap_socket(s) if tls else s


def read_until(s, mark):
    got = b""
    while mark not in got:
        piece = s.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        got += piece
    return got


def answer(s):
    head, _, body = read_until(s, b"\r\n\r\n").partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(head[:40].decode())
    length = int(head.lower().split(b"content-length:")[1].split()[0])
    while len(body) < length:
        body += s.recv(65536)


def get(s):
    s.sendall(GET + b"\r\n")
    answer(s)


def once(port, tls):
    s = dial(port, tls)
    s.sendall(GET + b"Connection: close\r\n\r\n")
    answer(s)
    s.close()


def websocket(port, tls):
    s = dial(port, tls)
    s.sendall(b"GET /signalk/v1/stream?subscribe=self&sendCachedValues=false HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
              b"Connection: Upgrade\r\nSec-WebSocket-Key: YmVuY2ggYmVuY2ggYmVuYw==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    read_until(s, b"timestamp")
    return s


def there_and_back(s, value):
    text = b'{"updates":[{"values":[{"path":"bench.healthy","value":%d}]}]}' % value
    s.sendall(b"\x81" + (bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))) + b"\0\0\0\0" + text)
    read_until(s, b'"value":%d' % value)


def timed(latencies, do, *args):
    began = time.monotonic()
    do(*args)
    latencies.append((time.monotonic() - began) * 1000)


def healthy(port, tls, seconds):
    kept, stream, fresh, lost, words = [], [], [], 0, ""
    http = ws = None
    end = time.monotonic() + seconds
    for number in itertools.count(1):
        now = time.monotonic()
        if now >= end:
            break
        try:
            http, ws = http or dial(port, tls), ws or websocket(port, tls)
            timed(kept, get, http)
            timed(stream, there_and_back, ws, number)
            if number % 10 == 0:
                timed(fresh, once, port, tls)
        except OSError as error:  # closed, or not let in: with new ones, as clients do
            lost, words, http, ws = lost + 1, str(error), None, None
        time.sleep(max(0, now + STEP_S - time.monotonic()))
    return {"kept": sorted(kept), "stream": sorted(stream), "fresh": sorted(fresh), "lost": lost, "words": words}


# ---- attackers ----


class Attacker:
    """`count` connections at a time, at most `rate` new ones a second; a kind says what one does when it is open, and every `beat` seconds."""

    def __init__(self, port, tls, count, rate, beat, hello, more, shakes=True):
        self.port, self.tls, self.count, self.rate, self.beat, self.hello, self.more = port, tls if shakes else None, count, rate, beat, hello, more
        self.selector = selectors.EpollSelector()
        self.addresses = itertools.cycle(f"127.0.0.{n}" for n in range(2, 202))
        self.open = {}  # socket -> when it is due
        self.opened = self.closed = 0

    def dial(self):
        s = socket.socket()
        s.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        s.bind((next(self.addresses), 0))
        s.settimeout(WAIT_S)
        try:
            s.connect((HOST, self.port))
            s = self.tls.wrap_socket(s) if self.tls else s
            s.settimeout(0)
            s.send(self.hello())
        except OSError:
            s.close()
            return
        self.opened += 1
        self.selector.register(s, selectors.EVENT_READ)
        self.open[s] = time.monotonic() + self.beat

    def drop(self, s):
        self.selector.unregister(s)
        del self.open[s]
        s.close()

    def listen(self, seconds):
        for key, _ in self.selector.select(max(0, seconds)):
            try:
                ended = key.fileobj.recv(65536) == b""
            except (BlockingIOError, ssl.SSLWantReadError):
                ended = False
            except OSError:
                ended = True
            if ended:
                self.closed += 1
                self.drop(key.fileobj)

    def nag(self, now):
        for s in [s for s, due in itertools.islice(self.open.items(), 500) if due <= now]:
            more = self.more()
            if more is None:
                self.drop(s)
                continue
            del self.open[s]
            self.open[s] = now + self.beat  # to the end: the first ones are always due first
            try:
                s.send(more)
            except OSError:
                pass

    def run(self, seconds):
        began = time.monotonic()
        tried = 0
        while (now := time.monotonic()) < began + seconds:
            while len(self.open) < self.count and tried < (now - began) * self.rate and time.monotonic() < now + 0.05:
                self.dial()
                tried += 1
            self.nag(now)
            self.listen(0.002)
        return {"opened": self.opened, "closed": self.closed, "open": len(self.open)}


def smuggled():
    """Requests that two servers in a row could read differently."""
    group, = [g for g in json.loads(CONFORMANCE.read_text()) if "smuggle" in g["rule"]]
    return [piece.encode("latin-1") for case in group["cases"] for piece in case["send"] if isinstance(piece, str)]


def client_hello(tls):
    """What makes the server calculate, and costs the sender nothing."""
    outgoing = ssl.MemoryBIO()
    try:
        tls.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def kinds(port, tls):
    def make(count, rate, beat, hello, more, **how):
        return Attacker(port, tls, count, rate, beat, hello, more, **how)

    requests = itertools.cycle(smuggled())
    huge = GET + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(60))
    half = b"\x16\x03\x01\x02\x00\x01" if tls else GET + b"X-Slow: "
    login = b"POST /signalk/v1/auth/login HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"
    return {
        "half-open": lambda: make(10000, 2500, 3600, lambda: half, lambda: None, shakes=False),
        "slow-headers": lambda: make(2500, 1000, 1, lambda: GET, lambda: b"X-Slow: a\r\n"),
        "slow-bodies": lambda: make(2500, 1000, 1, lambda: GET + b"\r\n" + login, lambda: b" "),
        "oversized": lambda: make(50, 200, 0.5, lambda: huge, lambda: None),
        "smuggling": lambda: make(50, 200, 0.5, lambda: next(requests), lambda: None),
        "handshakes": lambda: make(50, 1000, 0, lambda: b"", lambda: None),
        "hellos": lambda: make(400, 3000, 0.1, itertools.repeat(client_hello(tls)).__next__, lambda: None, shakes=False),
    }


def main():
    what, port, how, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tls = trust() if how == "tls" else None
    print(json.dumps(healthy(port, tls, seconds) if what == "healthy" else kinds(port, tls)[what]().run(seconds)))


if __name__ == "__main__":
    main()
