"""Deltas, notifications, paths and configuration as a plugin meets them, call by call."""
import json

import pytest

from harness import packages
from harness.server import NAME, SELF, SELF_ID
from harness.streams import has_path, values_in
from harness.waiting import eventually

PROBE = "probe-abi"
CALL = f"/plugins/{PROBE}/api/call"


@pytest.fixture
def abi(config, launch):
    config.enable(config.install(packages.built(PROBE)), {"a": 1})
    server = launch()
    server.wait_plugin(PROBE, state="running")
    return server


def call(server, name, **parameters):
    return server.post(CALL, {"name": name, **parameters}).ok()


def told(server):
    return server.get(f"/plugins/{PROBE}/api/state").ok()


# ---- deltas ----


def publish(server, path, value, version):
    call(server, "handle_message", version=version, value=json.dumps({"updates": [{"values": [{"path": path, "value": value}]}]}))


def test_version_2_is_streamed_but_not_kept_in_the_tree(abi):
    stream = abi.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("test.v2.*")
    publish(abi, "test.v2.two", 2, version=2)
    assert values_in(stream.until(has_path("test.v2.two"))) == [(SELF, PROBE, "test.v2.two", 2)]
    assert abi.self_path("test.v2.two").status == 404


@pytest.mark.parametrize("version", [0, 1, 3, -1])
def test_any_other_version_is_1(abi, version):
    publish(abi, "test.v1", version, version=version)
    assert eventually(lambda: abi.value("test.v1") == version)


def test_version_2_reaches_delta_handlers(abi):
    publish(abi, "test.v2.seen", 1, version=2)
    eventually(lambda: '"path":"test.v2.seen"' in json.dumps(told(abi)).replace("\\", ""), "the plugin's own delta_handler")


# ---- notifications ----


def test_a_notification_is_a_delta_of_the_plugin_with_all_it_was_given(abi):
    value = {"state": "warn", "method": ["visual"], "message": "x", "more": {"a": [1]}}
    assert call(abi, "publish_notification", arg="notifications.test.deep", value=json.dumps(value))["result"] == 0
    leaf = eventually(lambda: abi.self_path("notifications.test.deep").ok())
    assert leaf["$source"] == PROBE
    assert {name: leaf["value"][name] for name in value} == value


def test_neither_path_nor_other_members_are_checked(abi):
    assert call(abi, "publish_notification", arg="test.elsewhere", value='{"state":"alert","method":"loud"}')["result"] == 0
    assert eventually(lambda: abi.value("test.elsewhere")) == {"state": "alert", "method": "loud"}


@pytest.mark.parametrize("value", ["", "{", "[]", "5", '{"state":5}', '{"state":"ALARM"}', '{"state":"alarm"} x'])
def test_what_is_no_notification_is_minus_one(abi, value):
    assert call(abi, "publish_notification", arg="notifications.bad", value=value)["result"] == -1
    publish(abi, "test.after", 1, version=1)
    eventually(lambda: abi.value("test.after") == 1)
    assert abi.self_path("notifications.bad").status == 404


def test_without_data_write_there_are_no_notifications(config, launch):
    package = packages.built(PROBE)
    config.install(package)
    caps = {**package.manifest["wasmCapabilities"], "dataWrite": False}
    config.write(f"node_modules/{PROBE}/package.json", {**package.manifest, "wasmCapabilities": caps})
    config.enable(PROBE)
    server = launch()
    server.wait_plugin(PROBE, state="running")
    assert call(server, "publish_notification", arg="notifications.x", value='{"state":"alarm"}')["result"] == -1
    assert server.self_path("notifications.x").status == 404


# ---- paths ----


def test_a_value_of_null_is_zero_bytes_its_node_is_not(abi):
    abi.feeder().put_values({"test.empty": None})
    assert call(abi, "get_self_path", arg="test.empty.value")["result"] == 0
    assert json.loads(call(abi, "get_self_path", arg="test.empty")["text"])["value"] is None


def test_objects_and_their_members_can_be_read(abi):
    abi.feeder().put_values({"navigation.position": {"latitude": 60.1, "longitude": -24.9}})
    assert json.loads(call(abi, "get_self_path", arg="navigation.position.value")["text"]) == {"latitude": 60.1, "longitude": -24.9}
    assert call(abi, "get_self_path", arg="navigation.position.value.latitude")["text"] == "60.1"
    assert set(json.loads(call(abi, "get_self_path", arg="navigation")["text"])) == {"position"}


@pytest.mark.parametrize("path", ["", ".", "..", "name.", ".name", "vessels.self.name", "name/..", "__proto__", "constructor"])
def test_paths_that_lead_nowhere_are_zero_bytes(abi, path):
    assert call(abi, "get_self_path", arg=path) == {"result": 0, "text": "", "overrun": 0}


