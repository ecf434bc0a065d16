"""Admin UI: a connection to another boat's server is tried out, and access to it asked for and got, before it is saved."""
import pytest

from harness.admin import install, open_admin
from harness.faults import preload
from test_security_outbound import ID, SERVER, Boat


@pytest.fixture
def config(config):
    return install(config)


@pytest.fixture
def server(launch):
    return launch(env={"LD_PRELOAD": preload("names"), "FAULT_NAMES": "plover.boat.test=192.168.77.1", "FAULT_NETWORK": "192.168.77."})


def test_a_connection_is_tried_out_and_access_asked_for(server, page):
    boat = Boat()
    open_admin(page, "/data/connections/-", "Connections")
    page.until(lambda: ("GET", "/skServer/providers", 200) in page.calls(), "the list of connections")
    page.until(lambda: page.run("!!document.querySelector('select[name=type]')") or page.click("button", "Add"), "the form")
    page.select("select[name=type]", "SignalK")
    page.fill("input[name=id]", "plover")
    page.select("select[name='options.type']", "ws")
    page.fill("input[name='options.port']", str(boat.port))
    page.fill("input[name='options.host']", "127.0.0.1")
    page.click("button", "Test Connection")
    page.wait_text("Could not connect to Signal K server")
    assert boat.requests == []
    page.fill("input[name='options.host']", "plover.boat.test")
    page.click("button", "Test Connection")
    page.wait_text(f"Connected but not authenticated — use Request Access or enter a token — {SERVER['id']} v{SERVER['version']}")
    boat.says["/signalk/v1/access/requests"] = (202, {"state": "PENDING", "requestId": ID}, {})
    boat.says["/signalk/v1/requests/" + ID] = (200, {"state": "COMPLETED", "requestId": ID, "accessRequest": {"permission": "APPROVED", "token": "a.b.c"}}, {})
    page.click("button", "Request Access")
    page.wait_text("Token has been filled in automatically", timeout=60)
    boat.says["/skServer/loginStatus"] = (200, {"status": "loggedIn", "userLevel": "readonly", "username": "x"}, {})
    page.click("button", "Test Connection")
    page.wait_text(f"Connected and authenticated — {SERVER['id']} v{SERVER['version']}")
    page.screenshot("admin-connection-tried")
    boat.close()
