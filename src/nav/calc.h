/*
 * What a helmsman wants to know on the way to the next point: distances, bearings, error off the track, speeds and times. Pure.
 * Thread: any. SI units, angles in radians. What cannot be known is NaN. Paths: `navigation.course.calcValues.*` of Signal K.
 */
#ifndef SK_NAV_CALC_H
#define SK_NAV_CALC_H

#include "nav/earth.h"

#include <stddef.h>
#include <stdint.h>

struct sk_course_input {
    struct sk_position vessel, previous, next;
    bool has_previous;
    double speed, course; /* over ground, true; NaN: unknown */
    double variation;     /* magnetic, east positive; NaN: unknown */
    int64_t now_ms;       /* since 1970 */
    int64_t target_ms;    /* wanted time of arrival; 0: none */
    double circle;        /* radius of the arrival circle */
    bool has_route;
    double route_beyond; /* from the next point to the end of the route, sk_course_beyond */
};

struct sk_course_values {
    double track_true, track_magnetic; /* bearing of the leg at its beginning */
    double cross_track;                /* positive: the vessel is to the right of the track */
    double distance, bearing_true, bearing_magnetic, previous_distance;
    double vmg; /* speed towards the next point */
    double time_to_go, eta_ms, target_speed;
    double route_distance, route_time_to_go, route_eta_ms;
    bool in_circle;            /* within the arrival circle, which has a size */
    bool passed_perpendicular; /* beyond the line through the next point square to the track */
};

void sk_course_calculate(enum sk_line line, const struct sk_course_input *in, struct sk_course_values *ret_values);

/* Length of the legs from points[index] to the end, in the order of travel. */
double sk_course_beyond(enum sk_line line, const struct sk_position *points, size_t count, size_t index, bool reverse);

#endif
