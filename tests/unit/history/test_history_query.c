/* What a question to the history API says. */
#include "api/v2/history_query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = { { "PT15M", 900000 },
                  { "PT1H30M", 5400000 },
                  { "P1D", 86400000 },
                  { "P2W", 1209600000 },
                  { "P1DT1S", 86401000 },
                  { "PT0.5S", 500 },
                  { "PT1.5H", 5400000 },
                  { "60", 60000 },
                  { "0", 0 },
                  { "P", -1 },
                  { "PT", -1 },
                  { "P1Y", -1 },
                  { "P1M", -1 },
                  { "P1H", -1 },
                  { "PT1D", -1 },
                  { "PT1M1H", -1 },
                  { "PT1M1M", -1 },
                  { "PT1.5H1M", -1 },
                  { "-5", -1 },
                  { "P-1D", -1 },
                  { "0x10", -1 },
                  { "9e2", -1 },
                  { " 60", -1 },
                  { "6.5", -1 },
                  { "", -1 },
                  { "P99999999W", -1 },
                  { "PT1", -1 },
                  { "99999999999999", -1 },
                  { "pt15m", -1 } };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        int64_t ms = -1;
        if (!sk_history_parse_duration(sk_span_of(cases[i].text), &ms))
            ms = -1;
        if (ms != cases[i].ms)
            fail_msg("'%s' is %lld", cases[i].text, (long long)ms);
    }
}

static void resolutions(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = { { "1s", 1000 }, { "15m", 900000 }, { "2h", 7200000 }, { "1d", 86400000 }, { "60", 60000 },
                  { "0.5", 500 }, { "0", -1 },       { "-1", -1 },      { "m", -1 },        { "1.5m", -1 },
                  { "0s", -1 },   { "1w", -1 },      { "", -1 },        { "1e999", -1 } };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        int64_t ms = -1;
        if (!sk_history_parse_resolution(sk_span_of(cases[i].text), &ms))
            ms = -1;
        if (ms != cases[i].ms)
            fail_msg("'%s' is %lld", cases[i].text, (long long)ms);
    }
    for (int64_t span = 1000; span < 100 * 366 * 86400000LL; span = span * 3 / 2) {
        int64_t chosen = sk_history_choose_resolution(0, span);
        assert_true(chosen >= 1000 && span / chosen <= 500);
    }
}

static void paths(void **state)
{
    struct sk_history_values *v = sk_history_values_create();
    struct sk_buf mistakes;
    (void)state;
    sk_buf_init(&mistakes, 4096);
    sk_history_parse_paths(SK_SPAN("a.b,navigation.position,c:max|n2k-on-ve.can0:1|2,d:sma,e:ema:0.5,navigation.position:last"),
                           v, &mistakes);
    assert_int_equal(mistakes.n, 0);
    assert_int_equal(v->column_count, 6);
    assert_string_equal(v->columns[0].path, "a.b");
    assert_int_equal(v->columns[0].method, SK_HISTORY_AVERAGE);
    assert_null(v->columns[0].source);
    assert_int_equal(v->columns[1].method, SK_HISTORY_FIRST);
    assert_int_equal(v->columns[2].method, SK_HISTORY_MAX);
    assert_string_equal(v->columns[2].source, "n2k-on-ve.can0:1|2");
    assert_true(v->columns[3].parameter == 5 && v->columns[4].parameter == 0.5);
    assert_int_equal(v->columns[5].method, SK_HISTORY_LAST);
    sk_history_parse_paths(SK_SPAN("a:ema:2,,:max,b:mode"), v, &mistakes);
    assert_int_equal(v->column_count, 6);
    assert_true(sk_span_holds(sk_buf_span(&mistakes),
                              "'a:ema:2', no path in '', no path in ':max', unknown aggregation method in 'b:mode'"));
    sk_buf_finish(&mistakes);
    sk_history_values_destroy(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(durations), cmocka_unit_test(resolutions), cmocka_unit_test(paths) };
    return cmocka_run_group_tests_name("history query", tests, NULL, NULL);
}
