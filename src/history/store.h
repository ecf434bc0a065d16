/*
 * The database of history, as its one writer has it. Rows first go to the table `recent`, which only grows at its end: a commit
 * touches a few pages, whatever the number of paths. Every few minutes they move to `sample`, which is sorted by series (a
 * context, path and source) and time, so that a question about one path reads what it needs and no more.
 *
 * Owner: the writer thread. Write-ahead log, synchronised at checkpoints only: a process that is killed loses what it had not
 * committed, a power cut perhaps the last commits; neither damages the file.
 */
#ifndef SK_HISTORY_STORE_H
#define SK_HISTORY_STORE_H

#include "base/json.h"
#include "history/value.h"

#define SK_HSTORE_VALUE_MAX 16384u /* bytes of one value's JSON; longer ones are not recorded */
#define SK_HSTORE_NAME "history.db"

struct sk_hstore;

struct sk_hstore_options {
    const char *folder;
    const char *self_context; /* "vessels.urn:..." */
    uint64_t bytes_max;
    int64_t keep_ms;           /* older values go; 0: only bytes_max limits */
    int64_t min_period_ms;     /* of numbers: further ones of the same series within it are left out */
    int64_t rest_ms;           /* how long rows stay in `recent` */
    char **contexts;           /* NULL-terminated patterns as in subscriptions; "vessels.self" is the own vessel */
    char **include, **exclude; /* of paths; NULL-terminated */
};

struct sk_hstore_figures {
    uint64_t values;    /* recorded since the start */
    uint64_t left_out;  /* within min_period_ms of another one */
    uint64_t too_large; /* over SK_HSTORE_VALUE_MAX */
    uint64_t unusable;  /* without a time that can be understood */
    uint64_t purged;    /* rows that were too old or had no room */
    uint64_t bytes;     /* of the file that are in use */
};

/* Options and figures must outlive the store, which adds to the figures. SK_ERR_PROTOCOL: the file is damaged,
   sk_hstore_set_aside may help. SK_ERR_UNSUPPORTED: no SQLite, or a file of a newer version. Others: folder or disk. */
int sk_hstore_open(const struct sk_hstore_options *o, struct sk_hstore_figures *figures, struct sk_hstore **ret_store,
                   struct sk_errmsg *em);
void sk_hstore_close(struct sk_hstore *s); /* what is not committed is lost; NULL is fine */
/* Renames a damaged file; `ret_name` (256 bytes) is its new name. The store must be closed. */
int sk_hstore_set_aside(const char *folder, char *ret_name, struct sk_errmsg *em);

/* The time up to which there are rows, to ten minutes; 0: there are none. */
int64_t sk_hstore_newest(struct sk_hstore *s);
/* Adds what a delta as the hub renders it says, to the open batch. Errors as below. */
int sk_hstore_add(struct sk_hstore *s, struct sk_span delta, struct sk_errmsg *em);
size_t sk_hstore_pending(const struct sk_hstore *s); /* rows in the open batch */
/*
 * Brings the batch to disk, with what is due of moving and purging. `now_ms` is wall time. An error loses the batch:
 * SK_ERR_PROTOCOL: the file is damaged; SK_ERR_IO and others: disk full, read-only, ... the store stays usable.
 */
int sk_hstore_commit(struct sk_hstore *s, int64_t now_ms, struct sk_errmsg *em);

#endif
