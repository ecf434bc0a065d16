#include "solo/solo.h"

#include "base/clock.h"
#include "base/json.h"
#include "plugin/data.h"
#include "solo/solo_impl.h"
#include "store/fs.h"
#include "store/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SELF_ID "urn:mrn:signalk:uuid:705f5f1a-efaf-44aa-9cb8-a0fd6305567c"
#define SELF_CONTEXT "vessels." SELF_ID
#define START_WAIT_MS 180000u /* compiling is a part of it */
#define STOP_WAIT_MS 15000u

/* ---- its folder -------------------------------------------------------------------------------------------------------------
 */

static int write_config(struct sk_solo *s, struct sk_span config, struct sk_errmsg *em)
{
    struct sk_buf text;
    SK_CLEANUP(sk_freep) char *file = sk_plugin_data_file(s->folder, s->id), *dir = sk_xstrdup(file);
    *strrchr(dir, '/') = '\0';
    sk_buf_init(&text, SK_SOLO_TEXT_MAX);
    sk_buf_printf(&text, "{\"enabled\":%s,\"configuration\":", s->o.asleep ? "false" : "true");
    sk_buf_span_append(&text, config.p != NULL ? config : SK_SPAN("{}"));
    sk_buf_char(&text, '}');
    int r = sk_fs_mkdirs(dir, 0700, em);
    if (r == 0)
        r = sk_fs_write_unsynced(file, sk_buf_span(&text), 0600, em);
    sk_buf_finish(&text);
    return r;
}

/* The id, and what a server would pass over in silence. */
static int read_package(struct sk_solo *s, const char *dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, "package.json"), *text = NULL;
    struct sk_package *p = NULL;
    size_t n = 0;
    int r = sk_fs_read(file, SK_PACKAGE_JSON_MAX, &text, &n, em);
    if (r < 0)
        return r;
    r = sk_package_parse((struct sk_span){ text, n }, &p, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", file);
    if (!p->is_plugin)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "%s: keywords do not name signalk-wasm-plugin", file);
    else if (p->manifest == NULL)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "%s: there is no wasmManifest", file);
    else
        s->id = sk_xstrdup(p->id);
    sk_package_unref(p);
    return r;
}

int sk_solo_make_folder(char **ret_dir, struct sk_errmsg *em)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = sk_fs_path(tmp != NULL && tmp[0] == '/' ? tmp : "/tmp", "skiff-plugin-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        int r = sk_errmsg_errno(em, errno, "%s", folder);
        free(folder);
        return r;
    }
    *ret_dir = folder;
    return 0;
}

static int make_folder(struct sk_solo *s, const char *dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *real = realpath(dir, NULL);
    if (real == NULL)
        return sk_errmsg_errno(em, errno, "%s", dir);
    int r = sk_solo_make_folder(&s->folder, em);
    if (r < 0)
        return r;
    SK_CLEANUP(sk_freep) char *root = sk_fs_path(s->folder, "node_modules"), *link = sk_fs_path(root, "plugin");
    r = sk_fs_mkdirs(root, 0700, em);
    if (r == 0 && symlink(real, link) < 0)
        r = sk_errmsg_errno(em, errno, "%s", link);
    s->root = sk_xstrdup(root);
    return r;
}

/* ---- what it says -----------------------------------------------------------------------------------------------------------
 */

static bool is_of(const yyjson_val *delta, const char *source)
{
    size_t i, n;
    yyjson_val *update;
    yyjson_arr_foreach(sk_json_get(delta, "updates"), i, n, update)
        if (sk_span_eq(sk_json_str(sk_json_get(update, "$source")), source))
            return true;
    return false;
}

/* The own vessel gets the name that everybody writes. */
static void tell_delta(struct sk_solo *s, yyjson_doc *doc)
{
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(copy), *context = yyjson_mut_obj_get(root, "context");
    struct sk_buf text;
    if (yyjson_mut_equals_str(context, SELF_CONTEXT))
        yyjson_mut_set_str(context, SK_SOLO_CONTEXT);
    sk_buf_init(&text, SK_SOLO_TEXT_MAX);
    sk_json_write_mut(&text, root);
    s->o.ops->delta(s->o.arg, sk_buf_span(&text));
    sk_buf_finish(&text);
    yyjson_mut_doc_free(copy);
}

