/*
 * Changing node_modules so that nobody ever sees half of it: a package is built in a folder of its own beside the others
 * (".skiff-...", which nobody takes for a package), and one rename puts it in its place. A process that dies at any moment leaves
 * the old package or the new one; whoever opens the next stage finishes or removes the rest. One stage at a time for a
 * configuration folder, over all processes (flock on node_modules).
 * Thread: any but the loop; blocks. Owner: one thread.
 */
#ifndef SK_NPM_STAGE_H
#define SK_NPM_STAGE_H

#include "base/base.h"
#include "base/err.h"

struct sk_stage {
    char *config_dir, *modules; /* node_modules */
    char *dir;                  /* of this stage; NULL before sk_stage_begin */
    int lock;
};

/* Waits for another stage, at most a minute (SK_ERR_BUSY), and cleans up what dead ones left. `cancelled` may be NULL. */
int sk_stage_open(const char *config_dir, bool (*cancelled)(void *arg), void *arg, struct sk_stage *ret, struct sk_errmsg *em);
/* An empty folder <dir>/new for the package. */
int sk_stage_begin(struct sk_stage *s, struct sk_errmsg *em);
/* Puts <dir>/new into the place of the package `name` and notes `wanted` in package.json. */
int sk_stage_commit(struct sk_stage *s, const char *name, const char *version, const char *wanted, struct sk_errmsg *em);
/* Takes a package away. SK_ERR_NOTFOUND: it is not there. */
int sk_stage_remove(struct sk_stage *s, const char *name, struct sk_errmsg *em);
void sk_stage_close(struct sk_stage *s); /* removes what is left of it */

#endif
