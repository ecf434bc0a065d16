#include "hub/staleness.h"

#include "base/clock.h"
#include "base/map.h"
#include "hub/hub_private.h"
#include "model/meta.h"
#include "model/query.h"

#include <stdio.h>
#include <stdlib.h>

#define AUTO_FACTOR 5.0
#define AUTO_MIN_S 2.0
#define AUTO_MAX_S 300.0
#define CONTEXTS_PER_CHECK 500u /* besides the own vessel; the others have their turn at the next check */
#define NULLS_PER_CHECK 1000u

const struct sk_staleness_options sk_staleness_defaults = {
    .check_ms = 1000, .use_default = true, .default_s = 60, .auto_samples = 10, .auto_warmup_s = 30
};

/* What a path's metadata says of it. */
struct rule {
    enum { BY_DEFAULT, NEVER, FIXED, AUTO } kind;
    uint32_t meta_serial; /* of the metadata that this was read from, plus 1; 0: not read yet */
    double timeout_s;
};

/* In what rhythm a source speaks at a node. */
struct rhythm {
    char *key;
    const struct sk_context *context;
    uint64_t first_ms, last_ms;
    unsigned count, next; /* of samples: a ring */
    float samples[SK_RHYTHM_SAMPLES_MAX];
};

/* A value whose time is over. */
struct found {
    const struct sk_node *node;
    struct sk_source *source;
};

struct sk_staleness {
    struct sk_hub *hub;
    struct sk_staleness_options o;
    uv_timer_t timer;
    struct rule *rules; /* by path id */
    uint32_t rule_cap;
    struct sk_map rhythms;
    uint32_t last_serial; /* of the other context looked at last */
    struct found *found;
    uint32_t found_count;
};

/* ---- rules -------------------------------------------------------------------------------------------------------------- */

/* What does not grow old: what is said once, and what people decide. */
static bool lasts(struct sk_span path)
{
    static const char *const heads[] = {
        "notifications", "design", "navigation.anchor", "navigation.home", "navigation.course", "uuid", "mmsi", "url", "name",
        "flag",          "port",   "registrations",     "communication"
    };
    for (size_t i = 0; i < SK_COUNT(heads); i++) {
        size_t n = strlen(heads[i]);
        if (path.n >= n && memcmp(path.p, heads[i], n) == 0 && (path.n == n || path.p[n] == '.'))
            return true;
    }
    return false;
}

static void read_rule(struct sk_path *p, struct rule *r)
{
    const struct sk_meta *m = sk_meta_of(p);
    yyjson_doc *doc = NULL;
    *r = (struct rule){ .kind = lasts(p->text) ? NEVER : BY_DEFAULT, .meta_serial = p->meta_serial + 1 };
    if (r->kind == NEVER || m == NULL || sk_json_read((struct sk_span){ m->json, m->len }, &doc, NULL) < 0)
        return;
    yyjson_val *meta = yyjson_doc_get_root(doc), *timeout = sk_json_get(meta, "timeout");
    const char *contract = sk_json_get_str(meta, "updateContract");
    if (contract != NULL && strcmp(contract, "event") == 0)
        r->kind = NEVER;
    else if (yyjson_equals_str(timeout, "auto"))
        r->kind = AUTO;
    else if (sk_json_number(timeout, &r->timeout_s))
        r->kind = r->timeout_s > 0 ? FIXED : NEVER;
    yyjson_doc_free(doc);
}

static const struct rule *rule_of(struct sk_staleness *s, struct sk_path *p)
{
    if (p->id >= s->rule_cap) { /* ids are dense and bounded by SK_PATHS_MAX */
        uint32_t cap = s->rule_cap == 0 ? 256 : s->rule_cap * 2;
        while (cap <= p->id)
            cap *= 2;
        s->rules = sk_xrealloc(s->rules, cap * sizeof *s->rules);
        memset(s->rules + s->rule_cap, 0, (cap - s->rule_cap) * sizeof *s->rules);
        s->rule_cap = cap;
    }
    struct rule *r = &s->rules[p->id];
    if (r->meta_serial != p->meta_serial + 1)
        read_rule(p, r);
    return r;
}

/* ---- rhythms ------------------------------------------------------------------------------------------------------------ */

