"""The course: a destination or a route that is sailed along, told to everybody, kept over a restart, with what is calculated for it."""
import pytest

from harness.server import SELF
from harness.streams import has_path, has_value, values_in
from harness.waiting import eventually

COURSE = "/signalk/v2/api/vessels/self/navigation/course"
RESOURCES = "/signalk/v2/api/resources"
HERE = {"latitude": 60.0, "longitude": 24.0}
THERE = {"latitude": 60.1, "longitude": 24.5}
DONE = {"state": "COMPLETED", "statusCode": 200, "message": "OK"}
NOTHING = {"startTime": None, "targetArrivalTime": None, "arrivalCircle": 0, "activeRoute": None, "nextPoint": None, "previousPoint": None}
POINTS = [[24.1, 60.01], [24.2, 60.02], [24.3, 60.03], [24.4, 60.04]]
VESSEL = {"position": HERE, "type": "VesselPosition", "name": "VP"}


def place(lon, lat):
    return {"latitude": lat, "longitude": lon}


@pytest.fixture
def boat(server, feeder):
    feeder.values(navigation__position=HERE)
    return server


def waypoint(server, name="W", lon=24.5, lat=60.1, **more):
    value = {"name": name, "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {}}, **more}
    answer = server.post(RESOURCES + "/waypoints", value)
    return "/resources/waypoints/" + answer.json()["id"]


def route_value(points, names=()):
    return {"name": "Home", "feature": {"type": "Feature", "geometry": {"type": "LineString", "coordinates": points},
                                        "properties": {"coordinatesMeta": [{"name": name} for name in names]}}}


def route(server, points=None, names=("A", "B", "C", "D")):
    return "/resources/routes/" + server.post(RESOURCES + "/routes", route_value(points or POINTS, names)).json()["id"]


def course(server):
    return server.get(COURSE).ok()


def put(server, what, body=None):
    assert server.put(f"{COURSE}/{what}", body if body is not None else {}).ok() == DONE
    return course(server)


def test_without_a_course_everything_is_null(server):
    assert course(server) == NOTHING
    assert server.get(COURSE + "/calcValues").status == 400
    assert server.get(COURSE + "/calcValues").json() == {"state": "FAILED", "statusCode": 400, "message": "No active destination!"}
    assert "course" in server.get("/signalk/v2/features").ok()["apis"]
    assert server.get(COURSE + "/arrivalCircle/meta").ok()["arrivalCircle"]["units"] == "m"


def test_a_position_becomes_the_destination(boat):
    now = put(boat, "destination", {"position": THERE, "arrivalCircle": 50})
    assert now.pop("startTime").endswith("Z")
    assert now == {"targetArrivalTime": None, "arrivalCircle": 50, "activeRoute": None, "previousPoint": VESSEL,
                   "nextPoint": {"position": THERE, "type": "Location", "name": "DP"}}


def test_a_waypoint_becomes_the_destination(boat):
    href = waypoint(boat, "Buoy")
    assert put(boat, "destination", {"href": href})["nextPoint"] == {"position": THERE, "href": href, "type": "Waypoint", "name": "Buoy"}
    other = waypoint(boat, "Fish", type="fishing-spot")
    assert put(boat, "destination", {"href": other})["nextPoint"]["type"] == "fishing-spot"


def test_every_change_is_told_as_v1_and_v2_deltas(boat, feeder):
    stream = boat.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("navigation.course*")
    put(boat, "destination", {"href": waypoint(boat), "arrivalCircle": 20})
    told = {}
    for message in stream.collect_until(has_path("navigation.course.nextPoint")):
        assert all(update["$source"] == "courseApi" for update in message.get("updates", []))
        told.update({path: value for _, _, path, value in values_in(message)})
    for kind in ("courseGreatCircle", "courseRhumbline"):
        assert told[f"navigation.{kind}.nextPoint.position"] == THERE
        assert told[f"navigation.{kind}.nextPoint.arrivalCircle"] == 20
        assert told[f"navigation.{kind}.nextPoint.value.type"] == "Waypoint"
        assert told[f"navigation.{kind}.previousPoint.position"] == HERE
        assert told[f"navigation.{kind}.activeRoute.href"] is None
    assert told["navigation.course.nextPoint"]["position"] == THERE and told["navigation.course.arrivalCircle"] == 20
    # v1 values are in the tree, v2 values are not
    assert boat.value("navigation.courseGreatCircle.nextPoint.position") == THERE
    assert boat.self_path("navigation.course.nextPoint").status == 404


WRONG = [
    ("destination", {}, "href"), ("destination", {"foo": 1}, "position"), ("destination", {"href": "/resources/waypoints/x", "position": THERE}, "oneOf"),
    ("destination", {"href": 5}, "string"), ("destination", {"position": {"latitude": 91, "longitude": 0}}, "latitude"),
    ("destination", {"position": {"latitude": "1", "longitude": 0}}, "latitude"), ("destination", {"position": THERE, "arrivalCircle": -1}, ">= 0"),
    ("destination", {"position": THERE, "arrivalCircle": "5"}, "number"), ("destination", [], "object"),
    ("destination", {"href": "/resources/waypoints/../../settings.json"}, "Could not retrieve"),
    ("destination", {"href": "/resources/waypoints/94052456-65fa-48ce-a85d-41b78a9d2111"}, "Could not retrieve"),
    ("destination", {"href": "/resources/routes/94052456-65fa-48ce-a85d-41b78a9d2111"}, "Could not retrieve"),
    ("activeRoute", {}, "href"), ("activeRoute", {"href": "x"}, "** Could not retrieve route information for x"),
    ("activeRoute", {"href": "/resources/routes/94052456-65fa-48ce-a85d-41b78a9d2111"}, "** Could not retrieve route information for /resources/"),
    ("activeRoute", {"href": "x", "pointIndex": "1"}, "integer"), ("activeRoute", {"href": "x" * 5000}, "too long"),
    ("activeRoute/nextPoint", {"value": 1}, "no active route"), ("activeRoute/pointIndex", {"value": 1}, "no active route"),
    ("activeRoute/pointIndex", {}, "integer"), ("activeRoute/nextPoint", {"value": 1.5}, "integer"),
    ("activeRoute/reverse", {}, "no active route"), ("activeRoute/refresh", {}, "no active route"),
    ("arrivalCircle", {"value": -5}, ">= 0"), ("arrivalCircle", {}, "number"), ("arrivalCircle", {"value": None}, "number"),
    ("targetArrivalTime", {"value": "tomorrow"}, "2026-06-01T12:00:00Z"), ("targetArrivalTime", {}, "time"), ("targetArrivalTime", {"value": 5}, "time"),
    ("restart", {}, "No active destination!"),
]


def test_what_makes_no_sense_is_refused_with_a_reason_and_changes_nothing(boat):
    for path, body, word in WRONG:
        answer = boat.put(f"{COURSE}/{path}", body)
        assert answer.status == 400 and word in answer.text, (path, body, answer.text)
        if "Could not" in word or "No active" in word or "no active" in word:
            assert answer.json()["state"] == "FAILED"
    assert boat.request("PUT", COURSE + "/destination", body=b"{", headers={"Content-Type": "application/json"}).status == 400
    assert boat.put(COURSE + "/destination", {"foo": 1}).json()[2]["keyword"] == "oneOf"
    assert course(boat) == NOTHING


def test_without_a_vessel_position_there_is_no_course(server):
    for path, body in (("destination", {"position": THERE}), ("destination", {"href": waypoint(server)}), ("activeRoute", {"href": route(server)})):
        answer = server.put(f"{COURSE}/{path}", body)
        assert answer.status == 400 and answer.json()["message"] == "Error: Unable to retrieve vessel position!"
    assert course(server) == NOTHING


def test_a_route_is_sailed_point_by_point(boat):
    href = route(boat)
    now = put(boat, "activeRoute", {"href": href})
    assert now["activeRoute"] == {"href": href, "name": "Home", "reverse": False, "pointIndex": 0, "pointTotal": 4}
    assert now["nextPoint"] == {"position": place(24.1, 60.01), "type": "RoutePoint", "name": "A"} and now["previousPoint"] == VESSEL
    now = put(boat, "activeRoute/nextPoint")
    assert (now["activeRoute"]["pointIndex"], now["nextPoint"]["name"], now["previousPoint"]["name"]) == (1, "B", "A")
    assert now["previousPoint"] == {"position": place(24.1, 60.01), "type": "RoutePoint", "name": "A"}
    assert put(boat, "activeRoute/nextPoint", {"value": -1})["nextPoint"]["name"] == "A"
    assert put(boat, "activeRoute/nextPoint", {"value": 99})["nextPoint"]["name"] == "D"
    assert put(boat, "activeRoute/pointIndex", {"value": 1})["nextPoint"]["name"] == "B"
    assert put(boat, "activeRoute/pointIndex", {"value": -7})["activeRoute"]["pointIndex"] == 0


def test_a_route_can_be_sailed_backwards(boat):
    href = route(boat)
    now = put(boat, "activeRoute", {"href": href, "reverse": True, "pointIndex": 1, "arrivalCircle": 7})
    assert (now["nextPoint"]["name"], now["previousPoint"]["name"], now["arrivalCircle"]) == ("C", "D", 7)
    now = put(boat, "activeRoute/reverse")
    assert (now["activeRoute"]["reverse"], now["activeRoute"]["pointIndex"], now["nextPoint"]["name"]) == (False, 2, "C")
    now = put(boat, "activeRoute/reverse", {"pointIndex": 3})
    assert (now["activeRoute"]["reverse"], now["nextPoint"]["name"]) == (True, "A")


def test_points_without_names_have_empty_ones(boat):
    assert put(boat, "activeRoute", {"href": route(boat, names=())})["nextPoint"]["name"] == ""


def test_it_follows_edits_of_what_it_refers_to(boat):
    href = route(boat)
    put(boat, "activeRoute", {"href": href, "pointIndex": 3})
    boat.put("/signalk/v2/api" + href, route_value([[1, 2], [3, 4]], ("X", "Y"))).ok()
    now = course(boat)
    assert (now["activeRoute"]["pointTotal"], now["activeRoute"]["pointIndex"]) == (2, 1)
    assert now["nextPoint"] == {"position": place(3, 4), "type": "RoutePoint", "name": "Y"}
    target = waypoint(boat)
    put(boat, "destination", {"href": target})
    boat.put("/signalk/v2/api" + target, {"name": "Moved", "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [9, 8]}, "properties": {}}}).ok()
    assert course(boat)["nextPoint"] == {"position": place(9, 8), "href": target, "type": "Waypoint", "name": "Moved"}


def test_the_destination_stays_when_its_waypoint_or_route_is_deleted(boat):
    target = waypoint(boat, "Gone")
    put(boat, "destination", {"href": target})
    boat.delete("/signalk/v2/api" + target).ok()
    assert course(boat)["nextPoint"] == {"position": THERE, "type": "Location", "name": "Gone"}
    href = route(boat)
    put(boat, "activeRoute", {"href": href, "pointIndex": 2})
    boat.delete("/signalk/v2/api" + href).ok()
    now = course(boat)
    assert now["activeRoute"] is None and now["nextPoint"] == {"position": place(24.3, 60.03), "type": "Location", "name": "C"}


def test_circle_time_and_restart(boat, feeder):
    assert put(boat, "arrivalCircle", {"value": 120})["arrivalCircle"] == 120
    put(boat, "destination", {"position": THERE})
    assert put(boat, "targetArrivalTime", {"value": "2027-01-01T12:00:00Z"})["targetArrivalTime"] == "2027-01-01T12:00:00Z"
    assert boat.get(COURSE + "/calcValues").ok()["targetSpeed"] > 0
    feeder.values(navigation__position=place(24.2, 60.05))
    assert put(boat, "restart")["previousPoint"]["position"] == place(24.2, 60.05)
    assert put(boat, "targetArrivalTime", {"value": None})["targetArrivalTime"] is None
    assert boat.delete(COURSE).ok() == DONE
    assert course(boat) == {**NOTHING, "arrivalCircle": 120}
    assert boat.value("navigation.courseGreatCircle.nextPoint.position") is None


@pytest.mark.parametrize("kind", ["position", "waypoint", "route"])
def test_it_is_kept_over_a_restart(boat, config, kind):
    if kind == "route":
        put(boat, "activeRoute", {"href": route(boat), "pointIndex": 2, "reverse": True, "arrivalCircle": 33})
    else:
        put(boat, "destination", {"position": THERE} if kind == "position" else {"href": waypoint(boat)})
    before = put(boat, "targetArrivalTime", {"value": "2030-01-01T00:00:00.000Z"})
    boat.kill()
    boat.restart()
    assert course(boat) == before
    assert boat.value("navigation.courseRhumbline.nextPoint.position") == before["nextPoint"]["position"]
    feeder = boat.feeder()
    feeder.values(navigation__position=HERE)
    if kind == "route":  # its points are read again: what is left of it is known
        eventually(lambda: boat.get(COURSE + "/calcValues").ok()["route"]["distance"], "the route's length")
        assert put(boat, "activeRoute/nextPoint")["activeRoute"]["pointIndex"] == 3
    assert boat.get(COURSE + "/calcValues").ok()["distance"] > 0


@pytest.mark.parametrize("kind", ["waypoints", "routes"])
def test_a_course_whose_resource_went_meanwhile_ends_with_the_restart(boat, config, kind):
    href = waypoint(boat) if kind == "waypoints" else route(boat)
    put(boat, *(("destination", {"href": href}) if kind == "waypoints" else ("activeRoute", {"href": href})))
    boat.stop()
    (config.path / "plugin-config-data/resources-provider" / href.lstrip("/")).unlink()
    boat.restart()
    eventually(lambda: course(boat)["nextPoint"] is None, "the end of the course")


@pytest.mark.parametrize("saved", ["", "{", "[]", '{"nextPoint":5,"activeRoute":{"href":7}}',
                                   '{"nextPoint":{"position":{"latitude":1,"longitude":2}},"activeRoute":{"href":"/resources/routes/../..","pointTotal":9e99},"arrivalCircle":-1}'])
def test_a_spoilt_file_of_the_last_run_does_no_harm(config, launch, saved):
    config.write("serverState/course/settings.json", saved)
    server = launch()
    assert set(course(server)) == set(NOTHING)
    assert server.delete(COURSE).ok() == DONE


def test_calculated_values_come_every_second(boat, feeder):
    stream = boat.stream("?subscribe=none")
    stream.hello()
    stream.subscribe("navigation.course.calcValues.*")
    feeder.values(navigation__speedOverGround=4, navigation__courseOverGroundTrue=0.9, navigation__magneticVariation=0.1)
    put(boat, "destination", {"position": THERE})
    stream.until(has_value("navigation.course.calcValues.calcMethod", "GreatCircle"))
    for path in ("distance", "bearingTrue", "bearingMagnetic", "bearingTrackTrue", "crossTrackError", "velocityMadeGood", "timeToGo",
                 "estimatedTimeOfArrival", "previousPoint.distance"):
        stream.until(has_path("navigation.course.calcValues." + path))
    values = boat.get(COURSE + "/calcValues").ok()
    assert values["bearingMagnetic"] == pytest.approx(values["bearingTrue"] - 0.1)
    assert boat.self_path("navigation.course").status == 404
    boat.delete(COURSE).ok()
    stream.until(has_value("navigation.course.calcValues.distance", None))


def test_the_method_of_the_settings_counts(config, launch):
    config.settings(courseApi={"calcMethod": "Rhumbline"})
    server = launch()
    server.feeder().values(navigation__position=HERE)
    put(server, "destination", {"position": {"latitude": 60.0, "longitude": 30.0}})
    values = server.get(COURSE + "/calcValues").ok()
    assert values["calcMethod"] == "Rhumbline" and values["bearingTrue"] == pytest.approx(1.5707963, abs=1e-6)
    assert server.get(COURSE + "/calcValues?method=GreatCircle").ok()["bearingTrue"] < 1.53


def test_arrival_raises_alarms_and_leaving_ends_them(boat, feeder):
    def state(name):
        answer = boat.self_path(f"notifications.navigation.course.{name}.value")
        return answer.ok()["state"] if answer.status == 200 else None

    put(boat, "destination", {"position": THERE, "arrivalCircle": 500})
    feeder.values(navigation__position={"latitude": 60.0999, "longitude": 24.499})
    eventually(lambda: state("arrivalCircleEntered") == "alert", "the arrival alarm")
    assert state("perpendicularPassed") in (None, "normal")
    feeder.values(navigation__position={"latitude": 60.11, "longitude": 24.52})
    eventually(lambda: state("perpendicularPassed") == "alert" and state("arrivalCircleEntered") == "normal", "the other alarm")
    boat.delete(COURSE).ok()
    eventually(lambda: state("perpendicularPassed") == "normal", "the end of the alarm")


def plotter(feeder, position, kind="NMEA0183"):
    feeder.feed({"updates": [{"source": {"label": "plotter", "type": kind, "talker": "GP", "sentence": "RMB"},
                              "values": [{"path": "navigation.courseRhumbline.nextPoint.position", "value": position}]}]})


def test_an_instruments_destination_is_taken_and_ends_when_it_falls_silent(boat, feeder, config):
    plotter(feeder, THERE)
    assert eventually(lambda: course(boat)["nextPoint"], "the plotter's destination") == {"position": THERE, "type": "Location"}
    eventually(lambda: config.json("serverState/course/settings.json")["nextPoint"] is None, "a file that does not know of it")
    eventually(lambda: course(boat)["nextPoint"] is None, "its end", 60)


def test_a_destination_of_the_api_wins_over_an_instruments(boat, feeder):
    put(boat, "destination", {"position": THERE})
    plotter(feeder, place(1, 1), "NMEA2000")
    stream = boat.stream("?subscribe=none")
    stream.subscribe("navigation.course.calcValues.*")
    for _ in range(2):  # two rounds later it has been looked at
        stream.until(has_path("navigation.course.calcValues.distance"))
    assert course(boat)["nextPoint"]["position"] == THERE
    boat.delete(COURSE).ok()
    plotter(feeder, place(1, 1), "NMEA2000")
    eventually(lambda: (course(boat)["nextPoint"] or {}).get("position") == place(1, 1), "the instrument's turn")
    put(boat, "destination", {"position": THERE})


def test_api_only_ignores_instruments_and_is_remembered(boat, feeder, config):
    assert boat.get(COURSE + "/_config").ok() == {"apiOnly": False}
    plotter(feeder, THERE)
    eventually(lambda: course(boat)["nextPoint"], "the plotter's destination")
    assert boat.post(COURSE + "/_config/apiOnly").ok() == DONE
    assert course(boat)["nextPoint"] is None
    assert config.json("settings.json")["courseApi"] == {"apiOnly": True}
    boat.stop()
    boat.restart()
    assert boat.get(COURSE + "/_config").ok() == {"apiOnly": True}
    assert boat.delete(COURSE + "/_config/apiOnly").ok() == DONE
    assert config.json("settings.json")["courseApi"] == {"apiOnly": False}


def test_other_vessels_do_not_move_it(boat, feeder):
    feeder.feed({"context": SELF + "0", "updates": [{"values": [{"path": "navigation.position", "value": place(1, 1)}]}]})
    put(boat, "destination", {"position": THERE})
    assert course(boat)["previousPoint"] == VESSEL
