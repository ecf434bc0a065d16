/*
 * The one loop thread that owns all shared state, as a thin layer over libuv: tasks posted by other threads, and hooks that run
 * once at the end of a loop turn (just before the loop waits again), where clients are flushed and plugins woken.
 */
#ifndef SK_BASE_LOOP_H
#define SK_BASE_LOOP_H

#include "base/base.h"

#include <uv.h>

struct sk_loop;

/* A task embedded in its owner's struct: posting allocates nothing and cannot fail. It may be posted again once run() began. */
struct sk_loop_task {
    struct sk_loop_task *next;
    void (*run)(struct sk_loop_task *task);
};

/* A hook embedded in its owner's struct; zero `armed` before first use. */
struct sk_loop_hook {
    struct sk_loop_hook *next;
    bool armed;
    void (*run)(struct sk_loop_hook *hook);
};

/* Thread: the creator becomes the loop thread. */
struct sk_loop *sk_loop_create(void);
/* Closes the loop's own handles; all others must be closed already. */
void sk_loop_destroy(struct sk_loop *l);
uv_loop_t *sk_loop_uv(struct sk_loop *l);
bool sk_loop_is_current(const struct sk_loop *l);

/* Runs until sk_loop_stop. */
void sk_loop_run(struct sk_loop *l);
/* Runs until `done(arg)` holds or `deadline_ms` (monotonic, sk_clock_mono_ms) passes; true if it holds. */
bool sk_loop_run_until(struct sk_loop *l, bool (*done)(void *arg), void *arg, uint64_t deadline_ms);
void sk_loop_stop(struct sk_loop *l); /* loop thread */

/* How long the loop works between two waits, since it was asked last. */
struct sk_loop_turns {
    uint64_t count, longest_ns;
    uint64_t longest_wait_ns; /* the longest two in a row: so long something that arrives may wait until all of it is done */
    uint64_t
        busiest_ns; /* most processor time of one: less than longest_ns when others had the processor, or the disk was slow */
};
struct sk_loop_turns sk_loop_turns(struct sk_loop *l);

/* Thread: any. Tasks of one thread run in the order of their posting. */
void sk_loop_post(struct sk_loop *l, struct sk_loop_task *task);
/* Thread: loop. Arming an armed hook does nothing. */
void sk_loop_at_turn_end(struct sk_loop *l, struct sk_loop_hook *hook);
/* Thread: loop. The hook will not run. */
void sk_loop_disarm(struct sk_loop *l, struct sk_loop_hook *hook);

#endif
