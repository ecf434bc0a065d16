"""What the admin pages ask of the server itself: settings, vessel, log, debug namespaces, restart."""
import io
import re
import zipfile
from pathlib import Path

import pytest

from harness.security import as_user, secure
from harness.server import SELF_ID
from harness.waiting import eventually

EVENTS = "?serverevents=all&subscribe=none"
SOURCES = Path(__file__).resolve().parents[2] / "src"


def event(kind):
    return lambda message: isinstance(message, dict) and message.get("type") == kind


def rows(words):
    return lambda message: event("LOG")(message) and words in message["data"]["row"]


# ---- settings ----


def test_settings_show_what_counts_when_nothing_is_set(server):
    got = server.get("/skServer/settings").ok()
    assert got["interfaces"]["plugins"] is True and len(got["interfaces"]) == 12
    assert got["options"] == {"mdns": False, "wsCompression": False, "wsPingInterval": 30000, "accessLogging": True,
                              "enablePluginLogging": True, "trustProxy": False, "useBLEManager": False, "ssl": False}
    assert (got["port"], got["sslport"], got["pruneContextsMinutes"], got["logCountToKeep"]) == (3000, 3443, 60, 24)
    assert got["runFromSystemd"] is False and got["keepMostRecentLogsOnly"] is True
    assert got["courseApi"] == {"apiOnly": False} and got["notifications"] == {"manageNotifications": True}
    assert got["staleness"] == {"enforceDataTimeouts": False} and "loggingDirectory" not in got


def test_settings_are_saved_where_the_server_reads_them(server, config):
    got = server.get("/skServer/settings").ok()
    got["interfaces"]["tcp"] = False
    got["options"].update(mdns=False, wsCompression=True, wsPingInterval=False)
    got.update(port="3456", loggingDirectory="/var/log/boat", courseApi={"apiOnly": True}, staleness={"enforceDataTimeouts": True, "defaultTimeout": 30})
    answer = server.put("/skServer/settings", got)
    assert (answer.status, answer.text) == (200, "Settings changed")
    saved = config.json("settings.json")
    assert saved["interfaces"]["tcp"] is False and saved["wsCompression"] is True and saved["wsPingInterval"] is False
    assert (saved["port"], saved["loggingDirectory"], saved["courseApi"]["apiOnly"]) == (3456, "/var/log/boat", True)
    assert (saved["enforceDataTimeouts"], saved["defaultTimeout"]) == (True, 30)
    assert saved["pipedProviders"] == []
    after = server.get("/skServer/settings").ok()
    assert after["port"] == 3456 and after["staleness"] == {"enforceDataTimeouts": True, "defaultTimeout": 30}
    server.put("/skServer/settings", {"options": {}, "loggingDirectory": ""})
    assert "loggingDirectory" not in config.json("settings.json")


def test_members_of_the_settings_that_nobody_knows_stay(launch, config):
    config.settings(somethingOfTomorrow={"kept": [1]}, courseApi={"other": 1})
    server = launch()
    assert server.put("/skServer/settings", {"options": {"wsCompression": True}, "courseApi": {"apiOnly": True}}).status == 200
    saved = config.json("settings.json")
    assert saved["somethingOfTomorrow"] == {"kept": [1]} and saved["courseApi"] == {"other": 1, "apiOnly": True}


@pytest.mark.parametrize("body, words", [
    ({"options": {}, "staleness": {"defaultTimeout": 86401}}, "staleness.defaultTimeout must be a number from 0 to 86400"),
    ({"options": {}, "staleness": {"staleCheckIntervalMs": 99}}, "staleCheckIntervalMs"),
    ({"options": {"mdns": "yes"}}, "options.mdns must be true or false"),
    ({"options": {}, "port": "ship"}, "port must be a number"),
    ({"options": {}, "interfaces": {"tcp": 1}}, "interfaces.tcp must be true or false"),
    ({"options": {}, "loggingDirectory": ["x"]}, "loggingDirectory must be a text"),
])
def test_wrong_settings_are_named_and_nothing_is_saved(server, config, body, words):
    before = config.text("settings.json")
    answer = server.put("/skServer/settings", {**body, "pruneContextsMinutes": 5})
    assert answer.status == 400 and words in answer.text
    assert config.text("settings.json") == before


def test_settings_without_options_are_refused(server):
    assert server.put("/skServer/settings", {"port": 1}).status == 500


# ---- vessel ----

BOAT = {"name": "Skiff", "mmsi": "230099999", "draft": 1.8, "length": 12, "beam": "3.9", "height": 18, "gpsFromBow": 3, "gpsFromCenter": -0.5,
        "aisShipType": 36, "callsignVhf": "OH1234"}


