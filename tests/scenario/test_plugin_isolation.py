"""A plugin that loops, traps, floods or eats memory harms itself only: the server and the other plugins go on."""
import threading
import time

import pytest

from harness import packages
from harness.server import NAME
from harness.streams import has_value, values_in
from harness.waiting import eventually

GOOD = "probe-abi"  # counts its polls on test.abi.polls
SLOW_ANSWER = 1.0   # seconds; far above what any answer may take, far below any deadline of a plugin call


class Watch:
    """Asks for /signalk all the time, on a thread, and remembers the slowest answer."""

    def __init__(self, server):
        self.server, self.slowest, self.ended = server, 0.0, threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            began = time.monotonic()
            try:
                answer = self.server.get("/signalk")
                assert answer.status == 200, answer
            except Exception as error:
                self.failure = error
                return
            self.slowest = max(self.slowest, time.monotonic() - began)
            if self.ended.wait(0.02):
                return

    def finish(self):
        self.ended.set()
        self.thread.join(15)
        assert self.failure is None, self.failure
        assert self.slowest < SLOW_ANSWER, f"one answer took {self.slowest:.2f} s"


@pytest.fixture
def beside(config, launch):
    """beside(name, config) installs and enables a bad plugin beside the good one on a server that is being watched."""
    watches = []

    def beside(name, configuration=None, enabled=True):
        config.enable(config.install(packages.built(GOOD)))
        config.install(packages.built(name))
        if enabled:
            config.enable(name, configuration)
        server = launch()
        server.wait_plugin(GOOD, state="running")
        watches.append(Watch(server))
        server.good = server.stream("?subscribe=none")
        server.good.hello()
        server.good.subscribe("test.abi.polls")
        return server

    yield beside
    for watch in watches:
        watch.finish()


def still_polled(server):
    """The good plugin's count goes on, one by one: it was neither stopped nor restarted."""
    first = values_in(server.good.recv())[0][3]
    for number in (first + 1, first + 2):
        assert values_in(server.good.recv())[0][3] == number


def told(server, name, *words, timeout=60, **members):
    entry = server.wait_plugin(name, timeout=timeout, **members)
    text = entry["statusMessage"].lower()
    assert any(word in text for word in words), text
    return entry


TOO_LONG = ("deadline", "too long", "timeout", "timed out", "time limit", "did not return", "interrupt", "within", "endless")


# ---- loops ----


def test_a_start_that_never_returns_is_cut_and_said(beside):
    server = beside("bad-start-loop", enabled=False)
    answers = []
    enabling = threading.Thread(target=lambda: answers.append(server.configure("bad-start-loop")))
    enabling.start()
    still_polled(server)
    enabling.join(60)
    assert answers and answers[0].status == 500
    assert answers[0].json()["error"]
    eventually(lambda: server.plugin("bad-start-loop")["state"] != "running")
    told(server, "bad-start-loop", *TOO_LONG)
    still_polled(server)


def test_a_start_that_never_returns_does_not_hold_up_the_boot(beside):
    server = beside("bad-start-loop")
    assert server.api("vessels/self/name").ok() == NAME
    still_polled(server)


def test_a_poll_that_never_returns_is_cut_and_after_some_restarts_given_up(beside):
    server = beside("bad-poll-loop")
    server.wait_plugin("bad-poll-loop", state="running")
    eventually(lambda: server.value("test.badPollLoop.polls") == 3, "the third poll, which loops", 20)
    still_polled(server)
    # it is started afresh: the count begins again
    eventually(lambda: server.value("test.badPollLoop.polls") == 1, "a fresh instance", 30)
    still_polled(server)
    told(server, "bad-poll-loop", *TOO_LONG, state="error", timeout=120)
    still_polled(server)


def test_a_delta_handler_that_never_returns_holds_up_no_delta(beside):
    server = beside("bad-delta-loop", {"path": "test.trigger", "after": 1})
    server.wait_plugin("bad-delta-loop", state="running", statusMessage="armed")
    feeder = server.feeder()
    client = server.stream("?subscribe=none")
    client.hello()
    client.subscribe("a.b")
    feeder.values(test__trigger=1)
    for value in range(50):
        feeder.values(a__b=value)
        client.until(has_value("a.b", value), timeout=SLOW_ANSWER * 2)
    still_polled(server)
    told(server, "bad-delta-loop", *TOO_LONG, state="crashed", timeout=30)
    told(server, "bad-delta-loop", "armed", state="running", timeout=40)


def test_a_handler_that_never_returns_is_answered_504(beside):
    server = beside("bad-trap-put")
    server.wait_plugin("bad-trap-put", state="running")
    began = time.monotonic()
    answer = server.get("/plugins/bad-trap-put/api/loop", timeout=60)
    assert answer.status == 504
    assert answer.json()["error"] == "Plugin handler timeout"
    assert time.monotonic() - began < 30
    still_polled(server)
    eventually(lambda: server.get("/plugins/bad-trap-put/api/good").status == 200, "the plugin after its restart", 30)
    assert server.put("/signalk/v1/api/vessels/self/test/bad/loop", {"value": 1}, timeout=60).status == 504
    still_polled(server)


# ---- traps ----


def test_a_trap_ends_that_instance_and_after_some_restarts_the_plugin(beside):
    server = beside("bad-trap")
    server.wait_plugin("bad-trap", state="running")
    told(server, "bad-trap", "unreachable", "trap", state="error", timeout=90)
    assert "hit_the_rock" in server.log() or "unreachable" in server.log()
    still_polled(server)
    # the user may try again
    assert server.configure("bad-trap", {"again": True}).status == 200
    eventually(lambda: server.value("test.badTrap.polls") == 1, "a new life", 20)


