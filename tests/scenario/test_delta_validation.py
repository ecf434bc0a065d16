"""What the server takes of a delta, what it completes, what it refuses – and that a refusal harms nothing else."""
import json
import re

import pytest

from harness.server import SELF
from harness.streams import has_path, has_value, paths_in, values_in

NOW = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def update(*pairs, **members):
    return {"values": [{"path": path, "value": value} for path, value in pairs], **members}


# ---- bad parts are dropped, good parts survive ----

BAD_UPDATES = {
    "null": None,
    "a number": 7,
    "a string": "values",
    "an array": [],
    "empty": {},
    "values no array": {"values": {"path": "bad.one", "value": 1}},
    "values null": {"values": None},
    "an entry null": {"values": [{"path": "bad.one", "value": 1}, None]},
    "an entry a number": {"values": [{"path": "bad.one", "value": 1}, 3]},
    "a path missing": {"values": [{"path": "bad.one", "value": 1}, {"value": 1}]},
    "a path null": {"values": [{"path": "bad.one", "value": 1}, {"path": None, "value": 1}]},
    "a path a number": {"values": [{"path": "bad.one", "value": 1}, {"path": 3, "value": 1}]},
    "neither values nor meta": {"timestamp": "2026-01-01T00:00:00.000Z", "$source": "x"},
}


@pytest.mark.parametrize("what", BAD_UPDATES)
def test_a_bad_update_is_dropped_and_its_neighbours_survive(server, feeder, what):
    feeder.feed({"updates": [update(("good.before", 1)), BAD_UPDATES[what], update(("good.after", 2))]})
    assert server.value("good.before") == 1
    assert server.value("good.after") == 2
    assert server.self_path("bad").status == 404


BAD_MESSAGES = [
    "", "{", "nonsense", "null", "[]", "7", '"text"', "{}", '{"updates":null}', '{"updates":{}}', '{"updates":"x"}', '{"updates":[]}',
    '{"updates":[null]}', '{"context":7,"updates":[{"values":[{"path":"bad.one","value":1}]}]}',
    '{"context":null,"updates":[{"values":[{"path":"bad.one","value":1}]}]}',
    '{"context":{},"updates":[{"values":[{"path":"bad.one","value":1}]}]}',
    '{"updates":[{"values":[{"path":"bad.one","value":1}]}]',
    '{"updates":[{"values":[{"path":"bad.one","value":NaN}]}]}',
    "[" * 100_000,
    '{"a":' * 100_000,
]


def test_bad_messages_are_ignored_and_the_connection_goes_on(server, feeder):
    for text in BAD_MESSAGES:
        feeder.send(text)
    feeder.values(good__one=1)
    assert server.value("good.one") == 1
    assert server.self_path("bad").status == 404


def test_meta_that_is_no_array_is_dropped_and_the_values_stay(server, feeder):
    feeder.feed({"updates": [{"values": [{"path": "a.b", "value": 1}], "meta": {"path": "a.b", "value": {"units": "K"}}}]})
    assert server.value("a.b") == 1
    assert server.self_path("a.b.meta").status == 404


def test_values_and_metas_may_stand_alone(server, feeder):
    feeder.feed({"updates": [{"values": [{"path": "a.b", "value": 1}]}, {"meta": [{"path": "a.c", "value": {"units": "K"}}]}]})
    assert server.value("a.b") == 1
    assert server.self_path("a.c.meta").ok()["units"] == "K"


def test_an_empty_values_array_announces_a_source(server, feeder):
    feeder.feed({"updates": [{"$source": "quiet.1", "values": []}]})
    assert server.api("sources").ok().get("quiet") == {"1": {}}


# ---- context ----


@pytest.mark.parametrize("context", [{}, {"context": "vessels.self"}, {"context": SELF}])
def test_these_contexts_mean_the_own_vessel(server, feeder, context):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    feeder.feed({**context, "updates": [update(("a.b", 1))]})
    assert server.value("a.b") == 1
    assert watcher.until(has_path("a.b"))["context"] == SELF


def test_other_spellings_are_not_rewritten(server, feeder):
    feeder.feed({"context": "self", "updates": [update(("a.b", 1))]})
    assert server.self_path("a.b").status == 404


# ---- timestamp ----


def test_a_missing_timestamp_is_filled_with_the_reception_time(server, feeder):
    feeder.values(a__b=1)
    assert NOW.match(server.self_path("a.b.timestamp").ok())


@pytest.mark.parametrize("stamp", ["2001-02-03T04:05:06Z", "2026-01-01T00:00:00.123456+02:00", "garbage", "2030-01-01"])
def test_a_given_timestamp_is_kept_byte_for_byte(server, feeder, stamp):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    feeder.put_values({"a.b": 1}, timestamp=stamp)
    assert server.self_path("a.b.timestamp").ok() == stamp
    assert watcher.until(has_path("a.b"))["updates"][0]["timestamp"] == stamp


