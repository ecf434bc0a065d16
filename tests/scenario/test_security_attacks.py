"""Attacks that other servers fell to, where no other file tells of them. ATTACKS.md lists all, with the story of each."""
import json
import re
import time

import pytest

from harness.instruments import connection_status
from harness.security import PASSWORD, as_device, as_user, login, secure, security_file, token
from harness.server import SELF
from harness.streams import has_path, has_value
from harness.waiting import eventually
from test_execute import command

NAME_PATH = "/signalk/v1/api/vessels/self/name"
NOBODY, READER, WRITER, DEVICE, ADMIN = {}, as_user("rita"), as_user("wim"), as_device(), as_user("anna")


@pytest.fixture
def secured(config, launch):
    return launch(folder=secure(config))


# the words of who decides about rights; a handler says 401 in other words
REFUSED = re.compile("Unauthorized|You do not have permission to view this resource")


def asked_by_each(server, method, path):
    return [server.request(method, path, headers=headers) for headers in (NOBODY, READER, WRITER, DEVICE, ADMIN)]


# ---- the table of rights, written down a second time: the matrix asks the server itself what a route needs

V2 = "/signalk/v2/api/"
ADMINISTRATORS = [
    ("GET", "/plugins"), ("GET", "/skServer/plugins"), ("GET", "/plugins/some/config"), ("POST", "/plugins/some/config"), ("GET", "/skServer/settings"),
    ("PUT", "/skServer/settings"), ("GET", "/skServer/vessel"), ("PUT", "/skServer/vessel"), ("GET", "/skServer/providers"), ("POST", "/skServer/providers"),
    ("PUT", "/skServer/providers/x"), ("DELETE", "/skServer/providers/x"), ("GET", "/skServer/security/config"), ("PUT", "/skServer/security/config"),
    ("GET", "/skServer/security/users"), ("POST", "/skServer/security/users/x"), ("PUT", "/skServer/security/users/x"), ("DELETE", "/skServer/security/users/x"),
    ("GET", "/skServer/security/devices"), ("PUT", "/skServer/security/devices/x"), ("DELETE", "/skServer/security/devices/x"),
    ("GET", "/skServer/security/access/requests"), ("PUT", "/skServer/security/access/requests/x/approved"), ("PUT", "/security/access/requests/x/approved"),
    ("GET", "/skServer/security/hasBackup"), ("POST", "/skServer/disableSecurity"), ("GET", "/skServer/backup"), ("POST", "/skServer/validateBackup"),
    ("POST", "/skServer/restore"), ("POST", "/skServer/restore/undo"), ("GET", "/skServer/appstore/available"), ("POST", "/skServer/appstore/install/a/1.0.0"),
    ("POST", "/skServer/appstore/remove/a"), ("GET", "/skServer/serialports"), ("POST", "/skServer/debug"),
    ("POST", "/skServer/rememberDebug"), ("GET", "/skServer/debugKeys"), ("GET", "/skServer/logfiles/"), ("GET", "/skServer/logfiles/x"),
    ("GET", "/skServer/priorities"), ("PUT", "/skServer/priorities"), ("DELETE", "/skServer/priorities"), ("PUT", "/skServer/sourceAliases"),
    ("GET", "/skServer/deviceIdentities"), ("DELETE", "/skServer/removeSource"), ("POST", "/skServer/testSignalKConnection"),
    ("POST", "/skServer/requestAccess"), ("POST", "/skServer/checkAccessRequest"), ("POST", "/signalk/v1/applicationData/global/app/1.0"),
    ("PUT", "/signalk/v1/unitpreferences/config"), ("PUT", "/signalk/v1/unitpreferences/presets/custom/x"),
]
WRITERS = [
    ("PUT", "/signalk/v1/api/vessels/self/a"), ("PUT", V2 + "resources/notes/x"), ("POST", V2 + "resources/notes"), ("DELETE", V2 + "resources/notes/x"),
    ("PUT", V2 + "vessels/self/navigation/course/destination"), ("DELETE", V2 + "vessels/self/navigation/course"), ("POST", V2 + "notifications/mob"),
    ("POST", V2 + "weather/_providers/_default/x"),
]
READERS = [
    ("GET", "/signalk/v1/api/"), ("GET", NAME_PATH), ("GET", "/signalk/v1/snapshot/vessels/self"), ("GET", V2 + "resources"), ("GET", V2 + "resources/notes"),
    ("GET", V2 + "vessels/self/navigation/course"), ("GET", V2 + "notifications"), ("GET", "/signalk/v1/unitpreferences/config"), ("GET", "/skServer/webapps"),
    ("GET", "/skServer/availablePaths"), ("GET", "/signalk/v2/features"),
    ("GET", "/signalk/v1/applicationData/global/app/1.0"),
]


