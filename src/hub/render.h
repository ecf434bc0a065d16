/* Delta texts: a whole delta as it goes to the default feed, and deltas of one value. Owner: loop thread. */
#ifndef SK_HUB_RENDER_H
#define SK_HUB_RENDER_H

#include "base/frame.h"
#include "model/delta.h"
#include "model/tree.h"

/*
 * Writes the delta into `out` (emptied first) with its members in the order received; `$source`, `timestamp` and `context` are
 * appended where they were missing. Updates marked `husk` and entries marked `dropped` are left out. Fills in `at` and `len` of
 * every entry. `self_filter`: own-vessel identity members are taken out of "" values. Returns the number of updates written.
 */
uint32_t sk_render_delta(struct sk_buf *out, struct sk_delta *d, struct sk_span context_json, bool self_filter);

/* What a one-value delta is made of; spans are JSON but the timestamp, which is plain. `source_text` and `ref_json` may be empty.
 */
struct sk_render_one {
    struct sk_span context_json, ref_json, timestamp, path_json, value_json;
    struct sk_span state_json; /* "state" beside the value; may be empty */
    const struct sk_source_text *source_text;
    bool meta;
};
/* NULL when it would exceed the limit or memory is out. `scratch` is emptied and used. */
struct sk_frame *sk_render_one(struct sk_buf *scratch, const struct sk_render_one *one);
struct sk_frame *sk_render_value(struct sk_buf *scratch, const struct sk_node *n, const struct sk_value *v);

#endif
