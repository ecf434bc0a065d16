/*
 * Saves one file on the thread pool, atomically and durably (store/fs.h): one write at a time; content put meanwhile waits, and
 * of several waiting contents only the newest is written. Everybody who put one is told once content at least as new is on disk,
 * or why it is not. Owner: loop thread.
 */
#ifndef SK_STORE_SAVER_H
#define SK_STORE_SAVER_H

#include "base/loop.h"

struct sk_saver;

/* `result`: 0, or a negative sk_err with its text in `error` ("" otherwise). Called in a later turn, in the order of the puts. */
typedef void (*sk_saver_done)(void *arg, int result, const char *error);

/* The folder of `file` is made with the first write. */
struct sk_saver *sk_saver_create(struct sk_loop *loop, const char *file, unsigned mode);
/* Idle only: run the loop until sk_saver_idle. NULL is fine. */
void sk_saver_destroy(struct sk_saver *s);
/* Takes `text` (from malloc). `done` may be NULL. */
void sk_saver_put(struct sk_saver *s, char *text, size_t n, sk_saver_done done, void *arg);
/* The same for a file that shall be gone; one that is not there is fine. */
void sk_saver_remove(struct sk_saver *s, sk_saver_done done, void *arg);
bool sk_saver_idle(const struct sk_saver *s); /* NULL: true */

#endif
