"""A client that knows only host and port finds everything else at /signalk."""
import re

from harness.server import SELF

VERSION = "2.31.1"  # what clients compare against: the Node server whose interface this is


def test_discovery_document_is_the_golden_one(server):
    answer = server.get("/signalk")
    assert answer.status == 200
    assert answer.type == "application/json; charset=utf-8"
    document = answer.json()
    authority = f"127.0.0.1:{server.port}"
    assert document["endpoints"] == {
        "v1": {
            "version": VERSION,
            "signalk-http": f"http://{authority}/signalk/v1/api/",
            "signalk-ws": f"ws://{authority}/signalk/v1/stream",
            "signalk-tcp": f"tcp://127.0.0.1:{server.tcp_port}",
        }
    }
    assert document["server"]["id"] == "signalk-server-node"
    assert document["server"]["version"] == VERSION
    assert list(document) == ["endpoints", "server"]


def test_trailing_slash_gives_the_same_document(server):
    assert server.get("/signalk/").ok() == server.get("/signalk").ok()


def test_endpoints_repeat_the_host_header_verbatim(server):
    v1 = server.get("/signalk", headers={"Host": "boat.local:8080"}).ok()["endpoints"]["v1"]
    assert v1["signalk-http"] == "http://boat.local:8080/signalk/v1/api/"
    assert v1["signalk-ws"] == "ws://boat.local:8080/signalk/v1/stream"
    assert v1["signalk-tcp"] == f"tcp://boat.local:{server.tcp_port}"


def test_host_header_without_port(server):
    v1 = server.get("/signalk", headers={"Host": "boat.local"}).ok()["endpoints"]["v1"]
    assert v1["signalk-http"] == "http://boat.local/signalk/v1/api/"
    assert v1["signalk-tcp"] == f"tcp://boat.local:{server.tcp_port}"


def test_ipv6_host_keeps_its_brackets(server):
    v1 = server.get("/signalk", headers={"Host": "[::1]:3000"}).ok()["endpoints"]["v1"]
    assert v1["signalk-http"] == "http://[::1]:3000/signalk/v1/api/"
    assert v1["signalk-tcp"] == f"tcp://[::1]:{server.tcp_port}"


def test_behind_a_tls_proxy_the_schemes_are_secure(server):
    v1 = server.get("/signalk", headers={"X-Forwarded-Proto": "https"}).ok()["endpoints"]["v1"]
    assert v1["signalk-http"].startswith("https://")
    assert v1["signalk-ws"].startswith("wss://")


def test_tcp_endpoint_is_absent_when_its_interface_is_off(config, launch):
    config.settings(interfaces={"tcp": False})
    server = launch()
    assert set(server.get("/signalk").ok()["endpoints"]["v1"]) == {"version", "signalk-http", "signalk-ws"}


def test_what_is_switched_off_is_neither_listed_nor_there(config, launch):
    config.settings(interfaces={"rest": False, "ws": False, "webapps": False, "tcp": False})
    server = launch()
    assert set(server.get("/signalk").ok()["endpoints"]["v1"]) == {"version"}
    for gone in ("/signalk/v1/api/", "/signalk/v1/api/vessels/self", "/signalk/v1/stream", "/skServer/webapps"):
        assert server.get(gone).status == 404, gone
    assert server.get("/skServer/settings").ok()["interfaces"]["rest"] is False  # how to switch it on again


def test_hostile_host_header_cannot_break_the_document(server):
    answer = server.get("/signalk", headers={"Host": 'x"},"evil":{"a":"'})
    if answer.status == 200:
        assert "evil" not in answer.json()
    else:
        assert answer.status == 400


def test_a_request_without_host_is_refused(server):
    raw = server.raw().send("GET /signalk HTTP/1.1\r\nConnection: close\r\n\r\n")
    status, _, body = raw.read_response()
    assert (status, body) == (400, b"")


def test_self_names_the_own_vessel(server):
    assert server.api("self").ok() == SELF


def test_features_list_apis_and_plugins(server):
    features = server.get("/signalk/v2/features").ok()
    assert isinstance(features["apis"], list) and isinstance(features["plugins"], list)
    for plugin in features["plugins"]:
        assert {"id", "name", "version", "enabled"} <= set(plugin)
    assert server.get("/signalk/v2/features?enabled=0").ok()["apis"] == []


def test_hello_and_discovery_agree_on_the_version(server):
    assert server.stream("?subscribe=none").hello()["version"] == server.get("/signalk").ok()["server"]["version"]


def test_the_ready_line_names_address_and_port(server):
    assert re.search(rf"signalk-server running at 127\.0\.0\.1:{server.port}$", server.ready_line)
