"""One server process with a configuration folder of its own."""
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from . import web
from .process import end_with_us
from .streams import Feeder, Stream, TcpStream
from .waiting import DEADLINE, Late, eventually

START_DEADLINE = 30.0
STOP_DEADLINE = 15.0
HOST = "127.0.0.1"

# The vessel of most stories.
SELF_ID = "urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"
SELF = "vessels." + SELF_ID
NAME = "Skiff"

READY = re.compile(r"signalk-server running at (\S+):(\d+)")
# What must never be in a log: the sanitizers' and the server's own words for a bug of ours, and the loader's for a story that
# would be told without its faults.
BUG = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|assertion .*failed|cannot be preloaded", re.I)


def binary():
    """The server under test: SKIFF_BIN, else build/skiff of this checkout; None when there is none."""
    named = os.environ.get("SKIFF_BIN")
    path = Path(named) if named else Path(__file__).resolve().parents[3] / "build" / "skiff"
    return path.resolve() if path.is_file() and os.access(path, os.X_OK) else None


@functools.lru_cache(maxsize=None)
def sanitized():
    """Is the server under test the sanitizer build?"""
    program = binary()
    return program is not None and b"libasan" in program.read_bytes()


def command(*words, timeout=120, **how):
    """A sub-command as a person runs it, in the tester's own environment: the finished process, with its texts. (The fixture
    `skiff` is for those that work on a configuration folder.)"""
    if binary() is None:
        pytest.skip("no server binary: build first, or set SKIFF_BIN")
    done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=timeout, preexec_fn=end_with_us, **how)
    assert not BUG.search(done.stderr), done.stderr
    return done


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class ConfigDir:
    """The configuration folder as a user or another program would write and read it."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def write(self, name, content):
        """Text and bytes as they are, anything else as JSON."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
        return file

    def text(self, name):
        return (self.path / name).read_text(encoding="utf-8")

    def json(self, name):
        return json.loads(self.text(name))

    def exists(self, name):
        return (self.path / name).exists()

    def settings(self, **members):
        self.write("settings.json", {"mdns": False, "interfaces": {}, "pipedProviders": [], **members})

    def base_deltas(self, root, **values):
        """Root values and dotted paths (double underscore is the dot) of the own vessel."""
        entries = [{"path": "", "value": root}] if root else []
        entries += [{"path": path.replace("__", "."), "value": value} for path, value in values.items()]
        self.write("baseDeltas.json", [{"context": "vessels.self", "updates": [{"values": [entry]}]} for entry in entries])

    def identity(self, name=NAME, uuid=SELF_ID):
        self.base_deltas({"name": name, "uuid": uuid})

    # ---- plugins ----

    def plugin_dir(self, package_name):
        return self.path / "node_modules" / package_name

    def install(self, package):
        """Copies a built package into node_modules; returns its package name."""
        shutil.copytree(package.path, self.plugin_dir(package.name))
        return package.name

    def write_package(self, name, wasm, **members):
        """A package of a test's own making; `wasm` are the module's bytes, or None for a missing file."""
        folder = "node_modules/" + name
        self.write(folder + "/package.json", {"name": name, "version": "1.0.0", "keywords": ["signalk-wasm-plugin"],
                                              "wasmManifest": "plugin.wasm", **members})
        if wasm is not None:
            self.write(folder + "/plugin.wasm", wasm)
        return name

    def plugin_file(self, package_name):
        return "plugin-config-data/" + plugin_id(package_name) + ".json"

    def enable(self, package_name, configuration=None, **members):
        self.write(self.plugin_file(package_name), {"configuration": configuration or {}, "enabled": True, **members})


def plugin_id(package_name):
    return package_name.replace("@", "_").replace("/", "_")


