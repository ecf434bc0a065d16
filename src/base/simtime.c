#include "base/simtime.h"

#include "base/clock.h"

#include <stddef.h>
#include <time.h>

void sk_simtime_init(struct sk_simtime *t, unsigned speed, int64_t wall_ms)
{
    t->speed = speed;
    t->began_ns = sk_clock_mono_ms() * 1000000u; /* whole milliseconds: what moves by seconds stays at whole ones */
    t->wall_ns = wall_ms * 1000000;
    atomic_init(&t->ahead_ns, 0);
}

void sk_simtime_advance(struct sk_simtime *t, uint64_t ns)
{
    atomic_fetch_add(&t->ahead_ns, ns);
}

static uint64_t passed(const struct sk_simtime *t)
{
    return (sk_clock_mono_ns() - t->began_ns) * t->speed + atomic_load(&t->ahead_ns);
}

uint64_t sk_simtime_mono_ns(const struct sk_simtime *t)
{
    return t == NULL ? sk_clock_mono_ns() : t->began_ns + passed(t);
}

int64_t sk_simtime_wall_ns(const struct sk_simtime *t)
{
    struct timespec now;
    if (t != NULL)
        return t->wall_ns + (int64_t)passed(t);
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t sk_simtime_real_ms(const struct sk_simtime *t, uint64_t ms)
{
    if (t == NULL)
        return ms;
    return t->speed == 0 ? UINT64_MAX : (ms + t->speed - 1) / t->speed;
}
