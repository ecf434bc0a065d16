"""The admin page at /admin/, what leads there, and which scripts of other packages it gets."""
import gzip

import pytest

INDEX = b"<!doctype html><html><head>%ADDONSCRIPTS%</head><body>admin</body></html>"


def package(config, name, keywords, **members):
    config.write(f"node_modules/{name}/package.json", {"name": name, "version": "1.0.0", "keywords": keywords, **members})
    config.write(f"node_modules/{name}/public/remoteEntry.js", b"x")


@pytest.fixture
def admin(config):
    package(config, "@signalk/server-admin-ui", ["signalk-webapp"], signalk={"displayName": "Admin UI"})
    root = "node_modules/@signalk/server-admin-ui/public/"
    config.write(root + "index.html", INDEX)
    config.write(root + "assets/index-abc.js", b"plain text")
    config.write(root + "assets/index-abc.js.gz", gzip.compress(b"plain text"))
    for logo in ("signal-k-logo-image-text.svg", "signal-k-logo-image.svg"):
        config.write(root + "img/" + logo, b"<svg>usual</svg>")
        config.write(root + "img/" + logo + ".gz", gzip.compress(b"<svg>usual</svg>"))


def test_everything_leads_to_it(admin, launch):
    server = launch()
    for path, status in (("/", 302), ("/admin", 301), ("/@signalk/server-admin-ui", 302), ("/@signalk/server-admin-ui/", 302)):
        answer = server.get(path)
        assert (answer.status, answer.headers["Location"]) == (status, "/admin/"), path
    for path in ("/admin/", "/admin/index.html", "/admin/?a=b"):
        answer = server.get(path)
        assert (answer.status, answer.body) == (200, INDEX.replace(b"%ADDONSCRIPTS%", b""))
        assert "no-store" in answer.headers["Cache-Control"]


def test_its_files_are_served_packed_when_wanted(admin, launch):
    server = launch()
    assert server.get("/admin/assets/index-abc.js").body == b"plain text"
    packed = server.get("/admin/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == b"plain text"
    for path in ("/admin/nothing", "/admin/..%2fpackage.json", "/admin/../package.json", "/admin/.vite/manifest.json"):
        assert server.get(path).status == 404
    assert server.post("/admin/").status == 404


def test_its_index_names_the_scripts_of_the_others(admin, config, launch):
    package(config, "addon", ["signalk-node-server-addon"])
    package(config, "@a/form", ["signalk-plugin-configurator"], type="module")
    package(config, "panel", ["signalk-embeddable-webapp"], type="module")
    package(config, "page", ["signalk-webapp"])
    server = launch()
    assert server.get("/admin/").body.decode().split("<head>")[1].split("</head>")[0].split("\n") == [
        '<script type="module" src="/@a/form/remoteEntry.js"></script>',
        '<script src="/addon/remoteEntry.js"></script>',
        '<script type="module" src="/panel/remoteEntry.js"></script>']
    for name in ("addon", "@a/form", "panel", "page"):
        assert server.get(f"/{name}/remoteEntry.js").body == b"x"
    assert [entry["name"] for entry in server.get("/skServer/addons").ok()] == ["addon"]
    assert [entry["name"] for entry in server.get("/skServer/webapps").ok()] == ["@signalk/server-admin-ui", "page", "panel"]


def test_the_boats_own_logo_takes_the_place_of_the_usual_one(admin, config, launch):
    server = launch()
    for path in ("/admin/img/signal-k-logo-image-text.svg", "/admin/assets/public_src/img/signal-k-logo-image.svg"):
        assert server.get(path).body == b"<svg>usual</svg>"
    config.write("logo.svg", b"<svg>own</svg>")
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        assert server.get("/admin/img/signal-k-logo-image-text.svg", headers=headers).body == b"<svg>own</svg>"
    config.write("logo-minimized.svg", b"<svg>small</svg>")
    assert server.get("/admin/img/signal-k-logo-image.svg").body == b"<svg>small</svg>"


def test_another_landing_page(admin, config, launch):
    config.settings(landingPage="/@signalk/freeboard-sk/")
    assert launch().get("/").headers["Location"] == "/@signalk/freeboard-sk/"


@pytest.mark.parametrize("page", ["//elsewhere.example/", "elsewhere", 5, "/a\r\nX-Evil: 1"])
def test_a_landing_page_that_is_none(admin, config, launch, page):
    config.settings(landingPage=page)
    answer = launch().get("/")
    assert answer.headers.get("Location") in ("/admin/", None) and "X-Evil" not in answer.headers


def test_a_host_name_chooses_the_webapp_of_that_name(admin, config, launch):
    package(config, "@boat/chart", ["signalk-webapp"], signalk={"displayName": "Plotter"})
    server = launch()
    assert server.get("/", headers={"Host": "plotter.local:3000"}).headers["Location"] == "/@boat/chart/"
    assert server.get("/", headers={"Host": "boat.local"}).headers["Location"] == "/admin/"


def test_without_the_package_it_says_how_to_get_it(launch):
    answer = launch().get("/admin/")
    assert answer.status == 404 and "skiff webapp install @signalk/server-admin-ui" in answer.pre()


def test_webapps_are_served_without_plugins_too(admin, config, launch):
    config.write_package("some-plugin", b"\0asm\1\0\0\0", keywords=["signalk-wasm-plugin", "signalk-webapp"])
    server = launch("--no-plugins")
    assert server.get("/admin/").status == 200
    assert server.get("/skServer/plugins").ok() == []
