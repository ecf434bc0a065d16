/* Which name somebody meant who misspelt one. Thread: any; no memory. */
#ifndef SK_BASE_NEAREST_H
#define SK_BASE_NEAREST_H

#include "base/base.h"

/* The likely intended name by edit distance, or NULL when none is near. `names` ends with NULL. */
const char *sk_nearest_name(const char *name, size_t n, const char *const *names);

#endif
