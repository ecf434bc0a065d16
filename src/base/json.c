#include "base/json.h"

#include "base/utf8.h"

#include <math.h>

#define MAX_SAFE_INTEGER 9007199254740992.0 /* 2^53: beyond it ECMAScript's numbers are not exact */

static int read_failed(struct sk_span text, const yyjson_read_err *err, struct sk_errmsg *em)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < err->pos && i < text.n; i++) {
        column++;
        if (text.p[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return sk_errmsg_set(em, err->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? SK_ERR_LIMIT : SK_ERR_INVALID,
                         "bad JSON at line %zu column %zu: %s", line, column, err->msg);
}

int sk_json_read(struct sk_span text, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    yyjson_read_err err;
    yyjson_doc *doc = text.n == 0 ? NULL : yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, NULL, &err);
    if (text.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "bad JSON: empty text");
    if (doc == NULL)
        return read_failed(text, &err, em);
    *ret_doc = doc;
    return 0;
}

static void *arena_malloc(void *ctx, size_t n)
{
    return sk_arena_alloc(ctx, n);
}

static void *arena_realloc(void *ctx, void *p, size_t old, size_t n)
{
    void *q = sk_arena_alloc(ctx, n);
    if (q != NULL)
        memcpy(q, p, old < n ? old : n);
    return q;
}

static void arena_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

void sk_json_wipe(yyjson_doc *doc)
{
    if (doc != NULL && doc->str_pool != NULL)
        explicit_bzero(doc->str_pool, doc->dat_read);
    yyjson_doc_free(doc);
}

int sk_json_read_raw(struct sk_arena *a, struct sk_span text, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    yyjson_alc alc = { arena_malloc, arena_realloc, arena_free, a };
    yyjson_read_err err;
    if (text.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "bad JSON: empty text");
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NUMBER_AS_RAW, &alc, &err);
    if (doc == NULL)
        return read_failed(text, &err, em);
    *ret_doc = doc;
    return 0;
}

bool sk_parse_double(struct sk_span text, double *ret_value)
{
    char copy[400]; /* yyjson wants a terminator; longer numerals than this carry no meaning */
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    yyjson_val v = { 0 };
    const char *end = yyjson_read_number(copy, &v, YYJSON_READ_NOFLAG, NULL, NULL);
    if (end != copy + text.n)
        return false;
    *ret_value = yyjson_get_num(&v);
    return true;
}

bool sk_parse_int(struct sk_span text, int64_t min, int64_t max, int64_t *ret_value)
{
    bool negative = text.n > 0 && text.p[0] == '-';
    size_t i = negative;
    if (i == text.n || text.n - i > 18)
        return false;
    int64_t v = 0;
    for (; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        v = v * 10 + (text.p[i] - '0');
    }
    v = negative ? -v : v;
    if (v < min || v > max)
        return false;
    *ret_value = v;
    return true;
}

bool sk_json_number(const yyjson_val *cv, double *ret_value)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)cv;
    if (yyjson_is_raw(v))
        return sk_parse_double((struct sk_span){ yyjson_get_raw(v), yyjson_get_len(v) }, ret_value);
    if (!yyjson_is_num(v))
        return false;
    *ret_value = yyjson_get_num(v);
    return true;
}

yyjson_val *sk_json_get(const yyjson_val *obj, const char *key)
{
    yyjson_val *found = NULL, *k;
    size_t n = strlen(key);
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)obj))
        return NULL;
    yyjson_obj_iter it = yyjson_obj_iter_with((yyjson_val *)(uintptr_t)obj);
    while ((k = yyjson_obj_iter_next(&it)) != NULL)
        if (yyjson_equals_strn(k, key, n))
            found = yyjson_obj_iter_get_val(k);
    return found;
}

const char *sk_json_get_str(const yyjson_val *obj, const char *key)
{
    return yyjson_get_str(sk_json_get(obj, key));
}

