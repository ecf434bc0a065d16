#include "api/admin/app_store_private.h"

#include "api/body.h"
#include "api/stream/events.h"
#include "base/log.h"
#include "npm/install.h"
#include "npm/semver.h"
#include "store/fs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "/skServer/appstore/"
#define FRESH_MS (30u * 60 * 1000) /* a catalog */
#define AGAIN_MS 60000u            /* after the registry could not be asked */

/* ---- operations --------------------------------------------------------------------------------------------------------------
 */

static void free_op(struct sk_app_op *o)
{
    free(o->name);
    free(o->version);
    free(o->log);
    free(o);
}

static struct sk_app_op *new_op(enum sk_app_op_kind kind, const char *name, const char *version)
{
    struct sk_app_op *o = sk_xcalloc(1, sizeof *o);
    o->kind = kind;
    o->name = sk_xstrdup(name);
    o->version = sk_xstrdup(version);
    return o;
}

static bool ended_op(const struct sk_app_op *o)
{
    return o->state == SK_APP_FAILED || o->state == SK_APP_DONE;
}

/* What ended before about the same package counts no more; without room the oldest that ended goes. False: all are still to come.
 */
static bool make_room(struct sk_app_store *s, const char *name)
{
    size_t count = 0;
    struct sk_app_op **oldest = NULL;
    for (struct sk_app_op **at = &s->ops; *at != NULL;) {
        struct sk_app_op *o = *at;
        if (ended_op(o) && strcmp(o->name, name) == 0) {
            *at = o->next;
            free_op(o);
            continue;
        }
        if (ended_op(o) && oldest == NULL)
            oldest = at;
        count++;
        at = &o->next;
    }
    if (count < SK_APP_OPS_MAX)
        return true;
    if (oldest == NULL)
        return false;
    struct sk_app_op *gone = *oldest;
    *oldest = gone->next;
    free_op(gone);
    return true;
}

static void begin_next(struct sk_app_store *s)
{
    if (s->work != NULL || s->stopping)
        return;
    for (struct sk_app_op *o = s->ops; o != NULL; o = o->next)
        if (o->state == SK_APP_WAITING) {
            sk_app_work_start(s, o);
            return;
        }
}

