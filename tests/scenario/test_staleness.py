"""Values that nobody renews become null, once. Time is told by the deltas' own timestamps, so nothing here waits for it."""
import datetime

import pytest

from harness.streams import has_path
from harness.waiting import eventually

OTHER = "vessels.urn:mrn:imo:mmsi:230099999"
HOUR = 3600


def ago(seconds):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
def boat(config, launch):
    """boat(**settings) → server, feeder; timeouts are in force, an hour by default, and looked at often."""
    def start(**settings):
        config.settings(**{"enforceDataTimeouts": True, "defaultTimeout": HOUR, "staleCheckIntervalMs": 20, **settings})
        server = launch()
        return server, server.feeder()
    return start


def leaf(server, path, context="self"):
    return server.api(f"vessels/{context}/" + path.replace(".", "/")).ok()


def timed_out(server, path, context="self"):
    return eventually(lambda: (lambda found: found if found["value"] is None else None)(leaf(server, path, context)))


def looked_again(server, feeder):
    """The server has looked at everything once more: a value that must time out has done so."""
    feeder.put_values({"test.canary": 1}, timestamp=ago(2 * HOUR))
    timed_out(server, "test.canary")


def test_a_silent_value_becomes_null_once(boat):
    server, feeder = boat()
    old = ago(2 * HOUR)
    stream = server.stream("?subscribe=none")
    stream.subscribe("a.b")
    feeder.put_values({"a.b": 5}, source="gps.B", timestamp=old)
    stream.until(has_path("a.b"))
    message = stream.until(has_path("a.b"))
    state = {"timedOut": True, "lastValue": {"timestamp": old, "value": 5}}
    update, = message["updates"]
    assert update["$source"] == "gps.B" and update["timestamp"] > old
    assert update["values"] == [{"path": "a.b", "value": None, "state": state}]
    found = leaf(server, "a.b")
    assert (found["value"], found["$source"], found["state"]) == (None, "gps.B", state)
    looked_again(server, feeder)
    assert leaf(server, "a.b")["timestamp"] == found["timestamp"], "said once"
    feeder.put_values({"a.b": 6}, source="gps.B")
    assert "state" not in leaf(server, "a.b")


@pytest.mark.parametrize("value", [0, 3.5, "text", True, False, {"latitude": 1, "longitude": 2}, [1, 2]])
def test_every_kind_of_value_grows_old(boat, value):
    server, feeder = boat()
    feeder.put_values({"a.b": value}, timestamp=ago(2 * HOUR))
    assert timed_out(server, "a.b")["state"]["lastValue"]["value"] == value


def test_young_values_and_values_without_time_stay(boat):
    server, feeder = boat()
    feeder.put_values({"a.young": 1}, timestamp=ago(HOUR / 2))
    feeder.put_values({"a.undated": 1}, timestamp="yesterday")
    looked_again(server, feeder)
    assert (leaf(server, "a.young")["value"], leaf(server, "a.undated")["value"]) == (1, 1)


def test_off_unless_asked_for(server, feeder):
    feeder.put_values({"a.b": 1}, timestamp=ago(365 * 24 * HOUR))
    assert leaf(server, "a.b")["value"] == 1


def test_metadata_says_how_long(boat):
    server, feeder = boat()
    metas = {"a.quick": {"timeout": 60}, "a.patient": {"timeout": 5 * HOUR}, "a.never": {"timeout": 0},
             "a.event": {"timeout": 60, "updateContract": "event"}}
    feeder.feed({"updates": [{"meta": [{"path": path, "value": meta} for path, meta in metas.items()]}]})
    feeder.put_values({"a.quick": 1}, timestamp=ago(100))
    feeder.put_values({"a.patient": 1, "a.never": 1, "a.event": 1}, timestamp=ago(2 * HOUR))
    timed_out(server, "a.quick")
    looked_again(server, feeder)
    assert [leaf(server, path)["value"] for path in ("a.patient", "a.never", "a.event")] == [1, 1, 1]
    feeder.feed({"updates": [{"meta": [{"path": "a.patient", "value": {"timeout": 60}}]}]})
    timed_out(server, "a.patient")


def test_no_default_when_not_wanted(boat):
    server, feeder = boat(useDefaultTimeouts=False)
    feeder.feed({"updates": [{"meta": [{"path": "a.quick", "value": {"timeout": 60}}]}]})
    feeder.put_values({"a.b": 1, "a.quick": 1}, timestamp=ago(2 * HOUR))
    timed_out(server, "a.quick")
    assert leaf(server, "a.b")["value"] == 1


