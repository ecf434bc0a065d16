"""Requests as nobody should send them, by the thousand: made of real ones, bent at random, from people who may not see or change
anything of weight. Whatever comes of it: nothing secret is said, nothing is changed, nobody waits, the server lives.

SKIFF_MUTATED_REQUESTS=1000000 makes it a long run, SKIFF_MUTATED_SEED repeats one."""
import os
import random
import re
import socket
import threading
import time

import pytest

from harness.security import KEY, as_user, secure, token
from harness.server import HOST, SELF
from harness.waiting import eventually
from test_security_matrix import routes

COUNT = int(os.environ.get("SKIFF_MUTATED_REQUESTS", "60000"))
WORKERS = 3
PATIENCE = 30.0  # of one connection and of the bystander, on a machine that does much else
READ_SECRET = "CANARY-OF-READERS"  # for those who may read
ADMIN_SECRET = "CANARY-OF-ADMINS"  # for administrators
MARK = "PWNED"  # what the requests try to leave behind
NAME = "canary.of.writers"

BODIES = [
    b"", b"{}", b"[]", b"null", b'{"value":"PWNED"}', b'{"username":"anna","password":"PWNED"}', b'{"clientId":"asker","description":"asks"}',
    b'{"enabled":true,"configuration":{"a":"PWNED"}}', b'{"userId":"asker","password":"PWNED","type":"admin"}', b'{"type":"admin","userId":"anna","password":"x"}',
    b'{"name":"PWNED","position":{"latitude":1,"longitude":2}}', b'{"context":"vessels.self","updates":[{"values":[{"path":"a.b","value":"PWNED"}]}]}',
    b'[{"op":"add","path":"/__proto__/x","value":"PWNED"}]', b'{"active":false}', b'{"permissions":"admin"}', b"username=anna&password=PWNED",
    b"[" * 600, b'{"a":' * 300 + b"1" + b"}" * 300, b'"\xff\xfe"', b'{"value":1e999}', b'{"value":"\\ud800"}',
]
PIECES = [
    b"../", b"..%2f", b"%2e%2e/", b"%252e%252e%252f", b"//", b";a=b", b"%00", b"\x00", b"..\\", b"%c0%af", b"./", b"*", b"?", b"#", b"%", b"%zz",
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"A" * 9000, b"\xff", b"__proto__", b"constructor", b"security.json", b"%ff",
    b"Content-Length: 5\r\n", b"Content-Length: 50\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked, identity\r\n",
    b"X-Forwarded-For: 127.0.0.1\r\n", b"X-Original-URL: /skServer/security/users\r\n", b"X-HTTP-Method-Override: DELETE\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    b"Expect: 100-continue\r\n", b"Range: bytes=0-1,5-\r\n", b"If-None-Match: *\r\n", b"Accept-Encoding: gzip\r\n", b"Host: evil\r\n",
    b"5\r\nPWNED\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"GET /skServer/security/users HTTP/1.1\r\nHost: x\r\n\r\n",
]


def liars():
    """Who they say they are, and whether a reader's secret may be told them."""
    def cookie(value):
        return b"Cookie: JAUTHENTICATION=" + value.encode() + b"\r\n"

    def bearer(value):
        return b"Authorization: Bearer " + value.encode() + b"\r\n"

    wrong = [token("anna", key="y" * 64), token("anna", expires=-9), token("gone"), token("anna", header={"alg": "none"}), "x.y.z", ""]
    return [(b"", False), *((bearer(t), False) for t in wrong), *((cookie(t), False) for t in wrong), (bearer(token("rita")), True),
            (cookie(token("rita")), True)]


