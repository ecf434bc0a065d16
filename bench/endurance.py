#!/usr/bin/env python3
"""Long runs that watch memory: ./dev soak slow|long|busy [--quick | --ci] [--server PROGRAM] [--out FILE]. README.md here says what they do."""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import busy
import run

CI_P99_MS = 500  # a shared machine may keep everybody waiting; a server that waits for deaf clients needs longer than this


def open_ws(port, query="subscribe=all&sendCachedValues=false"):
    s = run.subscribe(port, query)
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


def windows(b, server, secs):
    """Ten seconds each: the median of their p99 is not moved by what else the machine does for a moment."""
    return [healthy(b, server, min(10, secs)) for _ in range(max(1, secs // 10))]


def open_deaf(server, ws, tcp):
    """They ask for everything and never read; every tenth listens to the server's own events, too."""
    events = "subscribe=all&sendCachedValues=false&serverevents=all"
    return [open_ws(server.port, events) if i % 10 == 9 else open_ws(server.port) for i in range(ws)] + [open_tcp(server.tcp) for _ in range(tcp)]


def slow(b, args, verdict):
    """Minute by minute with new ones: a client that takes no byte for a minute is let go."""
    ws, tcp, minutes = args.ws, args.tcp, max(1, args.secs // 60)
    before, filling, beside, seen = [], [], [], []
    with b.start(settings={"wsPingInterval": False}) as server:  # nor would they answer pings
        server.first_answer("/signalk")
        healthy(b, server, 1)
        rss = run.rss_mb(server.pid)
        for minute in range(minutes):
            before += windows(b, server, min(20, args.secs // 2))  # each time anew: the machine may be another one ten minutes later
            deaf = open_deaf(server, ws, tcp)
            run.say(f"minute {minute + 1} of {minutes}: {len(deaf)} clients do not read")
            filling += windows(b, server, min(10, args.secs // 2))  # their queues take in news like any client's, until they are full
            beside += windows(b, server, min(40, args.secs // 2))
            seen.append(figures(server))
            for s in deaf:
                s.close()
        peak = run.rss_mb(server.pid, "VmHWM")
    print(f"{ws} WebSocket and {tcp} TCP clients that do not read, 1,000 deltas a second, {minutes} times a minute")
    verdict.line("clients that were not behind at the end of their minute", ws + tcp - min(sum(s["behind"] for s in part) for part in seen), 0)
    verdict.line("most unsent bytes of one client", max((s["unsent"] for part in seen for s in part), default=0) / 1024, 512, "KiB")
    verdict.line("memory of the server by client, at most", (peak - rss) * 1024 / (ws + tcp), 512, "KiB")
    p99 = [statistics.median(w["lat_ms_p99"] for w in part) for part in (before, filling, beside)]
    verdict.line("a healthy client: p99 before", p99[0], None, "ms")
    verdict.line("a healthy client: p99 while the queues fill", p99[1], None, "ms")
    verdict.line("a healthy client: p99 beside them", p99[2], CI_P99_MS if args.ci else max(p99[0] * 1.1, p99[0] + 1), "ms")
    verdict.line("a healthy client: lost or out of order", sum(w["lost"] + w["unordered"] + w["repeated"] for w in before + filling + beside), 0)


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
    """Rounds of everything at once. When the time is over before all of them are done, fewer count."""
    rounds, began = args.rounds, time.monotonic()
    with b.start([("bench-idle", "bench-idle", {})]) as server:
        server.first_answer("/signalk")
        run.wait_running(server, 1)
        samples = []
        while len(samples) < rounds and (len(samples) < 4 or time.monotonic() - began < args.limit):
            r = b.load(server, count=args.deltas // rounds, contexts=args.contexts, window=500, warm=0.1, max_secs=3600)
            connects(server, args.connects // rounds)
            restarts(server, args.restarts // rounds)
            run.wait_running(server, 1)
            time.sleep(min(1, 40 / rounds))
            samples.append((run.rss_mb(server.pid), fds(server.pid), threads(server.pid), r["cpu_s_per_100k_in"], r["lost"]))
            run.say(f"round {len(samples)} of {rounds}: {samples[-1][0]:.1f} MB, {samples[-1][1]} descriptors, {samples[-1][2]} threads, "
                    f"{samples[-1][3]:.3f} s per 100k")
        done = len(samples)
        kept = samples[max(1, done // 4):]
        half = (len(kept) + 1) // 2
        cpu = [statistics.median(s[3] for s in part) for part in (kept[:half], kept[-half:])]
        print(f"{args.deltas * done // rounds} deltas of {args.contexts} vessels, {args.connects * done // rounds} connections, "
              f"{args.restarts * done // rounds} plugin restarts, {done} of {rounds} rounds in {time.monotonic() - began:.0f} s")
        verdict.line("memory, first round to last after warm-up", slope([s[0] for s in kept]), 1, "MB")
        verdict.line("file descriptors", max(s[1] for s in kept) - min(s[1] for s in kept), 2)
        verdict.line("threads", max(s[2] for s in kept) - min(s[2] for s in kept), 1)
        verdict.line("CPU per 100k deltas, second half to first", cpu[1] / cpu[0], 1.6 if args.ci else 1.3, "x")
        verdict.line("deltas lost", sum(s[4] for s in samples), 0)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", choices=["slow", "long", "busy"])
    p.add_argument("--server", default=run.ROOT / "build/skiff")
    p.add_argument("--out")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--paced", action="store_true", help="busy: the clients want a value a second instead of everything")
    p.add_argument("--gap", type=float, default=20, help="busy: milliseconds that a line may wait for the server")
    p.add_argument("--ci", action="store_true", help="as ./dev test runs it: full size, but not longer than a minute (slow) or --limit (long)")
    p.add_argument("--limit", type=float, help="seconds after which no further round begins")
    p.add_argument("--ws", type=int)
    p.add_argument("--tcp", type=int)
    p.add_argument("--secs", type=int)
    p.add_argument("--deltas", type=int)
    p.add_argument("--contexts", type=int)
    p.add_argument("--connects", type=int)
    p.add_argument("--restarts", type=int)
    p.add_argument("--rounds", type=int)
    args = p.parse_args()
    usual = {"ws": (1000, 200, 1000), "tcp": (100, 20, 100), "secs": (600, 20, 60), "deltas": (10_000_000, 600_000, 10_000_000),
             "contexts": (100_000, 20_000, 100_000), "connects": (10_000, 600, 10_000), "restarts": (1000, 60, 1000), "rounds": (40, 12, 100),
             "limit": (3600, 3600, 240)}
    for name, sizes in usual.items():
        if getattr(args, name) is None:
            setattr(args, name, sizes[1 if args.quick else 2 if args.ci else 0])
    if args.what == "busy":
        args.secs = min(args.secs, 60)
    args.warmed = False
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="skiff-soak-") as folder:
        b = run.Bench(args, pathlib.Path(folder))
        {"slow": slow, "long": long, "busy": busy.busy}[args.what](b, args, verdict)
    sys.exit(1 if verdict.missed else 0)


if __name__ == "__main__":
    main()
