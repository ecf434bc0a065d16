"""PUT and DELETE: who is asked, what the client hears, what became of the request."""
import json
import re

import pytest

from harness.server import SELF
from harness.streams import has_path
from harness.waiting import eventually

API = "/signalk/v1/api/"
SWITCH = API + "vessels/self/electrical/switches/s1/state"
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
MANY_SOURCES = "there are multiple sources for the given path, but no source was specified in the request"


def is_reply(request_id, state=None):
    return lambda m: isinstance(m, dict) and m.get("requestId") == request_id and "state" in m and state in (None, m["state"])


def is_request(message):
    return isinstance(message, dict) and isinstance(message.get("put"), list)


class Device:
    """A WebSocket client that publishes a path and so becomes the one who is asked to change it."""

    def __init__(self, server, source=None, path="electrical.switches.s1.state"):
        self.stream = server.stream("?subscribe=none")
        self.stream.hello()
        update = {"values": [{"path": path, "value": 0}]}
        if source:
            update["$source"] = source
        self.stream.subscribe(path)
        self.stream.send({"updates": [update]})
        self.stream.until(has_path(path))

    def asked(self):
        return self.stream.until(is_request)

    def answer(self, request, **members):
        self.stream.send({"requestId": request["requestId"], **members})


@pytest.fixture
def client(server):
    stream = server.stream("?subscribe=none")
    stream.hello()
    return stream


# ---- nobody there ----


def test_a_path_nobody_handles_is_405(server):
    answer = server.put(API + "vessels/self/electrical/switches/bank/0/state", {"value": 1})
    assert answer.status == 405
    assert answer.type == "application/json; charset=utf-8"
    reply = answer.json()
    request_id = reply["requestId"]
    assert UUID.match(request_id)
    assert reply == {
        "state": "COMPLETED", "requestId": request_id, "statusCode": 405,
        "message": "PUT not supported for electrical.switches.bank.0.state", "href": "/signalk/v1/requests/" + request_id,
    }
    assert list(reply)[:3] == ["state", "requestId", "statusCode"]


def test_a_websocket_put_is_answered_with_its_own_request_id(client):
    client.send({"requestId": "mine-1", "context": "vessels.self", "put": {"path": "a.b", "value": 1}})
    assert client.recv() == {
        "state": "COMPLETED", "requestId": "mine-1", "statusCode": 405, "message": "PUT not supported for a.b",
        "href": "/signalk/v1/requests/mine-1",
    }


def test_a_path_that_only_has_values_is_still_405(server, feeder):
    server.tcp().send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    eventually(lambda: server.self_path("a.b").status == 200)
    assert server.put(API + "vessels/self/a/b", {"value": 1}).status == 405


@pytest.mark.parametrize("address", ["a/b/c", "a.b.c", "a/b.c", "a/b/c/"])
def test_slashes_and_dots_both_separate(server, address):
    assert server.put(API + "vessels/self/" + address, {"value": 1}).json()["message"] == "PUT not supported for a.b.c"


# ---- what is no request at all ----

NO_VALUE = {
    "no body": dict(),
    "an empty object": dict(json={}),
    "another member": dict(json={"val": 1}),
    "text": dict(body="value=1", headers={"Content-Type": "text/plain"}),
    "JSON called text": dict(body='{"value":1}', headers={"Content-Type": "text/plain"}),
}


@pytest.mark.parametrize("what", NO_VALUE)
def test_a_body_without_value_is_400(server, what):
    answer = server.put(API + "vessels/self/a/b", **NO_VALUE[what])
    assert (answer.status, answer.text) == (400, "input is missing a value")


@pytest.mark.parametrize("path", ["vessels/self", "vessels", "vessels/self/"])
def test_a_path_of_fewer_than_three_segments_is_400(server, path):
    answer = server.put(API + path, {"value": 1})
    assert (answer.status, answer.text) == (400, "invalid path")


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_any_json_is_a_value(server, value):
    assert server.put(API + "vessels/self/a/b", {"value": value}).status == 405


