/*
 * What a socket received and its plugin has not fetched yet: at most 1,000 items and 4 MiB a queue, and an account of bytes that
 * all queues of one plugin share. Full: the oldest item of this queue is dropped and counted; an item that finds no room even
 * then is dropped itself. Owner: whoever holds the lock of the socket set.
 */
#ifndef SK_NET_RECVQ_H
#define SK_NET_RECVQ_H

#include "net/address.h"

#define SK_RECVQ_ITEMS 1000u
#define SK_RECVQ_BYTES ((size_t)4 * 1024 * 1024)

struct sk_recvq_account {
    size_t used, max;
};

struct sk_packet {
    struct sk_packet *next;
    struct sk_address from; /* size 0: a stream's */
    size_t n, taken;        /* `taken` bytes are gone already */
    char bytes[];
};

struct sk_recvq {
    struct sk_packet *first, **last;
    size_t count, bytes;
    uint64_t dropped;
    struct sk_recvq_account *account;
};

void sk_recvq_init(struct sk_recvq *q, struct sk_recvq_account *account);
void sk_recvq_finish(struct sk_recvq *q);
void sk_recvq_push(struct sk_recvq *q, struct sk_span bytes, const struct sk_address *from); /* copies; `from` may be NULL */
/* The oldest item stays the queue's; NULL when empty. */
const struct sk_packet *sk_recvq_first(const struct sk_recvq *q);
void sk_recvq_shift(struct sk_recvq *q); /* drops the oldest, uncounted */
/* Copies up to `max` bytes of the oldest item; what does not fit stays as its rest if `keep`, else it is lost. */
size_t sk_recvq_take(struct sk_recvq *q, void *out, size_t max, bool keep);

#endif
