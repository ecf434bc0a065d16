/*
 * permessage-deflate without context take-over in either direction (RFC 7692): each message stands alone, so a frame is
 * compressed once for all clients, and a connection keeps no compressor of its own. The two zlib streams belong to the server and
 * are made when the first message needs them.
 */
#include "http/ws_deflate.h"

#include "http/conn.h"

#include <stdlib.h>
#include <zlib.h>

#define LEVEL 5
#define WINDOW_BITS 13 /* ours may be smaller than what the client is prepared for; small tables are cleared quickly */
#define MEM_LEVEL 6
#define PACK_MIN 64u /* bytes of text; shorter ones would not shrink */
#define TAIL 4u      /* 00 00 ff ff, which RFC 7692 leaves out */

struct sk_ws_deflate {
    z_stream pack, unpack;
    bool can_pack, can_unpack;
};

/* ---- negotiation -------------------------------------------------------------------------------------------------------- */

/* The part before `by`, which is cut off `rest` with it; no quoted texts occur in what we accept. */
static struct sk_span cut(struct sk_span *rest, char by)
{
    const char *end = memchr(rest->p, by, rest->n);
    struct sk_span part = { rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n };
    size_t used = part.n + (end != NULL);
    rest->p += used;
    rest->n -= used;
    return sk_span_trimmed(part);
}

/* RFC 7692 §7.1: each parameter at most once; a server may promise more than it was asked for. An offer that wants a smaller
   window of the server (server_max_window_bits) is not taken; clients that insist on it offer something else as well, or do
   without. */
static bool parameters_ok(struct sk_span rest)
{
    unsigned seen = 0;
    while (rest.n > 0) {
        struct sk_span parameter = cut(&rest, ';'), value = parameter, name = cut(&value, '=');
        bool has_value = memchr(parameter.p, '=', parameter.n) != NULL;
        unsigned bit = 0;
        if (sk_span_eq(name, "server_no_context_takeover") && !has_value)
            bit = 1;
        else if (sk_span_eq(name, "client_no_context_takeover") && !has_value)
            bit = 2;
        else if (sk_span_eq(name, "client_max_window_bits")) /* a hint; ours reads any window */
            bit = 4;
        if (bit == 0 || (seen & bit) != 0)
            return false;
        seen |= bit;
    }
    return true;
}

bool sk_ws_deflate_offered(struct sk_span header)
{
    while (header.n > 0) {
        struct sk_span offer = cut(&header, ','), rest = offer, name = cut(&rest, ';');
        if (sk_span_eq(name, "permessage-deflate") && parameters_ok(rest))
            return true;
    }
    return false;
}

/* ---- messages ----------------------------------------------------------------------------------------------------------- */

static struct sk_ws_deflate *of(struct sk_http_server *s)
{
    if (s->deflate == NULL)
        s->deflate = sk_xcalloc(1, sizeof *s->deflate);
    return s->deflate;
}

void sk_ws_deflate_free(struct sk_http_server *s)
{
    if (s->deflate == NULL)
        return;
    if (s->deflate->can_pack)
        deflateEnd(&s->deflate->pack);
    if (s->deflate->can_unpack)
        inflateEnd(&s->deflate->unpack);
    free(s->deflate);
    s->deflate = NULL;
}

void sk_ws_deflate_frame(struct sk_http_server *s, struct sk_frame *f)
{
    struct sk_ws_deflate *d = of(s);
    if (f->len < PACK_MIN || f->packing != SK_FRAME_PLAIN)
        return;
    f->packing = SK_FRAME_UNPACKABLE;
    if (!d->can_pack)
        d->can_pack = deflateInit2(&d->pack, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    struct sk_span text = sk_frame_text(f);
    char *out = d->can_pack ? malloc(text.n + TAIL) : NULL;
    if (out == NULL)
        return;
    deflateReset(&d->pack);
    d->pack.next_in = (Bytef *)(uintptr_t)text.p;
    d->pack.avail_in = (uInt)text.n;
    d->pack.next_out = (Bytef *)out;
    d->pack.avail_out = (uInt)(text.n + TAIL);
    int r = deflate(&d->pack, Z_SYNC_FLUSH);
    size_t n = d->pack.total_out;
    if (r == Z_OK && d->pack.avail_in == 0 && d->pack.avail_out != 0 && n > TAIL && n - TAIL < text.n)
        sk_frame_set_packed(f, out, n - TAIL);
    free(out);
}

int sk_ws_inflate(struct sk_http_server *s, struct sk_span packed, struct sk_buf *out)
{
    static const unsigned char tail[TAIL] = { 0, 0, 0xff, 0xff };
    struct sk_ws_deflate *d = of(s);
    if (!d->can_unpack)
        d->can_unpack = inflateInit2(&d->unpack, -15) == Z_OK;
    if (!d->can_unpack)
        return SK_ERR_NOMEM;
    inflateReset(&d->unpack);
    for (int part = 0; part < 2; part++) { /* the message, then what was left out behind it */
        d->unpack.next_in = part == 0 ? (Bytef *)(uintptr_t)packed.p : (Bytef *)(uintptr_t)tail;
        d->unpack.avail_in = part == 0 ? (uInt)packed.n : TAIL;
        while (d->unpack.avail_in > 0) {
            size_t room = out->max - out->n < 16384 ? out->max - out->n : 16384;
            char spill[1]; /* at the limit: does anything more come? */
            char *to = room != 0 ? sk_buf_reserve(out, room) : spill;
            if (to == NULL)
                return SK_ERR_NOMEM;
            d->unpack.next_out = (Bytef *)to;
            d->unpack.avail_out = room != 0 ? (uInt)room : 1;
            uInt had = d->unpack.avail_out;
            int r = inflate(&d->unpack, Z_SYNC_FLUSH);
            size_t got = had - d->unpack.avail_out;
            if (room == 0 && got != 0)
                return SK_ERR_LIMIT;
            out->n += room != 0 ? got : 0;
            if (r == Z_STREAM_END)
                return part == 0 && d->unpack.avail_in > 0 ? SK_ERR_INVALID : 0;
            if (r != Z_OK && !(r == Z_BUF_ERROR && d->unpack.avail_in == 0))
                return SK_ERR_INVALID;
        }
    }
    return 0;
}
