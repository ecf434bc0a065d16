"""skiff webapp install: from a registry or a file, checked, whole or not at all, and served at once."""
import json
import os
import re
import shutil
import subprocess
import tarfile

import pytest

from harness.registry import Registry, archive, archive_of, entry, integrity, package_json, webapp
from harness.server import binary
from harness.terminal import Terminal
from harness.waiting import eventually

NAME = "@boat/chart"


def nothing_left(config, name=NAME):
    assert not config.exists("node_modules/" + name)
    left = [path.name for path in (config.path / "node_modules").iterdir()] if config.exists("node_modules") else []
    assert left == []
    assert not config.exists("package.json") or name not in config.json("package.json").get("dependencies", {})


def test_by_name_without_npm(config, skiff, registry):
    registry.publish_files(webapp(NAME, "1.2.3", files={"public/js/.hidden/a.js": b"1", "README.md": b"read"}))
    out, _ = skiff("webapp", "install", NAME)
    assert "@boat/chart 1.2.3 is installed: 4 files" in out
    assert config.text("node_modules/@boat/chart/public/js/.hidden/a.js") == "1"
    assert config.json("package.json")["dependencies"] == {NAME: "^1.2.3"}
    assert [path.name for path in (config.path / "node_modules").iterdir()] == ["@boat"]
    out, _ = skiff("webapp", "list")
    assert NAME in out and "1.2.3" in out


def test_a_running_server_serves_it_at_once_and_no_more_when_it_is_removed(config, skiff, registry, launch):
    registry.publish_files(webapp(NAME, page=b"first"))
    server = launch()
    skiff("webapp", "install", NAME)
    eventually(lambda: server.get("/@boat/chart/").body == b"first", "the page")
    assert [app["name"] for app in server.get("/skServer/webapps").ok()] == [NAME]
    registry.publish_files(webapp(NAME, "1.1.0", page=b"second"))
    skiff("webapp", "install", NAME)
    eventually(lambda: server.get("/skServer/webapps").ok()[0]["version"] == "1.1.0", "the new version")
    assert server.get("/@boat/chart/").body == b"second"
    skiff("webapp", "remove", NAME)
    eventually(lambda: server.get("/@boat/chart/").status == 404, "the end of it")
    nothing_left(config)


@pytest.mark.parametrize("wanted, version, kept", [
    ("", "2.1.0", "^2.1.0"), ("@1.0.0", "1.0.0", "1.0.0"), ("@^1", "1.4.0", "^1"), ("@beta", "3.0.0-beta.2", "^3.0.0-beta.2"), ("@~1.2", "1.2.9", "~1.2"),
    ("@>=1 <1.4", "1.2.9", ">=1 <1.4"), ("@3.0.0-beta.1", "3.0.0-beta.1", "3.0.0-beta.1")])
def test_versions_ranges_and_tags(config, skiff, registry, wanted, version, kept):
    for one in ("1.0.0", "1.2.9", "1.4.0", "2.0.0", "2.1.0", "3.0.0-beta.1", "3.0.0-beta.2"):
        registry.publish_files(webapp(NAME, one), tag=None)
    registry.packages[NAME]["dist-tags"] = {"latest": "2.1.0", "beta": "3.0.0-beta.2"}
    skiff("webapp", "install", NAME + wanted)
    assert config.json("node_modules/@boat/chart/package.json")["version"] == version
    assert config.json("package.json")["dependencies"] == {NAME: kept}


@pytest.mark.parametrize("wanted, says", [("@9.9.9", r"no version '9.9.9'; the last ones are: 1.0.0"), ("@nightly", "nightly"), ("x@1", "knows no package")])
def test_what_is_not_there_is_told(config, skiff, registry, wanted, says):
    registry.publish_files(webapp(NAME))
    _, err = skiff("webapp", "install", NAME + wanted, code=1)
    assert says in err
    nothing_left(config)


def test_from_a_file_without_any_registry(config, skiff, registry, tmp_path):
    file = tmp_path / "chart.tgz"
    file.write_bytes(archive(webapp(NAME, "0.3.0")))
    skiff("webapp", "install", file, env={"NPM_CONFIG_REGISTRY": None})
    assert config.json("package.json")["dependencies"] == {NAME: "0.3.0"}
    assert registry.requests == []


