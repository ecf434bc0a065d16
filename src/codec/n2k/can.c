/* `struct can_frame`s, one after the other, as a CAN socket gives and takes them. */
#include "codec/n2k/fastpacket.h"
#include "codec/n2k/n2k.h"
#include "codec/n2k/node.h"
#include "codec/n2k/table.h"

#include <linux/can.h>
#include <stdlib.h>

struct can_codec {
    struct sk_codec base;
    struct sk_n2k *n2k;
    struct sk_n2k_node node;
    struct can_frame part; /* a frame that is not all there yet */
    size_t part_n;
};

static struct can_codec *can_of(struct sk_codec *c)
{
    return (struct can_codec *)c;
}

/* Out to the bus, in as many frames as it takes. */
static void send_message(void *arg, const struct sk_n2k_message *m)
{
    struct can_codec *c = arg;
    struct sk_n2k_message own = *m;
    own.src = c->node.address;
    if (c->base.out.write == NULL || !sk_n2k_node_may_send(&c->node, m->pgn))
        return;
    struct can_frame f = { .can_id = sk_n2k_to_can_id(&own) | CAN_EFF_FLAG };
    if (!sk_n2k_is_fast(m->pgn)) {
        f.can_dlc = (uint8_t)(m->len < 8 ? m->len : 8);
        memcpy(f.data, m->data, f.can_dlc);
        c->base.out.write(c->base.out.arg, (struct sk_span){ (const char *)&f, sizeof f });
        return;
    }
    uint8_t sequence = c->node.sequence++ & 7;
    f.can_dlc = 8;
    for (unsigned i = 0; sk_n2k_fastpacket_cut(m, sequence, i, f.data); i++)
        c->base.out.write(c->base.out.arg, (struct sk_span){ (const char *)&f, sizeof f });
}

static bool can_send(struct sk_codec *codec, const struct sk_n2k_message *m)
{
    return sk_n2k_send(can_of(codec)->n2k, m);
}

static int can_create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    struct can_codec *c = sk_xcalloc(1, sizeof *c);
    c->base = (struct sk_codec){ .ops = &sk_codec_n2k_can, .out = o->out };
    int r = sk_n2k_create(o, &c->base, &c->n2k, em);
    if (r == 0)
        r = sk_n2k_node_init(&c->node, o->settings, send_message, c, em);
    if (r < 0) {
        sk_n2k_destroy(c->n2k);
        free(c);
        return r;
    }
    *ret_codec = &c->base;
    return 0;
}

/* Error and remote frames, and those with 11-bit identifiers, are not NMEA 2000. */
static void take_frame(struct can_codec *c, const struct can_frame *f, int64_t now_ms)
{
    c->base.stats.units++;
    if ((f->can_id & CAN_EFF_FLAG) == 0 || (f->can_id & (CAN_ERR_FLAG | CAN_RTR_FLAG)) != 0 || f->can_dlc > CAN_MAX_DLEN) {
        c->base.stats.garbage++;
        return;
    }
    struct sk_n2k_message m = sk_n2k_from_can_id(f->can_id & CAN_EFF_MASK);
    m.data = f->data;
    m.len = f->can_dlc;
    sk_n2k_node_heard(&c->node, &m, now_ms);
    sk_n2k_take_frame(c->n2k, f->can_id & CAN_EFF_MASK, f->data, f->can_dlc, now_ms);
}

static void can_feed(struct sk_codec *codec, struct sk_span bytes, int64_t now_ms)
{
    struct can_codec *c = can_of(codec);
    c->base.stats.bytes += bytes.n;
    while (bytes.n > 0) {
        size_t n = sizeof c->part - c->part_n < bytes.n ? sizeof c->part - c->part_n : bytes.n;
        memcpy((char *)&c->part + c->part_n, bytes.p, n);
        c->part_n += n;
        bytes.p += n;
        bytes.n -= n;
        if (c->part_n < sizeof c->part)
            return;
        c->part_n = 0;
        take_frame(c, &c->part, now_ms);
    }
}

static void can_flush(struct sk_codec *codec, bool whole, int64_t now_ms)
{
    struct can_codec *c = can_of(codec);
    c->part_n = 0;
    if (whole)
        return;
    sk_n2k_set_output(c->n2k, NULL, NULL, now_ms);
    sk_n2k_node_closed(&c->node);
    sk_n2k_reset(c->n2k);
}

static void can_opened(struct sk_codec *codec, int64_t now_ms)
{
    sk_n2k_node_opened(&can_of(codec)->node, now_ms);
}

static void can_tick(struct sk_codec *codec, int64_t now_ms)
{
    struct can_codec *c = can_of(codec);
    if (sk_n2k_node_tick(&c->node, now_ms))
        sk_n2k_set_output(c->n2k, send_message, c, now_ms);
    sk_n2k_tick(c->n2k, now_ms);
}

static void can_destroy(struct sk_codec *codec)
{
    sk_n2k_destroy(can_of(codec)->n2k);
    free(codec);
}

const struct sk_codec_ops sk_codec_n2k_can = { "NMEA 2000 on CAN", can_create, can_feed,    can_flush,
                                               can_opened,         can_tick,   can_destroy, can_send };
