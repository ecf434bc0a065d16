/* What a plugin may keep in its files: estimate, measurement, and what counts. */
#include "plugin/quota.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void make(const char *name, size_t size)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    static const char block[1000];
    for (; size > 0; size -= size < sizeof block ? size : sizeof block)
        assert_true(write(fd, block, size < sizeof block ? size : sizeof block) > 0);
    close(fd);
}

static int setup(void **state)
{
    static const char *const folders[] = { "data", "config", "tmp" };
    snprintf(dir, sizeof dir, "/tmp/sk-quota-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    for (size_t i = 0; i < SK_COUNT(folders); i++) {
        char path[100];
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        mkdir(path, 0700);
    }
    (void)state;
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int flag, struct FTW *ftw)
{
    (void)s, (void)flag, (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 20, FTW_DEPTH | FTW_PHYS);
}

static void what_is_written_is_added_up_to_the_limit(void **state)
{
    struct sk_quota q;
    sk_quota_init(&q, dir, 10000, 3, 8);
    assert_true(sk_quota_admit(&q, 4000, 1));
    assert_true(sk_quota_admit(&q, 6000, 1));
    assert_int_equal(q.bytes, 10000);
    assert_int_equal(q.files, 2);
    make("data/a", 9000);
    q.freed = true; /* so that it is measured, at the next refusal */
    assert_false(sk_quota_admit(&q, 5000, 0));
    assert_true(q.bytes >= 9000);
    assert_int_equal(q.files, 1);
    make("data/a", 0);
    q.freed = true;
    assert_true(sk_quota_admit(&q, 10000, 0));
    assert_false(sk_quota_admit(&q, UINT64_MAX, 0));
    assert_false(sk_quota_admit(&q, 0, UINT64_MAX));
    sk_quota_finish(&q);
    (void)state;
}

static void files_and_folders_count_but_the_three_that_are_given(void **state)
{
    struct sk_quota q;
    char path[100];
    sk_quota_init(&q, dir, 1000000, 4, 8);
    assert_true(sk_quota_measure(&q));
    assert_int_equal(q.files, 0);
    make("data/a", 1);
    make("tmp/b", 1);
    snprintf(path, sizeof path, "%s/data/d", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/config/link", dir);
    assert_int_equal(symlink("/", path), 0); /* itself, not where it leads */
    assert_true(sk_quota_measure(&q));
    assert_int_equal(q.files, 4);
    assert_false(sk_quota_admit(&q, 0, 1));
    make("tmp/c", 1);
    assert_false(sk_quota_measure(&q)); /* more than allowed: not looked at to its end */
    assert_int_equal(q.files, 4);
    sk_quota_finish(&q);
    (void)state;
}

static void what_cannot_be_measured_is_full(void **state)
{
    struct sk_quota q;
    int at = open(dir, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < SK_QUOTA_DEPTH_MAX + 5; i++) { /* deeper than the paths that one may write down */
        assert_int_equal(mkdirat(at, "deep", 0700), 0);
        int next = openat(at, "deep", O_RDONLY | O_DIRECTORY);
        close(at);
        at = next;
    }
    close(at);
    sk_quota_init(&q, dir, 1000000, 1000, 8);
    assert_false(sk_quota_measure(&q));
    assert_false(sk_quota_admit(&q, 1, 0));
    sk_quota_finish(&q);
    sk_quota_init(&q, "/nonexistent", 1000000, 1000, 8);
    assert_false(sk_quota_admit(&q, 1, 0));
    sk_quota_finish(&q);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_added_up_to_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(files_and_folders_count_but_the_three_that_are_given, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_measured_is_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
