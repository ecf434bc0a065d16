"""What a plugin may ask of the server: unknown names are explained, capabilities are kept, wrong pointers harm nobody."""
import json
import time

import pytest

from harness import packages
from harness.server import NAME, SELF, SELF_ID
from harness.waiting import eventually
from harness.wat import assemble

CALL = "/plugins/probe-abi/api/call"


@pytest.fixture
def abi(config, launch):
    config.enable(config.install(packages.built("probe-abi")), {"a": 1})
    server = launch()
    server.wait_plugin("probe-abi", state="running")
    return server


def call(server, name, **parameters):
    return server.post(CALL, {"name": name, **parameters}).ok()


# ---- names ----


def test_an_unknown_import_is_listed_with_a_suggestion(config, launch):
    name = config.install(packages.built("bad-import"))
    server = launch()
    entry = server.wait_plugin(name, state="error")
    assert "sk_emit_delta" in entry["statusMessage"]
    assert "sk_handle_message" in entry["statusMessage"]
    assert server.configure(name).status == 500
    assert server.plugin(name)["state"] == "error"
    assert server.api("vessels/self/name").ok() == NAME


ODD_TYPES = """
(module
  (import "env" "sk_debug" (func $debug (param i32 i32 i32 i32) (result i32)))
  (import "env" "sk_set_status" (func $status (param f64 f64)))
  (import "env" "sk_handle_message" (func $message (param i32 i32 i32 i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 16) "Odd types")
  (data (i32.const 32) "all odd")
  (data (i32.const 64) "{\\22updates\\22:[{\\22values\\22:[{\\22path\\22:\\22test.odd\\22,\\22value\\22:1}]}]}")
  (global $top (mut i32) (i32.const 1024))
  (func (export "allocate") (param $n i32) (result i32)
    (global.set $top (i32.add (global.get $top) (local.get $n)))
    (i32.sub (global.get $top) (local.get $n)))
  (func (export "plugin_id") (param i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_name") (param i32 i32) (result i32)
    (memory.copy (local.get 0) (i32.const 16) (i32.const 9)) (i32.const 9))
  (func (export "plugin_schema") (param i32 i32) (result i32) (i32.const 0))
  (func (export "plugin_start") (param i32) (result i32) ;; one parameter: the server drops what it has too much
    (call $message (i32.const 64) (i32.const 56) (i32.const 1) (i32.const 9))
    (call $status (f64.const 32.9) (f64.const 7.5))
    (call $debug (i32.const 16) (i32.const 9) (i32.const 1) (i32.const 2)))
  (func (export "plugin_stop"))
)
"""


def test_imports_and_exports_of_odd_types_link_as_in_javascript(config, launch):
    """More parameters, fewer, floats, results where there are none: a plugin that works elsewhere works here."""
    config.write_package("odd-types", assemble(ODD_TYPES))
    server = launch(env={"DEBUG": "signalk:wasm:*"})
    assert server.wait_plugin("odd-types", name="Odd types")["schema"] == {}
    assert server.configure("odd-types").status == 200
    server.wait_plugin("odd-types", state="running", statusMessage="all odd")
    server.wait_log(r"\[odd-types\] Odd types")
    eventually(lambda: server.value("test.odd") == 1)
    assert server.configure("odd-types", enabled=False).status == 200
    server.wait_plugin("odd-types", state="stopped")


# ---- data ----


def test_the_own_vessel_can_be_read(abi):
    abi.feeder().put_values({"navigation.speedOverGround": 3.5}, source="gps.1", timestamp="2026-01-01T00:00:00.000Z")
    leaf = json.loads(call(abi, "get_self_path", arg="navigation.speedOverGround")["text"])
    assert (leaf["value"], leaf["$source"]) == (3.5, "gps.1")
    assert leaf["meta"]["units"] == "m/s"
    for path, text in (("navigation.speedOverGround.value", "3.5"), ("name", f'"{NAME}"'), ("uuid", f'"{SELF_ID}"')):
        assert call(abi, "get_self_path", arg=path) == {"result": len(text), "text": text, "overrun": 0}


