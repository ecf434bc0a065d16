/*
 * Actisense's binary frames: DLE STX command ... checksum DLE ETX, a DLE inside doubled; all bytes with the checksum add up to 0.
 * NGT-1: command 0x93, messages from the bus; 0xa0, the gateway of itself. W2K-1: command 0xd0, with a length of two bytes.
 */
#include "codec/n2k/n2k.h"

#include <stdlib.h>

#define DLE 0x10
#define STX 0x02
#define ETX 0x03
#define N2K_RECEIVED 0x93
#define N2K_SEND 0x94
#define NGT_RECEIVED 0xa0
#define NGT_SEND 0xa1
#define N2K_LONG 0xd0
#define FRAME_MAX 300u
#define AGAIN_MS 5000

struct actisense {
    struct sk_codec base;
    struct sk_n2k *n2k;
    enum { OUTSIDE, INSIDE } state;
    bool escaped, too_long;
    bool ngt, open, answered; /* an NGT-1 is told to receive everything, until it answers */
    int64_t asked_ms;
    size_t n;
    uint8_t frame[FRAME_MAX];
};

static struct actisense *of(struct sk_codec *c)
{
    return (struct actisense *)c;
}

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

static void put(struct actisense *a, uint8_t command, const uint8_t *payload, size_t n)
{
    uint8_t out[2 * FRAME_MAX] = { DLE, STX, command, (uint8_t)n }, sum = (uint8_t)(command + n);
    size_t at = 4;
    if (n == DLE)
        out[at++] = DLE;
    for (size_t i = 0; i < n; i++) {
        out[at++] = payload[i];
        if (payload[i] == DLE)
            out[at++] = DLE;
        sum = (uint8_t)(sum + payload[i]);
    }
    sum = (uint8_t)(0 - sum);
    out[at++] = sum;
    if (sum == DLE)
        out[at++] = DLE;
    out[at++] = DLE;
    out[at++] = ETX;
    if (a->base.out.write != NULL)
        a->base.out.write(a->base.out.arg, (struct sk_span){ (const char *)out, at });
}

static void send_message(void *arg, const struct sk_n2k_message *m)
{
    uint8_t payload[6 + SK_N2K_DATA_MAX] = { m->priority, (uint8_t)m->pgn, (uint8_t)(m->pgn >> 8), (uint8_t)(m->pgn >> 16),
                                             m->dst,      (uint8_t)m->len };
    memcpy(payload + 6, m->data, m->len);
    put(arg, N2K_SEND, payload, 6 + m->len);
}

static void receive_all(struct actisense *a, int64_t now_ms)
{
    static const uint8_t mode[] = { 0x11, 0x02, 0x00 };
    put(a, NGT_SEND, mode, sizeof mode);
    a->asked_ms = now_ms;
}

/* ---- in ------------------------------------------------------------------------------------------------------------------- */

static bool sum_ok(const struct actisense *a)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < a->n; i++)
        sum = (uint8_t)(sum + a->frame[i]);
    return sum == 0;
}

/* cmd len | prio pgn(3) dst src time(4) len data | checksum */
static bool take_short(struct actisense *a, int64_t now_ms)
{
    const uint8_t *p = a->frame + 2;
    if (a->n < 14 || a->frame[1] != a->n - 3 || p[10] > a->n - 14 || p[10] > SK_N2K_DATA_MAX)
        return false;
    struct sk_n2k_message m = { .priority = p[0] & 7, .dst = p[4], .src = p[5], .data = p + 11, .len = p[10], .time_ms = now_ms };
    m.pgn = p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16;
    if (m.pgn > SK_N2K_PGN_MAX)
        return false;
    sk_n2k_take_message(a->n2k, &m);
    return true;
}

/* cmd len(2) | dst can-id(4) time(4) control | data | checksum; len counts all before the checksum */
static bool take_long(struct actisense *a, int64_t now_ms)
{
    const uint8_t *p = a->frame;
    if (a->n < 15 || (size_t)(p[1] | p[2] << 8) != a->n - 1 || a->n - 14 > SK_N2K_DATA_MAX)
        return false;
    uint32_t id = p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
    struct sk_n2k_message m = sk_n2k_from_can_id(id & 0x1fffffff);
    m.dst = (m.pgn & 0xff00) < 0xf000 ? p[3] : SK_N2K_ALL;
    m.data = p + 13;
    m.len = a->n - 14;
    m.time_ms = now_ms;
    sk_n2k_take_message(a->n2k, &m);
    return true;
}