static struct rhythm *find_rhythm(const struct sk_staleness *s, const struct sk_node *n, const struct sk_source *source,
                                  char key[SK_PATH_LEN_MAX + SK_SOURCE_LEN_MAX + 32])
{
    int len =
        snprintf(key, SK_PATH_LEN_MAX + SK_SOURCE_LEN_MAX + 32, "%u\n%u\n%s", n->context->serial, n->path->id, source->ref.p);
    return sk_map_get(&s->rhythms, (struct sk_span){ key, (size_t)len });
}

static void rhythm_destroy(struct rhythm *r)
{
    free(r->key);
    free(r);
}

void sk_staleness_heard(struct sk_staleness *s, const struct sk_node *n, const struct sk_source *source)
{
    char key[SK_PATH_LEN_MAX + SK_SOURCE_LEN_MAX + 32];
    if (rule_of(s, n->path)->kind != AUTO)
        return;
    uint64_t now = uv_now(sk_loop_uv(s->hub->loop));
    struct rhythm *r = find_rhythm(s, n, source, key);
    if (r == NULL) {
        if (s->rhythms.count >= SK_RHYTHMS_MAX)
            return;
        r = sk_xcalloc(1, sizeof *r);
        r->key = sk_xstrdup(key);
        r->context = n->context;
        r->first_ms = now;
        sk_map_put(&s->rhythms, sk_span_of(r->key), r);
    } else {
        r->samples[r->next] = (float)(now - r->last_ms);
        r->next = (r->next + 1) % s->o.auto_samples;
        r->count += r->count < s->o.auto_samples;
    }
    r->last_ms = now;
}

