/*
 * What a plugin does on the network, over all its lives: counters, and the last error of each kind. Shared by the plugin's record
 * and whatever works for it. Thread: any.
 */
#ifndef SK_NET_FIGURES_H
#define SK_NET_FIGURES_H

#include "base/buf.h"

#include <pthread.h>
#include <stdatomic.h>

#define SK_NET_ERROR_MAX 200 /* bytes of an error's text */

/* Kind, id, key. Received are datagrams, lines and chunks; refused are sockets or fetches beyond a limit or a permission. */
#define SK_NET_COUNTERS(X)                                                                                                       \
    X(SOCKETS, OPEN, "open") /* now */                                                                                           \
    X(SOCKETS, RECEIVED, "received")                                                                                             \
    X(SOCKETS, RECEIVED_BYTES, "receivedBytes")                                                                                  \
    X(SOCKETS, RECEIVED_DROPPED, "receivedDropped")                                                                              \
    X(SOCKETS, SENT, "sent")                                                                                                     \
    X(SOCKETS, SENT_BYTES, "sentBytes")                                                                                          \
    X(SOCKETS, SENT_DROPPED, "sentDropped")                                                                                      \
    X(SOCKETS, LINES_CUT, "linesCut")                                                                                            \
    X(SOCKETS, REFUSED, "refused")                                                                                               \
    X(FETCH, FETCH_REQUESTS, "requests")                                                                                         \
    X(FETCH, FETCH_FAILED, "failed")                                                                                             \
    X(FETCH, FETCH_REFUSED, "refused")                                                                                           \
    X(FETCH, FETCH_SENT_BYTES, "sentBytes")                                                                                      \
    X(FETCH, FETCH_RECEIVED_BYTES, "receivedBytes")

enum sk_net_kind { SK_NET_SOCKETS, SK_NET_FETCH, SK_NET_KINDS };
enum sk_net_counter {
#define SK_AS_ENUM(kind, id, key) SK_NET_##id,
    SK_NET_COUNTERS(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_NET_COUNTER_COUNT
};

struct sk_net_figures {
    atomic_int refs;
    atomic_uint_fast64_t count[SK_NET_COUNTER_COUNT];
    pthread_mutex_t lock; /* guards what follows */
    struct {
        char text[SK_NET_ERROR_MAX];
        uint64_t quiet_until_ms;
    } last[SK_NET_KINDS];
};

struct sk_net_figures *sk_net_figures_create(void); /* one reference */
struct sk_net_figures *sk_net_figures_ref(struct sk_net_figures *f);
void sk_net_figures_unref(struct sk_net_figures *f); /* NULL is fine */

static inline void sk_net_count(struct sk_net_figures *f, enum sk_net_counter which, int64_t n)
{
    atomic_fetch_add_explicit(&f->count[which], (uint_fast64_t)n, memory_order_relaxed);
}
/* Keeps the text; logs it for the plugin `name`, as a warning when it is news, else as a debug line of `ns`. */
void sk_net_figures_error(struct sk_net_figures *f, enum sk_net_kind kind, const char *ns, const char *name, const char *text);

/* "sockets":{...counters,"lastError":"..."} and so on, a member for each kind. */
void sk_net_figures_write(struct sk_net_figures *f, struct sk_buf *out);

#endif