def test_what_people_decide_lasts(boat):
    server, feeder = boat()
    lasting = ["navigation.anchor.position", "navigation.courseGreatCircle.x", "design.keel", "communication.email", "port.x"]
    feeder.put_values({path: 1 for path in lasting}, timestamp=ago(2 * HOUR))
    feeder.put_values({"notifications.x": {"state": "alarm", "method": [], "message": ""}}, timestamp=ago(2 * HOUR))
    timed_out(server, "navigation.courseGreatCircle.x")  # another word than navigation.course
    looked_again(server, feeder)
    assert leaf(server, "notifications.x")["value"]["state"] == "alarm"
    for path in lasting:
        if path != "navigation.courseGreatCircle.x":
            assert leaf(server, path)["value"] == 1, path


def test_auto_follows_the_rhythm(boat):
    server, feeder = boat(autoTimeoutWarmupSeconds=0, autoTimeoutSamples=3)
    feeder.feed({"updates": [{"meta": [{"path": "a.b", "value": {"timeout": "auto"}}, {"path": "a.first", "value": {"timeout": "auto"}}]}]})
    feeder.put_values({"a.first": 1}, timestamp=ago(HOUR / 2))  # no rhythm yet: the default
    for _ in range(4):
        feeder.put_values({"a.b": 1}, timestamp=ago(HOUR / 2))  # quick ones: two seconds are enough to be late
    timed_out(server, "a.b")
    assert leaf(server, "a.first")["value"] == 1


def test_a_replaced_source_falls_silent_unheard(boat):
    server, feeder = boat()
    everything, preferred = server.stream("?subscribe=none&sourcePolicy=all"), server.stream("?subscribe=none")
    for stream in (everything, preferred):
        stream.subscribe("a.b", "test.marker")
    feeder.put_values({"a.b": 1}, source="gps.A", timestamp=ago(2 * HOUR))
    timed_out(server, "a.b")
    feeder.put_values({"a.b": 2}, source="gps.A", timestamp=ago(HOUR / 2))
    feeder.put_values({"a.b": 3}, source="gps.B")
    feeder.feed({"updates": [{"meta": [{"path": "a.b", "value": {"timeout": 60}}]}]})
    nulls = lambda message: has_path("a.b")(message) and message["updates"][0]["values"][0]["value"] is None
    everything.until(nulls)
    everything.until(nulls)
    found = leaf(server, "a.b")
    assert (found["value"], found["$source"]) == (3, "gps.B")
    mark = feeder.mark()
    got = [m["updates"][0] for m in preferred.collect_until_marker(mark) if has_path("a.b")(m)]
    assert [(u["$source"], u["values"][0]["value"]) for u in got] == [("gps.A", 1), ("gps.A", None), ("gps.A", 2), ("gps.B", 3)]


def test_a_ranked_winner_blanks_its_path_and_its_replacement_takes_over(boat):
    server, feeder = boat()
    server.put("/skServer/priorities", {"groups": [{"id": "g", "sources": ["gps.A", "gps.B"]}], "defaults": {"fallbackMs": 0}}).ok()
    feeder.put_values({"a.b": 1}, source="gps.A", timestamp=ago(2 * HOUR))
    assert timed_out(server, "a.b")["$source"] == "gps.A"
    eventually(lambda: feeder.put_values({"a.b": 2}, source="gps.B") and leaf(server, "a.b")["value"] == 2)


def test_the_ranking_gives_a_value_its_time(boat):
    server, feeder = boat(defaultTimeout=1)
    server.put("/skServer/priorities", {"groups": [{"id": "g", "sources": ["gps.A", "gps.B"]}], "defaults": {"fallbackMs": 1000 * HOUR}}).ok()
    feeder.put_values({"a.b": 1}, source="gps.A", timestamp=ago(HOUR / 2))
    feeder.put_values({"test.other": 1}, source="x", timestamp=ago(HOUR / 2))
    timed_out(server, "test.other")
    assert leaf(server, "a.b")["value"] == 1


def test_other_vessels_only_when_asked_for(boat):
    server, feeder = boat()
    feeder.put_values({"a.b": 1}, context=OTHER, timestamp=ago(2 * HOUR))
    looked_again(server, feeder)
    assert leaf(server, "a.b", OTHER.split(".", 1)[1])["value"] == 1


def test_other_vessels(boat):
    server, feeder = boat(enforceDataTimeoutsForOthers=True)
    feeder.put_values({"a.b": 1}, context=OTHER, timestamp=ago(2 * HOUR))
    timed_out(server, "a.b", OTHER.split(".", 1)[1])
