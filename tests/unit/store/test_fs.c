#include "store/fs.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/skiff-fs-XXXXXX";
static struct sk_errmsg em;

static char *at(const char *name)
{
    return sk_fs_path(root, name);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL;
}

static int drop_root(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", root);
    (void)state;
    return system(command);
}

static unsigned entries(void)
{
    unsigned n = 0;
    DIR *d = opendir(root);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void what_is_written_is_read(void **state)
{
    SK_CLEANUP(sk_freep) char *file = at("settings.json");
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n;
    unsigned before = entries();
    assert_int_equal(sk_fs_write_atomic(file, SK_SPAN("first"), 0600, &em), 0);
    assert_int_equal(sk_fs_write_atomic(file, (struct sk_span){ "a\0b", 3 }, 0600, &em), 0);
    assert_int_equal(sk_fs_read(file, 3, &text, &n, &em), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(text, "a\0b", 4);
    assert_int_equal(entries(), before + 1); /* no temporary file stays */
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(sk_fs_is_file(file));
    assert_false(sk_fs_is_dir(file));
    (void)state;
}

static void a_file_that_was_open_to_all_is_so_no_more(void **state)
{
    SK_CLEANUP(sk_freep) char *file = at("secret.json");
    FILE *f = fopen(file, "w");
    fputs("an old text, longer than the new one", f);
    fclose(f);
    chmod(file, 0644);
    assert_int_equal(sk_fs_write_atomic(file, SK_SPAN("new"), 0600, &em), 0);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)state;
}

static void a_link_is_replaced_not_followed(void **state)
{
    SK_CLEANUP(sk_freep) char *file = at("linked.json");
    SK_CLEANUP(sk_freep) char *victim = at("victim");
    SK_CLEANUP(sk_freep) char *text = NULL;
    assert_int_equal(sk_fs_write_atomic(victim, SK_SPAN("precious"), 0600, &em), 0);
    assert_int_equal(symlink(victim, file), 0);
    assert_int_equal(sk_fs_write_atomic(file, SK_SPAN("overwritten"), 0600, &em), 0);
    assert_int_equal(sk_fs_read(victim, 100, &text, NULL, &em), 0);
    assert_string_equal(text, "precious");
    (void)state;
}

#define WRITERS 4
#define WRITES 50

static void *write_often(void *arg)
{
    SK_CLEANUP(sk_freep) char *file = at("contended.json");
    char content[2000];
    memset(content, *(const char *)arg, sizeof content);
    for (size_t i = 1; i <= WRITES; i++)
        SK_ASSERT(sk_fs_write_atomic(file, (struct sk_span){ content, i * 40 }, 0600, NULL) == 0);
    return NULL;
}

static void writers_at_once_leave_one_whole_text(void **state)
{
    SK_CLEANUP(sk_freep) char *file = at("contended.json");
    static char letters[WRITERS] = { 'a', 'b', 'c', 'd' };
    pthread_t threads[WRITERS];
    unsigned before = entries();
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_often, &letters[i]), 0);
    for (int i = 0; i < 200; i++) {
        char *text;
        size_t n;
        if (sk_fs_read(file, 4000, &text, &n, &em) < 0)
            continue; /* not there yet */
        assert_true(n > 0 && n % 40 == 0);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(text[k], text[0]);
        free(text);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(entries(), before + 1);
    (void)state;
}

static void errors_say_what_and_where(void **state)
{
    SK_CLEANUP(sk_freep) char *missing = at("none/x.json");
    SK_CLEANUP(sk_freep) char *big = at("big");
    char *text = NULL;
    assert_int_equal(sk_fs_read(missing, 100, &text, NULL, &em), SK_ERR_NOTFOUND);
    assert_non_null(strstr(em.text, "none/x.json"));
    assert_int_equal(sk_fs_write_atomic(missing, SK_SPAN("x"), 0600, &em), SK_ERR_NOTFOUND);
    assert_int_equal(sk_fs_write_atomic(big, SK_SPAN("12345"), 0600, &em), 0);
    assert_int_equal(sk_fs_read(big, 4, &text, NULL, &em), SK_ERR_LIMIT);
    assert_int_equal(sk_fs_read(root, 100, &text, NULL, &em), SK_ERR_INVALID);
    assert_null(text);
    (void)state;
}

static void folders_are_made_with_their_parents(void **state)
{
    SK_CLEANUP(sk_freep) char *deep = at("a/b/c");
    SK_CLEANUP(sk_freep) char *file = at("a/file");
    SK_CLEANUP(sk_freep) char *below = at("a/file/x");
    assert_int_equal(sk_fs_mkdirs(deep, 0700, &em), 0);
    assert_int_equal(sk_fs_mkdirs(deep, 0700, &em), 0);
    assert_true(sk_fs_is_dir(deep));
    assert_int_equal(sk_fs_write_atomic(file, SK_SPAN("x"), 0600, &em), 0);
    assert_int_not_equal(sk_fs_mkdirs(file, 0700, &em), 0);
    assert_int_not_equal(sk_fs_mkdirs(below, 0700, &em), 0);
    (void)state;
}

static void join_stays_below_its_root(void **state)
{
    static const struct {
        const char *rel, *joined;
    } good[] = {
        { "", "/r/" },     { "a", "/r/a" },           { "a/b.txt", "/r/a/b.txt" },
        { "a/", "/r/a/" }, { "a..b/c", "/r/a..b/c" }, { "\xc3\xa9", "/r/\xc3\xa9" },
    };
    static const struct sk_span bad[] = {
        SK_SPAN("."),    SK_SPAN(".."),   SK_SPAN("../x"),     SK_SPAN("a/../b"),  SK_SPAN("a/."),
        SK_SPAN("/a"),   SK_SPAN("a//b"), SK_SPAN("a//"),      SK_SPAN(".hidden"), SK_SPAN("a/.git"),
        SK_SPAN("a\\b"), SK_SPAN("a\0b"), SK_SPAN("..\\..\\"), SK_SPAN("/"),       SK_SPAN("a/..."),
    };
    char *path = NULL;
    for (size_t i = 0; i < SK_COUNT(good); i++) {
        assert_int_equal(sk_fs_join("/r", sk_span_of(good[i].rel), &path, &em), 0);
        assert_string_equal(path, good[i].joined);
        free(path);
    }
    path = NULL;
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_int_equal(sk_fs_join("/r", bad[i], &path, &em), SK_ERR_DENIED);
    char longest[1025];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(sk_fs_join("/r", (struct sk_span){ longest, 1025 }, &path, &em), SK_ERR_DENIED);
    assert_null(path);
    assert_int_equal(sk_fs_join("/r", (struct sk_span){ longest, 1024 }, &path, &em), 0);
    free(path);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),         cmocka_unit_test(a_file_that_was_open_to_all_is_so_no_more),
        cmocka_unit_test(a_link_is_replaced_not_followed), cmocka_unit_test(writers_at_once_leave_one_whole_text),
        cmocka_unit_test(errors_say_what_and_where),       cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(join_stays_below_its_root),
    };
    return cmocka_run_group_tests(tests, make_root, drop_root);
}
