/*
 * Recordings of several kinds of data in one: a raw log's lines "<ms>;<letter>;<text>", or bare lines that show by themselves
 * what they are. Each line goes to the codec of its kind, with the log's time or else the given one as the time of its values.
 */
#include "base/lines.h"
#include "codec/codec.h"
#include "codec/n2k/n2k.h"

#include <stdlib.h>

#define LINE_MAX_BYTES ((size_t)1024 * 1024)
#define PREFIX 16 /* 13 digits, ';', letter, ';' */

static const struct kind {
    const struct sk_codec_ops *ops;
    const char *letters;
} kinds[] = { { &sk_codec_nmea0183, "NCGM" }, { &sk_codec_signalk, "I" }, { &sk_codec_n2k_lines, "A" } };

struct multiplexed {
    struct sk_codec base;
    struct sk_lines lines;
    struct sk_codec *children[SK_COUNT(kinds)];
    bool override_time;
    int64_t now_ms;
};

static struct sk_codec *child_for(const struct multiplexed *m, char letter)
{
    for (size_t i = 0; i < SK_COUNT(kinds); i++)
        if (strchr(kinds[i].letters, letter) != NULL)
            return m->children[i];
    return NULL;
}

static char guess(struct sk_span line)
{
    if (line.p[0] == '{')
        return 'I';
    if ((line.p[0] == '$' || line.p[0] == '!' || line.p[0] == '\\') && !sk_span_starts(line, "!PDGY"))
        return 'N';
    return 'A';
}

static void take(void *arg, struct sk_span line)
{
    struct multiplexed *m = arg;
    int64_t time_ms = m->now_ms, logged;
    char letter = guess(line);
    m->base.stats.units++;
    if (line.n > PREFIX && line.p[13] == ';' && line.p[15] == ';' &&
        sk_parse_int((struct sk_span){ line.p, 13 }, 0, INT64_MAX, &logged)) {
        time_ms = m->override_time ? time_ms : logged;
        letter = line.p[14];
        line = (struct sk_span){ line.p + PREFIX, line.n - PREFIX };
    }
    struct sk_codec *child = child_for(m, letter);
    if (child == NULL) {
        m->base.stats.unknown++;
        return;
    }
    child->ops->feed(child, line, time_ms);
    child->ops->flush(child, true, time_ms);
}

/* What the children counted is the recording's. */
static void add_up(struct multiplexed *m)
{
    uint64_t units = m->base.stats.units, bytes = m->base.stats.bytes, strange = m->base.stats.unknown;
    m->base.stats = (struct sk_codec_stats){ .units = units, .bytes = bytes, .oversized = m->lines.oversized };
    for (size_t i = 0; i < SK_COUNT(kinds); i++) {
        const struct sk_codec_stats *s = &m->children[i]->stats;
        m->base.stats.deltas += s->deltas;
        m->base.stats.bad_checksum += s->bad_checksum;
        m->base.stats.garbage += s->garbage;
        m->base.stats.ignored += s->ignored;
        m->base.stats.incomplete += s->incomplete;
        m->base.stats.oversized += s->oversized;
    }
    m->base.stats.unknown = strange;
}

static void feed(struct sk_codec *c, struct sk_span bytes, int64_t now_ms)
{
    struct multiplexed *m = SK_CONTAINER(c, struct multiplexed, base);
    m->now_ms = now_ms;
    c->stats.bytes += bytes.n;
    sk_lines_feed(&m->lines, bytes);
    add_up(m);
}

static void flush(struct sk_codec *c, bool whole, int64_t now_ms)
{
    struct multiplexed *m = SK_CONTAINER(c, struct multiplexed, base);
    m->now_ms = now_ms;
    sk_lines_flush(&m->lines, whole);
    add_up(m);
}

static void tick(struct sk_codec *c, int64_t now_ms)
{
    struct multiplexed *m = SK_CONTAINER(c, struct multiplexed, base);
    for (size_t i = 0; i < SK_COUNT(kinds); i++)
        if (kinds[i].ops->tick != NULL)
            kinds[i].ops->tick(m->children[i], now_ms);
    add_up(m);
}

static void destroy(struct sk_codec *c)
{
    struct multiplexed *m = SK_CONTAINER(c, struct multiplexed, base);
    for (size_t i = 0; i < SK_COUNT(kinds); i++)
        if (m->children[i] != NULL)
            m->children[i]->ops->destroy(m->children[i]);
    sk_lines_finish(&m->lines);
    free(m);
}

static int create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    struct multiplexed *m = sk_xcalloc(1, sizeof *m);
    struct sk_codec_options of_child = *o;
    yyjson_doc *doc = NULL;
    m->base = (struct sk_codec){ .ops = &sk_codec_multiplexed, .out = o->out };
    m->override_time = sk_json_get_bool(o->settings, "overrideTimestamp", false);
    sk_lines_init(&m->lines, LINE_MAX_BYTES, take, m);
    int r = sk_json_read(SK_SPAN("{\"overrideTimestamp\":true}"), &doc, em); /* by the time that we give */
    of_child.settings = yyjson_doc_get_root(doc);
    for (size_t i = 0; i < SK_COUNT(kinds) && r == 0; i++)
        r = kinds[i].ops->create(&of_child, &m->children[i], em);
    yyjson_doc_free(doc);
    if (r < 0) {
        destroy(&m->base);
        return r;
    }
    *ret_codec = &m->base;
    return 0;
}

const struct sk_codec_ops sk_codec_multiplexed = { "Multiplexed", create, feed, flush, NULL, tick, destroy };
