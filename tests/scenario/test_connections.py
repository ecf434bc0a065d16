"""Data connections as an administrator sees and changes them: /skServer/providers, while the boat sails on."""
import math
import threading

import pytest

from harness.instruments import SerialLine, TcpPeer, connection, connection_status, heading, keep_sending, send_udp
from harness.security import as_user, secure
from harness.server import free_port
from harness.streams import values_in
from harness.waiting import eventually

HEADING = "navigation.headingTrue"
ROUTE = "/skServer/providers"
LEGACY = {"id": "old", "enabled": True, "pipeElements": [
    {"type": "providers/filestream", "options": {"filename": "old.log"}}, {"type": "providers/nmea0183-signalk", "options": {}}]}


def row(name, kind="udp", outer="NMEA0183", enabled=True, **options):
    """A connection as the admin pages send it."""
    return {"id": name, "enabled": enabled, "type": outer, "logging": False, "options": {"type": kind, **options}}


def degrees(value):
    return lambda message: any(path == HEADING and found is not None and abs(math.degrees(found) - value) < 1e-6
                               for _, _, path, found in values_in(message))


def rows(server):
    return {entry["id"]: entry for entry in server.get(ROUTE).ok()}


def saved(config):
    return {entry["id"]: entry for entry in config.json("settings.json")["pipedProviders"]}


def said(answer):
    return answer.status, answer.text


def statuses(server):
    stream = server.stream("?serverevents=all&subscribe=none")
    message = stream.until(lambda m: isinstance(m, dict) and m.get("type") == "PROVIDERSTATUS", 30)
    return {entry["id"]: entry for entry in message["data"]}


def counters(server):
    stream = server.stream("?serverevents=all&subscribe=none")
    message = stream.until(lambda m: isinstance(m, dict) and m.get("type") == "SERVERSTATISTICS", 30)
    return message["data"]["providerStatistics"]


@pytest.fixture
def watched(server):
    """A running server without connections, and a stream of everything it hears."""
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    stream.hello()
    return server, stream


# ---- the list ----


def test_each_connection_is_a_row(config, launch):
    simple = connection("gps", "udp", {"port": "10111", "tomorrow": {"x": 1}}, logging=True)
    config.settings(pipedProviders=[simple, LEGACY, connection("play", None, {"dataType": "NMEA0183", "filename": "x"}, "FileStream",
                                                               logging=False)])
    found = rows(launch())
    assert found["gps"] == {"id": "gps", "enabled": True, "type": "NMEA0183", "logging": True, "editable": True,
                            "options": {"type": "udp", "port": "10111", "tomorrow": {"x": 1}}}
    assert found["play"]["type"] == "FileStream" and found["play"]["options"]["filename"] == "x"
    old = found["old"]
    assert (old["editable"], old["type"], old["enabled"]) == (False, "providers/filestream", True)
    assert '"filename": "old.log"' in old["json"]


def test_a_connection_of_the_command_line_is_shown_but_not_changed(launch):
    server = launch("--sample-nmea0183-data")
    name = "nmea0183-sample-data"
    assert rows(server)[name]["editable"] is False
    assert server.delete(f"{ROUTE}/{name}").status == 401
    assert said(server.post(ROUTE, row(name, port=1))) == (401, f"Connection with ID '{name}' already exists")
    connection_status(server, name, "Playing")


# ---- added, changed, removed ----


def test_a_new_connection_works_at_once_and_after_a_restart(config, watched):
    server, stream = watched
    port = free_port()
    assert said(server.post(ROUTE + "/", row("gps", port=str(port)))) == (200, "Connection added")
    message = keep_sending(port, heading(90), stream, degrees(90))
    assert message["updates"][0]["$source"] == "gps.II"
    assert saved(config)["gps"] == {
        "id": "gps", "enabled": True, "pipeElements": [{"type": "providers/simple", "options": {
            "type": "NMEA0183", "logging": False, "subOptions": {"type": "udp", "port": str(port)}}}]}
    assert config.json("settings.json")["mdns"] is False  # the rest of the file is what it was
    server.stop()
    server.restart()
    stream = server.stream("?subscribe=all&sendCachedValues=false")
    assert keep_sending(port, heading(91), stream, degrees(91))