bool sk_json_get_bool(const yyjson_val *obj, const char *key, bool otherwise)
{
    yyjson_val *v = sk_json_get(obj, key);
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : otherwise;
}

bool sk_json_lists(const yyjson_val *list, struct sk_span text)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)list, i, n, v)
        if (yyjson_is_str(v) && sk_span_is(sk_json_str(v), text))
            return true;
    return false;
}

double sk_json_get_number(const yyjson_val *obj, const char *key, double otherwise)
{
    double d;
    yyjson_val *v = sk_json_get(obj, key);
    return v != NULL && sk_json_number(v, &d) ? d : otherwise;
}

bool sk_json_truthy(const yyjson_val *cv)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)cv;
    double d;
    if (v == NULL || yyjson_is_null(v) || yyjson_is_false(v))
        return false;
    if (yyjson_is_str(v))
        return yyjson_get_len(v) != 0;
    return sk_json_number(v, &d) ? d != 0 : true;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

/* ECMA-262, Number::toString: `digits` without leading or trailing zeros, value 0.digits * 10^point. */
static void layout(struct sk_buf *b, bool negative, const char *digits, int k, int point)
{
    char out[64], *o = out;
    if (negative)
        *o++ = '-';
    if (k <= point && point <= 21) {
        memcpy(o, digits, (size_t)k);
        memset(o + k, '0', (size_t)(point - k));
        o += point;
    } else if (0 < point && point <= 21) {
        memcpy(o, digits, (size_t)point);
        o[point] = '.';
        memcpy(o + point + 1, digits + point, (size_t)(k - point));
        o += k + 1;
    } else if (-6 < point && point <= 0) {
        *o++ = '0';
        *o++ = '.';
        memset(o, '0', (size_t)-point);
        memcpy(o - point, digits, (size_t)k);
        o += k - point;
    } else {
        *o++ = digits[0];
        if (k > 1) {
            *o++ = '.';
            memcpy(o, digits + 1, (size_t)k - 1);
            o += k - 1;
        }
        int e = point - 1;
        *o++ = 'e';
        *o++ = e < 0 ? '-' : '+';
        e = e < 0 ? -e : e;
        if (e >= 100)
            *o++ = (char)('0' + e / 100);
        if (e >= 10)
            *o++ = (char)('0' + e / 10 % 10);
        *o++ = (char)('0' + e % 10);
    }
    sk_buf_append(b, out, (size_t)(o - out));
}

void sk_json_write_double(struct sk_buf *b, double d)
{
    if (!isfinite(d)) {
        SK_BUF_LIT(b, "null");
        return;
    }
    if (d == floor(d) && fabs(d) < MAX_SAFE_INTEGER) {
        sk_json_write_int(b, (int64_t)d);
        return;
    }
    /* yyjson finds the shortest digits that read back as d; only their layout is ours. */
    char pool[512];
    yyjson_alc alc;
    yyjson_alc_pool_init(&alc, pool, sizeof pool);
    yyjson_val v = { 0 };
    yyjson_set_real(&v, d);
    size_t n;
    const char *t = yyjson_val_write_opts(&v, YYJSON_WRITE_NOFLAG, &alc, &n, NULL);
    SK_ASSERT(t != NULL);
    char digits[32];
    int k = 0, point = 0, exponent = 0;
    bool negative = t[0] == '-', after_point = false;
    for (size_t i = negative; i < n; i++) {
        if (t[i] == '.') {
            after_point = true;
        } else if (t[i] == 'e') {
            int64_t e = 0;
            size_t skip = i + 1 + (t[i + 1] == '+');
            sk_parse_int((struct sk_span){ t + skip, n - skip }, -400, 400, &e);
            exponent = (int)e;
            break;
        } else if (k == 0 && t[i] == '0') {
            point -= after_point;
        } else {
            SK_ASSERT(k < (int)sizeof digits);
            digits[k++] = t[i];
            point += !after_point;
        }
    }
    while (k > 1 && digits[k - 1] == '0')
        k--;
    layout(b, negative, digits, k, point + exponent);
}

