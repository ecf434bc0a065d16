/* Time and randomness of the machine. Parts that decide by time take `now` as a parameter instead; these serve the edges. Thread:
 * any. */
#ifndef SK_BASE_CLOCK_H
#define SK_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SK_ISO_TIME_SIZE 25 /* "YYYY-MM-DDTHH:MM:SS.mmmZ" and NUL */
#define SK_UUID_SIZE 37

int64_t sk_clock_wall_ms(void);  /* since 1970, UTC */
uint64_t sk_clock_mono_ms(void); /* monotonic, from an unspecified start */
uint64_t sk_clock_mono_ns(void);
uint64_t sk_clock_thread_ns(void); /* processor time that the calling thread has had */
/* RFC 3339 UTC with exactly three decimals, as Signal K timestamps are written. */
void sk_iso_time(char out[SK_ISO_TIME_SIZE], int64_t wall_ms);

/* Milliseconds since 1970 of "YYYY-MM-DDTHH:MM:SS[.fff...]Z" (or with +hh:mm); false when it is none. */
bool sk_iso_parse(const char *text, size_t n, int64_t *ret_wall_ms);

void sk_random_bytes(void *out, size_t n); /* from the kernel; cannot fail */
void sk_uuid_v4(char out[SK_UUID_SIZE]);

#endif
