"""UDP and TCP of plugins: bytes go out and come in, limits hold and are counted, and nothing stays open behind a plugin."""
import socket

import pytest

from harness import packages
from harness.server import HOST
from harness.waiting import eventually

PROBE = "probe-sockets"
OTHER = "probe-sockets-too"  # the same module under another name
GROUP = "239.192.7.31"


class Probe:
    """One running plugin; each call goes over HTTP into its instance."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def call(self, call, id=0, value=0, **more):
        return self.server.post(f"/plugins/{self.name}/api/call", {"call": call, "id": id, "value": value, **more}).ok()

    def result(self, *args, **more):
        return self.call(*args, **more)["result"]

    def figures(self):
        return self.server.get(f"/plugins/{self.name}/_stats").ok()["sockets"]

    def receive(self, id, **more):
        """The next datagram, as soon as there is one."""
        return eventually(lambda: (lambda got: got["result"] > 0 and got)(self.call("udp_recv", id, **more)), "a datagram")

    def line(self, id, call="tcp_recv_line", **more):
        return eventually(lambda: (lambda got: got["result"] > 0 and got)(self.call(call, id, **more)), "a line")["data"]


def running(config, launch, *names, **configuration):
    package = packages.built(PROBE)
    for name in names:
        folder = config.install(package) if name == PROBE else config.write_package(
            name, package.wasm.read_bytes(), wasmCapabilities=package.manifest["wasmCapabilities"])
        config.enable(folder, configuration)
    server = launch()
    for name in names:
        server.wait_plugin(name, state="running")
    return server


@pytest.fixture
def probe(config, launch):
    return Probe(running(config, launch, PROBE), PROBE)


@pytest.fixture
def outside():
    """A UDP socket of the world outside, on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((HOST, 0))
        made.settimeout(20)
        yield made


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((HOST, 0))
        return made.getsockname()[1]


def bound(probe, port=0, type=0):
    id = probe.result("udp_create", value=type)
    assert id > 0
    assert probe.result("udp_bind", id, port) == 0
    return id


@pytest.fixture
def listening():
    """A TCP server that the test plays by hand."""
    with socket.socket() as made:
        made.bind((HOST, 0))
        made.listen(4)
        made.settimeout(20)
        yield made


def connected(probe, listening, host=HOST, lines=True):
    id = probe.result("tcp_create")
    assert id > 0
    if not lines:
        assert probe.result("tcp_lines", id, 0) == 0
    assert probe.result("tcp_connect", id, listening.getsockname()[1], text=host) == 0
    peer, _ = listening.accept()
    peer.settimeout(20)
    eventually(lambda: probe.result("tcp_connected", id) == 1, "the connection")
    return id, peer


# ---- UDP ----


def test_datagrams_go_out_and_come_in(probe, outside):
    port = free_udp_port()
    id = bound(probe, port)
    assert probe.result("udp_send", id, outside.getsockname()[1], text=HOST, data="ahoy") == 4
    data, sender = outside.recvfrom(100)
    assert (data, sender) == (b"ahoy", (HOST, port))
    outside.sendto(b"aye", sender)
    got = probe.receive(id)
    assert (got["data"], got["from"], got["port"]) == ("aye", HOST, outside.getsockname()[1])
    assert probe.result("udp_recv", id) == 0
    figures = probe.figures()
    assert (figures["open"], figures["sent"], figures["received"], figures["receivedBytes"]) == (1, 1, 1, 3)


def test_a_socket_that_was_never_bound_can_send(probe, outside):
    id = probe.result("udp_create")
    assert probe.result("udp_send", id, outside.getsockname()[1], text=HOST, data="x") == 1
    data, sender = outside.recvfrom(100)
    assert data == b"x"
    outside.sendto(b"back", sender)
    assert probe.receive(id)["data"] == "back"


