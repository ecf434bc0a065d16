"""The app store of the admin page: found at the registry, installed, updated and removed by skiff itself."""
import json

import pytest

from harness import packages
from harness.registry import webapp
from harness.waiting import eventually

ONCE = "@boat/once"


@pytest.fixture
def built():
    return packages.built("probe-c-once")


def plugin(built, version="1.0.0", name=ONCE, **members):
    package = {"name": name, "version": version, "keywords": ["signalk-wasm-plugin", "signalk-category-utility"], "wasmManifest": "plugin.wasm", **members}
    return {"package.json": json.dumps(package).encode(), "plugin.wasm": built.wasm.read_bytes()}


@pytest.fixture
def server(launch, registry):
    return launch(env={"NPM_CONFIG_REGISTRY": registry.url})


def store(server):
    return server.get("/skServer/appstore/available").ok()


def names(entries):
    return [entry["name"] for entry in entries]


def loaded(server):
    """The store once the registry has answered."""
    return eventually(lambda: (found := store(server))["storeAvailable"] and found, "the registry's packages")


def settled(server, name=None):
    """The store once nothing waits or goes on; of that package, when it is named, what went wrong."""

    def quiet():
        found = store(server)
        busy = [entry for entry in found["installing"] if entry["isWaiting"] or entry["isInstalling"] or entry["isRemoving"]]
        return not busy and found

    return eventually(quiet, "the end of the installation", timeout=30)


def test_without_a_registry_it_shows_what_is_installed_and_why_there_is_no_more(launch, config):
    config.write("node_modules/chart/package.json", {"name": "chart", "version": "1.2.3", "keywords": ["signalk-webapp"], "author": "Ann <ann@example.com>",
                                                     "signalk": {"displayName": "Chart", "appIcon": "./icon.png"}})
    config.write("node_modules/old/package.json", {"name": "old", "version": "0.1.0", "keywords": ["signalk-node-server-plugin"]})
    server = launch(env={"PATH": "/nowhere", "NPM_CONFIG_GLOBALCONFIG": "/dev/null", "NPM_CONFIG_REGISTRY": None})
    found = eventually(lambda: (got := store(server)).get("storeError") and got, "the reason")
    assert found["storeAvailable"] is False and "npmRegistry" in found["storeError"]
    assert (found["available"], found["updates"], found["installing"], found["canUpdateServer"]) == ([], [], [], False)
    assert found["categories"][:2] == ["All", "AIS"] and len(found["categories"]) == 13
    chart, old = found["installed"]
    assert (chart["name"], chart["version"], chart["installedVersion"], chart["displayName"]) == ("chart", "1.2.3", "1.2.3", "Chart")
    assert (chart["isWebapp"], chart["isPlugin"], chart["installedIconUrl"], "needsNodeServer" in chart) == (True, False, "/chart/icon.png", False)
    assert (old["isPlugin"], old["needsNodeServer"], old["id"]) == (True, True, "old")


def test_a_registry_that_does_not_answer_is_told_at_once_too(launch):
    server = launch(env={"NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/"})
    assert store(server)["storeAvailable"] is False
    assert "127.0.0.1:9" in eventually(lambda: store(server).get("storeError"), "the reason")


def test_what_the_registry_offers(server, registry, built):
    registry.publish_files(plugin(built, description="Says it once"))
    registry.publish_files(webapp("@boat/chart", keywords=["signalk-webapp", "signalk-category-chart-plotters"]))
    registry.publish_files(webapp("@boat/javascript", keywords=["signalk-node-server-plugin"]))
    found = {entry["name"]: entry for entry in loaded(server)["available"]}
    assert set(found) == {ONCE, "@boat/chart", "@boat/javascript"}
    once, chart, javascript = found[ONCE], found["@boat/chart"], found["@boat/javascript"]
    assert (once["version"], once["isPlugin"], once["isWebapp"], once["categories"]) == ("1.0.0", True, False, ["Utility"])
    assert (once["description"], once["author"], once["updated"]) == ("Says it once", "sailor", "2026-01-02T03:04:05.678Z")
    assert (chart["isWebapp"], chart["categories"]) == (True, ["Chart Plotters"])
    assert javascript["needsNodeServer"] is True and "needsNodeServer" not in once
    assert server.get(f"/skServer/appstore/plugin/{ONCE}").ok()["author"] == "sailor"
    assert server.get("/skServer/appstore/plugin/@boat/nothing").status == 404


