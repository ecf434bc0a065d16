/*
 * Versions and ranges as npm reads them: Semantic Versioning 2.0.0, and ranges with ||, hyphens, x, ~ and ^. A prerelease fits a
 * range only when the range names a prerelease of the same major.minor.patch. Pure. Thread: any. Spans point into the text.
 */
#ifndef SK_NPM_SEMVER_H
#define SK_NPM_SEMVER_H

#include "base/base.h"

#define SK_SEMVER_TEXT_MAX 256

struct sk_semver {
    uint64_t number[3];        /* major, minor, patch; at most 2^53 - 1 */
    struct sk_span prerelease; /* without '-'; empty: none. Build data is read over */
};

/* The whole text, with blanks and one 'v' or '=' in front allowed. False: no version. */
bool sk_semver_parse(struct sk_span text, struct sk_semver *ret);
int sk_semver_compare(const struct sk_semver *a, const struct sk_semver *b);
bool sk_semver_range_ok(struct sk_span range);
/* False also for a range that is none. */
bool sk_semver_satisfies(const struct sk_semver *v, struct sk_span range);

#endif
