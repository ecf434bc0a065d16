"""History in trouble: disks that are full or broken cost history, never the boat's data."""
import os
import resource
import shutil
import sqlite3
import time

import pytest

from harness.waiting import eventually
from test_history import ON, START, ask, feed, info, iso, recorded

FOLDER = "serverState/history/"
FILE = FOLDER + "history.db"


def launch_recording(config, launch, **members):
    config.settings(history={**ON, **members})
    return launch()


def last(server, path="a.x"):
    data = ask(server, path + ":last", resolution="1d", end=START + 86400 * 2).ok()["data"]
    return data[-1][1] if data else None


def check(config):
    db = sqlite3.connect(config.path / FILE)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return db.execute("SELECT (SELECT count(*) FROM sample)+(SELECT count(*) FROM recent)").fetchone()[0]
    finally:
        db.close()


@pytest.mark.parametrize("round_", range(3))
def test_a_killed_server_loses_what_was_not_written_and_no_more(config, launch, round_):
    server = launch_recording(config, launch)
    before = feed(server, [(START + i, {"a.x": i}) for i in range(500)])["values"]
    feeder = server.feeder()
    for i in range(500, 3000):  # it dies in the midst of these
        feeder.send({"updates": [{"$source": "s", "timestamp": iso(START + i), "values": [{"path": "a.x", "value": i}]}]})
    feeder.mark()
    server.kill()
    rows = check(config)
    assert rows >= before
    server.restart()
    recorded(server, 0)
    assert last(server) >= 499
    feed(server, [(START + 5000, {"a.x": 77})])
    assert last(server) == 77


def test_a_clean_stop_writes_everything(config, launch):
    server = launch_recording(config, launch, writeSeconds=3600)
    eventually(lambda: info(server)["state"] == "recording", "the file is open")
    feeder = server.feeder()
    for i in range(1000):
        feeder.send({"updates": [{"$source": "s", "timestamp": iso(START + i), "values": [{"path": "a.x", "value": i}]}]})
    feeder.mark()
    assert info(server)["commits"] == 0  # not before its time
    server.stop()
    assert check(config) == 1001
    assert not list((config.path / FOLDER).glob("*-wal"))


