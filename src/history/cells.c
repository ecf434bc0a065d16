#include "history/cells.h"

#include <math.h>
#include <stdlib.h>

struct kept {
    int64_t t;
    struct sk_hvalue value;
};

struct cell {
    uint32_t count; /* numbers */
    double sum, sine, cosine, low, high;
    bool negative;
    int64_t t; /* of `value` */
    struct sk_hvalue value;
    struct kept *kept;
    uint32_t kept_count, kept_cap;
    bool has;
    double result; /* of methods that give a number */
};

struct sk_hcells {
    struct sk_history_column column;
    size_t *budget;
    size_t windows;
    struct cell cells[];
};

struct sk_hcells *sk_hcells_create(const struct sk_history_column *column, size_t windows, size_t *budget)
{
    struct sk_hcells *c = sk_xcalloc(1, sizeof *c + windows * sizeof c->cells[0]);
    c->column = *column;
    c->windows = windows;
    c->budget = budget;
    return c;
}

static void drop_kept(struct cell *l)
{
    for (uint32_t i = 0; i < l->kept_count; i++)
        sk_hvalue_finish(&l->kept[i].value);
    free(l->kept);
    l->kept = NULL;
    l->kept_count = 0;
}

void sk_hcells_destroy(struct sk_hcells *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->windows; i++) {
        drop_kept(&c->cells[i]);
        sk_hvalue_finish(&c->cells[i].value);
    }
    free(c);
}

/* ---- as they come ------------------------------------------------------------------------------------------------------- */

static void add_number(const struct sk_hcells *c, struct cell *l, double d)
{
    l->low = l->count == 0 || d < l->low ? d : l->low;
    l->high = l->count == 0 || d > l->high ? d : l->high;
    l->negative |= d < 0;
    l->sum += d;
    if (c->column.angle) {
        l->sine += sin(d);
        l->cosine += cos(d);
    }
    l->count++;
}

static int keep(struct sk_hcells *c, struct cell *l, int64_t t, const struct sk_hvalue *v, struct sk_errmsg *em)
{
    if (*c->budget == 0)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "too many values for '%s'; ask about a shorter time",
                             sk_history_method_name(c->column.method));
    --*c->budget;
    if (l->kept_count == l->kept_cap) {
        l->kept_cap = l->kept_cap == 0 ? 8 : l->kept_cap * 2;
        l->kept = sk_xrealloc(l->kept, l->kept_cap * sizeof *l->kept);
    }
    struct kept *k = &l->kept[l->kept_count++];
    *k = (struct kept){ .t = t };
    sk_hvalue_copy(&k->value, v);
    return 0;
}

int sk_hcells_add(struct sk_hcells *c, size_t window, int64_t t, const struct sk_hvalue *v, struct sk_errmsg *em)
{
    struct cell *l = &c->cells[window];
    enum sk_history_method m = c->column.method;
    double d;
    if (m == SK_HISTORY_FIRST || m == SK_HISTORY_LAST) {
        if (!l->has || (m == SK_HISTORY_FIRST ? t < l->t : t >= l->t)) {
            sk_hvalue_copy(&l->value, v);
            l->t = t;
        }
        l->has = true;
        return 0;
    }
    if (m == SK_HISTORY_MIDDLE_INDEX || (m == SK_HISTORY_MID && sk_hvalue_number(v, &d)))
        return keep(c, l, t, v, em);
    if (sk_hvalue_number(v, &d))
        add_number(c, l, d);
    return 0;
}

/* ---- in the end --------------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return (x->t > y->t) - (x->t < y->t);
}

static int by_number(const void *a, const void *b)
{
    double x = 0, y = 0;
    (void)sk_hvalue_number(&((const struct kept *)a)->value, &x);
    (void)sk_hvalue_number(&((const struct kept *)b)->value, &y);
    return (x > y) - (x < y);
}

/* Between north by east and north by west lies north: the mean of directions, not of their numbers. */
static double mean(const struct sk_hcells *c, const struct cell *l)
{
    const double circle = 6.283185307179586476925;
    if (!c->column.angle || l->low == l->high)
        return l->count > 0 && l->low == l->high ? l->low : l->sum / l->count;
    double d = atan2(l->sine, l->cosine);
    return d < 0 && !l->negative ? d + circle : d;
}

