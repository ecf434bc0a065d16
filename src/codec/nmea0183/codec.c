/*
 * NMEA 0183 as a codec: lines, tag blocks, checksums, talkers, and the way to each sentence's decoder.
 * Order for a line: ignored by the user? – announced as it came – checksum – decoder – delta.
 */
#include "base/clock.h"
#include "base/lines.h"
#include "codec/n2k/n2k.h"
#include "codec/nmea0183/sentence.h"

#include <stdlib.h>

#define LINE_MAX_BYTES 2048
#define VALUES_MAX 32768
#define GROUPS_MAX 64
#define IGNORED_MAX 64
#define TALKER_MAX 64

struct group {
    char talker[8], name[TALKER_MAX];
    size_t name_len;
};

struct nmea0183 {
    struct sk_codec base;
    struct sk_lines lines;
    int64_t now_ms;
    bool validate, append, remove_nulls, override_time;
    struct group groups[GROUPS_MAX];
    size_t group_count;
    uint32_t ignored[IGNORED_MAX]; /* packed sentence ids */
    size_t ignored_count;
    struct sk_span source_end; /* ,"type":"NMEA0183","label":"..."},"timestamp":" */
    struct sk_buf scratch;     /* the line, when it had to be changed */
    struct sk_buf values, context, delta;
    struct sk_0183_session session;
    struct sk_n2k *n2k; /* for the messages that come in sentences */
};

/* ---- which decoder ------------------------------------------------------------------------------------------------------ */

#define PACK3(a, b, c) ((uint32_t)(unsigned char)(a) << 16 | (uint32_t)(unsigned char)(b) << 8 | (uint32_t)(unsigned char)(c))

static const struct {
    uint32_t id;
    sk_0183_decoder *decode;
} sentences[] = {
#define S(a, b, c, f)                                                                                                            \
    {                                                                                                                            \
        PACK3(a, b, c), sk_0183_##f                                                                                              \
    }
    S('R', 'M', 'C', rmc), S('G', 'G', 'A', gga), S('V', 'D', 'M', vdm), S('V', 'D', 'O', vdm),     S('M', 'W', 'V', mwv),
    S('V', 'H', 'W', vhw), S('H', 'D', 'G', hdg), S('H', 'D', 'M', hdm), S('H', 'D', 'T', hdt),     S('V', 'T', 'G', vtg),
    S('G', 'L', 'L', gll), S('G', 'S', 'V', gsv), S('D', 'P', 'T', dpt), S('D', 'B', 'T', dbt),     S('M', 'T', 'W', mtw),
    S('V', 'L', 'W', vlw), S('R', 'O', 'T', rot), S('R', 'S', 'A', rsa), S('G', 'N', 'S', gns),     S('Z', 'D', 'A', zda),
    S('M', 'W', 'D', mwd), S('V', 'W', 'R', vwr), S('V', 'W', 'T', vwt), S('R', 'M', 'B', rmb),     S('A', 'P', 'B', apb),
    S('X', 'T', 'E', xte), S('B', 'O', 'D', bod), S('B', 'W', 'C', bwc), S('B', 'W', 'R', bwr),     S('H', 'S', 'C', hsc),
    S('D', 'B', 'S', dbs), S('D', 'B', 'K', dbk), S('M', 'T', 'A', mta), S('M', 'D', 'A', mda),     S('V', 'P', 'W', vpw),
    S('V', 'D', 'R', vdr), S('R', 'P', 'M', rpm), S('D', 'S', 'C', dsc), S('A', 'L', 'K', seatalk),
#undef S
};

static const struct {
    const char *header;
    sk_0183_decoder *decode;
} proprietary[] = { { "PSMDST", sk_0183_seatalk }, { "PNKEP", sk_0183_pnkep }, { "PBVE", sk_0183_pbve } };

static uint32_t packed(struct sk_span id)
{
    return id.n == 3 ? PACK3(id.p[0], id.p[1], id.p[2]) : 0;
}

