#include "base/arena.h"

#include <stdlib.h>

#define BLOCK_MIN ((size_t)16 * 1024)

struct sk_arena_block {
    struct sk_arena_block *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

void sk_arena_init(struct sk_arena *a, size_t limit)
{
    *a = (struct sk_arena){ .limit = limit };
}

static void free_chain(struct sk_arena_block *b)
{
    while (b != NULL) {
        struct sk_arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void sk_arena_finish(struct sk_arena *a)
{
    if (a == NULL)
        return;
    free_chain(a->first);
    a->first = a->current = NULL;
    a->total = 0;
}

void sk_arena_wipe(struct sk_arena *a)
{
    for (struct sk_arena_block *b = a->first; b != NULL; b = b->next)
        explicit_bzero(b->bytes, b->used);
    sk_arena_finish(a);
}

void sk_arena_reset(struct sk_arena *a)
{
    if (a->first == NULL)
        return;
    if (a->first->size > 4 * BLOCK_MIN) { /* one huge piece of work must not stay resident */
        sk_arena_finish(a);
        return;
    }
    free_chain(a->first->next);
    a->first->next = NULL;
    a->first->used = 0;
    a->current = a->first;
    a->total = a->first->size;
}

static struct sk_arena_block *grow(struct sk_arena *a, size_t need)
{
    size_t size = need > BLOCK_MIN ? need : BLOCK_MIN;
    if (a->total + BLOCK_MIN > BLOCK_MIN && size < a->total && a->total < 8 * BLOCK_MIN)
        size = a->total; /* doubling, until blocks are large enough to be rare */
    if (size > a->limit - a->total)
        size = need;
    if (size > a->limit - a->total)
        return NULL;
    struct sk_arena_block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    *b = (struct sk_arena_block){ .size = size };
    if (a->current != NULL)
        a->current->next = b;
    else
        a->first = b;
    a->current = b;
    a->total += size;
    return b;
}

void *sk_arena_alloc(struct sk_arena *a, size_t n)
{
    if (n > a->limit)
        return NULL;
    n = (n + 15) & ~(size_t)15;
    struct sk_arena_block *b = a->current;
    if (b == NULL || n > b->size - b->used)
        b = grow(a, n);
    if (b == NULL)
        return NULL;
    void *p = b->bytes + b->used;
    b->used += n;
    return p;
}

void *sk_arena_zalloc(struct sk_arena *a, size_t n)
{
    void *p = sk_arena_alloc(a, n);
    if (p != NULL)
        memset(p, 0, n);
    return p;
}

char *sk_arena_copy(struct sk_arena *a, const void *p, size_t n)
{
    char *c = sk_arena_alloc(a, n + 1);
    if (c == NULL)
        return NULL;
    if (n != 0)
        memcpy(c, p, n);
    c[n] = '\0';
    return c;
}
