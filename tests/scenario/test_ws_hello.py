"""Connecting to the stream: hello, what is cached, what is live."""
import json
import re

import pytest

from harness.server import NAME, SELF, SELF_ID
from harness.streams import MARKER, has_path, has_value, metas_in, paths_in, values_in

OTHER = "vessels.urn:mrn:imo:mmsi:230099999"
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def contexts(messages):
    return {context for message in messages for context, _, _, _ in values_in(message)}


def without_marks(messages):
    return [message for message in messages if MARKER not in paths_in([message])]


# ---- hello ----


def test_hello_is_first_and_says_who_this_is(server):
    hello = server.stream().recv()
    assert list(hello) == ["name", "version", "self", "roles", "timestamp", "serverStartId"]
    assert hello["name"] == "signalk-server"
    assert hello["version"] == "2.31.1"
    assert hello["self"] == SELF
    assert hello["roles"] == ["master", "main"]
    assert STAMP.match(hello["timestamp"])
    assert UUID.match(hello["serverStartId"])


def test_the_start_id_is_one_per_process(server):
    first = server.stream().hello()["serverStartId"]
    assert server.stream().hello()["serverStartId"] == first
    server.stop()
    server.restart()
    assert server.stream().hello()["serverStartId"] != first


@pytest.mark.parametrize("path", ["/signalk/v1/stream", "/signalk/v1/stream/"])
def test_the_address_may_end_in_a_slash(server, path):
    assert server.stream("?subscribe=none", path=path).hello()["self"] == SELF


def test_a_plain_get_is_told_to_upgrade(server):
    answer = server.get("/signalk/v1/stream")
    assert (answer.status, answer.text) == (426, "Upgrade Required")
    assert answer.type.startswith("text/plain")


