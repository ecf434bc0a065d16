#include "history/steady.h"

void sk_steady_begin(struct sk_steady *s, int64_t wall_ms, uint64_t mono_ms, int64_t newest_ms)
{
    bool ahead = newest_ms > 0 && wall_ms > newest_ms && wall_ms - newest_ms > SK_STEADY_REST_MS;
    *s = (struct sk_steady){ .wall_ms = ahead ? newest_ms : wall_ms, .mono_ms = mono_ms };
}

int64_t sk_steady_now(struct sk_steady *s, int64_t wall_ms, uint64_t mono_ms)
{
    int64_t expected = s->wall_ms + (int64_t)(mono_ms - s->mono_ms);
    bool ahead = wall_ms > expected && wall_ms - expected > SK_STEADY_LEAP_MS;
    if (ahead && s->jumped_ms == 0)
        s->jumped_ms = mono_ms;
    if (ahead && mono_ms - s->jumped_ms < SK_STEADY_BELIEVED_MS)
        return expected;
    *s = (struct sk_steady){ .wall_ms = wall_ms, .mono_ms = mono_ms };
    return wall_ms;
}
