/* Reading resources: GET below /signalk/v2/api/resources. Each is asked of all who provide its type; the default's word counts
 * first. */
#include "api/v2/resources.h"

#include "api/admin/save_setting.h"
#include "api/v2/resource_store.h"
#include "base/map.h"
#include "store/settings.h"

#include <stdlib.h>

#define ANSWER_MAX ((size_t)128 * 1024 * 1024)
#define REQUEST_MAX ((size_t)4 * 1024 * 1024)
#define CHOICES_MAX 1000u

static const char prefix[] = "/signalk/v2/api/resources/";

/* ---- shared ---- */

struct sk_resource_op *sk_resource_op_create(struct sk_http_req *r, struct sk_api *api)
{
    struct sk_span path = sk_http_path(r);
    struct sk_resource_op *op = sk_arena_zalloc(sk_http_arena(r), sizeof *op);
    int e = SK_ERR_NOMEM;
    if (op != NULL && sk_span_starts(path, prefix))
        e = sk_resource_path_read(sk_http_arena(r), (struct sk_span){ path.p + sizeof prefix - 1, path.n - (sizeof prefix - 1) },
                                  &op->at);
    if (e < 0 || !sk_resource_type_ok(op->at.type)) {
        sk_http_reply_cannot(r);
        return NULL;
    }
    op->api = api;
    op->req = r;
    op->type = sk_resource_type_of(op->at.type);
    if (op->at.id.p == NULL || sk_resource_id_ok(op->type, op->at.id))
        return op;
    sk_v2_fail(r, 400, "Invalid resource id provided (%.*s)", (int)(op->at.id.n < 200 ? op->at.id.n : 200), op->at.id.p);
    return NULL;
}

size_t sk_resource_providers(const struct sk_resource_op *op, const struct sk_provider **ret)
{
    struct sk_span id = sk_http_query_param(op->req, "provider");
    size_t n = sk_providers_list(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type, ret, SK_ASKED_MAX);
    if (n == 0) {
        sk_http_reply_cannot(op->req);
        return 0;
    }
    if (id.p == NULL)
        return n;
    ret[0] = sk_providers_find(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type, id);
    if (ret[0] != NULL)
        return 1;
    sk_v2_fail(op->req, 400, "Resource provider not found for %.*s!", (int)op->at.type.n, op->at.type.p);
    return 0;
}

static void write_type(const struct sk_resource_op *op, struct sk_buf *out)
{
    SK_BUF_LIT(out, "\"resourceType\":");
    sk_json_write_str(out, op->at.type);
    sk_buf_char(out, '}');
}

void sk_resource_write_request(const struct sk_resource_op *op, bool value, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"id\":");
    sk_json_write_str(out, op->at.id);
    sk_buf_char(out, ',');
    if (op->at.prop_count > 0) {
        struct sk_buf dotted;
        sk_buf_init(&dotted, 16384);
        for (size_t i = 0; i < op->at.prop_count; i++) {
            sk_buf_append(&dotted, ".", i > 0);
            sk_buf_span_append(&dotted, op->at.props[i]);
        }
        SK_BUF_LIT(out, "\"property\":");
        sk_json_write_str(out, sk_buf_span(&dotted));
        sk_buf_char(out, ',');
        sk_buf_finish(&dotted);
    }
    if (value) {
        SK_BUF_LIT(out, "\"value\":");
        sk_buf_span_append(out, op->value);
        sk_buf_char(out, ',');
    }
    write_type(op, out);
}

bool sk_resource_is_there(struct sk_span text)
{
    yyjson_doc *doc = sk_v2_parse(text);
    yyjson_val *root = yyjson_doc_get_root(doc);
    bool empty = root == NULL || yyjson_is_null(root) || (yyjson_is_obj(root) && yyjson_obj_size(root) == 0);
    bool there = !empty && sk_v2_lone_error(root).p == NULL;
    yyjson_doc_free(doc);
    return there;
}

/* ---- list ---- */

/* A value that is JSON counts as that, anything else as text: limit=5, bbox=[1,2,3,4], name=Harbour. False: answered. */
static bool write_param(struct sk_http_req *r, struct sk_span name, struct sk_span text, struct sk_buf *out)
{
    struct sk_buf errors;
    yyjson_doc *doc = sk_v2_parse(text);
    sk_buf_init(&errors, 4096);
    bool ok = sk_resource_check_param(name, yyjson_doc_get_root(doc), &errors) == 0;
    if (ok) {
        sk_json_write_str(out, name);
        sk_buf_char(out, ':');
        if (doc != NULL)
            sk_json_write(out, yyjson_doc_get_root(doc));
        else
            sk_json_write_str(out, text);
        sk_buf_char(out, ',');
    } else {
        sk_v2_reply(r, 400, sk_buf_span(&errors));
    }
    sk_buf_finish(&errors);
    yyjson_doc_free(doc);
    return ok;
}

