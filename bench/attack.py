"""Handshakes, and what attackers do to others. crowd.py holds the processes around the server."""

import json
import pathlib
import socket
import subprocess
import sys

import crowd
from procs import cpu_clock, p99, rss_mb

CROWD = pathlib.Path(crowd.__file__)
HARMED_MS = 20  # p99 of a healthy client, while somebody attacks
ATTACKS = {
    "half-open": "10,000 half-open connections",
    "slow-headers": "2,500 slow heads",
    "slow-bodies": "2,500 slow bodies",
    "oversized": "200 oversized heads a second",
    "smuggling": "200 smuggled requests a second",
    "handshakes": "handshakes without pause",
    "hellos": "first words of handshakes without pause",
}


def of(transport):
    return [kind for kind in ATTACKS if kind not in ("handshakes", "hellos") or transport == "tls"]


def figures():
    yield ("shake", "TLS handshakes by CPU second of the server, ECDSA P-256", "/s", -500, 0)
    yield ("shake_resumed", "  resumed", "/s", -500, 0)
    yield ("shake_rsa", "  with a certificate of RSA 2048", "/s", None, 0)
    for transport, name in (("plain", "HTTP"), ("tls", "HTTPS")):
        yield (f"{transport}_quiet", f"{name}, a healthy client: GET, p99", "ms", None, 2)
        yield (f"{transport}_quiet_ws", "  a delta there and back, p99", "ms", None, 2)
        yield (f"{transport}_quiet_new", "  a new connection and GET, p99", "ms", None, 2)
        for kind in of(transport):
            yield (f"{transport}_{kind}", f"  beside {ATTACKS[kind]}: GET, p99", "ms", HARMED_MS, 2)
            yield (f"{transport}_{kind}_ws", "    a delta there and back, p99", "ms", HARMED_MS, 2)
            yield (f"{transport}_{kind}_new", "    a new connection and GET, p99", "ms", None, 2)
            yield (f"{transport}_{kind}_lost", "    connections that were lost or failed", "%", 1, 1)
        yield (f"{transport}_rss", "  resident memory at most", "MB", 64, 1)


FIGURES = list(figures())


# ---- handshakes ----


def rsa_files(work):
    key, certificate = work / "rsa-key.pem", work / "rsa-cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=boat", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return [("ssl-key.pem", key.read_bytes()), ("ssl-cert.pem", certificate.read_bytes())]


def shake(port, trust, session=None):
    """Shakes hands and reads on until the server hangs up: the tickets come behind the handshake."""
    s = trust.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30), session=session)
    s.sendall(crowd.GET + b"Connection: close\r\n\r\n")
    while s.recv(65536):
        pass
    found, reused = s.session, s.session_reused
    s.close()
    return found, reused


def by_cpu_second(server, count, trust, session=None):
    """What the requests behind the handshakes cost is included; it is little."""
    cpu = cpu_clock(server.pid)
    for _ in range(count):
        found, reused = shake(server.port, trust, session)
        assert reused == (session is not None)
    return count / (cpu_clock(server.pid) - cpu)


def handshakes(b):
    for figure, files in (("shake", []), ("shake_rsa", rsa_files(b.work))):
        with b.start(tls=True, files=files) as s:
            s.first_answer()
            trust = crowd.trust()
            session, _ = shake(s.port, trust)
            b.note(figure, by_cpu_second(s, b.args.handshakes, trust))
            if figure == "shake":
                b.note("shake_resumed", by_cpu_second(s, b.args.handshakes, trust, session))


# ---- attacks ----


def process(what, server, transport, seconds):
    return subprocess.Popen([sys.executable, CROWD, what, str(server.port), transport, str(seconds)], stdout=subprocess.PIPE, text=True)


def result(p):
    text, _ = p.communicate(timeout=120)
    if p.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, p.args))} failed")
    return json.loads(text)


def note(b, figure, seen, **more):
    whole = {"slowest": {name: seen[name][-1] for name in ("kept", "stream", "fresh") if seen[name]}, "words": seen["words"], **more}
    b.note(figure, p99(seen["kept"]), **whole)
    b.note(f"{figure}_ws", p99(seen["stream"]))
    b.note(f"{figure}_new", p99(seen["fresh"]) if seen["fresh"] else 1e6)
    if f"{figure}_lost" in b.samples:
        b.note(f"{figure}_lost", 100 * seen["lost"] / max(1, seen["lost"] + len(seen["fresh"])))


def attacked(b, transport):
    with b.start(tls=transport == "tls") as s:
        s.first_answer()
        note(b, f"{transport}_quiet", result(process("healthy", s, transport, b.args.attack / 2)))
        most = 0
        for kind in of(transport):
            cpu = cpu_clock(s.pid)
            attacker = process(kind, s, transport, b.args.attack + 1)
            seen = result(process("healthy", s, transport, b.args.attack))
            most = max(most, rss_mb(s.pid))
            note(b, f"{transport}_{kind}", seen, attacker=result(attacker), rss=rss_mb(s.pid), cpu=round(cpu_clock(s.pid) - cpu, 3))
        b.note(f"{transport}_rss", most)


def attack_plain(b):
    attacked(b, "plain")


def attack_tls(b):
    attacked(b, "tls")


MEASUREMENTS = [handshakes, attack_plain, attack_tls]
