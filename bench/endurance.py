#!/usr/bin/env python3
"""Long runs that watch memory: ./dev soak slow|long [--quick] [--server PROGRAM] [--out FILE]. README.md here says what they do."""

import argparse
import base64
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import run

MB = 1048576


def handshake(port, query):
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /signalk/v1/stream?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def open_ws(port, query="subscribe=all&sendCachedValues=false"):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.sendall(handshake(port, query))
    if not s.recv(4096).startswith(b"HTTP/1.1 101"):
        raise RuntimeError("no upgrade")
    return s


def open_tcp(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.sendall(b'{"context":"*","subscribe":[{"path":"*"}]}\n')
    s.recv(4096)
    return s


def fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def figures(server):
    return run.Client(server.port).json("/skServer/streams") or []


class Verdict:
    def __init__(self):
        self.missed = 0

    def line(self, what, value, budget=None, unit=""):
        ok = "" if budget is None else "ok" if value <= budget else "OVER"
        self.missed += ok == "OVER"
        limit = "" if budget is None else f"<= {budget} {unit}"
        print(f"{what:<58} | {limit:<14} | {value:.2f} {unit} {ok}".rstrip())


# ---- clients that do not read ----


def healthy(b, server, secs):
    command = [str(b.skload), "--port", str(server.port), "--pid", str(server.pid), "--rate", "1000", "--secs", str(secs),
               "--window", "0", "--warm", "0.5", "--max-secs", str(secs + 60)]
    return json.loads(subprocess.run(command, capture_output=True, text=True).stdout)


def slow(b, args, verdict):
    ws, tcp, secs = args.ws, args.tcp, args.secs
    with b.start() as server:
        server.first_answer("/signalk")
        before = healthy(b, server, min(10, secs))
        rss = run.rss_mb(server.pid)
        held = [open_ws(server.port) for _ in range(ws)] + [open_tcp(server.tcp) for _ in range(tcp)]
        run.say(f"{len(held)} clients stop reading")
        after = healthy(b, server, secs)
        seen = figures(server)
        peak = run.rss_mb(server.pid, "VmHWM")
        behind = sum(s["behind"] for s in seen)
        print(f"{ws} WebSocket and {tcp} TCP clients that do not read, 1,000 deltas a second for {secs} s; {behind} of {len(seen)} still there and behind")
        verdict.line("most unsent bytes of one client", max((s["unsent"] for s in seen), default=0) / 1024, 512, "KiB")
        verdict.line("memory of the server by client, at most", (peak - rss) * 1024 / len(held), 512, "KiB")
        verdict.line("a healthy client: p99 before", before["lat_ms_p99"], None, "ms")
        verdict.line("a healthy client: p99 beside them", after["lat_ms_p99"], max(before["lat_ms_p99"] * 1.1, before["lat_ms_p99"] + 1), "ms")
        verdict.line("a healthy client: lost or out of order", before["lost"] + after["lost"] + after["unordered"] + after["repeated"], 0)
        for s in held:
            s.close()


# ---- days of traffic ----


def connects(server, count):
    """Clients of all kinds that come, and go without a word."""
    for i in range(count):
        s = open_ws(server.port) if i % 3 else open_tcp(server.tcp)
        s.close()


def restarts(server, count):
    client = run.Client(server.port)
    for i in range(2 * count):
        body = json.dumps({"enabled": i % 2 == 1, "configuration": {}})
        client.connection.request("POST", "/plugins/bench-idle/config", body, {"Content-Type": "application/json"})
        answer = client.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"plugin configuration: {answer.status}")


def slope(samples):
    """Growth from the first to the last sample, by the straight line that fits best."""
    n = len(samples)
    middle, mean = (n - 1) / 2, sum(samples) / n
    below = sum((i - middle) ** 2 for i in range(n))
    return sum((i - middle) * (y - mean) for i, y in enumerate(samples)) / below * (n - 1) if below else 0.0


def long(b, args, verdict):
    rounds = args.rounds
    with b.start([("bench-idle", "bench-idle", {})]) as server:
        server.first_answer("/signalk")
        run.wait_running(server, 1)
        samples = []
        for i in range(rounds):
            r = b.load(server, count=args.deltas // rounds, contexts=args.contexts, window=500, warm=0.1, max_secs=3600)
            connects(server, args.connects // rounds)
            restarts(server, args.restarts // rounds)
            run.wait_running(server, 1)
            time.sleep(1)
            samples.append((run.rss_mb(server.pid), fds(server.pid), threads(server.pid), r["cpu_s_per_100k_in"], r["lost"]))
            run.say(f"round {i + 1} of {rounds}: {samples[-1][0]:.1f} MB, {samples[-1][1]} descriptors, {samples[-1][2]} threads, "
                    f"{samples[-1][3]:.3f} s per 100k")
        kept = samples[max(1, rounds // 4):]
        print(f"{args.deltas} deltas of {args.contexts} vessels, {args.connects} connections, {args.restarts} plugin restarts, {rounds} rounds")
        verdict.line("memory, first round to last after warm-up", slope([s[0] for s in kept]), 1, "MB")
        verdict.line("file descriptors", max(s[1] for s in kept) - min(s[1] for s in kept), 2)
        verdict.line("threads", max(s[2] for s in kept) - min(s[2] for s in kept), 1)
        verdict.line("CPU per 100k deltas, last to first", kept[-1][3] / kept[0][3], 1.3, "x")
        verdict.line("deltas lost", sum(s[4] for s in samples), 0)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", choices=["slow", "long"])
    p.add_argument("--server", default=run.ROOT / "build/skiff")
    p.add_argument("--out")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--ws", type=int)
    p.add_argument("--tcp", type=int)
    p.add_argument("--secs", type=int)
    p.add_argument("--deltas", type=int)
    p.add_argument("--contexts", type=int)
    p.add_argument("--connects", type=int)
    p.add_argument("--restarts", type=int)
    p.add_argument("--rounds", type=int)
    args = p.parse_args()
    usual = {"ws": (1000, 200), "tcp": (100, 20), "secs": (600, 20), "deltas": (10_000_000, 600_000), "contexts": (100_000, 20_000),
             "connects": (10_000, 600), "restarts": (1000, 60), "rounds": (40, 12)}
    for name, (full, quick) in usual.items():
        if getattr(args, name) is None:
            setattr(args, name, quick if args.quick else full)
    args.warmed = False
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="skiff-soak-") as folder:
        b = run.Bench(args, pathlib.Path(folder))
        globals()[args.what](b, args, verdict)
    sys.exit(1 if verdict.missed else 0)


if __name__ == "__main__":
    main()