static void on_delta(struct sk_hub_tap *tap, struct sk_frame *frame, bool self)
{
    struct sk_solo *s = SK_CONTAINER(tap, struct sk_solo, tap);
    yyjson_doc *doc = NULL;
    s->rounds_deltas++;
    if (s->o.ops->delta == NULL || sk_json_read(sk_frame_text(frame), &doc, NULL) < 0)
        return;
    if (is_of(yyjson_doc_get_root(doc), sk_plugin_package(sk_solo_plugin(s))->name))
        tell_delta(s, doc);
    yyjson_doc_free(doc);
}

static void on_log(void *arg, const struct sk_package *package, struct sk_span line)
{
    struct sk_solo *s = arg;
    if (s->o.ops->log != NULL)
        s->o.ops->log(s->o.arg, line);
}

static void on_status(void *arg)
{
    struct sk_solo *s = arg;
    struct sk_plugin *p = s->host != NULL ? sk_solo_plugin(s) : NULL;
    if (p == NULL || s->o.ops->status == NULL)
        return;
    const char *id = sk_plugin_package(p)->name, *text = sk_status_text(sk_hub_status(s->hub), id);
    if (strcmp(text, s->status) == 0)
        return;
    snprintf(s->status, sizeof s->status, "%s", text);
    s->o.ops->status(s->o.arg, text, sk_status_is_error(sk_hub_status(s->hub), id));
}

/* A new version that does not load changes nothing but the message: the old one runs on. */
static void tell_reload_error(struct sk_solo *s, struct sk_plugin *p)
{
    const char *message = p != NULL ? sk_plugin_message(p) : "";
    bool own = p == NULL || strcmp(message, sk_status_text(sk_hub_status(s->hub), sk_plugin_package(p)->name)) == 0;
    if (!own && strcmp(message, s->reload_error) != 0 && s->o.ops->status != NULL)
        s->o.ops->status(s->o.arg, message, true);
    snprintf(s->reload_error, sizeof s->reload_error, "%s", own ? "" : message);
}

static void on_changed(void *arg)
{
    struct sk_solo *s = arg;
    struct sk_plugin *p = s->host != NULL ? sk_solo_plugin(s) : NULL;
    const char *state = p != NULL ? sk_plugin_state(p) : s->state;
    uint64_t reloads = p != NULL ? sk_figures_get(sk_plugin_figures(p), SK_COUNT_RELOADS) : s->reloads;
    if (s->o.ops->state == NULL)
        return;
    if (reloads != s->reloads)
        s->o.ops->state(s->o.arg, "reloaded");
    if (strcmp(state, s->state) != 0)
        s->o.ops->state(s->o.arg, state);
    s->reloads = reloads;
    s->state = state;
    tell_reload_error(s, p);
}

/* ---- life -------------------------------------------------------------------------------------------------------------------
 */

