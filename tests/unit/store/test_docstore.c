/* A store of documents on a folder of its own: limits, order, what a broken disk looks like. */
#include "store/docstore.h"

#include "base/clock.h"
#include "store/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static char root[] = "/tmp/skiff-docs-XXXXXX";
static struct sk_loop *loop;
static unsigned derived, dropped;

static bool name_ok(size_t kind, struct sk_span name)
{
    (void)kind;
    return name.n > 0 && name.n < 20 && memchr(name.p, '/', name.n) == NULL && name.p[0] != '.';
}

static int tidy(size_t kind, struct sk_span text, struct sk_buf *out, struct sk_errmsg *em)
{
    (void)kind;
    if (text.n == 0 || text.p[0] != '{')
        return sk_errmsg_set(em, SK_ERR_INVALID, "no object");
    sk_buf_span_append(out, text);
    return 0;
}

static void *derive(size_t kind, struct sk_span text)
{
    (void)kind, (void)text;
    derived++;
    return sk_xmalloc(1);
}

static void drop(void *extra)
{
    dropped++;
    free(extra);
}

static struct sk_docstore *open_store(unsigned queue_max)
{
    static const char *const kinds[] = { "a", "b" };
    struct sk_docstore_options o = { .loop = loop,
                                     .root = root,
                                     .kinds = kinds,
                                     .kind_count = 2,
                                     .kinds_max = 3,
                                     .doc_max = 100,
                                     .docs_max = 6,
                                     .bytes_max = 300,
                                     .queue_max = queue_max,
                                     .name_ok = name_ok,
                                     .tidy = tidy,
                                     .derive = derive,
                                     .drop = drop };
    struct sk_docstore *s = sk_docstore_create(&o);
    sk_docstore_begin(s);
    return s;
}

static bool is_idle(void *s)
{
    return sk_docstore_idle(s);
}

static void settle(struct sk_docstore *s)
{
    assert_true(sk_loop_run_until(loop, is_idle, s, sk_clock_mono_ms() + 20000));
}

struct outcome {
    unsigned told;
    int result;
    char why[200];
};

static void done(void *arg, int result, const char *error)
{
    struct outcome *o = arg;
    o->told++;
    o->result = result;
    snprintf(o->why, sizeof o->why, "%s", error != NULL ? error : "");
}

static int put(struct sk_docstore *s, size_t kind, const char *name, const char *text)
{
    struct outcome o = { 0 };
    sk_docstore_put(s, kind, sk_span_of(name), sk_span_of(text), done, &o);
    settle(s);
    assert_int_equal(o.told, 1);
    return o.result;
}

static int set_up(void **state)
{
    (void)state;
    loop = sk_loop_create();
    return mkdtemp(root) == NULL;
}

static int tear_down(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", root);
    (void)state;
    sk_loop_destroy(loop);
    return system(command);
}

static void documents_survive_their_store(void **state)
{
    (void)state;
    struct sk_docstore *s = open_store(10);
    assert_int_equal(put(s, 0, "two", "{\"n\":2}"), 0);
    assert_int_equal(put(s, 0, "one", "{\"n\":1}"), 0);
    assert_int_equal(put(s, 1, "one", "{\"other\":1}"), 0);
    assert_int_equal(put(s, 0, "two", "{\"n\":22}"), 0);
    sk_docstore_destroy(s);
    assert_int_equal(derived, dropped);

    s = open_store(10);
    assert_false(sk_docstore_ready(s));
    settle(s);
    assert_true(sk_docstore_ready(s));
    assert_int_equal(sk_docstore_count(s, 0), 2);
    assert_string_equal(sk_docstore_at(s, 0, 0)->name, "one");
    assert_string_equal(sk_docstore_find(s, 0, SK_SPAN("two"))->text, "{\"n\":22}");
    assert_string_equal(sk_docstore_find(s, 1, SK_SPAN("one"))->text, "{\"other\":1}");
    assert_null(sk_docstore_find(s, 1, SK_SPAN("two")));
    assert_null(sk_docstore_find(s, 0, SK_SPAN("tw")));

    struct outcome o = { 0 };
    sk_docstore_remove(s, 0, SK_SPAN("one"), done, &o);
    assert_non_null(sk_docstore_find(s, 0, SK_SPAN("one"))); /* until it is durable */
    settle(s);
    assert_int_equal(o.result, 0);
    assert_null(sk_docstore_find(s, 0, SK_SPAN("one")));
    sk_docstore_remove(s, 0, SK_SPAN("one"), done, &o);
    settle(s);
    assert_int_equal(o.result, SK_ERR_NOTFOUND);
    sk_docstore_destroy(s);
    assert_int_equal(derived, dropped);
}

