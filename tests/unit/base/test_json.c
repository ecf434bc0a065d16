#include "base/json.h"
#include "random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OUT_MAX ((size_t)1 << 20)

/* What the writer makes of a text that was read with numbers kept as text. */
static const char *through_raw(struct sk_buf *out, struct sk_span text)
{
    struct sk_arena a;
    yyjson_doc *doc;
    sk_arena_init(&a, 16u << 20);
    sk_buf_clear(out);
    assert_int_equal(sk_json_read_raw(&a, text, &doc, NULL), 0);
    sk_json_write(out, yyjson_doc_get_root(doc));
    sk_arena_finish(&a);
    return sk_buf_cstr(out);
}

static const char *through_doc(struct sk_buf *out, struct sk_span text)
{
    yyjson_doc *doc;
    sk_buf_clear(out);
    assert_int_equal(sk_json_read(text, &doc, NULL), 0);
    sk_json_write(out, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return sk_buf_cstr(out);
}

struct pair {
    const char *in, *out;
};

/* Each right side is what JSON.stringify(JSON.parse(left side)) gives in a browser. */
static const struct pair numbers[] = {
    { "0", "0" },
    { "-0", "0" },
    { "-0.0", "0" },
    { "0.0", "0" },
    { "0e5", "0" },
    { "1", "1" },
    { "-1", "-1" },
    { "5000.0", "5000" },
    { "5000", "5000" },
    { "5e3", "5000" },
    { "0.1", "0.1" },
    { "-0.1", "-0.1" },
    { "0.10", "0.1" },
    { "1.5", "1.5" },
    { "100.25", "100.25" },
    { "3.10", "3.1" },
    { "1e21", "1e+21" },
    { "1e20", "100000000000000000000" },
    { "123456789012345680000", "123456789012345680000" },
    { "123456789012345678901", "123456789012345680000" },
    { "1234567890123456789012", "1.2345678901234568e+21" },
    { "1e-6", "0.000001" },
    { "0.000001", "0.000001" },
    { "0.00000123", "0.00000123" },
    { "1e-7", "1e-7" },
    { "0.0000001", "1e-7" },
    { "0.00000012", "1.2e-7" },
    { "1.0e-10", "1e-10" },
    { "9007199254740991", "9007199254740991" },
    { "9007199254740992", "9007199254740992" },
    { "9007199254740993", "9007199254740992" },
    { "18446744073709551615", "18446744073709552000" },
    { "-9223372036854775808", "-9223372036854776000" },
    { "0.1234567890123456789", "0.12345678901234568" },
    { "0.30000000000000004", "0.30000000000000004" },
    { "4.35", "4.35" },
    { "2.2250738585072014e-308", "2.2250738585072014e-308" },
    { "5e-324", "5e-324" },
    { "1e-400", "0" },
    { "1.7976931348623157e308", "1.7976931348623157e+308" },
    { "1E+2", "100" },
    { "57.29577951308231", "57.29577951308231" },
    { "0.00000000000000000000", "0" },
    { "999999999999999900000", "999999999999999900000" },
    { "999999999999999999999", "1e+21" },
};

static void numbers_print_as_in_ecmascript(void **state)
{
    struct sk_buf out;
    sk_buf_init(&out, OUT_MAX);
    for (size_t i = 0; i < SK_COUNT(numbers); i++) {
        assert_string_equal(through_raw(&out, sk_span_of(numbers[i].in)), numbers[i].out);
        assert_string_equal(through_doc(&out, sk_span_of(numbers[i].in)), numbers[i].out);
    }
    sk_buf_finish(&out);
    (void)state;
}

static void numbers_beyond_a_double_become_null(void **state)
{
    struct sk_buf out;
    sk_buf_init(&out, OUT_MAX);
    assert_string_equal(through_raw(&out, SK_SPAN("[1e999,-1e999]")), "[null,null]");
    sk_buf_clear(&out);
    sk_json_write_double(&out, INFINITY);
    sk_json_write_double(&out, NAN);
    assert_string_equal(sk_buf_cstr(&out), "nullnull");
    sk_buf_finish(&out);
    (void)state;
}

/* The short cut that copies a canonical numeral must give what parsing and printing gives. */
static void short_cut_equals_the_long_way(void **state)
{
    uint64_t seed = 1;
    struct sk_buf fast, slow;
    sk_buf_init(&fast, OUT_MAX);
    sk_buf_init(&slow, OUT_MAX);
    for (int i = 0; i < 200000; i++) {
        char text[64], *t = text;
        if (random_below(&seed, 3) == 0)
            *t++ = '-';
        unsigned whole = random_below(&seed, 9), part = random_below(&seed, 12);
        if (whole == 0 || random_below(&seed, 3) == 0)
            *t++ = '0';
        else
            for (unsigned k = 0; k < whole; k++)
                *t++ = (char)('0' + (k == 0 ? 1 + random_below(&seed, 9) : random_below(&seed, 10)));
        if (part > 0) {
            *t++ = '.';
            unsigned zeros = random_below(&seed, part + 1);
            for (unsigned k = 0; k < part; k++)
                *t++ = (char)('0' + (k < zeros ? 0 : random_below(&seed, 10)));
        }
        if (random_below(&seed, 8) == 0)
            t += snprintf(t, 8, "e%d", (int)random_below(&seed, 60) - 30);
        *t = '\0';
        double d;
        assert_true(sk_parse_double(sk_span_of(text), &d));
        sk_buf_clear(&slow);
        sk_json_write_double(&slow, d);
        assert_string_equal(through_raw(&fast, sk_span_of(text)), sk_buf_cstr(&slow));
    }
    sk_buf_finish(&fast);
    sk_buf_finish(&slow);
    (void)state;
}

static void every_double_reads_back(void **state)
{
    uint64_t seed = 2;
    struct sk_buf out;
    sk_buf_init(&out, OUT_MAX);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = random_u64(&seed);
        double d, back;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d))
            continue;
        sk_buf_clear(&out);
        sk_json_write_double(&out, d);
        assert_true(sk_parse_double(sk_buf_span(&out), &back));
        assert_true(d == back);
        assert_true(out.n <= 25);
    }
    sk_buf_finish(&out);
    (void)state;
}

