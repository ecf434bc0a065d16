/* Source priority on the way of a delta: what is kept out of the tree, and who hears of it all the same. */
#include "hub/hub_private.h"

#include <stdlib.h>

#define EXCLUDED_MAX 100u

static uint64_t now_ms(const struct sk_hub *h)
{
    return uv_now(sk_loop_uv(h->loop));
}

/* A source that fell silent blanks a path only while it is the one that speaks for it. */
static bool silence_counts(struct sk_hub *h, const struct sk_context *c, const struct sk_path *p, struct sk_source *s)
{
    if (h->priority != NULL && c->self && sk_priority_governs(h->priority, p))
        return sk_priority_speaks(h->priority, p, s);
    const struct sk_node *n = sk_node_find(c, p);
    return n == NULL || n->leaf == NULL || n->leaf->values[n->leaf->current].source == s;
}

bool sk_hub_judge(struct sk_hub *h, const struct sk_origin *o, const struct sk_context *c, struct sk_delta *d)
{
    bool any = false;
    for (uint32_t i = 0; i < d->update_count; i++) {
        const struct sk_update *u = &d->updates[i];
        for (uint32_t k = 0; !u->husk && k < u->value_count; k++) {
            struct sk_path_value *pv = &u->values[k];
            if (pv->dropped)
                continue;
            if (o->timed_out)
                pv->rejected = !silence_counts(h, c, pv->path, u->tree_source);
            else if (c->self)
                pv->rejected = !sk_priority_decide(h->priority, pv->path, u->tree_source, now_ms(h));
            any |= pv->rejected;
        }
    }
    return any;
}

/* Leaves out what was rejected, or takes it back in. */
static void mask(struct sk_delta *d, bool on)
{
    for (uint32_t i = 0; i < d->update_count; i++) {
        struct sk_update *u = &d->updates[i];
        if (on && u->husk)
            continue;
        uint32_t left = u->meta_count, masked = 0;
        for (uint32_t k = 0; k < u->value_count; k++) {
            if (u->values[k].rejected)
                u->values[k].dropped = on;
            masked += u->values[k].rejected;
            left += !u->values[k].dropped;
        }
        if (masked != 0)
            u->husk = left == 0;
    }
}

struct sk_frame *sk_hub_render_preferred(struct sk_hub *h, struct sk_delta *d, struct sk_span context_json, bool self_filter)
{
    mask(d, true);
    uint32_t left = sk_render_delta(&h->preferred, d, context_json, self_filter);
    return left != 0 && sk_buf_ok(&h->preferred) ? sk_frame_create(h->preferred.p, h->preferred.n) : NULL;
}

void sk_hub_unmask(struct sk_delta *d)
{
    mask(d, false);
}

/* ---- excludeSources ----------------------------------------------------------------------------------------------------- */

/* Shared by the rows of one subscribe message. */
struct sk_view {
    uint32_t refs, excluded_count;
    char **excluded;
    struct sk_priority_engine *engine; /* its own: as if the excluded sources were not there */
};

struct sk_view *sk_view_create(const yyjson_val *exclude_sources)
{
    size_t i, n;
    yyjson_val *ref, *list = (yyjson_val *)(uintptr_t)exclude_sources;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) == 0)
        return NULL;
    struct sk_view *v = sk_xcalloc(1, sizeof *v);
    v->refs = 1;
    v->excluded = sk_xcalloc(EXCLUDED_MAX, sizeof *v->excluded);
    yyjson_arr_foreach(list, i, n, ref)
        if (yyjson_is_str(ref) && v->excluded_count < EXCLUDED_MAX)
            v->excluded[v->excluded_count++] = sk_xstrndup(yyjson_get_str(ref), yyjson_get_len(ref));
    return v;
}

struct sk_view *sk_view_ref(struct sk_view *v)
{
    if (v != NULL)
        v->refs++;
    return v;
}

void sk_view_unref(struct sk_view *v)
{
    if (v == NULL || --v->refs > 0)
        return;
    for (uint32_t i = 0; i < v->excluded_count; i++)
        free(v->excluded[i]);
    sk_priority_engine_destroy(v->engine);
    free(v->excluded);
    free(v);
}

bool sk_view_excludes(const struct sk_view *v, const struct sk_source *s)
{
    for (uint32_t i = 0; i < v->excluded_count; i++)
        if (sk_span_eq(s->ref, v->excluded[i]))
            return true;
    return false;
}

bool sk_view_passes(struct sk_view *v, struct sk_hub *h, const struct sk_node *n, struct sk_source *s)
{
    if (sk_view_excludes(v, s))
        return false;
    if (h->rules == NULL || !n->context->self)
        return true;
    if (v->engine == NULL)
        v->engine = sk_priority_engine_create(h->rules);
    return sk_priority_decide(v->engine, n->path, s, now_ms(h));
}

void sk_hub_set_priorities(struct sk_hub *h, const yyjson_val *groups, const yyjson_val *overrides, const yyjson_val *defaults)
{
    for (struct sk_feed *f = h->feeds; f != NULL; f = f->next)
        for (struct sk_row *r = f->rows; r != NULL; r = r->next)
            if (r->view != NULL) {
                sk_priority_engine_destroy(r->view->engine);
                r->view->engine = NULL;
            }
    sk_priority_engine_destroy(h->priority);
    sk_priority_rules_destroy(h->rules);
    h->rules = sk_priority_rules_create(sk_model_sources(h->model), groups, overrides, defaults);
    h->priority = h->rules != NULL ? sk_priority_engine_create(h->rules) : NULL;
}

struct sk_priority_engine *sk_hub_priority(struct sk_hub *h)
{
    return h->priority;
}
