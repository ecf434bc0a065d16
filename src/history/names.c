/* Of which contexts and paths something is known in a span of time. */
#include "history/read.h"

#include <stdlib.h>

struct work {
    bool *seen; /* by place in the list */
    struct sk_hlist *list;
};

static int note(void *arg, struct sk_hentry *e, int64_t t, int64_t n, sqlite3_stmt *s, struct sk_errmsg *em)
{
    struct work *w = arg;
    (void)t;
    (void)n;
    (void)s;
    (void)em;
    w->seen[e - w->list->list] = true;
    return 0;
}

static int look(const struct sk_history_names *names, const struct sk_history_db *d, struct work *w, struct sk_errmsg *em)
{
    sqlite3_stmt *s = sk_history_prepare(d, "SELECT 1 FROM sample WHERE series=?1 AND t>=?2 AND t<=?3 LIMIT 1", em);
    if (s == NULL)
        return em->code;
    int r = 0;
    for (size_t i = 0; i < w->list->count && r == 0; i++) {
        d->q->bind_int64(s, 1, w->list->list[i].id);
        d->q->bind_int64(s, 2, names->from);
        d->q->bind_int64(s, 3, names->to);
        int step = d->q->step(s);
        w->seen[i] = step == SQLITE_ROW;
        if (step != SQLITE_ROW && step != SQLITE_DONE)
            r = sk_history_failed(d, em);
        d->q->reset(s);
    }
    d->q->finalize(s);
    return r != 0 ? r : sk_hlist_scan_recent(d, w->list, names->from, names->to, note, w, em);
}

static int by_text(const void *a, const void *b)
{
    return sk_span_cmp(*(const struct sk_span *)a, *(const struct sk_span *)b);
}

static void write_names(struct sk_history_names *names, const struct work *w)
{
    struct sk_span *texts = sk_xcalloc(w->list->count + 1, sizeof *texts);
    size_t count = 0;
    for (size_t i = 0; i < w->list->count; i++) {
        struct sk_span text = names->paths ? w->list->list[i].path : w->list->list[i].context;
        if (w->seen[i] && text.n > 0) /* the path "" holds what the vessel is, not what it measures */
            texts[count++] = text;
    }
    qsort(texts, count, sizeof *texts, by_text);
    sk_buf_char(&names->out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && sk_span_is(texts[i], texts[i - 1]))
            continue;
        sk_buf_append(&names->out, ",", i > 0);
        sk_json_write_str(&names->out, texts[i]);
    }
    sk_buf_char(&names->out, ']');
    free(texts);
}

static int run(struct sk_history_job *j, const struct sk_history_db *d, struct sk_errmsg *em)
{
    struct sk_history_names *names = SK_CONTAINER(j, struct sk_history_names, job);
    struct sk_hlist l;
    int r = sk_hlist_load(d, sk_span_of(names->context), (struct sk_span){ 0 }, &names->who, &l, em);
    struct work w = { sk_xcalloc(l.count + 1, sizeof(bool)), &l };
    if (r == 0)
        r = look(names, d, &w, em);
    if (r == 0)
        write_names(names, &w);
    free(w.seen);
    sk_hlist_finish(&l);
    return r;
}

struct sk_history_names *sk_history_names_create(void)
{
    struct sk_history_names *n = sk_xcalloc(1, sizeof *n);
    n->job.run = run;
    sk_buf_init(&n->out, SK_HISTORY_ANSWER_MAX);
    return n;
}

void sk_history_names_destroy(struct sk_history_names *n)
{
    if (n->who.free_arg != NULL)
        n->who.free_arg(n->who.arg);
    free(n->context);
    sk_buf_finish(&n->out);
    free(n);
}
