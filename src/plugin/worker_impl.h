/* Inside of a worker; only for worker*.c. */
#ifndef SK_PLUGIN_WORKER_IMPL_H
#define SK_PLUGIN_WORKER_IMPL_H

#include "net/fetch.h"
#include "net/sockets.h"
#include "plugin/allowance.h"
#include "plugin/engine.h"
#include "plugin/guest.h"
#include "plugin/inbox.h"
#include "plugin/quota.h"
#include "plugin/worker.h"

#include <stdatomic.h>

struct sk_outbox {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct sk_note *first, **last_next;
    size_t count, bytes;
    bool posted, abandoned;
    struct sk_loop_task task;
};

/* What a plugin may do so often a second. Dropped beyond that; said at most every few seconds. */
struct sk_meter {
    struct sk_rate rate;
    uint64_t dropped, said_at_ms;
};

struct sk_worker {
    struct sk_worker_options o;
    struct sk_host_limits limits;
    char *data_dir, *cache_dir, *config;
    pthread_t thread;
    atomic_uint_fast64_t cpu_ns; /* of its whole life, when that is over; 0 before */
    struct sk_watch watch;
    struct sk_loop_task lost_task;
    bool lost_posted; /* under out.lock */
    bool destroyed;   /* the loop's: memory goes when no task of ours is queued any more */

    /* under `lock` */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct sk_order *orders, **orders_end;
    struct sk_inbox inbox;
    bool stop, idle_asked;

    atomic_bool urgent;          /* a stop or an order waits: look before the next delta */
    atomic_bool cancel;          /* a stop: compiling is given up */
    atomic_uint_fast64_t cut_at; /* tick at which the call in progress is cut, 0: none */

    struct sk_outbox out;
    struct sk_sockets *sockets; /* made and freed with the worker, as the fetcher; both have locks of their own */
    struct sk_fetcher *fetcher;

    /* the thread's own */
    struct sk_guest *guest;
    struct sk_inbox batch;
    char *configuration; /* as sk_read_config gives it */
    struct sk_quota quota;
    uint64_t file_said_at_ms;
    size_t registrations;
    unsigned providers;      /* of the registrations */
    bool started, has_radar; /* plugin_start returned 0; it registered a radar provider */
    struct sk_meter deltas, logs, statuses;
    struct sk_note *status; /* the last one that came too often; sent when the call ends */
};

extern const struct sk_guest_ops sk_worker_ops;

/* Thread: worker, as the three below. A call of the guest lies between the two; its deadline is watched. */
void sk_worker_begin_call(struct sk_worker *w, unsigned ms);
void sk_worker_end_call(struct sk_worker *w);
/* How long the export took, for the figures. */
void sk_worker_count_call(struct sk_worker *w, const char *name, uint64_t began_ns);
/* worker_load.c: the guest, its name and schema; a LOADED note when all is well. */
int sk_worker_load(struct sk_worker *w, struct sk_errmsg *em);

/* Thread: loop. */
void sk_worker_init_meters(struct sk_worker *w);
/* Thread: worker. Sends the status that was held back, once the call is over. */
void sk_worker_flush_status(struct sk_worker *w);
/* worker_fetch.c */
void sk_worker_open_fetcher(struct sk_worker *w);
/* Thread: worker. The oldest answer that came goes to the guest. */
int sk_worker_give_fetched(struct sk_worker *w, unsigned ms, struct sk_errmsg *em);
/* Thread: worker. False: no room, the note was dropped and counted. Notes that must not be lost are `sure`. */
bool sk_worker_note(struct sk_worker *w, struct sk_note *n, bool sure);
/* Thread: loop. True: the worker was destroyed before, and its memory may be gone now. */
bool sk_worker_release_late(struct sk_worker *w);

#endif
