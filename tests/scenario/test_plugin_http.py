"""HTTP endpoints of a plugin: what it is told of a request, and how its answer becomes the client's."""
import json

import pytest

from harness import packages
from harness.waiting import eventually

BASE = "/plugins/probe-abi/api/"


@pytest.fixture
def server(config, launch):
    config.enable(config.install(packages.built("probe-abi")))
    server = launch()
    server.wait_plugin("probe-abi", state="running")
    eventually(lambda: server.get(BASE + "state").status == 200)
    return server


def echo(server, method="GET", path="echo/7", **how):
    return server.request(method, BASE + path, **how).ok()


def answer(server, whole):
    return server.post(BASE + "answer", whole)


# ---- the request ----


def test_the_plugin_is_told_everything_in_order(server):
    got = echo(server, "POST", "echo/77?x=1&x=2&y=z", json={"p": [1, 2]}, headers={"X-Mine": "Hello"})
    assert list(got) == ["method", "path", "query", "params", "body", "headers"]
    assert got["method"] == "POST"
    assert got["path"] == "/api/echo/77"
    assert got["query"] == {"x": ["1", "2"], "y": "z"}
    assert got["params"] == {"id": "77"}
    assert got["body"] == {"p": [1, 2]}
    assert got["headers"]["x-mine"] == "Hello"
    assert got["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("prefix", ["/plugins", "/skServer/plugins"])
def test_paths_are_relative_to_the_plugin_under_both_prefixes(server, prefix):
    assert server.get(f"{prefix}/probe-abi/api/echo/1").ok()["path"] == "/api/echo/1"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_each_declared_method_reaches_its_handler(server, method):
    assert echo(server, method)["method"] == method


def test_what_is_not_declared_is_404(server):
    assert server.request("PATCH", BASE + "echo/1", json={}).status == 404
    assert server.get(BASE + "answer").status == 404
    assert server.get(BASE + "echo").status == 404
    assert server.get(BASE + "echo/1/2").status == 404


def test_head_is_served_by_the_get_handler(server):
    head = server.request("HEAD", BASE + "echo/1")
    assert (head.status, head.body) == (200, b"")


def test_a_trailing_slash_and_other_case_are_tolerated(server):
    assert echo(server, path="echo/9/")["params"] == {"id": "9"}
    assert echo(server, path="ECHO/9")["params"] == {"id": "9"}


def test_parameters_are_decoded_and_the_path_is_not(server):
    got = echo(server, path="echo/a%20b%2Fc%C3%A5")
    assert got["params"] == {"id": "a b/cå"}
    assert got["path"] == "/api/echo/a%20b%2Fc%C3%A5"


def test_query_values_are_texts_lists_and_objects(server):
    got = echo(server, path="echo/1?a=1&b=x%20y+z&c[d]=5&e=&f")["query"]
    assert got["a"] == "1"
    assert got["b"] == "x y z"
    assert got["c"] == {"d": "5"}
    assert got["e"] == ""
    assert got["f"] == ""


BODIES = {
    "json": ("application/json", '{"a":[1,"x",null]}', {"a": [1, "x", None]}),
    "json with charset": ("application/json; charset=utf-8", '{"a":"å"}', {"a": "å"}),
    "a form": ("application/x-www-form-urlencoded", "a=1&b=x+y", {"a": "1", "b": "x y"}),
    "text": ("text/plain", "hello", {}),
    "bytes": ("application/octet-stream", b"\0\xff", {}),
}


@pytest.mark.parametrize("what", BODIES)
def test_bodies_are_parsed_by_their_type(server, what):
    kind, body, wanted = BODIES[what]
    assert echo(server, "POST", body=body, headers={"Content-Type": kind})["body"] == wanted


def test_no_body_is_an_empty_object(server):
    assert echo(server)["body"] == {}
    assert echo(server, "POST")["body"] == {}


def test_malformed_json_never_reaches_the_plugin(server):
    assert server.request("POST", BASE + "echo/1", body="{nope", headers={"Content-Type": "application/json"}).status == 400


def test_the_session_is_not_the_plugins_business(server):
    headers = echo(server, headers={"Cookie": "JAUTHENTICATION=secret; mine=1", "Authorization": "Bearer secret"})["headers"]
    assert "secret" not in json.dumps(headers)


def test_a_large_body_arrives_whole_or_is_refused(server):
    text = "x" * 40_000
    assert echo(server, "POST", json={"text": text})["body"]["text"] == text


# ---- the answer ----


def test_status_headers_and_body(server):
    got = answer(server, {"statusCode": 201, "headers": {"X-One": "1", "X-Number": 7, "X-List": ["a", "b"]}, "body": {"made": True}})
    assert got.status == 201
    assert got.json() == {"made": True}
    assert got.type == "application/json; charset=utf-8"
    assert (got.headers["X-One"], got.headers["X-Number"]) == ("1", "7")
    assert got.headers.get_all("X-List") == ["a", "b"]


@pytest.mark.parametrize("code, status", [(404, 404), ("418", 418), (None, 200), (0, 200), (503, 503)])
def test_status_codes(server, code, status):
    assert answer(server, {"statusCode": code, "body": {}}).status == status


@pytest.mark.parametrize("code", [99, 1000, "abc", {}, -1])
def test_impossible_status_codes_are_500(server, code):
    got = answer(server, {"statusCode": code, "body": {}})
    assert got.status == 500
    assert "status code" in got.json()["error"]


def test_json_texts_are_sent_compact(server):
    got = answer(server, {"headers": {"Content-Type": "application/json"}, "body": '{ "a" : [ 1, 2 ] }'})
    assert (got.text, got.type) == ('{"a":[1,2]}', "application/json; charset=utf-8")


def test_a_text_that_only_calls_itself_json_is_sent_as_it_is(server):
    assert answer(server, {"headers": {"Content-Type": "application/json"}, "body": "{ nope"}).text == "{ nope"


def test_a_text_without_type_is_html(server):
    got = answer(server, {"body": "<b>hello</b>"})
    assert (got.text, got.type) == ("<b>hello</b>", "text/html; charset=utf-8")


def test_a_text_with_type_keeps_it(server):
    got = answer(server, {"headers": {"Content-Type": "text/csv"}, "body": "a,b"})
    assert (got.text, got.type) == ("a,b", "text/csv; charset=utf-8")


@pytest.mark.parametrize("whole", [{"statusCode": 200}, {"body": None}])
def test_no_body_is_an_empty_answer(server, whole):
    got = answer(server, whole)
    assert (got.status, got.body) == (200, b"")


@pytest.mark.parametrize("body", [True, False, [1, 2], {"a": None}])
def test_other_bodies_are_json(server, body):
    got = answer(server, {"body": body})
    assert got.json() == body
    assert got.type == "application/json; charset=utf-8"


def test_answers_are_conditional(server):
    first = server.get(BASE + "echo/1", headers={"X-Same": "1"})
    again = server.get(BASE + "echo/1", headers={"X-Same": "1"})
    assert first.headers["ETag"].startswith('W/"')
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("text", ["", "nonsense", "{", "[1]", '"text"', "null", "7"])
def test_an_answer_that_is_no_object_is_500_with_a_reason(server, text):
    got = server.post(BASE + "raw", {"text": text})
    assert got.status == 500
    assert got.json()["error"]
    assert echo(server)["method"] == "GET"  # the plugin is none the worse


@pytest.mark.parametrize("header", [{"a\r\nX-Evil": "1"}, {"a: b\r\nX-Evil": "1"}, {"X-Value": "a\r\nX-Evil: 1"}, {"X-Value": ["a", "b\nX-Evil: 1"]},
                                    {"X Evil": "1"}, {"": "X-Evil"}, {"X-Evil:": "1"}, {"X-Value": "a\u0000X-Evil"}])
def test_a_header_cannot_be_smuggled_in(server, header):
    body = json.dumps({"headers": {**header, "X-Good": "1"}, "body": {}})
    raw = server.raw().send(f"POST {BASE}answer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    head = raw.read_until(b"\r\n\r\n")
    assert b"Evil" not in head
    if head.startswith(b"HTTP/1.1 200"):  # the rest of the answer is as good as it was
        assert b"\r\nX-Good: 1\r\n" in head


def test_a_missing_handler_is_500_and_named(server):
    got = server.get(BASE + "nobody")
    assert got.status == 500
    assert got.json() == {"error": "Handler function http_nobody not found"}


def test_60_kilobytes_of_answer_arrive(server):
    got = server.post(BASE + "fill", {"bytes": 60_000})
    assert got.status == 200
    assert len(got.text) >= 60_000


def test_many_requests_at_once_are_each_answered(server):
    raws = [server.raw() for _ in range(50)]
    for number, raw in enumerate(raws):
        raw.send(f"GET {BASE}echo/{number} HTTP/1.1\r\nHost: x\r\n\r\n")
    for number, raw in enumerate(raws):
        status, _, body = raw.read_response()
        assert status == 200
        assert json.loads(body)["params"] == {"id": str(number)}


def test_the_endpoints_of_a_stopped_plugin_answer_with_an_error(server):
    server.configure("probe-abi", enabled=False)
    assert server.get(BASE + "echo/1").status in (404, 503)
    server.configure("probe-abi")
    eventually(lambda: server.get(BASE + "echo/1").status == 200)


# ---- what plugins get of the configuration and of deltas ----


def test_the_configuration_arrives_compact_and_in_stored_order(server):
    server.configure("probe-abi", {"b": 1, "a": [0.1, 1e21, 5000.0], "n": None, "t": "å"}, enableDebug=True)
    config = eventually(lambda: server.get(BASE + "state").ok()["config"])
    assert config == '{"b":1,"a":[0.1,1e+21,5000],"n":null,"t":"å","enableDebug":true}'


def test_an_unset_configuration_is_only_the_debug_switch(config, launch):
    config.enable(config.install(packages.built("probe-abi")))
    (config.path / config.plugin_file("probe-abi")).write_text('{"enabled":true}')
    server = launch()
    server.wait_plugin("probe-abi", state="running")
    assert server.get(BASE + "state").ok()["config"] == '{"enableDebug":false}'


def test_deltas_reach_the_plugin_compact_and_complete(server):
    feeder = server.feeder()
    self_id = server.api("self").ok()
    feeder.send({"updates": [{"values": [{"path": "navigation.position", "value": {"latitude": 60.1, "longitude": 24.9}}, {"path": "a.b", "value": None}]}]})
    text = eventually(lambda: "navigation.position" in (t := server.get(BASE + "state").ok()["delta"]) and t)
    stamp = json.loads(text)["updates"][0]["timestamp"]
    assert text == ('{"updates":[{"values":[{"path":"navigation.position","value":{"latitude":60.1,"longitude":24.9}},{"path":"a.b","value":null}],'
                    f'"$source":"ws","timestamp":"{stamp}"}}],"context":"{self_id}"}}')
    feeder.send({"context": "vessels.urn:mrn:imo:mmsi:230099999", "updates": [{"values": [{"path": "a.other", "value": 1}]}]})
    eventually(lambda: "a.other" in server.get(BASE + "state").ok()["delta"])


def test_puts_are_answered_by_the_plugins_words(server):
    put = "/signalk/v1/api/vessels/self/test/put/"
    assert server.put(put + "ok", {"value": {"x": [1, None]}}).status == 200
    eventually(lambda: server.value("test.put.ok") == {"x": [1, None]})
    refused = server.put(put + "refuse", {"value": 1})
    assert (refused.status, refused.json()["message"]) == (403, 'refused "politely"')
    pending = server.put(put + "pending", {"value": 1})
    assert (pending.status, pending.json()["state"]) == (202, "PENDING")
    assert server.get(pending.json()["href"]).ok()["state"] == "PENDING"
    assert server.put(put + "missing", {"value": 1}).status == 501
    for value in ("text", None, True):
        assert server.put(put + "number", {"value": value}).status == 400
