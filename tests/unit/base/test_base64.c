#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 4648 section 10 */
static const char *const pairs[][2] = { { "", "" },
                                        { "f", "Zg==" },
                                        { "fo", "Zm8=" },
                                        { "foo", "Zm9v" },
                                        { "foob", "Zm9vYg==" },
                                        { "fooba", "Zm9vYmE=" },
                                        { "foobar", "Zm9vYmFy" } };

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < SK_COUNT(pairs); i++) {
        char text[SK_BASE64_SIZE(6)], bytes[6];
        size_t n;
        sk_base64_encode(pairs[i][0], strlen(pairs[i][0]), text);
        assert_string_equal(text, pairs[i][1]);
        assert_int_equal(strlen(text) + 1, SK_BASE64_SIZE(strlen(pairs[i][0])));
        assert_true(sk_base64_decode(sk_span_of(text), bytes, sizeof bytes, &n));
        assert_int_equal(n, strlen(pairs[i][0]));
        assert_memory_equal(bytes, pairs[i][0], n);
    }
}

static void every_byte(void **state)
{
    (void)state;
    unsigned char in[256], out[256];
    char text[SK_BASE64_SIZE(sizeof in)];
    size_t n;
    for (unsigned i = 0; i < 256; i++)
        in[i] = (unsigned char)i;
    sk_base64_encode(in, sizeof in, text);
    assert_true(sk_base64_decode(sk_span_of(text), out, sizeof out, &n));
    assert_int_equal(n, sizeof in);
    assert_memory_equal(in, out, n);
}

static void what_is_refused(void **state)
{
    (void)state;
    char bytes[6];
    size_t n = 77;
    assert_false(sk_base64_decode(SK_SPAN("Zm9v-mFy"), bytes, sizeof bytes, &n));
    assert_false(sk_base64_decode(SK_SPAN("Zm=v"), bytes, sizeof bytes, &n));
    assert_false(sk_base64_decode((struct sk_span){ "Zm\0v", 4 }, bytes, sizeof bytes, &n));
    assert_false(sk_base64_decode(SK_SPAN("Zm9vYmFy"), bytes, 5, &n));
    assert_int_equal(n, 77);
    assert_true(sk_base64_decode(SK_SPAN("Zg"), bytes, sizeof bytes, &n)); /* without its padding */
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(both_ways), cmocka_unit_test(every_byte),
                                        cmocka_unit_test(what_is_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
