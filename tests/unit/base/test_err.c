#include "base/base.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void layers_put_their_words_in_front(void **state)
{
    struct sk_errmsg em;
    assert_int_equal(sk_errmsg_set(&em, SK_ERR_INVALID, "line %d", 3), SK_ERR_INVALID);
    assert_int_equal(sk_errmsg_wrap(&em, SK_ERR_IO, "config '%s'", "x"), SK_ERR_IO);
    assert_string_equal(em.text, "config 'x': line 3");
    assert_int_equal(em.code, SK_ERR_IO);
    assert_int_equal(sk_errmsg_set(NULL, SK_ERR_BUSY, "x"), SK_ERR_BUSY);
    assert_int_equal(sk_errmsg_wrap(NULL, SK_ERR_BUSY, "x"), SK_ERR_BUSY);
    (void)state;
}

static void a_long_text_is_cut_not_overrun(void **state)
{
    static char text[2000];
    struct sk_errmsg em;
    memset(text, 'x', sizeof text - 1);
    sk_errmsg_set(&em, SK_ERR_IO, "%s", text);
    assert_int_equal(strlen(em.text), sizeof em.text - 1);
    sk_errmsg_wrap(&em, SK_ERR_IO, "%s", "front");
    assert_true(strncmp(em.text, "front: xxx", 10) == 0);
    sk_errmsg_wrap(&em, SK_ERR_IO, "%s", text);
    sk_errmsg_errno(&em, ENOENT, "%s", text);
    assert_int_equal(strlen(em.text), sizeof em.text - 1);
    (void)state;
}

static void errno_becomes_a_code_and_a_text(void **state)
{
    struct sk_errmsg em;
    assert_int_equal(sk_errmsg_errno(&em, ENOENT, "%s", "file"), SK_ERR_NOTFOUND);
    assert_string_equal(em.text, "file: No such file or directory");
    assert_int_equal(sk_errmsg_errno(&em, EACCES, "f"), SK_ERR_DENIED);
    assert_int_equal(sk_errmsg_errno(&em, ENOMEM, "f"), SK_ERR_NOMEM);
    assert_int_equal(sk_errmsg_errno(NULL, ENOSPC, "f"), SK_ERR_IO);
    (void)state;
}

static void every_code_has_a_text_of_its_own(void **state)
{
    static const int codes[] = {
#define SK_AS_CODE(id, text) SK_ERR_##id,
        SK_ERRORS(SK_AS_CODE)
#undef SK_AS_CODE
    };
    for (size_t i = 0; i < SK_COUNT(codes); i++) {
        assert_true(codes[i] < 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(sk_err_text(codes[i]), sk_err_text(codes[k]));
    }
    assert_string_equal(sk_err_text(0), "ok");
    assert_string_equal(sk_err_text(-5), "unknown error");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_put_their_words_in_front),
        cmocka_unit_test(a_long_text_is_cut_not_overrun),
        cmocka_unit_test(errno_becomes_a_code_and_a_text),
        cmocka_unit_test(every_code_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
