/* Subscription rows: where they attach, how their values are throttled or gathered. */
#include "hub/hub_private.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>

/* ---- which contexts ----------------------------------------------------------------------------------------------------- */

static bool position_of(const struct sk_context *c, double *ret_lat, double *ret_lon)
{
    for (const struct sk_node *n = c->first; n != NULL; n = n->next) {
        if (!sk_span_eq(n->path->name, "navigation"))
            continue;
        for (const struct sk_node *k = n->first; k != NULL; k = k->next) {
            if (k->leaf == NULL || !sk_span_eq(k->path->name, "position"))
                continue;
            yyjson_doc *doc = NULL;
            if (sk_json_read(sk_text_span(&k->leaf->values[k->leaf->current].json), &doc, NULL) < 0)
                return false;
            yyjson_val *v = yyjson_doc_get_root(doc);
            bool ok = sk_json_number(sk_json_get(v, "latitude"), ret_lat) && sk_json_number(sk_json_get(v, "longitude"), ret_lon);
            yyjson_doc_free(doc);
            return ok;
        }
    }
    return false;
}

/* Great-circle distance on a sphere of the earth's mean radius (haversine). */
static double distance_m(double lat1, double lon1, double lat2, double lon2)
{
    double rad = M_PI / 180, dlat = (lat2 - lat1) * rad, dlon = (lon2 - lon1) * rad;
    double a = sin(dlat / 2) * sin(dlat / 2) + cos(lat1 * rad) * cos(lat2 * rad) * sin(dlon / 2) * sin(dlon / 2);
    return 2 * 6371008.8 * asin(sqrt(a < 1 ? a : 1));
}

bool sk_context_matches(const struct sk_context_match *m, const struct sk_context *c)
{
    double lat, lon;
    switch (m->kind) {
    case SK_MATCH_ALL:
        return true;
    case SK_MATCH_SELF:
        return c->self;
    case SK_MATCH_GLOB:
        return sk_glob(sk_span_of(m->glob), c->text);
    case SK_MATCH_NEAR:
        return position_of(c, &lat, &lon) && distance_m(m->latitude, m->longitude, lat, lon) <= m->radius;
    }
    return false;
}

/* A moving vessel comes and goes: rows with a relative context attach everywhere and are asked again at each delta. */
static bool may_ever_match(const struct sk_context_match *m, const struct sk_context *c)
{
    return m->kind == SK_MATCH_NEAR || sk_context_matches(m, c);
}

void sk_context_match_finish(struct sk_context_match *m)
{
    free(m->glob);
    m->glob = NULL;
}

/* ---- attaching ---------------------------------------------------------------------------------------------------------- */

static struct sk_bucket *bucket_for(struct sk_row *r, struct sk_path *p)
{
    for (struct sk_bucket *b = r->buckets; b != NULL; b = b->next)
        if (b->path == p)
            return b;
    struct sk_bucket *b = sk_xcalloc(1, sizeof *b);
    b->path = p;
    b->next = r->buckets;
    r->buckets = b;
    return b;
}

static void send_remarks(struct sk_row *r)
{
    for (size_t i = 0; i < SK_COUNT(r->remarks) && r->remarks[i] != NULL; i++)
        sk_feed_send_remark(r->feed, "%s", r->remarks[i]);
}

void sk_row_attach(struct sk_row *r, struct sk_node *n)
{
    struct sk_sub_link *l = sk_xcalloc(1, sizeof *l);
    l->row = r;
    l->node = n;
    l->next_at_node = n->links;
    if (l->next_at_node != NULL)
        l->next_at_node->prev_at_node = l;
    n->links = l;
    l->next_of_row = r->links;
    if (l->next_of_row != NULL)
        l->next_of_row->prev_of_row = l;
    r->links = l;
    if (r->period_ms != 0)
        l->bucket = bucket_for(r, n->path);
    send_remarks(r);
}

static void forget_pending(struct sk_bucket *b, const struct sk_sub_link *l)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (b->pending[i].link != l)
            b->pending[kept++] = b->pending[i];
    b->count = kept;
}

