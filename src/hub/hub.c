#include "hub/hub.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hub/alarms.h"
#include "hub/hub_private.h"
#include "hub/senders.h"
#include "hub/staleness.h"
#include "hub/zones.h"
#include "model/meta.h"
#include "model/query.h"

#include <stdlib.h>

#define NS "signalk-server:hub"
#define ARENA_MAX ((size_t)32 * 1024 * 1024)
#define PRUNE_CHECK_MS 60000

/* ---- rules -------------------------------------------------------------------------------------------------------------- */

/* Vessel data that only the configuration may state. */
static bool static_self_path(struct sk_span path)
{
    static const char *const paths[] = { "design.aisShipType", "design.beam",         "design.length",
                                         "design.draft",       "sensors.gps.fromBow", "sensors.gps.fromCenter" };
    if (path.n < 11 || (path.p[0] != 'd' && path.p[0] != 's'))
        return false;
    for (size_t i = 0; i < SK_COUNT(paths); i++)
        if (sk_span_eq(path, paths[i]))
            return true;
    return false;
}

/* What the static self data filter leaves of a "" value: nothing, when all its members are identity. */
static bool root_value_survives(const yyjson_val *value)
{
    size_t i, n;
    yyjson_val *k, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)value, i, n, k, v) {
        struct sk_span name = sk_json_str(k);
        bool only_callsign =
            sk_span_eq(name, "communication") && sk_json_get(v, "callsignVhf") != NULL && yyjson_obj_size(v) == 1;
        if (!sk_span_eq(name, "name") && !sk_span_eq(name, "mmsi") && !only_callsign)
            return true;
    }
    return yyjson_obj_size((yyjson_val *)(uintptr_t)value) == 0;
}

/* Marks what may not pass; false when nothing of the update is left. */
static bool filter_update(struct sk_update *u, bool self, bool defaults)
{
    uint32_t left = u->meta_count;
    for (uint32_t i = 0; i < u->value_count; i++) {
        struct sk_path_value *pv = &u->values[i];
        bool root = pv->path->text.n == 0;
        pv->dropped = pv->value == NULL || (root && !yyjson_is_obj((yyjson_val *)(uintptr_t)pv->value));
        if (self && !defaults && !pv->dropped)
            pv->dropped = root ? !root_value_survives(pv->value) : static_self_path(pv->path->text);
        left += !pv->dropped;
    }
    return left > 0;
}

/* ---- sources and time --------------------------------------------------------------------------------------------------- */

static int resolve_source(struct sk_hub *h, const struct sk_origin *o, struct sk_update *u, struct sk_errmsg *em)
{
    struct sk_sources *sources = sk_model_sources(h->model);
    struct sk_span provider = sk_span_of(o->provider);
    if (u->source == NULL) {
        int r = sk_source_intern(sources, u->source_ref.n != 0 ? u->source_ref : provider, &u->stream_source, em);
        u->tree_source = u->stream_source;
        return r;
    }
    sk_source_info_read(u->source, provider, &u->info);
    sk_buf_clear(&h->scratch);
    sk_source_info_ref(&u->info, &h->scratch);
    int r = sk_source_intern(sources, sk_buf_span(&h->scratch), &u->tree_source, em);
    u->stream_source = u->tree_source;
    if (r == 0 && u->source_ref.n != 0)
        r = sk_source_intern(sources, u->source_ref, &u->stream_source, em);
    return r;
}

static void complete_time(struct sk_hub *h, struct sk_update *u)
{
    if (u->timestamp.p != NULL)
        return;
    if (h->iso[0] == '\0')
        sk_iso_time(h->iso, sk_simtime_wall_ms(h->time));
    u->timestamp = (struct sk_span){ h->iso, SK_ISO_TIME_SIZE - 1 };
}

static void complete_updates(struct sk_hub *h, const struct sk_origin *o, struct sk_delta *d, bool self, struct sk_errmsg *em)
{
    h->iso[0] = '\0'; /* one reception time for the whole delta, read only when needed */
    for (uint32_t i = 0; i < d->update_count; i++) {
        struct sk_update *u = &d->updates[i];
        u->husk = resolve_source(h, o, u, em) < 0;
        if (u->husk)
            continue;
        complete_time(h, u);
        u->husk = !filter_update(u, self, o->defaults);
    }
}

