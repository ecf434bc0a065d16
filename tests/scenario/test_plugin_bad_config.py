"""A configuration that the plugin refuses: the user sees why, corrects it, and it runs."""
import pytest

from harness import packages
from harness.server import plugin_id


@pytest.fixture
def guide(config):
    package = packages.built("guide-rust")
    config.install(package)
    return package.name


def test_the_reason_is_shown_and_a_corrected_configuration_starts_it(guide, config, launch):
    server = launch()
    answer = server.configure(guide, {"maxRadius": "wide"})
    assert answer.status == 500
    assert answer.json() == {"error": "Plugin start() returned error code: 1"}
    entry = server.wait_plugin(guide, state="error")
    assert "Failed to parse config" in entry["statusMessage"]
    assert config.json(config.plugin_file(guide))["enabled"] is True  # saved before the attempt

    # still enabled, not running: the corrected configuration must start it, without disabling first
    assert server.configure(guide, {"maxRadius": 50}).status == 200
    server.wait_plugin(guide, state="running", statusMessage="Running")


def test_a_failed_start_at_boot_is_listed_and_harms_nobody(guide, config, launch):
    config.enable(guide, {"maxRadius": "wide"})
    server = launch()
    entry = server.wait_plugin(guide, state="error")
    assert "Failed to parse config" in entry["statusMessage"]
    assert server.api("vessels/self/name").ok() == "Skiff"
    assert server.configure(guide, {"maxRadius": 50}).status == 200
    server.wait_plugin(guide, state="running")


def test_disabling_a_plugin_in_error_stops_it(guide, launch):
    server = launch()
    server.configure(guide, {"maxRadius": "wide"})
    server.wait_plugin(guide, state="error")
    assert server.configure(guide, {"maxRadius": "wide"}, enabled=False).status == 200
    server.wait_plugin(guide, state="stopped")


def test_the_error_is_an_error_entry_of_the_status_event(guide, launch):
    server = launch()
    stream = server.stream("?serverevents=all&subscribe=none")
    server.configure(guide, {"maxRadius": "wide"})

    def mine(message):
        return isinstance(message, dict) and message.get("type") == "PROVIDERSTATUS" and [
            status for status in message["data"] if status["id"] == guide and status["type"] == "error"]

    status = mine(stream.until(mine))[0]
    assert "Failed to parse config" in status["message"] + status.get("lastError", "")


def test_a_plugin_that_is_no_module_is_listed_with_the_reason(config, launch):
    for name, wasm in {"not-there": None, "empty": b"", "text": b"this is text, not wasm", "component": b"\0asm\x0d\0\1\0",
                       "cut-off": b"\0asm\1\0\0\0\1\x60", "nothing-inside": b"\0asm\1\0\0\0"}.items():
        config.write_package(name, wasm)
    config.write_package("escapes", b"\0asm\1\0\0\0", wasmManifest="../../settings.json")
    server = launch()
    for name in ("not-there", "empty", "text", "component", "cut-off", "nothing-inside", "escapes"):
        entry = server.wait_plugin(name, state="error")
        assert entry["statusMessage"], name
        assert server.get(f"/plugins/{plugin_id(name)}/config").status == 200
    assert server.api("vessels/self/name").ok() == "Skiff"
