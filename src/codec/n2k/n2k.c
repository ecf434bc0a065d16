#include "codec/n2k/n2k.h"

#include "base/json.h"
#include "codec/n2k/decoder.h"
#include "codec/n2k/textline.h"

#include <stdlib.h>

/* ---- settings ------------------------------------------------------------------------------------------------------------- */

/* A number, or its text; a text that is none is taken as a NAME when `ret_name` is wanted. Absent or empty: any. */
static bool read_filter_part(const yyjson_val *v, int64_t *ret_number, uint64_t *ret_name)
{
    struct sk_span text = sk_json_str(v);
    double d;
    *ret_number = -1;
    if (v == NULL || yyjson_is_null((yyjson_val *)(uintptr_t)v) || (text.p != NULL && text.n == 0))
        return true;
    if (text.p == NULL) {
        bool ok = sk_json_number(v, &d) && d >= 0 && d <= SK_N2K_PGN_MAX;
        *ret_number = ok ? (int64_t)d : -1;
        return ok;
    }
    if (sk_parse_int(text, 0, SK_N2K_PGN_MAX, ret_number))
        return true;
    if (ret_name == NULL || text.n > 16)
        return false;
    char *end;
    char hex[17] = { 0 };
    memcpy(hex, text.p, text.n);
    *ret_name = strtoull(hex, &end, 16);
    return *end == '\0' && *ret_name != 0;
}

static int read_filters(struct sk_n2k *n, const yyjson_val *settings, struct sk_errmsg *em)
{
    yyjson_val *list = sk_json_get(settings, "filters"), *entry;
    size_t i, count;
    if (!sk_json_get_bool(settings, "filtersEnabled", false) || !yyjson_is_arr(list))
        return 0;
    yyjson_arr_foreach(list, i, count, entry) {
        if (n->filter_count == SK_N2K_FILTERS_MAX)
            return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u filters", SK_N2K_FILTERS_MAX);
        struct sk_n2k_filter *f = &n->filters[n->filter_count];
        if (!read_filter_part(sk_json_get(entry, "source"), &f->src, &f->name))
            return sk_errmsg_set(em, SK_ERR_INVALID, "filter %zu: source is neither an address nor a device NAME", i + 1);
        if (!read_filter_part(sk_json_get(entry, "pgn"), &f->pgn, NULL))
            return sk_errmsg_set(em, SK_ERR_INVALID, "filter %zu: pgn is no number", i + 1);
        n->filter_count += f->src >= 0 || f->pgn >= 0 || f->name != 0; /* an empty line filters nothing */
    }
    return 0;
}

int sk_n2k_create(const struct sk_codec_options *o, struct sk_codec *owner, struct sk_n2k **ret_n2k, struct sk_errmsg *em)
{
    struct sk_n2k *n = sk_xcalloc(1, sizeof *n);
    n->owner = owner;
    n->announces = owner->ops != &sk_codec_nmea0183; /* there the sentence was announced as it came */
    sk_buf_init(&n->label, 1024);
    sk_buf_init(&n->prefix, 1024);
    sk_buf_init(&n->out, SK_N2K_DELTA_MAX);
    sk_buf_init(&n->line, SK_N2K_LINE_TEXT_MAX);
    sk_json_write_str(&n->label, sk_span_of(o->label));
    if (sk_buf_ok(&n->label) && n->label.n >= 2) /* between the quotes, escapes and all */
        sk_buf_append(&n->prefix, n->label.p + 1, n->label.n - 2);
    n->use_can_name = sk_json_get_bool(o->settings, "useCanName", false);
    n->override_time = sk_json_get_bool(o->settings, "overrideTimestamp", false);
    n->reverse_mxpgn = sk_json_get_bool(o->settings, "littleEndianMXPGN", false);
    int r = sk_buf_ok(&n->label) ? read_filters(n, o->settings, em)
                                 : sk_errmsg_set(em, SK_ERR_LIMIT, "the connection's id is too long");
    if (r < 0) {
        sk_n2k_destroy(n);
        return r;
    }
    *ret_n2k = n;
    return 0;
}

void sk_n2k_destroy(struct sk_n2k *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < SK_COUNT(n->devices); i++)
        sk_n2k_device_destroy(n->devices[i]);
    sk_buf_finish(&n->label);
    sk_buf_finish(&n->prefix);
    sk_buf_finish(&n->out);
    sk_buf_finish(&n->line);
    free(n->alarms);
    free(n->fast);
    free(n);
}

/* ---- messages ------------------------------------------------------------------------------------------------------------- */

static bool is_filtered(const struct sk_n2k *n, const struct sk_n2k_message *m, const struct sk_n2k_device *d)
{
    for (unsigned i = 0; i < n->filter_count; i++) {
        const struct sk_n2k_filter *f = &n->filters[i];
        bool source = f->name != 0 ? f->name == d->name : f->src < 0 || f->src == m->src;
        if (source && (f->pgn < 0 || f->pgn == m->pgn))
            return true;
    }
    return false;
}

/* With useCanName a device's data waits for its NAME, so that it does not stand under two sources; but not for ever. */
static bool is_held_back(const struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d)
{
    if (!n->use_can_name || d->name != 0)
        return false;
    if (!d->heard || m->time_ms < d->heard_ms) {
        d->heard = true;
        d->heard_ms = m->time_ms;
    }
    return m->time_ms - d->heard_ms <= SK_N2K_NAME_WAIT_MS;
}