def test_there_is_no_v2_stream(server):
    assert server.get("/signalk/v2/stream").status == 404
    raw = server.raw().send("GET /signalk/v2/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert raw.read_until(b"\r\n").split()[1] == b"404"


# ---- cached values ----


@pytest.fixture
def told(server, feeder):
    """A server that has heard several things, not in the order of their timestamps."""
    feeder.put_values({"a.late": 3}, source="one.1", timestamp="2026-01-01T00:00:03.000Z")
    feeder.put_values({"a.early": 1}, source="one.1", timestamp="2026-01-01T00:00:01.000Z")
    feeder.put_values({"a.both": 21}, source="one.1", timestamp="2026-01-01T00:00:02.000Z")
    feeder.put_values({"a.both": 22}, source="two.2", timestamp="2026-01-01T00:00:02.500Z")
    feeder.put_values({"a.null": None}, source="one.1", timestamp="2026-01-01T00:00:04.000Z")
    feeder.put_values({"a.there": 5}, source="one.1", timestamp="2026-01-01T00:00:05.000Z", context=OTHER)
    feeder.feed({"updates": [{"meta": [{"path": "a.late", "value": {"units": "K"}}]}]})
    server.told_by = feeder
    return server


def connected(server, query):
    """Messages from hello (excluded) to a mark made afterwards, by a client with a default feed."""
    stream = server.stream(query)
    stream.hello()
    return without_marks(stream.collect_until_marker(server.told_by.mark()))


def test_cached_values_come_one_by_one_sorted_by_timestamp(told):
    got = connected(told, "")
    own = [values_in(message) for message in got if any(path.startswith("a.") for path in paths_in([message]))]
    assert own == [
        [(SELF, "one.1", "a.early", 1)],
        [(SELF, "one.1", "a.both", 21)],
        [(SELF, "two.2", "a.both", 22)],
        [(SELF, "one.1", "a.late", 3)],
        [(SELF, "one.1", "a.null", None)],
    ]
    stamps = [message["updates"][0]["timestamp"] for message in got]
    assert stamps == sorted(stamps)
    assert all(len(message["updates"]) == 1 for message in got)


def test_cached_values_have_their_keys_in_order(told):
    stream = told.stream()
    stream.until(has_path("a.early"))
    assert stream.last_text == (
        '{"context":"%s","updates":[{"$source":"one.1","timestamp":"2026-01-01T00:00:01.000Z",'
        '"values":[{"path":"a.early","value":1}]}]}' % SELF)
    source = {"label": "gps", "type": "NMEA0183", "talker": "GP", "sentence": "RMC"}
    told.told_by.feed({"updates": [{"source": source, "timestamp": "2026-01-01T00:00:06.000Z", "values": [{"path": "a.nmea", "value": 1}]}]})
    message = told.stream().until(has_path("a.nmea"))
    assert list(message) == ["context", "updates"]
    assert list(message["updates"][0]) == ["source", "$source", "timestamp", "values"]
    assert message["updates"][0]["source"] == source


def test_root_values_are_replayed_once(told):
    roots = [message for message in connected(told, "") if "" in paths_in([message])]
    assert len(roots) == 1
    assert values_in(roots[0])[0] == (SELF, "defaults", "", {"name": NAME, "uuid": SELF_ID})


def test_meta_is_not_replayed(told):
    assert not [message for message in connected(told, "") if metas_in(message)]


@pytest.mark.parametrize("query, wanted", [
    ("", {SELF}), ("?subscribe=self", {SELF}), ("?subscribe=all", {SELF, OTHER}), ("?subscribe=none", set()),
    ("?subscribe=bogus", {SELF}), ("?sendCachedValues=false", set()), ("?subscribe=all&sendCachedValues=false", set()),
    ("?sendCachedValues=0", {SELF}),
])
def test_which_contexts_are_replayed(told, query, wanted):
    stream = told.stream(query)
    stream.hello()
    if "none" in query:
        stream.subscribe(MARKER)  # its last value comes at once, then the mark
    got = without_marks(stream.collect_until_marker(told.told_by.mark()))
    assert contexts(got) == wanted


# ---- live ----


@pytest.mark.parametrize("query, wanted", [
    ("?sendCachedValues=false", {SELF}), ("?subscribe=self&sendCachedValues=false", {SELF}),
    ("?subscribe=all&sendCachedValues=false", {SELF, OTHER}), ("?subscribe=bogus&sendCachedValues=false", {SELF}),
])
def test_which_contexts_are_live(server, feeder, query, wanted):
    stream = server.stream(query)
    stream.hello()
    feeder.put_values({"a.b": 1})
    feeder.put_values({"a.b": 1}, context=OTHER)
    assert contexts(without_marks(stream.collect_until_marker(feeder.mark()))) == wanted


def test_a_client_that_wants_nothing_gets_nothing(server, feeder):
    stream = server.stream("?subscribe=none")
    stream.hello()
    feeder.values(a__b=1)
    stream.subscribe("a.c")
    stream.subscribe({"path": "a.d"})
    feeder.values(a__c=2)
    assert paths_in([stream.recv()]) == ["a.c"]


def test_live_deltas_stay_whole_and_are_completed_at_the_end(server, feeder):
    stream = server.stream("?sendCachedValues=false")
    feeder.feed({"updates": [{"$source": "m", "values": [{"path": "a.c", "value": 7}]}]})
    stream.until(has_value("a.c", 7))
    stamp = json.loads(stream.last_text)["updates"][0]["timestamp"]
    assert stream.last_text == (
        '{"updates":[{"$source":"m","values":[{"path":"a.c","value":7}],"timestamp":"%s"}],"context":"%s"}' % (stamp, SELF))
    feeder.feed({"context": SELF, "updates": [{"values": [{"path": "a.d", "value": 1}, {"path": "a.e", "value": 2}]},
                                              {"$source": "n.1", "values": [{"path": "a.f", "value": 3}]}]})
    message = stream.until(has_path("a.d"))
    assert list(message) == ["context", "updates"]
    assert values_in(message) == [(SELF, "ws", "a.d", 1), (SELF, "ws", "a.e", 2), (SELF, "n.1", "a.f", 3)]


def test_a_sender_hears_its_own_deltas(server):
    stream = server.stream("?sendCachedValues=false")
    stream.hello()
    stream.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    assert values_in(stream.until(has_path("a.b"))) == [(SELF, "ws", "a.b", 1)]


def test_metadata_is_part_of_the_live_feed(server, feeder):
    stream = server.stream("?sendCachedValues=false")
    feeder.feed({"updates": [{"$source": "m.1", "meta": [{"path": "a.b", "value": {"units": "K"}}], "values": [{"path": "a.b", "value": 1}]}]})
    message = stream.until(has_path("a.b"))
    assert metas_in(message) == [(SELF, "a.b", {"units": "K"})]


# ---- sendMeta=all ----


def test_send_meta_announces_each_path_before_its_first_value(server, feeder):
    stream = server.stream("?sendMeta=all&sendCachedValues=false")
    stream.hello()
    feeder.put_values({"navigation.speedOverGround": 1}, source="one.1", timestamp="2026-01-01T00:00:00.000Z")
    feeder.put_values({"navigation.speedOverGround": 2}, source="one.1")
    got = without_marks(stream.collect_until_marker(feeder.mark()))
    announced = [message for message in got if any(path == "navigation.speedOverGround" for _, path, _ in metas_in(message))]
    assert len(announced) == 1
    (context, _, meta), = metas_in(announced[0])
    assert (context, meta["units"]) == (SELF, "m/s")
    assert list(announced[0]["updates"][0]) == ["timestamp", "meta"]
    assert announced[0]["updates"][0]["timestamp"] == "2026-01-01T00:00:00.000Z"
    values = [message for message in got if has_path("navigation.speedOverGround")(message)]
    assert len(values) == 2
    assert got.index(announced[0]) < got.index(values[0])


def test_send_meta_works_for_subscriptions_and_cached_values(server, feeder):
    feeder.values(navigation__headingTrue=1)
    cached = server.stream("?sendMeta=all")
    units = [meta["units"] for _, path, meta in map(lambda m: metas_in(m)[0], filter(metas_in, cached.collect_until(has_path("navigation.headingTrue"))))
             if path == "navigation.headingTrue"]
    assert units == ["rad"]
    subscribed = server.stream("?sendMeta=all&subscribe=none")
    subscribed.hello()
    subscribed.subscribe("navigation.headingTrue")
    assert metas_in(subscribed.recv())[0][1] == "navigation.headingTrue"
    assert has_path("navigation.headingTrue")(subscribed.until(has_path("navigation.headingTrue")))


def test_send_meta_says_nothing_of_paths_without_metadata(server, feeder):
    stream = server.stream("?sendMeta=all&sendCachedValues=false")
    stream.hello()
    feeder.values(my__own__path=1)
    assert not [message for message in stream.collect_until_marker(feeder.mark()) if metas_in(message)]


# ---- server events ----


def test_server_events_come_behind_the_hello(server):
    stream = server.stream("?serverevents=all&subscribe=none")
    stream.hello()
    first = stream.recv()
    assert first["type"] == "VESSEL_INFO"
    assert first["data"]["name"] == NAME
    assert first["data"]["uuid"] == SELF_ID
    status = stream.until(lambda message: message.get("type") == "PROVIDERSTATUS")
    assert list(status)[:3] == ["type", "from", "data"] and isinstance(status["data"], list)
    statistics = stream.until(lambda message: message.get("type") == "SERVERSTATISTICS")
    assert {"deltaRate", "numberOfAvailablePaths", "wsClients", "providerStatistics"} <= set(statistics["data"])
