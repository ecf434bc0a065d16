/* Inside of a document store; only for docstore*.c. Owner: loop thread. */
#ifndef SK_STORE_DOCSTORE_IMPL_H
#define SK_STORE_DOCSTORE_IMPL_H

#include "store/docstore.h"

struct sk_docs { /* of one kind, sorted by name */
    struct sk_doc *list;
    size_t count, cap;
};

struct sk_docs_room { /* what reading may still take */
    size_t docs, bytes;
};

struct sk_doc_change {
    struct sk_doc_change *next;
    size_t kind;
    char *name, *text;    /* text NULL: removal; name NULL: the kind's folder is read */
    struct sk_docs found; /* in it */
    struct sk_docs_room room;
    size_t n;
    int64_t mtime_ms;
    int result;
    struct sk_errmsg em;
    sk_docstore_done done;
    void *arg;
};

struct sk_docstore {
    struct sk_docstore_options o;
    char *root, **folders;   /* folders: per kind */
    struct sk_docs *docs;    /* per kind */
    size_t first_kinds;      /* that are read at the beginning */
    size_t count, bytes;     /* of all */
    bool begun, ready, busy; /* busy: `work` is under way */
    uv_work_t work;
    struct sk_doc_change *waiting, **waiting_end, *writing;
    unsigned waiting_count;
    size_t waiting_bytes;
};

/* docstore_load.c; thread: pool. What the folder of `kind` holds, sorted. */
void sk_docstore_load(const struct sk_docstore *s, size_t kind, struct sk_docs_room *room, struct sk_docs *ret);
void sk_docs_append(struct sk_docs *d, struct sk_doc doc);

#endif
