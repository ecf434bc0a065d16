/* Alarms on the bus are repeated while they last; one that falls silent is over, and somebody has to say so. */
#include "base/json.h"
#include "codec/n2k/decoder.h"

#include <stdio.h>

static bool same(const struct sk_n2k_alarm *a, uint8_t src, struct sk_span path)
{
    return a->used && a->src == src && sk_span_eq(path, a->path);
}

/* The one of that path, else a free one, else the one that was silent longest. */
static struct sk_n2k_alarm *slot(struct sk_n2k *n, uint8_t src, struct sk_span path)
{
    struct sk_n2k_alarm *best = &n->alarms[0];
    for (unsigned i = 0; i < SK_N2K_ALARMS_MAX; i++) {
        struct sk_n2k_alarm *a = &n->alarms[i];
        if (same(a, src, path))
            return a;
        if (best->used && (!a->used || a->heard_tick < best->heard_tick))
            best = a;
    }
    return best;
}

void sk_n2k_alarm_heard(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_span path, struct sk_span message, bool on)
{
    if (n->alarm_count == 0 && !on)
        return;
    if (path.n >= sizeof((struct sk_n2k_alarm *)0)->path || message.n >= sizeof((struct sk_n2k_alarm *)0)->message)
        return;
    if (n->alarms == NULL)
        n->alarms = sk_xcalloc(SK_N2K_ALARMS_MAX, sizeof *n->alarms);
    struct sk_n2k_alarm *a = slot(n, m->src, path);
    if (!on) {
        if (same(a, m->src, path)) {
            a->used = false;
            n->alarm_count--;
        }
        return;
    }
    n->alarm_count += !a->used;
    *a = (struct sk_n2k_alarm){ .heard_tick = n->ticks, .pgn = m->pgn, .src = m->src, .used = true };
    memcpy(a->path, path.p, path.n);
    memcpy(a->message, message.p, message.n);
}

static void end_alarm(struct sk_n2k *n, struct sk_n2k_alarm *a, int64_t now_ms)
{
    struct sk_n2k_message m = { .pgn = a->pgn, .src = a->src, .time_ms = now_ms };
    a->used = false;
    n->alarm_count--;
    sk_buf_clear(&n->out);
    sk_buf_char(&n->out, '{');
    sk_n2k_delta_begin(n, &m, n->devices[a->src], (struct sk_span){ 0 });
    sk_buf_printf(&n->out, "{\"path\":\"%s\",\"value\":{\"state\":\"normal\",\"method\":[],\"message\":%s}}]}]}", a->path,
                  a->message);
    if (sk_buf_ok(&n->out))
        sk_codec_emit(n->owner, sk_buf_span(&n->out));
}

void sk_n2k_alarms_check(struct sk_n2k *n, int64_t now_ms)
{
    for (unsigned i = 0; i < SK_N2K_ALARMS_MAX && n->alarm_count > 0; i++) {
        struct sk_n2k_alarm *a = &n->alarms[i];
        if (a->used && n->ticks - a->heard_tick > SK_N2K_ALARM_SILENCE_TICKS)
            end_alarm(n, a, now_ms);
    }
}
