"""
More than two hundred plugins that do what none should (harness/hostile.py), those of a kind side by side: each is stopped, or goes
on, alone; the listing says why; the server answers all the while and a good plugin is polled on, one by one.
"""
import os
import socket
import time

import pytest

from harness import hostile, packages
from harness.server import NAME, plugin_id
from harness.streams import has_path, values_in
from harness.waiting import Late, eventually

GOOD = "probe-abi"  # counts its polls on test.abi.polls
SLOW_ANSWER = 3.0  # seconds: far below the deadline of any plugin call added up, far above what a busy test machine needs
SHORT = {"startSeconds": 1, "callSeconds": 1, "requestSeconds": 1}  # for the hostile ones only


class Harbour:
    """One server with the good plugin and all the cases of a kind, installed and enabled."""

    def __init__(self, config, launch, cases, limits=None):
        self.config, self.cases = config, cases
        names = [case.name for case in cases]
        assert len(names) == len(set(names))
        config.settings(pluginLimits={"plugins": {name: {**SHORT, **(limits or {})} for name in names}})
        config.enable(config.install(packages.built(GOOD)))
        for case in cases:
            config.write_package(case.name, case.wasm, **case.members)
            config.enable(case.name)
        self.server = launch()
        self.slowest = 0.0
        self.good = self.server.stream("?subscribe=none")
        self.good.hello()
        self.good.subscribe("test.abi.polls")

    def look(self):
        """The listing by name. How long the server takes to answer is watched by the way."""
        began = time.monotonic()
        assert self.server.get("/signalk").status == 200
        self.slowest = max(self.slowest, time.monotonic() - began)
        assert self.slowest < SLOW_ANSWER, f"one answer took {self.slowest:.2f} s"
        return self.server.plugins()

    def trigger(self, case):
        """What has to come from outside. Once more when it runs again before anybody looked: then it takes longer to come back."""
        if case.trigger == "delta":
            self.server.feeder().values(test__trigger=1)
        elif case.trigger == "get":
            answer = self.server.get(f"/plugins/{case.name}/go", timeout=30)
            assert answer.status in (500, 503, 504), (case.name, answer)
            assert answer.json()["error"], case.name
        elif case.trigger == "put":
            assert self.server.put(f"/signalk/v1/api/vessels/self/test/hostile/{case.name}", {"value": 1}, timeout=30).status in (405, 500, 503, 504), case.name
        elif case.trigger == "stop":
            assert self.server.configure(case.name, enabled=False).status == 200

    def as_expected(self, case, entry):
        message = entry["statusMessage"].lower()
        return entry["state"] in case.states and (not case.words or any(word.lower() in message for word in case.words))

    def settle(self, timeout=120):
        """Until each plugin was seen as expected once; whoever was is switched off if it would start again."""
        waiting = {case.name: case for case in self.cases}
        end = time.monotonic() + timeout
        while waiting:
            entries = self.look()
            for case in list(waiting.values()):
                entry = entries[case.name]
                if case.trigger and entry["state"] == "running":
                    self.trigger(case)
                    if "running" in case.states:
                        del waiting[case.name]
                elif self.as_expected(case, entry):
                    del waiting[case.name]
                    if entry["state"] == "crashed":
                        self.server.configure(case.name, enabled=False)
            if time.monotonic() > end:
                entries = self.look()
                seen = {name: (entries[name]["state"], entries[name]["statusMessage"]) for name in waiting}
                raise Late(f"not as expected within {timeout} s: {seen}")
            time.sleep(0.03)

    def finish(self):
        """The server is well, and the good plugin was neither stopped nor restarted."""
        self.server.wait_plugin(GOOD, state="running")
        assert self.server.api("vessels/self/name").ok() == NAME
        counts = [value for message in self.good.collect_until(has_path("test.abi.polls"), 30) for _, _, _, value in values_in(message)]
        while len(counts) < 3:
            counts += [value for _, _, _, value in values_in(self.good.recv(30))]
        assert counts == list(range(counts[0], counts[0] + len(counts)))
        assert self.server.get(f"/plugins/{GOOD}/_stats").ok()["starts"] == 1


KINDS = {  # and how many of a kind there are at least
    "loops": (hostile.loops, 17),
    "traps": (hostile.traps, 22),
    "traps-in-each-export": (hostile.traps_in_each_export, 14),
    "growth": (hostile.growth, 13),
    "pointers": (hostile.pointers, 45),
    "shapes": (hostile.shapes, 37),
    "texts": (hostile.texts_too_large_or_lying, 34),
    "allocations": (hostile.allocations, 10),
    "files": (hostile.broken_files, 46),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_harms_itself_only_and_the_listing_says_why(kind, config, launch):
    make, at_least = KINDS[kind]
    cases = make()
    assert len(cases) >= at_least
    harbour = Harbour(config, launch, cases)
    harbour.settle()
    harbour.finish()


def test_floods_drown_only_who_makes_them(config, launch):
    """They run on; what is too much is refused or dropped, and counted where the user can see it."""
    harbour = Harbour(config, lambda: launch(env={"DEBUG": "signalk:wasm:bindings"}), hostile.floods())
    harbour.settle()
    harbour.finish()

    def counted(name, counter):
        eventually(lambda: harbour.server.get(f"/plugins/flood-{name}/_stats").ok()[counter] > 0, f"{counter} of {name}", 60)

    for name, counter in (("deltas", "deltasRefused"), ("notifications", "deltasRefused"), ("log", "logLinesDropped"),
                          ("registrations", "registrationsRefused"), ("output", "logLinesDropped")):
        counted(name, counter)
    for case in harbour.cases:
        assert harbour.server.plugin(case.name)["state"] == "running", case.name


# ---- what lies in the place of the module ----


def test_what_is_no_file_in_the_place_of_the_module(config, launch):
    """Folders, pipes, devices, links in a circle, links to nothing: listed with a reason, and nobody waits for them."""
    names = ["folder", "pipe", "zeros", "nothing", "circle", "dangling", "socket", "unnamed"]
    for name in names:
        config.write_package(name, None, **({"wasmManifest": 7} if name == "unnamed" else {}))
        config.enable(name)

    def place(name):
        return config.plugin_dir(name) / "plugin.wasm"

    place("folder").mkdir()
    os.mkfifo(place("pipe"))
    place("zeros").symlink_to("/dev/zero")
    place("nothing").symlink_to("/dev/null")
    place("circle").symlink_to("plugin.wasm")
    place("dangling").symlink_to("/no/such/place")
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(config.plugin_dir("socket"))  # the name of a socket must be short
    listener.bind("plugin.wasm")
    config.enable(config.install(packages.built(GOOD)))
    server = launch()
    for name in names:
        entry = server.wait_plugin(name, state="error", timeout=30)
        assert entry["statusMessage"], name
        assert server.configure(name).status == 500
    server.wait_plugin(GOOD, state="running")
    assert server.get(f"/plugins/{plugin_id(GOOD)}/config").status == 200
    listener.close()
