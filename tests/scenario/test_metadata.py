"""What the server knows of paths: units and descriptions from the start, overlaid by what producers and owners say."""
import itertools
import re

import pytest

from harness.server import SELF, SELF_ID
from harness.streams import metas_in

# `{a,b}` are alternatives; wildcards of the registry are filled with a name.
UNITS = {
    "m/s": """navigation.{speedOverGround,speedThroughWater,speedThroughWaterTransverse,speedThroughWaterLongitudinal}
        environment.wind.{speedTrue,speedOverGround,speedApparent}
        performance.{polarSpeed,velocityMadeGood,velocityMadeGoodToWaypoint,targetSpeed}
        sails.inventory.jib.{minimumWind,maximumWind}""",
    "rad": """navigation.{courseOverGroundMagnetic,courseOverGroundTrue,magneticVariation,headingMagnetic,magneticDeviation}
        navigation.{headingCompass,headingTrue,leewayAngle}
        navigation.{courseRhumbline,courseGreatCircle}.{bearingTrackTrue,bearingTrackMagnetic}
        environment.wind.{angleApparent,angleTrueGround,angleTrueWater,directionTrue,directionMagnetic}
        propulsion.port.drive.thrustAngle performance.{beatAngle,gybeAngle,targetAngle,leeway}
        steering.{rudderAngle,rudderAngleTarget} steering.autopilot.target.{windAngleApparent,headingTrue,headingMagnetic}""",
    "rad/s": "navigation.rateOfTurn",
    "m": """navigation.{courseRhumbline,courseGreatCircle}.crossTrackError navigation.gnss.antennaAltitude navigation.log
        navigation.trip.log navigation.anchor.{maxRadius,currentRadius}
        environment.depth.{belowKeel,belowTransducer,belowSurface,transducerToKeel,surfaceToTransducer}
        environment.tide.{heightHigh,heightNow,heightLow} environment.heave design.{beam,airHeight}""",
    "s": """navigation.gnss.differentialAge electrical.batteries.house.capacity.timeRemaining propulsion.port.runTime
        navigation.racing.timeToStart""",
    "K": """environment.outside.{temperature,dewPointTemperature,apparentWindChillTemperature}
        environment.inside.temperature environment.inside.saloon.temperature environment.water.temperature
        electrical.{batteries,chargers,alternators,solar}.house.temperature tanks.fuel.main.temperature
        propulsion.port.{temperature,oilTemperature,coolantTemperature,exhaustTemperature}""",
    "Pa": """environment.{outside,inside}.pressure environment.inside.saloon.pressure
        propulsion.port.{oilPressure,coolantPressure,boostPressure}""",
    "ratio": """environment.outside.{humidity,relativeHumidity} electrical.batteries.house.capacity.{stateOfCharge,stateOfHealth}
        tanks.{freshWater,wasteWater,blackWater,fuel,lubrication,liveWell,baitWell,gas,ballast}.1.currentLevel
        propulsion.port.{engineLoad,engineTorque} performance.polarSpeedRatio""",
    "V": """electrical.{batteries,chargers,alternators,solar}.house.voltage electrical.batteries.house.voltage.ripple
        electrical.solar.roof.panelVoltage propulsion.port.alternatorVoltage""",
    "A": "electrical.{batteries,chargers,alternators,solar}.house.current electrical.solar.roof.{panelCurrent,loadCurrent}",
    "W": "electrical.solar.roof.panelPower electrical.inverters.1.ac.realPower",
    "J": "electrical.batteries.house.capacity.{nominal,actual,remaining,dischargeLimit} electrical.solar.roof.yieldToday",
    "C": "electrical.batteries.house.{capacity.dischargeSinceFull,lifetimeDischarge,lifetimeRecharge}",
    "Hz": "propulsion.port.revolutions electrical.alternators.1.revolutions",
    "m3": "tanks.freshWater.1.{capacity,currentVolume} propulsion.port.fuel.used",
    "m3/s": "propulsion.port.fuel.{rate,economyRate,averageRate}",
    "kg": "design.displacement",
}


def expand(pattern):
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    # even parts are literal text (which holds no comma), odd ones alternatives
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def test_units_of_the_registry(server):
    wrong = {}
    for units, patterns in UNITS.items():
        for path in itertools.chain.from_iterable(map(expand, patterns.split())):
            answer = server.self_path(path + ".meta")
            got = answer.json().get("units") if answer.status == 200 else answer.status
            if got != units or not answer.json().get("description"):
                wrong[path] = (got, units)
    assert not wrong


