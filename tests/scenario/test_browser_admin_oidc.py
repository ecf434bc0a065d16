"""Admin UI: its settings of OpenID Connect, and logging in at the provider's page."""
import pytest

from harness.admin import go, install, open_admin
from harness.oidc import CLIENT, SECRET, Provider
from harness.security import PASSWORD, as_user, secure
from harness.server import free_port

REFUSED = r"401 "  # what is asked before the login


@pytest.fixture
def provider():
    made = Provider("localhost")  # another site than 127.0.0.1
    yield made
    made.close()


@pytest.fixture
def start(launcher, config, provider, new_page):
    """start(oidc members…) → a server and a page of it; None: with security and no settings of OpenID Connect."""
    install(config)

    def make(**more):
        port = free_port()
        settings = provider.settings(f"http://127.0.0.1:{port}", **more) if more else {}
        secure(config, oidc=settings)
        server = launcher(pinned_port=port).start()
        return server, new_page(server).allow(REFUSED)

    return make


def test_login_by_the_button_users_page_logout(start, provider):
    server, page = start(providerName="Harbour", adminGroups=["crew"])
    open_admin(page, "/login", "Login", "Harbour")
    page.screenshot("admin-login-sso")
    page.click("button", "Harbour")
    page.wait_text("Harbour login")
    page.click("a", "Let me in")
    page.wait_text("Logout")
    go(page, "/security/users", "anna", "jane")
    page.screenshot("admin-users-sso")
    listed = {user["userId"]: user for user in server.get("/skServer/security/users", headers=as_user("anna")).ok()}
    assert listed["jane"]["isOIDC"] and listed["jane"]["type"] == "admin"
    page.click("a,button", "Logout")
    page.wait_text("Login")
    page.until(lambda: page.run("fetch('/skServer/loginStatus').then(r => r.json()).then(s => s.status)") == "notLoggedIn", "the logout")


def test_a_refusal_is_shown_on_the_login_page(start, provider):
    server, page = start(providerName="Harbour", autoCreateUsers=False)
    open_admin(page, "/login", "Login", "Harbour")
    page.click("button", "Harbour")
    page.wait_text("Harbour login")
    page.click("a", "Let me in")
    page.wait_text("ask an administrator")
    page.screenshot("admin-login-sso-refused")


def test_auto_login_goes_to_the_provider_by_itself(start, provider):
    server, page = start(autoLogin=True, adminGroups=["crew"])
    page.goto("/admin/#/login")
    page.wait_text("Harbour login")
    page.click("a", "Let me in")
    page.wait_text("Logout")


def test_the_settings_are_tried_and_saved(start, provider, config):
    server, page = start()
    open_admin(page, "/login", "Login")
    page.fill("input[name=username]", "anna")
    page.fill("input[name=password]", PASSWORD)
    page.click("button", "Login")
    page.wait_text("Logout")
    go(page, "/security/settings", "OIDC / SSO Authentication")
    page.click(".card-header", "OIDC / SSO Authentication")
    page.wait_text("Issuer URL")
    page.fill("#issuer", provider.url)
    page.click("button", "Test Connection")
    page.wait_text("Connected to " + provider.url)
    told = {"#clientId": CLIENT, "#clientSecret": SECRET, "#redirectUri": f"http://127.0.0.1:{server.port}/signalk/v1/auth/oidc/callback", "#adminGroups": "crew, captains"}
    for field, value in told.items():
        page.fill(field, value)
    page.click("#oidc-enabled,label:has(#oidc-enabled)")
    page.screenshot("admin-oidc-settings")
    page.click("button", "Save", index=1)  # the first is of the settings above
    page.wait_text("OIDC configuration saved")
    kept = config.json("security.json")["oidc"]
    assert kept["enabled"] and (kept["clientId"], kept["clientSecret"], kept["adminGroups"]) == (CLIENT, SECRET, ["crew", "captains"])
    assert server.get("/skServer/loginStatus").ok()["oidcEnabled"] is True
