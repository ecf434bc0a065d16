"""Backup and restore when the plug is pulled or the disk fails in the middle: the configuration is the old one or the new one, as a
whole, and what it replaced can be had back."""
import errno
import json
import os
import random
import shutil
import threading
import time
from http.client import HTTPException

import pytest

from harness.faults import Faults
from harness.server import sanitized
from test_backup import backup, session, upload

ITEMS = ("settings.json", "baseDeltas.json", "priorities.json", "plugin-config-data", "applicationData")
KILLS = int(os.environ.get("SKIFF_KILLS", "8" if sanitized() else "40"))
SEED = int(os.environ.get("SKIFF_SEED", "9"))
PATHS = ("settings.json", "baseDeltas.json", "priorities.json", "plugin-config-data/a.json", "plugin-config-data/a/deep/b.bin",
         "applicationData/global/app/1.0.0.json", "new.json")


def fill(config, word, new=False):
    """A configuration in which every item says `word`; `new`: and one that the other has not."""
    config.settings(pruneContextsMinutes=7, word=word)
    config.base_deltas({"name": word, "uuid": "urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"})
    config.write("priorities.json", {"word": word})
    config.write("plugin-config-data/a.json", {"enabled": False, "configuration": {}, "word": word})
    config.write("plugin-config-data/a/deep/b.bin", word * 20_000)
    config.write("applicationData/global/app/1.0.0.json", {"word": word})
    if new:
        config.write("new.json", {"word": word})
    elif config.exists("new.json"):
        (config.path / "new.json").unlink()


def words(config, folder="."):
    """{path: which word is in it}; None: it is not there."""
    found = {}
    for path in PATHS:
        file = config.path / folder / path
        text = file.read_text() if file.exists() else ""
        both = [word for word in ("first", "second") if word in text]
        assert len(both) <= 1, f"{path} is a mixture"
        found[path] = both[0] if both else None
    return found


def all_are(word, config):
    return words(config) == {path: word if path != "new.json" or word == "first" else None for path in PATHS}


@pytest.fixture
def made(config, launch):
    """A backup of the configuration "first" (with one item more), and the configuration "second"."""
    fill(config, "first", new=True)
    server = launch()
    name, data = backup(server)
    server.stop()
    fill(config, "second")
    return name, data


def ask_for_restore(server, made):
    answer = upload(server, *made)
    assert answer.status == 200, answer
    chosen = {item: True for item in json.loads(answer.text)}
    done = server.post("/skServer/restore", chosen, headers=session(answer))
    assert done.status == 202, done


def settle(server, config, word):
    """After whatever happened: a start, and everything is of one word, the wished one if `word`."""
    server.restart()
    server.stop()
    for either in ("first", "second"):
        if all_are(either, config) and word in (None, either):
            return either
    raise AssertionError(f"neither one nor the other: {words(config)}, {word} was wished for\n{server.log_tail()}")


def test_killed_at_any_moment_of_a_restore_and_of_its_undoing(made, config, launcher):
    moments = random.Random(SEED)
    server = launcher().start()
    server.stop()
    state, before, undoable = "second", None, False
    for number in range(KILLS):
        server.restart()
        wished = None
        undo = undoable and number % 2 == 1
        try:
            if undo:
                answered = server.post("/skServer/restore/undo").status == 202
            else:
                ask_for_restore(server, made)
                answered = True
            if moments.random() < 0.5:
                server.kill()
            else:
                server.stop()
        except (OSError, HTTPException):
            answered = False
        assert answered
        wished = "first" if not undo else None
        for _ in range(moments.randrange(4)):  # starts that are cut while they put things in their place
            server.close_clients()
            server.spawn(["-c", str(config.path), "--host", "127.0.0.1", "--port", "0"])
            time.sleep(moments.uniform(0, 0.006))
            server.kill()
        found = settle(server, config, wished)
        if undo:
            assert found == before, f"undone, it should be {before} again"
        before, undoable = state if not undo else found, True
        state = found
        (config.path / "skiff-run.json").unlink(missing_ok=True)
    assert not config.exists(".skiff-restore")


def test_killed_while_it_is_asked_for(made, config, launcher):
    """Before the answer nothing is promised, but it is never half of it."""
    moments = random.Random(SEED)
    server = launcher().start()
    for number in range(KILLS // 2):
        killer = threading.Timer(moments.uniform(0, 0.05), server.kill)
        killer.start()
        answered = False
        try:
            ask_for_restore(server, made)
            answered = True
        except (OSError, HTTPException, AssertionError):
            pass
        killer.join()
        settle(server, config, "first" if answered else None)
        assert not config.exists(".skiff-restore")
        for item in config.path.glob(".skiff-before-restore"):
            shutil.rmtree(item)
        fill(config, "second")
        server.restart()
        (config.path / "skiff-run.json").unlink(missing_ok=True)


@pytest.mark.parametrize("kind, number", [("open", errno.ENOSPC), ("write", errno.ENOSPC), ("fsync", errno.EIO), ("rename", errno.EIO),
                                          ("mkdir", errno.ENOSPC), ("unlink", errno.EIO)])
def test_each_call_of_a_restore_fails_once(made, config, launcher, tmp_path, kind, number):
    """While it is asked for: refused with a reason or done. While it is put in its place: all of it or nothing, the rest next time."""
    faults = Faults(tmp_path, config.path)
    server = launcher(env=faults.environment).start()
    for nth in range(1, 40):
        faults.fail_once(kind, number, nth)
        try:
            ask_for_restore(server, made)
            asked = True
        except AssertionError:
            asked = False
        fired = faults.failed
        faults.mend()
        server.stop()
        settle(server, config, "first" if asked else "second")
        clean(config)
        server.restart()
        if not fired:
            break
    assert nth > 1 or kind == "unlink"
    server.stop()
    for nth in range(1, 60):
        clean(config)
        server.restart()
        ask_for_restore(server, made)
        server.stop()
        faults.fail_once(kind, number, nth)
        server.restart()
        fired = faults.failed
        faults.mend()
        server.stop()
        now = [word for word in ("first", "second") if all_are(word, config)]
        assert now, f"{kind} {nth}: half of it: {words(config)}\n{server.log_tail()}"
        if now == ["second"]:
            assert server.wait_log("not restored")
        settle(server, config, "first")
        if not fired:
            break


def clean(config):
    shutil.rmtree(config.path / ".skiff-before-restore", ignore_errors=True)
    fill(config, "second")


def test_what_a_restore_brought_is_taken_away_by_the_undo(made, config, launch):
    server = launch()
    ask_for_restore(server, made)
    server.stop()
    assert settle(server, config, "first")
    server.restart()
    assert server.post("/skServer/restore/undo").status == 202
    server.stop()
    assert settle(server, config, "second")
    server.restart()
    assert server.post("/skServer/restore/undo").status == 202  # and the undo is undone
    server.stop()
    assert settle(server, config, "first")


def test_a_restore_that_is_not_done_leaves_the_undo_of_the_one_before(made, config, launch):
    server = launch()
    ask_for_restore(server, made)
    server.stop()
    assert settle(server, config, "first")
    server.restart()
    ask_for_restore(server, made)
    assert upload(server, "signalk-other.backup", made[1]).status == 200  # looked at instead: the restore is off
    server.stop()
    server.restart()
    assert server.post("/skServer/restore/undo").status == 202
    server.stop()
    assert settle(server, config, "second")
