"""The server as a client of another Signal K server: WebSocket, TCP and UDP, whose data becomes whose, and no loops."""
import json
import select
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from harness.instruments import TcpPeer, connection, connection_status
from harness.server import SELF, ConfigDir, free_port
from harness.streams import has_path, has_value, values_in
from harness.waiting import DEADLINE, eventually
from test_nmea0183 import keep_sending

OTHER_ID = "urn:mrn:signalk:uuid:11111111-2222-4333-8444-555555555555"
OTHER = "vessels." + OTHER_ID


def delta(path, value, **members):
    return json.dumps({"updates": [{"values": [{"path": path, "value": value}]}], **members})


@pytest.fixture
def other(launcher, tmp_path):
    """A running server of another vessel."""
    folder = ConfigDir(tmp_path / "other")
    folder.settings()
    folder.identity("Other", OTHER_ID)
    return launcher(folder=folder).start()


@pytest.fixture
def joined(config, launch, other):
    """joined(options…) → a stream of a server that takes the other's data; `.server`, and `.feeder` of the other."""

    def start(**options):
        config.settings(pipedProviders=[connection("link", "ws", {"host": "127.0.0.1", "port": str(other.port), **options}, "SignalK")])
        server = launch()
        connection_status(server, "link", f"Connected to 127.0.0.1 {other.port}")
        stream = server.stream("?subscribe=all&sendCachedValues=false")
        stream.hello()
        stream.server, stream.feeder = server, other.feeder()
        return stream

    return start


def test_what_is_the_others_own_becomes_ours(joined):
    stream = joined()
    stream.feeder.values(test__level=1, source="engine.1")
    stream.feeder.values(test__level=2, source="engine.1", context="vessels.urn:mrn:imo:mmsi:230000001")
    seen = []
    while len(seen) < 2:
        seen += [found for found in values_in(stream.recv()) if found[2] == "test.level"]
    assert seen == [(SELF, "engine.1", "test.level", 1), ("vessels.urn:mrn:imo:mmsi:230000001", "engine.1", "test.level", 2)]


def test_contexts_stay_when_the_user_wants_that(joined):
    stream = joined(selfHandling="noSelf")
    stream.feeder.values(test__level=1)
    assert stream.until(has_path("test.level"))["context"] == OTHER


def test_a_vessel_named_by_hand(joined):
    stream = joined(selfHandling="manualSelf", remoteSelf="urn:mrn:imo:mmsi:230000001")
    stream.feeder.values(test__level=1, context="vessels.urn:mrn:imo:mmsi:230000001")
    assert stream.until(has_path("test.level"))["context"] == SELF


def test_only_what_was_subscribed_to(joined):
    stream = joined(subscription=json.dumps([{"context": "vessels.self", "subscribe": [{"path": "test.wanted"}]}]))
    stream.feeder.values(test__unwanted=1)
    stream.feeder.values(test__wanted=1)
    messages = stream.collect_until(has_path("test.wanted"))
    assert not any(has_path("test.unwanted")(m) for m in messages)


def test_the_other_goes_away_and_comes_back(joined, other):
    stream = joined()
    port = other.port
    other.expect_exit = True
    other.kill()
    connection_status(stream.server, "link", "Reconnect")
    other.restart(pinned_port=port)
    connection_status(stream.server, "link", "Connected")
    other.feeder().values(test__level=3)
    assert stream.until(has_value("test.level", 3))


def test_metadata_of_the_other_counts_where_nothing_is_known(joined):
    """Its own paths bring their units and zones; what this boat knows of a path stays as it is."""
    stream = joined()
    stream.feeder.send({"updates": [{"meta": [{"path": "bilge.level", "value": {"units": "m", "description": "Water in the bilge"}},
                                              {"path": "navigation.speedOverGround", "value": {"description": "of the other"}}]}]})
    assert stream.until(lambda m: "Water in the bilge" in json.dumps(m))  # while it happens, it is taken as it is
    late = stream.server.api("vessels/self/bilge/level/meta").ok()
    assert (late["units"], late["description"]) == ("m", "Water in the bilge")


def test_metadata_from_before_the_connection_comes_with_the_values(config, launch, other):
    feeder = other.feeder()
    feeder.send({"updates": [{"meta": [{"path": "bilge.level", "value": {"units": "m", "description": "Water in the bilge"}},
                                       {"path": "navigation.speedOverGround", "value": {"description": "of the other"}}]}]})
    feeder.values(bilge__level=0.1, navigation__speedOverGround=3)
    feeder.mark()
    eventually(lambda: other.api("vessels/self/bilge/level/value").status == 200, "the other's value")
    config.settings(pipedProviders=[connection("link", "ws", {"host": "127.0.0.1", "port": other.port}, "SignalK")])
    server = launch()
    eventually(lambda: server.api("vessels/self/bilge/level/value").status == 200, "the value here")
    assert server.api("vessels/self/bilge/level/meta").ok()["description"] == "Water in the bilge"
    assert server.api("vessels/self/navigation/speedOverGround/meta").ok()["description"] != "of the other"


