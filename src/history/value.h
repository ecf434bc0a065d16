/*
 * One recorded value, in memory as SQLite keeps it: a number whose JSON text follows from it as a number, all else as its JSON
 * text. So it comes back byte for byte as it went in. Owner: one thread at a time.
 */
#ifndef SK_HISTORY_VALUE_H
#define SK_HISTORY_VALUE_H

#include "base/json.h"
#include "history/sqlite.h"
#include "model/text.h"

enum sk_hvalue_kind { SK_HVALUE_NONE, SK_HVALUE_NULL, SK_HVALUE_INT, SK_HVALUE_REAL, SK_HVALUE_TEXT };

struct sk_hvalue {
    enum sk_hvalue_kind kind;
    int64_t i;
    double d;
    struct sk_text text;
};

/* The kind in which a JSON text is kept; *ret_i or *ret_d is set for the numbers. `scratch` is emptied and used. */
enum sk_hvalue_kind sk_hvalue_kind_of(struct sk_span json, struct sk_buf *scratch, int64_t *ret_i, double *ret_d);
/* SQLite's result code of the binding. The text must live until the statement is reset. */
int sk_hvalue_bind(const struct sk_sqlite *q, sqlite3_stmt *s, int at, struct sk_span json, struct sk_buf *scratch);

void sk_hvalue_read(const struct sk_sqlite *q, sqlite3_stmt *s, int column, struct sk_hvalue *to);
void sk_hvalue_copy(struct sk_hvalue *to, const struct sk_hvalue *from);
void sk_hvalue_finish(struct sk_hvalue *v);
void sk_hvalue_write(const struct sk_hvalue *v, struct sk_buf *out); /* JSON */
bool sk_hvalue_number(const struct sk_hvalue *v, double *ret);

#endif
