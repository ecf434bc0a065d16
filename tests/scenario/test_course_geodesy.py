"""What the course calculates, beside a geodesic library of another make (geographiclib): 0.1 m and 0.001° at most apart."""
import math
import random

import pytest
from geographiclib.geodesic import Geodesic

COURSE = "/signalk/v2/api/vessels/self/navigation/course"
EARTH = Geodesic.WGS84
METRES, DEGREES = 0.1, 0.001

# start, destination, vessel: (latitude, longitude) each
SPECIAL = {
    "within a harbour": ((60.1, 24.9), (60.1001, 24.9003), (60.10005, 24.90012)),
    "a day's sail": ((59.4, 24.7), (60.1, 24.9), (59.8, 24.7)),
    "across the equator": ((-1.0, 10.0), (2.0, 12.0), (0.0, 11.0)),
    "across the date line, eastwards": ((10.0, 179.5), (11.0, -179.0), (10.3, -179.9)),
    "across the date line, westwards": ((-45.0, -179.9), (-44.0, 179.8), (-44.6, 180.0)),
    "on the date line": ((5.0, 180.0), (5.5, -180.0), (5.2, -179.999)),
    "over the north pole": ((88.0, 10.0), (88.0, -170.0), (89.5, 12.0)),
    "over the south pole": ((-87.0, 40.0), (-86.0, -130.0), (-88.0, 41.0)),
    "to the north pole": ((85.0, 0.0), (90.0, 0.0), (86.0, 1.0)),
    "from the south pole": ((-90.0, 0.0), (-88.0, 50.0), (-89.0, 48.0)),
    "past the pole": ((89.0, 0.0), (89.0, 90.0), (89.5, 30.0)),
    "half round the world": ((0.0, 0.0), (0.5, 179.7), (10.0, 20.0)),
    "along the equator": ((0.0, 0.0), (0.0, 5.0), (0.1, 2.0)),
    "along a meridian": ((10.0, 20.0), (15.0, 20.0), (12.0, 20.1)),
    "an ocean": ((47.0, -5.0), (40.0, -74.0), (47.5, -30.0)),
    "beyond the destination": ((50.0, 0.0), (50.0, 1.0), (50.1, 1.5)),
    "before the start": ((50.0, 0.0), (50.0, 1.0), (49.9, -0.7)),
    "nowhere to go": ((42.0, 3.0), (42.0, 3.0), (42.1, 3.2)),
    "arrived": ((42.0, 3.0), (42.1, 3.1), (42.1, 3.1)),
    "nowhere to go, at a pole": ((90.0, 0.0), (90.0, 77.0), (89.9, 0.0)),
}


def legs():
    yield from SPECIAL.values()
    some = random.Random(7)
    for _ in range(40):
        start = (some.uniform(-80, 80), some.uniform(-180, 180))
        leg = EARTH.Direct(*start, some.uniform(-180, 180), 10 ** some.uniform(1, 6.5))
        at = EARTH.Direct(*start, some.uniform(-180, 180), leg["s12"] * some.uniform(0, 1.2))
        yield start, (leg["lat2"], leg["lon2"]), (at["lat2"], at["lon2"])


@pytest.fixture
def calculated(server, feeder):
    """calculated(start, destination, vessel, method) → calcValues of a vessel there on that leg."""
    def at(point):
        feeder.values(navigation__position={"latitude": point[0], "longitude": point[1]})

    def values(start, destination, vessel, method="GreatCircle"):
        at(start)
        server.put(COURSE + "/destination", {"position": {"latitude": destination[0], "longitude": destination[1]}}).ok()
        at(vessel)
        return server.get(f"{COURSE}/calcValues?method={method}").ok()

    feeder.values(navigation__speedOverGround=5, navigation__courseOverGroundTrue=1)
    return values


def nearest(line, point, start, end):
    """Distance from the line at its nearest to the point: by looking ever closer, without any formula."""
    def off(s):
        at = line.Position(s)
        return EARTH.Inverse(at["lat2"], at["lon2"], *point, Geodesic.DISTANCE)["s12"]
    ratio = (math.sqrt(5) - 1) / 2
    while end - start > 0.01:
        left, right = end - ratio * (end - start), start + ratio * (end - start)
        if off(left) < off(right):
            end = right
        else:
            start = left
    return off((start + end) / 2)


def same_bearing(got, degrees):
    return abs(math.remainder(math.degrees(got) - degrees, 360)) < DEGREES


