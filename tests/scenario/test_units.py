"""Display units: metadata tells clients how people want to see a value."""
import pytest

from harness.streams import metas_in
from harness.waiting import eventually

API = "/signalk/v1/unitpreferences/"
SPEED = "navigation.speedOverGround"
KNOTS = {"category": "speed", "targetUnit": "kn", "formula": "value * 1.94384", "inverseFormula": "value * 0.514444", "symbol": "kn", "displayFormat": "0.0"}
OWN_PRESET = {"version": "1.0.0", "name": "Mine", "description": "of mine", "categories": {
    "speed": {"baseUnit": "m/s", "targetUnit": "km/h", "displayFormat": "0.00"}}}


def meta(server, path):
    return server.self_path(path + ".meta").ok()


def display(server, path):
    return meta(server, path).get("displayUnits")


def set_meta(server, path, value):
    answer = server.put("/signalk/v1/api/vessels/self/" + path.replace(".", "/") + "/meta", {"value": value})
    assert answer.status == 202, answer
    return answer


# ---- what is shown ----

@pytest.mark.parametrize("path, category, unit, symbol", [
    (SPEED, "speed", "kn", "kn"),
    ("navigation.headingTrue", "angle", "degree", "°"),
    ("environment.water.temperature", "temperature", "C", "°C"),
    ("environment.outside.pressure", "pressure", "mbar", "mbar"),
    ("environment.depth.belowKeel", "depth", "m", "m"),
    ("navigation.log", "distance", "naut-mile", "nmi"),
    ("propulsion.port.revolutions", "frequency", "rpm", "rpm"),
    ("electrical.batteries.house.capacity.stateOfCharge", "percentage", "percent", "%"),
])
def test_the_default_preset_is_nautical(server, path, category, unit, symbol):
    found = display(server, path)
    assert (found["category"], found["targetUnit"], found["symbol"]) == (category, unit, symbol)
    assert found["formula"] and found["inverseFormula"]


def test_an_instrument_asks_before_there_is_a_value(server):
    assert display(server, SPEED) == KNOTS
    assert list(meta(server, SPEED)) == ["description", "units", "displayUnits"]


def test_the_same_unit_needs_no_formula(server):
    found = display(server, "environment.depth.belowKeel")
    assert (found["formula"], found["inverseFormula"], found["symbol"]) == ("value", "value", "m")


def test_paths_that_nobody_knows_go_by_their_unit(server, feeder):
    feeder.feed({"updates": [{"meta": [{"path": "a.b", "value": {"units": "m"}}, {"path": "a.c", "value": {"units": "zorkmids"}}]}]})
    assert display(server, "a.b")["category"] == "distance"
    assert display(server, "a.c") is None


def test_everywhere_in_the_tree_of_vessels_the_same(server, feeder):
    depth = "environment.depth.belowKeel"
    feeder.put_values({depth: 3, SPEED: 1})
    for read in (server.self_path(depth).ok()["meta"], server.self_path("environment").ok()["depth"]["belowKeel"]["meta"],
                 server.api("").ok()["vessels"]["urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"]["environment"]["depth"]["belowKeel"]["meta"],
                 server.api("vessels/self/meta").ok()[depth]):
        assert read["displayUnits"]["category"] == "depth"
    assert server.self_path(depth).ok()["meta"]["displayUnits"]["category"] == "depth"


def test_other_roots_are_shown_as_they_are(server, feeder):
    feeder.put_values({SPEED: 1}, context="aircraft.urn:mrn:imo:mmsi:111")
    assert "displayUnits" not in server.api("aircraft/urn:mrn:imo:mmsi:111/navigation/speedOverGround").ok()["meta"]


def test_send_meta_has_them_live_metadata_does_not(server, feeder):
    stream = server.stream("?subscribe=self&sendMeta=all&sendCachedValues=false")
    feeder.put_values({SPEED: 1})
    announced = stream.until(lambda m: any(path == SPEED for _, path, _ in metas_in(m)))
    assert metas_in(announced)[0][2]["displayUnits"] == KNOTS
    feeder.feed({"updates": [{"meta": [{"path": SPEED, "value": {"shortName": "SOG"}}]}]})
    live = stream.until(lambda m: any(path == SPEED for _, path, _ in metas_in(m)))
    assert metas_in(live)[0][2] == {"shortName": "SOG"}


# ---- what a path wants ----

