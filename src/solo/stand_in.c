#include "solo/stand_in.h"

#include "base/json.h"

#include <strings.h>

#define BODY_MAX ((size_t)16 * 1024 * 1024)

static void write_body(const struct sk_buf *body, struct sk_buf *out)
{
    yyjson_doc *doc = NULL;
    if (body->n > 0 && sk_json_read((struct sk_span){ body->p, body->n }, &doc, NULL) == 0)
        sk_json_write(out, yyjson_doc_get_root(doc));
    else
        sk_json_write_str(out, (struct sk_span){ body->n > 0 ? body->p : "", body->n });
    yyjson_doc_free(doc);
}

/* {"method","url","headers":{lower case},"body"} */
static void note(struct sk_canned *c, const struct sk_fetch_request *req)
{
    struct sk_fetch_response same = { .headers = req->headers };
    struct sk_buf text;
    sk_buf_init(&text, BODY_MAX);
    SK_BUF_LIT(&text, "{\"method\":");
    sk_json_write_str(&text, sk_span_of(req->method));
    SK_BUF_LIT(&text, ",\"url\":");
    sk_json_write_str(&text, sk_span_of(req->url));
    SK_BUF_LIT(&text, ",\"headers\":");
    sk_fetch_response_write_headers(&same, &text);
    SK_BUF_LIT(&text, ",\"body\":");
    write_body(&req->body, &text);
    sk_buf_char(&text, '}');
    pthread_mutex_lock(&c->record->lock);
    sk_record_add(&c->record->requests, sk_buf_span(&text));
    pthread_mutex_unlock(&c->record->lock);
    sk_buf_finish(&text);
}

static const yyjson_val *find(const struct sk_canned *c, const struct sk_fetch_request *req)
{
    size_t i, n;
    yyjson_val *entry;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)c->list, i, n, entry) {
        const char *method = sk_json_get_str(entry, "method");
        if (sk_span_eq(sk_json_str(sk_json_get(entry, "url")), req->url) &&
            (method == NULL || strcasecmp(method, req->method) == 0))
            return entry;
    }
    return NULL;
}

static void add_header(struct sk_fetch_response *r, struct sk_span name, const yyjson_val *value)
{
    sk_buf_span_append(&r->headers, name);
    SK_BUF_LIT(&r->headers, ": ");
    if (sk_json_str(value).p != NULL)
        sk_buf_span_append(&r->headers, sk_json_str(value));
    else
        sk_json_write(&r->headers, value);
    sk_buf_char(&r->headers, '\0');
}

static void fill(struct sk_fetch_response *r, const struct sk_fetch_request *req, const yyjson_val *entry)
{
    const yyjson_val *body = sk_json_get(entry, "body");
    size_t i, n;
    yyjson_val *key, *value;
    bool typed = false;
    r->status = (int)sk_json_get_number(entry, "status", 200);
    r->url = sk_xstrdup(req->url);
    sk_buf_init(&r->headers, BODY_MAX);
    sk_buf_init(&r->body, BODY_MAX);
    yyjson_obj_foreach(sk_json_get(entry, "headers"), i, n, key, value) {
        typed |= strcasecmp(yyjson_get_str(key), "content-type") == 0;
        add_header(r, sk_json_str(key), value);
    }
    if (sk_json_str(body).p != NULL) {
        sk_buf_span_append(&r->body, sk_json_str(body));
    } else if (body != NULL) {
        sk_json_write(&r->body, body);
        if (!typed)
            sk_buf_append(&r->headers, "content-type: application/json", sizeof "content-type: application/json");
    }
}

static int answer(void *arg, const struct sk_fetch_request *req, struct sk_fetch_response *ret_response, struct sk_errmsg *em)
{
    struct sk_canned *c = arg;
    const yyjson_val *entry = find(c, req);
    const char *error = sk_json_get_str(entry, "error");
    note(c, req);
    if (entry == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "the scenario has no answer for %s %.300s in its list http", req->method,
                             req->url);
    if (error != NULL)
        return sk_errmsg_set(em, SK_ERR_IO, "%.400s", error);
    fill(ret_response, req, entry);
    return 0;
}

void sk_canned_init(struct sk_canned *c, const yyjson_val *list, struct sk_record *record)
{
    *c = (struct sk_canned){ .stand_in = { answer, c }, .list = list, .record = record };
}