@pytest.mark.parametrize("path", ["no.such.path", "navigation..x", "a" * 3000])
def test_what_is_not_there_is_zero_bytes(abi, path):
    assert call(abi, "get_self_path", arg=path) == {"result": 0, "text": "", "overrun": 0}


def test_a_buffer_too_small_stays_untouched(abi):
    assert call(abi, "get_self_path", arg="uuid", max=len(SELF_ID) + 1) == {"result": 0, "text": "", "overrun": 0}
    assert call(abi, "get_self_path", arg="uuid", max=len(SELF_ID) + 2)["result"] == len(SELF_ID) + 2
    assert call(abi, "read_config", max=3) == {"result": 0, "text": "", "overrun": 0}


def test_the_whole_model_can_be_read_by_path(config, launch):
    name = config.install(packages.built("probe-get-path"))
    server = launch()
    assert server.configure(name).status == 200
    server.feeder().put_values({"": {"name": "OTHER"}}, context="vessels.urn:mrn:imo:mmsi:230099999")
    for path, wanted in (("vessels.self.name", NAME), (SELF + ".name", NAME), ("vessels.urn:mrn:imo:mmsi:230099999.name", "OTHER")):
        assert json.loads(server.get(f"/plugins/{name}/api/get?path={path}").ok()["text"]) == wanted
    assert server.get(f"/plugins/{name}/api/get?path=no.such").ok()["result"] == 0
    assert "defaults" in json.loads(server.get(f"/plugins/{name}/api/get?path=/sources").ok()["text"])


def test_deltas_are_completed_as_from_any_producer(abi):
    def publish(delta):
        call(abi, "handle_message", value=json.dumps(delta))

    publish({"updates": [{"values": [{"path": "p.plain", "value": 1}]}]})
    publish({"updates": [{"$source": "given.1", "values": [{"path": "p.given", "value": 1}]}]})
    publish({"updates": [{"source": {"label": "mine", "type": "NMEA0183", "talker": "GP"}, "values": [{"path": "p.labelled", "value": 1}]}]})
    publish({"updates": [{"source": {"label": "/dev/x", "talker": "GP"}, "values": [{"path": "p.replaced", "value": 1}]}]})
    for path, source in (("p.plain", "probe-abi"), ("p.given", "given.1"), ("p.labelled", "mine.GP"), ("p.replaced", "probe-abi.GP")):
        assert eventually(lambda: abi.self_path(path + ".$source").ok()) == source


@pytest.mark.parametrize("text", ["", "nonsense", "{", "null", "[]", '{"updates":7}', '{"updates":[{"values":[null]}]}',
                                  '{"updates":[{"$source":"defaults","values":[{"path":"","value":{"name":"PIRATE"}}]}]}'])
def test_a_bad_delta_of_a_plugin_is_refused_quietly(abi, text):
    assert call(abi, "handle_message", value=text)["result"] == 0
    assert abi.api("vessels/self/name").ok() == NAME
    assert abi.plugin("probe-abi")["state"] == "running"


@pytest.mark.parametrize("value, result", [
    ({"state": "alarm", "method": ["visual"], "message": "x"}, 0), ({"state": "normal"}, 0), ({"state": "emergency"}, 0),
    ({"state": "nominal"}, -1), ({"state": "loud"}, -1), ({}, -1), (None, -1), ("alarm", -1),
])
def test_notifications_have_a_known_state(abi, value, result):
    assert call(abi, "publish_notification", arg="notifications.test", value=json.dumps(value))["result"] == result
    if result == 0:
        assert eventually(lambda: abi.value("notifications.test")["state"]) == value["state"]


# ---- configuration ----


