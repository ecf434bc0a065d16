"""Resources with no plugin: routes, waypoints, notes, regions and charts are kept as files, and nothing leaves their folder."""
import http.client
import json
import os
import threading
import urllib.parse
import uuid

import pytest

from harness.server import SELF
from harness.streams import has_path, values_in

API = "/signalk/v2/api/resources"
FOLDER = "plugin-config-data/resources-provider/resources"


def feature(kind, coordinates, **properties):
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def waypoint(name="W", lon=23.5, lat=60.06):
    return {"name": name, "feature": feature("Point", [lon, lat])}


def square(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


GOOD = {
    "routes": {"name": "R", "distance": 12.5, "feature": feature("LineString", [[23.5, 60.0], [23.6, 60.1]],
                                                                 coordinatesMeta=[{"name": "Start"}, {"name": "End"}])},
    "waypoints": waypoint(),
    "notes": {"title": "N", "position": {"latitude": 60.0, "longitude": 23.5}, "mimeType": "text/plain"},
    "regions": {"name": "A", "feature": feature("Polygon", [square(23, 60, 24, 61)])},
    "charts": {"identifier": "chart-0001", "name": "C", "type": "tilelayer", "bounds": [23, 60, 24, 61], "format": "png",
               "minzoom": 3, "maxzoom": 16, "scale": 250000, "url": "/charts/{z}/{x}/{y}"},
}


def create(server, kind, value):
    answer = server.post(f"{API}/{kind}", json=value)
    assert answer.status == 201, answer
    made = answer.json()
    assert made == {"state": "COMPLETED", "statusCode": 201, "id": made["id"]}
    return made["id"]


def done(answer, name):
    assert answer.ok() == {"state": "COMPLETED", "statusCode": 200, "message": name}


def refused(answer, status=400):
    assert answer.status == status, answer
    said = answer.json()
    assert (said["state"], said["statusCode"]) == ("FAILED", status), said
    return said["message"]


def without_stamp(resource):
    return {name: value for name, value in resource.items() if name not in ("timestamp", "$source")}


def test_the_standard_types_are_there_without_any_plugin(server):
    types = server.get(API).ok()
    assert set(types) == set(GOOD)
    assert types["routes"] == {"description": "Path containing route resources"}
    assert server.get(API + "/").ok() == types
    assert "resources" in server.get("/signalk/v2/features").ok()["apis"]
    assert server.get("/signalk/v2/features?enabled=0").ok()["apis"] == []
    assert server.get(API + "/tracks").status == 404


@pytest.mark.parametrize("kind", list(GOOD))
def test_what_is_created_is_listed_read_changed_and_deleted(server, config, kind):
    name = create(server, kind, GOOD[kind])
    if kind == "charts":
        assert name == "chart-0001"
    else:
        assert uuid.UUID(name).version == 4
    one = server.get(f"{API}/{kind}/{name}").ok()
    assert without_stamp(one) == GOOD[kind]
    assert one["$source"] == "resources-provider" and one["timestamp"].endswith("Z")
    assert server.get(f"{API}/{kind}").ok() == {name: one}
    assert config.json(f"{FOLDER}/{kind}/{name}") == GOOD[kind]

    changed = {**GOOD[kind], "description": "changed", "timestamp": "x", "$source": "y"}
    done(server.put(f"{API}/{kind}/{name}", changed), name)
    assert without_stamp(server.get(f"{API}/{kind}/{name}").ok()) == {**GOOD[kind], "description": "changed"}

    done(server.delete(f"{API}/{kind}/{name}"), name)
    assert refused(server.get(f"{API}/{kind}/{name}"), 404) == f"Resource not found! ({name})"
    assert server.delete(f"{API}/{kind}/{name}").status == 404
    assert server.get(f"{API}/{kind}").ok() == {}
    assert not config.exists(f"{FOLDER}/{kind}/{name}")


def test_a_put_with_a_new_id_creates(server):
    name = str(uuid.uuid4())
    done(server.put(f"{API}/waypoints/{name}", waypoint("mine")), name)
    assert server.get(f"{API}/waypoints/{name}").ok()["name"] == "mine"


def test_properties_have_paths_of_their_own(server):
    name = create(server, "waypoints", waypoint())
    one = server.get(f"{API}/waypoints/{name}").ok()
    stamp = {"timestamp": one["timestamp"], "$source": "resources-provider"}
    assert server.get(f"{API}/waypoints/{name}/feature/geometry").ok() == {"value": {"type": "Point", "coordinates": [23.5, 60.06]}, **stamp}
    assert server.get(f"{API}/waypoints/{name}/feature/geometry/coordinates/1").ok() == {"value": 60.06, **stamp}
    assert server.get(f"{API}/waypoints/{name}/name/").ok()["value"] == "W"
    for missing in ("nope", "feature/nope/deeper", "feature/geometry/coordinates/7", "name/x"):
        refused(server.get(f"{API}/waypoints/{name}/{missing}"), 404)
    assert server.get(f"{API}/waypoints/{name}/" + "/".join("x" * 40)).status == 404


def test_every_write_is_told_to_subscribers_but_not_kept_in_the_v1_tree(server):
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("resources.*")
    name = create(server, "waypoints", waypoint())
    path = "resources.waypoints." + name
    assert values_in(stream.until(has_path(path))) == [(SELF, "resources-provider", path, waypoint())]
    server.put(f"{API}/waypoints/{name}", waypoint("new"))
    assert values_in(stream.until(has_path(path)))[0][3]["name"] == "new"
    server.delete(f"{API}/waypoints/{name}")
    assert values_in(stream.until(has_path(path))) == [(SELF, "resources-provider", path, None)]
    assert server.api("vessels/self/resources").status == 404


def test_refused_writes_are_not_told(server):
    stream = server.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("resources.*")
    refused(server.post(f"{API}/waypoints", json={"name": "x"}))
    refused(server.put(f"{API}/waypoints/not-an-id", waypoint()))
    name = create(server, "notes", GOOD["notes"])
    came = stream.collect_until(has_path("resources.notes." + name))
    assert len(came) == 1


def test_a_missing_member_is_named_as_schema_validators_do(server):
    message = refused(server.post(f"{API}/waypoints", json={"name": "x"}))
    assert json.loads(message) == [{"keyword": "required", "dataPath": "", "schemaPath": "#/required",
                                    "params": {"missingProperty": "feature"},
                                    "message": "should have required property 'feature'"}]


BAD = [
    ("routes", {"feature": feature("LineString", [[1, 2]])}, ".feature.geometry.coordinates", "fewer than 2"),
    ("routes", {"feature": feature("Point", [1, 2])}, ".feature.geometry.type", "allowed values"),
    ("routes", {"feature": feature("LineString", [[1, 2], [3]])}, ".feature.geometry.coordinates[1]", "fewer than 2"),
    ("routes", {"feature": feature("LineString", [[1, 2], [3, "x"]])}, ".feature.geometry.coordinates[1][1]", "should be number"),
    ("routes", {**GOOD["routes"], "distance": -1}, ".distance", "should be >= 0"),
    ("routes", {"feature": feature("LineString", [[1, 2], [3, 4]], coordinatesMeta=[{"href": "/etc/passwd"}])},
     ".feature.properties.coordinatesMeta[0].href", "pattern"),
    ("waypoints", {"feature": {"type": "Feature", "geometry": {"type": "Point"}}}, ".feature.geometry", "'coordinates'"),
    ("waypoints", {**waypoint(), "name": 7}, ".name", "should be string"),
    ("waypoints", {"feature": "x"}, ".feature", "should be object"),
    ("waypoints", [], "", "should be object"),
    ("notes", {"title": "no place"}, "", "'position'"),
    ("notes", {"position": {"latitude": 91, "longitude": 0}}, ".position.latitude", "<= 90"),
    ("notes", {"position": {"latitude": 1}}, ".position", "'longitude'"),
    ("notes", {"href": "/resources/waypoints/not-a-uuid"}, ".href", "pattern"),
    ("notes", {"position": {"latitude": 1, "longitude": 1}, "properties": []}, ".properties", "should be object"),
    ("regions", {"feature": feature("LineString", [[1, 2], [3, 4]])}, ".feature.geometry.type", "allowed values"),
    ("regions", {"feature": feature("Polygon", [[1, 2]])}, ".feature.geometry.coordinates[0][0]", "should be array"),
    ("charts", {"name": "x"}, "", "'type'"),
    ("charts", {"type": "paper"}, ".type", "allowed values"),
    ("charts", {**GOOD["charts"], "bounds": [1, 2, 3]}, ".bounds", "fewer than 4"),
    ("charts", {**GOOD["charts"], "minzoom": 31}, ".minzoom", "<= 30"),
    ("charts", {**GOOD["charts"], "format": "tiff"}, ".format", "allowed values"),
    ("charts", {**GOOD["charts"], "scale": 0}, ".scale", ">= 1"),
    ("charts", {**GOOD["charts"], "layers": [1]}, ".layers[0]", "should be string"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_an_invalid_body_is_refused_with_what_is_wrong_and_where(server, number):
    kind, value, where, what = BAD[number]
    for answer in (server.post(f"{API}/{kind}", json=value),
                   server.put(f"{API}/{kind}/{'chart-0009' if kind == 'charts' else uuid.uuid4()}", value)):
        error, = json.loads(refused(answer))
        assert error["dataPath"] == where and what in error["message"], error
    assert server.get(f"{API}/{kind}").ok() == {}


def test_a_body_that_is_no_json_is_refused(server):
    assert "not JSON" in refused(server.post(f"{API}/waypoints", body="{nope", headers={"Content-Type": "application/json"}))
    deep = '{"feature":' * 150 + "1" + "}" * 150
    assert server.put(f"{API}/waypoints/{uuid.uuid4()}", body=deep).status in (400, 413)


def test_a_resource_that_is_too_large_is_refused(server, config):
    big = {**waypoint(), "description": "x" * 1_100_000}
    assert server.post(f"{API}/waypoints", json=big).status == 507
    assert server.get(f"{API}/waypoints").ok() == {}
    assert not config.exists(f"{FOLDER}/waypoints") or not list((config.path / FOLDER / "waypoints").iterdir())


# ---- queries ----

def places(server):
    return {name: create(server, "waypoints", waypoint(name, lon, lat))
            for name, lon, lat in (("near", 23.5, 60.06), ("far", 24.9, 60.1), ("west", -70.0, 40.0), ("fiji", 179.5, -17.0))}


def names(server, query, kind="waypoints"):
    return {one["name"] for one in server.get(f"{API}/{kind}?{query}").ok().values()}


def test_lists_can_be_limited_to_a_box_a_distance_a_number(server, feeder):
    places(server)
    assert names(server, "bbox=[23,60,24,61]") == {"near"}
    assert names(server, "bbox=[23,60,25,61]") == {"near", "far"}
    assert names(server, "bbox=[170,-20,-60,50]") == {"fiji", "west"}, "across the antimeridian"
    assert names(server, "position=[23.5,60.07]&distance=2000") == {"near"}
    assert names(server, "position=[-179.9,-17]&distance=80000") == {"fiji"}
    assert len(server.get(f"{API}/waypoints?limit=2").ok()) == 2
    assert server.get(f"{API}/waypoints?limit=0").ok() == {}
    assert "position" in refused(server.get(f"{API}/waypoints?distance=1000"))
    feeder.values(navigation__position={"longitude": 24.9, "latitude": 60.1})
    assert names(server, "distance=1000") == {"far"}, "the vessel's own position"


def test_a_line_or_area_counts_where_it_touches(server):
    create(server, "regions", GOOD["regions"])
    create(server, "routes", GOOD["routes"])
    assert names(server, "bbox=[23.9,60.9,30,70]", "regions") == {"A"}
    assert names(server, "bbox=[24.1,60.9,30,70]", "regions") == set()
    assert names(server, "bbox=[23.55,60.05,23.58,60.07]", "routes") == {"R"}


def test_notes_can_be_asked_by_what_they_belong_to(server):
    target = "/resources/waypoints/" + str(uuid.uuid4())
    create(server, "notes", {"title": "a", "href": target, "properties": {"group": "trip"}})
    create(server, "notes", {"title": "b", "position": {"latitude": 1, "longitude": 1}})
    by_href = server.get(f"{API}/notes?href={urllib.parse.quote(target, safe='')}").ok()
    assert [note["title"] for note in by_href.values()] == ["a"]
    assert [note["title"] for note in server.get(f"{API}/notes?group=trip").ok().values()] == ["a"]


@pytest.mark.parametrize("query, where, what", [
    ("limit=abc", ".query.limit", "should be integer"),
    ("limit=1.5", ".query.limit", "should be integer"),
    ("bbox=5", ".query.bbox", "should be array"),
    ("bbox=[1,2,3]", ".query.bbox", "fewer than 4"),
    ("bbox=[1,2,3,%22x%22]", ".query.bbox[3]", "should be number"),
    ("position=[1]", ".query.position", "fewer than 2"),
    ("distance=-1", ".query.distance", "should be number"),
])
def test_a_bad_query_is_refused(server, query, where, what):
    error, = json.loads(refused(server.get(f"{API}/waypoints?{query}")))
    assert error["dataPath"] == where and what in error["message"]


# ---- providers ----

def test_the_built_in_provider_is_named(server):
    assert server.get(f"{API}/routes/_providers").ok() == ["resources-provider"]
    assert server.get(f"{API}/routes/_providers/_default").ok() == "resources-provider"
    chosen = server.post(f"{API}/routes/_providers/_default/resources-provider")
    assert (chosen.status, chosen.json()) == (201, {"state": "COMPLETED", "statusCode": 201, "message": "resources-provider"})
    assert refused(server.post(f"{API}/routes/_providers/_default/nobody")) == "Resource provider not found for routes!"
    assert refused(server.get(f"{API}/routes?provider=nobody")) == "Resource provider not found for routes!"
    refused(server.get(f"{API}/tracks/_providers/_default"), 404)


def test_types_can_be_added_and_taken_away_by_its_configuration(config, launch):
    config.write("plugin-config-data/resources-provider.json", {"enabled": True, "configuration": {
        "standard": {"routes": True, "charts": False}, "custom": [{"name": "fishing", "description": "Spots"}, {"name": "../up"}]}})
    server = launch()
    assert set(server.get(API).ok()) == {"routes", "waypoints", "notes", "regions", "fishing"}
    done(server.put(f"{API}/fishing/good:spot.1", {"anything": 1}), "good:spot.1")
    assert config.json(f"{FOLDER}/fishing/good:spot.1") == {"anything": 1}
    assert server.get(f"{API}/charts").status == 404
    server.wait_log("custom resource type 2 left out")


# ---- nothing leaves the folder ----

ESCAPES = ["..", ".", "%2e%2e", "..%2f..%2fsettings.json", "%2e%2e%2f%2e%2e%2fsettings.json", "..%5c..%5cx", "%2fetc%2fpasswd",
           "x%00", "%00", ".hidden", "a%2fb", "a%5cb", "....", "%c0%ae%c0%ae", "..%252f..%252fx", "-rf", "a%20b", "a%0ab", "~root",
           "00000000-0000-4000-8000-000000000000.tmp", "00000000-0000-4000-8000-00000000000%2f", "x" * 300]


def kept(config):
    """All files and what is in them, but for those that tell of the run itself."""
    return {file: file.read_bytes() for file in config.path.rglob("*") if file.is_file() and not file.name.startswith("skiff-")}


@pytest.mark.parametrize("verb", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_id_leaves_the_folder_on_any_verb(server, config, verb):
    config.write("plugin-config-data/resources-provider/resources/settings.json", "untouched")
    before = kept(config)
    for kind in ("waypoints", "charts"):
        for escape in ESCAPES:
            body = {"json": GOOD[kind]} if verb == "PUT" else {}
            answer = server.request(verb, f"{API}/{kind}/{escape}", **body)
            assert answer.status in (400, 404), (kind, escape, answer)
    assert kept(config) == before


@pytest.mark.parametrize("escape", ["..", "%2e%2e", "..%2f..", ".hidden", "_x", "a%2fb", "%00", "a%5cb"])
def test_no_type_leaves_the_folder(server, config, escape):
    before = kept(config)
    name = str(uuid.uuid4())
    for verb in ("GET", "PUT", "DELETE"):
        assert server.request(verb, f"{API}/{escape}/{name}", json={} if verb == "PUT" else None).status in (400, 404)
    assert server.post(f"{API}/{escape}", json={}).status in (400, 404)
    assert kept(config) == before


def test_a_chart_cannot_choose_an_id_that_leaves_the_folder(server, config):
    for bad in ("../../settings", "short", "with space", "a/b/c/d/e/f", "", 5):
        answer = server.post(f"{API}/charts", json={"type": "WMS", "identifier": bad})
        assert answer.status == 400, (bad, answer)
    assert not (config.path / FOLDER / "charts").exists() or not list((config.path / FOLDER / "charts").iterdir())


# ---- files ----

def test_files_of_the_node_server_are_taken_over(config, launch):
    name = str(uuid.uuid4())
    config.write(f"{FOLDER}/waypoints/{name}", json.dumps(waypoint("old"), indent=2))
    config.write(f"{FOLDER}/waypoints/{uuid.uuid4()}", "{broken")
    config.write(f"{FOLDER}/waypoints/{uuid.uuid4()}", "[1]")
    config.write(f"{FOLDER}/waypoints/README", "no resource")
    leftover = config.write(f"{FOLDER}/waypoints/{name}.1-1.tmp", "{")
    server = launch()
    assert [one["name"] for one in server.get(f"{API}/waypoints").ok().values()] == ["old"]
    assert len(server.wait_log(r"left out: .*waypoints").string) > 0
    assert not leftover.exists() and config.exists(f"{FOLDER}/waypoints/README")


def test_lists_are_in_the_order_of_names(server):
    for _ in range(20):
        create(server, "waypoints", waypoint())
    listed = list(server.get(f"{API}/waypoints").ok())
    assert listed == sorted(listed) and len(listed) == 20


def test_nothing_that_was_answered_for_is_lost_by_kill_9(launcher, config):
    """Some writers at once, and the plug is pulled in the middle of it; each round starts on what the last one left.
    SKIFF_KILLS=1000 for as many rounds."""
    server = launcher().start()
    kept = {}  # what must be there: name -> number, None when deleted
    for round_number in range(int(os.environ.get("SKIFF_KILLS", "24"))):
        tried, answered = {}, threading.Semaphore(0)

        def write(worker):
            try:
                for number in range(100):
                    name = f"00000000-0000-4000-8000-{worker:06d}{number % 5:06d}"
                    value = None if number % 7 == 6 else (round_number, number)
                    tried[name] = value
                    if value is None:
                        answer = server.delete(f"{API}/waypoints/{name}")
                    else:
                        answer = server.put(f"{API}/waypoints/{name}", {**waypoint(), "number": list(value)})
                    if answer.status == 200 or (value is None and answer.status == 404):
                        kept[name] = value
                        tried.pop(name)
                        answered.release()
            except (OSError, http.client.HTTPException, ValueError):
                pass  # cut off in the middle of an answer

        writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(1 + 3 * (round_number % 4)):
            assert answered.acquire(timeout=30)
        server.kill()
        for writer in writers:
            writer.join()
        server.restart()
        found = {name: tuple(one["number"]) for name, one in server.get(f"{API}/waypoints").ok().items()}
        for name, value in kept.items():
            allowed = [value] + ([tried[name]] if name in tried else [])
            assert found.get(name) in allowed, (round_number, name, found.get(name), allowed)
        assert set(found) <= set(kept) | set(tried)
        kept.update({name: found.get(name) for name in tried})
        assert not list((config.path / FOLDER / "waypoints").glob("*.tmp"))


# ---- its own page ----

PAGE = "/plugins/resources-provider"
OK = {"state": "COMPLETED", "statusCode": 200, "message": "OK"}


def test_the_built_in_provider_can_be_seen_like_a_plugin(server):
    info = server.get(PAGE).ok()
    assert (info["id"], info["enabled"]) == ("resources-provider", True)
    assert server.get("/skServer" + PAGE).ok() == info
    assert server.get(PAGE + "/_config").ok() == {"standard": {kind: True for kind in GOOD}, "custom": []}


def test_types_can_be_added_and_removed_while_it_runs(server, config):
    config.write(f"{FOLDER}/fishing/old", '{"from":"before"}')
    assert server.post(PAGE + "/_config/fishing", json={"description": "Spots"}).ok() == OK
    assert server.get(f"{API}/fishing").ok()["old"]["from"] == "before"
    done(server.put(f"{API}/fishing/spot-1", {"deep": True}), "spot-1")
    assert config.json("plugin-config-data/resources-provider.json") == {
        "configuration": {"standard": {kind: True for kind in GOOD}, "custom": [{"name": "fishing", "description": "Spots"}]}, "enabled": True}
    assert server.post(PAGE + "/_config/second", body=None).ok() == OK
    assert [one["name"] for one in server.get(PAGE + "/_config").ok()["custom"]] == ["fishing", "second"]

    assert server.delete("/skServer" + PAGE + "/_config/fishing").ok() == OK
    assert server.get(f"{API}/fishing").status == 404
    assert config.exists(f"{FOLDER}/fishing/spot-1"), "what was kept stays on the disk"
    refused(server.delete(PAGE + "/_config/fishing"), 404)
    assert server.post(PAGE + "/_config/fishing", json={}).ok() == OK
    assert set(server.get(f"{API}/fishing").ok()) == {"old", "spot-1"}


def test_standard_types_can_be_turned_off_and_on(server):
    name = create(server, "notes", GOOD["notes"])
    assert server.delete(PAGE + "/_config/notes").ok() == OK
    assert server.get(f"{API}/notes").status == 404 and "notes" not in server.get(API).ok()
    assert server.get(PAGE + "/_config").ok()["standard"]["notes"] is False
    assert server.post(PAGE + "/_config/notes", json={}).ok() == OK
    assert set(server.get(f"{API}/notes").ok()) == {name}


def test_types_outlive_the_server(launcher, config):
    config.write("plugin-config-data/resources-provider.json", {"enabled": True, "enableLogging": True, "configuration": {"custom": []}})
    server = launcher().start()
    assert server.post(PAGE + "/_config/fishing", json={}).ok() == OK
    server.kill()
    server.restart()
    assert server.get(f"{API}/fishing").ok() == {}
    assert config.json("plugin-config-data/resources-provider.json")["enableLogging"] is True


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fx", "a%2fb", "_x", ".x", "x" * 65, "a%00", "%20"])
def test_no_name_of_a_type_leaves_the_folder(server, config, name):
    before = kept(config)
    assert server.post(f"{PAGE}/_config/{name}", json={}).status in (400, 404)
    assert server.delete(f"{PAGE}/_config/{name}").status in (400, 404)
    assert kept(config) == before


def test_types_are_limited(server):
    for number in range(50):
        assert server.post(f"{PAGE}/_config/t{number}", json={}).status == 200
    assert server.post(f"{PAGE}/_config/more", json={}).status == 507


def test_a_provider_that_is_switched_off_provides_nothing(config, launch):
    config.write("plugin-config-data/resources-provider.json", {"enabled": False, "configuration": {}})
    server = launch()
    assert server.get(API).ok() == {}
    assert server.get(f"{API}/routes").status == 404
    assert server.get(PAGE).ok()["enabled"] is False