@pytest.mark.parametrize("refused, addresses", [(4, ADMINISTRATORS), (2, WRITERS), (1, READERS)], ids=["administrators", "writers", "readers"])
def test_the_table_of_rights(secured, refused, addresses):
    for method, path in addresses:
        got = asked_by_each(secured, method, path)
        assert [answer.status in (401, 403) and bool(REFUSED.match(answer.text)) for answer in got] == [True] * refused + [False] * (5 - refused), f"{method} {path}: {got}"


def test_a_reader_who_deletes_is_told_that_he_may_not(secured):
    got = [answer.status for answer in asked_by_each(secured, "DELETE", NAME_PATH)]
    assert got[:2] == [401, 403] and 403 not in got[2:] and 401 not in got[2:]


def test_a_refusal_says_why_in_the_log_and_does_not_fill_it(secured):
    for headers, path in ((NOBODY, NAME_PATH), (READER, "/skServer/settings"), (as_user("gone"), NAME_PATH)):
        secured.get(path, headers=headers)
    said = ["it needs a login, and nobody is logged in", "GET /skServer/settings from 127.0.0.1: it needs an administrator, and 'rita' is readonly",
            "there is no user 'gone' any more"]
    eventually(lambda: all(text in secured.log() for text in said), "the reasons")
    for _ in range(50):
        secured.get(NAME_PATH)
    secured.stop()
    assert secured.log().count("refused: ") == 3


# ---- access requests