void sk_json_write_int(struct sk_buf *b, int64_t v)
{
    char t[24], *o = t + sizeof t;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        *--o = (char)('0' + u % 10);
    while ((u /= 10) != 0);
    if (v < 0)
        *--o = '-';
    sk_buf_append(b, o, (size_t)(t + sizeof t - o));
}

/* True for text that is a JSON number and already what ECMAScript prints: at most 15 significant digits always read back to
   the same shortest digits, so only their layout has to be looked at. */
static bool number_is_canonical(const char *s, size_t n)
{
    size_t i = n > 0 && s[0] == '-', digits = 0, zeros = 0;
    bool point = false, significant = false;
    if (n - i > 17 || (i == 1 && n == 2 && s[1] == '0'))
        return false;
    if (n - i > 2 && s[i] == '0' && s[i + 1] == '.') { /* 0.000000x goes over to exponents */
        for (size_t j = i + 2; j < n && s[j] == '0'; j++)
            zeros++;
        if (zeros >= 6)
            return false;
    }
    for (; i < n; i++) {
        if (s[i] == '.') {
            point = true;
        } else if (s[i] >= '0' && s[i] <= '9') {
            significant |= s[i] != '0';
            digits += significant;
        } else {
            return false;
        }
    }
    return digits <= 15 && !(point && s[n - 1] == '0') && (significant || n == 1);
}

static void write_raw_number(struct sk_buf *b, const char *s, size_t n)
{
    if (number_is_canonical(s, n)) {
        sk_buf_append(b, s, n);
        return;
    }
    double d;
    if (sk_parse_double((struct sk_span){ s, n }, &d))
        sk_json_write_double(b, d);
    else
        SK_BUF_LIT(b, "null"); /* beyond a double: Infinity in ECMAScript, which stringifies as null */
}

/* ---- strings ------------------------------------------------------------------------------------------------------------ */

static const char *escape_of(unsigned char c, char hex[7])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\t':
        return "\\t";
    case '\n':
        return "\\n";
    case '\f':
        return "\\f";
    case '\r':
        return "\\r";
    default:
        memcpy(hex, "\\u00", 4);
        hex[4] = "0123456789abcdef"[c >> 4];
        hex[5] = "0123456789abcdef"[c & 15];
        hex[6] = '\0';
        return hex;
    }
}

