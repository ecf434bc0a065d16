"""Notifications: zones raise them, the manager gives them an id and a status, the user silences and acknowledges them."""
import uuid

import pytest

from harness.server import SELF
from harness.streams import MARKER, values_in
from harness.waiting import eventually

API = "/signalk/v2/api/notifications"
DEPTH = "environment.depth.belowKeel"
ALARM = "notifications." + DEPTH
ZONES = [{"upper": 3, "state": "alarm", "message": "Shallow"}, {"lower": 3, "upper": 5, "state": "warn"}]
OK = {"state": "COMPLETED", "statusCode": 200, "message": "OK"}


def base_deltas(config, meta):
    config.write("baseDeltas.json", config.json("baseDeltas.json") + [
        {"context": "vessels.self", "updates": [{"meta": [{"path": DEPTH, "value": meta}]}]}])


@pytest.fixture
def watched(config, launch):
    base_deltas(config, {"zones": ZONES, "alarmMethod": ["visual", "sound"], "warnMethod": None})
    return launch()


@pytest.fixture
def feeder_of():
    return lambda server: server.feeder()


def notification(server, path=ALARM):
    return server.self_path(path).ok()["value"]


def only(server):
    (number, alarm), = server.get(API).ok().items()
    return number, alarm


def told(stream, feeder, path=ALARM):
    return [value for message in stream.collect_until_marker(feeder.mark()) for _, _, found, value in values_in(message) if found == path]


# ---- zones ----

def test_a_zone_is_told_of_when_it_is_entered(watched, feeder_of):
    feeder = feeder_of(watched)
    stream = watched.stream("?subscribe=none")
    stream.subscribe("notifications.*", MARKER)
    for depth in (10, 9, 4, 4.5, 3, 2.9, None, 1, "x"):
        feeder.put_values({DEPTH: depth}, source="sounder")
    got = told(stream, feeder)
    assert [(n["state"], n["message"], n["method"]) for n in got] == [
        ("normal", "Value is within normal range", ["visual"]),
        ("warn", "3 < value < 5", []),
        ("alarm", "Shallow", ["visual", "sound"]),
        ("normal", "Value is within normal range", ["visual"]),
        ("alarm", "Shallow", ["visual", "sound"]),
        ("normal", "Value is within normal range", ["visual"]),
    ]
    assert len({n["id"] for n in got}) == 1
    assert watched.self_path(ALARM).ok()["$source"] == "self.notificationhandler"


def test_a_missing_bound_prints_as_clients_know_it(server, feeder):
    feeder.feed({"updates": [{"meta": [{"path": "a.b", "value": {"zones": [{"lower": 1.5, "state": "alert"}]}}]}]})
    feeder.put_values({"a.b": 2})
    assert notification(server, "notifications.a.b")["message"] == "1.5 < value < undefined"


def test_the_first_value_after_new_zones_always_tells(watched, feeder_of):
    feeder = feeder_of(watched)
    feeder.put_values({DEPTH: 2})
    stream = watched.stream("?subscribe=none&sendCachedValues=false")
    stream.subscribe(MARKER)
    stream.subscribe(ALARM)
    feeder.put_values({DEPTH: 2.5})
    feeder.feed({"updates": [{"meta": [{"path": DEPTH, "value": {"zones": ZONES}}]}]})
    feeder.put_values({DEPTH: 2.4})
    assert len(told(stream, feeder)) == 2  # the cached one, and the new


def test_taking_the_zones_away_ends_the_alarm_once(watched, feeder_of):
    feeder = feeder_of(watched)
    feeder.put_values({DEPTH: 2})
    for _ in range(2):
        feeder.feed({"updates": [{"meta": [{"path": DEPTH, "value": {"zones": None}}]}]})
    value = notification(watched)
    assert (value["state"], value["method"]) == ("normal", [])
    stamp = watched.self_path(ALARM).ok()["timestamp"]
    feeder.put_values({DEPTH: 1})
    assert watched.self_path(ALARM).ok()["timestamp"] == stamp


def test_other_vessels_have_no_zones(watched, feeder_of):
    feeder_of(watched).put_values({DEPTH: 1}, context="vessels.urn:mrn:imo:mmsi:230099999")
    assert watched.get(API).ok() == {}


def test_zones_set_over_http_are_watched_and_deleted(server, feeder):
    path = "/signalk/v1/api/vessels/self/environment/depth/belowKeel/meta"
    server.put(path, {"value": {"zones": [{"upper": 3, "state": "emergency"}]}})
    eventually(lambda: "zones" in server.get(path).ok())
    feeder.put_values({DEPTH: 1})
    assert notification(server)["state"] == "emergency"
    server.delete(path)
    eventually(lambda: notification(server)["state"] == "normal")


