#include "npm/stage.h"

#include "base/clock.h"
#include "base/json.h"
#include "npm/dependencies.h"
#include "npm/spec.h"
#include "store/fs.h"
#include "store/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX ".skiff-"
#define WAIT_MS 60000u
#define LOOK_NS 50000000L
#define INTENT_MAX ((size_t)64 * 1024)

/* The scope's folder goes with its last package. */
static void remove_empty_scope(const char *modules, const char *name)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL)
        return;
    char *scope = sk_xstrndup(name, (size_t)(slash - name)), *path = sk_fs_path(modules, scope);
    rmdir(path);
    free(path);
    free(scope);
}

/* ---- what a stage is about to do, for whoever finds it -----------------------------------------------------------------------
 */

struct intent {
    yyjson_doc *doc;
    const char *name, *version;
    const char *wanted; /* NULL: the package is to go */
};

static int intent_write(const struct sk_stage *s, const char *name, const char *version, const char *wanted, struct sk_errmsg *em)
{
    struct sk_buf b;
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(s->dir, "intent.json");
    sk_buf_init(&b, INTENT_MAX);
    SK_BUF_LIT(&b, "{\"name\":");
    sk_json_write_str(&b, sk_span_of(name));
    if (wanted != NULL) {
        SK_BUF_LIT(&b, ",\"version\":");
        sk_json_write_str(&b, sk_span_of(version));
        SK_BUF_LIT(&b, ",\"wanted\":");
        sk_json_write_str(&b, sk_span_of(wanted));
    }
    sk_buf_char(&b, '}');
    int r = sk_buf_ok(&b) ? sk_fs_write_atomic(file, sk_buf_span(&b), 0644, em) : sk_errmsg_set(em, SK_ERR_LIMIT, "%s", file);
    sk_buf_finish(&b);
    return r;
}

static bool intent_read(const char *dir, struct intent *ret)
{
    char *file = sk_fs_path(dir, "intent.json"), *text = NULL;
    size_t n = 0;
    *ret = (struct intent){ 0 };
    if (sk_fs_read(file, INTENT_MAX, &text, &n, NULL) == 0)
        (void)sk_json_read((struct sk_span){ text, n }, &ret->doc, NULL);
    free(text);
    free(file);
    yyjson_val *root = yyjson_doc_get_root(ret->doc);
    ret->name = sk_json_get_str(root, "name");
    ret->version = sk_json_get_str(root, "version");
    ret->wanted = sk_json_get_str(root, "wanted");
    return ret->name != NULL && sk_npm_name_ok(sk_span_of(ret->name)) && (ret->wanted == NULL || ret->version != NULL);
}

static bool has_version(const char *package, const char *version)
{
    char *file = sk_fs_path(package, "package.json"), *text = NULL;
    size_t n = 0;
    yyjson_doc *doc = NULL;
    if (sk_fs_read(file, (size_t)1024 * 1024, &text, &n, NULL) == 0)
        (void)sk_json_read((struct sk_span){ text, n }, &doc, NULL);
    const char *is = sk_json_get_str(yyjson_doc_get_root(doc), "version");
    bool same = is != NULL && strcmp(is, version) == 0;
    yyjson_doc_free(doc);
    free(text);
    free(file);
    return same;
}

/* Where a file system cannot exchange two folders, a stage may have died between taking the old and placing the new. */
static void fill_gap(const char *dir, const char *target)
{
    char *fresh = sk_fs_path(dir, "new"), *old = sk_fs_path(dir, "old");
    if (!sk_fs_exists(target) && sk_fs_exists(old) && sk_fs_exists(fresh))
        (void)sk_fs_rename(fresh, target, NULL);
    if (!sk_fs_exists(target) && sk_fs_exists(old))
        (void)sk_fs_rename(old, target, NULL);
    free(fresh);
    free(old);
}

static void finish_dead(const struct sk_stage *s, const char *dir)
{
    struct intent i;
    if (intent_read(dir, &i)) {
        char *target = sk_fs_path(s->modules, i.name);
        if (i.wanted != NULL) {
            fill_gap(dir, target);
            if (has_version(target, i.version))
                (void)sk_dependencies_set(s->config_dir, i.name, i.wanted, NULL);
        } else if (!sk_fs_exists(target)) {
            (void)sk_dependencies_set(s->config_dir, i.name, NULL, NULL);
        }
        remove_empty_scope(s->modules, i.name);
        free(target);
    }
    yyjson_doc_free(i.doc);
    (void)sk_tree_remove(dir, NULL);
}

