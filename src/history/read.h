/*
 * Questions about the past. Each is a job for the reader thread (history.h) with its own input and output; the asking side owns
 * the struct from sk_*_create to sk_*_destroy, and leaves it alone between submit and done. Owner: as history.h says.
 */
#ifndef SK_HISTORY_READ_H
#define SK_HISTORY_READ_H

#include "history/history.h"
#include "history/value.h"

#define SK_HISTORY_CELLS_MAX 100000u /* columns times time windows of one answer */
#define SK_HISTORY_ANSWER_MAX ((size_t)64 * 1024 * 1024)
#define SK_HISTORY_COLUMNS_MAX 200u
#define SK_HISTORY_SERIES_MAX 200000u /* looked at by one question */
#define SK_HISTORY_SLICE_ROWS_MAX 20000u
#define SK_HISTORY_SNAPSHOT_MS (24 * 3600000LL) /* values older than this, at that time, are left out */

/* What all of them have. */
struct sk_history_who {
    sk_history_may may; /* NULL: everything */
    void *arg;
    void (*free_arg)(void *arg); /* when the question is destroyed; may be NULL */
};

/* ---- series ------------------------------------------------------------------------------------------------------------- */

struct sk_hentry {
    int64_t id;
    struct sk_span context, path, source;
    uint32_t column; /* for whoever uses the list */
};
struct sk_hlist {
    struct sk_arena arena;
    struct sk_hentry *list; /* by id */
    size_t count, cap;
};
/* Those of a context, or of a path in it (p NULL: of all), that may be seen. Always finish it. Thread: reader; the next ones too.
 */
int sk_hlist_load(const struct sk_history_db *d, struct sk_span context, struct sk_span path, const struct sk_history_who *who,
                  struct sk_hlist *ret, struct sk_errmsg *em);
void sk_hlist_finish(struct sk_hlist *l);
/* Calls `row` for each value from `from` to `to`, both included: series by series in the order of time, then those that came
   lately, in the order of their coming. The value is column 3 of `s`. A negative result of `row` ends it and is returned. */
typedef int (*sk_hlist_row)(void *arg, struct sk_hentry *e, int64_t t, int64_t n, sqlite3_stmt *s, struct sk_errmsg *em);
int sk_hlist_scan(const struct sk_history_db *d, struct sk_hlist *l, int64_t from, int64_t to, sk_hlist_row row, void *arg,
                  struct sk_errmsg *em);
int sk_hlist_scan_recent(const struct sk_history_db *d, struct sk_hlist *l, int64_t from, int64_t to, sk_hlist_row row, void *arg,
                         struct sk_errmsg *em);

/* ---- values in time windows --------------------------------------------------------------------------------------------- */

#define SK_HISTORY_METHODS(X)                                                                                                    \
    X(AVERAGE, "average")                                                                                                        \
    X(MIN, "min")                                                                                                                \
    X(MAX, "max")                                                                                                                \
    X(FIRST, "first")                                                                                                            \
    X(LAST, "last")                                                                                                              \
    X(MID, "mid")                                                                                                                \
    X(MIDDLE_INDEX, "middle_index")                                                                                              \
    X(SMA, "sma")                                                                                                                \
    X(EMA, "ema")
enum sk_history_method {
#define SK_AS_METHOD(id, text) SK_HISTORY_##id,
    SK_HISTORY_METHODS(SK_AS_METHOD)
#undef SK_AS_METHOD
        SK_HISTORY_METHOD_COUNT
};
const char *sk_history_method_name(enum sk_history_method m);

struct sk_history_column {
    char *path, *source; /* source NULL: any */
    enum sk_history_method method;
    double parameter; /* sma: windows, ema: weight of the newest */
    bool angle;       /* radians: the average goes round the circle */
};

struct sk_history_values {
    struct sk_history_job job;
    struct sk_history_who who;
    char *context; /* in full */
    int64_t from, to, resolution_ms;
    bool each_source; /* a column for each source of a path */
    struct sk_history_column columns[SK_HISTORY_COLUMNS_MAX];
    size_t column_count;
    struct sk_buf out; /* {"context","range","values","data"} */
};
struct sk_history_values *sk_history_values_create(void);
void sk_history_values_destroy(struct sk_history_values *v);

/* ---- names -------------------------------------------------------------------------------------------------------------- */

struct sk_history_names {
    struct sk_history_job job;
    struct sk_history_who who;
    int64_t from, to;
    char *context;     /* NULL: of all */
    bool paths;        /* else contexts */
    struct sk_buf out; /* a sorted JSON array */
};
struct sk_history_names *sk_history_names_create(void);
void sk_history_names_destroy(struct sk_history_names *n);

/* ---- the tree at a time ------------------------------------------------------------------------------------------------- */

struct sk_history_snapshot {
    struct sk_history_job job;
    struct sk_history_who who;
    int64_t time;
    struct sk_span *names; /* member names from the root of the tree, with the own id for "self"; owned */
    size_t name_count;
    struct sk_buf out; /* what stands there. SK_ERR_NOTFOUND: there are no values at all; `out` empty: none at that place */
};
struct sk_history_snapshot *sk_history_snapshot_create(const struct sk_span *names, size_t count);
void sk_history_snapshot_destroy(struct sk_history_snapshot *s);

/* ---- a slice of the stream ---------------------------------------------------------------------------------------------- */

struct sk_history_delta {
    int64_t t;
    struct sk_frame *frame;
};
struct sk_history_slice {
    struct sk_history_job job;
    struct sk_history_who who;
    bool all;                      /* all contexts, not only the own vessel */
    int64_t from, to;              /* from is included, to is not; `to` comes back earlier when there is much */
    bool probe;                    /* asks whether there is anything from `from` on: SK_ERR_NOTFOUND */
    struct sk_history_delta *list; /* by time */
    size_t count;
};
struct sk_history_slice *sk_history_slice_create(void);
void sk_history_slice_clear(struct sk_history_slice *s); /* drops the deltas, so that it can be used again */
void sk_history_slice_destroy(struct sk_history_slice *s);

#endif
