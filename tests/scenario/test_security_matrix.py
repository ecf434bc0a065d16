"""Every route there is, asked by everybody: who gets an answer is what the route's level says, and nothing else."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.security import as_device, as_user, secure, token
from harness.server import ConfigDir, Server
from harness.waiting import eventually

ROW = re.compile(r"signalk-server:routes (\S+) (\S+) needs ([A-Z]+)")


def unsigned(name):
    """What a careless reader of "alg" lets in: the signature is left out altogether."""
    head, claims, _ = token(name, header={"alg": "none", "typ": "JWT"}).split(".")
    return {"Authorization": f"Bearer {head}.{claims}."}


LEVELS = ["OPEN", "READ", "WRITE", "ADMIN"]
# what each may do, and how it says who it is
WHO = {
    "nobody": (0, {}), "rita, who reads": (1, as_user("rita")), "wim, who writes": (2, as_user("wim")), "a device": (2, as_device()),
    "anna, who administers": (3, as_user("anna")),
}
LIARS = {"garbage": {"Authorization": "Bearer x"}, "another key": as_user("anna", key="y" * 64), "expired": as_user("anna", expires=-9),
         "alg none": as_user("anna", header={"alg": "none", "typ": "JWT"}), "no signature": unsigned("anna"), "a revoked user": as_user("gone"),
         "a revoked device": as_device("gone")}


def routes(server):
    """As the server registers them, told by itself. All are told before it is ready, but by another pipe than that."""
    seen = []

    def complete():
        seen.append({found.groups() for found in ROW.finditer(server.log())})
        return len(seen) > 5 and len(seen[-1]) > 60 and seen[-1] == seen[-5]

    eventually(complete, "the list of routes")
    return sorted(seen[-1])


def plain(pattern):
    return re.sub(r":[a-z]+", "some", pattern, flags=re.I).replace("*", "some/thing")


def disguises(pattern):
    """Spellings that some layer of a server or a proxy takes for that address, while another one does not."""
    path = plain(pattern)
    first, _, rest = path[1:].partition("/")
    last = path[1:].rpartition("/")[2]
    up = "".join("/.." for _ in range(path.count("/")))
    yield f"/x/%2e%2e{path}"
    yield f"/signalk/v1/api/%2E%2E/.%2e/%2e.{path}"
    yield f"/{first}/%2e/{rest}"
    yield "/" + path[1:].replace("/", "%2f")
    yield "/" + path[1:].replace("/", "%5c")
    yield path.replace(last, "".join(f"%25{ord(c):02x}" for c in last)) if last else "/%252f"
    yield "/" + path
    yield path[0] + path[1:].replace("/", "//")
    yield path + ";a=b"
    yield f"/{first};a=b/{rest}"
    yield path + "."
    yield path + "..."
    yield path + "%20"
    yield path + "%00"
    yield path.upper()
    yield f"{path}{up}/signalk{path}"


def paths(pattern):
    """Addresses of one route: as it is meant, and as somebody writes it who hopes to be taken for another."""
    path = plain(pattern)
    yield path
    head, _, last = path.rpartition("/")
    yield f"{head}/%{ord(last[0]):02X}{last[1:]}" if last else path
    yield path + "?access=admin&token=x"


@pytest.fixture(scope="module")
def servers(tmp_path_factory, home):
    """A server that lets nobody read without login, one that does, and one without security. Routes that answer change nothing of use here."""
    made = {}
    for kind in ("closed", "readable", "off"):
        config = ConfigDir(tmp_path_factory.mktemp("matrix"))
        config.identity()
        if kind != "off":
            secure(config, allow_readonly=kind == "readable")
        made[kind] = Server(config, home, env={"DEBUG": "signalk-server:routes", "HTTP_RATE_LIMITS": "login=0,loginStatus=0,api=0"}).start()
    yield made
    assert [server.finish() for server in made.values()] == [[], [], []]


WORDS = ("Unauthorized", "bad auth token", "You do not have permission to view this resource, <a href='/admin/#/login'>Please Login</a>")


def refused(answer):
    """403 to who may read and asks for what only an administrator sees, below /skServer; or to who deletes a value and may only read."""
    return (answer.status in (401, 403) and answer.text in WORDS) or (answer.status == 403 and answer.text.startswith('{"state":"COMPLETED"'))


def probe(server, method, path, headers):
    """An empty body: nothing that is let in can do harm with it."""
    return server.request("GET" if method == "*" else method, path, headers=headers, timeout=30)


# this one decides by itself, and has a story of its own
OWN_RULES = {"/signalk/v1/requests/:id": "READ"}
# and this one would end the server: who is let in is told in test_admin_server.py
NOT_ASKED_BY_THOSE_WHO_MAY = {"/skServer/restart"}


def check(server, method, pattern, needed, readonly):
    for who, (may, headers) in WHO.items():
        known, may = may > 0, max(may, 1 if readonly else 0)
        if may >= needed and pattern in NOT_ASKED_BY_THOSE_WHO_MAY:
            continue
        for path in paths(pattern):
            answer = probe(server, method, path, headers)
            assert refused(answer) == (may < needed), f"{method} {path} as {who}: {answer}"
            # somebody who is known and may read is told of a DELETE that he may not, all others that they have to log in
            reader_deletes = method == "DELETE" and pattern == "/signalk/v1/api/*" and may == 1
            looks = known and method in ("GET", "HEAD", "*") and path.startswith("/skServer/")
            assert not refused(answer) or answer.status == (403 if reader_deletes or looks else 401), f"{method} {path} as {who}: {answer}"
    for who, headers in LIARS.items():
        answer = probe(server, method, plain(pattern), headers)
        assert refused(answer) == (needed > 0), f"{method} {pattern} as {who}: {answer}"


@pytest.mark.parametrize("kind", ["closed", "readable"])
def test_who_is_let_in_where(servers, kind):
    for method, pattern, level in routes(servers[kind]):
        check(servers[kind], method, pattern, LEVELS.index(OWN_RULES.get(pattern, level)), kind == "readable")


@pytest.mark.parametrize("kind", ["closed", "readable"])
def test_no_disguise_of_an_address_opens_a_closed_door(servers, kind):
    """Neither done nor shown: what is not refused by its right is not there, or no request at all."""
    server = servers[kind]
    for method, pattern, level in routes(server):
        needed = LEVELS.index(OWN_RULES.get(pattern, level))
        for who in ("nobody", "rita, who reads"):
            may, headers = WHO[who]
            if max(may, kind == "readable") >= needed:
                continue
            for path in disguises(pattern):
                answer = probe(server, method, path, headers)
                # an address below a tree that may be read is one of that tree, and what does not exist there is 404
                assert answer.status in (400, 401, 403, 404, 405), f"{method} {path} as {who}: {answer}"


def test_an_upgrade_is_no_way_round(servers):
    """Whoever may not ask for an address may not open a WebSocket there either."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for method, pattern, level in routes(servers["closed"]):
        needed = LEVELS.index(OWN_RULES.get(pattern, level))
        for who in ("nobody", "rita, who reads"):
            may, headers = WHO[who]
            if method in ("GET", "*") and may < needed:
                answer = probe(servers["closed"], "GET", plain(pattern), {**upgrade, **headers})
                assert refused(answer), f"{pattern} as {who}: {answer}"
    for _, headers in LIARS.items():
        assert probe(servers["closed"], "GET", "/signalk/v1/stream", {**upgrade, **headers}).status == 401


