/* Whole folders. Thread: any; the calls block. */
#ifndef SK_STORE_TREE_H
#define SK_STORE_TREE_H

#include "base/base.h"
#include "base/err.h"

/* Removes a folder with everything in it, or a file. Links are removed, never followed; another file system is not entered.
   What is not there is no error. */
int sk_tree_remove(const char *path, struct sk_errmsg *em);
/* Everything that was written to the file system of that folder is on the disk. */
int sk_tree_sync(const char *dir, struct sk_errmsg *em);

#endif
