#include "plugin/web.h"

#include "base/json.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define DEPTH_MAX 5
#define JSON_TYPE "application/json; charset=utf-8"

/* ---- decoding ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void sk_web_decode(struct sk_span text, bool plus_is_blank, struct sk_buf *out)
{
    struct sk_buf raw;
    sk_buf_init(&raw, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        int high = i + 2 < text.n && text.p[i] == '%' ? hex(text.p[i + 1]) : -1, low = high >= 0 ? hex(text.p[i + 2]) : -1;
        if (low >= 0) {
            sk_buf_char(&raw, (char)(high << 4 | low));
            i += 2;
        } else {
            sk_buf_char(&raw, plus_is_blank && text.p[i] == '+' ? ' ' : text.p[i]);
        }
    }
    if (raw.n > 0)
        sk_utf8_append_lossy(out, raw.p, raw.n);
    sk_buf_finish(&raw);
}

/* ---- query ---- */

static yyjson_mut_val *text_val(yyjson_mut_doc *d, struct sk_span raw)
{
    struct sk_buf b;
    sk_buf_init(&b, 3 * raw.n + 4);
    sk_web_decode(raw, true, &b);
    yyjson_mut_val *v = yyjson_mut_strncpy(d, b.n > 0 ? b.p : "", b.n);
    sk_buf_finish(&b);
    return v;
}

static yyjson_mut_val *get(yyjson_mut_val *obj, yyjson_mut_val *key)
{
    return yyjson_mut_obj_getn(obj, yyjson_mut_get_str(key), yyjson_mut_get_len(key));
}

/* obj[key] = v; a second value of the same key makes an array. */
static void set(yyjson_mut_doc *d, yyjson_mut_val *obj, yyjson_mut_val *key, yyjson_mut_val *v)
{
    yyjson_mut_val *old = get(obj, key);
    if (old == NULL) {
        yyjson_mut_obj_add(obj, key, v);
    } else if (yyjson_mut_is_arr(old)) {
        yyjson_mut_arr_append(old, v);
    } else {
        yyjson_mut_val *first = yyjson_mut_val_mut_copy(d, old);
        yyjson_mut_set_arr(old); /* in place: the member keeps its position */
        yyjson_mut_arr_append(old, first);
        yyjson_mut_arr_append(old, v);
    }
}

static bool is_index(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n < 3; /* "" is a[] */
}

/* "[b][c]" behind a key; returns the number of parts, 0 when it is no such thing. */
static size_t parts_of(struct sk_span rest, struct sk_span parts[DEPTH_MAX])
{
    size_t n = 0;
    while (rest.n > 0) {
        const char *end = rest.p[0] == '[' ? memchr(rest.p, ']', rest.n) : NULL;
        if (end == NULL || n == DEPTH_MAX)
            return 0;
        parts[n++] = (struct sk_span){ rest.p + 1, (size_t)(end - rest.p) - 1 };
        rest.n -= (size_t)(end + 1 - rest.p);
        rest.p = end + 1;
    }
    return n;
}

static void add(yyjson_mut_doc *d, yyjson_mut_val *root, struct sk_span key, struct sk_span value)
{
    struct sk_span parts[DEPTH_MAX];
    const char *bracket = key.n > 0 ? memchr(key.p + 1, '[', key.n - 1) : NULL;
    size_t name_n = bracket != NULL ? (size_t)(bracket - key.p) : key.n;
    size_t n = bracket != NULL ? parts_of((struct sk_span){ bracket, key.n - name_n }, parts) : 0;
    yyjson_mut_val *at = root, *k = text_val(d, (struct sk_span){ key.p, n > 0 ? name_n : key.n }), *v = text_val(d, value);
    if (k == NULL || v == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *child = get(at, k);
        if (is_index(parts[i])) { /* into an array; positions are kept by order */
            if (i + 1 < n)
                return;
            if (child == NULL)
                yyjson_mut_obj_add(at, k, child = yyjson_mut_arr(d));
            if (yyjson_mut_is_arr(child))
                yyjson_mut_arr_append(child, v);
            else
                set(d, at, k, v);
            return;
        }
        if (child == NULL)
            yyjson_mut_obj_add(at, k, child = yyjson_mut_obj(d));
        if (!yyjson_mut_is_obj(child))
            return;
        at = child;
        k = text_val(d, parts[i]);
    }
    set(d, at, k, v);
}

