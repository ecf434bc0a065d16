/* Rows with a pace: minPeriod lets a value through and swallows the next ones; period gathers, and sends the last ones. */
#include "hub/hub_private.h"

#include <stdlib.h>

static uint64_t now_of(const struct sk_row *r)
{
    return uv_now(sk_loop_uv(r->feed->hub->loop));
}

static struct sk_bucket *bucket_for(struct sk_row *r, struct sk_path *p)
{
    struct sk_bucket *b = sk_map_get(&r->buckets, (struct sk_span){ (const char *)&p, sizeof p });
    if (b == NULL) {
        b = sk_xcalloc(1, sizeof *b);
        b->path = p;
        sk_map_put(&r->buckets, (struct sk_span){ (const char *)&b->path, sizeof b->path }, b);
    }
    return b;
}

static struct sk_span key_of(const struct sk_pace *p)
{
    return (struct sk_span){ (const char *)&p->key, sizeof p->key };
}

static struct sk_pace *pace_for(struct sk_row *r, struct sk_node *n, struct sk_source *s, bool *ret_new)
{
    const struct sk_pace asked = { .key = { n, s } };
    struct sk_pace *p = sk_map_get(&r->paces, key_of(&asked));
    *ret_new = p == NULL;
    if (p == NULL) {
        p = sk_xcalloc(1, sizeof *p);
        p->key = asked.key;
        p->bucket = r->period_ms != 0 ? bucket_for(r, n->path) : NULL;
        sk_map_put(&r->paces, key_of(p), p);
    }
    return p;
}

/* ---- the running buckets of all rows ------------------------------------------------------------------------------------ */

static void wind(struct sk_hub *h, uint64_t due)
{
    uint64_t now = uv_now(h->fixed_timer.loop);
    h->fixed_due = due;
    if (due == UINT64_MAX)
        uv_timer_stop(&h->fixed_timer);
    else
        uv_timer_start(&h->fixed_timer, sk_pace_timer, due > now ? due - now : 0, 0);
}

static void rearm(struct sk_hub *h)
{
    uint64_t due = UINT64_MAX;
    for (const struct sk_row *r = h->active_rows; r != NULL; r = r->next_active)
        if (r->due->due_ms < due)
            due = r->due->due_ms;
    if (due != h->fixed_due)
        wind(h, due);
}

static void activate(struct sk_row *r)
{
    struct sk_hub *h = r->feed->hub;
    if (r->active)
        return;
    r->active = true;
    r->prev_active = NULL;
    r->next_active = h->active_rows;
    if (r->next_active != NULL)
        r->next_active->prev_active = r;
    h->active_rows = r;
}

static void deactivate(struct sk_row *r)
{
    if (!r->active)
        return;
    r->active = false;
    *(r->prev_active != NULL ? &r->prev_active->next_active : &r->feed->hub->active_rows) = r->next_active;
    if (r->next_active != NULL)
        r->next_active->prev_active = r->prev_active;
}

static void run_bucket(struct sk_row *r, struct sk_bucket *b, uint64_t due_ms)
{
    b->running = true;
    b->due_ms = due_ms;
    b->next_due = NULL;
    if (r->due == NULL)
        r->due_last = &r->due;
    *r->due_last = b;
    r->due_last = &b->next_due;
    activate(r);
}

/* ---- gathering ---------------------------------------------------------------------------------------------------------- */

static void stop_waiting(struct sk_pace *p)
{
    if (!p->waiting)
        return;
    p->waiting = false;
    *(p->newer != NULL ? &p->newer->older : &p->bucket->newest) = p->older;
    if (p->older != NULL)
        p->older->newer = p->newer;
}

/* One that waits already becomes the newest. */
static void gather(struct sk_row *r, struct sk_pace *p)
{
    struct sk_bucket *b = p->bucket;
    stop_waiting(p);
    p->waiting = true;
    p->newer = NULL;
    p->older = b->newest;
    if (p->older != NULL)
        p->older->newer = p;
    b->newest = p;
    if (b->running)
        return;
    run_bucket(r, b, now_of(r) + r->period_ms);
    if (b->due_ms < r->feed->hub->fixed_due)
        wind(r->feed->hub, b->due_ms);
}

static void send_pending(struct sk_row *r, const struct sk_pace *p)
{
    struct sk_value *v = sk_node_value_of(p->key.node, p->key.source, r->all_sources || r->view != NULL);
    if (v != NULL)
        sk_row_send_value(r, p->key.node, v);
}

static void flush_bucket(struct sk_row *r, struct sk_bucket *b)
{
    struct sk_pace *p = b->newest;
    b->newest = NULL;
    for (; p != NULL; p = p->older) {
        p->waiting = false;
        send_pending(r, p);
    }
}

/* A step with values is followed by another; an empty one ends the run. */
static void step_row(struct sk_row *r, uint64_t now)
{
    while (r->due != NULL && r->due->due_ms <= now) {
        struct sk_bucket *b = r->due;
        r->due = b->next_due;
        b->running = false;
        if (b->newest == NULL)
            continue;
        flush_bucket(r, b);
        run_bucket(r, b, b->due_ms + r->period_ms > now ? b->due_ms + r->period_ms : now + r->period_ms);
    }
    if (r->due == NULL)
        deactivate(r);
}

void sk_pace_timer(uv_timer_t *t)
{
    struct sk_hub *h = t->data;
    uint64_t now = uv_now(t->loop);
    for (struct sk_row *r = h->active_rows, *next; r != NULL; r = next) {
        next = r->next_active;
        step_row(r, now);
    }
    h->fixed_due = UINT64_MAX;
    rearm(h);
}

/* ---- what rows ask ------------------------------------------------------------------------------------------------------ */

bool sk_pace_passes(struct sk_row *r, struct sk_node *n, struct sk_source *s)
{
    bool first;
    if (r->period_ms == 0 && r->min_period_ms == 0)
        return true;
    struct sk_pace *p = pace_for(r, n, s, &first);
    if (r->period_ms != 0) {
        gather(r, p);
        return false;
    }
    uint64_t now = now_of(r);
    if (!first && now - p->passed_ms < r->min_period_ms)
        return false;
    p->passed_ms = now;
    return true;
}

void sk_pace_forget_source(struct sk_row *r, struct sk_node *n, struct sk_source *s)
{
    const struct sk_pace asked = { .key = { n, s } };
    struct sk_pace *p = sk_map_remove(&r->paces, key_of(&asked));
    if (p != NULL)
        stop_waiting(p);
    free(p);
}

static void forget_sources(struct sk_row *r, struct sk_node *n, const struct sk_leaf *l)
{
    for (unsigned i = 0; l != NULL && i < l->count; i++) {
        sk_pace_forget_source(r, n, l->values[i].source);
    }
}

void sk_pace_forget(struct sk_row *r, struct sk_node *n)
{
    if (r->paces.count == 0)
        return;
    forget_sources(r, n, n->leaf);
    forget_sources(r, n, n->rejected);
}

static void free_all(struct sk_map *m)
{
    size_t pos = 0;
    void *p;
    while ((p = sk_map_next(m, &pos)) != NULL)
        free(p);
    sk_map_finish(m);
}

void sk_pace_finish(struct sk_row *r)
{
    bool was_active = r->active;
    deactivate(r);
    free_all(&r->paces);
    free_all(&r->buckets);
    r->due = NULL;
    if (was_active)
        rearm(r->feed->hub);
}
