/*
 * Those who hold a place that others may need: in the order of their coming, and counted by address. When there is no room, the
 * one gives way that has waited longest of the address with the most of them; so who takes many places pushes out himself. An
 * address is one of IPv4, or 64 bits of IPv6, as whoever has one of those has all behind them. Addresses share 8,192 counters, by
 * a keyed hash; those that share one are judged together: of hundreds of attackers hardly one shares that of an honest client.
 * Memory: embedded in the owner's structs. Owner: one thread.
 */
#ifndef SK_BASE_WAITING_H
#define SK_BASE_WAITING_H

#include "base/base.h"

#define SK_WAITING_ADDRESSES 8192u

struct sk_waiter {
    struct sk_waiting *in; /* NULL: waits nowhere */
    struct sk_waiter *prev, *next;
    uint16_t address;
};

struct sk_waiting {                 /* zeroed is empty */
    struct sk_waiter *first, *last; /* the oldest first */
    size_t count;
    uint16_t by_address[SK_WAITING_ADDRESSES];
};

/* `w` is zeroed, or waits nowhere. `ip` as text; anything else counts as an address, too. */
void sk_waiter_init(struct sk_waiter *w, const char *ip);
/* To the end of `list`, from where it was; nothing when it is in that list. */
void sk_waiter_join(struct sk_waiter *w, struct sk_waiting *list);
void sk_waiter_leave(struct sk_waiter *w); /* waits nowhere: nothing */

/* Of the address with the most in all the lists together: the oldest in the first of them that has any. NULL: nobody waits. */
struct sk_waiter *sk_waiting_of_most(const struct sk_waiting *const lists[], size_t count);
/* The oldest of the address with the fewest. */
struct sk_waiter *sk_waiting_of_fewest(const struct sk_waiting *list);

#endif
