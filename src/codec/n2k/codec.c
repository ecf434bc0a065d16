/* NMEA 2000 as codecs: lines of text, and struct can_frames. Actisense's bytes are in actisense.c. */
#include "base/lines.h"
#include "codec/n2k/gateway.h"
#include "codec/n2k/n2k.h"
#include "codec/n2k/textline.h"

#include <stdlib.h>

#define LINE_BYTES_MAX 2048

struct lines_codec {
    struct sk_codec base;
    struct sk_lines lines;
    struct sk_n2k *n2k;
    struct sk_n2k_gateway gateway;
    int64_t now_ms;
};

static struct lines_codec *lines_of(struct sk_codec *c)
{
    return (struct lines_codec *)c;
}

static void take_line(void *arg, struct sk_span line)
{
    struct lines_codec *c = arg;
    c->base.stats.units++;
    sk_n2k_gateway_heard(&c->gateway, line, c->now_ms);
    (void)sk_n2k_take_line(c->n2k, line, c->now_ms);
}

/* The gateway is set up and takes messages from now on. */
static void on_ready(void *arg, int64_t now_ms)
{
    struct lines_codec *c = arg;
    sk_n2k_set_output(c->n2k, sk_n2k_gateway_send, &c->gateway, now_ms);
}

static int lines_create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    struct lines_codec *c = sk_xcalloc(1, sizeof *c);
    c->base = (struct sk_codec){ .ops = &sk_codec_n2k_lines, .out = o->out };
    int r = sk_n2k_create(o, &c->base, &c->n2k, em);
    if (r == 0)
        r = sk_n2k_gateway_init(&c->gateway, sk_json_get_str(o->settings, "type"), sk_json_get_str(o->settings, "format"),
                                &c->base, on_ready, c, em);
    if (r < 0) {
        sk_n2k_destroy(c->n2k);
        free(c);
        return r;
    }
    sk_lines_init(&c->lines, LINE_BYTES_MAX, take_line, c);
    *ret_codec = &c->base;
    return 0;
}

static void lines_feed(struct sk_codec *codec, struct sk_span bytes, int64_t now_ms)
{
    struct lines_codec *c = lines_of(codec);
    c->now_ms = now_ms;
    c->base.stats.bytes += bytes.n;
    uint64_t before = c->lines.oversized;
    sk_lines_feed(&c->lines, bytes);
    c->base.stats.oversized += c->lines.oversized - before;
}

static void lines_flush(struct sk_codec *codec, bool whole, int64_t now_ms)
{
    struct lines_codec *c = lines_of(codec);
    c->now_ms = now_ms;
    sk_lines_flush(&c->lines, whole);
    if (whole)
        return;
    sk_n2k_set_output(c->n2k, NULL, NULL, now_ms);
    sk_n2k_reset(c->n2k);
}

static void lines_opened(struct sk_codec *codec, int64_t now_ms)
{
    sk_n2k_gateway_opened(&lines_of(codec)->gateway, now_ms);
}

static void lines_tick(struct sk_codec *codec, int64_t now_ms)
{
    sk_n2k_gateway_tick(&lines_of(codec)->gateway, now_ms);
    sk_n2k_tick(lines_of(codec)->n2k, now_ms);
}

static void lines_destroy(struct sk_codec *codec)
{
    struct lines_codec *c = lines_of(codec);
    sk_lines_finish(&c->lines);
    sk_n2k_gateway_finish(&c->gateway);
    sk_n2k_destroy(c->n2k);
    free(c);
}

static bool lines_send(struct sk_codec *codec, const struct sk_n2k_message *m)
{
    return sk_n2k_send(lines_of(codec)->n2k, m);
}

const struct sk_codec_ops sk_codec_n2k_lines = { "NMEA 2000 lines", lines_create, lines_feed,    lines_flush,
                                                 lines_opened,      lines_tick,   lines_destroy, lines_send };
