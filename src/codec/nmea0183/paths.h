/*
 * What becomes of each NMEA 0183 sentence: the paths that its decoder writes. The one list from which the decoders take their
 * paths and `scripts/gen_input_docs.py` the table in docs/inputs.md. A row: sentence, name, path, unit, and what holds for it.
 */
#ifndef SK_NMEA0183_PATHS_H
#define SK_NMEA0183_PATHS_H

/* clang-format off */
#define SK_0183_PATHS(X) \
    X(RMC, POSITION, "navigation.position", "deg", "null without a fix") \
    X(RMC, COG, "navigation.courseOverGroundTrue", "rad", "null when empty") \
    X(RMC, SOG, "navigation.speedOverGround", "m/s", "null when empty") \
    X(RMC, VARIATION, "navigation.magneticVariation", "rad", "west negative; null when empty") \
    X(RMC, VARIATION_AGE, "navigation.magneticVariationAgeOfService", "s", "the sentence's time since 1970") \
    X(RMC, DATETIME, "navigation.datetime", "", "") \
    X(GGA, POSITION, "navigation.position", "deg", "nothing when more than four fields are empty") \
    X(GGA, QUALITY, "navigation.gnss.methodQuality", "", "as text") \
    X(GGA, SATELLITES, "navigation.gnss.satellites", "", "") \
    X(GGA, ALTITUDE, "navigation.gnss.antennaAltitude", "m", "") \
    X(GGA, HDOP, "navigation.gnss.horizontalDilution", "", "") \
    X(GGA, GEOID, "navigation.gnss.geoidalSeparation", "m", "") \
    X(GGA, AGE, "navigation.gnss.differentialAge", "s", "") \
    X(GGA, REFERENCE, "navigation.gnss.differentialReference", "", "") \
    X(GLL, POSITION, "navigation.position", "deg", "nothing with status V") \
    X(GNS, POSITION, "navigation.position", "deg", "nothing when more than four fields are empty") \
    X(GNS, QUALITY, "navigation.gnss.methodQuality", "", "an object, one member a satellite system") \
    X(GNS, SATELLITES, "navigation.gnss.satellites", "", "") \
    X(GNS, ALTITUDE, "navigation.gnss.antennaAltitude", "m", "") \
    X(GNS, HDOP, "navigation.gnss.horizontalDilution", "", "") \
    X(GNS, GEOID, "navigation.gnss.geoidalSeparation", "m", "") \
    X(GNS, AGE, "navigation.gnss.differentialAge", "s", "") \
    X(GNS, REFERENCE, "navigation.gnss.differentialReference", "", "") \
    X(GNS, STATUS, "navigation.gnss.status", "", "Safe, Caution, Unsafe, Not Valid; left out otherwise") \
    X(GSV, IN_VIEW, "navigation.gnss.satellitesInView", "", "gnss, count, satellites with id, elevation and azimuth (rad), SNR; when the series is whole") \
    X(VTG, COG_MAGNETIC, "navigation.courseOverGroundMagnetic", "rad", "null when empty") \
    X(VTG, COG, "navigation.courseOverGroundTrue", "rad", "null when empty") \
    X(VTG, SOG, "navigation.speedOverGround", "m/s", "from km/h, else from knots") \
    X(ZDA, DATETIME, "navigation.datetime", "", "") \
    X(HDG, MAGNETIC, "navigation.headingMagnetic", "rad", "sensor and deviation") \
    X(HDG, COMPASS, "navigation.headingCompass", "rad", "only with a deviation") \
    X(HDG, TRUE, "navigation.headingTrue", "rad", "only with a variation") \
    X(HDG, VARIATION, "navigation.magneticVariation", "rad", "west negative") \
    X(HDG, DEVIATION, "navigation.magneticDeviation", "rad", "west negative") \
    X(HDM, MAGNETIC, "navigation.headingMagnetic", "rad", "") \
    X(HDT, TRUE, "navigation.headingTrue", "rad", "") \
    X(VHW, TRUE, "navigation.headingTrue", "rad", "if given") \
    X(VHW, MAGNETIC, "navigation.headingMagnetic", "rad", "if given") \
    X(VHW, STW, "navigation.speedThroughWater", "m/s", "if given") \
    X(DBT, DEPTH, "environment.depth.belowTransducer", "m", "from metres, else from feet, else null") \
    X(DBS, DEPTH, "environment.depth.belowSurface", "m", "or null") \
    X(DBK, DEPTH, "environment.depth.belowKeel", "m", "or null") \
    X(DPT, DEPTH, "environment.depth.belowTransducer", "m", "or null") \
    X(DPT, SURFACE_OFFSET, "environment.depth.surfaceToTransducer", "m", "positive offset") \
    X(DPT, BELOW_SURFACE, "environment.depth.belowSurface", "m", "positive offset") \
    X(DPT, KEEL_OFFSET, "environment.depth.transducerToKeel", "m", "negative offset, written positive") \
    X(DPT, BELOW_KEEL, "environment.depth.belowKeel", "m", "negative offset") \
    X(MWV, SPEED_APPARENT, "environment.wind.speedApparent", "m/s", "reference R") \
    X(MWV, ANGLE_APPARENT, "environment.wind.angleApparent", "rad", "reference R; -π to π") \
    X(MWV, SPEED_TRUE, "environment.wind.speedTrue", "m/s", "reference T") \
    X(MWV, ANGLE_TRUE, "environment.wind.angleTrueWater", "rad", "reference T; -π to π") \
    X(MWD, TRUE, "environment.wind.directionTrue", "rad", "if given") \
    X(MWD, MAGNETIC, "environment.wind.directionMagnetic", "rad", "if given") \
    X(MWD, SPEED, "environment.wind.speedTrue", "m/s", "from m/s, else from knots") \
    X(VWR, SPEED, "environment.wind.speedApparent", "m/s", "from knots, else m/s, else km/h") \
    X(VWR, ANGLE, "environment.wind.angleApparent", "rad", "left negative") \
    X(VWT, SPEED, "environment.wind.speedTrue", "m/s", "from m/s, else km/h, else knots") \
    X(VWT, ANGLE, "environment.wind.angleTrueWater", "rad", "left negative") \
    X(MTW, TEMPERATURE, "environment.water.temperature", "K", "or null") \
    X(MTA, TEMPERATURE, "environment.outside.temperature", "K", "unit C only") \
    X(MDA, PRESSURE, "environment.outside.pressure", "Pa", "inches of mercury, then bar") \
    X(MDA, TEMPERATURE, "environment.outside.temperature", "K", "if given") \
    X(MDA, WATER, "environment.water.temperature", "K", "if given") \
    X(MDA, HUMIDITY, "environment.outside.humidity", "ratio", "if given") \
    X(MDA, HUMIDITY_ABSOLUTE, "environment.outside.humidityAbsolute", "ratio", "if given") \
    X(MDA, DEW_POINT, "environment.outside.dewPointTemperature", "K", "if given") \
    X(MDA, WIND_TRUE, "environment.wind.directionTrue", "rad", "if given") \
    X(MDA, WIND_MAGNETIC, "environment.wind.directionMagnetic", "rad", "if given") \
    X(MDA, WIND_SPEED, "environment.wind.speedOverGround", "m/s", "knots, then m/s") \
    X(VLW, LOG, "navigation.log", "m", "if given") \
    X(VLW, TRIP, "navigation.trip.log", "m", "if given") \
    X(VPW, VMG, "performance.velocityMadeGood", "m/s", "from m/s, else from knots") \
    X(VDR, CURRENT, "environment.current", "rad, m/s", "setTrue, setMagnetic, drift") \
    X(ROT, RATE, "navigation.rateOfTurn", "rad/s", "status A") \
    X(RPM, REVOLUTIONS, "propulsion.engine_N.revolutions", "Hz", "shaft_N for a shaft") \
    X(RSA, RUDDER, "steering.rudderAngle", "rad", "status A") \
    X(RMB, POSITION, "navigation.courseRhumbline.nextPoint.position", "deg", "or null") \
    X(RMB, BEARING, "navigation.courseRhumbline.nextPoint.bearingTrue", "rad", "") \
    X(RMB, VMG, "navigation.courseRhumbline.nextPoint.velocityMadeGood", "m/s", "negative becomes 0") \
    X(RMB, DISTANCE, "navigation.courseRhumbline.nextPoint.distance", "m", "") \
    X(RMB, XTE, "navigation.courseRhumbline.crossTrackError", "m", "L positive") \
    X(RMB, NEXT_ID, "navigation.courseRhumbline.nextPoint.ID", "", "") \
    X(RMB, PREVIOUS_ID, "navigation.courseRhumbline.previousPoint.ID", "", "") \
    X(APB, XTE, "navigation.courseRhumbline.crossTrackError", "m", "L positive; nothing with status V") \
    X(APB, TRACK_TRUE, "navigation.courseRhumbline.bearingTrackTrue", "rad", "") \
    X(APB, TRACK_MAGNETIC, "navigation.courseRhumbline.bearingTrackMagnetic", "rad", "") \
    X(APB, ORIGIN_TRUE, "navigation.courseRhumbline.bearingOriginToDestinationTrue", "rad", "") \
    X(APB, ORIGIN_MAGNETIC, "navigation.courseRhumbline.bearingOriginToDestinationMagnetic", "rad", "") \
    X(APB, DESTINATION_TRUE, "navigation.courseRhumbline.bearingToDestinationTrue", "rad", "") \
    X(APB, DESTINATION_MAGNETIC, "navigation.courseRhumbline.bearingToDestinationMagnetic", "rad", "") \
    X(APB, NEXT_TRUE, "navigation.courseRhumbline.nextPoint.bearingTrue", "rad", "") \
    X(APB, NEXT_MAGNETIC, "navigation.courseRhumbline.nextPoint.bearingMagnetic", "rad", "") \
    X(APB, NEXT_ID, "navigation.courseRhumbline.nextPoint.ID", "", "") \
    X(APB, TARGET_TRUE, "steering.autopilot.target.headingTrue", "rad", "") \
    X(APB, TARGET_MAGNETIC, "steering.autopilot.target.headingMagnetic", "rad", "") \
    X(APB, ARRIVAL, "notifications.arrivalCircleEntered", "", "alarm, or null") \
    X(APB, PASSED, "notifications.perpendicularPassed", "", "alarm, or null") \
    X(XTE, XTE, "navigation.courseRhumbline.crossTrackError", "m", "L positive; nothing with status V") \
    X(BOD, TRUE, "navigation.courseRhumbline.bearingTrackTrue", "rad", "") \
    X(BOD, MAGNETIC, "navigation.courseRhumbline.bearingTrackMagnetic", "rad", "") \
    X(BOD, NEXT_ID, "navigation.courseRhumbline.nextPoint.ID", "", "") \
    X(BOD, PREVIOUS_ID, "navigation.courseRhumbline.previousPoint.ID", "", "") \
    X(BWC, POSITION, "navigation.courseGreatCircle.nextPoint.position", "deg", "or null") \
    X(BWC, DISTANCE, "navigation.courseGreatCircle.nextPoint.distance", "m", "if given") \
    X(BWC, TRUE, "navigation.courseGreatCircle.bearingTrackTrue", "rad", "if given") \
    X(BWC, MAGNETIC, "navigation.courseGreatCircle.bearingTrackMagnetic", "rad", "if given") \
    X(BWR, TRUE, "navigation.courseRhumbline.bearingTrackTrue", "rad", "null when void") \
    X(BWR, MAGNETIC, "navigation.courseRhumbline.bearingTrackMagnetic", "rad", "null when void") \
    X(BWR, DISTANCE, "navigation.courseRhumbline.nextPoint.distance", "m", "null when void") \
    X(BWR, POSITION, "navigation.courseRhumbline.nextPoint.position", "deg", "null when void") \
    X(HSC, TRUE, "steering.autopilot.target.headingTrue", "rad", "") \
    X(HSC, MAGNETIC, "steering.autopilot.target.headingMagnetic", "rad", "") \
    X(DSC, POSITION, "navigation.position", "deg", "of the calling vessel") \
    X(DSC, NOTIFICATION, "notifications.NATURE", "", "fire, flooding, collision, grounding, listing, sinking, adrift, undesignated, abandon, piracy, mob, epirb, unassigned; of the calling vessel") \
    X(PNKEP, TARGET_SPEED, "performance.targetSpeed", "m/s", "part 01") \
    X(PNKEP, TACK, "performance.tackMagnetic", "rad", "part 02") \
    X(PNKEP, TARGET_ANGLE, "performance.targetAngle", "rad", "part 03") \
    X(PBVE, OIL_PRESSURE, "propulsion.0.oilPressure", "Pa", "product D") \
    X(PBVE, COOLANT, "propulsion.0.coolantTemperature", "K", "product E") \
    X(PBVE, REVOLUTIONS, "propulsion.0.revolutions", "Hz", "product B") \
    X(PBVE, RUN_TIME, "propulsion.0.runTime", "s", "product B") \
    X(ALK, DEPTH, "environment.depth.belowTransducer", "m", "00") \
    X(ALK, WIND_ANGLE, "environment.wind.angleApparent", "rad", "10") \
    X(ALK, WIND_SPEED, "environment.wind.speedApparent", "m/s", "11") \
    X(ALK, STW, "navigation.speedThroughWater", "m/s", "20, 26") \
    X(ALK, TRIP, "navigation.trip.log", "m", "21, 25") \
    X(ALK, LOG, "navigation.log", "m", "22, 25") \
    X(ALK, WATER, "environment.water.temperature", "K", "27") \
    X(ALK, POSITION, "navigation.position", "deg", "50 and 51") \
    X(ALK, SOG, "navigation.speedOverGround", "m/s", "52") \
    X(ALK, COG, "navigation.courseOverGroundMagnetic", "rad", "53") \
    X(ALK, DATETIME, "navigation.datetime", "", "54 and 56") \
    X(ALK, SATELLITES, "navigation.gnss.satellites", "", "57") \
    X(ALK, HDOP, "navigation.gnss.horizontalDilution", "", "57") \
    X(ALK, WAYPOINT, "navigation.courseRhumbline.nextPoint.ID", "", "82") \
    X(ALK, HEADING, "navigation.headingMagnetic", "rad", "84, 9C") \
    X(ALK, TARGET, "steering.autopilot.target.headingMagnetic", "rad", "84") \
    X(ALK, RUDDER, "steering.rudderAngle", "rad", "84, 9C") \
    X(ALK, AUTOPILOT, "steering.autopilot.state", "", "84: standby, auto, wind, route") \
    X(ALK, XTE, "navigation.courseRhumbline.crossTrackError", "m", "85") \
    X(ALK, BEARING_TRUE, "navigation.courseRhumbline.bearingToDestinationTrue", "rad", "85") \
    X(ALK, BEARING_MAGNETIC, "navigation.courseRhumbline.bearingToDestinationMagnetic", "rad", "85") \
    X(ALK, DISTANCE, "navigation.courseRhumbline.nextPoint.distance", "m", "85") \
    X(ALK, VARIATION, "navigation.magneticVariation", "rad", "99") \
    X(VDM, IDENTITY, "", "", "mmsi, name, communication.callsignVhf, registrations.imo, one member a value") \
    X(VDM, SOG, "navigation.speedOverGround", "m/s", "") \
    X(VDM, COG, "navigation.courseOverGroundTrue", "rad", "") \
    X(VDM, HEADING, "navigation.headingTrue", "rad", "") \
    X(VDM, RATE, "navigation.rateOfTurn", "rad/s", "") \
    X(VDM, LENGTH, "design.length", "m", "overall") \
    X(VDM, BEAM, "design.beam", "m", "") \
    X(VDM, DRAFT, "design.draft", "m", "current") \
    X(VDM, FROM_BOW, "sensors.ais.fromBow", "m", "") \
    X(VDM, FROM_CENTER, "sensors.ais.fromCenter", "m", "to starboard negative") \
    X(VDM, STATE, "navigation.state", "", "") \
    X(VDM, DESTINATION, "navigation.destination.commonName", "", "") \
    X(VDM, ETA, "navigation.destination.eta", "", "the next such date") \
    X(VDM, CLASS, "sensors.ais.class", "", "A, B, BASE, ATON") \
    X(VDM, ATON_TYPE, "atonType", "", "id, name") \
    X(VDM, OFF_POSITION, "offPosition", "", "") \
    X(VDM, VIRTUAL, "virtual", "", "") \
    X(VDM, SHIP_TYPE, "design.aisShipType", "", "id, name") \
    X(VDM, MANEUVER, "navigation.specialManeuver", "", "") \
    X(VDM, DAC, "sensors.ais.designatedAreaCode", "", "") \
    X(VDM, FID, "sensors.ais.functionalId", "", "") \
    X(VDM, POSITION, "navigation.position", "deg", "")
/* clang-format on */

enum sk_0183_path {
#define SK_AS_ENUM(sentence, name, path, unit, note) SK_##sentence##_##name,
    SK_0183_PATHS(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_0183_PATH_COUNT
};

#endif
