#include "api/v2/v2.h"

#include "api/access/acl_filter.h"
#include "api/v2/course.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ENVELOPE_MAX ((size_t)64 * 1024)
#define ANSWER_MAX ((size_t)64 * 1024 * 1024) /* of one provider */

/* ---- answers ---- */

static const char *usual_words(int status)
{
    static const struct {
        int status;
        const char *words;
    } table[] = { { 200, "OK" },
                  { 400, "Invalid Data supplied." },
                  { 403, "Unauthorised" },
                  { 404, "Resource not found." },
                  { 501, "Not implemented." },
                  { 503, "Not available now." },
                  { 504, "Timed out." } };
    for (size_t i = 0; i < SK_COUNT(table); i++)
        if (table[i].status == status)
            return table[i].words;
    return status < 400 ? "OK" : "Failed.";
}

void sk_v2_reply(struct sk_http_req *r, int status, struct sk_span message)
{
    struct sk_buf b;
    sk_buf_init(&b, ENVELOPE_MAX);
    sk_buf_printf(&b, "{\"state\":\"%s\",\"statusCode\":%d,\"message\":", status < 400 ? "COMPLETED" : "FAILED", status);
    sk_json_write_str(&b, message.n > 0 ? message : sk_span_of(usual_words(status)));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_v2_fail(struct sk_http_req *r, int status, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sk_v2_reply(r, status, sk_span_of(text));
}

void sk_v2_fail_provider(struct sk_http_req *r, int result, struct sk_span text)
{
    switch (result) {
    case SK_ERR_TIMEOUT:
        sk_v2_fail(r, 504, "The provider did not answer in time.");
        break;
    case SK_ERR_CLOSED:
    case SK_ERR_BUSY:
        sk_v2_reply(r, 503, text);
        break;
    case SK_ERR_NOTFOUND:
        sk_v2_reply(r, 501, SK_SPAN(""));
        break;
    case SK_ERR_LIMIT:
        sk_v2_reply(r, 507, text);
        break;
    default:
        sk_v2_reply(r, 500, text);
    }
}

yyjson_doc *sk_v2_body(struct sk_http_req *r)
{
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = NULL;
    struct sk_span body = sk_http_body(r);
    if (sk_json_read(body.n > 0 ? body : SK_SPAN("{}"), &doc, &em) < 0)
        sk_v2_fail(r, 400, "The body is not JSON: %s", em.text);
    return doc;
}

bool sk_v2_may_write(struct sk_api *api, struct sk_http_req *r, const char *name)
{
    struct sk_principal who = { 0 };
    if (sk_span_eq(sk_http_method(r), "GET") || sk_span_eq(sk_http_method(r), "HEAD") || sk_acl_lists(api) == NULL)
        return true;
    (void)sk_auth_identify(api->auth, r, false, &who);
    if (sk_acl_may(api, who.name, SK_ACL_PUT, (struct sk_span){ 0 }, sk_span_of(name), (struct sk_span){ "", 0 }))
        return true;
    sk_v2_reply(r, 403, SK_SPAN(""));
    return false;
}

bool sk_v2_next_param(struct sk_http_req *r, size_t *at, struct sk_span *ret_name, struct sk_span *ret_text)
{
    struct sk_span q = sk_http_query(r);
    struct sk_arena *a = sk_http_arena(r);
    while (*at < q.n) {
        const char *amp = memchr(q.p + *at, '&', q.n - *at);
        size_t from = *at, end = amp != NULL ? (size_t)(amp - q.p) : q.n;
        const char *eq = memchr(q.p + from, '=', end - from);
        size_t name_end = eq != NULL ? (size_t)(eq - q.p) : end;
        *at = end + 1;
        *ret_name = sk_http_decode(a, (struct sk_span){ q.p + from, name_end - from }, true);
        *ret_text = eq != NULL ? sk_http_decode(a, (struct sk_span){ eq + 1, end - name_end - 1 }, true) : SK_SPAN("");
        if (ret_name->n > 0 && ret_text->p != NULL)
            return true;
    }
    return false;
}

/* ---- one provider's text ---- */

yyjson_doc *sk_v2_parse(struct sk_span text)
{
    yyjson_doc *doc = NULL;
    return sk_json_read(text, &doc, NULL) == 0 ? doc : NULL;
}

struct sk_span sk_v2_lone_error(const yyjson_val *v)
{
    yyjson_val *error = sk_json_get(v, "error");
    bool lone = yyjson_is_str(error) && yyjson_obj_size((yyjson_val *)(uintptr_t)v) == 1;
    return lone ? sk_json_str(error) : (struct sk_span){ NULL, 0 };
}

/* ---- asking ---- */

struct asking;
struct question {
    struct asking *all;
    struct sk_asked answer;
};

struct asking {
    size_t count, left;
    sk_asked_done done;
    void *arg;
    struct question list[];
};

static void asked_all(struct asking *a)
{
    struct sk_asked answers[SK_ASKED_MAX];
    for (size_t i = 0; i < a->count; i++)
        answers[i] = a->list[i].answer;
    a->done(a->arg, answers, a->count);
    for (size_t i = 0; i < a->count; i++) {
        free(answers[i].id);
        sk_buf_finish(&answers[i].text);
    }
    free(a);
}

static void answered(void *arg, int result, struct sk_span text)
{
    struct question *q = arg;
    q->answer.result = result;
    sk_buf_span_append(&q->answer.text, text);
    if (!sk_buf_ok(&q->answer.text))
        q->answer.result = SK_ERR_LIMIT;
    if (--q->all->left == 0)
        asked_all(q->all);
}

void sk_v2_ask(const struct sk_provider *const *list, size_t count, const char *method, struct sk_span request,
               sk_asked_done done, void *arg)
{
    count = count < SK_ASKED_MAX ? count : SK_ASKED_MAX;
    struct asking *a = sk_xcalloc(1, sizeof *a + count * sizeof a->list[0]);
    *a = (struct asking){ .count = count, .left = count + 1, .done = done, .arg = arg };
    for (size_t i = 0; i < count; i++) {
        a->list[i].all = a;
        a->list[i].answer.id = sk_xstrdup(list[i]->id);
        sk_buf_init(&a->list[i].answer.text, ANSWER_MAX);
    }
    for (size_t i = 0; i < count; i++)
        list[i]->call(list[i]->arg, method, request, answered, &a->list[i]);
    if (--a->left == 0)
        asked_all(a);
}

int sk_v2_worst(const struct sk_asked *answers, size_t count)
{
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        if (answers[i].result == 0)
            return 0;
        if (worst != SK_ERR_TIMEOUT)
            worst = answers[i].result;
    }
    return worst;
}

