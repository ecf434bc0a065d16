#include "plugin/worker.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "plugin/worker_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NS "signalk:wasm:runtime"
#define NICE 5 /* the boat's data goes first, also before a plugin that loops */
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)

static const struct sk_span none = { NULL, 0 };

/* ---- around each call ---- */

void sk_worker_begin_call(struct sk_worker *w, unsigned ms)
{
    atomic_store_explicit(&w->watch.busy_until, sk_engine_deadline(w->o.engine, ms), memory_order_relaxed);
}

void sk_worker_end_call(struct sk_worker *w)
{
    atomic_store_explicit(&w->watch.busy_until, 0, memory_order_relaxed);
    sk_worker_flush_status(w);
    if (w->guest == NULL)
        return;
    atomic_store_explicit(&w->o.figures->memory_bytes, sk_guest_memory_bytes(w->guest), memory_order_relaxed);
    atomic_store_explicit(&w->o.figures->files_bytes, w->quota.bytes, memory_order_relaxed);
    atomic_store_explicit(&w->o.figures->files_count, w->quota.files, memory_order_relaxed);
}

void sk_worker_count_call(struct sk_worker *w, const char *name, uint64_t began_ns)
{
    sk_histogram_add(&sk_figures_export(w->o.figures, name)->took, sk_clock_mono_ns() - began_ns);
}

/* True when the life is over; the note is sent then. */
static bool crashed(struct sk_worker *w, int r, const struct sk_errmsg *em)
{
    if (!sk_guest_dead(w->guest))
        return false;
    struct sk_note *n = sk_note_create(SK_NOTE_CRASHED, sk_span_of(em->text), sk_span_of(sk_guest_trap(w->guest)), none, NULL);
    if (n != NULL)
        n->flag = r == SK_ERR_TIMEOUT;
    sk_worker_note(w, n, true);
    return true;
}

/* ---- serving ---- */

static bool start(struct sk_worker *w)
{
    struct sk_errmsg em = { 0 };
    int32_t code = 0;
    uint64_t began = sk_clock_mono_ns();
    sk_worker_begin_call(w, (unsigned)w->limits.start_ms);
    int r = sk_guest_start(w->guest, sk_span_of(w->config), (unsigned)w->limits.start_ms, &code, &em);
    sk_worker_end_call(w);
    sk_worker_count_call(w, "plugin_start", began);
    if (r < 0 && crashed(w, r, &em))
        return false;
    struct sk_note *n = r < 0 ? sk_note_create(SK_NOTE_LOAD_FAILED, sk_span_of(em.text), none, none, NULL)
                              : sk_note_create(SK_NOTE_STARTED, none, none, none, NULL);
    if (n != NULL && r == 0) {
        n->code = code;
        n->flag = sk_guest_has_delta_handler(w->guest);
    }
    w->started = r == 0 && code == 0;
    sk_worker_note(w, n, true);
    return w->started;
}

static void reply(struct sk_worker *w, uint64_t id, enum sk_call_result result, struct sk_span text)
{
    struct sk_note *n = sk_note_create(SK_NOTE_REPLY, text, none, none, NULL);
    if (n == NULL)
        return; /* the loop's own deadline answers */
    n->id = id;
    n->code = (int32_t)result;
    sk_worker_note(w, n, true);
}

/* False: the guest died. */
static bool serve_order(struct sk_worker *w, const struct sk_order *o)
{
    uint64_t now = sk_clock_mono_ms();
    if (now >= o->deadline_ms)
        return true; /* answered with a timeout already; nobody would read the result */
    struct sk_errmsg em = { 0 };
    struct sk_buf out;
    sk_buf_init(&out, ANSWER_MAX);
    unsigned ms = (unsigned)(o->deadline_ms - now);
    uint64_t began = sk_clock_mono_ns();
    sk_worker_begin_call(w, ms);
    int r = sk_guest_request(w->guest, o->shape, o->name, o->request, o->out_max, ms, &out, &em);
    sk_worker_end_call(w);
    if (r != SK_ERR_NOTFOUND)
        sk_worker_count_call(w, o->name, began);
    if (r == 0)
        reply(w, o->id, SK_CALL_OK, sk_buf_span(&out));
    else
        reply(w, o->id,
              r == SK_ERR_NOTFOUND  ? SK_CALL_MISSING
              : r == SK_ERR_TIMEOUT ? SK_CALL_TIMEOUT
                                    : SK_CALL_FAILED,
              sk_span_of(em.text));
    sk_buf_finish(&out);
    return r == 0 || !crashed(w, r, &em);
}

