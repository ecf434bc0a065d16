"""The administrator tries a connection to another boat's server out: the server asks in his place, and must not become a way to look
around in the network (section "Asking other servers" of docs/security.md)."""
import json
import socket
import threading
import uuid

import pytest

from harness.faults import preload
from harness.security import as_user, secure
from harness.server import HOST, free_port
from harness.stub import Stub
from harness.waiting import eventually

TEST, REQUEST, POLL = "/skServer/testSignalKConnection", "/skServer/requestAccess", "/skServer/checkAccessRequest"
ID = str(uuid.UUID(int=0x1234567890abcdef1234567890abcdef, version=4))
MORE = {TEST: {}, REQUEST: {"clientId": "skiff-1", "description": "A boat"}, POLL: {"requestId": ID}}
NOT_THERE = "Could not connect to Signal K server"
FAILED = {TEST: {"success": False, "error": NOT_THERE}, REQUEST: {"state": "ERROR", "error": NOT_THERE}, POLL: {"state": "ERROR", "error": NOT_THERE}}
SERVER = {"id": "signalk-server-node", "version": "2.31.1"}
# what the names of the other boats mean, and where their network begins (tests/faults/names.c)
NAMES = {
    "plover.boat.test": "192.168.77.1", "mixed.boat.test": "192.168.77.1,127.0.0.1", "behind.boat.test": "::ffff:127.0.0.1",
    "mixed6.boat.test": "192.168.77.1,fe80::1", "turning.boat.test": "192.168.77.1|127.0.0.1", "here.boat.test": "127.0.0.1",
    "metadata.boat.test": "169.254.169.254", "many.boat.test": ",".join(f"192.168.77.{n}" for n in range(1, 18)),
}


class Boat(Stub):
    """Another boat's server; `says` is what it answers, {path: (status, body, headers)}."""

    def __init__(self):
        self.says = {"/signalk": (200, {"endpoints": {"v1": {}}, "server": {**SERVER, "secret": "x"}}, {})}
        super().__init__()

    def answer(self, to):
        status, body, headers = self.says.get(to.path, (404, "nothing", {}))
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send(to, status, body, **headers)

    def asked(self):
        return [(method, path) for method, path, _, _ in self.requests]


@pytest.fixture
def boat():
    made = Boat()
    yield made
    made.close()


class Asker:
    def __init__(self, server, port):
        self.server, self.port = server, port

    def ask(self, path, host, **more):
        body = {"host": host, "port": self.port, "useTLS": False, "selfsignedcert": False, **MORE[path], **more}
        return self.server.post(path, json=body, headers=as_user("anna"), timeout=30)


@pytest.fixture
def asker(config, launch, boat):
    secure(config)
    return Asker(launch(), boat.port)


@pytest.fixture
def abroad(config, launch, boat):
    """With a network in which the other boat has the address 192.168.77.1."""
    names = ";".join(f"{name}={meaning}" for name, meaning in NAMES.items())
    secure(config)
    return Asker(launch(env={"LD_PRELOAD": preload("names"), "FAULT_NAMES": names, "FAULT_NETWORK": "192.168.77."}), boat.port)


# ---- what is never connected to


NO_BOAT = [
    "127.0.0.1", "127.1", "127.0.0.53", "0.0.0.0", "0", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LOCALHOST.", "::1", "[::1]", "::", "::ffff:127.0.0.1",
    "::127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "169.254.169.254", "fe80::1", "ff02::1", "224.0.0.1", "255.255.255.255",
]


def test_this_machine_and_what_is_no_boat_is_not_connected_to(asker, boat):
    for host in NO_BOAT:
        for path in (TEST, REQUEST, POLL):
            assert asker.ask(path, host).ok() == FAILED[path], host
    assert boat.requests == []


def test_every_address_of_a_name_is_looked_at(abroad, boat):
    for name in ("here", "metadata", "mixed", "mixed6", "behind", "many"):
        for path in (TEST, REQUEST, POLL):
            assert abroad.ask(path, name + ".boat.test").ok() == FAILED[path], name
    assert boat.requests == []


