"""./dev soak busy: ten busy boats on one server. README.md here says what it does."""

import json
import math
import multiprocessing
import selectors
import socket
import threading
import time

import run
from run import connection, sentence

TICK = 0.01  # seconds between two bursts of a device
SENTENCES, FRAMES = 2000, 20000  # a second
PROBES = {"udp": "environment.outside.temperature", "nmea": "environment.water.temperature", "n2k": "environment.depth.belowTransducer"}


# ---- what the instruments send ----


def frame(can_id, data):
    return f"10:00:00.000 R {can_id:08X} {data.hex(' ').upper()}\r\n".encode()


def sentences(count):
    """Sentences that give a delta each, some of them of other vessels."""
    kinds = [lambda i: sentence(f"$IIHDT,{i % 360}.5,T"), lambda i: sentence(f"$IIMWV,{i % 360},R,{i % 40}.5,N,A"),
             lambda i: sentence(f"$IIVHW,,T,,M,{i % 20}.14,N,,K"), lambda i: b"!AIVDM,1,1,,A,13KdO60034Qk?WtRHUJQ3@ol05Cd,0*55\r\n"]
    return [kinds[i % len(kinds)](i) for i in range(count)]


def frames(count):
    """Single frames that give a delta each: heading, speed, position, course, wind, rudder; of several devices."""
    def kinds(i):
        a = i % 6000
        return [(0x09F11200, bytes([255]) + a.to_bytes(2, "little") + b"\xff\x7f\xff\x7f\xfc"),
                (0x09F50300, bytes([255]) + (a % 900).to_bytes(2, "little") + b"\xff\xff\x00\xff\xff"),
                (0x09F80100, (597249807 + i).to_bytes(4, "little") + (247366563 + i).to_bytes(4, "little")),
                (0x09F80200, b"\xff\xfc" + a.to_bytes(2, "little") + (a % 800).to_bytes(2, "little") + b"\xff\xff"),
                (0x09FD0200, bytes([255]) + (a % 2000).to_bytes(2, "little") + a.to_bytes(2, "little") + b"\xfa\xff\xff"),
                (0x09F10D00, b"\xff\xf8\xff\x7f" + (a % 5000).to_bytes(2, "little") + b"\xff\xff")][i % 6]
    return [frame(kinds(i)[0] | 10 + i // 6 % 20, kinds(i)[1]) for i in range(count)]


# A probe is a value that only it sends: (line, value as the client sees it).
def probe_udp(i):
    return sentence(f"$YXMTA,{i / 10:.1f},C"), i / 10 + 273.15


def probe_nmea(i):
    return sentence(f"$YXMTW,{i / 10:.1f},C"), i / 10 + 273.15


def probe_n2k(i):
    return frame(0x0DF50B7F, b"\x01" + (10000 + i).to_bytes(4, "little") + b"\xff\x7f\xff"), (10000 + i) / 100


def send_all(ports, secs, done):
    """Two devices over TCP and one over UDP, in bursts; tells how many lines went out, and when each probe did."""
    lines = {"nmea": sentences(int(SENTENCES * TICK) * 300), "n2k": frames(int(FRAMES * TICK) * 300)}
    burst = {"nmea": int(SENTENCES * TICK) - 1, "n2k": int(FRAMES * TICK) - 1}  # and a probe
    blocks = {name: [b"".join(lines[name][at:at + n]) for at in range(0, len(lines[name]) - n, n)] for name, n in burst.items()}
    probes = {"nmea": probe_nmea, "n2k": probe_n2k}
    out = {name: socket.create_server(("127.0.0.1", ports[name])) for name in burst}
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    done.send("listening")
    links = {name: listener.accept()[0] for name, listener in out.items()}
    for link in links.values():
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    done.send("connected")
    done.recv()
    sent, when, late = {"nmea": 0, "n2k": 0, "udp": 0}, {name: [] for name in PROBES}, 0.0
    began = time.monotonic()
    for turn in range(int(secs / TICK)):
        wait = began + turn * TICK - time.monotonic()
        late = max(late, -wait)
        if wait > 0:
            time.sleep(wait)
        for name, link in links.items():
            line, value = probes[name](turn)
            when[name].append((value, time.monotonic()))
            link.sendall(blocks[name][turn % len(blocks[name])] + line)
            sent[name] += burst[name] + 1
        line, value = probe_udp(turn)
        when["udp"].append((value, time.monotonic()))
        udp.sendto(line, ("127.0.0.1", ports["udp"]))
        sent["udp"] += 1
    done.send((sent, when, late, time.monotonic() - began))
    done.recv()


# ---- who reads ----


def open_stream(port, query, *messages):
    s = run.subscribe(port, query)
    for message in messages:
        s.sendall(masked(json.dumps(message).encode()))
    return s


def masked(text):
    head = bytes([0x81, 0x80 | len(text)]) if len(text) < 126 else bytes([0x81, 0xFE]) + len(text).to_bytes(2, "big")
    return head + bytes(4) + text  # a mask of zeros


def read_clients(port, count, query, done):
    """Clients that read all they are sent, whatever it is."""
    wanted = {"context": "vessels.self", "subscribe": [{"path": "*", "period": 1000}]}
    streams = [open_stream(port, query, *([wanted] if query.endswith("none") else [])) for _ in range(count)]
    selector = selectors.DefaultSelector()
    room, total, closed = bytearray(1 << 20), 0, 0
    for s in streams:
        s.setblocking(False)
        selector.register(s, selectors.EVENT_READ)
    selector.register(done, selectors.EVENT_READ)
    done.send("reading")
    while True:
        for key, _ in selector.select():
            if key.fileobj is done:
                done.send((total, closed))
                return
            n = key.fileobj.recv_into(room)
            total += n
            if n == 0:
                closed += 1
                selector.unregister(key.fileobj)


def read_probes(port, done):
    """One client that is told of the probes at once: when each value came first."""
    wanted = {"context": "vessels.self", "subscribe": [{"path": path, "policy": "instant"} for path in PROBES.values()]}
    s = open_stream(port, "subscribe=none&sendCachedValues=false", wanted)
    names = {path.encode(): name for name, path in PROBES.items()}
    seen, kept = {name: {} for name in PROBES}, b""
    done.send("reading")
    s.settimeout(0.5)
    while True:
        if done.poll():
            done.send(seen)
            return
        try:
            part = s.recv(262144)
        except TimeoutError:
            continue
        if not part:
            raise RuntimeError("the server closed the stream of the probes")
        now = time.monotonic()
        kept += part
        *parts, kept = kept.split(b'{"path":"')
        for part in parts + [kept]:
            path, _, rest = part.partition(b'","value":')
            number = rest.partition(b"}")[0]
            if path in names and b"}" in rest and number.replace(b".", b"").isdigit():
                seen[names[path]].setdefault(round(float(number), 2), now)
        kept = b'{"path":"' + kept if kept else b""


# ---- the run ----


def spawn(target, *args):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=target, args=(*args, theirs), daemon=True)
    process.start()
    return process, ours


def gaps(sent, seen):
    """Milliseconds from sending to seeing, and how many never came (a value that is replaced before its turn ends may not)."""
    took = [(seen[round(value, 2)] - at) * 1000 for value, at in sent if round(value, 2) in seen]
    return sorted(took), len(sent) - len(took)


def busy(b, args, verdict):
    udp, nmea, n2k = run.free_ports(3)
    settings = {"pipedProviders": [connection("udp", "NMEA0183", {"type": "udp", "port": udp}),
                                   connection("nmea", "NMEA0183", {"type": "tcp", "host": "127.0.0.1", "port": nmea}),
                                   connection("n2k", "NMEA2000", {"type": "ydwg02-canboatjs", "host": "127.0.0.1", "port": n2k})],
                "wsPingInterval": False}  # none of the clients answers pings: after a minute they would be let go
    sender, to_sender = spawn(send_all, {"udp": udp, "nmea": nmea, "n2k": n2k}, args.secs)
    assert to_sender.recv() == "listening"
    loops = ("bad-delta-loop", "bad-delta-loop", {"path": "navigation.headingTrue", "after": 1})
    with b.start([loops], settings=settings) as s:
        s.first_answer("/signalk")
        run.wait_running(s, 1)
        assert to_sender.recv() == "connected"
        query = "subscribe=none" if args.paced else "subscribe=self&sendCachedValues=false"
        readers, to_readers = spawn(read_clients, s.port, 100, query)
        prober, to_prober = spawn(read_probes, s.port)
        assert to_readers.recv() == to_prober.recv() == "reading"
        watch = Watch(s.port)
        time.sleep(0.5)
        cpu = run.cpu_clock(s.pid)
        to_sender.send("go")
        sent, when, late, took = to_sender.recv()
        cpu = run.cpu_clock(s.pid) - cpu
        watch.wait_for(3)  # the counters of a second after the end, and more
        counted = watch.connections
        plugin = [p for p in run.Client(s.port).json("/skServer/plugins") if p["id"] == "bad-delta-loop"]
        to_prober.send("stop")
        seen = to_prober.recv()
        to_readers.send("stop")
        read, closed = to_readers.recv()
        to_sender.send("stop")
        for process in (sender, readers, prober):
            process.join(10)
    print(f"{sum(sent.values()) / took:,.0f} lines a second for {took:.1f} s, 100 clients ({'a value a second' if args.paced else 'all of it'}), "
          f"{read / took / 1e6:.1f} MB/s to them, server {100 * cpu / took:.0f} % of a processor, the sender late by {late * 1000:.1f} ms at most; "
          f"plugin: {plugin[0].get('state')} after {plugin[0].get('crashCount', '?')} crashes")
    for name in sent:
        got = counted[name]
        verdict.line(f"{name}: lines lost of {sent[name]}", sent[name] - got["received"], 0)
        bad = sum(got[k] for k in ("badChecksums", "garbage", "oversized", "incomplete"))
        verdict.line(f"{name}: lines damaged", bad, 0)
        verdict.line(f"{name}: lines without a delta", sent[name] - got["deltaCount"], 0)
        times, missing = gaps(when[name], seen[name])
        verdict.line(f"{name}: line to client, median of {len(times)}", times[len(times) // 2] if times else math.inf, unit="ms")
        verdict.line(f"{name}: line to client, p99", times[int(len(times) * 0.99)] if times else math.inf, unit="ms")
        verdict.line(f"{name}: line to client, worst", times[-1] if times else math.inf, unit="ms")
        verdict.line(f"{name}: probes that no client saw", missing, len(when[name]) // 100)
    verdict.line("the server's loop, longest turn", watch.turn, unit="ms")
    verdict.line("  longest that a line may have waited for it", watch.wait, args.gap, "ms")
    verdict.line("  most processor time of a turn", watch.work, args.gap / 2, "ms")
    verdict.line("clients that were cut off", closed, 0)


class Watch(threading.Thread):
    """Hears the server's statistics: the last of each connection, and the longest turns of its loop."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.stream = run.subscribe(port, "subscribe=none&serverevents=all")
        self.connections, self.turn, self.wait, self.work, self.events = {}, 0.0, 0.0, 0.0, 0
        self.start()

    def wait_for(self, more, limit=60):
        """Until so many more have come."""
        wanted, end = self.events + more, time.monotonic() + limit
        while self.events < wanted:
            if not self.is_alive() or time.monotonic() > end:
                raise RuntimeError("the server's statistics do not come any more")
            time.sleep(0.1)

    def run(self):
        kept = b""
        while part := self.stream.recv(262144):
            kept += part
            at = kept.find(b'{"type":"SERVERSTATISTICS"')
            if at < 0:
                kept = kept[-64:]
                continue
            try:
                event, size = json.JSONDecoder().raw_decode(kept[at:].decode("latin1"))
            except ValueError:
                continue
            kept = kept[at + size:]
            self.connections = event["data"]["providerStatistics"]
            if self.events > 0:  # the first is of the time before
                self.turn = max(self.turn, event["data"]["loop"]["longestTurnMs"])
                self.wait = max(self.wait, event["data"]["loop"]["longestWaitMs"])
                self.work = max(self.work, event["data"]["loop"]["busiestTurnMs"])
            self.events += 1
