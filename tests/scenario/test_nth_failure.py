"""A minute of use, told again and again while the N-th call of one kind fails: nobody else is disturbed, who asked is told, what was
called saved is saved, and the next minute is as good as the first.

The ordinary run tries some N of each kind; SKIFF_FAULTS=all tries every one, SKIFF_SEED=N others."""
import errno
import os
import random
import signal
from http.client import HTTPException

import pytest
from websockets.exceptions import WebSocketException

from harness import saving, wat
from harness.faults import Faults
from harness.security import login, secure
from harness.server import sanitized
from harness.streams import has_value
from harness.waiting import eventually

ADMIN = saving.ADMIN
PATH = "navigation.speedOverGround"
RUNS = "runs-plugin"
EVERYTHING = os.environ.get("SKIFF_FAULTS") == "all"
SEED = int(os.environ.get("SKIFF_SEED", "9"))
# what of it, and how it ends the process, if it may: with a word that says so
KINDS = [("open", errno.ENOSPC), ("openr", errno.EMFILE), ("read", errno.EIO), ("write", errno.ENOSPC), ("fsync", errno.EIO),
         ("rename", errno.EIO), ("mkdir", errno.ENOSPC), ("unlink", errno.EIO), ("stat", errno.EACCES), ("readdir", errno.EIO),
         ("close", errno.EIO), ("accept", errno.EMFILE), ("accept", errno.ECONNABORTED), ("socket", errno.EMFILE), ("thread", errno.EAGAIN),
         ("mmap", errno.ENOMEM), ("random", errno.EINTR), ("memory", errno.ENOMEM)]
# Backups are left out where memory is missing: libarchive does not survive that, so skiff looks for room before it begins.
# Without these the program cannot go on at all: it ends, saying so, and is started again by whoever watches over it.
MAY_END = {"epoll": errno.ENOMEM, "alloc": errno.ENOMEM}
REFUSED = (OSError, HTTPException, AssertionError, ValueError, EOFError, WebSocketException)


class Minute:
    """What people do with a server, as steps that each say whether they were done. Numbers grow, so that a save can be told from the
    one before."""

    def __init__(self, server, with_backup=True):
        self.server, self.with_backup = server, with_backup
        self.n = 20
        self.saved, self.refused = {}, {}  # name → the last number that was called saved; those later ones that were not
        self.listener = self.speaker = None

    def steps(self):
        return [self.page, self.tree, self.log_in, self.stream_and_delta, *(lambda kind=kind: self.save(kind) for kind in saving.KINDS),
                self.plugin_on, self.plugin_off, *([self.backup, self.look_at_backup] if self.with_backup else []), self.history, self.logs,
                self.lists]

    def run(self):
        """Every step, whatever becomes of the others; those that were refused."""
        self.n += 1
        refused = []
        for step in self.steps():
            try:
                step()
            except REFUSED as why:
                refused.append(f"{getattr(step, '__name__', '?')}: {why!r}"[:300])
            if not self.server.running():
                break
        return refused

    def get(self, path, **how):
        answer = self.server.get(path, headers=ADMIN, **how)
        assert answer.status == 200, answer
        return answer

    def page(self):
        self.get("/skiff/")
        self.get("/signalk")

    def tree(self):
        self.get("/signalk/v1/api/")

    def log_in(self):
        assert login(self.server).status == 200

    def stream_and_delta(self):
        """A client of each kind comes, hears of a value and goes."""
        listener = self.server.stream("?subscribe=self", headers=ADMIN)
        speaker = self.server.stream("?subscribe=none", headers=ADMIN)
        speaker.hello()
        speaker.send({"updates": [{"values": [{"path": PATH, "value": self.n}]}]})
        listener.until(has_value(PATH, self.n))
        listener.close()
        speaker.close()

    def save(self, kind):
        self.refused.setdefault(kind, []).append(self.n)
        answer = kind.save(self.server, self.n)
        assert saving.is_saved(kind, self.n, answer), f"{kind.name}: {answer}"
        self.saved[kind], self.refused[kind] = self.n, []

    def plugin(self, on):
        answer = self.server.post(f"/plugins/{RUNS}/config", {"enabled": on, "configuration": {"n": self.n}}, headers=ADMIN)
        assert answer.status == 200, answer
        eventually(lambda: (self.server.plugins(ADMIN)[RUNS]["state"] == "running") == on, "the plugin's state", 5)

    def plugin_on(self):
        self.plugin(True)

    def plugin_off(self):
        self.plugin(False)

    def backup(self):
        self.zip = self.get("/skServer/backup").body
        assert self.zip[:2] == b"PK"

    def look_at_backup(self):
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="signalk-x.backup"\r\n\r\n' + self.zip + b"\r\n--x--\r\n"
        answer = self.server.post("/skServer/validateBackup", body=body, headers={**ADMIN, "Content-Type": "multipart/form-data; boundary=x"})
        assert answer.status == 200, answer

    def history(self):
        self.get("/signalk/v2/api/history/values?paths=navigation.speedOverGround&duration=60")

    def logs(self):
        self.get("/skServer/logfiles")

    def lists(self):
        for path in ("/skServer/plugins", "/skServer/security/users", "/skServer/webapps", "/signalk/v2/api/resources/waypoints",
                     "/skServer/appstore/available", "/skServer/providers", "/skServer/debugKeys"):
            self.get(path)


