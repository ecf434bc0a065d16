/* The full tree as it was: the last value of each series up to that time, put into a model that lives for this question only. */
#include "history/read.h"

#include "base/clock.h"
#include "model/query.h"

#include <stdlib.h>

struct last {
    struct sk_hentry *of;
    int64_t t;
    struct sk_hvalue value;
};

struct work {
    const struct sk_sqlite *q;
    struct sk_hlist list;
    struct last *lasts; /* by place in the list; `of` NULL: nothing */
};

static int take(void *arg, struct sk_hentry *e, int64_t t, int64_t n, sqlite3_stmt *s, struct sk_errmsg *em)
{
    struct work *w = arg;
    struct last *l = &w->lasts[e - w->list.list];
    (void)n;
    (void)em;
    if (l->of != NULL && l->t > t)
        return 0;
    l->of = e;
    l->t = t;
    sk_hvalue_read(w->q, s, 3, &l->value);
    return 0;
}

static int gather(const struct sk_history_snapshot *q, const struct sk_history_db *d, struct work *w, struct sk_errmsg *em)
{
    sqlite3_stmt *s =
        sk_history_prepare(d,
                           "SELECT series,t,n,v FROM sample WHERE series=?1 AND t<=?2 AND t>=?3 ORDER BY t DESC,n DESC LIMIT 1",
                           em);
    if (s == NULL)
        return em->code;
    int r = 0;
    for (size_t i = 0; i < w->list.count && r == 0; i++) {
        d->q->bind_int64(s, 1, w->list.list[i].id);
        d->q->bind_int64(s, 2, q->time);
        d->q->bind_int64(s, 3, q->time - SK_HISTORY_SNAPSHOT_MS);
        int step = d->q->step(s);
        if (step == SQLITE_ROW)
            r = take(w, &w->list.list[i], d->q->column_int64(s, 1), 0, s, em);
        else if (step != SQLITE_DONE)
            r = sk_history_failed(d, em);
        d->q->reset(s);
    }
    d->q->finalize(s);
    return r != 0 ? r : sk_hlist_scan_recent(d, &w->list, q->time - SK_HISTORY_SNAPSHOT_MS, q->time, take, w, em);
}

/* Those with nothing go to the end. */
static int by_time(const void *a, const void *b)
{
    const struct last *x = a, *y = b;
    if (x->of == NULL || y->of == NULL)
        return (x->of == NULL) - (y->of == NULL);
    return (x->t > y->t) - (x->t < y->t);
}

/* A value that the model does not take (too many paths, a reserved name) is not shown there either. */
static void set(struct sk_model *m, const struct last *l, struct sk_buf *json)
{
    char iso[SK_ISO_TIME_SIZE];
    struct sk_context *c;
    struct sk_path *p;
    struct sk_node *n;
    struct sk_value *v;
    bool new_leaf;
    sk_buf_clear(json);
    sk_hvalue_write(&l->value, json);
    sk_iso_time(iso, l->t);
    struct sk_value_input in = { .timestamp = sk_span_of(iso), .json = sk_buf_span(json), .serial = 1 };
    if (sk_source_intern(sk_model_sources(m), l->of->source, &in.source, NULL) < 0 ||
        sk_context_intern(m, l->of->context, &c, NULL) < 0 || sk_path_intern(sk_model_paths(m), l->of->path, &p, NULL) < 0)
        return;
    in.ref = in.source;
    if (p->text.n > 0) {
        (void)sk_tree_set(m, c, p, &in, &n, &v, &new_leaf, NULL);
        return;
    }
    yyjson_doc *doc = NULL;
    if (sk_json_read(in.json, &doc, NULL) == 0 && yyjson_is_obj(yyjson_doc_get_root(doc)))
        (void)sk_tree_set_root(m, c, yyjson_doc_get_root(doc), &in, NULL);
    yyjson_doc_free(doc);
}

static int write_tree(struct sk_history_snapshot *q, const struct sk_history_db *d, struct work *w, struct sk_errmsg *em)
{
    struct sk_buf json;
    qsort(w->lasts, w->list.count, sizeof *w->lasts, by_time); /* the newest of several sources stands at the top */
    if (w->list.count == 0 || w->lasts[0].of == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "No data found for the given time");
    sk_buf_init(&json, SK_VALUE_LEN_MAX);
    struct sk_model *m = sk_model_create(d->self_context + strlen("vessels."));
    for (size_t i = 0; i < w->list.count && w->lasts[i].of != NULL && !sk_history_late(d); i++)
        set(m, &w->lasts[i], &json);
    int r = sk_tree_query(m, q->names, q->name_count, &q->out);
    if (r < 0)
        sk_buf_clear(&q->out);
    sk_model_destroy(m);
    sk_buf_finish(&json);
    if (sk_history_late(d))
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "it took too long; ask about one vessel");
    return sk_buf_ok(&q->out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "the answer is too large; ask about one vessel");
}

static int run(struct sk_history_job *j, const struct sk_history_db *d, struct sk_errmsg *em)
{
    struct sk_history_snapshot *q = SK_CONTAINER(j, struct sk_history_snapshot, job);
    struct work w = { .q = d->q };
    struct sk_buf context;
    sk_buf_init(&context, 1024);
    for (size_t i = 0; i < 2 && q->name_count >= 2; i++) { /* only that one is looked for */
        sk_buf_append(&context, ".", i);
        sk_buf_span_append(&context, q->names[i]);
    }
    int r = sk_hlist_load(d, sk_buf_span(&context), (struct sk_span){ 0 }, &q->who, &w.list, em);
    w.lasts = sk_xcalloc(w.list.count + 1, sizeof *w.lasts);
    if (r == 0)
        r = gather(q, d, &w, em);
    if (r == 0)
        r = write_tree(q, d, &w, em);
    for (size_t i = 0; i < w.list.count; i++)
        sk_hvalue_finish(&w.lasts[i].value);
    free(w.lasts);
    sk_hlist_finish(&w.list);
    sk_buf_finish(&context);
    return r;
}

struct sk_history_snapshot *sk_history_snapshot_create(const struct sk_span *names, size_t count)
{
    struct sk_history_snapshot *s = sk_xcalloc(1, sizeof *s);
    s->job.run = run;
    s->names = sk_xcalloc(count + 1, sizeof *s->names);
    s->name_count = count;
    for (size_t i = 0; i < count; i++)
        s->names[i] = (struct sk_span){ sk_xstrndup(names[i].p, names[i].n), names[i].n };
    sk_buf_init(&s->out, SK_HISTORY_ANSWER_MAX);
    return s;
}

void sk_history_snapshot_destroy(struct sk_history_snapshot *s)
{
    for (size_t i = 0; i < s->name_count; i++)
        free((char *)(uintptr_t)s->names[i].p);
    free(s->names);
    if (s->who.free_arg != NULL)
        s->who.free_arg(s->who.arg);
    sk_buf_finish(&s->out);
    free(s);
}
