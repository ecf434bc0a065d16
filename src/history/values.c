#include "history/cells.h"

#include "base/clock.h"

#include <stdlib.h>

#define KEPT_MAX 1000000u

struct output { /* a column of the answer: of a question's column, perhaps of one source of it */
    const struct sk_history_column *asked;
    struct sk_span source; /* p NULL: any */
    struct sk_hcells *cells;
};

struct work {
    struct sk_history_values *v;
    int64_t start; /* of the first window */
    size_t windows, budget, used;
    struct output *outputs;
    size_t count;
    struct sk_hvalue value;
    const struct sk_sqlite *q;
};

const char *sk_history_method_name(enum sk_history_method m)
{
    static const char *const names[] = {
#define SK_AS_NAME(id, text) text,
        SK_HISTORY_METHODS(SK_AS_NAME)
#undef SK_AS_NAME
    };
    return names[m];
}

static int add_output(struct work *w, const struct sk_history_column *asked, struct sk_span source, struct sk_errmsg *em)
{
    if (w->count == SK_HISTORY_COLUMNS_MAX || w->used + w->windows > SK_HISTORY_CELLS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u columns, or %u values; ask for a coarser resolution or fewer paths",
                             SK_HISTORY_COLUMNS_MAX, SK_HISTORY_CELLS_MAX);
    w->used += w->windows;
    w->outputs[w->count++] = (struct output){ asked, source, sk_hcells_create(asked, w->windows, &w->budget) };
    return 0;
}

static int take_row(void *arg, struct sk_hentry *e, int64_t t, int64_t n, sqlite3_stmt *s, struct sk_errmsg *em)
{
    struct work *w = arg;
    (void)n;
    sk_hvalue_read(w->q, s, 3, &w->value);
    if (w->value.kind == SK_HVALUE_NULL)
        return 0; /* it says that there was nothing */
    return sk_hcells_add(w->outputs[e->column].cells, (size_t)((t - w->start) / w->v->resolution_ms), t, &w->value, em);
}

/* Which series go into which columns of the answer. */
static int divide(struct work *w, const struct sk_history_column *asked, struct sk_hlist *l, struct sk_errmsg *em)
{
    size_t kept = 0;
    int r = 0;
    bool each = w->v->each_source && asked->source == NULL && l->count > 0;
    if (!each)
        r = add_output(w, asked, sk_span_of(asked->source), em);
    for (size_t i = 0; i < l->count && r == 0; i++) {
        if (asked->source != NULL && !sk_span_eq(l->list[i].source, asked->source))
            continue;
        if (each) {
            char *name = sk_arena_copy(&l->arena, l->list[i].source.p, l->list[i].source.n);
            r = add_output(w, asked, (struct sk_span){ name, l->list[i].source.n }, em);
        }
        l->list[kept] = l->list[i];
        l->list[kept++].column = (uint32_t)w->count - 1;
    }
    l->count = kept;
    return r;
}

static int gather(struct work *w, const struct sk_history_db *d, const struct sk_history_column *asked, struct sk_hlist *l,
                  struct sk_errmsg *em)
{
    size_t first = w->count;
    int r = sk_hlist_load(d, sk_span_of(w->v->context), sk_span_of(asked->path), &w->v->who, l, em);
    if (r == 0)
        r = divide(w, asked, l, em);
    if (r == 0)
        r = sk_hlist_scan(d, l, w->v->from, w->v->to, take_row, w, em);
    for (size_t i = first; i < w->count; i++)
        sk_hcells_close(w->outputs[i].cells);
    return r;
}

static void write_time(struct sk_buf *out, int64_t t)
{
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, t);
    sk_buf_char(out, '"');
    sk_buf_text(out, iso);
    sk_buf_char(out, '"');
}

