"""The anchor watch, as a user has it: drop the anchor, change the circle, drift away, be alarmed, over every door it has."""
import pytest

from harness import packages
from harness.server import SELF
from harness.streams import has_path, values_in
from harness.waiting import eventually

ANCHOR = {"latitude": 60.1, "longitude": 24.9}
CONFIG = {"anchorLat": 60.1, "anchorLon": 24.9, "maxRadius": 50}
PUT = "/signalk/v1/api/vessels/self/navigation/anchor/"
ALARM = "notifications.navigation.anchor"


@pytest.fixture
def name(config):
    package = packages.built("skiff-anchor-watch")
    config.install(package)
    return package.name


@pytest.fixture
def server(name, config, launch):
    config.enable(name, CONFIG)
    server = launch()
    server.wait_plugin(name, state="running")
    eventually(lambda: server.self_path("navigation.anchor.state").status == 200)
    return server


@pytest.fixture
def client(server):
    stream = server.stream("?subscribe=none")
    stream.hello()
    return stream


def test_it_publishes_the_anchor_under_its_package_name(server, name):
    assert server.value("navigation.anchor.position") == ANCHOR
    assert server.value("navigation.anchor.maxRadius") == 50
    assert server.value("navigation.anchor.state") == "on"
    assert server.self_path("navigation.anchor.state.$source").ok() == name
    assert server.api("sources").ok()[name] == {}


def test_clients_can_see_that_its_paths_take_puts(server):
    for path in ("position", "maxRadius", "state"):
        assert server.self_path(f"navigation.anchor.{path}.meta").ok()["supportsPut"] is True


def test_a_good_put_over_http_is_answered_200_once_done(server):
    answer = server.put(PUT + "maxRadius", {"value": 75})
    assert answer.status == 200
    reply = answer.json()
    assert (reply["state"], reply["statusCode"]) == ("COMPLETED", 200)
    assert server.get(reply["href"]).ok()["statusCode"] == 200
    assert eventually(lambda: server.value("navigation.anchor.maxRadius") == 75)


@pytest.mark.parametrize("path, value", [("maxRadius", 5), ("maxRadius", "wide"), ("maxRadius", None), ("state", "sideways"), ("position", {"latitude": 91, "longitude": 0})])
def test_a_bad_put_over_http_is_400_with_the_plugins_words(server, path, value):
    answer = server.put(PUT + path, {"value": value})
    assert answer.status == 400
    reply = answer.json()
    assert (reply["state"], reply["statusCode"]) == ("COMPLETED", 400)
    assert reply["message"]
    assert server.value("navigation.anchor.maxRadius") == 50


def test_a_path_it_does_not_handle_is_405(server):
    assert server.put(PUT + "currentRadius", {"value": 1}).status == 405


def test_the_source_of_a_put_is_the_package_name(server, name):
    assert server.put(PUT + "maxRadius", {"value": 80, "source": name}).status == 200
    assert server.put(PUT + "maxRadius", {"value": 90, "source": "somebody.else"}).status == 405
    assert server.value("navigation.anchor.maxRadius") == 80


def test_the_own_urn_may_stand_for_self(server):
    assert server.put(f"/signalk/v1/api/{SELF.replace('.', '/', 1)}/navigation/anchor/maxRadius", {"value": 85}).status == 200


def test_over_websocket_each_put_gets_exactly_one_final_reply(client, server):
    for request_id, value in (("good", 75), ("bad", 5)):
        client.send({"requestId": request_id, "context": "vessels.self", "put": {"path": "navigation.anchor.maxRadius", "value": value}})
    client.send({"requestId": "nobody", "context": "vessels.self", "put": {"path": "no.such.path", "value": 1}})
    final = {}
    while set(final) != {"good", "bad", "nobody"}:
        reply = client.recv()
        if reply.get("state") == "COMPLETED":
            assert reply["requestId"] not in final, f"a second final reply: {reply}"
            final[reply["requestId"]] = reply["statusCode"]
    assert final == {"good": 200, "bad": 400, "nobody": 405}
    client.subscribe("test.end")
    server.feeder().values(test__end=1)
    assert [m for m in client.collect_until(has_path("test.end")) if "requestId" in m] == []


