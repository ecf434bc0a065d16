#include "base/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check_header(size_t n, const void *head, size_t head_len)
{
    char *text = malloc(n + 1);
    assert_non_null(text);
    memset(text, 'x', n);
    struct sk_frame *f = sk_frame_create(text, n);
    assert_non_null(f);
    struct sk_span ws = sk_frame_ws(f), line = sk_frame_line(f), plain = sk_frame_text(f);
    assert_int_equal(ws.n, n + head_len);
    assert_memory_equal(ws.p, head, head_len);
    assert_int_equal(plain.n, n);
    assert_memory_equal(plain.p, text, n);
    assert_int_equal(line.n, n + 2);
    assert_memory_equal(line.p + n, "\r\n", 2);
    assert_ptr_equal(ws.p + head_len, plain.p);
    sk_frame_unref(f);
    free(text);
}

static void websocket_header_fits_the_length(void **state)
{
    check_header(0, "\x81\x00", 2);
    check_header(1, "\x81\x01", 2);
    check_header(125, "\x81\x7d", 2);
    check_header(126, "\x81\x7e\x00\x7e", 4);
    check_header(65535, "\x81\x7e\xff\xff", 4);
    check_header(65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
    check_header(70000, "\x81\x7f\0\0\0\0\0\x01\x11\x70", 10);
    (void)state;
}

static void last_reference_frees(void **state)
{
    struct sk_frame *f = sk_frame_create("abc", 3);
    assert_ptr_equal(sk_frame_ref(f), f);
    sk_frame_unref(f);
    assert_true(sk_span_eq(sk_frame_text(f), "abc"));
    sk_frame_unref(f);
    sk_frame_unref(NULL);
    (void)state;
}

static void too_long_is_refused(void **state)
{
    assert_null(sk_frame_create("", (size_t)INT32_MAX + 1));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_header_fits_the_length),
        cmocka_unit_test(last_reference_frees),
        cmocka_unit_test(too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
