/* Who is who on the bus: what devices say of themselves, and asking them to. */
#include "base/json.h"
#include "codec/n2k/decoder.h"

#define ASK_EVERY_MS 5000
#define ASK_TIMES 6u /* of a device that keeps silent: each question twice */

static const uint32_t questions[] = { SK_N2K_PGN_CLAIM, SK_N2K_PGN_PRODUCT, SK_N2K_PGN_CONFIGURATION };

/* ---- into the tree of sources: a delta without values, whose source object says it ---------------------------------------- */

/* The head ends behind the source's last member, so that more can be put in. */
static void begin(struct sk_n2k *n, const struct sk_n2k_message *m)
{
    sk_buf_clear(&n->out);
    SK_BUF_LIT(&n->out, "{\"updates\":[{\"source\":{\"label\":");
    sk_buf_span_append(&n->out, sk_buf_span(&n->label));
    sk_buf_printf(&n->out, ",\"type\":\"NMEA2000\",\"pgn\":%u,\"src\":\"%u\"", m->pgn, m->src);
}

/* Named by its address also when the source object holds the NAME: only the tree is meant. */
static void finish(struct sk_n2k *n, const struct sk_n2k_message *m, const struct sk_n2k_device *d)
{
    SK_BUF_LIT(&n->out, "},\"$source\":\"");
    sk_buf_span_append(&n->out, sk_buf_span(&n->prefix));
    if (n->use_can_name && d->name != 0)
        sk_buf_printf(&n->out, ".%llx", (unsigned long long)d->name);
    else
        sk_buf_printf(&n->out, ".%u", m->src);
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, m->time_ms);
    sk_buf_printf(&n->out, "\",\"timestamp\":\"%s\",\"values\":[]}]}", iso);
    if (sk_buf_ok(&n->out))
        sk_codec_emit(n->owner, sk_buf_span(&n->out));
}

/* NAME and device instance. Another NAME than before: another device, of which nothing is known yet. */
static void take_claim(const struct sk_n2k_message *m, struct sk_n2k_device *d)
{
    uint64_t name = 0;
    for (unsigned i = 0; i < 8; i++)
        name |= (uint64_t)m->data[i] << 8 * i;
    if (d->name != 0 && d->name != name)
        sk_n2k_device_reset(d);
    d->name = name;
    d->instance = m->data[4];
}

void sk_n2k_describe(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d, const struct sk_n2k_pgn *def)
{
    struct sk_n2k_reading r = { .m = m, .def = def, .device = d, .out = &n->out };
    bool claim = m->pgn == SK_N2K_PGN_CLAIM;
    if (claim && m->len < 8) {
        n->owner->stats.garbage++;
        return;
    }
    if (claim)
        take_claim(m, d);
    d->told |= (uint8_t)(claim                          ? SK_N2K_TOLD_CLAIM
                         : m->pgn == SK_N2K_PGN_PRODUCT ? SK_N2K_TOLD_PRODUCT
                                                        : SK_N2K_TOLD_CONFIGURATION);
    begin(n, m);
    sk_n2k_put_members(&r, 0, def->field_count);
    if (claim)
        sk_buf_printf(&n->out, ",\"deviceInstance\":%u,\"canName\":\"%llx\"", d->instance, (unsigned long long)d->name);
    finish(n, m, d);
}

void sk_n2k_note_unknown(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d)
{
    if (!sk_n2k_device_note_unknown(d, m->pgn))
        return;
    begin(n, m);
    SK_BUF_LIT(&n->out, ",\"unknownPGNs\":{");
    for (unsigned i = 0; i < d->unknown_count; i++)
        sk_buf_printf(&n->out, "%s\"%u\":{\"pgn\":%u,\"src\":%u}", i > 0 ? "," : "", d->unknown[i], d->unknown[i], m->src);
    sk_buf_char(&n->out, '}');
    finish(n, m, d);
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */

static void request(struct sk_n2k *n, uint8_t dst, uint32_t pgn, int64_t now_ms)
{
    uint8_t data[3] = { (uint8_t)pgn, (uint8_t)(pgn >> 8), (uint8_t)(pgn >> 16) };
    struct sk_n2k_message m = {
        .pgn = SK_N2K_PGN_REQUEST, .priority = 6, .src = 254, .dst = dst, .data = data, .len = 3, .time_ms = now_ms
    };
    n->send(n->send_arg, &m);
}

/* One question to the first device that owes an answer. */
static void ask_one(struct sk_n2k *n, int64_t now_ms)
{
    for (unsigned src = 0; src < SK_N2K_DEVICES; src++) {
        struct sk_n2k_device *d = n->devices[src];
        if (d == NULL)
            continue;
        while (d->asked < ASK_TIMES && (d->told & 1u << d->asked % SK_COUNT(questions)) != 0)
            d->asked++;
        if (d->asked >= ASK_TIMES)
            continue;
        request(n, (uint8_t)src, questions[d->asked++ % SK_COUNT(questions)], now_ms);
        return;
    }
}

/* First everybody, then each one that still lacks something; five seconds apart, the bus is for sailing. */
void sk_n2k_ask(struct sk_n2k *n, int64_t now_ms)
{
    if (n->send == NULL || (now_ms < n->ask_at_ms && n->ask_at_ms - now_ms <= ASK_EVERY_MS))
        return;
    n->ask_at_ms = now_ms + ASK_EVERY_MS;
    if (n->ask_step < SK_COUNT(questions))
        request(n, SK_N2K_ALL, questions[n->ask_step++], now_ms);
    else
        ask_one(n, now_ms);
}