/* ---- into the model, out to the rows ------------------------------------------------------------------------------------ */

/* "state" beside a value: that it timed out. */
static struct sk_span state_of(struct sk_hub *h, const struct sk_path_value *pv)
{
    if (yyjson_obj_size((yyjson_val *)(uintptr_t)pv->entry) <= 2)
        return (struct sk_span){ 0 };
    yyjson_val *state = sk_json_get(pv->entry, "state");
    sk_buf_clear(&h->scratch);
    if (yyjson_is_obj(state))
        sk_json_write(&h->scratch, state);
    return sk_buf_ok(&h->scratch) && h->scratch.n <= SK_VALUE_LEN_MAX ? sk_buf_span(&h->scratch) : (struct sk_span){ 0 };
}

static struct sk_value_input input_of(struct sk_hub *h, const struct sk_update *u, const struct sk_path_value *pv)
{
    return (struct sk_value_input){ .source = u->tree_source,
                                    .ref = u->stream_source,
                                    .info = u->source != NULL ? &u->info : NULL,
                                    .source_text = u->source_text,
                                    .timestamp = u->timestamp,
                                    .json = { h->out.p + pv->at, pv->len },
                                    .state = state_of(h, pv),
                                    .serial = h->serial };
}

/* Whatever the filter left of a "" value is read again from the rendering. */
static void take_root(struct sk_hub *h, struct sk_context *c, struct sk_update *u, struct sk_path_value *pv, bool merge,
                      struct sk_errmsg *em)
{
    struct sk_value_input in = input_of(h, u, pv);
    yyjson_doc *doc = NULL;
    if (sk_json_read(in.json, &doc, em) < 0)
        return;
    int r = merge ? sk_tree_set_root(h->model, c, yyjson_doc_get_root(doc), &in, em) : 0;
    if (r == 0)
        sk_rows_root(h, c, u, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void take_value(struct sk_hub *h, const struct sk_origin *o, struct sk_context *c, struct sk_update *u,
                       struct sk_path_value *pv, struct sk_errmsg *em)
{
    struct sk_value_input in = input_of(h, u, pv);
    if (in.json.n > SK_VALUE_LEN_MAX) {
        sk_errmsg_set(em, SK_ERR_LIMIT, "value of '%s' over %u bytes", pv->path->text.p, SK_VALUE_LEN_MAX);
        return;
    }
    if (o->version == 2 || pv->path->untreed) {
        if (!pv->rejected)
            sk_rows_loose(h, c, u, pv->path, in.json, false);
        return;
    }
    struct sk_node *n;
    struct sk_value *v;
    struct sk_news news = { .rejected = pv->rejected };
    int r = news.rejected ? sk_tree_set_rejected(h->model, c, pv->path, &in, &n, &v, &news.first_seen, em)
                          : sk_tree_set(h->model, c, pv->path, &in, &n, &v, &news.new_leaf, em);
    if (r < 0)
        return;
    news.first_seen |= news.new_leaf && n->rejected == NULL;
    h->stats.values++;
    if (news.first_seen)
        sk_patterns_leaf_created(h, n);
    if (n->links != NULL || news.first_seen || news.new_leaf)
        sk_rows_value(h, n, v, news);
    if (h->staleness != NULL && !o->timed_out)
        sk_staleness_heard(h->staleness, n, v->source);
    if (pv->path->zones != NULL && c->self && !news.rejected)
        sk_zones_value(h, pv->path, in.json);
}

static void take_meta(struct sk_hub *h, struct sk_context *c, struct sk_update *u, struct sk_path_value *pv, struct sk_errmsg *em)
{
    if (pv->path->text.n == 0 || sk_meta_overlay(pv->path, pv->value, em) < 0)
        return;
    sk_rows_loose(h, c, u, pv->path, (struct sk_span){ h->out.p + pv->at, pv->len }, true);
    if (c->self)
        sk_zones_meta(h, pv->path, pv->value);
}

/* A context that can hold no values ("vessels"): metadata is not about contexts, so it counts all the same. */
static void take_metas_only(struct sk_delta *d)
{
    for (uint32_t i = 0; i < d->update_count; i++)
        for (uint32_t k = 0; k < d->updates[i].meta_count; k++)
            (void)sk_meta_overlay(d->updates[i].metas[k].path, d->updates[i].metas[k].value, NULL);
}

static void take_update(struct sk_hub *h, const struct sk_origin *o, struct sk_context *c, struct sk_update *u,
                        struct sk_errmsg *em)
{
    bool merge = o->version != 2;
    for (uint32_t i = 0; i < u->meta_count; i++)
        take_meta(h, c, u, &u->metas[i], em);
    for (uint32_t i = 0; i < u->value_count; i++) {
        struct sk_path_value *pv = &u->values[i];
        if (pv->dropped)
            continue;
        if (o->published != NULL)
            o->published(o->published_arg, pv->path, u->stream_source);
        if (pv->path->text.n == 0)
            take_root(h, c, u, pv, merge, em);
        else
            take_value(h, o, c, u, pv, em);
    }
}

/* ---- the door ----------------------------------------------------------------------------------------------------------- */

/* Taps hear the preferred. */
static void deliver(struct sk_hub *h, const struct sk_context *c, const struct sk_delta *d, struct sk_frame *frame,
                    enum sk_readers readers)
{
    sk_feeds_deliver(h, c, d, frame, readers);
    for (struct sk_hub_tap *t = h->taps, *next; t != NULL && readers != SK_TO_ALL_SOURCES; t = next) {
        next = t->next;
        if (c->self || !t->self_only)
            t->deliver(t, frame, c->self);
    }
}

/* Subscriptions with paths are served from the tree, and those that are behind later. */
static bool wants_whole_deltas(const struct sk_hub *h)
{
    return h->taps != NULL || h->live != NULL;
}

static void fan_out(struct sk_hub *h, const struct sk_context *c, const struct sk_delta *d, enum sk_readers readers)
{
    if (!wants_whole_deltas(h))
        return;
    struct sk_frame *frame = sk_frame_create(h->out.p, h->out.n);
    if (frame != NULL)
        deliver(h, c, d, frame, readers);
    sk_frame_unref(frame);
}

/* Source priority kept something out: the others get a rendering of their own. */
static void fan_out_preferred(struct sk_hub *h, const struct sk_context *c, struct sk_delta *d, bool self_filter)
{
    if (!wants_whole_deltas(h))
        return;
    struct sk_frame *frame = sk_hub_render_preferred(h, d, c->json, self_filter);
    if (frame != NULL)
        deliver(h, c, d, frame, SK_TO_PREFERRED);
    sk_frame_unref(frame);
    sk_hub_unmask(d);
}

/* After rendering, which tells whether a source's object is the one it came with last time. */
static void note_sources(struct sk_hub *h, struct sk_delta *d)
{
    for (uint32_t i = 0; i < d->update_count; i++) {
        struct sk_update *u = &d->updates[i];
        if (u->tree_source != NULL)
            sk_sources_note(sk_model_sources(h->model), u->tree_source, u->source != NULL ? &u->info : NULL, u->source_text,
                            u->timestamp);
    }
}

static void context_dying(void *arg, struct sk_context *c)
{
    struct sk_hub *h = arg;
    sk_patterns_context_dying(c);
    if (h->alarms != NULL)
        sk_alarms_context_dying(h->alarms, c);
    if (h->staleness != NULL)
        sk_staleness_context_dying(h->staleness, c);
}

/* The one longest silent goes when a new vessel comes and there are too many. */
static int context_for(struct sk_hub *h, struct sk_span text, struct sk_context **ret_context, struct sk_errmsg *em)
{
    if (sk_tree_full(h->model) && sk_context_find(h->model, text) == NULL)
        h->stats.evicted += sk_tree_evict(h->model, context_dying, h);
    return sk_context_intern(h->model, text, ret_context, em);
}

static int pass_on(struct sk_hub *h, const struct sk_origin *o, struct sk_delta *d, struct sk_errmsg *em)
{
    bool own = d->context.p == NULL || sk_span_eq(d->context, "vessels.self");
    struct sk_context *c;
    int r = own ? 0 : context_for(h, d->context, &c, em);
    if (r == SK_ERR_INVALID)
        take_metas_only(d);
    if (r < 0)
        return r;
    if (own)
        c = sk_model_self(h->model);
    c->changed = ++h->serial;
    if (!o->timed_out)
        c->heard_ms = uv_now(sk_loop_uv(h->loop));
    complete_updates(h, o, d, c->self, em);
    if (h->alarms != NULL && !o->managed)
        (void)sk_alarms_intercept(h->alarms, c, d);
    bool self_filter = c->self && !o->defaults;
    bool divided = (h->priority != NULL || o->timed_out) && sk_hub_judge(h, o, c, d);
    if (divided)
        fan_out_preferred(h, c, d, self_filter);
    uint32_t left = sk_render_delta(&h->out, d, c->json, self_filter);
    note_sources(h, d);
    if (left == 0)
        return 0; /* filtered to nothing: no news is not sent */
    if (!sk_buf_ok(&h->out))
        return sk_errmsg_set(em, SK_ERR_LIMIT, "delta over %zu bytes or nested too deep", SK_DELTA_MAX);
    fan_out(h, c, d, divided ? SK_TO_ALL_SOURCES : SK_TO_EVERYBODY);
    for (uint32_t i = 0; i < d->update_count; i++)
        if (!d->updates[i].husk)
            take_update(h, o, c, &d->updates[i], em);
    return 0;
}

static void drop_source_texts(struct sk_delta *d)
{
    for (uint32_t i = 0; i < d->update_count; i++)
        sk_source_text_unref(d->updates[i].source_text);
}

/* Behind the reading: `r` is its result. */
static int ingest(struct sk_hub *h, const struct sk_origin *o, struct sk_delta *d, int r, struct sk_errmsg *em)
{
    if (r == 0)
        r = pass_on(h, o, d, em);
    drop_source_texts(d);
    sk_arena_reset(&h->arena);
    h->busy--;
    h->stats.deltas++;
    sk_senders_count(h->senders, o->provider);
    h->stats.rejected += r < 0;
    h->stats.partly += r == 0 && em->text[0] != '\0';
    if (em->text[0] != '\0')
        sk_log_debug(NS, "%s: %s: %s", o->provider, r < 0 ? "delta refused" : "part of a delta refused", em->text);
    sk_hub_emit_later(h);
    return r;
}

int sk_hub_ingest(struct sk_hub *h, const struct sk_origin *o, struct sk_span json, struct sk_errmsg *em)
{
    SK_ASSERT(sk_loop_is_current(h->loop) && h->busy == 0);
    h->busy++;
    struct sk_errmsg own;
    em = em != NULL ? em : &own;
    em->text[0] = '\0';
    struct sk_delta d = { 0 };
    int r = json.n > SK_DELTA_MAX ? sk_errmsg_set(em, SK_ERR_LIMIT, "delta of %zu bytes, at most %zu", json.n, SK_DELTA_MAX) : 0;
    if (r == 0)
        r = sk_delta_read(&h->arena, sk_model_paths(h->model), json, &d, em);
    return ingest(h, o, &d, r, em);
}

int sk_hub_ingest_json(struct sk_hub *h, const struct sk_origin *o, const yyjson_val *delta, struct sk_errmsg *em)
{
    SK_ASSERT(sk_loop_is_current(h->loop) && h->busy == 0);
    h->busy++;
    struct sk_errmsg own;
    em = em != NULL ? em : &own;
    em->text[0] = '\0';
    struct sk_delta d = { 0 };
    int r = sk_delta_from_json(&h->arena, sk_model_paths(h->model), delta, &d, em);
    return ingest(h, o, &d, r, em);
}

/* ---- forgetting --------------------------------------------------------------------------------------------------------- */

static void value_leaving(void *arg, struct sk_node *n, bool last)
{
    for (const struct sk_sub_link *l = n->links; l != NULL; l = l->next_at_node)
        for (struct sk_row *r = l->pattern->rows; r != NULL; r = r->next_of_pattern)
            sk_pace_forget_source(r, n, arg);
    if (last)
        sk_patterns_node_dying(n);
}

bool sk_hub_forget_source(struct sk_hub *h, struct sk_span ref)
{
    SK_ASSERT(sk_loop_is_current(h->loop) && h->busy == 0);
    struct sk_sources *sources = sk_model_sources(h->model);
    struct sk_source *s = sk_map_get(&sources->map, ref);
    uint32_t values = s != NULL ? sk_tree_forget_source(h->model, s, &h->serial, value_leaving, s) : 0;
    return sk_sources_forget(sources, ref) || values > 0;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void prune(uv_timer_t *t)
{
    struct sk_hub *h = t->data;
    uint64_t now = uv_now(t->loop);
    sk_tree_forget_renderings(h->model);
    if (now > h->prune_after_ms)
        sk_tree_prune(h->model, now - h->prune_after_ms, context_dying, h);
}

struct sk_hub *sk_hub_create(struct sk_loop *loop, struct sk_model *model)
{
    struct sk_hub *h = sk_xcalloc(1, sizeof *h);
    h->loop = loop;
    h->model = model;
    h->status = sk_status_create();
    h->senders = sk_senders_create();
    h->prune_after_ms = 60 * 60 * 1000;
    h->fixed_due = UINT64_MAX;
    sk_arena_init(&h->arena, ARENA_MAX);
    sk_buf_init(&h->out, 2 * SK_DELTA_MAX);
    sk_buf_init(&h->scratch, 2 * SK_DELTA_MAX);
    sk_buf_init(&h->preferred, 2 * SK_DELTA_MAX);
    uv_timer_init(sk_loop_uv(loop), &h->fixed_timer);
    uv_timer_init(sk_loop_uv(loop), &h->prune_timer);
    uv_timer_init(sk_loop_uv(loop), &h->replay_timer);
    h->fixed_timer.data = h->prune_timer.data = h->replay_timer.data = h;
    uv_timer_start(&h->prune_timer, prune, PRUNE_CHECK_MS, PRUNE_CHECK_MS);
    return h;
}

static void timer_closed(uv_handle_t *t)
{
    struct sk_hub *h = t->data;
    if (--h->open_timers == 0)
        free(h);
}

void sk_hub_destroy(struct sk_hub *h)
{
    if (h == NULL)
        return;
    SK_ASSERT(h->feeds == NULL && h->taps == NULL && h->alarms == NULL && h->staleness == NULL && h->later == NULL);
    sk_zones_finish(h);
    sk_status_destroy(h->status);
    sk_senders_destroy(h->senders);
    sk_arena_finish(&h->arena);
    sk_buf_finish(&h->out);
    sk_buf_finish(&h->scratch);
    sk_buf_finish(&h->preferred);
    sk_map_finish(&h->patterns.by_path);
    sk_loose_forget(h);
    sk_priority_engine_destroy(h->priority);
    sk_priority_rules_destroy(h->rules);
    h->open_timers = 3;
    uv_close((uv_handle_t *)&h->replay_timer, timer_closed);
    uv_close((uv_handle_t *)&h->fixed_timer, timer_closed);
    uv_close((uv_handle_t *)&h->prune_timer, timer_closed);
}

void sk_hub_set_prune_minutes(struct sk_hub *h, double minutes)
{
    h->prune_after_ms = minutes > 0 ? (uint64_t)(minutes * 60000) : 0;
    uint64_t every = h->prune_after_ms < PRUNE_CHECK_MS ? h->prune_after_ms + 1 : PRUNE_CHECK_MS;
    uv_timer_start(&h->prune_timer, prune, every, every);
}

struct sk_model *sk_hub_model(struct sk_hub *h)
{
    return h->model;
}

struct sk_alarms *sk_hub_alarms(struct sk_hub *h)
{
    return h->alarms;
}

struct sk_senders *sk_hub_senders(struct sk_hub *h)
{
    return h->senders;
}

struct sk_status *sk_hub_status(struct sk_hub *h)
{
    return h->status;
}

void sk_hub_set_time(struct sk_hub *h, const struct sk_simtime *time)
{
    h->time = time;
}

struct sk_loop *sk_hub_loop(struct sk_hub *h)
{
    return h->loop;
}

void sk_hub_add_tap(struct sk_hub *h, struct sk_hub_tap *tap)
{
    tap->next = h->taps;
    h->taps = tap;
}

void sk_hub_remove_tap(struct sk_hub *h, struct sk_hub_tap *tap)
{
    for (struct sk_hub_tap **at = &h->taps; *at != NULL; at = &(*at)->next)
        if (*at == tap) {
            *at = tap->next;
            break;
        }
    tap->next = NULL;
}

void sk_hub_stats(const struct sk_hub *h, struct sk_hub_stats *ret_stats)
{
    *ret_stats = h->stats;
}
