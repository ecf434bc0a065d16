"""Processes under measurement, and one kept HTTP connection to them."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time


def cpu_clock(pid):
    """All threads of a process; finer than the ticks of /proc/PID/stat."""
    return time.clock_gettime(~pid << 3 | 2)


def rss_mb(pid, key="VmRSS"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{key}:\s+(\d+)", text, re.M)[1]) / 1024


def free_ports(n):
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Process:
    def __init__(self, command, env, log, port):
        self.port = port
        self.began = time.monotonic()
        # close_fds=False lets Python use posix_spawn, so that the clock starts close to exec.
        self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, close_fds=False)
        self.pid = self.process.pid

    def first_answer(self, path=None, limit=60):
        """Milliseconds from exec to the first 200 (without a path: to the first connection)."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        while time.monotonic() - self.began < limit:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) != 0:
                    if self.process.poll() is not None:
                        break
                    os.sched_yield()
                    continue
                if path is None:
                    return (time.monotonic() - self.began) * 1000
                s.settimeout(limit)
                s.sendall(request)
                if s.recv(4096).startswith(b"HTTP/1.1 200"):
                    return (time.monotonic() - self.began) * 1000
        raise RuntimeError(f"no answer on port {self.port}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Client:
    """One kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 else None

    def json(self, path):
        body = self.get(path)
        return None if body is None else json.loads(body)


def p99(latencies):
    """Of sorted ones."""
    return latencies[int(len(latencies) * 0.99)]
