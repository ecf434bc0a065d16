"""Devices and people ask for access; an administrator decides."""
import pytest

from harness.security import as_user, login, secure, token
from harness.server import SELF
from harness.streams import has_path

CLIENT = "1234-45653-abc"
NAME_PATH = "/signalk/v1/api/vessels/self/name"


@pytest.fixture
def secured(config, launch):
    return launch(folder=secure(config))


def ask(server, **body):
    return server.post("/signalk/v1/access/requests", json={"clientId": CLIENT, "description": "My Device", **body}, timeout=30)


def decide(server, what="approved", identifier=CLIENT, user="anna", **body):
    return server.put(f"/skServer/security/access/requests/{identifier}/{what}", json={"permissions": "readwrite", **body},
                      headers=as_user(user))


def pending(server):
    return server.get("/skServer/security/access/requests", headers=as_user("anna")).ok()


def test_a_device_asks_waits_and_gets_its_token_once(secured, config):
    answer = ask(secured, permissions="admin")
    first = answer.json()
    assert answer.status == 202
    assert first == {"state": "PENDING", "requestId": first["requestId"], "statusCode": 202,
                     "href": "/signalk/v1/requests/" + first["requestId"], "ip": "127.0.0.1", "user": None}
    assert secured.get(first["href"]).json() == first
    (row,) = pending(secured)
    assert (row["accessIdentifier"], row["accessDescription"], row["permissions"]) == (CLIENT, "My Device", "admin")
    assert row["requestedPermissions"] is True and row["requestId"] == first["requestId"]
    assert row["clientRequest"]["accessRequest"]["clientId"] == CLIENT

    assert (decide(secured, expiration="1y").status, decide(secured).status) == (200, 500)  # a second time there is nothing to decide
    assert pending(secured) == []
    said = secured.get(first["href"]).ok()
    assert (said["state"], said["statusCode"], said["accessRequest"]["permission"]) == ("COMPLETED", 200, "APPROVED")
    headers = {"Authorization": "Bearer " + said["accessRequest"]["token"]}
    assert secured.get(NAME_PATH, headers=headers).ok() == "Skiff"
    assert secured.get("/skServer/security/users", headers=headers).status == 403  # what the administrator gave, not what was asked for
    assert secured.get(first["href"]).ok()["accessRequest"] == {"permission": "APPROVED"}
    device = config.json("security.json")["devices"][-1]
    assert (device["clientId"], device["permissions"], device["description"]) == (CLIENT, "readwrite", "My Device")
    assert device["tokenExpiry"] > 1_800_000_000
    assert secured.delete("/skServer/security/devices/" + CLIENT, headers=as_user("anna")).status == 200
    assert secured.get(NAME_PATH, headers=headers).status == 401


def test_a_denied_device_gets_nothing(secured, config):
    href = ask(secured).json()["href"]
    assert decide(secured, "denied").text == "Request updated"
    assert secured.get(href).ok()["accessRequest"] == {"permission": "DENIED"}
    assert len(config.json("security.json")["devices"]) == 1
    assert ask(secured).status == 202  # it may ask again


def test_a_person_asks_for_a_user(secured):
    answer = secured.post("/signalk/v1/access/requests", json={"userId": "guest", "password": "pw"}, timeout=30)
    assert answer.status == 202
    (row,) = pending(secured)
    assert row["accessIdentifier"] == "guest" and "pw" not in str(row) and "$2b$" not in str(row)
    assert login(secured, "guest", "pw").status == 401
    assert decide(secured, identifier="guest", permissions="readonly").status == 200
    assert "token" not in secured.get(answer.json()["href"]).ok()["accessRequest"]
    assert login(secured, "guest", "pw").status == 200


@pytest.mark.parametrize("body, message", [
    ({"description": ""}, None), ({"description": None}, None), ({"clientId": None}, None), ({"permissions": "captain"}, None),
    ({"clientId": "a\nb"}, "control"), ({"description": "\x1b[2J"}, "control"), ({"description": "x" * 300}, "description"),
    ({"clientId": "x" * 200}, "bytes"), ({"clientId": None, "userId": "x"}, None),
    ({"clientId": None, "userId": "anna", "password": "x"}, "User already exists"),
])
def test_what_cannot_be_asked(secured, body, message):
    answer = ask(secured, **body)
    assert answer.status == 400
    assert answer.json()["state"] == "COMPLETED"
    assert message is None or message in answer.json()["message"]
    assert pending(secured) == []


