/* What is expected of a plugin, held against what came; and scenario files that are wrong. */
#include "base/clock.h"
#include "base/json.h"
#include "base/simtime.h"
#include "solo/match.h"
#include "solo/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static yyjson_doc *read(const char *text)
{
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (sk_json_read(sk_span_of(text), &doc, &em) < 0)
        fail_msg("%s: %s", text, em.text);
    return doc;
}

static bool matches(const char *expected, const char *actual, struct sk_mismatch *m)
{
    const yyjson_val *where;
    struct sk_errmsg em;
    yyjson_doc *e = read(expected), *a = actual != NULL ? read(actual) : NULL;
    if (sk_match_check(yyjson_doc_get_root(e), &where, &em) < 0)
        fail_msg("%s: %s", expected, em.text);
    bool right = sk_match(yyjson_doc_get_root(e), yyjson_doc_get_root(a), m);
    yyjson_doc_free(e);
    yyjson_doc_free(a);
    return right;
}

static void rules(void **state)
{
    static const struct {
        const char *expected, *actual;
        bool right;
    } table[] = {
        { "1", "1", true },
        { "1", "1.0", true },
        { "1", "2", false },
        { "0.1", "0.10000000000001", true },
        { "0.1", "0.100001", false },
        { "0", "1e-12", false },
        { "\"a\"", "\"a\"", true },
        { "\"a\"", "\"A\"", false },
        { "\"1\"", "1", false },
        { "null", "null", true },
        { "null", "0", false },
        { "true", "false", false },
        { "{}", "{\"a\":1}", true },
        { "{}", "[]", false },
        { "{\"a\":1}", "{\"b\":2,\"a\":1}", true },
        { "{\"a\":1}", "{\"b\":1}", false },
        { "{\"a\":null}", "{}", false },
        { "[]", "[1]", true },
        { "[1,3]", "[1,2,3]", true },
        { "[3,1]", "[1,2,3]", false },
        { "[{\"a\":1},{\"a\":1}]", "[{\"a\":1}]", false },
        { "[{\"a\":1}]", "[{\"a\":2},{\"a\":1,\"b\":3}]", true },
        { "{\"a\":{\"$any\":true}}", "{\"a\":null}", true },
        { "{\"a\":{\"$any\":true}}", "{}", false },
        { "{\"a\":{\"$absent\":true}}", "{}", true },
        { "{\"a\":{\"$absent\":true}}", "{\"a\":null}", false },
        { "{\"$type\":\"number\"}", "1.5", true },
        { "{\"$type\":\"number\"}", "\"1.5\"", false },
        { "{\"$type\":\"boolean\"}", "true", true },
        { "{\"$type\":\"null\"}", "null", true },
        { "{\"$type\":\"array\"}", "{}", false },
        { "{\"$near\":3,\"$within\":0.5}", "3.5", true },
        { "{\"$near\":3,\"$within\":0.5}", "3.51", false },
        { "{\"$near\":3}", "3.0000000001", true },
        { "{\"$near\":3}", "\"3\"", false },
        { "{\"$between\":[1,2]}", "2", true },
        { "{\"$between\":[1,2]}", "2.1", false },
        { "{\"$contains\":\"nch\"}", "\"anchor\"", true },
        { "{\"$contains\":\"nch\"}", "5", false },
        { "{\"$matches\":\"^N[0-9]+$\"}", "\"N12\"", true },
        { "{\"$matches\":\"^N[0-9]+$\"}", "\"N12 \"", false },
        { "{\"$matches\":\"x\"}", "1", false },
        { "{\"$length\":2}", "[1,2]", true },
        { "{\"$length\":2}", "\"abc\"", false },
        { "{\"$exactly\":{\"a\":[1]}}", "{\"a\":[1]}", true },
        { "{\"$exactly\":{\"a\":[1]}}", "{\"a\":[1],\"b\":2}", false },
        { "{\"$exactly\":{\"a\":[1]}}", "{\"a\":[1,2]}", false },
        { "{\"$not\":{\"a\":1}}", "{\"a\":2}", true },
        { "{\"$not\":{\"a\":1}}", "{\"a\":1}", false },
        { "{\"$type\":\"string\",\"$not\":\"x\"}", "\"y\"", true },
        { "{\"$source\":\"gps\"}", "{\"$source\":\"gps\",\"values\":[]}", true },
    };
    for (size_t i = 0; i < SK_COUNT(table); i++)
        if (matches(table[i].expected, table[i].actual, NULL) != table[i].right)
            fail_msg("%s held against %s", table[i].expected, table[i].actual);
    (void)state;
}

static void the_difference_is_told_where_it_lies(void **state)
{
    struct sk_mismatch m;
    assert_false(matches("{\"u\":[{\"v\":[{\"p\":\"a\",\"x\":1}]}]}",
                         "{\"u\":[{\"v\":[{\"p\":\"b\",\"x\":1},{\"p\":\"a\",\"x\":2}]}]}", &m));
    assert_string_equal(m.path, "u[0].v[1].x"); /* of the element that came nearest */
    assert_string_equal(m.expected, "1");
    assert_string_equal(m.actual, "2");
    assert_false(matches("{\"a\":{\"$near\":1,\"$within\":0.25}}", "{\"a\":2}", &m));
    assert_string_equal(m.path, "a");
    assert_string_equal(m.expected, "1, give or take 0.25");
    assert_false(matches("{\"a\":{\"b\":1}}", "{\"a\":{}}", &m));
    assert_string_equal(m.path, "a.b");
    assert_string_equal(m.actual, "nothing");
    (void)state;
}

