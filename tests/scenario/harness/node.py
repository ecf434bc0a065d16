"""Running the node scripts of tests/clients: each line they print is one JSON event."""
import json
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from .process import end_with_us
from .waiting import DEADLINE, Late

CLIENTS = Path(__file__).resolve().parents[2] / "clients"


def ready():
    """Skips, visibly, where node is absent or its packages cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm")
    if not (CLIENTS / "node_modules" / "jsonwebtoken").is_dir():
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=CLIENTS, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            pytest.skip("npm ci failed: " + done.stderr.strip()[-300:])


class Script:
    """A script that runs beside the test."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen(["node", str(CLIENTS / name), *map(str, args)], cwd=CLIENTS, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=end_with_us)
        self.events = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            try:
                self.events.put(json.loads(line))
            except ValueError:
                self.events.put({"event": "text", "data": line})
        self.events.put(None)

    def until(self, event, timeout=DEADLINE):
        """Data of the next event of that name."""
        end = time.monotonic() + timeout
        while True:
            try:
                found = self.events.get(timeout=max(end - time.monotonic(), 0.001))
            except queue.Empty:
                raise Late(f"no {event!r} within {timeout} s; so far: {self.seen}") from None
            assert found is not None, f"the script ended before {event!r}; it said: {self.seen}"
            self.seen.append(found)
            assert found["event"] not in ("failed", "error") or event == found["event"], self.seen
            if found["event"] == event:
                return found.get("data")

    def finish(self, timeout=DEADLINE):
        """All events as {name: [data, …]} once the script has ended well."""
        end = time.monotonic() + timeout
        while True:
            try:
                found = self.events.get(timeout=max(end - time.monotonic(), 0.001))
            except queue.Empty:
                raise Late(f"the script did not end within {timeout} s; it said: {self.seen}") from None
            if found is None:
                break
            self.seen.append(found)
        assert self.process.wait(5) == 0, self.seen
        by_name = {}
        for item in self.seen:
            by_name.setdefault(item["event"], []).append(item.get("data"))
        return by_name

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
