"""The command line and the environment: what a user types, and what he is told when it is wrong."""
import os
import re
import socket

import pytest

from harness.server import SELF, ConfigDir, free_port


@pytest.fixture
def run(launcher):
    """run(args…) → the server object of a process with exactly this command line; it may end or serve."""

    def run(*argv, env=None):
        server = launcher(env=env)
        server.expect_exit = True
        return server.spawn([str(arg) for arg in argv])

    return run


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_flags_that_only_say_something(run, flag):
    server = run(flag)
    assert server.wait_exit() == 0
    assert server.log("out").strip()
    if flag == "--version":
        assert re.search(r"\d+\.\d+\.\d+", server.log("out"))
    else:
        for option in ("-c", "-s", "--port", "--host"):
            assert option in server.log("out"), option


@pytest.mark.parametrize("argv", [["--no-such-flag"], ["-x"], ["--port"], ["--port", "abc"], ["--port", "70000"], ["--port", "-1"], ["-c"]])
def test_a_wrong_command_line_is_explained_and_refused(run, argv):
    server = run(*argv)
    assert server.wait_exit() not in (0, None)
    assert argv[0].lstrip("-") in server.log("err")
    assert "running at" not in server.log("out")


def test_a_port_in_use_is_named_and_ends_the_start(run, config):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = run("-c", config.path, "--host", "127.0.0.1", "--port", port)
        assert server.wait_exit() not in (0, None)
        assert str(port) in server.log("err")
        assert re.search("in use|EADDRINUSE", server.log("err"))


def test_a_tcp_stream_port_in_use_does_not_end_the_server(run, config):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = run("-c", config.path, "--host", "127.0.0.1", "--port", free_port(), env={"TCPSTREAMPORT": str(port)})
        # serving without that interface, or refusing with a clear word, are both fine; silence is not
        server.wait_log(str(port))


def test_the_port_may_come_from_the_environment(run, config):
    port = free_port()
    server = run("-c", config.path, "--host", "127.0.0.1", env={"PORT": str(port)})
    server.wait_ready()
    assert server.port == port
    assert server.api("self").ok() == SELF


def test_the_port_may_come_from_the_settings(run, config):
    port = free_port()
    config.settings(port=port)
    server = run("-c", config.path, "--host", "127.0.0.1")
    server.wait_ready()
    assert server.port == port


def test_the_environment_wins_over_the_settings(run, config):
    port = free_port()
    config.settings(port=free_port())
    server = run("-c", config.path, "--host", "127.0.0.1", env={"PORT": str(port)})
    server.wait_ready()
    assert server.port == port


def test_the_settings_file_can_be_another_one(run, config):
    port = free_port()
    config.write("other.json", {"port": port, "mdns": False})
    config.settings(port=free_port())
    server = run("-c", config.path, "-s", "other.json", "--host", "127.0.0.1")
    server.wait_ready()
    assert server.port == port


def test_the_settings_file_can_come_from_the_environment(run, config, tmp_path):
    port = free_port()
    file = ConfigDir(tmp_path / "elsewhere").write("s.json", {"port": port, "mdns": False})
    server = run("-c", config.path, "--host", "127.0.0.1", env={"SIGNALK_NODE_SETTINGS": str(file)})
    server.wait_ready()
    assert server.port == port


def test_the_folder_can_come_from_the_environment(run, config):
    server = run("--host", "127.0.0.1", "--port", free_port(), env={"SIGNALK_NODE_CONFIG_DIR": str(config.path)})
    server.wait_ready()
    assert server.api("self").ok() == SELF


def test_without_a_word_the_folder_is_dot_signalk_at_home(run, tmp_path):
    home = tmp_path / "sailor"
    folder = ConfigDir(home / ".signalk")
    folder.settings()
    folder.identity(name="At home")
    server = run("--host", "127.0.0.1", "--port", free_port(), env={"HOME": str(home)})
    server.wait_ready()
    assert server.api("vessels/self/name").ok() == "At home"


def test_no_settings_file_is_an_ordinary_start(config, launch):
    (config.path / "settings.json").unlink()
    assert launch().api("self").ok() == SELF


def test_settings_that_are_not_understood_are_reported_and_left_as_they_are(config, launch):
    config.write("settings.json", "{ this is not JSON")
    server = launch()
    server.wait_log(r"settings\.json", stream="err")
    assert server.api("self").ok() == SELF
    assert config.text("settings.json") == "{ this is not JSON"


def test_unknown_settings_survive(config, launch):
    config.settings(mine={"a": [1, 2]}, landingPage="/x/")
    before = config.json("settings.json")
    server = launch()
    server.stop()
    assert config.json("settings.json") == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(run, tmp_path):
    folder = tmp_path / "readonly"
    folder.mkdir(mode=0o500)
    server = run("-c", folder / "config", "--host", "127.0.0.1", "--port", free_port())
    assert server.wait_exit() not in (0, None)
    assert str(folder) in server.log("err")


def test_no_plugins_means_none(config, launch):
    config.write("node_modules/some-plugin/package.json", {
        "name": "some-plugin", "version": "1.0.0", "keywords": ["signalk-wasm-plugin"], "wasmManifest": "plugin.wasm"})
    config.write("node_modules/some-plugin/plugin.wasm", b"\0asm\1\0\0\0")
    server = launch("--no-plugins")
    answer = server.get("/skServer/plugins")
    assert answer.status == 404 or answer.json() == []
