/* The small library behind skiff/plugin.h. One file, no libc, so that a plugin is two C files and one compiler call. */
#include "skiff/plugin.h"

enum { JSON_DEPTH_MAX = 64, PAGE = 65536 };

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

/*
 * Every block has a 16-byte head that says its size class, so that giving it back does not depend on the size the host
 * remembers, and a wrong pointer is noticed. Classes are powers of two; the free blocks of a class form a list.
 */
struct block {
    uint32_t tag;
    uint32_t class;
    struct block *next; /* only while free */
    uint32_t pad;
};
_Static_assert(sizeof(struct block) == 16, "blocks must keep the alignment of what follows them");

enum { CLASS_MIN = 5, CLASS_MAX = 31 };
#define TAG_USED 0x736b7561u
#define TAG_FREE 0x736b6672u

static struct block *free_blocks[CLASS_MAX + 1];
static uintptr_t chunk_at, chunk_end;

/*
 * Memory comes in chunks of whole pages. Chunks need not touch: with wasi-libc its malloc grows the same memory. That is
 * also why the space between the static data and the first page border is only ours when there is no libc.
 */
static bool chunk_extend(size_t need)
{
#ifndef __wasi__
    extern unsigned char __heap_base;
    if (chunk_end == 0) {
        chunk_at = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
        chunk_end = (uintptr_t)__builtin_wasm_memory_size(0) * PAGE;
        if (chunk_end >= chunk_at && chunk_end - chunk_at >= need)
            return true;
    }
#endif
    size_t pages = (need + PAGE - 1) / PAGE;
    size_t old = __builtin_wasm_memory_grow(0, pages);
    if (old == (size_t)-1)
        return false;
    uintptr_t fresh = (uintptr_t)old * PAGE;
    if (fresh != chunk_end)
        chunk_at = fresh;
    chunk_end = fresh + pages * PAGE;
    return true;
}

void *skp_alloc(size_t size)
{
    uint32_t class = CLASS_MIN;
    if (size > ((size_t)1 << (CLASS_MAX - 1)))
        return NULL;
    while (((size_t)1 << class) < size + sizeof(struct block))
        class ++;
    struct block *b = free_blocks[class];
    if (b != NULL) {
        free_blocks[class] = b->next;
    } else {
        size_t need = (size_t)1 << class;
        if ((chunk_at > chunk_end || chunk_end - chunk_at < need) && !chunk_extend(need))
            return NULL;
        b = (struct block *)chunk_at;
        chunk_at += need;
        b->class = class;
    }
    b->tag = TAG_USED;
    return b + 1;
}

void skp_free(void *block)
{
    if (block == NULL)
        return;
    struct block *b = (struct block *)block - 1;
    if (b->tag != TAG_USED || b->class < CLASS_MIN || b->class > CLASS_MAX)
        __builtin_trap();
    b->tag = TAG_FREE;
    b->next = free_blocks[b->class];
    free_blocks[b->class] = b;
}

SKP_EXPORT("allocate") void *skp_export_allocate(size_t size)
{
    return skp_alloc(size);
}

SKP_EXPORT("deallocate") void skp_export_deallocate(void *block, size_t size)
{
    (void)size;
    skp_free(block);
}

/* ---- Text --------------------------------------------------------------------------------------------------------- */

size_t skp_len(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    return n;
}

