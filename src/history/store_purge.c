/* What is too old, or has no room, goes: oldest first, a little at a time. */
#include "history/store_private.h"

#include "base/clock.h"

#define PAGE 4096
#define SLICE_NS 200000000u /* of one commit */
#define ROOM_PERCENT 5      /* made beyond what is needed, so that it is not needed again at once */

static int used_bytes(struct sk_hstore *s, struct sk_errmsg *em)
{
    int64_t pages = 0;
    int r = sk_hstore_number(s, s->pages, &pages, em);
    if (r == 0)
        s->figures->bytes = (uint64_t)pages * PAGE;
    return r;
}

int64_t sk_hstore_newest(struct sk_hstore *s)
{
    int64_t newest = 0;
    return sk_hstore_number(s, s->newest, &newest, NULL) == 0 ? newest : 0;
}

/* The end of the oldest stretch in which so large a share of all rows lies. */
static int by_volume(struct sk_hstore *s, double share, int64_t *ret, struct sk_errmsg *em)
{
    s->q->bind_double(s->by_volume, 1, share);
    return sk_hstore_number(s, s->by_volume, ret, em);
}

/* The time before which everything is to go; INT64_MIN: nothing is. */
static int cut_off(struct sk_hstore *s, int64_t now_ms, int64_t *ret, struct sk_errmsg *em)
{
    int64_t newest = 0, full = INT64_MIN;
    *ret = INT64_MIN;
    int r = used_bytes(s, em);
    if (r == 0)
        r = sk_hstore_number(s, s->newest, &newest, em);
    if (r == 0 && s->figures->bytes > s->o->bytes_max) {
        double over = (double)(s->figures->bytes - s->o->bytes_max) / (double)s->figures->bytes;
        r = by_volume(s, over + ROOM_PERCENT / 100.0 < 1 ? over + ROOM_PERCENT / 100.0 : 1, &full, em);
    }
    if (r < 0)
        return r == SK_ERR_NOTFOUND ? 0 : r;
    if (s->o->keep_ms > 0) /* a clock that ran ahead for a moment must not cost the whole history */
        *ret = (now_ms < newest ? now_ms : newest) - s->o->keep_ms;
    *ret = full > *ret ? full : *ret;
    return 0;
}

/* A purge begins when there is something to be purged. */
static int begin_purge(struct sk_hstore *s, int64_t now_ms, struct sk_errmsg *em)
{
    int64_t before;
    int r = cut_off(s, now_ms, &before, em);
    if (r < 0 || before == INT64_MIN)
        return r;
    s->q->bind_int64(s->uncount, 1, before);
    r = sk_hstore_run(s, s->uncount, em);
    if (r == 0 && s->q->changes(s->db) > 0) {
        s->purge_before = before;
        s->purge_at = 0;
    }
    return r;
}

static int purge_series(struct sk_hstore *s, int64_t id, struct sk_errmsg *em)
{
    s->q->bind_int64(s->purge, 1, id);
    s->q->bind_int64(s->purge, 2, s->purge_before);
    int r = sk_hstore_run(s, s->purge, em);
    if (r < 0)
        return r;
    s->figures->purged += (uint64_t)s->q->changes(s->db);
    s->q->bind_int64(s->drop_series, 1, id);
    r = sk_hstore_run(s, s->drop_series, em);
    if (r == 0 && s->q->changes(s->db) > 0)
        sk_hstore_forget_series(s); /* its number may be given to another one */
    return r;
}

int sk_hstore_purge(struct sk_hstore *s, int64_t now_ms, struct sk_errmsg *em)
{
    int r = s->purge_before == 0 ? begin_purge(s, now_ms, em) : 0;
    if (r < 0 || s->purge_before == 0)
        return r;
    for (uint64_t end = sk_clock_mono_ns() + SLICE_NS; sk_clock_mono_ns() < end;) {
        int64_t id = 0;
        s->q->bind_int64(s->next_series, 1, s->purge_at);
        r = sk_hstore_number(s, s->next_series, &id, em);
        if (r == SK_ERR_NOTFOUND)
            s->purge_before = 0;
        if (r < 0)
            return r == SK_ERR_NOTFOUND ? used_bytes(s, em) : r;
        r = purge_series(s, id, em);
        if (r < 0)
            return r;
        s->purge_at = id;
    }
    return 0;
}
