/* PUT and DELETE over WebSocket: every state of a request is pushed as a message. */
#include "api/access/acl_filter.h"
#include "api/stream/stream.h"
#include "model/query.h"

#include <stdlib.h>

static void drop_finished(struct sk_stream *s)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->open_count; i++) {
        if (sk_request_state_of(s->open[i]) == SK_REQUEST_COMPLETED)
            sk_request_unref(s->open[i]);
        else
            s->open[kept++] = s->open[i];
    }
    s->open_count = kept;
}

void sk_stream_forget_requests(struct sk_stream *s)
{
    for (uint32_t i = 0; i < s->open_count; i++) {
        sk_request_forget_listener(s->open[i]);
        sk_request_unref(s->open[i]);
    }
    free(s->open);
    s->open = NULL;
    s->open_count = s->open_cap = 0;
}

static void push_state(struct sk_request *r, void *arg)
{
    struct sk_stream *s = arg;
    struct sk_buf b;
    sk_buf_init(&b, 64 * 1024);
    sk_request_write(r, false, &b);
    if (sk_buf_ok(&b))
        (void)s->ops->text(s->arg, sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void answer_at_once(struct sk_stream *s, const yyjson_val *m, int code, const char *message)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    SK_BUF_LIT(&b, "{\"state\":\"COMPLETED\"");
    if (sk_json_get_str(m, "requestId") != NULL) {
        SK_BUF_LIT(&b, ",\"requestId\":");
        sk_json_write_str(&b, sk_json_str(sk_json_get(m, "requestId")));
    }
    sk_buf_printf(&b, ",\"statusCode\":%d,\"message\":", code);
    sk_json_write_str(&b, sk_span_of(message));
    sk_buf_char(&b, '}');
    if (sk_buf_ok(&b))
        (void)s->ops->text(s->arg, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* A request whose answers this client will hear; the caller's reference goes to the list. */
static void keep_open(struct sk_stream *s, struct sk_request *r)
{
    if (sk_request_state_of(r) == SK_REQUEST_COMPLETED) {
        sk_request_unref(r);
        return;
    }
    if (s->open_count == s->open_cap) {
        s->open_cap = s->open_cap == 0 ? 4 : s->open_cap * 2;
        s->open = sk_xrealloc(s->open, s->open_cap * sizeof(struct sk_request *));
    }
    s->open[s->open_count++] = r;
}

static bool meta_path(struct sk_span path, struct sk_span *ret_path, struct sk_span *ret_field)
{
    static const char tail[] = ".meta", middle[] = ".meta.";
    if (path.n > 5 && memcmp(path.p + path.n - 5, tail, 5) == 0) {
        *ret_path = (struct sk_span){ path.p, path.n - 5 };
        *ret_field = (struct sk_span){ 0 };
        return true;
    }
    const char *at = memmem(path.p, path.n, middle, 6);
    if (at == NULL || memchr(at + 6, '.', path.n - (size_t)(at + 6 - path.p)) != NULL)
        return false;
    *ret_path = (struct sk_span){ path.p, (size_t)(at - path.p) };
    *ret_field = (struct sk_span){ at + 6, path.n - ret_path->n - 6 };
    return true;
}

static void submit(struct sk_stream *s, struct sk_put_input *in)
{
    struct sk_span path, field;
    if (!meta_path(in->path, &path, &field)) {
        keep_open(s, sk_puts_submit(s->api->puts, in));
        return;
    }
    struct sk_request *r = sk_puts_open(s->api->puts, in);
    sk_meta_edit(s->api, r, path, field, in->is_delete ? (struct sk_span){ 0 } : in->value);
    keep_open(s, r);
}

void sk_stream_put(struct sk_stream *s, const yyjson_val *m, bool is_delete)
{
    yyjson_val *what = sk_json_get(m, is_delete ? "delete" : "put"), *value = sk_json_get(what, "value");
    struct sk_span path = sk_json_str(sk_json_get(what, "path")), context = sk_json_str(sk_json_get(m, "context"));
    drop_finished(s);
    if (!sk_stream_may(s, SK_ACCESS_WRITE)) {
        answer_at_once(s, m, 403, "no write permission");
        return;
    }
    if (!yyjson_is_obj(what) || path.n == 0) {
        answer_at_once(s, m, 400, "invalid path");
        return;
    }
    if (!sk_acl_may(s->api, s->who.name, SK_ACL_PUT, sk_span_eq(context, "vessels.self") ? (struct sk_span){ 0 } : context, path,
                    sk_json_str(sk_json_get(what, "source")))) {
        answer_at_once(s, m, 403, "no write permission");
        return;
    }
    if (!is_delete && value == NULL) {
        answer_at_once(s, m, 400, "input is missing a value");
        return;
    }
    if (s->open_count >= SK_STREAM_REQUESTS_MAX) {
        answer_at_once(s, m, 429, "too many unanswered requests on this connection");
        return;
    }
    if (context.n == 0 || sk_span_eq(context, sk_model_self_context(s->api->model)))
        context = SK_SPAN("vessels.self");
    struct sk_buf json;
    sk_buf_init(&json, SK_VALUE_LEN_MAX);
    if (value != NULL)
        sk_json_write(&json, value);
    struct sk_put_input in = { .id = sk_json_get_str(m, "requestId"),
                               .context = context,
                               .path = path,
                               .value = sk_buf_span(&json),
                               .source = sk_json_str(sk_json_get(what, "source")),
                               .is_delete = is_delete,
                               .listener = push_state,
                               .listener_arg = s };
    if (sk_buf_ok(&json))
        submit(s, &in);
    else
        answer_at_once(s, m, 400, "value too big");
    sk_buf_finish(&json);
}

void sk_stream_query(struct sk_stream *s, const yyjson_val *m)
{
    struct sk_span id = sk_json_str(sk_json_get(m, "requestId"));
    struct sk_request *r = sk_puts_find(s->api->puts, id);
    if (r != NULL) {
        push_state(r, s);
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    SK_BUF_LIT(&b, "{\"requestId\":");
    sk_json_write_str(&b, id);
    SK_BUF_LIT(&b, ",\"statusCode\":404}");
    if (sk_buf_ok(&b))
        (void)s->ops->text(s->arg, sk_buf_span(&b));
    sk_buf_finish(&b);
}
