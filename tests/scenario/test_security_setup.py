"""Security for the first time, its administration, and off again."""
import os
import stat

import pytest

from harness.security import HASH, KEY, PASSWORD, as_user, login, secure, security_file

NAME_PATH = "/signalk/v1/api/vessels/self/name"
FIRST = {"userId": "anna", "password": PASSWORD, "type": "admin"}


def enable(server, **how):
    return server.post("/skServer/enableSecurity", json={**FIRST, **how}, timeout=30)


def test_the_first_administrator_switches_security_on_for_the_next_start(config, launch):
    server = launch()
    answer = enable(server, allow_readonly=True, type="readonly")
    assert (answer.status, answer.text) == (200, "Security enabled")
    assert config.json("settings.json")["security"] == {"strategy": "./tokensecurity"}
    kept = config.json("security.json")
    assert [(user["username"], user["type"]) for user in kept["users"]] == [("anna", "admin")]  # whatever type was asked for
    assert kept["allow_readonly"] is True and len(kept["secretKey"]) == 512
    assert stat.S_IMODE(os.stat(config.path / "security.json").st_mode) == 0o600
    assert server.get("/skServer/loginStatus").ok()["securityWasEnabled"] is True
    server.stop()
    server.restart()
    assert server.get(NAME_PATH).ok() == "Skiff"
    assert server.put("/signalk/v1/api/vessels/self/a/b", json={"value": 1}).status == 401
    assert login(server).ok()["token"]
    assert enable(server, userId="mallory").status == 403


def test_only_the_first_one_counts(launch):
    server = launch("--securityenabled")
    assert server.get("/skServer/loginStatus").ok()["noUsers"] is True
    assert enable(server).text == "Security enabled"
    again = enable(server, userId="mallory")
    assert (again.status, again.text) == (403, "Security already enabled")
    assert "noUsers" not in server.get("/skServer/loginStatus").ok()
    assert login(server).status == 200  # in this run already
    assert login(server, "mallory").status == 401


@pytest.mark.parametrize("body", [{"userId": ""}, {"password": ""}, {"userId": None}, {"password": 7}])
def test_the_first_administrator_has_a_name_and_a_password(server, body):
    answer = enable(server, **body)
    assert (answer.status, answer.text) == (400, "userId or password missing or too short")
    assert enable(server).status == 200


def test_setting_up_can_be_forbidden(launch, config):
    server = launch(env={"DISABLE_SECURITY_ACTIVATION": "true"})
    answer = enable(server)
    assert (answer.status, answer.text) == (403, "Security activation is disabled")
    assert not config.exists("security.json")


def test_off_and_back_on(config, launch):
    server = launch(folder=secure(config))
    off = lambda **body: server.post("/skServer/disableSecurity", json={"username": "anna", "password": PASSWORD, **body},
                                     headers=as_user("anna"), timeout=30)
    assert server.get("/skServer/security/hasBackup", headers=as_user("anna")).ok() == {"hasBackup": False}
    assert off(password="x").status == 401
    assert off(username="wim").status == 401  # not an administrator
    assert off(password="").status == 400
    answer = off()
    assert (answer.status, answer.text) == (200, "Security disabled, please restart the server")
    assert "security" not in config.json("settings.json")
    assert config.json("security.json.disabled") == security_file()
    server.stop()
    server.restart()
    assert server.get(NAME_PATH).ok() == "Skiff"
    assert server.get("/skServer/security/hasBackup").ok() == {"hasBackup": True}
    back = lambda **body: server.post("/skServer/enableSecurity", json={"restore": True, "username": "anna", "password": PASSWORD, **body},
                                      timeout=30)
    assert back(password="x").status == 401
    assert back(username="rita").status == 401
    answer = back()
    assert (answer.status, answer.text) == (200, "Security restored, please restart the server")
    assert config.json("security.json") == security_file()
    server.stop()
    server.restart()
    assert server.get(NAME_PATH).status == 401


def test_nothing_to_restore(server):
    answer = server.post("/skServer/enableSecurity", json={"restore": True, "username": "a", "password": "b"}, timeout=30)
    assert answer.status == 404


@pytest.mark.parametrize("path", ["config", "users", "devices"])
def test_without_security_there_is_nothing_to_administer(server, path):
    answer = server.get("/skServer/security/" + path)
    assert (answer.status, answer.json()) == (401, "Security config not allowed")


# ---- users, devices, configuration ----


@pytest.fixture
def secured(config, launch):
    return launch(folder=secure(config))


@pytest.fixture
def admin(secured):
    """admin(method, path below /skServer/security/, json) as the administrator."""
    return lambda method, path, json=None: secured.request(method, "/skServer/security/" + path, json=json, headers=as_user("anna"), timeout=30)


