/*
 * One life of a plugin: a thread that loads the module, owns the guest, serves it with calls and deltas, and ends with it. A
 * restart is a new worker, so a restarted plugin always has a fresh instance.
 *
 * The loop creates, orders and frees; the thread does the rest. Whatever happens inside comes as notes (mailbox.h), in order;
 * the last one is ENDED, after which sk_worker_destroy may be called. The loop never waits for a worker.
 */
#ifndef SK_PLUGIN_WORKER_H
#define SK_PLUGIN_WORKER_H

#include "net/hosts.h"
#include "plugin/mailbox.h"

struct sk_worker;

struct sk_worker_options {
    struct sk_loop *loop;
    struct sk_engine *engine;
    struct sk_poller *poller;            /* of all plugins' sockets */
    struct sk_hosts *hosts[2];           /* that it may fetch from; taken */
    const struct sk_host_limits *limits; /* copied */
    struct sk_package *package;          /* a reference is taken, of the figures too */
    struct sk_figures *figures;
    const char *data_dir; /* <config>/plugin-config-data/<id>; vfs is below */
    const char *cache_dir;
    bool compile_in_process;
    bool start;                   /* else only name and schema are read */
    struct sk_span config;        /* plugin_start's argument */
    struct sk_span configuration; /* what sk_read_config gives */
    void (*notify)(void *owner);  /* loop: notes are waiting */
    void (*lost)(void *owner);    /* loop: the worker is stuck in a host call, far past its deadline */
    void *owner;
    struct sk_simtime *time;       /* see host.h */
    const struct sk_stand_in *web; /* the same */
    bool tell_log;                 /* what it logs becomes notes */
};

/* Thread: loop. NULL when no thread can be had. Texts are copied. */
struct sk_worker *sk_worker_create(const struct sk_worker_options *o);
/* Thread: loop, after its ENDED note was taken. */
void sk_worker_destroy(struct sk_worker *w);
/* Thread: loop. The worker outlives its owner from now on: nothing is notified any more, its memory is given up. */
void sk_worker_abandon(struct sk_worker *w);

/* Thread: loop. The oldest note, or NULL; the caller destroys it. */
struct sk_note *sk_worker_take(struct sk_worker *w);
/* Thread: loop. notify() comes again in a later turn: not all notes were taken in this one. */
void sk_worker_notify_again(struct sk_worker *w);
/* Thread: loop. Ends the life: queued calls are dropped, plugin_stop is called if the plugin runs, then ENDED comes. */
void sk_worker_stop(struct sk_worker *w);
/* Thread: loop. A REPLY note follows, unless the life ends before. Takes the order. */
void sk_worker_call(struct sk_worker *w, struct sk_order *o);
/* Thread: loop. Queues a delta; sk_worker_wake once per turn afterwards. */
void sk_worker_deliver(struct sk_worker *w, struct sk_frame *f);
void sk_worker_wake(struct sk_worker *w); /* thread: any */

/* Thread: loop. An IDLE note follows when the worker has nothing to do, unless the life ends before. */
void sk_worker_ask_idle(struct sk_worker *w);

/* Thread: loop, after its ENDED note was taken. The oldest delta that it did not come to; the caller gets the reference. */
struct sk_frame *sk_worker_undelivered(struct sk_worker *w);
uint64_t sk_worker_cpu_ns(const struct sk_worker *w); /* loop */

#endif