def test_the_configuration_can_be_read_and_saved(abi, config):
    assert call(abi, "read_config")["text"] == '{"a":1}'
    assert call(abi, "save_config", value='{"b":[1, 2]}')["result"] == 0
    saved = config.json(config.plugin_file("probe-abi"))
    assert (saved["configuration"], saved["enabled"]) == ({"b": [1, 2]}, True)
    assert call(abi, "read_config")["text"] == '{"b":[1,2]}'
    assert abi.get("/plugins/probe-abi/config").ok()["configuration"] == {"b": [1, 2]}
    assert call(abi, "save_config", value="{ nope")["result"] == -1
    assert call(abi, "read_config")["text"] == '{"b":[1,2]}'


# ---- status and log ----


def test_status_and_error_texts_are_shown(abi):
    call(abi, "set_status", arg="all is well")
    abi.wait_plugin("probe-abi", statusMessage="all is well")
    call(abi, "set_error", arg="no signal")
    abi.wait_plugin("probe-abi", statusMessage="no signal", state="running")


def test_a_status_is_announced_when_it_changes(abi):
    """Not only with the regular report of every five seconds."""
    stream = abi.stream("?serverevents=all&subscribe=none")
    stream.hello()
    began = time.monotonic()
    for text in ("one", "two", "three"):
        call(abi, "set_status", arg=text)
        stream.until(lambda m: m.get("type") == "PROVIDERSTATUS" and any(s["id"] == "probe-abi" and s["message"] == text for s in m["data"]))
    assert time.monotonic() - began < 5


def test_log_lines_carry_the_package_name(config, launch):
    config.enable(config.install(packages.built("probe-abi")))
    server = launch(env={"DEBUG": "signalk:wasm:bindings"})
    server.wait_plugin("probe-abi", state="running")
    call(server, "debug", arg="hello from inside")
    server.wait_log(r"\[probe-abi\] hello from inside")
    call(server, "debug", arg="one\ntwo")  # a line of a plugin's own making must not look like somebody else's
    server.wait_log("two")
    assert not [text for _, text in server.lines if text == "two"]


def test_log_lines_are_silent_without_debug(abi):
    call(abi, "debug", arg="hello from inside")
    assert "hello from inside" not in abi.log()


# ---- capabilities ----


def test_what_is_not_granted_is_refused_and_said(config, launch):
    name = config.install(packages.built("probe-no-caps"))
    server = launch()
    server.configure(name)
    status = eventually(lambda: json.loads(server.plugin(name)["statusMessage"]))
    assert (status["put"], status["resource"], status["weather"], status["network"], status["read"], status["stream"]) == (0, 0, 0, 0, 0, 0)
    assert (status["udp"], status["tcp"]) == (-1, -1)
    feeder = server.feeder()
    feeder.values(a__b=1)
    assert server.self_path("test.noCaps.published").status == 404  # dataWrite is false
    assert "dataRead is false" not in server.plugin(name)["statusMessage"]
    assert server.put("/signalk/v1/api/vessels/self/test/none", {"value": 1}).status == 405


def test_capabilities_can_be_asked_for(abi):
    assert call(abi, "has_capability", arg="network")["result"] == 0
    assert call(abi, "has_capability", arg="rawSockets")["result"] == 0
    assert call(abi, "has_capability", arg="no-such-thing")["result"] == 0


def test_a_registration_answers_one(abi):
    assert call(abi, "register_put_handler", arg="test.put.later")["result"] == 1
    assert abi.self_path("test.put.later.meta").ok()["supportsPut"] is True


# ---- pointers ----


def test_wrong_pointers_give_failure_values_and_harm_nobody(config, launch):
    name = config.install(packages.built("bad-pointers"))
    server = launch()
    server.configure(name)
    results = eventually(lambda: server.value("test.badPointers.results"), "the findings", 20)
    assert results
    # the empty configuration fits where it was asked for: only the length told with it was a lie
    assert [result for result in results if result[1] > 0 and result != ["sk_read_config", 2]] == []
    assert server.plugin(name)["state"] == "running"
    assert server.api("vessels/self/name").ok() == NAME