@pytest.mark.parametrize("message", [
    {"put": {"path": "a.b", "value": 1}}, {"requestId": "r", "put": None}, {"requestId": "r", "put": {}}, {"requestId": "r", "put": {"path": 7, "value": 1}},
    {"requestId": 7, "put": {"path": "a.b", "value": 1}}, {"requestId": "r", "context": 7, "put": {"path": "a.b", "value": 1}},
    {"requestId": "r" * 100_000, "put": {"path": "a.b", "value": 1}}, {"requestId": "r", "query": True, "put": 7},
])
def test_odd_websocket_requests_do_not_end_the_stream(client, message):
    client.send(message)
    client.send({"requestId": "good", "context": "vessels.self", "put": {"path": "a.b", "value": 1}})
    assert client.until(is_reply("good"))["statusCode"] == 405


# ---- a device behind a WebSocket ----


def test_golden_forwarding_from_http(server):
    device = Device(server, "dev.1")
    answer = server.put(SWITCH, {"value": 1})
    assert answer.status == 202
    reply = answer.json()
    request_id = reply["requestId"]
    assert reply == {"state": "PENDING", "requestId": request_id, "statusCode": 202, "href": "/signalk/v1/requests/" + request_id}
    assert device.asked() == {"requestId": request_id, "context": "vessels.self", "put": [{"path": "electrical.switches.s1.state", "value": 1}]}
    assert server.get(reply["href"]).ok() == reply
    device.answer({"requestId": request_id}, state="COMPLETED", statusCode=200, message="ok")
    final = eventually(lambda: (r := server.get(reply["href"]).ok())["state"] == "COMPLETED" and r)
    assert final == {"state": "COMPLETED", "requestId": request_id, "statusCode": 200, "message": "ok", "href": reply["href"]}


def test_golden_forwarding_from_a_websocket(server, client):
    device = Device(server, "dev.1")
    client.send({"requestId": "r1", "context": "vessels.self", "put": {"path": "electrical.switches.s1.state", "value": {"on": True}}})
    first = client.recv()
    assert first == {"state": "PENDING", "requestId": "r1", "statusCode": 202, "href": "/signalk/v1/requests/r1"}
    asked = device.asked()
    assert asked["put"] == [{"path": "electrical.switches.s1.state", "value": {"on": True}}]
    device.answer(asked, state="PENDING", statusCode=202, percentComplete=0.5)
    assert client.recv()["state"] == "PENDING"
    device.answer(asked, state="COMPLETED", statusCode=200)
    last = client.recv()
    assert (last["state"], last["statusCode"], last["requestId"]) == ("COMPLETED", 200, "r1")


def test_a_refusal_of_the_device_reaches_the_client(server, client):
    device = Device(server, "dev.1")
    client.send({"requestId": "r1", "context": "vessels.self", "put": {"path": "electrical.switches.s1.state", "value": 9}})
    device.answer(device.asked(), state="COMPLETED", statusCode=400, message="no such position")
    last = client.until(is_reply("r1", "COMPLETED"))
    assert (last["statusCode"], last["message"]) == (400, "no such position")


@pytest.mark.parametrize("value", [None, 0, "", [1, {"a": None}], 1e21, "å\"\\"])
def test_the_value_arrives_as_it_was_sent(server, value):
    device = Device(server, "dev.1")
    server.put(SWITCH, {"value": value})
    assert device.asked()["put"][0]["value"] == value