static sk_0183_decoder *decoder_for(struct sk_span header, struct sk_span id)
{
    if (header.p[0] == 'P') {
        for (size_t i = 0; i < SK_COUNT(proprietary); i++)
            if (sk_span_eq(header, proprietary[i].header))
                return proprietary[i].decode;
        return NULL;
    }
    uint32_t key = packed(id);
    for (size_t i = 0; i < SK_COUNT(sentences); i++)
        if (sentences[i].id == key)
            return sentences[i].decode;
    return NULL;
}

/* ---- checksums ---------------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c & ~0x20);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static unsigned checksum(struct sk_span between)
{
    unsigned sum = 0;
    for (size_t i = 0; i < between.n; i++)
        sum ^= (unsigned char)between.p[i];
    return sum;
}

enum verdict { SOUND, BAD_CHECKSUM, NO_SENTENCE };

/* "$...*hh", and the sum is right. `*ret_body` is what stands before the '*'. */
static enum verdict check(struct sk_span line, struct sk_span *ret_body)
{
    if (line.n < 6 || (line.p[0] != '$' && line.p[0] != '!') || line.p[line.n - 3] != '*')
        return NO_SENTENCE;
    int high = hex(line.p[line.n - 2]), low = hex(line.p[line.n - 1]);
    if (high < 0 || low < 0)
        return NO_SENTENCE;
    *ret_body = (struct sk_span){ line.p, line.n - 3 };
    return checksum((struct sk_span){ line.p + 1, line.n - 4 }) == (unsigned)(high * 16 + low) ? SOUND : BAD_CHECKSUM;
}

/* A sentence that was cut into another ends soundly: its beginning is the last '$' or '!'. */
static bool find_sound(struct sk_span line, struct sk_span *ret_body)
{
    for (size_t i = line.n; i > 1; i--) {
        char c = line.p[i - 1];
        if (c == '$' || c == '!')
            return check((struct sk_span){ line.p + i - 1, line.n - i + 1 }, ret_body) == SOUND;
    }
    return false;
}

static bool accept(struct nmea0183 *c, struct sk_span line, struct sk_span *ret_body)
{
    if (!c->validate) {
        const char *star = memrchr(line.p, '*', line.n);
        *ret_body = (struct sk_span){ line.p, star != NULL ? (size_t)(star - line.p) : line.n };
        if (line.p[0] == '$' || line.p[0] == '!')
            return true;
        c->base.stats.garbage++;
        return false;
    }
    enum verdict v = check(line, ret_body);
    c->base.stats.bad_checksum += v == BAD_CHECKSUM;
    c->base.stats.garbage += v == NO_SENTENCE;
    return v == SOUND || find_sound(line, ret_body);
}

/* ---- tag blocks and talkers --------------------------------------------------------------------------------------------- */

struct tags {
    struct sk_span source;
    int64_t time_ms; /* 0: none */
};

static void read_tag(struct tags *t, struct sk_span tag)
{
    int64_t v;
    if (tag.n < 3 || tag.p[1] != ':')
        return;
    struct sk_span value = { tag.p + 2, tag.n - 2 };
    if (tag.p[0] == 's' && value.n <= TALKER_MAX)
        t->source = value;
    else if (tag.p[0] == 'c' && value.n <= 15 && sk_parse_int(value, 1, INT64_MAX / 1000, &v))
        t->time_ms = value.n > 12 ? v : v * 1000;
}

/* Takes "\...\" off the line. */
static void take_tag_block(struct sk_span *line, struct tags *t)
{
    while (line->n > 1 && line->p[0] == '\\') {
        const char *end = memchr(line->p + 1, '\\', line->n - 1);
        if (end == NULL)
            return;
        const char *at = line->p + 1, *star = memchr(at, '*', (size_t)(end - at)), *stop = star != NULL ? star : end;
        while (at < stop) {
            const char *comma = memchr(at, ',', (size_t)(stop - at)), *next = comma != NULL ? comma : stop;
            read_tag(t, (struct sk_span){ at, (size_t)(next - at) });
            at = next + 1;
        }
        line->n -= (size_t)(end + 1 - line->p);
        line->p = end + 1;
    }
}

