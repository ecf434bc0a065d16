/* A stretch of the stream as it was: values that came together are one delta again. */
#include "history/read.h"

#include "base/clock.h"

#include <stdlib.h>

#define DELTA_MAX ((size_t)1024 * 1024)

struct row {
    struct sk_hentry *of;
    int64_t t, n;
    struct sk_hvalue value;
};

struct work {
    const struct sk_sqlite *q;
    struct sk_hlist list;
    struct row *rows;
    size_t count, cap;
    bool full;
};

static void drop_rows(struct work *w)
{
    for (size_t i = 0; i < w->count; i++)
        sk_hvalue_finish(&w->rows[i].value);
    w->count = 0;
    w->full = false;
}

static int take(void *arg, struct sk_hentry *e, int64_t t, int64_t n, sqlite3_stmt *s, struct sk_errmsg *em)
{
    struct work *w = arg;
    (void)em;
    if (w->count == SK_HISTORY_SLICE_ROWS_MAX) {
        w->full = true;
        return SK_ERR_LIMIT;
    }
    if (w->count == w->cap) {
        w->cap = w->cap == 0 ? 256 : w->cap * 2;
        w->rows = sk_xrealloc(w->rows, w->cap * sizeof *w->rows);
    }
    struct row *r = &w->rows[w->count++];
    *r = (struct row){ .of = e, .t = t, .n = n };
    sk_hvalue_read(w->q, s, 3, &r->value);
    return 0;
}

/* Half the time as often as there is too much in it; what falls on one millisecond is taken as far as it fits. */
static int gather(struct sk_history_slice *s, const struct sk_history_db *d, struct work *w, struct sk_errmsg *em)
{
    for (;;) {
        int r = sk_hlist_scan(d, &w->list, s->from, s->to - 1, take, w, em);
        if (!w->full || s->to - s->from <= 1)
            return w->full ? 0 : r;
        drop_rows(w);
        s->to = s->from + (s->to - s->from) / 2;
    }
}

static int by_context_source(const struct row *x, const struct row *y)
{
    if (x->of == y->of)
        return 0;
    int c = sk_span_cmp(x->of->context, y->of->context);
    return c != 0 ? c : sk_span_cmp(x->of->source, y->of->source);
}

/* By time; at one time first what came first of each path, then by context and source. */
static int in_order(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    int c = by_context_source(x, y);
    return c != 0 ? c : (x->of->id > y->of->id) - (x->of->id < y->of->id);
}

static bool together(const struct row *x, const struct row *y)
{
    return x->t == y->t && x->n == y->n && by_context_source(x, y) == 0;
}

static struct sk_frame *render(const struct row *first, size_t count, struct sk_buf *b)
{
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, first->t);
    sk_buf_clear(b);
    SK_BUF_LIT(b, "{\"context\":");
    sk_json_write_str(b, first->of->context);
    SK_BUF_LIT(b, ",\"updates\":[{\"$source\":");
    sk_json_write_str(b, first->of->source);
    sk_buf_printf(b, ",\"timestamp\":\"%s\",\"values\":[", iso);
    for (size_t i = 0; i < count; i++) {
        sk_buf_text(b, i > 0 ? ",{\"path\":" : "{\"path\":");
        sk_json_write_str(b, first[i].of->path);
        SK_BUF_LIT(b, ",\"value\":");
        sk_hvalue_write(&first[i].value, b);
        sk_buf_char(b, '}');
    }
    SK_BUF_LIT(b, "]}]}");
    return sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL;
}

static void write_deltas(struct sk_history_slice *s, struct work *w)
{
    struct sk_buf b;
    sk_buf_init(&b, DELTA_MAX);
    if (w->count > 0)
        qsort(w->rows, w->count, sizeof *w->rows, in_order);
    s->list = sk_xcalloc(w->count + 1, sizeof *s->list);
    for (size_t i = 0, n; i < w->count; i += n) {
        size_t bytes = 0;
        for (n = 1; i + n < w->count && together(&w->rows[i], &w->rows[i + n]) && bytes < DELTA_MAX / 4; n++)
            bytes += w->rows[i + n].value.text.len + w->rows[i + n].of->path.n;
        struct sk_frame *f = render(&w->rows[i], n, &b);
        if (f != NULL)
            s->list[s->count++] = (struct sk_history_delta){ w->rows[i].t, f };
    }
    sk_buf_finish(&b);
}

static int found(void *arg, struct sk_hentry *e, int64_t t, int64_t n, sqlite3_stmt *s, struct sk_errmsg *em)
{
    (void)arg;
    (void)e;
    (void)t;
    (void)n;
    (void)s;
    (void)em;
    return SK_ERR_EXISTS;
}

static int run(struct sk_history_job *j, const struct sk_history_db *d, struct sk_errmsg *em)
{
    struct sk_history_slice *s = SK_CONTAINER(j, struct sk_history_slice, job);
    struct work w = { .q = d->q };
    struct sk_span context = s->all ? (struct sk_span){ 0 } : sk_span_of(d->self_context);
    int r = sk_hlist_load(d, context, (struct sk_span){ 0 }, &s->who, &w.list, em);
    if (r == 0 && s->probe) {
        r = sk_hlist_scan(d, &w.list, s->from, INT64_MAX, found, NULL, em);
        r = r == SK_ERR_EXISTS ? 0 : r == 0 ? sk_errmsg_set(em, SK_ERR_NOTFOUND, "No data found") : r;
    } else if (r == 0) {
        r = gather(s, d, &w, em);
        if (r == 0)
            write_deltas(s, &w);
    }
    drop_rows(&w);
    free(w.rows);
    sk_hlist_finish(&w.list);
    return r;
}

struct sk_history_slice *sk_history_slice_create(void)
{
    struct sk_history_slice *s = sk_xcalloc(1, sizeof *s);
    s->job.run = run;
    return s;
}

void sk_history_slice_clear(struct sk_history_slice *s)
{
    for (size_t i = 0; i < s->count; i++)
        sk_frame_unref(s->list[i].frame);
    free(s->list);
    s->list = NULL;
    s->count = 0;
}

void sk_history_slice_destroy(struct sk_history_slice *s)
{
    if (s == NULL)
        return;
    sk_history_slice_clear(s);
    if (s->who.free_arg != NULL)
        s->who.free_arg(s->who.arg);
    free(s);
}