def test_a_path_has_its_own_unit(server):
    set_meta(server, SPEED, {"displayUnits": {"category": "speed", "targetUnit": "mph", "displayFormat": "0"}})
    found = eventually(lambda: display(server, SPEED)["targetUnit"] == "mph" and display(server, SPEED))
    assert (found["symbol"], found["displayFormat"]) == ("mph", "0") and found["formula"].startswith("value * 2.23")


def test_base_and_custom(server, feeder):
    feeder.feed({"updates": [{"meta": [
        {"path": "a.base", "value": {"units": "m/s", "displayUnits": {"category": "base"}}},
        {"path": "a.own", "value": {"units": "m/s", "displayUnits": {"category": "custom", "targetUnit": "furlong/fortnight", "formula": "value * 6012.88", "inverseFormula": "value / 6012.88"}}},
        {"path": "a.known", "value": {"units": "m/s", "displayUnits": {"category": "custom", "targetUnit": "kn"}}},
        {"path": "a.wrong", "value": {"units": "m", "displayUnits": {"category": "length", "targetUnit": "fathomless"}}}]}]})
    assert display(server, "a.base") == {"category": "base", "targetUnit": "m/s", "formula": "value", "inverseFormula": "value", "symbol": "m/s"}
    assert display(server, "a.own")["symbol"] == "furlong/fortnight"
    assert display(server, "a.known")["formula"] == KNOTS["formula"]
    assert display(server, "a.wrong") == {"category": "length", "targetUnit": "fathomless"}, "as it was stored"


@pytest.mark.parametrize("value, message", [
    ({"displayUnits": {"category": "temperature"}}, 'Category "temperature" requires SI unit "K" but path has "m"'),
    ({"displayUnits": {"category": "zorkmids"}}, "Unknown category: zorkmids"),
])
def test_a_category_must_fit(server, value, message):
    base = "/signalk/v1/api/vessels/self/environment/depth/belowKeel/meta"
    for path, body in ((base, value), (base + "/displayUnits", value["displayUnits"])):
        answer = server.put(path, {"value": body})
        assert (answer.status, answer.json()["message"]) == (400, message)
    assert server.put(base, {"value": {"displayUnits": {"category": "length"}}}).status == 202


# ---- preferences ----

def test_reading(server):
    assert server.get(API + "config").ok() == {"activePreset": "nautical-metric"}
    active = server.get(API + "active").ok()
    assert active["categories"]["speed"] == {"baseUnit": "m/s", "targetUnit": "kn", "displayFormat": "0.0", "formula": KNOTS["formula"], "inverseFormula": KNOTS["inverseFormula"], "symbol": "kn"}
    assert [p["name"] for p in server.get(API + "presets").ok()["builtIn"]] == [
        "imperial-uk", "imperial-us", "metric", "nautical-imperial-uk", "nautical-imperial-us", "nautical-metric"]
    assert server.get(API + "presets/metric").ok()["categories"]["speed"]["targetUnit"] == "km/h"
    categories = server.get(API + "categories").ok()
    assert categories["categoryToBaseUnit"]["speed"] == "m/s" and categories["categoryToBaseUnit"]["Memory"] == "MB"
    assert "speed" in categories["coreCategories"] and "Memory" not in categories["coreCategories"]
    definitions = server.get(API + "definitions").ok()
    assert definitions["m/s"]["conversions"]["kn"]["symbol"] == "kn" and "Gigabyte" in definitions["MB"]["conversions"]
    assert server.get(API + "default-category/navigation.speedOverGround").ok() == {"path": SPEED, "category": "speed"}
    assert server.get(API + "default-category/propulsion/port/revolutions").ok()["category"] == "frequency"
    assert server.get(API + "default-category/nobody.knows").ok()["category"] is None
    assert "speed" in server.get(API + "default-categories").ok()["categories"]
    primary = server.get(API + "primary-categories").ok()
    assert primary["ambiguousUnits"]["m"] == ["distance", "depth", "length"] and primary["effectivePrimary"]["m"] == "distance"
    assert server.put(API + "primary-categories", {"m": "depth"}).status == 401
    assert server.get(API + "presets/nope").status == 404
    assert server.get(API + "presets/n%20o").status == 400