def test_drifting_out_of_the_circle_raises_the_alarm_and_coming_back_clears_it(client, server):
    feeder = server.feeder()
    client.subscribe(ALARM, "navigation.anchor.currentRadius")

    def alarm(state):
        return lambda m: any(path == ALARM and value["state"] == state for _, _, path, value in values_in(m))

    feeder.put_values({"navigation.position": ANCHOR}, source="gps.1")
    client.until(lambda m: any(path.endswith("currentRadius") and value == 0 for _, _, path, value in values_in(m)))
    feeder.put_values({"navigation.position": {"latitude": 60.101, "longitude": 24.9}}, source="gps.1")  # 111 m north
    (_, _, _, notification), = [v for v in values_in(client.until(alarm("emergency"))) if v[2] == ALARM]
    assert "sound" in notification["method"]
    assert "111" in notification["message"]
    feeder.put_values({"navigation.position": ANCHOR}, source="gps.1")
    client.until(alarm("normal"))


def test_other_vessels_do_not_raise_the_alarm(client, server):
    feeder = server.feeder()
    feeder.put_values({"navigation.position": ANCHOR}, source="gps.1")
    client.subscribe(ALARM)
    client.subscribe("navigation.anchor.currentRadius")
    feeder.put_values({"navigation.position": {"latitude": 61, "longitude": 24.9}}, context="vessels.urn:mrn:imo:mmsi:230099999")
    feeder.put_values({"navigation.position": {"latitude": 60.1001, "longitude": 24.9}}, source="gps.1")  # 11 m
    got = client.collect_until(lambda m: any(path.endswith("currentRadius") and value > 5 for _, _, path, value in values_in(m)))
    assert not [v for m in got for v in values_in(m) if v[2] == ALARM and v[3]["state"] == "emergency"]


@pytest.mark.parametrize("prefix", ["/plugins", "/skServer/plugins"])
def test_its_http_endpoints_answer_under_both_prefixes(server, name, prefix):
    base = f"{prefix}/{name}/api/"
    status = server.get(base + "status")
    assert (status.status, status.type) == (200, "application/json; charset=utf-8")
    assert status.json()["running"] is True
    assert status.json()["maxRadius"] == 50
    assert server.get(base + "position").ok() == ANCHOR
    answer = server.post(base + "drop", {"latitude": 1, "longitude": 2, "maxRadius": 60})
    assert answer.status == 200
    assert answer.json()["success"] is True
    eventually(lambda: server.value("navigation.anchor.position") == {"latitude": 1, "longitude": 2})
    assert server.post(base + "drop", {"latitude": "x"}).status == 400
    assert server.get(base + "nothing").status == 404


def test_switching_it_off_says_so_and_takes_its_handlers_away(server, name):
    assert server.configure(name, CONFIG, enabled=False).status == 200
    eventually(lambda: server.value("navigation.anchor.state") == "off")
    server.wait_plugin(name, state="stopped", statusMessage="Stopped")
    assert server.put(PUT + "maxRadius", {"value": 75}).status == 405
    assert server.configure(name, CONFIG).status == 200
    eventually(lambda: server.put(PUT + "maxRadius", {"value": 75}).status == 200)


def send_put(client, request_id, value):
    client.send({"requestId": request_id, "context": "vessels.self", "put": {"path": "navigation.anchor.maxRadius", "value": value}})


def test_ten_clients_change_the_circle_at_once(server):
    clients = [server.stream("?subscribe=none") for _ in range(10)]
    for client in clients:
        client.hello()
    for value in range(20, 40):
        for number, client in enumerate(clients):
            send_put(client, f"{number}-{value}", value)
        for number, client in enumerate(clients):
            reply = client.until(lambda m: m.get("state") == "COMPLETED")
            assert (reply["requestId"], reply["statusCode"]) == (f"{number}-{value}", 200)


def test_a_burst_of_puts_gets_one_answer_each(client):
    """More than a plugin's queue holds: the rest is refused at once, nothing is forgotten, nothing is answered twice."""
    for number in range(500):
        send_put(client, f"r{number}", 20 + number % 50)
    final = {}
    while len(final) < 500:
        reply = client.recv()
        if reply.get("state") == "COMPLETED":
            assert reply["requestId"] not in final
            final[reply["requestId"]] = reply["statusCode"]
    assert set(final.values()) <= {200, 429, 503}
    assert 200 in final.values()
    send_put(client, "after", 50)
    assert client.until(lambda m: m.get("requestId") == "after" and m["state"] == "COMPLETED")["statusCode"] == 200
