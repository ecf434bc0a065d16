#include "base/base.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void debug_names_are_picked_by_pattern(void **state)
{
    static const struct {
        const char *spec, *ns;
        bool on;
    } cases[] = {
        { NULL, "signalk:wasm", false },
        { "", "signalk:wasm", false },
        { "*", "anything", true },
        { "signalk:wasm", "signalk:wasm", true },
        { "signalk:wasm", "signalk:wasm:loader", false },
        { "signalk:wasm:*", "signalk:wasm:loader", true },
        { "signalk:wasm:*", "signalk:wasm", false },
        { "signalk:*:loader", "signalk:wasm:loader", true },
        { "*loader", "signalk:wasm:loader", true },
        { "*a*b*c", "xxaxxbxxbxxc", true },
        { "*a*b*c", "xxaxxcxxb", false },
        { "a,b", "b", true },
        { "a b", "b", true },
        { " a ,, b ", "b", true },
        { "*,-signalk:wasm:*", "signalk:wasm:loader", false },
        { "-signalk:wasm:*,*", "signalk:wasm:loader", false },
        { "*,-signalk:wasm:*", "signalk-server:config", true },
        { "-*", "a", false },
    };
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        sk_log_set_debug(cases[i].spec);
        assert_int_equal(sk_log_debug_on(cases[i].ns), cases[i].on);
    }
    sk_log_set_debug(NULL);
    (void)state;
}

static void a_pattern_of_many_stars_is_fast(void **state)
{
    char ns[1001];
    memset(ns, 'a', sizeof ns - 1);
    ns[1000] = '\0';
    sk_log_set_debug("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
    for (int i = 0; i < 100; i++)
        assert_false(sk_log_debug_on(ns));
    sk_log_set_debug(NULL);
    (void)state;
}

static char got[2 * SK_LOG_LINE_MAX];
static size_t got_n;
static enum sk_log_level got_level;

static void keep(void *arg, enum sk_log_level level, const char *line, size_t n)
{
    memcpy(got, line, n);
    got[n] = '\0';
    got_n = n;
    got_level = level;
    (void)arg;
}

static void one_event_is_one_line(void **state)
{
    sk_log_set_sink(keep, NULL);
    sk_log_error("first %d\nsecond\r\x1b[31mred", 1);
    assert_int_equal(got_level, SK_LOG_ERROR);
    assert_null(strpbrk(got, "\n\r\x1b"));
    assert_non_null(strstr(got, "first 1 second  [31mred"));
    assert_non_null(strstr(sk_log_last(), "first 1"));
    (void)state;
}

static void a_long_line_is_cut(void **state)
{
    static char text[3 * SK_LOG_LINE_MAX];
    memset(text, 'x', sizeof text - 1);
    sk_log_set_sink(keep, NULL);
    sk_log_warn("%s", text);
    assert_true(got_n < SK_LOG_LINE_MAX && got_n > SK_LOG_LINE_MAX - 10);
    assert_int_equal(got[got_n - 1], 'x');
    (void)state;
}

static void debug_arguments_wait_for_their_namespace(void **state)
{
    int evaluated = 0;
    sk_log_set_sink(keep, NULL);
    sk_log_set_debug("on");
    sk_log_debug("off", "%d", ++evaluated);
    assert_int_equal(evaluated, 0);
    sk_log_debug("on", "value %d", ++evaluated);
    assert_int_equal(evaluated, 1);
    assert_non_null(strstr(got, "DEBUG on value 1"));
    sk_log_set_debug(NULL);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debug_names_are_picked_by_pattern),
        cmocka_unit_test(a_pattern_of_many_stars_is_fast),
        cmocka_unit_test(one_event_is_one_line),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(debug_arguments_wait_for_their_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