# ---- the manager ----

def test_every_notification_gets_id_and_status(server, feeder):
    stream = server.stream("?subscribe=self&sendCachedValues=false")
    feeder.feed({"updates": [{"$source": "bilge", "timestamp": "2026-01-01T00:00:00.000Z", "values": [
        {"path": "a.b", "value": 1}, {"path": "notifications.bilge", "value": {"state": "alarm", "method": ["visual", "sound"], "message": "Water", "own": 1}}]}]})
    first, second = [m for m in stream.collect_until_marker(feeder.mark()) if m.get("updates") and m["updates"][0]["$source"] == "bilge"]
    assert [entry["path"] for entry in first["updates"][0]["values"]] == ["a.b"]
    number, alarm = only(server)
    assert second == {"context": SELF, "updates": [{"$source": "bilge", "timestamp": "2026-01-01T00:00:00.000Z", "notificationId": number, "values": [
        {"path": "notifications.bilge", "value": {
            "state": "alarm", "method": ["visual", "sound"], "message": "Water", "own": 1, "id": number,
            "status": {"silenced": False, "acknowledged": False, "canSilence": True, "canAcknowledge": True, "canClear": False}}}]}]}
    assert alarm == {"context": SELF, "path": "notifications.bilge", "value": second["updates"][0]["values"][0]["value"]}
    assert str(uuid.UUID(number)) == number
    assert server.get(f"{API}/{number}").ok() == alarm


def test_null_is_normal(server, feeder):
    feeder.put_values({"notifications.x": {"state": "alarm", "method": ["sound"], "message": "m"}}, source="s")
    number, _ = only(server)
    feeder.put_values({"notifications.x": None}, source="s")
    value = notification(server, "notifications.x")
    assert (value["state"], value["method"], value["message"], value["id"]) == ("normal", [], "", number)


def test_sources_and_contexts_are_told_apart(server, feeder):
    value = {"state": "warn", "method": [], "message": ""}
    feeder.put_values({"notifications.x": value}, source="one")
    feeder.put_values({"notifications.x": value}, source="two")
    feeder.put_values({"notifications.x": value}, source="two", context="vessels.urn:mrn:imo:mmsi:230099999")
    feeder.put_values({"notifications.x": value}, source="two")
    assert len(server.get(API).ok()) == 3


def test_silence_and_acknowledge(server, feeder):
    alarm = {"state": "alarm", "method": ["visual", "sound"], "message": "Water"}
    feeder.put_values({"notifications.bilge": alarm}, source="bilge")
    number, _ = only(server)
    assert server.post(f"{API}/{number}/silence").ok() == OK
    assert notification(server, "notifications.bilge")["method"] == ["visual"]
    again = server.post(f"{API}/{number}/silence")
    assert (again.status, again.json()["message"]) == (400, "Alarm already silenced or acknowledged!")
    assert server.post(f"{API}/{number}/acknowledge").ok() == OK
    value = notification(server, "notifications.bilge")
    assert value["method"] == [] and value["status"]["acknowledged"] and value["status"]["acknowledgedAt"].endswith("Z")
    assert server.post(f"{API}/{number}/acknowledge").json()["message"] == "Alarm already acknowledged!"
    feeder.put_values({"notifications.bilge": alarm}, source="bilge")  # still the same alarm
    assert notification(server, "notifications.bilge")["method"] == []
    feeder.put_values({"notifications.bilge": {**alarm, "state": "normal"}}, source="bilge")
    feeder.put_values({"notifications.bilge": alarm}, source="bilge")  # a new one
    value = notification(server, "notifications.bilge")
    assert value["method"] == ["visual", "sound"] and value["id"] == number
    assert value["status"] == {"silenced": False, "acknowledged": False, "canSilence": True, "canAcknowledge": True, "canClear": False}
    refused = server.delete(f"{API}/{number}")
    assert (refused.status, refused.json()["message"]) == (400, "Alarm cannot be cleared!")


def test_an_emergency_stays_in_sight(server, feeder):
    feeder.put_values({"notifications.fire": {"state": "emergency", "method": ["visual", "sound"], "message": "Fire"}}, source="f")
    number, _ = only(server)
    refused = server.post(f"{API}/{number}/silence")
    assert (refused.status, refused.json()) == (400, {"state": "FAILED", "statusCode": 400, "message": "Cannot silence Emergency Alarm!"})
    server.post(f"{API}/{number}/acknowledge").ok()
    assert notification(server, "notifications.fire")["method"] == ["visual"]


