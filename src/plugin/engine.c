#include "plugin/engine.h"

#include "base/clock.h"
#include "base/cond.h"
#include "sandbox/sandbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PARK_AFTER_MS 50u /* so that a poll once a second does not keep it ticking all the time */
#define WATCH_EVERY_TICKS 10u
#define LATE_MAX 100u /* ticks; a second: what is later is not made up for */

struct sk_engine {
    wasm_engine_t *wasm; /* written once under the lock, before any worker uses it */
    atomic_uint_fast64_t ticks;
    atomic_int active;
    atomic_bool parked;
    pthread_mutex_t lock; /* guards all below, and creation */
    pthread_cond_t unpark, compile_free;
    atomic_uint_fast64_t next_ns; /* when the next tick is planned; monotonic */
    pthread_t ticker;
    bool ticking, closing;
    int compiles;
    unsigned grace_ms;
    struct sk_watch *watches;
    struct sk_engine_shared shared;
};

struct sk_engine *sk_engine_create(unsigned grace_ms)
{
    struct sk_engine *e = sk_xcalloc(1, sizeof *e);
    pthread_mutex_init(&e->lock, NULL);
    sk_cond_init(&e->unpark);
    sk_cond_init(&e->compile_free);
    e->grace_ms = grace_ms;
    pthread_mutex_init(&e->shared.lock, NULL);
    return e;
}

void sk_engine_destroy(struct sk_engine *e)
{
    if (e == NULL)
        return;
    pthread_mutex_lock(&e->lock);
    SK_ASSERT(e->watches == NULL);
    e->closing = true;
    pthread_cond_broadcast(&e->unpark);
    pthread_mutex_unlock(&e->lock);
    if (e->ticking)
        pthread_join(e->ticker, NULL);
    if (e->shared.gate != NULL)
        wasmtime_module_delete(e->shared.gate);
    if (e->wasm != NULL)
        wasm_engine_delete(e->wasm);
    pthread_mutex_destroy(&e->shared.lock);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->unpark);
    pthread_cond_destroy(&e->compile_free);
    free(e);
}

struct sk_engine_shared *sk_engine_shared(struct sk_engine *e)
{
    return &e->shared;
}

wasm_config_t *sk_engine_config(void)
{
    wasm_config_t *c = wasm_config_new();
    wasmtime_config_epoch_interruption_set(c, true);
    wasmtime_config_cranelift_opt_level_set(c, WASMTIME_OPT_LEVEL_SPEED);
    wasmtime_config_max_wasm_stack_set(c, SK_WASM_STACK);
    /* frames carry names from the module's own name section; address maps for debuggers cost memory in each image */
    wasmtime_config_debug_info_set(c, false);
    return c;
}

/* Under the lock. */
static void find_lost(struct sk_engine *e)
{
    uint64_t now = sk_engine_ticks(e), grace = e->grace_ms / SK_TICK_MS + 1;
    for (struct sk_watch *w = e->watches; w != NULL; w = w->next) {
        uint64_t until = atomic_load_explicit(&w->busy_until, memory_order_relaxed);
        if (until != 0 && now > until + grace && !w->reported) {
            w->reported = true;
            w->lost(w);
        }
    }
}

static void plan(struct sk_engine *e, const struct timespec *next)
{
    uint64_t ns = (uint64_t)next->tv_sec * 1000000000u + (uint64_t)next->tv_nsec;
    atomic_store_explicit(&e->next_ns, ns, memory_order_release);
}

/* Ticks follow the clock and not each other: a deadline of 500 ticks would otherwise be late by 500 delays of the scheduler.
   Late ticks are made up for at once, unless the whole process stood still. */
