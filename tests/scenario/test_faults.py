"""A full or read-only disk, no descriptors, no memory: the boat's data flow on, whoever asked is told, and all is well
again when the cause has gone. And files that something else has broken."""
import errno
import json
import os
import re
import resource
import socket
from http.client import HTTPException

import pytest

from harness.faults import Faults
from harness.security import PASSWORD, secure
from harness.server import HOST
from harness.streams import has_value
from harness.waiting import DEADLINE, eventually

PATH = "navigation.speedOverGround"
WAYPOINT = "/signalk/v2/api/resources/waypoints/ac3a3b2d-07e8-4f25-92bc-98e7c92f7f1a"
POINT = {"name": "Here", "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.9, 60.1]}, "properties": {}}}
DISK = [("write", errno.ENOSPC), ("write", errno.EDQUOT), ("write", errno.EIO), ("open", errno.EROFS), ("open", errno.ENOSPC),
        ("open", errno.EMFILE), ("fsync", errno.EIO), ("rename", errno.ENOSPC), ("rename", errno.EROFS)]


class Faulty:
    """A server on a machine that fails on command."""

    def __init__(self, launch, config, tmp_path):
        self.faults = Faults(tmp_path, config.path)
        self.server = launch(env=self.faults.environment)
        self.listener = self.server.stream("?subscribe=self")
        self.speaker = self.server.stream("?subscribe=none")
        self.speaker.hello()
        self.number = 0

    def fail(self, kind, number):
        self.faults.fail(kind, number)

    def mend(self):
        self.faults.mend()

    def data_flow(self):
        """A delta reaches its subscriber and the tree."""
        self.number += 1
        self.speaker.send({"updates": [{"values": [{"path": PATH, "value": self.number}]}]})
        self.listener.until(has_value(PATH, self.number))
        return True


@pytest.fixture
def faulty(launch, config, tmp_path):
    return Faulty(launch, config, tmp_path)


def saves(server):
    """Everything a user can save, and what each answers: (name, response)."""
    yield "a waypoint", server.put(WAYPOINT, POINT)
    yield "the settings", server.put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 41})
    yield "the vessel", server.put("/skServer/vessel", {"name": "Plover"})
    yield "priorities", server.put("/skServer/priorityOverrides", {"a.b": [{"sourceRef": "x", "timeout": 0}]})
    yield "units", server.put("/signalk/v1/unitpreferences/custom-definitions", {"m/s": {"conversions": {}}})


@pytest.mark.parametrize("kind, number", DISK, ids=[f"{kind}-{errno.errorcode[number]}" for kind, number in DISK])
def test_a_disk_that_fails(faulty, config, kind, number):
    before = {file.name: file.read_bytes() for file in config.path.iterdir() if file.suffix == ".json" and file.name != "skiff-run.json"}
    faulty.fail(kind, number)
    for what, answer in saves(faulty.server):
        assert answer.status >= 400, f"{what} was called saved: {answer}"
        assert faulty.data_flow()
    for name, content in before.items():
        assert (config.path / name).read_bytes() == content, name
    faulty.mend()
    for what, answer in saves(faulty.server):
        assert answer.status in (200, 201, 202), f"{what} afterwards: {answer}"
    assert faulty.server.get(WAYPOINT).ok()["name"] == "Here"
    assert config.json("settings.json")["pruneContextsMinutes"] == 41
    assert not list(config.path.rglob("*.tmp"))


def test_a_disk_that_fails_from_the_start(launch, config, tmp_path):
    """Read-only, with a configuration and without: it starts, and says what it could not keep."""
    faults = Faults(tmp_path, config.path)
    faults.fail("open", errno.EROFS)
    (config.path / "baseDeltas.json").unlink()
    server = launch(env=faults.environment)
    server.feeder().values(navigation__speedOverGround=3)
    assert server.value(PATH) == 3
    assert server.wait_log("of this run only") and server.wait_log("Read-only")


