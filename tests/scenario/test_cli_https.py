"""Commands find a server that speaks HTTPS, know it by its own certificate, and give their token to no other."""
import json
import re

import pytest

from harness import packages
from harness.security import secure, token
from harness.server import HOST, free_port
from harness.waiting import eventually
from harness.web import tls_context

PLUGIN = "skiff-anchor-watch"


@pytest.fixture
def tls(launcher, config):
    """A server with HTTPS and security, and a plugin that is off."""
    package = packages.built(PLUGIN)
    config.install(package)
    secure(config)
    return launcher("--port", str(free_port()), env={"SSLPORT": str(free_port())}).start()


def state(server):
    entries = server.get("/skServer/plugins", tls=tls_context(), headers={"Authorization": "Bearer " + token("anna")}).ok()
    return next(entry["state"] for entry in entries if entry["packageName"] == PLUGIN)


def of_the_run(config):
    """What the server wrote behind its ready line."""
    return eventually(lambda: config.exists("skiff-address.json") and config.json("skiff-address.json"), "the server's address")


def authorised():
    return {"SIGNALK_TOKEN": token("anna")}


def test_a_plugin_is_switched_and_asked_over_https(tls, config, skiff):
    address = of_the_run(config)
    assert address["url"] == f"https://{HOST}:{tls.port}"
    told, _ = skiff("plugin", "enable", PLUGIN, "--yes", env=authorised())
    assert "is enabled\n" in told + "\n" and "next start" not in told
    assert state(tls) in ("starting", "running")
    told, _ = skiff("plugin", "stats", "--json", env=authorised())
    assert PLUGIN in [entry["id"] for entry in json.loads(told)]
    skiff("plugin", "disable", PLUGIN, "--token", token("anna"))
    assert state(tls) not in ("starting", "running")
    _, error = skiff("plugin", "stats", code=1)
    assert "the server wants a login" in error


def test_names_and_dates_of_the_servers_own_certificate_do_not_matter(tls, config, skiff):
    skiff("tls", "new", "--name", "plover.local", "--days", "1")
    tls.wait_log("new certificate for new connections")
    told, _ = skiff("plugin", "stats", env=authorised())
    assert PLUGIN in told
    told, _ = skiff("plugin", "stats", "--url", f"https://localhost:{tls.port}", env=authorised())  # its authority is in the folder
    assert PLUGIN in told


def test_another_certificate_gets_no_token(tls, config, skiff, launcher, tmp_path):
    other = type(config)(tmp_path / "other")
    other.settings()
    stranger = launcher("--port", str(free_port()), folder=other, env={"SSLPORT": str(free_port())}).start()
    address = of_the_run(config)
    config.write("skiff-address.json", {**address, "url": f"https://{HOST}:{stranger.port}"})
    _, error = skiff("plugin", "stats", env=authorised(), code=1)
    assert "its certificate is not the one that is expected" in error
    _, error = skiff("plugin", "enable", PLUGIN, "--yes", env=authorised(), code=1)
    assert "its certificate is not the one that is expected" in error
    _, error = skiff("plugin", "stats", "--url", f"https://{HOST}:{stranger.port}", env=authorised(), code=1)
    assert "its certificate is not accepted" in error
    assert stranger.get("/skiff/status", tls=tls_context()).ok()["http"]["requests"] == 1  # nothing came but this


@pytest.mark.parametrize("broken, said", [("", "PEM is expected"), (None, "ssl-cert.pem")])
def test_a_certificate_that_cannot_be_read_is_named(tls, config, skiff, broken, said):
    address = of_the_run(config)
    config.write("skiff-address.json", {**address, "certificate": str(config.path / "gone" / "ssl-cert.pem")})
    if broken is not None:
        config.write("gone/ssl-cert.pem", broken)
    _, error = skiff("plugin", "stats", env=authorised(), code=1)
    assert said in error and re.search(r"https://\S+", error)
