"""Radars from plugins: listed, read and steered through their provider; wrong values stop at the door."""
import json

import pytest

from harness import packages

API = "/signalk/v2/api/vessels/self/radars"
PROBE = "@skiff/probe-provider"
OK = {"state": "COMPLETED", "statusCode": 200, "message": "OK"}


@pytest.fixture
def probe(config, launch):
    config.enable(config.install(packages.built(PROBE)))
    server = launch(env={"DEBUG": "signalk:wasm:bindings"})
    server.wait_plugin(PROBE, state="running")
    return server


def told(server, request):
    """The provider's own log line of the request it got."""
    import re
    server.wait_log(re.escape(json.dumps(request, separators=(",", ":"))) + "$")


def refused(answer, message, status=400):
    assert (answer.status, answer.json()) == (status, {"state": "FAILED", "statusCode": status, "message": message})


def test_the_list_holds_what_has_an_info(probe):
    radars = probe.get(API).ok()
    assert radars["version"] == "3.4.0" and set(radars["radars"]) == {"r1", "r2"}
    assert radars["radars"]["r1"] == {"id": "r", "name": "Probe", "brand": "Skiff", "radarIpAddress": "192.0.2.1"}
    assert probe.get(API + "/r2").ok() == radars["radars"]["r2"]


def test_without_a_provider(server):
    assert server.get(API).ok() == {"version": "3.4.0", "radars": {}}
    assert server.get(API + "/r1").status == 404
    assert server.put(API + "/r1/power", {"value": "off"}).status == 404
    assert server.get(API + "/_providers").ok() == {}
    assert server.get(API + "/_providers/_default").ok() == {}
    assert "radar" in server.get("/signalk/v2/features").ok()["apis"]


def test_what_can_be_read(probe):
    assert probe.get(API + "/r1/capabilities").ok() == {"request": {"radarId": "r1"}}
    assert probe.get(API + "/r1/state").ok() == {"status": "standby", "controls": {"power": "standby"}}
    assert probe.get(API + "/r1/controls").ok() == {"power": "standby"}
    assert probe.get(API + "/r1/controls/gain").ok() == {"value": {"auto": True, "value": 50}}
    assert probe.get(API + "/r1/targets").ok() == {"targets": [], "request": {"radarId": "r1"}}
    assert probe.get(API + "/r1/arpa/settings").ok() == {"enabled": False, "request": {"radarId": "r1"}}


@pytest.mark.parametrize("path", ["/r9", "/r9/state", "/r9/capabilities", "/r9/targets", "/odd", "/r2/state", "/r2/controls", "/r%2F1"])
def test_what_is_not_there_is_not_found(probe, path):
    answer = probe.get(API + path)
    assert answer.status == 404 and answer.json()["error"] == "Radar not found"


def test_an_unknown_control_is_not_found(probe):
    answer = probe.get(API + "/r1/controls/nope")
    assert (answer.status, answer.json()) == (404, {"error": "Control not found", "controlId": "nope"})


def test_the_short_routes_set_controls(probe):
    assert probe.put(API + "/r1/power", {"value": "transmit"}).ok() == OK
    told(probe, {"radarId": "r1", "controlId": "power", "value": "transmit"})
    assert probe.get(API + "/r1/controls").ok() == {"power": "transmit"}
    assert probe.put(API + "/r1/range", {"value": 1852}).ok() == OK
    told(probe, {"radarId": "r1", "controlId": "range", "value": 1852})
    for name in ("gain", "sea", "rain"):
        assert probe.put(f"{API}/r1/{name}", {"auto": False, "value": 40}).ok() == OK
        told(probe, {"radarId": "r1", "controlId": name, "value": {"auto": False, "value": 40}})
        assert probe.put(f"{API}/r1/{name}", {"value": {"auto": True}}).ok() == OK
        told(probe, {"radarId": "r1", "controlId": name, "value": {"auto": True}})


def test_any_control_can_be_set(probe):
    assert probe.put(API + "/r1/controls/beam", {"value": [1, {"x": None}]}).ok() == {"success": True}
    told(probe, {"radarId": "r1", "controlId": "beam", "value": [1, {"x": None}]})
    refusal = probe.put(API + "/r1/controls/locked", {"value": 1})
    assert (refusal.status, refusal.json()) == (400, {"success": False, "error": "it is locked", "controlId": "locked"})
    refused(probe.put(API + "/r1/controls", {"a": 1}), "Failed to set radar controls")


@pytest.mark.parametrize("path, value, message", [
    ("power", {"value": "on"}, "Invalid power value. Must be off, standby, transmit, or warming"),
    ("power", {}, "Invalid power value. Must be off, standby, transmit, or warming"),
    ("range", {"value": "far"}, "Invalid range value. Must be a positive number (meters)"),
    ("range", {"value": -1}, "Invalid range value. Must be a positive number (meters)"),
    ("gain", {"value": 5}, 'Invalid gain value. Must have "auto" boolean property'),
    ("sea", {"auto": 1}, 'Invalid sea value. Must have "auto" boolean property'),
    ("rain", [], 'Invalid rain value. Must have "auto" boolean property'),
])
def test_wrong_values_are_refused(probe, path, value, message):
    refused(probe.put(f"{API}/r1/{path}", value), message)


def test_targets_are_acquired_and_cancelled(probe):
    made = probe.post(API + "/r1/targets", json={"bearing": 1.5, "distance": 900})
    assert (made.status, made.json()) == (201, {"success": True, "targetId": 7})
    assert probe.delete(API + "/r1/targets/7").ok() == {"success": True}
    gone = probe.delete(API + "/r1/targets/8")
    assert (gone.status, gone.json()) == (404, {"success": False, "error": "Target not found or already cancelled"})
    refused(probe.delete(API + "/r1/targets/x"), "Invalid target ID. Must be a number")
    for body, message in (({}, "Invalid request. Must provide bearing (radians) and distance (meters)"),
                          ({"bearing": 7, "distance": 1}, "Bearing must be in radians [0, 2\u03c0)"),
                          ({"bearing": 1, "distance": 0}, "Distance must be a positive number (meters)")):
        refused(probe.post(API + "/r1/targets", json=body), message)
    assert probe.put(API + "/r1/arpa/settings", {"enabled": True}).ok() == {"success": True}
    assert probe.put(API + "/r1/arpa/settings", []).status == 400


def test_providers_are_named_and_gone_with_their_plugin(probe):
    assert probe.get(API + "/_providers").ok() == {PROBE: {"name": "Probe radar", "isDefault": True}}
    assert probe.get(API + "/_providers/_default").ok() == {"id": PROBE}
    assert probe.post(f"{API}/_providers/_default/{PROBE.replace('/', '%2F')}").status == 200
    probe.configure(PROBE, enabled=False)
    assert probe.get(API).ok()["radars"] == {}
    assert probe.get(API + "/r1").status == 404
