#include "base/cond.h"

#include "base/clock.h"

struct timespec sk_cond_deadline(unsigned ms)
{
    uint64_t ns = sk_clock_mono_ns() + (uint64_t)ms * 1000000u;
    return (struct timespec){ (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
}

void sk_cond_init(pthread_cond_t *c)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(c, &a);
    pthread_condattr_destroy(&a);
}
