#include "base/arena.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void pieces_are_aligned_and_apart(void **state)
{
    struct sk_arena a;
    uint64_t seed = 3;
    unsigned char *kept[500];
    size_t sizes[500];
    sk_arena_init(&a, 64u << 20);
    for (unsigned i = 0; i < 500; i++) {
        sizes[i] = random_below(&seed, 5000);
        kept[i] = sk_arena_alloc(&a, sizes[i]);
        assert_non_null(kept[i]);
        assert_int_equal((uintptr_t)kept[i] % 16, 0);
        memset(kept[i], (int)(i & 0xff), sizes[i]);
    }
    for (unsigned i = 0; i < 500; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(kept[i][k], i & 0xff);
    sk_arena_finish(&a);
    sk_arena_finish(&a);
    sk_arena_finish(NULL);
    (void)state;
}

static void limit_is_kept(void **state)
{
    struct sk_arena a;
    sk_arena_init(&a, 100 * 1024);
    size_t got = 0;
    while (sk_arena_alloc(&a, 1000) != NULL)
        got += 1000;
    assert_true(got >= 60 * 1000 && got <= 100 * 1024);
    assert_true(a.total <= a.limit);
    assert_null(sk_arena_alloc(&a, 200 * 1024));
    assert_null(sk_arena_alloc(&a, SIZE_MAX));
    assert_null(sk_arena_alloc(&a, SIZE_MAX - 8));
    sk_arena_finish(&a);
    (void)state;
}

static void a_whole_limit_can_be_had_at_once(void **state)
{
    struct sk_arena a;
    sk_arena_init(&a, 1u << 20);
    assert_non_null(sk_arena_alloc(&a, 1u << 20));
    assert_null(sk_arena_alloc(&a, 1));
    sk_arena_finish(&a);
    (void)state;
}

static void steady_work_stays_in_one_block(void **state)
{
    struct sk_arena a;
    sk_arena_init(&a, 1u << 20);
    sk_arena_alloc(&a, 100);
    struct sk_arena_block *first = a.first;
    size_t total = a.total;
    for (int i = 0; i < 1000; i++) {
        sk_arena_reset(&a);
        assert_non_null(sk_arena_alloc(&a, 10000));
    }
    assert_ptr_equal(a.first, first);
    assert_int_equal(a.total, total);
    sk_arena_finish(&a);
    (void)state;
}

static void huge_work_is_given_back(void **state)
{
    struct sk_arena a;
    sk_arena_init(&a, 16u << 20);
    for (int i = 0; i < 100; i++)
        assert_non_null(sk_arena_alloc(&a, 100000));
    sk_arena_reset(&a);
    assert_true(a.total <= 64 * 1024);
    sk_arena_finish(&a);
    (void)state;
}

static void copies_end_in_nul_and_zalloc_is_zero(void **state)
{
    struct sk_arena a;
    sk_arena_init(&a, 1u << 20);
    char *dirty = sk_arena_alloc(&a, 4096);
    memset(dirty, 0xff, 4096);
    sk_arena_reset(&a);
    const char *zero = sk_arena_zalloc(&a, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(zero[i], 0);
    assert_string_equal(sk_arena_copy(&a, "abcdef", 3), "abc");
    assert_string_equal(sk_arena_copy(&a, NULL, 0), "");
    sk_arena_finish(&a);
    (void)state;
}

static void scope_cleanup_frees(void **state)
{
    SK_CLEANUP(sk_freep) char *text = sk_xstrndup("abcdef", 3); /* a leak here fails the sanitizer run */
    assert_string_equal(text, "abc");
    SK_CLEANUP(sk_freep) char *none = NULL;
    assert_null(none);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(limit_is_kept),
        cmocka_unit_test(a_whole_limit_can_be_had_at_once),
        cmocka_unit_test(steady_work_stays_in_one_block),
        cmocka_unit_test(huge_work_is_given_back),
        cmocka_unit_test(copies_end_in_nul_and_zalloc_is_zero),
        cmocka_unit_test(scope_cleanup_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
