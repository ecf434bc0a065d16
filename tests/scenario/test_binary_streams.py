"""Binary streams of plugins: one message per emit, to whoever listens just then; who reads too slowly misses some, then is closed."""
import socket
import struct

import pytest
from websockets.exceptions import InvalidStatus

from harness import packages
from harness.rawws import BINARY, CLOSE, RawWs
from harness.server import HOST
from harness.waiting import DEADLINE, eventually

PROBE = "@skiff/probe-provider"
ID = "_skiff_probe-provider"
STREAMS = "/signalk/v2/api/streams/"
OWN = f"plugins/{PROBE}/"


@pytest.fixture
def probe(config, launch):
    config.enable(config.install(packages.built(PROBE)))
    server = launch()
    server.wait_plugin(PROBE, state="running")
    return server


def emit(server, stream, text="x", **how):
    return server.post(f"/plugins/{ID}/api/emit", json={"id": stream, "text": text, **how}, timeout=60).ok()


def listen(server, path):
    """Listening has begun when the server answers a ping behind the request."""
    client = server.stream(path=path)
    client.settle()
    return client


def binary(client):
    got = client.socket.recv(timeout=DEADLINE)
    assert isinstance(got, bytes)
    return got


def test_each_emit_is_one_binary_message_to_every_listener(probe):
    one, two = listen(probe, STREAMS + OWN + "a"), listen(probe, STREAMS + OWN.replace("/", "%2F").replace("@", "%40") + "a")
    other = listen(probe, STREAMS + OWN + "b")
    assert emit(probe, OWN + "a", "first \u2693") == 1
    assert emit(probe, OWN + "a", "second") == 1
    assert emit(probe, OWN + "b", "other") == 1
    for client in (one, two):
        assert [binary(client), binary(client)] == ["first \u2693".encode(), b"second"]
    assert binary(other) == b"other"


def test_sizes_from_nothing_to_a_megabyte(probe):
    client = listen(probe, STREAMS + OWN + "a")
    for size in (1, 125, 126, 65535, 65536, 1024 * 1024):
        assert emit(probe, OWN + "a", size=size) == 1
        assert len(binary(client)) == size
    assert emit(probe, OWN + "a", "") == 1
    assert binary(client) == b""
    assert emit(probe, OWN + "a", size=1024 * 1024 + 1) == 0, "larger is refused, and the plugin is told"


def test_spokes_have_two_names(probe):
    generic, alias = listen(probe, STREAMS + "radars/r1"), listen(probe, "/signalk/v2/api/vessels/self/radars/r1/spokes")
    assert emit(probe, "r1", "spoke", spokes=True) == 1
    assert emit(probe, "radars/r1", "by name") == 1
    for client in (generic, alias):
        assert [binary(client), binary(client)] == [b"spoke", b"by name"]


def test_spokes_are_refused_before_the_start_is_over(probe):
    start = probe.get(f"/plugins/{ID}/api/start").ok()
    assert (start["spokesBefore"], start["radar"], start["spokesInStart"]) == (0, 1, 0)
    assert emit(probe, "r1", spokes=True) == 1, "no client is no reason to refuse"


@pytest.mark.parametrize("stream", ["", "x", "radars/", "radars/a/b", "radars/a b", "radars/ä", "plugins/other/x", "plugins/",
                                    OWN, "plugins/" + PROBE, "plugins/" + PROBE + "x/y", "plugins/@skiff/probe", "a" * 300])
def test_a_plugin_can_only_use_its_own_names_and_the_radars(probe, stream):
    assert emit(probe, stream) == 0


def test_the_plugin_id_names_its_streams_too(probe):
    client = listen(probe, STREAMS + f"plugins/{ID}/a")
    assert emit(probe, f"plugins/{ID}/a", "x") == 1
    assert binary(client) == b"x"


