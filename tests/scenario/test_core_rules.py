"""Rules of the data core that no other story tells: silent vessels, zone methods, statistics, names of paths, addresses."""
import re
import socket

import pytest

from harness.server import SELF
from harness.streams import has_path, has_value, paths_in, values_in
from harness.waiting import eventually

OTHER = "vessels.urn:mrn:imo:mmsi:230099999"


def test_a_vessel_that_falls_silent_leaves_and_the_own_one_stays(config, launch):
    config.settings(pruneContextsMinutes=0.01)
    server = launch()
    feeder = server.feeder()
    feeder.values(a__b=1)
    feeder.values(a__b=2, context=OTHER)
    eventually(lambda: server.api(OTHER.replace(".", "/", 1)).status == 404, "the end of a silent vessel")
    assert server.value("a.b") == 1
    assert server.api("vessels/self/name").ok() == "Skiff"
    late = server.stream("?subscribe=all")
    late.hello()
    late.subscribe("test.marker")
    came = late.collect_until_marker(feeder.mark())
    assert {context for message in came for context, _, _, _ in values_in(message)} == {SELF}
    feeder.values(a__b=3, context=OTHER)  # it comes back as a new one
    assert server.api(OTHER.replace(".", "/", 1) + "/a/b").ok().keys() == {"value", "$source", "timestamp"}


def test_a_vessel_that_speaks_on_is_kept_with_all_it_said(config, launch):
    config.settings(pruneContextsMinutes=0.08)
    server = launch()
    feeder = server.feeder()
    quiet = "vessels.urn:mrn:imo:mmsi:230011111"
    feeder.values(a__old=1, context=OTHER)
    feeder.values(a__old=1, context=quiet)
    number = 0

    def quiet_one_left():
        nonlocal number
        number += 1
        feeder.values(a__new=number, context=OTHER)
        return server.api(quiet.replace(".", "/", 1)).status == 404

    eventually(quiet_one_left, "the end of the vessel that is silent")
    assert server.api(OTHER.replace(".", "/", 1) + "/a/old/value").ok() == 1


@pytest.mark.parametrize("methods, wanted", [({}, ["visual"]), ({"warnMethod": ["sound"]}, ["sound"]), ({"warnMethod": None}, []), ({"warnMethod": []}, [])])
def test_the_metadata_says_how_a_zone_is_told(server, feeder, methods, wanted):
    feeder.feed({"updates": [{"meta": [{"path": "a.depth", "value": {"zones": [{"upper": 3, "state": "warn"}], **methods}}]}]})
    feeder.values(a__depth=2)
    assert eventually(lambda: server.value("notifications.a.depth"))["method"] == wanted


def test_a_value_on_a_bound_belongs_to_the_zone_above(server, feeder):
    zones = [{"upper": 3, "state": "alarm"}, {"lower": 3, "upper": 5, "state": "warn"}]
    feeder.feed({"updates": [{"meta": [{"path": "a.depth", "value": {"zones": zones}}]}]})
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("notifications.a.depth", "test.marker")
    for value in (2.9, 3, 4.9, 5, None, "text"):
        feeder.values(a__depth=value)
    told = [value["state"] for message in stream.collect_until_marker(feeder.mark()) for _, _, path, value in values_in(message) if path != "test.marker"]
    assert told == ["alarm", "warn", "normal"]


def test_the_first_zone_that_matches_counts(server, feeder):
    zones = [{"lower": 0, "upper": 10, "state": "alert", "message": "one"}, {"lower": 0, "upper": 10, "state": "alarm", "message": "two"}]
    feeder.feed({"updates": [{"meta": [{"path": "a.depth", "value": {"zones": zones}}]}]})
    feeder.values(a__depth=5)
    assert eventually(lambda: server.value("notifications.a.depth"))["message"] == "one"


def test_statistics_tell_of_the_own_boat(server, feeder):
    listener = server.stream("?subscribe=none&serverevents=all")
    for number in range(10):
        feeder.values(a__b=number)
    counted = lambda m: isinstance(m, dict) and m.get("type") == "SERVERSTATISTICS" and m["data"]["numberOfAvailablePaths"] > 0
    message = listener.until(counted)
    assert list(message) == ["type", "from", "data"] and message["from"] == "signalk-server"
    data = message["data"]
    assert {"deltaRate", "numberOfAvailablePaths", "wsClients", "uptime", "providerStatistics"} <= data.keys()
    assert (data["wsClients"], data["numberOfAvailablePaths"]) == (2, 2) and data["deltaRate"] > 0
    ws = data["providerStatistics"]["ws"]
    assert {"deltaRate", "deltaCount", "lastIntervalDeltaCount"} == ws.keys() and ws["deltaCount"] >= 20  # ten values, ten marks
    assert 0 < ws["lastIntervalDeltaCount"] <= ws["deltaCount"] and ws["deltaRate"] > 0
    assert data["providerStatistics"]["defaults"]["deltaCount"] >= 1


