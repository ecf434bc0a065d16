"""The wall clock jumps, as it does when the receiver gets its first fix, or loses its mind: the boat's data flow on, nothing waits,
nothing is lost, and all is well when it is right again."""
import datetime
import time

import pytest

from harness import saving
from harness.faults import Clock
from harness.instruments import connection, heading, send_udp
from harness.security import as_user, login, token
from harness.server import free_port
from harness.streams import has_value
from harness.waiting import eventually

DAY = 86400
PATH = "navigation.speedOverGround"
JUMPS = {"a day ahead": DAY, "a day back": -DAY, "years ahead": 4000 * DAY, "to 1970": -int(time.time()) + 5, "past 2038": 13 * 366 * DAY}


class Boat:
    def __init__(self, launcher, config, tmp_path, **settings):
        saving.prepare(config)
        config.settings(security={"strategy": "./tokensecurity"}, **settings)
        self.clock = Clock(tmp_path)
        self.server = launcher(env=self.clock.environment).start()
        self.admin = as_user("anna", expires=None)
        self.listener = self.server.stream("?subscribe=self", headers=self.admin)
        self.speaker = self.server.stream("?subscribe=none", headers=self.admin)
        self.speaker.hello()
        self.number = 0

    def data_flow(self):
        """A value reaches who listens, with the server's time, whatever that is."""
        self.number += 1
        self.speaker.send({"updates": [{"values": [{"path": PATH, "value": self.number}]}]})
        self.listener.until(has_value(PATH, self.number))
        answer = self.server.self_path(PATH, headers=self.admin).ok()
        assert answer["value"] == self.number
        return datetime.datetime.fromisoformat(answer["timestamp"].replace("Z", "+00:00")).timestamp()


@pytest.fixture
def boat(launcher, config, tmp_path):
    return Boat(launcher, config, tmp_path)


@pytest.mark.parametrize("name", JUMPS)
def test_the_boat_sails_on_and_saves(boat, name):
    waypoint = next(kind for kind in saving.KINDS if kind.name.startswith("waypoints"))
    for step, jump in enumerate((JUMPS[name], 0, JUMPS[name], -JUMPS[name] // 3, 0), start=1):
        boat.clock.wrong_by(jump)
        told = boat.data_flow()
        assert abs(told - (time.time() + jump)) < 60, "the time that is stamped is the clock's"
        assert boat.server.put(waypoint.path, {**saving.POINT, "name": f"{step}"}, headers=boat.admin).status == 200
        assert boat.server.get(waypoint.path, headers=boat.admin).ok()["name"] == f"{step}"
        alarm = boat.server.post("/signalk/v2/api/notifications", {"state": "alarm", "message": f"{step}"}, headers=boat.admin)
        assert alarm.status == 200, alarm
    boat.server.stop()
    boat.clock.wrong_by(JUMPS[name])
    boat.server.restart()
    assert boat.server.get(waypoint.path, headers=boat.admin).ok()["name"] == "5"
    alarms = boat.server.get("/signalk/v2/api/notifications", headers=boat.admin).ok().values()
    assert {"1", "2", "3", "4", "5"} <= {one["value"]["message"] for one in alarms}


def test_tokens_end_by_the_clock_and_come_back_with_it(boat):
    hour = {"Authorization": "Bearer " + token("anna", expires=3600)}
    assert boat.server.get("/skServer/security/users", headers=hour).status == 200
    boat.clock.wrong_by(2 * DAY)
    assert boat.server.get("/skServer/security/users", headers=hour).status == 401
    fresh = login(boat.server).json()["token"]
    assert boat.server.get("/skServer/security/users", headers={"Authorization": "Bearer " + fresh}).status == 200
    boat.clock.wrong_by(0)
    assert boat.server.get("/skServer/security/users", headers=hour).status == 200
    assert boat.data_flow()


def test_budgets_and_timers_do_not_care(boat, config):
    """What waits for seconds waits for seconds: the periods of subscriptions, the ticks of the course, the pruning of vessels."""
    period = boat.server.stream("?subscribe=none", headers=boat.admin)
    period.send({"context": "vessels.self", "subscribe": [{"path": PATH, "period": 100, "policy": "fixed"}]})
    other = "vessels.urn:mrn:imo:mmsi:230099999"
    boat.speaker.send({"context": other, "updates": [{"values": [{"path": PATH, "value": 1}]}]})
    boat.data_flow()
    period.until(has_value(PATH, boat.number))
    for jump in (300 * DAY, -300 * DAY, 0):
        boat.clock.wrong_by(jump)
        for _ in range(2):  # and again, by its period
            boat.data_flow()
            period.until(has_value(PATH, boat.number))
        assert boat.server.api("vessels/" + other.split(".", 1)[1], headers=boat.admin).status == 200, "it has just spoken"


def test_history_outlives_a_clock_that_was_years_ahead(launcher, config, tmp_path):
    boat = Boat(launcher, config, tmp_path, history={"enabled": True, "writeSeconds": 0.05, "days": 30})
    info = lambda: boat.server.get("/skServer/history", headers=boat.admin).ok()

    def recorded(count):
        return eventually(lambda: info()["values"] >= count and info()["waitingBytes"] == 0, "it is on disk", 30)

    for _ in range(20):
        boat.data_flow()
    recorded(20)
    boat.clock.wrong_by(4000 * DAY)
    for _ in range(20):
        boat.data_flow()
    recorded(40)
    boat.clock.wrong_by(0)
    boat.data_flow()
    recorded(41)
    assert info()["valuesPurged"] == 0
    boat.server.stop()
    boat.server.restart()
    boat.server.get("/skServer/history", headers=boat.admin).ok()
    data = boat.server.get(f"/signalk/v2/api/history/values?paths={PATH}:min&duration=PT1H&resolution=3600", headers=boat.admin).ok()["data"]
    assert 1 in [row[1] for row in data], data


def test_raw_logs_go_on(launcher, config, tmp_path):
    """Each hour has its file, whichever hour that is, and a clock that comes back goes on in the old one."""
    port = free_port()
    boat = Boat(launcher, config, tmp_path, pipedProviders=[connection("gps", "udp", {"port": port}, logging=True)])
    begun = time.time()
    for jump in (0, DAY, -DAY, 0):
        boat.clock.wrong_by(jump)
        hours = {datetime.datetime.fromtimestamp(t + jump, datetime.timezone.utc).strftime("skserver-raw_%Y-%m-%dT%H.log") for t in (begun, begun + 600)}

        def logged():
            send_udp(port, heading(90))
            return any((config.path / name).exists() and (config.path / name).stat().st_size > 0 for name in hours)

        eventually(logged, f"a line in one of {hours}", every=0.2)
        assert set(boat.server.get("/skServer/logfiles", headers=boat.admin).ok()) & hours
