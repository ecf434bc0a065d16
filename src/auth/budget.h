/*
 * How often an address may try something: so many times a window, counted per client address. Decides with the time it is given.
 * Bounded: of SK_BUDGET_ADDRESSES addresses at once; those beyond share one count, so a flood from many hurts the flood.
 * An IPv6 client is counted by its /64, of which it has a whole one to choose from. Owner: loop thread.
 */
#ifndef SK_AUTH_BUDGET_H
#define SK_AUTH_BUDGET_H

#include "base/map.h"

#define SK_BUDGET_ADDRESSES 4096u

struct sk_budget {
    unsigned max; /* 0: no limit */
    uint64_t window_ms;
    struct sk_map counts;
    struct sk_budget_count *others; /* the shared count */
};

void sk_budget_init(struct sk_budget *b, unsigned max, uint64_t window_ms);
void sk_budget_finish(struct sk_budget *b);
/* Takes one. False when the window's are spent: then *ret_retry_s seconds are to pass. */
bool sk_budget_take(struct sk_budget *b, const char *address, uint64_t now_ms, unsigned *ret_retry_s);

#endif