def test_the_paths_that_have_had_a_value(server, feeder):
    feeder.put_values({"a.b": 1, "a.b.c": None})
    feeder.put_values({"other.x": 1}, context=OTHER)
    feeder.feed({"updates": [{"meta": [{"path": "only.meta", "value": {"units": "K"}}]}]})
    assert sorted(server.get("/skServer/availablePaths").ok()) == ["", "a.b", "a.b.c", "test.marker"]


def test_the_tcp_stream_listens_where_it_is_told(launch):
    for _ in range(5):  # a port that is free on the one address may just be taken on the other
        server = launch(env={"TCPSTREAMADDRESS": "127.0.0.2"})
        if "address already in use" not in server.log():
            break
    with socket.create_connection(("127.0.0.2", server.tcp_port), timeout=10) as there:
        assert there.recv(4096).startswith(b'{"name":')
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.tcp_port), timeout=10)


@pytest.mark.parametrize("limit, size, status", [("1kb", 1024, 405), ("1kb", 1025, 413), ("2000", 2001, 413), ("11MB", 11_000_000, 405)])
def test_the_size_of_bodies_can_be_set(launch, limit, size, status):
    body = '{"value":1}'.ljust(size)
    server = launch(env={"FILEUPLOADSIZELIMIT": limit})
    assert server.request("PUT", "/signalk/v1/api/vessels/self/a/b", body=body, headers={"Content-Type": "application/json"}).status == status


@pytest.mark.parametrize("value", ["[" * 200 + "]" * 200, '"' + "x" * 5_000_000 + '"'], ids=["depth", "size"])
def test_a_value_that_is_too_much_is_said(server, value):
    answer = server.request("PUT", "/signalk/v1/api/vessels/self/a/b", body='{"value":' + value + "}", headers={"Content-Type": "application/json"})
    assert (answer.status, answer.text) == (413, "the value is too large or nested too deep")


@pytest.mark.parametrize("limit", ["much", "-1", "0", "10tb", "1gb", "10 mb"])
def test_a_size_that_is_none_is_said(launcher, limit):
    server = launcher(env={"FILEUPLOADSIZELIMIT": limit}, expect_exit=True)
    server.spawn(["-c", str(server.config.path)])
    assert server.wait_exit() != 0
    assert server.wait_log(re.escape(f"FILEUPLOADSIZELIMIT '{limit}' is not a size"))


def test_golden_priorities(config, launch):
    """The winner speaks, the next one only when it has been silent for the time; an unlisted one waits longer, a negative time for ever."""
    config.write("priorities.json", {
        "priorityGroups": [{"id": "g1", "sources": ["gps.A", "gps.B"]}], "priorityDefaults": {"fallbackMs": 1000},
        "priorityOverrides": {"a.wind": [{"sourceRef": "w.1", "timeout": 0}, {"sourceRef": "w.2", "timeout": 500}, {"sourceRef": "w.3", "timeout": -1}]}})
    server = launch()
    feeder = server.feeder()

    def shown(path, source):
        feeder.put_values({path: source}, source=source)
        leaf = server.self_path(path)
        return leaf.ok()["$source"] if leaf.status == 200 else None

    assert shown("a.speed", "gps.B") == "gps.B"
    assert shown("a.speed", "gps.A") == "gps.A"
    assert shown("a.speed", "gps.B") in ("gps.A", "gps.B")  # within the time, unless the machine slept
    eventually(lambda: shown("a.speed", "gps.B") == "gps.B", "the fallback")
    assert shown("a.wind", "w.3") is None
    assert shown("a.wind", "w.2") == "w.2"
    assert shown("a.wind", "w.1") == "w.1"
    eventually(lambda: shown("a.wind", "w.2") == "w.2", "the fallback")
    assert shown("a.wind", "w.3") == "w.2"


@pytest.mark.parametrize("word", ["bogus", "", "SELF"])
def test_an_unknown_word_for_the_default_feed_means_self(server, feeder, word):
    feeder.values(a__b=1, context=OTHER)
    stream = server.stream(f"?subscribe={word}")
    stream.hello()
    feeder.values(a__b=2, context=OTHER)
    feeder.values(a__b=3)
    contexts = {context for message in stream.collect_until(has_value("a.b", 3)) for context, _, _, _ in values_in(message)}
    assert contexts == {SELF}


@pytest.mark.parametrize("word, replayed", [("true", True), ("0", True), ("no", True), ("", True), ("FALSE", True), ("false", False)])
def test_only_the_word_false_stops_the_replay(server, feeder, word, replayed):
    feeder.values(a__old=1)
    stream = server.stream(f"?subscribe=self&sendCachedValues={word}")
    stream.hello()
    feeder.values(a__new=2)
    assert ("a.old" in paths_in(stream.collect_until(has_path("a.new")))) == replayed


def test_a_path_with_one_wildcard_segment_has_metadata_and_its_container_has_none(server):
    assert server.self_path("electrical.batteries.house.voltage.meta.units").ok() == "V"
    assert server.self_path("electrical.batteries.house.meta").status == 404
    assert server.self_path("electrical.batteries.house.bank.voltage.meta").status == 404
