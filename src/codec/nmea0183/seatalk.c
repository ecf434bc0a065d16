/*
 * Seatalk 1 datagrams inside NMEA 0183: "$STALK,cmd,attribute,byte,..." and ShipModul's "$PSMDST,R,cmd,...". Facts: Thomas Knauf,
 * SeaTalk Technical Reference.
 */
#include "codec/nmea0183/sentence.h"

#include <math.h>

#define DATAGRAM_MAX 18

struct datagram {
    unsigned n;
    unsigned b[DATAGRAM_MAX]; /* command, attribute, data */
};

static unsigned word(const struct datagram *d, unsigned i)
{
    return d->b[i] + 256 * d->b[i + 1];
}

static unsigned high(unsigned byte)
{
    return byte >> 4;
}

static unsigned low(unsigned byte)
{
    return byte & 0xf;
}

static double east_of_zero(unsigned byte) /* two's complement */
{
    return byte > 127 ? (double)byte - 256 : (double)byte;
}

static void depth(struct sk_0183 *s, const struct datagram *d)
{
    unsigned tenths = d->b[3] + 256 * (d->b[4] & 0x7f);
    sk_0183_put(s, SK_ALK_DEPTH, tenths * SK_FOOT / 10);
}

static void wind_angle(struct sk_0183 *s, const struct datagram *d)
{
    double degrees = (256 * d->b[2] + d->b[3]) / 2.0;
    sk_0183_put(s, SK_ALK_WIND_ANGLE, (degrees > 180 ? degrees - 360 : degrees) * SK_DEGREE);
}

static void wind_speed(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_WIND_SPEED, ((d->b[2] & 0x7f) * 10 + low(d->b[3])) / 10.0 * SK_KNOT);
}

static void water_speed(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_STW, word(d, 2) / 10.0 * SK_KNOT);
}

static void trip(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_TRIP, (word(d, 2) + low(d->b[4]) * 65536) / 100.0 * SK_NAUTICAL_MILE);
}

static void total(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_LOG, word(d, 2) / 10.0 * SK_NAUTICAL_MILE);
}

static void total_and_trip(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_TRIP, (word(d, 4) + low(d->b[6]) * 65536) / 100.0 * SK_NAUTICAL_MILE);
    sk_0183_put(s, SK_ALK_LOG, (word(d, 2) + high(d->b[1]) * 65536) / 10.0 * SK_NAUTICAL_MILE);
}

static void fine_water_speed(struct sk_0183 *s, const struct datagram *d)
{
    if ((high(d->b[6]) & 4) != 0)
        sk_0183_put(s, SK_ALK_STW, word(d, 2) / 100.0 * SK_KNOT);
}

static void water_temperature(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_WATER, round(((double)word(d, 2) - 100) * 10 + SK_ZERO_CELSIUS * 100) / 100);
}

static double degrees_and_minutes(const struct datagram *d)
{
    return (d->b[2] * 6000.0 + (word(d, 3) & 0x7fff)) / 6000;
}

/* Latitude comes first, longitude behind it; then the position is whole. */
static void latitude(struct sk_0183 *s, const struct datagram *d)
{
    double v = degrees_and_minutes(d);
    s->session->seatalk.has_latitude = v <= 90;
    s->session->seatalk.latitude = (word(d, 3) & 0x8000) != 0 ? -v : v;
}

static void longitude(struct sk_0183 *s, const struct datagram *d)
{
    double v = degrees_and_minutes(d);
    if (s->session->seatalk.has_latitude && v <= 180)
        sk_0183_put_lat_lon(s, SK_ALK_POSITION, s->session->seatalk.latitude, (word(d, 3) & 0x8000) != 0 ? v : -v);
    s->session->seatalk.has_latitude = false;
}

static void ground_speed(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_SOG, word(d, 2) / 10.0 * SK_KNOT);
}

static void course(struct sk_0183 *s, const struct datagram *d)
{
    unsigned u = high(d->b[1]);
    sk_0183_put(s, SK_ALK_COG, ((u & 3) * 90 + (d->b[2] & 0x3f) * 2 + (u & 0xc) / 8.0) * SK_DEGREE);
}

static void time_of_day(struct sk_0183 *s, const struct datagram *d)
{
    unsigned minute = d->b[2] >> 2, second = (low(d->b[2]) << 4 | high(d->b[1])) & 0x3f, hour = d->b[3];
    if (s->session->seatalk.year == 0 || hour > 23 || minute > 59 || second > 59)
        return;
    int64_t days = sk_0183_days_from_civil((int)s->session->seatalk.year, s->session->seatalk.month, s->session->seatalk.day);
    sk_0183_put_time(s, SK_ALK_DATETIME, days * 86400000 + (hour * 3600 + minute * 60 + second) * 1000LL);
}

static void date(struct sk_0183 *s, const struct datagram *d)
{
    unsigned month = high(d->b[1]), day = d->b[2], year = d->b[3];
    if (month < 1 || month > 12 || day < 1 || day > 31 || year > 99)
        return;
    s->session->seatalk.year = 2000 + year;
    s->session->seatalk.month = month;
    s->session->seatalk.day = day;
}

static void fix(struct sk_0183 *s, const struct datagram *d)
{
    unsigned satellites = high(d->b[1]);
    sk_0183_put(s, SK_ALK_SATELLITES, satellites);
    sk_0183_put(s, SK_ALK_HDOP, satellites == 1 ? 0x94 : d->b[2]);
}

