#include "codec/nmea0183/sentence.h"

#include <math.h>

#define DAY_MS 86400000
#define HOUR_MS 3600000

bool sk_0183_is(const struct sk_0183 *s, int i, char letter)
{
    struct sk_span f = sk_0183_field(s, i);
    return f.n == 1 && (f.p[0] & ~0x20) == letter;
}

static const double powers[] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17
};

/* A decimal as a whole number and how many of its digits stand behind the point. */
struct decimal {
    uint64_t digits;
    unsigned decimals;
    bool negative;
};

static bool read_decimal(struct sk_span t, struct decimal *ret)
{
    struct decimal d = { .negative = t.n > 0 && t.p[0] == '-' };
    unsigned kept = 0;
    bool point = false, any = false;
    for (size_t i = t.n > 0 && (t.p[0] == '-' || t.p[0] == '+'); i < t.n; i++) {
        if (t.p[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (t.p[i] < '0' || t.p[i] > '9')
            return false;
        any = true;
        if (kept == 18 || d.decimals + 1 >= SK_COUNT(powers)) { /* more than a double holds: behind the point it says nothing */
            if (!point)
                return false;
            continue;
        }
        d.digits = d.digits * 10 + (uint64_t)(t.p[i] - '0');
        kept += d.digits != 0;
        d.decimals += point;
    }
    *ret = d;
    return any;
}

bool sk_0183_parse(struct sk_span t, double *ret_value)
{
    struct decimal d;
    if (!read_decimal(t, &d))
        return false;
    double v = (double)d.digits / powers[d.decimals];
    *ret_value = d.negative ? -v : v;
    return true;
}

double sk_0183_value(const struct sk_0183 *s, int i)
{
    double v = 0;
    struct sk_span f = sk_0183_field(s, i);
    return f.n == 0 || sk_0183_parse(f, &v) ? v : NAN;
}

double sk_0183_value_or_nan(const struct sk_0183 *s, int i)
{
    double v;
    return sk_0183_parse(sk_0183_field(s, i), &v) ? v : NAN;
}

unsigned sk_0183_empty_count(const struct sk_0183 *s)
{
    unsigned n = 0;
    for (int i = 1; i <= s->fields; i++)
        n += s->field[i].n == 0;
    return n;
}

/* (d)ddmm.mmm: the minutes are the last two digits before the point. One division of whole numbers, so nothing is lost. */
static bool read_angle(struct sk_span text, struct sk_span pole, char positive, char negative, double max, double *ret_degrees)
{
    struct decimal d;
    char letter = pole.n == 1 ? (char)(pole.p[0] & ~0x20) : '\0';
    if ((letter != positive && letter != negative) || !read_decimal(text, &d) || d.negative)
        return false;
    uint64_t unit = (uint64_t)powers[d.decimals], degrees = d.digits / unit / 100;
    if (degrees > 180)
        return false;
    double v =
        ((double)(degrees * 60) * powers[d.decimals] + (double)(d.digits - degrees * 100 * unit)) / (60 * powers[d.decimals]);
    if (v > max)
        return false;
    *ret_degrees = letter == negative ? -v : v;
    return true;
}

bool sk_0183_read_position(const struct sk_0183 *s, int i, double *ret_latitude, double *ret_longitude)
{
    return read_angle(sk_0183_field(s, i), sk_0183_field(s, i + 1), 'N', 'S', 90, ret_latitude) &&
           read_angle(sk_0183_field(s, i + 2), sk_0183_field(s, i + 3), 'E', 'W', 180, ret_longitude);
}

int64_t sk_0183_days_from_civil(int year, unsigned month, unsigned day)
{
    static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t y = year - 1, from_1970 = y * 365 + y / 4 - y / 100 + y / 400 - 719162;
    return from_1970 + before[month - 1] + (leap && month > 2) + day - 1;
}

static bool two_digits(const char *p, unsigned max, unsigned *ret_value)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *ret_value = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
    return *ret_value <= max;
}

static bool read_time_of_day(struct sk_span t, bool fraction, int64_t *ret_ms)
{
    unsigned h, m, sec;
    double ms = 0;
    if (t.n < 6 || !two_digits(t.p, 23, &h) || !two_digits(t.p + 2, 59, &m) || !two_digits(t.p + 4, 60, &sec))
        return false;
    if (t.n > 6 && (t.p[6] != '.' || (t.n > 7 && !sk_0183_parse((struct sk_span){ t.p + 6, t.n - 6 }, &ms))))
        return false;
    *ret_ms = (int64_t)h * 3600000 + m * 60000 + sec * 1000 + (fraction ? (int64_t)floor(ms * 1000 + 1e-6) : 0);
    return true;
}

static bool read_date(struct sk_span t, int64_t *ret_days)
{
    unsigned d, m, y;
    if (t.n != 6 || !two_digits(t.p, 31, &d) || !two_digits(t.p + 2, 12, &m) || !two_digits(t.p + 4, 99, &y) || d == 0 || m == 0)
        return false;
    *ret_days = sk_0183_days_from_civil((int)(y < 80 ? 2000 + y : 1900 + y), m, d);
    return true;
}

void sk_0183_set_time(struct sk_0183 *s, struct sk_span time, struct sk_span date, bool fraction)
{
    int64_t of_day, days, today = s->now_ms / DAY_MS;
    if (!read_time_of_day(time, fraction, &of_day)) {
        s->time_ms = s->now_ms - s->now_ms % 1000;
        return;
    }
    if (!read_date(date, &days)) { /* about midnight the sentence and we may be on either side of it */
        int64_t our_of_day = s->now_ms % DAY_MS;
        days =
            today - (our_of_day < HOUR_MS && of_day >= DAY_MS - HOUR_MS) + (our_of_day >= DAY_MS - HOUR_MS && of_day < HOUR_MS);
    }
    s->time_ms = days * DAY_MS + of_day;
}
