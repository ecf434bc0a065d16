/*
 * Back-pressure. A client that does not take its news in time is left alone until its queue is nearly empty; what it missed is
 * then read from the tree, where the last value of every source lies anyway. So a client that is behind costs no memory, however
 * long it stays so, and each value remembers the number of the delta that it came with to tell what is new.
 */
#include "hub/hub_private.h"

#include <stdlib.h>

#define SLICE_ITEMS 8192u /* values gathered at a time */
#define LOOSE_MAX 256u
#define MESSAGE_MAX ((size_t)64 * 1024 * 1024)

/* A last value that does not live in the tree. */
struct sk_loose {
    uint32_t context; /* serial */
    bool self;
    const struct sk_path *path;
    const struct sk_source *source;
    struct sk_frame *frame;
    uint64_t serial;
};

void sk_feed_press(struct sk_feed *f, uint64_t since)
{
    if (f->pressed)
        return;
    f->pressed = true;
    sk_feed_relist(f);
    f->in_round = false;
    f->since = since;
    f->presses++;
    f->pressed_ms = uv_now(sk_loop_uv(f->hub->loop));
    f->hub->pressed++;
}

void sk_feed_release(struct sk_feed *f)
{
    if (!f->pressed)
        return;
    f->pressed = false;
    sk_feed_relist(f);
    if (--f->hub->pressed == 0)
        sk_loose_forget(f->hub);
}

void sk_feed_pressure(const struct sk_feed *f, struct sk_feed_pressure *ret)
{
    *ret = (struct sk_feed_pressure){ f->pressed, f->pressed_ms, f->presses, f->lost };
}

/* ---- values outside the tree -------------------------------------------------------------------------------------------- */

/* The table is a ring: when it is full the oldest entry goes, and whoever waited for it has lost it. */
void sk_loose_keep(struct sk_hub *h, const struct sk_context *c, const struct sk_path *p, const struct sk_source *s,
                   struct sk_frame *frame)
{
    uint32_t i = 0;
    if (frame == NULL)
        return;
    if (h->loose == NULL)
        h->loose = sk_xcalloc(LOOSE_MAX, sizeof *h->loose);
    while (i < h->loose_count && (h->loose[i].context != c->serial || h->loose[i].path != p || h->loose[i].source != s))
        i++;
    if (i == LOOSE_MAX) {
        i = h->loose_next++ % LOOSE_MAX;
        for (struct sk_feed *f = h->feeds; f != NULL; f = f->next)
            f->lost += f->pressed && h->loose[i].serial > f->since;
    }
    h->loose_count += i == h->loose_count;
    sk_frame_unref(h->loose[i].frame);
    h->loose[i] = (struct sk_loose){ c->serial, c->self, p, s, sk_frame_ref(frame), h->serial };
}

void sk_loose_forget(struct sk_hub *h)
{
    for (uint32_t i = 0; i < h->loose_count; i++)
        sk_frame_unref(h->loose[i].frame);
    free(h->loose);
    h->loose = NULL;
    h->loose_count = h->loose_next = 0;
}

static const struct sk_context *context_of(const struct sk_hub *h, uint32_t serial)
{
    const struct sk_context *c = sk_context_first(h->model);
    while (c != NULL && c->serial != serial)
        c = c->next;
    return c;
}

static bool default_feed_covers(const struct sk_feed *f, bool self)
{
    return f->mode == SK_FEED_ALL || (f->mode == SK_FEED_SELF && self);
}

static bool wants_loose(const struct sk_feed *f, const struct sk_loose *l)
{
    if (default_feed_covers(f, l->self))
        return true;
    const struct sk_context *c = context_of(f->hub, l->context);
    for (const struct sk_row *r = f->rows; c != NULL && r != NULL; r = r->next)
        if (sk_glob(r->pattern->path, l->path->text) && sk_context_matches(&r->pattern->context, c))
            return true;
    return false;
}

static void send_loose(struct sk_feed *f)
{
    for (uint32_t i = 0; i < f->hub->loose_count; i++)
        if (f->hub->loose[i].serial > f->since && wants_loose(f, &f->hub->loose[i]))
            sk_feed_send_now(f, f->hub->loose[i].frame);
}

