#include "input/input.h"

#define WINDOW_TICKS 5
#define BYTES_MIN 256 /* less says nothing */
#define LINES_MIN 5
#define GARBAGE_RATIO 0.5
#define CHECKSUM_RATIO 0.1

static enum sk_quality_verdict turn(struct sk_quality *q, bool bad)
{
    bool was = q->bad;
    q->bad = bad;
    return bad ? SK_QUALITY_BAD : was ? SK_QUALITY_RECOVERED : SK_QUALITY_SAME;
}

enum sk_quality_verdict sk_quality_check(struct sk_quality *q, const struct sk_codec_stats *now, struct sk_errmsg *em)
{
    if (++q->ticks < WINDOW_TICKS)
        return SK_QUALITY_SAME;
    double bytes = (double)(now->bytes - q->before.bytes), units = (double)(now->units - q->before.units);
    double bad_sums = (double)(now->bad_checksum - q->before.bad_checksum);
    double garbage = (double)(now->garbage - q->before.garbage) + (double)(now->oversized - q->before.oversized);
    double all = units + (double)(now->oversized - q->before.oversized);
    q->ticks = 0;
    q->before = *now;
    if (bytes < BYTES_MIN)
        return SK_QUALITY_SAME;
    if (all == 0) {
        sk_errmsg_set(em, SK_ERR_PROTOCOL, "bytes arrive, but no line ends in them: is the baud rate right?");
        return turn(q, true);
    }
    if (garbage / all > GARBAGE_RATIO) {
        sk_errmsg_set(em, SK_ERR_PROTOCOL,
                      "%.0f %% of what arrives is garbage: is the baud rate right, and does the device speak this protocol?",
                      100 * garbage / all);
        return turn(q, true);
    }
    if (all >= LINES_MIN && bad_sums / all > CHECKSUM_RATIO) {
        sk_errmsg_set(em, SK_ERR_PROTOCOL,
                      "%.0f %% of the sentences have a wrong checksum: look for a loose or long cable, two talkers on one wire, "
                      "or "
                      "a baud rate too high",
                      100 * bad_sums / all);
        return turn(q, true);
    }
    return turn(q, false);
}