static void detach(struct sk_sub_link *l)
{
    if (l->prev_at_node != NULL)
        l->prev_at_node->next_at_node = l->next_at_node;
    else
        l->node->links = l->next_at_node;
    if (l->next_at_node != NULL)
        l->next_at_node->prev_at_node = l->prev_at_node;
    if (l->prev_of_row != NULL)
        l->prev_of_row->next_of_row = l->next_of_row;
    else
        l->row->links = l->next_of_row;
    if (l->next_of_row != NULL)
        l->next_of_row->prev_of_row = l->prev_of_row;
    if (l->bucket != NULL)
        forget_pending(l->bucket, l);
    free(l->passes);
    free(l);
}

void sk_rows_leaf_created(struct sk_hub *h, struct sk_node *n)
{
    if (h->row_count == 0)
        return;
    for (struct sk_feed *f = h->feeds; f != NULL; f = f->next)
        for (struct sk_row *r = f->rows; r != NULL; r = r->next)
            if (may_ever_match(&r->context, n->context) && sk_glob(sk_span_of(r->path), n->path->text))
                sk_row_attach(r, n);
}

void sk_rows_context_dying(struct sk_hub *h, struct sk_context *c)
{
    (void)h;
    for (uint32_t i = 0; i < c->table_cap; i++)
        while (c->table[i] != NULL && c->table[i]->links != NULL)
            detach(c->table[i]->links);
}

/* ---- gathering for a period --------------------------------------------------------------------------------------------- */

static void fixed_timer_fired(uv_timer_t *t);