static void take_frame(struct actisense *a, int64_t now_ms)
{
    struct sk_codec_stats *stats = &a->base.stats;
    stats->units++;
    bool is_long = a->n > 0 && a->frame[0] == N2K_LONG;
    /* W2K gateways and what imitates them may leave the checksum of the long form empty; its length must fit all the same. */
    if (a->n < 3 || !(sum_ok(a) || (is_long && a->frame[a->n - 1] == 0))) {
        stats->bad_checksum++;
        return;
    }
    bool ok = true;
    if (a->frame[0] == N2K_RECEIVED)
        ok = take_short(a, now_ms);
    else if (is_long)
        ok = take_long(a, now_ms);
    else if (a->frame[0] == NGT_RECEIVED)
        a->answered = true;
    else
        stats->unknown++;
    stats->garbage += !ok;
}

static void take_byte(struct actisense *a, uint8_t c, int64_t now_ms)
{
    if (!a->escaped) {
        if (c == DLE)
            a->escaped = true;
        else if (a->state == INSIDE && a->n < FRAME_MAX)
            a->frame[a->n++] = c;
        else if (a->state == INSIDE)
            a->too_long = true;
        return;
    }
    a->escaped = false;
    if (c == STX) {
        a->base.stats.garbage += a->state == INSIDE; /* the one before never ended */
        a->state = INSIDE;
        a->too_long = false;
        a->n = 0;
    } else if (c == DLE && a->state == INSIDE) {
        if (a->n < FRAME_MAX)
            a->frame[a->n++] = c;
        else
            a->too_long = true;
    } else if (c == ETX && a->state == INSIDE) {
        a->state = OUTSIDE;
        if (a->too_long)
            a->base.stats.oversized++;
        else
            take_frame(a, now_ms);
    } else if (a->state == INSIDE) {
        a->state = OUTSIDE;
        a->base.stats.garbage++;
    }
}

static void feed(struct sk_codec *codec, struct sk_span bytes, int64_t now_ms)
{
    struct actisense *a = of(codec);
    a->base.stats.bytes += bytes.n;
    for (size_t i = 0; i < bytes.n; i++)
        take_byte(a, (uint8_t)bytes.p[i], now_ms);
}

static void flush(struct sk_codec *codec, bool whole, int64_t now_ms)
{
    struct actisense *a = of(codec);
    a->base.stats.incomplete += a->state == INSIDE;
    a->state = OUTSIDE;
    a->escaped = false;
    if (whole)
        return;
    a->open = false;
    sk_n2k_set_output(a->n2k, NULL, NULL, now_ms);
    sk_n2k_reset(a->n2k);
}

static void opened(struct sk_codec *codec, int64_t now_ms)
{
    struct actisense *a = of(codec);
    a->open = true;
    a->answered = false;
    if (!a->ngt)
        return;
    receive_all(a, now_ms);
    sk_n2k_set_output(a->n2k, send_message, a, now_ms);
}

static void tick(struct sk_codec *codec, int64_t now_ms)
{
    struct actisense *a = of(codec);
    if (a->ngt && a->open && !a->answered && (now_ms < a->asked_ms || now_ms - a->asked_ms > AGAIN_MS))
        receive_all(a, now_ms);
    sk_n2k_tick(a->n2k, now_ms);
}

static int create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    struct actisense *a = sk_xcalloc(1, sizeof *a);
    const char *type = sk_json_get_str(o->settings, "type");
    a->base = (struct sk_codec){ .ops = &sk_codec_n2k_actisense, .out = o->out };
    a->ngt = type != NULL && strcmp(type, "ngt-1-canboatjs") == 0;
    int r = sk_n2k_create(o, &a->base, &a->n2k, em);
    if (r < 0) {
        free(a);
        return r;
    }
    *ret_codec = &a->base;
    return 0;
}

static bool send(struct sk_codec *codec, const struct sk_n2k_message *m)
{
    return sk_n2k_send(of(codec)->n2k, m);
}

static void destroy(struct sk_codec *codec)
{
    sk_n2k_destroy(of(codec)->n2k);
    free(codec);
}

const struct sk_codec_ops sk_codec_n2k_actisense = { "Actisense binary", create, feed, flush, opened, tick, destroy, send };