def test_no_descriptors_for_new_clients(server):
    """The server's table is full: those who are there are served, and others as soon as there is room."""
    listener, speaker = server.stream("?subscribe=self"), server.stream("?subscribe=none")
    speaker.hello()
    pid = server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd")) + 1, hard))
    turned_away = [socket.create_connection((HOST, server.port), timeout=DEADLINE) for _ in range(5)]
    for number in range(1, 6):
        speaker.send({"updates": [{"values": [{"path": PATH, "value": number}]}]})
        listener.until(has_value(PATH, number))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert eventually(lambda: server.get("/signalk").status == 200, "clients are let in again")
    for client in turned_away:
        client.close()


def test_no_memory_for_large_things(faulty):
    faulty.fail("memory", errno.ENOMEM)
    big = {"updates": [{"values": [{"path": f"test.p{i}", "value": "x" * 900} for i in range(60)]}]}
    faulty.speaker.send(big)
    for path in ("/signalk/v1/api/", "/signalk/v1/api/vessels/self", "/skServer/settings", "/nowhere"):
        try:
            assert faulty.server.get(path).status in (200, 404, 500, 503)
        except (OSError, HTTPException):  # hung up on: also an answer to who asked
            pass
    assert faulty.server.running()
    faulty.mend()
    faulty.server.close_clients()
    again = faulty.server.feeder()
    again.values(navigation__speedOverGround=5)
    assert faulty.server.value(PATH) == 5 and faulty.server.get("/signalk/v1/api/").ok()


# ---- files that something else has broken -------------------------------------------------------------------------------

BREAKS = {"empty": lambda text: b"", "half": lambda text: text[: len(text) // 2], "zeros": lambda text: bytes(len(text)),
          "another": lambda text: b"\x7fELF\x02\x01\x01"}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_file_is_replaced_by_its_last_good_copy(launch, config, how):
    server = launch()
    for what, answer in saves(server):
        assert answer.status in (200, 201, 202), (what, answer)
    vessel = server.get("/skServer/vessel").ok()
    server.stop()
    names = ["settings.json", "baseDeltas.json", "priorities.json"]
    good = {name: (config.path / name).read_bytes() for name in names}
    for name in names:
        (config.path / name).write_bytes(BREAKS[how](good[name]))
    server.restart()
    assert server.get("/skServer/vessel").ok() == vessel
    assert server.get("/skServer/settings").ok()["pruneContextsMinutes"] == 41
    for name in names:
        assert server.wait_log(f"{re.escape(name)} was broken")
        assert (config.path / name).read_bytes() == good[name]
        assert (config.path / (name + ".broken")).read_bytes() == BREAKS[how](good[name])
    told = json.dumps(server.self_path("notifications.server.files").ok())
    assert all(name in told for name in names)


def test_a_file_that_cannot_be_read_is_left_alone_and_its_copy_used(launch, config):
    server = launch()
    server.put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 41})
    server.stop()
    (config.path / "settings.json").unlink()
    (config.path / "settings.json").mkdir()
    server.restart()
    assert server.get("/skServer/settings").ok()["pruneContextsMinutes"] == 41
    assert server.wait_log("cannot be read") and (config.path / "settings.json").is_dir()


def test_a_file_that_a_person_edited_is_the_good_one_from_then_on(launch, config):
    server = launch()
    server.put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 41})
    server.stop()
    config.write("settings.json", {**config.json("settings.json"), "pruneContextsMinutes": 42})
    server.restart()
    server.stop()
    config.write("settings.json", "{")
    server.restart()
    assert server.get("/skServer/settings").ok()["pruneContextsMinutes"] == 42


def test_without_a_good_copy_a_broken_vessel_file_is_put_aside(launch, config):
    config.write("baseDeltas.json", "[{")
    server = launch()
    server.wait_log("going on as a new vessel")
    assert config.text("baseDeltas.json.broken") == "[{"
    assert server.get("/signalk/v1/api/self").ok().startswith("vessels.urn:mrn:signalk:uuid:")


def test_users_come_back_from_their_good_copy(launch, config):
    secure(config)
    server = launch()
    server.stop()
    config.write("security.json", "")
    server.restart()
    answer = server.post("/signalk/v1/auth/login", {"username": "anna", "password": PASSWORD})
    assert answer.status == 200
    assert (config.path / ".security.json.good").stat().st_mode & 0o777 == 0o600
    assert (config.path / "security.json.broken").exists()
