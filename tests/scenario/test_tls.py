"""HTTPS: the server's own TLS, its files, what the plain port says, and who cannot get in the way."""
import json
import random
import re
import resource
import socket
import ssl
import subprocess
import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from harness.security import PASSWORD, secure
from harness.server import HOST, SELF, free_port
from harness.waiting import DEADLINE, eventually
from harness.web import request
from harness.web import tls_context as context

PATH = "navigation.speedOverGround"


def delta(value):
    return json.dumps({"context": SELF, "updates": [{"values": [{"path": PATH, "value": value}]}]})


class Tls:
    """A server with HTTPS: server.port is the HTTPS port, `plain` the other."""

    def __init__(self, launcher, *args, env=None, **how):
        self.plain = free_port()
        self.server = launcher(*args, "--port", str(self.plain), env={"SSLPORT": str(free_port()), **(env or {})}, **how)
        self.server.start()

    @property
    def port(self):
        return self.server.port

    def socket(self, trust=None, name="localhost", session=None):
        raw = socket.create_connection((HOST, self.port), timeout=DEADLINE)
        return (trust or context()).wrap_socket(raw, server_hostname=name, session=session)

    def get(self, path):
        return self.server.get(path, tls=context())

    def stream(self, query=""):
        return connect(f"wss://{HOST}:{self.port}/signalk/v1/stream{query}", ssl=context(), open_timeout=DEADLINE)

    def certificate(self):
        with self.socket() as s:
            return s.getpeercert(binary_form=True)


@pytest.fixture
def tls(launcher):
    return Tls(launcher)


# ---- certificates and their files ---------------------------------------------------------------------------------------


def test_a_certificate_is_made_when_there_is_none(tls, config):
    for name in ("ssl-cert.pem", "ssl-key.pem"):
        assert (config.path / name).stat().st_mode & 0o777 == 0o600
    trust = context(str(config.path / "ssl-cert.pem"))
    with tls.socket(trust) as s:  # it is valid for this name, and signs itself
        assert s.version() == "TLSv1.3"
    endpoints = tls.get("/signalk").ok()["endpoints"]["v1"]
    assert endpoints["signalk-http"] == f"https://{HOST}:{tls.port}/signalk/v1/api/"
    assert endpoints["signalk-ws"] == f"wss://{HOST}:{tls.port}/signalk/v1/stream"
    before = tls.certificate()
    tls.server.stop()
    tls.server.restart()
    assert tls.certificate() == before


def test_strict_transport_security_is_said_over_tls_only(tls):
    assert tls.get("/signalk").headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert request(HOST, tls.plain, "GET", "/signalk").headers["Strict-Transport-Security"] is None


def test_the_setting_ssl_does_the_same(launcher, config):
    port = free_port()
    config.settings(ssl=True, sslport=port)
    server = launcher().start()
    assert server.port == port


def test_a_key_that_others_can_read_is_closed_to_them(launcher, config, tls):
    tls.server.stop()
    (config.path / "ssl-key.pem").chmod(0o644)
    tls.server.restart()
    assert (config.path / "ssl-key.pem").stat().st_mode & 0o777 == 0o600
    assert "others could read" in tls.server.log()


@pytest.mark.parametrize("name, content, said", [
    ("ssl-cert.pem", "", "no certificate in it"), ("ssl-cert.pem", "rubbish", "no certificate in it"),
    ("ssl-key.pem", "rubbish", "not the key of the certificate"), ("ssl-key.pem", None, "ssl-key.pem"),
    ("ssl-cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate in it"),
])
def test_broken_files_do_not_keep_the_server_from_starting(launcher, config, tls, name, content, said):
    tls.server.stop()
    (config.path / name).unlink()
    if content is not None:
        config.write(name, content)
    tls.server.restart()
    assert tls.get("/signalk").ok()["server"]["id"] == "signalk-server-node"
    assert said in tls.server.log() and "until that is mended" in tls.server.log()
    if content is not None:
        assert config.text(name) == content  # left as it was