static void only_whole_json_numerals_are_numbers(void **state)
{
    static const char *const bad[] = { "",   " 1",   "1 ",  "+1",       "01", ".5",  "5.",
                                       "1e", "0x10", "NaN", "Infinity", "-",  "1,5", "1e999" };
    double d = 7;
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_false(sk_parse_double(sk_span_of(bad[i]), &d));
    assert_true(d == 7);
    assert_true(sk_parse_double(SK_SPAN("-12.5e1"), &d) && d == -125);
    assert_false(sk_parse_double((struct sk_span){ "1\0002", 3 }, &d));
    (void)state;
}

static void integers_keep_their_range(void **state)
{
    int64_t v = 7;
    assert_true(sk_parse_int(SK_SPAN("-5"), -5, 5, &v) && v == -5);
    assert_true(sk_parse_int(SK_SPAN("007"), 0, 9, &v) && v == 7);
    assert_false(sk_parse_int(SK_SPAN("6"), -5, 5, &v));
    assert_false(sk_parse_int(SK_SPAN("-"), -5, 5, &v));
    assert_false(sk_parse_int(SK_SPAN(""), -5, 5, &v));
    assert_false(sk_parse_int(SK_SPAN("1.0"), -5, 5, &v));
    assert_false(sk_parse_int(SK_SPAN("99999999999999999999"), INT64_MIN, INT64_MAX, &v));
    (void)state;
}

