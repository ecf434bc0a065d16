"""Access lists: who may read, write or PUT which paths of which boats."""
import pytest

from harness.security import as_user, secure, token
from harness.server import SELF, SELF_ID
from harness.streams import has_path, paths_in, values_in

OTHER = "urn:mrn:imo:mmsi:230099999"
ACLS = [
    {"context": "vessels.self", "resources": [
        {"paths": ["navigation.*"], "permissions": [{"subject": "any", "permission": "read"}, {"subject": "wim", "permission": "write"},
                                                    {"subject": "wim", "permission": "put"}]},
        {"sources": ["engine.*"], "permissions": [{"subject": "anna", "permission": "read"}]},
        {"paths": ["a.b"], "permissions": [{"subject": "wim", "permission": "write"}]},
        {"paths": ["test.end"], "permissions": [{"subject": "any", "permission": "write"}]},
    ]},
    {"context": "vessels.*", "resources": [{"paths": ["navigation.position"], "permissions": [{"subject": "any", "permission": "read"}, {"subject": "wim", "permission": "write"}]}]},
]


@pytest.fixture
def boat(config, launch):
    return launch(folder=secure(config, acls=ACLS))


def feed(server, user="wim", context=None, source=None, **values):
    stream = server.stream("?subscribe=none&token=" + token(user))
    update = {"values": [{"path": path.replace("__", "."), "value": value} for path, value in values.items()]}
    if source:
        update["$source"] = source
    stream.send({**({"context": context} if context else {}), "updates": [update]}).settle()
    stream.close()


def get(server, path, user):
    return server.api(path, headers=as_user(user))


def test_only_what_a_list_grants_is_taken_in(boat):
    feed(boat, navigation__speedOverGround=1, a__b=2, a__c=3)
    feed(boat, user="anna", navigation__headingTrue=1)  # an administrator, but no list lets her write
    assert get(boat, "vessels/self/navigation", "anna").ok().keys() == {"speedOverGround"}
    assert get(boat, "vessels/self/a/b/value", "wim").ok() == 2
    assert get(boat, "vessels/self/a/c", "wim").status == 404


def test_the_tree_shows_each_what_it_may_see(boat):
    feed(boat, navigation__speedOverGround=1, a__b=2)
    assert get(boat, "vessels/self/navigation/speedOverGround/value", "rita").ok() == 1
    for path in ("vessels/self/a", "vessels/self/a/b", "vessels/self/a/b/value", "vessels/self/a/b/$source", "vessels/self/a/b/timestamp",
                 "vessels/self/name", "vessels/self/meta"):
        assert get(boat, path, "rita").status == 404, path
    for path, down in (("", ["vessels", SELF_ID]), ("vessels", [SELF_ID]), ("vessels/self", []), ("vessels/" + SELF_ID, [])):
        found = get(boat, path, "rita").ok()
        for name in down:
            found = found[name]
        assert found.keys() == {"navigation"}, path
    assert get(boat, "vessels/self", "wim").ok().keys() == {"navigation", "a"}


@pytest.mark.parametrize("path", ["navigationX.y", "xnavigation.z", "a.bc", "axb", "aXb"])
def test_patterns_are_literal_but_for_the_star(boat, path):
    feed(boat, **{path.replace(".", "__"): 1})
    assert get(boat, "vessels/self/" + path.replace(".", "/"), "wim").status == 404


def test_streams_carry_each_what_it_may_see(boat):
    reader, writer = (boat.stream("?sendCachedValues=false&token=" + token(user)) for user in ("rita", "wim"))
    reader.hello(), writer.hello()
    feed(boat, navigation__speedOverGround=1, a__b=2, test__end=1)
    assert paths_in(reader.collect_until(has_path("test.end"))) == ["navigation.speedOverGround", "test.end"]
    assert paths_in(writer.collect_until(has_path("test.end"))) == ["navigation.speedOverGround", "a.b", "test.end"]


def test_cached_values_are_filtered_too(boat):
    feed(boat, navigation__speedOverGround=1, a__b=2, test__end=1)
    stream = boat.stream("?subscribe=none&token=" + token("rita"))
    stream.hello()
    stream.subscribe("*")
    feed(boat, test__end=2)
    got = stream.collect_until(lambda message: (SELF, "ws_wim", "test.end", 2) in [(c, "ws_wim", p, v) for c, _, p, v in values_in(message)])
    assert "navigation.speedOverGround" in paths_in(got) and "a.b" not in paths_in(got) and "" not in paths_in(got)


def test_put_needs_its_own_grant(boat):
    put = lambda user, path: boat.put("/signalk/v1/api/vessels/self/" + path, json={"value": 1}, headers=as_user(user)).status
    assert put("wim", "navigation/x") == 405  # allowed; nobody handles it
    assert put("anna", "navigation/x") == put("wim", "a/b") == 403
    stream = boat.stream("?subscribe=none&token=" + token("anna"))
    stream.hello()
    assert stream.send({"requestId": "1", "put": {"path": "navigation.x", "value": 1}}).recv()["statusCode"] == 403


def test_other_boats_have_their_list(boat):
    feed(boat, context="vessels." + OTHER, navigation__position={"latitude": 1, "longitude": 2}, navigation__speedOverGround=3)
    assert get(boat, "vessels/" + OTHER, "rita").ok()["navigation"].keys() == {"position"}
    assert get(boat, f"vessels/{OTHER}/navigation/position/value/latitude", "rita").ok() == 1
    assert get(boat, f"vessels/{OTHER}/mmsi", "rita").status == 404
