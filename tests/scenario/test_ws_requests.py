"""Requests on the stream besides PUT, while security is off; and how many streams one address may hold."""
from websockets.exceptions import InvalidStatus

import pytest

from harness.streams import has_path
from harness.waiting import eventually


@pytest.fixture
def client(server):
    stream = server.stream("?subscribe=none")
    stream.hello()
    return stream


def test_an_access_request_is_answered_that_there_is_no_security(client):
    client.send({"requestId": "ar1", "accessRequest": {"clientId": "1234-45653-343453", "description": "a tablet"}})
    reply = client.recv()
    assert (reply["requestId"], reply["state"], reply["statusCode"]) == ("ar1", "COMPLETED", 404)
    assert reply["message"] == "Access requests not available. Server security may not be enabled."


def test_a_login_without_security_is_not_answered(client):
    client.send({"requestId": "l1", "login": {"username": "a", "password": "b"}})
    client.subscribe("a.b")
    client.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    assert has_path("a.b")(client.recv())


def test_one_message_may_hold_several_things(client):
    client.send({"requestId": "r1", "context": "vessels.self", "updates": [{"values": [{"path": "a.b", "value": 1}]}],
                 "subscribe": [{"path": "a.*"}], "put": {"path": "no.such", "value": 1}})
    got = [client.recv(), client.recv()]
    assert has_path("a.b")(got[0])  # taken in first, so it is an initial value of the subscription
    assert got[1]["statusCode"] == 405


def test_the_token_member_of_old_clients_is_ignored(client):
    client.send({"token": "abc", "context": "vessels.self", "subscribe": [{"path": "a.b"}]})
    client.send({"token": "abc", "updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    assert has_path("a.b")(client.recv())


def test_the_keep_alive_of_the_javascript_client_is_no_message(client):
    client.send("{}")
    client.send({"requestId": "r1", "put": {"path": "no.such", "value": 1}})
    assert client.recv()["requestId"] == "r1"


def test_one_address_may_hold_so_many_streams(launch):
    server = launch(env={"MAX_WS_CONNECTIONS_PER_IP": "3"})
    held = [server.stream() for _ in range(3)]
    with pytest.raises(InvalidStatus) as refused:
        server.stream()
    assert refused.value.response.status_code == 429
    held[0].close()

    def again():
        try:
            return server.stream().hello()
        except InvalidStatus as still:
            assert still.response.status_code == 429
            return None

    eventually(again, "a free place")
