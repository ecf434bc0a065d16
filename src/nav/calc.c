#include "nav/calc.h"

#include <math.h>

#define RADIAN (3.14159265358979323846 / 180)
#define LATEST_MS 8.64e15 /* times beyond have no calendar date */

static double radians(const struct sk_leg *leg)
{
    return leg->has_bearing ? leg->bearing * RADIAN : NAN;
}

static double magnetic(double true_bearing, double variation)
{
    const double circle = 360 * RADIAN;
    double m = fmod(true_bearing - variation, circle);
    return m < 0 ? m + circle : m;
}

/* Seconds for that way, and when that is; NaN without headway. */
static double time_for(double distance, double speed, int64_t now_ms, double *ret_eta_ms)
{
    double s = speed > 0 ? distance / speed : NAN, eta = (double)now_ms + s * 1000;
    *ret_eta_ms = eta < LATEST_MS ? eta : NAN;
    return isnan(*ret_eta_ms) ? NAN : s;
}

/* Seen from the next point: is the vessel more than a right angle away from where the leg comes from? */
static bool is_past(enum sk_line line, const struct sk_course_input *in)
{
    struct sk_leg back = sk_earth_leg(line, in->next, in->previous), vessel = sk_earth_leg(line, in->next, in->vessel);
    return back.has_bearing && vessel.has_bearing && fabs(remainder(back.bearing - vessel.bearing, 360)) > 90;
}

static void calculate_track(enum sk_line line, const struct sk_course_input *in, struct sk_course_values *v)
{
    v->track_true = v->track_magnetic = v->cross_track = v->previous_distance = NAN;
    v->passed_perpendicular = false;
    if (!in->has_previous)
        return;
    struct sk_leg track = sk_earth_leg(line, in->previous, in->next);
    v->previous_distance = sk_earth_leg(line, in->vessel, in->previous).distance;
    v->track_true = radians(&track);
    v->track_magnetic = magnetic(v->track_true, in->variation);
    if (!sk_earth_cross_track(line, in->previous, in->next, in->vessel, &v->cross_track))
        v->cross_track = NAN;
    v->passed_perpendicular = is_past(line, in);
}

static void calculate_target(const struct sk_course_input *in, struct sk_course_values *v)
{
    double left_s = (double)(in->target_ms - in->now_ms) / 1000;
    v->target_speed = in->target_ms != 0 && left_s > 0 ? (in->has_route ? v->route_distance : v->distance) / left_s : NAN;
}

void sk_course_calculate(enum sk_line line, const struct sk_course_input *in, struct sk_course_values *ret_values)
{
    struct sk_course_values *v = ret_values;
    struct sk_leg to_next = sk_earth_leg(line, in->vessel, in->next);
    v->distance = to_next.distance;
    v->bearing_true = radians(&to_next);
    v->bearing_magnetic = magnetic(v->bearing_true, in->variation);
    v->vmg = in->speed * cos(v->bearing_true - in->course);
    v->time_to_go = time_for(v->distance, v->vmg, in->now_ms, &v->eta_ms);
    v->route_distance = in->has_route ? v->distance + in->route_beyond : NAN;
    v->route_time_to_go = time_for(v->route_distance, v->vmg, in->now_ms, &v->route_eta_ms);
    v->in_circle = in->circle > 0 && v->distance <= in->circle;
    calculate_track(line, in, v);
    calculate_target(in, v);
}

double sk_course_beyond(enum sk_line line, const struct sk_position *points, size_t count, size_t index, bool reverse)
{
    double sum = 0;
    for (size_t i = index; i + 1 < count; i++) { /* index counts in the order of travel */
        size_t a = reverse ? count - 1 - i : i, b = reverse ? a - 1 : a + 1;
        sum += sk_earth_leg(line, points[a], points[b]).distance;
    }
    return sum;
}