def test_names_are_looked_up(probe, outside):
    id = bound(probe)
    assert probe.result("udp_send", id, outside.getsockname()[1], text="localhost", data="by name") == 7
    assert outside.recvfrom(100)[0] == b"by name"
    assert probe.result("udp_send", id, outside.getsockname()[1], text="localhost", data="again") == 5
    assert outside.recvfrom(100)[0] == b"again"
    # a name that nobody has loses the datagram, not the socket
    assert probe.result("udp_send", id, 9, text="no.such.host.invalid", data="lost") == 4
    eventually(lambda: probe.figures()["sentDropped"] == 1, timeout=60)
    assert "no.such.host.invalid" in probe.figures()["lastError"]
    assert probe.result("udp_send", id, outside.getsockname()[1], text=HOST, data="still") == 5
    assert outside.recvfrom(100)[0] == b"still"


def test_a_datagram_longer_than_the_buffer_is_cut(probe, outside):
    port = free_udp_port()
    id = bound(probe, port)
    outside.sendto(b"0123456789", (HOST, port))
    assert probe.receive(id, value=4)["data"] == "0123"
    assert probe.result("udp_recv", id) == 0


def test_ipv6(probe):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as outside:
        try:
            outside.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        outside.settimeout(20)
        id = bound(probe, type=1)
        assert probe.result("udp_send", id, outside.getsockname()[1], text="::1", data="six") == 3
        data, sender = outside.recvfrom(100)
        assert data == b"six"
        outside.sendto(b"yes", sender)
        got = probe.receive(id)
        assert (got["data"], got["from"]) == ("yes", "::1")


def test_a_port_that_is_taken_is_said_at_once(probe):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        id = probe.result("udp_create")
        port = other.getsockname()[1]
        assert probe.result("udp_bind", id, port) == -1
        assert str(port) in probe.figures()["lastError"]
        assert probe.result("udp_bind", id, 0) == 0
        assert probe.result("udp_bind", id, 0) == -1  # it has one already


def test_multicast_options_before_bind_are_applied_in_order(probe, outside):
    port = free_udp_port()
    id = probe.result("udp_create")
    # in an order that only works when each is remembered and then done in turn
    assert probe.result("udp_loopback", id, 1) == 0
    assert probe.result("udp_ttl", id, 3) == 0
    assert probe.result("udp_join", id, text=GROUP, more=HOST) == 0
    assert probe.result("udp_leave", id, text=GROUP, more=HOST) == 0
    assert probe.result("udp_join", id, text=GROUP, more="lo") == 0
    assert probe.result("udp_bind", id, port) == 0
    assert probe.figures()["lastError"] == ""
    outside.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST))
    outside.sendto(b"to all", (GROUP, port))
    assert probe.receive(id)["data"] == "to all"
    # left: only what comes to the socket's own address
    assert probe.result("udp_leave", id, text=GROUP, more=HOST) == 0
    outside.sendto(b"to all again", (GROUP, port))
    outside.sendto(b"to one", (HOST, port))
    assert probe.receive(id)["data"] == "to one"


def test_what_is_no_group_or_interface_is_refused(probe):
    id = bound(probe)
    assert probe.result("udp_join", id, text="10.1.2.3") == -1
    assert probe.result("udp_join", id, text="nonsense") == -1
    assert probe.result("udp_join", id, text=GROUP, more="no-such-interface") == -1
    assert "no-such-interface" in probe.figures()["lastError"]
    assert probe.result("udp_ttl", id, 300) == -1
    assert probe.result("udp_leave", id, text=GROUP, more=HOST) == -1  # never joined
    before = probe.result("udp_create")
    assert [probe.result("udp_ttl", before, 2, count=64), probe.result("udp_ttl", before, 2)] == [0, -1]


def test_broadcast_needs_its_option(probe):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as everybody:
        everybody.bind(("127.255.255.255", 0))
        everybody.settimeout(20)
        port = everybody.getsockname()[1]
        id = bound(probe)
        assert probe.result("udp_send", id, port, text="127.255.255.255", data="early") == 5
        assert probe.figures()["sentDropped"] == 1
        assert probe.result("udp_broadcast", id, 1) == 0
        assert probe.result("udp_send", id, port, text="127.255.255.255", data="all") == 3
        assert everybody.recvfrom(100)[0] == b"all"


