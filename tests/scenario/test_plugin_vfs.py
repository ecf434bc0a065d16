"""The files of a plugin: its own three folders survive everything, and nothing else is in reach."""
import pytest

from harness import packages
from harness.waiting import eventually


@pytest.fixture
def name(config):
    return config.install(packages.built("probe-c-wasi"))


def finding(server, what):
    return eventually(lambda: server.self_path("test.wasi." + what + ".value").ok(), what, 20)


def test_its_folders_exist_at_the_first_start_and_keep_their_files(name, config, launch):
    server = launch()
    assert server.configure(name).status == 200
    for folder in ("data", "config", "tmp"):
        assert finding(server, folder) == "x"
    vfs = config.path / "plugin-config-data" / name / "vfs"
    assert (vfs / "data" / "x").read_text() == "x"
    assert (vfs / "config" / "x").read_text() == "x"
    server.kill()
    server.restart()  # this time it starts at boot
    server.wait_plugin(name, state="running")
    assert finding(server, "data") == "xx"
    assert finding(server, "config") == "xx"


def test_nothing_outside_is_in_reach(name, config, launch):
    config.enable(name)
    server = launch()
    server.wait_plugin(name, state="running")
    for way in ("dotdot", "dotdotData", "dotdotSettings", "absolute", "symlink"):
        found = finding(server, way)
        assert found != "escaped", way
    left = [file.name for file in config.path.parent.rglob("escape*")]
    assert left == []


def test_its_environment_is_its_name_and_nothing_else(name, config, launch):
    config.enable(name)
    server = launch()
    assert finding(server, "pluginId") == name
    assert finding(server, "home") == "(unset)"


def test_its_prints_go_to_the_log(name, config, launch):
    config.enable(name)
    server = launch(env={"DEBUG": "signalk:wasm:*"})
    server.wait_log("probe-c-wasi says hello on stdout")
    server.wait_log("probe-c-wasi says hello on stderr")


def test_it_has_a_clock(name, config, launch):
    import time

    config.enable(name)
    server = launch()
    assert abs(finding(server, "time") - time.time()) < 120


@pytest.mark.parametrize("put", [lambda at: at.write_text("x"), lambda at: at.symlink_to("../.."), lambda at: at.symlink_to("nowhere")],
                         ids=["a file", "a link", "a link to nowhere"])
def test_what_stands_where_a_folder_belongs_does_not_keep_it_from_starting(name, config, launch, put):
    """A plugin can rename its folders and leave anything in their place."""
    vfs = config.path / "plugin-config-data" / name / "vfs"
    vfs.mkdir(parents=True)
    put(vfs / "data")
    config.enable(name)
    server = launch()
    server.wait_plugin(name, state="running")
    assert finding(server, "data") == "x"
    assert (vfs / "data").is_dir() and not (vfs / "data").is_symlink()
    server.wait_log("was no folder; the plugin gets a new one")


def test_a_package_cannot_send_the_server_elsewhere_by_a_link(name, config, launch):
    """plugin-config-data/<id>/vfs/data made a link to the configuration folder: the link is not followed out."""
    vfs = config.path / "plugin-config-data" / name / "vfs"
    vfs.mkdir(parents=True)
    (vfs / "data").symlink_to(config.path)
    config.enable(name)
    server = launch()
    server.wait_plugin(name, timeout=30)
    eventually(lambda: server.plugin(name)["state"] in ("running", "error"))
    if server.plugin(name)["state"] == "running":
        finding(server, "heaps")
    assert not (config.path / "x").exists()
