/* PUT handlers of plugins: export handle_put_<context>_<path>, answered exactly once. */
#include "plugin/plugin.h"

#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define PUT_OUT 8192u /* the size plugins are promised */

static char *export_name(struct sk_span context, struct sk_span path)
{
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "handle_put_");
    sk_buf_span_append(&b, context);
    sk_buf_char(&b, '_');
    sk_buf_span_append(&b, path);
    for (size_t i = 0; i < b.n; i++) /* dots only; case and all else stay as they are */
        if (b.p[i] == '.')
            b.p[i] = '_';
    char *name = sk_buf_steal(&b, NULL);
    sk_buf_finish(&b);
    return name;
}

static void fail(struct sk_request *r, int status, const char *what, struct sk_span why)
{
    char text[600];
    snprintf(text, sizeof text, "%s%.*s", what, (int)(why.n < 500 ? why.n : 500), why.p != NULL ? why.p : "");
    sk_request_update(r, SK_REQUEST_COMPLETED, status, text);
}

/* {"state","statusCode","message"?}; SUCCESS and FAILURE are short for COMPLETED with 200 and 502. */
static void answer(struct sk_request *r, struct sk_span text)
{
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = NULL;
    if (sk_json_read(text, &doc, &em) < 0 || !yyjson_is_obj(yyjson_doc_get_root(doc))) {
        fail(r, 500, "Handler error: ", sk_span_of(doc == NULL ? em.text : "the answer is not an object"));
        yyjson_doc_free(doc);
        return;
    }
    const yyjson_val *root = yyjson_doc_get_root(doc);
    const char *state = sk_json_get_str(root, "state"), *message = sk_json_get_str(root, "message");
    bool success = state != NULL && strcmp(state, "SUCCESS") == 0, failure = state != NULL && strcmp(state, "FAILURE") == 0;
    bool pending = state != NULL && strcmp(state, "PENDING") == 0;
    double code = sk_json_get_number(root, "statusCode", success ? 200 : failure ? 502 : pending ? 202 : 200);
    if (!(code >= 100 && code <= 599))
        code = 500;
    if (state == NULL || (!success && !failure && !pending && strcmp(state, "COMPLETED") != 0))
        fail(r, 500, "Handler error: unknown state ", sk_span_of(state != NULL ? state : "(none)"));
    else
        sk_request_update(r, pending ? SK_REQUEST_PENDING : SK_REQUEST_COMPLETED, (int)code, message);
    yyjson_doc_free(doc);
}

static void on_reply(void *arg, enum sk_call_result result, struct sk_span text)
{
    struct sk_request *r = arg;
    switch (result) {
    case SK_CALL_OK:
        answer(r, text);
        break;
    case SK_CALL_MISSING:
        fail(r, 501, "Handler not implemented", SK_SPAN(""));
        break;
    case SK_CALL_FAILED:
        fail(r, 500, "Handler error: ", text);
        break;
    case SK_CALL_TIMEOUT:
        fail(r, 504, "Handler error: ", SK_SPAN("the plugin did not answer in time"));
        break;
    case SK_CALL_DOWN:
        fail(r, 503, "", text);
        break;
    }
    sk_request_unref(r);
}

static void on_put(struct sk_request *r, void *arg)
{
    struct sk_plugin *p = arg;
    char *name = export_name(sk_request_context(r), sk_request_path(r));
    if (name == NULL) {
        fail(r, 501, "Handler not implemented", SK_SPAN(""));
        return;
    }
    sk_plugin_call(p, SK_CALL_REQUEST, name, sk_request_value(r), PUT_OUT, on_reply, sk_request_ref(r));
    free(name);
}

void sk_plugin_register_put(struct sk_plugin *p, struct sk_span context, struct sk_span path)
{
    struct sk_errmsg em = { 0 };
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"updates\":[{\"meta\":[{\"path\":");
    sk_json_write_str(&b, path);
    SK_BUF_LIT(&b, ",\"value\":{\"supportsPut\":true}}]}]}");
    struct sk_origin origin = { .provider = p->package->name, .version = 1 };
    int r = sk_hub_ingest(p->host->o.hub, &origin, sk_buf_span(&b), &em);
    if (r == 0)
        r = sk_puts_register(p->host->o.puts, context, path, p->package->name, on_put, p, &em);
    if (r < 0)
        sk_log_warn("[%s] PUT handler for %.*s refused: %s", p->package->name, (int)path.n, path.p, em.text);
    sk_buf_finish(&b);
}