static bool serve_orders(struct sk_worker *w)
{
    for (;;) {
        pthread_mutex_lock(&w->lock);
        struct sk_order *o = w->stop ? NULL : w->orders;
        if (o != NULL && (w->orders = o->next) == NULL)
            w->orders_end = &w->orders;
        if (o == NULL && !w->stop)
            atomic_store(&w->urgent, false);
        pthread_mutex_unlock(&w->lock);
        if (o == NULL)
            return true;
        bool alive = serve_order(w, o);
        free(o);
        if (!alive)
            return false;
    }
}

static bool poll_once(struct sk_worker *w)
{
    struct sk_errmsg em = { 0 };
    int32_t code = 0;
    uint64_t began = sk_clock_mono_ns();
    sk_worker_begin_call(w, (unsigned)w->limits.call_ms);
    int r = sk_guest_poll(w->guest, (unsigned)w->limits.call_ms, &code, &em);
    sk_worker_end_call(w);
    sk_worker_count_call(w, "poll", began);
    if (r == 0 && code != 0)
        sk_log_debug(NS, "[%s] poll returned %d", w->o.package->name, (int)code);
    return r == 0 || !crashed(w, r, &em);
}

static bool serve_fetched(struct sk_worker *w)
{
    struct sk_errmsg em = { 0 };
    uint64_t began = sk_clock_mono_ns();
    sk_worker_begin_call(w, (unsigned)w->limits.call_ms);
    int r = sk_worker_give_fetched(w, (unsigned)w->limits.call_ms, &em);
    sk_worker_end_call(w);
    sk_worker_count_call(w, "responseHandler", began);
    return r == 0 || !crashed(w, r, &em);
}

/* The hot path: no lock, no allocation of ours per delta; one look at the clock ends one call and begins the next. */
static bool serve_deltas(struct sk_worker *w)
{
    struct sk_errmsg em = { 0 };
    const unsigned ms = (unsigned)w->limits.call_ms;
    struct sk_histogram *took = &sk_figures_export(w->o.figures, "delta_handler")->took;
    uint64_t began = sk_clock_mono_ns();
    struct sk_frame *f;
    int r = 0;
    while (r == 0 && !atomic_load_explicit(&w->urgent, memory_order_relaxed) && (f = sk_inbox_pop(&w->batch)) != NULL) {
        sk_worker_begin_call(w, ms);
        r = sk_guest_delta(w->guest, sk_frame_text(f), ms, &em);
        sk_frame_unref(f);
        uint64_t ended = sk_clock_mono_ns();
        sk_histogram_add(took, ended - began);
        began = ended;
        if (r < 0 && !sk_guest_dead(w->guest)) { /* no room in the guest for this one: it is lost, the next may fit */
            sk_log_debug(NS, "[%s] a delta was not delivered: %s", w->o.package->name, em.text);
            r = 0;
        }
    }
    sk_worker_end_call(w);
    return r == 0 || !crashed(w, r, &em);
}

enum due { DUE_STOP, DUE_ORDER, DUE_DELTAS, DUE_POLL, DUE_FETCHED, DUE_IDLE };

