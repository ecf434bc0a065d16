"""Secrets do not stay in the server's memory once they were used, nor get into its log."""
import pytest

from harness.security import as_user, secure
from harness.waiting import Late, eventually
from harness.web import request, tls_context

SECRET = "Tr0ub4dor-and-a-gybing-spinnaker"


def places_of(pid, needle):
    """Where the bytes stand in the process's own memory: (address, name of the mapping)."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            words = line.split()
            low, high = (int(n, 16) for n in words[0].split("-"))
            if "w" not in words[1] or (len(words) > 5 and words[5] in ("[vvar]", "[vsyscall]")) or high - low > 1 << 30:
                continue
            try:
                memory.seek(low)
                data = memory.read(high - low)
            except (OSError, ValueError, OverflowError):
                continue
            at = data.find(needle)
            while at >= 0:
                found.append((hex(low + at), words[5] if len(words) > 5 else "", data[max(0, at - 60):at + 60]))
                at = data.find(needle, at + 1)
    return found


@pytest.fixture
def searched(config, launch):
    """A server with security, which can be read: `clean()` says that a text is nowhere in its memory and log."""
    secure(config)
    server = launch()
    try:
        with open(f"/proc/{server.process.pid}/mem", "rb", 0):
            pass
    except OSError as e:
        pytest.skip(f"this machine does not let a test read another process's memory: {e}")

    def clean(text):
        found = []

        def nowhere():
            found[:] = places_of(server.process.pid, text.encode())
            return not found

        try:
            eventually(nowhere, "no copy in memory", 10)
        except Late:
            raise AssertionError(f"{len(found)} copies in memory: {found[:4]}") from None
        assert text not in server.log()

    server.clean = clean
    return server


def test_a_password_sent_by_http(searched):
    for body in ({"username": "anna", "password": SECRET}, {"username": SECRET + "x", "password": SECRET}):
        assert searched.post("/signalk/v1/auth/login", body).status == 401
    searched.clean(SECRET)


def test_a_password_in_a_form(searched):
    answer = searched.request("POST", "/login", body=f"username=anna&password={SECRET}".encode(),
                              headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 401
    searched.clean(SECRET)


def test_a_password_sent_by_websocket(searched):
    stream = searched.stream("?subscribe=none")
    stream.hello()
    stream.send({"requestId": "one", "login": {"username": "anna", "password": SECRET}})
    assert stream.until(lambda m: m.get("requestId") == "one")["statusCode"] == 401
    searched.clean(SECRET)


def test_a_password_of_a_new_user(searched):
    made = searched.post("/skServer/security/users/otto", {"userId": "otto", "type": "readonly", "password": SECRET}, headers=as_user("anna"))
    assert made.status == 200
    assert searched.post("/signalk/v1/auth/login", {"username": "otto", "password": SECRET}).status == 200
    searched.clean(SECRET)


def test_a_password_that_came_through_tls(config, launch, searched):
    searched.stop()
    config.settings(security={"strategy": "./tokensecurity"}, ssl=True)
    searched.extra_env["SSLPORT"] = "0"
    searched.restart()
    answer = request("127.0.0.1", searched.port, "POST", "/signalk/v1/auth/login", json={"username": "anna", "password": SECRET}, tls=tls_context())
    assert answer.status == 401
    searched.clean(SECRET)
