#include "plugin/inbox.h"

#include <stdlib.h>

#define FIRST_CAP 16u

void sk_inbox_init(struct sk_inbox *q, size_t max_count, size_t max_bytes)
{
    *q = (struct sk_inbox){ .max_count = max_count, .max_bytes = max_bytes };
}

void sk_inbox_finish(struct sk_inbox *q)
{
    struct sk_frame *f;
    while ((f = sk_inbox_pop(q)) != NULL)
        sk_frame_unref(f);
    free(q->ring);
    q->ring = NULL;
    q->cap = 0;
}

static void grow(struct sk_inbox *q)
{
    size_t cap = q->cap == 0 ? FIRST_CAP : q->cap * 2;
    struct sk_frame **ring = sk_xcalloc(cap, sizeof *ring);
    for (size_t i = 0; i < q->count; i++)
        ring[i] = q->ring[(q->head + i) & (q->cap - 1)];
    free(q->ring);
    q->ring = ring;
    q->cap = cap;
    q->head = 0;
}

size_t sk_inbox_push(struct sk_inbox *q, struct sk_frame *f)
{
    size_t dropped = 0;
    while (q->count > 0 && (q->count >= q->max_count || q->bytes + f->len > q->max_bytes)) {
        sk_frame_unref(sk_inbox_pop(q));
        dropped++;
    }
    if (q->count == q->cap)
        grow(q);
    q->ring[(q->head + q->count) & (q->cap - 1)] = sk_frame_ref(f);
    q->count++;
    q->bytes += f->len;
    return dropped;
}

struct sk_frame *sk_inbox_pop(struct sk_inbox *q)
{
    if (q->count == 0)
        return NULL;
    struct sk_frame *f = q->ring[q->head];
    q->head = (q->head + 1) & (q->cap - 1);
    q->count--;
    q->bytes -= f->len;
    return f;
}

void sk_inbox_swap(struct sk_inbox *a, struct sk_inbox *b)
{
    struct sk_inbox t = *a;
    a->ring = b->ring, a->cap = b->cap, a->head = b->head, a->count = b->count, a->bytes = b->bytes;
    b->ring = t.ring, b->cap = t.cap, b->head = t.head, b->count = t.count, b->bytes = t.bytes;
}
