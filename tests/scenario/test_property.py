"""
Random deltas, subscriptions and PUTs, checked against a simple model of what a Signal K server must do, written here without a
look at the server's code: the tree over REST, every stream, every answer. The deltas come in by WebSocket, TCP and UDP in turn, and are
heard by WebSocket and TCP. A failure prints the seed; SKIFF_SEED repeats it.
"""
import json
import os
import random

import pytest

from harness.instruments import connection, send_udp
from harness.server import SELF, free_port
from harness.streams import MARKER, is_marker, marker_delta, new_mark, values_in
from harness.waiting import Late, eventually

SEEDS = [int(os.environ["SKIFF_SEED"])] if "SKIFF_SEED" in os.environ else [1, 2, 3, 4, 5, 6]
ROUNDS = 40
STEPS = 25  # per round

OTHERS = ["vessels.urn:mrn:imo:mmsi:230000001", "vessels.urn:mrn:imo:mmsi:230000002", "aircraft.urn:mrn:imo:mmsi:111230001"]
PATHS = ["a", "a.b", "a.b.c", "a.x", "nav.speed", "nav.course.true", "tanks.fuel.0.level", "tanks.fuel.1.level", "odd.näme-1"]
SOURCES = ["gps.A", "gps.B", "plain", "n2k.43"]
RANKED = ["nav.speed", "nav.course.true"]
RANKING = SOURCES  # all of them: an unlisted one may speak after ten seconds, and this test does not look at the clock
PATTERNS = ["*", "a.*", "a", "a.b", "*.c", "nav.*", "tanks.*.level", "tanks.fuel.1.level", "nobody.*", "*e*"]
CONTEXTS = ["vessels.self", "*", "vessels.*", OTHERS[0], "aircraft.*", SELF]


def glob(pattern, text):
    """`*` is any run of characters. Written out, so that it shares nothing with any library's idea of a wildcard."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] == text[0] and glob(pattern[1:], text[1:])


def context_matches(wanted, context):
    return context == SELF if wanted == "vessels.self" else glob(wanted, context)


class Model:
    """What the boat knows: per context and path, each source's last value, and which of them shows."""

    def __init__(self, ranked):
        self.leaves = {}  # (context, path): {"values": {source: (value, timestamp)}, "shown": source, "all": {source: …}}
        self.ranked = ranked

    def accepts(self, context, path, source):
        """With an endless fallback time only a source at least as good as the one that speaks may speak."""
        leaf = self.leaves.get((context, path))
        if not self.ranked or context != SELF or path not in RANKED or leaf is None or leaf["shown"] is None:
            return True
        return RANKING.index(source) <= RANKING.index(leaf["shown"])

    def take(self, context, path, source, value, timestamp):
        """True when it passed."""
        passed = self.accepts(context, path, source)
        leaf = self.leaves.setdefault((context, path), {"values": {}, "shown": None, "all": {}})
        leaf["all"][source] = (value, timestamp)
        if passed:
            leaf["values"][source] = (value, timestamp)
            leaf["shown"] = source
        return passed

    def expected_leaf(self, context, path):
        leaf = self.leaves[context, path]
        value, timestamp = leaf["values"][leaf["shown"]]
        expected = {"value": value, "$source": leaf["shown"], "timestamp": timestamp}
        if len(leaf["values"]) > 1:
            expected["values"] = {source: {"value": v, "timestamp": t} for source, (v, t) in leaf["values"].items()}
        return expected

    def tree(self, context):
        tree = {}
        for (found, path) in self.leaves:
            if found == context:
                node = tree
                for segment in path.split("."):
                    node = node.setdefault(segment, {})
                node.update(self.expected_leaf(context, path))
        return tree

    def cached(self, wanted, pattern, all_sources):
        """Sorted (context, source, path, value) that a new subscription gets first."""
        found = []
        for (context, path), leaf in self.leaves.items():
            if context_matches(wanted, context) and glob(pattern, path):
                governed = self.ranked and context == SELF and path in RANKED
                if all_sources:
                    chosen = leaf["all"]
                elif governed:
                    chosen = {leaf["shown"]: leaf["values"][leaf["shown"]]}
                else:
                    chosen = leaf["values"]
                found += [(context, source, path, value) for source, (value, _) in chosen.items()]
        return found


class TcpFeeder:
    """Sends deltas as lines, and hears its own marks."""

    def __init__(self, server):
        self.stream = server.tcp()
        self.stream.hello()
        self.stream.subscribe(MARKER)

    def send(self, delta):
        self.stream.send(delta)

    def mark(self):
        number = new_mark()
        self.send(marker_delta(number))
        self.stream.until(is_marker(number))
        return number


