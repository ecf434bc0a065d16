"""History: what was said comes back, in time windows, as a tree, and only to those who may see it."""
import json
import math
import random
import time
from datetime import datetime, timezone

import pytest

from harness.security import as_user, secure
from harness.server import SELF, SELF_ID
from harness.waiting import eventually

ON = {"enabled": True, "writeSeconds": 0.05}
API = "/signalk/v2/api/history"
OTHER = "vessels.urn:mrn:imo:mmsi:230099999"
START = 1790000000  # a round second


def iso(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def info(server, **how):
    return server.get("/skServer/history", **how).ok()


def recorded(server, count, **how):
    """Waits until so many values are on disk."""

    def enough():
        now = info(server, **how)
        assert now["values"] >= count and now["waitingBytes"] == 0, now
        return now

    return eventually(enough, f"{count} values on disk", 30)


def ask(server, paths, start=START, end=START + 3600, headers=None, **query):
    query = {"from": iso(start), "to": iso(end), "paths": paths, **query}
    return server.get(API + "/values?" + "&".join(f"{name}={value}" for name, value in query.items()), headers=headers)


@pytest.fixture
def recording(config, launch):
    config.settings(history=ON)
    return launch()


def feed(server, rows, source="s", context=None):
    """rows: (second, {path: value}). Returns when all is on disk."""
    before = info(server)["values"]
    feeder = server.feeder()
    for second, values in rows:
        feeder.send({**({"context": context} if context else {}), "updates": [
            {"$source": source, "timestamp": iso(second), "values": [{"path": path, "value": value} for path, value in values.items()]}]})
    feeder.mark()
    return recorded(server, before + sum(len(values) for _, values in rows) + 1)


# ---- the doors -----------------------------------------------------------------------------------------------------------------


def test_off_there_is_no_history(server):
    assert server.get("/skServer/history").ok() == {"state": "off"}
    for path in ("values?paths=a", "contexts", "paths"):
        answer = server.get(f"{API}/{path}")
        assert (answer.status, answer.json()) == (501, {"error": "No history api provider configured"})
    assert server.get(API + "/_providers").ok() == {}
    assert "history" not in server.get("/signalk/v2/features").ok()["apis"]
    assert not server.config.exists("serverState/history")


def test_on_it_is_told(recording):
    assert {"history", "historyplayback", "historysnapshot"} <= set(recording.get("/signalk/v2/features").ok()["apis"])
    assert recording.get(API + "/_providers").ok() == {"skiff": {"isDefault": True}}
    assert recording.get(API + "/_providers/_default").ok() == {"id": "skiff"}
    assert recording.post(API + "/_providers/_default/kip").status == 400
    events = recording.stream("?serverevents=all&subscribe=none")
    first = events.until(lambda message: message.get("type") == "HISTORYPROVIDERS")
    assert first["data"] == {"ids": ["skiff"], "defaultId": "skiff", "configuredAvailable": False}
    assert recording.post(API + "/_providers/_default/skiff").ok()["message"] == "Default provider set to skiff."
    assert events.until(lambda message: message.get("type") == "HISTORYPROVIDERS")["data"]["configuredAvailable"] is True
    assert recording.config.json("settings.json")["historyApi"] == {"defaultProvider": "skiff"}
    assert recording.get(API + "/_providers/_default").ok() == {"id": "skiff", "configured": "skiff"}


@pytest.mark.parametrize("query, words", [
    ("paths=a", "Either from or duration parameter is required"),
    ("from=yesterday&paths=a", "from parameter must be a valid ISO 8601 timestamp"),
    ("from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z&paths=a", "from parameter must be before to"),
    ("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&duration=PT1H&paths=a", "Cannot specify all of from, to, and duration"),
    ("duration=P1Y&paths=a", "duration parameter must be"),
    ("duration=-5&paths=a", "duration parameter must be"),
    ("duration=60", "paths parameter is required"),
    ("duration=60&paths=a:mode", "unknown aggregation method in 'a:mode'"),
    ("duration=60&paths=a:ema:2", "the parameter must be"),
    ("duration=60&paths=a&resolution=1y", "resolution parameter must be"),
    ("duration=60&paths=a&resolution=0", "resolution parameter must be"),
    ("duration=60&paths=a&sourcePolicy=some", "sourcePolicy parameter must be 'preferred' or 'all'"),
    ("from=1970-01-01T00:00:00Z&paths=a&resolution=1", "more than"),
    ("duration=60&paths=a&provider=kip", "Requested provider not found! kip"),
])
def test_mistakes_are_named(recording, query, words):
    answer = recording.get(f"{API}/values?{query}")
    assert answer.status == 400 and words in answer.json()["error"], answer.text


def test_several_mistakes_come_together(recording):
    text = recording.get(API + "/values?from=x&to=y&resolution=z").json()["error"]
    assert text.startswith("Validation errors: ") and text.count("parameter") == 4


# ---- values --------------------------------------------------------------------------------------------------------------------


EXACT = ["1", "-7", "0.1", "1.0", "1e3", "123456789012345678901234567890", "-0", "5e-324", "9007199254740993", "0.30000000000000004",
         "true", "null", '"text \\u00e4 \\" \\n"', '""', "[1,[2.50],{}]", '{"a":{"b":[null,1.10]}}', "1E+2", "9223372036854775807"]


@pytest.mark.parametrize("rest", ["at once", "after a restart"])
def test_values_come_back_as_they_went_in(recording, rest):
    feeder = recording.feeder()
    live = recording.stream("?sendCachedValues=false")
    live.hello()
    for i, text in enumerate(EXACT):
        feeder.send('{"updates":[{"$source":"s","timestamp":"%s","values":[{"path":"exact.v%d","value":%s}]}]}' % (iso(START + i), i, text))
    feeder.mark()
    seen = []
    for _ in EXACT:
        live.recv()
        seen.append(live.last_text.split('"value":')[1].removesuffix("}]}],\"context\":\"" + SELF + "\"}"))
    assert [json.loads(text, parse_int=float) for text in seen] == [json.loads(text, parse_int=float) for text in EXACT]
    recorded(recording, len(EXACT) + 1)
    if rest != "at once":
        recording.stop()
        recording.restart()
        recorded(recording, 0)
    stream = recording.stream(f"?startTime={iso(START)}&playbackRate=1000", path="/signalk/v1/playback")
    stream.hello()
    texts = [stream.recv_text() for _ in EXACT]
    for i, text in enumerate(seen):
        assert texts[i] == ('{"context":"%s","updates":[{"$source":"s","timestamp":"%s","values":[{"path":"exact.v%d","value":%s}]}]}'
                            % (SELF, iso(START + i), i, text))


def model(rows, path, method, resolution, start, end):
    """The answer's data for one path, worked out in Python."""
    windows = {}
    for second, values in rows:
        if path in values and start <= second <= end:
            windows.setdefault(math.floor(second / resolution) * resolution, []).append((second, values[path]))
    out = {}
    for window, pairs in windows.items():
        values = [value for _, value in sorted(pairs, key=lambda pair: pair[0])]
        numbers = sorted(values)
        out[window] = {
            "average": sum(values) / len(values), "min": numbers[0], "max": numbers[-1], "first": values[0], "last": values[-1],
            "mid": (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2,
            "middle_index": values[(len(values) - 1) // 2],
        }[method]
    return out


@pytest.mark.parametrize("seed", [1, 2])
def test_windows_are_what_a_simple_model_says(recording, seed):
    chance = random.Random(seed)
    seconds = sorted(chance.sample(range(0, 600), 150))
    rows = [(START + second, {path: round(chance.uniform(-50, 50), 3) for path in ("a.x", "a.y") if chance.random() < 0.7})
            for second in seconds]
    rows = [row for row in rows if row[1]]
    shuffled = rows[:]
    chance.shuffle(shuffled)  # late ones are put where they belong
    feed(recording, shuffled)
    for resolution in (1, 7, 60, 1000):
        for method in ("average", "min", "max", "first", "last", "mid", "middle_index"):
            start, end = START + chance.randrange(100), START + 300 + chance.randrange(300)
            answer = ask(recording, f"a.x:{method},a.y:{method}", start, end, resolution=resolution).ok()
            assert answer["context"] == SELF and answer["range"] == {"from": iso(start), "to": iso(end)}
            assert answer["values"] == [{"path": "a.x", "method": method}, {"path": "a.y", "method": method}]
            for column, path in enumerate(("a.x", "a.y"), 1):
                got = {row[0]: row[column] for row in answer["data"] if row[column] is not None}
                wanted = model(rows, path, method, resolution, start, end)
                assert got == {iso(window): pytest.approx(value) for window, value in wanted.items()}, (method, resolution)
            times = [row[0] for row in answer["data"]]
            assert times == sorted(set(times))


def test_smoothing(recording):
    feed(recording, [(START + 60 * i, {"a.x": value}) for i, value in enumerate([1, 2, 3, 4, 10])])
    answer = ask(recording, "a.x:sma:2,a.x:ema:0.5", resolution="1m").ok()
    assert [row[1:] for row in answer["data"]] == [[1, 1], [1.5, 1.5], [2.5, 2.25], [3.5, 3.125], [7, 6.5625]]


def test_the_mean_of_north_by_east_and_north_by_west_is_north(recording):
    feed(recording, [(START, {"navigation.headingTrue": 0.1, "a.number": 0.1}), (START + 1, {"navigation.headingTrue": 2 * math.pi - 0.1, "a.number": 6})])
    row = ask(recording, "navigation.headingTrue,a.number", resolution="1h").ok()["data"][0]
    assert min(row[1], 2 * math.pi - row[1]) < 1e-6 and row[2] == pytest.approx(3.05)


def test_a_position_is_a_pair_and_its_first_one(recording):
    feed(recording, [(START, {"navigation.position": {"latitude": 60.5, "longitude": 24.25}, "a.text": "x"}),
                     (START + 1, {"navigation.position": {"latitude": 61, "longitude": 25}, "a.text": "y"})])
    answer = ask(recording, "navigation.position,navigation.position:last,a.text,a.text:last", resolution="1h").ok()
    assert [column["method"] for column in answer["values"]] == ["first", "last", "average", "last"]
    assert answer["data"] == [[answer["data"][0][0], [24.25, 60.5], [25, 61], None, "y"]]


def test_one_source_or_each_of_them(recording):
    feed(recording, [(START, {"a.x": 1})], source="gps.1")
    feed(recording, [(START + 1, {"a.x": 3})], source="n2k-on-ve.can0.115")
    assert ask(recording, "a.x", resolution="1h").ok()["data"][0][1] == 2
    answer = ask(recording, "a.x|n2k-on-ve.can0.115", resolution="1h").ok()
    assert answer["values"] == [{"path": "a.x", "method": "average", "$source": "n2k-on-ve.can0.115"}] and answer["data"][0][1] == 3
    answer = ask(recording, "a.x:max", resolution="1h", sourcePolicy="all").ok()
    assert {column["$source"]: answer["data"][0][i] for i, column in enumerate(answer["values"], 1)} == {"gps.1": 1, "n2k-on-ve.can0.115": 3}


def test_the_forms_of_a_time_range(recording):
    now = time.time()
    feed(recording, [(now - 100, {"a.x": 1}), (now - 7200, {"a.x": 2})])

    def values(query):
        return [row[1] for row in recording.get(f"{API}/values?paths=a.x&resolution=10&{query}").ok()["data"]]

    assert values("duration=PT10M") == values("duration=600") == values(f"from={iso(now - 600)}") == [1]
    assert values(f"from={iso(now - 7300)}&duration=PT0H10M") == values(f"to={iso(now - 7000)}&duration=P1D") == [2]
    assert values("duration=P1W") == [2, 1]
    assert recording.get(API + "/values?paths=a.x&duration=PT3H").ok()["data"].__len__() == 2  # a resolution is chosen


def test_contexts_and_paths_that_have_data_then(config, launch):
    config.settings(history={**ON, "contexts": ["vessels.*"]})
    server = launch()
    feed(server, [(START, {"a.x": 1, "a.y": 1}), (START + 7200, {"a.z": 1})])
    feed(server, [(START + 10, {"b.x": 1})], context=OTHER)

    def names(what, start, end, more=""):
        return server.get(f"{API}/{what}?from={iso(start)}&to={iso(end)}{more}").ok()

    assert names("contexts", START, START + 60) == sorted([SELF, OTHER])
    assert names("contexts", START + 5, START + 60) == [OTHER]
    assert names("paths", START, START + 60) == ["a.x", "a.y", "b.x"]
    assert names("paths", START, START + 60, "&context=vessels.self") == ["a.x", "a.y"]
    assert names("paths", START + 60, START + 7200) == ["a.z"]
    assert names("paths", START - 60, START - 1) == []
    assert server.get(API + "/paths").status == 400
    assert ask(server, "b.x", context=OTHER, resolution="1h").ok()["data"][0][1] == 1


def test_what_is_recorded_is_chosen(config, launch):
    config.settings(history={**ON, "include": ["navigation.*", "test.*", "environment.*"], "exclude": ["environment.wind.*"], "minPeriodSeconds": 10})
    server = launch()
    feeder = server.feeder()
    for i in range(21):
        feeder.values(timestamp=iso(START + i), source="s", navigation__speedOverGround=i, navigation__state=str(i), environment__wind__speedTrue=1,
                      electrical__x=1, environment__depth__belowKeel=7)
    feeder.values(context=OTHER, timestamp=iso(START), navigation__speedOverGround=1)
    eventually(lambda: info(server)["waitingBytes"] == 0 and info(server)["valuesLeftOut"] >= 36, "all is looked at")
    paths = server.get(f"{API}/paths?from={iso(START)}&to={iso(START + 60)}").ok()
    assert [path for path in paths if not path.startswith("test.")] == ["environment.depth.belowKeel", "navigation.speedOverGround", "navigation.state"]
    rows = ask(server, "navigation.speedOverGround:last,navigation.state:last", resolution=1).ok()["data"]
    assert [row[1] for row in rows if row[1] is not None] == [0, 10, 20]
    assert [row[2] for row in rows] == [str(i) for i in range(21)]  # a state that lasted a second is none to be left out
    assert server.get(f"{API}/contexts?from={iso(START)}").ok() == [SELF]


def test_settings_that_cannot_be_used_are_said(config, launch):
    config.settings(history={**ON, "maxMiB": "much", "days": -1, "include": "all"})
    server = launch()
    for name in ("maxMiB", "days", "include"):
        server.wait_log(rf"WARN settings: history\.{name} must be")
    recorded(server, 0)
    assert info(server)["bytesMax"] == 1024 * 1024 * 1024


# ---- the tree at a time ---------------------------------------------------------------------------------------------------------


def snapshot(server, path, second, **how):
    return server.get(f"/signalk/v1/snapshot/{path}?time={iso(second)}", **how)


def test_the_tree_as_it_was(recording):
    feed(recording, [(START, {"navigation.speedOverGround": 1.5, "": {"flag": "NL"}}), (START + 100, {"navigation.speedOverGround": 2.5})], source="a")
    feed(recording, [(START + 50, {"navigation.speedOverGround": 9})], source="b")
    leaf = snapshot(recording, "vessels/self/navigation/speedOverGround", START + 60).ok()
    assert (leaf["value"], leaf["$source"], leaf["timestamp"]) == (9, "b", iso(START + 50))
    assert {source: entry["value"] for source, entry in leaf["values"].items()} == {"a": 1.5, "b": 9}
    assert snapshot(recording, "vessels/self/navigation/speedOverGround/value", START).ok() == 1.5
    assert snapshot(recording, f"vessels/{SELF_ID}/flag", START + 200).ok() == "NL"
    whole = snapshot(recording, "", START + 200).ok()
    assert whole["self"] == SELF and whole["vessels"][SELF_ID]["navigation"]["speedOverGround"]["value"] == 2.5
    old = recording.get(f"/signalk/v1/api/snapshot/vessels/self?time={iso(START)}").ok()
    assert old["navigation"]["speedOverGround"]["value"] == 1.5
    for path, second in (("vessels/self", START - 1), ("vessels/self", START + 3 * 86400), ("vessels/self/environment", START), ("vessels/urn:x", START)):
        answer = snapshot(recording, path, second)
        assert (answer.status, answer.text) == (404, "No data found for the given time")


# ---- who may see it --------------------------------------------------------------------------------------------------------------


def test_the_past_keeps_the_access_lists(config, launch):
    acls = [{"context": "vessels.self", "resources": [
        {"paths": ["navigation.*"], "permissions": [{"subject": "any", "permission": "read"}, {"subject": "wim", "permission": "write"}]},
        {"paths": ["secret.*", "test.*"], "permissions": [{"subject": "anna", "permission": "read"}, {"subject": "wim", "permission": "write"}]}]}]
    server = launch(folder=secure(config, {"history": ON}, acls=acls))
    stream = server.stream("?subscribe=none", headers=as_user("wim"))
    stream.send({"updates": [{"$source": "s", "timestamp": iso(START), "values": [{"path": "navigation.x", "value": 1}, {"path": "secret.y", "value": 2}]}]})
    recorded(server, 2, headers=as_user("anna"))
    assert server.get("/skServer/history", headers=as_user("wim")).status == 403
    for user, seen in (("anna", 2), ("rita", None)):
        who = {"headers": as_user(user)}
        assert ask(server, "navigation.x,secret.y", resolution="1h", **who).ok()["data"][0][1:] == [1, seen]
        assert snapshot(server, "vessels/self/secret/y/value", START, **who).status == (200 if seen else 404)
        paths = server.get(f"{API}/paths?from={iso(START)}&to={iso(START + 1)}", **who).ok()
        assert paths == (["navigation.x", "secret.y"] if seen else ["navigation.x"])
        play = server.stream(f"?startTime={iso(START - 1)}", path="/signalk/v1/playback", **who)
        play.hello()
        assert [entry["path"] for entry in play.recv()["updates"][0]["values"]] == (["navigation.x", "secret.y"] if seen else ["navigation.x"])
    for path in (f"{API}/values?paths=a&duration=60", f"{API}/paths?duration=60", f"/signalk/v1/snapshot/vessels/self?time={iso(START)}"):
        assert server.get(path).status == 401
    assert server.post(API + "/_providers/_default/skiff", headers=as_user("wim")).status == 403
