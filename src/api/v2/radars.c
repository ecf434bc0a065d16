/*
 * /signalk/v2/api/vessels/self/radars: what radar providers offer. A request for one radar first asks all of them for their
 * radars, to find whose it is, and then that one. Spokes go another way: bstream_ws.c.
 */
#include "api/v2/radars.h"

#include <stdlib.h>

#define API SK_RADARS_API
#define ANSWER_MAX SK_RADAR_ANSWER_MAX
#define ID_MAX 128u
#define RADARS_MAX 64u /* in one list */

/* ---- one request about one radar ---- */

static void radar_not_found(const struct sk_radar_op *op)
{
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"error\":\"Radar not found\",\"id\":");
    sk_json_write_str(&b, op->radar);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(op->req, 404, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void answered(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_radar_op *op = arg;
    SK_ASSERT(count == 1);
    int result = answers[0].result;
    if (result == SK_ERR_TIMEOUT) {
        sk_v2_fail_provider(op->req, result, (struct sk_span){ 0 });
        return;
    }
    yyjson_doc *doc = result == 0 ? sk_v2_parse(sk_buf_span(&answers[0].text)) : NULL;
    op->done(op, result, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void ask_owner(struct sk_radar_op *op, const struct sk_provider *v)
{
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    SK_BUF_LIT(&b, "{\"radarId\":");
    sk_json_write_str(&b, op->radar);
    sk_buf_span_append(&b, op->members);
    sk_buf_char(&b, '}');
    if (sk_buf_ok(&b))
        sk_v2_ask(&v, 1, op->method, sk_buf_span(&b), answered, op);
    else
        sk_v2_fail(op->req, 413, "The request is too large.");
    sk_buf_finish(&b);
}

static void searched(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_radar_op *op = arg;
    const struct sk_provider *v = NULL;
    for (size_t i = 0; i < count && v == NULL; i++) {
        yyjson_doc *doc = answers[i].result == 0 ? sk_v2_parse(sk_buf_span(&answers[i].text)) : NULL;
        if (sk_json_lists(yyjson_doc_get_root(doc), op->radar))
            v = sk_providers_find(op->api->providers, SK_PROVIDES_RADARS, (struct sk_span){ 0 }, sk_span_of(answers[i].id));
        yyjson_doc_free(doc);
    }
    if (v != NULL)
        ask_owner(op, v);
    else if (sk_v2_worst(answers, count) == SK_ERR_TIMEOUT)
        sk_v2_fail_provider(op->req, SK_ERR_TIMEOUT, (struct sk_span){ 0 });
    else
        radar_not_found(op);
}

static size_t providers(struct sk_api *api, const struct sk_provider **ret)
{
    return sk_providers_list(api->providers, SK_PROVIDES_RADARS, (struct sk_span){ 0 }, ret, SK_ASKED_MAX);
}

/* `members` is copied. */
void sk_radar_start(struct sk_api *api, struct sk_http_req *r, const char *method, struct sk_span what,
                    const struct sk_buf *members, sk_radar_done done)
{
    const struct sk_provider *list[SK_ASKED_MAX];
    struct sk_arena *a = sk_http_arena(r);
    struct sk_radar_op *op = sk_arena_zalloc(a, sizeof *op);
    char *copy = members == NULL ? NULL : sk_buf_ok(members) ? sk_arena_copy(a, members->p, members->n) : NULL;
    struct sk_span radar = sk_http_param(r, "id");
    if (!sk_v2_may_write(api, r, "radars"))
        return;
    if (op == NULL || (members != NULL && copy == NULL)) {
        sk_v2_fail(r, 413, "The request is too large.");
        return;
    }
    *op = (struct sk_radar_op){ .api = api, .req = r, .method = method, .radar = radar, .what = what, .done = done };
    op->members = (struct sk_span){ copy, copy != NULL ? members->n : 0 };
    if (radar.n == 0 || radar.n > ID_MAX)
        radar_not_found(op);
    else
        sk_v2_ask(list, providers(api, list), "radar_get_radars", SK_SPAN("{}"), searched, op);
}

/* ---- reading ---- */

void sk_radar_reply_value(struct sk_http_req *r, int status, const char *before, const yyjson_val *v, const char *after)
{
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    sk_buf_text(&b, before);
    sk_json_write(&b, v);
    sk_buf_text(&b, after);
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static bool usable(const yyjson_val *v) /* an object without "error" */
{
    return yyjson_is_obj((yyjson_val *)(uintptr_t)v) && sk_json_get(v, "error") == NULL;
}

static void got_object(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    (void)result;
    if (usable(v))
        sk_radar_reply_value(op->req, 200, "", v, "");
    else
        radar_not_found(op);
}

static void got_controls(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    got_object(op, result, usable(v) ? sk_json_get(v, "controls") : NULL);
}

static void got_control(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    struct sk_buf b;
    (void)result;
    if (v != NULL && !yyjson_is_null((yyjson_val *)(uintptr_t)v) && sk_json_get(v, "error") == NULL) {
        sk_radar_reply_value(op->req, 200, "{\"value\":", v, "}");
        return;
    }
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"error\":\"Control not found\",\"controlId\":");
    sk_json_write_str(&b, op->what);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(op->req, 404, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_info(struct sk_http_req *r, void *api)
{
    sk_radar_start(api, r, "radar_get_radar_info", (struct sk_span){ 0 }, NULL, got_object);
}

static void get_capabilities(struct sk_http_req *r, void *api)
{
    sk_radar_start(api, r, "radar_get_capabilities", (struct sk_span){ 0 }, NULL, got_object);
}

static void get_state(struct sk_http_req *r, void *api)
{
    sk_radar_start(api, r, "radar_get_state", (struct sk_span){ 0 }, NULL, got_object);
}

static void get_controls(struct sk_http_req *r, void *api)
{
    sk_radar_start(api, r, "radar_get_state", (struct sk_span){ 0 }, NULL, got_controls);
}

static void get_targets(struct sk_http_req *r, void *api)
{
    sk_radar_start(api, r, "radar_get_targets", (struct sk_span){ 0 }, NULL, got_object);
}

static void get_arpa(struct sk_http_req *r, void *api)
{
    sk_radar_start(api, r, "radar_get_arpa_settings", (struct sk_span){ 0 }, NULL, got_object);
}

void sk_radar_write_control(struct sk_span control, struct sk_buf *out)
{
    SK_BUF_LIT(out, ",\"controlId\":");
    sk_json_write_str(out, control);
}

static void get_control(struct sk_http_req *r, void *api)
{
    struct sk_span control = sk_http_param(r, "control");
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    sk_radar_write_control(control, &b);
    sk_radar_start(api, r, "radar_get_control", control, &b, got_control);
    sk_buf_finish(&b);
}

/* ---- the list ---- */

struct listing { /* of one request: asks each provider for its radars, then for the info of each */
    struct sk_api *api;
    struct sk_http_req *req;
    size_t left, radars;
    struct sk_buf out;
};

struct listed {
    struct listing *all;
    size_t n;
    char id[];
};

static void listed_over(struct listing *l)
{
    if (--l->left > 0)
        return;
    SK_BUF_LIT(&l->out, "}}");
    sk_http_reply_buf(l->req, 200, SK_HTTP_JSON, &l->out);
    sk_buf_finish(&l->out);
    free(l);
}

static void got_listed(void *arg, struct sk_asked *answers, size_t count)
{
    struct listed *one = arg;
    struct listing *l = one->all;
    yyjson_doc *doc = count == 1 && answers[0].result == 0 ? sk_v2_parse(sk_buf_span(&answers[0].text)) : NULL;
    if (usable(yyjson_doc_get_root(doc))) {
        sk_buf_append(&l->out, ",", l->radars++ > 0);
        sk_json_write_str(&l->out, (struct sk_span){ one->id, one->n });
        sk_buf_char(&l->out, ':');
        sk_json_write(&l->out, yyjson_doc_get_root(doc));
    }
    yyjson_doc_free(doc);
    free(one);
    listed_over(l);
}

static void list_one(struct listing *l, const struct sk_provider *v, struct sk_span id)
{
    struct listed *one = sk_xmalloc(sizeof *one + id.n);
    struct sk_buf b;
    one->all = l;
    one->n = id.n;
    memcpy(one->id, id.p, id.n);
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"radarId\":");
    sk_json_write_str(&b, id);
    sk_buf_char(&b, '}');
    l->left++;
    sk_v2_ask(&v, 1, "radar_get_radar_info", sk_buf_span(&b), got_listed, one);
    sk_buf_finish(&b);
}

static void got_lists(void *arg, struct sk_asked *answers, size_t count)
{
    struct listing *l = arg;
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at, n;
        yyjson_val *item;
        yyjson_doc *doc = answers[i].result == 0 ? sk_v2_parse(sk_buf_span(&answers[i].text)) : NULL;
        const struct sk_provider *v =
            sk_providers_find(l->api->providers, SK_PROVIDES_RADARS, (struct sk_span){ 0 }, sk_span_of(answers[i].id));
        if (v != NULL && yyjson_is_arr(yyjson_doc_get_root(doc)))
            yyjson_arr_foreach(yyjson_doc_get_root(doc), at, n, item) {
                struct sk_span id = sk_json_str(item);
                if (id.n > 0 && id.n <= ID_MAX && asked++ < RADARS_MAX)
                    list_one(l, v, id);
            }
        yyjson_doc_free(doc);
    }
    listed_over(l);
}

static void get_list(struct sk_http_req *r, void *arg)
{
    const struct sk_provider *list[SK_ASKED_MAX];
    struct listing *l = sk_xcalloc(1, sizeof *l);
    *l = (struct listing){ .api = arg, .req = r, .left = 1 };
    sk_buf_init(&l->out, ANSWER_MAX);
    SK_BUF_LIT(&l->out, "{\"version\":\"3.4.0\",\"radars\":{");
    sk_v2_ask(list, providers(arg, list), "radar_get_radars", SK_SPAN("{}"), got_lists, l);
}

/* ---- providers ---- */

static void get_providers(struct sk_http_req *r, void *api)
{
    sk_v2_get_providers(api, r, SK_PROVIDES_RADARS);
}

static void get_default(struct sk_http_req *r, void *api)
{
    sk_v2_get_default(api, r, SK_PROVIDES_RADARS);
}

static void post_default(struct sk_http_req *r, void *api)
{
    if (sk_v2_may_write(api, r, "radars"))
        sk_v2_set_default(api, r, SK_PROVIDES_RADARS, sk_http_param(r, "id"));
}

void sk_radars_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", API, SK_ACCESS_READ, get_list, api },
        { "GET", API "/_providers", SK_ACCESS_READ, get_providers, api },
        { "GET", API "/_providers/_default", SK_ACCESS_READ, get_default, api },
        { "POST", API "/_providers/_default/:id", SK_ACCESS_WRITE, post_default, api },
        { "GET", API "/:id", SK_ACCESS_READ, get_info, api },
        { "GET", API "/:id/capabilities", SK_ACCESS_READ, get_capabilities, api },
        { "GET", API "/:id/state", SK_ACCESS_READ, get_state, api },
        { "GET", API "/:id/controls", SK_ACCESS_READ, get_controls, api },
        { "GET", API "/:id/controls/:control", SK_ACCESS_READ, get_control, api },
        { "GET", API "/:id/targets", SK_ACCESS_READ, get_targets, api },
        { "GET", API "/:id/arpa/settings", SK_ACCESS_READ, get_arpa, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
    sk_radars_add_write_routes(api);
}