def test_without_a_registry_it_says_how_to_set_one(config, skiff):
    _, err = skiff("webapp", "install", NAME, env={"NPM_CONFIG_REGISTRY": None}, code=1)
    assert "npmRegistry" in err and "NPM_CONFIG_REGISTRY" in err and ".npmrc" in err
    nothing_left(config)


@pytest.mark.parametrize("where", ["setting", "project", "user", "scope", "flag"])
def test_where_the_registry_can_be_set(config, skiff, registry, home, tmp_path, where):
    registry.publish_files(webapp(NAME))
    env, words = {"NPM_CONFIG_REGISTRY": None}, []
    if where == "setting":
        config.settings(npmRegistry=registry.url + "/")
    elif where == "project":
        config.write(".npmrc", "registry=${BOAT_REGISTRY}\n")
        env["BOAT_REGISTRY"] = registry.url
    elif where == "user":
        env["HOME"] = str(tmp_path / "sailor")
        (tmp_path / "sailor").mkdir()
        (tmp_path / "sailor/.npmrc").write_text(f"; mine\nregistry = \"{registry.url}\"\n")
    elif where == "scope":
        env["NPM_CONFIG_REGISTRY"] = "http://127.0.0.1:9/"
        config.write(".npmrc", f"@boat:registry={registry.url}\n")
    else:
        words = ["--registry", registry.url]
    skiff("webapp", "install", NAME, *words, env=env)
    assert config.exists("node_modules/@boat/chart/package.json")


def test_a_token_goes_to_its_own_place_only_and_into_no_output(config, skiff, registry):
    other = Registry()
    try:
        path = registry.publish_files(webapp(NAME))
        other.archives[path] = registry.archives[path]
        registry.packages[NAME]["versions"]["1.0.0"]["dist"]["tarball"] = other.url + path
        registry.tokens["/"] = "s3cret"
        _, err = skiff("webapp", "install", NAME, code=1)
        assert "_authToken" in err
        config.write(".npmrc", f"{registry.url.removeprefix('http:')}/:_authToken=s3cret\n")
        out, err = skiff("webapp", "install", NAME)
        assert "s3cret" not in out + err
        assert [headers.get("Authorization") for _, _, headers, _ in other.requests] == [None]
    finally:
        other.close()


# ---- refused ----

BOMB = archive_of([entry("package/package.json", json.dumps(package_json(NAME)).encode()), entry("package/public/zero", bytes(40 << 20))])
OK = json.dumps(package_json(NAME)).encode()


@pytest.mark.parametrize("data, says", [
    (archive_of([entry("package/package.json", OK), entry("package/../../../evil", b"x")]), "outside the package"),
    (archive_of([entry("package/package.json", OK), entry("../evil", b"x")]), "outside the package"),
    (archive_of([entry("package/package.json", OK), entry("/tmp/evil", b"x")]), "outside the package"),
    (archive_of([entry("package/package.json", OK), entry("package/a\\..\\b", b"x")]), "no name"),
    (archive_of([entry("package/package.json", OK), entry("package/link", kind=tarfile.SYMTYPE, link="/etc"), entry("package/link/x", b"x")]), "a link"),
    (archive_of([entry("package/package.json", OK), entry("package/hard", kind=tarfile.LNKTYPE, link="package/package.json")]), "a link"),
    (archive_of([entry("package/package.json", OK), entry("package/dev", kind=tarfile.CHRTYPE)]), "device"),
    (archive_of([entry("package/package.json", OK), entry("package/pipe", kind=tarfile.FIFOTYPE)]), "device"),
    (archive_of([entry("package/package.json", OK), entry("package/a", b"x"), entry("package/a/b", b"x")]), "cannot make"),
    (archive_of([entry("package/package.json", OK), entry("package/" + "d/" * 40 + "f", b"x")]), "no name"),
    (archive_of([entry("package/package.json", OK)] + [entry(f"package/{i}", b"") for i in range(20001)]), "more than 20000 files"),
    (BOMB, "bomb"),
    (archive(webapp(NAME))[:-40], "damaged"),
    (b"no archive at all" * 100, "damaged"),
    (archive({"README.md": b"x"}), "no package.json"),
    (archive({"package.json": b"{"}), "its package.json"),
    (archive(webapp("@boat/another")), "holds @boat/another 1.0.0 instead"),
    (archive(webapp(NAME, "1.0.1")), "holds @boat/chart 1.0.1 instead"),
    (archive(webapp(NAME, keywords=["signalk-node-server-plugin"])), "needs the Node server"),
    (archive(webapp(NAME, keywords=["boats"])), "neither a plugin nor a webapp"),
    (archive(webapp(NAME, keywords=["signalk-wasm-plugin"], wasmManifest="p.wasm")), "skiff plugin install"),
], ids=["dots", "dots-first", "absolute", "backslash", "symlink", "hardlink", "device", "pipe", "file-as-folder", "deep", "many", "bomb", "cut", "no-archive",
        "no-package", "broken-package", "other-name", "other-version", "javascript", "no-keyword", "plugin"])
