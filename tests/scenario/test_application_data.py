"""Documents that webapps keep on the server: for all users and for one, as a whole, in parts and by patch."""
import threading

import pytest

from harness.security import as_user, secure

GLOBAL = "/signalk/v1/applicationData/global/"
USER = "/signalk/v1/applicationData/user/"
ANNA, WIM, RITA = as_user("anna"), as_user("wim"), as_user("rita")


@pytest.fixture
def config(config):
    return secure(config)


def saved(answer):
    assert (answer.status, answer.text) == (200, '"ApplicationData saved"')


def test_a_document_is_kept_read_in_parts_and_listed(server, config):
    assert server.get(GLOBAL + "app/1.0", headers=ANNA).ok() == {}
    saved(server.post(GLOBAL + "app/1.0", {"pages": [{"name": "a"}], "on": True}, headers=ANNA))
    assert config.json("applicationData/global/app/1.0.0.json") == {"pages": [{"name": "a"}], "on": True}
    assert server.get(GLOBAL + "app/1.0.0", headers=RITA).ok()["on"] is True
    assert server.get(GLOBAL + "app/1/pages/0/name", headers=WIM).ok() == "a"
    assert server.get(GLOBAL + "app/v1?keys=true", headers=WIM).ok() == ["pages", "on"]
    assert server.get(GLOBAL + "app/1/pages/7", headers=WIM).status == 404
    saved(server.post(GLOBAL + "app/2.1", {}, headers=ANNA))
    assert server.get(GLOBAL + "app", headers=WIM).ok() == ["1.0.0", "2.1.0"]
    assert server.get(GLOBAL + "other", headers=WIM).status == 404


def test_parts_are_set_and_patches_applied(server):
    saved(server.post(USER + "kip/11/layout/first", {"x": 1}, headers=WIM))
    saved(server.post(USER + "kip/11/layout/list", [1, 2], headers=WIM))
    saved(server.post(USER + "kip/11/layout/list/2", 3, headers=WIM))
    saved(server.post(USER + "kip/11", [{"op": "replace", "path": "/layout/first/x", "value": 2}, {"op": "remove", "path": "/layout/list/0"},
                                        {"op": "test", "path": "/layout/list/0", "value": 2}], headers=WIM))
    assert server.get(USER + "kip/11.0.0", headers=WIM).ok() == {"layout": {"first": {"x": 2}, "list": [2, 3]}}
    wrong = server.post(USER + "kip/11", [{"op": "replace", "path": "/layout/first/x", "value": 9}, {"op": "remove", "path": "/nothing"}], headers=WIM)
    assert wrong.status == 500 and "step 2" in wrong.text
    assert server.get(USER + "kip/11/layout/first/x", headers=WIM).ok() == 2


def test_each_user_has_documents_of_their_own(server, config):
    saved(server.post(USER + "app/1", {"who": "wim"}, headers=WIM))
    saved(server.post(USER + "app/1", {"who": "anna"}, headers=ANNA))
    assert server.get(USER + "app/1", headers=WIM).ok() == {"who": "wim"}
    assert server.get(USER + "app/1", headers=RITA).ok() == {}
    assert config.json("applicationData/users/anna/app/1.0.0.json") == {"who": "anna"}


def test_who_may_write(server):
    assert server.post(GLOBAL + "app/1", {}, headers=WIM).status == 401
    assert server.post(USER + "app/1", {}, headers=RITA).status == 401
    assert server.get(GLOBAL + "app/1").status == 401
    assert server.get(USER + "app/1").status == 401


def test_a_reader_without_name_has_no_documents(launch, config):
    secure(config, allow_readonly=True)
    server = launch()
    assert server.get(GLOBAL + "app/1").ok() == {}
    assert server.get(USER + "app/1").status == 401


@pytest.mark.parametrize("address, text", [
    ("x" * 30 + "/1", "invalid application id"), ("..%2f..%2fsettings/1", "invalid application id"), (".hidden/1", "invalid application id"),
    ("a%5cb/1", "invalid application id"), ("%2e%2e/1", "invalid application id"), ("app/none", "invalid application version"),
    ("app/1/__proto__/x", "invalid path"), ("app/1/a/constructor", "invalid path"),
])
def test_addresses_that_are_refused(server, address, text):
    for answer in (server.get(GLOBAL + address, headers=ANNA), server.post(GLOBAL + address, {"a": 1}, headers=ANNA)):
        assert (answer.status, answer.text) == (400, text)


@pytest.mark.parametrize("patch, status, text", [
    ([{"op": "add", "path": "/__proto__/x", "value": 1}], 400, "invalid patch path"),
    ([{"op": "copy", "from": "/constructor", "path": "/x"}], 400, "invalid patch path"),
    ([{"op": "replace", "path": "", "value": 5}], 500, "no object"),
    (5, 400, "neither a document"),
    ([{"op": "copy", "from": "", "path": f"/{n}"} for n in range(60)], 500, ""),
])
def test_patches_that_are_refused(server, config, patch, status, text):
    saved(server.post(GLOBAL + "app/1", {"a": [1]}, headers=ANNA))
    answer = server.post(GLOBAL + "app/1", patch, headers=ANNA)
    assert answer.status == status and text in answer.text
    assert config.json("applicationData/global/app/1.0.0.json") == {"a": [1]}


def test_a_document_has_its_limit(server):
    answer = server.post(GLOBAL + "app/1", {"a": "x" * (4 * 1024 * 1024)}, headers=ANNA)
    assert answer.status == 413 and "too large" in answer.text


def test_writers_to_one_document_follow_each_other(server):
    """All of 40 patches at once count: none works on what another is about to replace."""
    saved(server.post(GLOBAL + "app/1", {}, headers=ANNA))
    threads = [threading.Thread(target=server.post, args=(GLOBAL + "app/1", [{"op": "add", "path": f"/k{n}", "value": n}]), kwargs={"headers": ANNA})
               for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.get(GLOBAL + "app/1", headers=ANNA).ok() == {f"k{n}": n for n in range(40)}


def test_without_security_there_are_none(launch, config):
    config.settings()
    server = launch()
    assert server.get(GLOBAL + "app/1").status == 404
    answer = server.post(GLOBAL + "app/1", {})
    assert (answer.status, answer.text) == (405, "security is not enabled")