/* Length of the head that needs no escape: eight bytes at a time with the usual has-byte-less-than and has-zero-byte tricks. */
static size_t plain_run(const char *s, size_t n)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, s + i, 8);
        uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
        if ((((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high)
            break;
    }
    while (i < n && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

static void write_valid_str(struct sk_buf *b, const char *s, size_t n)
{
    size_t plain = plain_run(s, n);
    char *to = plain == n ? sk_buf_reserve(b, n + 2) : NULL;
    if (to != NULL) {
        to[0] = '"';
        if (n != 0)
            memcpy(to + 1, s, n);
        to[n + 1] = '"';
        b->n += n + 2;
        return;
    }
    sk_buf_char(b, '"');
    size_t from = 0;
    for (size_t i = plain; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        char hex[7];
        sk_buf_append(b, s + from, i - from);
        sk_buf_text(b, escape_of(c, hex));
        from = i + 1;
    }
    sk_buf_append(b, s + from, n - from);
    sk_buf_char(b, '"');
}

void sk_json_write_str(struct sk_buf *b, struct sk_span s)
{
    if (sk_utf8_valid(s.p, s.n)) {
        write_valid_str(b, s.p, s.n);
        return;
    }
    struct sk_buf fixed;
    sk_buf_init(&fixed, b->max);
    sk_utf8_append_lossy(&fixed, s.p, s.n);
    if (sk_buf_ok(&fixed))
        write_valid_str(b, fixed.p, fixed.n);
    else
        b->failed = true;
    sk_buf_finish(&fixed);
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

/* One writer serves immutable and mutable values: `pretty` is the indentation width, -1 for compact text. */
struct writer {
    struct sk_buf *b;
    int indent;
};

static void newline(struct writer *w, int depth)
{
    if (w->indent < 0)
        return;
    sk_buf_char(w->b, '\n');
    for (int i = 0; i < depth * w->indent; i++)
        sk_buf_char(w->b, ' ');
}

static void colon(struct writer *w)
{
    sk_buf_append(w->b, ": ", w->indent < 0 ? 1 : 2);
}

/* Scalars of both kinds share their layout in yyjson (tag and payload first). */
static void write_scalar(struct writer *w, yyjson_val *v)
{
    if (yyjson_is_raw(v))
        write_raw_number(w->b, yyjson_get_raw(v), yyjson_get_len(v));
    else if (yyjson_is_str(v))
        write_valid_str(w->b, yyjson_get_str(v), yyjson_get_len(v));
    else if (yyjson_is_bool(v))
        sk_buf_text(w->b, yyjson_get_bool(v) ? "true" : "false");
    else if (yyjson_is_real(v) || (yyjson_is_num(v) && fabs(yyjson_get_num(v)) >= MAX_SAFE_INTEGER))
        sk_json_write_double(w->b, yyjson_get_num(v));
    else if (yyjson_is_int(v))
        sk_json_write_int(w->b, yyjson_get_sint(v));
    else
        SK_BUF_LIT(w->b, "null");
}

static void write_val(struct writer *w, yyjson_val *v, int depth)
{
    if (!yyjson_is_ctn(v)) {
        write_scalar(w, v);
        return;
    }
    if (depth >= SK_JSON_DEPTH_MAX) {
        w->b->failed = true;
        return;
    }
    bool obj = yyjson_is_obj(v), first = true;
    sk_buf_char(w->b, obj ? '{' : '[');
    size_t i, n;
    yyjson_val *key, *item;
    if (obj) {
        yyjson_obj_foreach(v, i, n, key, item) {
            if (!first)
                sk_buf_char(w->b, ',');
            first = false;
            newline(w, depth + 1);
            write_scalar(w, key);
            colon(w);
            write_val(w, item, depth + 1);
        }
    } else {
        yyjson_arr_foreach(v, i, n, item) {
            if (!first)
                sk_buf_char(w->b, ',');
            first = false;
            newline(w, depth + 1);
            write_val(w, item, depth + 1);
        }
    }
    if (!first)
        newline(w, depth);
    sk_buf_char(w->b, obj ? '}' : ']');
}

void sk_json_write(struct sk_buf *b, const yyjson_val *v)
{
    write_val(&(struct writer){ b, -1 }, (yyjson_val *)(uintptr_t)v, 0);
}

void sk_json_write_pretty(struct sk_buf *b, const yyjson_val *v)
{
    write_val(&(struct writer){ b, 2 }, (yyjson_val *)(uintptr_t)v, 0);
}

/* Mutable documents are small and rare (settings, edits): going through an immutable copy keeps one writer. */
static void write_mut(struct sk_buf *b, const yyjson_mut_val *v, int indent)
{
    yyjson_doc *doc = yyjson_mut_val_imut_copy((yyjson_mut_val *)(uintptr_t)v, NULL);
    if (doc == NULL) {
        b->failed = true;
        return;
    }
    write_val(&(struct writer){ b, indent }, yyjson_doc_get_root(doc), 0);
    yyjson_doc_free(doc);
}

void sk_json_write_mut(struct sk_buf *b, const yyjson_mut_val *v)
{
    write_mut(b, v, -1);
}

void sk_json_write_mut_pretty(struct sk_buf *b, const yyjson_mut_val *v)
{
    write_mut(b, v, 2);
}
