"""The HTTP around the tree: caching, compression, CORS, security headers, limits, connections."""
import gzip
import json
import zlib

import pytest

API = "/signalk/v1/api/"


@pytest.fixture
def big(server, feeder):
    """A server whose self vessel answers more than 1 KiB."""
    feeder.put_values({f"test.number{i}": i for i in range(100)})
    return server


# ---- conditional requests ----


def test_answers_carry_a_weak_etag_that_matches(server):
    first = server.api("vessels/self/name")
    etag = first.headers["ETag"]
    assert etag.startswith('W/"') and etag.endswith('"')
    assert server.api("vessels/self/name").headers["ETag"] == etag
    again = server.api("vessels/self/name", headers={"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == etag


def test_a_changed_value_changes_the_etag(server, feeder):
    feeder.values(a__b=1)
    etag = server.self_path("a.b").headers["ETag"]
    feeder.values(a__b=2)
    answer = server.self_path("a.b", headers={"If-None-Match": etag})
    assert answer.status == 200
    assert answer.json()["value"] == 2


def test_if_none_match_takes_lists_and_the_star(server):
    etag = server.api("vessels/self/name").headers["ETag"]
    for header in (f'"other", {etag}', "*", etag[2:]):  # the last: weak comparison ignores W/
        assert server.api("vessels/self/name", headers={"If-None-Match": header}).status == 304, header


def test_a_404_is_not_conditional(server):
    assert server.api("nope", headers={"If-None-Match": "*"}).status == 404


# ---- compression ----


def test_large_bodies_are_compressed_on_request(big):
    plain = big.api("vessels/self")
    assert "Content-Encoding" not in plain.headers
    packed = big.api("vessels/self", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == plain.json()
    assert len(packed.body) < len(plain.body)


def test_a_browsers_accept_encoding_is_understood(big):
    answer = big.api("vessels/self", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    encoding = answer.headers.get("Content-Encoding")
    assert encoding in ("gzip", "br", "deflate")
    if encoding != "br":
        assert json.loads(zlib.decompress(answer.body, 47))["name"] == "Skiff"


@pytest.mark.parametrize("header", ["identity", "gzip;q=0", "br;q=0, gzip;q=0"])
def test_a_client_that_refuses_compression_gets_none(big, header):
    answer = big.api("vessels/self", headers={"Accept-Encoding": header})
    assert "Content-Encoding" not in answer.headers
    assert answer.json()["name"] == "Skiff"


def test_small_bodies_stay_plain(server):
    answer = server.api("vessels/self/name", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.json() == "Skiff"


def test_caches_are_told_that_encoding_varies(big):
    assert "accept-encoding" in big.api("vessels/self").headers.get("Vary", "").lower()


# ---- HEAD ----


def test_head_is_get_without_the_body(server):
    get = server.api("vessels/self/name")
    head = server.request("HEAD", API + "vessels/self/name")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "ETag", "Content-Length"):
        assert head.headers[name] == get.headers[name]
    assert server.request("HEAD", API + "nope").status == 404


# ---- headers ----

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Download-Options": "noopen",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": "no-referrer",
    "Origin-Agent-Cluster": "?1",
    "X-XSS-Protection": "0",
}


@pytest.mark.parametrize("path", ["/signalk", API + "self"])
def test_security_headers_are_sent_and_frames_are_allowed(server, path):
    headers = server.get(path).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "X-Frame-Options" not in headers
    assert "Content-Security-Policy" not in headers


@pytest.mark.parametrize("path", ["/signalk", API + "self", API + "nope", "/no/such/page"])
def test_any_origin_may_read(server, path):
    headers = server.get(path, headers={"Origin": "http://tablet.local"}).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("path", [API + "vessels/self/a/b", "/signalk", "/anything/at/all"])
def test_preflight_is_answered_everywhere(server, path):
    answer = server.request("OPTIONS", path, headers={
        "Origin": "http://tablet.local",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    })
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# ---- bodies ----


def test_a_malformed_json_body_is_400_with_an_html_page(server):
    answer = server.request("PUT", API + "vessels/self/a/b", body="{nope", headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.type == "text/html; charset=utf-8"
    assert answer.pre()


def test_a_chunked_request_body_is_understood(server):
    body = b'{"value":1}'
    raw = server.raw().send(
        f"PUT {API}vessels/self/a/b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        f"4\r\n{body[:4].decode()}\r\n{len(body) - 4:x}\r\n{body[4:].decode()}\r\n0\r\n\r\n")
    status, _, answer = raw.read_response()
    assert status == 405
    assert json.loads(answer)["message"] == "PUT not supported for a.b"


def test_expect_continue_does_not_stall(server):
    body = b'{"value":1}'
    raw = server.raw().send(
        f"PUT {API}vessels/self/a/b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
    status, _, _ = raw.read_response()
    if status == 100:
        raw.send(body)
        status, _, _ = raw.read_response()
        assert status == 405
    else:
        assert status == 417


def test_a_body_over_the_limit_is_413(server):
    raw = server.raw().send(f"PUT {API}vessels/self/a/b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                            f"Content-Length: {20 * 1024 * 1024}\r\n\r\n")
    assert raw.read_until(b"\r\n").split()[1] == b"413"


def test_a_request_line_without_end_is_414(server):
    raw = server.raw().send_while_open("GET /" + "a" * 100_000 + " HTTP/1.1\r\nHost: x\r\n\r\n")
    assert raw.read_until(b"\r\n").split()[1] in (b"414", b"431")


def test_headers_without_end_are_431(server):
    raw = server.raw().send_while_open("GET /signalk HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{i}: {'y' * 1000}\r\n" for i in range(100)))
    assert raw.read_until(b"\r\n").split()[1] == b"431"


@pytest.mark.parametrize("head", [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: -1",
    "Content-Length: 5x",
    "Transfer-Encoding: chunked, identity",
])
def test_an_ambiguous_length_is_refused_and_the_connection_ends(server, head):
    raw = server.raw().send(f"PUT {API}vessels/self/a/b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n\r\n")
    raw.send_while_open("0\r\n\r\nGET /signalk HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = raw.read_to_end()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"endpoints" not in answer  # what followed was not taken for a second request


# ---- connections ----


def test_a_connection_serves_many_requests(server):
    raw = server.raw()
    for _ in range(3):
        raw.send(f"GET {API}self HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.read_response()[0] == 200


def test_pipelined_requests_are_answered_in_order(server):
    paths = ["vessels/self/name", "version", "nope", "self"]
    raw = server.raw().send("".join(f"GET {API}{path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths))
    answers = [raw.read_response() for _ in paths]
    assert [status for status, _, _ in answers] == [200, 200, 404, 200]
    assert json.loads(answers[0][2]) == "Skiff"
    assert json.loads(answers[1][2]) == "0.1.0"


def test_connection_close_is_honoured(server):
    raw = server.raw().send(f"GET {API}self HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert raw.read_to_end().startswith(b"HTTP/1.1 200")


def test_http_1_0_closes_after_the_answer(server):
    raw = server.raw().send(f"GET {API}self HTTP/1.0\r\nHost: x\r\n\r\n")
    assert b" 200 " in raw.read_to_end().split(b"\r\n")[0] + b" "


def test_a_request_in_small_pieces_is_one_request(server):
    raw = server.raw()
    for byte in f"GET {API}version HTTP/1.1\r\nHost: x\r\n\r\n".encode():
        raw.send(bytes([byte]))
    assert raw.read_response()[2] == b'"0.1.0"'


def test_http_1_1_without_host_is_400_on_any_route(server):
    for path in (API + "self", "/no/such/page"):
        status, _, body = server.raw().send(f"GET {path} HTTP/1.1\r\n\r\n").read_response()
        assert (status, body) == (400, b"")
