/*
 * How long things took, in a fixed number of buckets of growing width: four to each doubling, so that a percentile is right to
 * within a fifth, from 256 ns to more than a minute. One thread adds, any thread reads at the same time.
 */
#ifndef SK_BASE_HISTOGRAM_H
#define SK_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define SK_HISTOGRAM_LOW_BITS 8u   /* all below 2^8 ns share the first bucket */
#define SK_HISTOGRAM_HIGH_BITS 36u /* all from 2^36 ns share the last */
#define SK_HISTOGRAM_BUCKETS ((SK_HISTOGRAM_HIGH_BITS - SK_HISTOGRAM_LOW_BITS) * 4 + 2)

/* Zeroed is empty. */
struct sk_histogram {
    atomic_uint_fast32_t bucket[SK_HISTOGRAM_BUCKETS];
    atomic_uint_fast64_t total_ns, max_ns;
};

void sk_histogram_add(struct sk_histogram *h, uint64_t ns);
uint64_t sk_histogram_count(const struct sk_histogram *h);
/* Upper edge of the bucket that holds the given share (0.5: the median) of all, but never above the largest seen; 0 when empty.
 */
uint64_t sk_histogram_quantile(const struct sk_histogram *h, double share);

#endif
