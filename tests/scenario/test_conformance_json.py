"""
RFC 8259, rule by rule, at each door where a client's JSON comes in: what its grammar allows arrives as it was meant, what it does
not allow is refused whole, and the next text is read as if nothing had been. The cases are in tests/conformance/json.json.
"""
import json

import pytest

from harness.cases import load, to_bytes
from harness.rawws import TEXT, RawWs, frame
from harness.server import HOST
from harness.streams import MARKER, is_marker

GROUPS = load("json")
API = "/signalk/v1/api/vessels/self/"


def in_place(of, case, envelope):
    """The bytes of a case: a value inside of a good text, or what stands around it."""
    head, tail = envelope
    if of == "value":
        return head + to_bytes(case) + tail
    return to_bytes(case).replace(b"@", head + b'"whole"' + tail)


def meant(of, case):
    """What an accepted case says, by a reader that is not ours. Numbers are compared as doubles: the server's are, too."""
    return json.loads(to_bytes(case), parse_int=float) if of == "value" else "whole"


class Door:
    """Takes the bytes of one text after the other; `took` tells of the last one whether it was accepted, and what arrived."""

    lines = False  # texts are lines, so none has a line end inside

    def __init__(self, server):
        self.server = server

    def stored(self, number):
        answer = self.server.api(f"vessels/self/case/n{number}/value")
        return (True, json.loads(answer.body, parse_int=float)) if answer.status == 200 else (False, None)


class DeltaDoor(Door):
    def envelope(self, number):
        return b'{"updates":[{"values":[{"path":"case.n%d","value":' % number, b"}]}]}"


class WebSocketDelta(DeltaDoor):
    """Bytes that are no UTF-8 end a WebSocket; then there is another one."""

    client = None

    def take(self, number, text):
        if self.client is None:
            self.client = self.server._client(RawWs(HOST, self.server.port, "/signalk/v1/stream?subscribe=none"))
            self.client.read_frame()
        self.client.send(frame(TEXT, text) + frame(9, b"%d" % number))
        while True:
            opcode, payload = self.client.read_frame()
            if opcode == 10:
                return self.stored(number)
            if opcode == 8:
                assert payload[:2] == b"\x03\xef", f"closed with {payload!r}"
                self.client = self.client.close()
                return self.stored(number)


class TcpDelta(DeltaDoor):
    lines = True
    client = None

    def take(self, number, text):
        if self.client is None:
            self.client = self.server.tcp()
            self.client.hello()
            self.client.subscribe(MARKER)
        self.client.send_raw(text + b'\n{"updates":[{"values":[{"path":"%s","value":%d}]}]}\n' % (MARKER.encode(), number))
        self.client.until(is_marker(number))
        return self.stored(number)


class WebSocketPut(Door):
    """A PUT that is understood is answered, with 405 as nobody takes it; whether its value arrives is another door's matter."""

    client = None

    def envelope(self, number):
        return b'{"requestId":"n%d","put":{"path":"case.nobody","value":' % number, b"}}"

    def take(self, number, text):
        if self.client is None:
            self.client = self.server._client(RawWs(HOST, self.server.port, "/signalk/v1/stream?subscribe=none"))
            self.client.read_frame()
        self.client.send(frame(TEXT, text) + frame(9, b"%d" % number))
        accepted = False
        while True:
            opcode, payload = self.client.read_frame()
            if opcode == TEXT:
                reply = json.loads(payload)
                assert (reply["requestId"], reply["statusCode"]) == (f"n{number}", 405), reply
                accepted = True
            elif opcode == 10:
                return accepted, None
            elif opcode == 8:
                self.client = self.client.close()
                return accepted, None


class HttpPut(Door):
    def envelope(self, number):
        return b'{"value":', b"}"

    def take(self, number, text):
        answer = self.server.request("PUT", API + "case/nobody", body=text, headers={"Content-Type": "application/json"})
        assert answer.status in (400, 405), answer
        return answer.status == 405, None


class HttpPost(Door):
    """A waypoint that keeps the value among its properties, and shows it again."""

    def envelope(self, number):
        return b'{"name":"n","feature":{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"n":', b"}}}"

    def take(self, number, text):
        answer = self.server.request("POST", "/signalk/v2/api/resources/waypoints", body=text, headers={"Content-Type": "application/json"})
        if answer.status == 400:
            return False, None
        assert answer.status == 201, answer
        kept = self.server.get(f"/signalk/v2/api/resources/waypoints/{answer.json()['id']}")
        assert kept.status == 200, kept
        return True, json.loads(kept.body, parse_int=float)["feature"]["properties"]["n"]


DOORS = [WebSocketDelta, TcpDelta, WebSocketPut, HttpPut, HttpPost]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_json_is_taken_strictly(server, door):
    at, number, wrong = door(server), 0, []
    for group in GROUPS:
        for verdict in ("accept", "refuse"):
            for case in group[verdict]:
                number += 1
                text = in_place(group["of"], case, at.envelope(number))
                if at.lines and verdict == "accept" and b"\n" in text:
                    continue
                accepted, value = at.take(number, text)
                if accepted != (verdict == "accept"):
                    wrong.append(f"{group['rule']}: {case!r} was {'accepted' if accepted else 'refused'}")
                elif accepted and value is not None and value != meant(group["of"], case):
                    wrong.append(f"{group['rule']}: {case!r} arrived as {value!r}")
    assert not wrong, "\n".join(wrong)
    server.feeder().values(still__here=1)
    assert server.value("still.here") == 1
