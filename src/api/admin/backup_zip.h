/*
 * The configuration folder as one zip file, and back. Thread: pool; both calls block for as long as the disk needs.
 * Left out: names that begin with a dot, what belongs to the run under way (skiff-*), *.log, what is neither file nor folder, and
 * node_modules unless it is asked for.
 */
#ifndef SK_API_BACKUP_ZIP_H
#define SK_API_BACKUP_ZIP_H

#include "base/buf.h"
#include "base/err.h"

#define SK_BACKUP_FILES_MAX 50000u
#define SK_BACKUP_BYTES_MAX ((uint64_t)1024 * 1024 * 1024)

/* Makes `file` (mode 0600), replacing what is there. */
int sk_backup_write(const char *folder, bool with_packages, const char *file, struct sk_errmsg *em);
/* The same of the files at the top of `folder` whose names `wanted` likes; `file` lies elsewhere. */
int sk_backup_write_some(const char *folder, bool (*wanted)(struct sk_span name), const char *file, struct sk_errmsg *em);
/* A zip file within another file. */
struct sk_backup_zip {
    int fd; /* read by pread */
    uint64_t from, length;
};
/*
 * Unpacks into `folder`, which must be new, and brings it to disk. Checksums are compared, JSON files at the top are read; one
 * wrong entry and the whole is refused. `list`: a JSON array of the files and folders (with a '/' behind) at the top.
 */
int sk_backup_unpack(const struct sk_backup_zip *zip, const char *folder, struct sk_buf *list, struct sk_errmsg *em);

#endif