static int by_size(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* 0: not known yet. */
static double auto_timeout_s(const struct sk_staleness *s, const struct sk_node *n, const struct sk_source *source, uint64_t now)
{
    char key[SK_PATH_LEN_MAX + SK_SOURCE_LEN_MAX + 32];
    const struct rhythm *r = find_rhythm(s, n, source, key);
    if (r == NULL || r->count == 0 || (double)(now - r->first_ms) < s->o.auto_warmup_s * 1000)
        return 0;
    float sorted[SK_RHYTHM_SAMPLES_MAX];
    memcpy(sorted, r->samples, r->count * sizeof sorted[0]);
    qsort(sorted, r->count, sizeof sorted[0], by_size);
    unsigned middle = r->count / 2;
    double median = r->count % 2 != 0 ? sorted[middle] : ((double)sorted[middle - 1] + sorted[middle]) / 2;
    double timeout = AUTO_FACTOR * median / 1000;
    return timeout < AUTO_MIN_S ? AUTO_MIN_S : timeout > AUTO_MAX_S ? AUTO_MAX_S : timeout;
}

void sk_staleness_context_dying(struct sk_staleness *s, const struct sk_context *c)
{
    size_t pos = 0;
    struct rhythm *r;
    while ((r = sk_map_next(&s->rhythms, &pos)) != NULL) {
        if (r->context != c)
            continue;
        sk_map_remove(&s->rhythms, sk_span_of(r->key));
        rhythm_destroy(r);
        pos = 0; /* the table has changed */
    }
}

/* ---- looking ------------------------------------------------------------------------------------------------------------ */

/* Milliseconds; 0: never. */
static double timeout_ms(struct sk_staleness *s, const struct sk_node *n, const struct sk_source *source, uint64_t now)
{
    const struct rule *r = rule_of(s, n->path);
    double seconds = r->kind == FIXED ? r->timeout_s : r->kind == AUTO ? auto_timeout_s(s, n, source, now) : 0;
    if (seconds == 0 && r->kind != NEVER && r->kind != FIXED && s->o.use_default)
        seconds = s->o.default_s;
    double ms = seconds * 1000;
    struct sk_priority_engine *e = n->context->self ? s->hub->priority : NULL;
    double failover = ms > 0 && e != NULL ? sk_priority_failover_ms(e, n->path) : 0;
    return failover > ms ? failover : ms;
}

static bool is_over(struct sk_staleness *s, const struct sk_node *n, const struct sk_value *v, uint64_t now, int64_t wall_ms)
{
    int64_t said;
    struct sk_span time = sk_text_span(&v->timestamp);
    if (sk_span_eq(sk_text_span(&v->json), "null"))
        return false;
    double timeout = timeout_ms(s, n, v->source, now);
    return timeout > 0 && sk_iso_parse(time.p, time.n, &said) && (double)(wall_ms - said) > timeout;
}

static void look_at_leaf(struct sk_staleness *s, const struct sk_node *n, const struct sk_leaf *l, uint64_t now, int64_t wall_ms)
{
    for (unsigned i = 0; l != NULL && i < l->count; i++) {
        struct sk_source *source = l->values[i].source;
        if (s->found_count >= NULLS_PER_CHECK)
            return;
        if (l == n->leaf && sk_node_value_of(n, source, true) != &l->values[i])
            continue; /* its last word was kept out */
        if (is_over(s, n, &l->values[i], now, wall_ms))
            s->found[s->found_count++] = (struct found){ n, source };
    }
}

static void look(struct sk_staleness *s, const struct sk_node *n, uint64_t now, int64_t wall_ms)
{
    for (; n != NULL; n = n->next) {
        look_at_leaf(s, n, n->leaf, now, wall_ms);
        look_at_leaf(s, n, n->rejected, now, wall_ms);
        look(s, n->first, now, wall_ms);
    }
}

/* The other contexts in turn, a part of them at each check. Serials rise in the order of the list. */
static void look_at_others(struct sk_staleness *s, uint64_t now, int64_t wall_ms)
{
    unsigned looked = 0;
    const struct sk_context *c = sk_context_first(s->hub->model);
    for (; c != NULL && looked < CONTEXTS_PER_CHECK; c = c->next) {
        if (c->self || c->serial < s->last_serial)
            continue;
        look(s, c->first, now, wall_ms);
        looked++;
        s->last_serial = c->serial + 1;
    }
    if (c == NULL)
        s->last_serial = 0;
}

/* ---- telling ------------------------------------------------------------------------------------------------------------ */

static void tell(struct sk_staleness *s, const struct found *f, const char *now)
{
    const struct sk_value *v = sk_node_value_of(f->node, f->source, true);
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    SK_BUF_LIT(&b, "{\"context\":");
    sk_buf_span_append(&b, f->node->context->json);
    SK_BUF_LIT(&b, ",\"updates\":[{\"$source\":");
    sk_buf_span_append(&b, f->source->json);
    sk_buf_printf(&b, ",\"timestamp\":\"%s\",\"values\":[{\"path\":", now);
    sk_buf_span_append(&b, f->node->path->json);
    SK_BUF_LIT(&b, ",\"value\":null,\"state\":{\"timedOut\":true,\"lastValue\":{\"timestamp\":");
    sk_json_write_str(&b, sk_text_span(&v->timestamp));
    SK_BUF_LIT(&b, ",\"value\":");
    sk_buf_span_append(&b, sk_text_span(&v->json));
    SK_BUF_LIT(&b, "}}}]}]}");
    sk_hub_emit(s->hub, &(struct sk_origin){ .provider = "staleness", .timed_out = true }, &b);
    sk_buf_finish(&b);
}

static void check(uv_timer_t *t)
{
    struct sk_staleness *s = t->data;
    uint64_t now = uv_now(t->loop);
    int64_t wall_ms = sk_clock_wall_ms();
    char iso[SK_ISO_TIME_SIZE];
    s->found_count = 0;
    look(s, sk_model_self(s->hub->model)->first, now, wall_ms);
    if (s->o.other_contexts)
        look_at_others(s, now, wall_ms);
    sk_iso_time(iso, wall_ms);
    for (uint32_t i = 0; i < s->found_count; i++)
        tell(s, &s->found[i], iso);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_staleness *sk_staleness_create(struct sk_hub *h, const struct sk_staleness_options *o)
{
    SK_ASSERT(h->staleness == NULL);
    struct sk_staleness *s = sk_xcalloc(1, sizeof *s);
    s->hub = h;
    s->o = *o;
    if (s->o.auto_samples < 1 || s->o.auto_samples > SK_RHYTHM_SAMPLES_MAX)
        s->o.auto_samples = sk_staleness_defaults.auto_samples;
    s->found = sk_xcalloc(NULLS_PER_CHECK, sizeof *s->found);
    uv_timer_init(sk_loop_uv(h->loop), &s->timer);
    s->timer.data = s;
    uv_timer_start(&s->timer, check, o->check_ms, o->check_ms);
    h->staleness = s;
    return s;
}

static void timer_closed(uv_handle_t *t)
{
    free(t->data);
}

void sk_staleness_destroy(struct sk_staleness *s)
{
    if (s == NULL)
        return;
    size_t pos = 0;
    struct rhythm *r;
    while ((r = sk_map_next(&s->rhythms, &pos)) != NULL)
        rhythm_destroy(r);
    sk_map_finish(&s->rhythms);
    free(s->rules);
    free(s->found);
    s->hub->staleness = NULL;
    uv_close((uv_handle_t *)&s->timer, timer_closed);
}