static void sweep(const struct sk_stage *s)
{
    DIR *d = opendir(s->modules);
    struct dirent *e;
    if (d == NULL)
        return;
    while ((e = readdir(d)) != NULL) {
        if (strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        char *dir = sk_fs_path(s->modules, e->d_name);
        finish_dead(s, dir);
        free(dir);
    }
    closedir(d);
}

/* ---- opening and closing -----------------------------------------------------------------------------------------------------
 */

/* 1: ours; 0: somebody else's, or the folder was replaced meanwhile. */
static int try_lock(struct sk_stage *s, struct sk_errmsg *em)
{
    struct stat mine, there;
    int r = sk_fs_mkdirs(s->modules, 0755, em);
    if (r < 0)
        return r;
    s->lock = open(s->modules, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock < 0)
        return errno == ENOENT ? 0 : sk_errmsg_errno(em, errno, "cannot open %s", s->modules);
    if (flock(s->lock, LOCK_EX | LOCK_NB) == 0 && fstat(s->lock, &mine) == 0 && stat(s->modules, &there) == 0 &&
        mine.st_ino == there.st_ino && mine.st_dev == there.st_dev)
        return 1;
    close(s->lock);
    s->lock = -1;
    return 0;
}

static int lock(struct sk_stage *s, bool (*cancelled)(void *arg), void *arg, struct sk_errmsg *em)
{
    uint64_t deadline = sk_clock_mono_ms() + WAIT_MS;
    for (;;) {
        int r = try_lock(s, em);
        if (r != 0)
            return r < 0 ? r : 0;
        if (cancelled != NULL && cancelled(arg))
            return sk_errmsg_set(em, SK_ERR_CLOSED, "given up");
        if (sk_clock_mono_ms() >= deadline)
            return sk_errmsg_set(em, SK_ERR_BUSY, "another installation into %s goes on", s->modules);
        nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
    }
}

int sk_stage_open(const char *config_dir, bool (*cancelled)(void *arg), void *arg, struct sk_stage *ret, struct sk_errmsg *em)
{
    struct sk_stage s = { .config_dir = sk_xstrdup(config_dir), .modules = sk_fs_path(config_dir, "node_modules"), .lock = -1 };
    int r = lock(&s, cancelled, arg, em);
    if (r == 0) {
        sweep(&s);
        r = sk_dependencies_check(config_dir, em);
    }
    if (r < 0) {
        sk_stage_close(&s);
        return r;
    }
    *ret = s;
    return 0;
}

int sk_stage_begin(struct sk_stage *s, struct sk_errmsg *em)
{
    char *dir = sk_fs_path(s->modules, PREFIX "XXXXXX");
    if (mkdtemp(dir) == NULL) {
        int r = sk_errmsg_errno(em, errno, "cannot make a folder in %s", s->modules);
        free(dir);
        return r;
    }
    s->dir = dir;
    SK_CLEANUP(sk_freep) char *fresh = sk_fs_path(dir, "new");
    return mkdir(fresh, 0755) == 0 ? 0 : sk_errmsg_errno(em, errno, "cannot make %s", fresh);
}

void sk_stage_close(struct sk_stage *s)
{
    if (s->dir != NULL)
        (void)sk_tree_remove(s->dir, NULL);
    if (s->lock >= 0) {
        rmdir(s->modules); /* only when it is empty: an installation that failed leaves nothing */
        close(s->lock);
    }
    free(s->dir);
    free(s->modules);
    free(s->config_dir);
    *s = (struct sk_stage){ .lock = -1 };
}

/* ---- changing ----------------------------------------------------------------------------------------------------------------
 */

static int make_scope(const struct sk_stage *s, const char *target, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *copy = sk_xstrdup(target);
    const char *parent = dirname(copy);
    return strcmp(parent, s->modules) == 0 ? 0 : sk_fs_mkdirs(parent, 0755, em);
}

/* Two renames, for file systems that cannot exchange. */
static int swap_slowly(const char *fresh, const char *target, const char *old, struct sk_errmsg *em)
{
    if (rename(target, old) < 0)
        return sk_errmsg_errno(em, errno, "cannot move %s away", target);
    if (rename(fresh, target) == 0)
        return 0;
    int why = errno;
    (void)rename(old, target);
    return sk_errmsg_errno(em, why, "cannot put the new package at %s", target);
}

static int put_in_place(const struct sk_stage *s, const char *target, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *fresh = sk_fs_path(s->dir, "new");
    SK_CLEANUP(sk_freep) char *old = sk_fs_path(s->dir, "old");
    int r = 0;
    if (!sk_fs_exists(target)) {
        if (rename(fresh, target) < 0)
            r = sk_errmsg_errno(em, errno, "cannot put the package at %s", target);
    } else if (renameat2(AT_FDCWD, fresh, AT_FDCWD, target, RENAME_EXCHANGE) < 0) {
        r = swap_slowly(fresh, target, old, em);
    }
    return r < 0 ? r : sk_fs_sync_folder_of(target, em);
}

int sk_stage_commit(struct sk_stage *s, const char *name, const char *version, const char *wanted, struct sk_errmsg *em)
{
    SK_ASSERT(sk_npm_name_ok(sk_span_of(name)));
    SK_CLEANUP(sk_freep) char *target = sk_fs_path(s->modules, name);
    int r = sk_tree_sync(s->dir, em);
    if (r == 0)
        r = intent_write(s, name, version, wanted, em);
    if (r == 0)
        r = make_scope(s, target, em);
    if (r == 0)
        r = put_in_place(s, target, em);
    if (r < 0) {
        remove_empty_scope(s->modules, name);
        return r;
    }
    return sk_dependencies_set(s->config_dir, name, wanted, em);
}

int sk_stage_remove(struct sk_stage *s, const char *name, struct sk_errmsg *em)
{
    SK_ASSERT(sk_npm_name_ok(sk_span_of(name)));
    SK_CLEANUP(sk_freep) char *target = sk_fs_path(s->modules, name);
    if (!sk_fs_exists(target))
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s is not installed in %s", name, s->modules);
    int r = sk_stage_begin(s, em);
    if (r == 0)
        r = intent_write(s, name, NULL, NULL, em);
    if (r < 0)
        return r;
    SK_CLEANUP(sk_freep) char *gone = sk_fs_path(s->dir, "gone");
    if (rename(target, gone) < 0)
        return sk_errmsg_errno(em, errno, "cannot move %s away", target);
    r = sk_fs_sync_folder_of(target, em);
    remove_empty_scope(s->modules, name);
    return r < 0 ? r : sk_dependencies_set(s->config_dir, name, NULL, em);
}
