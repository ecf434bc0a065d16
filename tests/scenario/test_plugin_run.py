"""skiff plugin run: a plugin alone, and what it does as it does it."""
import json
import os
import shutil
import signal
import subprocess
import threading

import pytest

from harness import packages
from harness.process import end_with_us
from harness.server import binary, command

pytestmark = pytest.mark.skipif(binary() is None, reason="no server binary")


class Run:
    """skiff plugin run --json; its events come one by one, and end when it ends."""

    def __init__(self, folder, *args, tmp):
        self.tmp = tmp
        tmp.mkdir()
        self.process = subprocess.Popen([binary(), "plugin", "run", str(folder), "--json", *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp)}, preexec_fn=end_with_us)
        self.watchdog = threading.Timer(120, self.process.kill)
        self.watchdog.start()
        self.events = []

    def wait_for(self, type, **members):
        """The next event of that type with these members."""
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["type"] == type and members.items() <= self.events[-1].items():
                return self.events[-1]
        raise AssertionError(f"no {type} {members} came: {self.events} {self.process.stderr.read()}")

    def end(self, sign=None):
        """All events; nothing of its temporary files is left."""
        if sign is not None:
            self.process.send_signal(sign)
        out, self.err = self.process.communicate()
        self.watchdog.cancel()
        self.status = self.process.returncode
        self.events += map(json.loads, out.splitlines())
        assert list(self.tmp.iterdir()) == []
        return self.events


@pytest.fixture
def run(tmp_path):
    """run(package name or folder, options…)"""
    started = []

    def run(what, *args):
        folder = packages.built(what).path if isinstance(what, str) else what
        started.append(Run(folder, *args, tmp=tmp_path / f"tmp{len(started)}"))
        return started[-1]

    yield run
    for one in started:
        one.watchdog.cancel()
        one.process.kill()
        one.process.wait()
        one.process.stdout.close()
        one.process.stderr.close()


def of(events, type):
    return [event for event in events if event["type"] == type]


def test_what_it_says_comes_as_it_says_it(run):
    boat = run("skiff-anchor-watch", "--for", "3", "--config", '{"anchorLat":60.1,"anchorLon":24.9}',
               "--put", "navigation.anchor.maxRadius=75", "--put", "navigation.anchor.state=sideways", "--get", "/api/status",
               "--get", "/api/nothing")
    events = boat.end()
    assert boat.status == 0
    assert [event["text"] for event in of(events, "state")][:2] == ["starting", "running"]
    assert of(events, "debug")[0]["text"] == "Anchor watch started"
    puts, gets = of(events, "put"), of(events, "get")
    assert [(put["path"], put["answer"]["statusCode"]) for put in puts] == [("navigation.anchor.maxRadius", 200), ("navigation.anchor.state", 400)]
    assert (gets[0]["answer"]["status"], gets[0]["answer"]["body"]["maxRadius"]) == (200, 75)
    assert gets[1]["answer"]["status"] == 404
    last = of(events, "delta")[-1]["delta"]
    assert (last["context"], last["updates"][0]["values"]) == ("vessels.self", [{"path": "navigation.anchor.state", "value": "off"}])
    figures, = [event["figures"] for event in of(events, "figures")]
    assert figures["state"] == "running"
    assert {"plugin_start", "poll", "http_get_status"} <= {row["name"] for row in figures["exports"]}


def test_a_faster_clock(run):
    events = run("skiff-demo-boat", "--speed", "100x", "--for", "200").end()
    times = [pair["value"] for event in of(events, "delta") for update in event["delta"]["updates"] for pair in update["values"]
             if pair["path"] == "navigation.datetime"]
    assert len(times) >= 50  # of 200 polls, on a machine that is busy with other things
    assert events[-1]["time"][:16] >= times[0][:16]
    seconds = [int(when[11:13]) * 3600 + int(when[14:16]) * 60 + int(when[17:19]) for when in times]
    assert (seconds[-1] - seconds[0]) % 86400 >= 50


def test_for_people_it_is_text_and_a_table():
    done = command("plugin", "run", packages.built("skiff-demo-boat").path, "--for", "0.1")
    assert done.returncode == 0
    assert "\033" not in done.stdout and " state   running\n" in done.stdout and ' delta   {"updates":' in done.stdout
    assert "EXPORT" in done.stdout and "deltas published" in done.stdout


def test_a_recording_is_played_to_it(run, tmp_path):
    file = tmp_path / "log"
    file.write_text('{"updates":[{"values":[{"path":"navigation.position","value":{"latitude":60.101,"longitude":24.9}}]}]}\n')
    boat = run("skiff-anchor-watch", "--config", '{"anchorLat":60.1,"anchorLon":24.9}', "--replay", str(file))
    while True:
        values = boat.wait_for("delta")["delta"]["updates"][0].get("values", [])
        if any(pair["path"] == "notifications.navigation.anchor" and pair["value"]["state"] == "emergency" for pair in values):
            break
    boat.end(signal.SIGINT)
    assert boat.status == 0


def test_a_new_version_is_taken_over(run, tmp_path):
    folder = tmp_path / "plugin"
    shutil.copytree(packages.built("skiff-demo-boat").path, folder)
    boat = run(folder, "--watch")
    boat.wait_for("state", text="running")
    other = packages.built("recorder")
    (folder / "new").write_bytes(b"\0asm\1\0\0\0")
    (folder / "new").rename(folder / "plugin.wasm")
    assert "the old one runs on" in boat.wait_for("error")["text"]
    shutil.copy(other.wasm, folder / "new")
    (folder / "new").rename(folder / "plugin.wasm")
    boat.wait_for("state", text="reloaded")
    boat.wait_for("state", text="running")
    events = boat.end(signal.SIGTERM)
    assert boat.status == 0
    assert of(events, "figures")[0]["figures"]["reloads"] == 1


def test_a_plugin_that_does_not_start(run):
    boat = run("skiff-demo-boat", "--config", '{"startLatitude":91}')
    events = boat.end()
    assert boat.status == 1
    assert of(events, "error")[-1]["text"] == "startLatitude must be a number from -80 to 80"
    assert "startLatitude" in boat.err


def test_a_crash_is_shown_with_its_back_trace(run):
    boat = run("bad-trap", "--speed", "60")
    assert boat.wait_for("trap")["text"].startswith("poll: unreachable\n    at ")
    boat.end(signal.SIGINT)


@pytest.mark.parametrize("args, says", [
    (["--for", "soon"], "--for 'soon' is not a number"), (["--for", "-1"], "--for '-1' is not"), (["--speed", "0.5"], "whole number"),
    (["--speed", "5000"], "--speed '5000' is not"), (["--put", "a.b"], "not PATH=VALUE"), (["--get", "api"], "does not begin with /"),
    (["--config", "{"], "--config: "), (["--config", "/no/such/file"], "--config: "), (["--replay", "/no/such/file"], "--replay /no/such/file"),
    (["--limits", '{"memoryMiB":"much"}'], "memoryMiB"),
])
def test_what_is_wrong_is_said(args, says):
    done = command("plugin", "run", packages.built("recorder").path, *args)
    assert (done.returncode, says in done.stderr) == (2, True), done