def test_what_several_sources_say_is_all_there(abi):
    feeder = abi.feeder()
    feeder.put_values({"test.two": 1}, source="a.1")
    feeder.put_values({"test.two": 2}, source="b.1")
    node = json.loads(call(abi, "get_self_path", arg="test.two")["text"])
    assert {name: one["value"] for name, one in node["values"].items()} == {"a.1": 1, "b.1": 2}


@pytest.mark.parametrize("path, wanted", [
    ("vessels.self.name", NAME), (f"vessels.{SELF_ID}.name", NAME), ("self", SELF), ("vessels.self.uuid", SELF_ID)])
def test_the_root_of_the_whole_model(config, launch, path, wanted):
    name = config.install(packages.built("probe-get-path"))
    config.enable(name)
    server = launch()
    server.wait_plugin(name, state="running")
    assert json.loads(server.get(f"/plugins/{name}/api/get?path={path}").ok()["text"]) == wanted


def test_a_plugin_without_data_read_reads_nothing(config, launch):
    package = packages.built(PROBE)
    config.install(package)
    caps = {**package.manifest["wasmCapabilities"], "dataRead": False}
    config.write(f"node_modules/{PROBE}/package.json", {**package.manifest, "wasmCapabilities": caps})
    config.enable(PROBE)
    server = launch()
    server.wait_plugin(PROBE, state="running")
    assert call(server, "get_self_path", arg="name")["result"] == 0


# ---- configuration ----


def test_saving_keeps_what_else_the_file_holds_and_does_not_restart(config, launch):
    config.install(packages.built(PROBE))
    config.enable(PROBE, {"a": 1}, enableDebug=True, enableLogging=True, note={"kept": [1]})
    server = launch()
    server.wait_plugin(PROBE, state="running")
    assert call(server, "save_config", value='{"b":2}')["result"] == 0
    assert config.json(config.plugin_file(PROBE)) == {
        "configuration": {"b": 2}, "enabled": True, "enableDebug": True, "enableLogging": True, "note": {"kept": [1]}}
    state = told(server)
    assert state["starts"] == 1
    assert server.plugin(PROBE)["state"] == "running"


def test_what_was_saved_is_what_the_next_start_gets(abi, config):
    assert call(abi, "save_config", value='{"b":2}')["result"] == 0
    abi.kill()
    abi.restart()
    abi.wait_plugin(PROBE, state="running")
    assert call(abi, "read_config")["text"] == '{"b":2}'
    assert '"b":2' in json.dumps(told(abi)).replace("\\", "")


def test_a_saved_configuration_survives_a_stop_and_start_within_the_server(abi):
    assert call(abi, "save_config", value='{"b":2}')["result"] == 0
    data = abi.get(f"/plugins/{PROBE}/config").ok()
    assert data["configuration"] == {"b": 2}
    for enabled in (False, True):
        assert abi.post(f"/plugins/{PROBE}/config", json={**data, "enabled": enabled}).status == 200
    assert call(abi, "read_config")["text"] == '{"b":2}'


def test_without_a_file_saving_makes_one_that_is_enabled(config, launch):
    config.install(packages.built(PROBE))
    server = launch(env={"DEFAULTENABLEDPLUGINS": PROBE})
    server.wait_plugin(PROBE, state="running")
    assert call(server, "read_config")["text"] == "{}"
    assert not config.exists(config.plugin_file(PROBE)), "no file before somebody saves"
    assert call(server, "save_config", value='{"x":[]}')["result"] == 0
    saved = config.json(config.plugin_file(PROBE))
    assert (saved["configuration"], saved["enabled"]) == ({"x": []}, True)


def test_what_cannot_be_saved_is_minus_one_and_stays_as_it_was(config, launch):
    config.install(packages.built(PROBE))
    server = launch(env={"DEFAULTENABLEDPLUGINS": PROBE})
    server.wait_plugin(PROBE, state="running")
    (config.path / config.plugin_file(PROBE)).mkdir(parents=True)  # in the way
    assert call(server, "save_config", value='{"x":1}')["result"] == -1
    assert call(server, "read_config")["text"] == "{}"
    assert server.plugin(PROBE)["state"] == "running"


@pytest.mark.parametrize("text", ["", "{", "nope", '{"a":1} x', "[" * 3000])
def test_a_configuration_that_is_no_json_is_minus_one(abi, config, text):
    before = config.text(config.plugin_file(PROBE))
    assert call(abi, "save_config", value=text)["result"] == -1
    assert config.text(config.plugin_file(PROBE)) == before


def test_the_last_of_many_saves_counts(abi, config):
    for number in range(20):
        assert call(abi, "save_config", value=json.dumps({"n": number}))["result"] == 0
    assert config.json(config.plugin_file(PROBE))["configuration"] == {"n": 19}
