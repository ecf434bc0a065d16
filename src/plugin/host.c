#include "plugin/host.h"

#include "base/json.h"
#include "base/log.h"
#include "net/poller.h"
#include "plugin/data.h"
#include "plugin/plugin.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

#define NS "signalk:wasm:loader"
#define SAFE_MODE_STATUS "safe-mode"

/* ---- folders ---- */

static void add_root(char **roots, size_t *n, const char *dir, const char *below)
{
    if (dir == NULL || *dir == 0)
        return;
    char *path = below != NULL ? sk_fs_path(dir, below) : sk_xstrdup(dir);
    for (size_t i = 0; i < *n; i++)
        if (strcmp(roots[i], path) == 0) {
            free(path);
            return;
        }
    roots[(*n)++] = path;
}

char **sk_host_default_roots(const char *config_dir, const char *app_dir, const char *const *extra, size_t extra_count)
{
    char **roots = sk_xcalloc(extra_count + 6, sizeof *roots);
    size_t n = 0;
    add_root(roots, &n, config_dir, "node_modules");
    add_root(roots, &n, app_dir, "node_modules");
    add_root(roots, &n, getenv("NPM_CONFIG_PREFIX"), "lib/node_modules");
    add_root(roots, &n, "/usr/local/lib/node_modules", NULL);
    add_root(roots, &n, "/usr/lib/node_modules", NULL);
    for (size_t i = 0; i < extra_count; i++)
        add_root(roots, &n, extra[i], NULL);
    return roots;
}

void sk_host_free_roots(char **roots)
{
    for (size_t i = 0; roots != NULL && roots[i] != NULL; i++)
        free(roots[i]);
    free(roots);
}

char *sk_host_default_cache_dir(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg != NULL && xdg[0] == '/')
        return sk_fs_path(xdg, "skiff");
    return home != NULL && home[0] == '/' ? sk_fs_path(home, ".cache/skiff") : NULL;
}

/* ---- life ---- */

static void run_wakes(struct sk_loop_hook *hook)
{
    struct sk_host *h = SK_CONTAINER(hook, struct sk_host, wake_hook);
    while (h->to_wake != NULL) {
        struct sk_plugin *p = h->to_wake;
        h->to_wake = p->wake_next;
        p->wake_queued = false;
        if (p->worker != NULL)
            sk_worker_wake(p->worker);
    }
}

void sk_host_wake_later(struct sk_host *h, struct sk_plugin *p)
{
    p->wake_queued = true;
    p->wake_next = h->to_wake;
    h->to_wake = p;
    sk_loop_at_turn_end(h->o.loop, &h->wake_hook);
}

static bool is_over(const struct sk_plugin *p)
{
    return p->removing && p->worker == NULL && p->trial == NULL && p->lost == NULL && p->saving == NULL && !p->wake_queued;
}

/* Records whose package is gone, once nothing of theirs is under way any more. */
static void collect(struct sk_loop_hook *hook)
{
    struct sk_host *h = SK_CONTAINER(hook, struct sk_host, collect_hook);
    size_t kept = 0;
    for (size_t i = 0; i < h->plugin_count; i++)
        if (is_over(h->plugins[i]))
            sk_plugin_destroy(h->plugins[i]);
        else
            h->plugins[kept++] = h->plugins[i];
    h->plugin_count = kept;
}

void sk_host_collect_later(struct sk_host *h)
{
    sk_loop_at_turn_end(h->o.loop, &h->collect_hook);
}

void sk_host_changed(struct sk_host *h)
{
    if (h->o.changed != NULL && !h->closing)
        h->o.changed(h->o.changed_arg);
}

static void read_hosts(struct sk_host *h, struct sk_span json)
{
    if (json.p != NULL)
        sk_json_read(json, &h->hosts_doc, NULL);
    h->hosts_broken = h->hosts_doc != NULL && !yyjson_is_obj(yyjson_doc_get_root(h->hosts_doc));
}

