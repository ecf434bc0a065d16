#include "base/map.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NAMES 400

struct entry {
    char name[16];
    bool in; /* what a plain array knows of the map's content */
};

static struct sk_span name_of(const struct entry *e)
{
    return sk_span_of(e->name);
}

static void check_all(const struct sk_map *m, const struct entry *all)
{
    size_t expected = 0, seen = 0, pos = 0;
    for (int i = 0; i < NAMES; i++) {
        assert_ptr_equal(sk_map_get(m, name_of(&all[i])), all[i].in ? &all[i] : NULL);
        expected += all[i].in;
    }
    for (const struct entry *e; (e = sk_map_next(m, &pos)) != NULL; seen++)
        assert_true(e->in);
    assert_int_equal(seen, expected);
    assert_int_equal(m->count, expected);
}

/* Random puts and removes against a plain array: the gap left by a removal must never hide another entry. */
static void map_agrees_with_a_plain_array(void **state)
{
    static struct entry all[NAMES];
    struct sk_map m = { 0 };
    uint64_t seed = 4;
    for (int i = 0; i < NAMES; i++)
        snprintf(all[i].name, sizeof all[i].name, "n%d", i);
    for (int round = 0; round < 60000; round++) {
        struct entry *e = &all[random_below(&seed, NAMES)];
        bool put = random_below(&seed, round / 10000 % 2 == 0 ? 3 : 2) != 0; /* growing and shrinking times */
        struct entry *was = e->in ? e : NULL;
        assert_ptr_equal(put ? sk_map_put(&m, name_of(e), e) : sk_map_remove(&m, name_of(e)), was);
        e->in = put;
        if (round % 500 == 0)
            check_all(&m, all);
    }
    check_all(&m, all);
    sk_map_finish(&m);
    (void)state;
}

static void put_replaces_value_and_key(void **state)
{
    struct sk_map m = { 0 };
    char key1[] = "key", key2[] = "key";
    int a, b;
    assert_null(sk_map_put(&m, sk_span_of(key1), &a));
    assert_ptr_equal(sk_map_put(&m, sk_span_of(key2), &b), &a);
    key1[0] = 'X'; /* the old key's bytes may go now */
    assert_ptr_equal(sk_map_get(&m, SK_SPAN("key")), &b);
    assert_int_equal(m.count, 1);
    sk_map_finish(&m);
    (void)state;
}

static void an_empty_map_answers(void **state)
{
    struct sk_map m = { 0 };
    size_t pos = 0;
    int v;
    assert_null(sk_map_get(&m, SK_SPAN("a")));
    assert_null(sk_map_remove(&m, SK_SPAN("a")));
    assert_null(sk_map_next(&m, &pos));
    assert_null(sk_map_put(&m, (struct sk_span){ NULL, 0 }, &v));
    assert_ptr_equal(sk_map_get(&m, SK_SPAN("")), &v);
    sk_map_finish(&m);
    sk_map_finish(&m);
    (void)state;
}

static void hash_sees_every_byte_and_the_length(void **state)
{
    char text[40] = { 0 };
    uint64_t base = sk_hash_bytes(text, sizeof text);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = 1;
        assert_true(sk_hash_bytes(text, sizeof text) != base);
        text[i] = 0;
        assert_true(sk_hash_bytes(text, i) != base);
    }
    assert_true(sk_hash_bytes(text, sizeof text) == base);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_agrees_with_a_plain_array),
        cmocka_unit_test(put_replaces_value_and_key),
        cmocka_unit_test(an_empty_map_answers),
        cmocka_unit_test(hash_sees_every_byte_and_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
