#include "net/fetch_request.h"

#include "base/json.h"

#include <stdlib.h>
#include <strings.h>

void sk_fetch_request_init(struct sk_fetch_request *r, size_t body_max)
{
    *r = (struct sk_fetch_request){ .method = "GET" };
    sk_buf_init(&r->headers, SK_FETCH_HEADER_BYTES);
    sk_buf_init(&r->body, body_max);
}

void sk_fetch_request_finish(struct sk_fetch_request *r)
{
    if (r->secret && r->headers.p != NULL)
        explicit_bzero(r->headers.p, r->headers.cap);
    if (r->secret && r->body.p != NULL)
        explicit_bzero(r->body.p, r->body.cap);
    free(r->url);
    sk_buf_finish(&r->headers);
    sk_buf_finish(&r->body);
}

static int shown(struct sk_span s)
{
    return s.n > 60 ? 60 : (int)s.n;
}

static bool is_token(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c) != NULL)
            return false;
    }
    return s.n > 0;
}

int sk_fetch_request_method(struct sk_fetch_request *r, struct sk_span method, struct sk_errmsg *em)
{
    static const char *const refused[] = { "CONNECT", "TRACE", "TRACK" };
    if (!is_token(method) || method.n >= sizeof r->method)
        return sk_errmsg_set(em, SK_ERR_INVALID, "\"%.*s\" is no HTTP method", shown(method), method.p != NULL ? method.p : "");
    for (size_t i = 0; i < SK_COUNT(refused); i++)
        if (method.n == strlen(refused[i]) && strncasecmp(method.p, refused[i], method.n) == 0)
            return sk_errmsg_set(em, SK_ERR_DENIED, "method %s is not permitted", refused[i]);
    memcpy(r->method, method.p, method.n);
    r->method[method.n] = 0;
    return 0;
}

int sk_fetch_request_url(struct sk_fetch_request *r, struct sk_span url, struct sk_errmsg *em)
{
    if (url.n == 0 || url.n > SK_FETCH_URL_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "the URL has %zu bytes; 1 to %u are possible", url.n, SK_FETCH_URL_MAX);
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] < 0x20 || url.p[i] == 0x7f)
            return sk_errmsg_set(em, SK_ERR_INVALID, "the URL holds a control character");
    free(r->url);
    r->url = sk_xstrndup(url.p, url.n);
    return 0;
}

static bool is_connections(struct sk_span name)
{
    static const char *const ours[] = {
        "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via",
    };
    if (name.n >= 6 && strncasecmp(name.p, "proxy-", 6) == 0)
        return true;
    for (size_t i = 0; i < SK_COUNT(ours); i++)
        if (name.n == strlen(ours[i]) && strncasecmp(name.p, ours[i], name.n) == 0)
            return true;
    return false;
}