def test_distances_and_bearings_are_those_of_the_ellipsoid(calculated):
    for start, destination, vessel in legs():
        got = calculated(start, destination, vessel)
        leg, rest = EARTH.Inverse(*start, *destination), EARTH.Inverse(*vessel, *destination)
        assert abs(got["distance"] - rest["s12"]) < METRES, (start, destination, vessel)
        assert abs(got["previousPoint"]["distance"] - EARTH.Inverse(*vessel, *start)["s12"]) < METRES
        for name, wanted in (("bearingTrackTrue", leg), ("bearingTrue", rest)):
            if wanted["s12"] < 1e-3:
                assert got[name] is None
            else:
                assert same_bearing(got[name], wanted["azi1"]), (name, start, destination, vessel, got, wanted)
        # 5 m/s in the direction of 1 rad
        speed = None if rest["s12"] < 1e-3 else 5 * math.cos(math.radians(rest["azi1"]) - 1)
        assert speed == pytest.approx(got["velocityMadeGood"], abs=1e-3) if speed is not None else got["velocityMadeGood"] is None
        if speed is not None and speed > 0.01:
            assert got["timeToGo"] == pytest.approx(rest["s12"] / speed, rel=1e-3)


def test_the_error_off_the_track_is_that_of_the_ellipsoid(calculated):
    for start, destination, vessel in legs():
        got = calculated(start, destination, vessel)["crossTrackError"]
        leg = EARTH.Inverse(*start, *destination)
        if leg["s12"] < 1e-3:
            assert got is None
            continue
        reach = min(EARTH.Inverse(*start, *vessel)["s12"] * 1.1 + 10, 9e6)
        wanted = nearest(EARTH.InverseLine(*start, *destination), vessel, -reach, reach)
        assert abs(abs(got) - wanted) < METRES, (start, destination, vessel)
        turn = math.remainder(EARTH.Inverse(*start, *vessel)["azi1"] - leg["azi1"], 360)
        if wanted > METRES and 1 < abs(turn) < 179:
            assert (got > 0) == (turn > 0), (start, destination, vessel)


def test_a_rhumb_line_keeps_its_bearing_all_the_way(calculated):
    """Steering that bearing for that distance, in small steps, leads to the destination."""
    for start, destination in (((59.4, 24.7), (60.1, 24.9)), ((10.0, 179.5), (11.0, -179.0)), ((-1.0, 10.0), (2.0, 12.0)),
                               ((-60.0, -70.0), (-62.0, -30.0)), ((50.0, 0.0), (50.0, 5.0)), ((78.0, 20.0), (70.0, 10.0))):
        got = calculated(start, destination, start, "Rhumbline")
        assert got["calcMethod"] == "Rhumbline" and same_bearing(got["bearingTrackTrue"], math.degrees(got["bearingTrue"]))
        lat, lon, steps = *start, 3000
        step, bearing = got["distance"] / steps, math.degrees(got["bearingTrue"])
        for _ in range(steps):  # the bearing holds in the middle of a step
            middle = EARTH.Direct(lat, lon, bearing, step / 2)
            back = EARTH.Inverse(lat, lon, middle["lat2"], middle["lon2"])
            end = EARTH.Direct(lat, lon, bearing - math.remainder(back["azi2"] - bearing, 360), step)
            lat, lon = end["lat2"], end["lon2"]
        assert EARTH.Inverse(lat, lon, *destination)["s12"] < 2 * METRES, (start, destination)


def test_the_rest_of_a_route_is_the_sum_of_its_legs(server, feeder):
    points = [(59.0, 24.0), (59.5, 24.5), (59.4, 25.5), (60.0, 26.0)]
    route = {"name": "R", "feature": {"type": "Feature", "properties": {}, "geometry": {
        "type": "LineString", "coordinates": [[lon, lat] for lat, lon in points]}}}
    feeder.values(navigation__position={"latitude": 58.9, "longitude": 23.9}, navigation__speedOverGround=5,
                  navigation__courseOverGroundTrue=0.5)
    href = "/resources/routes/" + server.post("/signalk/v2/api/resources/routes", route).json()["id"]
    server.put(COURSE + "/activeRoute", {"href": href, "pointIndex": 1}).ok()

    def rest(order, index):
        ways = [(58.9, 23.9)] + order[index:]
        return sum(EARTH.Inverse(*a, *b)["s12"] for a, b in zip(ways, ways[1:]))

    got = server.get(COURSE + "/calcValues").ok()["route"]
    assert abs(got["distance"] - rest(points, 1)) < METRES and got["timeToGo"] > 0
    server.put(COURSE + "/activeRoute/reverse", {"pointIndex": 1}).ok()
    assert abs(server.get(COURSE + "/calcValues").ok()["route"]["distance"] - rest(points[::-1], 1)) < METRES