class UdpFeeder:
    """Sends deltas as datagrams to a connection of the settings. There are never more on their way than a socket holds."""

    def __init__(self, server, port):
        self.port = port
        self.watcher = server.stream("?subscribe=none")
        self.watcher.hello()
        self.watcher.subscribe(MARKER)
        eventually(self.arrives, "the connection", timeout=30)

    def arrives(self):
        try:
            return self.mark(timeout=0.5)
        except Late as late:
            raise AssertionError(str(late)) from None

    def send(self, delta):
        send_udp(self.port, json.dumps(delta) + "\n")

    def mark(self, **how):
        number = new_mark()
        self.send(marker_delta(number))
        self.watcher.until(is_marker(number), **how)
        return number


class Client:
    """A stream with its rows, and what it should have got since the last look."""

    kept = ()

    def __init__(self, server, random_, model):
        self.feed = random_.choice(["none", "self", "all"])
        self.all_sources = random_.random() < 0.5
        self.rows = []
        self.expected = []
        self.stream = server.stream(f"?subscribe={self.feed}" + ("&sourcePolicy=all" if self.all_sources else ""))
        self.stream.hello()
        if self.feed != "none":
            for wanted in ["vessels.self"] if self.feed == "self" else ["*"]:
                self.expected += model.cached(wanted, "*", self.all_sources)
        self.stream.subscribe({"path": MARKER}, context="vessels.self")

    def subscribe(self, wanted, pattern, model):
        self.rows.append((wanted, pattern))
        self.expected += model.cached(wanted, pattern, self.all_sources)
        self.stream.subscribe({"path": pattern}, context=wanted)

    def unsubscribe(self):
        self.stream.unsubscribe_all()
        self.stream.subscribe({"path": MARKER}, context="vessels.self")
        self.rows, self.feed = [], "none"

    def hears(self, context, source, path, value, passed):
        if not passed and not self.all_sources:
            return
        if self.feed == "all" or (self.feed == "self" and context == SELF):
            self.expected.append((context, source, path, value))
        self.expected += [(context, source, path, value) for wanted, pattern in self.rows
                          if context_matches(wanted, context) and glob(pattern, path)]

    def check(self, mark, seed):
        came = [*self.kept, *self.stream.collect_until_marker(mark)]
        self.kept = ()
        got = [found for message in came for found in values_in(message) if found[2] in PATHS]
        key = repr
        assert sorted(got, key=key) == sorted(self.expected, key=key), f"seed {seed}: feed {self.feed}, all {self.all_sources}, rows {self.rows}"
        # The same values of one source and path, in the order in which they were sent.
        order = lambda values: {(c, s, p): [v for c2, s2, p2, v in values if (c2, s2, p2) == (c, s, p)] for c, s, p, _ in values}
        if len(self.rows) + (self.feed != "none") == 1:
            assert order(got) == order(self.expected), f"seed {seed}"
        self.expected = []


class TcpClient(Client):
    """The same on the TCP port, where there is no default feed, no choice of sources, and no ping to wait for."""

    def __init__(self, server, random_, model):
        self.feed, self.all_sources, self.rows, self.expected, self.kept = "none", False, [], [], []
        self.stream = server.tcp()
        self.stream.hello()
        self.stream.subscribe(MARKER)
        self.settle()

    def settle(self):
        number = new_mark()
        self.stream.send(marker_delta(number))
        self.kept += self.stream.collect_until_marker(number)

    def subscribe(self, wanted, pattern, model):
        self.rows.append((wanted, pattern))
        self.expected += model.cached(wanted, pattern, False)
        self.stream.subscribe(pattern, context=wanted)
        self.settle()

    def unsubscribe(self):
        self.stream.send({"context": "*", "unsubscribe": [{"path": "*"}]})
        self.stream.subscribe(MARKER)
        self.settle()
        self.rows = []

    def check(self, mark, seed):
        super().check(mark, seed)
        self.kept = []


def strip(node):
    """The tree without what the model does not tell of: metadata."""
    return {key: strip(value) if isinstance(value, dict) and key not in ("value",) else value for key, value in node.items() if key != "meta"}


def some_value(random_):
    return random_.choice([random_.randint(-5, 5), random_.random(), "text", "", True, False, None, {"latitude": 60.5, "longitude": -1}, [1, "x", None]])