static int make_host(struct sk_solo *s, struct sk_errmsg *em)
{
    const char *const roots[] = { s->root };
    struct sk_buf limits;
    SK_CLEANUP(sk_freep) char *cache = sk_host_default_cache_dir();
    sk_buf_init(&limits, SK_SOLO_TEXT_MAX);
    if (s->o.limits != NULL)
        sk_json_write(&limits, s->o.limits);
    struct sk_host_options o = {
        .loop = s->loop,
        .hub = s->hub,
        .puts = s->puts,
        .providers = s->providers,
        .streams = s->streams,
        .config_dir = s->folder,
        .cache_dir = cache,
        .roots = roots,
        .root_count = 1,
        .watch = s->o.watch,
        .limits_json = sk_buf_span(&limits),
        .changed = on_changed,
        .changed_arg = s,
        .time = s->o.time,
        .web = s->o.web,
        .logged = on_log,
        .logged_arg = s,
    };
    int r = sk_host_create(&o, &s->host, em);
    sk_buf_finish(&limits);
    if (r < 0)
        return r;
    sk_host_scan(s->host);
    if (sk_solo_plugin(s) == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s: no plugin is found here; skiff plugin check says why", s->o.dir);
    return 0;
}

int sk_solo_create(const struct sk_solo_options *o, struct sk_solo **ret_solo, struct sk_errmsg *em)
{
    static const struct sk_solo_ops silent;
    struct sk_host_limits limits = sk_host_default_limits;
    if (o->limits != NULL && sk_allowance_apply(&limits, o->limits, em) < 0)
        return em->code;
    struct sk_solo *s = sk_xcalloc(1, sizeof *s);
    s->o = *o;
    s->state = "";
    if (s->o.ops == NULL)
        s->o.ops = &silent;
    s->loop = sk_loop_create();
    s->model = sk_model_create(SELF_ID);
    s->hub = sk_hub_create(s->loop, s->model);
    sk_hub_set_time(s->hub, o->time);
    s->puts = sk_puts_create(s->loop);
    s->providers = sk_providers_create();
    s->streams = sk_bstreams_create();
    s->tap.deliver = on_delta;
    sk_hub_add_tap(s->hub, &s->tap);
    sk_status_on_change(sk_hub_status(s->hub), on_status, s);
    int r = read_package(s, o->dir, em);
    if (r == 0)
        r = make_folder(s, o->dir, em);
    if (r == 0)
        r = write_config(s, o->config, em);
    if (r == 0)
        r = make_host(s, em);
    if (r < 0) {
        sk_solo_destroy(s);
        return r;
    }
    *ret_solo = s;
    return 0;
}

struct sk_plugin *sk_solo_plugin(struct sk_solo *s)
{
    return sk_host_find(s->host, sk_span_of(s->id));
}

struct sk_loop *sk_solo_loop(struct sk_solo *s)
{
    return s->loop;
}

struct sk_hub *sk_solo_hub(struct sk_solo *s)
{
    return s->hub;
}

const char *sk_solo_folder(const struct sk_solo *s)
{
    return s->folder;
}

static bool is_settled(void *arg)
{
    return sk_host_settled(((struct sk_solo *)arg)->host);
}

int sk_solo_start(struct sk_solo *s, struct sk_errmsg *em)
{
    s->began_ms = sk_simtime_mono_ms(s->o.time);
    sk_host_start(s->host);
    if (!sk_loop_run_until(s->loop, is_settled, s, sk_clock_mono_ms() + START_WAIT_MS))
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "the plugin does not start");
    return sk_solo_alive(s, em);
}

int sk_solo_read_schema(struct sk_solo *s, struct sk_buf *out, struct sk_errmsg *em)
{
    struct sk_buf entry;
    yyjson_doc *doc = NULL;
    SK_ASSERT(s->o.asleep);
    sk_host_start(s->host);
    if (!sk_loop_run_until(s->loop, is_settled, s, sk_clock_mono_ms() + START_WAIT_MS))
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "the plugin does not load");
    struct sk_plugin *p = sk_solo_plugin(s);
    if (strcmp(sk_plugin_state(p), "error") == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s", sk_plugin_message(p));
    sk_buf_init(&entry, SK_SOLO_TEXT_MAX);
    sk_plugin_write_entry(p, &entry);
    int r = sk_json_read(sk_buf_span(&entry), &doc, em);
    if (r == 0)
        sk_json_write(out, sk_json_get(yyjson_doc_get_root(doc), "schema"));
    yyjson_doc_free(doc);
    sk_buf_finish(&entry);
    return r;
}

static void on_stopped(void *arg)
{
    ((struct sk_solo *)arg)->stopped = true;
}

static bool has_stopped(void *arg)
{
    return ((struct sk_solo *)arg)->stopped;
}

bool sk_solo_stop(struct sk_solo *s)
{
    if (!s->stopping)
        sk_host_stop_all(s->host, on_stopped, s);
    s->stopping = true;
    return sk_loop_run_until(s->loop, has_stopped, s, sk_clock_mono_ms() + STOP_WAIT_MS);
}

void sk_solo_destroy(struct sk_solo *s)
{
    if (s == NULL)
        return;
    if (s->host != NULL)
        sk_solo_stop(s);
    sk_host_destroy(s->host);
    s->host = NULL;
    sk_hub_remove_tap(s->hub, &s->tap);
    sk_bstreams_destroy(s->streams);
    sk_providers_destroy(s->providers);
    sk_puts_destroy(s->puts);
    sk_hub_destroy(s->hub);
    sk_model_destroy(s->model);
    sk_loop_destroy(s->loop);
    if (s->folder != NULL)
        (void)sk_tree_remove(s->folder, NULL);
    free(s->folder);
    free(s->root);
    free(s->id);
    free(s);
}
