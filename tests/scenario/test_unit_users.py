"""Units that one user chose for themselves: their metadata, their streams, their active preset; nobody else's."""
import pytest

from harness.security import as_user, secure
from harness.streams import metas_in

API = "/signalk/v1/unitpreferences/"
CHOICE = "/signalk/v1/applicationData/user/unitpreferences/1.0.0"
SPEED = "navigation.speedOverGround"
ANNA, WIM = as_user("anna"), as_user("wim")
MINE = {"version": "1.0.0", "name": "Mine", "description": "", "categories": {"speed": {"baseUnit": "m/s", "targetUnit": "mph", "displayFormat": "0"}}}


@pytest.fixture
def config(config):
    return secure(config)


def choose(server, preset, who):
    assert server.post(CHOICE, {"activePreset": preset}, headers=who).ok() == "ApplicationData saved"


def values_of(server, who):
    """The unit of speed, everywhere that this user reads it."""
    path = SPEED.replace(".", "/")
    get = lambda address: server.get("/signalk/v1/api/" + address, headers=who).ok()
    me = get("self").removeprefix("vessels.")
    found = {
        "leaf": get("vessels/self/" + path)["meta"],
        "meta": get(f"vessels/self/{path}/meta"),
        "vessel": get("vessels/self")["navigation"]["speedOverGround"]["meta"],
        "vessels": get("vessels")[me]["navigation"]["speedOverGround"]["meta"],
        "all": get("")["vessels"][me]["navigation"]["speedOverGround"]["meta"],
    }
    units = {where: meta["displayUnits"]["targetUnit"] for where, meta in found.items()}
    units["active"] = server.get(API + "active", headers=who).ok()["categories"]["speed"]["targetUnit"]
    assert len(set(units.values())) == 1, units
    return units["leaf"]


def announced(stream, unit):
    return stream.until(lambda m: any(path == SPEED and value["displayUnits"]["targetUnit"] == unit for _, path, value in metas_in(m)))


def test_each_sees_what_they_chose(server, config):
    feeder = server.stream("?subscribe=none", headers=WIM)
    feeder.send({"updates": [{"values": [{"path": SPEED, "value": 3.2}]}]})
    feeder.settle()
    for _ in range(2):  # what is kept for the one must not be told to the other
        assert (values_of(server, ANNA), values_of(server, WIM)) == ("kn", "kn")
    choose(server, "metric", WIM)
    for _ in range(2):
        assert (values_of(server, ANNA), values_of(server, WIM)) == ("kn", "km/h")
    assert server.put(API + "presets/custom/mine", MINE, headers=ANNA).ok() == {"success": True}
    choose(server, "mine", ANNA)
    assert (values_of(server, ANNA), values_of(server, WIM)) == ("mph", "km/h")
    server.kill()
    server.restart()
    feeder = server.stream("?subscribe=none", headers=WIM)
    feeder.send({"updates": [{"values": [{"path": SPEED, "value": 3.2}]}]})
    feeder.settle()
    assert (values_of(server, ANNA), values_of(server, WIM)) == ("mph", "km/h")
    assert server.delete(API + "presets/custom/mine", headers=ANNA).status == 200  # a preset that is gone gives way to everybody's
    choose(server, "no such", WIM)
    assert (values_of(server, ANNA), values_of(server, WIM)) == ("kn", "kn")


def test_streams_follow_the_choice(server):
    anna, wim = (server.stream("?subscribe=self&sendMeta=all&sendCachedValues=false", headers=who) for who in (ANNA, WIM))
    choose(server, "metric", WIM)
    wim.send({"updates": [{"values": [{"path": SPEED, "value": 3.2}]}]})
    announced(anna, "kn")
    announced(wim, "km/h")
    choose(server, "imperial-us", WIM)
    announced(wim, "mph")
    assert server.put(API + "config", {"activePreset": "metric"}, headers=ANNA).ok() == {"success": True}
    announced(anna, "km/h")
    announced(wim, "mph")


def test_what_is_no_choice_changes_nothing(server, config):
    stream = server.stream("?subscribe=self&sendMeta=all&sendCachedValues=false", headers=WIM)
    stream.send({"updates": [{"values": [{"path": SPEED, "value": 3.2}]}]})
    announced(stream, "kn")
    for document in ({"activePreset": 5}, {"activePreset": "../../x"}, {"activePreset": "x" * 65}, {}, {"other": "metric"}):
        assert server.post(CHOICE, document, headers=WIM).status == 200
        assert values_of(server, WIM) == "kn"
    config.write("applicationData/users/wim/unitpreferences/1.0.0.json", "{broken")
    server.stop()
    server.restart()
    stream = server.stream("?subscribe=none", headers=WIM)
    stream.send({"updates": [{"values": [{"path": SPEED, "value": 3.2}]}]})
    stream.settle()
    assert values_of(server, WIM) == "kn"
