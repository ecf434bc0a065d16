/* Changing settings: one member on its way through objects, all at once, and what is refused. */
#include "store/fs.h"
#include "store/kept.h"
#include "store/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char file[64];

static struct sk_settings *load(const char *text)
{
    struct sk_errmsg em;
    snprintf(file, sizeof file, "/tmp/skiff-test-settings-%d.json", (int)getpid());
    if (sk_fs_write_atomic(file, sk_span_of(text), 0600, &em) < 0)
        fail_msg("%s", em.text);
    return sk_settings_load(file);
}

static void finish(struct sk_settings *s)
{
    sk_settings_destroy(s);
    (void)sk_kept_remove(file, NULL); /* with its last good copy */
}

static void assert_holds(const struct sk_settings *s, const char *json)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    sk_json_write(&b, sk_settings_root(s));
    sk_buf_char(&b, '\0');
    assert_string_equal(b.p, json);
    sk_buf_finish(&b);
}

static int set(struct sk_settings *s, const struct sk_span *path, const char *json, struct sk_errmsg *em)
{
    struct sk_buf out;
    sk_buf_init(&out, SK_SETTINGS_MAX);
    int r = sk_settings_set(s, path, sk_span_of(json), &out, em);
    assert_true((out.n > 0 && sk_buf_ok(&out)) == (r == 0));
    sk_buf_finish(&out);
    return r;
}

static void what_stands_beside_the_member_stays(void **state)
{
    struct sk_errmsg em;
    struct sk_settings *s = load("{\"api\":{\"a\":1,\"b\":{\"c\":2}},\"text\":\"x\"}");
    assert_int_equal(set(s, (struct sk_span[]){ SK_SPAN("api"), SK_SPAN("b"), SK_SPAN("d"), { NULL, 0 } }, "\"new\"", &em), 0);
    assert_holds(s, "{\"api\":{\"a\":1,\"b\":{\"c\":2,\"d\":\"new\"}},\"text\":\"x\"}");
    assert_int_equal(set(s, (struct sk_span[]){ SK_SPAN("api"), SK_SPAN("a"), { NULL, 0 } }, "", &em), 0);
    assert_int_equal(set(s, (struct sk_span[]){ SK_SPAN("text"), SK_SPAN("in"), { NULL, 0 } }, "true", &em), 0);
    assert_int_equal(set(s, (struct sk_span[]){ SK_SPAN("other"), { NULL, 0 } }, "[]", &em), 0);
    assert_holds(s, "{\"api\":{\"b\":{\"c\":2,\"d\":\"new\"}},\"text\":{\"in\":true},\"other\":[]}");
    finish(s);
    (void)state;
}

static void what_is_refused_changes_nothing(void **state)
{
    struct sk_errmsg em;
    const struct sk_span path[] = { SK_SPAN("a"), { NULL, 0 } };
    struct sk_settings *s = load("{\"a\":1}");
    SK_CLEANUP(sk_freep) char *large = calloc(1, SK_SETTINGS_MAX + 1);
    memset(large, 'x', SK_SETTINGS_MAX);
    large[0] = large[SK_SETTINGS_MAX - 1] = '"';
    assert_int_equal(set(s, path, "{", &em), SK_ERR_INVALID);
    assert_true(strncmp(em.text, "a: ", 3) == 0);
    assert_int_equal(set(s, path, large, &em), SK_ERR_LIMIT);
    assert_holds(s, "{\"a\":1}");
    finish(s);
    s = load("{ broken");
    assert_int_equal(set(s, path, "2", &em), SK_ERR_DENIED);
    finish(s);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_stands_beside_the_member_stays),
                                        cmocka_unit_test(what_is_refused_changes_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
