/* Writing resources: POST, PUT, DELETE below /signalk/v2/api/resources. The provider that has the id gets the change, else the
 * one that ?provider= names, else the default; when it is done, a delta tells everybody. */
#include "api/v2/resources.h"

#include "base/clock.h"

#include <stdio.h>

#define REQUEST_MAX ((size_t)12 * 1024 * 1024)

static void fail(struct sk_resource_op *op, int result, struct sk_span text)
{
    bool known = result == SK_ERR_TIMEOUT || result == SK_ERR_CLOSED || result == SK_ERR_BUSY || result == SK_ERR_LIMIT ||
                 result == SK_ERR_NOTFOUND;
    if (known)
        sk_v2_fail_provider(op->req, result, text);
    else if (op->removal)
        sk_v2_fail(op->req, 400, "Error deleting resource (%.*s)! %.*s", (int)op->at.id.n, op->at.id.p,
                   (int)(text.n < 500 ? text.n : 500), text.n > 0 ? text.p : "");
    else
        sk_v2_fail_provider(op->req, result, text);
}

static void reply_done(struct sk_resource_op *op)
{
    if (!op->created) {
        sk_v2_reply(op->req, 200, op->at.id);
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, 1024);
    SK_BUF_LIT(&b, "{\"state\":\"COMPLETED\",\"statusCode\":201,\"id\":");
    sk_json_write_str(&b, op->at.id);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(op->req, 201, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* What a plugin answers to a change is free text, but null (there was none) and {"error":...} mean something. */
static void written(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_resource_op *op = arg;
    SK_ASSERT(count == 1);
    struct sk_span text = sk_buf_span(&answers[0].text);
    if (answers[0].result < 0) {
        fail(op, answers[0].result, text);
        return;
    }
    yyjson_doc *doc = sk_v2_parse(text);
    struct sk_span error = sk_v2_lone_error(yyjson_doc_get_root(doc));
    if (error.p != NULL) {
        fail(op, SK_ERR_INVALID, error);
    } else if (op->removal && yyjson_is_null(yyjson_doc_get_root(doc))) {
        sk_http_reply_cannot(op->req);
    } else {
        sk_v2_send_resource(op->api, answers[0].id, op->at.type, op->at.id, op->removal ? SK_SPAN("null") : op->value);
        reply_done(op);
    }
    yyjson_doc_free(doc);
}

static void write_to(struct sk_resource_op *op, const struct sk_provider *v)
{
    struct sk_buf b;
    sk_buf_init(&b, REQUEST_MAX);
    sk_resource_write_request(op, !op->removal, &b);
    if (sk_buf_ok(&b))
        sk_v2_ask(&v, 1, op->removal ? "resources_delete_resource" : "resources_set_resource", sk_buf_span(&b), written, op);
    else
        sk_v2_fail(op->req, 413, "The resource is too large.");
    sk_buf_finish(&b);
}

static const struct sk_provider *find(const struct sk_resource_op *op, const char *id)
{
    return sk_providers_find(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type, sk_span_of(id));
}

/* Several could have it: the first that does gets the change. */
static void searched(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_resource_op *op = arg;
    const struct sk_provider *v = NULL;
    for (size_t i = 0; i < count && v == NULL; i++)
        if (answers[i].result == 0 && sk_resource_is_there(sk_buf_span(&answers[i].text)))
            v = find(op, answers[i].id);
    if (v == NULL && op->removal) {
        sk_http_reply_cannot(op->req);
        return;
    }
    struct sk_span named = sk_http_query_param(op->req, "provider");
    if (v == NULL && named.p != NULL)
        v = sk_providers_find(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type, named);
    if (v == NULL)
        v = sk_providers_default(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type);
    if (v == NULL)
        sk_http_reply_cannot(op->req);
    else
        write_to(op, v);
}

static void change(struct sk_resource_op *op)
{
    const struct sk_provider *named[SK_ASKED_MAX], *all[SK_ASKED_MAX];
    if (sk_resource_providers(op, named) == 0)
        return;
    size_t n = sk_providers_list(op->api->providers, SK_PROVIDES_RESOURCES, op->at.type, all, SK_ASKED_MAX);
    if (op->created || n == 1) {
        write_to(op, named[0]);
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, 64 * 1024);
    sk_resource_write_request(op, false, &b);
    sk_v2_ask(all, n, "resources_get_resource", sk_buf_span(&b), searched, op);
    sk_buf_finish(&b);
}

/* The body, checked, as compact text in the request's arena; false: answered. */
static bool take_value(struct sk_resource_op *op, yyjson_doc *doc)
{
    struct sk_buf errors, text;
    sk_buf_init(&errors, 8192);
    sk_buf_init(&text, REQUEST_MAX);
    bool ok = sk_resource_check(op->type, yyjson_doc_get_root(doc), &errors) == 0;
    if (!ok)
        sk_v2_reply(op->req, 400, sk_buf_span(&errors));
    if (ok) {
        sk_json_write(&text, yyjson_doc_get_root(doc));
        char *copy = sk_buf_ok(&text) ? sk_arena_copy(sk_http_arena(op->req), text.p, text.n) : NULL;
        op->value = (struct sk_span){ copy, text.n };
        ok = copy != NULL;
        if (!ok)
            sk_v2_fail(op->req, 413, "The resource is too large, or nested too deeply.");
    }
    sk_buf_finish(&errors);
    sk_buf_finish(&text);
    return ok;
}

/* Charts may bring their id; others get one. False: answered. */
static bool choose_id(struct sk_resource_op *op, const yyjson_val *value)
{
    struct sk_span own = op->type == SK_CHARTS ? sk_json_str(sk_json_get(value, "identifier")) : (struct sk_span){ 0 };
    op->created = true;
    if (own.p == NULL) {
        sk_uuid_v4(op->new_id);
    } else if (!sk_resource_id_ok(op->type, own)) {
        sk_v2_fail(op->req, 400, "Invalid resource id provided (%.*s)", (int)(own.n < 200 ? own.n : 200), own.p);
        return false;
    } else {
        memcpy(op->new_id, own.p, own.n);
    }
    op->at.id = sk_span_of(op->new_id);
    return true;
}

static void put_or_post(struct sk_http_req *r, struct sk_api *api, bool post)
{
    struct sk_resource_op *op = sk_v2_may_write(api, r, "resources") ? sk_resource_op_create(r, api) : NULL;
    if (op == NULL)
        return;
    if ((op->at.id.p == NULL) != post || op->at.prop_count > 0) {
        sk_http_reply_cannot(r);
        return;
    }
    yyjson_doc *doc = sk_v2_body(r);
    if (doc != NULL && take_value(op, doc) && (!post || choose_id(op, yyjson_doc_get_root(doc))))
        change(op);
    yyjson_doc_free(doc);
}

void sk_resources_post(struct sk_http_req *r, void *arg)
{
    put_or_post(r, arg, true);
}

void sk_resources_put(struct sk_http_req *r, void *arg)
{
    put_or_post(r, arg, false);
}

void sk_resources_delete(struct sk_http_req *r, void *arg)
{
    struct sk_resource_op *op = sk_v2_may_write(arg, r, "resources") ? sk_resource_op_create(r, arg) : NULL;
    if (op == NULL)
        return;
    if (op->at.id.p == NULL || op->at.prop_count > 0) {
        sk_http_reply_cannot(r);
        return;
    }
    op->removal = true;
    change(op);
}