def test_a_full_queue_drops_the_oldest_and_counts(probe, outside):
    port = free_udp_port()
    id = bound(probe, port)
    for number in range(1200):
        outside.sendto(b"%d" % number, (HOST, port))
        if number % 50 == 49:  # the kernel's own buffer is shorter than ours
            eventually(lambda: probe.figures()["received"] == number + 1)
    assert probe.result("udp_pending", id) == 1000
    assert probe.figures()["receivedDropped"] == 200
    assert probe.receive(id)["data"] == "200"
    assert probe.result("udp_pending", id) == 999


# ---- whose, how many, how long ----


def test_another_plugins_socket_cannot_be_used(config, launch, outside):
    server = running(config, launch, PROBE, OTHER)
    mine, other = Probe(server, PROBE), Probe(server, OTHER)
    port = free_udp_port()
    id = bound(mine, port)
    outside.sendto(b"secret", (HOST, port))
    eventually(lambda: mine.result("udp_pending", id) == 1)
    own = other.result("udp_create")
    assert own != id
    assert other.result("udp_recv", id) == 0
    assert other.result("udp_pending", id) == 0
    assert other.result("udp_ttl", id, 1) == -1
    assert other.result("udp_bind", id, 0) == -1
    assert other.result("udp_send", id, outside.getsockname()[1], text=HOST, data="forged") == 6  # as for any unknown id
    other.call("udp_close", id)
    assert mine.result("udp_send", id, outside.getsockname()[1], text=HOST, data="mine") == 4
    assert outside.recvfrom(100)[0] == b"mine"
    assert mine.receive(id)["data"] == "secret"


def test_the_65th_socket_is_refused(config, launch):
    server = running(config, launch, PROBE, OTHER)
    probe = Probe(server, PROBE)
    assert probe.result("udp_create", count=32) > 0
    last = probe.result("tcp_create", count=32)
    assert last > 0
    assert probe.result("udp_create") == -1
    assert probe.result("tcp_create", count=1000) == -1
    figures = probe.figures()
    assert (figures["open"], figures["refused"]) == (64, 1001)
    assert Probe(server, OTHER).result("udp_create") > 0  # nobody else's limit
    probe.call("tcp_close", last)
    assert probe.result("udp_create") > 0


def can_be_bound(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("0.0.0.0", port))
    return True


@pytest.mark.parametrize("way", ["stop", "restart", "trap"])
def test_nothing_stays_open_behind_the_plugin(probe, listening, way):
    port = free_udp_port()
    bound(probe, port)
    _, peer = connected(probe, listening)
    with pytest.raises(OSError):
        can_be_bound(port)
    if way == "stop":
        assert probe.server.configure(PROBE, {}, enabled=False).status == 200
        probe.server.wait_plugin(PROBE, state="stopped")
    elif way == "restart":
        assert probe.server.configure(PROBE, {}).status == 200
    else:
        assert probe.server.get(f"/plugins/{PROBE}/api/trap").status == 500
    assert peer.recv(10) == b""
    eventually(lambda: can_be_bound(port))
    eventually(lambda: probe.figures()["open"] == 0)


def test_a_plugin_can_send_while_it_stops(config, launch, outside):
    server = running(config, launch, PROBE, farewell=outside.getsockname()[1])
    assert server.configure(PROBE, {}, enabled=False).status == 200
    assert outside.recvfrom(10)[0] == b"bye"


def test_without_the_capability_every_call_fails(config, launch):
    package = packages.built(PROBE)
    config.enable(config.write_package("dry", package.wasm.read_bytes(), wasmCapabilities={"rawSockets": False}))
    server = launch()
    server.wait_plugin("dry", state="running")
    probe = Probe(server, "dry")
    assert [probe.result(call, 1, text=HOST, data="x") for call in (
        "udp_create", "udp_bind", "udp_join", "udp_send", "udp_recv", "udp_pending", "tcp_create", "tcp_connect", "tcp_send")] == [-1] * 9


# ---- TCP ----


