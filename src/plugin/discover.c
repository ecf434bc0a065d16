#include "plugin/discover.h"

#include "base/log.h"
#include "base/map.h"
#include "store/fs.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#define NS "signalk:wasm:loader"

static bool known(const struct sk_packages *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i]->name, name) == 0)
            return true;
    return false;
}

/* Two names may make one id ("@a/b" and "_a_b"): they would share files and routes. */
static bool id_taken(const struct sk_packages *f, const struct sk_package *p)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i]->id, p->id) == 0) {
            sk_log_warn("plugin %s left out: it shares the id %s with %s", p->name, p->id, f->list[i]->name);
            return true;
        }
    return false;
}

static void keep(struct sk_packages *f, struct sk_package *p)
{
    if (f->count == SK_DISCOVER_PACKAGES_MAX) {
        sk_log_warn("package %s left out: more than %d plugins and webapps", p->name, SK_DISCOVER_PACKAGES_MAX);
        sk_package_unref(p);
        return;
    }
    if (f->count == f->cap) {
        f->cap = f->cap == 0 ? 16 : f->cap * 2;
        f->list = sk_xrealloc(f->list, f->cap * sizeof *f->list);
    }
    f->list[f->count++] = p;
}

static void mark_module(struct sk_package *p)
{
    struct stat s;
    char *file = p->manifest_usable ? sk_fs_path(p->dir, p->manifest) : NULL;
    if (file != NULL && stat(file, &s) == 0)
        p->module_mark = (struct sk_file_mark){ .dev = s.st_dev,
                                                .ino = s.st_ino,
                                                .size = s.st_size,
                                                .mtime_ns = (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec };
    free(file);
}

/* The folders are looked at again and again. Thread: any; the app store looks, too. */
static void tell_once(const char *dir, const struct sk_errmsg *em)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t told[SK_DISCOVER_UNREAD_MAX];
    static size_t count;
    uint64_t hash = sk_hash_bytes(dir, strlen(dir));
    size_t i = 0;
    pthread_mutex_lock(&lock);
    while (i < count && told[i] != hash)
        i++;
    bool is_new = i == count && count < SK_DISCOVER_UNREAD_MAX;
    if (is_new)
        told[count++] = hash;
    pthread_mutex_unlock(&lock);
    if (is_new)
        sk_log_warn("the package in %s is passed over: %s. The server reaches only folders that it found when it was started: if "
                    "this "
                    "is a new link, start the server again",
                    dir, em->text);
}

static void look_at(const char *dir, bool bundled, struct sk_packages *f)
{
    struct sk_errmsg em = { 0 };
    struct sk_package *p = NULL;
    char *file = sk_fs_path(dir, "package.json"), *text = NULL;
    size_t n = 0;
    int r = sk_fs_read(file, SK_PACKAGE_JSON_MAX, &text, &n, &em);
    if (r == 0)
        r = sk_package_parse((struct sk_span){ text, n }, &p, &em);
    if (r < 0) {
        if (r == SK_ERR_DENIED)
            tell_once(dir, &em);
        else if (r != SK_ERR_NOTFOUND)
            sk_log_debug(NS, "%s passed over: %s", file, em.text);
        if (f->unread_count < SK_DISCOVER_UNREAD_MAX)
            f->unread[f->unread_count++] = sk_xstrdup(dir);
    } else if ((!sk_package_served(p) && !(p->is_plugin && (p->manifest != NULL || f->javascript_too))) || known(f, p->name) ||
               id_taken(f, p)) {
        sk_package_unref(p);
    } else {
        p->dir = sk_xstrdup(dir);
        p->bundled = bundled;
        mark_module(p);
        keep(f, p);
    }
    free(text);
    free(file);
}

static void scan(const char *dir, bool in_scope, bool bundled, struct sk_packages *f)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return;
    struct dirent *e;
    while ((e = readdir(d)) != NULL && f->entries++ < SK_DISCOVER_ENTRIES_MAX) {
        if (e->d_name[0] == '.')
            continue;
        if (e->d_type != DT_DIR && e->d_type != DT_LNK && e->d_type != DT_UNKNOWN)
            continue;
        char *child = sk_fs_path(dir, e->d_name);
        if (e->d_name[0] == '@' && !in_scope) {
            if (f->scope_count < SK_DISCOVER_UNREAD_MAX)
                f->scopes[f->scope_count++] = sk_xstrdup(child);
            scan(child, true, bundled, f);
        } else
            look_at(child, bundled, f);
        free(child);
    }
    closedir(d);
}

/* "@signalk" sorts as a blank, so that official packages come first. */
static int compare(const void *a, const void *b)
{
    static const char official[] = "@signalk";
    const char *x = (*(struct sk_package *const *)a)->name, *y = (*(struct sk_package *const *)b)->name;
    bool ox = strncmp(x, official, sizeof official - 1) == 0, oy = strncmp(y, official, sizeof official - 1) == 0;
    if (ox != oy)
        return ox ? -1 : 1;
    return strcmp(x, y);
}

void sk_discover(const char *const *roots, size_t root_count, const char *bundled_root, struct sk_packages *ret_found)
{
    for (size_t i = 0; i < root_count; i++)
        scan(roots[i], false, bundled_root != NULL && strcmp(roots[i], bundled_root) == 0, ret_found);
    if (ret_found->entries >= SK_DISCOVER_ENTRIES_MAX)
        sk_log_warn("plugin folders hold more than %d entries; the rest is not looked at", SK_DISCOVER_ENTRIES_MAX);
    if (ret_found->count > 1)
        qsort(ret_found->list, ret_found->count, sizeof *ret_found->list, compare);
}

void sk_packages_finish(struct sk_packages *f)
{
    for (size_t i = 0; i < f->count; i++)
        sk_package_unref(f->list[i]);
    for (size_t i = 0; i < f->unread_count; i++)
        free(f->unread[i]);
    for (size_t i = 0; i < f->scope_count; i++)
        free(f->scopes[i]);
    free(f->list);
    *f = (struct sk_packages){ 0 };
}