def test_one_device_asks_once(secured):
    assert ask(secured).status == 202
    again = ask(secured)
    assert (again.status, again.json()["message"]) == (400, f"A device with clientId '{CLIENT}' has already requested access")


def test_pending_requests_and_their_size_are_limited(secured):
    for number in range(100):
        assert ask(secured, clientId=f"device-{number}").status == 202
    answer = ask(secured, clientId="one-too-many")
    assert (answer.status, answer.text) == (503, "Too many pending access requests")
    assert len(pending(secured)) == 100
    assert ask(secured, description="x" * 11000).status == 413
    assert decide(secured, "denied", "device-7").status == 200
    assert ask(secured, clientId="now-there-is-room").status == 202


def test_asking_can_be_switched_off(config, launch):
    server = launch(folder=secure(config, allowDeviceAccessRequests=False, allowNewUserRegistration=False))
    assert ask(server).status == 403
    assert ask(server, clientId=None, userId="x", password="y").status == 403


@pytest.mark.parametrize("what, identifier, body", [("approved", "nobody", {}), ("maybe", CLIENT, {}),
                                                    ("approved", CLIENT, {"permissions": "captain"}), ("approved", CLIENT, {"permissions": None}),
                                                    ("approved", CLIENT, {"expiration": "soon"})])
def test_bad_decisions_decide_nothing(secured, what, identifier, body):
    ask(secured)
    answer = decide(secured, what, identifier, **body)
    assert (answer.status, answer.text) == (500, "Unable update request")
    assert len(pending(secured)) == 1


def test_without_security_nobody_asks(server):
    assert ask(server).status == 404
    assert server.get("/skServer/security/access/requests").status == 404
    assert server.stream("?subscribe=none").send({"requestId": "1", "accessRequest": {"clientId": "x", "description": "y"}}).until(
        lambda message: message.get("requestId") == "1")["statusCode"] == 404


def test_the_administrator_is_told(secured):
    watcher = secured.stream("?subscribe=none&serverevents=all&token=" + token("anna"))
    guest = secured.stream("?subscribe=none&serverevents=all&token=" + token("wim"))
    path = f"notifications.security.accessRequest.any.{CLIENT}"
    watcher.subscribe(path)
    ask(secured)
    seen = watcher.collect_until(lambda m: m.get("type") == "ACCESS_REQUEST" and m["data"])
    seen += watcher.collect_until(has_path(path)) if not any(map(has_path(path), seen)) else []
    (alert,) = [m for m in seen if has_path(path)(m)]
    value = alert["updates"][0]["values"][0]["value"]
    assert alert["context"] == SELF and value["state"] == "alert" and "My Device" in value["message"]
    decide(secured)
    guest.subscribe(path)  # the notification itself is data of the boat
    assert all(message.get("type") not in ("ACCESS_REQUEST", "PLUGINS_CHANGED") for message in guest.collect_until(has_path(path)))


# ---- over the stream ----


def test_a_device_is_let_in_on_its_open_stream(secured, config):
    stream = secured.stream("?subscribe=self")
    stream.hello()
    asked = {"requestId": "mine", "accessRequest": {"clientId": CLIENT, "description": "My Device", "permissions": "readonly"}}
    assert stream.send(asked).recv() == {"requestId": "mine", "state": "PENDING", "statusCode": 202}
    assert stream.send({**asked, "requestId": "more"}).recv()["statusCode"] == 400
    assert secured.get("/signalk/v1/requests/mine").status == 401  # the client's own id opens nothing
    decide(secured)
    said = stream.recv()
    assert (said["requestId"], said["accessRequest"]["permission"]) == ("mine", "APPROVED")
    assert stream.until(lambda message: "updates" in message)  # and gets what its address asked for
    stream.send({"updates": [{"values": [{"path": "a.b", "value": 1}]}]})
    stream.until(has_path("a.b"))
    assert secured.get("/signalk/v1/api/vessels/self/a/b/$source", headers=as_user("anna")).ok() == "ws." + CLIENT
    assert secured.get(NAME_PATH, headers={"Authorization": "JWT " + said["accessRequest"]["token"]}).ok() == "Skiff"


def test_a_client_that_left_is_not_answered(secured):
    stream = secured.stream("?subscribe=none")
    stream.hello()
    stream.send({"requestId": "1", "accessRequest": {"clientId": CLIENT, "description": "x"}}).recv()
    stream.close()
    assert decide(secured).status == 200
    assert secured.get(NAME_PATH, headers=as_user("anna")).ok() == "Skiff"