int sk_fetch_request_header(struct sk_fetch_request *r, struct sk_span name, struct sk_span value, struct sk_errmsg *em)
{
    while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
        value = (struct sk_span){ value.p + 1, value.n - 1 };
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    if (!is_token(name))
        return sk_errmsg_set(em, SK_ERR_INVALID, "\"%.*s\" is no header name", shown(name), name.p != NULL ? name.p : "");
    for (size_t i = 0; i < value.n; i++)
        if (((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
            return sk_errmsg_set(em, SK_ERR_INVALID, "header %.*s holds a control character", shown(name), name.p);
    if (is_connections(name))
        return 0;
    if (r->header_count >= SK_FETCH_HEADERS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u headers", SK_FETCH_HEADERS_MAX);
    r->header_count++;
    sk_buf_span_append(&r->headers, name);
    if (value.n > 0)
        SK_BUF_LIT(&r->headers, ": ");
    else
        SK_BUF_LIT(&r->headers, ";"); /* what the HTTP library takes for "send it, empty" */
    sk_buf_span_append(&r->headers, value);
    sk_buf_char(&r->headers, 0);
    return sk_buf_ok(&r->headers) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "more than %zu bytes of headers", SK_FETCH_HEADER_BYTES);
}

static bool line_is(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(line, name, n) == 0 && (line[n] == ':' || line[n] == ';');
}

bool sk_fetch_request_has(const struct sk_fetch_request *r, const char *name)
{
    for (size_t at = 0; at < r->headers.n; at += strlen(r->headers.p + at) + 1)
        if (line_is(r->headers.p + at, name))
            return true;
    return false;
}

void sk_fetch_request_drop(struct sk_fetch_request *r, const char *const *names)
{
    size_t to = 0, n;
    for (size_t at = 0; at < r->headers.n; at += n) {
        bool drop = false;
        n = strlen(r->headers.p + at) + 1;
        for (const char *const *name = names; *name != NULL; name++)
            drop |= line_is(r->headers.p + at, *name);
        if (drop) {
            r->header_count--;
            continue;
        }
        memmove(r->headers.p + to, r->headers.p + at, n);
        to += n;
    }
    r->headers.n = to;
}

/* ---- JSON ---- */

static int parse_header(struct sk_fetch_request *r, const yyjson_val *key, yyjson_val *v, struct sk_errmsg *em)
{
    struct sk_span name = sk_json_str(key);
    yyjson_val *item;
    size_t i, n;
    int e = 0;
    if (yyjson_is_str(v))
        return sk_fetch_request_header(r, name, sk_json_str(v), em);
    if (!yyjson_is_arr(v))
        return sk_errmsg_set(em, SK_ERR_INVALID, "header %.*s is neither a text nor a list of texts", shown(name), name.p);
    yyjson_arr_foreach(v, i, n, item)
        if (e == 0)
            e = yyjson_is_str(item)
                    ? sk_fetch_request_header(r, name, sk_json_str(item), em)
                    : sk_errmsg_set(em, SK_ERR_INVALID, "header %.*s has a value that is no text", shown(name), name.p);
    return e;
}

static int parse_headers(struct sk_fetch_request *r, yyjson_val *headers, struct sk_errmsg *em)
{
    yyjson_val *key, *v;
    size_t i, n;
    int e = 0;
    if (!yyjson_is_obj(headers))
        return sk_errmsg_set(em, SK_ERR_INVALID, "\"headers\" is not an object");
    yyjson_obj_foreach(headers, i, n, key, v)
        if (e == 0)
            e = parse_header(r, key, v, em);
    return e;
}

static int parse_member(struct sk_fetch_request *r, const char *key, yyjson_val *v, struct sk_errmsg *em)
{
    double ms;
    if (strcmp(key, "url") == 0 && yyjson_is_str(v))
        return sk_fetch_request_url(r, sk_json_str(v), em);
    if (strcmp(key, "method") == 0 && yyjson_is_str(v))
        return sk_fetch_request_method(r, sk_json_str(v), em);
    if (strcmp(key, "headers") == 0)
        return parse_headers(r, v, em);
    if (strcmp(key, "redirect") == 0 && (yyjson_equals_str(v, "follow") || yyjson_equals_str(v, "manual"))) {
        r->manual = yyjson_equals_str(v, "manual");
        return 0;
    }
    if (strcmp(key, "timeoutMs") == 0 && sk_json_number(v, &ms) && ms >= 1 && ms <= 3600000) {
        r->timeout_ms = (unsigned)ms;
        return 0;
    }
    return sk_errmsg_set(em, SK_ERR_INVALID, "member \"%.60s\" is unknown, or its value is of the wrong kind", key);
}

int sk_fetch_request_parse(struct sk_fetch_request *r, struct sk_span json, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    yyjson_val *key, *v;
    size_t i, n;
    int e = sk_json_read(json, &doc, em);
    if (e < 0)
        return sk_errmsg_wrap(em, e, "the request is no JSON");
    if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
        e = sk_errmsg_set(em, SK_ERR_INVALID, "the request is not a JSON object");
    else
        yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, v)
            if (e == 0)
                e = parse_member(r, yyjson_get_str(key), v, em);
    yyjson_doc_free(doc);
    if (e == 0 && r->url == NULL)
        e = sk_errmsg_set(em, SK_ERR_INVALID, "the request has no \"url\"");
    return e;
}
