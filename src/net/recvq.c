#include "net/recvq.h"

#include <stdlib.h>

void sk_recvq_init(struct sk_recvq *q, struct sk_recvq_account *account)
{
    *q = (struct sk_recvq){ .account = account };
    q->last = &q->first;
}

void sk_recvq_finish(struct sk_recvq *q)
{
    while (q->first != NULL)
        sk_recvq_shift(q);
}

const struct sk_packet *sk_recvq_first(const struct sk_recvq *q)
{
    return q->first;
}

void sk_recvq_shift(struct sk_recvq *q)
{
    struct sk_packet *p = q->first;
    if (p == NULL)
        return;
    q->first = p->next;
    if (q->first == NULL)
        q->last = &q->first;
    q->count--;
    q->bytes -= p->n;
    q->account->used -= p->n;
    free(p);
}

static bool fits(const struct sk_recvq *q, size_t n)
{
    return q->count < SK_RECVQ_ITEMS && n <= SK_RECVQ_BYTES - q->bytes && n <= q->account->max - q->account->used;
}

void sk_recvq_push(struct sk_recvq *q, struct sk_span bytes, const struct sk_address *from)
{
    while (!fits(q, bytes.n) && q->count > 0) {
        sk_recvq_shift(q);
        q->dropped++;
    }
    struct sk_packet *p = fits(q, bytes.n) ? malloc(sizeof *p + bytes.n) : NULL;
    if (p == NULL) {
        q->dropped++;
        return;
    }
    *p = (struct sk_packet){ .n = bytes.n };
    if (from != NULL)
        p->from = *from;
    if (bytes.n > 0)
        memcpy(p->bytes, bytes.p, bytes.n);
    *q->last = p;
    q->last = &p->next;
    q->count++;
    q->bytes += bytes.n;
    q->account->used += bytes.n;
}

size_t sk_recvq_take(struct sk_recvq *q, void *out, size_t max, bool keep)
{
    struct sk_packet *p = q->first;
    if (p == NULL)
        return 0;
    size_t left = p->n - p->taken, n = left < max ? left : max;
    if (n > 0)
        memcpy(out, p->bytes + p->taken, n);
    p->taken += n;
    if (!keep || p->taken == p->n)
        sk_recvq_shift(q);
    return n;
}
