"""skiff plugin install, remove, list, enable, disable, info: without npm, and on a running server at once."""
import json

import pytest

from harness import packages
from harness.registry import archive, webapp
from harness.waiting import eventually

NAME = "@boat/once"


@pytest.fixture
def built():
    return packages.built("probe-c-once")


def plugin(built, version="1.0.0", **members):
    package = {"name": NAME, "version": version, "keywords": ["signalk-wasm-plugin"], "wasmManifest": "plugin.wasm",
               "wasmCapabilities": {"network": True, "dataWrite": False, "storage": "none"}, **members}
    return {"package.json": json.dumps(package).encode(), "plugin.wasm": built.wasm.read_bytes()}


def test_it_shows_what_the_plugin_may_do_and_does_not_run_it_yet(config, skiff, registry, built):
    registry.publish_files(plugin(built))
    out, _ = skiff("plugin", "install", NAME)
    assert "send HTTP requests to other machines" in out and "publish data" not in out and "keep no files" in out
    assert "skiff plugin enable @boat/once" in out
    assert not config.exists("plugin-config-data")
    out, _ = skiff("plugin", "list")
    assert NAME in out and "disabled" in out


def test_on_a_running_server_all_of_it_takes_effect_at_once(config, skiff, registry, launch, built):
    server = launch()
    registry.publish_files(plugin(built))
    skiff("plugin", "install", NAME)
    server.wait_plugin(NAME, state="stopped", version="1.0.0")
    out, _ = skiff("plugin", "enable", NAME)
    assert "is enabled" in out and "next start" not in out
    server.wait_plugin(NAME, state="running")
    registry.publish_files(plugin(built, "1.1.0"))
    out, _ = skiff("plugin", "install", NAME)
    assert "It is enabled" in out
    server.wait_plugin(NAME, state="running", version="1.1.0")
    skiff("plugin", "disable", NAME)
    server.wait_plugin(NAME, state="stopped")
    skiff("plugin", "remove", NAME)
    eventually(lambda: NAME not in server.plugins(), "its end")
    assert {entry.name for entry in config.path.rglob("*") if "once" in entry.name} == {"_boat_once.json", "._boat_once.json.good"}, "only the user's configuration stays"


def test_an_enable_right_after_the_installation_waits_for_the_server(config, skiff, registry, launch, built):
    server = launch()
    registry.publish_files(plugin(built))
    skiff("plugin", "install", NAME)
    skiff("plugin", "enable", NAME)
    server.wait_plugin(NAME, state="running")


def test_a_name_without_a_registry_behind_one_that_has_its_own(config, skiff, registry, built):
    registry.publish_files(plugin(built))
    config.write(".npmrc", f"@boat:registry={registry.url}\n")
    out, err = skiff("plugin", "install", NAME, "elsewhere", env={"NPM_CONFIG_REGISTRY": None}, code=1)
    assert f"{NAME} 1.0.0 is installed" in out
    assert "no npm registry is known" in err and "npmRegistry" in err


def test_without_a_server_the_file_says_it(config, skiff, registry, launch, built):
    registry.publish_files(plugin(built))
    skiff("plugin", "install", NAME)
    config.write("plugin-config-data/_boat_once.json", {"configuration": {"a": 1}, "extra": 5})
    out, _ = skiff("plugin", "enable", NAME)
    assert "from the next start" in out
    assert config.json("plugin-config-data/_boat_once.json") == {"configuration": {"a": 1}, "enabled": True, "enableDebug": False, "extra": 5}
    server = launch()
    server.wait_plugin(NAME, state="running")
    server.kill()
    skiff("plugin", "disable", NAME)  # the address that a dead server left is not believed
    assert config.json("plugin-config-data/_boat_once.json")["enabled"] is False


def test_security_wants_a_token(config, skiff, registry, launch, built):
    registry.publish_files(plugin(built))
    skiff("plugin", "install", NAME)
    launch("--securityenabled", env={"ADMINUSER": "admin:secret"})
    _, err = skiff("plugin", "enable", NAME, code=1)
    assert "--token" in err