# ---- root values ----


def test_root_values_merge_one_level_deep(server, feeder):
    feeder.feed({"updates": [update(("", {"flag": "FI", "communication": {"email": "a@b.c", "phone": "1"}}))]})
    feeder.feed({"updates": [update(("", {"port": "Helsinki", "communication": {"phone": "2"}}))]})
    vessel = server.api("vessels/self").ok()
    assert vessel["flag"] == "FI"
    assert vessel["port"] == "Helsinki"
    assert vessel["communication"] == {"phone": "2"}
    assert vessel["name"] == "Skiff"


@pytest.mark.parametrize("value", [None, 7, "name", [], True])
def test_a_root_value_must_be_an_object(server, feeder, value):
    before = server.api("vessels/self").ok()
    feeder.feed({"updates": [update(("", value))]})
    after = server.api("vessels/self").ok()
    after.pop("test", None)
    before.pop("test", None)
    assert after == before


# ---- values ----


def test_an_object_replaces_the_earlier_object_as_a_whole(server, feeder):
    feeder.values(navigation__position={"latitude": 1, "longitude": 2, "altitude": 3})
    feeder.values(navigation__position={"latitude": 4, "longitude": 5})
    assert server.value("navigation.position") == {"latitude": 4, "longitude": 5}


def test_an_entry_without_value_is_not_stored(server, feeder):
    feeder.feed({"updates": [{"values": [{"path": "a.missing"}, {"path": "a.there", "value": 1}]}]})
    assert server.self_path("a.missing").status == 404
    assert server.value("a.there") == 1


KINDS = {
    "number": 3.25, "integer": 42, "string": "hove to", "true": True, "false": False, "null": None, "empty string": "",
    "object": {"b": 1, "a": [1, None, {"c": "d"}]}, "array": [1, "two", None, [3]], "empty object": {}, "empty array": [],
    "unicode": "Åbo 🛥 \u2028\"\\/\b\f\n\r\t\u0001",
}


def test_every_kind_of_value_comes_back_as_it_went_in(server, feeder):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    wrong = {}
    for kind, value in KINDS.items():
        feeder.put_values({"a.kind": value})
        streamed = values_in(watcher.until(has_path("a.kind")))[0][3]
        stored = server.value("a.kind")
        if json.dumps(stored) != json.dumps(value) or json.dumps(streamed) != json.dumps(value):
            wrong[kind] = (stored, streamed)
    assert not wrong


NUMBERS = {
    "1.0": "1", "-0": "0", "0.1": "0.1", "1e21": "1e+21", "123456789012345680000": "123456789012345680000", "1E3": "1000",
    "0.0000001": "1e-7", "0.000001": "0.000001", "5e-324": "5e-324", "1.7976931348623157e308": "1.7976931348623157e+308",
    "12345678901234567890": "12345678901234567000", "9007199254740993": "9007199254740992", "-1.50": "-1.5",
    "0.30000000000000004": "0.30000000000000004", "100": "100",
}


def test_numbers_are_written_as_javascript_writes_them(server, feeder):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    wrong = {}
    for given, wanted in NUMBERS.items():
        feeder.send('{"updates":[{"$source":"n","values":[{"path":"a.number","value":%s}]}]}' % given)
        feeder.mark()
        watcher.until(has_path("a.number"))
        streamed = re.search(r'"value":([^}]+)\}', watcher.last_text).group(1)
        stored = server.self_path("a.number.value").text
        if (stored, streamed) != (wanted, wanted):
            wrong[given] = (stored, streamed)
    assert not wrong


def test_a_long_text_is_a_value_like_any_other(server, feeder):
    text = "å" * 100_000
    feeder.values(a__text=text)
    assert server.value("a.text") == text


def test_a_value_of_reasonable_depth_is_kept(server, feeder):
    deep = 1
    for _ in range(50):
        deep = {"d": [deep]}
    feeder.values(a__deep=deep)
    assert server.value("a.deep") == deep


def test_a_value_of_absurd_depth_harms_nobody(server, feeder):
    feeder.send('{"updates":[{"values":[{"path":"a.deep","value":' + "[" * 50_000 + "]" * 50_000 + "}]}]}")
    feeder.values(good__one=1)
    assert server.value("good.one") == 1
    assert server.self_path("a").status in (200, 404)


@pytest.mark.parametrize("path", ["a." + "x" * 5000, ".".join("abcdefgh" * 20), "a..b", ".a", "a.", "."])
def test_odd_paths_are_stored_or_refused_but_harm_nothing(server, feeder, path):
    feeder.feed({"updates": [update((path, 1)), update(("good.one", 2))]})
    assert server.value("good.one") == 2
    assert server.api("vessels/self").ok()["name"] == "Skiff"