static void announce(struct sk_n2k *n, const struct sk_n2k_message *m)
{
    sk_buf_clear(&n->line);
    sk_n2k_line_write(&n->line, m);
    if (sk_buf_ok(&n->line))
        n->owner->out.line(n->owner->out.arg, 'A', sk_buf_span(&n->line));
}

void sk_n2k_take_message(struct sk_n2k *n, const struct sk_n2k_message *m)
{
    struct sk_codec_stats *stats = &n->owner->stats;
    if (n->announces && n->owner->out.line != NULL)
        announce(n, m);
    if (m->src >= SK_N2K_DEVICES) { /* a device without an address has nothing to tell */
        stats->ignored++;
        return;
    }
    struct sk_n2k_device *d = n->devices[m->src];
    if (d == NULL)
        d = n->devices[m->src] = sk_n2k_device_create();
    const struct sk_n2k_pgn *first = sk_n2k_pgn_find(m->pgn), *def = first != NULL ? sk_n2k_definition(m, first) : NULL;
    if (def == NULL) {
        stats->unknown++;
        if (first == NULL)
            sk_n2k_note_unknown(n, m, d);
        return;
    }
    if (def->describes) {
        sk_n2k_describe(n, m, d, def);
        return;
    }
    if (is_filtered(n, m, d) || is_held_back(n, m, d)) {
        stats->ignored++;
        return;
    }
    if (sk_n2k_decode(n, m, d, def))
        sk_codec_emit(n->owner, sk_buf_span(&n->out));
}

static void take_frame(struct sk_n2k *n, struct sk_n2k_message *m)
{
    if (!sk_n2k_is_fast(m->pgn)) {
        sk_n2k_take_message(n, m);
        return;
    }
    struct sk_codec_stats *stats = &n->owner->stats;
    if (n->fast == NULL)
        n->fast = sk_xcalloc(1, sizeof *n->fast);
    uint64_t incomplete = n->fast->incomplete, oversized = n->fast->oversized;
    const uint8_t *frame = m->data;
    bool whole = sk_n2k_fastpacket_take(n->fast, m, frame, m->len);
    stats->incomplete += n->fast->incomplete - incomplete;
    stats->oversized += n->fast->oversized - oversized;
    if (whole)
        sk_n2k_take_message(n, m);
}

void sk_n2k_take_frame(struct sk_n2k *n, uint32_t can_id, const uint8_t *data, size_t len, int64_t time_ms)
{
    struct sk_n2k_message m = sk_n2k_from_can_id(can_id);
    m.data = data;
    m.len = len < 8 ? len : 8;
    m.time_ms = time_ms;
    take_frame(n, &m);
}

bool sk_n2k_take_line(struct sk_n2k *n, struct sk_span line, int64_t now_ms)
{
    struct sk_n2k_line l;
    sk_n2k_line_read(line, n->reverse_mxpgn, n->data, &l);
    if (!l.has_date || n->override_time)
        l.m.time_ms = now_ms;
    switch (l.kind) {
    case SK_N2K_LINE_FOREIGN:
    case SK_N2K_LINE_BAD:
        n->owner->stats.garbage++;
        return false;
    case SK_N2K_LINE_CHECKSUM:
        n->owner->stats.bad_checksum++;
        return true;
    case SK_N2K_LINE_STATUS:
        return true;
    case SK_N2K_LINE_FRAME:
        take_frame(n, &l.m);
        return true;
    case SK_N2K_LINE_EITHER: /* short, so a frame; but not where whole messages come */
        if (n->joined_seen)
            sk_n2k_take_message(n, &l.m);
        else
            take_frame(n, &l.m);
        return true;
    default:
        n->joined_seen = true;
        sk_n2k_take_message(n, &l.m);
        return true;
    }
}

bool sk_n2k_line_time(struct sk_span line, int64_t *ret_ms, bool *ret_dated)
{
    uint8_t data[SK_N2K_DATA_MAX];
    struct sk_n2k_line l;
    sk_n2k_line_read(line, false, data, &l);
    *ret_ms = l.m.time_ms;
    *ret_dated = l.has_date;
    return l.has_date || l.has_time_of_day;
}

void sk_n2k_reset(struct sk_n2k *n)
{
    n->joined_seen = false;
    if (n->fast == NULL)
        return;
    uint64_t before = n->fast->incomplete;
    sk_n2k_fastpacket_reset(n->fast);
    n->owner->stats.incomplete += n->fast->incomplete - before;
}

void sk_n2k_tick(struct sk_n2k *n, int64_t now_ms)
{
    n->ticks++;
    sk_n2k_alarms_check(n, now_ms);
    sk_n2k_ask(n, now_ms);
}

bool sk_n2k_send(struct sk_n2k *n, const struct sk_n2k_message *m)
{
    if (n->send == NULL || (m->len > 8 && !sk_n2k_is_fast(m->pgn)))
        return false;
    if (m->data != NULL)
        n->send(n->send_arg, m);
    return true;
}

void sk_n2k_set_output(struct sk_n2k *n, void (*send)(void *arg, const struct sk_n2k_message *m), void *arg, int64_t now_ms)
{
    n->send = send;
    n->send_arg = arg;
    n->ask_at_ms = now_ms;
    n->ask_step = 0;
}
