"""permessage-deflate (RFC 7692): off unless the settings ask for it; each message stands alone."""
import base64
import json
import os
import zlib

import pytest
from websockets.sync.client import connect

from harness.rawws import BINARY, CONTINUATION, PING, PONG, TEXT, frame
from harness.server import HOST
from harness.streams import MARKER
from harness.waiting import DEADLINE
from harness.web import Raw

ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


def pack(text):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


def unpack(data):
    return zlib.decompressobj(-15).decompress(data + b"\0\0\xff\xff")


class Packed(Raw):
    """A client that offers compression and shows every bit."""

    def __init__(self, server, offer, query="subscribe=none"):
        super().__init__(HOST, server.port)
        server.clients.append(self)
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(f"GET /signalk/v1/stream?{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n")
        status, self.headers, _ = self.read_response()
        assert status == 101

    def read_frame(self):
        first, second = self.read(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self.read(2 if size == 126 else 8), "big")
        return first, self.read(size)

    def read_text(self):
        first, payload = self.read_frame()
        assert first & 0x3F == TEXT and first & 0x80
        return unpack(payload) if first & 0x40 else payload

    def close_code(self):
        while True:
            first, payload = self.read_frame()
            if first & 0x0F == 8:
                return int.from_bytes(payload[:2], "big")


@pytest.fixture
def compressing(config, launch):
    config.settings(wsCompression=True)
    return launch()


def test_it_is_off_by_default(server):
    client = Packed(server, "permessage-deflate")
    assert "sec-websocket-extensions" not in client.headers
    assert json.loads(client.read_text())["name"]


def test_the_environment_switches_it_on(launch):
    assert Packed(launch(env={"WSCOMPRESSION": "true"}), "permessage-deflate").headers["sec-websocket-extensions"] == ANSWER


@pytest.mark.parametrize("offer", [
    "permessage-deflate", "permessage-deflate; client_max_window_bits", "permessage-deflate;client_max_window_bits=10;server_no_context_takeover",
    "x-other, permessage-deflate; server_max_window_bits=10, permessage-deflate"])
def test_offers_that_are_taken(compressing, offer):
    assert Packed(compressing, offer).headers["sec-websocket-extensions"] == ANSWER


@pytest.mark.parametrize("offer", [
    "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits=10", "permessage-deflate; unknown", "permessage-deflate; ; ",
    "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; client_max_window_bits; client_max_window_bits"])
def test_offers_that_are_not_taken(compressing, offer):
    assert "sec-websocket-extensions" not in Packed(compressing, offer).headers


def test_a_library_talks_compressed_both_ways(compressing):
    feeder = compressing.feeder()
    with connect(compressing.url() + "?subscribe=self", compression="deflate", proxy=None) as client:
        assert client.protocol.extensions, "agreed on"
        assert json.loads(client.recv(timeout=DEADLINE))["name"]
        client.send(json.dumps({"updates": [{"$source": "me", "values": [{"path": "test.packed", "value": "x" * 5000}]}]}))
        feeder.values(test__marker2=1)
        while "test.packed" not in (text := client.recv(timeout=DEADLINE)):
            pass
        assert json.loads(text)["updates"][0]["values"][0]["value"] == "x" * 5000
    assert compressing.value("test.packed") == "x" * 5000


def test_plain_and_compressed_clients_get_the_same_texts(compressing):
    packed = Packed(compressing, "permessage-deflate", "subscribe=self&sendCachedValues=false")
    plain, feeder = compressing.stream("?subscribe=self&sendCachedValues=false"), compressing.feeder()
    packed.read_text(), plain.hello()
    mark = feeder.put_values({f"test.p{i}": i for i in range(200)})
    expected = plain.recv_text()
    first, payload = packed.read_frame()
    assert first == 0xC1 and len(payload) < len(expected) / 3
    assert unpack(payload).decode() == expected
    assert plain.recv()["updates"][0]["values"] == [{"path": MARKER, "value": mark}]


def test_short_messages_are_not_compressed(compressing):
    client = Packed(compressing, "permessage-deflate")
    client.read_text()
    client.send(frame(TEXT, json.dumps({"context": {"radius": "x"}, "subscribe": [{"path": "a"}]})))
    first, payload = client.read_frame()
    assert first in (0x81, 0xC1)
    assert b"radius" in (unpack(payload) if first & 0x40 else payload)


def test_compressed_fragments_with_a_ping_between(compressing):
    client = Packed(compressing, "permessage-deflate")
    client.read_text()
    text = pack(json.dumps({"updates": [{"values": [{"path": "test.fragments", "value": 7}]}]}).encode())
    client.send(frame(TEXT, text[:5], fin=False, rsv=4) + frame(PING, b"?") + frame(CONTINUATION, text[5:]))
    assert client.read_frame() == (0x80 | PONG, b"?")
    client.send(frame(PING, b"!"))
    assert client.read_frame() == (0x80 | PONG, b"!")
    assert compressing.value("test.fragments") == 7


@pytest.mark.parametrize("bad, code", [
    (frame(TEXT, b"\xff\xff\xff\xff", rsv=4), 1007),
    (frame(TEXT, pack(b"\xff\xfe"), rsv=4), 1007),
    (frame(TEXT, pack(b" " * 20_000_000), rsv=4), 1009),
    (frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"}", rsv=4), 1002),
    (frame(PING, b"", rsv=4), 1002),
    (frame(TEXT, b"{}", rsv=2), 1002),
    (frame(TEXT, pack(b"{}"), rsv=6), 1002)],
    ids=["no deflate", "no UTF-8", "too long", "bit in the middle", "bit on a ping", "unknown bit", "two bits"])
def test_what_is_wrong_ends_that_connection_only(compressing, bad, code):
    other = compressing.stream("?subscribe=none")
    other.hello()
    client = Packed(compressing, "permessage-deflate")
    client.send(bad)
    assert client.close_code() == code
    other.settle()


def test_without_agreement_the_bit_is_wrong(compressing):
    client = Packed(compressing, "x-other")
    client.send(frame(BINARY, pack(b"{}"), rsv=4))
    assert client.close_code() == 1002
