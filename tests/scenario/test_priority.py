"""Source priority: several sources of one path, one of them speaks for it."""
import pytest

from harness.streams import paths_in, values_in
from harness.waiting import eventually

HOUR = 3600_000
SPEED = "navigation.speedOverGround"
GROUP = {"groups": [{"id": "g1", "sources": ["gps.A", "gps.B"]}], "overrides": {}, "defaults": {"fallbackMs": HOUR}}


def speeds(messages):
    return [(source, value) for message in messages for _, source, path, value in values_in(message) if path == SPEED]


def feed_both(feeder):
    feeder.put_values({SPEED: 1}, source="gps.A")
    feeder.put_values({SPEED: 2}, source="gps.B")
    feeder.put_values({SPEED: 3}, source="gps.A")


@pytest.fixture
def ranked(server):
    assert server.put("/skServer/priorities", GROUP).ok() == {"result": "ok"}
    return server


def test_without_priorities_the_last_value_shows(server, feeder):
    feeder.put_values({SPEED: 1}, source="gps.A")
    feeder.put_values({SPEED: 2}, source="gps.B")
    assert server.self_path(SPEED).ok()["value"] == 2


def test_the_better_source_speaks(ranked, feeder):
    everything = ranked.stream("?subscribe=none&sourcePolicy=all")
    preferred = ranked.stream("?subscribe=none")
    for stream in (everything, preferred):
        stream.subscribe(SPEED, "test.marker")
    feed_both(feeder)
    leaf = ranked.self_path(SPEED).ok()
    assert (leaf["value"], leaf["$source"]) == (3, "gps.A")
    assert "values" not in leaf, "a source that never passed is not in the tree"
    mark = feeder.mark()
    assert speeds(preferred.collect_until_marker(mark)) == [("gps.A", 1), ("gps.A", 3)]
    assert speeds(everything.collect_until_marker(mark)) == [("gps.A", 1), ("gps.B", 2), ("gps.A", 3)]


def test_default_feeds_differ_by_policy(ranked, feeder):
    everything = ranked.stream("?subscribe=self&sourcePolicy=all")
    preferred = ranked.stream("?subscribe=self")
    feeder.feed({"updates": [{"$source": "gps.A", "values": [{"path": SPEED, "value": 1}]}]})
    feeder.feed({"updates": [{"$source": "gps.B", "values": [{"path": SPEED, "value": 2}, {"path": "notifications.x", "value": None}]},
                             {"$source": "w", "values": [{"path": "environment.wind.speedApparent", "value": 5}]}]})
    feeder.feed({"updates": [{"$source": "gps.B", "values": [{"path": SPEED, "value": 4}]}]})
    mark = feeder.mark()
    got = preferred.collect_until_marker(mark)
    assert speeds(got) == [("gps.A", 1)]
    assert "environment.wind.speedApparent" in paths_in(got)
    assert all(message["updates"] and all(update["values"] for update in message["updates"]) for message in got[1:] if "updates" in message)
    assert speeds(everything.collect_until_marker(mark)) == [("gps.A", 1), ("gps.B", 2), ("gps.B", 4)]


def test_cached_values_follow_the_policy(ranked, feeder):
    feed_both(feeder)
    feeder.put_values({SPEED: 4}, source="gps.B")
    mark = feeder.mark()
    assert speeds(ranked.stream("?subscribe=self").collect_until_marker(mark)) == [("gps.A", 3)]
    assert sorted(speeds(ranked.stream("?subscribe=self&sourcePolicy=all").collect_until_marker(mark))) == [("gps.A", 3), ("gps.B", 4)]


def test_a_message_chooses_its_policy(ranked, feeder):
    stream = ranked.stream("?subscribe=none")
    stream.subscribe(SPEED, "test.marker", sourcePolicy="all")
    feed_both(feeder)
    assert speeds(stream.collect_until_marker(feeder.mark())) == [("gps.A", 1), ("gps.B", 2), ("gps.A", 3)]