# What is closed although security is off: there is nobody who could be trusted with it.
CLOSED_WITHOUT_SECURITY = {"/skServer/restart": 401, "/signalk/v1/access/requests": 404, "/skServer/security/access/requests": 404,
                           "/skServer/security/access/requests/:id/:status": 404, "/security/access/requests/:id/:status": 404}


def test_without_security_nobody_is_asked_who_he_is(servers):
    everybody = {who: headers for who, (_, headers) in WHO.items()} | LIARS
    for method, pattern, _ in routes(servers["off"]):
        wanted = CLOSED_WITHOUT_SECURITY.get(pattern) or (401 if re.match("/skServer/security/(users|devices|config)", pattern) else None)
        for who, headers in everybody.items():
            answer = probe(servers["off"], method, plain(pattern), headers)
            assert not refused(answer), f"{method} {pattern} as {who}: {answer}"
            assert wanted in (None, answer.status), f"{method} {pattern} as {who}: {answer}"


@pytest.mark.parametrize("row", ['{ "GET", "/a", get, api }', '{ "PUT", "/a, SK_ACCESS_ADMIN", /* SK_ACCESS_ADMIN */ 0, put, api }',
                                 '{ .method = "POST", .pattern = "/a", .handler = post }'])
def test_a_route_without_a_level_does_not_build(tmp_path, row):
    """The build runs this check over its sources (src/api/meson.build)."""
    check = Path(__file__).resolve().parents[2] / "scripts" / "check_routes.py"
    file = tmp_path / "src" / "new.c"
    file.parent.mkdir()
    built = lambda: subprocess.run([sys.executable, check, file.parent], capture_output=True, text=True)
    file.write_text('const struct sk_route table[] = {\n    { "GET", "/b", SK_ACCESS_OPEN, get, api },\n};\n')
    assert built().returncode == 0
    file.write_text('const struct sk_route table[] = {\n    { "GET", "/b", SK_ACCESS_OPEN, get, api },\n    %s,\n};\n' % row)
    done = built()
    assert done.returncode == 1 and "src/new.c:3: a route without an access level" in done.stderr


SECRET = "/skServer/security/users"


@pytest.mark.parametrize("path", [
    SECRET + "/", "/skServer/security//users", "/skServer/security/./users", "/skServer/x/../security/users", "/skserver/security/users",
    "/skServer/security/users;x", "/skServer/security/users%00", "/skServer%2fsecurity%2fusers", "/skServer/security/users%2e",
    "/skServer/%2e/security/users", "/skServer/x/%2e%2e/security/users", "/skServer/security/%2575sers", "//skServer/security/users",
    "/signalk/../skServer/security/users", "/signalk/v1/api/%2e%2e/%2e%2e/%2e%2e/skServer/security/users", "/skServer/security/users.",
    "/skServer/security/users%20", "/skServer/security/users#x", "http://127.0.0.1/skServer/security/users", "/skServer\\security\\users",
])
def test_no_spelling_of_an_address_opens_a_closed_door(servers, path):
    for headers in ({}, as_user("rita"), as_user("wim")):
        answer = servers["closed"].request("GET", path, headers=headers)
        assert answer.status in (400, 401, 403, 404), answer
        assert "anna" not in answer.text
