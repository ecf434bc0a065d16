#include "hub/hub_private.h"

#include "base/clock.h"
#include "model/meta.h"
#include "model/query.h"
#include "model/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ANNOUNCED_MAX 200000u

struct sk_feed *sk_feed_create(struct sk_hub *h, const struct sk_feed_ops *ops, void *arg)
{
    struct sk_feed *f = sk_xcalloc(1, sizeof *f);
    f->hub = h;
    f->ops = ops;
    f->arg = arg;
    f->unsent_max = (size_t)256 * 1024;
    f->next = h->feeds;
    if (f->next != NULL)
        f->next->prev = f;
    h->feeds = f;
    return f;
}

static void leave_live(struct sk_feed *f)
{
    if (f->prev_live != NULL)
        f->prev_live->next_live = f->next_live;
    else
        f->hub->live = f->next_live;
    if (f->next_live != NULL)
        f->next_live->prev_live = f->prev_live;
    f->next_live = f->prev_live = NULL;
}

static void join_live(struct sk_feed *f)
{
    f->next_live = f->hub->live;
    if (f->next_live != NULL)
        f->next_live->prev_live = f;
    f->hub->live = f;
}

void sk_feed_relist(struct sk_feed *f)
{
    bool should = f->mode != SK_FEED_NONE && !f->pressed;
    if (should == f->is_live)
        return;
    f->is_live = should;
    if (should)
        join_live(f);
    else
        leave_live(f);
}

void sk_feed_destroy(struct sk_feed *f)
{
    if (f == NULL)
        return;
    sk_rows_clear(f);
    sk_feed_release(f);
    sk_feed_set_mode(f, SK_FEED_NONE);
    if (f->prev != NULL)
        f->prev->next = f->next;
    else
        f->hub->feeds = f->next;
    if (f->next != NULL)
        f->next->prev = f->prev;
    free(f->announced);
    free(f);
}

void sk_feed_set_mode(struct sk_feed *f, enum sk_feed_mode mode)
{
    f->mode = mode;
    sk_feed_relist(f);
}

void sk_feed_set_unsent_max(struct sk_feed *f, size_t bytes)
{
    f->unsent_max = bytes;
}

void sk_feed_set_meta(struct sk_feed *f, bool on)
{
    f->meta = on;
}

void sk_feed_set_all_sources(struct sk_feed *f, bool on)
{
    f->all_sources = on;
}

uint64_t sk_feed_lost(const struct sk_feed *f)
{
    return f->lost;
}

void sk_feed_send(struct sk_feed *f, struct sk_frame *frame)
{
    if (f->pressed)
        return;
    int r = frame != NULL ? f->ops->frame(f->arg, frame, true) : SK_ERR_NOMEM;
    if (r == SK_ERR_LIMIT)
        sk_feed_press(f, f->hub->serial - 1);
    else if (r < 0)
        f->lost++;
}

void sk_feed_send_now(struct sk_feed *f, struct sk_frame *frame)
{
    if (frame == NULL || f->ops->frame(f->arg, frame, false) < 0)
        f->lost++;
}

