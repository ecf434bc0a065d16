"""Tokens and hashes made by the libraries that other Signal K software uses, and ours in their hands."""
import pytest

from harness import node
from harness.security import KEY, PASSWORD, login, secure

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
