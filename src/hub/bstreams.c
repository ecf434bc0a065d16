#include "hub/bstreams.h"

#include "base/map.h"

#include <stdlib.h>

struct sk_bstream {
    char *id;
    struct sk_bstream_tap *taps;
};

struct sk_bstreams {
    struct sk_map by_id; /* those that somebody listens to */
};

struct sk_bstreams *sk_bstreams_create(void)
{
    return sk_xcalloc(1, sizeof(struct sk_bstreams));
}

void sk_bstreams_destroy(struct sk_bstreams *s)
{
    if (s == NULL)
        return;
    SK_ASSERT(s->by_id.count == 0);
    sk_map_finish(&s->by_id);
    free(s);
}

void sk_bstreams_listen(struct sk_bstreams *s, struct sk_span id, struct sk_bstream_tap *tap)
{
    struct sk_bstream *b = sk_map_get(&s->by_id, id);
    if (b == NULL) {
        b = sk_xcalloc(1, sizeof *b);
        b->id = sk_xstrndup(id.p, id.n);
        sk_map_put(&s->by_id, (struct sk_span){ b->id, id.n }, b);
    }
    tap->stream = b;
    tap->next = b->taps;
    b->taps = tap;
}

void sk_bstreams_leave(struct sk_bstreams *s, struct sk_bstream_tap *tap)
{
    struct sk_bstream *b = tap->stream;
    struct sk_bstream_tap **at = &b->taps;
    while (*at != tap)
        at = &(*at)->next;
    *at = tap->next;
    if (b->taps != NULL)
        return;
    sk_map_remove(&s->by_id, sk_span_of(b->id));
    free(b->id);
    free(b);
}

void sk_bstreams_emit(struct sk_bstreams *s, struct sk_span id, struct sk_frame *frame)
{
    struct sk_bstream *b = sk_map_get(&s->by_id, id);
    for (struct sk_bstream_tap *t = b != NULL ? b->taps : NULL; t != NULL; t = t->next)
        t->deliver(t, frame);
}
