"""A server that dies again and again starts without plugins, says why, and comes back when the user says so."""
import pytest

from harness import packages
from harness.waiting import eventually


@pytest.fixture
def crashed(config, launch):
    """A server that was killed three times right after its start, now running for the fourth time."""
    package = config.install(packages.built("guide-rust"))
    config.enable(package, {"maxRadius": 5})
    server = launch()
    server.package = package
    for _ in range(3):
        assert server.get("/skServer/safeMode").ok() == {"active": False, "reason": ""}
        server.kill()
        server.restart()
    return server


def test_three_deaths_in_a_minute_start_without_plugins(crashed):
    server = crashed
    state = server.get("/skServer/safeMode").ok()
    assert state["active"] is True
    assert "died 3 times" in state["reason"]
    server.wait_log("safe mode: the server died 3 times")
    entry = server.wait_plugin(server.package, state="disabled")
    assert entry["statusMessage"] == state["reason"]
    assert entry["data"]["enabled"] is True
    # the rest of the server is there, and a configuration can be saved; the plugin stays off
    assert server.api("vessels/self/name").status == 200
    assert server.configure(server.package, {"maxRadius": 6}).status == 200
    assert server.plugin(server.package)["state"] == "disabled"
    # another death changes nothing
    server.kill()
    server.restart()
    assert server.get("/skServer/safeMode").ok()["active"] is True


def test_a_clean_stop_ends_it(crashed):
    server = crashed
    assert server.get("/skServer/safeMode").ok()["active"] is True
    server.stop()
    assert not server.config.exists("skiff-run.json")
    server.restart()
    assert server.get("/skServer/safeMode").ok()["active"] is False
    server.wait_plugin(server.package, state="running")


def test_the_user_can_leave_it(crashed):
    server = crashed
    assert server.post("/skServer/safeMode", json={"active": True}).status == 400
    assert server.post("/skServer/safeMode", json={"active": False}).ok() == {"active": False, "reason": ""}
    server.wait_plugin(server.package, state="running", statusMessage="Running")
    eventually(lambda: server.value("test.guide.maxRadius") == 5)
    eventually(lambda: server.config.json("skiff-run.json")["safeMode"] == "")
    server.kill()
    server.restart()
    assert server.get("/skServer/safeMode").ok()["active"] is False
    server.wait_plugin(server.package, state="running")


def test_it_can_be_asked_for_on_the_command_line(config, launch):
    package = config.install(packages.built("guide-rust"))
    config.enable(package)
    server = launch("--safe-mode")
    assert "--safe-mode" in server.get("/skServer/safeMode").ok()["reason"]
    server.wait_plugin(package, state="disabled")
    server.stop()
    server.args.remove("--safe-mode")
    server.restart()
    server.wait_plugin(package, state="running")
