/*
 * Memory of one unit of work (a request, a delta, a plugin call): allocate freely, release once.
 * Owner: whoever holds the struct; one thread at a time. Pointers live until the next reset or finish.
 */
#ifndef SK_BASE_ARENA_H
#define SK_BASE_ARENA_H

#include "base/base.h"

struct sk_arena {
    struct sk_arena_block *first; /* kept over resets, so that steady work allocates nothing */
    struct sk_arena_block *current;
    size_t total; /* bytes in all blocks */
    size_t limit; /* never grows past; alloc returns NULL */
};

void sk_arena_init(struct sk_arena *a, size_t limit);
void sk_arena_finish(struct sk_arena *a);
/* Empties it; blocks beyond the first are given back. */
void sk_arena_reset(struct sk_arena *a);
void sk_arena_wipe(struct sk_arena *a); /* as sk_arena_finish, and nothing of it stays in memory */
/* Aligned to 16; NULL when the limit is reached or memory is out. Not zeroed. */
void *sk_arena_alloc(struct sk_arena *a, size_t n);
void *sk_arena_zalloc(struct sk_arena *a, size_t n);
char *sk_arena_copy(struct sk_arena *a, const void *p, size_t n); /* with a NUL behind */

#endif