static void wrong_files_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text, *error;
    } table[] = {
        { "", "f:1:1: input length is 0" },
        { "{\"steps\":[}", "f:1:11: " },
        { "[]", "f: a scenario is an object" },
        { "{}", "f: 'steps' is missing" },
        { "{\"steps\":[],\n  \"confg\":{}}", "f:2:3: unknown member 'confg'; did you mean config?" },
        { "{\"steps\":{}}", "f:1:2: 'steps' is not a list" },
        { "{\"steps\":[],\"time\":\"noon\"}", "f:1:13: 'time' is not a time such as" },
        { "{\"steps\":[7]}", "f:1:2: step 1 is no object with members" },
        { "{\"steps\":[{}]}", "f:1:2: step 1 is no object with members" },
        { "{\"steps\":[\n{\"advnce\":1}]}", "f:2:2: unknown member 'advnce'; did you mean advance?" },
        { "{\"steps\":[{\"advance\":-1}]}", "f:1:12: 'advance' is not a number of seconds from 0 to 86400" },
        { "{\"steps\":[{\"advance\":1,\"get\":\"/\"}]}", "f:1:24: a step does one thing; 'advance' and 'get' are two" },
        { "{\"steps\":[{\"put\":{\"path\":\"a\"}}]}", "f:1:12: 'value' is missing" },
        { "{\"steps\":[{\"put\":{\"path\":\"a\",\"value\":1,\"contxt\":\"b\"}}]}", "did you mean context?" },
        { "{\"steps\":[{\"expect\":{\"body\":1}}]}", "unknown member 'body'" },
        { "{\"steps\":[{\"get\":\"/\",\"expect\":{\"state\":\"x\"}}]}", "unknown member 'state'; there may be delta, " },
        { "{\"steps\":[{\"expect\":{\"value\":{\"value\":1}}}]}", "f:1:22: 'path' is missing" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\n\"$contain\":1}}}]}", "f:2:1: unknown '$contain'; did you mean $contains?" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\"a\":1,\"$any\":true}}}]}", "'$any' cannot stand beside other members" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\"$any\":true,\"a\":1}}}]}", "'a' cannot stand beside members that begin with $" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\"$within\":1}}}]}", "$within needs $near" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\"$matches\":\"(\"}}}]}", "'(' is no regular expression" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\"$type\":\"text\"}}}]}", "$type is one of number" },
        { "{\"steps\":[{\"expect\":{\"delta\":{\"$between\":[2,1]}}}]}", "$between is [lowest, highest]" },
        { "{\"steps\":[],\"http\":[{}]}", "f:1:13: entry 1 is no object with members" },
        { "{\"steps\":[],\"http\":[{\"url\":\"http://a\",\"status\":99}]}", "'status' is not a status from 100 to 599" },
    };
    for (size_t i = 0; i < SK_COUNT(table); i++) {
        struct sk_scenario *s = NULL;
        struct sk_errmsg em;
        if (sk_scenario_parse("f", sk_span_of(table[i].text), &s, &em) == 0)
            fail_msg("%s was taken", table[i].text);
        if (strstr(em.text, table[i].error) == NULL)
            fail_msg("%s: %s", table[i].text, em.text);
    }
    (void)state;
}

static void a_file_is_read(void **state)
{
    static const char text[] = "{\"name\":\"n\\u00e4me\",\"time\":\"1970-01-01T00:00:01Z\",\"steps\":[\n"
                               "  {\"note\":\"a \\\"b\\\"\",\n   \"advance\":1.5},\n\n  {\"expect\":{\"delta\":{}}}]}";
    struct sk_scenario *s = NULL;
    struct sk_errmsg em;
    assert_int_equal(sk_scenario_parse("f", SK_SPAN(text), &s, &em), 0);
    assert_string_equal(s->name, "n\xc3\xa4me");
    assert_int_equal(s->wall_ms, 1000);
    assert_int_equal(s->step_count, 2);
    assert_int_equal(s->steps[0].kind, SK_STEP_ADVANCE);
    assert_int_equal(s->steps[0].line, 2);
    assert_string_equal(s->steps[0].note, "a \"b\"");
    assert_int_equal(s->steps[1].kind, SK_STEP_NOTHING);
    assert_int_equal(s->steps[1].line, 5);
    sk_scenario_destroy(s);
    (void)state;
}

static void time_of_another(void **state)
{
    struct sk_simtime still, fast;
    uint64_t before = sk_clock_mono_ns();
    assert_true(sk_simtime_mono_ns(NULL) >= before);
    assert_int_equal(sk_simtime_real_ms(NULL, 7), 7);
    sk_simtime_init(&still, 0, 5000);
    uint64_t began = sk_simtime_mono_ns(&still);
    assert_int_equal(sk_simtime_wall_ms(&still), 5000);
    sk_simtime_advance(&still, 1500000000);
    assert_int_equal(sk_simtime_wall_ms(&still), 6500);
    assert_int_equal(sk_simtime_mono_ns(&still) - began, 1500000000);
    assert_true(sk_simtime_real_ms(&still, 1) == UINT64_MAX);
    sk_simtime_init(&fast, 60, 0);
    assert_int_equal(sk_simtime_real_ms(&fast, 61), 2);
    while (sk_simtime_wall_ms(&fast) < 1000)
        continue;
    assert_true(sk_clock_mono_ns() - fast.began_ns >= 1000000000 / 60);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(the_difference_is_told_where_it_lies),
        cmocka_unit_test(wrong_files_are_refused_with_their_place),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(time_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
