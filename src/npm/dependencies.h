/*
 * The configuration folder's package.json: which packages the user wants there. npm reads it too, and removes what it does not
 * name, so each installation keeps it in step. Other members are kept. Thread: any; blocks. Not to be called twice at once.
 */
#ifndef SK_NPM_DEPENDENCIES_H
#define SK_NPM_DEPENDENCIES_H

#include "base/err.h"

/* SK_ERR_INVALID when the file is there and is no package.json. */
int sk_dependencies_check(const char *config_dir, struct sk_errmsg *em);
/* `wanted` is a version or range; NULL takes the name out. A missing file is made. */
int sk_dependencies_set(const char *config_dir, const char *name, const char *wanted, struct sk_errmsg *em);

#endif
