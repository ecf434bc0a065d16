#!/usr/bin/env python3
"""Measures the server against its budgets: ./dev bench, or bench/run.py [--quick] [--out FILE] [--server PROGRAM] [--only NAME,...]

Prints a table "what | budget | measured | ok"; every sample goes as a JSON line to --out. README.md here says how to read it.
Needs a C compiler, clang with the wasm32 target for the plugins, and wrk for the REST figures (left out without it).
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import attack
from procs import Client, Process, cpu_clock, free_ports, p99, rss_mb

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DEADLINE_MS = 5000  # of poll and delta_handler, the server's default
NODE_LEAF_MS, NODE_SELF_MS = 0.30, 0.61  # CPU per request of the Node server, wrk -t1 -c32, measured with the same script

# name, what, unit, budget (None: for information), decimals
FIGURES = [
    ("start_bare", "exec to first 200 on /signalk, no plugins", "ms", 10, 1),
    ("start_50", "exec to first 200 on /signalk, 50 cached plugins", "ms", 100, 1),
    ("start_50_running", "exec to all 50 plugins running", "ms", 300, 0),
    ("rss_bare", "resident memory idle, no plugins", "MB", 4, 2),
    ("rss_10", "resident memory idle, 10 small plugins from the cache", "MB", 12, 2),
    ("idle_cpu", "CPU idle, no plugins", "%", 0.1, 3),
    ("binary", "program, stripped", "MiB", 16, 2),
    ("ingest", "server CPU per 100k deltas, WebSocket in, one subscriber", "s", 0.10, 3),
    ("ingest_null", "  the bare relay", "s", None, 3),
    ("ingest_tcp", "  the same in by TCP", "s", None, 3),
    ("history", "  the same with history on, until all is written", "s", None, 3),
    ("history_bytes", "  bytes of the database by value", "B", None, 1),
    ("nmea0183", "server CPU per 100k NMEA 0183 sentences by TCP, one subscriber", "s", 0.25, 3),
    ("nmea2000", "server CPU per 100k NMEA 2000 frames by TCP, one subscriber", "s", 0.25, 3),
    ("fanout", "CPU per delivery to 300 subscribers", "us", None, 2),
    ("fanout_null", "  the bare relay", "us", None, 2),
    ("fanout_ratio", "  ratio of both", "x", 1.2, 2),
    ("fanout_p99", "  latency p99", "ms", None, 1),
    ("fanout_500", "CPU per delivery to 500 subscribers", "us", None, 2),
    ("fanout_500_ratio", "  ratio to the bare relay", "x", 1.2, 2),
    ("fanout_1000", "CPU per delivery to 1,000 subscribers", "us", None, 2),
    ("fanout_1000_ratio", "  ratio to the bare relay", "x", 1.2, 2),
    ("plugin_1", "extra CPU per plugin per 100k deltas, 1 plugin", "s", 0.03, 3),
    ("plugin_10", "extra CPU per plugin per 100k deltas, 10 plugins", "s", 0.03, 3),
    ("plugin_10_seen", "  part of the deltas the slowest plugin saw", "%", None, 1),
    ("plugin_50", "extra CPU per plugin per 100k deltas, 50 plugins", "s", 0.03, 3),
    ("leaf", "REST leaf, CPU per request", "us", 6, 1),
    ("leaf_ratio", "  requests per CPU second against the Node server", "x", -20, 0),
    ("self", "REST vessels/self, CPU per request", "us", 20, 1),
    ("self_ratio", "  requests per CPU second against the Node server", "x", -20, 0),
    ("full_p99", "full model with 5,000 AIS targets, p99", "ms", 20, 1),
    ("full_cpu", "  CPU per request", "ms", None, 2),
    ("full_size", "  its size", "MB", None, 1),
    ("full_stream_p99", "  a stream meanwhile, latency p99", "ms", 5, 1),
    ("full_stream_max", "  the longest", "ms", None, 1),
    ("loop_p99", "a plugin that loops: GET /signalk, p99", "ms", 50, 1),
    ("loop_max", "  the slowest", "ms", None, 1),
    ("loop_cut", "  cut after", "ms", DEADLINE_MS + 20, 0),
    ("cut_p99", "1,000 calls that never return: cut behind their deadline, p99", "ms", 20, 1),
    ("cut_max", "  the latest", "ms", None, 1),
    ("memory_p99", "a plugin that takes memory: GET /signalk, p99", "ms", 50, 1),
    ("memory_peak", "  resident memory at most", "MB", None, 1),
    ("trap_p99", "a plugin that traps: GET /signalk, p99", "ms", 50, 1),
    ("flood_p99", "a plugin that floods: GET /signalk, p99", "ms", 50, 1),
    *attack.FIGURES,
]
BUDGET = {name: budget for name, _, _, budget, _ in FIGURES}  # negative: at least


# ---- the bench's own tools ----


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.server = pathlib.Path(args.server).resolve()
        self.cache = work / "cache"
        self.samples = {name: [] for name in BUDGET}
        self.out = open(args.out, "w") if args.out else None
        self.number = 0
        self.modules = {}
        self.skload = self.compile("skload")
        self.nullserver = self.compile("nullserver")

    def compile(self, name):
        target = self.work / name
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=gnu11", "-o", target, HERE / f"{name}.c"], check=True)
        return target

    def module(self, name):
        if name not in self.modules:
            source = HERE / f"plugins/{name}.c"
            if not source.exists():
                source = ROOT / f"tests/plugins/{name}/plugin.c"
            target = self.work / f"{name}.wasm"
            subprocess.run(["sh", ROOT / "sdk/c/build.sh", source, target], check=True, stdout=subprocess.DEVNULL)
            self.modules[name] = target.read_bytes()
        return self.modules[name]

    def note(self, name, value, **more):
        self.samples[name].append(value)
        if self.out:
            line = {"figure": name, "value": round(value, 4), "time": time.strftime("%FT%TZ", time.gmtime()), "load": os.getloadavg()[0]}
            self.out.write(json.dumps({**line, **more}) + "\n")
            self.out.flush()

    def install(self, folder, name, package, configuration):
        """A module of its own for each package, by a custom section: fifty plugins have fifty cache entries."""
        section = bytes([len(package)]) + package.encode()
        home = folder / "node_modules" / package
        home.mkdir(parents=True)
        (home / "plugin.wasm").write_bytes(self.module(name) + bytes([0, len(section)]) + section)
        manifest = {
            "name": package,
            "version": "0.1.0",
            "keywords": ["signalk-wasm-plugin"],
            "wasmManifest": "plugin.wasm",
            "wasmCapabilities": {"network": False, "storage": "vfs-only", "dataRead": True, "dataWrite": True},
        }
        (home / "package.json").write_text(json.dumps(manifest))
        data = folder / "plugin-config-data"
        data.mkdir(exist_ok=True)
        (data / f"{package}.json").write_text(json.dumps({"enabled": True, "configuration": configuration}))

    def start(self, plugins=(), settings=None, tls=False, files=()):
        """plugins: (module, package, configuration); files: (name, content) of the configuration folder. `tls`: the port is that of HTTPS."""
        self.number += 1
        folder = self.work / f"config-{self.number}"
        folder.mkdir()
        for plugin in plugins:
            self.install(folder, *plugin)
        if settings:
            (folder / "settings.json").write_text(json.dumps(settings))
        for name, content in files:
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        port, tcp, nmea, secure = free_ports(4)
        env = {
            **os.environ,
            "TCPSTREAMPORT": str(tcp),
            "NMEA0183PORT": str(nmea),
            "MAX_WS_CONNECTIONS_PER_IP": "10000",
            "XDG_CACHE_HOME": str(self.cache),
            "HOME": str(self.work),
            **({"SSLPORT": str(secure)} if tls else {}),
        }
        with open(self.work / f"server-{self.number}.log", "w") as log:
            p = Process([str(self.server), "-c", str(folder), "--host", "127.0.0.1", "--port", str(port)], env, log, secure if tls else port)
        p.tcp = tcp
        return p

    def null(self):
        (port,) = free_ports(1)
        p = Process([str(self.nullserver), str(port)], dict(os.environ), subprocess.DEVNULL, port)
        p.tcp = 0
        p.first_answer()
        return p

    def load(self, server, **options):
        command = [str(self.skload), "--port", str(server.port), "--tcp-port", str(server.tcp), "--pid", str(server.pid)]
        for key, value in options.items():
            command += [f"--{key.replace('_', '-')}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode == 2:
            raise RuntimeError(done.stderr.strip())
        result = json.loads(done.stdout)
        if result["gave_up"] or result["lost"]:
            say(f"skload: {done.stdout.strip()}")
        return result


def say(text):
    print(text, file=sys.stderr, flush=True)


def counters(n):
    return [("bench-counter", f"bench-counter-{i:02d}", {"tag": f"p{i:02d}", "every": 1000}) for i in range(n)]


def wait_running(server, n, limit=120):
    client, called = Client(server.port), time.monotonic()
    while time.monotonic() - called < limit:
        if sum(p.get("state") == "running" for p in client.json("/skServer/plugins") or []) >= n:
            return (time.monotonic() - server.began) * 1000
        time.sleep(0.002)
    raise RuntimeError("the plugins do not start")


# ---- the measurements ----


def startup(b):
    with b.start() as s:
        b.note("start_bare", s.first_answer("/signalk"))
        time.sleep(b.args.settle)
        b.note("rss_bare", rss_mb(s.pid))
        cpu, began = cpu_clock(s.pid), time.monotonic()
        time.sleep(b.args.idle)
        b.note("idle_cpu", (cpu_clock(s.pid) - cpu) / (time.monotonic() - began) * 100)
    if not b.args.warmed:
        with b.start(counters(50)) as s:
            s.first_answer("/signalk")
            wait_running(s, 50)
        b.args.warmed = True
    with b.start(counters(50)) as s:
        b.note("start_50", s.first_answer("/signalk"))
        b.note("start_50_running", wait_running(s, 50))
    with b.start(counters(10)) as s:
        s.first_answer("/signalk")
        wait_running(s, 10)
        time.sleep(b.args.settle)
        b.note("rss_10", rss_mb(s.pid))


def binary(b):
    target = b.work / "stripped"
    subprocess.run(["strip", "-o", target, b.server], check=True)
    b.note("binary", target.stat().st_size / 1048576)


def ingest(b):
    with b.start() as s:
        s.first_answer("/signalk")
        b.load(s, count=5000, warm=0.2)
        r = b.load(s, count=b.args.count, warm=0.3)
        b.note("ingest", r["cpu_s_per_100k_in"], **r)
        r = b.load(s, count=b.args.count, warm=0.3, transport="tcp")
        b.note("ingest_tcp", r["cpu_s_per_100k_in"], **r)
    with b.null() as s:
        r = b.load(s, count=b.args.count, warm=0.3)
        b.note("ingest_null", r["cpu_s_per_100k_in"], **r)


def history(b):
    """All threads count, until the last value is on disk."""
    with b.start(settings={"history": {"enabled": True, "writeSeconds": 2}}) as s:
        s.first_answer("/signalk")
        client = Client(s.port)

        b.load(s, count=5000, warm=0.2)
        start, cpu = settled(client), cpu_clock(s.process.pid)
        b.load(s, count=b.args.count, warm=0.3)
        end = settled(client)
        values = end["values"] - start["values"]
        b.note("history", (cpu_clock(s.process.pid) - cpu) * 100000 / b.args.count, values=values, lost=end["deltasDropped"] + end["valuesLost"])
        b.note("history_bytes", end["bytes"] / end["values"])


def settled(client):
    """The figures once nothing has been added for some commits' time."""
    last, since = client.json("/skServer/history"), time.monotonic()
    while time.monotonic() - since < 5:
        time.sleep(0.2)
        now = client.json("/skServer/history")
        if now["values"] != last["values"] or now["waitingBytes"] != 0:
            last, since = now, time.monotonic()
    return last