/* Under the lock, until woken, or so long in the plugin's time. */
static void wait(struct sk_worker *w, uint64_t ms)
{
    uint64_t real_ms = ms == UINT64_MAX ? ms : sk_simtime_real_ms(w->o.time, ms);
    if (real_ms == UINT64_MAX) {
        pthread_cond_wait(&w->wake, &w->lock);
        return;
    }
    struct timespec until = sk_cond_deadline((unsigned)real_ms);
    pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

static enum due wait_for_work(struct sk_worker *w, bool polls, uint64_t poll_at_ms)
{
    enum due due;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        uint64_t now = polls ? sk_simtime_mono_ms(w->o.time) : 0;
        if (w->stop)
            due = DUE_STOP;
        else if (w->orders != NULL)
            due = DUE_ORDER;
        else if (polls && now >= poll_at_ms) /* before deltas, or a flood of them would starve it */
            due = DUE_POLL;
        else if (sk_fetcher_has_done(w->fetcher))
            due = DUE_FETCHED;
        else if (w->batch.count > 0 || w->inbox.count > 0)
            due = DUE_DELTAS;
        else if (w->idle_asked && !sk_fetcher_busy(w->fetcher))
            due = DUE_IDLE;
        else {
            wait(w, polls ? poll_at_ms - now : UINT64_MAX);
            continue;
        }
        break;
    }
    if (due == DUE_DELTAS && w->batch.count == 0)
        sk_inbox_swap(&w->inbox, &w->batch);
    if (due == DUE_IDLE)
        w->idle_asked = false;
    pthread_mutex_unlock(&w->lock);
    return due;
}

static void stop(struct sk_worker *w)
{
    struct sk_errmsg em = { 0 };
    int32_t code = 0;
    atomic_store(&w->cut_at, 0); /* was for the call before; this one has a deadline of its own */
    uint64_t began = sk_clock_mono_ns();
    sk_worker_begin_call(w, w->limits.stop_ms);
    int r = sk_guest_stop(w->guest, w->limits.stop_ms, &code, &em);
    sk_worker_end_call(w);
    sk_worker_count_call(w, "plugin_stop", began);
    if (r < 0 && r != SK_ERR_NOTFOUND)
        sk_log_warn("[%s] plugin_stop: %s", w->o.package->name, em.text);
    else if (code != 0)
        sk_log_debug(NS, "[%s] plugin_stop returned %d", w->o.package->name, (int)code);
}

static void serve(struct sk_worker *w)
{
    const unsigned period = w->limits.poll_ms;
    bool polls = sk_guest_has_poll(w->guest), alive = true;
    uint64_t poll_at_ms = sk_simtime_mono_ms(w->o.time) + period;
    sk_engine_leave(w->o.engine);
    while (alive) {
        enum due due = wait_for_work(w, polls, poll_at_ms);
        sk_engine_enter(w->o.engine);
        switch (due) {
        case DUE_ORDER:
            alive = serve_orders(w);
            break;
        case DUE_POLL:
            alive = poll_once(w);
            uint64_t now = sk_simtime_mono_ms(w->o.time);
            poll_at_ms += period; /* from the plan, not from the end of the call: 1000 ms apart on average, and after a
                                     long call no burst to catch up */
            if (poll_at_ms <= now)
                poll_at_ms = now + period;
            break;
        case DUE_DELTAS:
            alive = serve_deltas(w);
            break;
        case DUE_FETCHED:
            alive = serve_fetched(w);
            break;
        case DUE_IDLE:
            sk_worker_note(w, sk_note_create(SK_NOTE_IDLE, none, none, none, NULL), true);
            break;
        case DUE_STOP:
            stop(w);
            return;
        }
        sk_engine_leave(w->o.engine);
    }
    sk_engine_enter(w->o.engine);
}

static void live(struct sk_worker *w)
{
    struct sk_errmsg em = { 0 };
    int r = sk_worker_load(w, &em);
    if (r < 0) {
        sk_worker_note(w, sk_note_create(SK_NOTE_LOAD_FAILED, sk_span_of(em.text), none, none, NULL), true);
        return;
    }
    if (!w->o.start)
        return;
    pthread_mutex_lock(&w->lock);
    bool stopped = w->stop;
    pthread_mutex_unlock(&w->lock);
    if (!stopped && start(w))
        serve(w);
}