static bool same(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

bool skp_equal(const char *a, const char *b)
{
    size_t n = skp_len(a);
    return n == skp_len(b) && same(a, b, n);
}

bool skp_contains(const char *text, size_t len, const char *what)
{
    size_t n = skp_len(what);
    for (size_t i = 0; n <= len && i <= len - n; i++) {
        if (same(text + i, what, n))
            return true;
    }
    return false;
}

size_t skp_copy(char *out, size_t max, const char *text, size_t len)
{
    if (max == 0)
        return 0;
    if (len > max - 1)
        len = max - 1;
    __builtin_memcpy(out, text, len);
    out[len] = '\0';
    return len;
}

void skp_debug(const char *text)
{
    sk_debug(text, skp_len(text));
}

void skp_status(const char *text)
{
    sk_set_status(text, skp_len(text));
}

void skp_error(const char *text)
{
    sk_set_error(text, skp_len(text));
}

/* ---- Numbers ------------------------------------------------------------------------------------------------------ */

/* Powers of ten that a double holds exactly. */
static const double exact_tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static double times_ten_to(double v, int exp10)
{
    while (exp10 > 22) {
        v *= 1e22;
        exp10 -= 22;
    }
    while (exp10 < -22) {
        v /= 1e22;
        exp10 += 22;
    }
    return exp10 >= 0 ? v * exact_tens[exp10] : v / exact_tens[-exp10];
}

/* At most 19 digits count, which is more than a double can tell apart. The last bit may be off for long numbers. */
static double number_value(const char *at, const char *end)
{
    uint64_t digits = 0;
    int exp10 = 0, kept = 0;
    bool negative = *at == '-', fraction = false;
    const char *p = at + (negative ? 1 : 0);
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        if (kept < 19) {
            digits = digits * 10 + (uint64_t)(*p - '0');
            kept += digits != 0;
            exp10 -= fraction;
        } else {
            exp10 += !fraction;
        }
    }
    if (p < end) {
        int e = 0;
        bool down = *++p == '-';
        for (p += *p == '-' || *p == '+'; p < end; p++)
            e = e > 9999 ? e : e * 10 + (*p - '0');
        exp10 += down ? -e : e;
    }
    /* Beyond these the result is 0 or infinity anyway, and the loops that scale must end soon. */
    exp10 = exp10 > 700 ? 700 : exp10 < -700 ? -700 : exp10;
    double v = digits == 0 ? 0 : times_ten_to((double)digits, exp10);
    return negative ? -v : v;
}

/* Writes v as up to 15 significant digits; `out` holds 32 bytes. Returns the length. */
static size_t number_text(double v, char *out)
{
    size_t n = 0;
    if (v < 0) {
        out[n++] = '-';
        v = -v;
    }
    if (v == 0) {
        out[0] = '0'; /* also for -0 */
        return 1;
    }
    int exp10 = 0; /* v = digits * 10^exp10, with 15 digits */
    uint64_t digits;
    for (double probe = v; probe >= 1e15; exp10++)
        probe /= 10;
    for (double probe = v; probe < 1e14 && exp10 <= 0 && exp10 > -340; exp10--)
        probe *= 10;
    digits = (uint64_t)(times_ten_to(v, -exp10) + 0.5);
    if (digits >= 1000000000000000u) {
        digits = (digits + 5) / 10;
        exp10++;
    }
    while (digits % 10 == 0 && digits != 0) {
        digits /= 10;
        exp10++;
    }
    char d[20];
    int count = 0;
    for (uint64_t rest = digits; rest != 0; rest /= 10)
        d[count++] = (char)('0' + rest % 10);
    int point = count + exp10; /* digits before the decimal point */
    if (point > 21 || point < -6) {
        out[n++] = d[--count];
        if (count > 0)
            out[n++] = '.';
        while (count > 0)
            out[n++] = d[--count];
        out[n++] = 'e';
        int e = point - 1;
        out[n++] = e < 0 ? '-' : '+';
        e = e < 0 ? -e : e;
        if (e >= 100)
            out[n++] = (char)('0' + e / 100);
        if (e >= 10)
            out[n++] = (char)('0' + e / 10 % 10);
        out[n++] = (char)('0' + e % 10);
        return n;
    }
    if (point <= 0) {
        out[n++] = '0';
        out[n++] = '.';
        for (int i = point; i < 0; i++)
            out[n++] = '0';
    }
    for (int i = 0; count > 0; i++) {
        if (i == point && point > 0)
            out[n++] = '.';
        out[n++] = d[--count];
    }
    for (int i = 0; i < exp10; i++)
        out[n++] = '0';
    return n;
}

/* ---- Writing JSON -------------------------------------------------------------------------------------------------- */

