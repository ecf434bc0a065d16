/* The store by itself, and cells: with times of the test's own making. */
#include "base/clock.h"
#include "history/cells.h"
#include "history/store.h"
#include "store/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1790000000000LL

static char *patterns_all[] = { (char *)(uintptr_t) "*", NULL }, *none[] = { NULL };

struct fixture {
    char folder[64];
    struct sk_hstore_options o;
    struct sk_hstore_figures figures;
    struct sk_hstore *s;
};

static struct fixture *begin(void)
{
    struct fixture *f = sk_xcalloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/sk-history-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->o = (struct sk_hstore_options){ .folder = f->folder,
                                       .self_context = "vessels.urn:me",
                                       .bytes_max = (uint64_t)100 * 1024 * 1024,
                                       .rest_ms = 300000,
                                       .contexts = patterns_all,
                                       .include = patterns_all,
                                       .exclude = none };
    return f;
}

static void open_store(struct fixture *f)
{
    struct sk_errmsg em;
    if (sk_hstore_open(&f->o, &f->figures, &f->s, &em) < 0)
        fail_msg("%s", em.text);
}

static void end(struct fixture *f)
{
    static const char *const names[] = { "history.db", "history.db-wal", "history.db-shm", "history.db.broken-1" };
    sk_hstore_close(f->s);
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        char *file = sk_fs_path(f->folder, names[i]);
        (void)unlink(file);
        free(file);
    }
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
}

static void add(struct fixture *f, int64_t t, const char *path, const char *value)
{
    char iso[SK_ISO_TIME_SIZE], delta[1000];
    struct sk_errmsg em;
    sk_iso_time(iso, t);
    snprintf(delta, sizeof delta,
             "{\"context\":\"vessels.urn:me\",\"updates\":[{\"$source\":\"s\",\"timestamp\":\"%s\",\"values\":[{\"path\":\"%s\","
             "\"value\":%s}]}]}",
             iso, path, value);
    if (sk_hstore_add(f->s, sk_span_of(delta), &em) < 0)
        fail_msg("%s", em.text);
}

static void commit(struct fixture *f, int64_t now)
{
    struct sk_errmsg em;
    if (sk_hstore_commit(f->s, now, &em) < 0)
        fail_msg("%s", em.text);
}