def test_the_connection_is_made_to_the_address_that_was_looked_at(abroad, boat):
    """The name means another boat when it is asked for, and this machine when it is asked again."""
    assert abroad.ask(TEST, "turning.boat.test").ok() == {"success": True, "authenticated": False, "server": SERVER}
    assert abroad.ask(TEST, "turning.boat.test").ok() == FAILED[TEST]
    assert boat.asked() == [("GET", "/signalk")]


def test_redirects_are_not_followed(abroad, boat):
    boat.says["/signalk"] = (302, "", {"Location": f"http://192.168.77.1:{boat.port}/elsewhere"})
    boat.says["/elsewhere"] = (200, {"endpoints": {}, "server": SERVER}, {})
    assert abroad.ask(TEST, "plover.boat.test").ok() == FAILED[TEST]
    assert boat.asked() == [("GET", "/signalk")]


NO_ANSWERS = [
    ("a closed port", None), ("an error", (500, {"error": "secret"}, {})), ("a page", (200, b"<html>secret</html>", {})), ("a number", (200, b"12", {})),
    ("another document", (200, {"secret": 1}, {})), ("a large one", (200, b'{"endpoints":{},"x":"' + b"x" * 70000 + b'"}', {})),
    ("a bomb", (200, b"[" * 60000, {})),
]


def test_whatever_goes_wrong_has_one_text(abroad, boat):
    for what, says in NO_ANSWERS:
        for path, asked in ((TEST, "/signalk"), (REQUEST, "/signalk/v1/access/requests"), (POLL, "/signalk/v1/requests/" + ID)):
            boat.says[asked] = says or (200, "", {})
            more = {"port": free_port()} if says is None else {}
            assert abroad.ask(path, "plover.boat.test", **more).ok() == FAILED[path], what
    assert "secret" not in abroad.server.log()


# ---- what is refused before anything is done


NO_QUESTIONS = [
    (TEST, {"host": None}, "host"), (TEST, {"host": ""}, "host"), (TEST, {"host": "a/../b"}, "host"), (TEST, {"host": "u:p@plover"}, "host"),
    (TEST, {"host": "plover#"}, "host"), (TEST, {"host": "plover?x"}, "host"), (TEST, {"host": "plover\r\nX: y"}, "host"), (TEST, {"host": "pl%6fver"}, "host"),
    (TEST, {"host": "x" * 300}, "host"), (TEST, {"host": ["plover"]}, "host"), (TEST, {"port": 0}, "port"), (TEST, {"port": 65536}, "port"),
    (TEST, {"port": "80/x"}, "port"), (TEST, {"port": 1.5}, "port"), (TEST, {"port": None}, "port"), (TEST, {"useTLS": "yes"}, "useTLS"),
    (TEST, {"token": "a\r\nb"}, "token"), (TEST, {"token": "a" * 9000}, "token"), (TEST, {"token": 5}, "token"),
    (REQUEST, {"clientId": ""}, "clientId"), (REQUEST, {"clientId": 5}, "clientId"), (REQUEST, {"description": "a\nb"}, "description"),
    (REQUEST, {"description": "x" * 300}, "description"), (POLL, {"requestId": "../../skServer/restart"}, "requestId"),
    (POLL, {"requestId": ID + "/../../x"}, "requestId"), (POLL, {"requestId": ID[:-1] + "%"}, "requestId"), (POLL, {"requestId": 7}, "requestId"),
]


def test_what_is_no_question_is_said(asker, boat):
    for path, wrong, named in NO_QUESTIONS:
        answer = asker.ask(path, **{"host": "plover", **wrong})
        assert answer.status == 400 and answer.json()["error"].startswith(named), answer
    for path in (TEST, REQUEST, POLL):
        assert asker.server.post(path, json=[1], headers=as_user("anna")).status == 400
    assert boat.requests == []


def test_only_administrators_may_ask(asker, boat):
    for headers in ({}, as_user("rita"), as_user("wim")):
        for path in (TEST, REQUEST, POLL):
            answer = asker.server.post(path, json={"host": "plover", "port": 3000, **MORE[path]}, headers=headers)
            assert answer.status == 401, answer


# ---- what it is for


