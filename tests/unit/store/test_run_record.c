/* Runs that die, and what the next one makes of it. */
#include "store/fs.h"
#include "store/run_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* What the file of one run tells the next. */
static void next_run(struct sk_run_record *r, const char *boot, uint64_t now_ms)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    sk_run_record_write(r, &b);
    sk_run_record_parse(r, sk_buf_span(&b));
    sk_run_record_begin(r, boot, now_ms);
    sk_buf_finish(&b);
}

static void three_deaths_within_a_minute_are_too_many(void **state)
{
    struct sk_run_record r = { 0 };
    sk_run_record_begin(&r, "a", 1000);
    assert_string_equal(r.reason, "");
    next_run(&r, "a", 5000);
    next_run(&r, "a", 9000);
    assert_string_equal(r.reason, "");
    next_run(&r, "a", 61000);
    assert_string_equal(r.reason, "the server died 3 times within 61 s");
    next_run(&r, "a", 500000); /* died in safe mode: it stays */
    assert_string_equal(r.reason, "the server died 3 times within 61 s");
    next_run(&r, "b", 1000); /* the machine was started anew */
    assert_string_equal(r.reason, "");
    (void)state;
}

static void slow_deaths_and_power_cuts_do_not_count(void **state)
{
    struct sk_run_record r = { 0 };
    for (uint64_t i = 0; i < 20; i++) {
        next_run(&r, "a", 1000 + i * 20001);
        assert_string_equal(r.reason, "");
    }
    char boot[] = "a";
    for (uint64_t i = 0; i < 20; i++) {
        boot[0] = (char)('a' + i);
        next_run(&r, boot, 1000 + i);
        assert_string_equal(r.reason, "");
    }
    (void)state;
}

static void broken_records_are_empty(void **state)
{
    static const char *const texts[] = { "",
                                         "{",
                                         "[]",
                                         "{\"boot\":7,\"began\":\"x\",\"safeMode\":[]}",
                                         "{\"began\":[-1,1e300,{}]}",
                                         "{\"boot\":\"a\",\"began\":[1,2,3,4,5,6,7,8]}" };
    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        struct sk_run_record r;
        sk_run_record_parse(&r, sk_span_of(texts[i]));
        assert_true(r.count <= SK_RUN_DEATHS);
        assert_string_equal(r.reason, "");
        sk_run_record_begin(&r, "b", 10);
        assert_int_equal(r.count, 1);
    }
    (void)state;
}

static void the_file_stays_behind_only_after_a_death(void **state)
{
    char dir[] = "/tmp/sk-run-XXXXXX", file[80];
    struct sk_run_record r;
    struct sk_errmsg em;
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/skiff-run.json", dir);
    for (int i = 0; i < SK_RUN_DEATHS; i++) {
        assert_int_equal(sk_run_begin(dir, &r, &em), 0);
        assert_string_equal(r.reason, "");
    }
    assert_int_equal(sk_run_begin(dir, &r, &em), 0);
    assert_string_not_equal(r.reason, "");
    assert_int_equal(sk_run_leave_safe_mode(dir, &r, &em), 0);
    assert_int_equal(sk_run_begin(dir, &r, &em), 0);
    assert_string_equal(r.reason, "");
    assert_true(sk_fs_is_file(file));
    sk_run_end(dir);
    assert_false(sk_fs_is_file(file));
    assert_int_equal(rmdir(dir), 0);
    assert_true(sk_run_begin(dir, &r, &em) < 0); /* no folder: it says so and goes on */
    assert_string_equal(r.reason, "");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_deaths_within_a_minute_are_too_many),
        cmocka_unit_test(slow_deaths_and_power_cuts_do_not_count),
        cmocka_unit_test(broken_records_are_empty),
        cmocka_unit_test(the_file_stays_behind_only_after_a_death),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
