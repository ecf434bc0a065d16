/*
 * SQLite, loaded when history is first used: a server without history does not pay for it. Thread: any; the loading blocks once
 * for a few milliseconds. The functions are SQLite's own, see https://sqlite.org/c3ref/intro.html.
 */
#ifndef SK_HISTORY_SQLITE_H
#define SK_HISTORY_SQLITE_H

#include "base/base.h"
#include "base/err.h"

#include <sqlite3.h>

#define SK_SQLITE_FUNCTIONS(X)                                                                                                   \
    X(open_v2)                                                                                                                   \
    X(close_v2)                                                                                                                  \
    X(exec)                                                                                                                      \
    X(errmsg)                                                                                                                    \
    X(extended_errcode)                                                                                                          \
    X(get_autocommit)                                                                                                            \
    X(busy_timeout)                                                                                                              \
    X(progress_handler)                                                                                                          \
    X(prepare_v3)                                                                                                                \
    X(finalize)                                                                                                                  \
    X(step)                                                                                                                      \
    X(reset)                                                                                                                     \
    X(changes)                                                                                                                   \
    X(last_insert_rowid)                                                                                                         \
    X(bind_int64)                                                                                                                \
    X(bind_double)                                                                                                               \
    X(bind_null)                                                                                                                 \
    X(bind_text)                                                                                                                 \
    X(column_type)                                                                                                               \
    X(column_int64)                                                                                                              \
    X(column_double)                                                                                                             \
    X(column_text)                                                                                                               \
    X(column_bytes)

struct sk_sqlite {
#define SK_AS_POINTER(name) __typeof__(&sqlite3_##name) name;
    SK_SQLITE_FUNCTIONS(SK_AS_POINTER)
#undef SK_AS_POINTER
};

/* NULL: SK_ERR_UNSUPPORTED in `em`, which names the package that is missing. */
const struct sk_sqlite *sk_sqlite_load(struct sk_errmsg *em);

static inline struct sk_span sk_sqlite_text(const struct sk_sqlite *q, sqlite3_stmt *s, int column)
{
    const char *p = (const char *)q->column_text(s, column);
    return (struct sk_span){ p, p != NULL ? (size_t)q->column_bytes(s, column) : 0 };
}

#endif