/* General mistakes are told once, here; those of one plugin when it is listed. */
static void read_limits(struct sk_host *h, struct sk_span json)
{
    struct sk_host_limits l = h->limits;
    struct sk_errmsg em = { 0 };
    if (json.p != NULL && sk_json_read(json, &h->limits_doc, &em) == 0)
        sk_allowance_apply(&l, yyjson_doc_get_root(h->limits_doc), &em);
    if (em.code != 0)
        sk_log_warn("settings: %s", em.text);
    h->limits = l;
}

int sk_host_create(const struct sk_host_options *o, struct sk_host **ret_host, struct sk_errmsg *em)
{
    if (o->loop == NULL || o->hub == NULL || o->puts == NULL || o->config_dir == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "plugin host: an option is missing");
    struct sk_host *h = sk_xcalloc(1, sizeof *h);
    h->o = *o;
    h->limits = o->limits != NULL ? *o->limits : sk_host_default_limits;
    read_limits(h, o->limits_json);
    read_hosts(h, o->hosts_json);
    h->config_dir = sk_xstrdup(o->config_dir);
    h->cache_dir = o->cache_dir != NULL ? sk_xstrdup(o->cache_dir) : NULL;
    if (o->safe_mode != NULL) {
        h->safe_mode = sk_xstrdup(o->safe_mode);
        sk_status_error(sk_hub_status(o->hub), SK_STATUS_PLUGIN, SAFE_MODE_STATUS, sk_span_of(o->safe_mode));
    }
    h->bundled_root = o->bundled_root != NULL ? sk_xstrdup(o->bundled_root) : NULL;
    h->roots = sk_xcalloc(o->root_count + 1, sizeof *h->roots);
    for (size_t i = 0; i < o->root_count; i++)
        h->roots[i] = sk_xstrdup(o->roots[i]);
    h->engine = sk_engine_create(h->limits.grace_ms);
    h->poller = sk_poller_create();
    h->wake_hook.run = run_wakes;
    h->collect_hook.run = collect;
    *ret_host = h;
    return 0;
}

/* ---- scanning ---- */

static struct sk_span read_config(const char *config_dir, const char *id)
{
    struct sk_errmsg em = { 0 };
    char *text = NULL, *file = sk_plugin_data_file(config_dir, id);
    size_t n = 0;
    int r = sk_kept_read(file, SK_PLUGIN_CONFIG_MAX, &text, &n, &em);
    if (r < 0 && r != SK_ERR_NOTFOUND)
        sk_log_warn("%s", em.text);
    free(file);
    return (struct sk_span){ r == 0 ? text : NULL, n };
}

void sk_host_look(struct sk_scan *s)
{
    size_t n = 0;
    while (s->host->roots[n] != NULL)
        n++;
    sk_discover((const char *const *)(uintptr_t)s->host->roots, n, s->host->bundled_root, &s->found);
    s->config_count = s->found.count;
    s->configs = sk_xcalloc(s->found.count + 1, sizeof *s->configs);
    for (size_t i = 0; i < s->found.count; i++)
        if (s->found.list[i]->is_plugin && s->found.list[i]->manifest != NULL)
            s->configs[i] = read_config(s->host->config_dir, s->found.list[i]->id);
}

void sk_host_scan_finish(struct sk_scan *s)
{
    for (size_t i = 0; i < s->config_count; i++)
        free((void *)(uintptr_t)s->configs[i].p);
    free(s->configs);
    sk_packages_finish(&s->found);
}

/* "a,b": as the environment variables of the Node server are written. */
static bool in_list(const char *list, const char *id)
{
    size_t n = strlen(id);
    for (const char *at = list; at != NULL && *at != 0; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, id, n) == 0 && (at[n] == 0 || at[n] == ','))
            return true;
    return false;
}

