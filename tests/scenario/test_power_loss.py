"""The power fails in the middle of a save. Whatever the disk has made of it: the server starts, and what it had called saved is there."""
import shutil
import time

import pytest

from harness import saving
from harness.faults import Disk, fingerprint, preload
from harness.server import ConfigDir, Server
from harness.waiting import eventually

START_MAX = 10.0  # seconds, on a machine that does much else; test_kills.py is closer
SHARES = 5  # stories, each with some of the kinds
NUMBERS = (2, 13)  # the second one removes a resource


@pytest.fixture
def boat(config):
    saving.prepare(config)
    config.settings(security={"strategy": "./tokensecurity"}, pipedProviders=[
        {"id": "gps", "enabled": False, "pipeElements": [{"type": "providers/simple", "options": {
            "type": "NMEA0183", "logging": False, "subOptions": {"type": "udp", "port": "1"}}}]}])
    return config


def is_listed(server):
    return eventually(lambda: saving.PLUGIN in server.plugins(saving.ADMIN), "the plugin's listing")  # the server listens before it looks


def record(launch, boat, tmp_path, kinds):
    """A server makes all saves under the journal's eyes; (journal, [(kind, number, entries of the journal when it was acknowledged)])."""
    journal = tmp_path / "journal"
    server = launch(env={"LD_PRELOAD": preload("journal"), "FAULT_FOLDER": str(boat.path.resolve()), "FAULT_JOURNAL": str(journal)})
    is_listed(server)
    acknowledged = []
    for n in NUMBERS:
        for kind in kinds:
            answer = kind.save(server, n)
            assert saving.is_saved(kind, n, answer), (kind.name, n, answer)
            acknowledged.append((kind, n, len(journal.read_text().splitlines())))
            assert kind.read(server) == saving.expected(kind, n), kind.name
    server.kill()
    return journal.read_text().splitlines(), acknowledged


def acceptable(acknowledged, kind, at, before):
    """What may be read of `kind` when the power failed after `at` entries: the last that was acknowledged, or a later one."""
    mine = [(saving.expected(kind, n), mark) for other, n, mark in acknowledged if other is kind]
    last = [i for i, (_, mark) in enumerate(mine) if mark <= at]
    return [expected for expected, _ in mine[last[-1]:]] if last else [before[kind.name], *(expected for expected, _ in mine)]


def check(server, kinds, acknowledged, at, before):
    if any(kind.name == "plugin" for kind in kinds):
        is_listed(server)
    for kind in kinds:
        found, may = kind.read(server), acceptable(acknowledged, kind, at, before)
        assert found in may, f"{kind.name} is {found!r}, should be one of {may!r}"


@pytest.mark.parametrize("share", range(SHARES))
def test_every_moment_of_every_save(launch, boat, home, tmp_path, share):
    kinds = saving.KINDS[share::SHARES]
    untouched = tmp_path / "untouched"
    shutil.copytree(boat.path, untouched)
    lines, acknowledged = record(launch, boat, tmp_path, kinds)
    fresh = Server(ConfigDir(untouched), home).start()
    is_listed(fresh)
    before = {kind.name: kind.read(fresh) for kind in kinds}
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
                check(server, kinds, acknowledged, at, before)
                server.kill()
            except AssertionError as error:
                raise AssertionError(f"power lost after {at} of {len(lines)} changes ({lines[at - 1][:120] if at else 'none'}), the disk kept "
                                     f"{kind}: {error}\n{server.log_tail()}") from None
            finally:
                complaints = server.finish()
                shutil.rmtree(folder)
            assert complaints == []
    print(f"{len(lines)} changes, {len(seen)} states, slowest start {slowest:.3f} s")
    assert slowest < START_MAX and len(seen) > 20