static void rearm(struct sk_hub *h)
{
    uint64_t due = UINT64_MAX;
    for (struct sk_row *r = h->active_rows; r != NULL; r = r->next_active)
        if (r->due->due_ms < due)
            due = r->due->due_ms;
    if (due == h->fixed_due)
        return;
    h->fixed_due = due;
    uint64_t now = uv_now(h->fixed_timer.loop);
    if (due == UINT64_MAX)
        uv_timer_stop(&h->fixed_timer);
    else
        uv_timer_start(&h->fixed_timer, fixed_timer_fired, due > now ? due - now : 0, 0);
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
    if (r->prev_active != NULL)
        r->prev_active->next_active = r->next_active;
    else
        r->feed->hub->active_rows = r->next_active;
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

static void gather(struct sk_sub_link *l, struct sk_source *s)
{
    struct sk_bucket *b = l->bucket;
    uint32_t i = 0;
    while (i < b->count && (b->pending[i].link != l || b->pending[i].source != s))
        i++;
    if (i < b->count) { /* seen in this step already: it becomes the newest */
        memmove(&b->pending[i], &b->pending[i + 1], (b->count - i - 1) * sizeof *b->pending);
        b->count--;
    } else if (b->count == b->cap) {
        b->cap = b->cap == 0 ? 2 : b->cap * 2;
        b->pending = sk_xrealloc(b->pending, b->cap * sizeof *b->pending);
    }
    b->pending[b->count++] = (struct sk_pending){ l, s };
    if (!b->running) {
        run_bucket(l->row, b, uv_now(sk_loop_uv(l->row->feed->hub->loop)) + l->row->period_ms);
        rearm(l->row->feed->hub);
    }
}

/* ---- sending ------------------------------------------------------------------------------------------------------------ */

static void send_value(struct sk_feed *f, const struct sk_node *n, struct sk_value *v)
{
    sk_feed_announce_meta(f, n->context, n->path, sk_text_span(&v->timestamp));
    if (v->frame == NULL)
        v->frame = sk_render_value(&f->hub->scratch, n, v); /* shared by all who want this value */
    sk_feed_send(f, v->frame);
}

static void flush_bucket(struct sk_row *r, struct sk_bucket *b)
{
    for (uint32_t i = b->count; i-- > 0;) {
        const struct sk_node *n = b->pending[i].link->node;
        struct sk_value *v = sk_node_value_of(n, b->pending[i].source, r->all_sources || r->view != NULL);
        if (v != NULL)
            send_value(r->feed, n, v);
    }
}

/* A step with values is followed by another; an empty one ends the run. */
static void step_row(struct sk_row *r, uint64_t now)
{
    while (r->due != NULL && r->due->due_ms <= now) {
        struct sk_bucket *b = r->due;
        r->due = b->next_due;
        b->running = false;
        if (b->count == 0)
            continue;
        flush_bucket(r, b);
        b->count = 0;
        run_bucket(r, b, b->due_ms + r->period_ms > now ? b->due_ms + r->period_ms : now + r->period_ms);
    }
    if (r->due == NULL)
        deactivate(r);
}

static void fixed_timer_fired(uv_timer_t *t)
{
    struct sk_hub *h = t->data;
    uint64_t now = uv_now(t->loop);
    for (struct sk_row *r = h->active_rows, *next; r != NULL; r = next) {
        next = r->next_active;
        step_row(r, now);
    }
    h->fixed_due = 0;
    rearm(h);
}

static bool passes_throttle(struct sk_sub_link *l, struct sk_source *s)
{
    uint64_t now = uv_now(sk_loop_uv(l->row->feed->hub->loop));
    for (unsigned i = 0; i < l->pass_count; i++) {
        if (l->passes[i].source != s)
            continue;
        if (now - l->passes[i].at_ms < l->row->min_period_ms)
            return false;
        l->passes[i].at_ms = now;
        return true;
    }
    l->passes = sk_xrealloc(l->passes, (l->pass_count + 1u) * sizeof *l->passes); /* at most SK_SOURCES_PER_PATH_MAX */
    l->passes[l->pass_count++] = (struct sk_pass){ s, now };
    return true;
}

static void offer(struct sk_sub_link *l, struct sk_value *v, bool rejected)
{
    struct sk_row *r = l->row;
    if (r->view != NULL ? !sk_view_passes(r->view, r->feed->hub, l->node, v->source) : rejected && !r->all_sources)
        return;
    if (r->context.kind == SK_MATCH_NEAR && !sk_context_matches(&r->context, l->node->context))
        return;
    if (r->period_ms != 0)
        gather(l, v->source);
    else if (r->min_period_ms == 0 || passes_throttle(l, v->source))
        send_value(r->feed, l->node, v);
}

void sk_rows_value(struct sk_hub *h, struct sk_node *n, struct sk_value *v, struct sk_news news)
{
    for (struct sk_sub_link *l = n->links, *next; l != NULL; l = next) {
        next = l->next_at_node;
        offer(l, v, news.rejected);
    }
    if ((!news.new_leaf && !news.first_seen) || h->announcers == 0)
        return;
    for (struct sk_feed *f = h->feeds; f != NULL; f = f->next)
        if (f->announce && (f->announce_all_sources ? news.first_seen : news.new_leaf) &&
            sk_context_matches(&f->announce_for, n->context))
            send_value(f, n, v);
}

void sk_rows_loose(struct sk_hub *h, const struct sk_context *c, const struct sk_update *u, struct sk_path *p,
                   struct sk_span json, bool meta)
{
    struct sk_frame *frame = NULL;
    if (h->row_count == 0)
        return;
    for (struct sk_feed *f = h->feeds; f != NULL; f = f->next) {
        for (struct sk_row *r = f->rows; r != NULL; r = r->next) {
            if (!sk_glob(sk_span_of(r->path), p->text) || !sk_context_matches(&r->context, c))
                continue;
            if (r->view != NULL && sk_view_excludes(r->view, u->stream_source))
                continue;
            if (frame == NULL)
                frame = sk_render_one(&h->scratch, &(struct sk_render_one){ .context_json = c->json,
                                                                            .source_text = u->source_text,
                                                                            .ref_json = u->stream_source->json,
                                                                            .timestamp = u->timestamp,
                                                                            .path_json = p->json,
                                                                            .value_json = json,
                                                                            .meta = meta });
            sk_feed_send(f, frame);
        }
    }
    sk_frame_unref(frame);
}

/* ---- root values -------------------------------------------------------------------------------------------------------- */

static void send_one(struct sk_row *r, const struct sk_render_one *one)
{
    struct sk_frame *frame = sk_render_one(&r->feed->hub->scratch, one);
    sk_feed_send(r->feed, frame);
    sk_frame_unref(frame);
}

static void send_member(struct sk_row *r, const struct sk_render_one *base, struct sk_span name, const yyjson_val *v)
{
    struct sk_buf path, value;
    sk_buf_init(&path, 6 * SK_PATH_LEN_MAX);
    sk_buf_init(&value, SK_VALUE_LEN_MAX);
    sk_json_write_str(&path, name);
    sk_json_write(&value, v);
    struct sk_render_one one = *base;
    one.path_json = sk_buf_span(&path);
    one.value_json = sk_buf_span(&value);
    if (sk_buf_ok(&path) && sk_buf_ok(&value))
        send_one(r, &one);
    sk_buf_finish(&path);
    sk_buf_finish(&value);
}

/* Members that match; an object member that does not is looked into ("communication.callsignVhf"). */
static void send_members(struct sk_row *r, const struct sk_render_one *base, const char *prefix, const yyjson_val *object,
                         int depth)
{
    size_t i, n;
    yyjson_val *k, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, k, v) {
        char name[SK_PATH_LEN_MAX];
        size_t pn = strlen(prefix), kn = yyjson_get_len(k);
        if (pn + kn + 2 > sizeof name)
            continue;
        memcpy(name, prefix, pn);
        memcpy(name + pn, yyjson_get_str(k), kn);
        name[pn + kn] = '\0';
        if (sk_glob(sk_span_of(r->path), (struct sk_span){ name, pn + kn })) {
            send_member(r, base, (struct sk_span){ name, pn + kn }, v);
        } else if (yyjson_is_obj(v) && depth < 8) {
            name[pn + kn] = '.';
            name[pn + kn + 1] = '\0';
            send_members(r, base, name, v, depth + 1);
        }
    }
}

