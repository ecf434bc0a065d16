/* Signal K itself: one JSON delta a line. The text passes as it is; the hub reads it. */
#include "base/lines.h"
#include "codec/codec.h"

#include <stdlib.h>

#define LINE_MAX_BYTES ((size_t)1024 * 1024)

struct signalk {
    struct sk_codec base;
    struct sk_lines lines;
};

static void take(void *arg, struct sk_span line)
{
    struct signalk *s = arg;
    s->base.stats.units++;
    if (s->base.out.line != NULL)
        s->base.out.line(s->base.out.arg, 'I', line);
    if (line.p[0] == '{')
        sk_codec_emit(&s->base, line);
    else
        s->base.stats.garbage++;
}

static int create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    (void)em;
    struct signalk *s = sk_xcalloc(1, sizeof *s);
    s->base = (struct sk_codec){ .ops = &sk_codec_signalk, .out = o->out };
    sk_lines_init(&s->lines, LINE_MAX_BYTES, take, s);
    *ret_codec = &s->base;
    return 0;
}

static void feed(struct sk_codec *c, struct sk_span bytes, int64_t now_ms)
{
    struct signalk *s = SK_CONTAINER(c, struct signalk, base);
    (void)now_ms;
    c->stats.bytes += bytes.n;
    sk_lines_feed(&s->lines, bytes);
    c->stats.oversized = s->lines.oversized;
}

static void flush(struct sk_codec *c, bool whole, int64_t now_ms)
{
    struct signalk *s = SK_CONTAINER(c, struct signalk, base);
    (void)now_ms;
    sk_lines_flush(&s->lines, whole);
    c->stats.oversized = s->lines.oversized;
}

static void destroy(struct sk_codec *c)
{
    struct signalk *s = SK_CONTAINER(c, struct signalk, base);
    sk_lines_finish(&s->lines);
    free(s);
}

const struct sk_codec_ops sk_codec_signalk = { "Signal K", create, feed, flush, NULL, NULL, destroy };
