#include "base/loop.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

struct sk_loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t turn_end;
    uv_timer_t deadline;
    pthread_t owner;
    pthread_mutex_t lock; /* guards first and last_next only */
    struct sk_loop_task *first, **last_next;
    struct sk_loop_hook *hooks;
    uint64_t turn_began_ns, waited_ns; /* when the turn under way began, and all waiting before it */
    uint64_t last_turn_ns, worked_ns;  /* the loop thread's processor time when the turn under way began */
    struct sk_loop_turns turns;
};

static void run_tasks(uv_async_t *wake)
{
    struct sk_loop *l = wake->data;
    pthread_mutex_lock(&l->lock);
    struct sk_loop_task *t = l->first;
    l->first = NULL;
    l->last_next = &l->first;
    pthread_mutex_unlock(&l->lock);
    while (t != NULL) {
        struct sk_loop_task *next = t->next;
        t->next = NULL;
        t->run(t);
        t = next;
    }
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A turn lasts from one wait to the next. */
static void note_turn(struct sk_loop *l)
{
    uint64_t now = sk_clock_mono_ns(), worked = sk_clock_thread_ns(), waited = uv_metrics_idle_time(&l->uv);
    uint64_t busy = now - l->turn_began_ns - (waited - l->waited_ns);
    l->turns.count++;
    l->turns.longest_ns = most(l->turns.longest_ns, busy);
    l->turns.longest_wait_ns = most(l->turns.longest_wait_ns, busy + l->last_turn_ns);
    l->turns.busiest_ns = most(l->turns.busiest_ns, worked - l->worked_ns);
    l->last_turn_ns = busy;
    l->worked_ns = worked;
    l->turn_began_ns = now;
    l->waited_ns = waited;
}

struct sk_loop_turns sk_loop_turns(struct sk_loop *l)
{
    struct sk_loop_turns t = l->turns;
    l->turns = (struct sk_loop_turns){ 0 };
    return t;
}

static void end_turn(uv_prepare_t *prepare)
{
    struct sk_loop *l = prepare->data;
    while (l->hooks != NULL) {
        struct sk_loop_hook *h = l->hooks;
        l->hooks = h->next;
        h->next = NULL;
        h->armed = false;
        h->run(h);
    }
    note_turn(l);
}

struct sk_loop *sk_loop_create(void)
{
    struct sk_loop *l = sk_xcalloc(1, sizeof *l);
    SK_ASSERT(uv_loop_init(&l->uv) == 0);
    SK_ASSERT(uv_loop_configure(&l->uv, UV_METRICS_IDLE_TIME) == 0);
    l->turn_began_ns = sk_clock_mono_ns();
    l->worked_ns = sk_clock_thread_ns();
    l->owner = pthread_self();
    l->last_next = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    l->wake.data = l->turn_end.data = l->deadline.data = l;
    SK_ASSERT(uv_async_init(&l->uv, &l->wake, run_tasks) == 0);
    uv_prepare_init(&l->uv, &l->turn_end);
    uv_prepare_start(&l->turn_end, end_turn);
    uv_unref((uv_handle_t *)&l->turn_end);
    uv_timer_init(&l->uv, &l->deadline);
    uv_unref((uv_handle_t *)&l->deadline);
    return l;
}

void sk_loop_destroy(struct sk_loop *l)
{
    if (l == NULL)
        return;
    uv_close((uv_handle_t *)&l->wake, NULL);
    uv_close((uv_handle_t *)&l->turn_end, NULL);
    uv_close((uv_handle_t *)&l->deadline, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    SK_ASSERT(uv_loop_close(&l->uv) == 0);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

uv_loop_t *sk_loop_uv(struct sk_loop *l)
{
    return &l->uv;
}

bool sk_loop_is_current(const struct sk_loop *l)
{
    return pthread_equal(l->owner, pthread_self());
}

void sk_loop_run(struct sk_loop *l)
{
    SK_ASSERT(sk_loop_is_current(l));
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

static void deadline_passed(uv_timer_t *t)
{
    (void)t; /* its only purpose is to end the wait */
}

bool sk_loop_run_until(struct sk_loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline_ms)
{
    SK_ASSERT(sk_loop_is_current(l));
    while (!done(arg)) {
        uint64_t now = sk_clock_mono_ms();
        if (now >= deadline_ms)
            return false;
        uv_update_time(&l->uv);
        uv_timer_start(&l->deadline, deadline_passed, deadline_ms - now, 0);
        uv_run(&l->uv, UV_RUN_ONCE);
    }
    uv_timer_stop(&l->deadline);
    return true;
}

void sk_loop_stop(struct sk_loop *l)
{
    SK_ASSERT(sk_loop_is_current(l));
    uv_stop(&l->uv);
}

void sk_loop_post(struct sk_loop *l, struct sk_loop_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&l->lock);
    bool was_empty = l->first == NULL;
    *l->last_next = task;
    l->last_next = &task->next;
    pthread_mutex_unlock(&l->lock);
    if (was_empty)
        uv_async_send(&l->wake);
}

void sk_loop_at_turn_end(struct sk_loop *l, struct sk_loop_hook *hook)
{
    SK_ASSERT(sk_loop_is_current(l));
    if (hook->armed)
        return;
    hook->armed = true;
    hook->next = l->hooks;
    l->hooks = hook;
}

void sk_loop_disarm(struct sk_loop *l, struct sk_loop_hook *hook)
{
    if (!hook->armed)
        return;
    for (struct sk_loop_hook **at = &l->hooks; *at != NULL; at = &(*at)->next)
        if (*at == hook) {
            *at = hook->next;
            break;
        }
    hook->armed = false;
    hook->next = NULL;
}