@pytest.mark.parametrize("member", ["value", "meta", "$source", "timestamp", "pgn", "sentence", "values"])
def test_reserved_names_cannot_be_used_to_forge_a_leaf(server, feeder, member):
    feeder.put_values({"a.b": 1}, source="honest.1")
    feeder.put_values({f"a.b.{member}": "forged"}, source="forger.1")
    leaf = server.self_path("a.b").ok()
    assert leaf["value"] == 1
    assert leaf["$source"] == "honest.1"


# ---- names that other languages trip over ----


@pytest.mark.parametrize("name", ["__proto__", "constructor", "prototype"])
def test_prototype_names_are_refused_without_side_effects(server, feeder, name):
    feeder.values(good__before=1)
    feeder.feed(
        {"context": f"vessels.{name}", "updates": [update(("bad.one", 1))]},
        {"context": name, "updates": [update(("bad.one", 1))]},
        {"updates": [update((f"{name}.polluted", 1), ("good.beside", 1))]},
        {"updates": [update((f"a.{name}", 1)), update((f"a.{name}.b", 1))]},
        {"updates": [{"meta": [{"path": f"a.{name}.b", "value": {"units": "K"}}]}]},
    )
    feeder.values(good__after=2)
    tree = server.api("").ok()
    assert name not in tree["vessels"] and name not in tree
    assert name not in json.dumps(tree["vessels"])
    assert server.value("good.before") == 1 and server.value("good.after") == 2
    assert server.api(f"vessels/{name}").status == 404
    # a client that comes now gets its cached values as ever
    late = server.stream("?subscribe=all")
    late.hello()
    assert {"good.before", "good.after"} <= set(paths_in(late.collect_until(has_path("good.after"))))


# ---- what only the owner may say of the own vessel ----

STATIC = {
    "design.aisShipType": {"id": 36, "name": "Sailing"}, "design.beam": 3.2, "design.length": {"overall": 12}, "design.draft": {"maximum": 2},
    "sensors.gps.fromBow": 1, "sensors.gps.fromCenter": 1,
}


@pytest.mark.parametrize("source", ["ais.GP", "defaults"])
@pytest.mark.parametrize("context", [None, SELF])
def test_static_data_of_the_own_vessel_is_not_taken_from_the_network(server, feeder, source, context):
    """Not even when a client calls itself `defaults`."""
    feeder.put_values({"": {"name": "PIRATE", "mmsi": "666", "flag": "FI",
                            "communication": {"callsignVhf": "BAD1", "email": "a@b.c"}}}, context=context, source=source)
    feeder.put_values({**STATIC, "design.airHeight": 15}, context=context, source=source)
    vessel = server.api("vessels/self").ok()
    assert vessel["name"] == "Skiff"
    assert "mmsi" not in vessel
    assert vessel["flag"] == "FI"
    assert vessel["communication"] == {"email": "a@b.c"}
    assert {path: server.self_path(path).status for path in STATIC} == {path: 404 for path in STATIC}
    assert server.value("design.airHeight") == 15


def test_static_data_of_the_own_vessel_does_not_reach_clients_either(server, feeder):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    watcher.hello()
    feeder.put_values({"": {"name": "PIRATE"}, "design.beam": 99, "a.kept": 1}, source="ais.GP")
    feeder.put_values({"design.draft": {"maximum": 99}}, source="ais.GP")  # nothing left of this one: nothing is sent
    got = watcher.collect_until_marker(feeder.mark())
    got = [message for message in got if "test.marker" not in paths_in([message])]
    assert [values_in(message) for message in got] == [[(SELF, "ais.GP", "a.kept", 1)]]


def test_other_vessels_may_say_who_they_are(server, feeder):
    feeder.put_values({"": {"name": "OTHER", "communication": {"callsignVhf": "OH123"}}, "design.beam": 5},
                      context="vessels.urn:mrn:imo:mmsi:230099999", source="ais.AI")
    vessel = server.api("vessels/urn:mrn:imo:mmsi:230099999").ok()
    assert vessel["name"] == "OTHER"
    assert vessel["communication"]["callsignVhf"] == "OH123"
    assert vessel["design"]["beam"]["value"] == 5


# ---- members nobody knows ----


def test_unknown_members_reach_default_clients_but_not_the_tree(server, feeder):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    feeder.feed({"extra1": 1, "updates": [{"extra2": 2, "values": [{"path": "a.b", "value": 1, "extra3": 3}]}]})
    message = watcher.until(has_value("a.b", 1))
    assert set(server.self_path("a.b").ok()) == {"value", "$source", "timestamp"}
    assert message["extra1"] == 1
    assert message["updates"][0]["extra2"] == 2
    assert message["updates"][0]["values"][0]["extra3"] == 3