def test_a_new_certificate_is_taken_without_a_restart_and_clients_stay(launcher, config, tls, tmp_path):
    with tls.stream("?subscribe=all") as client:
        client.recv(DEADLINE)
        old = tls.certificate()
        other = Tls(launcher, folder=type(config)(tmp_path / "other"))
        for name in ("ssl-key.pem", "ssl-cert.pem"):
            config.write(name, (tmp_path / "other" / name).read_bytes()).chmod(0o600)
        new = other.certificate()
        assert new != old
        eventually(lambda: tls.certificate() == new, "the new certificate")
        client.send(delta(4.5))
        while "4.5" not in client.recv(DEADLINE):
            pass
        config.write("ssl-cert.pem", "half a file")
        tls.server.wait_log("changed files are not used")
        assert tls.certificate() == new


# ---- skiff tls ----------------------------------------------------------------------------------------------------------


def test_a_phone_that_knows_the_boats_authority_trusts_the_server(launcher, config, skiff):
    told, _ = skiff("tls", "new", "--name", "plover.local", "--name", "10.9.8.7")
    assert "plover.local" in told and "/skiff/ca" in told
    for name in ("ssl-cert.pem", "ssl-key.pem", "ssl-ca-cert.pem", "ssl-ca-key.pem"):
        assert (config.path / name).stat().st_mode & 0o777 == 0o600
    tls = Tls(launcher)
    answer = request(HOST, tls.plain, "GET", "/skiff/ca.crt")  # before it trusts anything: by the plain port
    assert (answer.status, answer.type) == (200, "application/x-x509-ca-cert")
    config.write("of-the-phone.pem", answer.body)
    assert "/skiff/ca.crt" in request(HOST, tls.plain, "GET", "/skiff/ca").text
    trust = context(str(config.path / "of-the-phone.pem"))
    for name in ("plover.local", "10.9.8.7", "localhost", HOST):
        with tls.socket(trust, name=name) as s:
            assert s.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        tls.socket(trust, name="other.local")


def test_a_second_certificate_is_of_the_same_authority_and_used_at_once(launcher, config, skiff):
    skiff("tls", "new")
    tls = Tls(launcher)
    trust, first, authority = context(str(config.path / "ssl-ca-cert.pem")), tls.certificate(), config.text("ssl-ca-cert.pem")
    skiff("tls", "new", "--name", "new.local", "--days", "30")
    assert config.text("ssl-ca-cert.pem") == authority and config.exists("ssl-cert.pem.old")
    eventually(lambda: tls.certificate() != first, "the new certificate")
    with tls.socket(trust, name="new.local"):
        pass
    told, _ = skiff("tls", "show")
    assert "DNS:new.local" in told and len(re.findall(r"fingerprint  ([0-9A-F]{2}:){31}[0-9A-F]{2}", told)) == 2


@pytest.mark.parametrize("words, said, code", [
    (["new", "--days", "9999"], "--days: a number from 1 to 824", 2), (["new", "--days", "x"], "--days", 2),
    (["new", "--name", "a b"], "'a b' is neither a host name nor an address", 1), (["show"], "ssl-cert.pem", 1),
])
def test_what_cannot_be_done_is_said(skiff, words, said, code):
    _, error = skiff("tls", *words, code=code)
    assert said in error


# ---- protocol -----------------------------------------------------------------------------------------------------------