static void median(struct cell *l)
{
    double low = 0, high = 0;
    qsort(l->kept, l->kept_count, sizeof *l->kept, by_number);
    (void)sk_hvalue_number(&l->kept[(l->kept_count - 1) / 2].value, &low);
    (void)sk_hvalue_number(&l->kept[l->kept_count / 2].value, &high);
    l->result = low == high ? low : low + (high - low) / 2;
}

static void close_cell(const struct sk_hcells *c, struct cell *l)
{
    enum sk_history_method m = c->column.method;
    if (m == SK_HISTORY_FIRST || m == SK_HISTORY_LAST)
        return;
    l->has = l->count > 0 || l->kept_count > 0;
    if (!l->has)
        return;
    if (m == SK_HISTORY_MIDDLE_INDEX) {
        qsort(l->kept, l->kept_count, sizeof *l->kept, by_time);
        sk_hvalue_copy(&l->value, &l->kept[(l->kept_count - 1) / 2].value);
    } else if (m == SK_HISTORY_MID) {
        median(l);
    } else {
        l->result = m == SK_HISTORY_MIN ? l->low : m == SK_HISTORY_MAX ? l->high : mean(c, l);
    }
    drop_kept(l);
}

/* Over the windows that have a value, each standing for itself and those before it. */
static void smooth(struct sk_hcells *c)
{
    size_t span = c->column.parameter >= 1 ? (size_t)c->column.parameter : 1, seen = 0;
    double *last = sk_xcalloc(span, sizeof *last), sum = 0, level = 0;
    for (size_t i = 0; i < c->windows; i++) {
        struct cell *l = &c->cells[i];
        if (!l->has)
            continue;
        double d = l->result;
        if (c->column.method == SK_HISTORY_EMA) {
            level = seen == 0 ? d : c->column.parameter * d + (1 - c->column.parameter) * level;
            l->result = level;
        } else {
            sum += d - last[seen % span];
            last[seen % span] = d;
            l->result = sum / (double)(seen + 1 < span ? seen + 1 : span);
        }
        seen++;
    }
    free(last);
}

void sk_hcells_close(struct sk_hcells *c)
{
    for (size_t i = 0; i < c->windows; i++)
        close_cell(c, &c->cells[i]);
    if (c->column.method == SK_HISTORY_SMA || c->column.method == SK_HISTORY_EMA)
        smooth(c);
}

bool sk_hcells_has(const struct sk_hcells *c, size_t window)
{
    return c->cells[window].has;
}

/* A position is a pair, longitude first, as the API's description has it; other objects stay what they are. */
static bool write_position(struct sk_span json, struct sk_buf *out)
{
    yyjson_doc *doc = NULL;
    double lat, lon;
    if (json.n < 2 || json.p[0] != '{' || sk_json_read(json, &doc, NULL) < 0)
        return false;
    const yyjson_val *v = yyjson_doc_get_root(doc);
    bool is = sk_json_number(sk_json_get(v, "latitude"), &lat) && sk_json_number(sk_json_get(v, "longitude"), &lon);
    if (is) {
        sk_buf_char(out, '[');
        sk_json_write_double(out, lon);
        sk_buf_char(out, ',');
        sk_json_write_double(out, lat);
        sk_buf_char(out, ']');
    }
    yyjson_doc_free(doc);
    return is;
}

void sk_hcells_write(const struct sk_hcells *c, size_t window, struct sk_buf *out)
{
    const struct cell *l = &c->cells[window];
    enum sk_history_method m = c->column.method;
    if (!l->has)
        SK_BUF_LIT(out, "null");
    else if (m != SK_HISTORY_FIRST && m != SK_HISTORY_LAST && m != SK_HISTORY_MIDDLE_INDEX)
        sk_json_write_double(out, l->result);
    else if (l->value.kind != SK_HVALUE_TEXT || !write_position(sk_text_span(&l->value.text), out))
        sk_hvalue_write(&l->value, out);
}