def test_the_id_of_a_request_is_the_servers_and_reaches_nobody_else(secured):
    """Two clients choose the same id; a third listens to all it can and asks for it."""
    eavesdropper = secured.stream("?subscribe=all&serverevents=all")
    reader = secured.stream("?subscribe=all&serverevents=all&token=" + token("rita"))
    eavesdropper.hello(), reader.hello()
    streams = [secured.stream("?subscribe=none") for _ in range(2)]
    for number, stream in enumerate(streams):
        stream.hello()
        stream.send({"requestId": "same", "accessRequest": {"clientId": f"client-{number}", "description": "x"}})
        assert stream.recv() == {"requestId": "same", "state": "PENDING", "statusCode": 202}
    by_http = secured.post("/signalk/v1/access/requests", json={"clientId": "client-2", "description": "x"}).json()["requestId"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", by_http)
    assert secured.get("/signalk/v1/requests/same").status != 200
    rows = secured.get("/skServer/security/access/requests", headers=ADMIN).ok()
    ids = [row["requestId"] for row in rows]
    assert len(set(ids)) == 3 and by_http in ids and "same" not in ids
    secured.put("/skServer/security/access/requests/client-1/approved", json={"permissions": "readonly"}, headers=ADMIN)
    assert streams[1].recv()["accessRequest"]["permission"] == "APPROVED"
    streams[0].send({"requestId": "in", "login": {"username": "rita", "password": PASSWORD}})
    assert streams[0].recv(30)["requestId"] == "in"  # and nothing of the other's approval before
    heard = json.dumps([*reader.collect_until(has_path("notifications.security.accessRequest.any.client-1")),
                        *eavesdropper.collect_until(lambda message: message.get("type") == "SERVERSTATISTICS")])
    assert not any(id in heard for id in ids) and "eyJ" not in heard


def test_asking_and_polling_have_one_budget(config, launch):
    server = launch(folder=secure(config), env={"HTTP_RATE_LIMITS": "api=3"})
    asked = server.post("/signalk/v1/access/requests", json={"clientId": "a", "description": "x"}).json()
    assert [server.get(asked["href"]).json()["state"] for _ in range(2)] == ["PENDING"] * 2
    for answer in (server.get(asked["href"]), server.post("/signalk/v1/access/requests", json={"clientId": "b", "description": "x"})):
        assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0
        assert answer.json() == {"message": "Too many requests from this IP, please try again after 10 minutes"}


# ---- setting up


def test_the_first_administrator_is_never_the_second(launch):
    """Whatever the body claims, in the run that began without users and in the next."""
    server = launch("--securityenabled")
    first = {"userId": "anna", "password": PASSWORD, "type": "admin"}
    assert server.post("/skServer/enableSecurity", json=first, timeout=30).status == 200
    for body in ({**first, "userId": "mallory"}, {**first, "password": "other"}, {**first, "restore": True, "username": "anna"}):
        assert server.post("/skServer/enableSecurity", json=body, timeout=30).status in (401, 403, 404), body
        assert server.post("/skServer/enableSecurity", json=body, headers=as_user("anna"), timeout=30).status in (401, 403, 404), body
    server.stop()
    server.restart()
    assert server.post("/skServer/enableSecurity", json={**first, "userId": "mallory"}, timeout=30).status in (401, 403, 404)
    users = server.get("/skServer/security/users", headers={"Authorization": "Bearer " + login(server).ok()["token"]}).ok()
    assert [user["userId"] for user in users] == ["anna"]


def test_guesses_at_the_switched_off_administrator_are_counted(config, launch):
    config.write("security.json.disabled", security_file())
    server = launch(env={"HTTP_RATE_LIMITS": "login=2"})
    guess = lambda password: server.post("/skServer/enableSecurity", json={"restore": True, "username": "anna", "password": password}, timeout=30).status
    assert [guess("a"), guess("b"), guess("c"), guess(PASSWORD)] == [401, 401, 429, 429]
    assert config.exists("security.json.disabled")


# ---- pages of other sites


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None])
def test_a_form_of_another_site_is_no_request(server, config, kind):
    """What a browser sends without asking first: a form whose one field is made to look like JSON. Also to a server without security."""
    bodies = {"/skServer/providers": {"id": "evil", "enabled": True, "type": "NMEA0183", "options": {}}, "/skServer/debug": {"value": "*"},
              "/skServer/appstore/install-with-deps": {"name": "evil", "version": "1.0.0"}, "/skServer/enableSecurity": {"userId": "m", "password": "m"},
              "/signalk/v2/api/resources/notes": {"title": "x"}, "/signalk/v1/access/requests": {"clientId": "x", "description": "y"}}
    before = config.text("settings.json")
    for path, body in bodies.items():
        headers = {"Origin": "http://evil.example", **({"Content-Type": kind} if kind else {})}
        answer = server.request("POST", path, body=json.dumps({**body, "x": "="}), headers=headers)
        assert answer.status == 415, f"{path}: {answer}"
    assert config.text("settings.json") == before and not config.exists("security.json")


def test_a_name_that_was_turned_round_opens_nothing(secured):
    """DNS rebinding: the browser believes that the boat is evil.example, and so sends no cookie of the boat's."""
    foreign = {"Host": "evil.example:3000", "Origin": "http://evil.example:3000"}
    assert secured.get(NAME_PATH, headers=foreign).status == 401
    assert secured.put("/skServer/settings", json={}, headers=foreign).status == 401
    with_cookie = secured.get(NAME_PATH, headers={**foreign, "Cookie": "JAUTHENTICATION=" + token("rita")})
    assert with_cookie.headers["Access-Control-Allow-Origin"] == "*"  # with which no browser hands an answer with cookies on


def test_no_way_through_a_login_is_built_of_the_host(secured):
    """The name in the request is the client's own word: what leads a browser on is a path."""
    evil = {"Host": "evil.example"}
    form = {**evil, "Content-Type": "application/x-www-form-urlencoded"}
    body = f"username=anna&password={PASSWORD}&destination=%2Fadmin%2F"
    answers = [secured.get(path, headers=evil) for path in ("/", "/admin", "/signalk/v1/auth/oidc/login", "/signalk/v1/auth/oidc/callback?code=x&state=y")]
    answers.append(secured.post("/login", body=body, headers=form, timeout=30))
    assert answers[-1].status == 302
    for answer in answers:
        assert "evil.example" not in str(answer.headers) and "evil.example" not in answer.text, answer


