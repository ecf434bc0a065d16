/* The environment. Thread: any, while nobody changes it, and nobody does. */
#ifndef SK_BASE_ENV_H
#define SK_BASE_ENV_H

#include <stddef.h>
#include <stdlib.h>

/* NULL: not set, or empty. */
static inline const char *sk_env(const char *name)
{
    const char *v = getenv(name);
    return v != NULL && v[0] != '\0' ? v : NULL;
}

#endif