def test_excluded_sources_have_their_own_ranking(ranked, feeder):
    feed_both(feeder)
    stream = ranked.stream("?subscribe=none")
    stream.subscribe(SPEED, "test.marker", excludeSources=["gps.A"])
    feed_both(feeder)
    assert speeds(stream.collect_until_marker(feeder.mark())) == [("gps.B", 2), ("gps.B", 2)]


def test_a_path_that_was_only_rejected_is_not_in_the_tree(server, feeder):
    server.put("/skServer/priorityOverrides", {"a.b.c": [{"sourceRef": "never", "timeout": -1}]}).ok()
    stream = server.stream("?subscribe=none&sourcePolicy=all")
    stream.subscribe("a.*", "test.marker")
    feeder.put_values({"a.b.c": 1}, source="never")
    assert [path for path in paths_in(stream.collect_until_marker(feeder.mark())) if path != "test.marker"] == ["a.b.c"]
    assert server.get("/signalk/v1/api/vessels/self/a").status == 404
    assert "a" not in server.get("/signalk/v1/api/vessels/self").ok()
    feeder.put_values({"a.b.c": 2}, source="other")
    assert server.self_path("a.b.c").ok()["value"] == 2


def test_the_next_source_takes_over(server, feeder):
    server.put("/skServer/priorities", {**GROUP, "defaults": {"fallbackMs": 50}}).ok()
    feeder.put_values({SPEED: 1}, source="gps.A")

    def taken_over():
        feeder.put_values({SPEED: 2}, source="gps.B")
        return server.self_path(SPEED).ok()["$source"] == "gps.B"
    eventually(taken_over)
    assert set(server.self_path(SPEED).ok()["values"]) == {"gps.A", "gps.B"}


def test_other_vessels_are_not_ranked(ranked, feeder):
    other = "vessels.urn:mrn:imo:mmsi:230099999"
    feeder.put_values({SPEED: 1}, source="gps.A", context=other)
    feeder.put_values({SPEED: 2}, source="gps.B", context=other)
    assert ranked.get(f"/signalk/v1/api/{other.replace('.', '/')}/navigation/speedOverGround/value").ok() == 2


def test_they_are_kept(launch, config):
    server = launch()
    server.put("/skServer/priorities", {**GROUP, "overrides": {"a.b": [{"sourceRef": "x", "timeout": "500"}]}}).ok()
    server.put("/skServer/sourceAliases", {"gps.A": "Mast head"}).ok()
    assert config.json("priorities.json") == {
        "priorityGroups": GROUP["groups"], "priorityOverrides": {"a.b": [{"sourceRef": "x", "timeout": 500}]},
        "priorityDefaults": GROUP["defaults"], "sourceAliases": {"gps.A": "Mast head"}}
    server.kill()
    server.restart()
    assert server.get("/skServer/priorities").ok()["groups"] == GROUP["groups"]
    assert server.get("/skServer/priorityDefaults").ok() == {"fallbackMs": HOUR}
    feeder = server.feeder()
    feed_both(feeder)
    assert server.self_path(SPEED).ok()["$source"] == "gps.A"
    server.delete("/skServer/priorities").ok()
    assert server.get("/skServer/priorities").ok() == {"groups": [], "overrides": {}, "defaults": {}}
    feed_both(feeder)
    feeder.put_values({SPEED: 9}, source="gps.B")
    assert server.self_path(SPEED).ok()["value"] == 9
    assert config.json("priorities.json") == {"sourceAliases": {"gps.A": "Mast head"}}