static struct sk_span talker_of(const struct nmea0183 *c, struct sk_span talker)
{
    for (size_t i = c->group_count; i > 0; i--) /* of two groups the later wins */
        if (sk_span_eq(talker, c->groups[i - 1].talker))
            return (struct sk_span){ c->groups[i - 1].name, c->groups[i - 1].name_len };
    return sk_span_eq(talker, "nmea0183") ? SK_SPAN("SK") : talker;
}

/* ---- a sentence --------------------------------------------------------------------------------------------------------- */

static void split(struct sk_0183 *s)
{
    const char *at = s->line.p + 1, *stop = s->line.p + s->line.n;
    int n = 0;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(stop - at)), *end = comma != NULL ? comma : stop;
        struct sk_span f = { at, (size_t)(end - at) };
        while (f.n > 0 && f.p[f.n - 1] == ' ')
            f.n--;
        while (f.n > 0 && f.p[0] == ' ') {
            f.p++;
            f.n--;
        }
        s->field[n] = f;
        s->fields = n;
        if (comma == NULL || n == SK_0183_FIELDS_MAX)
            return;
        at = comma + 1;
        n++;
    }
}

static void write_delta(struct nmea0183 *c, const struct sk_0183 *s)
{
    struct sk_buf *b = &c->delta;
    char iso[SK_ISO_TIME_SIZE];
    sk_buf_clear(b);
    sk_buf_char(b, '{');
    if (c->context.n != 0) {
        SK_BUF_LIT(b, "\"context\":\"");
        sk_buf_span_append(b, sk_buf_span(&c->context));
        SK_BUF_LIT(b, "\",");
    }
    SK_BUF_LIT(b, "\"updates\":[{\"source\":{\"sentence\":");
    sk_json_write_str(b, s->id);
    SK_BUF_LIT(b, ",\"talker\":");
    sk_json_write_str(b, s->talker);
    sk_buf_span_append(b, c->source_end);
    sk_iso_time(iso, c->override_time ? c->now_ms : s->time_ms);
    sk_buf_append(b, iso, SK_ISO_TIME_SIZE - 1);
    SK_BUF_LIT(b, "\",\"values\":[");
    sk_buf_span_append(b, sk_buf_span(&c->values));
    SK_BUF_LIT(b, "]}]}");
    if (sk_buf_ok(b) && sk_buf_ok(&c->values))
        sk_codec_emit(&c->base, sk_buf_span(b));
}

static void decode(struct nmea0183 *c, struct sk_span body, const struct tags *tags)
{
    struct sk_0183 s = { .line = body, .now_ms = c->now_ms, .session = &c->session, .out = &c->values, .context = &c->context };
    s.time_ms = tags->time_ms != 0 ? tags->time_ms : c->now_ms;
    split(&s);
    struct sk_span header = s.field[0];
    if (header.n < 3 || header.n > 16) {
        c->base.stats.unknown++;
        return;
    }
    s.talker = talker_of(c, tags->source.n != 0 ? tags->source : (struct sk_span){ header.p, 2 });
    s.id = (struct sk_span){ header.p + header.n - 3, 3 };
    sk_0183_decoder *decoder = decoder_for(header, s.id);
    if (decoder == NULL) {
        c->base.stats.unknown++;
        return;
    }
    sk_buf_clear(&c->values);
    sk_buf_clear(&c->context);
    decoder(&s);
    if (c->values.n != 0)
        write_delta(c, &s);
}

/* ---- a line ------------------------------------------------------------------------------------------------------------- */

static struct sk_span without_nulls(struct nmea0183 *c, struct sk_span line)
{
    if (memchr(line.p, '\0', line.n) == NULL)
        return line;
    sk_buf_clear(&c->scratch);
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != '\0')
            sk_buf_char(&c->scratch, line.p[i]);
    return sk_buf_span(&c->scratch);
}