def test_the_vessel_is_saved_sent_and_served(server, config):
    stream = server.stream("?serverevents=all&subscribe=self")
    answer = server.put("/skServer/vessel", {**BOAT, "name": "Skiffe"})
    assert (answer.status, answer.text) == (200, "Vessel changed")
    assert stream.until(lambda m: event("VESSEL_INFO")(m) and m["data"]["name"] == "Skiffe")["data"]["mmsi"] == "230099999"
    assert server.get("/skServer/vessel").ok() == {**BOAT, "name": "Skiffe", "beam": 3.9}
    assert server.api("vessels/self/name").ok() == "Skiffe"
    assert server.value("design.draft") == {"maximum": 1.8}
    assert server.value("design.aisShipType") == {"name": "Sailing", "id": 36}
    assert server.value("sensors.gps.fromCenter") == -0.5
    values = {e["path"]: e["value"] for d in config.json("baseDeltas.json") for e in d["updates"][0]["values"]}
    assert values[""] == {"name": "Skiffe", "mmsi": "230099999", "communication": {"callsignVhf": "OH1234"}}
    assert values["design.length"] == {"overall": 12} and values["design.beam"] == 3.9


def test_what_is_not_said_of_the_vessel_is_removed_but_never_who_it_is(server, config):
    server.put("/skServer/vessel", {**BOAT, "mmsi": ""})
    assert server.put("/skServer/vessel", {"name": "Skiff"}).status == 200
    assert server.get("/skServer/vessel").ok() == {"name": "Skiff", "uuid": SELF_ID}
    assert [d["updates"][0]["values"][0]["path"] for d in config.json("baseDeltas.json")] == [""]


@pytest.mark.parametrize("body, words", [
    ({"mmsi": "123"}, "mmsi"), ({"mmsi": 230099999}, "mmsi"), ({"draft": -1}, "draft is not a number from 0"), ({"beam": "wide"}, "beam"),
    ({"name": 5}, "name is not a text"), ({"aisShipType": 256}, "aisShipType"), ({"uuid": "x"}, "uuid"), ([], "not a JSON object"),
])
def test_a_wrong_vessel_is_named_and_not_saved(server, config, body, words):
    before = config.text("baseDeltas.json")
    answer = server.put("/skServer/vessel", body)
    assert answer.status == 400 and words in answer.text
    assert config.text("baseDeltas.json") == before


def test_vessel_and_metadata_share_their_file(server, config):
    server.put("/skServer/vessel", BOAT)
    server.put("/signalk/v1/api/vessels/self/navigation/speedOverGround/meta", {"value": {"displayName": "SOG"}})
    eventually(lambda: "SOG" in config.text("baseDeltas.json"), "the metadata on disk")
    server.put("/skServer/vessel", {**BOAT, "name": "Other"})
    kept = [d["updates"][0] for d in config.json("baseDeltas.json")]
    assert {"meta": [{"path": "navigation.speedOverGround", "value": {"displayName": "SOG"}}]} in kept


# ---- log ----


def speak_nonsense(server):
    """A message that the server says something about when its namespace is on."""
    server.stream("?subscribe=none").socket.send("no JSON")


def test_the_log_is_followed_live(server):
    stream = server.stream(EVENTS)
    server.post("/skServer/debug", {"value": "signalk-server:interfaces:ws"})
    speak_nonsense(server)
    server.wait_log("message ignored")
    stream.send({"context": "vessels.self", "subscribe": [{"path": "log"}]})
    before = stream.until(rows("message ignored"))["data"]  # what was said before is told first
    assert re.fullmatch(r"[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d", before["ts"])
    assert before["row"].startswith("DEBUG signalk-server:interfaces:ws ") and before["row"].endswith("\n")
    speak_nonsense(server)
    stream.until(rows("message ignored"))


def test_debug_namespaces_are_switched_and_remembered(server, config):
    stream = server.stream(EVENTS)
    assert stream.until(event("DEBUG_SETTINGS"))["data"] == {"debugEnabled": "", "rememberDebug": False}
    assert server.post("/skServer/debug", {"value": "signalk-server:*"}).body == b""
    assert stream.until(event("DEBUG_SETTINGS"))["data"] == {"debugEnabled": "signalk-server:*", "rememberDebug": False}
    assert not config.exists("debug")
    assert server.post("/skServer/rememberDebug", {"value": True}).status == 200
    assert config.text("debug") == "signalk-server:*"
    server.stop()
    server.restart()
    told = server.stream(EVENTS).until(event("DEBUG_SETTINGS"))["data"]
    assert told == {"debugEnabled": "signalk-server:*", "rememberDebug": True}
    server.post("/skServer/debug", {"value": ""})
    assert config.text("debug") == ""
    server.post("/skServer/rememberDebug", {"value": False})
    assert not config.exists("debug")