@pytest.mark.parametrize("route, body, where", [
    ("priorities", {"groups": [{"id": "a"}]}, "/groups/0/sources"),
    ("priorities", {"overrides": {"p": [{"sourceRef": 1, "timeout": 0}]}}, "/overrides/p/0/sourceRef"),
    ("priorities", {"defaults": {"fallbackMs": "1000"}}, "/defaults/fallbackMs"),
    ("priorityGroups", [{"id": "a", "sources": ["s"]}, {"id": "b", "sources": ["s"]}], "/priorityGroups/1/sources/0"),
    ("sourceAliases", {"a": 1}, "/sourceAliases/a"),
])
def test_wrong_ones_are_refused_whole(server, route, body, where):
    answer = server.put("/skServer/" + route, body)
    assert answer.status == 400
    assert answer.text.startswith("Invalid priorities payload at " + where)
    assert server.get("/skServer/priorities").ok() == {"groups": [], "overrides": {}, "defaults": {}}


def test_a_broken_file_does_not_stop_the_boat(launch, config):
    config.write("priorities.json", {"priorityGroups": "x", "priorityDefaults": {"fallbackMs": 5}, "mine": 1})
    server = launch()
    assert server.get("/skServer/priorities").ok() == {"groups": [], "overrides": {}, "defaults": {"fallbackMs": 5}}
    server.put("/skServer/priorityDefaults", {}).ok()
    assert config.json("priorities.json") == {"mine": 1}


def test_dashboards_hear_of_changes(server):
    listener = server.stream("?subscribe=none&serverevents=all")
    greeting = listener.collect_until(lambda m: m.get("type") == "PRIORITYDEFAULTS")
    assert [m["type"] for m in greeting[-4:]] == ["PRIORITYOVERRIDES", "SOURCEALIASES", "PRIORITYGROUPS", "PRIORITYDEFAULTS"]
    server.put("/skServer/priorityGroups", GROUP["groups"]).ok()
    assert listener.until(lambda m: m.get("type") == "PRIORITYGROUPS")["data"] == GROUP["groups"]



def test_who_speaks_and_who_could(ranked, feeder):
    feed_both(feeder)
    feeder.put_values({"navigation.position": {"latitude": 1, "longitude": 2}}, source="gps.B")
    assert ranked.get("/skServer/multiSourcePaths").ok() == {SPEED: ["gps.A", "gps.B"]}
    assert ranked.get("/skServer/positionSources").ok() == ["gps.B"]
    live = ranked.get("/skServer/livePreferredSources").ok()
    assert {key.split("\0")[1]: source for key, source in live.items()} == {SPEED: "gps.A", "navigation.position": "gps.B"}


def test_sources_that_say_the_same_are_grouped(server, feeder):
    groups = lambda: server.get("/skServer/reconciledGroups").ok()
    feeder.put_values({"navigation.speedOverGround": 3, "a.alone": 1}, source="gps.1")
    assert groups() == []
    feeder.put_values({"navigation.speedOverGround": 4, "navigation.headingTrue": 1}, source="gps.2")
    feeder.put_values({"navigation.headingTrue": 2}, source="compass.1")
    feeder.put_values({"environment.depth.belowKeel": 2}, source="depth.1")
    feeder.put_values({"environment.depth.belowKeel": 3}, source="depth.2")
    first, second = sorted(groups(), key=lambda g: len(g["sources"]), reverse=True)
    assert sorted(first["sources"]) == ["compass.1", "gps.1", "gps.2"]
    assert sorted(first["paths"]) == ["navigation.headingTrue", "navigation.speedOverGround"]
    assert (first["matchedSavedId"], first["inactive"], first["newcomerSources"]) == (None, False, [])
    assert sorted(second["sources"]) == ["depth.1", "depth.2"] and second["paths"] == ["environment.depth.belowKeel"]
    server.put("/skServer/priorities", {"groups": [{"id": "position", "sources": ["gps.2", "gps.1"], "inactive": True}], "overrides": {}})
    ranked = next(g for g in groups() if g["id"] == "position")
    assert ranked["sources"] == ["gps.2", "gps.1", "compass.1"] and ranked["newcomerSources"] == ["compass.1"]
    assert (ranked["matchedSavedId"], ranked["inactive"]) == ("position", True)
