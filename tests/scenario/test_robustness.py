"""Whatever arrives at its ports, and however it ends, the data goes on."""
import random
import struct

import pytest

from harness.server import SELF
from harness.streams import has_value
from harness.waiting import eventually

GARBAGE = {
    "zeros": b"\0" * 10_000,
    "line breaks": b"\r\n" * 10_000,
    "a TLS hello": bytes.fromhex("16030100c8010000c403035d7ea2") + b"\x11" * 200,
    "an old HTTP": b"GET /\r\n\r\n",
    "no version": b"GET / \r\n\r\n",
    "a long word": b"A" * 1_000_000,
    "an odd method": b"FOO /signalk HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/9.9": b"GET /signalk HTTP/9.9\r\nHost: x\r\n\r\n",
    "a folded header": b"GET /signalk HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "a header without colon": b"GET /signalk HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "a NUL in a header": b"GET /signalk HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
    "half a request": b"GET /signalk HTTP/1.1\r\nHo",
    "a request smuggled in a chunk": b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "dots": b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "encoded dots": b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute target": b"GET http://elsewhere/signalk HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture
def flowing(server, feeder):
    """A client that hears every value while the story throws things at the server."""
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("a.b")

    def check(value):
        feeder.values(a__b=value)
        stream.until(has_value("a.b", value))

    check(0)
    return check


def shut(raw):
    raw.socket.settimeout(0.2)
    try:
        raw.read_to_end()
    except TimeoutError:
        pass
    raw.close()


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("port", ["http", "tcp"])
def test_garbage_at_a_port_does_not_stop_the_data(server, flowing, what, port):
    raw = server.raw(server.port if port == "http" else server.tcp_port).send_while_open(GARBAGE[what])
    flowing(1)
    shut(raw)
    flowing(2)
    assert server.api("self").ok() == SELF


def test_nothing_of_the_file_system_is_served(server):
    for what in ("dots", "encoded dots"):
        raw = server.raw().send(GARBAGE[what].replace(b"Host: x", b"Host: x\r\nConnection: close"))
        assert b"root:" not in raw.read_to_end()


def test_random_bytes_on_every_port(server, flowing):
    chance = random.Random(20260101)
    for number in range(60):
        raw = server.raw(chance.choice([server.port, server.tcp_port]))
        raw.send_while_open(chance.randbytes(chance.randrange(1, 3000)))
        raw.close()
    flowing(1)


def test_damaged_deltas_do_not_stop_the_data(server, flowing):
    """A good delta with a few bytes changed, many times."""
    chance = random.Random(20260102)
    good = ('{"context":"vessels.self","updates":[{"source":{"label":"t1","type":"NMEA0183","talker":"GP"},"$source":"x.1",'
            '"timestamp":"2026-01-01T00:00:00.000Z","values":[{"path":"x.y","value":{"a":[1.5e3,null,true,"\\u00e5"]}}],'
            '"meta":[{"path":"x.y","value":{"units":"m"}}]}]}')
    client = server.stream("?subscribe=none")
    for _ in range(1000):
        text = list(good)
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(text))
            text[at] = chance.choice(['"', "{", "}", "[", "]", ":", ",", "\\", "0", "e", "-", ".", " ", "", "null", "\u2028", "__proto__"])
        client.send("".join(text))
    client.subscribe("good.end")
    client.send({"updates": [{"values": [{"path": "good.end", "value": 1}]}]})
    client.until(has_value("good.end", 1))
    flowing(1)


def test_clients_that_vanish_do_not_stop_the_data(server, flowing):
    for number in range(20):
        stream = server.stream("?subscribe=all")
        stream.hello()
        linger_zero = struct.pack("ii", 1, 0)
        stream.socket.socket.setsockopt(1, 13, linger_zero)  # SOL_SOCKET, SO_LINGER: leave with a reset
        stream.socket.socket.close()
        flowing(number + 1)


def test_a_client_that_never_reads_holds_up_nobody(server, flowing, feeder):
    deaf = server.raw().send("GET /signalk/v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    deaf.read_until(b"\r\n\r\n")
    text = "x" * 100_000
    for number in range(100):  # 10 MB towards the deaf one
        feeder.values(big__text=text + str(number))
    flowing(1)
    assert server.value("big.text").endswith("99")


def test_idle_connections_are_let_go(server):
    raw = server.raw().send("GET /signalk HTTP/1.1\r\nHost: x\r\n\r\n")
    raw.read_response()
    raw.socket.settimeout(30)
    assert raw.read_to_end() == b""  # keep-alive ends some seconds later, by the server


def test_kill_9_and_restart_keep_the_configuration(server, config):
    before = {name: config.text(name) for name in ("settings.json", "baseDeltas.json")}
    server.feeder().values(a__b=1)
    for _ in range(3):
        server.kill()
        server.restart()
        assert server.api("self").ok() == SELF
        assert server.api("vessels/self/name").ok() == "Skiff"
    assert {name: config.text(name) for name in before} == before
    assert not [file.name for file in config.path.iterdir() if ".tmp" in file.name]


def test_kill_9_while_saving_leaves_a_whole_file(server, config):
    """Whatever moment the plug is pulled, the file is the old one or the new one, never half of one."""
    chance = random.Random(20260103)
    for round_number in range(10):
        stream = server.stream("?subscribe=none")
        for number in range(chance.randrange(1, 30)):
            stream.send({"requestId": f"{round_number}-{number}", "context": "vessels.self",
                         "put": {"path": f"my.path{number}.meta", "value": {"displayName": "n" * 1000}}})
        server.kill()
        assert isinstance(config.json("baseDeltas.json"), list)
        server.restart()
        assert server.api("self").ok() == SELF


def test_a_burst_of_connections_is_served(server):
    raws = [server.raw() for _ in range(200)]
    for raw in raws:
        raw.send("GET /signalk/v1/api/self HTTP/1.1\r\nHost: x\r\n\r\n")
    assert {raw.read_response()[0] for raw in raws} == {200}


def test_many_contexts_and_paths_are_taken_and_served(server, feeder):
    for number in range(300):
        feeder.send({"context": f"vessels.urn:mrn:imo:mmsi:{230000000 + number}",
                     "updates": [{"values": [{"path": f"a.p{path}", "value": path} for path in range(20)]}]})
    feeder.mark()
    vessels = eventually(lambda: server.api("vessels").ok())
    assert len(vessels) == 301
    assert vessels["urn:mrn:imo:mmsi:230000299"]["a"]["p19"]["value"] == 19