@pytest.mark.parametrize("damage", [b"this is no database, but text\n" * 300, b"", None], ids=["text", "cut off", "middle"])
def test_a_damaged_file_is_put_aside(config, launch, damage):
    server = launch_recording(config, launch)
    feed(server, [(START + i, {f"a.p{i % 50}": "x" * 100}) for i in range(2000)])
    server.stop()
    file = config.path / FILE
    content = file.read_bytes()
    if damage is None:
        file.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    else:
        file.write_bytes(damage or content[: len(content) // 2 // 4096 * 4096 + 100])
    server.restart()
    feed(server, [(START + 5000, {"a.x": 1})])
    eventually(lambda: server.get(f"/signalk/v2/api/history/values?paths=a.p1:last,a.x:last&from={iso(START)}&resolution=1d").status == 200,
               "an answer", 20)
    feed(server, [(START + 5001, {"a.x": 2})])
    assert last(server) == 2
    assert (config.path / (FILE + ".broken-1")).exists()
    assert server.wait_log("is damaged") and server.wait_log("history.db.broken-1")
    assert info(server)["filesSetAside"] >= 1
    server.stop()
    check(config)


def test_a_database_of_another_program_is_no_place_to_write(config, launch):
    (config.path / FOLDER).mkdir(parents=True)
    other = sqlite3.connect(config.path / FILE)
    other.execute("CREATE TABLE precious(x)")
    other.execute("INSERT INTO precious VALUES(1)")
    other.commit()
    other.close()
    server = launch_recording(config, launch)
    feed(server, [(START, {"a.x": 1})])
    kept = sqlite3.connect(config.path / (FILE + ".broken-1"))
    assert kept.execute("SELECT * FROM precious").fetchall() == [(1,)]
    kept.close()


def test_a_newer_file_is_left_alone(config, launch):
    server = launch_recording(config, launch)
    feed(server, [(START, {"a.x": 1})])
    server.stop()
    db = sqlite3.connect(config.path / FILE)
    db.execute("PRAGMA user_version=99")
    db.commit()
    db.close()
    server.restart()
    server.wait_log("ERROR history: .*newer skiff")
    eventually(lambda: info(server)["state"] == "off", "it is off")
    server.feeder().values(a__x=2)
    assert server.value("a.x") == 2
    answer = server.get("/signalk/v2/api/history/values?paths=a.x&duration=60")
    assert answer.status == 503 and "made by a newer skiff" in answer.json()["error"]
    server.stop()
    assert sqlite3.connect(config.path / FILE).execute("PRAGMA user_version").fetchone() == (99,)


def test_a_full_disk_costs_history_only(config, launch):
    server = launch_recording(config, launch)
    feed(server, [(START, {"a.x": 1})])
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    feeder = server.feeder()
    feeder.values(a__x=2)
    trouble = eventually(lambda: info(server)["state"] == "failing" and info(server), "it fails", 20)
    assert trouble["trouble"] and trouble["valuesLost"] > 0
    assert server.log().count("ERROR history:") == 1  # said once, though it is tried again
    for i in range(200):
        feeder.values(a__x=i)
        assert server.value("a.x") == i
    events = server.stream("?serverevents=all&subscribe=none")
    status = events.until(lambda message: message.get("type") == "PROVIDERSTATUS")["data"]
    assert [entry["type"] for entry in status if entry["id"] == "history"] == ["error"]
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    eventually(lambda: info(server)["state"] == "recording", "it records again", 60)
    feed(server, [(START + 100, {"a.x": 3})])
    assert last(server) == 3


def test_a_folder_that_cannot_be_made(config, launch):
    config.write("serverState/history", "a file in its place")
    server = launch_recording(config, launch)
    server.wait_log("ERROR history: .*serverState/history")
    server.feeder().values(a__x=5)
    assert server.value("a.x") == 5
    (config.path / "serverState/history").unlink()
    eventually(lambda: info(server)["state"] == "recording", "it records", 60)
    feed(server, [(START, {"a.x": 6})])
    assert last(server) == 6


def test_a_file_that_was_taken_away_is_made_again(config, launch):
    server = launch_recording(config, launch)
    feed(server, [(START, {"a.x": 1})])
    shutil.rmtree(config.path / FOLDER)
    feeder = server.feeder()
    eventually(lambda: feeder.values(a__x=1) and (config.path / FILE).exists(), "a new file", 20)
    feed(server, [(START + 1, {"a.x": 2})])
    eventually(lambda: last(server) == 2, "it is read from there")


def test_old_values_go(config, launch):
    server = launch_recording(config, launch, days=1)
    begin = time.time() - 48 * 3600
    feed(server, [(begin + i * 3600, {"a.x": i, f"old.p{i}": 1}) for i in range(48)])
    eventually(lambda: info(server)["valuesPurged"] >= 46, "old values go", 30)
    data = server.get("/signalk/v2/api/history/values?paths=a.x:first&duration=P3D&resolution=1h").ok()["data"]
    assert [row[1] for row in data] == list(range(data[0][1], 48)) and 23 <= data[0][1] <= 25
    assert "old.p5" not in server.get("/signalk/v2/api/history/paths?duration=P3D").ok()


def test_the_file_stays_below_its_size(config, launch):
    server = launch_recording(config, launch, maxMiB=1)
    for round_ in range(6):
        feed(server, [(START + round_ * 10000 + i * 10, {"a.x": f"{round_:03}{i:04}" + "x" * 900}) for i in range(1000)])
    eventually(lambda: info(server)["valuesPurged"] > 0 and info(server)["bytes"] <= 1024 * 1024, "the oldest make room", 30)
    assert last(server).startswith("0050999")
    data = ask(server, "a.x:first", START, START + 60000, resolution=600).ok()["data"]
    assert 8 < len(data) < 95  # about the last megabyte, and no gap in it
    assert [row[0] for row in data] == [iso((START + 60000) // 600 * 600 - 600 * i) for i in range(len(data) - 1, -1, -1)]
