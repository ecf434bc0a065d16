/* The bits of AIS messages. Spec: ITU-R M.1371-5, annex 8. */
#include "base/clock.h"
#include "codec/nmea0183/ais.h"

#include <math.h>

/* ---- bits --------------------------------------------------------------------------------------------------------------- */

bool sk_ais_unarmour(struct sk_ais_bits *b, struct sk_span payload, unsigned fill)
{
    uint32_t held = 0;
    unsigned bits = 0, out = 0;
    if (payload.n > SK_AIS_PAYLOAD_MAX || payload.n * 6 < fill)
        return false;
    for (size_t i = 0; i < payload.n; i++) {
        unsigned c = (unsigned char)payload.p[i];
        if (c < 48 || c > 119 || (c > 87 && c < 96))
            return false;
        held = held << 6 | (c < 96 ? c - 48 : c - 56);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            b->bytes[out++] = (uint8_t)(held >> bits);
        }
    }
    if (bits > 0)
        b->bytes[out++] = (uint8_t)(held << (8 - bits));
    memset(b->bytes + out, 0, 16);
    b->n = (unsigned)payload.n * 6 - fill;
    return true;
}

uint32_t sk_ais_uint(const struct sk_ais_bits *b, unsigned at, unsigned n)
{
    uint64_t v = 0;
    if (at >= b->n)
        return 0;
    for (unsigned i = 0; i < 5; i++)
        v = v << 8 | b->bytes[at / 8 + i];
    return (uint32_t)(v >> (40 - at % 8 - n)) & (n == 32 ? UINT32_MAX : (1u << n) - 1);
}

int32_t sk_ais_int(const struct sk_ais_bits *b, unsigned at, unsigned n)
{
    return (int32_t)(sk_ais_uint(b, at, n) << (32 - n)) >> (32 - n);
}

