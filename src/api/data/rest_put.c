/* PUT and DELETE under /signalk/v1/api/, and GET /signalk/v1/requests/<id>. */
#include "api/access/access_requests.h"
#include "api/access/acl_filter.h"
#include "api/api.h"

#include "base/json.h"
#include "model/query.h"

#include <stdlib.h>

/* The HTTP side of a request: answers with the first state it hears. */
struct waiting {
    struct sk_http_req *http;
    bool action;
};

static void first_state(struct sk_request *r, void *arg)
{
    struct waiting *w = arg;
    struct sk_buf out;
    sk_buf_init(&out, 64 * 1024);
    sk_request_write(r, w->action && !sk_request_forwarded(r), &out);
    sk_request_forget_listener(r);
    sk_http_reply_buf(w->http, sk_request_status_code(r), SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
    free(w);
}

/* '/' and '.' both separate, but for a '.' of the vessel's name between slashes. Own identity is addressed as "vessels.self",
 * whatever way it was spelt. */
static bool target_of(const struct sk_api *api, struct sk_http_req *r, struct sk_buf *context, struct sk_buf *path)
{
    static const char prefix[] = "/signalk/v1/api/";
    struct sk_span rest = sk_http_path(r);
    if (!sk_span_starts(rest, prefix))
        return false;
    rest = sk_http_decode(sk_http_arena(r), (struct sk_span){ rest.p + sizeof prefix - 1, rest.n - (sizeof prefix - 1) }, false);
    if (rest.p == NULL)
        return false;
    if (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    int segment = 0;
    bool dotted = false; /* "vessels.self.a", not "vessels/self/a" */
    for (size_t i = 0; i < rest.n; i++) {
        bool divider = rest.p[i] == '/' || (rest.p[i] == '.' && (segment != 1 || dotted));
        dotted |= segment == 0 && rest.p[i] == '.';
        struct sk_buf *to = segment < 2 ? context : path;
        if (!divider)
            sk_buf_char(to, rest.p[i]);
        else if (++segment != 2)
            sk_buf_char(to, '.');
    }
    if (sk_span_eq(sk_buf_span(context), sk_model_self_context(api->model))) {
        sk_buf_clear(context);
        SK_BUF_LIT(context, "vessels.self");
    }
    return sk_buf_ok(context) && sk_buf_ok(path) && path->n > 0;
}

/* Reads the body into JSON text of the value and the source's name. False: answered already. */
static bool read_body(struct sk_http_req *r, struct sk_buf *value, struct sk_buf *source)
{
    struct sk_span type = sk_http_header(r, "content-type"), body = sk_http_body(r), text;
    if (sk_span_starts(type, "application/x-www-form-urlencoded")) {
        if ((text = sk_http_form_param(r, "value")).p != NULL)
            sk_json_write_str(value, text);
        sk_buf_span_append(source, sk_http_form_param(r, "source"));
    } else if (sk_span_starts(type, "application/json") && body.n > 0) {
        yyjson_doc *doc = NULL;
        struct sk_errmsg em;
        if (sk_json_read(body, &doc, &em) < 0) {
            sk_http_reply_error_page(r, 400, em.text);
            return false;
        }
        yyjson_val *v = sk_json_get(yyjson_doc_get_root(doc), "value");
        if (v != NULL)
            sk_json_write(value, v);
        sk_buf_span_append(source, sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "source")));
        yyjson_doc_free(doc);
    }
    if (value->n > 0 && sk_buf_ok(value))
        return true;
    if (sk_buf_ok(value))
        sk_http_reply_text(r, 400, "input is missing a value");
    else
        sk_http_reply_text(r, 413, "the value is too large or nested too deep");
    return false;
}

static bool last_segment(struct sk_span path, struct sk_span *ret_head, struct sk_span *ret_last)
{
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '.') {
            *ret_head = (struct sk_span){ path.p, i };
            *ret_last = (struct sk_span){ path.p + i + 1, path.n - i - 1 };
            return true;
        }
    return false;
}

