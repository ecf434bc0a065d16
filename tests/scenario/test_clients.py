"""Client code as npm publishes it, unmodified, finds what it expects."""
import pytest

from harness import node, packages
from harness.server import NAME, SELF, SELF_ID
from harness.waiting import eventually

pytestmark = pytest.mark.usefixtures("npm_packages")


@pytest.fixture(scope="session")
def npm_packages():
    node.ready()


@pytest.fixture
def script(server):
    """script(file, args…) runs beside the test, its first argument being the port."""
    return lambda name, *args: server._client(node.Script(name, server.port, *args))


def test_the_javascript_client_reads_the_tree(server, feeder, script):
    feeder.put_values({"navigation.speedOverGround": 3.5}, source="gps.1")
    said = script("signalk-client.js", "read").finish()
    assert said["hello"][0]["self"] == SELF
    assert said["name"] == [NAME]
    assert said["mrn"] == [SELF]
    assert said["version"] == ["0.1.0"]
    assert said["value"] == [3.5]
    assert said["meta"][0]["units"] == "m/s"
    assert said["group"][0]["speedOverGround"]["$source"] == "gps.1"
    assert said["vessels"] == [[SELF_ID]]
    assert "gps" in said["sources"][0]
    assert "404" in said["refused"][0]
    assert "error" not in said


def test_the_javascript_client_follows_the_default_feed(feeder, script):
    running = script("signalk-client.js", "follow")
    running.until("connected")
    feeder.values(navigation__headingTrue=1.25)
    feeder.values(test__last=True)
    said = running.finish()
    assert {"path": "navigation.headingTrue", "value": 1.25, "context": SELF} in said["value"]
    assert "navigation.headingTrue" in [meta["path"] for meta in said["meta"]]


def test_the_javascript_client_changes_its_subscription(feeder, script):
    running = script("signalk-client.js", "subscribe")
    running.until("connected")
    feeder.values(a__zero=1)
    feeder.values(a__one=1)
    running.until("changed")
    feeder.values(a__one=2)

    def second_seen():
        feeder.values(a__two=2)
        return running.process.poll() is not None

    eventually(second_seen, "the second subscription", every=0.1)
    values = running.finish()["value"]
    assert {value["path"] for value in values} == {"a.one", "a.two"}


def test_the_javascript_client_hears_notifications(server, feeder, script):
    # this client tells notifications apart by a timestamp inside the value
    feeder.values(notifications__depth={"state": "normal", "method": [], "message": "deep", "timestamp": "2026-01-01T00:00:00Z"})
    running = script("signalk-client.js", "notifications")
    running.until("connected")
    feeder.values(notifications__depth={"state": "alarm", "method": ["visual"], "message": "shallow", "timestamp": "2026-01-01T00:00:01Z"})
    assert running.finish()["notification"][-1]["message"] == "shallow"


def test_the_javascript_client_puts_to_a_device(server, script):
    device = script("ws-device.js")
    device.until("hello")
    eventually(lambda: server.self_path("electrical.switches.s1.state").status == 200)
    said = script("signalk-client.js", "put", "electrical.switches.s1.state", "1", "7").finish()
    assert [reply["state"] for reply in said["ws-good"]] == ["PENDING", "PENDING", "COMPLETED"]
    assert said["ws-good"][-1]["statusCode"] == 200
    assert said["ws-bad"][-1]["statusCode"] == 400
    assert said["ws-nobody"][-1]["statusCode"] == 405
    assert said["http-good"][0]["state"] == "PENDING"
    assert server.value("electrical.switches.s1.state") == 1


def test_the_ws_package_as_a_device(server, script):
    device = script("ws-device.js")
    assert device.until("hello")["extensions"] == ""  # compression was offered and not taken
    eventually(lambda: server.self_path("electrical.switches.s1.state").status == 200)
    reply = server.put("/signalk/v1/api/vessels/self/electrical/switches/s1/state", {"value": 2}).json()
    assert device.until("put")["put"] == [{"path": "electrical.switches.s1.state", "value": 2}]
    eventually(lambda: server.get(reply["href"]).ok()["message"] == "done")
    assert device.finish()["close"] == [1000]
    assert server.value("electrical.switches.s1.state") == 2


def test_the_javascript_client_comes_back_after_a_restart(server, script):
    running = script("signalk-client.js", "reconnect")
    running.until("hello")
    server.clients.remove(running)  # it outlives this server process
    server.stop()
    server.restart(pinned_port=server.port)
    server.clients.append(running)
    said = running.finish()
    assert said["hello"][0]["serverStartId"] != said["hello"][-1]["serverStartId"]


def test_the_javascript_client_puts_to_a_plugin(config, launch):
    config.enable(config.install(packages.built("skiff-anchor-watch")), {"anchorLat": 60.1, "anchorLon": 24.9, "maxRadius": 50})
    server = launch()
    server.wait_plugin("skiff-anchor-watch", state="running")
    said = server._client(node.Script("signalk-client.js", server.port, "put", "navigation.anchor.maxRadius", "75", "5")).finish()
    finals = {name: [reply["statusCode"] for reply in said[name] if reply["state"] == "COMPLETED"] for name in ("ws-good", "ws-bad", "ws-nobody")}
    assert finals == {"ws-good": [200], "ws-bad": [400], "ws-nobody": [405]}
    assert (said["http-good"][0]["state"], said["http-good"][0]["statusCode"]) == ("COMPLETED", 200)
    assert "400" in said["http-bad"][0]
    assert server.value("navigation.anchor.maxRadius") == 75
