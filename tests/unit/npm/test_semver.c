#include "npm/semver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool satisfies(const char *version, const char *range)
{
    struct sk_semver v;
    assert_true(sk_semver_parse(sk_span_of(version), &v));
    return sk_semver_satisfies(&v, sk_span_of(range));
}

static void versions_are_read_strictly(void **state)
{
    static const char *const good[] = { "0.0.0",         "1.2.3",      "v1.2.3",
                                        "=1.2.3",        " 1.2.3 ",    "1.2.3-a",
                                        "1.2.3-a.1.b-c", "1.2.3+x.01", "9007199254740991.0.0" };
    static const char *const bad[] = { "",
                                       "1",
                                       "1.2",
                                       "1.2.3.4",
                                       "01.2.3",
                                       "1.2.3-",
                                       "1.2.3-a..b",
                                       "1.2.3-01",
                                       "1.2.3+",
                                       "a.b.c",
                                       "1.2.x",
                                       "1.2.3 4",
                                       "9007199254740992.0.0",
                                       "-1.2.3",
                                       "1.2.3-\xc3\xa4" };
    struct sk_semver v;
    (void)state;
    for (size_t i = 0; i < SK_COUNT(good); i++)
        assert_true(sk_semver_parse(sk_span_of(good[i]), &v));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_false(sk_semver_parse(sk_span_of(bad[i]), &v));
}

static void they_have_the_order_of_the_specification(void **state)
{
    static const char *const order[] = { "0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                         "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                         "1.0.0",      "1.0.1",        "1.1.0",         "1.10.0",
                                         "2.0.0" };
    struct sk_semver a, b;
    (void)state;
    for (size_t i = 0; i < SK_COUNT(order); i++)
        for (size_t j = 0; j < SK_COUNT(order); j++) {
            assert_true(sk_semver_parse(sk_span_of(order[i]), &a) && sk_semver_parse(sk_span_of(order[j]), &b));
            assert_int_equal(sk_semver_compare(&a, &b), (i > j) - (i < j));
        }
    assert_true(sk_semver_parse(SK_SPAN("1.0.0+a"), &a) && sk_semver_parse(SK_SPAN("1.0.0+b"), &b));
    assert_int_equal(sk_semver_compare(&a, &b), 0);
}