/* ".../meta" and ".../meta/<field>"; false: not about metadata. */
static bool meta_target(struct sk_span path, struct sk_span *ret_path, struct sk_span *ret_field)
{
    struct sk_span head, last, upper, name;
    if (!last_segment(path, &head, &last))
        return false;
    if (sk_span_eq(last, "meta")) {
        *ret_path = head;
        *ret_field = (struct sk_span){ 0 };
        return true;
    }
    if (last_segment(head, &upper, &name) && sk_span_eq(name, "meta")) {
        *ret_path = upper;
        *ret_field = last;
        return true;
    }
    return false;
}

static void submit(struct sk_api *api, struct sk_http_req *r, struct sk_span context, struct sk_span path, struct sk_span value,
                   struct sk_span source, bool is_delete)
{
    struct waiting *w = sk_xcalloc(1, sizeof *w);
    w->http = r;
    w->action = true;
    struct sk_put_input in = { .context = context,
                               .path = path,
                               .value = value,
                               .source = source,
                               .is_delete = is_delete,
                               .listener = first_state,
                               .listener_arg = w };
    struct sk_span meta_path, field;
    if (!meta_target(path, &meta_path, &field)) {
        sk_request_unref(sk_puts_submit(api->puts, &in));
        return;
    }
    struct sk_request *q = sk_puts_open(api->puts, &in);
    sk_meta_edit(api, q, meta_path, field, is_delete ? (struct sk_span){ 0 } : value);
    sk_request_unref(q);
}

static bool may_put(struct sk_api *api, struct sk_http_req *r, struct sk_span context, struct sk_span path, struct sk_span source)
{
    struct sk_principal who = { 0 };
    if (sk_acl_lists(api) == NULL)
        return true;
    (void)sk_auth_identify(api->auth, r, false, &who);
    return sk_acl_may(api, who.name, SK_ACL_PUT, context, path, source);
}

static void put_or_delete(struct sk_http_req *r, struct sk_api *api, bool is_delete)
{
    struct sk_buf context, path, value, source;
    sk_buf_init(&context, SK_CONTEXT_LEN_MAX);
    sk_buf_init(&path, SK_PATH_LEN_MAX);
    sk_buf_init(&value, SK_VALUE_LEN_MAX);
    sk_buf_init(&source, SK_SOURCE_LEN_MAX);
    if (is_delete || read_body(r, &value, &source)) {
        if (!target_of(api, r, &context, &path))
            sk_http_reply_text(r, 400, "invalid path");
        else if (!may_put(api, r, sk_buf_span(&context), sk_buf_span(&path), sk_buf_span(&source)))
            sk_http_reply_json(r, 403, SK_SPAN("{\"state\":\"COMPLETED\",\"statusCode\":403}"));
        else
            submit(api, r, sk_buf_span(&context), sk_buf_span(&path), sk_buf_span(&value), sk_buf_span(&source), is_delete);
    }
    sk_buf_finish(&context);
    sk_buf_finish(&path);
    sk_buf_finish(&value);
    sk_buf_finish(&source);
}

void sk_rest_put(struct sk_http_req *r, void *arg)
{
    put_or_delete(r, arg, false);
}

void sk_rest_delete(struct sk_http_req *r, void *arg)
{
    put_or_delete(r, arg, true);
}

void sk_request_get(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span id = sk_http_param(r, "id");
    if (sk_access_get(r, api, id) || !sk_auth_authorise(api->auth, r, SK_ACCESS_READ))
        return;
    struct sk_request *q = sk_puts_find(api->puts, id);
    if (q == NULL) {
        sk_http_reply_text(r, 404, "Unable to check request: not found");
        return;
    }
    struct sk_buf out;
    sk_buf_init(&out, 64 * 1024);
    sk_request_write(q, false, &out);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}
