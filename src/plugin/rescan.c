/* Looks again at the folders of plugins, when something in them has changed: what is new, gone, or another than before. */
#include "plugin/plugin.h"

#include "base/log.h"
#include "store/fs.h"

#include <libgen.h>
#include <stdlib.h>

#define NS "signalk:wasm:loader"
#define GONE_AGAIN_MS 400 /* npm takes a folder away for a moment */

struct rescan {
    uv_work_t work;
    struct sk_host *host;
    struct sk_scan scan;
    struct sk_folders folders;
};

static void watch_parent(struct sk_folders *f, const char *path)
{
    char *copy = sk_xstrdup(path);
    sk_folders_add(f, dirname(copy));
    free(copy);
}

static void watch_package(struct sk_folders *f, const struct sk_package *p)
{
    sk_folders_add(f, p->dir);
    if (!p->manifest_usable)
        return;
    char *module = sk_fs_path(p->dir, p->manifest), *real = realpath(module, NULL);
    watch_parent(f, module);
    if (real != NULL)
        watch_parent(f, real);
    char *json = sk_fs_path(p->dir, "package.json"), *real_json = realpath(json, NULL);
    if (real_json != NULL)
        watch_parent(f, real_json);
    free(real_json);
    free(json);
    free(real);
    free(module);
}

/* A folder of packages, the scopes in it, or where it will be made. */
static void watch_root(struct sk_folders *f, const char *root, const struct sk_packages *found)
{
    if (!sk_fs_is_dir(root)) {
        watch_parent(f, root);
        return;
    }
    sk_folders_add(f, root);
    for (size_t i = 0; i < found->scope_count; i++)
        sk_folders_add(f, found->scopes[i]);
}

void sk_host_folders(const struct sk_host *h, const struct sk_packages *found, struct sk_folders *ret_folders)
{
    for (size_t i = 0; h->roots[i] != NULL; i++)
        watch_root(ret_folders, h->roots[i], found);
    for (size_t i = 0; i < found->count; i++)
        if (found->list[i]->is_plugin && found->list[i]->manifest != NULL)
            watch_package(ret_folders, found->list[i]);
    for (size_t i = 0; i < found->unread_count; i++)
        sk_folders_add(ret_folders, found->unread[i]);
}

static void look(uv_work_t *work)
{
    struct rescan *r = work->data;
    sk_host_look(&r->scan);
    sk_host_folders(r->host, &r->scan.found, &r->folders);
}

static bool is_unread(const struct sk_packages *found, const char *dir)
{
    for (size_t i = 0; i < found->unread_count; i++)
        if (strcmp(found->unread[i], dir) == 0)
            return true;
    return false;
}

/* True: something is different now. */
static bool take_one(struct sk_host *h, struct sk_package *package, struct sk_span config)
{
    struct sk_plugin *p = sk_host_record_of(h, package->name);
    if (p != NULL) {
        p->missing = 0;
        if (p->removing) /* on its way out; it comes back afterwards */
            sk_folder_watch_poke(h->watch, GONE_AGAIN_MS);
        else
            sk_plugin_reload(p, package);
        return false;
    }
    sk_log_info("plugin %s has appeared", package->name);
    p = sk_host_add(h, package, config);
    sk_plugin_boot(p);
    return true;
}

static void miss(struct sk_host *h, struct sk_plugin *p, const struct sk_packages *found)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->list[i]->name, p->package->name) == 0 && found->list[i]->is_plugin && found->list[i]->manifest != NULL)
            return;
    if (p->removing)
        return;
    if (is_unread(found, p->package->dir) && p->missing < 10) { /* being replaced, or a slip of the author's */
        if (p->missing++ == 0)
            sk_log_warn("[%s] its package.json cannot be read; it goes on as it is", p->package->name);
        return;
    }
    if (p->missing++ == 0) {
        sk_folder_watch_poke(h->watch, GONE_AGAIN_MS);
        return;
    }
    sk_log_info("plugin %s has gone", p->package->name);
    sk_plugin_remove(p);
}

static void looked(uv_work_t *work, int status)
{
    struct rescan *r = work->data;
    struct sk_host *h = r->host;
    (void)status;
    h->works--;
    h->rescanning = false;
    if (!h->closing) {
        bool changed = false;
        if (sk_folder_watch_set(h->watch, &r->folders))
            sk_folder_watch_poke(h->watch, SK_FOLDER_QUIET_MS); /* it may have changed before it was watched */
        for (size_t i = 0; i < r->scan.found.count && !h->o.plugins_off; i++)
            if (r->scan.found.list[i]->is_plugin && r->scan.found.list[i]->manifest != NULL)
                changed |= take_one(h, r->scan.found.list[i], r->scan.configs[i]);
        for (size_t i = 0; i < h->plugin_count; i++)
            miss(h, h->plugins[i], &r->scan.found);
        sk_packages_finish(&h->packages);
        h->packages = r->scan.found;
        r->scan.found = (struct sk_packages){ 0 };
        if (changed)
            sk_host_changed(h);
        if (h->rescan_again)
            sk_folder_watch_poke(h->watch, SK_FOLDER_QUIET_MS);
        h->rescan_again = false;
    }
    sk_host_scan_finish(&r->scan);
    sk_folders_finish(&r->folders);
    free(r);
    sk_host_check_stopped(h);
}

static void on_change(void *arg)
{
    struct sk_host *h = arg;
    if (h->closing)
        return;
    if (h->rescanning) {
        h->rescan_again = true;
        return;
    }
    struct rescan *r = sk_xcalloc(1, sizeof *r);
    r->host = h;
    r->scan.host = h;
    r->work.data = r;
    h->rescanning = true;
    h->works++;
    SK_ASSERT(uv_queue_work(sk_loop_uv(h->o.loop), &r->work, look, looked) == 0);
}

void sk_host_watch(struct sk_host *h, const struct sk_folders *folders)
{
    h->watch = sk_folder_watch_create(h->o.loop, on_change, h);
    sk_folder_watch_set(h->watch, folders);
}
