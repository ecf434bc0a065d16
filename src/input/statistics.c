#include "hub/senders.h"
#include "input/inputs.h"
#include "input/rawlog.h"

#include <inttypes.h>

static bool is_connection(void *arg, const char *provider)
{
    const struct sk_inputs *list = arg;
    for (const struct sk_input *in = list->first; in != NULL; in = in->next)
        if (strcmp(in->id, provider) == 0)
            return true;
    return false;
}

void sk_inputs_write_statistics(const struct sk_inputs *list, struct sk_buf *out)
{
    const double period_s = SK_INPUTS_TICK_MS * SK_INPUTS_STATISTICS_TICKS / 1000.0;
    sk_buf_char(out, '{');
    for (const struct sk_input *in = list != NULL ? list->first : NULL; in != NULL; in = in->next) {
        if (in->transport == NULL)
            continue;
        sk_buf_append(out, ",", !sk_buf_ends(out, '{'));
        sk_json_write_str(out, sk_span_of(in->id));
        SK_BUF_LIT(out, ":{\"deltaRate\":");
        sk_json_write_double(out, (double)in->last_interval / period_s);
        sk_buf_printf(out,
                      ",\"deltaCount\":%llu,\"lastIntervalDeltaCount\":%llu,\"writeRate\":", (unsigned long long)in->stats.deltas,
                      (unsigned long long)in->last_interval);
        sk_json_write_double(out, (double)in->last_written / period_s);
        sk_buf_printf(out, ",\"writeCount\":%llu,\"lastIntervalWriteCount\":%llu", (unsigned long long)in->stats.written,
                      (unsigned long long)in->last_written);
        const struct sk_codec_stats *c = &in->codec->stats;
        sk_buf_printf(out,
                      ",\"received\":%llu,\"badChecksums\":%llu,\"garbage\":%llu,\"oversized\":%llu,\"ignored\":%llu,"
                      "\"unknown\":%llu,\"incomplete\":%llu,\"writesDropped\":%llu,\"opened\":%llu,\"lost\":%llu}",
                      (unsigned long long)c->units, (unsigned long long)c->bad_checksum, (unsigned long long)c->garbage,
                      (unsigned long long)c->oversized, (unsigned long long)c->ignored, (unsigned long long)c->unknown,
                      (unsigned long long)c->incomplete, (unsigned long long)in->stats.write_dropped,
                      (unsigned long long)in->stats.opened, (unsigned long long)in->stats.lost);
    }
    if (list != NULL)
        sk_senders_write(sk_hub_senders(list->hub), period_s, is_connection, (void *)(uintptr_t)list, out);
    sk_buf_char(out, '}');
}

void sk_inputs_write_lines(const struct sk_inputs *list, struct sk_buf *out)
{
    uint64_t lost = list != NULL && list->log != NULL ? sk_rawlog_lost(list->log) : 0;
    sk_buf_printf(out, "{\"echoes\":%" PRIu64 ",\"notLogged\":%" PRIu64 "}", list != NULL ? sk_bus_echoes(list->bus) : 0, lost);
}