/* ---- providers of an API ---- */

const struct sk_provider *sk_v2_provider(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind)
{
    struct sk_span id = sk_http_query_param(r, "provider");
    const struct sk_provider *v = id.p != NULL ? sk_providers_find(api->providers, kind, (struct sk_span){ 0 }, id)
                                               : sk_providers_default(api->providers, kind, (struct sk_span){ 0 });
    if (v == NULL && id.p != NULL)
        sk_v2_fail(r, 400, "Provider %.*s not found!", (int)(id.n < 200 ? id.n : 200), id.p);
    else if (v == NULL)
        sk_v2_fail(r, 400, "No providers registered!");
    return v;
}

static void write_providers(struct sk_api *api, enum sk_provider_kind kind, struct sk_buf *out)
{
    const struct sk_provider *list[SK_ASKED_MAX];
    size_t n = sk_providers_list(api->providers, kind, (struct sk_span){ 0 }, list, SK_ASKED_MAX);
    sk_buf_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        sk_buf_append(out, ",", i > 0);
        sk_json_write_str(out, sk_span_of(list[i]->id));
        SK_BUF_LIT(out, ":{\"name\":");
        sk_json_write_str(out, sk_span_of(list[i]->name));
        sk_buf_text(out, i == 0 ? ",\"isDefault\":true}" : ",\"isDefault\":false}");
    }
    sk_buf_char(out, '}');
}

void sk_v2_get_providers(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind)
{
    struct sk_buf b;
    sk_buf_init(&b, ENVELOPE_MAX);
    write_providers(api, kind, &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_v2_get_default(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind)
{
    const struct sk_provider *v = sk_providers_default(api->providers, kind, (struct sk_span){ 0 });
    struct sk_buf b;
    sk_buf_init(&b, ENVELOPE_MAX);
    sk_buf_char(&b, '{');
    if (v != NULL) {
        SK_BUF_LIT(&b, "\"id\":");
        sk_json_write_str(&b, sk_span_of(v->id));
    }
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_v2_set_default(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind, struct sk_span id)
{
    int n = (int)(id.n < 200 ? id.n : 200);
    if (id.p == NULL || sk_providers_find(api->providers, kind, (struct sk_span){ 0 }, id) == NULL) {
        sk_v2_fail(r, 400, "Provider %.*s not found!", n, id.p != NULL ? id.p : "");
        return;
    }
    sk_providers_choose(api->providers, kind, (struct sk_span){ 0 }, id);
    sk_v2_fail(r, 200, "Default provider set to %.*s.", n, id.p);
}

void sk_v2_send_resource(struct sk_api *api, const char *provider, struct sk_span type, struct sk_span id, struct sk_span value)
{
    struct sk_errmsg em = { 0 };
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    sk_buf_printf(&b, "{\"updates\":[{\"values\":[{\"path\":\"resources.%.*s.%.*s\",\"value\":", (int)type.n, type.p, (int)id.n,
                  id.p); /* both have been checked: plain characters */
    sk_buf_span_append(&b, value);
    SK_BUF_LIT(&b, "}]}]}");
    int r = sk_buf_ok(&b)
                ? sk_hub_ingest(api->hub, &(struct sk_origin){ .provider = provider, .version = 2 }, sk_buf_span(&b), &em)
                : sk_errmsg_set(&em, SK_ERR_LIMIT, "too large for a delta");
    if (r < 0)
        sk_log_debug("signalk-server:resources", "no delta for %.*s: %s", (int)id.n, id.p, em.text);
    sk_buf_finish(&b);
    sk_course_resource_changed(api->course, type, id, value);
}
