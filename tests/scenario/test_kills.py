"""kill -9 in the middle of saving, again and again, on what the kill before has left: whatever was called saved is there, nothing is
half written, and nothing piles up.

1,000 kills in the ordinary run of the release build (fewer with sanitizers); SKIFF_KILLS=10000 for more of them, SKIFF_SEED=N for
other moments."""
import http.client
import os
import random
import threading
import time

import pytest

from harness import saving
from harness.server import sanitized
from harness.waiting import eventually

SHARES = 4  # stories, each with its part of the kills: they run side by side
KILLS = int(os.environ.get("SKIFF_KILLS", "60" if sanitized() else "1000")) // SHARES
SEED = int(os.environ.get("SKIFF_SEED", "9"))
WRITERS = 4
START_MAX = 1.0  # seconds; on a machine that does much else a start may wait for its turn: a few are let off
CUT = (OSError, http.client.HTTPException, ValueError)


class Story:
    """What should be there of each kind: `done[name]` is the last save that was answered for, `tried[name]` one that was not."""

    def __init__(self, server, seed):
        self.server = server
        self.random = random.Random(seed)
        self.n = 10
        self.done, self.tried = {}, {}
        self.starts = []
        self.saves = 0

    def write(self, kinds, seed):
        order = random.Random(seed)
        while True:
            kind = order.choice(kinds)
            self.n += 1  # numbers need not follow each other, only grow
            n = self.n
            self.tried.setdefault(kind.name, []).append(n)
            try:
                answer = kind.save(self.server, n)
            except CUT:
                return
            if not saving.is_saved(kind, n, answer):
                raise AssertionError(f"{kind.name} {n}: {answer}")
            self.done[kind.name] = n
            self.tried[kind.name] = []
            self.saves += 1

    def round(self, number):
        """Some clients save until the plug is pulled."""
        failures = []

        def work(kinds, seed):
            try:
                self.write(kinds, seed)
            except AssertionError as failure:
                failures.append(failure)

        writers = [threading.Thread(target=work, args=(saving.KINDS[w::WRITERS], f"{SEED} {number} {w}")) for w in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(self.random.uniform(0, 0.04))
        self.server.kill()
        for writer in writers:
            writer.join()
        assert not failures, failures

    def restart(self):
        began = time.monotonic()
        self.server.restart()
        assert self.server.get("/signalk").status == 200
        self.starts.append(time.monotonic() - began)

    def cut_a_start(self):
        """What it writes while it starts is cut as well."""
        self.server.close_clients()
        self.server.spawn(["-c", str(self.server.config.path), "--host", "127.0.0.1", "--port", "0"])
        time.sleep(self.random.uniform(0, 0.012))
        self.server.kill()

    def check(self):
        eventually(lambda: saving.PLUGIN in self.server.plugins(saving.ADMIN),
                   "the plugin")
        for kind in saving.KINDS:
            found = kind.read(self.server)
            possible = [self.done[kind.name]] if kind.name in self.done else []
            possible += self.tried.get(kind.name, [])
            may = [saving.expected(kind, n) for n in possible]
            if kind.name not in self.done:  # perhaps it is as it was before all of this
                continue
            assert found in may, f"{kind.name} is {found!r}, should be one of {may!r}"
            settled = [n for n in possible if saving.expected(kind, n) == found]
            self.done[kind.name], self.tried[kind.name] = settled[-1], []


@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_that_was_called_saved_is_lost(launcher, config, share):
    saving.prepare(config)
    server = launcher().start()
    eventually(lambda: saving.PLUGIN in server.plugins(saving.ADMIN), "the plugin")
    assert server.post("/skServer/providers", {"id": "gps", "enabled": False, "type": "NMEA0183", "logging": False,
                                               "options": {"type": "udp", "port": "1"}}, headers=saving.ADMIN).status == 200
    story = Story(server, f"{SEED} {share}")
    for number in range(KILLS):
        story.round(f"{share} {number}")
        if number % 5 == 4:
            story.cut_a_start()
        story.restart()
        story.check()
    eventually(lambda: not list(config.path.rglob("*.tmp")), "what the kills left is removed")
    late = [seconds for seconds in story.starts if seconds > START_MAX]
    print(f"{KILLS} kills, {story.saves} saves, starts: median {sorted(story.starts)[len(story.starts) // 2]:.3f} s, slowest {max(story.starts):.3f} s")
    assert sanitized() or len(late) <= max(1, KILLS // 50), f"starts of more than {START_MAX} s: {late}"
    assert set(story.done) == {kind.name for kind in saving.KINDS} or KILLS < 50