void sk_row_send_root(struct sk_row *r, const struct sk_render_one *base, const yyjson_val *object)
{
    if (sk_glob(sk_span_of(r->path), SK_SPAN("")))
        send_one(r, base);
    else
        send_members(r, base, "", object, 0);
}

void sk_rows_root(struct sk_hub *h, const struct sk_context *c, const struct sk_update *u, const yyjson_val *object)
{
    if (h->row_count == 0)
        return;
    struct sk_buf json;
    sk_buf_init(&json, SK_VALUE_LEN_MAX);
    sk_json_write(&json, object);
    struct sk_render_one base = { .context_json = c->json,
                                  .source_text = u->source_text,
                                  .ref_json = u->stream_source->json,
                                  .timestamp = u->timestamp,
                                  .path_json = SK_SPAN("\"\""),
                                  .value_json = sk_buf_span(&json) };
    for (struct sk_feed *f = h->feeds; sk_buf_ok(&json) && f != NULL; f = f->next)
        for (struct sk_row *r = f->rows; r != NULL; r = r->next)
            if (sk_context_matches(&r->context, c) && (r->view == NULL || !sk_view_excludes(r->view, u->stream_source)))
                sk_row_send_root(r, &base, object);
    sk_buf_finish(&json);
}

/* ---- ending ------------------------------------------------------------------------------------------------------------- */

static void row_destroy(struct sk_row *r)
{
    deactivate(r);
    while (r->links != NULL)
        detach(r->links);
    while (r->buckets != NULL) {
        struct sk_bucket *b = r->buckets;
        r->buckets = b->next;
        free(b->pending);
        free(b);
    }
    r->feed->hub->row_count--;
    r->feed->row_count--;
    for (size_t i = 0; i < SK_COUNT(r->remarks); i++)
        free(r->remarks[i]);
    sk_context_match_finish(&r->context);
    sk_view_unref(r->view);
    free(r->path);
    free(r);
}

void sk_row_remove(struct sk_feed *f, struct sk_row *r)
{
    for (struct sk_row **at = &f->rows; *at != NULL; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    row_destroy(r);
    rearm(f->hub);
}

void sk_rows_clear(struct sk_feed *f)
{
    while (f->rows != NULL)
        sk_row_remove(f, f->rows);
    if (f->announce) {
        f->announce = false;
        f->hub->announcers--;
        sk_context_match_finish(&f->announce_for);
    }
    f->announced_count = 0;
    if (f->announced != NULL)
        memset(f->announced, 0, f->announced_cap * sizeof *f->announced);
}