void skp_writer_init(struct skp_writer *w, char *buf, size_t max)
{
    *w = (struct skp_writer){ .buf = buf, .max = max };
}

static void append(struct skp_writer *w, const char *text, size_t len)
{
    if (w->failed || len > w->max - w->len) {
        w->failed = true;
        return;
    }
    __builtin_memcpy(w->buf + w->len, text, len);
    w->len += len;
}

static void value_begin(struct skp_writer *w)
{
    if (w->comma)
        append(w, ",", 1);
    w->comma = true;
}

static void open_with(struct skp_writer *w, const char *bracket)
{
    value_begin(w);
    append(w, bracket, 1);
    w->comma = false;
}

static void close_with(struct skp_writer *w, const char *bracket)
{
    append(w, bracket, 1);
    w->comma = true;
}

void skp_write_object(struct skp_writer *w)
{
    open_with(w, "{");
}

void skp_write_object_end(struct skp_writer *w)
{
    close_with(w, "}");
}

void skp_write_array(struct skp_writer *w)
{
    open_with(w, "[");
}

void skp_write_array_end(struct skp_writer *w)
{
    close_with(w, "]");
}

void skp_write_text_n(struct skp_writer *w, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    value_begin(w);
    append(w, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            char esc[2] = { '\\', (char)c };
            append(w, esc, 2);
        } else if (c < 0x20) {
            char esc[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
            append(w, esc, 6);
        } else {
            append(w, text + i, 1);
        }
    }
    append(w, "\"", 1);
}

void skp_write_text(struct skp_writer *w, const char *text)
{
    skp_write_text_n(w, text, skp_len(text));
}

void skp_write_key(struct skp_writer *w, const char *key)
{
    skp_write_text(w, key);
    append(w, ":", 1);
    w->comma = false;
}

void skp_write_json(struct skp_writer *w, const char *json, size_t len)
{
    value_begin(w);
    append(w, json, len);
}

void skp_write_number(struct skp_writer *w, double value)
{
    char text[40];
    if (value - value != 0)
        skp_write_null(w);
    else
        skp_write_json(w, text, number_text(value, text));
}

void skp_write_bool(struct skp_writer *w, bool value)
{
    skp_write_json(w, value ? "true" : "false", value ? 4 : 5);
}

void skp_write_null(struct skp_writer *w)
{
    skp_write_json(w, "null", 4);
}

void skp_write_plain(struct skp_writer *w, const char *text)
{
    append(w, text, skp_len(text));
}

void skp_write_plain_number(struct skp_writer *w, double value)
{
    w->comma = false;
    skp_write_number(w, value);
}

void skp_put_text(struct skp_writer *w, const char *key, const char *text)
{
    skp_write_key(w, key);
    skp_write_text(w, text);
}

void skp_put_number(struct skp_writer *w, const char *key, double value)
{
    skp_write_key(w, key);
    skp_write_number(w, value);
}

void skp_put_bool(struct skp_writer *w, const char *key, bool value)
{
    skp_write_key(w, key);
    skp_write_bool(w, value);
}

static void write_position(struct skp_writer *w, double latitude, double longitude)
{
    skp_write_object(w);
    skp_put_number(w, "latitude", latitude);
    skp_put_number(w, "longitude", longitude);
    skp_write_object_end(w);
}

void skp_put_position(struct skp_writer *w, const char *key, double latitude, double longitude)
{
    skp_write_key(w, key);
    write_position(w, latitude, longitude);
}

/* ---- Publishing data ----------------------------------------------------------------------------------------------- */

static void update_begin(struct skp_delta *d)
{
    d->values = 0;
    skp_write_object(&d->w);
    skp_write_key(&d->w, "values");
    skp_write_array(&d->w);
}

static void update_end(struct skp_delta *d)
{
    skp_write_array_end(&d->w);
    skp_write_object_end(&d->w);
}

void skp_delta_begin(struct skp_delta *d, char *buf, size_t max)
{
    skp_writer_init(&d->w, buf, max);
    skp_write_object(&d->w);
    skp_write_key(&d->w, "updates");
    skp_write_array(&d->w);
    update_begin(d);
}

