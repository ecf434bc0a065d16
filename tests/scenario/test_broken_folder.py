"""Every file of the configuration folder, broken in every way there is: the server starts, serves what it has, says what is wrong
where a person looks, and ends when it is told to."""
import json
import os
import re
import shutil

import pytest

from harness import saving
from harness.security import PASSWORD, as_user, login, secure
from harness.server import SELF_ID, ConfigDir, sanitized
from harness.waiting import eventually

HUGE = 100_000_000


def huge(path):
    with open(path, "wb") as file:
        file.truncate(HUGE)


def deep(path):
    path.write_text("[" * 100_000)


BREAKS = {
    "garbage": lambda path: path.write_bytes(b"\x7fELF\x02\x00\xff{\"" * 50), "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(4096)), "deep": deep, "huge": huge, "null": lambda path: path.write_text("null"),
    "number": lambda path: path.write_text("1e999"), "empty object": lambda path: path.write_text("{}"),
    "empty array": lambda path: path.write_text("[]"), "array of everything": lambda path: path.write_text('[null,1,"x",[],{"a":[{}]}]'),
    "strange members": lambda path: path.write_text(json.dumps({name: [[None]] for name in (
        "users", "devices", "acls", "secretKey", "pipedProviders", "interfaces", "security", "history", "configuration", "enabled", "custom",
        "groups", "overrides", "defaults", "aliases", "nextPoint", "arrivalCircle", "activeRoute", "categories", "keywords", "signalk",
        "wasmManifest", "name", "version", "vessels", "began", "boot", "dependencies", "mdns", "port", "pluginPaths", "courseApi")})),
    "folder": lambda path: path.mkdir(), "dangling link": lambda path: path.symlink_to("nowhere/at/all"),
    "link to itself": lambda path: path.symlink_to(path.name), "pipe": lambda path: os.mkfifo(path),
    "device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.fixture
def used(config, launcher):
    """A folder in which everything that can be saved was saved; its files."""
    saving.prepare(config)
    server = launcher().start()
    eventually(lambda: saving.PLUGIN in server.plugins(saving.ADMIN), "the plugin")
    for kind in saving.KINDS:
        for n in (2, 4):
            answer = kind.save(server, n)
            assert saving.is_saved(kind, n, answer) or kind.name == "connection", (kind.name, answer)
    server.stop()
    for file, text in (("defaults.json", "{}"), ("skiff-run.json", "{}"), ("skiff-address.json", "{}"), ("package.json", '{"dependencies":{}}'),
                       ("sources-cache.json", "{}"), (".skiff-restore/items.json", "[]"), ("unitpreferences/config.json", '{"activePreset":"mine"}')):
        if not config.exists(file):
            config.write(file, text)
    return config


def files_of(folder):
    """What lies in it, but copies: they have a story of their own."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".good", ".broken", ".wasm") and path.name != ".skiff-restore":
            yield path.relative_to(folder)


def breaking(path, how):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    BREAKS[how](path)


def starts_and_serves(launcher, folder):
    """Ends it again, in peace."""
    server = launcher(folder=ConfigDir(folder)).start()
    assert server.get("/signalk").status == 200
    assert server.get("/skServer/loginStatus").status == 200
    assert server.get("/signalk/v1/api/vessels/self", headers=saving.ADMIN).status in (200, 401)
    server.stop()
    return server


@pytest.mark.parametrize("copies", ["with copies", "without copies"])
@pytest.mark.parametrize("how", BREAKS)
def test_every_file_broken_one_at_a_time(launcher, used, tmp_path, how, copies):
    names = list(files_of(used.path))
    assert len(names) > 15
    if sanitized():  # these starts are slow ones: some of the files, others for each way to break them
        names = names[len(how) % 7:: 7]
    for name in names:
        folder = tmp_path / "broken"
        shutil.copytree(used.path, folder)
        if copies == "without copies":
            for copy in folder.rglob(".*.good"):
                copy.unlink()
        breaking(folder / name, how)
        try:
            starts_and_serves(launcher, folder)
        except AssertionError as error:
            raise AssertionError(f"{name}, {how}: {error}") from None
        shutil.rmtree(folder)


@pytest.mark.parametrize("how", BREAKS)
def test_every_file_broken_at_once(launcher, used, how):
    """And the copies with them."""
    for name in [path.relative_to(used.path) for path in sorted(used.path.rglob("*")) if path.is_file()]:
        breaking(used.path / name, how)
    starts_and_serves(launcher, used.path)


def test_folders_that_are_files_and_files_that_are_folders(launcher, used):
    for name in [path for path in used.path.iterdir()]:
        is_dir = name.is_dir()
        breaking(name, "garbage" if is_dir else "folder")
    starts_and_serves(launcher, used.path)


def test_the_last_good_copy_is_served_and_everything_is_said(launch, used):
    """Of what is JSON and saved by users; `value` as saved last."""
    kinds = [kind for kind in saving.KINDS if kind.file.endswith(".json")]
    for kind in kinds:
        (used.path / kind.file).write_bytes(b"\0" * 100)
    server = launch()
    eventually(lambda: saving.PLUGIN in server.plugins(saving.ADMIN), "the plugin")
    for kind in kinds:
        assert kind.read(server) == saving.expected(kind, 4) or kind.name == "connection", kind.name
    told = eventually(lambda: (got := server.self_path("notifications.server.files", headers=saving.ADMIN)).status == 200 and got.text, "the notification")
    for kind in kinds:
        name = kind.file.rsplit("/", 1)[-1]
        assert server.wait_log(f"{re.escape(name)} was broken"), name
        assert eventually(lambda: name in server.self_path("notifications.server.files", headers=saving.ADMIN).text, "what is told of " + name)
        assert (used.path / (kind.file + ".broken")).read_bytes() == b"\0" * 100
    assert "last good copy" in told


def test_what_has_no_copy_is_kept_aside_and_said(launch, config):
    config.write("priorities.json", "{broken")
    server = launch()
    assert "priorities.json cannot be used" in eventually(lambda: server.self_path("notifications.server.files").ok() and
                                                          json.dumps(server.self_path("notifications.server.files").ok()), "the notification")
    assert server.put("/skServer/priorityOverrides", {"a.b": [{"sourceRef": "x", "timeout": 0}]}).status == 200
    assert config.text("priorities.json.broken") == "{broken"


def test_an_array_where_an_object_was_is_broken_too(launch, config):
    server = launch()
    assert server.put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 41}).status == 200
    server.stop()
    config.write("settings.json", "[]")
    server.restart()
    assert server.get("/skServer/settings").ok()["pruneContextsMinutes"] == 41
    assert config.text("settings.json.broken") == "[]"


@pytest.mark.parametrize("how", ["garbage", "empty", "folder", "number"])
def test_users_that_cannot_be_read_leave_no_door_open(launch, config, how):
    """Without a good copy nobody is known; that must not make the next one who comes the administrator."""
    secure(config)
    breaking(config.path / "security.json", how)
    server = launch()
    assert server.get("/signalk/v1/api/vessels/self").status == 401
    assert login(server).status == 401
    assert server.get("/signalk/v1/api/vessels/self", headers=as_user("anna")).status == 401
    taken = server.post("/skServer/enableSecurity", {"userId": "eve", "password": "eve-1", "type": "admin"})
    assert taken.status == 403
    assert server.wait_log("nobody can log in")
    server.stop()
    config.path.joinpath("security.json").rmdir() if how == "folder" else config.path.joinpath("security.json").unlink()
    secure(config)
    server.restart()
    assert login(server, password=PASSWORD).status == 200


@pytest.mark.parametrize("how", ["garbage", "empty", "folder", "empty array"])
def test_settings_that_cannot_be_read_do_not_switch_security_off(launch, config, how):
    secure(config)
    breaking(config.path / "settings.json", how)
    server = launch()
    assert server.get("/signalk/v1/api/vessels/self").status == 401
    assert login(server).status == 200


def test_what_a_save_that_was_cut_off_left_is_removed(launch, config):
    gone = ["settings.json.999999999-1f-2.tmp", ".settings.json.good.999999999-1f-3.tmp", "plugin-config-data/x.json.999999999-0-0.tmp",
            "serverState/course/settings.json.999999999-ab-c.tmp", "applicationData/users/anna/app/1.0.0.json.999999999-1-1.tmp"]
    stay = [f"settings.json.{os.getpid()}-1f-2.tmp", "mine.tmp", "x.1-2.tmp", "x.999999999-1-1.tmp.json", "plugin-config-data/some/x.999999999-1-1.tmp"]
    for name in gone + stay:
        config.write(name, "x")
    launch()
    eventually(lambda: not any(config.exists(name) for name in gone), "leftovers are removed")
    assert all(config.exists(name) for name in stay)


def test_the_vessel_is_still_the_same(launch, config):
    server = launch()
    server.stop()
    config.write("baseDeltas.json", '{"a":1}')
    server.restart()
    assert server.api("self").ok() == "vessels." + SELF_ID