def test_lines_are_divided_on_bytes(probe, listening):
    id, peer = connected(probe, listening)
    umlaut = "$GPTXT,größer".encode()
    peer.sendall(b"first\r\n\r\n\nsecond\n" + umlaut[:11])
    assert [probe.line(id), probe.line(id)] == ["first", "second"]
    peer.sendall(umlaut[11:] + b"\nfourth")
    assert probe.line(id) == umlaut.decode()
    assert probe.result("tcp_pending", id) == 0  # the fourth has no end yet
    peer.sendall(b"\r\n0123456789\n")
    assert probe.line(id) == "fourth"
    assert probe.line(id, value=4) == "0123"
    assert probe.result("tcp_recv_line", id) == 0
    assert probe.result("tcp_send", id, data="to the peer") == 11
    assert peer.recv(100) == b"to the peer"


def test_a_line_without_an_end_is_cut(probe, listening):
    id, peer = connected(probe, listening)
    peer.sendall(b"x" * 100_000 + b"\nnext\n")
    assert len(probe.line(id)) == 16384  # the probe's own buffer
    assert probe.line(id) == "next"
    assert probe.figures()["linesCut"] == 1


def test_raw_chunks_keep_what_did_not_fit(probe, listening):
    id, peer = connected(probe, listening, lines=False)
    peer.sendall(b"0123456789")
    assert probe.line(id, "tcp_recv_raw", value=4) == "0123"
    assert probe.line(id, "tcp_recv_raw", value=4) == "4567"
    assert probe.line(id, "tcp_recv_raw", value=4) == "89"
    assert probe.result("tcp_recv_raw", id) == 0
    assert probe.result("tcp_recv_line", id) == 0


def test_what_came_before_the_end_can_still_be_read(probe, listening):
    id, peer = connected(probe, listening)
    peer.sendall(b"one\ntwo")
    peer.close()
    eventually(lambda: probe.result("tcp_connected", id) == -1)
    assert probe.result("tcp_pending", id) == 2
    assert [probe.line(id), probe.line(id)] == ["one", "two"]
    eventually(lambda: probe.figures()["open"] == 0)
    assert probe.result("tcp_send", id, data="late") == 4  # lost, as plugins are used to
    assert probe.figures()["sentDropped"] == 1


def test_a_stream_by_name_and_one_that_is_refused(probe, listening):
    id, peer = connected(probe, listening, host="localhost")
    assert probe.result("tcp_connect", id, 80, text=HOST) == -1  # it has a connection
    peer.close()
    with socket.socket() as closed:
        closed.bind((HOST, 0))
        port = closed.getsockname()[1]
    refused = probe.result("tcp_create")
    assert probe.result("tcp_connected", refused) == 0
    assert probe.result("tcp_connect", refused, port, text=HOST) == 0
    eventually(lambda: probe.result("tcp_connected", refused) == -1)
    assert str(port) in probe.figures()["lastError"]
    lost = probe.result("tcp_create")
    assert probe.result("tcp_connect", lost, 80, text="no.such.host.invalid") == 0
    eventually(lambda: probe.result("tcp_connected", lost) == -1, timeout=60)
    assert probe.result("tcp_connect", 99_999, 80, text=HOST) == -1
    assert probe.result("tcp_connected", 99_999) == -1


def test_a_peer_that_does_not_read_gets_whole_messages_only(probe, listening):
    id, peer = connected(probe, listening)
    message, sent = "x" * 16000, 0
    while probe.result("tcp_send", id, data=message) == len(message):
        sent += 1
        assert sent < 10_000, "the queue has no end"
    figures = probe.figures()
    assert (figures["sent"], figures["sentDropped"]) == (sent, 1)
    got = 0
    while got < sent * len(message):
        got += len(peer.recv(1 << 20))
    assert probe.result("tcp_send", id, data="last") == 4
    assert peer.recv(100) == b"last"


def test_a_full_line_queue_drops_the_oldest(probe, listening):
    id, peer = connected(probe, listening)
    peer.sendall(b"".join(b"%d\n" % number for number in range(1500)))
    eventually(lambda: probe.figures()["received"] == 1500)
    assert probe.result("tcp_pending", id) == 1000
    assert probe.line(id) == "500"
    assert probe.figures()["receivedDropped"] == 500
