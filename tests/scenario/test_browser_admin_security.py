"""Admin UI with security on: login, users, devices, settings; and switching it on from the page."""
import re
import time

import pytest

from harness.admin import go, install, open_admin
from harness.security import PASSWORD, as_device, as_user, login, secure

REFUSED = r"401 "  # what is asked before the login
CLOSED = " 403 .*/skServer/"  # what only administrators see: the page asks for all of it, whoever has logged in


@pytest.fixture
def config(config):
    return install(config)


def log_in(page, name, password=PASSWORD):
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("button", "Login")


@pytest.fixture
def secured(launch, config, new_page):
    """A page on which anna, who administers, has logged in."""
    secure(config)
    server = launch()
    page = new_page(server).allow(REFUSED)
    open_admin(page, "/login", "Login")
    return server, page


@pytest.fixture
def admin(secured):
    """The same, and she has logged in; what is asked from here on is hers."""
    server, page = secured
    log_in(page, "anna")
    page.wait_text("Logout")
    before = len(page.calls())
    yield server, page
    assert [call for call in page.calls()[before:] if call[2] == 401] == []


def told(page, words):
    """Until the page has said so in a window of its own."""
    page.until(lambda: words in page.dialogs, f"the words {words!r}")
    page.dialogs.clear()


def the_cookie(page, name="JAUTHENTICATION"):
    return next((c for c in page.command("Network.getCookies", urls=[page.base])["cookies"] if c["name"] == name), None)


def writes(server, **headers):
    return server.put("/signalk/v1/api/vessels/self/navigation/speedOverGround/meta/displayName", {"value": "Fast"}, **headers).status


def test_login_and_logout(secured):
    server, page = secured
    log_in(page, "anna", "wrong")
    page.wait_text("Invalid")
    log_in(page, "anna")
    page.wait_text("Logout")
    page.screenshot("admin-logged-in")
    cookie = the_cookie(page)
    assert cookie["session"] and cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert page.run("document.cookie").count("JAUTHENTICATION") == 0
    page.click("a,button", "Logout")
    page.wait_text("Login")
    page.until(lambda: the_cookie(page) is None and the_cookie(page, "skLoginInfo") is None, "the end of the cookies")
    assert page.run("fetch('/skServer/security/users').then(r => r.status)") == 401


def test_remember_me_outlives_the_browser(launch, config, new_page):
    secure(config, expiration="1d")
    server = launch()
    page = new_page(server).allow(REFUSED, CLOSED)
    open_admin(page, "/login", "Login")
    page.click("input[name=rememberMe],label:has(input[name=rememberMe])")
    log_in(page, "wim")
    page.wait_text("Logout")
    cookie = the_cookie(page)
    assert not cookie["session"] and cookie["expires"] - time.time() == pytest.approx(86400, abs=600)
    server.stop()
    server.restart(pinned_port=server.port)
    page.reload()
    page.wait_text("Logout")


def test_a_change_of_a_user_counts_at_once(admin):
    server, page = admin
    go(page, "/security/users", "anna", "wim")
    page.click("button", "Add")
    page.fill("input[name=userId]", "otto")
    page.fill("input[name=password]", "geheim1")
    page.fill("input[name=confirmPassword]", "geheim1")
    page.select("select[name=type]", "readwrite")
    page.screenshot("admin-user-new")
    page.click("button", "Apply")
    told(page, "User added")
    session = {"Authorization": "Bearer " + login(server, "otto", "geheim1").ok()["token"]}
    stream = server.stream("?subscribe=none", headers=session)
    assert writes(server, headers=session) in (200, 202)

    page.click("td", "otto")
    page.select("select[name=type]", "readonly")
    page.click("button", "Apply")
    told(page, "User updated")
    assert writes(server, headers=session) == 401
    assert server.api("self", headers=session).status == 200

    page.click("td", "otto")
    page.fill("input[name=password]", "geheim2")
    page.fill("input[name=confirmPassword]", "geheim2")
    page.click("button", "Apply")
    told(page, "User updated")
    assert login(server, "otto", "geheim1").status == 401
    session = {"Authorization": "Bearer " + login(server, "otto", "geheim2").ok()["token"]}

    page.click("td", "otto")
    page.click("button", "Delete")
    told(page, "User deleted")
    page.wait("!document.querySelector('main').innerText.includes('otto')")
    assert server.api("self", headers=session).status == 401
    assert login(server, "otto", "geheim2").status == 401
    stream.closed()


def test_a_device_is_changed_and_taken_away(admin, config):
    server, page = admin
    go(page, "/security/devices", "A sensor", "NEVER")
    page.screenshot("admin-devices")
    assert writes(server, headers=as_device()) in (200, 202)
    page.click("td", "A sensor")
    page.fill("input[name=description]", "The bow thruster")
    page.select("select[name=permissions]", "readonly")
    page.click("button", "Apply")
    told(page, "Device updated")
    page.wait_text("The bow thruster")
    assert writes(server, headers=as_device()) == 401
    page.click("td", "The bow thruster")
    page.click("button", "Delete")
    told(page, "Device deleted")
    assert server.api("self", headers=as_device()).status == 401
    assert config.json("security.json")["devices"] == []