# ---- names and texts of strangers


def test_what_a_client_says_stays_one_line_of_the_log_and_moves_no_cursor(config, launch):
    secure(config)
    server = launch(env={"DEBUG": "*"})
    evil = "x\r\n2026-01-01T00:00:00.000Z ERROR forged\x1b[2J\x9b2J\x7f%s%n%99999d"
    login(server, evil)
    server.post("/signalk/v1/access/requests", json={"clientId": evil, "description": evil})
    server.get("/signalk/v1/api/vessels/self/%0d%0aERROR%20forged%1b%5b2J%25n", headers=READER)
    server.get(NAME_PATH, headers={"Authorization": "Bearer " + token(evil)})
    stream = server.stream("?subscribe=none&token=" + token("wim"))
    stream.hello()
    stream.send({"updates": [{"$source": evil, "values": [{"path": evil, "value": evil}]}]})
    stream.send({"context": evil, "subscribe": [{"path": evil, "period": 5}]})
    stream.send({"requestId": evil, "put": {"path": evil, "value": evil}}).settle()
    server.stop()
    log = server.log()
    assert not re.search(r"^2026-01-01T00:00:00.000Z ERROR forged", log, re.M)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", log), re.findall(r".*[\x00-\x08\x0b-\x1f\x7f\x80-\x9f].*", log)[:3]


def test_values_of_the_bus_never_reach_a_shell(config, launch):
    """The time of the boat, a name, a sentence: each a command, were it pasted into one; beside a connection that does run a command."""
    marks = [config.path / f"run-{number}" for number in range(4)]
    bait = [f"2026-11-24T00:00:00Z; touch {marks[0]}", f"$(touch {marks[1]})", f"`touch {marks[2]}`", f"'\"; touch {marks[3]} #"]
    config.settings(pipedProviders=[command("cat", toStdout=["tcp"])])
    server = launch()
    connection_status(server, "cmd", "Started")
    stream = server.stream("?subscribe=self")
    stream.hello()
    for number, text in enumerate(bait):
        values = [{"path": "navigation.datetime", "value": text}, {"path": "", "value": {"name": text}}, {"path": "test.end", "value": number}]
        stream.send({"updates": [{"source": {"label": text, "type": "NMEA0183", "talker": "GP", "sentence": text}, "values": values}]})
        stream.send({"requestId": str(number), "put": {"path": "navigation.datetime", "value": text}})
        stream.until(has_value("test.end", number))
    stream.settle()
    assert [mark.name for mark in marks if mark.exists()] == []


def test_scripts_of_a_package_are_not_run(config, launch, registry):
    mark = config.path / "script-ran"
    scripts = {name: f"touch {mark}" for name in ("preinstall", "install", "postinstall", "prepare")}
    package = {"name": "@boat/chart", "version": "1.0.0", "keywords": ["signalk-webapp"], "scripts": scripts}
    registry.publish_files({"package.json": json.dumps(package).encode(), "public/index.html": b"x", "binding.gyp": b"{}"})
    server = launch(env={"NPM_CONFIG_REGISTRY": registry.url})
    server.post("/skServer/appstore/install/@boat/chart/1.0.0").ok()
    eventually(lambda: server.get("/@boat/chart/").status == 200, "the webapp", timeout=30)
    assert not mark.exists()


@pytest.mark.parametrize("version", [
    "git+https:%2f%2fevil.example%2fx.git", "https:%2f%2fevil.example%2fx.tgz", "file:..%2f..%2fx", "1.0.0;touch%20x", "$(touch%20x)", "1.0.0%26%26id", "latest",
    "^1.0.0", "*", "1.0.0%0a", "1.0.0%20--registry=http:%2f%2fevil.example", "-g", "..%2f1.0.0"])
