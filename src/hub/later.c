/* Deltas that the hub's own rules emit while another one is on its way: they follow it, in order, before the hub is left. */
#include "hub/hub_private.h"

#include <stdlib.h>

struct sk_later {
    struct sk_later *next;
    const char *provider; /* a literal */
    bool managed, timed_out;
    size_t n;
    char json[];
};

static void ingest_now(struct sk_hub *h, const struct sk_origin *o, struct sk_span json)
{
    (void)sk_hub_ingest(h, o, json, NULL); /* our own: what a limit refuses of it is in the counters */
}

void sk_hub_emit(struct sk_hub *h, const struct sk_origin *o, const struct sk_buf *json)
{
    if (!sk_buf_ok(json))
        return;
    if (h->busy == 0 && h->later == NULL) {
        ingest_now(h, o, sk_buf_span(json));
        return;
    }
    struct sk_later *l = sk_xmalloc(sizeof *l + json->n);
    *l = (struct sk_later){ NULL, o->provider, o->managed, o->timed_out, json->n };
    memcpy(l->json, json->p, json->n);
    if (h->later == NULL)
        h->later_last = &h->later;
    *h->later_last = l;
    h->later_last = &l->next;
}

void sk_hub_emit_later(struct sk_hub *h)
{
    if (h->busy != 0 || h->draining)
        return;
    h->draining = true;
    while (h->later != NULL) {
        struct sk_later *l = h->later;
        h->later = l->next;
        struct sk_origin o = { .provider = l->provider, .managed = l->managed, .timed_out = l->timed_out };
        ingest_now(h, &o, (struct sk_span){ l->json, l->n });
        free(l);
    }
    h->draining = false;
}