class Trouble:
    def __init__(self, launcher, config, tmp_path, with_sanitizers=False, with_backup=True):
        secure(config, {"history": {"enabled": True, "writeSeconds": 0.05}})
        saving.prepare(config)
        config.settings(security={"strategy": "./tokensecurity"}, history={"enabled": True, "writeSeconds": 0.05}, pipedProviders=[
            {"id": "gps", "enabled": False, "pipeElements": [{"type": "providers/simple", "options": {
                "type": "NMEA0183", "logging": False, "subOptions": {"type": "udp", "port": "1"}}}]}])
        config.write_package(RUNS, wat.assemble(wat.plugin("Runs")))
        self.faults = Faults(tmp_path, config.path, with_sanitizers)
        self.server = launcher(env={**self.faults.environment, "HTTP_RATE_LIMITS": "login=100000"}).start()
        eventually(lambda: {RUNS, saving.PLUGIN} <= set(self.server.plugins(ADMIN)), "the plugins")
        self.minute = Minute(self.server, with_backup)
        assert self.minute.run() == []  # all that is made once is made

    def count(self, kind):
        """How many calls of the kind a minute has."""
        self.faults.count(kind)
        assert self.minute.run() == []
        calls = self.faults.calls
        self.faults.mend()
        return calls

    def saved_is_there(self):
        """Or what was put in later: it may be in use although it could not be written, which was said."""
        for kind, n in self.minute.saved.items():
            may = [saving.expected(kind, one) for one in (n, *self.minute.refused[kind])]
            found = kind.read(self.server)
            assert found in may, f"{kind.name} {n} was called saved; there is {found!r}, not one of {may!r}"

    def has_ended(self):
        """Does it still answer? One that does not is about to end."""
        try:
            return self.server.get("/signalk").status != 200
        except (OSError, HTTPException):
            return True

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))


def chosen(kind, calls, most):
    """The first one and some of the others."""
    if EVERYTHING:
        return list(range(1, calls + 1))
    others = random.Random(f"{SEED} {kind}").sample(range(1, calls + 1), min(calls, most))
    return sorted({*others[: most - 1], 1} if calls else ())


@pytest.mark.parametrize("kind, number", KINDS, ids=[f"{kind}-{errno.errorcode[number]}" for kind, number in KINDS])
def test_the_nth_call_fails(launcher, config, tmp_path, kind, number):
    if sanitized() and kind in ("memory", "mmap"):
        pytest.skip("the sanitizers have that for themselves")
    trouble = Trouble(launcher, config, tmp_path, with_sanitizers=True, with_backup=kind != "memory")
    minute, faults, server = trouble.minute, trouble.faults, trouble.server
    calls = trouble.count(kind)
    server.close_clients()
    before, refused, failed = trouble.descriptors(), 0, 0
    for nth in chosen(kind, calls, 2 if sanitized() else 5):
        faults.fail_once(kind, number, nth)
        said = minute.run()
        failed += faults.failed
        faults.mend()
        assert server.running(), f"{kind} {nth} of {calls} ended the server\n{server.log_tail()}"
        assert len(said) <= 3 or kind == "accept", f"{kind} {nth} of {calls} disturbed more than whom it concerned: {said}"
        refused += len(said)
        trouble.saved_is_there()
        again = eventually(lambda: minute.run() == [] or minute.run(), "a good minute", 60)
        assert again is True, f"{kind} {nth} of {calls}: still in trouble afterwards: {again}"
        trouble.saved_is_there()
    server.close_clients()
    eventually(lambda: trouble.descriptors() <= before + 2, f"descriptors are given back: {before} before")
    print(f"{kind}: {calls} calls in a minute, {failed} failed, {refused} steps refused")
    assert failed > 0 or calls < 3  # what happens that rarely may not happen in each minute
    server.stop()
    server.restart(extra_env={})
    eventually(lambda: saving.PLUGIN in server.plugins(ADMIN), "the plugin")
    trouble.saved_is_there()


@pytest.mark.parametrize("kind", MAY_END)
def test_what_the_program_cannot_do_without(launcher, config, tmp_path, kind):
    """It goes on, or it ends at once with a word why; what was called saved is there when it is started again."""
    trouble = Trouble(launcher, config, tmp_path, with_backup=kind != "alloc")
    server, minute, faults = trouble.server, trouble.minute, trouble.faults
    calls = trouble.count(kind)
    ended = 0
    for nth in chosen(kind, calls, 24):
        faults.fail_once(kind, MAY_END[kind], nth)
        minute.run()
        faults.mend()
        if trouble.has_ended():
            ended += 1
            assert server.wait_exit() == -signal.SIGABRT, f"{kind} {nth}: {server.process.returncode}\n{server.log_tail()}"
            assert kind != "alloc" or "memory" in server.log(), f"{kind} {nth}: {server.log_tail()}"
            server.restart()
            (config.path / "skiff-run.json").unlink(missing_ok=True)
            eventually(lambda: {RUNS, saving.PLUGIN} <= set(server.plugins(ADMIN)), "the plugins")
        trouble.saved_is_there()
    print(f"{kind}: {calls} calls in a minute; {ended} ends")
    server.expect_exit = False
    assert eventually(lambda: minute.run() == [], "a good minute")