def test_only_a_version_is_a_version(launch, registry, config, version):
    registry.publish_files({"package.json": json.dumps({"name": "chart", "version": "1.0.0", "keywords": ["signalk-webapp"]}).encode(), "public/index.html": b"x"})
    server = launch(env={"NPM_CONFIG_REGISTRY": registry.url})
    assert server.post("/skServer/appstore/install/chart/" + version).status in (400, 404)
    assert server.post("/skServer/appstore/install/git+ssh:%2f%2fevil.example%2fx/1.0.0").status in (400, 404)
    assert registry.requests == [] or all("evil" not in str(request) for request in registry.requests)
    assert not config.exists("node_modules")


# ---- patterns and addresses that cost time


def test_patterns_of_many_stars_cost_nothing(config, launch):
    """In contexts, in access lists and in paths that are asked for: answered before any deadline, whoever asks."""
    stars, long = "*a" * 200 + "b", "a" * 400
    acls = [{"context": stars, "resources": [{"paths": [stars], "permissions": [{"subject": "any", "permission": "read"}]}]},
            {"context": "vessels.self", "resources": [{"paths": [stars, "a.*"], "permissions": [{"subject": "any", "permission": "write"}]}]}]
    server = launch(folder=secure(config, acls=acls, allow_readonly=True))
    stream = server.stream("?subscribe=none&token=" + token("wim"))
    stream.hello()
    stream.send({"context": "vessels." + stars, "subscribe": [{"path": stars}] * 50})
    stream.subscribe("a.end")
    for number in range(50):
        stream.send({"context": "vessels.urn:mrn:imo:mmsi:" + "1" * 9, "updates": [{"values": [{"path": "a." + long, "value": number}]}]})
    stream.send({"updates": [{"values": [{"path": "a.end", "value": 1}]}]})
    stream.until(has_value("a.end", 1))
    assert server.get("/signalk/v1/api/vessels/*/" + stars, headers=READER).status == 404


def test_subscriptions_are_counted(server, feeder):
    stream = server.stream("?subscribe=none")
    stream.hello()
    for block in range(30):
        stream.subscribe(*({"path": f"a{block}.b{number}"} for number in range(100)))
    stream.until(lambda message: "at most" in json.dumps(message))
    feeder.values(a0__b0=1)
    stream.until(has_path("a0.b0"))


@pytest.mark.parametrize("path", [
    "/signalk/v1/api/" + "a/" * 3000, "/" * 8000, "/signalk/v2/api/resources/charts/" + "0/" * 3000 + "x.png", "/" + "%2e" * 2600, "/plugins/" + "../" * 2600,
    "/signalk/v1/api/vessels/" + "*" * 7000, "/" + "a" * 7900, "/signalk/v1/applicationData/global/" + "a/" * 3000])
def test_addresses_that_would_make_a_pattern_backtrack(secured, path):
    for headers in (NOBODY, READER):
        assert secured.get(path, headers=headers, timeout=30).status in (400, 401, 404, 414)


def test_deep_and_wide_json_harms_nobody_who_reads_it(secured):
    deep, wide = "[" * 200_000, json.dumps({f"k{n}": {} for n in range(100_000)})
    for method, path, headers in (("POST", "/login", NOBODY), ("POST", "/signalk/v1/access/requests", NOBODY), ("PUT", "/skServer/settings", ADMIN),
                                  ("PUT", NAME_PATH, WRITER), ("POST", "/signalk/v2/api/resources/notes", WRITER), ("PUT", "/skServer/security/config", ADMIN)):
        for body in (deep, '{"a":' * 100_000 + "1" + "}" * 100_000, wide):
            answer = secured.request(method, path, body=body, headers={**headers, "Content-Type": "application/json"}, timeout=30)
            assert answer.status in (200, 400, 401, 413, 500), f"{method} {path}: {answer}"
            assert answer.status != 200 or body != deep  # which is not even JSON
    assert secured.get(NAME_PATH, headers=READER).ok() == "Skiff"