def test_a_change_touches_only_that_connection(watched):
    server, stream = watched
    peer, before, after = TcpPeer(), free_port(), free_port()
    try:
        server.post(ROUTE, row("plotter", "tcp", host="127.0.0.1", port=peer.port))
        server.post(ROUTE, row("gps", port=before))
        peer.client(1).sendall((heading(10) + "\n").encode())
        stream.until(degrees(10))
        keep_sending(before, heading(20), stream, degrees(20))
        assert said(server.put(ROUTE + "/gps", row("gps", port=after))) == (200, "Connection updated")
        keep_sending(after, heading(30), stream, degrees(30))
        send_udp(before, heading(40))  # nobody there any more
        peer.clients[0].sendall((heading(50) + "\n").encode())
        assert not any(degrees(40)(m) for m in stream.collect_until(degrees(50)))
        assert len(peer.clients) == 1 and counters(server)["plotter"]["opened"] == 1
    finally:
        peer.close()


def test_switched_off_and_on_and_removed(watched):
    server, stream = watched
    port = free_port()
    server.post(ROUTE, row("gps", port=port))
    keep_sending(port, heading(1), stream, degrees(1))
    assert server.put(ROUTE + "/gps", row("gps", port=port, enabled=False)).status == 200
    assert "gps" not in statuses(server) and rows(server)["gps"]["enabled"] is False
    other = free_port()
    server.post(ROUTE, row("other", port=other))
    send_udp(port, heading(2))
    keep_sending(other, heading(3), stream, degrees(3))
    server.put(ROUTE + "/gps", row("gps", port=port))
    keep_sending(port, heading(4), stream, degrees(4))
    assert said(server.delete(ROUTE + "/gps")) == (200, "Connection deleted")
    assert set(rows(server)) == {"other"} and set(statuses(server)) == {"other"}
    send_udp(port, heading(5))
    keep_sending(other, heading(6), stream, degrees(6))
    assert server.value(HEADING) == pytest.approx(math.radians(6))


def test_a_new_name_is_a_new_source(config, watched):
    server, stream = watched
    port = free_port()
    server.post(ROUTE, row("gps", port=port))
    keep_sending(port, heading(1), stream, degrees(1))
    assert server.put(ROUTE + "/gps", row("compass", port=port)).status == 200
    message = keep_sending(port, heading(2), stream, degrees(2))
    assert message["updates"][0]["$source"] == "compass.II"
    assert set(saved(config)) == {"compass"} and set(statuses(server)) == {"compass"}
    assert said(server.put(ROUTE + "/gps", row("gps", port=port))) == (401, "Connection with name gps not found")


def test_saving_without_a_change_opens_the_connection_anew(watched):
    server, _ = watched
    peer = TcpPeer()
    try:
        server.post(ROUTE, row("plotter", "tcp", host="127.0.0.1", port=peer.port))
        peer.client(1)
        server.put(ROUTE + "/plotter", row("plotter", "tcp", host="127.0.0.1", port=peer.port))
        assert peer.client(2)
    finally:
        peer.close()


def test_a_serial_line_is_let_go_for_its_successor(tmp_path, watched):
    server, stream = watched
    line = SerialLine(tmp_path / "ttyGPS").plug_in()
    try:
        server.post(ROUTE, row("first", "serial", device=line.path, baudrate=4800))
        connection_status(server, "first", "Connected to")
        assert server.put(ROUTE + "/first", row("second", "serial", device=line.path, baudrate=9600)).status == 200
        connection_status(server, "second", "Connected to")
        line.say(heading(77))
        assert stream.until(degrees(77))["updates"][0]["$source"] == "second.II"
    finally:
        line.close()


def test_raw_logging_can_be_switched_on(config, watched):
    server, stream = watched
    port = free_port()
    server.post(ROUTE, row("gps", port=port))
    keep_sending(port, heading(1), stream, degrees(1))
    assert not list(config.path.glob("skserver-raw_*"))
    server.put(ROUTE + "/gps", {**row("gps", port=port), "logging": True})
    keep_sending(port, heading(2), stream, degrees(2))
    eventually(lambda: any(heading(2) in file.read_text() for file in config.path.glob("skserver-raw_*.log")), "the line in the log")