/* ---- what has changed --------------------------------------------------------------------------------------------------- */

struct item {
    const struct sk_context *context;
    struct sk_path *path; /* NULL: "" */
    const struct sk_source *ref;
    struct sk_span timestamp, json;
    size_t order;
};

struct items {
    struct item *all;
    size_t count, cap;
    uint64_t since;
};

static void add(struct items *list, struct item it)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 64 : list->cap * 2;
        list->all = sk_xrealloc(list->all, list->cap * sizeof *list->all);
    }
    it.order = list->count;
    list->all[list->count++] = it;
}

static void add_leaf(struct items *list, const struct sk_node *n, const struct sk_leaf *l, const struct sk_view *view)
{
    for (unsigned i = 0; l != NULL && i < l->count; i++) {
        const struct sk_value *v = &l->values[i];
        if (v->changed > list->since && (view == NULL || !sk_view_excludes(view, v->source)))
            add(list, (struct item){ n->context, n->path, v->ref, sk_text_span(&v->timestamp), sk_text_span(&v->json), 0 });
    }
}

static void add_node(struct items *list, const struct sk_node *n, bool all_sources, const struct sk_view *view)
{
    add_leaf(list, n, n->leaf, view);
    if (all_sources)
        add_leaf(list, n, n->rejected, view);
}

static void add_branch(struct items *list, const struct sk_node *n, bool all_sources)
{
    for (; n != NULL; n = n->next) {
        add_node(list, n, all_sources, NULL);
        add_branch(list, n->first, all_sources);
    }
}

static void add_context(struct items *list, const struct sk_context *c, bool all_sources)
{
    for (uint32_t i = 0; i < c->root_count; i++)
        if (c->roots[i].changed > list->since)
            add(list, (struct item){ c, NULL, c->roots[i].ref, sk_text_span(&c->roots[i].timestamp),
                                     sk_text_span(&c->roots[i].json), 0 });
    add_branch(list, c->first, all_sources);
}

/* Rows of contexts with serials from `from` up to and without `end`. */
static void add_rows(struct items *list, const struct sk_feed *f, uint32_t from, uint32_t end)
{
    for (const struct sk_row *r = f->rows; r != NULL; r = r->next) {
        for (const struct sk_sub_link *l = r->pattern->links; l != NULL; l = l->next_of_pattern) {
            const struct sk_context *c = l->node->context;
            if (c->serial >= from && c->serial < end && c->changed > list->since && sk_context_matches(&r->pattern->context, c))
                add_node(list, l->node, r->all_sources || r->view != NULL, r->view);
        }
    }
}

static int compare_spans(struct sk_span a, struct sk_span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n != 0 ? memcmp(a.p, b.p, n) : 0;
    return r != 0 ? r : (a.n > b.n) - (a.n < b.n);
}

static int by_group(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int r = (x->context->serial > y->context->serial) - (x->context->serial < y->context->serial);
    if (r == 0 && x->ref != y->ref)
        r = compare_spans(x->ref->ref, y->ref->ref);
    if (r == 0)
        r = compare_spans(x->timestamp, y->timestamp);
    if (r == 0 && x->path != y->path)
        r = x->path == NULL || (y->path != NULL && x->path->id < y->path->id) ? -1 : 1;
    return r != 0 ? r : x->order < y->order ? -1 : 1;
}

/* ---- saying it ---------------------------------------------------------------------------------------------------------- */

static bool same_group(const struct item *a, const struct item *b)
{
    return a->ref == b->ref && sk_span_is(a->timestamp, b->timestamp);
}

static void write_group_start(struct sk_buf *b, const struct item *it)
{
    SK_BUF_LIT(b, "{\"$source\":");
    sk_buf_span_append(b, it->ref->json);
    SK_BUF_LIT(b, ",\"timestamp\":");
    sk_json_write_str(b, it->timestamp);
    SK_BUF_LIT(b, ",\"values\":[");
}

