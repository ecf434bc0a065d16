/* Repeatable random numbers for property tests (splitmix64): the same run on every machine. */
#ifndef SK_TEST_RANDOM_H
#define SK_TEST_RANDOM_H

#include <stdint.h>

static inline uint64_t random_u64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline unsigned random_below(uint64_t *state, unsigned limit)
{
    return (unsigned)(random_u64(state) % limit);
}

#endif