/* {<query>,"resourceType":...}; false: answered. The type of the path wins over a parameter of that name. */
static bool write_list_request(const struct sk_resource_op *op, struct sk_buf *out)
{
    struct sk_span name, text;
    size_t at = 0;
    sk_buf_char(out, '{');
    while (sk_v2_next_param(op->req, &at, &name, &text)) {
        if (sk_span_eq(name, "resourceType") || sk_span_eq(name, "provider"))
            continue;
        if (!write_param(op->req, name, text, out))
            return false;
    }
    write_type(op, out);
    return true;
}

struct merge {
    struct sk_map seen; /* keys point into the documents */
    yyjson_doc *docs[SK_ASKED_MAX];
};

/* One object of all that was answered; who was asked first has the word on an id that several have. */
static void merge_lists(struct merge *m, const struct sk_asked *answers, size_t count, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        yyjson_val *key, *v, *root;
        size_t at, n;
        m->docs[i] = answers[i].result == 0 ? sk_v2_parse(sk_buf_span(&answers[i].text)) : NULL;
        root = yyjson_doc_get_root(m->docs[i]);
        if (!yyjson_is_obj(root) || sk_v2_lone_error(root).p != NULL)
            continue;
        yyjson_obj_foreach(root, at, n, key, v) {
            struct sk_span name = sk_json_str(key);
            if (sk_map_get(&m->seen, name) != NULL)
                continue;
            sk_map_put(&m->seen, name, v);
            sk_buf_append(out, ",", out->n > 1);
            sk_json_write_str(out, name);
            sk_buf_char(out, ':');
            sk_json_write(out, v);
        }
    }
    sk_buf_char(out, '}');
    sk_map_finish(&m->seen);
    for (size_t i = 0; i < count; i++)
        yyjson_doc_free(m->docs[i]);
}

/* Nobody answered: too late and not running are told, "no such method" and a trap are an empty list. */
static bool nobody(const struct sk_resource_op *op, const struct sk_asked *answers, size_t count)
{
    int worst = sk_v2_worst(answers, count);
    if (worst != SK_ERR_TIMEOUT && worst != SK_ERR_CLOSED && worst != SK_ERR_BUSY && worst != SK_ERR_LIMIT &&
        worst != SK_ERR_INVALID)
        return false;
    struct sk_span why = sk_buf_span(&answers[0].text);
    if (worst == SK_ERR_INVALID)
        sk_v2_reply(op->req, 400, why);
    else
        sk_v2_fail_provider(op->req, worst, why);
    return true;
}

