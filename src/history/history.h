/*
 * History of what passes the hub, in an SQLite database of the server's own: a tap hands the shared frames of the default feed to
 * a writer thread, once a turn of the loop; questions are answered by a reader thread. The hub never waits for either: when the
 * disk is slow, full or broken, history has gaps, which are counted, and nothing else notices.
 *
 * Owner: loop thread, unless said otherwise. Limits: SK_HISTORY_QUEUE_MAX bytes of frames wait for the writer, newer ones are
 * dropped and counted; SK_HISTORY_JOBS_MAX questions wait for the reader, each has SK_HISTORY_READ_MS.
 */
#ifndef SK_HISTORY_HISTORY_H
#define SK_HISTORY_HISTORY_H

#include "base/json.h"
#include "base/loop.h"
#include "history/sqlite.h"
#include "hub/hub.h"

#define SK_HISTORY_QUEUE_MAX ((size_t)16 * 1024 * 1024)
#define SK_HISTORY_JOBS_MAX 32u
#define SK_HISTORY_READ_MS 20000u

struct sk_history;

/* From the settings' member "history": {"enabled", "folder", "writeSeconds", "maxMiB", "days", "minPeriodSeconds", "contexts",
   "include", "exclude"}; `true` alone switches it on as well. NULL: it is off. What cannot be used is said in the log, and the
   default taken. */
struct sk_history *sk_history_create(struct sk_hub *hub, const yyjson_val *setting, const char *config_dir);
/* The hub is left alone from now on; what waits is written. NULL is fine, here and below. */
void sk_history_stop(struct sk_history *h);
bool sk_history_idle(const struct sk_history *h); /* both threads have ended; they wake the loop for it */
void sk_history_destroy(struct sk_history *h);    /* only when idle */

/* So long after a value came it can be read, when the disk is well. */
int64_t sk_history_delay_ms(const struct sk_history *h);

/* {"state":"recording"|"starting"|"failing"|"off", ...}: what is kept, and what was lost. */
void sk_history_write_info(struct sk_history *h, struct sk_buf *out);

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

/* The reader's connection, as jobs get it. Thread: reader. */
struct sk_history_db {
    const struct sk_sqlite *q;
    sqlite3 *db;
    const char *self_context;
    uint64_t deadline_ms; /* monotonic; statements are cut when it has passed */
};
/* NULL: `em` says why. Finalize it. */
sqlite3_stmt *sk_history_prepare(const struct sk_history_db *d, const char *text, struct sk_errmsg *em);
/* What to make of a step that gave neither row nor end: SK_ERR_TIMEOUT, SK_ERR_IO, ... */
int sk_history_failed(const struct sk_history_db *d, struct sk_errmsg *em);
bool sk_history_late(const struct sk_history_db *d);
int sk_history_timed_out(struct sk_errmsg *em); /* SK_ERR_TIMEOUT */

/* A question, embedded in its owner's struct. */
struct sk_history_job {
    struct sk_loop_task task;
    struct sk_history_job *next;
    /* Thread: reader. 0 or an error with its text. */
    int (*run)(struct sk_history_job *j, const struct sk_history_db *d, struct sk_errmsg *em);
    void (*done)(struct sk_history_job *j); /* loop; `result` and `em` are set. Comes exactly once when it was submitted. */
    void *asker;                            /* the asking side's own */
    int result;
    struct sk_errmsg em;
};
/* SK_ERR_BUSY: too many wait; SK_ERR_CLOSED: it is being stopped. */
int sk_history_submit(struct sk_history *h, struct sk_history_job *j, struct sk_errmsg *em);

/* May the one who asks see this series? Thread: reader; NULL: everything. `context` as recorded, in full. */
typedef bool (*sk_history_may)(void *arg, struct sk_span context, struct sk_span path, struct sk_span source);

#endif