def test_remove_with_data(config, skiff, registry, built):
    registry.publish_files(plugin(built))
    skiff("plugin", "install", NAME)
    skiff("plugin", "enable", NAME)
    config.write("plugin-config-data/_boat_once/vfs/file", "x")
    config.write("plugin-config-data/_boat_other.json", "{}")
    skiff("plugin", "remove", NAME, "--data")
    assert [entry.name for entry in (config.path / "plugin-config-data").iterdir()] == ["_boat_other.json"]
    _, err = skiff("plugin", "remove", NAME, code=1)
    assert "is not installed" in err


def test_from_a_folder_what_npm_would_publish(config, skiff, registry, tmp_path, built):
    for name, content in {**plugin(built, files=["plugin.wasm"]), "plugin.c": b"source", "README.md": b"read", ".npmrc": b"//x/:_authToken=secret"}.items():
        (tmp_path / name).write_bytes(content)
    skiff("plugin", "install", tmp_path, env={"NPM_CONFIG_REGISTRY": None})
    assert sorted(entry.name for entry in config.plugin_dir(NAME).iterdir()) == ["README.md", "package.json", "plugin.wasm"]
    assert registry.requests == []


def test_packed_and_installed_from_the_archive(config, skiff, launcher, registry, tmp_path, launch, built):
    source = tmp_path / "source"
    source.mkdir()
    for name, content in plugin(built).items():
        (source / name).write_bytes(content)
    command = launcher()
    command.expect_exit = True
    assert command.spawn(["plugin", "pack", str(source), "-o", str(tmp_path)]).wait_exit() == 0
    assert "boat-once-1.0.0.tgz: 2 files" in command.log("out")
    server = launch()
    skiff("plugin", "install", tmp_path / "boat-once-1.0.0.tgz")
    skiff("plugin", "enable", NAME)
    server.wait_plugin(NAME, state="running")


@pytest.mark.parametrize("change, says", [
    ({"keywords": ["signalk-webapp"]}, "skiff webapp install"),
    ({"keywords": ["signalk-node-server-plugin"], "wasmManifest": None}, "needs the Node server"),
    ({"wasmManifest": "other.wasm"}, "does not hold its module, other.wasm"),
    ({"wasmManifest": "../plugin.wasm"}, "no path within it"),
    ({"version": "one"}, "version"),
])
def test_what_is_no_plugin_is_refused(config, skiff, registry, tmp_path, built, change, says):
    file = tmp_path / "p.tgz"
    file.write_bytes(archive(plugin(built, **change)))
    _, err = skiff("plugin", "install", file, code=1)
    assert says in err and "not installed" in err
    assert not config.exists("node_modules")


def test_several_at_once_and_one_that_fails(config, skiff, registry, built):
    registry.publish_files(plugin(built))
    out, _ = skiff("plugin", "install", "@boat/nothing", NAME, "--json", code=1)
    first, second = json.loads(out)
    assert (first["name"], "knows no package" in first["error"]) == ("@boat/nothing", True)
    assert (second["name"], second["version"], second["files"]) == (NAME, "1.0.0", 2)


def test_info_of_what_is_there_and_of_what_is_not(config, skiff, registry, built):
    registry.publish_files({**plugin(built, description="Says it once")})
    registry.packages[NAME + "/1.0.0"] = json.loads(plugin(built, description="Says it once")["package.json"])
    out, _ = skiff("plugin", "info", NAME)
    assert "@boat/once 1.0.0: plugin" in out and "not installed" in out and "send HTTP requests" in out and "Says it once" in out
    skiff("plugin", "install", NAME)
    told = json.loads(skiff("plugin", "info", NAME, "--json")[0])[0]
    assert told["installed"] and not told["enabled"] and told["kind"] == "plugin"
    assert set(told["capabilities"]) == {"network", "dataRead"}


def test_a_webapp_is_not_a_plugin(config, skiff, registry):
    registry.publish_files(webapp("@boat/chart"))
    skiff("webapp", "install", "@boat/chart")
    for command in ("enable", "remove"):
        _, err = skiff("plugin", command, "@boat/chart", code=1)
        assert "is a webapp, not a plugin" in err
    assert skiff("plugin", "list")[0] == ""