static uint64_t as_ns(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

/* A thread that has ended has no clock. */
static void note_cpu(struct sk_worker *w)
{
    struct timespec t = { 0 };
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    atomic_store(&w->cpu_ns, as_ns(&t));
}

static void *run(void *arg)
{
    struct sk_worker *w = arg;
    char name[16];
    const char *last = strrchr(w->o.package->name, '/');
    snprintf(name, sizeof name, "p:%s", last != NULL ? last + 1 : w->o.package->name);
    pthread_setname_np(pthread_self(), name);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread alone */
    sk_engine_watch(w->o.engine, &w->watch);
    sk_engine_enter(w->o.engine);
    live(w);
    sk_guest_destroy(w->guest);
    w->guest = NULL;
    sk_sockets_shut(w->sockets);
    sk_fetcher_shut(w->fetcher);
    sk_worker_flush_status(w);
    atomic_store(&w->o.figures->memory_bytes, 0);
    sk_engine_leave(w->o.engine);
    sk_engine_unwatch(w->o.engine, &w->watch);
    note_cpu(w);
    sk_worker_note(w, sk_note_create(SK_NOTE_ENDED, none, none, none, NULL), true);
    return NULL;
}

/* ---- the loop's side ---- */

static void run_lost(struct sk_loop_task *task)
{
    struct sk_worker *w = SK_CONTAINER(task, struct sk_worker, lost_task);
    pthread_mutex_lock(&w->out.lock);
    w->lost_posted = false;
    pthread_mutex_unlock(&w->out.lock);
    if (!sk_worker_release_late(w))
        w->o.lost(w->o.owner);
}

static void on_lost(struct sk_watch *watch)
{
    struct sk_worker *w = SK_CONTAINER(watch, struct sk_worker, watch);
    pthread_mutex_lock(&w->out.lock);
    if (!w->out.abandoned) {
        w->lost_posted = true;
        sk_loop_post(w->o.loop, &w->lost_task);
    }
    pthread_mutex_unlock(&w->out.lock);
}

static char *copy_text(struct sk_span s, const char *otherwise)
{
    return s.p != NULL ? sk_xstrndup(s.p, s.n) : sk_xstrdup(otherwise);
}

static void release(struct sk_worker *w)
{
    struct sk_note *n;
    while ((n = sk_worker_take(w)) != NULL)
        sk_note_destroy(n);
    while (w->orders != NULL) {
        struct sk_order *o = w->orders;
        w->orders = o->next;
        free(o);
    }
    sk_inbox_finish(&w->inbox);
    sk_inbox_finish(&w->batch);
    sk_sockets_destroy(w->sockets);
    sk_fetcher_destroy(w->fetcher);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->out.lock);
    pthread_cond_destroy(&w->out.room);
    free(w->data_dir);
    free(w->cache_dir);
    free(w->config);
    free(w->configuration);
    sk_quota_finish(&w->quota);
    sk_package_unref(w->o.package);
    sk_figures_unref(w->o.figures);
    free(w);
}

