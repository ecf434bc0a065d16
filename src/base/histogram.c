#include "base/histogram.h"

static unsigned index_of(uint64_t ns)
{
    if (ns < UINT64_C(1) << SK_HISTOGRAM_LOW_BITS)
        return 0;
    if (ns >= UINT64_C(1) << SK_HISTOGRAM_HIGH_BITS)
        return SK_HISTOGRAM_BUCKETS - 1;
    unsigned bits = 63u - (unsigned)__builtin_clzll(ns);
    return 1 + (bits - SK_HISTOGRAM_LOW_BITS) * 4 + (unsigned)(ns >> (bits - 2) & 3);
}

static uint64_t upper_edge(unsigned i)
{
    if (i == 0)
        return UINT64_C(1) << SK_HISTOGRAM_LOW_BITS;
    if (i == SK_HISTOGRAM_BUCKETS - 1)
        return UINT64_MAX;
    unsigned bits = SK_HISTOGRAM_LOW_BITS + (i - 1) / 4;
    return (UINT64_C(5) + (i - 1) % 4) << (bits - 2);
}

/* One writer: plain additions, without a locked instruction. */
void sk_histogram_add(struct sk_histogram *h, uint64_t ns)
{
    atomic_uint_fast32_t *b = &h->bucket[index_of(ns)];
    atomic_store_explicit(b, atomic_load_explicit(b, memory_order_relaxed) + 1, memory_order_relaxed);
    atomic_store_explicit(&h->total_ns, atomic_load_explicit(&h->total_ns, memory_order_relaxed) + ns, memory_order_relaxed);
    if (ns > atomic_load_explicit(&h->max_ns, memory_order_relaxed))
        atomic_store_explicit(&h->max_ns, ns, memory_order_relaxed);
}

uint64_t sk_histogram_count(const struct sk_histogram *h)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < SK_HISTOGRAM_BUCKETS; i++)
        n += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
    return n;
}

uint64_t sk_histogram_quantile(const struct sk_histogram *h, double share)
{
    uint64_t n = sk_histogram_count(h), seen = 0, max = atomic_load_explicit(&h->max_ns, memory_order_relaxed);
    if (n == 0)
        return 0;
    for (unsigned i = 0; i < SK_HISTOGRAM_BUCKETS; i++) {
        seen += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
        if ((double)seen >= share * (double)n && seen > 0)
            return upper_edge(i) < max ? upper_edge(i) : max;
    }
    return max;
}
