/*
 * Metadata registry, keyed by path only: the same path has the same metadata in every context. Seeded from the generated table
 * (meta_table.h), overlaid by `meta` in deltas, base deltas and meta PUT; last writer wins per field. Owner: loop thread.
 * Spec: Signal K "Metadata".
 */
#ifndef SK_MODEL_META_H
#define SK_MODEL_META_H

#include "base/json.h"
#include "model/path.h"

#define SK_META_LEN_MAX 65536u

/* What is known of one path: compact JSON text of an object. Table entries are shared and never freed. */
struct sk_meta {
    const char *json;
    uint32_t len;
    bool runtime; /* changed since start: json is owned */
};

/* NULL when nothing is known. The first call for a path looks through the table. */
const struct sk_meta *sk_meta_of(struct sk_path *p);
bool sk_meta_known(struct sk_span path); /* the table has it */
/* In a pattern of paths `*` stands for exactly one segment. */
bool sk_meta_pattern_matches(struct sk_span pattern, struct sk_span path);
/* Overlays the members of `object` (null members too). SK_ERR_INVALID unless it is an object, SK_ERR_LIMIT when it grows too big.
 */
int sk_meta_overlay(struct sk_path *p, const yyjson_val *object, struct sk_errmsg *em);
/* Forgets runtime changes and overlays `object` (may be NULL) on the seed again: after a user's metadata was deleted. */
int sk_meta_reset(struct sk_path *p, const yyjson_val *object, struct sk_errmsg *em);
uint64_t sk_meta_changes(void);         /* grows with each change to any path: for those who keep renderings */
void sk_meta_forget(struct sk_path *p); /* frees the runtime entry */

#endif
