"""A source that is gone for good is removed with what it said."""
import pytest

PATH = "navigation.speedOverGround"


def delta(ref, value, path=PATH):
    return {"updates": [{"$source": ref, "values": [{"path": path, "value": value}]}]}


def remove(server, ref, door="removeSource"):
    return server.delete(f"/skServer/{door}?sourceRef={ref}")


@pytest.mark.parametrize("door", ["removeSource", "n2kRemoveSource"])
def test_the_values_go_and_another_source_is_shown(server, feeder, door):
    events = server.stream("?serverevents=all&subscribe=none")
    for ref, value, path in (("gps.one", 1, PATH), ("gps.two", 2, PATH), ("gps.two", 3, "a.b")):
        feeder.feed(delta(ref, value, path))
    feeder.settle()
    assert server.value(PATH) == 2 and server.value("a.b") == 3
    answer = remove(server, "gps.two", door)
    assert (answer.status, answer.json()["state"]) == (200, "COMPLETED")
    told = events.until(lambda m: isinstance(m, dict) and m.get("type") == "SOURCEEVICTED")
    assert told["data"] == {"sourceRef": "gps.two"}
    leaf = server.self_path(PATH).ok()
    assert (leaf["value"], leaf["$source"]) == (1, "gps.one") and "values" not in leaf
    assert server.self_path("a").status == 404
    assert server.api("sources").ok()["gps"] == {"one": {}}
    assert remove(server, "gps.two", door).status == 404


def test_it_may_speak_again_and_is_heard_by_those_who_asked(server, feeder):
    watcher = server.stream("?subscribe=none")
    watcher.subscribe({"path": "a.*", "period": 50})
    watcher.settle()
    feeder.feed(delta("gps.two", 3, "a.b"))
    is_value = lambda n: lambda m: isinstance(m, dict) and any(
        v["value"] == n for u in m.get("updates", []) for v in u.get("values", []))
    watcher.until(is_value(3))
    assert remove(server, "gps.two").status == 200
    feeder.feed(delta("gps.two", 4, "a.b"))
    watcher.until(is_value(4))
    assert server.value("a.b") == 4
    assert server.api("sources").ok()["gps"] == {"two": {}}


def test_a_request_without_a_source_or_with_an_unknown_one_is_refused(server):
    assert server.delete("/skServer/removeSource").status == 400
    answer = remove(server, "nobody")
    assert (answer.status, answer.json()["state"]) == (404, "FAILED")
    assert "nobody" in answer.json()["message"]


# ---- what it said ----

def inspect(server, ref):
    return server.get(f"/skServer/cacheInspect?sourceRef={ref}")


def test_everything_that_a_source_said_is_listed(server, feeder):
    for ref, value, path in (("gps.one", 1, PATH), ("gps.two", {"x": [2]}, PATH), ("gps.one", 3, "a.b")):
        feeder.feed(delta(ref, value, path))
    feeder.feed({**delta("gps.one", 4, PATH), "context": "vessels.urn:mrn:imo:mmsi:244000000"})
    feeder.settle()
    found = inspect(server, "gps.one").ok()
    mine = "vessels." + server.api("self").ok().removeprefix("vessels.")
    assert (found["sourceRef"], found["count"]) == ("gps.one", 3)
    assert {(v["context"], v["path"], v["value"], v["state"]) for v in found["values"]} == {
        (mine, PATH, 1, "beside another"), (mine, "a.b", 3, "shown"), ("vessels.urn:mrn:imo:mmsi:244000000", PATH, 4, "shown")}
    assert all(v["timestamp"].endswith("Z") for v in found["values"])
    assert inspect(server, "gps.two").ok()["values"][0]["value"] == {"x": [2]}
    assert inspect(server, "nobody").status == 404 and "nobody" in inspect(server, "nobody").json()["message"]
    assert server.get("/skServer/cacheInspect").status == 400