/* Between the two the caller writes the value. Readers of deltas expect "path" first. */
static struct skp_writer *entry_begin(struct skp_delta *d, const char *path)
{
    d->values++;
    skp_write_object(&d->w);
    skp_put_text(&d->w, "path", path);
    skp_write_key(&d->w, "value");
    return &d->w;
}

void skp_delta_number(struct skp_delta *d, const char *path, double value)
{
    skp_write_number(entry_begin(d, path), value);
    skp_write_object_end(&d->w);
}

void skp_delta_text(struct skp_delta *d, const char *path, const char *text)
{
    skp_write_text(entry_begin(d, path), text);
    skp_write_object_end(&d->w);
}

void skp_delta_bool(struct skp_delta *d, const char *path, bool value)
{
    skp_write_bool(entry_begin(d, path), value);
    skp_write_object_end(&d->w);
}

void skp_delta_null(struct skp_delta *d, const char *path)
{
    skp_write_null(entry_begin(d, path));
    skp_write_object_end(&d->w);
}

void skp_delta_position(struct skp_delta *d, const char *path, double latitude, double longitude)
{
    write_position(entry_begin(d, path), latitude, longitude);
    skp_write_object_end(&d->w);
}

void skp_delta_json(struct skp_delta *d, const char *path, const char *json, size_t len)
{
    skp_write_json(entry_begin(d, path), json, len);
    skp_write_object_end(&d->w);
}

void skp_delta_next_update(struct skp_delta *d)
{
    if (d->values == 0)
        return;
    update_end(d);
    update_begin(d);
}

bool skp_delta_send(struct skp_delta *d)
{
    if (d->values == 0)
        return false;
    update_end(d);
    skp_write_array_end(&d->w);
    skp_write_object_end(&d->w);
    if (d->w.failed)
        return false;
    sk_handle_message(d->w.buf, d->w.len, 1);
    return true;
}

bool skp_notify(const char *path, const char *state, const char *message)
{
    char buf[512];
    struct skp_writer w;
    skp_writer_init(&w, buf, sizeof(buf));
    skp_write_object(&w);
    skp_put_text(&w, "state", state);
    skp_write_key(&w, "method");
    skp_write_json(&w, "[\"visual\",\"sound\"]", 18);
    skp_put_text(&w, "message", message);
    skp_write_object_end(&w);
    return !w.failed && sk_publish_notification(path, skp_len(path), buf, w.len) == 0;
}

/* ---- Reading JSON -------------------------------------------------------------------------------------------------- */

/* Each check_… takes the place where its thing starts and returns the place behind it, or NULL if it is not there. */
static const char *check_value(const char *p, const char *end, int depth);

static const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static const char *check_text(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '"')
            return p + 1;
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p != '\\')
            continue;
        if (++p == end)
            return NULL;
        if (*p == 'u') {
            if (hex4(p + 1, end) < 0)
                return NULL;
            p += 4;
            continue;
        }
        static const char known[] = "\"\\/bfnrt";
        const char *k = known;
        while (*k != '\0' && *k != *p)
            k++;
        if (*k == '\0')
            return NULL;
    }
    return NULL;
}

static const char *check_digits(const char *p, const char *end)
{
    if (!is_digit(p, end))
        return NULL;
    while (is_digit(p, end))
        p++;
    return p;
}

static const char *check_number(const char *p, const char *end)
{
    if (*p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else if ((p = check_digits(p, end)) == NULL)
        return NULL;
    if (p < end && *p == '.' && (p = check_digits(p + 1, end)) == NULL)
        return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = check_digits(p, end);
    }
    return p;
}