def test_users_come_and_go(secured, admin, config):
    assert admin("GET", "users").ok()[0] == {"userId": "anna", "type": "admin", "isOIDC": False}
    answer = admin("POST", "users/new%20one", {"password": "pw", "type": "readonly"})
    assert (answer.status, answer.text) == (200, "User added")
    assert login(secured, "new one", "pw").status == 200
    token = {"Authorization": "Bearer " + login(secured, "new one", "pw").ok()["token"]}
    assert secured.put("/signalk/v1/api/vessels/self/a/b", json={"value": 1}, headers=token).status == 401
    assert admin("PUT", "users/new%20one", {"type": "readwrite", "password": "pw2"}).text == "User updated"
    assert secured.put("/signalk/v1/api/vessels/self/a/b", json={"value": 1}, headers=token).status == 405  # may, but nobody handles it
    assert login(secured, "new one", "pw").status == 401
    assert login(secured, "new one", "pw2").status == 200
    assert admin("DELETE", "users/new%20one").text == "User deleted"
    assert secured.get(NAME_PATH, headers=token).status == 401  # at once
    assert admin("DELETE", "users/new%20one").text == "User deleted"
    assert config.json("security.json") == security_file()


@pytest.mark.parametrize("method, path, body, status, text", [
    ("POST", "users/anna", {"type": "admin", "password": "x"}, 400, "User already exists"),
    ("POST", "users/x", {"type": "captain", "password": "x"}, 400, "type is none of readonly, readwrite, admin"),
    ("POST", "users/x", {"password": "x"}, 500, "type is none of readonly, readwrite, admin"),
    ("POST", "users/" + "x" * 200, {"type": "admin"}, 500, "Username has over 128 bytes"),
    ("POST", "users/a%0Ab", {"type": "admin"}, 500, "Username holds a control character"),
    ("PUT", "users/nobody", {"type": "admin"}, 500, "Unable to add user"),
    ("PUT", "users/rita", {"type": "root"}, 400, "type is none of readonly, readwrite, admin"),
    ("PUT", "devices/nobody", {"permissions": "admin"}, 500, "Unable to update device"),
    ("PUT", "config", {"expiration": "soon"}, 400, None), ("PUT", "config", {"allow_readonly": "yes"}, 400, None),
])
def test_bad_edits_change_nothing(admin, config, method, path, body, status, text):
    answer = admin(method, path, body)
    assert answer.status == status
    assert text is None or answer.text == text
    assert config.json("security.json") == security_file()


def test_devices_are_edited_and_removed(secured, admin):
    assert admin("GET", "devices").ok() == security_file()["devices"]
    client = security_file()["devices"][0]["clientId"]
    assert admin("PUT", "devices/" + client, {"permissions": "readonly", "description": "Wind"}).text == "Device updated"
    assert admin("GET", "devices").ok()[0]["permissions"] == "readonly"
    assert admin("DELETE", "devices/" + client).text == "Device deleted"
    assert admin("GET", "devices").ok() == []


def test_the_configuration_is_edited_without_losing_what_is_not_sent(secured, admin, config):
    shown = admin("GET", "config").ok()
    assert "users" not in shown and "secretKey" not in shown and shown["somethingOfTomorrow"] == {"kept": True}
    changes = {"allow_readonly": True, "expiration": "2h", "allowNewUserRegistration": False, "allowDeviceAccessRequests": False,
               "allowedCorsOrigins": "https://a.example", "adminUIOrigin": "https://boat.example", "users": [], "secretKey": "x"}
    assert admin("PUT", "config", changes).text == "security config saved"
    kept = config.json("security.json")
    assert kept == security_file(allow_readonly=True, expiration="2h", allowNewUserRegistration=False, allowDeviceAccessRequests=False,
                                 allowedCorsOrigins="https://a.example,https://boat.example")
    assert kept["secretKey"] == KEY and kept["users"][0]["password"] == HASH
    assert secured.get(NAME_PATH).ok() == "Skiff"  # at once
    assert login(secured).ok()["timeToLive"] == 7200


def test_an_edit_that_cannot_be_saved_is_undone(secured, admin, config):
    if os.geteuid() == 0:
        config.path.joinpath("security.json").unlink()
        config.path.joinpath("security.json").mkdir()  # root may write anywhere, but not over a folder
    else:
        config.path.chmod(0o500)
    answer = admin("DELETE", "users/rita")
    assert (answer.status, answer.text) == (500, "Unable to delete user")
    assert secured.get(NAME_PATH, headers=as_user("rita")).ok() == "Skiff"
    config.path.chmod(0o700)
