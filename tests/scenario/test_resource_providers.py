"""Plugins that provide resources, beside the built-in store: who is asked, who gets a write, what happens when one is late or gone."""
import threading
import uuid

import pytest

from harness import packages
from harness.security import as_user, secure
from harness.server import SELF
from harness.streams import has_path, values_in
from harness.waiting import eventually

API = "/signalk/v2/api/resources"
AS = "@skiff/probe-resources"
C = "@skiff/probe-provider"
BUILT_IN = "resources-provider"
HARBOUR = "11111111-1111-4111-8111-111111111111"
WAYPOINT = {"name": "W", "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [23.5, 60.06]}, "properties": {}}}


@pytest.fixture
def probe(config, launch):
    """A server with the AssemblyScript provider of waypoints and buoys running."""
    config.enable(config.install(packages.built(AS)))
    server = launch()
    server.wait_plugin(AS, state="running")
    return server


def test_it_lists_gets_sets_and_deletes(probe):
    listed = probe.get(f"{API}/buoys?limit=3&name=x&bbox=[1,2,3,4]").ok()
    assert listed == {"asked": {"request": {"limit": 3, "name": "x", "bbox": [1, 2, 3, 4], "resourceType": "buoys"}}}
    done = probe.put(f"{API}/buoys/b1", {"light": "Fl.R.4s"}).ok()
    assert done == {"state": "COMPLETED", "statusCode": 200, "message": "b1"}
    assert probe.get(f"{API}/buoys/b1").ok() == {"light": "Fl.R.4s"}
    assert probe.get(f"{API}/buoys/request/some/deep%2Fname").ok() == {
        "request": {"id": "request", "property": "some.deep/name", "resourceType": "buoys"}}
    made = probe.post(f"{API}/buoys", json={"light": "Q"})
    assert made.status == 201 and uuid.UUID(made.json()["id"]).version == 4
    assert set(probe.get(f"{API}/buoys").ok()) == {"asked", "b1", made.json()["id"]}
    assert probe.delete(f"{API}/buoys/b1").ok()["message"] == "b1"
    assert probe.get(f"{API}/buoys/b1").status == 404
    assert probe.delete(f"{API}/buoys/b1").status == 400


def test_its_writes_are_told_with_its_package_name(probe):
    stream = probe.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("resources.*")
    probe.put(f"{API}/buoys/b1", {"light": "Q"}).ok()
    assert values_in(stream.until(has_path("resources.buoys.b1"))) == [(SELF, AS, "resources.buoys.b1", {"light": "Q"})]
    probe.delete(f"{API}/buoys/b1").ok()
    assert values_in(stream.until(has_path("resources.buoys.b1")))[0][3] is None


def test_the_requests_are_compact_and_in_order(config, launcher):
    config.enable(config.install(packages.built(AS)))
    server = launcher(env={"DEBUG": "signalk:wasm:*"}).start()
    server.wait_plugin(AS, state="running")
    server.put(f"{API}/buoys/b1", {"a": [1, 2.5], "b": None}).ok()
    server.wait_log(r'set \{"id":"b1","value":\{"a":\[1,2.5\],"b":null\},"resourceType":"buoys"\}$')


def test_several_providers_of_a_type_are_one_list(probe):
    own = probe.post(f"{API}/waypoints", json=WAYPOINT).json()["id"]
    assert probe.get(f"{API}/waypoints/_providers").ok() == [BUILT_IN, AS]
    listed = probe.get(f"{API}/waypoints").ok()
    assert {HARBOUR, own} < set(listed) and listed[HARBOUR]["name"] == "Harbour \u2693"
    assert listed[own]["$source"] == BUILT_IN
    assert probe.get(f"{API}/waypoints/{HARBOUR}").ok()["name"] == "Harbour \u2693"
    assert set(probe.get(f"{API}/waypoints?provider={AS.replace('/', '%2F')}").ok()) == {HARBOUR, "asked"}
    assert set(probe.get(f"{API}/waypoints?provider={BUILT_IN}").ok()) == {own}


def test_a_write_goes_to_the_provider_that_has_the_resource(probe, config):
    probe.put(f"{API}/waypoints/{HARBOUR}", {**WAYPOINT, "name": "renamed"}).ok()
    assert probe.get(f"{API}/waypoints/{HARBOUR}?provider={AS}").ok()["name"] == "renamed"
    assert not config.exists(f"plugin-config-data/resources-provider/resources/waypoints/{HARBOUR}")
    named = probe.post(f"{API}/waypoints?provider={AS}", json=WAYPOINT).json()["id"]
    assert probe.get(f"{API}/waypoints/{named}?provider={BUILT_IN}").status == 404
    probe.delete(f"{API}/waypoints/{HARBOUR}").ok()
    assert probe.get(f"{API}/waypoints/{HARBOUR}").status == 404
    assert probe.delete(f"{API}/waypoints/{HARBOUR}").status == 404


def test_the_chosen_default_gets_what_is_new(probe):
    chosen = probe.post(f"{API}/waypoints/_providers/_default/{AS.replace('/', '%2F')}")
    assert (chosen.status, chosen.json()["message"]) == (201, AS)
    assert probe.get(f"{API}/waypoints/_providers/_default").ok() == AS
    made = probe.post(f"{API}/waypoints", json=WAYPOINT).json()["id"]
    assert probe.get(f"{API}/waypoints/{made}?provider={AS}").ok()["name"] == "W"


def test_the_settings_name_a_default_that_may_come_later(config, launch):
    config.settings(resourcesApi={"defaultProviders": {"waypoints": AS, "routes": 5, "../x": "y"}})
    config.install(packages.built(AS))
    server = launch()
    assert server.get(f"{API}/waypoints/_providers/_default").ok() == BUILT_IN, "as long as the other is not there"
    server.configure(AS)
    assert server.get(f"{API}/waypoints/_providers/_default").ok() == AS
    assert server.get(f"{API}/waypoints/_providers").ok() == [AS, BUILT_IN]


def test_the_chosen_default_is_saved_in_the_settings(config, launcher):
    config.settings(resourcesApi={"more": 1, "defaultProviders": {"notes": "x"}}, own={"kept": True})
    config.enable(config.install(packages.built(AS)))
    server = launcher().start()
    server.wait_plugin(AS, state="running")
    assert server.post(f"{API}/waypoints/_providers/_default/{AS.replace('/', '%2F')}").status == 201
    saved = config.json("settings.json")
    assert saved["resourcesApi"] == {"more": 1, "defaultProviders": {"notes": "x", "waypoints": AS}} and saved["own"] == {"kept": True}
    assert server.post(f"{API}/waypoints/_providers/_default/{BUILT_IN}").status == 201
    assert server.post(f"{API}/waypoints/_providers/_default/{AS.replace('/', '%2F')}").status == 201
    server.kill()
    server.restart()
    server.wait_plugin(AS, state="running")
    assert server.get(f"{API}/waypoints/_providers/_default").ok() == AS


def test_invalid_bodies_and_ids_never_reach_it(probe):
    assert probe.put(f"{API}/waypoints/{HARBOUR}", {"name": "x"}).status == 400
    for escape in ("..%2fx", "a%2fb", "%00", "a%20b", "x" * 200):
        for verb in ("GET", "PUT", "DELETE"):
            assert probe.request(verb, f"{API}/buoys/{escape}", json={} if verb == "PUT" else None).status in (400, 404)
    assert set(probe.get(f"{API}/buoys").ok()) == {"asked"}


@pytest.mark.parametrize("name", ["text", "error", "unknown"])
def test_an_answer_that_is_none_is_not_found(probe, name):
    assert probe.get(f"{API}/buoys/{name}").status == 404


def test_an_error_of_a_write_is_told(probe):
    answer = probe.put(f"{API}/buoys/error", {})
    assert answer.status >= 400 and "not today" in answer.json()["message"]


def test_answers_beyond_64_kilobytes_arrive_whole(probe):
    assert len(probe.get(f"{API}/buoys/long").ok()["text"]) == 200000


def test_a_trap_is_an_empty_answer_and_the_plugin_comes_back(probe):
    assert probe.get(f"{API}/buoys/trap").status == 404
    probe.wait_plugin(AS, state="running")
    eventually(lambda: probe.get(f"{API}/buoys").status == 200, "the provider")


def test_a_provider_that_does_not_return_is_504_while_others_answer(probe):
    got = {}
    late = threading.Thread(target=lambda: got.update(late=probe.get(f"{API}/buoys/forever", timeout=40)))
    late.start()
    eventually(lambda: probe.get(f"{API}/waypoints?provider={BUILT_IN}").ok() == {}, "the built-in provider")
    for _ in range(20):
        probe.post(f"{API}/routes", json={"feature": {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}})
    assert len(probe.get(f"{API}/routes").ok()) == 20
    late.join(60)
    assert got["late"].status == 504 and got["late"].json()["statusCode"] == 504
    probe.wait_plugin(AS, state="running")
    eventually(lambda: probe.get(f"{API}/buoys").status == 200, "the provider again")


def test_a_stopped_plugin_provides_nothing_and_a_started_one_again(probe):
    probe.configure(AS, enabled=False)
    assert probe.get(f"{API}/waypoints/_providers").ok() == [BUILT_IN]
    assert probe.get(f"{API}/buoys").status == 404
    assert "buoys" not in probe.get(API).ok()
    assert probe.get(f"{API}/waypoints/{HARBOUR}").status == 404
    probe.configure(AS, enabled=True)
    assert probe.get(f"{API}/waypoints/_providers").ok() == [BUILT_IN, AS]
    assert probe.get(f"{API}/waypoints/{HARBOUR}").status == 200


def test_a_start_that_fails_provides_nothing(config, launch):
    name = config.install(packages.built(AS))
    server = launch()
    assert server.configure(name, {"fail": True}).status == 500
    assert server.get(f"{API}/waypoints/_providers").ok() == [BUILT_IN]


def test_without_the_capability_it_may_not(config, launch):
    package = packages.built(AS)
    manifest = {**package.manifest, "wasmCapabilities": {}}
    config.install(package)
    config.write(f"node_modules/{AS}/package.json", manifest)
    server = launch()
    answer = server.configure(AS)
    assert answer.status == 500
    assert server.get(f"{API}/waypoints/_providers").ok() == [BUILT_IN]


def test_a_provider_in_c_that_can_only_read(config, launch):
    config.enable(config.install(packages.built(C)), {"many": 40})
    server = launch()
    server.wait_plugin(C, state="running")
    assert server.get(f"{API}/tides/today").ok() == {"request": {"id": "today", "resourceType": "tides"}}
    assert len(server.get(f"{API}/tides/long").ok()["text"]) == 100000 - 9, "what fills the announced buffer is asked for again"
    assert server.get(f"{API}/tides").ok() == {}, "without the export the list is empty"
    assert server.put(f"{API}/tides/today", {}).status == 501
    assert server.delete(f"{API}/tides/today").status == 501
    start = server.get(f"/plugins/{C.replace('@', '_').replace('/', '_')}/api/start").ok()
    assert (start["tides"], start["empty"]) == (1, 0)
    assert start["many"] == 32 - 3, "registrations are limited, and the plugin is told"


# ---- rights ----


def test_access_lists_decide_who_may_write(config, launch):
    grant = [{"context": "vessels.self", "resources": [{"paths": ["resources"], "permissions": [{"subject": "wim", "permission": "put"}]}]}]
    server = launch(folder=secure(config, acls=grant))
    name, value = str(uuid.uuid4()), {"json": WAYPOINT}
    refusal = server.request("PUT", f"{API}/waypoints/{name}", headers=as_user("anna"), **value)
    assert (refusal.status, refusal.json()) == (403, {"state": "FAILED", "statusCode": 403, "message": "Unauthorised"})
    assert server.request("POST", f"{API}/waypoints", headers=as_user("anna"), **value).status == 403
    assert server.request("PUT", f"{API}/waypoints/{name}", headers=as_user("wim"), **value).status == 200
    assert server.request("DELETE", f"{API}/waypoints/{name}", headers=as_user("anna")).status == 403
    assert set(server.get(f"{API}/waypoints", headers=as_user("rita")).ok()) == {name}
    assert server.request("POST", f"{API}/waypoints/_providers/_default/{BUILT_IN}", headers=as_user("anna")).status == 403
    radars = "/signalk/v2/api/vessels/self/radars"
    assert server.request("PUT", radars + "/r1/power", headers=as_user("wim"), json={"value": "off"}).status == 403
    assert server.request("GET", radars, headers=as_user("wim")).status == 200