def test_install_update_remove_with_the_events_of_each(server, registry, built):
    registry.publish_files(plugin(built))
    loaded(server)
    events = server.stream("?serverevents=all&subscribe=none")
    answer = server.post(f"/skServer/appstore/install/{ONCE}/1.0.0")
    assert (answer.status, answer.json()) == (200, f"Installing {ONCE}...")
    events.until(lambda m: m.get("type") == "APP_STORE_CHANGED" and names(m["data"]["installing"]) == [ONCE])
    events.until(lambda m: m.get("type") == "APP_STORE_CHANGED" and names(m["data"]["installed"]) == [ONCE] and not m["data"]["installing"])
    server.wait_plugin(ONCE, state="stopped", version="1.0.0")
    assert server.get(f"/skServer/appstore/installLog/{ONCE}").ok()["code"] == 0
    assert server.configure(ONCE, {}).status == 200

    registry.publish_files(plugin(built, "1.1.0"))
    assert server.post("/skServer/appstore/refresh").ok() == {"ok": True}
    found = eventually(lambda: (got := store(server))["updates"] and got, "the update")
    assert [(entry["name"], entry["version"], entry["installedVersion"]) for entry in found["updates"]] == [(ONCE, "1.1.0", "1.0.0")]
    server.post(f"/skServer/appstore/install/{ONCE}/1.1.0").ok()
    server.wait_plugin(ONCE, state="running", version="1.1.0")
    assert settled(server)["updates"] == []

    size = server.get(f"/skServer/appstore/datasize/{ONCE}").ok()
    assert size["hasData"] and size["fileCount"] >= 1 and size["totalBytes"] > 10
    assert server.post(f"/skServer/appstore/remove/{ONCE}", json={"deleteData": True}).ok() == f"Removing {ONCE}..."
    eventually(lambda: ONCE not in server.plugins(), "its end")
    assert settled(server)["installed"] == []
    assert server.get(f"/skServer/appstore/installLog/{ONCE}").ok()["isRemove"] is True
    assert eventually(lambda: not server.get(f"/skServer/appstore/datasize/{ONCE}").ok()["hasData"], "the end of its data")


def test_how_far_a_download_is(server, registry):
    path = registry.publish_files(webapp("@boat/chart", files={"public/big": bytes(range(256)) * 4000}))
    registry.held.add(path)
    loaded(server)
    events = server.stream("?serverevents=all&subscribe=none")
    server.post("/skServer/appstore/install/@boat/chart/1.0.0").ok()
    event = events.until(lambda m: m.get("type") == "APP_STORE_PROGRESS" and m["data"]["step"] == "download" and m["data"]["bytes"] > 0)
    assert (event["data"]["name"], event["data"]["totalBytes"]) == ("@boat/chart", len(registry.archives[path]))
    assert store(server)["installing"][0]["isInstalling"] is True
    registry.open.set()
    assert names(settled(server)["installed"]) == ["@boat/chart"]


def test_others_wait_for_their_turn(server, registry):
    held = registry.publish_files(webapp("@boat/app0"))
    registry.held.add(held)
    for number in range(1, 4):
        registry.publish_files(webapp(f"@boat/app{number}"))
    loaded(server)
    for number in range(4):
        server.post(f"/skServer/appstore/install/@boat/app{number}/1.0.0").ok()
    states = {entry["name"]: (entry["isInstalling"], entry["isWaiting"]) for entry in store(server)["installing"]}
    assert states == {"@boat/app0": (True, False), **{f"@boat/app{number}": (False, True) for number in range(1, 4)}}
    registry.open.set()
    eventually(lambda: len(store(server)["installed"]) == 4, "all of them", timeout=30)