/* Browsers send brackets escaped; they count all the same. */
static struct sk_span plain_brackets(struct sk_span key, char *to, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < key.n && n < max; i++) {
        bool open = i + 2 < key.n && strncasecmp(key.p + i, "%5b", 3) == 0,
             close = i + 2 < key.n && strncasecmp(key.p + i, "%5d", 3) == 0;
        to[n++] = open ? '[' : close ? ']' : key.p[i];
        i += open || close ? 2 : 0;
    }
    return (struct sk_span){ to, n };
}

void sk_web_query(struct sk_span text, struct sk_buf *out)
{
    yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    char key_text[1024];
    unsigned count = 0;
    while (text.n > 0 && count++ < SK_WEB_PARAMS_MAX) {
        const char *amp = memchr(text.p, '&', text.n);
        size_t n = amp != NULL ? (size_t)(amp - text.p) : text.n;
        const char *eq = memchr(text.p, '=', n);
        struct sk_span key = { text.p, eq != NULL ? (size_t)(eq - text.p) : n };
        struct sk_span value = { eq != NULL ? eq + 1 : text.p + n, eq != NULL ? n - key.n - 1 : 0 };
        if (key.n > 0 && key.n <= sizeof key_text)
            add(d, root, plain_brackets(key, key_text, sizeof key_text), value);
        n += amp != NULL;
        text.p += n;
        text.n -= n;
    }
    sk_json_write_mut(out, root);
    yyjson_mut_doc_free(d);
}

void sk_web_params(const struct sk_endpoint_params *params, struct sk_buf *out)
{
    bool first = true;
    sk_buf_char(out, '{');
    for (size_t i = 0; i < params->count; i++) {
        if (params->value[i].p == NULL)
            continue;
        struct sk_buf b;
        sk_buf_init(&b, 3 * params->value[i].n + 4);
        sk_web_decode(params->value[i], false, &b);
        if (!first)
            sk_buf_char(out, ',');
        first = false;
        sk_json_write_str(out, params->name[i]);
        sk_buf_char(out, ':');
        sk_json_write_str(out, (struct sk_span){ b.n > 0 ? b.p : "", b.n });
        sk_buf_finish(&b);
    }
    sk_buf_char(out, '}');
}

void sk_web_begin_request(struct sk_span method, struct sk_span path, struct sk_span query,
                          const struct sk_endpoint_params *params, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"method\":");
    sk_json_write_str(out, method);
    SK_BUF_LIT(out, ",\"path\":");
    sk_json_write_str(out, path);
    SK_BUF_LIT(out, ",\"query\":");
    sk_web_query(query, out);
    SK_BUF_LIT(out, ",\"params\":");
    sk_web_params(params, out);
    SK_BUF_LIT(out, ",\"body\":");
}

/* ---- answers ---- */

static struct sk_span keep(struct sk_arena *a, struct sk_buf *b)
{
    char *p = sk_buf_ok(b) ? sk_arena_copy(a, b->n > 0 ? b->p : "", b->n) : NULL;
    struct sk_span s = { p != NULL ? p : "", p != NULL ? b->n : 0 };
    sk_buf_finish(b);
    return s;
}

void sk_web_error(struct sk_arena *a, int status, struct sk_span error, struct sk_web_reply *ret)
{
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"error\":");
    sk_json_write_str(&b, (struct sk_span){ error.p, error.n < 1000 ? error.n : 1000 });
    sk_buf_char(&b, '}');
    *ret = (struct sk_web_reply){ .status = status, .type = JSON_TYPE, .body = keep(a, &b) };
}

/* JavaScript's Number() of what plugins put there; false: not a status. */
static bool status_of(const yyjson_val *v, int *ret_status)
{
    double d = 200;
    if (sk_json_truthy(v) && !sk_json_number(v, &d)) {
        struct sk_span s = sk_json_str(v);
        if (s.p == NULL || !sk_parse_double(s, &d))
            return false;
    }
    if (!(d >= 200 && d <= 999) || d != (double)(int)d) /* 1xx cannot be a final answer */
        return false;
    *ret_status = (int)d;
    return true;
}