static void listed(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_resource_op *op = arg;
    if (nobody(op, answers, count))
        return;
    struct sk_buf b;
    if (count == 1 && strcmp(answers[0].id, SK_RESOURCE_STORE_ID) == 0) { /* our own text needs no second look */
        sk_http_reply_buf(op->req, 200, SK_HTTP_JSON, &answers[0].text);
        return;
    }
    struct merge m = { 0 };
    sk_buf_init(&b, ANSWER_MAX);
    merge_lists(&m, answers, count, &b);
    sk_http_reply_buf(op->req, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ---- one ---- */

static void got(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_resource_op *op = arg;
    for (size_t i = 0; i < count; i++)
        if (answers[i].result == 0 && sk_resource_is_there(sk_buf_span(&answers[i].text))) {
            sk_http_reply_buf(op->req, 200, SK_HTTP_JSON, &answers[i].text);
            return;
        }
    if (!nobody(op, answers, count))
        sk_v2_fail(op->req, 404, "Resource not found! (%.*s)", (int)op->at.id.n, op->at.id.p);
}

static void ask(struct sk_resource_op *op, bool one)
{
    const struct sk_provider *list[SK_ASKED_MAX];
    size_t n = sk_resource_providers(op, list);
    struct sk_buf b;
    if (n == 0)
        return;
    sk_buf_init(&b, REQUEST_MAX);
    if (one)
        sk_resource_write_request(op, false, &b);
    if (one || write_list_request(op, &b)) {
        if (sk_buf_ok(&b))
            sk_v2_ask(list, n, one ? "resources_get_resource" : "resources_list_resources", sk_buf_span(&b), one ? got : listed,
                      op);
        else
            sk_v2_fail(op->req, 400, "The query is too long.");
    }
    sk_buf_finish(&b);
}

/* ---- types and providers ---- */

static void get_types(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    const struct sk_provider *list[SK_PROVIDERS_MAX];
    size_t n = sk_providers_list(api->providers, SK_PROVIDES_RESOURCES, (struct sk_span){ 0 }, list, SK_PROVIDERS_MAX);
    struct sk_map seen = { 0 };
    struct sk_buf b;
    sk_buf_init(&b, REQUEST_MAX);
    sk_buf_char(&b, '{');
    for (size_t i = 0; i < n; i++) {
        struct sk_span name = sk_span_of(list[i]->name);
        if (sk_map_put(&seen, name, list[i]->name) != NULL)
            continue;
        sk_buf_append(&b, ",", b.n > 1);
        sk_json_write_str(&b, name);
        SK_BUF_LIT(&b, ":{\"description\":\"Path containing ");
        sk_buf_append(&b, name.p, sk_resource_type_of(name) == SK_CUSTOM_RESOURCE ? name.n : name.n - 1);
        SK_BUF_LIT(&b, " resources\"}");
    }
    sk_buf_char(&b, '}');
    sk_map_finish(&seen);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ["<id>",...], or the default's "<id>". */
static void get_providers(const struct sk_resource_op *op, bool only_default)
{
    const struct sk_provider *list[SK_PROVIDERS_MAX];
    size_t n = sk_providers_list(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type, list, SK_PROVIDERS_MAX);
    struct sk_buf b;
    if (n == 0) {
        sk_v2_reply(op->req, 404, SK_SPAN(""));
        return;
    }
    sk_buf_init(&b, REQUEST_MAX);
    sk_buf_append(&b, "[", !only_default);
    for (size_t i = 0; i < (only_default ? 1 : n); i++) {
        sk_buf_append(&b, ",", i > 0);
        sk_json_write_str(&b, sk_span_of(list[i]->id));
    }
    sk_buf_append(&b, "]", !only_default);
    sk_http_reply_buf(op->req, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_type_providers(struct sk_http_req *r, void *arg)
{
    struct sk_resource_op op = { .api = arg, .req = r, .at.type = sk_http_param(r, "type") };
    get_providers(&op, false);
}

static void get_type_default(struct sk_http_req *r, void *arg)
{
    struct sk_resource_op op = { .api = arg, .req = r, .at.type = sk_http_param(r, "type") };
    get_providers(&op, true);
}

void sk_resources_choose_defaults(struct sk_api *api, const yyjson_val *settings)
{
    yyjson_val *chosen = sk_json_get(sk_json_get(settings, "resourcesApi"), "defaultProviders"), *type, *id;
    size_t i, n;
    if (!yyjson_is_obj(chosen))
        return;
    yyjson_obj_foreach(chosen, i, n, type, id)
        if (i < CHOICES_MAX && yyjson_is_str(id) && sk_resource_type_ok(sk_json_str(type)))
            sk_providers_choose(api->providers, SK_PROVIDES_RESOURCES, sk_json_str(type), sk_json_str(id));
}

static void choice_saved(void *arg, int result, const char *error)
{
    struct sk_http_req *r = arg;
    if (result < 0)
        sk_v2_fail(r, 500, "The choice holds until the server stops; it is not saved: %s", error);
    else
        sk_v2_reply(r, 201, sk_http_param(r, "id"));
}

static void post_default(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span type = sk_http_param(r, "type"), id = sk_http_param(r, "id");
    if (!sk_v2_may_write(api, r, "resources"))
        return;
    if (type.p == NULL || id.p == NULL || sk_providers_find(api->providers, SK_PROVIDES_RESOURCES, type, id) == NULL) {
        sk_v2_fail(r, 400, "Resource provider not found for %.*s!", (int)(type.n < 100 ? type.n : 100),
                   type.p != NULL ? type.p : "");
        return;
    }
    sk_providers_choose(api->providers, SK_PROVIDES_RESOURCES, type, id);
    struct sk_buf value;
    sk_buf_init(&value, 4096);
    sk_json_write_str(&value, id);
    sk_save_setting(api, SK_SETTING(SK_SPAN("resourcesApi"), SK_SPAN("defaultProviders"), type), sk_buf_span(&value),
                    choice_saved, r);
    sk_buf_finish(&value);
}

static void get_any(struct sk_http_req *r, void *arg)
{
    struct sk_resource_op *op = sk_resource_op_create(r, arg);
    if (op == NULL)
        return;
    if (op->type == SK_CHARTS && op->at.prop_count == 3) /* a tile: only a plugin's own routes have those */
        sk_http_reply_cannot(r);
    else
        ask(op, op->at.id.p != NULL);
}

void sk_resources_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/signalk/v2/api/resources", SK_ACCESS_READ, get_types, api, "The types there are" },
        { "GET", "/signalk/v2/api/resources/:type/_providers", SK_ACCESS_READ, get_type_providers, api,
          "Who provides that type" },
        { "GET", "/signalk/v2/api/resources/:type/_providers/_default", SK_ACCESS_READ, get_type_default, api,
          "Who gets what is written" },
        { "POST", "/signalk/v2/api/resources/:type/_providers/_default/:id", SK_ACCESS_WRITE, post_default, api,
          "Choose who gets what is written" },
        { "GET", "/signalk/v2/api/resources/*", SK_ACCESS_READ, get_any, api,
          "<type>: all of a type, limited by ?limit, bbox, position with distance, href, group; <type>/<id>: one; "
          "<type>/<id>/<property>: a part of it" },
        { "POST", "/signalk/v2/api/resources/*", SK_ACCESS_WRITE, sk_resources_post, api, "<type>: a new one" },
        { "PUT", "/signalk/v2/api/resources/*", SK_ACCESS_WRITE, sk_resources_put, api, "<type>/<id>: make or replace one" },
        { "DELETE", "/signalk/v2/api/resources/*", SK_ACCESS_WRITE, sk_resources_delete, api, "<type>/<id>: remove one" },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