def test_what_fails_is_told_with_its_reason_and_can_be_tried_again(server, registry, config):
    registry.publish_files(webapp("@boat/chart"), integrity="sha512-" + "A" * 86 + "==")
    loaded(server)
    server.post("/skServer/appstore/install/@boat/chart/1.0.0").ok()
    failed = settled(server)["installing"]
    assert [(entry["name"], entry["installFailed"], entry["pendingVersion"]) for entry in failed] == [("@boat/chart", True, "1.0.0")]
    log = server.get("/skServer/appstore/installLog/@boat/chart").ok()
    assert log["code"] == 1 and "not the one that was published" in log["log"]
    assert not config.exists("node_modules")
    registry.publish_files(webapp("@boat/chart"))
    server.post("/skServer/appstore/install/@boat/chart/1.0.0").ok()
    eventually(lambda: names(store(server)["installed"]) == ["@boat/chart"], "the second try", timeout=30)
    assert settled(server)["installing"] == []


@pytest.mark.parametrize("path, status, says", [
    ("install/@boat/javascript/1.0.0", 400, "needs the Node server"), ("install/@boat/chart/newest", 400, "version must be valid semver"),
    ("install/@boat/unknown/1.0.0", 404, "no such package"), ("install/%2e%2e%2fevil/1.0.0", 404, "no such package"), ("install/@boat/../1.0.0", 404, None)])
def test_what_cannot_be_installed(server, registry, path, status, says):
    registry.publish_files(webapp("@boat/javascript", keywords=["signalk-node-server-plugin"]))
    registry.publish_files(webapp("@boat/chart"))
    loaded(server)
    answer = server.post("/skServer/appstore/" + path)
    assert answer.status == status
    assert says is None or answer.json() == {"error": answer.json()["error"]} and says in answer.json()["error"]
    assert store(server)["installing"] == []


def test_with_dependencies_means_the_one_package(server, registry):
    registry.publish_files(webapp("@boat/chart", dependencies={"left": "^1"}))
    loaded(server)
    assert server.post("/skServer/appstore/install-with-deps", json={"name": "@boat/chart", "version": "1.0.0"}).ok() == {"queued": ["@boat/chart"]}
    eventually(lambda: names(store(server)["installed"]) == ["@boat/chart"], "it", timeout=30)
    assert registry.asked("left") == []


def test_a_registry_without_search_still_installs_what_is_named(server, registry):
    registry.can_search = False
    registry.publish_files(webapp("@boat/chart"))
    assert "cannot search" in eventually(lambda: store(server).get("storeError"), "the reason")
    server.post("/skServer/appstore/install/@boat/chart/1.0.0").ok()
    eventually(lambda: names(store(server)["installed"]) == ["@boat/chart"], "it", timeout=30)


def test_a_stop_during_a_download_is_prompt_and_leaves_nothing(server, registry, config):
    path = registry.publish_files(webapp("@boat/chart", files={"public/big": bytes(range(256)) * 4000}))
    registry.held.add(path)
    loaded(server)
    server.post("/skServer/appstore/install/@boat/chart/1.0.0").ok()
    eventually(lambda: any((config.path / "node_modules").glob(".skiff-*/archive.tgz")), "the download")
    server.stop()
    assert not config.exists("node_modules")


def test_nobody_asks_a_registry_before_the_page_is_opened(server, registry):
    server.get("/skServer/webapps").ok()
    server.get("/skServer/plugins").ok()
    assert registry.requests == []


def test_only_administrators(launch, registry):
    server = launch("--securityenabled", env={"ADMINUSER": "admin:secret", "NPM_CONFIG_REGISTRY": registry.url})
    for method, path in (("GET", "available"), ("POST", "install/a/1.0.0"), ("POST", "remove/a"), ("POST", "refresh"), ("GET", "installLog/a"), ("GET", "datasize/a")):
        assert server.request(method, "/skServer/appstore/" + path).status == 401, path
    assert registry.requests == []