/* Values that several rows want stand there once. */
static size_t write_updates(struct sk_buf *b, const struct item *it, size_t n)
{
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        bool starts = i == 0 || !same_group(&it[i], &it[i - 1]);
        if (!starts && it[i].json.p == it[i - 1].json.p)
            continue;
        if (starts && i > 0)
            SK_BUF_LIT(b, "]},");
        if (starts)
            write_group_start(b, &it[i]);
        else
            sk_buf_char(b, ',');
        SK_BUF_LIT(b, "{\"path\":");
        sk_buf_span_append(b, it[i].path != NULL ? it[i].path->json : SK_SPAN("\"\""));
        SK_BUF_LIT(b, ",\"value\":");
        sk_buf_span_append(b, it[i].json);
        sk_buf_char(b, '}');
        written++;
    }
    SK_BUF_LIT(b, "]}]");
    return written;
}

static void send_context(struct sk_feed *f, struct sk_buf *b, const struct item *it, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (it[i].path != NULL)
            sk_feed_announce_meta(f, it->context, it[i].path, it[i].timestamp);
    sk_buf_clear(b);
    SK_BUF_LIT(b, "{\"context\":");
    sk_buf_span_append(b, it->context->json);
    SK_BUF_LIT(b, ",\"updates\":[");
    size_t written = write_updates(b, it, n);
    uint64_t ms = uv_now(sk_loop_uv(f->hub->loop)) - f->pressed_ms;
    sk_buf_printf(b, ",\"$backpressure\":{\"accumulated\":%zu,\"duration\":%llu}}", written, (unsigned long long)ms);
    struct sk_frame *frame = sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL;
    sk_feed_send_now(f, frame);
    sk_frame_unref(frame);
}

/* Sends context by context; where it stops because the client is full again, the next slice goes on. */
static bool send_items(struct sk_feed *f, struct items *list, uint32_t end)
{
    struct sk_buf b;
    sk_buf_init(&b, MESSAGE_MAX);
    qsort(list->all, list->count, sizeof *list->all, by_group);
    bool full = false;
    for (size_t i = 0, n; i < list->count && !full; i += n) {
        n = 1;
        while (i + n < list->count && list->all[i + n].context == list->all[i].context)
            n++;
        send_context(f, &b, &list->all[i], n);
        f->round_pos = list->all[i].context->serial + 1;
        full = i + n < list->count && f->ops->unsent(f->arg) > f->unsent_max;
    }
    sk_buf_finish(&b);
    if (!full)
        f->round_pos = end;
    return !full;
}

/* ---- catching up -------------------------------------------------------------------------------------------------------- */

/* Gathers whole contexts until there is enough for one go, and sends them. False: the client is full again. */
static bool slice(struct sk_feed *f)
{
    struct items list = { .since = f->since };
    const struct sk_context *c = sk_context_first(f->hub->model);
    uint32_t from = f->round_pos;
    for (; c != NULL && (list.count < SLICE_ITEMS || c->serial < from); c = c->next) {
        if (c->serial < from || c->changed <= f->since)
            continue;
        if (default_feed_covers(f, c->self))
            add_context(&list, c, f->all_sources);
        for (struct sk_row *r = f->rows; r != NULL; r = r->next)
            if (sk_context_matches(&r->pattern->context, c))
                sk_replay_roots(r, c, f->since);
    }
    uint32_t end = c != NULL ? c->serial : UINT32_MAX;
    add_rows(&list, f, from, end);
    bool done = list.count == 0 || send_items(f, &list, end);
    if (done)
        f->round_pos = end;
    free(list.all);
    return done && (end == UINT32_MAX || f->ops->unsent(f->arg) <= f->unsent_max);
}

void sk_feed_eased(struct sk_feed *f)
{
    struct sk_hub *h = f->hub;
    while (f->pressed) {
        if (!f->in_round) {
            f->in_round = true;
            f->round_from = h->serial;
            f->round_pos = 0;
        }
        while (f->round_pos != UINT32_MAX)
            if (!slice(f))
                return; /* goes on when the client has taken this */
        send_loose(f);
        f->in_round = false;
        f->since = f->round_from;
        if (f->since == h->serial)
            sk_feed_release(f);
    }
}