def test_the_position_describes_its_parts(server):
    properties = server.self_path("navigation.position.meta").ok()["properties"]
    assert properties["latitude"]["units"] == properties["longitude"]["units"] == "deg"
    assert properties["altitude"]["units"] == "m"


def test_a_container_has_no_metadata(server):
    assert server.self_path("electrical.batteries.house.meta").status == 404


@pytest.mark.parametrize("context", ["vessels/urn:mrn:imo:mmsi:230099999", "aircraft/urn:mrn:imo:mmsi:111230099", "aton/urn:mrn:imo:mmsi:992301234"])
def test_lookup_ignores_the_context(server, context):
    assert server.api(context + "/navigation/speedOverGround/meta").ok()["units"] == "m/s"


def test_a_meta_delta_overlays_the_registry(server, feeder):
    seed = server.self_path("navigation.headingTrue.meta").ok()
    feeder.feed({"updates": [{"meta": [{"path": "navigation.headingTrue", "value": {"displayName": "HDG"}}]}]})
    meta = server.self_path("navigation.headingTrue.meta").ok()
    assert (meta["displayName"], meta["units"], meta["description"]) == ("HDG", "rad", seed["description"])
    assert server.self_path("navigation.headingTrue").status == 404  # still no leaf
    assert server.api("vessels/" + SELF_ID + "/navigation").status == 404


def test_metadata_of_an_unknown_path_starts_with_an_empty_description(server, feeder):
    feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": {"units": "K"}}]}]})
    meta = server.self_path("my.own.path.meta").ok()
    assert (meta["description"], meta["units"]) == ("", "K")


def test_the_last_writer_wins_field_by_field(server, feeder):
    def say(**fields):
        feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": fields}]}]})

    say(units="K", displayName="one")
    say(displayName="two", shortName="t")
    meta = server.self_path("my.own.path.meta").ok()
    assert (meta["units"], meta["displayName"], meta["shortName"]) == ("K", "two", "t")


def test_an_existing_leaf_shows_later_metadata(server, feeder):
    feeder.values(my__own__path=1)
    assert "meta" not in server.self_path("my.own.path").ok()
    feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": {"units": "K"}}]}]})
    leaf = server.self_path("my.own.path").ok()
    assert (leaf["value"], leaf["meta"]["units"]) == (1, "K")


def test_a_leaf_made_later_shows_earlier_metadata(server, feeder):
    feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": {"units": "K"}}]}]})
    feeder.values(my__own__path=1)
    assert server.self_path("my.own.path").ok()["meta"]["units"] == "K"


def test_metadata_belongs_to_the_path_in_every_context(server, feeder):
    other = "vessels.urn:mrn:imo:mmsi:230099999"
    feeder.feed({"context": other, "updates": [{"meta": [{"path": "my.own.path", "value": {"units": "K"}}]}]})
    assert server.self_path("my.own.path.meta").ok()["units"] == "K"


def test_bad_metadata_entries_harm_nothing(server, feeder):
    feeder.feed({"updates": [{"meta": [None, 7, {"path": 3, "value": {}}, {"path": "a.b"}, {"path": "a.b", "value": "text"},
                                       {"path": "a.b", "value": None}, {"path": "my.own.path", "value": {"units": "K"}}]}]})
    feeder.values(a__b=1)
    assert server.value("a.b") == 1
    assert server.api("vessels/self").ok()["name"] == "Skiff"


def test_metadata_from_deltas_ends_with_the_process(server, feeder):
    feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": {"units": "K"}}]}]})
    server.stop()
    server.restart()
    assert server.self_path("my.own.path.meta").status == 404


def test_meta_deltas_reach_default_clients(server, feeder):
    watcher = server.stream("?subscribe=self&sendCachedValues=false")
    feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": {"units": "K"}}]}]})
    message = watcher.until(lambda message: metas_in(message))
    assert metas_in(message) == [(SELF, "my.own.path", {"units": "K"})]


def test_one_field_of_the_metadata_can_be_read(server, feeder):
    feeder.feed({"updates": [{"meta": [{"path": "my.own.path", "value": {"zones": [{"upper": 3, "state": "alarm"}]}}]}]})
    assert server.self_path("my.own.path.meta.zones").ok() == [{"upper": 3, "state": "alarm"}]