static void strings_are_escaped_shortly(void **state)
{
    static const struct pair cases[] = {
        { "", "\"\"" },
        { "plain", "\"plain\"" },
        { "q\"b\\s/", "\"q\\\"b\\\\s/\"" },
        { "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
        { "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2\"" },
        { "a\xff", "\"a\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    struct sk_buf out;
    sk_buf_init(&out, OUT_MAX);
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        sk_buf_clear(&out);
        sk_json_write_str(&out, sk_span_of(cases[i].in));
        assert_string_equal(sk_buf_cstr(&out), cases[i].out);
    }
    sk_buf_clear(&out);
    sk_json_write_str(&out, (struct sk_span){ "a\0b", 3 });
    assert_string_equal(sk_buf_cstr(&out), "\"a\\u0000b\"");
    sk_buf_finish(&out);
    (void)state;
}

static void documents_print_compact_in_their_order(void **state)
{
    struct sk_buf out;
    sk_buf_init(&out, OUT_MAX);
    const char *want = "{\"b\":[1,2.5,null,true,false,\"x\"],\"a\":{},\"c\":[]}";
    struct sk_span in = SK_SPAN(" { \"b\" : [ 1.0 , 2.50, null, true, false, \"\\u0078\" ] , \"a\" : { } , \"c\": [ ] } ");
    assert_string_equal(through_raw(&out, in), want);
    assert_string_equal(through_doc(&out, in), want);
    sk_buf_finish(&out);
    (void)state;
}

static void pretty_text_is_that_of_json_stringify(void **state)
{
    yyjson_doc *doc;
    struct sk_buf out;
    sk_buf_init(&out, OUT_MAX);
    struct sk_span in = SK_SPAN("{\"a\":[1,{\"b\":2}],\"e\":{},\"f\":[]}");
    const char *want = "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"e\": {},\n  \"f\": []\n}";
    assert_int_equal(sk_json_read(in, &doc, NULL), 0);
    sk_json_write_pretty(&out, yyjson_doc_get_root(doc));
    assert_string_equal(sk_buf_cstr(&out), want);
    yyjson_mut_doc *mut = yyjson_doc_mut_copy(doc, NULL);
    sk_buf_clear(&out);
    sk_json_write_mut_pretty(&out, yyjson_mut_doc_get_root(mut));
    assert_string_equal(sk_buf_cstr(&out), want);
    sk_buf_clear(&out);
    sk_json_write_mut(&out, yyjson_mut_doc_get_root(mut));
    assert_string_equal(sk_buf_cstr(&out), in.p);
    yyjson_mut_doc_free(mut);
    yyjson_doc_free(doc);
    sk_buf_finish(&out);
    (void)state;
}

static void writers_refuse_great_depth(void **state)
{
    struct sk_buf in, out;
    sk_buf_init(&in, OUT_MAX);
    sk_buf_init(&out, OUT_MAX);
    for (int depth = SK_JSON_DEPTH_MAX; depth <= SK_JSON_DEPTH_MAX + 1; depth++) {
        yyjson_doc *doc;
        sk_buf_clear(&in);
        sk_buf_clear(&out);
        for (int i = 0; i < depth; i++)
            sk_buf_char(&in, '[');
        for (int i = 0; i < depth; i++)
            sk_buf_char(&in, ']');
        assert_int_equal(sk_json_read(sk_buf_span(&in), &doc, NULL), 0);
        sk_json_write(&out, yyjson_doc_get_root(doc));
        assert_int_equal(sk_buf_ok(&out), depth <= SK_JSON_DEPTH_MAX);
        yyjson_mut_doc *mut = yyjson_doc_mut_copy(doc, NULL);
        sk_buf_clear(&out);
        sk_json_write_mut(&out, yyjson_mut_doc_get_root(mut));
        assert_int_equal(sk_buf_ok(&out), depth <= SK_JSON_DEPTH_MAX);
        yyjson_mut_doc_free(mut);
        yyjson_doc_free(doc);
    }
    sk_buf_finish(&in);
    sk_buf_finish(&out);
    (void)state;
}

static void errors_name_line_and_column(void **state)
{
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(SK_SPAN("{\n  \"a\": nope\n}"), &doc, &em), SK_ERR_INVALID);
    assert_non_null(strstr(em.text, "line 2 column 8"));
    assert_int_equal(sk_json_read(SK_SPAN(""), &doc, &em), SK_ERR_INVALID);
    static const char *const bad[] = { "{a:1}", "[1,]", "{\"a\":1,}", "'x'", "[1] 2", "\"\xff\"", "nul", "// c\n1", "\"\t\"" };
    struct sk_arena a;
    sk_arena_init(&a, 1u << 20);
    for (size_t i = 0; i < SK_COUNT(bad); i++) {
        assert_int_equal(sk_json_read(sk_span_of(bad[i]), &doc, &em), SK_ERR_INVALID);
        assert_int_equal(sk_json_read_raw(&a, sk_span_of(bad[i]), &doc, &em), SK_ERR_INVALID);
    }
    assert_null(doc);
    sk_arena_finish(&a);
    (void)state;
}

static void a_full_arena_is_a_limit_not_a_syntax_error(void **state)
{
    struct sk_arena a;
    yyjson_doc *doc;
    sk_arena_init(&a, 256);
    struct sk_span text = SK_SPAN("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]");
    assert_int_equal(sk_json_read_raw(&a, text, &doc, NULL), SK_ERR_LIMIT);
    sk_arena_finish(&a);
    (void)state;
}

static void members_are_found_as_in_ecmascript(void **state)
{
    yyjson_doc *doc;
    struct sk_span in = SK_SPAN("{\"a\":1,\"a\":2,\"s\":\"t\",\"t\":true,\"z\":0,\"n\":null,\"e\":\"\",\"o\":{}}");
    assert_int_equal(sk_json_read(in, &doc, NULL), 0);
    const yyjson_val *o = yyjson_doc_get_root(doc);
    assert_true(sk_json_get_number(o, "a", 0) == 2);
    assert_true(sk_json_get_number(o, "s", 9) == 9);
    assert_string_equal(sk_json_get_str(o, "s"), "t");
    assert_null(sk_json_get_str(o, "a"));
    assert_null(sk_json_get(o, "none"));
    assert_null(sk_json_get(sk_json_get(o, "a"), "x"));
    assert_true(sk_json_get_bool(o, "t", false));
    assert_true(sk_json_get_bool(o, "s", true));
    assert_true(sk_json_truthy(sk_json_get(o, "s")));
    assert_true(sk_json_truthy(sk_json_get(o, "o")));
    static const char *const falsy[] = { "z", "n", "e", "none" };
    for (size_t i = 0; i < SK_COUNT(falsy); i++)
        assert_false(sk_json_truthy(sk_json_get(o, falsy[i])));
    yyjson_doc_free(doc);
    (void)state;
}

static void a_full_buffer_stays_failed(void **state)
{
    struct sk_buf out;
    sk_buf_init(&out, 10);
    yyjson_doc *doc;
    assert_int_equal(sk_json_read(SK_SPAN("[\"a long text\",1]"), &doc, NULL), 0);
    sk_json_write(&out, yyjson_doc_get_root(doc));
    assert_false(sk_buf_ok(&out));
    yyjson_doc_free(doc);
    sk_buf_finish(&out);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_print_as_in_ecmascript),        cmocka_unit_test(numbers_beyond_a_double_become_null),
        cmocka_unit_test(short_cut_equals_the_long_way),         cmocka_unit_test(every_double_reads_back),
        cmocka_unit_test(only_whole_json_numerals_are_numbers),  cmocka_unit_test(integers_keep_their_range),
        cmocka_unit_test(strings_are_escaped_shortly),           cmocka_unit_test(documents_print_compact_in_their_order),
        cmocka_unit_test(pretty_text_is_that_of_json_stringify), cmocka_unit_test(writers_refuse_great_depth),
        cmocka_unit_test(errors_name_line_and_column),           cmocka_unit_test(a_full_arena_is_a_limit_not_a_syntax_error),
        cmocka_unit_test(members_are_found_as_in_ecmascript),    cmocka_unit_test(a_full_buffer_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
