/* What the app store page is shown: what the registry offers, what lies in the folder, and what is going on. */
#include "api/admin/app_store_private.h"
#include "api/pool.h"
#include "api/stream/events.h"
#include "npm/semver.h"
#include "plugin/discover.h"
#include "store/fs.h"

#include <stdlib.h>

#define VIEW_MAX ((size_t)16 * 1024 * 1024)

struct view {
    struct sk_app_store *store;
    struct sk_http_req *req; /* NULL: it goes out as an event */
    /* the question, copied on the loop */
    struct sk_catalog *catalog;
    char *modules, *why; /* node_modules; why there is no catalog */
    struct going {
        char *name, *version;
        bool remove;
        enum sk_app_op_state state;
    } going[SK_APP_OPS_MAX];
    size_t going_count;
    /* the answer */
    struct sk_packages found;
    struct sk_buf out;
};

/* ---- on the thread pool ------------------------------------------------------------------------------------------------------
 */

static void comma(struct sk_buf *b)
{
    sk_buf_append(b, ",", b->n > 0 && !sk_buf_ends(b, '['));
}

static const struct sk_package *installed(const struct view *v, struct sk_span name)
{
    for (size_t i = 0; i < v->found.count; i++)
        if (sk_span_eq(name, v->found.list[i]->name))
            return v->found.list[i];
    return NULL;
}

static void add_text(struct sk_buf *b, const char *name, const char *text)
{
    sk_buf_printf(b, ",\"%s\":", name);
    sk_json_write_str(b, sk_span_of(text));
}

/* The catalog's entry, open for more. */
static void open_entry(struct sk_buf *b, const yyjson_val *entry)
{
    comma(b);
    sk_json_write(b, entry);
    if (sk_buf_ok(b))
        b->n--; /* its brace */
}

static void write_available(struct view *v, struct sk_buf *b)
{
    size_t i, n;
    yyjson_val *entry;
    if (v->catalog == NULL)
        return;
    yyjson_arr_foreach(yyjson_doc_get_root(v->catalog->doc), i, n, entry) {
        const struct sk_package *p = installed(v, sk_json_str(sk_json_get(entry, "name")));
        open_entry(b, entry);
        if (p != NULL)
            add_text(b, "installedVersion", p->version);
        sk_buf_char(b, '}');
    }
}

static void write_installed(struct view *v, struct sk_buf *b)
{
    for (size_t i = 0; i < v->found.count; i++) {
        const struct sk_package *p = v->found.list[i];
        const yyjson_val *entry = sk_catalog_find(v->catalog, sk_span_of(p->name));
        const char *newest = sk_json_get_str(entry, "version");
        comma(b);
        SK_BUF_LIT(b, "{\"name\":");
        sk_json_write_str(b, sk_span_of(p->name));
        add_text(b, "version", newest != NULL ? newest : p->version);
        add_text(b, "installedVersion", p->version);
        sk_catalog_write_installed(b, p);
        sk_buf_char(b, '}');
    }
}

static bool is_newer(const yyjson_val *entry, const struct sk_package *p)
{
    struct sk_semver offered, have;
    return sk_semver_parse(sk_json_str(sk_json_get(entry, "version")), &offered) &&
           sk_semver_parse(sk_span_of(p->version), &have) && sk_semver_compare(&offered, &have) > 0;
}

static void write_updates(struct view *v, struct sk_buf *b)
{
    for (size_t i = 0; i < v->found.count; i++) {
        const struct sk_package *p = v->found.list[i];
        const yyjson_val *entry = sk_catalog_find(v->catalog, sk_span_of(p->name));
        if (entry == NULL || !is_newer(entry, p))
            continue;
        open_entry(b, entry);
        add_text(b, "installedVersion", p->version);
        sk_buf_char(b, '}');
    }
}

