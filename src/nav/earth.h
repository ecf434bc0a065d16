/*
 * Lines on the WGS 84 ellipsoid: geodesics (what sailors call great circles) by GeographicLib, and rhumb lines. Pure. Thread:
 * any. Angles in degrees, bearings clockwise from true north in [0, 360), distances in metres. Poles, the date line and points
 * that coincide are all fine.
 */
#ifndef SK_NAV_EARTH_H
#define SK_NAV_EARTH_H

#include <stdbool.h>

struct sk_position {
    double latitude, longitude; /* [-90, 90], any */
};

enum sk_line { SK_GREAT_CIRCLE, SK_RHUMB_LINE };

struct sk_leg {
    double distance;
    double bearing;   /* at its beginning */
    bool has_bearing; /* false: the points coincide */
};

struct sk_leg sk_earth_leg(enum sk_line line, struct sk_position from, struct sk_position to);

/* Where one is after that distance (may be negative) on the line that starts with that bearing. A rhumb line ends at a pole. */
struct sk_position sk_earth_travel(enum sk_line line, struct sk_position from, double bearing, double distance);

/*
 * How far `at` is from the line through both points, which has no ends: positive to its right, seen in the direction of travel.
 * False: the points coincide, so there is no line.
 */
bool sk_earth_cross_track(enum sk_line line, struct sk_position from, struct sk_position to, struct sk_position at,
                          double *ret_distance);

#endif