/* One number, read on a connection of its own. */
static int64_t number(struct fixture *f, const char *sql)
{
    const struct sk_sqlite *q = sk_sqlite_load(NULL);
    char *file = sk_fs_path(f->folder, SK_HSTORE_NAME);
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(q->open_v2(file, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(q->prepare_v3(db, sql, -1, 0, &s, NULL), SQLITE_OK);
    assert_int_equal(q->step(s), SQLITE_ROW);
    int64_t n = q->column_int64(s, 0);
    q->finalize(s);
    q->close_v2(db);
    free(file);
    return n;
}

static void nothing_is_written_before_the_commit(void **state)
{
    struct fixture *f = begin();
    (void)state;
    open_store(f);
    commit(f, NOW);
    for (int i = 0; i < 20000; i++)
        add(f, NOW + i, "a.b", "1.5");
    assert_int_equal(number(f, "SELECT count(*) FROM recent"), 0);
    commit(f, NOW + 10000);
    assert_int_equal(number(f, "SELECT count(*) FROM recent"), 20000);
    assert_int_equal(number(f, "SELECT count(*) FROM sample"), 0);
    end(f);
}

static void rows_move_when_they_have_rested(void **state)
{
    struct fixture *f = begin();
    (void)state;
    open_store(f);
    commit(f, NOW);
    for (int i = 0; i < 100; i++)
        add(f, NOW + i % 10, "a.b", "2"); /* ten times the same ten times: all are kept */
    commit(f, NOW + 299999);
    assert_int_equal(number(f, "SELECT count(*) FROM recent"), 100);
    commit(f, NOW + 300000);
    assert_int_equal(number(f, "SELECT count(*) FROM recent"), 0);
    assert_int_equal(number(f, "SELECT sum(n) FROM volume"), 100);
    assert_int_equal(number(f, "SELECT count(DISTINCT t) FROM sample"), 10);
    end(f);
}

static void the_kind_of_a_value_is_that_of_its_text(void **state)
{
    static const struct {
        const char *json;
        enum sk_hvalue_kind kind;
    } cases[] = { { "1", SK_HVALUE_INT },      { "-9007199254740993", SK_HVALUE_INT },
                  { "0.1", SK_HVALUE_REAL },   { "1e+21", SK_HVALUE_REAL },
                  { "1.0", SK_HVALUE_TEXT },   { "-0", SK_HVALUE_TEXT },
                  { "1E5", SK_HVALUE_TEXT },   { "null", SK_HVALUE_NULL },
                  { "\"1\"", SK_HVALUE_TEXT }, { "123456789012345678901234567890", SK_HVALUE_TEXT },
                  { "true", SK_HVALUE_TEXT },  { "{}", SK_HVALUE_TEXT } };
    struct sk_buf scratch;
    int64_t i;
    double d;
    (void)state;
    sk_buf_init(&scratch, 64);
    for (size_t k = 0; k < SK_COUNT(cases); k++)
        if (sk_hvalue_kind_of(sk_span_of(cases[k].json), &scratch, &i, &d) != cases[k].kind)
            fail_msg("%s", cases[k].json);
    sk_buf_finish(&scratch);
}

static void a_clock_that_ran_ahead_costs_nothing(void **state)
{
    struct fixture *f = begin();
    (void)state;
    f->o.keep_ms = 86400000;
    open_store(f);
    commit(f, NOW);
    add(f, NOW, "a.b", "1");
    commit(f, NOW + 300000);
    commit(f, NOW + 100 * 365 * 86400000LL); /* for a moment the wall clock says so */
    assert_int_equal(number(f, "SELECT count(*) FROM sample"), 1);
    assert_int_equal(f->figures.purged, 0);
    end(f);
}

static void what_is_too_old_goes_with_its_series(void **state)
{
    struct fixture *f = begin();
    (void)state;
    f->o.keep_ms = 86400000;
    open_store(f);
    commit(f, NOW);
    add(f, NOW, "old.path", "1");
    add(f, NOW, "a.b", "1");
    add(f, NOW + 2 * 86400000LL, "a.b", "2");
    commit(f, NOW + 2 * 86400000LL);
    assert_int_equal(number(f, "SELECT count(*) FROM sample"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM series"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM volume"), 1);
    assert_int_equal(f->figures.purged, 2);
    add(f, NOW + 2 * 86400000LL + 1, "old.path", "3"); /* its series is made anew */
    commit(f, NOW + 2 * 86400000LL + 2);
    assert_int_equal(number(f, "SELECT count(*) FROM recent r JOIN series s ON s.id=r.series WHERE s.path='old.path'"), 1);
    end(f);
}

static void a_damaged_file_is_told_from_other_trouble(void **state)
{
    struct fixture *f = begin();
    struct sk_errmsg em;
    char name[256];
    (void)state;
    char *file = sk_fs_path(f->folder, SK_HSTORE_NAME);
    assert_int_equal(sk_fs_write_atomic(file, SK_SPAN("certainly no database, but long enough to be taken for one"), 0644, &em),
                     0);
    assert_int_equal(sk_hstore_open(&f->o, &f->figures, &f->s, &em), SK_ERR_PROTOCOL);
    assert_non_null(strstr(em.text, file));
    assert_int_equal(sk_hstore_set_aside(f->folder, name, &em), 0);
    assert_string_equal(name, "history.db.broken-1");
    open_store(f);
    free(file);
    end(f);
}

static void unusable_values_are_counted(void **state)
{
    struct fixture *f = begin();
    struct sk_errmsg em;
    static char large[SK_HSTORE_VALUE_MAX + 300];
    (void)state;
    open_store(f);
    int n = snprintf(large, sizeof large,
                     "{\"context\":\"c\",\"updates\":[{\"timestamp\":\"2026-01-01T00:00:00Z\",\"values\":[{\"path\":\"a\","
                     "\"value\":\"");
    memset(large + n, 'x', SK_HSTORE_VALUE_MAX);
    memcpy(large + n + SK_HSTORE_VALUE_MAX, "\"}]}]}", 7);
    assert_int_equal(sk_hstore_add(f->s, sk_span_of(large), &em), 0);
    assert_int_equal(f->figures.too_large, 1);
    assert_int_equal(sk_hstore_add(f->s,
                                   SK_SPAN("{\"updates\":[{\"timestamp\":\"noon\",\"values\":[{\"path\":\"a\",\"value\":1}]}]}"),
                                   &em),
                     0);
    assert_int_equal(f->figures.unusable, 1);
    assert_int_equal(sk_hstore_add(f->s, SK_SPAN("{\"updates\":7}"), &em), 0);
    assert_int_equal(sk_hstore_add(f->s, SK_SPAN("no json"), &em), 0);
    assert_int_equal(f->figures.values, 0);
    end(f);
}

static void cells_keep_within_their_budget(void **state)
{
    struct sk_history_column c = { .method = SK_HISTORY_MIDDLE_INDEX };
    size_t budget = 3;
    struct sk_hcells *cells = sk_hcells_create(&c, 2, &budget);
    struct sk_hvalue v = { .kind = SK_HVALUE_INT };
    struct sk_errmsg em;
    struct sk_buf out;
    (void)state;
    sk_buf_init(&out, 1000);
    for (v.i = 3; v.i > 0; v.i--)
        assert_int_equal(sk_hcells_add(cells, 1, v.i, &v, &em), 0);
    assert_int_equal(sk_hcells_add(cells, 1, 9, &v, &em), SK_ERR_LIMIT);
    sk_hcells_close(cells);
    assert_false(sk_hcells_has(cells, 0));
    sk_hcells_write(cells, 1, &out);
    assert_true(sk_span_eq(sk_buf_span(&out), "2"));
    sk_buf_finish(&out);
    sk_hcells_destroy(cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_written_before_the_commit),
                                        cmocka_unit_test(rows_move_when_they_have_rested),
                                        cmocka_unit_test(the_kind_of_a_value_is_that_of_its_text),
                                        cmocka_unit_test(a_clock_that_ran_ahead_costs_nothing),
                                        cmocka_unit_test(what_is_too_old_goes_with_its_series),
                                        cmocka_unit_test(a_damaged_file_is_told_from_other_trouble),
                                        cmocka_unit_test(unusable_values_are_counted),
                                        cmocka_unit_test(cells_keep_within_their_budget) };
    return cmocka_run_group_tests_name("history store", tests, NULL, NULL);
}
