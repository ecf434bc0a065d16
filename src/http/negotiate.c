/* Content negotiation: which coding a client accepts, entity tags, compression. RFC 9110 §8.8.3, §12.5.3, §13.1.2. */
#include "http/conn.h"

#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

static struct sk_span cut(struct sk_span *s, char at)
{
    const char *p = s->n != 0 ? memchr(s->p, at, s->n) : NULL;
    struct sk_span first = { s->p, p != NULL ? (size_t)(p - s->p) : s->n };
    size_t skip = first.n + (p != NULL);
    *s = (struct sk_span){ s->p + skip, s->n - skip };
    return sk_span_trimmed(first);
}

/* "q=0", "q=0.0" … refuse; whatever else stands there, well formed or not, accepts. */
static bool refused_by_weight(struct sk_span params)
{
    while (params.n > 0) {
        struct sk_span p = cut(&params, ';');
        if (p.n < 3 || (p.p[0] | 0x20) != 'q' || p.p[1] != '=')
            continue;
        for (size_t i = 2; i < p.n; i++)
            if (p.p[i] != '0' && p.p[i] != '.')
                return false;
        return true;
    }
    return false;
}

bool sk_accepts(struct sk_span list, const char *coding)
{
    bool any = false;
    while (list.n > 0) {
        struct sk_span item = cut(&list, ',');
        struct sk_span name = cut(&item, ';');
        if (sk_span_same(name, coding))
            return !refused_by_weight(item);
        if (sk_span_eq(name, "*"))
            any = !refused_by_weight(item);
    }
    return any;
}

static struct sk_span opaque(struct sk_span tag)
{
    return sk_span_starts(tag, "W/") ? (struct sk_span){ tag.p + 2, tag.n - 2 } : tag;
}

bool sk_etag_listed(struct sk_span list, struct sk_span etag)
{
    while (list.n > 0) {
        struct sk_span one = cut(&list, ',');
        if (sk_span_eq(one, "*") || (one.n != 0 && sk_span_is(opaque(one), opaque(etag))))
            return true;
    }
    return false;
}

bool sk_type_compressible(const char *type)
{
    static const char *const types[] = { "application/json",
                                         "application/javascript",
                                         "application/xml",
                                         "application/manifest+json",
                                         "application/wasm",
                                         "application/geo+json",
                                         "application/gpx+xml",
                                         "image/svg+xml",
                                         "application/vnd.google-earth.kml+xml",
                                         "image/x-icon",
                                         "font/ttf" };
    if (type == NULL)
        return false;
    if (strncmp(type, "text/", 5) == 0)
        return true;
    for (size_t i = 0; i < SK_COUNT(types); i++)
        if (strncmp(type, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

/* The window follows the input's size: a small answer must not touch zlib's usual 256 KiB. */
static int window_for(size_t n)
{
    int bits = 10;
    while (bits < 15 && (size_t)1 << bits < n)
        bits++;
    return bits;
}

int sk_gzip(struct sk_span in, char **ret_bytes, size_t *ret_n)
{
    z_stream z = { 0 };
    int window = window_for(in.n);
    if (in.n > INT32_MAX || deflateInit2(&z, 4, Z_DEFLATED, window + 16, window < 15 ? 6 : 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return SK_ERR_NOMEM;
    size_t cap = deflateBound(&z, (uLong)in.n);
    char *out = malloc(cap);
    if (out != NULL) {
        z.next_in = (Bytef *)(uintptr_t)in.p;
        z.avail_in = (uInt)in.n;
        z.next_out = (Bytef *)out;
        z.avail_out = (uInt)cap;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
            free(out);
            out = NULL;
        }
    }
    *ret_n = z.total_out;
    deflateEnd(&z);
    if (out == NULL)
        return SK_ERR_NOMEM;
    char *fit = realloc(out, *ret_n);
    *ret_bytes = fit != NULL ? fit : out;
    return 0;
}

void sk_etag_of(struct sk_span body, char out[SK_ETAG_SIZE])
{
    sk_etag_from(body.n, sk_hash_bytes(body.p, body.n), out);
}

void sk_etag_from(size_t length, uint64_t hash, char out[SK_ETAG_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char tail[20];
    size_t n = 0;
    for (size_t len = length; n == 0 || len != 0; len >>= 4)
        tail[n++] = digits[len & 15];
    char *p = out;
    memcpy(p, "W/\"", 3);
    p += 3;
    while (n > 0)
        *p++ = tail[--n];
    *p++ = '-';
    for (int shift = 60; shift >= 0; shift -= 4)
        *p++ = digits[hash >> shift & 15];
    *p++ = '"';
    *p = '\0';
}