static struct sk_span with_checksum(struct nmea0183 *c, struct sk_span line)
{
    static const char digits[] = "0123456789ABCDEF";
    struct sk_span sentence = line;
    struct tags unused = { 0 };
    take_tag_block(&sentence, &unused);
    if (sentence.n < 2 || memchr(sentence.p, '*', sentence.n) != NULL)
        return line;
    unsigned sum = checksum((struct sk_span){ sentence.p + 1, sentence.n - 1 });
    char end[3] = { '*', digits[sum >> 4 & 15], digits[sum & 15] };
    if (line.p != c->scratch.p) {
        sk_buf_clear(&c->scratch);
        sk_buf_span_append(&c->scratch, line);
    }
    sk_buf_append(&c->scratch, end, sizeof end);
    return sk_buf_span(&c->scratch);
}

static bool is_ignored(const struct nmea0183 *c, struct sk_span line)
{
    uint32_t id = line.n >= 6 ? PACK3(line.p[3], line.p[4], line.p[5]) : 0;
    for (size_t i = 0; i < c->ignored_count; i++)
        if (c->ignored[i] == id)
            return true;
    return line.p[0] == '{'; /* what gpsd says of itself */
}

/* NMEA 2000 in sentences. */
static bool take_wrapped(struct nmea0183 *c, struct sk_span line)
{
    if (!sk_span_starts(line, "$PCDIN,") && !sk_span_starts(line, "$MXPGN,"))
        return false;
    const char *star = c->validate ? NULL : memchr(line.p, '*', line.n);
    (void)sk_n2k_take_line(c->n2k, star != NULL ? (struct sk_span){ line.p, (size_t)(star - line.p) } : line, c->now_ms);
    return true;
}

static void take_line(void *arg, struct sk_span line)
{
    struct nmea0183 *c = arg;
    c->base.stats.units++;
    if (c->remove_nulls)
        line = without_nulls(c, line);
    if (line.n == 0 || is_ignored(c, line)) {
        c->base.stats.ignored++;
        return;
    }
    if (c->append)
        line = with_checksum(c, line);
    if (c->base.out.line != NULL)
        c->base.out.line(c->base.out.arg, 'N', line);
    struct tags tags = { 0 };
    struct sk_span body;
    take_tag_block(&line, &tags);
    if (line.n == 0)
        c->base.stats.garbage++;
    else if (accept(c, line, &body) && !take_wrapped(c, line))
        decode(c, body, &tags);
}

static void feed(struct sk_codec *codec, struct sk_span bytes, int64_t now_ms)
{
    struct nmea0183 *c = SK_CONTAINER(codec, struct nmea0183, base);
    c->now_ms = now_ms;
    codec->stats.bytes += bytes.n;
    sk_lines_feed(&c->lines, bytes);
    codec->stats.oversized = c->lines.oversized;
}

static void flush(struct sk_codec *codec, bool whole, int64_t now_ms)
{
    struct nmea0183 *c = SK_CONTAINER(codec, struct nmea0183, base);
    c->now_ms = now_ms;
    sk_lines_flush(&c->lines, whole);
    codec->stats.oversized = c->lines.oversized;
    if (!whole)
        sk_n2k_reset(c->n2k);
}

