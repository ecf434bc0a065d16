/*
 * What a plugin costs, over all its lives: counters, and the duration of its calls by export. The worker's thread counts, any
 * thread reads. Shared by the plugin's record and its workers, so that a worker that is lost can go on counting.
 */
#ifndef SK_PLUGIN_FIGURES_H
#define SK_PLUGIN_FIGURES_H

#include "base/buf.h"
#include "base/histogram.h"
#include "net/figures.h"

#define SK_FIGURES_EXPORTS_MAX 24 /* the last one stands for all further ones */
#define SK_FIGURES_NAME_MAX 64
#define SK_FIGURES_TRAPS_MAX 5

#define SK_COUNTERS(X)                                                                                                           \
    X(STARTS, "starts")                                                                                                          \
    X(RESTARTS, "restarts") /* after a crash, by itself */                                                                       \
    X(RELOADS, "reloads")   /* of a new module or package.json */                                                                \
    X(CRASHES, "crashes")                                                                                                        \
    X(DEADLINE_MISSES, "deadlineMisses")                                                                                         \
    X(DELTAS_IN, "deltasIn")                                                                                                     \
    X(DELTAS_DROPPED, "deltasDropped") /* the inbox was full */                                                                  \
    X(DELTAS_OUT, "deltasOut")                                                                                                   \
    X(DELTAS_REFUSED, "deltasRefused") /* published faster than allowed */                                                       \
    X(OUT_DROPPED, "deltasOutDropped") /* deltas, statuses and registrations that the loop did not take in time */               \
    X(LOG_DROPPED, "logLinesDropped")  /* logged faster than allowed */                                                          \
    X(REGISTRATIONS, "registrationsRefused")                                                                                     \
    X(CALLS_REFUSED, "callsRefused") /* too many waited */                                                                       \
    X(FILES_REFUSED, "fileWritesRefused")

enum sk_counter {
#define SK_AS_ENUM(id, key) SK_COUNT_##id,
    SK_COUNTERS(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_COUNTER_COUNT
};

struct sk_export_figures {
    char name[SK_FIGURES_NAME_MAX];
    struct sk_histogram took;
};

struct sk_figures {
    atomic_int refs;
    struct sk_net_figures *net;
    atomic_uint_fast64_t count[SK_COUNTER_COUNT];
    atomic_size_t memory_bytes; /* now; 0 without an instance */
    atomic_size_t files_bytes, files_count;
    atomic_size_t export_count; /* entries of `exports` that others may look at */
    struct sk_export_figures *exports[SK_FIGURES_EXPORTS_MAX];
};

struct sk_figures *sk_figures_create(void); /* one reference */
struct sk_figures *sk_figures_ref(struct sk_figures *f);
void sk_figures_unref(struct sk_figures *f); /* NULL is fine */

static inline void sk_figures_add(struct sk_figures *f, enum sk_counter which, uint64_t n)
{
    atomic_fetch_add_explicit(&f->count[which], n, memory_order_relaxed);
}
static inline uint64_t sk_figures_get(const struct sk_figures *f, enum sk_counter which)
{
    return atomic_load_explicit(&f->count[which], memory_order_relaxed);
}
/* Thread: the worker's. The entry of an export, made when it is called first; it lives as long as the figures. */
struct sk_export_figures *sk_figures_export(struct sk_figures *f, const char *name);
uint64_t sk_figures_calls(const struct sk_figures *f);

/* "calls":n,<counters>,"exports":[{"name","calls","p50Microseconds","p99Microseconds","maxMicroseconds","totalMicroseconds"}] */
void sk_figures_write(const struct sk_figures *f, struct sk_buf *out);

#endif
