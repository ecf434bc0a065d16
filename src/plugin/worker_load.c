#include "plugin/worker.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/compile.h"
#include "plugin/gate.h"
#include "plugin/worker_impl.h"
#include "sandbox/sandbox.h"
#include "store/fs.h"

#include <stdlib.h>
#include <sys/stat.h>

#define NS "signalk:wasm:runtime"

/* A plugin may rename its folders and leave a file or a link in their place; that must not keep it from starting again. */
static void clear_the_way(const char *dir)
{
    struct stat st;
    struct sk_errmsg em;
    if (lstat(dir, &st) < 0 || S_ISDIR(st.st_mode))
        return;
    if (sk_fs_remove(dir, &em) == 0)
        sk_log_warn("%s was no folder; the plugin gets a new one", dir);
    else
        sk_log_warn("%s", em.text);
}

static int make_folders(const char *data_dir, char **ret_vfs, struct sk_errmsg *em)
{
    static const char *const parts[] = { "data", "config", "tmp" };
    char *vfs = sk_fs_path(data_dir, "vfs");
    int r = 0;
    for (size_t i = 0; i < SK_COUNT(parts) && r == 0; i++) {
        char *dir = sk_fs_path(vfs, parts[i]);
        clear_the_way(dir);
        r = sk_fs_mkdirs(dir, 0755, em);
        free(dir);
    }
    if (r < 0)
        free(vfs);
    else
        *ret_vfs = vfs;
    return r;
}

/* The module is there: from here on the thread starts no program, and no code of the plugin's has run yet. Threads that the
   engine starts for files come later, so they are confined as well. */
static void confine(const struct sk_worker *w)
{
    struct sk_errmsg em;
    SK_CLEANUP(sk_freep) char *folder = sk_xstrdup(w->data_dir);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    if (sk_sandbox_state().on && sk_fs_mkdirs(folder, 0755, &em) < 0)
        sk_log_debug(NS, "%s", em.text);
    sk_sandbox_enter_plugin(sk_package_can(w->o.package, SK_CAP_NETWORK) || sk_package_can(w->o.package, SK_CAP_RAW_SOCKETS),
                            folder);
}

static int open_guest(struct sk_worker *w, struct sk_errmsg *em)
{
    const struct sk_host_limits *l = &w->limits;
    struct sk_compile_options co = {
        .engine = w->o.engine,
        .cache_dir = w->cache_dir,
        .module_max = l->module_max,
        .ms = l->compile_ms,
        .in_process = w->o.compile_in_process,
        .cancel = &w->cancel,
    };
    if (!w->o.package->manifest_usable)
        return sk_errmsg_set(em, SK_ERR_INVALID, "\"wasmManifest\" of its package.json is no path within the package");
    wasmtime_module_t *module = NULL;
    char *file = sk_fs_path(w->o.package->dir, w->o.package->manifest), *vfs = NULL;
    int r = sk_module_load(&co, file, &module, em);
    if (r == 0 && !w->o.package->no_storage)
        r = make_folders(w->data_dir, &vfs, em);
    const wasmtime_module_t *gate = NULL;
    if (r == 0 && vfs != NULL && sk_gate_needed(module)) {
        sk_quota_init(&w->quota, vfs, l->files_bytes, l->files_count, (unsigned)l->files_open);
        sk_quota_measure(&w->quota);
        r = sk_gate_module(&co, &gate, em);
    }
    if (r == 0) {
        confine(w);
        struct sk_guest_options go = {
            .engine = w->o.engine,
            .module = module,
            .package = w->o.package,
            .vfs = vfs,
            .memory_max = l->memory_max,
            .table_max = l->table_max,
            .sockets = w->sockets,
            .fetcher = w->fetcher,
            .gate = gate,
            .quota = &w->quota,
            .ops = &sk_worker_ops,
            .owner = w,
            .cut_at = &w->cut_at,
            .time = w->o.time,
        };
        sk_worker_begin_call(w, (unsigned)l->start_ms);
        r = sk_guest_create(&go, (unsigned)l->start_ms, &w->guest, em);
        sk_worker_end_call(w);
    }
    if (module != NULL)
        wasmtime_module_delete(module); /* the store keeps what it needs */
    free(vfs);
    free(file);
    return r;
}

static int read_text(struct sk_worker *w, const char *name, struct sk_buf *out, struct sk_errmsg *em)
{
    sk_buf_init(out, (size_t)1024 * 1024);
    uint64_t began = sk_clock_mono_ns();
    sk_worker_begin_call(w, (unsigned)w->limits.call_ms);
    int r = sk_guest_text(w->guest, name, (unsigned)w->limits.call_ms, out, em);
    sk_worker_end_call(w);
    if (r != SK_ERR_NOTFOUND)
        sk_worker_count_call(w, name, began);
    if (r == 0 && !sk_buf_ok(out))
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "%s: text too long", name);
    return r == SK_ERR_NOTFOUND ? 0 : r;
}

/* The schema as a compact object; the listing's readers take it for granted. */
static int tidy_schema(struct sk_buf *schema, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = schema->n == 0 ? 0 : sk_json_read(sk_buf_span(schema), &doc, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "plugin_schema is not valid JSON");
    sk_buf_clear(schema);
    if (yyjson_is_obj(yyjson_doc_get_root(doc)))
        sk_json_write(schema, yyjson_doc_get_root(doc));
    else
        SK_BUF_LIT(schema, "{}");
    yyjson_doc_free(doc);
    return sk_buf_ok(schema) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "plugin_schema is nested too deeply");
}

int sk_worker_load(struct sk_worker *w, struct sk_errmsg *em)
{
    struct sk_buf name = { 0 }, schema = { 0 }, endpoints = { 0 };
    int r = open_guest(w, em);
    if (r == 0)
        r = read_text(w, "plugin_name", &name, em);
    if (r == 0)
        r = read_text(w, "plugin_schema", &schema, em);
    if (r == 0)
        r = tidy_schema(&schema, em);
    bool has_endpoints = r == 0 && w->o.start && sk_guest_has_export(w->guest, "http_endpoints");
    if (has_endpoints)
        r = read_text(w, "http_endpoints", &endpoints, em);
    if (r == 0) {
        struct sk_span shown = name.n > 0 ? sk_buf_span(&name) : sk_span_of(w->o.package->name);
        struct sk_span ends = has_endpoints
                                  ? (struct sk_span){ endpoints.n > 0 ? endpoints.p : "[]", endpoints.n > 0 ? endpoints.n : 2 }
                                  : (struct sk_span){ NULL, 0 };
        sk_worker_note(w, sk_note_create(SK_NOTE_LOADED, shown, sk_buf_span(&schema), ends, NULL), true);
    }
    sk_buf_finish(&name);
    sk_buf_finish(&schema);
    sk_buf_finish(&endpoints);
    return r;
}