/* Four characters of six bits each from the three bytes at 2, 4, 6; '0' fills up. */
static void waypoint(struct sk_0183 *s, const struct datagram *d)
{
    uint32_t bits = d->b[2] | d->b[4] << 8 | d->b[6] << 16;
    char name[4];
    unsigned from = 0, to = 4;
    for (unsigned i = 0; i < 4; i++)
        name[i] = (char)((bits >> (6 * i) & 0x3f) + 0x30);
    while (from < to && name[from] == '0')
        from++;
    while (to > from && name[to - 1] == '0')
        to--;
    if (from < to)
        sk_0183_put_text(s, SK_ALK_WAYPOINT, (struct sk_span){ name + from, to - from });
}

/* Two bits of quarters, six of double degrees, and a degree for each of the two upper bits. */
static double compass_heading(const struct datagram *d)
{
    unsigned u = high(d->b[1]);
    return (u & 3) * 90 + (d->b[2] & 0x3f) * 2 + ((u & 4) != 0) + ((u & 8) != 0);
}

static void compass(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_HEADING, compass_heading(d) * SK_DEGREE);
    sk_0183_put(s, SK_ALK_RUDDER, east_of_zero(d->b[3]) * SK_DEGREE);
}

static void autopilot(struct sk_0183 *s, const struct datagram *d)
{
    unsigned z = low(d->b[4]);
    const char *mode = (z & 8) != 0 ? "route" : (z & 4) != 0 ? "wind" : (z & 2) != 0 ? "auto" : "standby";
    sk_0183_put(s, SK_ALK_HEADING, compass_heading(d) * SK_DEGREE);
    sk_0183_put(s, SK_ALK_TARGET, ((d->b[2] >> 6) * 90 + d->b[3] / 2.0) * SK_DEGREE);
    sk_0183_put(s, SK_ALK_RUDDER, east_of_zero(d->b[6]) * SK_DEGREE);
    sk_0183_put_text(s, SK_ALK_AUTOPILOT, sk_span_of(mode));
}

static void navigation(struct sk_0183 *s, const struct datagram *d)
{
    unsigned flags = low(d->b[6]), y = high(d->b[6]), u = low(d->b[3]);
    if ((flags & 1) != 0) {
        double xte = (high(d->b[1]) << 8 | d->b[2]) / 100.0 * SK_NAUTICAL_MILE;
        sk_0183_put(s, SK_ALK_XTE, (y & 4) != 0 ? -xte : xte);
    }
    if ((flags & 2) != 0) {
        double bearing = (u & 3) * 90 + (low(d->b[4]) << 4 | high(d->b[3])) / 2.0;
        sk_0183_put(s, (u & 8) != 0 ? SK_ALK_BEARING_TRUE : SK_ALK_BEARING_MAGNETIC, bearing * SK_DEGREE);
    }
    if ((flags & 4) != 0) {
        double distance = (d->b[5] << 4 | high(d->b[4])) / ((y & 1) != 0 ? 100.0 : 10.0);
        sk_0183_put(s, SK_ALK_DISTANCE, distance * SK_NAUTICAL_MILE);
    }
}

static void variation(struct sk_0183 *s, const struct datagram *d)
{
    sk_0183_put(s, SK_ALK_VARIATION, east_of_zero(d->b[2]) == 0 ? 0 : -east_of_zero(d->b[2]) * SK_DEGREE);
}

static const struct {
    unsigned command, length;
    void (*decode)(struct sk_0183 *s, const struct datagram *d);
} datagrams[] = {
    { 0x00, 5, depth },
    { 0x10, 4, wind_angle },
    { 0x11, 4, wind_speed },
    { 0x20, 4, water_speed },
    { 0x21, 5, trip },
    { 0x22, 4, total },
    { 0x25, 7, total_and_trip },
    { 0x26, 7, fine_water_speed },
    { 0x27, 4, water_temperature },
    { 0x50, 5, latitude },
    { 0x51, 5, longitude },
    { 0x52, 4, ground_speed },
    { 0x53, 3, course },
    { 0x54, 4, time_of_day },
    { 0x56, 4, date },
    { 0x57, 3, fix },
    { 0x82, 8, waypoint },
    { 0x84, 9, autopilot },
    { 0x85, 9, navigation },
    { 0x99, 3, variation },
    { 0x9c, 4, compass },
};

static bool hex_byte(struct sk_span f, unsigned *ret_value)
{
    unsigned v = 0;
    if (f.n == 0 || f.n > 2)
        return false;
    for (size_t i = 0; i < f.n; i++) {
        char c = f.p[i];
        if (c >= '0' && c <= '9')
            v = v * 16 + (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v * 16 + (unsigned)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *ret_value = v;
    return true;
}

void sk_0183_seatalk(struct sk_0183 *s)
{
    struct datagram d = { 0 };
    int first = sk_0183_is(s, 1, 'R') ? 2 : 1;
    for (int i = first; i <= s->fields && d.n < DATAGRAM_MAX; i++)
        if (!hex_byte(s->field[i], &d.b[d.n++]))
            return;
    for (size_t i = 0; i < SK_COUNT(datagrams); i++)
        if (datagrams[i].command == d.b[0] && d.n >= datagrams[i].length)
            datagrams[i].decode(s, &d);
}