struct sk_worker *sk_worker_create(const struct sk_worker_options *o)
{
    struct sk_worker *w = sk_xcalloc(1, sizeof *w);
    w->o = *o;
    w->limits = *o->limits;
    w->o.limits = &w->limits;
    sk_package_ref(o->package);
    sk_figures_ref(o->figures);
    w->sockets = sk_sockets_create(o->poller, o->package->name, o->limits->sockets, o->figures->net);
    sk_worker_open_fetcher(w);
    w->data_dir = sk_xstrdup(o->data_dir);
    w->cache_dir = o->cache_dir != NULL ? sk_xstrdup(o->cache_dir) : NULL;
    w->config = copy_text(o->config, "{}");
    w->configuration = copy_text(o->configuration, "{}");
    w->orders_end = &w->orders;
    w->out.last_next = &w->out.first;
    w->watch.lost = on_lost;
    w->lost_task.run = run_lost;
    sk_worker_init_meters(w);
    sk_inbox_init(&w->inbox, o->limits->inbox_deltas, o->limits->inbox_bytes);
    sk_inbox_init(&w->batch, o->limits->inbox_deltas, o->limits->inbox_bytes);
    pthread_mutex_init(&w->lock, NULL);
    sk_cond_init(&w->wake);
    pthread_mutex_init(&w->out.lock, NULL);
    sk_cond_init(&w->out.room);
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, SK_THREAD_STACK);
    int r = pthread_create(&w->thread, &a, run, w);
    pthread_attr_destroy(&a);
    if (r != 0) {
        release(w);
        return NULL;
    }
    return w;
}

void sk_worker_destroy(struct sk_worker *w)
{
    if (w == NULL)
        return;
    pthread_join(w->thread, NULL); /* its ENDED note was its last act: no wait worth the name */
    w->destroyed = true;
    sk_worker_release_late(w);
}

bool sk_worker_release_late(struct sk_worker *w)
{
    if (!w->destroyed)
        return false;
    pthread_mutex_lock(&w->out.lock);
    bool queued = w->out.posted || w->lost_posted; /* a task of ours still lies in the loop's queue */
    pthread_mutex_unlock(&w->out.lock);
    if (!queued)
        release(w);
    return true;
}

void sk_worker_abandon(struct sk_worker *w)
{
    pthread_mutex_lock(&w->out.lock);
    w->out.abandoned = true;
    pthread_cond_broadcast(&w->out.room);
    pthread_mutex_unlock(&w->out.lock);
}

struct sk_note *sk_worker_take(struct sk_worker *w)
{
    pthread_mutex_lock(&w->out.lock);
    struct sk_note *n = w->out.first;
    if (n != NULL) {
        w->out.first = n->next;
        if (w->out.first == NULL)
            w->out.last_next = &w->out.first;
        w->out.count--;
        w->out.bytes -= n->size;
        pthread_cond_signal(&w->out.room);
    }
    pthread_mutex_unlock(&w->out.lock);
    return n;
}

void sk_worker_stop(struct sk_worker *w)
{
    atomic_store(&w->cancel, true);
    atomic_store(&w->cut_at, sk_engine_deadline(w->o.engine, w->limits.stop_ms));
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    atomic_store(&w->urgent, true);
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void sk_worker_call(struct sk_worker *w, struct sk_order *o)
{
    o->next = NULL;
    pthread_mutex_lock(&w->lock);
    *w->orders_end = o;
    w->orders_end = &o->next;
    atomic_store(&w->urgent, true);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void sk_worker_deliver(struct sk_worker *w, struct sk_frame *f)
{
    pthread_mutex_lock(&w->lock);
    size_t dropped = sk_inbox_push(&w->inbox, f);
    pthread_mutex_unlock(&w->lock);
    if (dropped > 0)
        sk_figures_add(w->o.figures, SK_COUNT_DELTAS_DROPPED, dropped);
}

void sk_worker_wake(struct sk_worker *w)
{
    pthread_mutex_lock(&w->lock);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void sk_worker_ask_idle(struct sk_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->idle_asked = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

struct sk_frame *sk_worker_undelivered(struct sk_worker *w)
{
    struct sk_frame *f = sk_inbox_pop(&w->batch);
    return f != NULL ? f : sk_inbox_pop(&w->inbox);
}

uint64_t sk_worker_cpu_ns(const struct sk_worker *w)
{
    uint64_t whole = atomic_load(&w->cpu_ns);
    clockid_t clock;
    struct timespec t;
    if (whole != 0 || pthread_getcpuclockid(w->thread, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return whole != 0 ? whole : atomic_load(&w->cpu_ns); /* it ended while we looked */
    return as_ns(&t);
}