static void full_is_refused(void **state)
{
    char long_text[150];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[0] = '{';
    long_text[sizeof long_text - 1] = 0;
    (void)state;
    struct sk_docstore *s = open_store(10);
    settle(s);
    assert_int_equal(put(s, 0, "long", long_text), SK_ERR_LIMIT);
    long_text[90] = 0;
    assert_int_equal(put(s, 0, "l1", long_text), 0);
    assert_int_equal(put(s, 0, "l2", long_text), 0);
    assert_int_equal(put(s, 0, "l3", long_text), 0);
    assert_int_equal(put(s, 0, "l4", long_text), SK_ERR_LIMIT); /* bytes */
    assert_int_equal(put(s, 0, "l3", "{}"), 0);                 /* a smaller one in its place is fine */
    while (sk_docstore_count(s, 0) + sk_docstore_count(s, 1) < 6) {
        char name[16];
        snprintf(name, sizeof name, "n%zu", sk_docstore_count(s, 1) - 1);
        assert_int_equal(put(s, 1, name, "{}"), 0);
    }
    assert_int_equal(put(s, 1, "more", "{}"), SK_ERR_LIMIT); /* number */
    assert_int_equal(put(s, 1, "n0", "{\"x\":1}"), 0);
    assert_int_equal(put(s, 1, "../x", "{}"), SK_ERR_INVALID);
    assert_int_equal(put(s, 1, "n0", "[]"), SK_ERR_INVALID);
    sk_docstore_destroy(s);
}

static void changes_keep_their_order_and_wait_for_room(void **state)
{
    struct outcome o[6] = { 0 };
    (void)state;
    struct sk_docstore *s = open_store(4); /* still reading: all of these wait */
    sk_docstore_put(s, 1, SK_SPAN("n0"), SK_SPAN("{\"v\":1}"), done, &o[0]);
    sk_docstore_remove(s, 1, SK_SPAN("n0"), done, &o[1]);
    sk_docstore_put(s, 1, SK_SPAN("n0"), SK_SPAN("{\"v\":2}"), done, &o[2]);
    sk_docstore_put(s, 1, SK_SPAN("n0"), SK_SPAN("{\"v\":3}"), done, &o[3]);
    sk_docstore_put(s, 1, SK_SPAN("n0"), SK_SPAN("{\"v\":4}"), done, &o[4]);
    assert_int_equal(o[4].result, SK_ERR_BUSY);
    settle(s);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(o[i].told, 1);
        assert_int_equal(o[i].result, 0);
    }
    assert_string_equal(sk_docstore_find(s, 1, SK_SPAN("n0"))->text, "{\"v\":3}");
    sk_docstore_destroy(s);
}

static void kinds_can_be_added_with_what_they_hold(void **state)
{
    struct outcome o = { 0 };
    char path[200];
    struct sk_errmsg em;
    (void)state;
    snprintf(path, sizeof path, "%s/c", root);
    assert_int_equal(sk_fs_mkdirs(path, 0755, &em), 0);
    snprintf(path, sizeof path, "%s/c/held", root);
    assert_int_equal(sk_fs_write_atomic(path, SK_SPAN("{}"), 0644, &em), 0);
    struct sk_docstore *s = open_store(10);
    sk_docstore_add_kind(s, "c", done, &o); /* while the others are still being read */
    assert_int_equal(sk_docstore_kinds(s), 3);
    settle(s);
    assert_int_equal(o.told, 1);
    assert_int_equal(o.result, 0);
    assert_int_equal(sk_docstore_count(s, 2), 0); /* six documents are there: there is no room for another */
    struct outcome gone = { 0 };
    sk_docstore_remove(s, 0, SK_SPAN("l1"), done, &gone);
    settle(s);
    assert_int_equal(put(s, 2, "x", "{}"), 0);
    sk_docstore_add_kind(s, "d", done, &o);
    assert_int_equal(o.result, SK_ERR_LIMIT);
    sk_docstore_destroy(s);
    assert_int_equal(derived, dropped);
}

/* Somebody put a folder where the file belongs. */
static void what_cannot_be_saved_is_not_there(void **state)
{
    char path[200];
    (void)state;
    struct sk_docstore *s = open_store(10);
    settle(s);
    snprintf(path, sizeof path, "%s/a/l3/sub", root);
    struct sk_errmsg em;
    SK_CLEANUP(sk_freep) char *file = NULL;
    assert_int_equal(sk_fs_join(root, SK_SPAN("a/l3"), &file, &em), 0);
    assert_int_equal(sk_fs_remove(file, &em), 0);
    assert_int_equal(sk_fs_mkdirs(path, 0755, &em), 0);
    const struct sk_doc *before = sk_docstore_find(s, 0, SK_SPAN("l3"));
    assert_non_null(before);
    assert_true(put(s, 0, "l3", "{\"never\":1}") < 0);
    assert_string_equal(sk_docstore_find(s, 0, SK_SPAN("l3"))->text, "{}");
    sk_docstore_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_survive_their_store),
        cmocka_unit_test(full_is_refused),
        cmocka_unit_test(changes_keep_their_order_and_wait_for_room),
        cmocka_unit_test(kinds_can_be_added_with_what_they_hold),
        cmocka_unit_test(what_cannot_be_saved_is_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
