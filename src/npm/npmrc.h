/*
 * npm's configuration files: "key = value" lines, ';' and '#' begin comments, ${NAME} is the environment's. Of several files the
 * one that was added first wins. Values may be secrets: they are never logged. Pure. Owner: one thread at a time.
 */
#ifndef SK_NPM_NPMRC_H
#define SK_NPM_NPMRC_H

#include "base/map.h"

#define SK_NPMRC_FILE_MAX ((size_t)256 * 1024)
#define SK_NPMRC_VALUES_MAX 2000 /* further lines are passed over */

struct sk_npmrc {
    struct sk_map values; /* of struct value */
};

/* `environment(name)` as getenv; NULL: nothing is replaced. A ${NAME} that is not set stays as it is, as npm does. */
void sk_npmrc_add(struct sk_npmrc *c, struct sk_span text, const char *(*environment)(const char *name));
void sk_npmrc_set(struct sk_npmrc *c, struct sk_span key, struct sk_span value); /* unless it is set already */
const char *sk_npmrc_get(const struct sk_npmrc *c, const char *key);             /* NULL when it is not set */
/* The value of "//host[:port]/folder/:<key>" for the longest such place that `url` lies in; NULL without. */
const char *sk_npmrc_for_url(const struct sk_npmrc *c, const char *url, const char *key);
void sk_npmrc_finish(struct sk_npmrc *c); /* zeroed is fine */

#endif