def ask(server, number):
    answer = server.post("/signalk/v1/access/requests", {"clientId": f"1234-45653-34345{number}", "description": f"Instrument {number}"})
    assert answer.status == 202
    return answer.json()["href"]


def decided(server, href):
    return server.get(href).ok().get("accessRequest", {})


def test_access_requests_arrive_and_are_decided(admin, config):
    server, page = admin
    go(page, "/security/access/requests", "Identifier")
    first, second = ask(server, 1), ask(server, 2)
    page.wait_text("Instrument 1")  # nobody has reloaded anything
    page.wait_text("Instrument 2")
    page.click("td", "Instrument 1")
    page.fill("input[name=expiration]", "1h")
    page.select("select[name=permissions]", "readwrite")
    page.screenshot("admin-access-request")
    page.click("button", "Approve")
    page.until(lambda: decided(server, first).get("permission") == "APPROVED", "the approval")
    page.wait("!document.querySelector('main table').innerText.includes('Instrument 1')")
    page.click("td", "Instrument 2")
    page.click("button", "Deny")
    page.until(lambda: decided(server, second).get("permission") == "DENIED", "the refusal")
    device = config.json("security.json")["devices"][-1]
    assert (device["description"], device["permissions"]) == ("Instrument 1", "readwrite")
    assert device["tokenExpiry"] - time.time() == pytest.approx(3600, abs=300)
    go(page, "/security/devices", "Instrument 1", "59m remaining")
    assert "Instrument 2" not in page.text("main")


def test_settings_are_saved_and_count(admin, config):
    server, page = admin
    assert server.api("self").status == 401
    go(page, "/security/settings", "Allow Readonly Access")
    page.click("#allow_readonly,label[for=allow_readonly],input[name=allow_readonly]")
    page.fill("input[name=expiration]", "2h")
    page.fill("[name=allowedCorsOrigins]", "https://plotter.example")
    page.screenshot("admin-security-settings")
    page.click("button", "Save")
    told(page, "security config saved")
    saved = config.json("security.json")
    assert (saved["allow_readonly"], saved["expiration"]) == (True, "2h")
    assert saved["allowedCorsOrigins"].startswith("https://plotter.example")
    assert saved["users"] and saved["devices"] and saved["secretKey"] and saved["somethingOfTomorrow"]
    assert server.api("self").status == 200
    assert login(server, "wim").ok()["timeToLive"] == 7200
    page.fill("input[name=expiration]", "soon")
    page.click("button", "Save")
    page.until(lambda: page.dialogs, "what is wrong with it")
    assert "soon" in page.dialogs[0] or "xpiration" in page.dialogs[0]
    assert config.json("security.json")["expiration"] == "2h"
    page.allow("400 .*/security/config")


def test_a_reader_sees_the_boat_and_changes_nothing(secured):
    server, page = secured
    feeder = server.feeder(as_user("wim"))
    page.allow(CLOSED)
    log_in(page, "rita")
    page.wait_text("Logout")
    page.until(lambda: ("GET", "/skServer/positionSources", 403) in page.calls(), "the answer to the last question")
    go(page, "/data/browser", "Logout")
    page.until(lambda: feeder.values(navigation__speedOverGround=4.25) and "navigation.speedOverGround" in page.text(), "the boat's data")
    page.screenshot("admin-readonly")
    assert "Access Requests" not in page.text() and "Logout" in page.text()
    for method, path in (("PUT", "/signalk/v1/api/vessels/self/a/b/c"), ("POST", "/signalk/v2/api/resources/waypoints"), ("PUT", "/skServer/settings"),
                         ("POST", "/skServer/security/users/mallory"), ("PUT", "/skServer/restart"), ("GET", "/skServer/security/users")):
        status = page.run("(m, p) => fetch(p, {method: m, headers: {'Content-Type': 'application/json'}, ...(m === 'GET' ? {} : {body: '{}'})})"
                          ".then(r => r.status)", method, path)
        assert status == (403 if method == "GET" else 401), (method, path)


def test_security_is_switched_on_from_the_page(server, config, page):
    open_admin(page, "/security/settings", "Enable Security")
    page.fill("input[name=username]", "skipper")
    page.fill("input[name=password]", "geheim1")
    page.click("button", "Enable")
    page.wait_text(re.compile("restart", re.I))
    page.screenshot("admin-security-on")
    assert "strategy" in config.json("settings.json")["security"]
    assert [user["username"] for user in config.json("security.json")["users"]] == ["skipper"]
    assert server.api("self").status == 200  # until the restart that the page asks for
    server.stop()
    server.restart(pinned_port=server.port)
    page.allow(REFUSED, "ERR_CONNECTION_REFUSED", "WebSocket")
    assert server.api("self").status == 401
    page.goto("/admin/#/login")
    page.reload()
    log_in(page, "skipper", "geheim1")
    page.wait_text("Logout")
    go(page, "/security/users", "skipper")
