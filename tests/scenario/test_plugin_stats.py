"""What plugins cost, over HTTP and on the command line."""
import json

import pytest

from harness import packages
from harness.server import command
from harness.waiting import eventually


def skiff(server, *words, url=None):
    return command("plugin", "stats", *words, "--url", url or f"http://127.0.0.1:{server.port}")


@pytest.fixture
def boat(config, launch):
    config.enable(config.install(packages.built("probe-abi")), {"republish": True})
    config.enable(config.install(packages.built("bad-trap")))
    config.install(packages.built("guide-rust"))
    server = launch()
    server.wait_plugin("probe-abi", state="running")
    server.wait_plugin("bad-trap", state="error", timeout=90)
    return server


def test_figures_of_one_and_of_all(boat):
    one = eventually(lambda: [f for f in [boat.get("/plugins/probe-abi/_stats").ok()] if f["deltasIn"] > 5])[0]
    assert one["state"] == "running"
    assert one["starts"] == 1 and one["crashes"] == 0
    assert one["cpuMicroseconds"] > 0 and one["memoryBytes"] >= 65536
    exports = {entry["name"]: entry for entry in one["exports"]}
    assert exports["plugin_start"]["calls"] == 1
    assert exports["poll"]["calls"] >= 1 and exports["delta_handler"]["calls"] > 5
    for entry in exports.values():
        assert 0 < entry["p50Microseconds"] <= entry["p99Microseconds"] <= entry["maxMicroseconds"] <= entry["totalMicroseconds"]
    assert one["calls"] >= sum(entry["calls"] for entry in exports.values())
    assert one["limits"]["memoryMiB"] == 64

    boat.get("/plugins/probe-abi/api/state").ok()
    every = {entry["id"]: entry for entry in boat.get("/plugins/_stats").ok()}
    assert set(every) == {"probe-abi", "bad-trap", "guide-rust"}
    assert any(entry["name"].startswith("http_") or entry["name"].startswith("handle_") for entry in every["probe-abi"]["exports"])
    assert every["guide-rust"]["starts"] == 0


def test_crashes_with_the_names_of_the_functions(boat):
    figures = boat.get("/plugins/bad-trap/_stats").ok()
    assert (figures["crashes"], figures["starts"], figures["restarts"]) == (4, 4, 3)
    assert len(figures["traps"]) == 4
    assert figures["traps"][0]["text"] == figures["lastTrap"]
    assert "unreachable" in figures["lastTrap"] and "\n    at " in figures["lastTrap"]
    assert figures["traps"][0]["time"] > figures["traps"][3]["time"]


def test_on_the_command_line(boat):
    table = skiff(boat)
    assert table.returncode == 0, table.stderr
    lines = {line.split()[0]: line.split() for line in table.stdout.splitlines()}
    assert list(lines)[0] == "PLUGIN"
    assert lines["bad-trap"][1] == "error"
    assert lines["guide-rust"][1] == "stopped"
    detail = skiff(boat, "probe-abi")
    assert detail.returncode == 0, detail.stderr
    assert "delta_handler" in detail.stdout and "deadlineMisses" in detail.stdout
    assert "unreachable" in skiff(boat, "bad-trap").stdout
    assert json.loads(skiff(boat, "probe-abi", "--json").stdout)["id"] == "probe-abi"
    assert len(json.loads(skiff(boat, "--json").stdout)) == 3


@pytest.mark.parametrize("words, url, says", [
    (["nobody"], None, "there is no plugin 'nobody'"),
    ([], "http://127.0.0.1:1", "no server answers at 127.0.0.1 port 1"),
    ([], "boat:3000", "no address of the form http://host:port"),
    (["--nonsense"], None, "see skiff plugin stats --help"),
])
def test_what_is_wrong_is_said(launch, words, url, says):
    failed = skiff(launch(), *words, url=url)
    assert failed.returncode != 0
    assert says in failed.stderr
    assert failed.stdout == ""


def test_unknown_commands_are_named(launch):
    failed = command("plugin", "dance")
    assert failed.returncode == 2
    assert "unknown command 'plugin dance'" in failed.stderr