# ---- what is kept of the settings ----


def test_unknown_members_stay_and_options_are_merged(config, launch):
    entry = connection("gps", "udp", {"port": 10111, "validateChecksum": False, "talkerGroups": {"gnss": ["GP"]}})
    entry["note"] = "starboard locker"
    entry["pipeElements"][0]["options"]["colour"] = "red"
    config.settings(pipedProviders=[entry, LEGACY], somethingElse={"kept": True})
    server = launch()
    assert server.put(ROUTE + "/gps", row("gps", port=10112, ignoredSentences=["MTW"])).status == 200
    now = saved(config)["gps"]
    options = now["pipeElements"][0]["options"]
    assert (now["note"], options["colour"]) == ("starboard locker", "red")
    assert options["subOptions"] == {"type": "udp", "port": 10112, "validateChecksum": False, "ignoredSentences": ["MTW"]}
    assert saved(config)["old"] == LEGACY and config.json("settings.json")["somethingElse"] == {"kept": True}
    server.put(ROUTE + "/gps", row("gps", "tcp", host="127.0.0.1", port=1))  # another kind: nothing of the old one fits
    assert saved(config)["gps"]["pipeElements"][0]["options"]["subOptions"] == {"type": "tcp", "host": "127.0.0.1", "port": 1}


def test_a_can_node_gets_a_number_of_its_own_once(config, watched):
    server, _ = watched
    server.post(ROUTE, row("can", "canbus-canboatjs", "NMEA2000", interface="can77"))
    number = rows(server)["can"]["options"]["uniqueNumber"]
    assert 0 <= number < 1 << 21
    server.put(ROUTE + "/can", row("can", "canbus-canboatjs", "NMEA2000", interface="can78"))
    assert rows(server)["can"]["options"] == {"type": "canbus-canboatjs", "interface": "can78", "uniqueNumber": number}
    assert "no such CAN interface" in connection_status(server, "can", "CAN")["message"] or "no CAN sockets" in statuses(server)["can"]["message"]


def test_a_free_form_pipeline_is_only_switched(config, launch):
    config.settings(pipedProviders=[LEGACY])
    server = launch()
    shown = rows(server)["old"]
    assert server.put(ROUTE + "/old", {**shown, "enabled": False}).status == 200
    assert saved(config)["old"] == {**LEGACY, "enabled": False}
    answer = server.put(ROUTE + "/old", row("old", port=1))
    assert answer.status == 401 and "free-form" in answer.text
    assert saved(config)["old"] == {**LEGACY, "enabled": False}


# ---- refused ----


@pytest.mark.parametrize("body, status, text", [
    ([], 400, "Invalid provider: id and options object required"),
    ({"id": "x", "type": "NMEA0183"}, 400, "Invalid provider: id and options object required"),
    ({"id": 5, "options": {}}, 400, "Invalid provider: id and options object required"),
    ({"id": "x", "options": []}, 400, "Invalid provider: id and options object required"),
    (row(""), 401, "Please enter a provider ID"),
    (row("taken"), 401, "Connection with ID 'taken' already exists"),
    (row("x", outer="Unknown"), 401, "Can not update an Unknown type"),
    (row("x" * 101), 400, "Invalid provider: the ID is longer than 100 characters"),
    (row("a\nb"), 400, "Invalid provider: the ID has control characters"),
], ids=lambda v: None if isinstance(v, (dict, list)) else str(v)[:40])
def test_what_makes_no_sense_is_refused_in_words(config, launch, body, status, text):
    config.settings(pipedProviders=[connection("taken", "udp", {"port": 1}, enabled=False)])
    before = config.text("settings.json")
    server = launch()
    assert said(server.post(ROUTE, body)) == (status, text)
    assert config.text("settings.json") == before


def test_broken_json_is_refused_with_its_place(server):
    answer = server.post(ROUTE, body='{"id":', headers={"Content-Type": "application/json"})
    assert answer.status == 400 and "line 1" in answer.text