static void honour_environment(struct sk_plugin *p)
{
    const char *off = getenv("DISABLEPLUGINS");
    if (off != NULL && *off != 0 && strcmp(off, "false") != 0)
        p->config.enabled = false;
    else if (p->config.data == NULL && in_list(getenv("DEFAULTENABLEDPLUGINS"), p->package->id))
        p->config.enabled = true;
}

struct sk_plugin *sk_host_add(struct sk_host *h, struct sk_package *package, struct sk_span config)
{
    if (h->plugin_count == h->plugin_cap) {
        h->plugin_cap = h->plugin_cap == 0 ? 16 : 2 * h->plugin_cap;
        h->plugins = sk_xrealloc(h->plugins, h->plugin_cap * sizeof(struct sk_plugin *));
    }
    struct sk_plugin *p = sk_plugin_create(h, package, config);
    honour_environment(p);
    h->plugins[h->plugin_count++] = p;
    return p;
}

void sk_host_scan(struct sk_host *h)
{
    SK_ASSERT(!h->scanned);
    h->scanned = true;
    struct sk_scan s = { .host = h };
    sk_host_look(&s);
    for (size_t i = 0; i < s.found.count && !h->o.plugins_off; i++)
        if (s.found.list[i]->is_plugin && s.found.list[i]->manifest != NULL)
            sk_host_add(h, s.found.list[i], s.configs[i]);
    h->packages = s.found;
    s.found = (struct sk_packages){ 0 };
    sk_host_scan_finish(&s);
    if (h->o.watch) {
        struct sk_folders *folders = sk_xcalloc(1, sizeof *folders);
        sk_host_folders(h, &h->packages, folders);
        sk_host_watch(h, folders);
        sk_folders_finish(folders);
        free(folders);
    }
    sk_log_debug(NS, "%zu WASM plugins found", h->plugin_count);
}

void sk_host_start(struct sk_host *h)
{
    if (!h->scanned)
        sk_host_scan(h);
    for (size_t i = 0; i < h->plugin_count; i++)
        sk_plugin_boot(h->plugins[i]);
    sk_host_changed(h);
}

const char *sk_host_safe_mode(const struct sk_host *h)
{
    return h->safe_mode;
}

void sk_host_leave_safe_mode(struct sk_host *h)
{
    if (h->safe_mode == NULL || h->closing)
        return;
    free(h->safe_mode);
    h->safe_mode = NULL;
    sk_status_remove(sk_hub_status(h->o.hub), SAFE_MODE_STATUS);
    sk_host_start(h);
}

bool sk_host_settled(const struct sk_host *h)
{
    if (!h->scanned)
        return false;
    for (size_t i = 0; i < h->plugin_count; i++)
        if (!h->plugins[i]->settled)
            return false;
    return true;
}

/* ---- shutdown ---- */

static void tell_stopped(struct sk_loop_task *task)
{
    struct sk_host *h = SK_CONTAINER(task, struct sk_host, stopped_task);
    if (h->stopped != NULL)
        h->stopped(h->stopped_arg);
}

void sk_host_check_stopped(struct sk_host *h)
{
    if (!h->closing || h->closed_told || h->works > 0)
        return;
    for (size_t i = 0; i < h->plugin_count; i++)
        if (h->plugins[i]->worker != NULL || h->plugins[i]->trial != NULL)
            return;
    h->closed_told = true;
    h->stopped_task.run = tell_stopped;
    sk_loop_post(h->o.loop, &h->stopped_task); /* a later turn: callers are not called back from within their call */
}

void sk_host_stop_all(struct sk_host *h, void (*done)(void *arg), void *arg)
{
    SK_ASSERT(!h->closing);
    h->closing = true;
    h->stopped = done;
    h->stopped_arg = arg;
    for (size_t i = 0; i < h->plugin_count; i++)
        sk_plugin_shut(h->plugins[i]);
    sk_host_check_stopped(h);
}

