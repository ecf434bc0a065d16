/*
 * Small JSON objects that users make (routes, waypoints, notes, ...): one file each, <root>/<kind>/<name>, all of them kept in
 * memory. Reads never touch the disk; a change is seen in memory, and its `done` comes, when it is durable: a killed process
 * loses nothing that was answered for.
 *
 * Owner: loop thread. Files are read and written on the thread pool: first all that is there, then changes in their order, as
 * many at once as have gathered. Limits: see the options; what is full is refused with SK_ERR_LIMIT, files beyond the limits or
 * that are no JSON object stay on disk and are left out with a warning.
 */
#ifndef SK_STORE_DOCSTORE_H
#define SK_STORE_DOCSTORE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

struct sk_docstore;

struct sk_doc {
    char *name;
    char *text; /* compact */
    size_t n;
    int64_t mtime_ms;
    void *extra; /* what the owner derives from the text */
};

struct sk_docstore_options {
    struct sk_loop *loop;
    const char *root;
    const char *const *kinds;            /* names of our own making: they become folders */
    size_t kind_count, kinds_max;        /* kinds_max: with those that are added later */
    size_t doc_max, docs_max, bytes_max; /* bytes of one; number and bytes of all together */
    unsigned queue_max;                  /* changes that wait */
    /* Is this a name of that kind? Names must be fit for files. Thread: any. */
    bool (*name_ok)(size_t kind, struct sk_span name);
    /* Writes the text as it shall be kept. Thread: any. */
    int (*tidy)(size_t kind, struct sk_span text, struct sk_buf *out, struct sk_errmsg *em);
    /* malloc'd, may be NULL; freed by drop. Thread: loop. */
    void *(*derive)(size_t kind, struct sk_span text);
    void (*drop)(void *extra);
    void (*ready)(void *arg); /* all is read; changes asked for before wait until then */
    void *arg;
};

/* Copies what it keeps. Nothing is read before it is needed: by sk_docstore_begin, or by the first change. */
struct sk_docstore *sk_docstore_create(const struct sk_docstore_options *o);
void sk_docstore_begin(struct sk_docstore *s); /* again is fine */
bool sk_docstore_ready(const struct sk_docstore *s);
bool sk_docstore_idle(const struct sk_docstore *s); /* nothing is under way on the thread pool */
void sk_docstore_destroy(struct sk_docstore *s);    /* only when idle */

/* `result` 0 or an error with its text; comes exactly once, in a later turn or before the asking returns. */
typedef void (*sk_docstore_done)(void *arg, int result, const char *error);
/* One more kind, numbered sk_docstore_kinds before; what its folder holds is there when `done` comes. SK_ERR_LIMIT: no more. */
void sk_docstore_add_kind(struct sk_docstore *s, const char *name, sk_docstore_done done, void *arg);
size_t sk_docstore_kinds(const struct sk_docstore *s);

/* By name; NULL when there is none. Valid until the next change is done. */
const struct sk_doc *sk_docstore_find(const struct sk_docstore *s, size_t kind, struct sk_span name);
/* Sorted by name (bytes). */
const struct sk_doc *sk_docstore_at(const struct sk_docstore *s, size_t kind, size_t index);
size_t sk_docstore_count(const struct sk_docstore *s, size_t kind);

void sk_docstore_put(struct sk_docstore *s, size_t kind, struct sk_span name, struct sk_span text, sk_docstore_done done,
                     void *arg);
/* SK_ERR_NOTFOUND when there is none. */
void sk_docstore_remove(struct sk_docstore *s, size_t kind, struct sk_span name, sk_docstore_done done, void *arg);

#endif
