"""Logging in, staying logged in, and tokens of every kind."""
import json
import time
import urllib.parse

import pytest

from harness.security import HASHES, KEY, PASSWORD, as_device, as_user, cookies, login, secure, security_file, token
from harness.waiting import eventually

SELF_NAME = "/signalk/v1/api/vessels/self/name"


@pytest.fixture
def secured(config, launch):
    secure(config)
    return launch()


# ---- login ----


def test_login_gives_a_token_and_two_cookies(secured):
    answer = login(secured)
    said = answer.ok()
    assert said["timeToLive"] == 86400
    assert secured.get(SELF_NAME, headers={"Authorization": "Bearer " + said["token"]}).ok() == "Skiff"
    jar = cookies(answer)
    assert jar["JAUTHENTICATION"][0] == said["token"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(jar["JAUTHENTICATION"][1])
    assert json.loads(urllib.parse.unquote(jar["skLoginInfo"][0])) == {"status": "loggedIn", "user": "anna"}
    assert "HttpOnly" not in jar["skLoginInfo"][1]
    assert not any(attribute.startswith("Max-Age") for attribute in jar["JAUTHENTICATION"][1])
    assert secured.get(SELF_NAME, headers={"Cookie": "a=b; JAUTHENTICATION=" + said["token"]}).ok() == "Skiff"


def test_remember_me_makes_the_cookies_outlive_the_browser(secured):
    for attributes in (attributes for _, attributes in cookies(login(secured, rememberMe=True)).values()):
        assert "Max-Age=86400" in attributes


def test_a_session_that_never_ends_is_remembered_for_ten_years(config, launch):
    server = launch(folder=secure(config, expiration="NEVER"))
    answer = login(server, rememberMe=True)
    assert answer.ok()["timeToLive"] is None
    assert "Max-Age=315576000" in cookies(answer)["JAUTHENTICATION"][1]


def test_cookies_are_secure_behind_https(secured):
    answer = secured.post("/login", json={"username": "anna", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}, timeout=30)
    assert "Secure" in cookies(answer)["JAUTHENTICATION"][1]
    assert "Secure" not in cookies(login(secured))["JAUTHENTICATION"][1]


@pytest.mark.parametrize("destination, where", [("/admin/#/x", "/admin/#/x"), ("//evil.example", "/"), ("https://evil.example", "/"),
                                                ("/\\evil.example", "/"), ("", "/"), ("/a\r\nX: y", "/")])
def test_a_form_leads_only_to_pages_of_this_server(secured, destination, where):
    body = urllib.parse.urlencode({"username": "anna", "password": PASSWORD, "destination": destination})
    answer = secured.post("/signalk/v1/auth/login", body=body, headers={"Content-Type": "application/x-www-form-urlencoded"}, timeout=30)
    assert (answer.status, answer.headers["Location"]) == (302, where)
    assert "JAUTHENTICATION" in cookies(answer)


@pytest.mark.parametrize("name, password", [("anna", "wrong"), ("nobody", PASSWORD), ("anna", ""), ("", ""), (None, None), (7, {}),
                                            ("anna", "x" * 5000), ("ANNA", PASSWORD)])
def test_a_wrong_login_says_no_more_than_that(secured, name, password):
    answer = login(secured, name, password)
    assert answer.status == 401
    assert answer.json() == {"statusCode": 401, "message": "Invalid username/password"}
    assert not cookies(answer)


def test_a_wrong_form_login(secured):
    answer = secured.post("/login", body="username=anna&password=x", headers={"Content-Type": "application/x-www-form-urlencoded"}, timeout=30)
    assert (answer.status, answer.text) == (401, "Invalid username/password")


@pytest.mark.parametrize("prefix", list(HASHES))
def test_hashes_of_other_servers_are_accepted(config, launch, prefix):
    secure(config, users=[{"username": "old", "type": "admin", "password": HASHES[prefix]}])
    assert login(launch(), "old").ok()["token"]


def test_a_user_without_password_cannot_log_in_but_may_hold_a_token(config, launch):
    server = launch(folder=secure(config, users=[{"username": "sso", "type": "readwrite"}]))
    for password in ("", "x", None):
        assert login(server, "sso", password).status == 401
    assert server.get(SELF_NAME, headers=as_user("sso")).ok() == "Skiff"


def test_names_are_trimmed(secured):
    assert login(secured, " anna ").ok()["token"]


def test_login_attempts_are_counted_over_http_and_the_stream(config, launch):
    server = launch(folder=secure(config), env={"HTTP_RATE_LIMITS": "login=3 windowMs=3600000"})
    assert login(server).status == 200
    assert login(server, password="x").status == 401
    stream = server.stream("?subscribe=none")
    stream.hello()
    ask = lambda number: stream.send({"requestId": str(number), "login": {"username": "anna", "password": "x"}}).recv(30)
    assert ask(1) == {"requestId": "1", "state": "COMPLETED", "statusCode": 401, "login": {}}
    assert ask(2)["statusCode"] == 429
    spent = login(server)
    assert spent.status == 429 and int(spent.headers["Retry-After"]) > 3000
    assert spent.json() == {"message": "Too many login attempts from this IP, please try again later"}
    off = server.post("/skServer/disableSecurity", json={"username": "anna", "password": PASSWORD}, headers=as_user("anna"), timeout=30)
    assert off.status == 429


def test_many_logins_at_once_are_refused_and_readers_are_not_kept_waiting(config, launch):
    server = launch(folder=secure(config, allow_readonly=True))
    clients = [server.raw() for _ in range(90)]
    body = json.dumps({"username": "anna", "password": "x"})
    for client in clients:
        client.send("POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert server.get(SELF_NAME).ok() == "Skiff"
    codes = [client.read_response()[0] for client in clients]
    assert set(codes) == {401, 503}


# ---- logout, status ----


def test_logout_clears_the_cookies(secured):
    for path in ("/signalk/v1/auth/logout", "/logout"):
        answer = secured.put(path, headers=as_user("anna"))
        assert answer.ok() == "Logout OK"
        for value, attributes in cookies(answer).values():
            assert value == "" and attributes == ["Path=/", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]


@pytest.mark.parametrize("path", ["/skServer/loginStatus", "/loginStatus"])
def test_login_status(secured, path):
    everybody = {"readOnlyAccess": False, "authenticationRequired": True, "allowNewUserRegistration": True,
                 "allowDeviceAccessRequests": True, "securityWasEnabled": False}
    answer = secured.get(path)
    assert answer.ok() == {"status": "notLoggedIn", **everybody}
    assert "no-store" in answer.headers["Cache-Control"]
    assert secured.get(path, headers=as_user("wim")).ok() == {"status": "loggedIn", "userLevel": "readwrite", "username": "wim", **everybody}
    bad = secured.get(path, headers={"Authorization": "Bearer nonsense"})
    assert bad.ok()["status"] == "notLoggedIn"
    assert cookies(bad)["JAUTHENTICATION"][0] == ""


def test_login_status_without_security(server):
    assert server.get("/skServer/loginStatus").ok() == {"status": "notLoggedIn", "readOnlyAccess": False, "authenticationRequired": False,
                                                        "securityWasEnabled": False}


# ---- tokens ----


def forged(header):
    return token("anna", header=header)


BAD_TOKENS = {
    "garbage": "garbage", "empty parts": "..", "two parts": token("anna").rsplit(".", 1)[0], "four parts": token("anna") + ".x",
    "no signature": token("anna").rsplit(".", 1)[0] + ".", "wrong key": token("anna", key="x" * 64),
    "alg none": forged({"alg": "none", "typ": "JWT"}), "alg None": forged({"alg": "None"}), "alg RS256": forged({"alg": "RS256"}),
    "alg HS512": forged({"alg": "HS512"}), "no alg": forged({"typ": "JWT"}), "alg is a list": forged({"alg": ["HS256"]}),
    "expired": token("anna", expires=-1), "nobody": token("nobody"), "nobody's device": token(device="nobody"), "no name": token(),
    "name is a number": token(id=7), "a device called like a user": token(device="anna"), "a user called like a device": token("aaaaaaaa-1111-2222-3333-444444444444"),
    "exp is a text": token("anna", expires=None, exp="never"), "long": "x" * 6000,
    "other signature": token("anna").rsplit(".", 1)[0] + "." + token("rita").rsplit(".", 1)[1],
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory, home):
    """One server for the many tokens; nothing here changes it."""
    from harness.server import ConfigDir, Server

    config = ConfigDir(tmp_path_factory.mktemp("tokens"))
    config.identity()
    made = Server(secure(config, allow_readonly=True), home).start()
    yield made
    assert made.finish() == []


@pytest.mark.parametrize("kind", list(BAD_TOKENS))
def test_a_bad_token_is_refused_and_not_taken_for_none(shared, kind):
    assert shared.get(SELF_NAME).ok() == "Skiff"  # without one anybody may read here
    for headers in ({"Authorization": "Bearer " + BAD_TOKENS[kind]}, {"Authorization": "JWT " + BAD_TOKENS[kind]},
                    {"X-Authorization": "Bearer " + BAD_TOKENS[kind]}, {"Cookie": "JAUTHENTICATION=" + BAD_TOKENS[kind]}):
        answer = shared.get(SELF_NAME, headers=headers)
        assert (answer.status, answer.text) == (401, "bad auth token"), headers
        assert cookies(answer)["JAUTHENTICATION"][0] == ""


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer " + token("rita")}, {"Authorization": "JWT " + token("rita")},
                                     {"X-Authorization": "Bearer " + token("rita")}, {"Cookie": "JAUTHENTICATION=" + token("rita")},
                                     {"Authorization": "Basic eDp5", "X-Authorization": "JWT " + token("rita")},
                                     as_device(), {"Authorization": "Bearer " + token("rita", expires=None)}])
