"""TLS as those speak it who mean no good, or half of it; and who holds the places that others need. All others are served meanwhile."""
import random
import re
import socket
import ssl
import subprocess

import pytest

from harness.server import HOST
from harness.waiting import DEADLINE, eventually
from harness.web import tls_context as context
from test_tls import Tls, many, shake

HALF = b"\x16\x03\x01\x02\x00\x01"  # the head of a ClientHello


@pytest.fixture
def tls(launcher):
    return Tls(launcher)


def figures(tls):
    return tls.get("/skiff/status").ok()["tls"]


def served(tls):
    assert tls.get("/signalk").ok()["server"]["id"] == "signalk-server-node"


def hello(name="boat", **how):
    """The bytes of a ClientHello."""
    trust = context()
    for what, value in how.items():
        getattr(trust, what)(value)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def answer_to(tls, *pieces, end=True):
    """What comes back until the server hangs up."""
    with socket.create_connection((HOST, tls.port), timeout=DEADLINE) as s:
        got = b""
        try:
            for piece in pieces:
                s.sendall(piece)
            if end:
                s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                got += piece
        except ConnectionError:
            pass
        return got


# ---- what is offered ----------------------------------------------------------------------------------------------------


def test_a_ticket_resumes_a_session_of_tls_1_3(tls):
    trust = context(minimum_version=ssl.TLSVersion.TLSv1_3)

    def ask(session=None):
        with tls.socket(trust, session=session) as s:
            s.sendall(b"GET /signalk HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while s.recv(65536):  # the tickets come behind the handshake
                pass
            return s.session, s.session_reused

    session, reused = ask()
    assert session.has_ticket and not reused
    assert ask(session)[1]
    tls.server.stop()
    tls.server.restart()
    assert not ask(session)[1]  # the next process has other keys for its tickets


def test_no_data_before_the_handshake_is_over(tls, tmp_path):
    session, early = tmp_path / "session", tmp_path / "early"
    early.write_text("GET /signalk HTTP/1.1\r\nHost: x\r\n\r\n")
    with subprocess.Popen(["openssl", "s_client", "-connect", f"{HOST}:{tls.port}", "-tls1_3", "-sess_out", session], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        client.stdin.write(b"GET /signalk HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        client.stdin.flush()
        assert b"Max Early Data: 0" in client.stdout.read()
        client.wait(DEADLINE)
    code, text = shake(tls, "-tls1_3", "-sess_in", str(session), "-early_data", str(early))
    assert code == 0 and "Early data was not sent" in text


@pytest.mark.parametrize("words, said", [
    (["-tls1_2", "-fallback_scsv"], "inappropriate fallback"),  # RFC 7507: both could speak 1.3
    (["-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"], "handshake failure|no cipher"),
    (["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"], "handshake failure"),  # no forward secrecy
    (["-tls1_2", "-cipher", "EXPORT:LOW:MD5:3DES:@SECLEVEL=0"], "handshake failure|no cipher"),
    (["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256"], "handshake failure"),
    (["-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0"], "handshake failure|alert|no shared"),
])
def test_what_is_weak_is_refused(tls, words, said):
    code, text = shake(tls, *words)
    assert code != 0 and re.search(said, text), text
    served(tls)


def test_renegotiation_is_secure_and_not_done(tls):
    code, text = shake(tls, "-tls1_2")
    assert code == 0 and "Secure Renegotiation IS supported" in text and "Compression: NONE" in text


@pytest.mark.parametrize("name", ["unknown.example", "a" * 63 + "." + "b" * 63, "xn--nxasmq6b", "127.0.0.1", "-", "_.-", ".".join(["A" * 60] * 4)])
def test_any_name_is_served_by_the_same_certificate(tls, name):
    with tls.socket(name=name) as s:
        assert s.getpeercert(binary_form=True) == tls.certificate()


@pytest.mark.parametrize("protocols", [["x" * 255] * 200, ["http/1.1\0"], ["\x01\x7f", "http/1.0"], ["spdy/3"] * 1000], ids=["long", "NUL", "bytes", "many"])
def test_protocols_that_nobody_knows_are_passed_over(tls, protocols):
    trust = context()
    trust.set_alpn_protocols(protocols)
    with tls.socket(trust) as s:
        assert s.selected_alpn_protocol() is None


# ---- what is no TLS, or not all of it -----------------------------------------------------------------------------------


def cut(data, *places):
    """The bytes in pieces of those lengths, each in a record of its own."""
    body, pieces = data[5:], []
    for length in (*places, len(body)):
        piece, body = body[:length], body[length:]
        pieces.append(data[:3] + len(piece).to_bytes(2, "big") + piece)
    return b"".join(piece for piece in pieces if len(piece) > 5)


@pytest.mark.parametrize("sent", [
    b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\x00\x00" * 3000, b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", b"\x16\x03\x01\x40\x01" + b"\x01" * 0x4001,
    b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc" + b"\0" * 0x3ffc, b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"\0" * 0x3ffc, b"\x15\x03\x01\x00\x02\x02\x28",
    b"\x14\x03\x01\x00\x01\x01", b"\x17\x03\x03\x00\x10" + b"\0" * 16, b"\x18\x03\x02\x00\x03\x01\x40\x00", b"\x16\x7f\x7f\x00\x05\x01\x00\x00\x01\x00",
], ids=["empty record", "many empty records", "empty hello", "record too long", "hello of zeros", "hello of 16 MB", "alert", "change cipher", "data",
        "heartbeat", "version 127"])
def test_what_is_no_hello_is_hung_up_on(tls, sent):
    assert b"HTTP" not in answer_to(tls, sent)
    served(tls)


@pytest.mark.parametrize("places", [(1,), (1, 1, 1, 1), (3, 200), (40,) * 10], ids=str)
def test_a_hello_in_several_records_is_one(tls, places):
    whole = hello()
    assert answer_to(tls, cut(whole, *places)).startswith(b"\x16\x03\x03")  # ServerHello
    assert answer_to(tls, *(bytes([byte]) for byte in whole)).startswith(b"\x16\x03\x03")


def test_a_hello_with_some_of_its_bytes_changed_or_missing_harms_nobody(tls):
    whole, dice = bytearray(hello()), random.Random(7)
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        answer_to(tls, bytes(broken[:dice.randint(1, len(broken))]))
    served(tls)


@pytest.mark.parametrize("change", ["cut", "flipped", "repeated", "plain"])
def test_records_that_were_changed_on_the_way_end_the_connection(tls, change):
    """A session over memory, whose records are damaged before they are sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context().wrap_bio(incoming, outgoing, server_hostname="boat")
    with socket.create_connection((HOST, tls.port), timeout=DEADLINE) as s:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                s.sendall(outgoing.read())
                incoming.write(s.recv(65536))
        s.sendall(outgoing.read())
        client.write(b"GET /signalk HTTP/1.1\r\nHost: x\r\n\r\n")
        record = outgoing.read()
        damaged = {"cut": record[:-3], "flipped": record[:-1] + bytes([record[-1] ^ 1]), "repeated": record[:5] + record[5:] + record,
                   "plain": b"GET /signalk HTTP/1.1\r\nHost: x\r\n\r\n"}[change]
        s.sendall(damaged)
        if change == "cut":
            s.shutdown(socket.SHUT_WR)
        try:
            while s.recv(65536):
                pass
        except ConnectionError:
            pass
    served(tls)


# ---- certificates that change while clients are here --------------------------------------------------------------------


def test_a_key_that_does_not_fit_changes_nothing(launcher, config, tls, tmp_path):
    before = tls.certificate()
    other = type(config)(tmp_path / "other")
    other.settings()
    Tls(launcher, folder=other)
    with tls.stream("?subscribe=none") as client:
        client.recv(DEADLINE)
        config.write("ssl-key.pem", (other.path / "ssl-key.pem").read_bytes()).chmod(0o600)
        tls.server.wait_log("changed files are not used.*not the key of the certificate")
        assert tls.certificate() == before
        config.write("ssl-cert.pem", (other.path / "ssl-cert.pem").read_bytes()).chmod(0o600)  # now they fit
        eventually(lambda: tls.certificate() != before, "the new certificate")
        assert client.ping().wait(DEADLINE)


# ---- who holds the places -----------------------------------------------------------------------------------------------


def dial(port, address="127.0.0.1", sends=b""):
    s = socket.socket()
    s.bind((address, 0))
    s.settimeout(DEADLINE)
    s.connect((HOST, port))
    s.sendall(sends)
    return s


def is_open(s):
    s.setblocking(False)
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def close_all(sockets):
    for s in sockets:
        s.close()


def test_half_handshakes_of_one_address_push_out_each_other(tls):
    other = dial(tls.port, "127.0.0.9", HALF)
    crowd = [dial(tls.port, "127.0.0.2", HALF) for _ in range(many(600))]
    try:
        eventually(lambda: figures(tls)["evicted"] >= len(crowd) - 512, "the oldest giving way")
        assert is_open(other)
        eventually(lambda: not is_open(crowd[0]), "the end of the first of the crowd")
        assert is_open(crowd[-1])
        served(tls)
    finally:
        close_all([other, *crowd])


SLOW = (b"GET /signalk/v1/api/self HTTP/1.1\r\nHost: x\r\n\r\n"
        b"POST /signalk/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{")


def test_slow_bodies_on_kept_connections_keep_nobody_out(server):
    mine, crowd = dial(server.port, "127.0.0.9"), []
    try:
        for number in range(many(2300)):
            crowd.append(dial(server.port, f"127.0.0.{2 + number % 2}", SLOW))
            if number % 50 == 0:  # it rests in between, not for as long as connections are kept
                mine.sendall(b"GET /signalk HTTP/1.1\r\nHost: x\r\n\r\n")
                assert mine.recv(65536).startswith(b"HTTP/1.1 200")
        assert server.get("/signalk").ok()["server"]
        assert server.get("/skiff/status").ok()["http"]["evicted"] >= len(crowd) - 2048
    finally:
        close_all([mine, *crowd])
