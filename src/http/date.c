/* HTTP dates (RFC 9110 §5.6.7). No locale is consulted, which rules out strftime. */
#include "http/conn.h"

#include <stdio.h>
#include <time.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void sk_http_date(char out[SK_HTTP_DATE_SIZE], int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm = { .tm_mday = 1 };
    if (seconds < 0 || seconds > 253402300799 || gmtime_r(&t, &tm) == NULL)
        tm = (struct tm){ .tm_mday = 1, .tm_year = 70, .tm_wday = 4 };
    snprintf(out, SK_HTTP_DATE_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
             (unsigned)tm.tm_mday % 100u, months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000u,
             (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
}

static bool digits(const char *p, int n, int *ret)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (p[i] - '0');
    }
    *ret = v;
    return true;
}

bool sk_http_date_parse(struct sk_span s, int64_t *ret_seconds)
{
    struct tm tm = { 0 };
    int year;
    if (s.n != SK_HTTP_DATE_SIZE - 1 || memcmp(s.p + 3, ", ", 2) != 0 || memcmp(s.p + 25, " GMT", 4) != 0)
        return false;
    if (!digits(s.p + 5, 2, &tm.tm_mday) || !digits(s.p + 12, 4, &year) || !digits(s.p + 17, 2, &tm.tm_hour) ||
        !digits(s.p + 20, 2, &tm.tm_min) || !digits(s.p + 23, 2, &tm.tm_sec))
        return false;
    for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++)
        if (memcmp(months + 3 * tm.tm_mon, s.p + 8, 3) == 0)
            break;
    if (tm.tm_mon == 12 || year < 1900)
        return false;
    tm.tm_year = year - 1900;
    *ret_seconds = timegm(&tm);
    return true;
}