class Server:
    """A running server. All waiting has a deadline; only the process started here is ever signalled."""

    def __init__(self, config, home, args=(), env=None, pinned_port=None, expect_exit=False):
        self.config = config
        self.home = Path(home)
        self.args = list(args)
        self.extra_env = dict(env or {})
        self.pinned_port = pinned_port
        self.expect_exit = expect_exit  # the test itself makes the process end
        self.process = None
        self.lines = []  # (stream name, text) in order of arrival
        self.news = threading.Condition()
        self.clients = []
        self.ready_line = None
        self.port = self.tcp_port = self.nmea_port = None

    # ---- life ----

    def environment(self):
        """The tester's environment without what would steer the server."""
        steering = re.compile(r"^(SIGNALK_|NODE_|npm_|NPM_)|^(PORT|SSLPORT|DEBUG|LISTEN_FDS|LISTEN_PID|DISABLEPLUGINS|"
                              r"DEFAULTENABLEDPLUGINS|TCPSTREAMADDRESS|SECURITYSTRATEGY|http_proxy|https_proxy|all_proxy)$", re.I)
        env = {name: value for name, value in os.environ.items() if not steering.match(name)}
        env.update(
            HOME=str(self.home), XDG_CACHE_HOME=str(self.home / ".cache"), NPM_CONFIG_PREFIX=str(self.home / "npm-global"),
            NPM_CONFIG_REGISTRY="http://127.0.0.1:9/",  # nobody there: no story asks the machine's registry by chance
            TCPSTREAMPORT=str(self.tcp_port), NMEA0183PORT=str(self.nmea_port), TZ="UTC",
        )
        env.update(self.extra_env)
        return {name: value for name, value in env.items() if value is not None}

    def start(self):
        """Starts and waits for the ready line. Somebody else may take a chosen port in between: then once more with others."""
        for attempt in range(3):
            self.port = self.pinned_port or free_port()
            self.tcp_port = free_port()
            self.nmea_port = free_port()
            self.spawn(["-c", str(self.config.path), "--host", HOST, "--port", str(self.port), *self.args])
            try:
                self.wait_ready()
                return self
            except Late:
                raise
            except AssertionError:
                if self.pinned_port or attempt == 2 or not re.search("in use|EADDRINUSE", self.log()):
                    raise

    def spawn(self, argv, through=(), **how):
        """`through`: a command that becomes the server, in front of it."""
        program = binary()
        assert program, "no server binary: build first, or set SKIFF_BIN"
        if self.tcp_port is None:
            self.tcp_port, self.nmea_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [*through, str(program), *argv], env=self.environment(), cwd=self.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=end_with_us, **how,
        )
        self.readers = [
            threading.Thread(target=self._read, args=(name, pipe), daemon=True)
            for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self.readers:
            reader.start()
        return self

    def _read(self, name, pipe):
        with pipe:
            for line in pipe:
                with self.news:
                    self.lines.append((name, line.decode("utf-8", "replace").rstrip("\n")))
                    self.news.notify_all()

    def wait_ready(self):
        mark = len(self.lines) if self.ready_line else 0
        found = self.wait_log(READY, stream="out", timeout=START_DEADLINE, since=mark)
        self.ready_line = found.string
        self.port = int(found.group(2))

    def wait_log(self, pattern, timeout=DEADLINE, stream=None, since=0):
        """The first log line (of stdout or stderr) that matches; ends at once when the process ends without saying it."""
        pattern = re.compile(pattern)
        end = time.monotonic() + timeout
        at = since
        with self.news:
            while True:
                while at < len(self.lines):
                    name, text = self.lines[at]
                    at += 1
                    found = pattern.search(text) if stream in (None, name) else None
                    if found:
                        return found
                if self.process.poll() is not None and not any(reader.is_alive() for reader in self.readers):
                    raise AssertionError(f"the server ended ({self.process.returncode}) without logging {pattern.pattern!r}\n{self.log_tail()}")
                if time.monotonic() > end:
                    raise Late(f"the log did not say {pattern.pattern!r} within {timeout} s\n{self.log_tail()}")
                self.news.wait(0.1)

    def wait_exit(self, timeout=STOP_DEADLINE):
        """Exit code; the log is complete afterwards."""
        self.expect_exit = True
        self.wait_silence()
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Late(f"the server did not end within {timeout} s\n{self.log_tail()}") from None
        for reader in self.readers:
            reader.join(5)
        return code

    def wait_silence(self):
        """Its output ends with the process: that is noticed at once, while waiting for a process with a timeout is done in naps."""
        for reader in self.readers:
            reader.join(1)

    def stop(self):
        """SIGTERM, as a service manager does; a clean end is exit code 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.wait_exit()
        assert code == 0, f"exit code {code} after SIGTERM\n{self.log_tail()}"

    def kill(self):
        """kill -9: what a pulled plug looks like to the files."""
        self.process.kill()
        self.wait_exit()

    def restart(self, **changes):
        """Starts again on the same folder after stop() or kill()."""
        assert self.process.poll() is not None
        self.close_clients()
        for name, value in changes.items():
            setattr(self, name, value)
        self.expect_exit = False
        self.lines.clear()
        self.ready_line = None
        return self.start()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def finish(self):
        """At the end of a test. Returns complaints: a process that had died, that did not stop, or that logged a bug."""
        complaints = []
        self.close_clients()
        if self.process is None:
            return complaints
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            self.wait_silence()
            try:
                self.process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                complaints.append("did not end after SIGTERM and was killed")
            else:
                if self.process.returncode != 0:
                    complaints.append(f"exit code {self.process.returncode} after SIGTERM")
        elif not self.expect_exit:
            complaints.append(f"had ended by itself with {self.process.returncode}")
        for reader in self.readers:
            reader.join(5)
        if BUG.search(self.log()):
            complaints.append("logged a bug: " + BUG.search(self.log()).group(0))
        return complaints

    # ---- log ----

    def log(self, stream=None):
        return "\n".join(text for name, text in list(self.lines) if stream in (None, name))

    def log_tail(self, count=60):
        return "\n".join(f"{name}: {text}" for name, text in list(self.lines)[-count:])

    def log_mark(self):
        return len(self.lines)

    # ---- clients ----

    def request(self, method, path, **how):
        return web.request(HOST, self.port, method, path, **how)

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def put(self, path, json=None, **how):
        return self.request("PUT", path, json=json, **how)

    def post(self, path, json=None, **how):
        return self.request("POST", path, json=json, **how)

    def delete(self, path, **how):
        return self.request("DELETE", path, **how)

    def api(self, path, **how):
        """GET below /signalk/v1/api/."""
        return self.get("/signalk/v1/api/" + path, **how)

    def self_path(self, dotted, **how):
        """GET of a path of the own vessel, dots for slashes."""
        return self.api("vessels/self/" + dotted.replace(".", "/"), **how)

    def value(self, dotted):
        return self.self_path(dotted + ".value").ok()

    def raw(self, port=None):
        return self._client(web.Raw(HOST, port or self.port))

    def url(self, path="/signalk/v1/stream"):
        return f"ws://{HOST}:{self.port}{path}"

    def stream(self, query="", path="/signalk/v1/stream", headers=None):
        return self._client(Stream(self.url(path) + query, headers))

    def feeder(self, headers=None):
        return self._client(Feeder(self.url(), headers))

    def tcp(self):
        return self._client(TcpStream(HOST, self.tcp_port))

    def _client(self, client):
        self.clients.append(client)
        return client

    def close_clients(self):
        while self.clients:
            try:
                self.clients.pop().close()
            except Exception:  # a client that the story broke on purpose
                pass

    # ---- plugins ----

    def plugins(self, headers=None):
        return {entry["packageName"]: entry for entry in self.get("/skServer/plugins", headers=headers).ok()}

    def plugin(self, package_name):
        return self.plugins()[package_name]

    def configure(self, package_name, configuration=None, enabled=True, **members):
        """Saves a configuration as the plugin's page does, once the package is listed (the server listens first)."""
        self.wait_plugin(package_name)
        body = {"enabled": enabled, "configuration": configuration or {}, **members}
        return self.post(f"/plugins/{plugin_id(package_name)}/config", json=body, timeout=60)

    def wait_plugin(self, package_name, timeout=30, **wanted):
        """The listing entry once it has these members, e.g. state="running"."""

        def matching():
            entry = self.plugin(package_name)
            assert all(entry.get(name) == value for name, value in wanted.items()), entry
            return entry

        return eventually(matching, f"plugin {package_name} with {wanted}", timeout)