static void tick(struct sk_codec *codec, int64_t now_ms)
{
    sk_n2k_tick(SK_CONTAINER(codec, struct nmea0183, base)->n2k, now_ms);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static int read_groups(struct nmea0183 *c, yyjson_val *groups, struct sk_errmsg *em)
{
    size_t i, n, k, m;
    yyjson_val *name, *talkers, *talker;
    if (groups != NULL && !yyjson_is_null(groups) && !yyjson_is_obj(groups))
        return sk_errmsg_set(em, SK_ERR_INVALID, "talkerGroups is not an object of talker lists");
    yyjson_obj_foreach(groups, i, n, name, talkers) {
        yyjson_arr_foreach(talkers, k, m, talker) {
            struct sk_span t = sk_json_str(talker), g = sk_json_str(name);
            struct group *to = &c->groups[c->group_count];
            if (t.n == 0 || t.n >= sizeof to->talker || g.n == 0 || g.n > TALKER_MAX)
                return sk_errmsg_set(em, SK_ERR_INVALID, "talkerGroups: a group '%.40s' or one of its talkers has no usable name",
                                     g.p != NULL ? g.p : "");
            if (c->group_count == GROUPS_MAX)
                return sk_errmsg_set(em, SK_ERR_LIMIT, "talkerGroups: more than %d talkers", GROUPS_MAX);
            memcpy(to->talker, t.p, t.n);
            for (size_t j = 0; j < g.n; j++)
                to->name[j] = g.p[j] >= 'A' && g.p[j] <= 'Z' ? (char)(g.p[j] | 0x20) : g.p[j];
            to->name_len = g.n;
            c->group_count++;
        }
    }
    return 0;
}

static void read_ignored(struct nmea0183 *c, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        uint32_t id = packed(sk_json_str(v));
        if (id != 0 && c->ignored_count < IGNORED_MAX)
            c->ignored[c->ignored_count++] = id;
    }
}

static void destroy(struct sk_codec *codec)
{
    struct nmea0183 *c = SK_CONTAINER(codec, struct nmea0183, base);
    sk_n2k_destroy(c->n2k);
    sk_lines_finish(&c->lines);
    sk_buf_finish(&c->scratch);
    sk_buf_finish(&c->values);
    sk_buf_finish(&c->context);
    sk_buf_finish(&c->delta);
    sk_buf_finish(&c->session.gsv.satellites);
    sk_ais_session_finish(&c->session);
    free((char *)(uintptr_t)c->source_end.p);
    free(c);
}

static void prepare_source(struct nmea0183 *c, const char *label)
{
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, ",\"type\":\"NMEA0183\",\"label\":");
    sk_json_write_str(&b, sk_span_of(label));
    SK_BUF_LIT(&b, "},\"timestamp\":\"");
    c->source_end.p = sk_buf_steal(&b, &c->source_end.n);
}

static int create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    struct nmea0183 *c = sk_xcalloc(1, sizeof *c);
    c->base = (struct sk_codec){ .ops = &sk_codec_nmea0183, .out = o->out };
    sk_lines_init(&c->lines, LINE_MAX_BYTES, take_line, c);
    sk_buf_init(&c->scratch, LINE_MAX_BYTES + 8);
    sk_buf_init(&c->values, VALUES_MAX);
    sk_buf_init(&c->context, 256);
    sk_buf_init(&c->delta, VALUES_MAX + 8192);
    sk_buf_init(&c->session.gsv.satellites, 8192);
    c->session.incomplete = &c->base.stats.incomplete;
    c->validate = sk_json_get_bool(o->settings, "validateChecksum", true);
    c->append = sk_json_get_bool(o->settings, "appendChecksum", false);
    c->remove_nulls = sk_json_get_bool(o->settings, "removeNulls", false);
    c->override_time = sk_json_get_bool(o->settings, "overrideTimestamp", false);
    prepare_source(c, o->label);
    read_ignored(c, sk_json_get(o->settings, "ignoredSentences"));
    int r = c->source_end.p == NULL ? sk_errmsg_set(em, SK_ERR_LIMIT, "the connection's id is too long")
                                    : read_groups(c, sk_json_get(o->settings, "talkerGroups"), em);
    if (r == 0)
        r = sk_n2k_create(o, &c->base, &c->n2k, em);
    if (r < 0) {
        destroy(&c->base);
        return r;
    }
    *ret_codec = &c->base;
    return 0;
}

const struct sk_codec_ops sk_codec_nmea0183 = { "NMEA 0183", create, feed, flush, NULL, tick, destroy };
