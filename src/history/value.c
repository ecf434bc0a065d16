#include "history/value.h"

/* No JSON number of more bytes than this is what the writers below would print. */
#define NUMBER_LEN_MAX 32u

enum sk_hvalue_kind sk_hvalue_kind_of(struct sk_span json, struct sk_buf *scratch, int64_t *ret_i, double *ret_d)
{
    if (sk_span_eq(json, "null"))
        return SK_HVALUE_NULL;
    if (json.n == 0 || json.n > NUMBER_LEN_MAX || (json.p[0] != '-' && (json.p[0] < '0' || json.p[0] > '9')))
        return SK_HVALUE_TEXT;
    sk_buf_clear(scratch);
    if (sk_parse_int(json, INT64_MIN, INT64_MAX, ret_i)) {
        sk_json_write_int(scratch, *ret_i);
        if (sk_span_is(sk_buf_span(scratch), json))
            return SK_HVALUE_INT;
    }
    sk_buf_clear(scratch);
    if (!sk_parse_double(json, ret_d))
        return SK_HVALUE_TEXT;
    sk_json_write_double(scratch, *ret_d);
    return sk_span_is(sk_buf_span(scratch), json) ? SK_HVALUE_REAL : SK_HVALUE_TEXT;
}

int sk_hvalue_bind(const struct sk_sqlite *q, sqlite3_stmt *s, int at, struct sk_span json, struct sk_buf *scratch)
{
    int64_t i = 0;
    double d = 0;
    switch (sk_hvalue_kind_of(json, scratch, &i, &d)) {
    case SK_HVALUE_NULL:
        return q->bind_null(s, at);
    case SK_HVALUE_INT:
        return q->bind_int64(s, at, i);
    case SK_HVALUE_REAL:
        return q->bind_double(s, at, d);
    default:
        return q->bind_text(s, at, json.p, (int)json.n, SQLITE_STATIC);
    }
}

void sk_hvalue_read(const struct sk_sqlite *q, sqlite3_stmt *s, int column, struct sk_hvalue *to)
{
    switch (q->column_type(s, column)) {
    case SQLITE_INTEGER:
        to->kind = SK_HVALUE_INT;
        to->i = q->column_int64(s, column);
        break;
    case SQLITE_FLOAT:
        to->kind = SK_HVALUE_REAL;
        to->d = q->column_double(s, column);
        break;
    case SQLITE_TEXT:
        to->kind = SK_HVALUE_TEXT;
        sk_text_set(&to->text, sk_sqlite_text(q, s, column));
        break;
    default:
        to->kind = SK_HVALUE_NULL;
    }
}

void sk_hvalue_copy(struct sk_hvalue *to, const struct sk_hvalue *from)
{
    to->kind = from->kind;
    to->i = from->i;
    to->d = from->d;
    if (from->kind == SK_HVALUE_TEXT)
        sk_text_set(&to->text, sk_text_span(&from->text));
}

void sk_hvalue_finish(struct sk_hvalue *v)
{
    sk_text_finish(&v->text);
    v->kind = SK_HVALUE_NONE;
}

void sk_hvalue_write(const struct sk_hvalue *v, struct sk_buf *out)
{
    if (v->kind == SK_HVALUE_INT)
        sk_json_write_int(out, v->i);
    else if (v->kind == SK_HVALUE_REAL)
        sk_json_write_double(out, v->d);
    else if (v->kind == SK_HVALUE_TEXT)
        sk_buf_span_append(out, sk_text_span(&v->text));
    else
        SK_BUF_LIT(out, "null");
}

bool sk_hvalue_number(const struct sk_hvalue *v, double *ret)
{
    if (v->kind == SK_HVALUE_INT)
        *ret = (double)v->i;
    else if (v->kind == SK_HVALUE_REAL)
        *ret = v->d;
    return v->kind == SK_HVALUE_INT || v->kind == SK_HVALUE_REAL ||
           (v->kind == SK_HVALUE_TEXT && sk_parse_double(sk_text_span(&v->text), ret));
}