def test_a_connection_is_tried_out(abroad, boat):
    assert abroad.ask(TEST, "plover.boat.test", port=str(abroad.port)).ok() == {"success": True, "authenticated": False, "server": SERVER}
    boat.says["/skServer/loginStatus"] = (200, {"status": "loggedIn", "userLevel": "readonly", "username": "guest", "other": "x"}, {})
    assert abroad.ask(TEST, "192.168.77.1", token="a.b.c").ok() == {
        "success": True, "authenticated": True, "userLevel": "readonly", "username": "guest", "server": SERVER}
    method, path, headers, _ = boat.last()
    assert (method, path, headers["Authorization"], headers["Host"]) == ("GET", "/skServer/loginStatus", "JWT a.b.c", f"192.168.77.1:{boat.port}")
    boat.says["/skServer/loginStatus"] = (200, {"status": "notLoggedIn"}, {})
    assert abroad.ask(TEST, "plover.boat.test", token="a.b.c").ok() == {
        "success": False, "connected": True, "error": "Authentication failed: token may be invalid or revoked", "server": SERVER}


def test_access_is_asked_for_and_given(abroad, boat):
    boat.says["/signalk/v1/access/requests"] = (202, {"state": "PENDING", "requestId": ID, "statusCode": 202, "href": "/x", "ip": "192.168.77.9"}, {})
    assert abroad.ask(REQUEST, "plover.boat.test").ok() == {"state": "PENDING", "requestId": ID}
    method, path, headers, body = boat.last()
    assert (method, path, json.loads(body)) == ("POST", "/signalk/v1/access/requests", MORE[REQUEST])
    assert headers["Content-Type"] == "application/json"
    boat.says["/signalk/v1/requests/" + ID] = (200, {"state": "PENDING", "requestId": ID, "ip": "192.168.77.9"}, {})
    assert abroad.ask(POLL, "plover.boat.test").ok() == {"state": "PENDING", "requestId": ID}
    boat.says["/signalk/v1/requests/" + ID] = (200, {"state": "COMPLETED", "requestId": ID, "accessRequest": {"permission": "APPROVED", "token": "a.b.c", "x": 1}}, {})
    assert abroad.ask(POLL, "plover.boat.test").ok() == {"state": "COMPLETED", "requestId": ID, "accessRequest": {"permission": "APPROVED", "token": "a.b.c"}}
    boat.says["/signalk/v1/access/requests"] = (400, {"state": "COMPLETED", "statusCode": 400, "message": "<b>x</b>"}, {})
    assert abroad.ask(REQUEST, "plover.boat.test").ok() == {"state": "ERROR", "error": "The other server refused the request"}


def test_a_server_that_is_silent_holds_up_nobody(abroad, boat):
    """Four wait for it; a fifth is told so at once, and all other requests are answered as ever."""
    silent = socket.create_server((HOST, 0))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(abroad.ask(TEST, "plover.boat.test", port=silent.getsockname()[1]))) for _ in range(4)]
    held = []
    for thread in threads:
        thread.start()
        held.append(silent.accept()[0])
    fifth = abroad.ask(TEST, "plover.boat.test")
    assert fifth.status == 503 and "try again" in fifth.json()["error"], fifth
    assert abroad.server.get("/signalk").status == 200
    for thread in threads:
        thread.join(60)
    assert [answer.ok() for answer in answers] == [FAILED[TEST]] * 4
    assert abroad.ask(TEST, "plover.boat.test").json()["success"]
    for connection in (*held, silent):
        connection.close()


def test_a_server_that_stops_answers_who_waits(abroad):
    silent = socket.create_server((HOST, 0))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(abroad.ask(TEST, "plover.boat.test", port=silent.getsockname()[1])))
    thread.start()
    held = silent.accept()[0]
    abroad.server.stop()
    thread.join(60)
    assert [answer.ok() for answer in answers] == [FAILED[TEST]]
    held.close()
    silent.close()


def test_why_is_in_the_log(asker):
    asker.ask(TEST, "127.0.0.1").ok()
    why = "[connection test] fetch from 127.0.0.1: no connection is made to such an address"
    eventually(lambda: why in asker.server.log(), "the line")