static bool enqueue(struct sk_app_store *s, struct sk_app_op *o)
{
    struct sk_app_op **end = &s->ops;
    if (!make_room(s, o->name)) {
        free_op(o);
        return false;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = o;
    begin_next(s);
    sk_app_store_view(s, NULL);
    return true;
}

static void begin_refresh(struct sk_app_store *s)
{
    s->refresh_wanted = s->work != NULL;
    if (s->work != NULL || s->stopping)
        return;
    s->asked = true;
    s->asked_ms = sk_clock_mono_ms();
    sk_app_work_start(s, new_op(SK_APP_REFRESH, "", ""));
}

static void refreshed(struct sk_app_store *s, struct sk_app_work *w)
{
    const char *why = sk_buf_cstr(&w->log);
    snprintf(s->offline, sizeof s->offline, "%s", w->code < 0 && why != NULL ? why : "");
    s->offline[strcspn(s->offline, "\n")] = '\0';
    if (w->catalog != NULL) {
        sk_catalog_unref(s->catalog);
        s->catalog = w->catalog;
        w->catalog = NULL;
    }
    free_op(w->op);
}

void sk_app_store_ended(struct sk_app_store *s, struct sk_app_work *w)
{
    s->work = NULL;
    if (w->op->kind == SK_APP_REFRESH) {
        refreshed(s, w);
    } else {
        const char *log = sk_buf_cstr(&w->log);
        w->op->log = sk_xstrdup(log != NULL ? log : "");
        w->op->state = w->code < 0 ? SK_APP_FAILED : SK_APP_DONE;
        if (w->code < 0)
            sk_log_warn("app store: %.*s", (int)strcspn(w->op->log, "\n"), w->op->log);
    }
    sk_catalog_unref(w->catalog);
    sk_buf_finish(&w->log);
    free(w->registry);
    free(w);
    if (s->stopping)
        return;
    sk_app_store_view(s, NULL);
    begin_next(s);
    if (s->refresh_wanted)
        begin_refresh(s);
}

void sk_app_store_told(struct sk_app_store *s, const struct sk_app_work *w)
{
    static const char *const steps[] = { "lookUp", "download", "unpack", "save" };
    unsigned step = atomic_load(&w->step);
    struct sk_buf b;
    if (s->stopping || step >= SK_COUNT(steps))
        return;
    sk_buf_init(&b, 4096);
    SK_BUF_LIT(&b, "{\"name\":");
    sk_json_write_str(&b, sk_span_of(w->op->name));
    SK_BUF_LIT(&b, ",\"version\":");
    sk_json_write_str(&b, sk_span_of(w->op->version));
    sk_buf_printf(&b, ",\"step\":\"%s\",\"bytes\":%" PRIu64 ",\"totalBytes\":%" PRIu64 "}", steps[step],
                  (uint64_t)atomic_load(&w->bytes), (uint64_t)atomic_load(&w->total));
    if (sk_buf_ok(&b))
        sk_events_send(s->api, "APP_STORE_PROGRESS", sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* ---- requests ----------------------------------------------------------------------------------------------------------------
 */

static void reply_doing(struct sk_http_req *r, const char *doing, const char *name)
{
    char text[SK_PACKAGE_NAME_MAX + 40];
    struct sk_buf b;
    snprintf(text, sizeof text, "%s %s...", doing, name);
    sk_buf_init(&b, 4096);
    sk_json_write_str(&b, sk_span_of(text));
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ":org/:name" or ":name" of the route; NULL: it is no name, and the request is answered. */
const char *sk_app_store_name(struct sk_http_req *r)
{
    struct sk_span org = sk_http_param(r, "org"), name = sk_http_param(r, "name");
    char *text = sk_arena_alloc(sk_http_arena(r), org.n + name.n + 2);
    if (text != NULL && name.p != NULL)
        snprintf(text, org.n + name.n + 2, "%.*s%s%.*s", (int)org.n, org.p != NULL ? org.p : "", org.n > 0 ? "/" : "",
                 (int)name.n, name.p);
    if (text != NULL && name.p != NULL && sk_npm_name_ok(sk_span_of(text)))
        return text;
    sk_body_reply_error(r, 404, "no such package");
    return NULL;
}

static void get_available(struct sk_http_req *r, void *arg)
{
    struct sk_app_store *s = arg;
    uint64_t age = sk_clock_mono_ms() - s->asked_ms;
    if (!s->asked || age > (s->catalog != NULL ? FRESH_MS : AGAIN_MS))
        begin_refresh(s);
    sk_app_store_view(s, r);
}

static void post_refresh(struct sk_http_req *r, void *arg)
{
    begin_refresh(arg);
    sk_http_reply_json(r, 200, SK_SPAN("{\"ok\":true}"));
}

/* False: the request is answered. */
static bool may_install(const struct sk_app_store *s, struct sk_http_req *r, const char *name)
{
    const yyjson_val *entry = sk_catalog_find(s->catalog, sk_span_of(name));
    if (s->catalog != NULL && entry == NULL) {
        sk_body_reply_error(r, 404, "no such package");
        return false;
    }
    if (sk_json_get_bool(entry, "needsNodeServer", false)) {
        sk_body_reply_error(r, 400, "This plugin is written in JavaScript: it needs the Node server");
        return false;
    }
    return true;
}

static bool queue_install(struct sk_app_store *s, struct sk_http_req *r, const char *name, struct sk_span version)
{
    struct sk_semver v;
    bool blank = false; /* npm passes over blanks around a version; here they are nobody's honest wish */
    for (size_t i = 0; i < version.n; i++)
        blank |= (unsigned char)version.p[i] <= ' ';
    if (blank || !sk_semver_parse(version, &v)) {
        sk_body_reply_error(r, 400, "version must be valid semver");
        return false;
    }
    if (!may_install(s, r, name))
        return false;
    char *text = sk_arena_copy(sk_http_arena(r), version.p, version.n);
    if (text != NULL && enqueue(s, new_op(SK_APP_INSTALL, name, text)))
        return true;
    sk_body_reply_error(r, 503, "too much is waiting to be installed");
    return false;
}

static void post_install(struct sk_http_req *r, void *arg)
{
    const char *name = sk_app_store_name(r);
    if (name != NULL && queue_install(arg, r, name, sk_http_param(r, "version")))
        reply_doing(r, "Installing", name);
}

/* What it depends on is never installed (npm/install.h): the page gets the one name. */
static void post_install_with(struct sk_http_req *r, void *arg)
{
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    struct sk_span name = sk_json_str(sk_json_get(root, "name"));
    char *text = sk_npm_name_ok(name) ? sk_arena_copy(sk_http_arena(r), name.p, name.n) : NULL;
    if (text == NULL) {
        sk_body_reply_error(r, 400, "name must be the name of a package");
    } else if (queue_install(arg, r, text, sk_json_str(sk_json_get(root, "version")))) {
        struct sk_buf b;
        sk_buf_init(&b, 4096);
        SK_BUF_LIT(&b, "{\"queued\":[");
        sk_json_write_str(&b, name);
        SK_BUF_LIT(&b, "]}");
        sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
        sk_buf_finish(&b);
    }
    yyjson_doc_free(doc);
}

static void post_remove(struct sk_http_req *r, void *arg)
{
    struct sk_app_store *s = arg;
    const char *name = sk_app_store_name(r);
    yyjson_doc *doc = NULL;
    if (name == NULL)
        return;
    if (sk_http_body(r).n > 0 && (doc = sk_body_json(r)) == NULL)
        return;
    struct sk_app_op *o = new_op(SK_APP_REMOVE, name, "");
    o->delete_data = sk_json_truthy(sk_json_get(yyjson_doc_get_root(doc), "deleteData"));
    yyjson_doc_free(doc);
    if (enqueue(s, o))
        reply_doing(r, "Removing", name);
    else
        sk_body_reply_error(r, 503, "too much is waiting");
}

static void get_log(struct sk_http_req *r, void *arg)
{
    const struct sk_app_store *s = arg;
    const struct sk_app_op *o = s->ops;
    const char *name = sk_app_store_name(r);
    if (name == NULL)
        return;
    while (o != NULL && (strcmp(o->name, name) != 0 || o->log == NULL))
        o = o->next;
    if (o == NULL) {
        sk_body_reply_error(r, 404, "nothing was installed or removed under this name since the start");
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, 128 * 1024);
    SK_BUF_LIT(&b, "{\"name\":");
    sk_json_write_str(&b, sk_span_of(o->name));
    SK_BUF_LIT(&b, ",\"version\":");
    sk_json_write_str(&b, sk_span_of(o->version));
    sk_buf_printf(&b, ",\"isRemove\":%s,\"code\":%d,\"log\":", o->kind == SK_APP_REMOVE ? "true" : "false",
                  o->state == SK_APP_FAILED);
    sk_json_write_str(&b, sk_span_of(o->log));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ---- life
 * ---------------------------------------------------------------------------------------------------------------------- */

struct sk_app_store *sk_app_store_create(struct sk_api *api)
{
    struct sk_app_store *s = sk_xcalloc(1, sizeof *s);
    s->api = api;
    return s;
}

void sk_app_store_add_routes(struct sk_app_store *s)
{
    const struct sk_route table[] = {
        { "GET", PREFIX "available", SK_ACCESS_ADMIN, get_available, s },
        { "POST", PREFIX "refresh", SK_ACCESS_ADMIN, post_refresh, s },
        { "POST", PREFIX "install/:name/:version", SK_ACCESS_ADMIN, post_install, s },
        { "POST", PREFIX "install/:org/:name/:version", SK_ACCESS_ADMIN, post_install, s },
        { "POST", PREFIX "install-with-deps", SK_ACCESS_ADMIN, post_install_with, s },
        { "POST", PREFIX "remove/:name", SK_ACCESS_ADMIN, post_remove, s },
        { "POST", PREFIX "remove/:org/:name", SK_ACCESS_ADMIN, post_remove, s },
        { "GET", PREFIX "installLog/:name", SK_ACCESS_ADMIN, get_log, s },
        { "GET", PREFIX "installLog/:org/:name", SK_ACCESS_ADMIN, get_log, s },
        { "GET", PREFIX "datasize/:name", SK_ACCESS_ADMIN, sk_app_store_data_size, s },
        { "GET", PREFIX "datasize/:org/:name", SK_ACCESS_ADMIN, sk_app_store_data_size, s },
        { "GET", PREFIX "plugin/:name", SK_ACCESS_ADMIN, sk_app_store_detail, s },
        { "GET", PREFIX "plugin/:org/:name", SK_ACCESS_ADMIN, sk_app_store_detail, s },
    };
    sk_api_keep_routes(s->api, table, SK_COUNT(table));
}

void sk_app_store_stop(struct sk_app_store *s)
{
    if (s == NULL)
        return;
    s->stopping = true;
    if (s->work != NULL)
        atomic_store(&s->work->cancelled, true);
}

bool sk_app_store_idle(const struct sk_app_store *s)
{
    return s == NULL || s->work == NULL;
}

void sk_app_store_destroy(struct sk_app_store *s)
{
    if (s == NULL)
        return;
    while (s->ops != NULL) {
        struct sk_app_op *o = s->ops;
        s->ops = o->next;
        free_op(o);
    }
    sk_catalog_unref(s->catalog);
    free(s);
}
