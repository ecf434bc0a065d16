#include "hub/priority.h"

#include "hub/priority_rules.h"

#include <stdlib.h>

#define UNLISTED_TIMEOUT_MS 10000.0

/* Who spoke last for a path, and the group that claimed it. */
struct standing {
    const struct sk_identity *winner;
    struct sk_source *source;
    uint64_t at_ms;
    const struct sk_ranking *claimed;
};

struct sk_priority_engine {
    struct sk_priority_rules *rules;
    struct standing *by_path; /* by path id */
    uint32_t cap;
};

/* Where a source stands in a ranking. */
struct place {
    bool listed;
    uint32_t rank;
    double timeout_ms;
};

struct sk_priority_engine *sk_priority_engine_create(struct sk_priority_rules *r)
{
    struct sk_priority_engine *e = sk_xcalloc(1, sizeof *e);
    e->rules = r;
    return e;
}

void sk_priority_engine_destroy(struct sk_priority_engine *e)
{
    if (e == NULL)
        return;
    free(e->by_path);
    free(e);
}

static struct standing *standing_of(struct sk_priority_engine *e, const struct sk_path *p)
{
    if (p->id >= e->cap) { /* ids are dense and bounded by SK_PATHS_MAX */
        uint32_t cap = e->cap == 0 ? 256 : e->cap * 2;
        while (cap <= p->id)
            cap *= 2;
        e->by_path = sk_xrealloc(e->by_path, cap * sizeof *e->by_path);
        memset(e->by_path + e->cap, 0, (cap - e->cap) * sizeof *e->by_path);
        e->cap = cap;
    }
    return &e->by_path[p->id];
}

static bool exempt(const struct sk_path *p)
{
    return p->text.n == 0 || p->notification;
}

/* The path's own ranking, else that of the source's group (which claims the path), else that of the group that claimed it. */
static const struct sk_ranking *ranking_for(struct sk_priority_engine *e, const struct sk_path *p, const struct sk_identity *id,
                                            struct standing *st)
{
    if (exempt(p))
        return NULL;
    const struct sk_ranking *own = sk_priority_rules_override(e->rules, p->text);
    if (own != NULL)
        return own->pass_all ? NULL : own;
    if (id != NULL && id->group != NULL) {
        if (st->claimed == NULL)
            st->claimed = id->group;
        return id->group;
    }
    return st->claimed;
}

static struct place place_of(const struct sk_ranking *r, const struct sk_identity *id)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->rows[i].identity == id)
            return (struct place){ true, i, r->rows[i].timeout_ms };
    return (struct place){ false, UINT32_MAX, UNLISTED_TIMEOUT_MS };
}

static bool may_speak(const struct standing *st, const struct sk_ranking *r, const struct sk_identity *id, uint64_t now_ms)
{
    struct place in = place_of(r, id);
    if (in.timeout_ms < 0)
        return false;
    if (st->winner == NULL || st->winner == id)
        return true;
    struct place has = place_of(r, st->winner);
    if (has.rank >= in.rank) /* not ranked above; the unlisted are all alike */
        return true;
    double wait = in.timeout_ms;
    if (!in.listed && has.timeout_ms > wait)
        wait = has.timeout_ms;
    return (double)(now_ms - st->at_ms) > wait;
}

bool sk_priority_decide(struct sk_priority_engine *e, const struct sk_path *p, struct sk_source *s, uint64_t now_ms)
{
    struct standing *st = standing_of(e, p);
    const struct sk_identity *id = sk_priority_rules_identity(e->rules, s);
    const struct sk_ranking *r = ranking_for(e, p, id, st);
    if (r == NULL)
        return true;
    if (!may_speak(st, r, id, now_ms))
        return false;
    st->winner = id;
    st->source = s;
    st->at_ms = now_ms;
    return true;
}

bool sk_priority_speaks(struct sk_priority_engine *e, const struct sk_path *p, struct sk_source *s)
{
    struct standing *st = standing_of(e, p);
    const struct sk_identity *id = sk_priority_rules_identity(e->rules, s);
    return ranking_for(e, p, id, st) == NULL || st->winner == NULL || st->winner == id;
}

bool sk_priority_governs(struct sk_priority_engine *e, const struct sk_path *p)
{
    return ranking_for(e, p, NULL, standing_of(e, p)) != NULL;
}

struct sk_source *sk_priority_winner(const struct sk_priority_engine *e, const struct sk_path *p)
{
    return p->id < e->cap ? e->by_path[p->id].source : NULL;
}

double sk_priority_failover_ms(struct sk_priority_engine *e, const struct sk_path *p)
{
    const struct sk_ranking *r = ranking_for(e, p, NULL, standing_of(e, p));
    double longest = 0;
    for (uint32_t i = 0; r != NULL && i < r->count; i++)
        if (r->rows[i].timeout_ms > longest)
            longest = r->rows[i].timeout_ms;
    return longest;
}