def test_a_bad_archive_is_refused_with_its_reason_and_leaves_nothing(config, skiff, registry, data, says):
    registry.publish(NAME, "1.0.0", data)
    _, err = skiff("webapp", "install", NAME, code=1)
    assert says in err and "not installed" in err
    nothing_left(config)
    assert not (config.path.parent / "evil").exists()


@pytest.mark.parametrize("dist, says", [
    ({"integrity": integrity(b"another")}, "not the one that was published"),
    ({"integrity": None, "shasum": "00" * 20}, "not the one that was published"),
    ({"integrity": None, "shasum": None}, "no digest"),
    ({"integrity": "md5-AAAA"}, "cannot be checked"),
    ({"tarball": "file:///etc/passwd"}, "no usable address"),
])
def test_a_wrong_digest_is_refused(config, skiff, registry, dist, says):
    registry.publish_files(webapp(NAME), **dist)
    _, err = skiff("webapp", "install", NAME, code=1)
    assert says in err
    nothing_left(config)


def test_a_tampered_archive_does_not_replace_the_one_that_is_there(config, skiff, registry):
    registry.publish_files(webapp(NAME, "1.0.0", page=b"good"))
    skiff("webapp", "install", NAME)
    path = registry.publish_files(webapp(NAME, "1.1.0", page=b"new"))
    registry.archives[path] = archive(webapp(NAME, "1.1.0", page=b"evil"))
    _, err = skiff("webapp", "install", NAME, code=1)
    assert "not the one that was published" in err
    assert config.text("node_modules/@boat/chart/public/index.html") == "good"
    assert config.json("package.json")["dependencies"] == {NAME: "^1.0.0"}


def test_an_old_registry_with_sha1_only_works_with_a_warning(config, skiff, registry):
    registry.publish_files(webapp(NAME), integrity=None)
    _, err = skiff("webapp", "install", NAME)
    assert "SHA-1" in err


def test_the_strongest_digest_counts(config, skiff, registry):
    data = archive(webapp(NAME))
    registry.publish(NAME, "1.0.0", data, integrity=integrity(data, "sha1") + " " + integrity(b"another", "sha512"))
    skiff("webapp", "install", NAME, code=1)
    registry.publish(NAME, "1.0.0", data, integrity=integrity(b"another", "sha1") + " " + integrity(data, "sha384"))
    skiff("webapp", "install", NAME)


def test_a_connection_that_breaks_leaves_nothing(config, skiff, registry):
    registry.cut.add(registry.publish_files(webapp(NAME)))
    skiff("webapp", "install", NAME, code=1)
    nothing_left(config)


def test_a_broken_package_json_of_the_folder_is_left_as_it_is(config, skiff, registry):
    config.write("package.json", "{ mine")
    registry.publish_files(webapp(NAME))
    _, err = skiff("webapp", "install", NAME, code=1)
    assert "package.json" in err
    assert config.text("package.json") == "{ mine"


def test_other_members_of_package_json_are_kept(config, skiff, registry):
    config.write("package.json", {"name": "mine", "dependencies": {"zebra": "1", "a": "2"}, "scripts": {"x": "y"}})
    registry.publish_files(webapp(NAME))
    skiff("webapp", "install", NAME)
    assert config.json("package.json") == {"name": "mine", "dependencies": {NAME: "^1.0.0", "zebra": "1", "a": "2"}, "scripts": {"x": "y"}}
    skiff("webapp", "remove", NAME)
    assert config.json("package.json") == {"name": "mine", "dependencies": {"zebra": "1", "a": "2"}, "scripts": {"x": "y"}}


# ---- on a terminal ----

