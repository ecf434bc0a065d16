"""The power fails in the middle of a save. Whatever the disk has made of it: the server starts, and what it had called saved is there."""
import shutil
import time

import pytest

from harness import wat
from harness.faults import Disk, fingerprint, preload
from harness.security import as_user, secure
from harness.server import ConfigDir, Server
from harness.waiting import eventually

ADMIN = as_user("anna", expires=86400)
WAYPOINT = "/signalk/v2/api/resources/waypoints/" + "ac3a3b2d-07e8-4f25-92bc-98e7c92f7f1a"
PLUGIN = "wat-plugin"
START_MAX = 10.0  # seconds, on a machine that does much else; the bench measures


def waypoint(name):
    return {"name": name, "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.9, 60.1]}, "properties": {}}}


class Saves:
    """What is saved in turn, each answered before the next: (what it is, how, what is read back)."""

    def __init__(self, server):
        self.server = server

    def done(self, answer):
        assert answer.status in (200, 201, 202), answer

    def all(self):
        put, post, delete = (lambda *a, m=method: self.done(self.server.request(m, a[0], json=a[1] if len(a) > 1 else None, headers=ADMIN))
                             for method in ("PUT", "POST", "DELETE"))
        yield "a user", lambda: post("/skServer/security/users/bert", {"type": "readonly", "password": "bert-1"}), "readonly"
        yield "a user", lambda: put("/skServer/security/users/bert", {"type": "readwrite"}), "readwrite"
        yield "settings", lambda: put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 33}), 33
        yield "the vessel", lambda: put("/skServer/vessel", {"name": "Plover"}), "Plover"
        yield "a waypoint", lambda: put(WAYPOINT, waypoint("Harbour")), "Harbour"
        yield "a waypoint", lambda: put(WAYPOINT, waypoint("Anchorage")), "Anchorage"
        yield "priorities", lambda: put("/skServer/priorityOverrides", {"a.b": [{"sourceRef": "x", "timeout": 0}]}), ["x"]
        yield "units", lambda: put("/signalk/v1/unitpreferences/custom-definitions", {"m/s": {"conversions": {}}}), ["m/s"]
        yield "a plugin", lambda: post(f"/plugins/{PLUGIN}/config", {"enabled": False, "configuration": {"depth": 4}}), 4
        yield "a plugin", lambda: post(f"/plugins/{PLUGIN}/config", {"enabled": False, "configuration": {"depth": 5}}), 5
        yield "a waypoint", lambda: delete(WAYPOINT), None
        yield "settings", lambda: put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 44}), 44


def read(server, what):
    def ok(path):
        return server.get(path, headers=ADMIN).ok()

    if what == "a user":
        return next((user["type"] for user in ok("/skServer/security/users") if user["userId"] == "bert"), None)
    if what == "settings":
        return ok("/skServer/settings")["pruneContextsMinutes"]
    if what == "the vessel":
        return ok("/skServer/vessel").get("name")
    if what == "a waypoint":
        answer = server.get(WAYPOINT, headers=ADMIN)
        return answer.json()["name"] if answer.status == 200 else None
    if what == "priorities":
        return [row["sourceRef"] for row in ok("/skServer/priorities")["overrides"].get("a.b", [])]
    if what == "units":
        return list(ok("/signalk/v1/unitpreferences/custom-definitions"))
    listed = eventually(lambda: [ok(f"/plugins/{PLUGIN}/config")], "the plugin's listing")  # the server listens before it looks for plugins
    return listed[0].get("configuration", {}).get("depth")


@pytest.fixture
def boat(config):
    secure(config)
    config.write_package(PLUGIN, wat.assemble(wat.plugin()))
    return config


def record(launch, boat, tmp_path):
    """A server makes all saves under the journal's eyes; [(what, expected, length of the journal when it was acknowledged)]."""
    journal = tmp_path / "journal"
    server = launch(env={"LD_PRELOAD": preload("journal"), "FAULT_FOLDER": str(boat.path.resolve()), "FAULT_JOURNAL": str(journal)})
    read(server, "a plugin")  # it is listed now
    acknowledged = []
    for what, save, expected in Saves(server).all():
        save()
        acknowledged.append((what, expected, len(journal.read_text().splitlines())))
        assert read(server, what) == expected
    server.kill()
    return journal.read_text().splitlines(), acknowledged


def acceptable(acknowledged, what, at, before):
    """What may be read of `what` when the power failed after `at` entries: the last that was acknowledged, or a later one."""
    mine = [(expected, mark) for name, expected, mark in acknowledged if name == what]
    last = [i for i, (_, mark) in enumerate(mine) if mark <= at]
    return [expected for expected, _ in mine[last[-1]:]] if last else [before[what], *(expected for expected, _ in mine)]


def check(server, acknowledged, at, before):
    for what in {name for name, _, _ in acknowledged}:
        found, may = read(server, what), acceptable(acknowledged, what, at, before)
        assert found in may, f"{what} is {found!r}, should be one of {may!r}"


def test_every_moment_of_every_save(launch, boat, home, tmp_path):
    untouched = tmp_path / "untouched"
    shutil.copytree(boat.path, untouched)
    lines, acknowledged = record(launch, boat, tmp_path)
    fresh = Server(ConfigDir(untouched), home).start()
    before = {what: read(fresh, what) for what, _, _ in acknowledged}
    assert fresh.finish() == []
    disk = Disk(untouched)
    real, base = str(boat.path.resolve()), str(untouched)
    seen, slowest = {}, 0.0
    for at in range(len(lines) + 1):
        if at > 0:
            disk.apply(lines[at - 1].replace(real, base))
        for kind, files, folders in disk.states():
            state = fingerprint(files)
            if seen.get(state) == sum(mark <= at for _, _, mark in acknowledged):
                continue
            seen[state] = sum(mark <= at for _, _, mark in acknowledged)
            folder = tmp_path / "after"
            disk.write(files, folders, folder)
            server = Server(ConfigDir(folder), home)
            try:
                began = time.monotonic()
                server.start()
                slowest = max(slowest, time.monotonic() - began)
                check(server, acknowledged, at, before)
            except AssertionError as error:
                raise AssertionError(f"power lost after {at} of {len(lines)} changes ({lines[at - 1][:120] if at else 'none'}), the disk kept "
                                     f"{kind}: {error}\n{server.log_tail()}") from None
            finally:
                complaints = server.finish()
                shutil.rmtree(folder)
            assert complaints == []
    print(f"{len(lines)} changes, {len(seen)} states, slowest start {slowest:.3f} s")
    assert slowest < START_MAX and len(seen) > 20
