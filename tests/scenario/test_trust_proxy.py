"""Behind a proxy: whose address counts."""
import pytest
from websockets.sync.client import connect

from harness.security import as_user, secure
from harness.server import HOST


def requester(server, forwarded):
    """The address an access request is listed under."""
    answer = server.post("/signalk/v1/access/requests", json={"clientId": "sensor-" + forwarded.replace(".", "-"), "description": "d"},
                         headers={"X-Forwarded-For": forwarded})
    assert answer.status == 202, answer
    listed = server.get("/skServer/security/access/requests", headers=as_user("anna")).ok()
    return [entry["ip"] for entry in listed if entry["accessIdentifier"] == "sensor-" + forwarded.replace(".", "-")]


@pytest.mark.parametrize("trusted, seen", [
    (None, HOST), (False, HOST), (True, "203.0.113.9"), (1, "203.0.113.9"), ("loopback", "203.0.113.9"), ("10.0.0.0/8", HOST),
    ("nonsense", HOST),
])
def test_the_setting_says_whom_to_believe(launch, config, trusted, seen):
    secure(config, settings={"trustProxy": trusted} if trusted is not None else None)
    server = launch()
    assert requester(server, "203.0.113.9") == [seen]
    assert ("no proxy is trusted" in server.log()) == (trusted == "nonsense")


def test_the_environment_does_the_same(launch, config):
    secure(config)
    assert requester(launch(env={"TRUST_PROXY": "loopback"}), "203.0.113.9") == ["203.0.113.9"]


def test_clients_of_one_proxy_have_their_budgets_each(launch, config):
    config.settings(trustProxy="loopback")
    server = launch(env={"MAX_WS_CONNECTIONS_PER_IP": "1"})

    def client(address):
        return connect(server.url(), additional_headers={"X-Forwarded-For": address})

    with client("203.0.113.1"), client("203.0.113.2"):
        with pytest.raises(Exception, match="429"):
            client("203.0.113.1")
