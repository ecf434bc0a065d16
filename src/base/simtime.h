/*
 * Time as somebody else lives it: faster than the machine's, or standing still until it is moved on. Who may live in such a time
 * takes a `const struct sk_simtime *`; NULL is the machine's own, so a server pays one comparison where a plugin asks for the
 * time, and nothing elsewhere. Deadlines stay with the machine: they guard it.
 * Thread: any. The owner makes it before, and frees it after all who use it.
 */
#ifndef SK_BASE_SIMTIME_H
#define SK_BASE_SIMTIME_H

#include <stdatomic.h>
#include <stdint.h>

struct sk_simtime {
    unsigned speed;         /* so many seconds in one; 0: it stands still */
    uint64_t began_ns;      /* machine's monotonic clock */
    int64_t wall_ns;        /* what it shows at the beginning, since 1970 */
    atomic_ullong ahead_ns; /* moved on so far */
};

void sk_simtime_init(struct sk_simtime *t, unsigned speed, int64_t wall_ms);
void sk_simtime_advance(struct sk_simtime *t, uint64_t ns);

uint64_t sk_simtime_mono_ns(const struct sk_simtime *t); /* counts from where the machine's monotonic clock was */
int64_t sk_simtime_wall_ns(const struct sk_simtime *t);
static inline uint64_t sk_simtime_mono_ms(const struct sk_simtime *t)
{
    return sk_simtime_mono_ns(t) / 1000000u;
}
static inline int64_t sk_simtime_wall_ms(const struct sk_simtime *t)
{
    return sk_simtime_wall_ns(t) / 1000000;
}
/* How long `ms` of it take on the machine, rounded up; UINT64_MAX when it stands still. */
uint64_t sk_simtime_real_ms(const struct sk_simtime *t, uint64_t ms);

#endif