def test_where_a_token_counts(secured, headers):
    assert secured.get(SELF_NAME, headers=headers).ok() == "Skiff"


def test_a_token_in_the_address_counts_for_streams_only(secured):
    assert secured.get(SELF_NAME + "?token=" + token("rita")).status == 401
    stream = secured.stream("?token=" + token("rita"))
    stream.hello()
    assert stream.until(lambda message: "updates" in message)


def test_a_used_session_is_renewed_after_half_of_its_life(secured):
    now = int(time.time())
    fresh = secured.get(SELF_NAME, headers={"Cookie": "JAUTHENTICATION=" + token("anna", iat=now - 10, exp=now + 100)})
    old = secured.get(SELF_NAME, headers={"Cookie": "JAUTHENTICATION=" + token("anna", iat=now - 100, exp=now + 10, rememberMe=True)})
    assert fresh.ok() and not cookies(fresh)
    assert old.ok() == "Skiff"
    renewed, attributes = cookies(old)["JAUTHENTICATION"]
    assert "Max-Age=86400" in attributes
    assert secured.get(SELF_NAME, headers={"Authorization": "Bearer " + renewed}).ok() == "Skiff"


def test_a_broken_file_lets_nobody_in_and_is_left_alone(config, launch):
    secure(config)
    config.write("security.json", '{"users": [')
    server = launch()
    assert server.get(SELF_NAME).status == 401
    assert server.get(SELF_NAME, headers=as_user("anna")).status == 401
    eventually(lambda: "security.json" in server.log() and "nobody can log in" in server.log(), "the line of the log")
    assert config.text("security.json") == '{"users": ['


def test_the_key_and_the_hashes_are_never_shown(secured):
    texts = [secured.get(path, headers=as_user("anna")).text for path in
             ("/skServer/security/config", "/skServer/security/users", "/skServer/security/devices", "/skServer/loginStatus")]
    login(secured)
    for text in (*texts, secured.log()):
        assert KEY not in text and "$2b$" not in text and PASSWORD not in text


def test_the_administrator_of_the_environment_is_the_only_user(config, launch):
    server = launch(folder=secure(config), env={"ADMINUSER": "boss:sesame"})
    assert login(server, "boss", "sesame").status == 200
    assert login(server, "anna").status == 401
    answer = server.delete("/skServer/security/users/boss", headers=as_user("boss"))
    assert answer.status == 500 and "immutable" in answer.text
    assert config.json("security.json") == security_file()