void sk_feed_send_remark(struct sk_feed *f, const char *fmt, ...)
{
    struct sk_buf json;
    sk_buf_init(&json, 50000);
    char line[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    sk_json_write_str(&json, (struct sk_span){ line, len });
    if (sk_buf_ok(&json) && f->ops->remark != NULL)
        f->ops->remark(f->arg, sk_buf_span(&json));
    sk_buf_finish(&json);
}

/* ---- metadata ahead of values ------------------------------------------------------------------------------------------- */

/* True when the pair was not in the set yet; it is now. Keys are never 0: the low half counts from 1. */
static bool announce_once(struct sk_feed *f, uint64_t key)
{
    if (f->announced_count >= ANNOUNCED_MAX) { /* vessels come and go: begin anew, metadata may be said twice */
        memset(f->announced, 0, f->announced_cap * sizeof *f->announced);
        f->announced_count = 0;
    }
    if ((f->announced_count + 1) * 4 > f->announced_cap * 3) {
        uint32_t cap = f->announced_cap;
        uint64_t *old = f->announced;
        f->announced_cap = cap == 0 ? 64 : cap * 2;
        f->announced = sk_xcalloc(f->announced_cap, sizeof *f->announced);
        f->announced_count = 0;
        for (uint32_t i = 0; i < cap; i++)
            if (old[i] != 0)
                announce_once(f, old[i]);
        free(old);
    }
    uint32_t mask = f->announced_cap - 1;
    uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & mask;
    for (; f->announced[i] != 0; i = (i + 1) & mask)
        if (f->announced[i] == key)
            return false;
    f->announced[i] = key;
    f->announced_count++;
    return true;
}

static uint64_t announced_key(const struct sk_context *c, const struct sk_path *p)
{
    return (uint64_t)c->serial << 32 | (p->id + 1u);
}

static void send_meta(struct sk_feed *f, const struct sk_context *c, struct sk_path *p, struct sk_span timestamp)
{
    if (f->ops->units != NULL)
        f->ops->units(f->arg, true);
    struct sk_span meta = sk_units_shown(sk_model_units(f->hub->model), p);
    if (f->ops->units != NULL)
        f->ops->units(f->arg, false);
    if (meta.n == 0)
        return;
    struct sk_frame *frame = sk_render_one(&f->hub->scratch, &(struct sk_render_one){ .context_json = c->json,
                                                                                      .timestamp = timestamp,
                                                                                      .path_json = p->json,
                                                                                      .value_json = meta,
                                                                                      .meta = true });
    sk_feed_send_now(f, frame);
    sk_frame_unref(frame);
}

static void announce(struct sk_feed *f, const struct sk_context *c, struct sk_path *p, struct sk_span timestamp)
{
    if (announce_once(f, announced_key(c, p)))
        send_meta(f, c, p, timestamp);
}

static bool was_announced(const struct sk_feed *f, uint64_t key)
{
    uint32_t mask = f->announced_cap - 1;
    uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & mask;
    for (; f->announced_cap != 0 && f->announced[i] != 0; i = (i + 1) & mask)
        if (f->announced[i] == key)
            return true;
    return false;
}

static void send_again(struct sk_feed *f, const struct sk_node *n, struct sk_span timestamp)
{
    for (; n != NULL; n = n->next) {
        if (was_announced(f, announced_key(n->context, n->path)))
            send_meta(f, n->context, n->path, timestamp);
        send_again(f, n->first, timestamp);
    }
}

void sk_feed_announce_meta_again(struct sk_feed *f)
{
    char now[SK_ISO_TIME_SIZE];
    sk_iso_time(now, sk_clock_wall_ms());
    if (f->meta)
        send_again(f, sk_model_self(f->hub->model)->first, sk_span_of(now));
}

void sk_hub_announce_meta_again(struct sk_hub *h)
{
    for (struct sk_feed *f = h->feeds; f != NULL; f = f->next)
        sk_feed_announce_meta_again(f);
}

void sk_feed_announce_meta(struct sk_feed *f, const struct sk_context *c, struct sk_path *p, struct sk_span timestamp)
{
    if (!f->meta || p->depth == 0)
        return;
    announce(f, c, p, timestamp);
    for (struct sk_path *up = p->parent; up != NULL && up->depth >= 2; up = up->parent)
        announce(f, c, up, timestamp);
}

static void announce_delta(struct sk_feed *f, const struct sk_context *c, const struct sk_delta *d)
{
    for (uint32_t i = 0; i < d->update_count; i++) {
        const struct sk_update *u = &d->updates[i];
        for (uint32_t k = 0; !u->husk && k < u->value_count; k++)
            if (!u->values[k].dropped)
                sk_feed_announce_meta(f, c, u->values[k].path, u->timestamp);
    }
}

/* ---- the default feed --------------------------------------------------------------------------------------------------- */

void sk_feeds_deliver(struct sk_hub *h, const struct sk_context *c, const struct sk_delta *d, struct sk_frame *frame,
                      enum sk_readers readers)
{
    for (struct sk_feed *f = h->live, *next; f != NULL; f = next) {
        next = f->next_live;
        if (f->mode == SK_FEED_SELF && !c->self)
            continue;
        if (readers != SK_TO_EVERYBODY && f->all_sources != (readers == SK_TO_ALL_SOURCES))
            continue;
        if (f->meta)
            announce_delta(f, c, d);
        sk_feed_send(f, frame);
    }
}

void sk_feed_replay(struct sk_feed *f, enum sk_feed_mode mode)
{
    if (mode == SK_FEED_NONE)
        return;
    struct sk_context_match which = { .kind = mode == SK_FEED_ALL ? SK_MATCH_ALL : SK_MATCH_SELF };
    sk_replay_begin_contexts(f, &which, f->all_sources);
}
