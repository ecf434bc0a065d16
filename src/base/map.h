/*
 * Hash table from a byte string to a pointer; open addressing, keyed hash (SipHash-1-3 with a key of this process), so names
 * chosen by an attacker do not collide on purpose. The table keeps the key pointer it is given: the key's bytes must live as
 * long as the entry (usually they are a member of the value). Owner: one thread at a time.
 */
#ifndef SK_BASE_MAP_H
#define SK_BASE_MAP_H

#include "base/base.h"

struct sk_map_slot {
    struct sk_span key;
    void *value; /* NULL: free */
    uint64_t hash;
};

struct sk_map {
    struct sk_map_slot *slots;
    size_t count, cap; /* cap is 0 or a power of two */
};

uint64_t sk_hash_bytes(const void *p, size_t n);

void sk_map_finish(struct sk_map *m); /* frees the table, not the values; zeroed is an empty map */
void *sk_map_get(const struct sk_map *m, struct sk_span key);
/* `value` must not be NULL. Replaces and returns an old value of the same key (its key pointer too), else NULL. */
void *sk_map_put(struct sk_map *m, struct sk_span key, void *value);
void *sk_map_remove(struct sk_map *m, struct sk_span key);
/* Iteration in table order: start with *pos = 0; NULL at the end. Do not change the map meanwhile. */
void *sk_map_next(const struct sk_map *m, size_t *pos);

#endif
