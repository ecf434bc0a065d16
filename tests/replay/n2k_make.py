#!/usr/bin/env python3
"""Makes the NMEA 2000 recordings of this folder: messages packed here from field values, and the deltas that must come of them.

    n2k_make.py            writes n2k-*.log and n2k-*.deltas.json

It shares nothing with the decoder: bits, lengths and numbers are written down here after the messages' published layouts, and the
values expected after what the fields mean. Each format of lines and bytes gets the same messages.
"""
import base64
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
TIME = 1795367549179
STAMP = "2026-11-22T17:12:29.179Z"
NA = None  # a field that is not available


# ---- packing -------------------------------------------------------------------------------------------------------------

def pack(*fields):
    """(bits, raw) pairs, lowest bit first; raw None is all ones (for signed ones: "s16" and the like, the highest positive)."""
    value = at = 0
    for bits, raw in fields:
        signed = isinstance(bits, str)
        count = int(bits[1:]) if signed else bits
        if raw is None:
            raw = (1 << (count - 1)) - 1 if signed else (1 << count) - 1
        value |= (raw & ((1 << count) - 1)) << at
        at += count
    assert at % 8 == 0, at
    return value.to_bytes(at // 8, "little")


def fixed(text, size, pad=b"@"):
    raw = text.encode()
    return raw + pad * (size - len(raw))


def lau(text, control=1):
    raw = text.encode("utf-16-le" if control == 0 else "utf-8")
    return bytes([len(raw) + 2, control]) + raw


def days(year, month, day):
    import datetime
    return (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days


# ---- messages and what becomes of them -----------------------------------------------------------------------------------

class Case:
    def __init__(self, pgn, data, values, src=17, prio=3, context=None, instance=None, extra=None, head=None):
        self.pgn, self.data, self.src, self.prio = pgn, data, src, prio
        self.values, self.context, self.instance = values, context, instance
        self.extra = extra  # members of the source object of a message that describes its device
        self.head = head or {}

    def delta(self, timestamp=STAMP, src=None):
        src = self.src if src is None else src
        source = {"label": "nmea", "type": "NMEA2000", "pgn": self.pgn, "src": str(src), **self.head}
        update = {"source": source, "timestamp": timestamp, "values": [{"path": p, "value": v} for p, v in self.values or []]}
        if self.instance is not None:
            source["instance"] = self.instance
        if self.extra is not None:
            source.update(self.extra)
            update["$source"] = f"nmea.{src}"
        elif not self.values:
            return None
        delta = {"updates": [update]}
        return {"context": self.context, **delta} if self.context else delta


def alarms(engine, title, wanted, on):
    prefix = f"notifications.propulsion.{engine}."
    for name, message in wanted:
        text = message.replace("%", title)
        if name in on:
            yield prefix + name, {"state": "alarm", "method": ["visual", "sound"], "message": text}
        else:
            yield prefix + name, {"state": "normal", "method": [], "message": text + " is Normal"}


STATUS1 = [("checkEngine", "Check % Engine"), ("overTemperature", "% Engine Over Temperature"),
           ("lowOilPressure", "% Engine Low Oil Pressure"), ("lowOilLevel", "% Engine Low Oil Level"),
           ("lowFuelPressure", "% Engine Low Fuel Pressure"), ("lowSystemVoltage", "% Low System Voltage"),
           ("lowCoolantLevel", "% Engine Low Coolant Level"), ("waterFlow", "% Engine Water Flow"),
           ("waterInFuel", "% Water in Fuel"), ("chargeIndicator", "% Engine Charge Indicator"),
           ("preheatIndicator", "% Preheat Indicator"), ("highBoostPressure", "% Engine High Boost Pressure"),
           ("revLimitExceeded", "% Engine Rev Limit Exceeded"), ("eGRSystem", "% Engine EGR System"),
           ("throttlePositionSensor", "% Engine Throttle Position Sensor"),
           ("emergencyStopMode", "% Engine Emergency Stop Mode")]
STATUS2 = [("warningLevel1", "% Engine Warning Level 1"), ("warningLevel2", "% Engine Warning Level 2"),
           ("powerReduction", "% Engine Power Reduction"), ("maintenanceNeeded", "% Engine Maintenance Needed"),
           ("commError", "% Engine Comm Error"), ("subOrSecondaryThrottle", "% Engine Sub or Secondary Throttle"),
           ("neutralStartProtect", "% Neutral Start Protect"), ("shuttingDown", "% Engine Shutting Down")]
GEARBOX = [("transmission.checkTransmission", "Check % Engine"), ("transmission.overTemperature", "% Transmission Over Temperature"),
           ("transmission.lowOilPressure", "% Transmission Low Oil Pressure"),
           ("transmission.lowOilLevel", "% Transmission Low Oil Level"), ("transmission.sailDrive", "% Transmission Sail Drive")]


def navigation():
    yield Case(126992, pack((8, 1), (4, 0), (4, NA), (16, days(2026, 11, 24)), (32, 453296789)),
               [("navigation.datetime", "2026-11-24T12:35:29.67890Z")])
    yield Case(126992, pack((8, 1), (4, 0), (4, NA), (16, days(2024, 2, 29)), (32, 864000000 - 10000)),
               [("navigation.datetime", "2024-02-29T23:59:59Z")])
    yield Case(126992, pack((8, 1), (4, 0), (4, NA), (16, NA), (32, 1)), [])
    yield Case(127250, pack((8, 1), (16, 34750), ("s16", -123), ("s16", 1414), (2, 0), (6, NA)),
               [("navigation.headingTrue", 3.475), ("navigation.magneticVariation", 0.1414), ("navigation.magneticDeviation", -0.0123)])
    yield Case(127250, pack((8, 1), (16, 100), ("s16", NA), ("s16", NA), (2, 1), (6, NA)), [("navigation.headingMagnetic", 0.01)])
    yield Case(127250, pack((8, 1), (16, 100), ("s16", NA), ("s16", NA), (2, NA), (6, NA)), [])
    yield Case(127251, pack((8, 1), ("s32", -320000), (24, NA)), [("navigation.rateOfTurn", -0.01)])
    yield Case(127251, pack((8, 1), ("s32", NA), (24, NA)), [])
    yield Case(127257, pack((8, 1), ("s16", NA), ("s16", 1745), ("s16", -318), (8, NA)),
               [("navigation.attitude", {"yaw": None, "pitch": 0.1745, "roll": -0.0318})])
    yield Case(127258, pack((8, 1), (4, 8), (4, NA), (16, days(2026, 1, 1)), ("s16", -541), (16, NA)),
               [("navigation.magneticVariation", -0.0541)])
    yield Case(127245, pack((8, 0), (3, 7), (5, NA), ("s16", NA), ("s16", 272), (16, NA)), [("steering.rudderAngle", 0.0272)], prio=2)
    yield Case(127237, pack((2, NA), (2, NA), (2, NA), (2, NA), (3, NA), (3, NA), (2, 1), (5, NA), (3, NA), ("s16", NA), (16, 15708),
                            (16, NA), (16, NA), (16, NA), ("s16", NA), ("s16", NA), ("s16", NA), (16, NA)),
               [("steering.autopilot.target.headingMagnetic", 1.5708)])
    yield Case(127237, pack((2, NA), (2, NA), (2, NA), (2, NA), (3, NA), (3, NA), (2, 0), (5, NA), (3, NA), ("s16", NA), (16, 31416),
                            (16, NA), (16, NA), (16, NA), ("s16", NA), ("s16", NA), ("s16", NA), (16, NA)),
               [("steering.autopilot.target.headingTrue", 3.1416)])
    yield Case(128259, pack((8, 1), (16, 334), (16, 0), (8, 2), (4, NA), (12, NA)),
               [("navigation.speedThroughWater", 3.34), ("navigation.speedThroughWaterReferenceType", "Doppler")])
    yield Case(128259, pack((8, 1), (16, NA), (16, 512), (8, NA), (4, NA), (12, NA)), [("navigation.speedOverGround", 5.12)])
    yield Case(128267, pack((8, 1), (32, 7104), ("s16", 500), (8, NA)),
               [("environment.depth.belowTransducer", 71.04), ("environment.depth.surfaceToTransducer", 0.5),
                ("environment.depth.belowSurface", 71.54)])
    yield Case(128267, pack((8, 1), (32, 100), ("s16", -1250), (8, NA)),
               [("environment.depth.belowTransducer", 1), ("environment.depth.transducerToKeel", -1.25),
                ("environment.depth.belowKeel", -0.25)])
    yield Case(128267, pack((8, 1), (32, NA), ("s16", 500), (8, NA)), [("environment.depth.surfaceToTransducer", 0.5)])
    yield Case(128275, pack((16, days(2026, 11, 24)), (32, 0), (32, 12345678), (32, 1852)),
               [("navigation.trip.log", 1852), ("navigation.log", 12345678)])
    yield Case(129025, pack(("s32", 597249807), ("s32", -247366563)),
               [("navigation.position", {"longitude": -24.7366563, "latitude": 59.7249807})])
    yield Case(129025, pack(("s32", 597249807), ("s32", NA)), [])
    yield Case(129025, pack(("s32", 900000001), ("s32", 0)), [])
    yield Case(129026, pack((8, 1), (2, 0), (6, NA), (16, 34296), (16, 347), (16, NA)),
               [("navigation.speedOverGround", 3.47), ("navigation.courseOverGroundTrue", 3.4296)], prio=2)
    yield Case(129026, pack((8, 1), (2, 1), (6, NA), (16, 34296), (16, NA), (16, NA)), [("navigation.courseOverGroundMagnetic", 3.4296)])
    yield Case(129029, pack((8, 1), (16, days(2014, 8, 15)), (32, 683994620), ("s64", 597249807_000000000), ("s64", 247366563_000000000),
                            ("s64", 12345678), (4, 2), (4, 1), (2, 0), (6, NA), (8, 9), ("s16", 120), ("s16", -150), ("s32", 1870),
                            (8, 1), (4, 0), (12, 31), (16, 200)),
               [("navigation.position", {"longitude": 24.7366563, "latitude": 59.7249807}),
                ("navigation.datetime", "2014-08-15T18:59:59.46200Z"), ("navigation.gnss.antennaAltitude", 12.345678),
                ("navigation.gnss.satellites", 9), ("navigation.gnss.horizontalDilution", 1.2),
                ("navigation.gnss.positionDilution", -1.5), ("navigation.gnss.geoidalSeparation", 18.7),
                ("navigation.gnss.differentialAge", 2), ("navigation.gnss.differentialReference", 31),
                ("navigation.gnss.type", "Combined GPS/GLONASS"), ("navigation.gnss.methodQuality", "GNSS Fix"),
                ("navigation.gnss.integrity", "no Integrity checking")])
    yield Case(129029, pack((8, 1), (16, NA), (32, NA), ("s64", NA), ("s64", NA), ("s64", NA), (4, 0), (4, 0), (2, 1), (6, NA), (8, NA),
                            ("s16", NA), ("s16", NA), ("s32", NA), (8, 0)),
               [("navigation.gnss.type", "GPS"), ("navigation.gnss.methodQuality", "no GPS"), ("navigation.gnss.integrity", "Safe")])
    yield Case(129029, pack((8, 1), (16, NA), (32, NA), ("s64", -331234567890123456), ("s64", 1511234567890123456), ("s64", NA), (4, 8),
                            (4, 4), (2, 1), (6, NA), (8, NA), ("s16", NA), ("s16", NA), ("s32", NA), (8, 0)),
               [("navigation.position", {"longitude": 151.1234567890123456, "latitude": -33.1234567890123456}),
                ("navigation.gnss.type", "Galileo"), ("navigation.gnss.methodQuality", "RTK fixed integer"),
                ("navigation.gnss.integrity", "Safe")])
    yield Case(129283, pack((8, 1), (4, 0), (2, NA), (2, 0), ("s32", 1234), (16, NA)), [], src=18)  # no type of course said yet
    yield Case(129284, pack((8, 1), (32, 240760), (2, 0), (2, 0), (2, 0), (2, 1), (32, 0), (16, days(2026, 11, 23)), (16, 9163),
                            (16, 10472), (32, 3), (32, 4), ("s32", 492873333), ("s32", -1231595000), ("s16", -26)),
               [("navigation.courseRhumbline.bearingTrackTrue", 0.9163), ("navigation.courseRhumbline.nextPoint.distance", 2407.6),
                ("navigation.courseRhumbline.nextPoint.velocityMadeGood", -0.26),
                ("navigation.courseRhumbline.nextPoint.bearingTrue", 1.0472),
                ("navigation.courseRhumbline.nextPoint.position", {"longitude": -123.1595, "latitude": 49.2873333}),
                ("navigation.courseRhumbline.nextPoint.timeToGo", 24450.821)], src=18)
    yield Case(129283, pack((8, 1), (4, 0), (2, NA), (2, 0), ("s32", 1234), (16, NA)),
               [("navigation.courseRhumbline.crossTrackError", 12.34)], src=18)
    yield Case(129283, pack((8, 1), (4, 0), (2, NA), (2, 1), ("s32", 1234), (16, NA)), [], src=18)  # navigation has ended
    yield Case(129284, pack((8, 1), (32, NA), (2, 1), (2, NA), (2, NA), (2, 0), (32, NA), (16, NA), (16, 100), (16, NA), (32, NA),
                            (32, NA), ("s32", NA), ("s32", NA), ("s16", NA)),
               [("navigation.courseGreatCircle.bearingTrackMagnetic", 0.01), ("navigation.courseGreatCircle.nextPoint.position", None)],
               src=19)
    yield Case(129284, pack((8, 2), (32, NA), (2, 1), (2, NA), (2, NA), (2, 0), (32, NA), (16, NA), (16, NA), (16, 15708), (32, NA),
                            (32, NA), ("s32", NA), ("s32", NA), ("s16", NA)),
               [("navigation.courseGreatCircle.nextPoint.bearingMagnetic", 1.5708),
                ("navigation.courseGreatCircle.nextPoint.position", None)], src=19)
    yield Case(129285, pack((16, 0), (16, 3), (16, 1), (16, 1), (3, 0), (2, NA), (3, NA)) + lau("Home \u00e4") + b"\xff" +
               pack((16, 1)) + lau("Start") + pack(("s32", 600000000), ("s32", 250000000)) +
               pack((16, 2)) + lau("Mid\u00f6", 0) + pack(("s32", 601000000), ("s32", 251000000)) +
               pack((16, 3)) + lau("") + pack(("s32", 602000000), ("s32", 252000000)),
               [("navigation.courseGreatCircle.activeRoute.name", "Home \u00e4"),
                ("navigation.courseGreatCircle.previousPoint.name", "Start"),
                ("navigation.courseGreatCircle.previousPoint.position", {"latitude": 60, "longitude": 25}),
                ("navigation.courseGreatCircle.nextPoint.name", "Mid\u00f6"),
                ("navigation.courseGreatCircle.followingPoint.position", {"latitude": 60.2, "longitude": 25.2})], src=19)
    yield Case(129291, pack((8, 1), (2, 0), (6, NA), (16, 20000), (16, 51), (16, NA)),
               [("environment.current", {"setTrue": 2, "drift": 0.51})])
    yield Case(129291, pack((8, 1), (2, 1), (6, NA), (16, 20000), (16, 0), (16, NA)),
               [("environment.current", {"setTrue": 2, "drift": 0})])
    yield Case(129540, pack((8, 1), (2, 0), (6, NA), (8, 3)) +
               pack((8, 5), ("s16", 7854), (16, 31416), ("s16", 4250), ("s32", NA), (4, 2), (4, NA)) +
               pack((8, NA), ("s16", NA), (16, NA), ("s16", NA), ("s32", NA), (4, NA), (4, NA)) +
               pack((8, 72), ("s16", -100), (16, 0), ("s16", NA), ("s32", 0), (4, 1), (4, NA)),
               [("navigation.gnss.satellitesInView", {"count": 2, "satellites": [
                   {"id": 5, "elevation": 0.7854, "azimuth": 3.1416, "SNR": 42.5}, {"id": 72, "elevation": -0.01, "azimuth": 0}]})])
    yield Case(130577, pack((4, 0), (2, 0), (2, NA), (8, 1), (16, 1000), (16, 250), (16, NA), (16, NA), (16, 500), (16, 25)),
               [("navigation.courseOverGroundTrue", 0.1), ("navigation.speedOverGround", 2.5),
                ("environment.current", {"setTrue": 0.05, "drift": 0.25})])


def environment():
    wind = "environment.wind."
    for reference, angle, values in (
            (2, 7333, [("speedApparent", 7.26), ("angleApparent", 0.7333)]), (NA, 7333, [("speedApparent", 7.26), ("angleApparent", 0.7333)]),
            (3, 50000, [("speedTrue", 7.26), ("angleTrueWater", 5)]), (0, 50000, [("speedOverGround", 7.26), ("directionTrue", 5)]),
            (1, 50000, [("directionMagnetic", 5)]), (4, 50000, [])):
        yield Case(130306, pack((8, 1), (16, 726), (16, angle), (3, reference), (21, NA)), [(wind + p, v) for p, v in values], prio=2)
    yield Case(130306, pack((8, 1), (16, NA), (16, 50000), (3, 2), (21, NA)), [(wind + "angleApparent", -1.2831853071795862)])
    yield Case(130310, pack((8, 1), (16, 28815), (16, 29015), (16, 1013), (8, NA)),
               [("environment.outside.temperature", 290.15), ("environment.outside.pressure", 101300),
                ("environment.water.temperature", 288.15)])
    yield Case(130310, pack((8, 1), (16, 0), (16, NA), (16, NA), (8, NA)), [])
    yield Case(130311, pack((8, 1), (6, 2), (2, 0), (16, 29515), ("s16", 13750), (16, 1009)),
               [("environment.inside.default.temperature", 295.15), ("environment.inside.default.relativeHumidity", 0.55),
                ("environment.outside.pressure", 100900)])
    yield Case(130311, pack((8, 1), (6, 1), (2, 1), (16, 27315), ("s16", 8333), (16, NA)),
               [("environment.outside.temperature", 273.15), ("environment.outside.humidity", 0.33332)])
    temperatures = ["environment.water", "environment.outside", "environment.inside.3", "environment.inside.engineRoom",
                    "environment.inside.mainCabin", "tanks.liveWell.3", "tanks.baitWell.3", "environment.inside.refrigerator",
                    "environment.inside.heating", None, None, None, None, "environment.inside.freezer", None]
    whole = {9: "environment.outside.dewPointTemperature", 10: "environment.outside.apparentWindChillTemperature",
             11: "environment.outside.theoreticalWindChillTemperature", 12: "environment.outside.heatIndexTemperature",
             14: "propulsion.3.exhaustTemperature"}
    for source, parent in enumerate(temperatures):
        path = whole.get(source) or parent + ".temperature"
        yield Case(130311, pack((8, 1), (6, source), (2, NA), (16, 29005), ("s16", NA), (16, NA)), [(path.replace(".3.", ".default."), 290.05)])
    for source, parent in enumerate(temperatures):
        path = whole.get(source) or parent + ".temperature"
        yield Case(130312, pack((8, 1), (8, 3), (8, source), (16, 29005), (16, NA), (8, NA)), [(path, 290.05)], instance="3")
        yield Case(130316, pack((8, 1), (8, 3), (8, source), (24, 1290055), (16, NA)), [(path, 1290.055)], instance="3")
    yield Case(130312, pack((8, 1), (8, 4), (8, 15), (16, 29005), (16, NA), (8, NA)),
               [("generic.temperatures.userDefinedShaft_Seal_Temperature.4.temperature", 290.05)], instance="4")
    yield Case(130316, pack((8, 1), (8, 4), (8, 15), (24, 1290055), (16, NA)),
               [("generic.temperatures.userDefinedShaft_Seal_Temperature.4.temperature", 1290.055)], instance="4")
    yield Case(130312, pack((8, 1), (8, NA), (8, 129), (16, 29005), (16, NA), (8, NA)),
               [("generic.temperatures.userDefined129.0.temperature", 290.05)])
    yield Case(130312, pack((8, 1), (8, 4), (8, NA), (16, 29005), (16, NA), (8, NA)), [])
    yield Case(130313, pack((8, 1), (8, 2), (8, 0), ("s16", 12500), ("s16", NA), (8, NA)),
               [("environment.inside.2.relativeHumidity", 0.5)], instance="2")
    yield Case(130313, pack((8, 1), (8, 2), (8, 1), ("s16", 25000), ("s16", NA), (8, NA)), [("environment.outside.humidity", 1)], instance="2")
    for source, path in enumerate(["environment.outside", "water.1", "steam.1", "compressedAir.1", "hydraulic.1", "filter.1",
                                   "altimetersetting.1", "oil.1", "fuel.1"]):
        yield Case(130314, pack((8, 1), (8, 1), (8, source), ("s32", 1002993), (8, NA)), [(path + ".pressure", 100299.3)], instance="1")
    yield Case(130314, pack((8, 1), (8, 1), (8, 77), ("s32", 1002993), (8, NA)), [])


def engines():
    yield Case(127488, pack((8, 0), (16, 2400), (16, 15), ("s8", -10), (16, NA)),
               [("propulsion.port.revolutions", 10), ("propulsion.port.drive.trimState", -0.1), ("propulsion.port.boostPressure", 1500)])
    yield Case(127488, pack((8, 1), (16, NA), (16, NA), ("s8", 100), (16, NA)), [("propulsion.starboard.drive.trimState", 1)])
    yield Case(127488, pack((8, 2), (16, 4801), (16, NA), ("s8", NA), (16, NA)), [("propulsion.2.revolutions", 1200.25 / 60)])
    yield Case(127489, pack((8, 1), (16, 3500), (16, 3741), (16, 35615), ("s16", 1412), ("s16", 125), (32, 4210), (16, 10000), (16, 800),
                            (8, NA), (16, 0b0000000000000101), (16, 0b10000), ("s8", 55), ("s8", -20)),
               [("propulsion.starboard.temperature", 356.15), ("propulsion.starboard.alternatorVoltage", 14.12),
                ("propulsion.starboard.fuel.rate", 12.5 / 3600000), ("propulsion.starboard.oilPressure", 350000),
                ("propulsion.starboard.runTime", 4210), ("propulsion.starboard.oilTemperature", 374.1),
                ("propulsion.starboard.coolantPressure", 1000000), ("propulsion.starboard.engineLoad", 0.55),
                ("propulsion.starboard.engineTorque", -0.2), ("propulsion.starboard.fuel.pressure", 800000),
                *alarms("starboard", "Starboard", STATUS1, {"checkEngine", "lowOilPressure"}),
                *alarms("starboard", "Starboard", STATUS2, {"commError"})])
    yield Case(127489, pack((8, 2), (16, NA), (16, NA), (16, NA), ("s16", NA), ("s16", NA), (32, NA), (16, NA), (16, NA), (8, NA),
                            (16, NA), (16, 0), ("s8", NA), ("s8", NA)), list(alarms("2", "2", STATUS2, set())))
    yield Case(127493, pack((8, 0), (2, 2), (6, NA), (16, 2000), (16, 3301), (8, 0b10), (8, NA)),
               [("propulsion.port.transmission.oilTemperature", 330.1), ("propulsion.port.transmission.gear", "Reverse"),
                ("propulsion.port.transmission.oilPressure", 200000),
                *alarms("port", "Port", GEARBOX, {"transmission.overTemperature"})])
    yield Case(127497, pack((8, 0), (16, 120), ("s16", 35), ("s16", -12), ("s16", NA)),
               [("propulsion.port.trip.fuelUsed", 0.12), ("propulsion.port.trip.fuelRate.average", 0.0035),
                ("propulsion.port.trip.fuelRate.economy", -0.0012)])
    yield Case(127497, pack((8, 1), (16, NA), ("s16", NA), ("s16", NA), ("s16", 41)),
               [("propulsion.starboard.trip.fuelRate.instantaneousEconomy", 0.0041)])
    for kind, path in enumerate(["fuel", "freshWater", "wasteWater", "liveWell", "lubrication", "blackWater"]):
        yield Case(127505, pack((4, 2), (4, kind), ("s16", 12500), (32, 1000), (8, NA)),
                   [(f"tanks.{path}.2.currentLevel", 0.5), (f"tanks.{path}.2.capacity", 0.1)])
    yield Case(127505, pack((4, 2), (4, 12), ("s16", 12500), (32, 1000), (8, NA)), [])


def electricity():
    bank = pack((8, 3), *[(2, v) for v in (1, 0, NA, 2)], *[(2, NA)] * 24)
    yield Case(127501, bank, [(f"electrical.switches.bank.3.{i}.{what}", value)
                              for i, state in ((1, 1), (2, 0), (4, 0)) for what, value in (("state", state), ("order", i))])
    yield Case(127501, pack((8, 3), *[(2, NA)] * 27, (2, 1)),
               [("electrical.switches.bank.3.28.state", 1), ("electrical.switches.bank.3.28.order", 28)])
    line = (16, 23012), (16, 105), (16, 4999), (16, 160), (32, 2300), (32, NA), ("s8", 95)
    ac = [("voltage", 230.12), ("current", 10.5), ("frequency", 49.99), ("breakerSize", 16), ("realPower", 2300), ("powerFactor", 0.95)]
    yield Case(127503, pack((8, 1), (8, 2), (2, 0), (2, 3), (4, NA), *line) + pack((2, 1), (2, 0), (4, NA), *line),
               [(f"electrical.ac.1.{phase}.{p}", v) for phase, ok in (("A", "Good"), ("B", "Bad level"))
                for p, v in [("acceptability", ok), *ac]])
    yield Case(127504, pack((8, 1), (8, 1), (2, 2), (3, 0), (3, NA), *line),
               [(f"electrical.inverters.1.C.{p}", v) for p, v in [("waveform", "Sine wave"), *ac]])
    reactive = *[(bits, NA) for bits in (16, 16, 16, 16, 32)], (32, 450), ("s8", NA)
    yield Case(127503, pack((8, 2), (8, 1), (2, 1), (2, 1), (4, NA), *reactive),
               [("electrical.ac.2.B.acceptability", "Bad frequency"), ("electrical.ac.2.B.reactivePower", 450)])
    yield Case(127504, pack((8, 2), (8, 1), (2, 0), (3, 1), (3, NA), *reactive),
               [("electrical.inverters.2.A.waveform", "Modified sine wave"), ("electrical.inverters.2.A.reactivePower", 450)])
    yield Case(127506, pack((8, 1), (8, 2), (8, 0), (8, 85), (8, 99), (16, 90), (16, 10), (16, 100)),
               [("electrical.batteries.2.capacity.stateOfCharge", 0.85), ("electrical.batteries.2.capacity.stateOfHealth", 0.99),
                ("electrical.batteries.2.capacity.timeRemaining", 5400)])
    yield Case(127507, pack((8, 1), (8, 0), (4, 1), (4, 0), (2, 1), (2, 0), (4, NA), (16, 30)),
               [("electrical.chargers.1.operatingState", "bulk"), ("electrical.chargers.1.chargeMode", "standalone"),
                ("electrical.chargers.1.enabled", True), ("electrical.chargers.1.equalizationPending", False),
                ("electrical.chargers.1.equalizationTimeRemaining", 1800)])
    yield Case(127508, pack((8, 0), ("s16", 1301), ("s16", -123), (16, 29815), (8, 1)),
               [("electrical.batteries.0.voltage", 13.01), ("electrical.batteries.0.current", -12.3),
                ("electrical.batteries.0.temperature", 298.15)])
    yield Case(127509, pack((8, 1), (8, 1), (8, 0), (4, 0), (2, 1), (2, NA)),
               [("electrical.inverters.1.operatingState", "invert"), ("electrical.inverters.1.enabled", True)])
    yield Case(127510, pack((8, 1), (8, 0), (2, 0), (6, NA), (8, 80), (4, 2), (4, NA), (4, 1), (2, 1), (2, NA), (16, NA)),
               [("electrical.chargers.1.enabled", False), ("electrical.chargers.1.chargeCurrentLimit", 80),
                ("electrical.chargers.1.chargingAlgorithm", "2 stage (no float)"), ("electrical.chargers.1.estimatedTemperature", "warm"),
                ("electrical.chargers.1.equalizeOneTimeEnabled", True)])
    yield Case(127510, pack((8, 2), (8, 0), (2, 1), (6, NA), (8, NA), (4, NA), (4, 1), (4, NA), (2, NA), (2, 0), (16, 90)),
               [("electrical.chargers.2.enabled", True), ("electrical.chargers.2.chargeMode", "primary"),
                ("electrical.chargers.2.overChargeEnabled", False), ("electrical.chargers.2.equalizeTime", 5400)])
    yield Case(127511, pack((8, 2), (8, 0), (8, 0), (2, NA), (4, 1), (2, NA), (16, NA), (16, NA)),
               [("electrical.inverters.2.inverterMode", "series master")])
    yield Case(127511, pack((8, 1), (8, 0), (8, 0), (2, 1), (4, NA), (2, 0), (16, 50), (16, 250)),
               [("electrical.inverters.1.enabled", True), ("electrical.inverters.1.loadSenseEnabled", False),
                ("electrical.inverters.1.loadSensePowerThreshold", 50), ("electrical.inverters.1.loadSenseInterval", 2.5)])
    yield Case(127513, pack((8, 1), (4, 2), (2, 1), (2, NA), (4, 1), (4, 0), (16, 100), ("s8", 5), (8, 125), ("s8", 95)),
               [("electrical.batteries.1.batteryType", "agm"), ("electrical.batteries.1.supportsEqualization", True),
                ("electrical.batteries.1.nominalVoltage", "12V"), ("electrical.batteries.1.chemistry", "pb (lead)"),
                ("electrical.batteries.1.capacity.nominal", 360000), ("electrical.batteries.1.temperatureCoefficient", 5),
                ("electrical.batteries.1.peukertExponent", 1.25), ("electrical.batteries.1.chargeEfficiencyFactor", 95)])
    for pgn, phase in ((127744, "A"), (127745, "B"), (127746, "C")):
        yield Case(pgn, pack((8, 1), (8, 2), (16, 105), ("s32", -2300)),
                   [(f"electrical.ac.17.2.phase.{phase}.power", -2300), (f"electrical.ac.17.2.phase.{phase}.current", 10.5)])
    yield Case(127750, pack((8, 1), (8, 2), (8, 2), (2, 0), (2, 1), (2, 2), (2, NA), (32, NA)),
               [("electrical.converter.17.2.operatingState", "fault"), ("electrical.converter.17.2.temperatureState", "good"),
                ("electrical.converter.17.2.overloadState", "warning"), ("electrical.converter.17.2.lowDCVoltageState", "error")])
    yield Case(127750, pack((8, 1), (8, 3), (8, NA), (2, NA), (2, NA), (2, NA), (2, 1), (32, NA)),
               [("electrical.converter.17.3.rippleState", "warning")])
    yield Case(127751, pack((8, 1), (8, 2), (16, 126), ("s24", -1234), (8, NA)),
               [("electrical.dc.17.2.voltage", 12.6), ("electrical.dc.17.2.current", -12.34)])


def ais():
    def vessel(mmsi, root="vessels"):
        return f"{root}.urn:mrn:imo:mmsi:{mmsi:09d}"
    where = [("s32", 251754633), ("s32", 600906300)]
    place = ("navigation.position", {"longitude": 25.1754633, "latitude": 60.09063})
    mmsi = 230367000
    identity = ("", {"mmsi": str(mmsi)})

    def head(kind, number=mmsi):
        return [(6, kind), (2, 0), (32, number), *where]
    yield Case(129038, pack(*head(1), (1, 1), (1, 0), (6, 20), (16, 4695), (16, 1008), (19, 0), (5, 0), (16, 4712), ("s16", -32), (4, 8),
                            (2, 2), (2, NA), (3, 0), (5, NA), (8, NA)),
               [("navigation.speedOverGround", 10.08), ("navigation.courseOverGroundTrue", 0.4695), place,
                ("navigation.rateOfTurn", -0.001), ("navigation.headingTrue", 0.4712), ("navigation.state", "sailing"),
                ("navigation.specialManeuver", "engaged"), identity, ("sensors.ais.class", "A")], context=vessel(mmsi))
    states = ["motoring", "anchored", "not under command", "restricted manouverability", "constrained by draft", "moored", "aground",
              "fishing", "sailing", "hazardous material high speed", "hazardous material wing in ground", None, None, None, "ais-sart",
              None]
    for status, state in enumerate(states):
        said = [("navigation.state", state)] if state else []
        said += [("navigation.state", 13)] if status == 13 else []
        yield Case(129038, pack((6, 1), (2, 0), (32, mmsi), ("s32", 0), ("s32", 0), (1, 1), (1, 0), (6, 20), (16, NA), (16, NA), (19, 0),
                                (5, 0), (16, NA), ("s16", NA), (4, status), (2, 0), (2, NA), (3, 0), (5, NA), (8, NA)),
                   [*said, ("navigation.specialManeuver", "not available"), identity, ("sensors.ais.class", "A")], context=vessel(mmsi))
    yield Case(129038, pack((6, 1), (2, 0), (32, 12345678), *where, (1, 1), (1, 0), (6, 20), (16, NA), (16, NA), (19, 0),
                            (5, 0), (16, NA), ("s16", NA), (4, 0), (2, 0), (2, NA), (3, 0), (5, NA), (8, NA)), [])  # eight digits
    yield Case(129039, pack(*head(18), (1, 1), (1, 0), (6, 20), (16, 4695), (16, 514), (19, 0), (5, 0), (16, 4712), (8, 0), (2, 0), (1, 1),
                            (1, 0), (1, 1), (1, 1), (1, 0), (1, 0), (1, 0), (7, NA)),
               [("navigation.speedOverGround", 5.14), ("navigation.courseOverGroundTrue", 0.4695), place,
                ("navigation.headingTrue", 0.4712), identity, ("sensors.ais.class", "B")], context=vessel(mmsi))
    shape = [("design.length", {"overall": 12.5}), ("design.aisShipType", {"id": 36, "name": "Sailing"}), ("design.beam", 4),
             ("sensors.ais.fromBow", 3), ("sensors.ais.fromCenter", 0.5)]
    yield Case(129040, pack(*head(19), (1, 1), (1, 0), (6, 20), (16, 4695), (16, 514), (8, 0), (4, 0), (4, NA), (8, 36), (16, 4712),
                            (4, NA), (4, 1), (16, 125), (16, 40), (16, 15), (16, 30)) + fixed("SY ANNA", 20) + pack((1, 0), (1, 0), (4, 0), (5, 0), (5, NA)),
               [("", {"name": "SY ANNA"}), place, ("navigation.speedOverGround", 5.14), ("navigation.courseOverGroundTrue", 0.4695),
                ("navigation.headingTrue", 0.4712), *shape, identity, ("sensors.ais.class", "B")], context=vessel(mmsi))
    yield Case(129041, pack(*head(21, 992301234), (1, 1), (1, 0), (6, 20), (16, 20), (16, 20), (16, 15), (16, 10), (5, 14), (1, 0), (1, 1),
                            (1, 0), (1, 0), (4, 1), (3, NA), (8, 0), (5, 0), (3, NA)) + lau("KALLBADA@@"),
               [("", {"name": "KALLBADA"}), place, ("design.length", {"overall": 2}),
                ("atonType", {"id": 14, "name": "Beacon, Starboard Hand"}), ("design.beam", 2), ("sensors.ais.fromBow", 1),
                ("sensors.ais.fromCenter", -0.5), ("virtual", True), ("offPosition", False), ("", {"mmsi": "992301234"}),
                ("sensors.ais.class", "ATON")], context=vessel(992301234, "atons"))
    yield Case(129793, pack(*head(4, 2300057), (1, 1), (1, 0), (6, NA), (32, 0), (19, 0), (5, 0), (16, 20000), (4, NA), (4, 1)),
               [place, ("", {"mmsi": "002300057"}), ("sensors.ais.class", "BASE")], context=vessel(2300057, "shore.basestations"))
    yield Case(129793, pack((6, 4), (2, 0), (32, NA), *where, (1, 1), (1, 0), (6, NA), (32, 0), (19, 0), (5, 0), (16, 20000), (4, NA), (4, 1)),
               [place, ("sensors.ais.class", "BASE")], context="shore.unknown")
    yield Case(129794, pack((6, 5), (2, 0), (32, mmsi), (32, 9074729)) + fixed("OIXX", 7) + fixed("M/S \u00c5LAND", 20) +
               pack((8, 70), (16, 1855), (16, 255), (16, 100), (16, 1550), (16, days(2026, 12, 31)), (32, 594000000), (16, 765)) +
               fixed("HELSINKI", 20, b" ") + pack((2, 0), (4, 1), (1, 0), (1, NA), (5, 0), (3, NA)),
               [("sensors.ais.class", "A"), ("", {"name": "M/S \u00c5LAND"}), ("navigation.destination.commonName", "HELSINKI"),
                ("navigation.destination.eta", "2026-12-31T16:30:00.000Z"), ("design.draft", {"maximum": 7.65}),
                ("design.length", {"overall": 185.5}), ("design.aisShipType", {"id": 70, "name": "Cargo ship"}),
                ("", {"communication": {"callsignVhf": "OIXX"}}), ("design.beam", 25.5), ("sensors.ais.fromBow", 155),
                ("sensors.ais.fromCenter", 2.75), identity, ("", {"registrations": {"imo": "IMO 9074729"}})], context=vessel(mmsi))
    yield Case(129794, pack((6, 5), (2, 0), (32, mmsi), (32, 0)) + fixed("", 7) + fixed("", 20) +
               pack((8, 0), (16, 0), (16, 0), (16, 0), (16, 0), (16, NA), (32, NA), (16, 0)) +
               fixed("", 20) + pack((2, 0), (4, 1), (1, 0), (1, NA), (5, 0), (3, NA)),
               [("sensors.ais.class", "A"), ("design.beam", 0), ("sensors.ais.fromBow", 0), identity], context=vessel(mmsi))
    yield Case(129798, pack(*head(9, 111230500), (1, 1), (1, 0), (6, 20), (16, 4695), (16, 512), (19, 0), (5, 0), ("s32", 30480),
                            (8, 0), (1, 0), (5, 0), (2, NA)),
               [("navigation.speedOverGround", 51.2), ("navigation.courseOverGroundTrue", 0.4695),
                ("navigation.position", {"longitude": 25.1754633, "latitude": 60.09063, "altitude": 304.8}),
                ("", {"mmsi": "111230500"}), ("sensors.ais.class", "SAR")], context=vessel(111230500, "sar"))
    yield Case(129809, pack((6, 24), (2, 0), (32, mmsi)) + fixed("SY ANNA", 20) + pack((5, 0), (3, NA), (8, NA)),
               [("sensors.ais.class", "B"), ("", {"name": "SY ANNA"}), identity], context=vessel(mmsi))
    yield Case(129810, pack((6, 24), (2, 0), (32, mmsi), (8, 36)) + fixed("VEND", 7) + fixed("OG1234", 7) +
               pack((16, 125), (16, 40), (16, 15), (16, 30), (32, NA), (2, NA), (2, 0), (4, 1), (5, 0), (3, NA), (8, NA)),
               [*shape[:3], ("", {"communication": {"callsignVhf": "OG1234"}}), *shape[3:], identity], context=vessel(mmsi))


def makers():
    """Messages of the makers' own: the first two bytes say whose."""
    raymarine, simrad, other = ((11, maker) for maker in (1851, 1857, 137))
    marine = (2, NA), (3, 4)
    yield Case(65288, pack(raymarine, *marine, (8, 1), (8, 1), (8, 14), (8, 3), (16, NA)),
               [("notifications.chartplotter.WPArrival", {"message": "WP Arrival", "method": ["visual", "sound"], "state": "alert"})])
    yield Case(65288, pack(raymarine, *marine, (8, 1), (8, 0), (8, 1), (8, 0), (16, NA)),
               [("notifications.instrument.ShallowDepth", {"message": "Shallow Depth", "method": [], "state": "normal"})])
    yield Case(65288, pack(raymarine, *marine, (8, 1), (8, 2), (8, 200), (8, 1), (16, NA)),
               [("notifications.autopilot.unknown200", {"message": "Unknown Seatalk Alarm 200", "method": ["visual"], "state": "alarm"})])
    yield Case(65288, pack(other, *marine, (8, 1), (8, 1), (8, 14), (8, 3), (16, NA)), [])
    for bits, state in ((1 << 3, "standby"), (1 << 4 | 1 << 8, "heading"), (1 << 8, "auto"), (1 << 10, "wind"), (1 << 6, "route")):
        yield Case(65305, pack(simrad, *marine, (8, 0), (8, 10), (16, bits), (16, 0)), [("steering.autopilot.state", state)])
    yield Case(65305, pack(simrad, *marine, (8, 0), (8, 2), (16, 8), (16, 0)), [])  # another report
    yield Case(65341, pack(simrad, *marine, (16, NA), (8, 2), (8, NA), (16, 31416)), [("steering.autopilot.target.headingMagnetic", 3.1416)])
    yield Case(65341, pack(simrad, *marine, (16, NA), (8, 3), (8, NA), (16, 5236)), [("steering.autopilot.target.windAngleApparent", 0.5236)])
    yield Case(65345, pack(raymarine, *marine, (16, 62000), (16, NA), (16, NA)),
               [("steering.autopilot.target.windAngleApparent", -0.08318530717958605)])
    yield Case(65359, pack(raymarine, *marine, (8, 1), (16, NA), (16, 12345), (8, NA)), [("navigation.headingMagnetic", 1.2345)])
    yield Case(65359, pack(raymarine, *marine, (8, 1), (16, 31416), (16, NA), (8, NA)), [("navigation.headingTrue", 3.1416)])
    yield Case(65360, pack(raymarine, *marine, (8, 1), (16, 100), (16, 200), (8, NA)),
               [("steering.autopilot.target.headingTrue", 0.01), ("steering.autopilot.target.headingMagnetic", 0.02)])
    for mode, state in ((0, "standby"), (64, "auto"), (256, "wind"), (384, "route"), (385, "route")):
        yield Case(65379, pack(raymarine, *marine, (16, mode), (16, NA), (8, NA), (8, NA)), [("steering.autopilot.state", state)])
    seatalk = pack(raymarine, *marine)
    for mode, sub, state in ((64, 0, "standby"), (66, 4, "auto"), (70, 12, "wind"), (74, 0, "route"), (74, 9, None)):
        yield Case(126720, seatalk + bytes([240, 129, 132, 0, 0, 0, mode, sub, 0]) + bytes(10),
                   [("steering.autopilot.state", state)] if state else [])
    yield Case(126720, seatalk + bytes([108, 22, 0, 2]) + bytes(8), [("steering.autopilot.hullType", "sailCatamaran")])
    yield Case(126720, seatalk + bytes([108, 38, 0, 1, 0, 0, 0]), [("steering.autopilot.autoTurn.state", True)])


def alerts():
    ids = pack((4, 2), (4, 1), (8, 5), (8, 1), (16, 321), (64, 1), (8, 0), (8, 0), (8, 7))
    state = (1, 0), (1, 0), (1, 0), (1, 1), (1, 1), (1, 0), (2, NA), (64, NA), (4, 1), (4, NA), (8, 10), (8, 2)
    yield Case(126983, ids + pack(*state), [])  # its text is not known yet
    yield Case(126985, ids + pack((8, 0)) + lau("Low bilge \u201cpump\u201d") + lau("aft"), [])
    members = {"alertType": "Alarm", "alertCategory": "Technical", "alertSystem": 5, "alertId": 321, "dataSourceInstance": 0,
               "dataSourceIndex-Source": 0, "occurrence": 7, "temporarySilenceStatus": "No", "acknowledgeStatus": "No",
               "escalationStatus": "No", "temporarySilenceSupport": "Yes", "acknowledgeSupport": "Yes", "escalationSupport": "No",
               "triggerCondition": "Auto", "alertPriority": 10, "alertState": "Active"}
    yield Case(126983, ids + pack(*state), [("notifications.nmea.alarm.technical.5.321", {
        "state": "alarm", "method": ["visual", "sound"], "message": "Low bilge \u201cpump\u201d", **members})])


def name(unique, maker, instance, function=145, kind=60):
    """A device's NAME: a GNSS receiver of the marine industry that may change its address."""
    return unique | maker << 21 | instance << 32 | function << 40 | kind << 49 | 4 << 60 | 1 << 63


def claim(number, src, **head):
    return Case(60928, struct.pack("<Q", number), None, src=src, prio=6, head=head, extra={
        "uniqueNumber": number & 0x1FFFFF, "manufacturerCode": "Raymarine", "deviceInstanceLower": (number >> 32) & 7,
        "deviceInstanceUpper": (number >> 35) & 31, "deviceFunction": "Ownship Position (GNSS)", "deviceClass": "Navigation",
        "systemInstance": 0, "industryGroup": "Marine Industry", "arbitraryAddressCapable": "Yes",
        "deviceInstance": (number >> 32) & 0xFF, "canName": f"{number:x}"})


POSITION = pack(("s32", 600000000), ("s32", 250000000))
PLACE = [("navigation.position", {"longitude": 25, "latitude": 60})]


def devices():
    gps = name(123456, 1851, 9)
    yield Case(129025, POSITION, PLACE, src=43)
    yield claim(gps, 43)
    yield Case(129025, POSITION, PLACE, src=43, head={"deviceInstance": 9})
    yield Case(126996, pack((16, 2100), (16, 16384)) + fixed("Raystar 150", 32, b"\xff") + fixed("1.02 \u00e4", 32, b"\0") +
               fixed("", 32, b"\xff") + fixed("0340123", 32, b" ") + pack((8, 1), (8, 3)), None, src=43, prio=6, extra={
                   "nmea2000Version": 2.1, "productCode": 16384, "modelId": "Raystar 150", "softwareVersionCode": "1.02 \u00e4",
                   "modelSerialCode": "0340123", "certificationLevel": "Level B", "loadEquivalency": 3})
    yield Case(126998, lau("mast") + lau("") + lau("Raymarine \u2693\U0001f6a2", 0), None, src=43, prio=6, extra={
        "installationDescription1": "mast", "manufacturerInformation": "Raymarine \u2693\U0001f6a2"})
    yield Case(130999, bytes(8), None, src=43, extra={"unknownPGNs": {"130999": {"pgn": 130999, "src": 43}}})
    repeated = Case(130999, bytes(8), [], src=43)
    yield repeated
    yield Case(127999, bytes(8), None, src=43, extra={"unknownPGNs": {"130999": {"pgn": 130999, "src": 43}, "127999": {"pgn": 127999, "src": 43}}})
    yield claim(name(5, 1851, 0), 43)  # another device took the address
    yield Case(129025, POSITION, PLACE, src=43, head={"deviceInstance": 0})
    yield Case(129025, POSITION, [], src=254)  # has no address


GROUPS = {"navigation": navigation, "environment": environment, "engines": engines, "electricity": electricity, "ais": ais,
          "makers": makers, "alerts": alerts}


# ---- formats -------------------------------------------------------------------------------------------------------------

FAST = {126208, 126720, 126983, 126985, 126996, 126998, 127237, 127489, 127497, 127503, 127504, 127506, 127507, 127509, 127510,
        127511, 127513, 128275, 129029, 129038, 129039, 129040, 129041, 129284, 129285, 129540, 129793, 129794, 129798, 129809,
        129810, 130577}


def can_id(case):
    pgn = case.pgn | (255 if (case.pgn >> 8) & 0xFF < 240 else 0)
    return case.prio << 26 | pgn << 8 | case.src


class Frames:
    """Cuts messages into CAN frames; sequence numbers count up for each source and PGN."""
    def __init__(self):
        self.sequence = {}

    def __call__(self, case):
        if case.pgn not in FAST:
            return [case.data]
        key = (case.src, case.pgn)
        self.sequence[key] = seq = (self.sequence.get(key, -1) + 1) % 8
        data, frames = case.data, []
        frames.append(bytes([seq << 5, len(data)]) + data[:6])
        for i, at in enumerate(range(6, len(data), 7), 1):
            frames.append(bytes([seq << 5 | i]) + data[at:at + 7])
        return [f.ljust(8, b"\xff") for f in frames]


def nmea_sum(body):
    total = 0
    for char in body.encode():
        total ^= char
    return f"${body}*{total:02X}"


def plain(case, timestamp=STAMP):
    return f"{timestamp},{case.prio},{case.pgn},{case.src},255,{len(case.data)},{case.data.hex(',')}\n"


def escaped(payload):
    frame = payload + bytes([-sum(payload) & 0xFF])
    return b"\x10\x02" + frame.replace(b"\x10", b"\x10\x10") + b"\x10\x03"


def ngt(case):
    body = bytes([case.prio]) + case.pgn.to_bytes(3, "little") + bytes([255, case.src]) + bytes(4) + bytes([len(case.data)]) + case.data
    return escaped(b"\x93" + bytes([len(body)]) + body)


def w2k(case):
    body = bytes([255]) + struct.pack("<I", can_id(case)) + bytes(4) + b"\x00" + case.data
    return escaped(b"\xd0" + struct.pack("<H", len(body) + 3) + body)


def base32(number):
    digits = ""
    while number or not digits:
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"[number % 32] + digits
        number //= 32
    return digits


def by_frame(write):
    def all_of(cases):
        cut = Frames()
        return "".join(write(case, frame) for case in cases for frame in cut(case)).encode()
    return all_of


def by_message(write):
    return lambda cases: b"".join(w if isinstance(w, bytes) else w.encode() for w in map(write, cases))


FORMATS = {
    "plain": ("NMEA 2000 lines", by_message(plain)),
    "plain-other-time": ("NMEA 2000 lines", by_message(lambda c: plain(c, STAMP[:10] + "-" + STAMP[11:23]))),
    "plain-frames": ("NMEA 2000 lines", by_frame(lambda c, f: f"{STAMP},{c.prio},{c.pgn},{c.src},255,{len(f)},{f.hex(',')}\n")),
    "ydraw": ("NMEA 2000 lines", by_frame(lambda c, f: f"16:29:27.082 R {can_id(c):08X} {f.hex(' ').upper()}\r\n")),
    "ydraw-out": ("NMEA 2000 lines", by_frame(lambda c, f: f"{can_id(c):08X} {f.hex(' ').upper()}\r\n")),
    "candump1": ("NMEA 2000 lines", by_frame(lambda c, f: f"<0x{can_id(c):08x}> [{len(f)}] {f.hex(' ')}\n")),
    "candump2": ("NMEA 2000 lines", by_frame(lambda c, f: f"can0  {can_id(c):08X}   [{len(f)}]  {f.hex(' ').upper()}\n")),
    "candump3": ("NMEA 2000 lines", by_frame(lambda c, f: f"(1795367549.179000) slcan0 {can_id(c):08X}#{f.hex().upper()}\n")),
    "ascii": ("NMEA 2000 lines", by_message(lambda c: f"A173321.107 {c.src:02X}FF{c.prio} {c.pgn:05X} {c.data.hex().upper()}\r\n")),
    "pdgy": ("NMEA 2000 lines", by_message(
        lambda c: f"!PDGY,{c.pgn},{c.prio},{c.src},255,0.563,{base64.b64encode(c.data).decode().rstrip('=')}\r\n")),
    "pdgy-short": ("NMEA 2000 lines", by_message(
        lambda c: f"!PDGY,{c.pgn},255,{base64.b64encode(c.data).decode().rstrip('=')}\r\n")),
    "pcdin": ("NMEA 2000 lines", by_message(
        lambda c: nmea_sum(f"PCDIN,{c.pgn:06X},{base32((TIME - 1262304000000) * 1024 // 1000 + 1)},{c.src:02X},{c.data.hex().upper()}") + "\r\n")),
    "mxpgn": ("NMEA 2000 lines", by_frame(
        lambda c, f: nmea_sum(f"MXPGN,{c.pgn:06X},{c.prio << 4 | len(f):02X}{c.src:02X},{f[::-1].hex().upper()}") + "\r\n")),
    "ngt": ("Actisense binary", by_message(ngt)),
    "w2k": ("Actisense binary", by_message(w2k)),
    "can": ("NMEA 2000 on CAN", by_frame(lambda c, f: None)),
}


def can_frames(cases):
    cut = Frames()
    return b"".join(struct.pack("<IB3x8s", can_id(case) | 0x80000000, len(frame), frame.ljust(8, b"\0"))
                    for case in cases for frame in cut(case))


# ---- files ---------------------------------------------------------------------------------------------------------------

def stats(units, deltas, **other):
    return {"units": units, "deltas": deltas, "badChecksum": 0, "garbage": 0, "oversized": 0, "ignored": 0, "unknown": 0,
            "incomplete": 0, **other}


def write(name, log, deltas, counts, codec="NMEA 2000 lines", settings=None):
    (HERE / f"{name}.log").write_bytes(log)
    head = {"codec": codec, "time": TIME, "settings": settings or {}}
    body = ",\n".join(json.dumps(d) for d in deltas)
    (HERE / f"{name}.deltas.json").write_text(json.dumps(head)[:-1] + ', "deltas": [\n' + body + '\n],\n"stats": ' +
                                              json.dumps(counts) + "}\n", encoding="utf-8")


def expected(cases):
    return [d for d in (c.delta() for c in cases) if d is not None]


def groups():
    for name, make in GROUPS.items():
        cases = list(make())
        unknown = sum(c.pgn == 65288 and c.data[:2] != cases[0].data[:2] for c in cases) if name == "makers" else 0
        unknown += sum(c.pgn == 65305 and c.data[3] == 2 for c in cases) if name == "makers" else 0
        bad = sum(c.pgn == 129038 and c.data[1:5] == struct.pack("<I", 12345678) for c in cases)
        wanted = expected(cases)
        write(f"n2k-{name}", by_message(plain)(cases), wanted, stats(len(cases), len(wanted), unknown=unknown, garbage=bad))


def some():
    """One message of every length that matters: single, short fast packet, long fast packet, with DLE bytes inside."""
    cases = [c for make in (navigation, engines, ais) for c in make() if c.values]
    return [c for c in cases if c.pgn in (127250, 129025, 129029, 127489, 128275, 129794, 129285, 129284, 129540)]


def formats():
    cases = some()
    cut = Frames()
    frames = sum(len(cut(c)) for c in cases)
    for name, (codec, render) in [*FORMATS.items(), ("pcdin-0183", ("NMEA 0183", FORMATS["pcdin"][1])),
                                  ("mxpgn-0183", ("NMEA 0183", FORMATS["mxpgn"][1]))]:
        log = can_frames(cases) if name == "can" else render(cases)
        per_message = name in ("plain", "plain-other-time", "ascii", "pdgy", "pdgy-short", "pcdin", "pcdin-0183", "ngt", "w2k")
        settings = {"littleEndianMXPGN": True} if name.startswith("mxpgn") else None
        sources = [0] * len(cases) if name == "pdgy-short" else [c.src for c in cases]  # the short form has none
        wanted = [c.delta(src=src) for c, src in zip(cases, sources)]
        write(f"n2k-format-{name}", log, wanted, stats(len(cases) if per_message else frames, len(wanted)), codec, settings)


def stamp(seconds):
    return f"2026-11-22T17:12:{29 + seconds:02d}.179Z"


def special_recordings():
    cases = list(devices())
    wanted = expected(cases)
    write("n2k-devices", by_message(plain)(cases), wanted, stats(len(cases), len(wanted), unknown=3, ignored=1))

    gps = name(123456, 1851, 9)
    wait = [(Case(129025, POSITION, PLACE, src=43), 0, False),  # the NAME is not known: held back ...
            (Case(129025, POSITION, PLACE, src=44), 1, False),
            (claim(gps, 43), 2, True),  # ... until it is
            (Case(129025, POSITION, PLACE, src=43, head={"canName": f"{gps:x}", "deviceInstance": 9}), 3, True),
            (Case(129025, POSITION, PLACE, src=44), 11, False),
            (Case(129025, POSITION, PLACE, src=44), 12, True)]  # ... or for ten seconds
    deltas = [case.delta(stamp(s)) for case, s, passes in wait if passes]
    deltas[0]["updates"][0]["$source"] = f"nmea.{gps:x}"
    write("n2k-can-name", "".join(plain(case, stamp(s)) for case, s, _ in wait).encode(), deltas,
          stats(len(wait), len(deltas), ignored=3), settings={"useCanName": True})

    filtered = [(Case(129025, POSITION, PLACE, src=43), False), (Case(129025, POSITION, PLACE, src=44), False),
                (Case(127251, pack((8, 1), ("s32", 320000), (24, NA)), [("navigation.rateOfTurn", 0.01)], src=43), True),
                (Case(127251, pack((8, 1), ("s32", 320000), (24, NA)), [("navigation.rateOfTurn", 0.01)], src=44), False),
                (Case(127251, pack((8, 1), ("s32", 320000), (24, NA)), [("navigation.rateOfTurn", 0.01)], src=45), True)]
    rules = [{"source": "43", "pgn": "129025"}, {"source": "44", "pgn": ""}, {"source": "", "pgn": ""}]
    deltas = [case.delta() for case, passes in filtered if passes]
    write("n2k-filters", by_message(plain)([c for c, _ in filtered]), deltas, stats(5, len(deltas), ignored=3),
          settings={"filtersEnabled": True, "filters": rules})
    write("n2k-filters-off", by_message(plain)([c for c, _ in filtered]), [c.delta() for c, _ in filtered], stats(5, 5),
          settings={"filters": rules})
    write("n2k-override-time", plain(Case(129025, POSITION, PLACE), "2014-08-15T19:00:00.042Z").encode(),
          [Case(129025, POSITION, PLACE).delta()], stats(1, 1), settings={"overrideTimestamp": True})


# ---- what goes wrong on a bus --------------------------------------------------------------------------------------------

def trouble():
    """Frames lost, late, twice, mixed; each part at its own time, so that one cannot help another."""
    log, deltas, frames = [], [], 0
    long = next(c for c in ais() if c.pgn == 129794 and len(c.values) > 5)

    def put(case, frame, ms):
        nonlocal frames
        frames += 1
        log.append(f"({(TIME + ms) // 1000}.{(TIME + ms) % 1000:03d}000) can0 {can_id(case):08X}#{frame.hex().upper()}")

    def gives(case, ms):
        import datetime
        at = datetime.datetime.fromtimestamp((TIME + ms) // 1000, datetime.timezone.utc)
        deltas.append(case.delta(at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{(TIME + ms) % 1000:03d}Z"))

    def of(src):
        return Case(long.pgn, long.data, long.values, src=src, context=long.context)

    cut = Frames()
    case = of(1)
    one = cut(case)
    for f in [one[0], one[2], one[1], *reversed(one[3:])]:  # out of order behind the first
        put(case, f, 0)
    gives(case, 0)
    for f in cut(case):  # each one twice: the last one's second copy belongs to nothing
        put(case, f, 1000)
        put(case, f, 1000)
    gives(case, 1000)
    two, three = of(2), of(3)
    for a, b in zip(cut(two), cut(three)):  # two devices at once
        put(two, a, 2000)
        put(three, b, 2000)
    gives(two, 2000)
    gives(three, 2000)
    first, second = cut(two), cut(two)
    for a, b in zip(first, second):  # two messages of one device at once, told apart by their sequence
        put(two, a, 3000)
        put(two, b, 3000)
    gives(two, 3000)
    gives(two, 3000)
    incomplete = 0
    case = of(4)
    for f in cut(case)[:-1]:  # the last frame is lost ...
        put(case, f, 4000)
    incomplete += 1
    lost = Frames()
    for f in lost(case):  # ... and a new message of the same sequence begins
        put(case, f, 4100)
    gives(case, 4100)
    case = of(5)
    for f in cut(case)[1:]:  # the first frame is lost: nothing to count, nothing to give
        put(case, f, 5000)
    case = of(6)
    late = cut(case)
    for f in late[:4]:
        put(case, f, 6000)
    for f in late[4:]:  # the rest comes too late
        put(case, f, 9000)
    incomplete += 1
    case = of(7)
    other = bytearray(cut(case)[1])
    other[3] ^= 0x55
    frames_of_seven = Frames()(case)
    put(case, frames_of_seven[0], 10000)
    put(case, frames_of_seven[1], 10000)
    put(case, bytes(other), 10000)  # the same place with other bytes: of another message
    incomplete += 1
    put(case, frames_of_seven[2], 10000)
    case = of(8)
    begun = Frames()
    firsts = []
    for pgn in (129038, 129039, 129040, 129041, 129793, 129794, 129798, 129809, 129810):  # more than one device may have under way
        c = Case(pgn, bytes(50), [], src=8)
        firsts.append(begun(c)[0])
        put(c, firsts[-1], 11000)
    incomplete += 1
    single = Case(129025, POSITION, PLACE, src=8)
    put(single, POSITION, 11000)
    gives(single, 11000)
    put(Case(129029, b"", [], src=9), bytes([0x00, 224, 1, 2, 3, 4, 5, 6]), 20000)  # too long
    put(Case(129029, b"", [], src=9), bytes([0x00, 0, 1, 2, 3, 4, 5, 6]), 20000)  # empty
    put(Case(129029, b"", [], src=9), bytes([0x20]), 20000)  # no length
    incomplete += 1
    put(single, POSITION[:5], 20000)  # too short for its fields: says nothing
    write("n2k-trouble", ("\n".join(log) + "\n").encode(), deltas,
          stats(frames, len(deltas), incomplete=incomplete, oversized=2))


def garbage():
    good = Case(129025, POSITION, PLACE)
    line = plain(good).strip()
    bad = ["hello", "{}", "$GPRMC,,V,,,,,,,,,,N*53", line[:60], line.replace("129025", "abc"), line.replace("129025", "999999"),
           line.replace(",17,", ",300,"), line + ",zz", line[:-1], STAMP + ",2,129025,17,255,224," + ",".join(["00"] * 224),
           "16:29:27.082 R 19F51323", "16:29:27.082 R XXF51323 01 02", "16:29:27.082 R 19F51323 01 02 03 04 05 06 07 08 09",
           "16:29:27.082 X 19F51323 01", "<0x18eeff01 [8] 05 a0", "<0x> [8] 05", "can0 19F51323 8 05 a0", "can0 19F51323 [2] 5",
           "(1502979132.106111) slcan0 09F50374#", "(1502979132.106111) slcan0 #00", "(1502979132.106111) slcan0 09F50374##100",
           "(1502979132.106111) slcan0 09F50374#R", "A173321.107 23FF7", "A173321.107 23FF7 1F513 0", "A173321.107 ZZFF7 1F513 00",
           "!PDGY,129025", "!PDGY,129025,3,17,255,0.5,****", "!PDGY,129025,3,17,999,0.5,AAAA", "!PDGY,1,2,3,4,5,6,7,8",
           "$PCDIN,1F801,0,11", "$PCDIN,ZZ,0,11,00", "$MXPGN,01F801,28,00", "$MXPGN,01F801,2811,0", "\x00\xff\xfe", "(x) can0 1#1"]
    sums = ["$PCDIN,01F801,0,11,0001*00", "$MXPGN,01F801,2811,0011223344556677*00", "$PCDIN,01F801,0,11,0001*"]
    fine = ["$PDGY,000000,4,0,5,100,9,0", "$PDGY,ACK,TX_LIST", "# a remark"]
    text = "\n".join([line, *bad, *sums, *fine, "x" * 3000, line]).encode("utf-8", "surrogateescape") + b"\n"
    write("n2k-garbage", text, [good.delta()] * 2,
          stats(2 + len(bad) + len(sums) + 2, 2, garbage=len(bad), badChecksum=len(sums), oversized=1))
    frame = ngt(good)
    broken = bytearray(frame)
    broken[6] ^= 1
    noise = bytes(range(256)).replace(b"\x10", b"")
    log = (noise + frame + bytes(broken) + b"\x10\x02\x93\x10\x05" + frame[:9] + frame + b"\x10\x02" + bytes(400) + b"\x10\x03" +
           escaped(b"\xa0\x03\x11\x02\x00") + escaped(b"\x93\x02\x01\x02") + escaped(b"\x77\x00") + b"\x10\x02\x10\x03" + frame)
    write("n2k-garbage-ngt", log, [good.delta()] * 3,
          stats(8, 3, badChecksum=2, garbage=3, oversized=1, unknown=1), "Actisense binary")
    ok = can_frames([good])
    can = ok + struct.pack("<IB3x8s", 0x123, 8, bytes(8)) + struct.pack("<IB3x8s", 0xA0000001, 8, bytes(8)) + \
        struct.pack("<IB3x8s", 0x89F80111, 12, bytes(8)) + ok
    write("n2k-garbage-can", can, [good.delta()] * 2, stats(5, 2, garbage=3), "NMEA 2000 on CAN")


def main():
    groups()
    formats()
    special_recordings()
    trouble()
    garbage()


if __name__ == "__main__":
    main()