def on_terminal(registry, config, *words, typed=None):
    """What a person sees, and the exit code."""
    env = {"NPM_CONFIG_REGISTRY": registry.url, "HOME": str(config.path)}
    terminal = Terminal(binary(), *words[:2], "-c", config.path, *words[2:], env=env)
    try:
        if typed:
            terminal.type(typed)
        return terminal.finish()
    finally:
        terminal.close()


def test_a_terminal_shows_how_far_it_is(config, registry):
    registry.publish_files(webapp(NAME, files={"public/big": os.urandom(3 << 20)}))
    seen, code = on_terminal(registry, config, "webapp", "install", NAME)
    assert code == 0
    assert re.search(r"\r\x1b\[K@boat/chart: looking it up.*\r\x1b\[K@boat/chart: downloading \[[#.]{24}\] \d.* of 3\.0 MiB", seen, re.S), seen
    assert seen.endswith("@boat/chart 1.0.0 is installed: 3 files, 3.0 MiB\r\n")


@pytest.mark.parametrize("typed, enabled", [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_terminal_is_asked_before_a_plugin_runs(config, registry, typed, enabled):
    config.write_package("some-plugin", b"\0asm\1\0\0\0", wasmCapabilities={"network": True})
    seen, code = on_terminal(registry, config, "plugin", "enable", "some-plugin", typed=typed)
    assert "some-plugin may:" in seen and "send HTTP requests" in seen and "Enable it? [y/N]" in seen
    assert code == (0 if enabled else 1)
    assert config.exists("plugin-config-data/some-plugin.json") == enabled


# ---- from a lock file ----

def lock(config, *rows):
    return config.write("../lock.json", {"webapps": [dict(zip(("name", "version", "integrity"), row)) for row in rows]})


def test_a_lock_file_installs_exactly_what_it_names_and_only_once(config, skiff, registry):
    files = webapp(NAME)
    registry.publish_files(files)
    registry.publish_files(webapp(NAME, "2.0.0"))
    file = lock(config, (NAME, "1.0.0", integrity(archive(files))))
    skiff("webapp", "install", "--locked", file)
    assert config.json("package.json")["dependencies"] == {NAME: "1.0.0"}
    asked = len(registry.requests)
    out, _ = skiff("webapp", "install", "--locked", file)
    assert "there already" in out and len(registry.requests) == asked


def test_a_registry_that_cannot_be_reached_is_asked_once(config, skiff):
    file = lock(config, *((f"@boat/app{number}", "1.0.0", integrity(b"")) for number in range(3)))
    _, err = skiff("webapp", "install", "--locked", file, env={"NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/"}, code=1)
    assert err.count("127.0.0.1:9") == 1 and "what is left of" in err
    assert not config.exists("node_modules")


def test_the_lock_files_digest_wins_over_the_registrys(config, skiff, registry):
    registry.publish_files(webapp(NAME))
    _, err = skiff("webapp", "install", "--locked", lock(config, (NAME, "1.0.0", integrity(b"another"))), code=1)
    assert "not the one that was published" in err
    nothing_left(config)


# ---- killed ----

def whole(config, versions):
    """The package is there as one of these versions, with all its files."""
    version = config.json("node_modules/@boat/chart/package.json")["version"]
    assert version in versions
    assert config.text("node_modules/@boat/chart/public/index.html") == "page " + version
    assert len(list((config.path / "node_modules/@boat/chart/public/js").iterdir())) == 40
    return version


def chart(version):
    return webapp(NAME, version, page=b"page " + version.encode(), files={f"public/js/{i}.js": bytes(2000) for i in range(40)})


def test_killed_during_the_download_nothing_changes_and_the_next_run_cleans_up(config, launcher, skiff, registry):
    registry.publish_files(chart("1.0.0"))
    skiff("webapp", "install", NAME)
    path = registry.publish_files(chart("2.0.0"))
    registry.held.add(path)
    killed = launcher(env={"NPM_CONFIG_REGISTRY": registry.url})
    killed.expect_exit = True
    killed.spawn(["webapp", "install", "-c", str(config.path), NAME])
    modules = config.path / "node_modules"
    eventually(lambda: any(file.stat().st_size > 0 for file in modules.glob(".skiff-*/archive.tgz")), "half of the archive")
    killed.kill()
    assert whole(config, ["1.0.0"])
    assert list(modules.glob(".skiff-*"))
    registry.held.clear()
    skiff("webapp", "install", NAME)
    assert whole(config, ["2.0.0"])
    assert list(modules.glob(".skiff-*")) == []


def test_killed_at_any_moment_the_old_one_or_the_new_one_is_there(config, launcher, skiff, registry):
    for version in ("1.0.0", "2.0.0"):
        registry.publish_files(chart(version))
    skiff("webapp", "install", NAME + "@1.0.0")
    for turn in range(24):
        other = "2.0.0" if turn % 2 == 0 else "1.0.0"
        run = launcher(env={"NPM_CONFIG_REGISTRY": registry.url})
        run.expect_exit = True
        run.spawn(["webapp", "install", "-c", str(config.path), f"{NAME}@{other}"])
        try:
            run.process.wait(0.02 * turn)
        except subprocess.TimeoutExpired:
            run.kill()
        whole(config, ["1.0.0", "2.0.0"])
        kept = config.json("package.json")["dependencies"][NAME]
        assert kept in ("1.0.0", "2.0.0")
    skiff("webapp", "install", NAME + "@1.0.0")
    assert whole(config, ["1.0.0"])
    assert config.json("package.json")["dependencies"] == {NAME: "1.0.0"}
    assert list((config.path / "node_modules").glob(".skiff-*")) == []


def test_what_a_dead_run_had_already_put_in_its_place_is_noted_by_the_next(config, skiff, registry):
    """As if it had died between the rename and package.json, or (where folders cannot be exchanged) between two renames."""
    for name, part in (("@boat/done", None), ("@boat/half", "new"), ("@boat/back", "old")):
        stage = "node_modules/.skiff-" + name[6:]
        config.write(stage + "/intent.json", {"name": name, "version": "2.0.0", "wanted": "^2"})
        for place in {None: ["node_modules/" + name], "new": [stage + "/new", stage + "/old"], "old": [stage + "/old"]}[part]:
            config.write(place + "/package.json", package_json(name, "1.0.0" if place.endswith("/old") else "2.0.0"))
    config.write("node_modules/.skiff-gone/intent.json", {"name": "@boat/gone"})
    config.write("node_modules/.skiff-odd/intent.json", {"name": "../../evil", "version": "1", "wanted": "1"})
    config.write("package.json", {"dependencies": {"@boat/back": "^1", "@boat/gone": "1.0.0"}})
    registry.publish_files(webapp(NAME))
    skiff("webapp", "install", NAME)
    assert config.json("package.json")["dependencies"] == {"@boat/back": "^1", "@boat/chart": "^1.0.0", "@boat/done": "^2", "@boat/half": "^2"}
    assert [config.json(f"node_modules/@boat/{name}/package.json")["version"] for name in ("done", "half", "back")] == ["2.0.0", "2.0.0", "1.0.0"]
    assert list((config.path / "node_modules").glob(".skiff-*")) == []


def test_two_at_once_take_turns(config, launcher, registry):
    runs = []
    for number in range(4):
        registry.publish_files(webapp(f"@boat/app{number}"))
        run = launcher(env={"NPM_CONFIG_REGISTRY": registry.url})
        run.expect_exit = True
        runs.append(run.spawn(["webapp", "install", "-c", str(config.path), f"@boat/app{number}"]))
    assert [run.wait_exit(60) for run in runs] == [0] * 4
    assert sorted(config.json("package.json")["dependencies"]) == [f"@boat/app{number}" for number in range(4)]


# ---- the real registry ----

def test_a_webapp_from_the_registry_that_npm_is_configured_to(config, skiff):
    npm = shutil.which("npm")
    address = npm and subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True, cwd="/").stdout.strip()
    if not address or address == "undefined":
        pytest.skip("no npm registry is configured on this machine")
    _, err = skiff("webapp", "install", "@signalk/instrumentpanel@0.26.0", env={"NPM_CONFIG_REGISTRY": address}, code=None)
    if not config.exists("node_modules/@signalk/instrumentpanel/package.json"):
        assert re.search("download from .*: (Could not|Connection|Failed|Operation|Timeout|SSL)", err), err
        pytest.skip("the registry cannot be reached from here")
    assert config.json("node_modules/@signalk/instrumentpanel/package.json")["version"] == "0.26.0"
    assert config.exists("node_modules/@signalk/instrumentpanel/public/index.html")
    listed = subprocess.run([npm, "ls", "--json"], capture_output=True, text=True, cwd=config.path)
    assert json.loads(listed.stdout)["dependencies"]["@signalk/instrumentpanel"]["version"] == "0.26.0"