def test_all_at_once(server, feeder):
    for name in "ab":
        feeder.put_values({"notifications." + name: {"state": "alarm", "method": ["sound"], "message": ""}}, source="s")
    assert server.post(API + "/silenceAll").ok() == OK
    assert [v["value"]["method"] for v in server.get(API).ok().values()] == [[], []]
    assert server.post(API + "/acknowledgeAll").ok() == OK
    assert all(v["value"]["status"]["acknowledged"] for v in server.get(API).ok().values())


def test_raise_edit_and_clear(server, feeder):
    feeder.put_values({"navigation.position": {"latitude": 60, "longitude": 24}})
    raised = server.post(API, {"state": "alert", "message": "Tea", "path": "galley.kettle", "includePosition": True, "includeCreatedAt": True, "data": {"cups": 4}}).ok()
    number = raised.pop("id")
    assert raised == OK
    listed = server.get(f"{API}/{number}").ok()
    assert (listed["context"], listed["path"]) == ("", "notifications.galley.kettle")
    value = listed["value"]
    assert value["position"] == {"latitude": 60, "longitude": 24} and value["data"] == {"cups": 4} and value["createdAt"]
    assert value["status"]["canClear"] is True
    assert server.self_path("notifications.galley.kettle").ok()["$source"] == "notificationsApi"
    server.post(f"{API}/{number}/acknowledge").ok()
    assert server.put(f"{API}/{number}", {"state": "warn", "message": "Cold"}).ok() == OK
    value = notification(server, "notifications.galley.kettle")
    assert (value["state"], value["message"], value["status"]["acknowledged"]) == ("warn", "Cold", False)
    assert "acknowledgedAt" in value["status"]
    for _ in range(2):
        assert server.delete(f"{API}/{number}").ok() == OK
    assert server.get(f"{API}/{number}").ok()["value"]["state"] == "normal"


def test_default_path_and_id_in_path(server):
    number = server.post(API, {"state": "warn", "message": ""}).ok()["id"]
    assert server.get(f"{API}/{number}").ok()["path"] == "notifications." + number
    number = server.post(API, {"state": "warn", "message": "", "path": "notifications.x", "idInPath": True}).ok()["id"]
    assert server.get(f"{API}/{number}").ok()["path"] == "notifications.x." + number


def test_man_overboard(server, feeder):
    feeder.put_values({"navigation.position": {"latitude": 60, "longitude": 24}})
    number = server.post(API + "/mob").ok()["id"]
    mob = server.get(f"{API}/{number}").ok()
    assert mob["path"] == "notifications.mob." + number
    assert (mob["value"]["state"], mob["value"]["message"]) == ("emergency", "Person Overboard!")
    assert mob["value"]["position"] == {"latitude": 60, "longitude": 24}
    number = server.post(API + "/mob", {"message": "Ann"}).ok()["id"]
    assert server.get(f"{API}/{number}").ok()["value"]["message"] == "Ann"


@pytest.mark.parametrize("method, path, body, status, message", [
    ("GET", "/nonsense", None, 400, "Invalid Data supplied."),
    ("GET", "/00000000-0000-4000-8000-000000000000", None, 404, "Resource not found."),
    ("POST", "/00000000-0000-4000-8000-000000000000/silence", None, 400, "Alarm not found!"),
    ("DELETE", "/00000000-0000-4000-8000-000000000000", None, 400, "Alarm not found!"),
    ("POST", "", {"state": "alarm"}, 400, "Notification `state` or `message` properties are missing!"),
    ("POST", "", {"state": "alarm", "message": "", "path": "a.__proto__"}, 400, None),
])
def test_wrong_requests(server, method, path, body, status, message):
    answer = server.request(method, API + path, json=body)
    assert answer.status == status
    assert answer.json()["state"] == "FAILED" and answer.json()["statusCode"] == status
    assert message is None or answer.json()["message"] == message
    assert server.get(API).ok() == {}


def test_nmea2000_alerts_say_what_was_done(server, feeder):
    feeder.put_values({"notifications.nmea.x": {"state": "alarm", "method": ["sound"], "message": "", "acknowledgeStatus": "Yes", "temporarySilenceSupport": "No"}}, source="n2k.1")
    number, alarm = only(server)
    assert alarm["value"]["status"]["acknowledged"] and alarm["value"]["method"] == []
    assert server.post(f"{API}/{number}/silence").json()["message"] == "Alarm cannot be silenced!"


