"""Streams with security on: who hears what, who may speak, and what happens when a right is withdrawn."""
import pytest
from websockets.exceptions import InvalidStatus

from harness.security import PASSWORD, as_user, secure, token
from harness.server import SELF
from harness.streams import has_path, paths_in

LOGIN = {"requestId": "in", "login": {"username": "wim", "password": PASSWORD}}


@pytest.fixture
def secured(config, launch):
    return launch(folder=secure(config))


def put_value(server, path, value):
    """A value from a feeder who may write, known to the server on return."""
    feeder = server.stream("?subscribe=none&token=" + token("wim"))
    feeder.send({"updates": [{"$source": "x", "values": [{"path": path, "value": value}]}]}).settle()
    feeder.close()


def test_without_token_there_is_a_greeting_and_silence(secured):
    stream = secured.stream()
    assert stream.hello()["self"] == SELF
    stream.subscribe("a.b")
    put_value(secured, "a.b", 1)
    stream.send({"updates": [{"values": [{"path": "a.c", "value": 2}]}]})
    stream.send({"requestId": "p", "put": {"path": "a.b", "value": 3}})
    assert stream.recv() == {"state": "COMPLETED", "requestId": "p", "statusCode": 403, "message": "no write permission"}
    assert secured.get("/signalk/v1/api/vessels/self/a", headers=as_user("rita")).ok().keys() == {"b"}


@pytest.mark.parametrize("query, headers", [("?token=bad", None), ("?token=" + token("nobody"), None), ("", {"Authorization": "Bearer x"}),
                                            ("", {"Cookie": "JAUTHENTICATION=x"}), ("?token=" + token("wim", expires=-5), None)])
def test_a_bad_token_is_not_let_in(secured, query, headers):
    with pytest.raises(InvalidStatus) as refused:
        secured.stream(query, headers=headers)
    assert refused.value.response.status_code == 401
    assert b"bad auth token" in refused.value.response.body


@pytest.mark.parametrize("query, headers", [("?token=" + token("rita"), None), ("", as_user("rita")),
                                            ("", {"Cookie": "JAUTHENTICATION=" + token("rita")}),
                                            ("?token=" + token("rita"), {"Cookie": "JAUTHENTICATION=bad"})])
def test_a_reader_hears_and_may_not_speak(secured, query, headers):
    stream = secured.stream(query, headers=headers)
    stream.hello()
    put_value(secured, "a.b", 1)
    stream.until(has_path("a.b"))
    stream.send({"updates": [{"values": [{"path": "a.c", "value": 2}]}]}).settle()
    assert secured.get("/signalk/v1/api/vessels/self/a/c", headers=as_user("rita")).status == 404
    stream.send({"requestId": "p", "delete": {"path": "a.b"}})
    assert stream.until(lambda message: message.get("requestId") == "p")["statusCode"] == 403


def test_logging_in_over_the_stream(secured):
    stream = secured.stream("?subscribe=self")
    stream.hello()
    stream.subscribe("a.*")
    answer = stream.send(LOGIN).recv(30)
    assert (answer["requestId"], answer["state"], answer["statusCode"], answer["login"]["timeToLive"]) == ("in", "COMPLETED", 200, 86400)
    assert secured.get("/signalk/v1/api/self", headers={"Authorization": "JWT " + answer["login"]["token"]}).ok() == SELF
    assert "" in paths_in([stream.recv()])  # the values there are, as the address asked
    stream.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    stream.until(has_path("a.b"))
    assert secured.get("/signalk/v1/api/vessels/self/a/b/$source", headers=as_user("rita")).ok() == "ws.wim"


def test_a_token_inside_a_message_changes_nothing(secured):
    stream = secured.stream("?subscribe=none&token=" + token("rita"))
    stream.hello()
    stream.send({"token": token("anna"), "updates": [{"values": [{"path": "a.c", "value": 2}]}]}).settle()
    assert secured.get("/signalk/v1/api/vessels/self/a", headers=as_user("rita")).status == 404


def test_dots_of_a_user_name_do_not_split_the_source(config, launch):
    from harness.security import HASH

    server = launch(folder=secure(config, users=[{"username": "a.b@c", "type": "admin", "password": HASH}]))
    stream = server.stream("?token=" + token("a.b@c"))
    stream.send({"updates": [{"values": [{"path": "x.y", "value": 2}]}]}).until(has_path("x.y"))
    assert server.get("/signalk/v1/api/vessels/self/x/y/$source", headers=as_user("a.b@c")).ok() == "ws.a_b@c"


@pytest.mark.parametrize("edit", [("DELETE", "users/rita", None), ("PUT", "users/rita", {"type": "readwrite"})])
def test_a_withdrawn_right_closes_the_stream_at_once(secured, edit):
    stream = secured.stream("?subscribe=none&token=" + token("rita"))
    stream.hello()
    method, path, body = edit
    assert secured.request(method, "/skServer/security/" + path, json=body, headers=as_user("anna")).status == 200
    if method == "DELETE":
        assert stream.recv() == {"errorMessage": "access was withdrawn"}
        stream.closed()
    else:
        stream.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
        stream.subscribe("a.b")
        assert stream.until(has_path("a.b"))  # the new right counts


def test_a_stream_ends_with_its_token(secured):
    stream = secured.stream("?subscribe=none&token=" + token("rita", expires=2))
    stream.hello()
    assert stream.recv(30) == {"errorMessage": "access was withdrawn"}
    stream.closed()


def test_server_events_by_role(secured):
    public = {"VESSEL_INFO", "PROVIDERSTATUS", "SERVERSTATISTICS"}

    def types(query):
        stream = secured.stream("?subscribe=none&serverevents=all" + query)
        stream.hello()
        return {message["type"] for message in stream.collect_until(lambda message: message.get("type") == "SERVERSTATISTICS")}

    assert types("") == types("&token=" + token("wim")) == public
    stream = secured.stream("?subscribe=none&serverevents=all&token=" + token("anna"))
    assert stream.until(lambda message: message.get("type") == "ACCESS_REQUEST") == {
        "type": "ACCESS_REQUEST", "from": "signalk-server", "data": []}


def test_anybody_may_listen_where_reading_is_open(config, launch):
    server = launch(folder=secure(config, allow_readonly=True))
    stream, tcp = server.stream(), server.tcp()
    stream.hello(), tcp.hello()
    tcp.subscribe("a.b")
    put_value(server, "a.b", 1)
    stream.until(has_path("a.b")), tcp.until(has_path("a.b"))
    for client in (stream, tcp):
        client.send({"updates": [{"values": [{"path": "a.c", "value": 2}]}]})
    put_value(server, "a.b", 2)
    stream.until(has_path("a.b")), tcp.until(has_path("a.b"))
    assert server.api("vessels/self/a").ok().keys() == {"b"}
    assert "signalk-tcp" in server.get("/signalk").ok()["endpoints"]["v1"]


def test_the_tcp_stream_is_closed_where_reading_is_not_open(secured):
    with pytest.raises(ConnectionRefusedError):
        secured.tcp()
    assert "signalk-tcp" not in secured.get("/signalk").ok()["endpoints"]["v1"]