static void sleep_tick(struct sk_engine *e, struct timespec *next)
{
    struct timespec now;
    next->tv_nsec += SK_TICK_MS * 1000000L;
    if (next->tv_nsec >= 1000000000L) {
        next->tv_nsec -= 1000000000L;
        next->tv_sec++;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > next->tv_sec + 1)
        *next = now;
    plan(e, next);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static void *tick(void *arg)
{
    struct sk_engine *e = arg;
    struct timespec next;
    unsigned idle = 0;
    clock_gettime(CLOCK_MONOTONIC, &next);
    plan(e, &next);
    pthread_setname_np(pthread_self(), "sk-ticker");
    sk_sandbox_enter(SK_THREAD_TICKER);
    for (uint64_t n = 1;; n++) {
        sleep_tick(e, &next);
        atomic_fetch_add_explicit(&e->ticks, 1, memory_order_relaxed);
        wasmtime_engine_increment_epoch(e->wasm);
        idle = atomic_load_explicit(&e->active, memory_order_relaxed) == 0 ? idle + 1 : 0;
        bool park = idle * SK_TICK_MS >= PARK_AFTER_MS;
        if (!park && n % WATCH_EVERY_TICKS != 0)
            continue;
        pthread_mutex_lock(&e->lock);
        find_lost(e);
        if (park) {
            atomic_store(&e->parked, true);
            /* a call that became active before it could see `parked` is seen here; later ones see `parked` */
            while (!e->closing && atomic_load(&e->active) == 0)
                pthread_cond_wait(&e->unpark, &e->lock);
            clock_gettime(CLOCK_MONOTONIC, &next);
            plan(e, &next);
            atomic_store(&e->parked, false);
            idle = 0;
        }
        bool closing = e->closing;
        pthread_mutex_unlock(&e->lock);
        if (closing)
            return NULL;
    }
}

static bool start_ticker(struct sk_engine *e)
{
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 64 * 1024);
    e->ticking = pthread_create(&e->ticker, &a, tick, e) == 0;
    pthread_attr_destroy(&a);
    return e->ticking;
}

wasm_engine_t *sk_engine_wasm(struct sk_engine *e)
{
    pthread_mutex_lock(&e->lock);
    if (e->wasm == NULL)
        e->wasm = wasm_engine_new_with_config(sk_engine_config());
    if (e->wasm != NULL && !e->ticking && !start_ticker(e)) {
        wasm_engine_delete(e->wasm); /* without a ticker no deadline would ever pass */
        e->wasm = NULL;
    }
    pthread_mutex_unlock(&e->lock);
    return e->wasm;
}

void sk_engine_watch(struct sk_engine *e, struct sk_watch *w)
{
    pthread_mutex_lock(&e->lock);
    w->next = e->watches;
    e->watches = w;
    pthread_mutex_unlock(&e->lock);
}

void sk_engine_unwatch(struct sk_engine *e, struct sk_watch *w)
{
    pthread_mutex_lock(&e->lock);
    for (struct sk_watch **at = &e->watches; *at != NULL; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    pthread_mutex_unlock(&e->lock);
}

void sk_engine_enter(struct sk_engine *e)
{
    atomic_fetch_add(&e->active, 1);
    if (!atomic_load(&e->parked))
        return;
    pthread_mutex_lock(&e->lock);
    pthread_cond_signal(&e->unpark);
    pthread_mutex_unlock(&e->lock);
}

void sk_engine_leave(struct sk_engine *e)
{
    atomic_fetch_sub(&e->active, 1);
}

uint64_t sk_engine_ticks(const struct sk_engine *e)
{
    return atomic_load_explicit(&e->ticks, memory_order_relaxed);
}

uint64_t sk_engine_deadline(const struct sk_engine *e, unsigned ms)
{
    uint64_t next = atomic_load_explicit(&e->next_ns, memory_order_acquire), now = sk_clock_mono_ns(), late = 0;
    if (next != 0 && now > next && !atomic_load(&e->parked))
        late = (now - next) / (SK_TICK_MS * UINT64_C(1000000)) + 1;
    if (late > LATE_MAX)
        late = LATE_MAX;
    return sk_engine_ticks(e) + late + (ms + SK_TICK_MS - 1) / SK_TICK_MS + 1; /* the first may come at once */
}

bool sk_engine_compile_begin(struct sk_engine *e, unsigned ms)
{
    struct timespec until = sk_cond_deadline(ms);
    int r = 0;
    pthread_mutex_lock(&e->lock);
    while (e->compiles >= SK_COMPILES_AT_ONCE && r == 0)
        r = pthread_cond_timedwait(&e->compile_free, &e->lock, &until);
    bool got = e->compiles < SK_COMPILES_AT_ONCE;
    e->compiles += got;
    pthread_mutex_unlock(&e->lock);
    return got;
}

void sk_engine_compile_end(struct sk_engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->compiles--;
    pthread_cond_signal(&e->compile_free);
    pthread_mutex_unlock(&e->lock);
}