def test_without_the_capability_there_are_no_spokes(config, launch):
    package = packages.built(PROBE)
    config.install(package)
    caps = {**package.manifest["wasmCapabilities"], "radarProvider": False}
    config.write(f"node_modules/{PROBE}/package.json", {**package.manifest, "wasmCapabilities": caps})
    config.enable(PROBE)
    server = launch()
    server.wait_plugin(PROBE, state="running")
    assert emit(server, "r1", spokes=True) == 0
    assert emit(server, "radars/r1") == 0
    assert emit(server, OWN + "a") == 1


def test_a_new_listener_gets_nothing_old_and_what_it_sends_is_ignored(probe):
    emit(probe, OWN + "a", "before")
    client = listen(probe, STREAMS + OWN + "a")
    client.send("hello").send(b"\x00\x01")
    emit(probe, OWN + "a", "after")
    assert binary(client) == b"after"


def test_a_plain_request_is_told_to_upgrade(server):
    for path in (STREAMS + "radars/x", "/signalk/v2/api/vessels/self/radars/x/spokes"):
        answer = server.get(path)
        assert (answer.status, answer.text) == (426, "Upgrade Required")
    assert server.get(STREAMS).status == 404
    with pytest.raises(InvalidStatus):
        server.stream(path=STREAMS + "x" * 300)


def test_a_name_that_nobody_uses_can_be_listened_to(server):
    listen(server, STREAMS + "nobody/ever").close()


def test_streams_from_one_address_are_limited(launch):
    server = launch(env={"MAX_WS_CONNECTIONS_PER_IP": "3"})
    clients = [listen(server, STREAMS + "a") for _ in range(3)]
    with pytest.raises(InvalidStatus) as refused:
        server.stream(path=STREAMS + "a")
    assert refused.value.response.status_code == 429
    clients[0].close()
    eventually(lambda: listen(server, STREAMS + "a"), "room for another")


class Slow(RawWs):
    """Takes very little into its socket, and reads when told to."""

    def __init__(self, server, path):
        real = socket.create_connection

        def small(*args, **kwargs):
            made = socket.socket()
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            made.settimeout(60)
            made.connect(args[0])
            return made

        socket.create_connection = small
        try:
            super().__init__(HOST, server.port, path)
        finally:
            socket.create_connection = real

    def frames(self):
        """Everything until the close frame; (numbers of the messages, code or None when cut off)."""
        numbers = []
        try:
            while True:
                opcode, payload = self.read_frame()
                if opcode == BINARY:
                    numbers.append(payload[0] | payload[1] << 8)
                if opcode == CLOSE:
                    return numbers, struct.unpack(">H", payload[:2])[0]
        except (EOFError, ConnectionError):
            return numbers, None


def test_a_slow_listener_misses_messages_and_others_do_not(probe):
    slow, good = Slow(probe, STREAMS + OWN + "a"), listen(probe, STREAMS + OWN + "a")
    for _ in range(60):
        assert emit(probe, OWN + "a", size=60000, count=5) == 5
        got = [binary(good) for _ in range(5)]
        assert [message[0] for message in got] == [0, 1, 2, 3, 4]
    probe.wait_log("reads too slowly")
    numbers, code = slow.frames()
    assert 0 < len(numbers) < 300, "some are missing"
    assert code in (1008, None), "1008, unless it was cut off because it did not read that either"


def test_a_listener_that_stays_slow_is_closed_with_1008(probe):
    slow = Slow(probe, STREAMS + OWN + "a")
    emit(probe, OWN + "a", size=60000, count=300)
    numbers, code = slow.frames()  # reads as soon as the emitting is over: the close frame waits behind what was queued
    assert code == 1008, (len(numbers), code)
    assert len(numbers) < 300


def test_listening_goes_on_when_the_plugin_restarts(probe):
    client = listen(probe, STREAMS + OWN + "a")
    emit(probe, OWN + "a", "before")
    probe.configure(PROBE, enabled=False)
    probe.configure(PROBE, enabled=True)
    emit(probe, OWN + "a", "after")
    assert [binary(client), binary(client)] == [b"before", b"after"]


def test_the_server_stops_with_listeners(probe):
    client = listen(probe, STREAMS + OWN + "a")
    probe.stop()
    assert client.closed() == 1001
