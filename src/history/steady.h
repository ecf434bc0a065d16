/*
 * The wall clock as far as it can be believed. A boat's clock may be years ahead until the receiver has a fix; what is too old is
 * removed by this one, so that such an hour costs nothing. Thread: any, one at a time. Times in milliseconds.
 */
#ifndef SK_HISTORY_STEADY_H
#define SK_HISTORY_STEADY_H

#include <stdbool.h>
#include <stdint.h>

#define SK_STEADY_LEAP_MS ((int64_t)3600 * 1000) /* further ahead than this it has jumped */
#define SK_STEADY_REST_MS                                                                                                        \
    ((int64_t)30 * 24 * SK_STEADY_LEAP_MS) /* since the last record: as long may the boat have been laid up */
#define SK_STEADY_BELIEVED_MS ((uint64_t)24 * SK_STEADY_LEAP_MS) /* so long after a jump it counts: running time */

struct sk_steady {
    int64_t wall_ms; /* what was believed at `mono_ms` */
    uint64_t mono_ms;
    uint64_t jumped_ms; /* since when it has been ahead, by the monotonic clock; 0: it is not */
};

/* `newest_ms`: time of the newest record there is; 0: none. */
void sk_steady_begin(struct sk_steady *s, int64_t wall_ms, uint64_t mono_ms, int64_t newest_ms);
/* The time that can be believed now: the wall clock, or, while that is ahead, what it was before and the time that went by. */
int64_t sk_steady_now(struct sk_steady *s, int64_t wall_ms, uint64_t mono_ms);

#endif