static void write_going(struct view *v, struct sk_buf *b)
{
    for (size_t i = 0; i < v->going_count; i++) {
        const struct going *g = &v->going[i];
        const yyjson_val *entry = sk_catalog_find(v->catalog, sk_span_of(g->name));
        if (g->state == SK_APP_DONE)
            continue;
        if (entry != NULL) {
            open_entry(b, entry);
        } else {
            comma(b);
            SK_BUF_LIT(b, "{\"name\":");
            sk_json_write_str(b, sk_span_of(g->name));
            add_text(b, "version", g->version);
        }
        add_text(b, "pendingVersion", g->version);
        bool waits = g->state == SK_APP_WAITING, runs = g->state == SK_APP_RUNNING;
        sk_buf_printf(b, ",\"isWaiting\":%s,\"isInstalling\":%s,\"isRemoving\":%s,\"isRemove\":%s,\"installFailed\":%s}",
                      waits ? "true" : "false", runs && !g->remove ? "true" : "false", runs && g->remove ? "true" : "false",
                      g->remove ? "true" : "false", g->state == SK_APP_FAILED ? "true" : "false");
    }
}

static void look(void *arg)
{
    struct view *v = arg;
    const char *const roots[] = { v->modules };
    struct sk_buf *b = &v->out;
    v->found.javascript_too = true;
    sk_discover(roots, 1, NULL, &v->found);
    SK_BUF_LIT(b, "{\"available\":[");
    write_available(v, b);
    SK_BUF_LIT(b, "],\"installed\":[");
    write_installed(v, b);
    SK_BUF_LIT(b, "],\"updates\":[");
    write_updates(v, b);
    SK_BUF_LIT(b, "],\"installing\":[");
    write_going(v, b);
    SK_BUF_LIT(b, "],\"categories\":");
    sk_catalog_write_categories(b);
    sk_buf_printf(b, ",\"storeAvailable\":%s,\"isInDocker\":false,\"canUpdateServer\":false",
                  v->catalog != NULL ? "true" : "false");
    if (v->why[0] != '\0')
        add_text(b, "storeError", v->why);
    sk_buf_char(b, '}');
}

/* ---- on the loop -------------------------------------------------------------------------------------------------------------
 */

static void free_view(struct view *v)
{
    for (size_t i = 0; i < v->going_count; i++) {
        free(v->going[i].name);
        free(v->going[i].version);
    }
    sk_packages_finish(&v->found);
    sk_buf_finish(&v->out);
    sk_catalog_unref(v->catalog);
    free(v->modules);
    free(v->why);
    free(v);
}

static void looked(void *arg)
{
    struct view *v = arg;
    struct sk_app_store *s = v->store;
    bool again = v->req == NULL && s->tell_again && !s->stopping;
    if (v->req == NULL)
        s->telling = s->tell_again = false;
    if (v->req != NULL)
        sk_http_reply_buf(v->req, 200, SK_HTTP_JSON, &v->out);
    else if (sk_buf_ok(&v->out))
        sk_events_send(s->api, "APP_STORE_CHANGED", sk_buf_span(&v->out));
    free_view(v);
    if (again)
        sk_app_store_view(s, NULL);
}

void sk_app_store_view(struct sk_app_store *s, struct sk_http_req *r)
{
    if (r == NULL && s->telling) {
        s->tell_again = true;
        return;
    }
    s->telling |= r == NULL;
    struct view *v = sk_xcalloc(1, sizeof *v);
    v->store = s;
    v->req = r;
    v->catalog = sk_catalog_ref(s->catalog);
    v->modules = sk_fs_path(s->api->config_dir, "node_modules");
    v->why = sk_xstrdup(s->catalog == NULL ? s->offline : "");
    sk_buf_init(&v->out, VIEW_MAX);
    for (const struct sk_app_op *o = s->ops; o != NULL && v->going_count < SK_APP_OPS_MAX; o = o->next)
        v->going[v->going_count++] = (struct going){
            .name = sk_xstrdup(o->name), .version = sk_xstrdup(o->version), .remove = o->kind == SK_APP_REMOVE, .state = o->state
        };
    sk_pool_run(s->api, look, looked, v);
}