def test_renaming_to_a_name_that_is_taken(watched):
    server, _ = watched
    server.post(ROUTE, row("a", port=free_port()))
    server.post(ROUTE, row("b", port=free_port()))
    assert said(server.put(ROUTE + "/a", row("b", port=1))) == (401, "Connection with ID 'b' already exists")
    assert said(server.delete(ROUTE + "/%3Ci%3E")) == (401, "Connection with name <i> not found")
    assert set(rows(server)) == {"a", "b"}


@pytest.mark.parametrize("wanted, text", [
    (row("x", "tcp", host="127.0.0.1", port="ten"), "port is not a number from 1 to 65535"),
    (row("x", "tcp", port=1), "no host given"),
    (row("x", "serial", baudrate=4800), "no device given"),
    (row("x", "serial", device="/dev/does-not-exist"), "no such device"),
    (row("x", "udp", port=""), "no port given"),
    (row("x", "gpiod", "Seatalk", gpio="GPIO4"), "type Seatalk over gpiod is not supported"),
    (row("x", "maretron-ipg-canboatjs", "NMEA2000", host="a"), "maretron-ipg-canboatjs is not supported"),
], ids=lambda v: None if isinstance(v, dict) else v[:40])
def test_what_cannot_work_is_kept_and_says_why(config, watched, wanted, text):
    server, _ = watched
    assert server.post(ROUTE, wanted).status == 200
    entry = connection_status(server, "x", text)
    assert entry["type"] == "error"
    assert "x" in saved(config)


def test_a_change_that_cannot_be_saved_does_not_happen(config, watched):
    server, _ = watched
    server.post(ROUTE, row("kept", port=free_port()))
    (config.path / "settings.json").unlink()
    (config.path / "settings.json").mkdir()
    answer = server.post(ROUTE, row("lost", port=free_port()))
    assert answer.status == 500 and answer.text.startswith("Unable to save to settings file")
    assert set(rows(server)) == {"kept"} and set(statuses(server)) == {"kept"}
    assert server.delete(ROUTE + "/kept").status == 500
    assert set(rows(server)) == {"kept"} and set(statuses(server)) == {"kept"}
    (config.path / "settings.json").rmdir()
    assert server.post(ROUTE, row("found", port=free_port())).status == 200
    assert set(saved(config)) == {"kept", "found"}


def test_a_broken_settings_file_is_not_written_over(config, launch):
    config.write("settings.json", "{ my settings")
    server = launch()
    answer = server.post(ROUTE, row("gps", port=free_port()))
    assert answer.status == 500 and "settings file is broken" in answer.text
    assert config.text("settings.json") == "{ my settings"


# ---- many, and who may ----


def test_many_changes_at_once_are_all_saved(config, watched):
    server, _ = watched
    names = [f"udp{i}" for i in range(20)]
    answers = []
    threads = [threading.Thread(target=lambda n=name: answers.append(server.post(ROUTE, row(n, port=free_port())).status))
               for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * len(names)
    assert set(saved(config)) == set(rows(server)) == set(statuses(server)) == set(names)


def test_only_administrators(config, launch):
    secure(config)
    server = launch()
    for who in ({}, as_user("rita"), as_user("wim")):
        assert server.get(ROUTE, headers=who).status in (401, 403)
        assert server.post(ROUTE, row("x", port=1), headers=who).status in (401, 403)
        assert server.put(ROUTE + "/x", row("x", port=1), headers=who).status in (401, 403)
        assert server.delete(ROUTE + "/x", headers=who).status in (401, 403)
        assert server.get("/skServer/serialports", headers=who).status in (401, 403)
    assert server.post(ROUTE, row("x", port=free_port()), headers=as_user("anna")).status == 200
    assert server.get("/skServer/hasAnalyzer", headers=as_user("anna")).ok() is False


def test_the_serial_ports_of_this_machine(server):
    found = server.get("/skServer/serialports").ok()
    assert set(found) == {"byId", "byPath", "byOpenPlotter", "serialports"}
    assert all(port["path"].startswith("/dev/") for port in found["serialports"])
