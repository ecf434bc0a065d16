/*
 * What the filters refuse is told to the process by a signal (SIGSYS) in the thread that tried: the handler makes the call fail
 * with EPERM, or ENOSYS when this build has no name for it, and counts it. The loop logs each pair of call and thread once; of
 * more than SK_VIOLATIONS_MAX pairs only the number is kept. Private to src/sandbox.
 */
#ifndef SK_SANDBOX_VIOLATIONS_H
#define SK_SANDBOX_VIOLATIONS_H

#include "base/loop.h"

#define SK_VIOLATIONS_MAX 32

/* Thread: main, before the first filter. */
void sk_violations_catch(void);
/* Thread: loop. */
void sk_violations_watch(struct sk_loop *loop);
void sk_violations_unwatch(void);
uint64_t sk_violations_count(void); /* thread: any */

#endif
