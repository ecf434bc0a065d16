#include "nav/calc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const double half_pi = 1.57079632679489661923;

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.12g is not %.12g", a, b);
}

/* From the equator straight north; the vessel is half way. */
static struct sk_course_input northwards(void)
{
    return (struct sk_course_input){ .previous = { 0, 0 },
                                     .next = { 1, 0 },
                                     .vessel = { 0.5, 0 },
                                     .has_previous = true,
                                     .speed = 5,
                                     .course = 0,
                                     .variation = NAN,
                                     .now_ms = 1000000 };
}

static struct sk_course_values of(struct sk_course_input in)
{
    struct sk_course_values v;
    sk_course_calculate(SK_GREAT_CIRCLE, &in, &v);
    return v;
}

static void speed_and_time(void **state)
{
    struct sk_course_values v = of(northwards());
    near(v.vmg, 5, 1e-9);
    near(v.time_to_go, v.distance / 5, 1e-6);
    near(v.eta_ms, 1000000 + v.distance * 200, 1e-3);
    near(v.bearing_true, 0, 1e-9);
    assert_true(isnan(v.bearing_magnetic));
    assert_true(isnan(v.route_distance) && isnan(v.target_speed));
    (void)state;
}

static void away_from_the_point_there_is_no_arrival(void **state)
{
    struct sk_course_input in = northwards();
    in.course = 2 * half_pi;
    struct sk_course_values v = of(in);
    near(v.vmg, -5, 1e-9);
    assert_true(isnan(v.time_to_go) && isnan(v.eta_ms));
    in.speed = NAN;
    v = of(in);
    assert_true(isnan(v.vmg) && isnan(v.time_to_go));
    in = northwards();
    in.speed = 1e-300; /* no calendar reaches that far */
    v = of(in);
    assert_true(isnan(v.time_to_go) && isnan(v.eta_ms));
    (void)state;
}

static void magnetic_is_true_less_easterly_variation(void **state)
{
    struct sk_course_input in = northwards();
    in.variation = 0.1;
    struct sk_course_values v = of(in);
    near(v.bearing_magnetic, 4 * half_pi - 0.1, 1e-9);
    near(v.track_magnetic, 4 * half_pi - 0.1, 1e-9);
    (void)state;
}

static void right_of_the_track_is_positive(void **state)
{
    struct sk_course_input in = northwards();
    in.vessel.longitude = 0.001;
    near(of(in).cross_track, 111.3, 0.1);
    in.vessel.longitude = -0.001;
    near(of(in).cross_track, -111.3, 0.1);
    (void)state;
}

static void beyond_the_perpendicular(void **state)
{
    struct sk_course_input in = northwards();
    assert_false(of(in).passed_perpendicular);
    in.vessel = (struct sk_position){ 0.999, 0.5 };
    assert_false(of(in).passed_perpendicular);
    in.vessel = (struct sk_position){ 1.01, 0.5 };
    assert_true(of(in).passed_perpendicular);
    in.vessel = in.next;
    assert_false(of(in).passed_perpendicular);
    in.has_previous = false;
    in.vessel = (struct sk_position){ 1.01, 0 };
    assert_false(of(in).passed_perpendicular);
    assert_true(isnan(of(in).cross_track));
    (void)state;
}

static void a_leg_without_length_has_no_track(void **state)
{
    struct sk_course_input in = northwards();
    in.previous = in.next;
    struct sk_course_values v = of(in);
    assert_true(isnan(v.track_true) && isnan(v.cross_track));
    assert_false(v.passed_perpendicular);
    near(v.distance, v.previous_distance, 1e-6);
    (void)state;
}

static void the_arrival_circle(void **state)
{
    struct sk_course_input in = northwards();
    in.vessel = in.next;
    assert_false(of(in).in_circle); /* there is none */
    in.circle = 100;
    assert_true(of(in).in_circle);
    in.vessel.latitude -= 0.00091;
    assert_false(of(in).in_circle);
    (void)state;
}

static void the_rest_of_a_route(void **state)
{
    static const struct sk_position points[] = { { 0, 0 }, { 0, 1 }, { 0, 3 }, { 0, 6 } };
    const double degree = 6378137.0 * half_pi / 90;
    near(sk_course_beyond(SK_GREAT_CIRCLE, points, 4, 0, false), 6 * degree, 1e-3);
    near(sk_course_beyond(SK_GREAT_CIRCLE, points, 4, 2, false), 3 * degree, 1e-3);
    near(sk_course_beyond(SK_GREAT_CIRCLE, points, 4, 3, false), 0, 0);
    near(sk_course_beyond(SK_RHUMB_LINE, points, 4, 1, true), 3 * degree, 1e-3);
    near(sk_course_beyond(SK_RHUMB_LINE, points, 4, 9, true), 0, 0);
    struct sk_course_input in = northwards();
    in.has_route = true;
    in.route_beyond = 1000;
    in.target_ms = in.now_ms + 100000;
    struct sk_course_values v = of(in);
    near(v.route_distance, v.distance + 1000, 1e-6);
    near(v.route_time_to_go, v.time_to_go + 200, 1e-6);
    near(v.target_speed, v.route_distance / 100, 1e-9);
    in.target_ms = in.now_ms;
    assert_true(isnan(of(in).target_speed));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speed_and_time),
        cmocka_unit_test(away_from_the_point_there_is_no_arrival),
        cmocka_unit_test(magnetic_is_true_less_easterly_variation),
        cmocka_unit_test(right_of_the_track_is_positive),
        cmocka_unit_test(beyond_the_perpendicular),
        cmocka_unit_test(a_leg_without_length_has_no_track),
        cmocka_unit_test(the_arrival_circle),
        cmocka_unit_test(the_rest_of_a_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