static const char *check_list(const char *p, const char *end, int depth, bool object)
{
    char close = object ? '}' : ']';
    p = blanks(p + 1, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        if (object) {
            if (p == end || *p != '"' || (p = check_text(p, end)) == NULL)
                return NULL;
            p = blanks(p, end);
            if (p == end || *p != ':')
                return NULL;
            p = blanks(p + 1, end);
        }
        if ((p = check_value(p, end, depth)) == NULL)
            return NULL;
        p = blanks(p, end);
        if (p == end || (*p != ',' && *p != close))
            return NULL;
        if (*p++ == close)
            return p;
        p = blanks(p, end);
    }
}

static const char *check_word(const char *p, const char *end, const char *word, size_t len)
{
    return (size_t)(end - p) >= len && same(p, word, len) ? p + len : NULL;
}

static const char *check_value(const char *p, const char *end, int depth)
{
    if (p == end || depth >= JSON_DEPTH_MAX)
        return NULL;
    switch (*p) {
    case '{':
        return check_list(p, end, depth + 1, true);
    case '[':
        return check_list(p, end, depth + 1, false);
    case '"':
        return check_text(p, end);
    case 't':
        return check_word(p, end, "true", 4);
    case 'f':
        return check_word(p, end, "false", 5);
    case 'n':
        return check_word(p, end, "null", 4);
    default:
        return check_number(p, end);
    }
}

bool skp_json_parse(const char *text, size_t len, struct skp_json *ret)
{
    const char *limit = text + len;
    const char *at = blanks(text, limit);
    const char *end = check_value(at, limit, 0);
    if (end == NULL || blanks(end, limit) != limit)
        return false;
    *ret = (struct skp_json){ .at = at, .end = end };
    return true;
}

enum skp_json_type skp_json_type(const struct skp_json *v)
{
    switch (*v->at) {
    case '{':
        return SKP_JSON_OBJECT;
    case '[':
        return SKP_JSON_ARRAY;
    case '"':
        return SKP_JSON_TEXT;
    case 't':
    case 'f':
        return SKP_JSON_BOOL;
    case 'n':
        return SKP_JSON_NULL;
    default:
        return SKP_JSON_NUMBER;
    }
}

static size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* The next character of a checked text, undone of escapes, as 1 to 4 bytes. Moves *p on. A lone surrogate becomes U+FFFD. */
static size_t text_next(const char **p, const char *end, char out[4])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *s = *p;
    if (*s != '\\') {
        out[0] = *s;
        *p = s + 1;
        return 1;
    }
    if (s[1] != 'u') {
        out[0] = s[1];
        for (int i = 0; from[i] != '\0'; i++) {
            if (s[1] == from[i])
                out[0] = to[i];
        }
        *p = s + 2;
        return 1;
    }
    uint32_t c = (uint32_t)hex4(s + 2, end);
    s += 6;
    if (c >= 0xd800 && c < 0xdc00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
        int low = hex4(s + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            s += 6;
        }
    }
    *p = s;
    return utf8_put(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

/* p and end enclose the quotes. */
static bool text_is(const char *p, const char *end, const char *name, size_t len)
{
    char c[4];
    p++;
    end--;
    while (p < end) {
        size_t n = text_next(&p, end, c);
        if (n > len || !same(c, name, n))
            return false;
        name += n;
        len -= n;
    }
    return len == 0;
}

bool skp_json_member(const struct skp_json *v, const char *name, size_t len, struct skp_json *ret)
{
    bool found = false;
    if (*v->at != '{')
        return false;
    const char *p = blanks(v->at + 1, v->end);
    while (*p == '"') {
        const char *key = p, *key_end = check_text(p, v->end);
        p = blanks(blanks(key_end, v->end) + 1, v->end);
        const char *value_end = check_value(p, v->end, 0);
        if (text_is(key, key_end, name, len)) {
            *ret = (struct skp_json){ .at = p, .end = value_end };
            found = true;
        }
        p = blanks(value_end, v->end);
        if (*p == ',')
            p = blanks(p + 1, v->end);
    }
    return found;
}

bool skp_json_next(const struct skp_json *v, size_t *cursor, struct skp_json *ret)
{
    if (*v->at != '[')
        return false;
    const char *p = blanks(v->at + (*cursor == 0 ? 1 : *cursor), v->end);
    if (*p == ',')
        p = blanks(p + 1, v->end);
    if (*p == ']')
        return false;
    *ret = (struct skp_json){ .at = p, .end = check_value(p, v->end, 0) };
    *cursor = (size_t)(ret->end - v->at);
    return true;
}

static bool json_element(const struct skp_json *v, const char *digits, size_t len, struct skp_json *ret)
{
    size_t index = 0, cursor = 0;
    struct skp_json found;
    if (len == 0 || len > 9)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        index = index * 10 + (size_t)(digits[i] - '0');
    }
    do {
        if (!skp_json_next(v, &cursor, &found))
            return false;
    } while (index-- > 0);
    *ret = found;
    return true;
}

