#include "api/data/segments.h"

bool sk_segments_split(struct sk_arena *a, struct sk_span rest, struct sk_segments *s)
{
    s->count = 0;
    if (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    if (rest.n == 0)
        return true;
    for (size_t from = 0, i = 0; i <= rest.n; i++) {
        if (i < rest.n && rest.p[i] != '/')
            continue;
        if (s->count == SK_SEGMENTS_MAX)
            return false;
        s->at[s->count] = sk_http_decode(a, (struct sk_span){ rest.p + from, i - from }, false);
        if (s->at[s->count].p == NULL || s->at[s->count].n == 0)
            return false; /* "//" names nothing */
        s->count++;
        from = i + 1;
    }
    return true;
}

void sk_segments_resolve_self(struct sk_segments *s, const char *self_id)
{
    for (size_t i = 0; i < s->count; i++)
        if (sk_span_eq(s->at[i], "self"))
            s->at[i] = sk_span_of(self_id);
}
