/* Waypoints, cross track error, what an autopilot shall steer: RMB, APB, XTE, BOD, BWC, BWR, HSC. */
#include "codec/nmea0183/sentence.h"

#include <math.h>

static double length_factor(const struct sk_0183 *s, int unit_field)
{
    return sk_0183_is(s, unit_field, 'N') ? SK_NAUTICAL_MILE : 1000;
}

/* Steer left: positive. */
static double cross_track(const struct sk_0183 *s, int i, double factor)
{
    double v = sk_0183_value(s, i) * factor;
    return sk_0183_is(s, i + 1, 'L') || v == 0 ? v : -v;
}

static void put_id(struct sk_0183 *s, int i, enum sk_0183_path p)
{
    if (sk_0183_given(s, i))
        sk_0183_put_text(s, p, sk_0183_field(s, i));
}

void sk_0183_rmb(struct sk_0183 *s)
{
    double vmg = sk_0183_value(s, 12);
    sk_0183_put_position(s, SK_RMB_POSITION, 6);
    sk_0183_put(s, SK_RMB_BEARING, sk_0183_value(s, 11) * SK_DEGREE);
    sk_0183_put(s, SK_RMB_VMG, vmg > 0 ? vmg * SK_KNOT : 0);
    sk_0183_put(s, SK_RMB_DISTANCE, sk_0183_value(s, 10) * SK_NAUTICAL_MILE);
    sk_0183_put(s, SK_RMB_XTE, cross_track(s, 2, SK_NAUTICAL_MILE));
    put_id(s, 5, SK_RMB_NEXT_ID);
    put_id(s, 4, SK_RMB_PREVIOUS_ID);
}

static bool any_empty(const struct sk_0183 *s, int first, int last)
{
    for (int i = first; i <= last; i++)
        if (sk_0183_empty(s, i))
            return true;
    return false;
}

static void put_bearing(struct sk_0183 *s, int i, enum sk_0183_path of_true, enum sk_0183_path of_magnetic)
{
    sk_0183_put(s, sk_0183_is(s, i + 1, 'M') ? of_magnetic : of_true, sk_0183_value_or_nan(s, i) * SK_DEGREE);
}

static void put_alarm(struct sk_0183 *s, int i, enum sk_0183_path p, const char *message)
{
    struct sk_buf *b = sk_0183_begin(s, p);
    if (sk_0183_is(s, i, 'A')) {
        SK_BUF_LIT(b, "{\"method\":[\"sound\",\"visual\"],\"state\":\"alarm\",\"message\":");
        sk_json_write_str(b, sk_span_of(message));
        sk_buf_char(b, '}');
    } else {
        SK_BUF_LIT(b, "null");
    }
    sk_0183_end(s);
}

void sk_0183_apb(struct sk_0183 *s)
{
    if (any_empty(s, 1, 5) || sk_0183_is(s, 1, 'V') || sk_0183_is(s, 2, 'V'))
        return;
    sk_0183_put(s, SK_APB_XTE, cross_track(s, 3, length_factor(s, 5)));
    put_bearing(s, 8, SK_APB_TRACK_TRUE, SK_APB_TRACK_MAGNETIC);
    put_bearing(s, 8, SK_APB_ORIGIN_TRUE, SK_APB_ORIGIN_MAGNETIC);
    put_bearing(s, 11, SK_APB_DESTINATION_TRUE, SK_APB_DESTINATION_MAGNETIC);
    put_bearing(s, 11, SK_APB_NEXT_TRUE, SK_APB_NEXT_MAGNETIC);
    sk_0183_put_text(s, SK_APB_NEXT_ID, sk_0183_field(s, 10));
    put_bearing(s, 13, SK_APB_TARGET_TRUE, SK_APB_TARGET_MAGNETIC);
    put_alarm(s, 6, SK_APB_ARRIVAL, "WP arrival circle entered!");
    put_alarm(s, 7, SK_APB_PASSED, "Perpendicular passed!");
}

void sk_0183_xte(struct sk_0183 *s)
{
    if (sk_0183_is(s, 1, 'V') || sk_0183_is(s, 2, 'V') || (sk_0183_empty(s, 3) && sk_0183_empty(s, 4)))
        return;
    sk_0183_put(s, SK_XTE_XTE, cross_track(s, 3, length_factor(s, 5)));
}

/* Two bearings in fields i and i+2, each with T or M behind it, in whatever order. */
static void put_pair(struct sk_0183 *s, int i, enum sk_0183_path of_true, enum sk_0183_path of_magnetic)
{
    double t = NAN, m = NAN;
    for (int k = i; k <= i + 2; k += 2)
        *(sk_0183_is(s, k + 1, 'T') ? &t : &m) = sk_0183_value_or_nan(s, k) * SK_DEGREE;
    sk_0183_put(s, of_true, t);
    sk_0183_put(s, of_magnetic, m);
}

void sk_0183_bod(struct sk_0183 *s)
{
    if (any_empty(s, 1, 5))
        return;
    put_pair(s, 1, SK_BOD_TRUE, SK_BOD_MAGNETIC);
    sk_0183_put_text(s, SK_BOD_NEXT_ID, sk_0183_field(s, 5));
    sk_0183_put_text(s, SK_BOD_PREVIOUS_ID, sk_0183_field(s, 6));
}

void sk_0183_bwc(struct sk_0183 *s)
{
    if (sk_0183_given(s, 1))
        sk_0183_set_time(s, sk_0183_field(s, 1), (struct sk_span){ "", 0 }, true);
    sk_0183_put_position(s, SK_BWC_POSITION, 2);
    if (sk_0183_given(s, 10) && sk_0183_given(s, 11))
        sk_0183_put(s, SK_BWC_DISTANCE, sk_0183_value(s, 10) * length_factor(s, 11));
    if (sk_0183_given(s, 6) && sk_0183_is(s, 7, 'T'))
        sk_0183_put(s, SK_BWC_TRUE, sk_0183_value(s, 6) * SK_DEGREE);
    if (sk_0183_given(s, 8) && sk_0183_is(s, 9, 'M'))
        sk_0183_put(s, SK_BWC_MAGNETIC, sk_0183_value(s, 8) * SK_DEGREE);
}

void sk_0183_bwr(struct sk_0183 *s)
{
    if (any_empty(s, 1, 5)) {
        sk_0183_put_null(s, SK_BWR_TRUE);
        sk_0183_put_null(s, SK_BWR_MAGNETIC);
        sk_0183_put_null(s, SK_BWR_DISTANCE);
        sk_0183_put_null(s, SK_BWR_POSITION);
        return;
    }
    sk_0183_set_time(s, sk_0183_field(s, 1), (struct sk_span){ "", 0 }, true);
    put_pair(s, 6, SK_BWR_TRUE, SK_BWR_MAGNETIC);
    sk_0183_put(s, SK_BWR_DISTANCE, sk_0183_value(s, 10) * length_factor(s, 11));
    sk_0183_put_position(s, SK_BWR_POSITION, 2);
}

void sk_0183_hsc(struct sk_0183 *s)
{
    if (sk_0183_empty(s, 1) || sk_0183_empty(s, 3))
        return;
    put_pair(s, 1, SK_HSC_TRUE, SK_HSC_MAGNETIC);
}
