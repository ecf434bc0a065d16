/*
 * Deltas that wait for one plugin: a ring of shared frames, bounded in number and bytes, the oldest dropped and counted.
 * No lock of its own: its owner says who may touch it when.
 */
#ifndef SK_PLUGIN_INBOX_H
#define SK_PLUGIN_INBOX_H

#include "base/frame.h"

struct sk_inbox {
    struct sk_frame **ring;
    size_t cap, head, count, bytes; /* cap: 0 or a power of two */
    size_t max_count, max_bytes;
    uint64_t dropped;
};

void sk_inbox_init(struct sk_inbox *q, size_t max_count, size_t max_bytes);
void sk_inbox_finish(struct sk_inbox *q);                   /* drops what is left, not counted */
void sk_inbox_push(struct sk_inbox *q, struct sk_frame *f); /* takes a reference of its own */
struct sk_frame *sk_inbox_pop(struct sk_inbox *q);          /* the caller gets the reference; NULL when empty */
void sk_inbox_swap(struct sk_inbox *a, struct sk_inbox *b); /* contents, not limits or counters */

#endif