void sk_host_destroy(struct sk_host *h)
{
    if (h == NULL)
        return;
    bool lost = false;
    h->closing = true;
    sk_loop_disarm(h->o.loop, &h->wake_hook);
    sk_loop_disarm(h->o.loop, &h->collect_hook);
    sk_folder_watch_destroy(h->watch);
    for (size_t i = 0; i < h->plugin_count; i++) {
        lost |= h->plugins[i]->lost != NULL;
        sk_plugin_destroy(h->plugins[i]);
    }
    free(h->plugins);
    if (lost) {
        /* threads that did not come back still use the engine, their package and the limits: all of it is left to them */
        sk_log_warn("a plugin did not come back; its memory is given up");
        return;
    }
    sk_packages_finish(&h->packages);
    sk_engine_destroy(h->engine);
    sk_poller_destroy(h->poller);
    sk_host_free_roots(h->roots);
    free(h->config_dir);
    free(h->cache_dir);
    free(h->bundled_root);
    free(h->safe_mode);
    yyjson_doc_free(h->limits_doc);
    yyjson_doc_free(h->hosts_doc);
    free(h);
}

/* ---- listing ---- */

struct sk_plugin *sk_host_find(struct sk_host *h, struct sk_span id)
{
    for (size_t i = 0; i < h->plugin_count; i++)
        if (!h->plugins[i]->removing && sk_span_eq(id, h->plugins[i]->package->id))
            return h->plugins[i];
    return NULL;
}

static struct sk_plugin *find_package(struct sk_host *h, struct sk_span name)
{
    for (size_t i = 0; i < h->plugin_count; i++)
        if (!h->plugins[i]->removing && sk_span_eq(name, h->plugins[i]->package->name))
            return h->plugins[i];
    return NULL;
}

struct sk_plugin *sk_host_record_of(struct sk_host *h, const char *package_name)
{
    for (size_t i = 0; i < h->plugin_count; i++)
        if (strcmp(h->plugins[i]->package->name, package_name) == 0)
            return h->plugins[i];
    return NULL;
}

struct sk_plugin *sk_host_next(struct sk_host *h, const struct sk_plugin *before)
{
    for (size_t i = 0; i < h->plugin_count; i++)
        if (before == NULL || (i > 0 && h->plugins[i - 1] == before))
            return h->plugins[i];
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(sk_plugin_name(*(struct sk_plugin *const *)a), sk_plugin_name(*(struct sk_plugin *const *)b));
}

static void write_sorted(struct sk_host *h, void (*write)(const struct sk_plugin *p, struct sk_buf *out), struct sk_buf *out)
{
    struct sk_plugin **sorted = sk_xcalloc(h->plugin_count + 1, sizeof(struct sk_plugin *));
    size_t n = 0;
    for (size_t i = 0; i < h->plugin_count; i++)
        if (!h->plugins[i]->removing)
            sorted[n++] = h->plugins[i];
    qsort(sorted, n, sizeof(struct sk_plugin *), by_name);
    sk_buf_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sk_buf_char(out, ',');
        write(sorted[i], out);
    }
    sk_buf_char(out, ']');
    free(sorted);
}

void sk_host_write_list(struct sk_host *h, struct sk_buf *out)
{
    write_sorted(h, sk_plugin_write_entry, out);
}

void sk_host_write_stats(struct sk_host *h, struct sk_buf *out)
{
    write_sorted(h, sk_plugin_write_stats, out);
}

void sk_host_each_webapp(struct sk_host *h, sk_webapp_fn fn, void *arg)
{
    for (size_t i = 0; i < h->packages.count; i++) {
        const struct sk_package *package = h->packages.list[i];
        if (!sk_package_served(package))
            continue;
        char *pub = sk_fs_path(package->dir, "public");
        struct sk_plugin *p = find_package(h, sk_span_of(package->name));
        fn(arg, package, sk_fs_is_dir(pub) ? pub : package->dir, p != NULL && !p->config.enabled);
        free(pub);
    }
}
