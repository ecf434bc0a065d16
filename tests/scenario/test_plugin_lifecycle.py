"""A Rust plugin as the plugin guide has it, from installation to kill -9 and back, by each of the guide's three ways to install."""
import json
import os
import shutil
import subprocess

import pytest

from harness import packages
from harness.server import plugin_id
from harness.waiting import eventually

DEBUG = {"DEBUG": "signalk:wasm:*"}
DISPLAY_NAME = "Guide plugin (Rust)"


@pytest.fixture(scope="module")
def guide():
    return packages.built("guide-rust")


def by_symlink(package, config, home):
    config.plugin_dir("").mkdir(parents=True)
    config.plugin_dir(package.name).symlink_to(package.path, target_is_directory=True)


def by_copy(package, config, home):
    config.plugin_dir(package.name).mkdir(parents=True)
    for file in ("package.json", package.manifest["wasmManifest"]):
        shutil.copy(package.path / file, config.plugin_dir(package.name) / file)


def by_npm(package, config, home):
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    env = {**os.environ, "NPM_CONFIG_PREFIX": str(config.path.parent / "npm"), "npm_config_update_notifier": "false"}
    work = config.path.parent / "pack"
    shutil.copytree(package.path, work)
    tarball = subprocess.run(["npm", "pack", "--silent"], cwd=work, env=env, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    subprocess.run(["npm", "install", "-g", "--offline", "--no-audit", "--no-fund", "./" + tarball], cwd=work, env=env, check=True, capture_output=True)
    return {"NPM_CONFIG_PREFIX": env["NPM_CONFIG_PREFIX"]}


@pytest.mark.parametrize("install", [by_symlink, by_copy, by_npm])
def test_the_guides_plugin_by_each_way_of_installing(guide, config, launch, home, install):
    env = {**DEBUG, **(install(guide, config, home) or {})}
    server = launch(env=env)

    entry = server.wait_plugin(guide.name, name=DISPLAY_NAME)  # it is listed with what its module says once that is loaded
    assert entry["id"] == plugin_id(guide.name)
    assert entry["version"] == guide.manifest["version"]
    assert entry["description"] == guide.manifest["description"]
    assert entry["keywords"] == guide.manifest["keywords"]
    assert entry["type"] == "wasm"
    assert entry["schema"]["properties"]["maxRadius"] == {"type": "number", "title": "Max Radius", "default": 50}
    assert entry["data"] == {}
    assert entry["state"] in ("stopped", "disabled")
    assert not config.exists(config.plugin_file(guide.name))

    answer = server.configure(guide.name, {"maxRadius": 75})
    assert (answer.status, answer.json()) == (200, f"Saved configuration for plugin {plugin_id(guide.name)}")
    entry = server.wait_plugin(guide.name, state="running", statusMessage="Running")
    assert entry["data"] == {"configuration": {"maxRadius": 75}, "enabled": True, "enableDebug": False}
    server.wait_log(rf"\[{guide.name}\] Plugin started successfully")
    assert config.text(config.plugin_file(guide.name)) == json.dumps(
        {"configuration": {"maxRadius": 75}, "enabled": True, "enableDebug": False}, indent=2)

    server.kill()
    server.restart()
    entry = server.wait_plugin(guide.name, state="running", statusMessage="Running")
    assert entry["data"]["configuration"] == {"maxRadius": 75}
    server.wait_log(rf"\[{guide.name}\] Plugin started successfully")

    assert server.configure(guide.name, {"maxRadius": 75}, enabled=False).status == 200
    server.wait_plugin(guide.name, state="stopped", statusMessage="Stopped")
    server.wait_log(rf"\[{guide.name}\] Plugin stopped")
    server.stop()
    server.restart()
    assert server.wait_plugin(guide.name, name=DISPLAY_NAME)["state"] in ("stopped", "disabled")
    assert config.json(config.plugin_file(guide.name))["enabled"] is False


@pytest.fixture
def installed(guide, config):
    config.install(guide)
    return guide


@pytest.mark.parametrize("prefix", ["/plugins", "/skServer/plugins"])
def test_the_routes_of_a_plugin_exist_under_both_prefixes(installed, launch, prefix):
    server = launch()
    server.wait_plugin(installed.name, name=DISPLAY_NAME)
    base = f"{prefix}/{plugin_id(installed.name)}"
    assert [entry["packageName"] for entry in server.get(prefix).ok()] == [installed.name]
    for path in (base, base + "/"):
        about = server.get(path).ok()
        assert about == {"enabled": False, "enabledByDefault": False, "id": plugin_id(installed.name),
                         "name": DISPLAY_NAME, "version": installed.manifest["version"]}
    config = server.get(base + "/config").ok()
    assert config["enabled"] is False
    assert "configuration" not in config
    assert server.post(base + "/config", json={"enabled": True, "configuration": {"maxRadius": 1}}, timeout=60).status == 200
    assert server.get(base + "/config").ok() == {"configuration": {"maxRadius": 1}, "enabled": True, "enableDebug": False}
    assert server.get(base).ok()["enabled"] is True


def test_an_unknown_plugin_is_404(launch, installed):
    server = launch()
    server.wait_plugin(installed.name, name=DISPLAY_NAME)
    for path in ("/plugins/nobody", "/plugins/nobody/config", f"/plugins/{plugin_id(installed.name)}/no/such/page"):
        answer = server.get(path)
        assert answer.status == 404
        assert answer.pre() == "Cannot GET " + path
    assert server.post("/plugins/nobody/config", json={"enabled": True}).status == 404


def test_saving_keeps_to_the_members_that_count(installed, config, launch):
    server = launch()
    path = f"/plugins/{plugin_id(installed.name)}/config"
    assert server.post(path, json={"enabled": "yes", "enableDebug": 7, "enableLogging": True, "other": 1,
                                   "configuration": {"maxRadius": 2, "b": {"z": 1, "a": [0.1, 1e21]}}}).status == 200
    saved = config.json(config.plugin_file(installed.name))
    assert saved["configuration"] == {"maxRadius": 2, "b": {"z": 1, "a": [0.1, 1e21]}}
    assert saved["enabled"] is False  # what is no boolean says nothing
    assert not {"enableLogging", "other"} & set(saved)


def test_unknown_members_of_an_existing_file_survive(installed, config, launch):
    config.enable(installed.name, {"maxRadius": 5}, fromAnotherVersion={"x": 1})
    server = launch()
    server.wait_plugin(installed.name, state="running")
    assert server.configure(installed.name, {"maxRadius": 6}).status == 200
    saved = config.json(config.plugin_file(installed.name))
    assert saved["fromAnotherVersion"] == {"x": 1}
    assert saved["configuration"] == {"maxRadius": 6}


def test_a_broken_configuration_file_means_disabled_and_is_kept(installed, config, launch):
    config.write(config.plugin_file(installed.name), "{ broken")
    server = launch()
    assert server.wait_plugin(installed.name, name=DISPLAY_NAME)["state"] in ("stopped", "disabled")
    assert config.text(config.plugin_file(installed.name)) == "{ broken"


def test_a_malformed_body_is_400_and_changes_nothing(installed, config, launch):
    server = launch()
    answer = server.request("POST", f"/plugins/{plugin_id(installed.name)}/config", body="{nope", headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert not config.exists(config.plugin_file(installed.name))


def test_saving_the_configuration_restarts_a_running_plugin(installed, config, launch):
    server = launch(env=DEBUG)
    server.configure(installed.name, {"maxRadius": 1})
    server.wait_log("Plugin started successfully")
    mark = server.log_mark()
    server.configure(installed.name, {"maxRadius": 2})
    server.wait_log("Plugin stopped", since=mark)
    server.wait_log("Plugin started successfully", since=mark)
    server.wait_plugin(installed.name, state="running", statusMessage="Running")


def test_the_status_is_announced_as_an_event(installed, launch):
    server = launch()
    stream = server.stream("?serverevents=all&subscribe=none")
    stream.hello()
    server.configure(installed.name, {"maxRadius": 1})

    def mine(message):
        return message.get("type") == "PROVIDERSTATUS" and [s for s in message["data"] if s["id"] == installed.name and s["message"] == "Running"]

    status, = mine(stream.until(mine))
    assert (status["type"], status["statusType"]) == ("status", "plugin")


def test_the_configuration_page_is_told_of_changes(installed, launch):
    server = launch()
    stream = server.stream("?serverevents=all&subscribe=none")
    server.configure(installed.name, {"maxRadius": 1})
    changed = stream.until(lambda message: message.get("type") == "PLUGINS_CHANGED")
    assert installed.name in [entry["packageName"] for entry in changed["data"]]


def test_a_plugin_is_stopped_when_the_server_ends(installed, config, launch):
    config.enable(installed.name, {"maxRadius": 1})
    server = launch(env=DEBUG)
    server.wait_plugin(installed.name, state="running")
    server.stop()
    assert server.log().count(f"[{installed.name}] Plugin stopped") == 1


def test_with_the_wasm_interface_off_packages_are_listed_but_not_run(installed, config, launch):
    config.settings(interfaces={"wasm": False})
    config.enable(installed.name, {"maxRadius": 1})
    server = launch(env=DEBUG)
    entry = server.wait_plugin(installed.name)
    assert (entry["state"], entry["type"], entry["schema"]) == ("disabled", "wasm", {})
    assert "Plugin started" not in server.log()


def test_packages_are_found_and_sorted(guide, config, launch):
    """Scopes, links, both keywords; broken or foreign packages are no obstacle."""
    wasm = guide.wasm.read_bytes()
    config.write_package("@scope/scoped-one", wasm)
    config.write_package("old-keyword", wasm, keywords=["signalk-node-server-plugin"])
    config.write_package("both-keywords", wasm, keywords=["signalk-node-server-plugin", "signalk-wasm-plugin"], wasmManifest="./plugin.wasm")
    config.write_package("no-keyword", wasm, keywords=["something"])
    config.write_package(".hidden", wasm)
    config.write("node_modules/broken/package.json", "{ broken")
    config.write("node_modules/empty/readme.txt", "")
    config.write("node_modules/a-file", "not a folder")
    config.plugin_dir("dangling").symlink_to("/no/such/place")
    server = launch()
    server.wait_plugin("old-keyword", name=DISPLAY_NAME)
    names = [entry["packageName"] for entry in server.get("/plugins").ok()]
    assert sorted(names) == sorted(["@scope/scoped-one", "old-keyword", "both-keywords"])
    assert server.plugin("@scope/scoped-one")["id"] == "_scope_scoped-one"
    assert server.configure("@scope/scoped-one", {"maxRadius": 3}).status == 200
    server.wait_plugin("@scope/scoped-one", state="running", statusMessage="Running")
    assert config.exists("plugin-config-data/_scope_scoped-one.json")


def test_a_node_plugin_does_not_disturb_the_others(installed, config, launch):
    config.write("node_modules/js-plugin/package.json", {"name": "js-plugin", "version": "1.0.0", "main": "index.js", "keywords": ["signalk-node-server-plugin"]})
    config.write("node_modules/js-plugin/index.js", "module.exports = () => ({})")
    server = launch()
    assert server.configure(installed.name, {"maxRadius": 1}).status == 200
    server.wait_plugin(installed.name, state="running")
    entry = server.plugins().get("js-plugin")
    assert entry is None or entry.get("state") != "running"


def test_features_name_the_plugin(installed, launch):
    server = launch()
    server.configure(installed.name, {"maxRadius": 1})
    features = server.get("/signalk/v2/features").ok()["plugins"]
    assert {"id": plugin_id(installed.name), "name": DISPLAY_NAME, "version": installed.manifest["version"], "enabled": True} in features
    assert eventually(lambda: server.get("/signalk/v2/features?enabled=0").ok()["plugins"] == [])


def test_plugins_can_be_forced_off_by_the_environment(installed, config, launch):
    config.enable(installed.name, {"maxRadius": 1})
    server = launch(env={"DISABLEPLUGINS": installed.name, **DEBUG})
    entry = server.wait_plugin(installed.name, name=DISPLAY_NAME)
    assert entry["state"] in ("stopped", "disabled")
    assert "Plugin started" not in server.log()
    assert config.json(config.plugin_file(installed.name))["enabled"] is True


def test_plugins_can_be_switched_on_by_the_environment(installed, launch):
    server = launch(env={"DEFAULTENABLEDPLUGINS": f"other,{installed.name}"})
    server.wait_plugin(installed.name, state="running")