/* Six-bit text; '@' ends it. */
static void text(const struct sk_ais_bits *b, unsigned at, unsigned chars, char *out)
{
    unsigned n = 0, from = 0;
    for (unsigned i = 0; i < chars; i++) {
        uint32_t v = sk_ais_uint(b, at + 6 * i, 6);
        if (v == 0)
            break;
        out[n++] = (char)(v < 32 ? v + 64 : v);
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    while (from < n && out[from] == ' ')
        from++;
    memmove(out, out + from, n - from);
    out[n - from] = '\0';
}

/* ---- parts that several messages share ---------------------------------------------------------------------------------- */

static double unless(double v, double not_available, double factor)
{
    return v == not_available ? NAN : v * factor;
}

/* Longitude, and latitude behind it; `scale` of a minute. Both or none. */
static void read_place(const struct sk_ais_bits *b, unsigned at, unsigned lon_bits, double scale, struct sk_ais *a)
{
    double lon = sk_ais_int(b, at, lon_bits) / (60 * scale), lat = sk_ais_int(b, at + lon_bits, lon_bits - 1) / (60 * scale);
    if (fabs(lon) > 180 || fabs(lat) > 90)
        return;
    a->longitude = lon;
    a->latitude = lat;
}

static void read_size(const struct sk_ais_bits *b, unsigned at, struct sk_ais *a)
{
    unsigned bow = sk_ais_uint(b, at, 9), stern = sk_ais_uint(b, at + 9, 9);
    unsigned port = sk_ais_uint(b, at + 18, 6), starboard = sk_ais_uint(b, at + 24, 6);
    a->length = bow + stern;
    a->beam = port + starboard;
    a->to_bow = bow;
    a->to_starboard = starboard;
}

static double turn_rate(int32_t sensor)
{
    if (sensor == -128 || sensor == 127 || sensor == -127)
        return NAN;
    double v = sensor / 4.733;
    return sensor < 0 ? -v * v : v * v;
}

/* The date has no year: the next such moment. Nothing when a part is not said. */
static void read_eta(const struct sk_ais_bits *b, int64_t now_ms, struct sk_ais *a)
{
    static const unsigned days_of[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned month = sk_ais_uint(b, 274, 4), day = sk_ais_uint(b, 278, 5), hour = sk_ais_uint(b, 283, 5),
             minute = sk_ais_uint(b, 288, 6);
    char now[SK_ISO_TIME_SIZE];
    int64_t year;
    if (month < 1 || month > 12 || day < 1 || day > days_of[month - 1] || hour > 23 || minute > 59)
        return;
    sk_iso_time(now, now_ms);
    if (!sk_parse_int((struct sk_span){ now, 4 }, 1, 9998, &year))
        return;
    int64_t in_day = (hour * 60 + minute) * 60000LL;
    int64_t t = sk_0183_days_from_civil((int)year, month, day) * 86400000 + in_day;
    if (t < now_ms)
        t = sk_0183_days_from_civil((int)year + 1, month, day) * 86400000 + in_day;
    sk_iso_time(a->eta, t);
}

/* ---- messages ----------------------------------------------------------------------------------------------------------- */

static void position_a(const struct sk_ais_bits *b, struct sk_ais *a)
{
    a->status = (int)sk_ais_uint(b, 38, 4);
    a->rate = turn_rate(sk_ais_int(b, 42, 8));
    a->sog = unless(sk_ais_uint(b, 50, 10), 1023, 0.1);
    read_place(b, 61, 28, 10000, a);
    a->cog = sk_ais_uint(b, 116, 12) < 3600 ? sk_ais_uint(b, 116, 12) / 10.0 : NAN;
    a->heading = sk_ais_uint(b, 128, 9) < 360 ? sk_ais_uint(b, 128, 9) : NAN;
    a->maneuver = (int)sk_ais_uint(b, 143, 2);
}

static void position_b(const struct sk_ais_bits *b, struct sk_ais *a)
{
    a->sog = unless(sk_ais_uint(b, 46, 10), 1023, 0.1);
    read_place(b, 57, 28, 10000, a);
    a->cog = sk_ais_uint(b, 112, 12) < 3600 ? sk_ais_uint(b, 112, 12) / 10.0 : NAN;
    a->heading = sk_ais_uint(b, 124, 9) < 360 ? sk_ais_uint(b, 124, 9) : NAN;
}

static void position_b_extended(const struct sk_ais_bits *b, struct sk_ais *a)
{
    position_b(b, a);
    text(b, 143, 20, a->name);
    a->ship_type = (int)sk_ais_uint(b, 263, 8);
    read_size(b, 271, a);
}

static void aircraft(const struct sk_ais_bits *b, struct sk_ais *a)
{
    a->sog = unless(sk_ais_uint(b, 50, 10), 1023, 1);
    read_place(b, 61, 28, 10000, a);
    a->cog = sk_ais_uint(b, 116, 12) < 3600 ? sk_ais_uint(b, 116, 12) / 10.0 : NAN;
}

static void voyage(const struct sk_ais_bits *b, int64_t now_ms, struct sk_ais *a)
{
    a->imo = sk_ais_uint(b, 40, 30);
    text(b, 70, 7, a->callsign);
    text(b, 112, 20, a->name);
    a->ship_type = (int)sk_ais_uint(b, 232, 8);
    read_size(b, 240, a);
    read_eta(b, now_ms, a);
    a->draft = sk_ais_uint(b, 294, 8) / 10.0;
    text(b, 302, 20, a->destination);
}

static void aid(const struct sk_ais_bits *b, struct sk_ais *a)
{
    a->aid_type = (int)sk_ais_uint(b, 38, 5);
    text(b, 43, 20, a->name);
    read_place(b, 164, 28, 10000, a);
    read_size(b, 219, a);
    a->off_position = (int)sk_ais_uint(b, 259, 1);
    a->is_virtual = (int)sk_ais_uint(b, 269, 1);
}

static bool static_b(const struct sk_ais_bits *b, struct sk_ais *a)
{
    uint32_t part = sk_ais_uint(b, 38, 2);
    if (part == 0 && b->n >= 160) {
        text(b, 40, 20, a->name);
        return true;
    }
    if (part != 1 || b->n < 162)
        return false;
    a->ship_type = (int)sk_ais_uint(b, 40, 8);
    text(b, 90, 7, a->callsign);
    if (a->mmsi / 10000000 != 98) /* a craft of a mother ship has the ship's number there */
        read_size(b, 132, a);
    return true;
}

static bool broadcast(const struct sk_ais_bits *b, struct sk_ais *a)
{
    a->dac = (int)sk_ais_uint(b, 40, 10);
    a->fid = (int)sk_ais_uint(b, 50, 6);
    if (a->dac == 200 && a->fid == 10) { /* inland ship */
        a->length = sk_ais_uint(b, 104, 13) / 10.0;
        a->beam = sk_ais_uint(b, 117, 10) / 10.0;
        a->draft = sk_ais_uint(b, 144, 11) / 100.0;
        return b->n >= 155;
    }
    if (a->dac != 1 || (a->fid != 11 && a->fid != 31) || b->n < 346)
        return false;
    if (a->fid == 31) {
        read_place(b, 56, 25, 1000, a);
    } else {
        double lat = sk_ais_int(b, 56, 24) / 60000.0, lon = sk_ais_int(b, 80, 25) / 60000.0;
        a->latitude = fabs(lat) <= 90 ? lat : NAN;
        a->longitude = fabs(lon) <= 180 ? lon : NAN;
    }
    return isfinite(a->latitude) && isfinite(a->longitude);
}

bool sk_ais_read(const struct sk_ais_bits *b, int64_t now_ms, struct sk_ais *a)
{
    static const uint16_t shortest[] = {
        [1] = 145, [2] = 145, [3] = 145, [4] = 134, [5] = 302, [8] = 56, [9] = 128, [18] = 133, [19] = 301, [21] = 270, [24] = 160
    };
    *a = (struct sk_ais){ .type = sk_ais_uint(b, 0, 6), .mmsi = sk_ais_uint(b, 8, 30) };
    a->sog = a->cog = a->heading = a->rate = a->latitude = a->longitude = NAN;
    a->status = a->maneuver = a->dac = a->fid = -1;
    if (a->type >= SK_COUNT(shortest) || shortest[a->type] == 0 || b->n < shortest[a->type] || a->mmsi == 0 ||
        a->mmsi > 999999999)
        return false;
    switch (a->type) {
    case 4:
        read_place(b, 79, 28, 10000, a);
        return true;
    case 5:
        voyage(b, now_ms, a);
        return true;
    case 8:
        return broadcast(b, a);
    case 9:
        aircraft(b, a);
        return true;
    case 18:
        position_b(b, a);
        return true;
    case 19:
        position_b_extended(b, a);
        return true;
    case 21:
        aid(b, a);
        return true;
    case 24:
        return static_b(b, a);
    default:
        position_a(b, a);
        return true;
    }
}
