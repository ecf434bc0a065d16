/* Durations in buckets: percentiles that are right to within a fifth, whatever comes. */
#include "base/base.h"
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void within_a_fifth(uint64_t got, uint64_t wanted)
{
    assert_true(got >= wanted && got <= wanted + wanted / 4 + 256);
}

static void percentiles_of_a_ramp(void **state)
{
    static struct sk_histogram h;
    assert_int_equal(sk_histogram_quantile(&h, 0.5), 0);
    for (uint64_t i = 1; i <= 10000; i++)
        sk_histogram_add(&h, i * 1000);
    assert_int_equal(sk_histogram_count(&h), 10000);
    within_a_fifth(sk_histogram_quantile(&h, 0.5), 5000000);
    within_a_fifth(sk_histogram_quantile(&h, 0.99), 9900000);
    assert_int_equal(sk_histogram_quantile(&h, 1), 10000000);
    assert_int_equal(h.max_ns, 10000000);
    assert_int_equal(h.total_ns, UINT64_C(10000) * 10001 / 2 * 1000);
    (void)state;
}

static void one_value_is_its_own_percentile(void **state)
{
    static const uint64_t values[] = { 0, 1, 255, 256, 257, 511, 512, 65535, 123456789, (uint64_t)1 << 36, UINT64_MAX / 2 };
    for (size_t i = 0; i < SK_COUNT(values); i++) {
        struct sk_histogram h = { 0 };
        sk_histogram_add(&h, values[i]);
        assert_int_equal(sk_histogram_quantile(&h, 0.5), values[i]);
        assert_int_equal(sk_histogram_quantile(&h, 0.99), values[i]);
    }
    (void)state;
}

static void each_value_lies_below_the_edge_of_its_bucket(void **state)
{
    for (uint64_t v = 1; v < UINT64_C(1) << 40; v += 1 + v / 7) {
        struct sk_histogram h = { 0 };
        sk_histogram_add(&h, v);
        sk_histogram_add(&h, UINT64_MAX / 2);
        uint64_t edge = sk_histogram_quantile(&h, 0.5);
        assert_true(edge >= v);
        if (v >= 256 && v < UINT64_C(1) << 36)
            assert_true(edge - v <= v / 4 + 1);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_of_a_ramp),
        cmocka_unit_test(one_value_is_its_own_percentile),
        cmocka_unit_test(each_value_lies_below_the_edge_of_its_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