def test_two_servers_that_take_each_others_data_do_not_loop(config, launcher, tmp_path):
    folder = ConfigDir(tmp_path / "second")
    folder.identity("Other", OTHER_ID)
    ports = free_port(), free_port()
    config.settings(pipedProviders=[connection("link", "ws", {"host": "127.0.0.1", "port": ports[1]}, "SignalK")])
    folder.settings(pipedProviders=[connection("link", "ws", {"host": "127.0.0.1", "port": ports[0]}, "SignalK")])
    first = launcher(pinned_port=ports[0]).start()
    second = launcher(folder=folder, pinned_port=ports[1]).start()
    for server in (first, second):
        connection_status(server, "link", "Connected")
    watcher = first.stream("?subscribe=all&sendCachedValues=false")
    feeder = second.feeder()
    for number in range(20):
        feeder.values(test__level=number)
    feeder.values(test__end=1)
    messages = watcher.collect_until(has_path("test.end"))
    feeder.values(test__end=2)  # a round trip behind everything
    messages += watcher.collect_until(has_value("test.end", 2))
    feeder.values(test__end=3)
    messages += watcher.collect_until(has_value("test.end", 3))
    came = [value for m in messages for *_, path, value in values_in(m) if path == "test.level"]
    assert set(came) == set(range(20))
    assert len(came) <= 40, "each value may come back once, then it is known"


@pytest.fixture
def peer():
    made = TcpPeer()
    yield made
    made.close()


def request_of(client):
    client.settimeout(DEADLINE)
    text = b""
    while b"\r\n\r\n" not in text:
        text += client.recv(4096)
    return text.decode()


def test_a_token_is_sent_and_its_refusal_told_without_it(config, launch, peer):
    config.settings(pipedProviders=[connection("link", "ws", {"host": "127.0.0.1", "port": peer.port, "token": "s3cr3t.t0ken"}, "SignalK")])
    server = launch()
    client = peer.client(1)
    request = request_of(client)
    assert request.startswith("GET /signalk/v1/stream?subscribe=all&sendMeta=all HTTP/1.1\r\n")
    assert "\r\nAuthorization: JWT s3cr3t.t0ken\r\n" in request
    client.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    entry = connection_status(server, "link", "Authentication failed for 127.0.0.1")
    assert entry["type"] == "error"
    assert "s3cr3t" not in server.log() and "s3cr3t" not in json.dumps(entry)


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 404 Not Found\r\n\r\n", "the answer was 404"),
    (b"SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
    (b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: nonsense\r\n\r\n", "handshake is wrong"),
    (b"x" * 20000, "head is over"),
])
def test_what_is_no_signal_k_server_is_named(config, launch, peer, answer, words):
    config.settings(pipedProviders=[connection("link", "ws", {"host": "127.0.0.1", "port": peer.port}, "SignalK")])
    server = launch()
    client = peer.client(1)
    request_of(client)
    client.sendall(answer)
    connection_status(server, "link", words)


def test_deltas_by_udp(config, launch):
    port = free_port()
    config.settings(pipedProviders=[connection("radio", "udp", {"port": port}, "SignalK")])
    server = launch()
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    message = keep_sending(port, delta("test.level", 1), stream, has_path("test.level"))
    assert message["updates"][0]["$source"] == "radio" and message["context"] == SELF


def test_deltas_by_tcp_line_by_line(config, launch, peer):
    config.settings(pipedProviders=[connection("wire", "tcp", {"host": "127.0.0.1", "port": peer.port}, "SignalK")])
    server = launch()
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    text = delta("test.level", 1) + "\n{broken\n" + delta("test.level", 2) + "\n"
    peer.client(1).sendall(text.encode())
    message = stream.until(has_value("test.level", 1))
    assert message["updates"][0]["$source"] == f"wire.127.0.0.1:{peer.port}"
    assert stream.until(has_value("test.level", 2))


def test_bad_options_are_named(config, launch):
    config.settings(pipedProviders=[connection("a", "ws", {"port": 3000}, "SignalK"),
                                    connection("b", "ws", {"host": "x", "subscription": "{nonsense"}, "SignalK"),
                                    connection("c", "ws", {"host": "x", "selfHandling": "manualSelf"}, "SignalK")])
    server = launch()
    connection_status(server, "a", "no host given")
    connection_status(server, "b", "subscription: ")
    connection_status(server, "c", "no remoteSelf is given")
    assert eventually(lambda: server.api("self").ok() == SELF)


# ---- TLS ----


class SecureFront:
    """TLS in front of a server that has none, with a certificate that nobody vouches for."""

    def __init__(self, folder, port):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=boat",
                        "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
        self.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.behind = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client):
        """One thread a connection: a TLS socket is not for two at once."""
        try:
            with self.context.wrap_socket(client, server_side=True) as front, \
                    socket.create_connection(("127.0.0.1", self.behind)) as back:
                while True:
                    ready = [front] if front.pending() else select.select([front, back], [], [])[0]
                    for source in ready:
                        data = source.recv(65536)
                        if not data:
                            return
                        (back if source is front else front).sendall(data)
        except OSError:  # either side went away, or refused the certificate
            pass

    def close(self):
        self.listener.close()


@pytest.fixture
def front(tmp_path, other):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    made = SecureFront(tmp_path, other.port)
    yield made
    made.close()


def test_a_stream_in_tls(config, launch, front, other):
    config.settings(pipedProviders=[connection("link", "wss", {"host": "127.0.0.1", "port": front.port, "selfsignedcert": True}, "SignalK")])
    server = launch()
    connection_status(server, "link", "Connected")
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    other.feeder().values(test__level=5)
    assert stream.until(has_value("test.level", 5))["context"] == SELF


def test_an_unknown_certificate_is_refused_in_words(config, launch, front):
    config.settings(pipedProviders=[connection("link", "wss", {"host": "127.0.0.1", "port": front.port}, "SignalK")])
    server = launch()
    connection_status(server, "link", "certificate is not accepted: self")


def test_what_speaks_no_tls_is_named(config, launch, peer):
    config.settings(pipedProviders=[connection("link", "wss", {"host": "127.0.0.1", "port": peer.port}, "SignalK")])
    server = launch()
    peer.client(1).sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection_status(server, "link", "TLS failed")
