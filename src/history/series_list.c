#include "history/read.h"

#include <stdlib.h>

#define SELECT "SELECT id,context,path,source FROM series"
#define ARENA_MAX ((size_t)128 * 1024 * 1024)

static struct sk_span keep(struct sk_arena *a, const struct sk_history_db *d, sqlite3_stmt *s, int column)
{
    struct sk_span text = sk_sqlite_text(d->q, s, column);
    return (struct sk_span){ sk_arena_copy(a, text.n > 0 ? text.p : "", text.n), text.n };
}

static int take(const struct sk_history_db *d, sqlite3_stmt *s, const struct sk_history_who *who, struct sk_hlist *l,
                struct sk_errmsg *em)
{
    struct sk_span context = sk_sqlite_text(d->q, s, 1), path = sk_sqlite_text(d->q, s, 2), source = sk_sqlite_text(d->q, s, 3);
    if (who->may != NULL && !who->may(who->arg, context, path, source))
        return 0;
    if (l->count >= SK_HISTORY_SERIES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u series of values", SK_HISTORY_SERIES_MAX);
    if (l->count == l->cap) {
        l->cap = l->cap == 0 ? 64 : l->cap * 2;
        l->list = sk_xrealloc(l->list, l->cap * sizeof *l->list);
    }
    struct sk_hentry *e = &l->list[l->count++];
    *e = (struct sk_hentry){ .id = d->q->column_int64(s, 0) };
    e->context = keep(&l->arena, d, s, 1);
    e->path = keep(&l->arena, d, s, 2);
    e->source = keep(&l->arena, d, s, 3);
    return e->context.p == NULL || e->path.p == NULL || e->source.p == NULL ? sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory")
                                                                            : 0;
}

static void bind_text(const struct sk_history_db *d, sqlite3_stmt *s, int at, struct sk_span text)
{
    if (text.p != NULL)
        (void)d->q->bind_text(s, at, text.p, (int)text.n, SQLITE_STATIC);
}

int sk_hlist_load(const struct sk_history_db *d, struct sk_span context, struct sk_span path, const struct sk_history_who *who,
                  struct sk_hlist *ret, struct sk_errmsg *em)
{
    *ret = (struct sk_hlist){ 0 };
    sk_arena_init(&ret->arena, ARENA_MAX);
    const char *text = SELECT " ORDER BY id"; /* a text for each, so that SQLite takes the index where it can */
    if (context.p != NULL)
        text = path.p != NULL ? SELECT " WHERE context=?1 AND path=?2 ORDER BY id" : SELECT " WHERE context=?1 ORDER BY id";
    SK_ASSERT(context.p != NULL || path.p == NULL);
    sqlite3_stmt *s = sk_history_prepare(d, text, em);
    if (s == NULL)
        return em->code;
    bind_text(d, s, 1, context);
    bind_text(d, s, 2, path);
    int r = 0, step;
    while ((step = d->q->step(s)) == SQLITE_ROW && r == 0)
        r = take(d, s, who, ret, em);
    if (r == 0 && step != SQLITE_DONE)
        r = sk_history_failed(d, em);
    d->q->finalize(s);
    return r;
}

void sk_hlist_finish(struct sk_hlist *l)
{
    sk_arena_finish(&l->arena);
    free(l->list);
    *l = (struct sk_hlist){ 0 };
}

static struct sk_hentry *find(const struct sk_hlist *l, int64_t id)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->list[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->count && l->list[low].id == id ? &l->list[low] : NULL;
}

/* Runs the statement to its end; `e` NULL: column 0 says which series. */
static int each_row(const struct sk_history_db *d, sqlite3_stmt *s, struct sk_hlist *l, struct sk_hentry *e, sk_hlist_row row,
                    void *arg, struct sk_errmsg *em)
{
    int r = 0, step;
    while (r == 0 && (step = d->q->step(s)) == SQLITE_ROW) {
        struct sk_hentry *of = e != NULL ? e : find(l, d->q->column_int64(s, 0));
        if (of != NULL)
            r = row(arg, of, d->q->column_int64(s, 1), d->q->column_int64(s, 2), s, em);
    }
    if (r == 0 && step != SQLITE_DONE)
        r = sk_history_failed(d, em);
    d->q->reset(s);
    return r;
}

int sk_hlist_scan_recent(const struct sk_history_db *d, struct sk_hlist *l, int64_t from, int64_t to, sk_hlist_row row, void *arg,
                         struct sk_errmsg *em)
{
    sqlite3_stmt *s = sk_history_prepare(d, "SELECT series,t,n,v FROM recent WHERE t>=?1 AND t<=?2 ORDER BY id", em);
    if (s == NULL)
        return em->code;
    d->q->bind_int64(s, 1, from);
    d->q->bind_int64(s, 2, to);
    int r = each_row(d, s, l, NULL, row, arg, em);
    d->q->finalize(s);
    return r;
}

int sk_hlist_scan(const struct sk_history_db *d, struct sk_hlist *l, int64_t from, int64_t to, sk_hlist_row row, void *arg,
                  struct sk_errmsg *em)
{
    sqlite3_stmt *s =
        sk_history_prepare(d, "SELECT series,t,n,v FROM sample WHERE series=?1 AND t>=?2 AND t<=?3 ORDER BY t,n", em);
    if (s == NULL)
        return em->code;
    int r = 0;
    for (size_t i = 0; i < l->count && r == 0; i++) {
        d->q->bind_int64(s, 1, l->list[i].id);
        d->q->bind_int64(s, 2, from);
        d->q->bind_int64(s, 3, to);
        r = each_row(d, s, l, &l->list[i], row, arg, em);
        if (r == 0 && sk_history_late(d))
            r = sk_history_timed_out(em);
    }
    d->q->finalize(s);
    return r != 0 ? r : sk_hlist_scan_recent(d, l, from, to, row, arg, em);
}
