"""Tokens and hashes made by the libraries that other Signal K software uses, and ours in their hands."""
import pytest

from harness import node
from harness.security import KEY, PASSWORD, as_user, login, secure

NAME_PATH = "/signalk/v1/api/vessels/self/name"


@pytest.fixture(scope="module", autouse=True)
def npm_packages():
    node.ready()


def test_jsonwebtoken_and_bcryptjs_agree_with_us(config, launch):
    server = launch(folder=secure(config))
    ours = login(server).ok()["token"]
    assert server.post("/skServer/security/users/new", json={"password": "pw", "type": "readonly"},
                       headers={"Authorization": "Bearer " + ours}, timeout=30).status == 200
    hash_of_ours = config.json("security.json")["users"][-1]["password"]
    said = node.Script("credentials.js", KEY, ours, hash_of_ours, "pw").finish(60)
    assert said["claims"][0]["id"] == "anna" and said["claims"][0]["exp"] - said["claims"][0]["iat"] == 86400
    assert said["matches"] == [True]
    for theirs in (said["token"][0], said["device"][0]):
        assert server.get(NAME_PATH, headers={"Authorization": "JWT " + theirs}).ok() == "Skiff"
    server.stop()
    secure(config, users=[{"username": "old", "type": "admin", "password": said["hash"][0]}])
    server.restart()
    assert login(server, "old", "sesame").status == 200
    assert login(server, "old", PASSWORD).status == 401


# ---- @signalk/client --------------------------------------------------------------------------------------------------------


DEVICE = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def secured(config, launch):
    return launch(folder=secure(config))


@pytest.fixture
def script(secured):
    """script(story, args…) of the client runs beside the test."""
    return lambda story, *args: secured._client(node.Script("signalk-client.js", secured.port, story, *args))


def test_the_client_logs_in_by_http_and_on_its_stream(secured, script):
    said = script("login", "wim", PASSWORD).finish(30)
    assert said["name"] == ["Skiff"] and said["authenticated"] == [3]
    assert said["value"] == [{"path": "test.mine", "value": 1}]
    assert "error" not in said


def test_the_client_is_told_of_a_wrong_password(script):
    said = script("refused", "wim", "wrong").finish(30)
    assert "401" in said["refused"][0]


def test_the_client_logs_in_again_after_a_restart(secured, script):
    running = script("login-reconnect", "rita", PASSWORD)
    running.until("hello", 30)
    secured.clients.remove(running)  # it outlives this server process
    secured.stop()
    secured.restart(pinned_port=secured.port)
    secured.clients.append(running)
    assert running.finish(30)["name"] == ["Skiff"]


def asks(script, secured):
    device = script("access", DEVICE, "A display")
    asked = device.until("requested", 30)
    assert (asked["clientId"], asked["state"], asked["statusCode"]) == (DEVICE, "PENDING", 202)
    (row,) = secured.get("/skServer/security/access/requests", headers=as_user("anna")).ok()
    assert (row["accessIdentifier"], row["accessDescription"]) == (DEVICE, "A display")
    return device


def test_a_device_gets_access_and_loses_it(secured, script):
    device = asks(script, secured)
    assert script("decide", "anna", PASSWORD, DEVICE, "readonly", "1h").finish(30)["answer"] == ["Request updated"]
    assert device.until("decided", 30)["accessRequest"]["permission"] == "APPROVED"
    assert device.until("name") == "Skiff"
    secured.feeder(as_user("wim")).values(test__level=4)
    while device.until("stream-value") != {"path": "test.level", "value": 4}:
        pass  # what the boat is called, first
    assert secured.delete("/skServer/security/devices/" + DEVICE, headers=as_user("anna")).status == 200
    said = device.finish(30)
    assert "stream-ended" in said and "401" in said["refused"][0] and said["stream-refused"] == [401]


def test_a_device_that_is_denied_gets_nothing(secured, script):
    device = asks(script, secured)
    assert script("decide", "anna", PASSWORD, DEVICE, "denied").finish(30)["answer"] == ["Request updated"]
    assert device.finish(30)["decided"][0]["accessRequest"] == {"permission": "DENIED"}


def test_access_ends_with_its_time(secured, script):
    device = asks(script, secured)
    script("decide", "anna", PASSWORD, DEVICE, "readwrite", "4s").finish(30)
    device.until("decided", 30)
    said = device.finish(60)
    assert said["name"][0] == "Skiff" and "401" in said["refused"][0] and said["stream-refused"] == [401]


def test_only_an_administrator_decides(secured, script):
    device = asks(script, secured)
    refused = script("decide", "wim", PASSWORD, DEVICE, "admin", "1y")
    assert "401" in refused.until("failed", 30)
    assert secured.get("/skServer/security/access/requests", headers=as_user("anna")).ok()
    device.close()
