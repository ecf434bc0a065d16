"""Static files of packages with a webapp keyword, and their list."""
import pytest

from harness import packages

PAGE = b"<!doctype html><title>Chart</title>" + b"x" * 2000


@pytest.fixture
def server(config, launch):
    for name in ("chart", "@boat/dials"):
        config.write(f"node_modules/{name}/package.json", {"name": name, "version": "1.2.3", "keywords": ["signalk-webapp"], "signalk": {"displayName": "App"}})
        config.write(f"node_modules/{name}/public/index.html", PAGE)
        config.write(f"node_modules/{name}/public/.secret", b"hidden content")
        config.write(f"node_modules/{name}/private.txt", b"hidden content")
    return launch()


@pytest.mark.parametrize("name", ["chart", "@boat/dials"])
def test_the_public_folder_is_served_under_the_package_name(server, name):
    assert server.get(f"/{name}/").body == PAGE
    assert server.get(f"/{name}/index.html").type.startswith("text/html")
    moved = server.get(f"/{name}")
    assert (moved.status, moved.headers["Location"]) == (301, f"/{name}/")


def test_validators_and_ranges(server):
    first = server.get("/chart/index.html")
    assert server.get("/chart/index.html", headers={"If-None-Match": first.headers["ETag"]}).status == 304
    part = server.get("/chart/index.html", headers={"Range": "bytes=2-8"})
    assert (part.status, part.body) == (206, PAGE[2:9])


@pytest.mark.parametrize("path", ["/chart/../private.txt", "/chart/%2e%2e/private.txt", "/chart/..%2fprivate.txt", "/chart/.secret", "/chart/nothing",
                                  "/chart/%00", "/chart//index.html", "/chartx/", "/boat/dials/", "/chart/../../settings.json"])
def test_nothing_else_is(server, path):
    answer = server.get(path)
    assert answer.status == 404
    assert b"hidden content" not in answer.body


def test_the_list_holds_the_package_objects(server):
    apps = {app["name"]: app for app in server.get("/skServer/webapps").ok()}
    assert apps["chart"]["version"] == "1.2.3" and apps["@boat/dials"]["signalk"] == {"displayName": "App"}


def test_a_plugins_webapp_is_listed_only_while_it_is_enabled(config, launch):
    installed = packages.built("probe-c-once")
    config.write_package("with-page", installed.wasm.read_bytes(), keywords=["signalk-wasm-plugin", "signalk-webapp"])
    config.write("node_modules/with-page/public/index.html", PAGE)
    server = launch()
    assert server.get("/skServer/webapps").ok() == []
    assert server.get("/with-page/").body == PAGE
    assert server.configure("with-page", {}).status == 200
    assert [app["name"] for app in server.get("/skServer/webapps").ok()] == ["with-page"]