class Voyage:
    def __init__(self, server, seed, ranked, feeder):
        self.server, self.seed, self.random = server, seed, random.Random(seed)
        self.model = Model(ranked)
        self.feeder = feeder
        self.feeder.mark()
        self.clock = 0
        self.clients = [kind(server, self.random, self.model) for kind in (Client, Client, TcpClient)]
        self.device = server.stream("?subscribe=none")  # publishes a switch, and so takes PUTs for it
        self.device.hello()
        self.device.send({"updates": [{"$source": "dev", "values": [{"path": "switches.s", "value": 0}]}]})
        self.device.settle()

    def some_delta(self):
        context = self.random.choice([None, "vessels.self", SELF, *OTHERS])
        updates, told = [], []
        for _ in range(self.random.randint(1, 3)):
            self.clock += 1
            source, timestamp = self.random.choice(SOURCES), f"2026-01-01T00:{self.clock // 60 % 60:02}:{self.clock % 60:02}.{self.clock // 3600:03}Z"
            values = [{"path": path, "value": some_value(self.random)} for path in self.random.sample(PATHS, self.random.randint(1, 4))]
            updates.append({"$source": source, "timestamp": timestamp, "values": values})
            told += [(source, timestamp, entry["path"], entry["value"]) for entry in values]
        if self.random.random() < 0.2:  # what is wrong goes alone
            updates.insert(self.random.randint(0, len(updates)), self.random.choice([None, 7, {"values": {}}, {"values": [None]}, {"values": [{"path": 1, "value": 1}]}, {}]))
        self.feeder.send({"updates": updates, **({"context": context} if context else {})})
        resolved = SELF if context in (None, "vessels.self") else context
        for source, timestamp, path, value in told:
            passed = self.model.take(resolved, path, source, value, timestamp)
            for client in self.clients:
                client.hears(resolved, source, path, value, passed)

    def some_subscription(self):
        self.look()
        self.random.choice(self.clients).subscribe(self.random.choice(CONTEXTS), self.random.choice(PATTERNS), self.model)

    def some_unsubscription(self):
        self.look()
        self.random.choice(self.clients).unsubscribe()

    def some_put(self):
        """Taken by the device, refused where nobody is, malformed."""
        value, code = self.random.randint(0, 9), self.random.choice([200, 400, 502])
        answer = self.server.put("/signalk/v1/api/vessels/self/switches/s", {"value": value})
        assert (answer.status, answer.json()["state"]) == (202, "PENDING"), f"seed {self.seed}"
        asked = self.device.until(lambda m: "put" in m)
        assert asked["put"] == [{"path": "switches.s", "value": value}] and asked["requestId"] == answer.json()["requestId"]
        self.device.send({"requestId": asked["requestId"], "state": "COMPLETED", "statusCode": code, "message": "so"}).settle()
        found = self.server.get(answer.json()["href"]).ok()
        assert (found["state"], found["statusCode"], found["message"]) == ("COMPLETED", code, "so"), f"seed {self.seed}"
        nobody = self.random.choice(["a/b", "nobody/here"])
        assert self.server.put(f"/signalk/v1/api/{OTHERS[0].replace('.', '/', 1)}/{nobody}/q", {"value": 1}).status == 405
        assert self.server.put("/signalk/v1/api/vessels/self/switches/s", {"val": 1}).status == 400

    def look(self):
        """Everything sent so far is in the tree and in every stream, and nothing else."""
        mark = self.feeder.mark()
        for client in self.clients:
            client.check(mark, self.seed)

    def look_at_tree(self):
        for context in [SELF, *OTHERS]:
            expected = self.model.tree(context)
            answer = self.server.api(context.replace(".", "/", 1))
            found = strip(answer.ok()) if answer.status == 200 else {}
            assert {key: value for key, value in found.items() if key in {path.split(".")[0] for path in PATHS}} == expected, f"seed {self.seed}: {context}"
        (context, path), leaf = self.random.choice(list(self.model.leaves.items()))
        base = context.replace(".", "/", 1) + "/" + path.replace(".", "/").replace("ä", "%C3%A4")
        assert self.server.api(base + "/value").ok() == leaf["values"][leaf["shown"]][0], f"seed {self.seed}: {base}"


def feeder_of(kind, config, launch):
    """A running server, and what feeds it."""
    port = free_port()
    if kind == "UDP":
        config.settings(pipedProviders=[connection("radio", "udp", {"port": port}, "SignalK")])
    server = launch()
    return server, server.feeder() if kind == "WebSocket" else TcpFeeder(server) if kind == "TCP" else UdpFeeder(server, port)


@pytest.mark.parametrize("ranked", [False, True], ids=["plain", "ranked"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_voyage_is_what_the_model_says(launch, config, seed, ranked):
    if ranked:
        config.write("priorities.json", {"priorityOverrides": {
            path: [{"sourceRef": source, "timeout": 0 if source == RANKING[0] else 10**9} for source in RANKING] for path in RANKED}})
    server, feeder = feeder_of(["WebSocket", "TCP", "UDP"][seed % 3], config, launch)
    voyage = Voyage(server, seed, ranked, feeder)
    steps = [voyage.some_delta] * 20 + [voyage.some_subscription] * 3 + [voyage.some_unsubscription, voyage.some_put]
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            voyage.random.choice(steps)()
        voyage.look()
        if voyage.model.leaves:
            voyage.look_at_tree()
