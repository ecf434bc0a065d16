#include "base/map.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

static uint64_t key0, key1;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
    uint64_t k[2];
    sk_random_bytes(k, sizeof k);
    key0 = k[0];
    key1 = k[1];
}

static inline uint64_t rotl(uint64_t x, int b)
{
    return x << b | x >> (64 - b);
}

#define SIPROUND(v0, v1, v2, v3)                                                                                                 \
    do {                                                                                                                         \
        v0 += v1;                                                                                                                \
        v1 = rotl(v1, 13) ^ v0;                                                                                                  \
        v0 = rotl(v0, 32);                                                                                                       \
        v2 += v3;                                                                                                                \
        v3 = rotl(v3, 16) ^ v2;                                                                                                  \
        v0 += v3;                                                                                                                \
        v3 = rotl(v3, 21) ^ v0;                                                                                                  \
        v2 += v1;                                                                                                                \
        v1 = rotl(v1, 17) ^ v2;                                                                                                  \
        v2 = rotl(v2, 32);                                                                                                       \
    } while (0)

/* SipHash-1-3 (Aumasson & Bernstein, "SipHash: a fast short-input PRF"). */
uint64_t sk_hash_bytes(const void *data, size_t n)
{
    pthread_once(&key_once, make_key);
    const unsigned char *p = data;
    uint64_t v0 = key0 ^ 0x736f6d6570736575u, v1 = key1 ^ 0x646f72616e646f6du;
    uint64_t v2 = key0 ^ 0x6c7967656e657261u, v3 = key1 ^ 0x7465646279746573u;
    uint64_t last = (uint64_t)n << 56;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t m;
        memcpy(&m, p, 8);
        v3 ^= m;
        SIPROUND(v0, v1, v2, v3);
        v0 ^= m;
    }
    uint64_t tail = 0;
    if (n != 0)
        memcpy(&tail, p, n);
    last |= tail;
    v3 ^= last;
    SIPROUND(v0, v1, v2, v3);
    v0 ^= last;
    v2 ^= 0xff;
    SIPROUND(v0, v1, v2, v3);
    SIPROUND(v0, v1, v2, v3);
    SIPROUND(v0, v1, v2, v3);
    return v0 ^ v1 ^ v2 ^ v3;
}

void sk_map_finish(struct sk_map *m)
{
    free(m->slots);
    *m = (struct sk_map){ 0 };
}

static struct sk_map_slot *find(const struct sk_map *m, struct sk_span key, uint64_t h)
{
    for (size_t i = h & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct sk_map_slot *s = &m->slots[i];
        if (s->value == NULL || (s->hash == h && sk_span_is(s->key, key)))
            return s;
    }
}

void *sk_map_get(const struct sk_map *m, struct sk_span key)
{
    return m->count == 0 ? NULL : find(m, key, sk_hash_bytes(key.p, key.n))->value;
}

static void rehash(struct sk_map *m, size_t cap)
{
    struct sk_map old = *m;
    m->slots = sk_xcalloc(cap, sizeof *m->slots);
    m->cap = cap;
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].value != NULL)
            *find(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

void *sk_map_put(struct sk_map *m, struct sk_span key, void *value)
{
    SK_ASSERT(value != NULL);
    if ((m->count + 1) * 4 > m->cap * 3)
        rehash(m, m->cap == 0 ? 8 : m->cap * 2);
    uint64_t h = sk_hash_bytes(key.p, key.n);
    struct sk_map_slot *s = find(m, key, h);
    void *old = s->value;
    *s = (struct sk_map_slot){ key, value, h };
    m->count += old == NULL;
    return old;
}

void *sk_map_remove(struct sk_map *m, struct sk_span key)
{
    if (m->count == 0)
        return NULL;
    struct sk_map_slot *s = find(m, key, sk_hash_bytes(key.p, key.n));
    void *old = s->value;
    if (old == NULL)
        return NULL;
    m->count--;
    size_t hole = (size_t)(s - m->slots), mask = m->cap - 1;
    s->value = NULL;
    for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) { /* close the gap */
        size_t home = m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            m->slots[i].value = NULL;
            hole = i;
        }
    }
    return old;
}

void *sk_map_next(const struct sk_map *m, size_t *pos)
{
    while (*pos < m->cap) {
        void *v = m->slots[(*pos)++].value;
        if (v != NULL)
            return v;
    }
    return NULL;
}
