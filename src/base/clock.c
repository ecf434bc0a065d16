#include "base/clock.h"

#include "base/base.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

int64_t sk_clock_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t ns_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t sk_clock_mono_ns(void)
{
    return ns_of(CLOCK_MONOTONIC);
}

uint64_t sk_clock_thread_ns(void)
{
    return ns_of(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t sk_clock_mono_ms(void)
{
    return sk_clock_mono_ns() / 1000000u;
}

static char *digits(char *o, unsigned v, int width)
{
    for (int i = width - 1; i >= 0; i--, v /= 10)
        o[i] = (char)('0' + v % 10);
    return o + width;
}

/* Days since 1970 to a date of the proleptic Gregorian calendar, after Howard Hinnant's "chrono-compatible low-level date
   algorithms" (days_from_civil turned round). */
static void civil(int64_t days, unsigned *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = (unsigned)((int64_t)yoe + era * 400) + (*ret_month <= 2);
}

void sk_iso_time(char out[SK_ISO_TIME_SIZE], int64_t wall_ms)
{
    int64_t days = wall_ms / 86400000 - (wall_ms % 86400000 < 0);
    unsigned ms = (unsigned)(wall_ms - days * 86400000);
    unsigned y, m, d;
    civil(days, &y, &m, &d);
    char *o = digits(out, y, 4);
    *o++ = '-';
    o = digits(o, m, 2);
    *o++ = '-';
    o = digits(o, d, 2);
    *o++ = 'T';
    o = digits(o, ms / 3600000, 2);
    *o++ = ':';
    o = digits(o, ms / 60000 % 60, 2);
    *o++ = ':';
    o = digits(o, ms / 1000 % 60, 2);
    *o++ = '.';
    o = digits(o, ms % 1000, 3);
    *o++ = 'Z';
    *o = '\0';
}

/* The turn of civil(), after the same source. */
static int64_t days_of(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

/* `pattern`: digits stand for themselves as fields 'Y', 'M', 'D', 'h', 'm', 's'; anything else is literal. */
static bool fields(const char *t, size_t n, const char *pattern, unsigned values[6])
{
    static const char names[] = "YMDhms";
    size_t i = 0;
    for (; pattern[i] != '\0'; i++) {
        const char *field = strchr(names, pattern[i]);
        if (i >= n)
            return false;
        if (field == NULL) {
            if (t[i] != pattern[i])
                return false;
        } else if (t[i] < '0' || t[i] > '9') {
            return false;
        } else {
            values[field - names] = values[field - names] * 10 + (unsigned)(t[i] - '0');
        }
    }
    return true;
}

bool sk_iso_parse(const char *t, size_t n, int64_t *ret_wall_ms)
{
    unsigned v[6] = { 0 }, zone[6] = { 0 }, ms = 0;
    if (!fields(t, n, "YYYY-MM-DDThh:mm:ss", v) || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 24 || v[4] > 59 ||
        v[5] > 60)
        return false;
    size_t i = 19;
    if (i < n && t[i] == '.') {
        unsigned scale = 100;
        for (i++; i < n && t[i] >= '0' && t[i] <= '9'; i++, scale /= 10)
            ms += (unsigned)(t[i] - '0') * scale;
    }
    int64_t offset = 0;
    if (i + 6 == n && (t[i] == '+' || t[i] == '-') && fields(t + i + 1, 5, "hh:mm", zone))
        offset = (t[i] == '-' ? -1 : 1) * (int64_t)(zone[3] * 60 + zone[4]) * 60000;
    else if (i + 1 != n || t[i] != 'Z')
        return false;
    *ret_wall_ms = ((days_of(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60000 + (int64_t)v[5] * 1000 + ms - offset;
    return true;
}

void sk_random_bytes(void *out, size_t n)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t r = getrandom(p, n, 0);
        if (r < 0) {
            SK_ASSERT(errno == EINTR);
            continue;
        }
        p += r;
        n -= (size_t)r;
    }
}

void sk_uuid_v4(char out[SK_UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    sk_random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    char *o = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *o++ = '-';
        *o++ = hex[b[i] >> 4];
        *o++ = hex[b[i] & 15];
    }
    *o = '\0';
}