def test_put_of_method_and_state(server, feeder):
    feeder.put_values({"notifications.x": {"state": "alarm", "method": ["visual", "sound"], "message": "m"}}, source="s")
    base = "/signalk/v1/api/vessels/self/notifications/x"
    assert server.put(base + "/method", {"value": ["visual"]}).status == 200
    leaf = server.self_path("notifications.x").ok()
    assert (leaf["value"]["method"], leaf["$source"]) == (["visual"], "s")
    assert server.put(base + "/state", {"value": "normal"}).status == 200
    assert notification(server, "notifications.x")["state"] == "normal"
    assert server.put(base + "/message", {"value": "n"}).status == 405
    assert server.put(base + "/state", {"value": 1}).status == 400
    assert server.put("/signalk/v1/api/vessels/self/notifications/y/state", {"value": "normal"}).status == 404


def test_not_managed(config, launch):
    config.settings(notifications={"manageNotifications": False})
    server = launch()
    feeder = server.feeder()
    value = {"state": "alarm", "method": ["sound"], "message": "m"}
    feeder.put_values({"notifications.x": value}, source="s")
    assert notification(server, "notifications.x") == value
    assert server.get(API).ok() == {"notifications.x": {"context": SELF, "path": "notifications.x", "value": value}}
    assert server.post(API + "/silenceAll").status == 501
    number = server.post(API, {"state": "warn", "message": ""}).ok()["id"]
    assert notification(server, "notifications." + number)["state"] == "warn"


# ---- over a restart ----

def restarted(server, how):
    how()
    server.restart()
    return server.feeder()


def test_an_acknowledged_alarm_is_not_raised_again(watched, feeder_of):
    feeder_of(watched).put_values({DEPTH: 2}, source="sounder")
    number, _ = only(watched)
    watched.post(f"{API}/{number}/acknowledge").ok()
    feeder = restarted(watched, watched.kill)
    assert notification(watched)["method"] == []
    stream = watched.stream("?subscribe=none")
    stream.subscribe(ALARM, MARKER)
    feeder.put_values({DEPTH: 2.1}, source="sounder")
    assert all(n["method"] == [] and n["id"] == number and n["state"] == "alarm" for n in told(stream, feeder))
    feeder.put_values({DEPTH: 20}, source="sounder")
    feeder.put_values({DEPTH: 1}, source="sounder")
    assert notification(watched)["method"] == ["visual", "sound"]


def test_an_alarm_is_not_lost(watched, feeder_of):
    feeder_of(watched).put_values({DEPTH: 2, "notifications.bilge": {"state": "alarm", "method": ["sound"], "message": "Water"}}, source="sounder")
    raised = watched.post(API, {"state": "alarm", "message": "Look out"}).ok()["id"]
    before = watched.get(API).ok()
    restarted(watched, watched.stop)
    after = watched.get(API).ok()
    assert after.keys() == before.keys() and len(after) == 3
    assert notification(watched)["method"] == ["visual", "sound"]
    assert notification(watched, "notifications.bilge")["message"] == "Water"
    assert watched.delete(f"{API}/{raised}").status == 200


def test_a_restored_alarm_may_be_cleared_until_its_source_speaks(server, feeder):
    value = {"state": "alarm", "method": ["sound"], "message": "Water"}
    feeder.put_values({"notifications.a": value, "notifications.b": value}, source="s")
    server.post(API + "/silenceAll").ok()
    feeder = restarted(server, server.kill)
    ids = {alarm["path"]: number for number, alarm in server.get(API).ok().items()}
    feeder.put_values({"notifications.b": value}, source="s")
    assert server.delete(f"{API}/{ids['notifications.a']}").status == 200
    assert server.delete(f"{API}/{ids['notifications.b']}").status == 400


def test_zones_that_went_away_meanwhile_end_their_alarm(watched, feeder_of, config):
    feeder_of(watched).put_values({DEPTH: 2})
    watched.post(API + "/silenceAll").ok()
    watched.kill()
    config.identity()
    watched.restart()
    assert notification(watched)["state"] == "normal"


def test_a_broken_state_file_is_said_and_survived(config, launch):
    config.write("serverState/notifications/alarms.json", '{"alarms":[{"id":1},7,')
    server = launch()
    server.wait_log("alarms of the last run are not known")
    server.stop()
    config.write("serverState/notifications/alarms.json", {"alarms": [7, {"id": "x"}, {"id": str(uuid.uuid4()), "context": "vessels.self", "path": "notifications.q", "$source": "s", "value": 3}]})
    server.restart()
    assert server.get(API).ok() == {}


def test_normal_ones_are_not_kept(server, feeder, config):
    feeder.put_values({"notifications.a": {"state": "alarm", "method": [], "message": ""}}, source="s")
    server.post(API + "/silenceAll").ok()
    assert len(config.json("serverState/notifications/alarms.json")["alarms"]) == 1
    feeder.put_values({"notifications.a": None}, source="s")
    eventually(lambda: config.json("serverState/notifications/alarms.json")["alarms"] == [])
