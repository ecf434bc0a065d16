/*
 * The one Wasmtime engine of the process, created with the first plugin, and its ticker thread. The ticker counts ticks of
 * SK_TICK_MS and raises the engine's epoch with each, so that running code looks at its deadline; it sleeps when no call has
 * been active for a moment. It also finds workers that are stuck in the host (deadline long past) and tells their loop.
 * Thread: any, unless a line says otherwise.
 */
#ifndef SK_PLUGIN_ENGINE_H
#define SK_PLUGIN_ENGINE_H

#include "base/base.h"
#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <wasmtime.h>

#define SK_TICK_MS 10u
#define SK_WASM_STACK ((size_t)512 * 1024)
#define SK_THREAD_STACK ((size_t)1536 * 1024) /* the wasm stack lies on the thread's own */
#define SK_COMPILES_AT_ONCE 2

struct sk_engine;

/* What the ticker looks at of each worker. Embedded in the worker; listed between sk_engine_watch and sk_engine_unwatch. */
struct sk_watch {
    struct sk_watch *next;
    atomic_uint_fast64_t busy_until; /* tick; 0 while no call is active */
    bool reported;
    void (*lost)(struct sk_watch *w); /* on the ticker thread, once; under the engine's lock: only posts */
};

/* Modules of our own that all guests share, made by who needs them first, under the lock. */
struct sk_engine_shared {
    pthread_mutex_t lock;
    wasmtime_module_t *gate; /* see gate.h */
};

struct sk_engine *sk_engine_create(unsigned grace_ms);
/* All workers must be gone. */
void sk_engine_destroy(struct sk_engine *e);

/* Creates Wasmtime's engine and the ticker when first called. NULL when that fails. */
wasm_engine_t *sk_engine_wasm(struct sk_engine *e);
struct sk_engine_shared *sk_engine_shared(struct sk_engine *e);
wasm_config_t *sk_engine_config(void); /* what every module is compiled and loaded with */

void sk_engine_watch(struct sk_engine *e, struct sk_watch *w);
void sk_engine_unwatch(struct sk_engine *e, struct sk_watch *w);
/* Around stretches in which calls are made; cheap, nestable. The ticker runs from enter to a moment after the last leave. */
void sk_engine_enter(struct sk_engine *e);
void sk_engine_leave(struct sk_engine *e);
uint64_t sk_engine_ticks(const struct sk_engine *e);
/* The tick at which `ms` from now have passed. Ticks that the ticker is late with, and will make up for at once, are not taken
   for time that passes. */
uint64_t sk_engine_deadline(const struct sk_engine *e, unsigned ms);

/* Slots for compilers. Waits up to `ms`; false: none became free. */
bool sk_engine_compile_begin(struct sk_engine *e, unsigned ms);
void sk_engine_compile_end(struct sk_engine *e);

#endif
