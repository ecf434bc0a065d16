/* The time of day from WASI, without a libc. */
#ifndef DEMO_BOAT_CLOCK_H
#define DEMO_BOAT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

__attribute__((import_module("wasi_snapshot_preview1"), import_name("clock_time_get"))) int32_t wasi_clock_time_get(
    int32_t clock, uint64_t precision, uint64_t *ret_nanoseconds);

static void two_digits(char *out, unsigned v)
{
    out[0] = (char)('0' + v / 10);
    out[1] = (char)('0' + v % 10);
}

/* "2026-01-31T12:00:00.000Z" and a NUL; false if there is no clock. */
static bool utc_text(char out[32])
{
    uint64_t ns;
    if (wasi_clock_time_get(0, 1000000, &ns) != 0)
        return false;
    uint64_t ms = ns / 1000000;
    unsigned of_day = (unsigned)(ms / 1000 % 86400);
    /* Years counted from March put the leap day last, so that months have a fixed length. */
    unsigned days = (unsigned)(ms / 86400000) + 719468; /* since 1 March of the year 0 */
    unsigned era = days / 146097, in_era = days % 146097;
    unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
    unsigned march_month = (5 * in_year + 2) / 153;
    unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
    year += era * 400 + (month <= 2);

    __builtin_memcpy(out, "0000-00-00T00:00:00.000Z", 25);
    two_digits(out, year / 100);
    two_digits(out + 2, year % 100);
    two_digits(out + 5, month);
    two_digits(out + 8, in_year - (153 * march_month + 2) / 5 + 1);
    two_digits(out + 11, of_day / 3600);
    two_digits(out + 14, of_day / 60 % 60);
    two_digits(out + 17, of_day % 60);
    out[20] = (char)('0' + ms % 1000 / 100);
    two_digits(out + 21, (unsigned)(ms % 100));
    return true;
}

#endif