bool skp_json_at(const struct skp_json *v, const char *path, struct skp_json *ret)
{
    struct skp_json here = *v;
    while (*path != '\0') {
        size_t len = 0;
        while (path[len] != '\0' && path[len] != '.')
            len++;
        bool ok = *here.at == '[' ? json_element(&here, path, len, &here) : skp_json_member(&here, path, len, &here);
        if (!ok)
            return false;
        path += len;
        path += *path == '.';
    }
    *ret = here;
    return true;
}

bool skp_json_number(const struct skp_json *v, const char *path, double *ret)
{
    struct skp_json found;
    if (!skp_json_at(v, path, &found) || skp_json_type(&found) != SKP_JSON_NUMBER)
        return false;
    *ret = number_value(found.at, found.end);
    return true;
}

bool skp_json_bool(const struct skp_json *v, const char *path, bool *ret)
{
    struct skp_json found;
    if (!skp_json_at(v, path, &found) || skp_json_type(&found) != SKP_JSON_BOOL)
        return false;
    *ret = *found.at == 't';
    return true;
}

bool skp_json_text(const struct skp_json *v, const char *path, char *out, size_t max)
{
    struct skp_json found;
    if (!skp_json_at(v, path, &found) || skp_json_type(&found) != SKP_JSON_TEXT)
        return false;
    /* Measured first: the caller's buffer stays as it was when the answer is false. */
    size_t len = 0;
    char c[4];
    const char *end = found.end - 1;
    for (const char *p = found.at + 1; p < end;) {
        len += text_next(&p, end, c);
        if (c[0] == '\0')
            return false;
    }
    if (len >= max)
        return false;
    for (const char *p = found.at + 1; p < end;) {
        size_t n = text_next(&p, end, c);
        __builtin_memcpy(out, c, n);
        out += n;
    }
    *out = '\0';
    return true;
}

bool skp_json_is_null(const struct skp_json *v, const char *path)
{
    struct skp_json found;
    return skp_json_at(v, path, &found) && skp_json_type(&found) == SKP_JSON_NULL;
}

bool skp_self(const char *path, char *buf, size_t max, struct skp_json *ret)
{
    int32_t n = sk_get_self_path(path, skp_len(path), buf, max);
    return n > 0 && (size_t)n <= max && skp_json_parse(buf, (size_t)n, ret);
}

/* ---- Behind the macros --------------------------------------------------------------------------------------------- */

int32_t skp_give(char *out, size_t max, const char *text)
{
    size_t len = skp_len(text);
    if (len > max)
        len = max;
    __builtin_memcpy(out, text, len);
    return (int32_t)len;
}

bool skp_parse_config(const char *text, size_t len, struct skp_json *ret)
{
    if (skp_json_parse(text, len, ret) && skp_json_type(ret) == SKP_JSON_OBJECT)
        return true;
    skp_error("configuration is not a JSON object");
    return false;
}

bool skp_register_put(const char *path)
{
    return sk_register_put_handler("vessels.self", 12, path, skp_len(path)) != 0;
}

static void put_answer(struct skp_writer *reply, const char *state, int status, const char *message)
{
    skp_write_object(reply);
    skp_put_text(reply, "state", state);
    skp_put_number(reply, "statusCode", status);
    if (message != NULL)
        skp_put_text(reply, "message", message);
    skp_write_object_end(reply);
}