def test_another_preset_is_in_effect_at_once_and_kept(server, feeder, config):
    stream = server.stream("?subscribe=self&sendMeta=all&sendCachedValues=false")
    feeder.put_values({SPEED: 1})
    assert server.put(API + "config", {"activePreset": "metric"}).ok() == {"success": True}
    assert display(server, SPEED)["targetUnit"] == "km/h"
    again = stream.until(lambda m: any(path == SPEED and value["displayUnits"]["targetUnit"] == "km/h" for _, path, value in metas_in(m)))
    assert again["updates"][0].keys() == {"timestamp", "meta"}
    server.kill()
    server.restart()
    assert server.get(API + "config").ok() == {"activePreset": "metric"}
    assert display(server, SPEED)["targetUnit"] == "km/h"
    assert config.json("unitpreferences/config.json") == {"activePreset": "metric"}
    assert server.put(API + "config", {"activePreset": "nope"}).status == 400


def test_an_own_preset(server, config):
    assert server.put(API + "presets/custom/mine", OWN_PRESET).ok() == {"success": True}
    assert server.get(API + "presets").ok()["custom"] == [{"name": "mine", "displayName": "Mine", "description": "of mine"}]
    server.put(API + "config", {"activePreset": "mine"}).ok()
    assert (display(server, SPEED)["targetUnit"], display(server, SPEED)["displayFormat"]) == ("km/h", "0.00")
    assert display(server, "navigation.headingTrue") is None, "the preset says nothing of angles"
    server.stop()
    server.restart()
    assert display(server, SPEED)["displayFormat"] == "0.00"
    assert config.json("unitpreferences/presets/custom/mine.json") == OWN_PRESET
    assert server.delete(API + "presets/custom/mine").ok() == {"success": True}
    assert not config.exists("unitpreferences/presets/custom/mine.json")
    assert display(server, SPEED) == KNOTS
    assert server.delete(API + "presets/custom/mine").status == 404


@pytest.mark.parametrize("name, change, error", [
    ("metric", {}, "Cannot overwrite built-in preset"),
    ("a.b", {}, "Invalid preset name"),
    ("mine", {"version": 1}, 'Missing or invalid "version"'),
    ("mine", {"name": None}, 'Missing or invalid "name"'),
    ("mine", {"categories": {}}, "categories cannot be empty"),
    ("mine", {"categories": {"speed": {"baseUnit": "m/s"}}}, '"speed": missing targetUnit'),
    ("mine", {"categories": {"speed": {"baseUnit": "m/s", "targetUnit": "warp"}}}, '"speed": "warp" not in m/s conversions'),
])
def test_wrong_presets(server, name, change, error):
    answer = server.put(API + "presets/custom/" + name, {**OWN_PRESET, **change})
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_own_units_and_categories(server, feeder, config):
    units = {"m/s": {"conversions": {"knots10": {"formula": "value * 19.4384", "inverseFormula": "value / 19.4384", "symbol": "dkn"}}}}
    server.put(API + "custom-definitions", units).ok()
    server.put(API + "custom-categories", {"current speed": "m/s"}).ok()
    assert server.get(API + "custom-definitions").ok() == units
    merged = server.get(API + "definitions").ok()["m/s"]["conversions"]
    assert "kn" in merged and merged["knots10"]["symbol"] == "dkn"
    set_meta(server, SPEED, {"displayUnits": {"category": "current speed", "targetUnit": "knots10"}})
    eventually(lambda: display(server, SPEED)["symbol"] == "dkn")
    server.stop()
    server.restart()
    assert display(server, SPEED)["symbol"] == "dkn"
    assert config.json("unitpreferences/custom-categories.json") == {"current speed": "m/s"}


@pytest.mark.parametrize("formula", ["", "value; drop", "value * (2", "value) * (2", "[value]", 7, "v" * 501])
def test_formulas_are_looked_at(server, formula):
    answer = server.put(API + "custom-definitions", {"m/s": {"conversions": {"x": {"formula": formula}}}})
    assert answer.status == 400 and answer.json()["error"].startswith("Invalid formula for m/s -> x: ")


def test_broken_files_are_said_and_survived(config, launch):
    config.write("unitpreferences/config.json", "{")
    config.write("unitpreferences/custom-categories.json", {"a": 1})
    config.write("unitpreferences/presets/custom/bad.json", {"version": "1"})
    server = launch()
    server.wait_log("unit preferences not used: .*config.json")
    server.wait_log("unit preferences not used: .*custom-categories.json")
    server.wait_log("unit preset not used: .*bad.json")
    assert display(server, SPEED) == KNOTS