def test_a_form_body_gives_the_value_as_text(server):
    device = Device(server, "dev.1")
    answer = server.request("PUT", SWITCH, body="value=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 202
    assert device.asked()["put"][0]["value"] == "1"


def test_a_device_without_source_is_known_by_its_filled_in_one(server):
    device = Device(server)
    assert server.put(SWITCH, {"value": 1, "source": "ws"}).status == 202
    assert device.asked()["put"][0]["value"] == 1


def test_the_request_may_name_its_source(server):
    one, two = Device(server, "dev.1"), Device(server, "dev.2")
    assert server.put(SWITCH, {"value": 5, "source": "dev.2"}).status == 202
    assert two.asked()["put"][0]["value"] == 5
    assert server.put(SWITCH, {"value": 6, "source": "dev.1"}).status == 202
    assert one.asked()["put"][0]["value"] == 6  # the first thing that this one was asked
    assert server.put(SWITCH, {"value": 7, "source": "dev.3"}).status == 405


def test_several_sources_and_none_named_is_400(server, client):
    devices = Device(server, "dev.1"), Device(server, "dev.2")
    answer = server.put(SWITCH, {"value": 1})
    assert answer.status == 400
    assert (answer.json()["statusCode"], answer.json()["message"]) == (400, MANY_SOURCES)
    client.send({"requestId": "r1", "context": "vessels.self", "put": {"path": "electrical.switches.s1.state", "value": 1}})
    assert client.until(is_reply("r1"))["message"] == MANY_SOURCES
    assert devices


def test_a_device_that_left_is_asked_no_more(server):
    Device(server, "dev.1").stream.close()
    eventually(lambda: server.put(SWITCH, {"value": 1}).status == 405, "405 for a device that left")


def test_nobody_but_the_device_may_answer(server, client):
    device = Device(server, "dev.1")
    reply = server.put(SWITCH, {"value": 1}).json()
    asked = device.asked()
    client.send({"requestId": reply["requestId"], "state": "COMPLETED", "statusCode": 200, "message": "forged"})
    client.send({"requestId": "after", "context": "vessels.self", "put": {"path": "a.b", "value": 1}})
    client.until(is_reply("after"))
    assert server.get(reply["href"]).ok()["state"] == "PENDING"
    device.answer(asked, state="COMPLETED", statusCode=200)
    eventually(lambda: server.get(reply["href"]).ok()["statusCode"] == 200)


def test_an_answer_after_the_last_changes_nothing(server, client):
    device = Device(server, "dev.1")
    client.send({"requestId": "r1", "context": "vessels.self", "put": {"path": "electrical.switches.s1.state", "value": 9}})
    asked = device.asked()
    device.answer(asked, state="COMPLETED", statusCode=200, message="first")
    device.answer(asked, state="COMPLETED", statusCode=502, message="second")
    client.until(is_reply("r1", "COMPLETED"))
    device.stream.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    client.subscribe("a.b")
    assert not [m for m in client.collect_until(has_path("a.b")) if is_reply("r1")(m)]
    assert server.get("/signalk/v1/requests/r1").ok()["message"] == "first"


# ---- looking a request up ----


def test_a_finished_request_can_be_looked_up(server, client):
    reply = server.put(API + "vessels/self/a/b", {"value": 1}).json()
    answer = server.get(reply["href"])
    assert (answer.status, answer.json()) == (200, reply)
    client.send({"requestId": reply["requestId"], "query": True})
    assert client.recv() == reply


def test_an_unknown_request_is_404(server, client):
    assert server.get("/signalk/v1/requests/no-such-request").status == 404
    client.send({"requestId": "no-such-request", "query": True})
    assert client.recv() == {"requestId": "no-such-request", "statusCode": 404}


# ---- DELETE ----


def test_delete_of_a_path_is_405(server, client, feeder):
    feeder.values(a__b=1)
    answer = server.delete(API + "vessels/self/a/b")
    assert (answer.status, answer.json()["message"]) == (405, "DELETE not supported for a.b")
    client.send({"requestId": "d1", "context": "vessels.self", "delete": {"path": "a.b"}})
    reply = client.recv()
    assert (reply["requestId"], reply["statusCode"], reply["message"]) == ("d1", 405, "DELETE not supported for a.b")
    assert server.value("a.b") == 1


# ---- the context of a request plays no part for devices ----


def test_the_context_is_passed_on_to_the_device(server):
    device = Device(server, "dev.1")
    other = "urn:mrn:imo:mmsi:230099999"
    assert server.put(f"{API}vessels/{other}/electrical/switches/s1/state", {"value": 1}).status == 202
    assert device.asked()["context"] == "vessels." + other
    assert SELF not in json.dumps(server.put(SWITCH, {"value": 2}).json())
