/*
 * Condition variables whose waits end by the monotonic clock: a clock that is set (GPS, NTP) neither cuts nor stretches them.
 * Thread: any.
 */
#ifndef SK_BASE_COND_H
#define SK_BASE_COND_H

#include <pthread.h>
#include <time.h>

void sk_cond_init(pthread_cond_t *c);
struct timespec sk_cond_deadline(unsigned ms); /* so many from now, for pthread_cond_timedwait */

#endif