@pytest.mark.parametrize("way, statuses", [
    ("trap", {500}), ("garbage", {500}), ("empty", {500}), ("long", {500}), ("negative", {500}), ("missing", {500}), ("good", {200}),
])
def test_a_bad_http_answer_is_500_and_the_plugin_usable_again(beside, way, statuses):
    server = beside("bad-trap-put")
    server.wait_plugin("bad-trap-put", state="running")
    answer = server.get(f"/plugins/bad-trap-put/api/{way}")
    assert answer.status in statuses
    if answer.status != 200:
        assert answer.json()["error"]
    eventually(lambda: server.get("/plugins/bad-trap-put/api/good").status == 200, "the plugin after that", 30)


@pytest.mark.parametrize("way", ["trap", "garbage", "empty", "long", "negative"])
def test_a_bad_put_answer_is_500_and_exactly_one(beside, way):
    server = beside("bad-trap-put")
    server.wait_plugin("bad-trap-put", state="running")
    client = server.stream("?subscribe=none")
    client.hello()
    client.send({"requestId": "r1", "context": "vessels.self", "put": {"path": f"test.bad.{way}", "value": 1}})
    replies = client.collect_until(lambda m: m.get("state") == "COMPLETED", 30)
    assert replies[-1]["statusCode"] == 500
    assert replies[-1]["message"]
    assert all(reply["state"] == "PENDING" for reply in replies[:-1])
    eventually(lambda: server.put("/signalk/v1/api/vessels/self/test/bad/good", {"value": 1}).status == 200, "the plugin after that", 30)


# ---- memory and floods ----


def test_a_plugin_that_takes_all_memory_meets_its_limit(beside):
    server = beside("bad-memory", {"perPoll": 64})
    refused = eventually(lambda: server.value("test.badMemory.refusals") >= 1 or server.plugin("bad-memory")["state"] == "error", "a refusal", 60)
    assert refused
    with open(f"/proc/{server.process.pid}/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert kilobytes < 1024 * 1024
    still_polled(server)


def test_a_flood_of_deltas_drowns_nobody(beside):
    server = beside("flood", {"count": 20000, "polls": 5})
    server.wait_plugin("flood", state="running")
    feeder = server.feeder()
    client = server.stream("?subscribe=none")
    client.hello()
    client.subscribe("a.b")
    for value in range(20):
        feeder.values(a__b=value)
        client.until(has_value("a.b", value))
    eventually(lambda: server.value("test.flood.done") == 100_000, "the whole flood", 60)
    figures = server.get("/plugins/flood/_stats").ok()
    assert figures["deltasRefused"] + figures["deltasOut"] + figures["deltasOutDropped"] >= 100_000
    assert figures["deltasRefused"] > 50_000  # a thousand a second is what it may
    server.wait_log(r"\[flood\] publishes more deltas a second than it may")
    eventually(lambda: server.value("test.abi.polls"))
    assert server.plugin(GOOD)["state"] == "running"


def test_the_good_plugin_sees_every_delta_it_can_take(config, launch):
    config.enable(config.install(packages.built(GOOD)), {"republish": True})
    server = launch()
    server.wait_plugin(GOOD, state="running")
    feeder = server.feeder()
    for value in range(200):
        feeder.send({"updates": [{"values": [{"path": "a.b", "value": value}]}]})
    feeder.mark()
    eventually(lambda: server.get(f"/plugins/{GOOD}/api/state").ok()["deltas"] >= 200, "all of them")


# ---- odd ways to end ----


@pytest.mark.parametrize("start, stop", [(7, 0), (0, 3)])
def test_return_codes_of_start_and_stop(config, launch, start, stop):
    config.install(packages.built(GOOD))
    server = launch()
    answer = server.configure(GOOD, {"failStart": start, "failStop": stop})
    if start:
        assert (answer.status, answer.json()) == (500, {"error": f"Plugin start() returned error code: {start}"})
        server.wait_plugin(GOOD, state="error")
    else:
        assert answer.status == 200
        server.wait_plugin(GOOD, state="running")
        assert server.configure(GOOD, {}, enabled=False).status == 200  # a refusal to stop is only logged
        server.wait_plugin(GOOD, state="stopped")


def test_the_server_ends_in_time_although_a_plugin_loops(config, launch):
    config.enable(config.install(packages.built("bad-start-loop")))
    server = launch()
    eventually(lambda: server.plugin("bad-start-loop")["statusMessage"] == "spinning")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10


def test_switching_quickly_on_and_off_ends_in_the_last_state(config, launch):
    name = config.install(packages.built("guide-rust"))
    server = launch()
    for number in range(10):
        assert server.configure(name, {"maxRadius": number}, enabled=number % 2 == 0).status == 200
    server.wait_plugin(name, state="stopped")
    assert server.configure(name, {"maxRadius": 1}).status == 200
    server.wait_plugin(name, state="running")


def test_saving_from_two_sides_at_once_leaves_one_whole_file(config, launch):
    name = config.install(packages.built("guide-rust"))
    server = launch()
    threads = [threading.Thread(target=server.configure, args=(name, {"maxRadius": number})) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    saved = config.json(config.plugin_file(name))
    assert saved["configuration"]["maxRadius"] in range(8)
    server.wait_plugin(name, state="running")
    eventually(lambda: server.value("test.guide.maxRadius") == config.json(config.plugin_file(name))["configuration"]["maxRadius"])