def subscribe(port, query="subscribe=all"):
    """A WebSocket that gets everything; what comes is only searched for marks."""
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(f"GET /signalk/v1/stream?{query} HTTP/1.1\r\n".encode() + b"Host: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Key: YmVuY2ggYmVuY2ggYmVuYw==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    s.settimeout(60)
    return s


def wait_mark(subscriber, mark):
    kept = b""
    while mark not in kept:
        kept = kept[-64:] + subscriber.recv(262144)


def sentence(body):
    value = 0
    for byte in body[1:].encode():
        value ^= byte
    return f"{body}*{value:02X}\r\n".encode()


def connection(name, outer, options):
    return {"id": name, "pipeElements": [{"type": "providers/simple", "options": {"type": outer, "subOptions": options}}]}


def decode(b, figure, outer, inner, closing):
    """A sample's lines over TCP, a thousand on their way, each batch closed by a line that is waited for.
    `closing(i)`: that line, and its value as a client sees it."""
    lines = [line + b"\r\n" for line in (ROOT / f"samples/{figure}.log").read_bytes().splitlines() if line]
    listener = socket.create_server(("127.0.0.1", 0))
    options = {"type": inner, "host": "127.0.0.1", "port": listener.getsockname()[1]}
    with b.start(settings={"pipedProviders": [connection("bench", outer, options)]}) as s:
        s.first_answer("/signalk")
        device = listener.accept()[0]
        subscriber = subscribe(s.port)
        time.sleep(0.3)
        sent, at, cpu = 0, 0, 0
        while sent < b.args.count + 5000:
            if cpu == 0 and sent >= 5000:
                cpu, first = cpu_clock(s.pid), sent
            batch = [lines[(at + i) % len(lines)] for i in range(999)]
            at += 999
            line, value = closing(sent // 1000)
            device.sendall(b"".join(batch) + line)
            wait_mark(subscriber, f'"value":{value}'.encode())
            sent += 1000
        b.note(figure, (cpu_clock(s.pid) - cpu) / (sent - first) * 100000, lines=sent - first)
    listener.close()


def nmea0183(b):
    decode(b, "nmea0183", "NMEA0183", "tcp", lambda i: (sentence(f"$ZZMTW,{1000 + i},C"), f"{1273.15 + i:.2f}"))


def nmea2000(b):
    """As a gateway writes frames; a depth in centimetres closes a batch."""
    def depth(i):
        data = b"\x01" + (10_000_000 + i).to_bytes(4, "little") + b"\xff\x7f\xff"
        return f"10:00:00.000 R 0DF50B7F {data.hex(' ').upper()}\r\n".encode(), f"{100_000 + i / 100:.2f}".rstrip("0").rstrip(".")

    decode(b, "nmea2000", "NMEA2000", "ydwg02-canboatjs", depth)


def deliver(b, start, subs):
    """One server, so many subscribers: what skload saw."""
    with start() as s:
        if start == b.start:
            s.first_answer("/signalk")
        b.load(s, count=2000, warm=0.2)
        return b.load(s, subs=subs, rate=b.args.rate, secs=b.args.secs, window=0, warm=1)


def fanout(b):
    for subs in (300, 500, 1000):
        name = "fanout" if subs == 300 else f"fanout_{subs}"
        ours, relay = deliver(b, b.start, subs), deliver(b, b.null, subs)
        b.note(name, ours["cpu_us_per_delivery"], **ours)
        b.note(f"{name}_ratio", ours["cpu_us_per_delivery"] / relay["cpu_us_per_delivery"])
        if subs == 300:
            b.note("fanout_null", relay["cpu_us_per_delivery"], **relay)
            b.note("fanout_p99", ours["lat_ms_p99"])


def plugin_cost(b):
    base = None
    for n in (0, 1, 10, 50):
        with b.start(counters(n)) as s:
            s.first_answer("/signalk")
            wait_running(s, n)
            b.load(s, count=5000, warm=0.2)
            before = counts(s) if n else []
            r = b.load(s, count=b.args.count, warm=0.3)
            if n == 0:
                base = r["cpu_s_per_100k_in"]
                continue
            b.note(f"plugin_{n}", (r["cpu_s_per_100k_in"] - base) / n, **r)
            if n == 10:
                time.sleep(0.3)
                seen = [after - was for was, after in zip(before, counts(s))]
                b.note("plugin_10_seen", min(100.0, min(seen) / b.args.count * 100))


def counts(server):
    tree = Client(server.port).json("/signalk/v1/api/vessels/self/bench/counter") or {}
    return [tree[k]["value"] for k in sorted(tree) if k.startswith("p")]


def rest(b):
    if shutil.which("wrk") is None:
        say("wrk is missing: no REST figures")
        return
    with b.start() as s:
        s.first_answer("/signalk")
        b.load(s, count=2000, warm=0.2)
        for name, path, node in (("leaf", "/navigation/speedOverGround/value", NODE_LEAF_MS), ("self", "", NODE_SELF_MS)):
            url = f"http://127.0.0.1:{s.port}/signalk/v1/api/vessels/self{path}"
            cpu = cpu_clock(s.pid)
            text = subprocess.run(["wrk", "-t1", "-c32", f"-d{b.args.wrk}s", url], capture_output=True, text=True, check=True).stdout
            cpu = cpu_clock(s.pid) - cpu
            requests = int(re.search(r"(\d+) requests in", text)[1])
            if "Non-2xx" in text or "Socket errors" in text:
                say(text)
            size = len(Client(s.port).get(f"/signalk/v1/api/vessels/self{path}"))
            b.note(name, cpu / requests * 1e6, requests=requests, cpu_s=round(cpu, 3), bytes=size)
            b.note(f"{name}_ratio", node / (cpu / requests * 1e3))


def full_model(b):
    """GET vessels again and again, while 500 deltas a second of all the targets go to one subscriber."""
    targets = 5000
    with b.start() as s:
        s.first_answer("/signalk")
        b.load(s, count=targets * 11, values=6, contexts=targets, warm=0.2, window=500)
        client = Client(s.port)
        size = len(client.get("/signalk/v1/api/vessels"))
        feed = [str(b.skload), "--port", str(s.port), "--rate", "500", "--secs", str(b.args.secs), "--window", "0", "--contexts",
                str(targets), "--warm", "0.3"]
        feeder = subprocess.Popen(feed, stdout=subprocess.PIPE, text=True)
        latencies, cpu = [], cpu_clock(s.pid)
        while feeder.poll() is None:
            began = time.monotonic()
            client.get("/signalk/v1/api/vessels")
            latencies.append((time.monotonic() - began) * 1000)
            time.sleep(0.05)
        cpu = cpu_clock(s.pid) - cpu
        stream = json.loads(feeder.stdout.read())
        b.note("full_p99", p99(sorted(latencies)), requests=len(latencies))
        b.note("full_cpu", cpu / len(latencies) * 1000)
        b.note("full_size", size / 1e6)
        b.note("full_stream_p99", stream["lat_ms_p99"], **stream)
        b.note("full_stream_max", stream["lat_ms_max"])


def probe(b, server, seconds, plugin, each=None):
    """GET /signalk every 5 ms; returns sorted latencies in ms, and when the plugin was first seen not running."""
    timed, other = Client(server.port), Client(server.port)
    latencies, cut, peak = [], None, 0
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        timed.get("/signalk")
        latencies.append((time.monotonic() - now) * 1000)
        if cut is None and any(p["id"] == plugin and p.get("state") != "running" for p in other.json("/skServer/plugins") or []):
            cut = time.time()
        peak = max(peak, rss_mb(server.pid))
        if each:
            each()
        time.sleep(max(0, 0.005 - (time.monotonic() - now)))
    return sorted(latencies), cut, peak


def loop(b):
    with b.start([("bad-poll-loop", "bad-poll-loop", {})]) as s:
        s.first_answer("/signalk")
        client, leaf = Client(s.port), None
        while (leaf or {}).get("value") != 3 and time.monotonic() - s.began < 30:
            leaf = client.json("/signalk/v1/api/vessels/self/test/badPollLoop/polls")
            time.sleep(0.001)
        began = time.time()
        latencies, cut, _ = probe(b, s, b.args.isolation, "bad-poll-loop")
        b.note("loop_p99", p99(latencies), requests=len(latencies))
        b.note("loop_max", latencies[-1])
        if cut is None:
            say("the looping plugin was not cut")
        b.note("loop_cut", (cut - began) * 1000 if cut else 1e6)


def memory(b):
    with b.start([("bad-memory", "bad-memory", {"perPoll": 64})]) as s:
        s.first_answer("/signalk")
        latencies, _, peak = probe(b, s, b.args.isolation / 2, "bad-memory")
        b.note("memory_p99", p99(latencies), slowest=latencies[-1])
        b.note("memory_peak", peak)


def trap(b):
    with b.start([("bad-trap", "bad-trap", {})]) as s:
        s.first_answer("/signalk")
        wait_running(s, 1)
        feed = [str(b.skload), "--port", str(s.port), "--rate", "200", "--secs", str(b.args.isolation / 2), "--window", "0"]
        feeder = subprocess.Popen(feed, stdout=subprocess.DEVNULL)
        latencies, cut, _ = probe(b, s, b.args.isolation / 2, "bad-trap")
        feeder.wait()
        b.note("trap_p99", p99(latencies), slowest=latencies[-1], cut=cut is not None)


def flood(b):
    with b.start([("flood", "flood", {})]) as s:
        s.first_answer("/signalk")
        latencies, _, peak = probe(b, s, b.args.isolation / 2, "flood")
        b.note("flood_p99", p99(latencies), slowest=latencies[-1], peak_mb=peak)


def cut(b):
    """Endless calls one after the other, by a program that ./dev bench builds beside the server."""
    tool = b.server.parent / "tests/unit/plugin/bench_plugin_cut"
    if not tool.exists():
        say("no bench_plugin_cut beside the server: left out")
        return
    done = subprocess.run([tool, tool.parent, "200" if b.args.quick else "1000"], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    _, p99, most = map(float, done.stdout.split())
    b.note("cut_p99", p99)
    b.note("cut_max", most)


MEASUREMENTS = [startup, ingest, history, nmea0183, nmea2000, fanout, plugin_cost, rest, full_model, loop, memory, trap, flood, cut, *attack.MEASUREMENTS]


# ---- the table ----


def within(budget, value):
    return value <= budget if budget >= 0 else value >= -budget


def table(b):
    rows, over = [("what", "budget", "measured (least-most)", "")], 0
    for name, what, unit, budget, digits in FIGURES:
        values = b.samples[name]
        if not values:
            continue
        middle = statistics.median(values)
        shown = f"{middle:.{digits}f} {unit}"
        if len(values) > 1:
            shown += f" ({min(values):.{digits}f}-{max(values):.{digits}f})"
        verdict = "" if budget is None else "ok" if within(budget, middle) else "OVER"
        over += verdict == "OVER"
        limit = "" if budget is None else f"{'<=' if budget >= 0 else '>='} {abs(budget)} {unit}"
        rows.append((what, limit, shown, verdict))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for i, row in enumerate(rows):
        print(" | ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip(" "))
        if i == 0:
            print("-|-".join("-" * w for w in widths))
    return over


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", default=ROOT / "build/skiff", help="the program to measure (default: build/skiff)")
    p.add_argument("--out", help="JSON lines of every sample")
    p.add_argument("--quick", action="store_true", help="one short round, about 30 s: for a first look, not for decisions")
    p.add_argument("--rounds", type=int, help="default 3")
    p.add_argument("--only", help="comma list of: binary, " + ", ".join(m.__name__ for m in MEASUREMENTS))
    args = p.parse_args()
    args.warmed = False
    args.rounds = args.rounds or (1 if args.quick else 3)
    args.count, args.rate, args.secs, args.wrk, args.settle, args.isolation, args.idle = (
        (30000, 100, 2, 1, 5, 6, 2) if args.quick else (100000, 100, 6, 3, 5, 8, 10)  # idle: the start is over, and what it needed given back
    )
    args.attack, args.handshakes = (4, 200) if args.quick else (8, 500)  # 10,000 connections take four seconds
    only = args.only.split(",") if args.only else ["binary", *(m.__name__ for m in MEASUREMENTS)]
    with tempfile.TemporaryDirectory(prefix="skiff-bench-") as folder:
        b = Bench(args, pathlib.Path(folder))
        if "binary" in only:
            binary(b)
        for r in range(args.rounds):  # round by round: a noisy minute of the machine does not hit one figure only
            for m in MEASUREMENTS:
                if m.__name__ in only:
                    say(f"round {r + 1} of {args.rounds}: {m.__name__.replace('_', ' ')}")
                    m(b)
        over = table(b)
    load = " ".join(f"{x:.1f}" for x in os.getloadavg())
    print(f"\n{over} over budget; load of the machine (1, 5, 15 min): {load}, {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
