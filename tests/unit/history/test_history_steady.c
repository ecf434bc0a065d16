/* Which wall clock is believed. */
#include "history/steady.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR SK_STEADY_LEAP_MS
#define DAY (24 * HOUR)
#define NOW ((int64_t)1790000000000)

static void an_ordinary_clock_is_believed(void **state)
{
    struct sk_steady s;
    (void)state;
    sk_steady_begin(&s, NOW, 1000, NOW - 5 * DAY);
    for (int i = 1; i < 100; i++)
        assert_int_equal(sk_steady_now(&s, NOW + i * DAY + i * 1000, 1000 + (uint64_t)(i * DAY)), NOW + i * DAY + i * 1000);
}

static void one_that_is_ahead_for_a_while_is_not(void **state)
{
    struct sk_steady s;
    (void)state;
    sk_steady_begin(&s, NOW, 1000, NOW);
    for (int i = 1; i < 24; i++)
        assert_int_equal(sk_steady_now(&s, NOW + 5000 * DAY, 1000 + (uint64_t)(i * HOUR)), NOW + i * HOUR);
    assert_int_equal(sk_steady_now(&s, NOW + DAY, 1000 + (uint64_t)DAY), NOW + DAY); /* the fix */
    assert_int_equal(sk_steady_now(&s, NOW + DAY + HOUR, 1000 + (uint64_t)(DAY + HOUR)), NOW + DAY + HOUR);
}

static void one_that_stays_ahead_is_right(void **state)
{
    struct sk_steady s;
    (void)state;
    sk_steady_begin(&s, NOW, 1000, 0);
    assert_int_equal(sk_steady_now(&s, NOW + 90 * DAY, 1001), NOW + 1);
    assert_int_equal(sk_steady_now(&s, NOW + 90 * DAY + DAY, 1001 + (uint64_t)DAY), NOW + 91 * DAY);
    assert_int_equal(sk_steady_now(&s, NOW + 91 * DAY + 1, 1002 + (uint64_t)DAY), NOW + 91 * DAY + 1);
}

static void one_that_goes_back_is_believed_at_once(void **state)
{
    struct sk_steady s;
    (void)state;
    sk_steady_begin(&s, NOW, 1000, 0);
    assert_int_equal(sk_steady_now(&s, NOW - 400 * DAY, 2000), NOW - 400 * DAY);
    assert_int_equal(sk_steady_now(&s, NOW, 3000), NOW - 400 * DAY + 1000); /* and now it is ahead */
}

static void after_a_long_rest_the_records_tell(void **state)
{
    struct sk_steady s;
    (void)state;
    sk_steady_begin(&s, NOW + 5000 * DAY, 1000, NOW);
    assert_int_equal(sk_steady_now(&s, NOW + 5000 * DAY, 2000), NOW + 1000);
    sk_steady_begin(&s, NOW + 20 * DAY, 1000, NOW); /* not that long */
    assert_int_equal(sk_steady_now(&s, NOW + 20 * DAY, 2000), NOW + 20 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_clock_is_believed),      cmocka_unit_test(one_that_is_ahead_for_a_while_is_not),
        cmocka_unit_test(one_that_stays_ahead_is_right),      cmocka_unit_test(one_that_goes_back_is_believed_at_once),
        cmocka_unit_test(after_a_long_rest_the_records_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
