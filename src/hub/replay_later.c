/*
 * Cached values for a client that asks for many: what one turn of the loop may take goes out at once, the rest a little each
 * turn, and no faster than the client reads. A value that changes meanwhile goes out as news, and later once more in its place:
 * what comes last is always the current one.
 */
#include "hub/hub_private.h"

#include "base/clock.h"

#include <stdlib.h>

#define AT_ONCE 2000u     /* values in one turn, for all clients together */
#define SLICE 200u        /* values between two looks at the clock */
#define SLICE_NS 1500000u /* of one turn */
#define TURN_MS 1u        /* between two turns with replays, for everybody else; 0 would not leave libuv's timers */
#define BLOCKED_MS 10u    /* until it is looked again whether a client has read */

struct sk_replay {
    struct sk_replay *next;
    struct sk_feed *feed;
    struct sk_row *row; /* NULL: whole contexts */
    struct sk_context_match which;
    bool all_sources;
    uint32_t from; /* the context to go on with */
};

static size_t go_on(struct sk_replay *p, size_t max)
{
    return p->row != NULL ? sk_replay_row(p->row, max, &p->from)
                          : sk_replay_contexts(p->feed, &p->which, p->all_sources, max, &p->from);
}

static void arm(struct sk_hub *h, uint64_t ms)
{
    if (h->replays != NULL)
        uv_timer_start(&h->replay_timer, sk_replay_timer, ms, 0);
    else
        uv_timer_stop(&h->replay_timer);
}

static void keep(struct sk_hub *h, const struct sk_replay *p)
{
    struct sk_replay *kept = sk_xmalloc(sizeof *kept);
    *kept = *p;
    kept->next = NULL;
    if (p->which.kind == SK_MATCH_GLOB)
        kept->which.glob = sk_xstrdup(p->which.glob);
    if (h->replays == NULL)
        h->last_replay = &h->replays;
    *h->last_replay = kept;
    h->last_replay = &kept->next;
    arm(h, TURN_MS);
}

/* Takes it out; `at` is where it hangs. */
static void drop(struct sk_hub *h, struct sk_replay **at)
{
    struct sk_replay *p = *at;
    *at = p->next;
    if (p->next == NULL)
        h->last_replay = at;
    sk_context_match_finish(&p->which);
    free(p);
}

static bool waits(const struct sk_feed *f)
{
    const struct sk_replay *p = f->hub->replays;
    while (p != NULL && p->feed != f)
        p = p->next;
    return p != NULL;
}

static void begin(struct sk_replay *p)
{
    struct sk_hub *h = p->feed->hub;
    uint64_t turn = uv_now(sk_loop_uv(h->loop));
    if (h->replay_turn != turn) {
        h->replay_turn = turn;
        h->replayed = 0;
    }
    if (h->replayed < AT_ONCE && !waits(p->feed)) /* what was asked for first comes first */
        h->replayed += go_on(p, AT_ONCE - h->replayed);
    if (p->from != UINT32_MAX)
        keep(h, p);
}

void sk_replay_begin_contexts(struct sk_feed *f, const struct sk_context_match *which, bool all_sources)
{
    begin(&(struct sk_replay){ .feed = f, .which = *which, .all_sources = all_sources });
}

void sk_replay_begin_row(struct sk_row *r)
{
    begin(&(struct sk_replay){ .feed = r->feed, .row = r });
}

static bool is_full(const struct sk_feed *f)
{
    return f->ops->unsent != NULL && f->ops->unsent(f->arg) > f->unsent_max;
}

/* One slice of the first replay of each client that reads. False: there was none. */
static bool round_of_slices(struct sk_hub *h, uint64_t end_ns)
{
    bool any = false;
    h->replay_round++;
    for (struct sk_replay **at = &h->replays; *at != NULL;) {
        struct sk_replay *p = *at;
        bool first = p->feed->replay_round != h->replay_round;
        p->feed->replay_round = h->replay_round;
        if (first && !is_full(p->feed)) {
            any = true;
            (void)go_on(p, SLICE);
        }
        if (p->from == UINT32_MAX)
            drop(h, at);
        else
            at = &p->next;
        if (sk_clock_mono_ns() > end_ns)
            return true;
    }
    return any;
}

void sk_replay_timer(uv_timer_t *t)
{
    struct sk_hub *h = t->data;
    uint64_t end_ns = sk_clock_mono_ns() + SLICE_NS;
    bool any = true;
    while (any && h->replays != NULL && sk_clock_mono_ns() < end_ns)
        any = round_of_slices(h, end_ns);
    arm(h, any ? TURN_MS : BLOCKED_MS);
}

static void forget(struct sk_hub *h, const struct sk_feed *f, const struct sk_row *r)
{
    if (h->replays == NULL)
        return;
    for (struct sk_replay **at = &h->replays; *at != NULL;)
        if (r != NULL ? (*at)->row == r : (*at)->feed == f)
            drop(h, at);
        else
            at = &(*at)->next;
    if (h->replays == NULL)
        arm(h, TURN_MS);
}

void sk_replay_forget_feed(struct sk_feed *f)
{
    forget(f->hub, f, NULL);
}

void sk_replay_forget_row(struct sk_row *r)
{
    forget(r->feed->hub, r->feed, r);
}