static void write_head(const struct work *w, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"context\":");
    sk_json_write_str(out, sk_span_of(w->v->context));
    SK_BUF_LIT(out, ",\"range\":{\"from\":");
    write_time(out, w->v->from);
    SK_BUF_LIT(out, ",\"to\":");
    write_time(out, w->v->to);
    SK_BUF_LIT(out, "},\"values\":[");
    for (size_t i = 0; i < w->count; i++) {
        sk_buf_append(out, ",", i > 0);
        SK_BUF_LIT(out, "{\"path\":");
        sk_json_write_str(out, sk_span_of(w->outputs[i].asked->path));
        sk_buf_printf(out, ",\"method\":\"%s\"", sk_history_method_name(w->outputs[i].asked->method));
        if (w->outputs[i].source.p != NULL) {
            SK_BUF_LIT(out, ",\"$source\":");
            sk_json_write_str(out, w->outputs[i].source);
        }
        sk_buf_char(out, '}');
    }
}

static int write_answer(const struct work *w, struct sk_errmsg *em)
{
    struct sk_buf *out = &w->v->out;
    bool any = false;
    write_head(w, out);
    SK_BUF_LIT(out, "],\"data\":[");
    for (size_t k = 0; k < w->windows; k++) {
        size_t i = 0;
        while (i < w->count && !sk_hcells_has(w->outputs[i].cells, k))
            i++;
        if (i == w->count)
            continue; /* nothing happened */
        sk_buf_text(out, any ? ",[" : "[");
        any = true;
        write_time(out, w->start + (int64_t)k * w->v->resolution_ms);
        for (i = 0; i < w->count; i++) {
            sk_buf_char(out, ',');
            sk_hcells_write(w->outputs[i].cells, k, out);
        }
        sk_buf_char(out, ']');
    }
    SK_BUF_LIT(out, "]}");
    return sk_buf_ok(out) ? 0
                          : sk_errmsg_set(em, SK_ERR_LIMIT, "the answer is over %zu MiB; ask about a shorter time",
                                          SK_HISTORY_ANSWER_MAX / 1024 / 1024);
}

static int run(struct sk_history_job *j, const struct sk_history_db *d, struct sk_errmsg *em)
{
    struct sk_history_values *v = SK_CONTAINER(j, struct sk_history_values, job);
    struct work w = { .v = v, .budget = KEPT_MAX, .q = d->q };
    int64_t part = v->from % v->resolution_ms;
    w.start = v->from - (part < 0 ? part + v->resolution_ms : part);
    if ((v->to - w.start) / v->resolution_ms >= SK_HISTORY_CELLS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u time windows; ask for a coarser resolution", SK_HISTORY_CELLS_MAX);
    w.windows = (size_t)((v->to - w.start) / v->resolution_ms) + 1;
    w.outputs = sk_xcalloc(SK_HISTORY_COLUMNS_MAX, sizeof *w.outputs);
    struct sk_hlist *lists = sk_xcalloc(v->column_count, sizeof *lists); /* they hold names until all is written */
    int r = 0;
    for (size_t i = 0; i < v->column_count && r == 0; i++)
        r = gather(&w, d, &v->columns[i], &lists[i], em);
    if (r == 0)
        r = write_answer(&w, em);
    for (size_t i = 0; i < v->column_count; i++)
        sk_hlist_finish(&lists[i]);
    for (size_t i = 0; i < w.count; i++)
        sk_hcells_destroy(w.outputs[i].cells);
    free(lists);
    free(w.outputs);
    sk_hvalue_finish(&w.value);
    return r;
}

struct sk_history_values *sk_history_values_create(void)
{
    struct sk_history_values *v = sk_xcalloc(1, sizeof *v);
    v->job.run = run;
    sk_buf_init(&v->out, SK_HISTORY_ANSWER_MAX);
    return v;
}

void sk_history_values_destroy(struct sk_history_values *v)
{
    for (size_t i = 0; i < v->column_count; i++) {
        free(v->columns[i].path);
        free(v->columns[i].source);
    }
    if (v->who.free_arg != NULL)
        v->who.free_arg(v->who.arg);
    free(v->context);
    sk_buf_finish(&v->out);
    free(v);
}
