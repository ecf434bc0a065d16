"""Every route there is, asked by everybody: who gets an answer is what the route's level says, and nothing else."""
import re

import pytest

from harness.security import as_device, as_user, secure
from harness.server import ConfigDir, Server
from harness.waiting import eventually

ROW = re.compile(r"signalk-server:routes (\S+) (\S+) needs ([A-Z]+)")
LEVELS = ["OPEN", "READ", "WRITE", "ADMIN"]
# what each may do, and how it says who it is
WHO = {
    "nobody": (0, {}), "rita, who reads": (1, as_user("rita")), "wim, who writes": (2, as_user("wim")), "a device": (2, as_device()),
    "anna, who administers": (3, as_user("anna")),
}
LIARS = {"garbage": {"Authorization": "Bearer x"}, "another key": as_user("anna", key="y" * 64), "expired": as_user("anna", expires=-9),
         "no signature": as_user("anna", header={"alg": "none"}), "a deleted user": as_user("gone")}


def routes(server):
    """As the server registers them, told by itself. All are told before it is ready, but by another pipe than that."""
    seen = []

    def complete():
        seen.append({found.groups() for found in ROW.finditer(server.log())})
        return len(seen) > 5 and len(seen[-1]) > 60 and seen[-1] == seen[-5]

    eventually(complete, "the list of routes")
    return sorted(seen[-1])


def paths(pattern):
    """Addresses of one route: as it is meant, and as somebody writes it who hopes to be taken for another."""
    path = re.sub(r":[a-z]+", "some", pattern, flags=re.I).replace("*", "some/thing")
    yield path
    head, _, last = path.rpartition("/")
    yield f"{head}/%{ord(last[0]):02X}{last[1:]}" if last else path
    yield path + "?access=admin&token=x"


@pytest.fixture(scope="module")
def servers(tmp_path_factory, home):
    """One server that lets nobody read without login, one that does. Routes that answer change nothing of use here."""
    made = {}
    for readonly in (False, True):
        config = ConfigDir(tmp_path_factory.mktemp("matrix"))
        config.identity()
        made[readonly] = Server(secure(config, allow_readonly=readonly), home, env={"DEBUG": "signalk-server:routes", "HTTP_RATE_LIMITS": "login=0,loginStatus=0,api=0"}).start()
    yield made
    assert [server.finish() for server in made.values()] == [[], []]


def refused(answer):
    return answer.status == 401 and answer.text in (
        "Unauthorized", "bad auth token",
        "You do not have permission to view this resource, <a href='/admin/#/login'>Please Login</a>")


def probe(server, method, path, headers):
    """An empty body: nothing that is let in can do harm with it."""
    return server.request("GET" if method == "*" else method, path, headers=headers, timeout=30)


# this one decides by itself, and has a story of its own
OWN_RULES = {"/signalk/v1/requests/:id": "READ"}
# and this one would end the server: who is let in is told in test_admin_server.py
NOT_ASKED_BY_THOSE_WHO_MAY = {"/skServer/restart"}


def check(server, method, pattern, needed, readonly):
    for who, (may, headers) in WHO.items():
        may = max(may, 1 if readonly else 0)
        if may >= needed and pattern in NOT_ASKED_BY_THOSE_WHO_MAY:
            continue
        for path in paths(pattern):
            answer = probe(server, method, path, headers)
            assert refused(answer) == (may < needed), f"{method} {path} as {who}: {answer}"
    for who, headers in LIARS.items():
        answer = probe(server, method, next(paths(pattern)), headers)
        assert refused(answer) == (needed > 0), f"{method} {pattern} as {who}: {answer}"


@pytest.mark.parametrize("readonly", [False, True], ids=["closed", "open to readers"])
def test_who_is_let_in_where(servers, readonly):
    for method, pattern, level in routes(servers[readonly]):
        check(servers[readonly], method, pattern, LEVELS.index(OWN_RULES.get(pattern, level)), readonly)


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
        answer = servers[False].request("GET", path, headers=headers)
        assert answer.status in (400, 401, 404), answer
        assert "anna" not in answer.text
