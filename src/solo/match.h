/*
 * Does a JSON value look as expected? What is expected is JSON too, and partial: members and elements that it does not name may
 * be there.
 *
 *   {"a":1}            an object with a member a that is 1
 *   [1,{"b":2}]        an array in which these come in this order; others may stand between them
 *   3.5, "x", true     this value; numbers are equal to nine digits
 *
 * An object whose members begin with `$` says more; all of them have to hold:
 *   {"$any":true}  anything, but there        {"$absent":true}    no such member
 *   {"$type":"number"} string, boolean, object, array, null
 *   {"$near":3.5,"$within":0.1}               {"$between":[1,2]}  both ends belong to it
 *   {"$contains":"text"}                      {"$matches":"^N.*"} an extended regular expression
 *   {"$length":2}  of an array or text        {"$exactly":…}      nothing more than this
 *   {"$not":…}
 *
 * Pure. Thread: any.
 */
#ifndef SK_SOLO_MATCH_H
#define SK_SOLO_MATCH_H

#include "base/buf.h"
#include "base/err.h"

#include <yyjson.h>

struct sk_mismatch {
    char path[300];     /* "updates[0].values[1].path" */
    char expected[300]; /* JSON, or words */
    char actual[300];
    unsigned matched; /* values that were right before: the nearest of several has most */
};

/* `actual` NULL: there is no such value. */
bool sk_match(const yyjson_val *expected, const yyjson_val *actual, struct sk_mismatch *ret_mismatch);

/* Is it an expectation that can be held against anything? The error names the wrong part, and `*ret_at` is its key (for
   positions), or NULL. */
int sk_match_check(const yyjson_val *expected, const yyjson_val **ret_at, struct sk_errmsg *em);

#endif
