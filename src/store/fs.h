/*
 * Files of the configuration folder. Writes are atomic and durable: temporary file, fsync, rename, fsync of the directory; when
 * sk_fs_write_atomic returns 0, the content survives power loss. Of two writers at once the later rename wins, whole.
 * Thread: any; the calls block, so the loop hands them to its thread pool once running.
 */
#ifndef SK_STORE_FS_H
#define SK_STORE_FS_H

#include "base/buf.h"
#include "base/err.h"

/* `max`: a larger file is SK_ERR_LIMIT. The text has a NUL behind it; free() it. */
int sk_fs_read(const char *file, size_t max, char **ret_text, size_t *ret_n, struct sk_errmsg *em);
int sk_fs_write_atomic(const char *file, struct sk_span content, unsigned mode, struct sk_errmsg *em);
/* Atomic for readers, and it survives the end of this process, but not a power cut: for what is worth nothing after one. */
int sk_fs_write_unsynced(const char *file, struct sk_span content, unsigned mode, struct sk_errmsg *em);
/* Is a file of this name one that a writer which has died meant to rename? Never one that is being written. */
bool sk_fs_is_leftover(const char *name);
/* Durable as well. A file that is not there is SK_ERR_NOTFOUND. */
int sk_fs_remove(const char *file, struct sk_errmsg *em);
/* Durable as well; `to` is replaced. */
int sk_fs_rename(const char *from, const char *to, struct sk_errmsg *em);
/* What was renamed to `file`, or away from it, lasts. */
int sk_fs_sync_folder_of(const char *file, struct sk_errmsg *em);
/* All of it, whatever interrupts; 0 or -errno. */
int sk_fs_write_all(int fd, struct sk_span content);
int sk_fs_mkdirs(const char *dir, unsigned mode, struct sk_errmsg *em);
bool sk_fs_is_dir(const char *path);
bool sk_fs_is_file(const char *path);
bool sk_fs_exists(const char *path); /* of whatever kind; a link too, wherever it leads */
/*
 * The one door from a network name to a file name: joins `root` and `rel` ('/'-separated, already percent-decoded). Refused with
 * SK_ERR_DENIED: empty parts other than at the end, ".", "..", names starting with a dot, NUL, backslash, over 1,024 bytes.
 */
int sk_fs_join(const char *root, struct sk_span rel, char **ret_path, struct sk_errmsg *em);
char *sk_fs_path(const char *dir, const char *name); /* dir + '/' + name of our own making; free() it */

#endif