/* Range, versions in it, versions not in it. */
static const struct {
    const char *range, *in[6], *out[6];
} ranges[] = {
    { "", { "0.0.0", "9.9.9" }, { "1.0.0-a" } },
    { "*", { "0.0.0", "9.9.9" }, { "1.0.0-a" } },
    { "1.2.3", { "1.2.3", "1.2.3+x" }, { "1.2.4", "1.2.3-a" } },
    { "=1.2.3", { "1.2.3" }, { "1.2.4" } },
    { "v1", { "1.0.0", "1.9.9" }, { "2.0.0", "0.9.9", "2.0.0-a", "1.0.0-a" } },
    { "1.x", { "1.0.0", "1.9.9" }, { "2.0.0", "0.9.9" } },
    { "1.2.*", { "1.2.0", "1.2.9" }, { "1.3.0", "1.1.9" } },
    { "x", { "3.2.1" }, { "1.0.0-a" } },
    { "^1.2.3", { "1.2.3", "1.9.0" }, { "1.2.2", "2.0.0", "2.0.0-a", "1.2.3-a", "1.5.0-a" } },
    { "^0.2.3", { "0.2.3", "0.2.9" }, { "0.3.0", "0.2.2", "1.0.0" } },
    { "^0.0.3", { "0.0.3" }, { "0.0.4", "0.0.2" } },
    { "^0.0.x", { "0.0.0", "0.0.9" }, { "0.1.0" } },
    { "^0.x", { "0.0.0", "0.9.9" }, { "1.0.0" } },
    { "^1.x", { "1.0.0", "1.9.9" }, { "2.0.0" } },
    { "^1.2.3-beta.2", { "1.2.3-beta.2", "1.2.3-beta.4", "1.2.3", "1.9.9" }, { "1.2.3-beta.1", "1.2.4-beta.2", "2.0.0" } },
    { "~1.2.3", { "1.2.3", "1.2.9" }, { "1.3.0", "1.2.2", "1.3.0-a" } },
    { "~1.2", { "1.2.0", "1.2.9" }, { "1.3.0" } },
    { "~1", { "1.0.0", "1.9.9" }, { "2.0.0" } },
    { "~>1.2", { "1.2.5" }, { "1.3.0" } },
    { "~0.2.3-beta.2", { "0.2.3-beta.2", "0.2.9" }, { "0.2.4-beta.2", "0.3.0" } },
    { ">1.2.3", { "1.2.4", "2.0.0" }, { "1.2.3", "1.3.0-a" } },
    { ">=1.2.3", { "1.2.3", "2.0.0" }, { "1.2.2" } },
    { "> 1.2", { "1.3.0" }, { "1.2.9", "1.2.0" } },
    { ">1", { "2.0.0" }, { "1.9.9" } },
    { "<=1.2", { "1.2.9", "0.0.0" }, { "1.3.0", "1.3.0-a" } },
    { "<1.2", { "1.1.9" }, { "1.2.0", "1.2.0-a" } },
    { ">=1.2 <2", { "1.2.0", "1.9.9" }, { "2.0.0", "1.1.9", "2.0.0-a" } },
    { "1.2.3 - 2.3.4", { "1.2.3", "2.3.4" }, { "1.2.2", "2.3.5" } },
    { "1.2 - 2.3", { "1.2.0", "2.3.9" }, { "2.4.0", "1.1.9" } },
    { "1.2.3 - 2", { "2.9.9" }, { "3.0.0" } },
    { "^1 || ^3", { "1.5.0", "3.5.0" }, { "2.0.0", "4.0.0" } },
    { "1.0.0||2.0.0 ", { "1.0.0", "2.0.0" }, { "1.0.1" } },
    { "||", { "5.0.0" }, { NULL } },
    { ">*", { NULL }, { "1.0.0", "0.0.0" } },
    { ">=*", { "1.0.0" }, { NULL } },
    { "<2.0.0-rc.1", { "2.0.0-beta.9", "1.0.0" }, { "2.0.0-rc.1", "2.0.0", "1.9.0-a" } },
};

static void ranges_mean_what_npm_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(ranges); i++) {
        assert_true(sk_semver_range_ok(sk_span_of(ranges[i].range)));
        for (size_t j = 0; j < 6 && ranges[i].in[j] != NULL; j++)
            if (!satisfies(ranges[i].in[j], ranges[i].range))
                fail_msg("%s should fit '%s'", ranges[i].in[j], ranges[i].range);
        for (size_t j = 0; j < 6 && ranges[i].out[j] != NULL; j++)
            if (satisfies(ranges[i].out[j], ranges[i].range))
                fail_msg("%s should not fit '%s'", ranges[i].out[j], ranges[i].range);
    }
}

static void what_is_no_range_fits_nothing(void **state)
{
    static const char *const bad[] = { "latest",  "1.2.3.4", "^",         ">",           "1.2.3 -", "1..2",
                                       "^1.2.3^", "!1",      "1.2.3 | 2", "git+ssh://x", "01",      "1 - 2 - 3" };
    char many[400] = "";
    (void)state;
    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        assert_false(sk_semver_range_ok(sk_span_of(bad[i])));
        assert_false(satisfies("1.2.3", bad[i]));
    }
    for (int i = 0; i < 60; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ">1 ");
    assert_false(sk_semver_range_ok(sk_span_of(many)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_read_strictly),
        cmocka_unit_test(they_have_the_order_of_the_specification),
        cmocka_unit_test(ranges_mean_what_npm_says),
        cmocka_unit_test(what_is_no_range_fits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
