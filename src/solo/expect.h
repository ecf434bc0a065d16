/* Holds what a plugin did in a step against what the step expects. Owner: the loop thread. */
#ifndef SK_SOLO_EXPECT_H
#define SK_SOLO_EXPECT_H

#include "solo/play.h"
#include "solo/record.h"

/* `answer`: of the PUT, HTTP request or call, NULL: none. False: `f` says what was different. */
bool sk_expect(const struct sk_step *step, struct sk_record *r, const yyjson_val *answer, struct sk_failure *f);

#endif
