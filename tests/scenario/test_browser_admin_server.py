"""Admin UI: vessel and settings are saved, connections made and removed, the log followed."""
import pytest

from harness.admin import go, install, open_admin
from harness.instruments import heading, send_udp
from harness.server import free_port


@pytest.fixture
def config(config):
    return install(config)


def test_the_vessel_is_named(server, config, page):
    open_admin(page, "/serverConfiguration/settings", "Vessel Base Data")
    page.wait("document.querySelector('input[name=name]')?.value === 'Skiff'")
    page.fill("input[name=name]", "Nixe")
    page.fill("input[name=mmsi]", "211123456")
    page.screenshot("admin-vessel")
    page.click("button", "Save")
    page.until(lambda: server.api("vessels/self/name").ok() == "Nixe", "the new name served")
    assert "211123456" in config.text("baseDeltas.json")
    page.reload()
    page.wait("document.querySelector('input[name=name]')?.value === 'Nixe'")
    page.wait_text("Nixe", "footer")


def test_a_setting_is_saved(server, config, page):
    open_admin(page, "/serverConfiguration/settings", "Server Settings")
    page.wait("document.querySelector('input[name=port]')?.value === '3000'")
    page.fill("input[name=pruneContextsMinutes]", "15")
    page.screenshot("admin-settings")
    page.click("button", "Save", index=1)
    page.until(lambda: config.json("settings.json").get("pruneContextsMinutes") == 15, "the setting on disk")


def test_a_connection_is_added_works_and_is_removed(server, config, page):
    port = free_port()
    open_admin(page, "/data/connections/-", "Connections")
    page.until(lambda: ("GET", "/skServer/providers", 200) in page.calls(), "the list of connections")

    def form():  # the page may still be about to show its list
        return page.run("!!document.querySelector('select[name=type]')") or page.click("button", "Add")

    page.until(form, "the form")
    page.screenshot("admin-connection-new")
    page.select("select[name=type]", "NMEA0183")
    page.fill("input[name=id]", "compass")
    page.select("select[name='options.type']", "udp")
    page.fill("input[name='options.port']", str(port))
    page.click("button", "Apply")
    page.until(lambda: config.json("settings.json")["pipedProviders"], "the connection on disk")

    def seen():
        send_udp(port, heading(90) + "\r\n")
        return server.self_path("navigation.headingTrue").status == 200

    page.until(seen, "the heading")
    page.screenshot("admin-connection")
    go(page, "/data/connections/-", "compass")
    page.click("td", "compass")
    page.click("button", "Delete")
    page.until(lambda: config.json("settings.json")["pipedProviders"] == [], "the connection gone")
    page.wait("!document.querySelector('main').innerText.includes('compass')")


def test_the_log_is_followed(server, page):
    open_admin(page, "/serverConfiguration/log", "Server Log")
    server.post("/skServer/debug", {"value": "signalk-server:interfaces:ws"})

    def shown():
        server.stream("?subscribe=none").socket.send("no JSON")
        server.close_clients()
        return "message ignored" in page.text()

    page.until(shown, "a new line of the log")
    page.wait_text("signalk-server:interfaces:ws")
    page.screenshot("admin-log")
