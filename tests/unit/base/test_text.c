#include "base/buf.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void spans_compare_by_bytes(void **state)
{
    assert_true(sk_span_eq(SK_SPAN("ab"), "ab"));
    assert_false(sk_span_eq(SK_SPAN("ab"), "abc"));
    assert_true(sk_span_is((struct sk_span){ NULL, 0 }, SK_SPAN("")));
    assert_true(sk_span_is(sk_span_of(NULL), SK_SPAN("")));
    assert_true(sk_span_starts(SK_SPAN("vessels.self"), "vessels."));
    assert_false(sk_span_starts(SK_SPAN("ves"), "vessels."));
    (void)state;
}

static void buffer_grows_to_its_limit_and_no_further(void **state)
{
    struct sk_buf b;
    sk_buf_init(&b, 100);
    for (int i = 0; i < 100; i++)
        sk_buf_char(&b, 'x');
    assert_true(sk_buf_ok(&b));
    assert_int_equal(b.n, 100);
    sk_buf_char(&b, 'y');
    assert_false(sk_buf_ok(&b));
    assert_int_equal(b.n, 100);
    sk_buf_clear(&b);
    sk_buf_text(&b, "again");
    assert_true(sk_buf_ok(&b));
    sk_buf_finish(&b);
    sk_buf_finish(NULL);
    (void)state;
}

static void a_failed_buffer_takes_nothing_more(void **state)
{
    struct sk_buf b;
    sk_buf_init(&b, 4);
    sk_buf_text(&b, "ab");
    sk_buf_text(&b, "cdef");
    sk_buf_text(&b, "g");
    assert_false(sk_buf_ok(&b));
    assert_int_equal(b.n, 2);
    assert_null(sk_buf_cstr(&b));
    assert_null(sk_buf_steal(&b, NULL));
    sk_buf_finish(&b);
    (void)state;
}

static void buffer_prints_consumes_and_gives_away(void **state)
{
    struct sk_buf b;
    size_t n;
    sk_buf_init(&b, 1000);
    sk_buf_printf(&b, "%s=%d;", "a", 42);
    SK_BUF_LIT(&b, "tail");
    sk_buf_consume(&b, 2);
    assert_string_equal(sk_buf_cstr(&b), "42;tail");
    char *text = sk_buf_steal(&b, &n);
    assert_string_equal(text, "42;tail");
    assert_int_equal(n, 7);
    assert_int_equal(b.n, 0);
    free(text);
    sk_buf_append(&b, NULL, 0);
    assert_true(sk_buf_ok(&b));
    sk_buf_consume(&b, 0);
    sk_buf_finish(&b);
    (void)state;
}

static void an_empty_buffer_is_an_empty_string(void **state)
{
    struct sk_buf b;
    sk_buf_init(&b, 10);
    char *text = sk_buf_steal(&b, NULL);
    assert_string_equal(text, "");
    free(text);
    (void)state;
}

static void utf8_knows_well_formed_text(void **state)
{
    static const char *const good[] = { "",
                                        "ascii only, longer than eight",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const bad[] = { "\x80",
                                       "\xc0\x80",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xff",
                                       "\xc2",
                                       "\xe2\x82",
                                       "\xf0\x9f\x9a",
                                       "12345678\xc3" };
    for (size_t i = 0; i < SK_COUNT(good); i++)
        assert_true(sk_utf8_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_false(sk_utf8_valid(bad[i], strlen(bad[i])));
    assert_int_equal(sk_utf8_char((const unsigned char *)"", 0), 0);
    (void)state;
}

/* Each text is cut everywhere: what is left over is broken only when no continuation could mend it. */
static void utf8_in_parts_is_broken_as_soon_as_it_cannot_be_mended(void **state)
{
    static const struct {
        const char *text;
        size_t good_until; /* the first byte that cannot stand where it stands */
    } cases[] = { { "a\xc3\xa5", 3 },    { "\xf0\x9f\x98\x80", 4 }, { "a\xff", 1 },        { "\xe0\x80", 1 },
                  { "\xed\xa0\x80", 1 }, { "\xf4\x90", 1 },         { "\xe2\x82\x41", 2 }, { "12345678\xc3\x41", 9 } };
    for (size_t i = 0; i < SK_COUNT(cases); i++)
        for (size_t n = 0; n <= strlen(cases[i].text); n++) {
            bool broken;
            size_t head = sk_utf8_head(cases[i].text, n, &broken);
            assert_true(head <= n && sk_utf8_valid(cases[i].text, head));
            assert_int_equal(broken, n > cases[i].good_until);
        }
    (void)state;
}

/* The right sides are what TextDecoder("utf-8") gives: one U+FFFD for each maximal ill-formed part. */
static void lossy_repair_is_that_of_the_web(void **state)
{
#define R "\xef\xbf\xbd"
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "ok", "ok" },
        { "\xef\xbb\xbfwith mark", "with mark" },
        { "\xef\xbb\xbf\xef\xbb\xbfx", "\xef\xbb\xbfx" },
        { "a\xff\xfe"
          "b",
          "a" R R "b" },
        { "\xe2\x82", R },
        { "\xe2\x82x", R "x" },
        { "\xf0\x9f\x9a"
          "A",
          R "A" },
        { "\xed\xa0\x80", R R R },
        { "\xc0\xaf", R R },
        { "\xf4\x90\x80\x80", R R R R },
        { "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
          "A",
          R R R R "A" },
        { "\x80\x80", R R },
    };
    struct sk_buf b;
    sk_buf_init(&b, 1000);
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        sk_buf_clear(&b);
        sk_utf8_append_lossy(&b, cases[i].in, strlen(cases[i].in));
        assert_string_equal(sk_buf_cstr(&b), cases[i].out);
        assert_true(sk_utf8_valid(b.p, b.n));
    }
    sk_buf_finish(&b);
    (void)state;
}

static void every_code_point_round_trips(void **state)
{
    struct sk_buf b;
    sk_buf_init(&b, 100);
    for (uint32_t c = 1; c < 0x110000; c += c < 0x10000 ? 1 : 97) {
        sk_buf_clear(&b);
        sk_utf8_append_code(&b, c);
        assert_int_equal(sk_utf8_char((const unsigned char *)b.p, b.n), b.n);
        if (c >= 0xd800 && c < 0xe000)
            assert_memory_equal(b.p, R, 3);
    }
    sk_buf_clear(&b);
    sk_utf8_append_code(&b, 0x110000);
    assert_string_equal(sk_buf_cstr(&b), R);
    sk_buf_finish(&b);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_compare_by_bytes),
        cmocka_unit_test(buffer_grows_to_its_limit_and_no_further),
        cmocka_unit_test(a_failed_buffer_takes_nothing_more),
        cmocka_unit_test(buffer_prints_consumes_and_gives_away),
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(utf8_knows_well_formed_text),
        cmocka_unit_test(utf8_in_parts_is_broken_as_soon_as_it_cannot_be_mended),
        cmocka_unit_test(lossy_repair_is_that_of_the_web),
        cmocka_unit_test(every_code_point_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
