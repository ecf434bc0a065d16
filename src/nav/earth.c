#include "nav/earth.h"

#include <geodesic.h>
#include <math.h>
#include <stddef.h>

#define RADIUS 6378137.0 /* WGS 84, equatorial */
#define FLATTENING (1 / 298.257223563)
#define RADIAN (3.14159265358979323846 / 180)
#define COINCIDE 1e-6    /* metres: closer points have no bearing */
#define NEAR_ENOUGH 1e-5 /* metres along the line */
#define STEPS_MAX 60
#define SHORT_ARC 1e-5 /* radians of latitude: below, the middle stands for all of it */

static const struct geod_geodesic *earth(void)
{
    static _Thread_local struct geod_geodesic g;
    if (g.a == 0)
        geod_init(&g, RADIUS, FLATTENING);
    return &g;
}

static double turn(double bearing) /* into [0, 360) */
{
    double b = fmod(bearing, 360);
    b = b < 0 ? b + 360 : b;
    return b >= 360 ? 0 : b;
}

/* ---- great circles ---- */

static struct sk_leg geodesic_leg(struct sk_position from, struct sk_position to)
{
    struct sk_leg leg = { 0 };
    double bearing;
    geod_inverse(earth(), from.latitude, from.longitude, to.latitude, to.longitude, &leg.distance, &bearing, NULL);
    leg.has_bearing = leg.distance > COINCIDE;
    leg.bearing = leg.has_bearing ? turn(bearing) : 0;
    return leg;
}

static struct sk_position geodesic_travel(struct sk_position from, double bearing, double distance, double *ret_bearing)
{
    struct sk_position p;
    double end;
    geod_direct(earth(), from.latitude, from.longitude, bearing, distance, &p.latitude, &p.longitude, &end);
    if (ret_bearing != NULL)
        *ret_bearing = end;
    return p;
}

/* ---- rhumb lines: straight in Mercator's projection ---- */

static double eccentricity(void)
{
    return sqrt(FLATTENING * (2 - FLATTENING));
}

static double clamp_latitude(double degrees)
{
    return degrees > 90 ? 90 : degrees < -90 ? -90 : degrees;
}

/* Latitude as Mercator stretches it, in radians; infinite at the poles. */
static double stretched(double latitude)
{
    double e = eccentricity(), phi = latitude * RADIAN;
    if (fabs(latitude) >= 90)
        return latitude > 0 ? INFINITY : -INFINITY;
    return asinh(tan(phi)) - e * atanh(e * sin(phi));
}

/* Radius of the circle of latitude. */
static double circle(double latitude)
{
    double e = eccentricity(), phi = latitude * RADIAN, s = sin(phi);
    return fabs(latitude) >= 90 ? 0 : RADIUS * cos(phi) / sqrt(1 - e * e * s * s);
}

static double meridian(double from, double to) /* signed */
{
    double distance;
    geod_inverse(earth(), from, 0, to, 0, &distance, NULL, NULL);
    return to < from ? -distance : distance;
}

/* Metres a radian of longitude counts for on the way from one latitude to the other. */
static double longitude_scale(double from, double to)
{
    if (fabs(to - from) * RADIAN < SHORT_ARC)
        return circle((from + to) / 2);
    double span = stretched(to) - stretched(from);
    return isfinite(span) ? meridian(from, to) / span : 0;
}

static struct sk_leg rhumb_leg(struct sk_position from, struct sk_position to)
{
    struct sk_leg leg = { 0 };
    double lat1 = clamp_latitude(from.latitude), lat2 = clamp_latitude(to.latitude);
    double north = meridian(lat1, lat2), turned = remainder(to.longitude - from.longitude, 360) * RADIAN;
    double east = turned * longitude_scale(lat1, lat2);
    leg.distance = hypot(north, east);
    leg.has_bearing = leg.distance > COINCIDE;
    leg.bearing = leg.has_bearing ? turn(atan2(east, north) / RADIAN) : 0;
    return leg;
}

static struct sk_position rhumb_travel(struct sk_position from, double bearing, double distance)
{
    double north = distance * cos(bearing * RADIAN), east = distance * sin(bearing * RADIAN);
    double lat1 = clamp_latitude(from.latitude), to_pole = meridian(lat1, north < 0 ? -90 : 90);
    struct sk_position p = { .longitude = from.longitude };
    if (fabs(north) >= fabs(to_pole)) {
        p.latitude = north < 0 ? -90 : 90;
        return p;
    }
    geod_direct(earth(), lat1, 0, 0, north, &p.latitude, NULL, NULL);
    double scale = longitude_scale(lat1, p.latitude);
    if (scale > 0)
        p.longitude = remainder(from.longitude + east / scale / RADIAN, 360);
    return p;
}

/* ---- both ---- */

struct sk_leg sk_earth_leg(enum sk_line line, struct sk_position from, struct sk_position to)
{
    return line == SK_RHUMB_LINE ? rhumb_leg(from, to) : geodesic_leg(from, to);
}

struct sk_position sk_earth_travel(enum sk_line line, struct sk_position from, double bearing, double distance)
{
    return line == SK_RHUMB_LINE ? rhumb_travel(from, bearing, distance) : geodesic_travel(from, bearing, distance, NULL);
}

/*
 * The nearest point of the line is where the way to `at` stands square on it. From a first guess (the line's beginning) one goes
 * along the line as far as a sphere would have it, and again from there, until hardly anything is left to go.
 */
bool sk_earth_cross_track(enum sk_line line, struct sk_position from, struct sk_position to, struct sk_position at,
                          double *ret_distance)
{
    struct sk_leg track = sk_earth_leg(line, from, to), way = { 0 };
    struct sk_position foot = from;
    double gone = 0, bearing = track.bearing, apart = 0;
    if (!track.has_bearing)
        return false;
    for (int step = 0; step < STEPS_MAX; step++) {
        way = geodesic_leg(foot, at);
        apart = (way.bearing - bearing) * RADIAN;
        double arc = way.distance / RADIUS;
        double along = RADIUS * atan2(sin(arc) * cos(apart), cos(arc));
        if (!way.has_bearing || fabs(along) < NEAR_ENOUGH)
            break;
        gone += along;
        foot = line == SK_RHUMB_LINE ? rhumb_travel(from, bearing, gone) : geodesic_travel(from, track.bearing, gone, &bearing);
    }
    *ret_distance = way.has_bearing ? copysign(way.distance, sin(apart)) : 0;
    return true;
}
