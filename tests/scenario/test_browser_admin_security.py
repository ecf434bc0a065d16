"""Admin UI with security on: login, users, devices, settings; and switching it on from the page."""
import pytest

from harness.admin import go, install, open_admin
from harness.security import PASSWORD, as_user, secure

REFUSED = r"401 "  # what is asked before the login


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


def test_login_users_and_devices(secured, config):
    server, page = secured
    log_in(page, "anna", "wrong")
    page.wait_text("Invalid")
    log_in(page, "anna")
    page.wait_text("Logout")
    before = len(page.calls())
    page.screenshot("admin-logged-in")
    go(page, "/security/users", "anna", "wim")
    page.click("button", "Add")
    page.fill("input[name=userId]", "otto")
    page.fill("input[name=password]", "geheim1")
    page.fill("input[name=confirmPassword]", "geheim1")
    page.select("select[name=type]", "readwrite")
    page.screenshot("admin-user-new")
    page.click("button", "Apply")
    page.until(lambda: "otto" in [u["userId"] for u in server.get("/skServer/security/users", headers=as_user("anna")).ok()], "the new user")
    page.wait_text("otto")
    go(page, "/security/devices", "A sensor")
    page.screenshot("admin-devices")
    asked = server.post("/signalk/v1/access/requests", {"clientId": "1234-45653-343453", "description": "My instrument"})
    assert asked.status == 202
    go(page, "/security/access/requests", "My instrument")
    page.screenshot("admin-access-request")
    page.click("td", "My instrument")
    page.click("button", "Approve")
    page.until(lambda: server.get(asked.json()["href"]).ok().get("accessRequest", {}).get("permission") == "APPROVED", "the approval")
    go(page, "/security/settings", "Allow Readonly Access")
    page.screenshot("admin-security-settings")
    page.click("#allow_readonly,label[for=allow_readonly],input[name=allow_readonly]")
    page.click("button", "Save")
    page.until(lambda: config.json("security.json")["allow_readonly"] is True, "the setting on disk")
    assert [call for call in page.calls()[before:] if call[2] == 401] == []  # of what was asked since the login


def test_security_is_switched_on_from_the_page(server, config, page):
    open_admin(page, "/security/settings", "Enable Security")
    page.fill("input[name=username],input[name=userId]", "skipper")
    page.fill("input[name=password]", "geheim1")
    page.fill("input[name=confirmPassword]", "geheim1") if page.run("!!document.querySelector('input[name=confirmPassword]')") else None
    page.click("button", "Enable")
    page.until(lambda: config.exists("security.json"), "security.json")
    page.until(lambda: "strategy" in config.json("settings.json").get("security", {}), "the strategy in the settings")
    page.screenshot("admin-security-on")