class Maker:
    """Requests of known shapes, bent. The same seed makes the same requests."""

    def __init__(self, seed, table):
        self.random = random.Random(seed)
        self.table = table
        self.liars = liars()

    def sound(self):
        pick = self.random.choice
        method, pattern, _ = pick(self.table)
        method = pick(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"]) if method == "*" or self.random.random() < 0.2 else method
        path = re.sub(r":[a-z]+", lambda _: pick(["some", "anna", "self", "navigation", "..", "%2e%2e"]), pattern, flags=re.I)
        path = path.replace("*", pick(["some/thing", "security.json", "vessels/self", ""]))
        body = pick(BODIES) if self.random.random() < 0.6 else b""
        head = f"{method} {path}".encode() + pick([b"", b"?token=x", b"?a=b&a=c"]) + b" HTTP/1.1\r\nHost: boat\r\n"
        who, reads = pick(self.liars)
        kind = pick([b"application/json", b"application/x-www-form-urlencoded", b"text/plain", b"multipart/form-data; boundary=x"])
        if body:
            head += b"Content-Type: " + kind + b"\r\nContent-Length: %d\r\n" % len(body)
        return head + who + b"\r\n" + body, reads

    def bend(self, text):
        r = self.random
        at = r.randrange(len(text) + 1)
        kind = r.randrange(7)
        if kind == 0:
            return text[:at] + r.choice(PIECES) + text[at:]
        if kind == 1:
            return text[:at] + bytes([r.randrange(256)]) + text[at + 1:]
        if kind == 2:
            return text[:at] + text[at + r.randrange(1, 30):]
        if kind == 3:
            lines = text.split(b"\r\n")
            lines.insert(r.randrange(len(lines)), r.choice(PIECES).rstrip(b"\r\n"))
            return b"\r\n".join(lines)
        if kind == 4:
            lines = text.split(b"\r\n")
            lines.insert(r.randrange(len(lines)), r.choice(lines))
            return b"\r\n".join(lines)
        if kind == 5:
            line = text.find(b" ", text.find(b"/") if b"/" in text else 0)
            return text[:line] + r.choice(PIECES) + text[line:]
        return text[:at]

    def next(self):
        text, reads = self.sound()
        for _ in range(self.random.choice([0, 1, 1, 2, 3, 6])):
            text = self.bend(text)
        if self.random.random() < 0.1:
            more, also = self.sound()
            return text + more, reads or also
        return text, reads


def exchange(port, text):
    """Says it, ends its own direction, and hears all that comes."""
    with socket.create_connection((HOST, port), timeout=PATIENCE) as s:
        try:
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has heard enough, and may have answered
        heard = b""
        try:
            while piece := s.recv(65536):
                heard += piece
        except ConnectionResetError:
            pass
        return heard


class Crowd:
    def __init__(self, server, seed, table):
        self.port = server.port
        self.seed = seed
        self.table = table
        self.faults = []
        self.statuses = {}
        self.slowest, self.slowest_text = 0.0, b""

    def judge(self, number, text, reads, heard):
        told = ADMIN_SECRET.encode() in heard or KEY.encode() in heard or b"$2b$" in heard or (READ_SECRET.encode() in heard and not reads)
        if told:
            self.faults.append(f"request {number} of seed {self.seed} was told a secret: {text!r} -> {heard[:400]!r}")
        status = heard[9:12].decode("latin-1")
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def work(self, worker):
        maker = Maker(f"{self.seed}/{worker}", self.table)
        try:
            for number in range(COUNT // WORKERS):
                if self.faults:
                    return
                text, reads = maker.next()
                began = time.monotonic()
                heard = exchange(self.port, text)
                took = time.monotonic() - began
                if took > self.slowest:
                    self.slowest, self.slowest_text = took, text
                self.judge(f"{worker}/{number}", text, reads, heard)
        except Exception as error:  # the thread's end must not be taken for success
            self.faults.append(f"worker {worker} of seed {self.seed}: {error!r}; last said {text!r}")

    def run(self):
        threads = [threading.Thread(target=self.work, args=(worker,)) for worker in range(WORKERS)]
        for thread in threads:
            thread.start()
        return threads


@pytest.fixture
def guarded(launch, config):
    secure(config, devices=[{"clientId": "d", "permissions": "readonly", "description": ADMIN_SECRET, "config": None}])
    server = launch(env={"DEBUG": "signalk-server:routes", "HTTP_RATE_LIMITS": "login=20,loginStatus=0,api=0"})
    with_name = {"context": SELF, "updates": [{"values": [{"path": NAME, "value": READ_SECRET}]}]}
    server.stream("?subscribe=none", headers=as_user("wim")).send(with_name)
    eventually(lambda: server.self_path(NAME, headers=as_user("rita")).status == 200, "the reader's secret in the tree")
    return server


def test_bent_requests_learn_nothing_and_change_nothing(guarded, config):
    seed = int(os.environ.get("SKIFF_MUTATED_SEED", "20261124"))
    before = {name: config.text(name) for name in ("security.json", "settings.json", "baseDeltas.json")}
    users = guarded.get("/skServer/security/users", headers=as_user("anna")).ok()
    crowd = Crowd(guarded, seed, routes(guarded))
    threads = crowd.run()
    slowest = 0.0
    while any(thread.is_alive() for thread in threads):  # somebody with business of his own, meanwhile
        began = time.monotonic()
        assert guarded.self_path(NAME + ".value", headers=as_user("rita"), timeout=PATIENCE).ok() == READ_SECRET
        slowest = max(slowest, time.monotonic() - began)
        threads[0].join(0.02)
    print(f"seed {seed}: {sum(crowd.statuses.values())} requests, {crowd.statuses}; slowest {crowd.slowest:.3f} s ({crowd.slowest_text[:300]!r}), bystander {slowest:.3f} s")
    assert crowd.faults == []
    assert sum(crowd.statuses.values()) >= COUNT // WORKERS * WORKERS
    for path in ("/signalk/v1/api/", "/skServer/security/devices", "/skServer/plugins"):
        assert MARK not in guarded.get(path, headers=as_user("anna")).text
    assert guarded.get("/skServer/security/users", headers=as_user("anna")).ok() == users
    assert {name: config.text(name) for name in before} == before
    assert {"200", "400", "401", "404"} <= set(crowd.statuses)
