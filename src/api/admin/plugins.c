#include "api/admin/plugins.h"

#include "api/body.h"
#include "base/json.h"
#include "plugin/host.h"
#include "plugin/web.h"

#include <stdio.h>
#include <strings.h>

#define LIST_MAX ((size_t)64 * 1024 * 1024)
#define REQUEST_MAX ((size_t)32 * 1024 * 1024)

/* ---- fixed routes ---- */

static void get_list(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, LIST_MAX);
    if (api->plugins != NULL)
        sk_host_write_list(api->plugins, &b);
    else
        SK_BUF_LIT(&b, "[]");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

/* skiff's own addition: what all plugins cost. */
static void get_stats(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, LIST_MAX);
    if (api->plugins != NULL)
        sk_host_write_stats(api->plugins, &b);
    else
        SK_BUF_LIT(&b, "[]");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

static void reply_with(struct sk_http_req *r, const struct sk_plugin *p, void (*write)(const struct sk_plugin *, struct sk_buf *))
{
    struct sk_buf b;
    sk_buf_init(&b, LIST_MAX);
    write(p, &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

struct saving {
    struct sk_http_req *req;
    char id[SK_PACKAGE_NAME_MAX + 1];
};

static void saved(void *arg, const char *error)
{
    struct saving *s = arg;
    char text[sizeof s->id + 40];
    snprintf(text, sizeof text, "\"Saved configuration for plugin %s\"", s->id);
    if (error != NULL)
        sk_body_reply_error(s->req, 500, error);
    else
        sk_http_reply_json(s->req, 200, sk_span_of(text));
}

/* Any body that is a JSON object counts, whatever its declared type: a wrong header must not wipe a configuration. */
static void post_config(struct sk_http_req *r, struct sk_plugin *p)
{
    struct sk_span body = sk_http_body(r);
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = NULL;
    if (!sk_http_wants_json(r))
        return;
    if (body.n > 0) {
        int e = sk_json_read(body, &doc, &em);
        if (e == 0 && !yyjson_is_obj(yyjson_doc_get_root(doc)))
            e = sk_errmsg_set(&em, SK_ERR_INVALID, "the configuration is not a JSON object");
        yyjson_doc_free(doc);
        if (e < 0) {
            sk_http_reply_error_page(r, 400, em.text);
            return;
        }
    }
    struct saving *s = sk_arena_zalloc(sk_http_arena(r), sizeof *s);
    if (s == NULL) {
        sk_http_reply_error_page(r, 500, "out of memory");
        return;
    }
    s->req = r;
    snprintf(s->id, sizeof s->id, "%s", sk_plugin_id(p));
    sk_plugin_save_config(p, body, saved, s);
}

static bool is_get(struct sk_http_req *r)
{
    return sk_span_eq(sk_http_method(r), "GET") || sk_span_eq(sk_http_method(r), "HEAD");
}

static bool path_is(struct sk_span path, const char *text)
{
    size_t n = strlen(text);
    if (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    return path.n == n && strncasecmp(path.p, text, n) == 0;
}

/* True: answered. */
static bool fixed_route(struct sk_http_req *r, struct sk_plugin *p, struct sk_span path)
{
    bool get = is_get(r);
    if (get && path_is(path, "/"))
        reply_with(r, p, sk_plugin_write_info);
    else if (get && path_is(path, "/config"))
        reply_with(r, p, sk_plugin_write_config);
    else if (path_is(path, "/config") && sk_span_eq(sk_http_method(r), "POST"))
        post_config(r, p);
    else
        return false;
    return true;
}

/* ---- a plugin's own endpoints ---- */

static bool type_is(struct sk_http_req *r, const char *type)
{
    struct sk_span t = sk_http_header(r, "content-type");
    size_t n = strlen(type);
    return t.n >= n && strncasecmp(t.p, type, n) == 0 && (t.n == n || t.p[n] == ';' || t.p[n] == ' ');
}

/* The body as JSON: of JSON and forms what they hold, of anything else {}. */
static int write_body(struct sk_http_req *r, struct sk_buf *out, struct sk_errmsg *em)
{
    struct sk_span body = sk_http_body(r);
    if (body.n > 0 && type_is(r, "application/x-www-form-urlencoded")) {
        sk_web_query(body, out);
        return 0;
    }
    if (body.n == 0 || !type_is(r, "application/json")) {
        SK_BUF_LIT(out, "{}");
        return 0;
    }
    yyjson_doc *doc = NULL;
    int e = sk_json_read(body, &doc, em);
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (e == 0 && !yyjson_is_obj(root) && !yyjson_is_arr(root))
        e = sk_errmsg_set(em, SK_ERR_INVALID, "the body is neither an object nor an array");
    if (e == 0)
        sk_json_write(out, root);
    yyjson_doc_free(doc);
    return e;
}

/* Credentials of the client are none of a plugin's business. */
static bool is_secret(struct sk_span name)
{
    return sk_span_eq(name, "cookie") || sk_span_eq(name, "authorization") || sk_span_eq(name, "proxy-authorization");
}

static void write_headers(struct sk_http_req *r, struct sk_buf *out)
{
    struct sk_span name, value;
    size_t pos = 0;
    bool first = true;
    sk_buf_char(out, '{');
    while (sk_http_header_next(r, &pos, &name, &value)) {
        if (is_secret(name))
            continue;
        if (!first)
            sk_buf_char(out, ',');
        first = false;
        sk_json_write_str(out, name);
        sk_buf_char(out, ':');
        sk_json_write_str(out, value);
    }
    sk_buf_char(out, '}');
}

static int write_request(struct sk_http_req *r, struct sk_span path, const struct sk_endpoint_params *params, struct sk_buf *out,
                         struct sk_errmsg *em)
{
    sk_web_begin_request(sk_http_method(r), path, sk_http_query(r), params, out);
    int e = write_body(r, out, em);
    SK_BUF_LIT(out, ",\"headers\":");
    write_headers(r, out);
    sk_buf_char(out, '}');
    return e == 0 && !sk_buf_ok(out) ? sk_errmsg_set(em, SK_ERR_LIMIT, "the request is too large") : e;
}

static void send_reply(struct sk_http_req *r, const struct sk_web_reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++)
        sk_http_set_header(r, reply->headers[i].name.p, reply->headers[i].value);
    sk_http_reply(r, reply->status, reply->type, reply->body);
}

struct asked {
    struct sk_http_req *req;
    const char *handler;
};

static void answered(void *arg, enum sk_call_result result, struct sk_span text)
{
    struct asked *a = arg;
    struct sk_arena *arena = sk_http_arena(a->req);
    struct sk_web_reply reply;
    char why[400];
    switch (result) {
    case SK_CALL_OK:
        sk_web_answer(arena, text, &reply);
        break;
    case SK_CALL_MISSING:
        snprintf(why, sizeof why, "Handler function %s not found", a->handler);
        sk_web_error(arena, 500, sk_span_of(why), &reply);
        break;
    case SK_CALL_FAILED:
        sk_web_error(arena, 500, text, &reply);
        break;
    case SK_CALL_TIMEOUT:
        reply = (struct sk_web_reply){ .status = 504, .type = SK_HTTP_JSON };
        reply.body = SK_SPAN(
            "{\"error\":\"Plugin handler timeout\",\"message\":\"The plugin did not answer in time and was interrupted\"}");
        break;
    case SK_CALL_DOWN:
        sk_web_error(arena, 503, text, &reply);
        break;
    }
    send_reply(a->req, &reply);
}

/* True: the plugin has such an endpoint; the answer comes from there. */
static bool own_route(struct sk_http_req *r, struct sk_plugin *p, struct sk_span path)
{
    struct sk_endpoint_params params;
    const struct sk_endpoint *e = sk_plugin_endpoint(p, sk_http_method(r), path, &params);
    if (e == NULL)
        return false;
    struct asked *a = sk_arena_zalloc(sk_http_arena(r), sizeof *a);
    struct sk_errmsg em = { 0 };
    struct sk_buf b;
    sk_buf_init(&b, REQUEST_MAX);
    if (a == NULL || write_request(r, path, &params, &b, &em) < 0) {
        sk_http_reply_error_page(r, a == NULL ? 500 : 400, em.text);
    } else {
        a->req = r;
        a->handler = sk_arena_copy(sk_http_arena(r), e->handler, strlen(e->handler));
        sk_plugin_call(p, SK_CALL_HTTP, e->handler, sk_buf_span(&b), 0, answered, a);
    }
    sk_buf_finish(&b);
    return true;
}

/* skiff's own addition: what the plugin costs. Behind the plugin's endpoints, so that it hides none of theirs. */
static bool stats_route(struct sk_http_req *r, struct sk_plugin *p, struct sk_span path)
{
    if (!is_get(r) || !path_is(path, "/_stats"))
        return false;
    reply_with(r, p, sk_plugin_write_stats);
    return true;
}

/* ---- routing ---- */

/* <mount>/<id><rest>: the rest keeps its escapes, as plugins see it. */
static void below(struct sk_http_req *r, struct sk_api *api, const char *mount)
{
    struct sk_span path = sk_http_path(r);
    size_t n = strlen(mount);
    const char *id = path.p + n, *end = path.p + path.n, *slash;
    if (api->plugins == NULL || path.n <= n) {
        sk_http_reply_cannot(r);
        return;
    }
    slash = memchr(id, '/', (size_t)(end - id));
    struct sk_span rest = { slash != NULL ? slash : "/", slash != NULL ? (size_t)(end - slash) : 1 };
    struct sk_span name =
        sk_http_decode(sk_http_arena(r), (struct sk_span){ id, (size_t)((slash != NULL ? slash : end) - id) }, false);
    if (is_get(r) && sk_span_eq(name, "_stats")) { /* no package name makes this an id: npm's names do not begin so */
        get_stats(r, api);
        return;
    }
    struct sk_plugin *p = name.p != NULL ? sk_host_find(api->plugins, name) : NULL;
    if (p == NULL || !sk_plugin_has_routes(p) || (!fixed_route(r, p, rest) && !own_route(r, p, rest) && !stats_route(r, p, rest)))
        sk_http_reply_cannot(r);
}

static void any_plugins(struct sk_http_req *r, void *arg)
{
    struct sk_span rest = sk_http_param(r, "*");
    if (rest.n == 0 && is_get(r))
        get_list(r, arg);
    else
        below(r, arg, "/plugins/");
}

static void any_skserver_plugins(struct sk_http_req *r, void *arg)
{
    struct sk_span rest = sk_http_param(r, "*");
    if (rest.n == 0 && is_get(r))
        get_list(r, arg);
    else
        below(r, arg, "/skServer/plugins/");
}

void sk_plugins_add_routes(struct sk_api *api)
{
    static struct sk_route table[4]; /* the server keeps a pointer to it */
    table[0] = (struct sk_route){ "GET", "/plugins", SK_ACCESS_ADMIN, get_list, api };
    table[1] = (struct sk_route){ "GET", "/skServer/plugins", SK_ACCESS_ADMIN, get_list, api };
    table[2] = (struct sk_route){ "*", "/plugins/*", SK_ACCESS_ADMIN, any_plugins, api, .any_body = true };
    table[3] = (struct sk_route){ "*", "/skServer/plugins/*", SK_ACCESS_ADMIN, any_skserver_plugins, api, .any_body = true };
    sk_http_server_add(api->http, table, SK_COUNT(table));
}