def shake(tls, *how):
    """openssl s_client's verdict: (exit code, text)."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"{HOST}:{tls.port}", *how], input=b"", capture_output=True,
                          timeout=DEADLINE)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(tls, version):
    code, text = shake(tls, version, "-cipher", "ALL:@SECLEVEL=0")
    assert code != 0 and re.search("alert|unsupported protocol|no protocols available", text), text


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_current_versions_are_spoken(tls, version):
    code, text = shake(tls, version)
    assert code == 0 and ("TLSv1.2" if version == "-tls1_2" else "TLSv1.3") in text
    assert "Compression: NONE" in text


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-SHA", "DES-CBC3-SHA", "NULL",
                                    "ADH", "RC4", "PSK", "DHE"])
def test_weak_ciphers_are_refused(tls, cipher):
    code, text = shake(tls, "-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")
    assert code != 0, text


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_sound_ciphers_are_spoken(tls, cipher):
    code, text = shake(tls, "-tls1_2", "-cipher", cipher)
    assert code == 0 and cipher in text


def test_renegotiation_is_refused(tls):
    with subprocess.Popen(["openssl", "s_client", "-connect", f"{HOST}:{tls.port}", "-tls1_2"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        text, _ = client.communicate(b"R\n", timeout=DEADLINE)
    assert b"RENEGOTIATING" in text and re.search(rb"no renegotiation|handshake failure|wrong version|unexpected", text), text


def test_a_session_is_resumed(tls):
    trust = context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with tls.socket(trust) as first:
        session = first.session
        assert not first.session_reused
    with tls.socket(trust, session=session) as second:
        assert second.session_reused


@pytest.mark.parametrize("offered, chosen", [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), ([], None)])
def test_http_1_1_is_chosen(tls, offered, chosen):
    trust = context()
    if offered:
        trust.set_alpn_protocols(offered)
    with tls.socket(trust) as s:
        assert s.selected_alpn_protocol() == chosen


def test_plain_words_on_the_tls_port_get_an_answer_in_words(tls):
    raw = tls.server.raw(tls.port)
    raw.send("GET / HTTP/1.1\r\nHost: boat\r\n\r\n")
    head, _, body = raw.socket.recv(4096).partition(b"\r\n\r\n")
    assert b"put https:// in its place" in body
    assert f"Content-Length: {len(body)}".encode() in head
    figures = tls.get("/skiff/status").ok()["tls"]
    assert figures["failed"] >= 1 and figures["handshakes"] >= 1 and figures["open"] >= 1 and figures["evicted"] == 0


@pytest.mark.parametrize("bytes_sent", [b"\x16\x03\x01\xff\xff" + b"\0" * 64, b"\0" * 64, b"\x16", random.Random(1).randbytes(3000), b"\x80\x2e\x01\x00\x02"],
                         ids=["record too long", "zeros", "one byte", "random", "SSL 2"])
def test_rubbish_is_hung_up_on_and_others_are_served(tls, bytes_sent):
    with socket.create_connection((HOST, tls.port), timeout=DEADLINE) as s:
        s.sendall(bytes_sent)
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass
    assert tls.get("/signalk").ok()["server"]


# ---- what goes through it -----------------------------------------------------------------------------------------------


def test_a_stream_in_and_out(tls):
    with tls.stream("?subscribe=self") as reader, tls.stream("?subscribe=none") as writer:
        reader.recv(DEADLINE)
        writer.recv(DEADLINE)
        for i in range(2000):
            writer.send(delta(i))
        seen = []
        while len(seen) < 2000:
            for update in json.loads(reader.recv(DEADLINE)).get("updates", []):
                seen += [entry["value"] for entry in update.get("values", []) if entry["path"] == PATH]
        assert seen == list(range(2000))


def test_large_bodies_both_ways_to_a_client_that_reads_slowly(tls):
    big = "x" * 20_000
    with tls.stream("?subscribe=none") as writer:
        writer.recv(DEADLINE)
        for i in range(200):
            writer.send(json.dumps({"context": SELF, "updates": [{"values": [{"path": f"test.big{i}", "value": big}]}]}))
        writer.ping().wait(DEADLINE)
    with tls.socket() as s:
        s.sendall(b"GET /signalk/v1/api/vessels/self/test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = b""
        while piece := s.recv(1000 if len(got) < 50_000 else 65536):
            got += piece
    head, body = got.split(b"\r\n\r\n", 1)
    tree = json.loads(body)
    assert [len(tree[f"big{i}"]["value"]) for i in range(200)] == [len(big)] * 200


def test_the_login_cookie_is_secure_over_tls(launcher, config):
    secure(config)
    tls = Tls(launcher)
    answer = tls.server.post("/signalk/v1/auth/login", {"username": "anna", "password": PASSWORD}, tls=context())
    assert answer.status == 200, answer
    assert all("; Secure" in line for line in answer.headers.get_all("Set-Cookie"))


def test_the_clients_address_is_known(launcher, config):
    tls = Tls(launcher, env={"MAX_WS_CONNECTIONS_PER_IP": "2"})
    with tls.stream(), tls.stream():
        with pytest.raises(Exception, match="429"):
            tls.stream()


def test_shutdown_says_farewell(tls):
    with tls.stream("?subscribe=none") as client:
        client.recv(DEADLINE)
        stopping = threading.Thread(target=tls.server.stop)
        stopping.start()
        with pytest.raises(ConnectionClosed) as end:
            while True:
                client.recv(DEADLINE)
        assert end.value.rcvd.code == 1001
        client.close()
        stopping.join(DEADLINE)


# ---- the plain port -----------------------------------------------------------------------------------------------------


def plain(tls, path="/", host="boat.local:3000", method="GET", headers=""):
    raw = tls.server.raw(tls.plain)
    raw.send(f"{method} {path} HTTP/1.1\r\n" + (f"Host: {host}\r\n" if host is not None else "") + headers + "Connection: close\r\n\r\n")
    text = b""
    while piece := raw.socket.recv(65536):
        text += piece
    status = int(text.split()[1])
    location = re.search(rb"^Location: (.*?)\r$", text, re.M | re.I)
    return status, location.group(1).decode() if location else None


@pytest.mark.parametrize("path", ["/", "/signalk/v1/api/?a=b", "/signalk/v1/stream", "/nowhere/%2e%2e/x"])
def test_the_plain_port_leads_to_https(tls, path):
    assert plain(tls, path) == (302, f"https://boat.local:{tls.port}{path}")
    assert plain(tls, path, host="[::1]:3000") == (302, f"https://[::1]:{tls.port}{path}")
    assert plain(tls, path, method="POST", headers="Content-Length: 0\r\n")[0] == 302


@pytest.mark.parametrize("host", ["", "evil.example/@boat", "a b", "x@y", "boat.local#", "<script>", "..", "[::1", "boat:a:1"])
def test_nothing_is_built_of_a_host_that_is_none(tls, host):
    status, location = plain(tls, host=host)
    assert status == 400 and location is None


def test_a_websocket_on_the_plain_port_is_led_on_too(tls):
    status, location = plain(tls, "/signalk/v1/stream", headers="Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
    assert status == 302 and location.endswith("/signalk/v1/stream")


# ---- who stands in the way ----------------------------------------------------------------------------------------------


def many(count):
    """How many sockets this process may open, at most `count`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 500)), hard))
    return min(count, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 300)


def open_silent(port, count, first=b""):
    silent = []
    for _ in range(count):
        s = socket.socket()
        s.settimeout(DEADLINE)
        s.connect((HOST, port))
        if first:
            s.sendall(first)
        silent.append(s)
    return silent


def test_thousands_of_handshakes_that_never_end_keep_nobody_out(tls):
    silent = open_silent(tls.port, many(1500), b"\x16\x03\x01")
    try:
        with tls.stream("?subscribe=none") as client:
            client.recv(DEADLINE)
            assert tls.get("/signalk").ok()["server"]
    finally:
        for s in silent:
            s.close()


@pytest.mark.parametrize("first", [b"", b"GET /signalk HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_thousands_of_half_open_connections_keep_nobody_out(server, first):
    listener = server.stream("?subscribe=self")
    silent = open_silent(server.port, many(10_000), first)
    try:
        assert server.get("/signalk").ok()["server"]
        server.feeder().put_values({PATH: 7.25})
        listener.collect_until(lambda m: "7.25" in json.dumps(m))
    finally:
        for s in silent:
            s.close()
