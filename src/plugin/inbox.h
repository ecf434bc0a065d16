/*
 * Deltas that wait for one plugin: a ring of shared frames, bounded in number and bytes, the oldest dropped.
 * No lock of its own: its owner says who may touch it when.
 */
#ifndef SK_PLUGIN_INBOX_H
#define SK_PLUGIN_INBOX_H

#include "base/frame.h"

struct sk_inbox {
    struct sk_frame **ring;
    size_t cap, head, count, bytes; /* cap: 0 or a power of two */
    size_t max_count, max_bytes;
};

void sk_inbox_init(struct sk_inbox *q, size_t max_count, size_t max_bytes);
void sk_inbox_finish(struct sk_inbox *q); /* drops what is left */
/* Takes a reference of its own. Returns how many old ones were dropped for it. */
size_t sk_inbox_push(struct sk_inbox *q, struct sk_frame *f);
struct sk_frame *sk_inbox_pop(struct sk_inbox *q);          /* the caller gets the reference; NULL when empty */
void sk_inbox_swap(struct sk_inbox *a, struct sk_inbox *b); /* contents, not limits */

#endif
