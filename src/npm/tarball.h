/*
 * The archive of a package (.tgz): walked entry by entry, with every name, kind, size and count checked before the receiver sees
 * it. Foreign bytes. Owner: one thread at a time; blocks on the file.
 */
#ifndef SK_NPM_TARBALL_H
#define SK_NPM_TARBALL_H

#include "base/base.h"
#include "base/err.h"

struct sk_tarball_limits {
    uint64_t bytes_max;   /* of all files, unpacked */
    uint64_t file_max;    /* of one */
    unsigned entries_max; /* files and folders */
    unsigned depth_max;   /* folders in each other */
    unsigned ratio_max;   /* unpacked to packed, once ratio_from bytes came out: more is a bomb */
    uint64_t ratio_from;
};
extern const struct sk_tarball_limits sk_tarball_default_limits;

/* Each may end the walk by a negative value, which the walk returns. */
struct sk_tarball_ops {
    /* A file begins; `name` is relative, '/'-separated, without the archive's first folder, safe to join. NUL-terminated. */
    int (*file)(void *arg, const char *name, struct sk_errmsg *em);
    int (*bytes)(void *arg, struct sk_span bytes, struct sk_errmsg *em);
    int (*file_end)(void *arg, struct sk_errmsg *em);
};

/* Folders without files are passed over. The error names the entry. */
int sk_tarball_walk_fd(int fd, const struct sk_tarball_limits *limits, const struct sk_tarball_ops *ops, void *arg,
                       struct sk_errmsg *em);
int sk_tarball_walk_memory(struct sk_span bytes, const struct sk_tarball_limits *limits, const struct sk_tarball_ops *ops,
                           void *arg, struct sk_errmsg *em);

/* Is this a name for a file of a package? No empty part, no "." or "..", no backslash, nothing that breaks a line, valid UTF-8.
 */
bool sk_tarball_name_ok(struct sk_span name, unsigned depth_max);

#endif
