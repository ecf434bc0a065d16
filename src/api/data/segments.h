/* The names in a path of the tree as it stands in a URL. Thread: any. */
#ifndef SK_API_SEGMENTS_H
#define SK_API_SEGMENTS_H

#include "http/server.h"
#include "model/limits.h"

#define SK_SEGMENTS_MAX (SK_PATH_SEGMENTS_MAX + 8u)

struct sk_segments {
    struct sk_span at[SK_SEGMENTS_MAX];
    size_t count;
};

/* Splits at '/', then decodes each part, so that an encoded slash stays inside a name. False: a part is malformed or too many. */
bool sk_segments_split(struct sk_arena *a, struct sk_span rest, struct sk_segments *ret);
/* "self", at any depth, becomes the own id. */
void sk_segments_resolve_self(struct sk_segments *s, const char *self_id);

#endif
