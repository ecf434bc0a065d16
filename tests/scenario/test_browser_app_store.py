"""The app store page of the admin UI, in a browser: a plugin is found, installed and removed."""
import json

import pytest

from harness import packages, webapps
from harness.admin import open_admin
from harness.registry import webapp
from harness.waiting import eventually

ONCE = "@boat/once"


@pytest.fixture
def server(config, launch, registry):
    webapps.install(config, webapps.ADMIN)
    return launch(env={"NPM_CONFIG_REGISTRY": registry.url})


def test_a_plugin_is_found_installed_and_removed(server, registry, page):
    built = packages.built("probe-c-once")
    package = {"name": ONCE, "version": "1.0.0", "keywords": ["signalk-wasm-plugin", "signalk-category-utility"], "wasmManifest": "plugin.wasm",
               "description": "Says it once"}
    registry.publish_files({"package.json": json.dumps(package).encode(), "plugin.wasm": built.wasm.read_bytes(), "README.md": b"# How it is used\n"})
    registry.publish_files(webapp("@boat/javascript", keywords=["signalk-node-server-plugin"]))
    open_admin(page, "/apps/store/all", "Says it once", "needs the Node server")
    page.screenshot("app-store")
    page.click("a, button, div", text=ONCE)
    page.wait_text("by sailor")
    page.click("button", text="Install")
    server.wait_plugin(ONCE, version="1.0.0")
    page.wait_text("Installed v1.0.0")
    page.screenshot("app-store-installed")
    page.click("main .dropdown-toggle, .app-body .dropdown-toggle")
    page.tap(".dropdown-menu a, .dropdown-menu button", "Remove")
    page.wait_text("No plugin data found on disk")  # until then its button is off
    page.tap(".modal button", "Remove")
    eventually(lambda: ONCE not in server.plugins(), "its end", 30)
    page.wait_text("Install", selector="main")
    eventually(lambda: server.get("/skServer/appstore/available").ok()["installing"] == [], "the end of the removal")