/* Framing is the server's business. */
static bool reserved(const char *name)
{
    static const char *const names[] = { "content-length", "transfer-encoding", "connection", "keep-alive",
                                         "upgrade",        "trailer",           "te" };
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static void add_header(struct sk_arena *a, struct sk_span name, const yyjson_val *v, struct sk_web_reply *ret)
{
    struct sk_buf b;
    sk_buf_init(&b, 16384);
    if (yyjson_is_str((yyjson_val *)(uintptr_t)v))
        sk_buf_span_append(&b, sk_json_str(v));
    else
        sk_json_write(&b, v);
    struct sk_span value = keep(a, &b);
    const char *n = sk_arena_copy(a, name.p, name.n);
    if (n == NULL || reserved(n))
        return;
    if (strcasecmp(n, "content-type") == 0)
        ret->type = value.p;
    else if (ret->header_count < SK_WEB_HEADERS_MAX) {
        ret->headers[ret->header_count].name = (struct sk_span){ n, name.n };
        ret->headers[ret->header_count++].value = value;
    }
}

static void add_headers(struct sk_arena *a, const yyjson_val *headers, struct sk_web_reply *ret)
{
    size_t i, n, j, m;
    yyjson_val *k, *v, *item;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)headers, i, n, k, v) {
        if (!yyjson_is_arr(v)) {
            add_header(a, sk_json_str(k), v, ret);
            continue;
        }
        yyjson_arr_foreach(v, j, m, item)
            add_header(a, sk_json_str(k), item, ret);
    }
}

static const char *with_charset(struct sk_arena *a, const char *type, const char *otherwise)
{
    if (type == NULL)
        return otherwise;
    if (strcasestr(type, "charset=") != NULL)
        return type;
    struct sk_buf b;
    sk_buf_init(&b, 16500);
    sk_buf_printf(&b, "%s; charset=utf-8", type);
    return keep(a, &b).p;
}

static struct sk_span json_text(struct sk_arena *a, const yyjson_val *v)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)32 * 1024 * 1024);
    sk_json_write(&b, v);
    return keep(a, &b);
}

static void set_body(struct sk_arena *a, const yyjson_val *body, struct sk_web_reply *ret)
{
    if (body == NULL || yyjson_is_null((yyjson_val *)(uintptr_t)body))
        return;
    struct sk_span text = sk_json_str(body);
    if (text.p == NULL) {
        ret->body = json_text(a, body);
        ret->type = with_charset(a, ret->type, JSON_TYPE);
        return;
    }
    yyjson_doc *inner = NULL;
    if (ret->type != NULL && strcasestr(ret->type, "application/json") != NULL && sk_json_read(text, &inner, NULL) == 0) {
        ret->body = json_text(a, yyjson_doc_get_root(inner)); /* JSON in a string is sent compact */
        yyjson_doc_free(inner);
    } else {
        char *copy = sk_arena_copy(a, text.p, text.n);
        ret->body = (struct sk_span){ copy != NULL ? copy : "", copy != NULL ? text.n : 0 };
    }
    ret->type = with_charset(a, ret->type, "text/html; charset=utf-8");
}

void sk_web_answer(struct sk_arena *a, struct sk_span text, struct sk_web_reply *ret)
{
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = NULL;
    *ret = (struct sk_web_reply){ .status = 200 };
    if (text.n == 0) {
        sk_web_error(a, 500, SK_SPAN("the plugin's handler gave no answer"), ret);
        return;
    }
    if (sk_json_read(text, &doc, &em) < 0) {
        sk_web_error(a, 500, sk_span_of(em.text), ret);
        return;
    }
    const yyjson_val *root = yyjson_doc_get_root(doc), *code = sk_json_get(root, "statusCode");
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)root)) {
        sk_web_error(a, 500, SK_SPAN("the plugin's handler did not answer with an object"), ret);
    } else if (!status_of(code, &ret->status)) {
        char why[100];
        struct sk_span shown = sk_json_str(code).p != NULL ? sk_json_str(code) : json_text(a, code);
        snprintf(why, sizeof why, "Invalid status code: %.*s", (int)(shown.n < 60 ? shown.n : 60), shown.p);
        sk_web_error(a, 500, sk_span_of(why), ret);
    } else {
        add_headers(a, sk_json_get(root, "headers"), ret);
        set_body(a, sk_json_get(root, "body"), ret);
    }
    yyjson_doc_free(doc);
}
