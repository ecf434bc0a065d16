#include "nav/earth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* tests/scenario/test_course_geodesy.py compares with a library of another make; here stand the rules. */

static double uniform(double low, double high)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return low + (high - low) * (double)(x >> 11) / 9007199254740992.0;
}

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.12g is not %.12g", a, b);
}

static double apart(double a, double b) /* of bearings */
{
    return fabs(remainder(a - b, 360));
}

static struct sk_position somewhere(double latitude_max)
{
    return (struct sk_position){ uniform(-latitude_max, latitude_max), uniform(-180, 180) };
}

static void points_that_coincide_have_no_bearing(void **state)
{
    for (int line = SK_GREAT_CIRCLE; line <= SK_RHUMB_LINE; line++)
        for (double lat = -90; lat <= 90; lat += 30) {
            struct sk_position p = { lat, 179.5 }, same = { lat, -180.5 };
            struct sk_leg leg = sk_earth_leg((enum sk_line)line, p, same);
            double d;
            assert_false(leg.has_bearing);
            near(leg.distance, 0, 1e-6);
            assert_false(sk_earth_cross_track((enum sk_line)line, p, same, (struct sk_position){ 0, 0 }, &d));
        }
    (void)state;
}

static void the_date_line_is_no_border(void **state)
{
    for (int line = SK_GREAT_CIRCLE; line <= SK_RHUMB_LINE; line++) {
        struct sk_leg across =
            sk_earth_leg((enum sk_line)line, (struct sk_position){ 10, 179.9 }, (struct sk_position){ 11, -179.8 });
        struct sk_leg here = sk_earth_leg((enum sk_line)line, (struct sk_position){ 10, 0 }, (struct sk_position){ 11, 0.3 });
        near(across.distance, here.distance, 1e-6);
        near(across.bearing, here.bearing, 1e-9);
    }
    (void)state;
}

static void a_meridian_and_the_equator_are_both_kinds(void **state)
{
    struct sk_position a = { -20, 5 }, north = { 60, 5 }, b = { 0, 5 }, east = { 0, 95 };
    near(sk_earth_leg(SK_RHUMB_LINE, a, north).distance, sk_earth_leg(SK_GREAT_CIRCLE, a, north).distance, 1e-6);
    near(sk_earth_leg(SK_RHUMB_LINE, b, east).distance, sk_earth_leg(SK_GREAT_CIRCLE, b, east).distance, 1e-6);
    near(sk_earth_leg(SK_RHUMB_LINE, b, east).distance, 6378137.0 * 3.14159265358979323846 / 2, 1e-6);
    near(sk_earth_leg(SK_RHUMB_LINE, east, b).bearing, 270, 1e-9);
    (void)state;
}

static void a_rhumb_line_to_a_pole_goes_straight_there(void **state)
{
    struct sk_position a = { 80, 10 }, pole = { 90, -150 };
    struct sk_leg leg = sk_earth_leg(SK_RHUMB_LINE, a, pole);
    near(leg.bearing, 0, 1e-9);
    near(leg.distance, sk_earth_leg(SK_GREAT_CIRCLE, a, pole).distance, 1e-6);
    near(sk_earth_travel(SK_RHUMB_LINE, a, 20, 1e8).latitude, 90, 0);
    near(sk_earth_travel(SK_RHUMB_LINE, a, 160, 1e8).latitude, -90, 0);
    (void)state;
}

static void travelling_the_leg_leads_to_its_end(void **state)
{
    for (int i = 0; i < 20000; i++)
        for (int line = SK_GREAT_CIRCLE; line <= SK_RHUMB_LINE; line++) {
            struct sk_position a = somewhere(89), b = i % 3 ? somewhere(89)
                                                            : (struct sk_position){ a.latitude + uniform(-1e-5, 1e-5),
                                                                                    a.longitude + uniform(-2, 2) };
            if (fabs(remainder(a.longitude - b.longitude, 360)) > 179.9)
                continue; /* both ways round are as good */
            struct sk_leg leg = sk_earth_leg((enum sk_line)line, a, b);
            struct sk_position end = sk_earth_travel((enum sk_line)line, a, leg.bearing, leg.distance);
            near(sk_earth_leg(SK_GREAT_CIRCLE, end, b).distance, 0, 1e-3);
        }
    (void)state;
}

/* Steps to the side of a point of the line, at a right angle: that far off the track one is. */
static void cross_track_is_the_way_at_a_right_angle(void **state)
{
    for (int i = 0; i < 20000; i++)
        for (int line = SK_GREAT_CIRCLE; line <= SK_RHUMB_LINE; line++) {
            struct sk_position a = somewhere(75), b = sk_earth_travel((enum sk_line)line, a, uniform(30, 150), uniform(10, 1e6)),
                               foot, at;
            struct sk_leg leg = sk_earth_leg((enum sk_line)line, a, b);
            double along = uniform(-0.5, 1.5) * leg.distance, off = uniform(-5e4, 5e4), found = 1e9;
            foot = sk_earth_travel((enum sk_line)line, a, leg.bearing, along);
            struct sk_position ahead = sk_earth_travel((enum sk_line)line, a, leg.bearing, along + 1);
            double bearing = line == SK_RHUMB_LINE ? leg.bearing : sk_earth_leg(SK_GREAT_CIRCLE, foot, ahead).bearing;
            at = sk_earth_travel(SK_GREAT_CIRCLE, foot, bearing + 90, off);
            assert_true(sk_earth_cross_track((enum sk_line)line, a, b, at, &found));
            near(found, off, 0.02);
        }
    (void)state;
}

static void on_the_track_one_is_not_off_it(void **state)
{
    struct sk_position a = { 60, 20 }, b = { 61, 22 };
    for (int line = SK_GREAT_CIRCLE; line <= SK_RHUMB_LINE; line++) {
        double off = 1;
        assert_true(sk_earth_cross_track((enum sk_line)line, a, b, a, &off));
        near(off, 0, 1e-6);
        assert_true(sk_earth_cross_track((enum sk_line)line, a, b, b, &off));
        near(off, 0, 1e-3);
        assert_true(apart(sk_earth_leg((enum sk_line)line, a, b).bearing, 44) < 3);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_that_coincide_have_no_bearing),
        cmocka_unit_test(the_date_line_is_no_border),
        cmocka_unit_test(a_meridian_and_the_equator_are_both_kinds),
        cmocka_unit_test(a_rhumb_line_to_a_pole_goes_straight_there),
        cmocka_unit_test(travelling_the_leg_leads_to_its_end),
        cmocka_unit_test(cross_track_is_the_way_at_a_right_angle),
        cmocka_unit_test(on_the_track_one_is_not_off_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
