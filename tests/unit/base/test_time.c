#include "base/base.h"
#include "base/clock.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void by_the_c_library(char out[64], int64_t ms)
{
    time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm t;
    gmtime_r(&s, &t);
    char head[40];
    strftime(head, sizeof head, "%Y-%m-%dT%H:%M:%S", &t);
    snprintf(out, 64, "%s.%03dZ", head, (int)(ms - (int64_t)s * 1000));
}

static void check(int64_t ms)
{
    char ours[SK_ISO_TIME_SIZE], theirs[64];
    sk_iso_time(ours, ms);
    by_the_c_library(theirs, ms);
    assert_string_equal(ours, theirs);
}

static void iso_time_agrees_with_gmtime(void **state)
{
    static const int64_t special[] = {
        0, 1, 999, 1000, -1, -1000, 951782400000, 951868799999, 1709164800000, 4107542400000, 253402300799999
    };
    uint64_t seed = 5;
    for (size_t i = 0; i < SK_COUNT(special); i++)
        check(special[i]);
    for (int i = 0; i < 100000; i++)
        check((int64_t)(random_u64(&seed) % 253402300800000)); /* 1970 to 9999 */
    (void)state;
}

static void iso_time_has_three_decimals(void **state)
{
    char t[SK_ISO_TIME_SIZE];
    sk_iso_time(t, 1767225600005);
    assert_string_equal(t, "2026-01-01T00:00:00.005Z");
    (void)state;
}

static void clocks_go_forward(void **state)
{
    uint64_t a = sk_clock_mono_ns(), b = sk_clock_mono_ns();
    assert_true(b >= a);
    int64_t now = (int64_t)time(NULL) * 1000, ours = sk_clock_wall_ms();
    assert_true(ours >= now - 2000 && ours <= now + 2000);
    (void)state;
}

static void uuids_are_version_4_and_differ(void **state)
{
    char a[SK_UUID_SIZE], b[SK_UUID_SIZE];
    for (int i = 0; i < 1000; i++) {
        sk_uuid_v4(a);
        sk_uuid_v4(b);
        assert_string_not_equal(a, b);
        assert_int_equal(strlen(a), 36);
        assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
        assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_time_agrees_with_gmtime),
        cmocka_unit_test(iso_time_has_three_decimals),
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(uuids_are_version_4_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