@pytest.mark.parametrize("value", ["*", "signalk-server:hub, *", 5, None, "a\nb", "x" * 1024])
def test_debug_values_that_are_refused(server, value):
    answer = server.post("/skServer/debug", {"value": value})
    assert (answer.status, answer.text) == (400, "invalid debug value")


def test_all_debug_namespaces_of_the_source_are_offered(server):
    used = set()
    for file in SOURCES.rglob("*.c"):
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r'sk_log_debug(?:_on|_line)?\("([^"]+)"', text)) | set(re.findall(r'#define NS "([^"]+)"', text))
    assert set(server.get("/skServer/debugKeys").ok()) == used


def test_raw_logs_are_listed_and_read(launch, config):
    config.write("skserver-raw_2026-11-22T17.log", "1;A;x\n")
    config.write("skserver-raw_2026-11-21T17.log.gz", b"\x1f\x8b")
    server = launch()
    assert server.get("/skServer/logfiles/").ok() == ["skserver-raw_2026-11-21T17.log.gz", "skserver-raw_2026-11-22T17.log"]
    assert server.get("/skServer/logfiles/skserver-raw_2026-11-22T17.log").text == "1;A;x\n"
    for name in ("settings.json", "..%2fsettings.json", "skserver-raw_%2e%2e%2fx", "skserver-raw_none.log"):
        assert server.get("/skServer/logfiles/" + name).status == 404
    answer = server.get("/skServer/ziplogs")
    assert answer.status == 200 and answer.type == "application/zip"
    assert re.fullmatch(r'attachment; filename="sk-logs-Skiff-\d{4}-\d\d-\d\d-\d\d-\d\d\.zip"', answer.headers["Content-Disposition"])
    with zipfile.ZipFile(io.BytesIO(answer.body)) as z:
        assert {n: z.read(n) for n in z.namelist()} == {"skserver-raw_2026-11-22T17.log": b"1;A;x\n", "skserver-raw_2026-11-21T17.log.gz": b"\x1f\x8b"}
    assert not list((config.path / ".skiff-backup").glob("*"))


# ---- the rest ----


def test_well_known_paths_are_explained(server):
    paths = server.get("/skServer/paths").ok()
    assert paths["/vessels/*/navigation/speedOverGround"]["units"] == "m/s"
    assert len(paths) > 300


def test_a_restart_is_a_new_start_of_the_same_process(launch, config):
    secure(config)
    server = launch()
    start = server.stream(headers=as_user("anna")).hello()["serverStartId"]
    mark = server.log_mark()
    answer = server.put("/skServer/restart", headers=as_user("anna"))
    assert (answer.status, answer.json()) == (200, "Restarting...")
    server.wait_log("signalk-server running at", since=mark, timeout=30)
    assert server.stream(headers=as_user("anna")).hello()["serverStartId"] != start
    assert server.put("/skServer/restart", headers=as_user("wim")).status == 401


def test_nobody_restarts_a_server_without_security(server):
    answer = server.put("/skServer/restart")
    assert (answer.status, answer.json()) == (401, "Restart not allowed")


def test_a_stream_is_told_who_it_is(launch, config):
    secure(config)
    server = launch()
    mine = server.stream(EVENTS, headers=as_user("anna")).until(event("RECEIVE_LOGIN_STATUS"))["data"]
    assert mine == {"status": "loggedIn", "readOnlyAccess": False, "authenticationRequired": True, "allowNewUserRegistration": True,
                    "allowDeviceAccessRequests": True, "userLevel": "admin", "username": "anna"}


def test_only_administrators_see_the_log(launch, config):
    secure(config)
    server = launch()
    stream = server.stream(EVENTS, headers=as_user("wim"))
    stream.send({"context": "vessels.self", "subscribe": [{"path": "log"}]})
    for path in ("/skServer/settings", "/skServer/vessel", "/skServer/logfiles/", "/skServer/ziplogs"):
        assert server.get(path, headers=as_user("wim")).status == 403
    assert server.post("/skServer/debug", {"value": "x"}, headers=as_user("wim")).status == 401
    server.post("/skServer/debug", {"value": "signalk-server:interfaces:ws"}, headers=as_user("anna"))
    reader = server.stream(EVENTS, headers=as_user("anna"))
    reader.send({"context": "vessels.self", "subscribe": [{"path": "log"}]})
    speak_nonsense(server)
    reader.until(rows("message ignored"))
    passed = stream.collect_until(event("SERVERSTATISTICS"))
    assert not [message for message in passed if event("LOG")(message)]