void skp_put_done(struct skp_writer *reply, int status, const char *message)
{
    put_answer(reply, "COMPLETED", status, message);
}

void skp_put_pending(struct skp_writer *reply, const char *message)
{
    put_answer(reply, "PENDING", 202, message);
}

/* What an answer to a client is made by: the handler, or `tell` when there is no usable request or answer. */
static int32_t run_handler(const char *text, size_t len, char *out, size_t max, skp_handler handler, int status,
                           const char *not_json, void (*tell)(struct skp_writer *reply, int status, const char *message))
{
    struct skp_writer reply;
    struct skp_json input;
    skp_writer_init(&reply, out, max);
    if (!skp_json_parse(text, len, &input)) {
        tell(&reply, status, not_json);
        return (int32_t)reply.len;
    }
    handler(&input, &reply);
    if (reply.failed || reply.len == 0) {
        skp_writer_init(&reply, out, max);
        tell(&reply, 500, "the plugin gave no usable answer");
    }
    return (int32_t)reply.len;
}

int32_t skp_run_put(const char *text, size_t len, char *out, size_t max, skp_handler handler)
{
    return run_handler(text, len, out, max, handler, 400, "value is not JSON", skp_put_done);
}

void skp_http_begin(struct skp_writer *reply, int status)
{
    skp_write_object(reply);
    skp_put_number(reply, "statusCode", status);
    skp_write_key(reply, "headers");
    skp_write_object(reply);
    skp_put_text(reply, "Content-Type", "application/json");
    skp_write_object_end(reply);
    skp_write_key(reply, "body");
}

void skp_http_end(struct skp_writer *reply)
{
    skp_write_object_end(reply);
}

void skp_http_error(struct skp_writer *reply, int status, const char *message)
{
    skp_http_begin(reply, status);
    skp_write_object(reply);
    skp_put_text(reply, "error", message);
    skp_write_object_end(reply);
    skp_http_end(reply);
}

int32_t skp_run_http(const char *text, size_t len, char *out, size_t max, skp_handler handler)
{
    return run_handler(text, len, out, max, handler, 500, "request is not JSON", skp_http_error);
}

/* ---- Providers ----------------------------------------------------------------------------------------------------- */

/* Tells the user when the server says no, because the start that asked can only fail. */
static bool granted(int32_t yes, const char *what)
{
    if (yes == 0)
        skp_error(what);
    return yes != 0;
}

bool skp_provide_resources(const char *type)
{
    return granted(sk_register_resource_provider(type, skp_len(type)),
                   "Providing resources was refused: package.json needs \"resourceProvider\": true");
}

bool skp_provide_weather(const char *name)
{
    return granted(sk_register_weather_provider(name, skp_len(name)),
                   "Providing weather was refused: package.json needs \"weatherProvider\": true");
}

bool skp_provide_radars(const char *name)
{
    return granted(sk_register_radar_provider(name, skp_len(name)),
                   "Providing radars was refused: package.json needs \"radarProvider\": true");
}

void skp_reply_error(struct skp_writer *reply, const char *message)
{
    skp_write_object(reply);
    skp_put_text(reply, "error", message);
    skp_write_object_end(reply);
}

void skp_reply_success(struct skp_writer *reply, const char *error)
{
    skp_write_object(reply);
    skp_put_bool(reply, "success", error == NULL);
    if (error != NULL)
        skp_put_text(reply, "error", error);
    skp_write_object_end(reply);
}

int32_t skp_run_request(const char *text, size_t len, char *out, size_t max, skp_handler handler)
{
    struct skp_writer reply;
    struct skp_json request;
    skp_writer_init(&reply, out, max);
    if (skp_json_parse(text, len, &request))
        handler(&request, &reply);
    else
        skp_reply_error(&reply, "request is not JSON");
    if (reply.failed) {
        /* a full buffer makes the server ask again with more room */
        __builtin_memset(out + reply.len, ' ', max - reply.len);
        return (int32_t)max;
    }
    return (int32_t)reply.len;
}