def test_a_cookie_has_its_size(secured):
    assert secured.get(NAME_PATH, headers={"Cookie": "JAUTHENTICATION=" + "x" * 20_000}).status == 431
    many = "; ".join(f"c{n}=x" for n in range(1000))
    assert secured.get(NAME_PATH, headers={"Cookie": f"{many}; JAUTHENTICATION={token('rita')}"}).ok() == "Skiff"


# ---- what the Node server has to be able to read


def test_the_file_that_is_written_has_the_node_servers_form(config, launch):
    server = launch("--securityenabled")
    server.post("/skServer/enableSecurity", json={"userId": "anna", "password": PASSWORD, "type": "admin"}, timeout=30)
    admin = {"Authorization": "Bearer " + login(server).ok()["token"]}
    server.post("/signalk/v1/access/requests", json={"clientId": "1234-45653", "description": "My Dev", "permissions": "readonly"})
    server.put("/skServer/security/access/requests/1234-45653/approved", json={"permissions": "readwrite", "expiration": "1y"}, headers=admin)
    text, kept = config.text("security.json"), config.json("security.json")
    assert text.rstrip("\n") == json.dumps(kept, indent=2, ensure_ascii=False)
    assert (config.path / "security.json").stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("[0-9a-f]{512}", kept["secretKey"])
    (user,), (device,) = kept["users"], kept["devices"]
    assert (user["username"], user["type"]) == ("anna", "admin") and re.match(r"\$2[aby]\$10\$", user["password"])
    assert {name: value for name, value in device.items() if name != "tokenExpiry"} == {
        "clientId": "1234-45653", "permissions": "readwrite", "description": "My Dev", "config": None, "requestedPermissions": "true"}
    assert isinstance(device["tokenExpiry"], int)
    for name in ("allow_readonly", "immutableConfig", "allowNewUserRegistration", "allowDeviceAccessRequests"):
        assert kept.get(name) in (None, True, False)


def test_the_session_of_a_device_is_not_renewed(secured):
    now = int(time.time())
    old = {"Cookie": "JAUTHENTICATION=" + token(device="aaaaaaaa-1111-2222-3333-444444444444", iat=now - 100, exp=now + 10)}
    answer = secured.get(NAME_PATH, headers=old)
    assert answer.ok() == "Skiff" and answer.headers.get_all("Set-Cookie") is None


def test_a_withdrawn_device_is_out_at_once_on_every_way(secured):
    as_now = {"Authorization": "JWT " + token(device="aaaaaaaa-1111-2222-3333-444444444444")}
    stream = secured.stream("?subscribe=self", headers=as_now)
    stream.hello()
    assert secured.get(NAME_PATH, headers=as_now).status == 200
    assert secured.delete("/skServer/security/devices/aaaaaaaa-1111-2222-3333-444444444444", headers=ADMIN).text == "Device deleted"
    assert secured.get(NAME_PATH, headers=as_now).status == 401
    stream.closed()


def test_skiff_token_prints_one_that_counts(secured, config, launcher):
    def make(*words, code=0):
        tool = launcher()
        tool.expect_exit = True
        assert tool.spawn(["token", *words]).wait_exit(60) == code, tool.log_tail()
        return tool.log("out").strip().removeprefix("out: "), tool.log("err")

    made, _ = make("-u", "rita", "-e", "1h", "-s", str(config.path / "security.json"))
    assert secured.get(NAME_PATH, headers={"Authorization": "Bearer " + made}).ok() == "Skiff"
    assert secured.get("/skServer/settings", headers={"Authorization": "Bearer " + made}).status == 403
    _, said = make("-u", "nobody", "-e", "NEVER", "-c", str(config.path))
    assert "has no user 'nobody' yet" in said
    assert "no life time" in make("-u", "rita", "-e", "soon", "-c", str(config.path), code=2)[1]
    assert "--user" in make("-e", "1h", "-c", str(config.path), code=2)[1]
    assert "--expiration" in make("-u", "rita", "-c", str(config.path), code=2)[1]
    assert "none.json" in make("-u", "rita", "-e", "1h", "-s", str(config.path / "none.json"), code=1)[1]
    (config.path / "empty.json").write_text("{}")
    assert "secretKey" in make("-u", "rita", "-e", "1h", "-s", str(config.path / "empty.json"), code=1)[1]
