"""Admin UI: a plugin is switched on, configured, seen at work; one that crashed tells why."""
import re

import pytest

from harness.admin import install, open_admin
from harness.packages import built
from harness.waiting import eventually


@pytest.fixture
def config(config):
    install(config)
    config.install(built("demo-boat"))
    config.install(built("bad-trap"))
    return config


def save(page):
    page.click("button", "Save Configuration")


def test_the_demo_plugin_is_enabled_configured_and_seen(server, config, page):
    open_admin(page, "/apps/configuration/-", "Demo boat")
    page.click("td,button,a", "Demo boat")
    page.wait_text("Start latitude")
    if "Configure this plugin" in page.text():
        page.click("button", "Configure this plugin")
    page.screenshot("admin-plugin-before")
    page.fill("#root_configuration_startLatitude", "59.5")
    save(page)
    page.wait_text("Enabled")
    stored = eventually(lambda: config.exists("plugin-config-data/skiff-demo-boat.json") and config.json("plugin-config-data/skiff-demo-boat.json"), "the file")
    assert stored["configuration"]["startLatitude"] == 59.5
    stored["enabled"] or page.click("input[type=checkbox][name=enabled]")
    position = eventually(lambda: server.self_path("navigation.position.value").ok(), "a position")
    assert abs(position["latitude"] - 59.5) < 0.05
    page.fill("#root_configuration_startLatitude", "10")
    save(page)
    eventually(lambda: abs(server.value("navigation.position")["latitude"] - 10) < 0.05, "the boat at its new place")
    page.screenshot("admin-plugin-config", picture=True)


def test_a_crashed_plugin_tells_why_and_where(server, config, page):
    server.post("/skServer/plugins/bad-trap/config", {"enabled": True, "configuration": {}})
    open_admin(page, "/apps/configuration/bad-trap")
    page.wait_text(re.compile("Status: .*unreachable", re.S))
    page.wait_text(re.compile(r"unreachable\s+at \S.*\(wasm \+0x[0-9a-f]+\)\s+at ", re.S))  # the back-trace
    page.screenshot("admin-plugin-crashed")
