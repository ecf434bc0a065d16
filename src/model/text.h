/* A short string that changes often (a value, a timestamp): kept in place up to 24 bytes, on the heap beyond, its room reused.
   Zeroed is empty. Owner: the struct that embeds it. */
#ifndef SK_MODEL_TEXT_H
#define SK_MODEL_TEXT_H

#include "base/base.h"

#include <stdlib.h>

#define SK_TEXT_INPLACE 24u

struct sk_text {
    uint32_t len, cap; /* cap 0: in place */
    union {
        char in[SK_TEXT_INPLACE];
        char *heap;
    };
};

static inline struct sk_span sk_text_span(const struct sk_text *t)
{
    return (struct sk_span){ t->cap != 0 ? t->heap : t->in, t->len };
}

static inline void sk_text_set(struct sk_text *t, struct sk_span s)
{
    char *to;
    if (s.n > SK_TEXT_INPLACE || t->cap != 0) {
        if (s.n > t->cap) {
            char *old = t->cap != 0 ? t->heap : NULL;
            t->heap = sk_xrealloc(old, s.n);
            t->cap = (uint32_t)s.n;
        }
        to = t->heap;
    } else {
        to = t->in;
    }
    if (s.n != 0)
        memmove(to, s.p, s.n);
    t->len = (uint32_t)s.n;
}

static inline void sk_text_finish(struct sk_text *t)
{
    if (t->cap != 0)
        free(t->heap);
    *t = (struct sk_text){ 0 };
}

#endif
