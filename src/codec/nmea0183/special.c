/* Distress calls (DSC) and sentences of single makers: NKE (PNKEP), CruzPro (PBVE). */
#include "codec/nmea0183/sentence.h"

#include <math.h>

#define PSI 6894.757293168361 /* Pa */
#define BAR 100000.0

/* ---- digital selective calling ---- */

static bool number_at(struct sk_span f, size_t at, size_t n, double *ret_value)
{
    return f.n >= at + n && sk_0183_parse((struct sk_span){ f.p + at, n }, ret_value);
}

/* QDDMMDDDMM: quadrant, latitude, longitude. Nines stand for an unknown position. */
static bool dsc_position(struct sk_span f, double *ret_latitude, double *ret_longitude)
{
    double lat, lat_min, lon, lon_min;
    if (f.n < 10 || f.p[0] < '0' || f.p[0] > '3' || !number_at(f, 1, 2, &lat) || !number_at(f, 3, 2, &lat_min) ||
        !number_at(f, 5, 3, &lon) || !number_at(f, 8, 2, &lon_min))
        return false;
    lat += lat_min / 60;
    lon += lon_min / 60;
    if (lat > 90 || lon > 180 || lat_min >= 60 || lon_min >= 60)
        return false;
    *ret_latitude = f.p[0] >= '2' ? -lat : lat;
    *ret_longitude = f.p[0] == '1' || f.p[0] == '3' ? -lon : lon;
    return true;
}

static const char *distress_nature(struct sk_span code)
{
    static const char *const names[] = { "fire",         "flooding", "collision", "grounding", "listing", "sinking", "adrift",
                                         "undesignated", "abandon",  "piracy",    "mob",       NULL,      "epirb" };
    double v;
    const char *name = sk_0183_parse(code, &v) && v >= 0 && v < (double)SK_COUNT(names) ? names[(size_t)v] : NULL;
    return name != NULL ? name : "unassigned";
}

static void put_distress(struct sk_0183 *s)
{
    char path[64];
    const char *nature = distress_nature(sk_0183_field(s, 4));
    static const char base[] = "notifications.";
    memcpy(path, base, sizeof base - 1);
    memcpy(path + sizeof base - 1, nature, strlen(nature));
    struct sk_buf *b = sk_0183_begin_path(s, (struct sk_span){ path, sizeof base - 1 + strlen(nature) });
    SK_BUF_LIT(b, "{\"state\":\"emergency\",\"method\":[\"visual\",\"sound\"],\"message\":\"DSC distress call: ");
    sk_buf_text(b, nature);
    SK_BUF_LIT(b, "\"}");
    sk_0183_end(s);
}

void sk_0183_dsc(struct sk_0183 *s)
{
    struct sk_span caller = sk_0183_field(s, 2);
    double unused, latitude, longitude;
    bool distress = sk_span_eq(sk_0183_field(s, 3), "12");
    bool position_call = sk_span_eq(sk_0183_field(s, 3), "00") && sk_span_eq(sk_0183_field(s, 4), "21");
    if (caller.n < 9 || !number_at(caller, 0, 9, &unused) || (!distress && !position_call))
        return; /* the tenth digit is none of the number */
    SK_BUF_LIT(s->context, "vessels.urn:mrn:imo:mmsi:");
    sk_buf_append(s->context, caller.p, 9);
    if (dsc_position(sk_0183_field(s, 6), &latitude, &longitude))
        sk_0183_put_lat_lon(s, SK_DSC_POSITION, latitude, longitude);
    if (distress)
        put_distress(s);
}

/* ---- NKE ---- */

void sk_0183_pnkep(struct sk_0183 *s)
{
    struct sk_span part = sk_0183_field(s, 1);
    double v = sk_0183_value(s, 2);
    if (sk_span_eq(part, "01") && (sk_0183_given(s, 2) || sk_0183_given(s, 4))) {
        double kmh = sk_0183_value(s, 4);
        sk_0183_put(s, SK_PNKEP_TARGET_SPEED, v > 0 ? v * SK_KNOT : kmh > 0 ? kmh * SK_KMH : 0);
    } else if (sk_span_eq(part, "02") && sk_0183_given(s, 2)) {
        sk_0183_put(s, SK_PNKEP_TACK, v > 0 ? v * SK_DEGREE : 0);
    } else if (sk_span_eq(part, "03") && sk_0183_given(s, 2)) {
        sk_0183_put(s, SK_PNKEP_TARGET_ANGLE, v > 0 ? v * SK_DEGREE : 0);
    }
}

/* ---- CruzPro: half bytes as letters, A to P; the second byte of a word is the higher one ---- */

static bool letters(struct sk_span f, size_t at, size_t n, unsigned *ret_value)
{
    static const unsigned weights[] = { 16, 1, 4096, 256 };
    unsigned v = 0;
    if (f.n < at + n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (f.p[at + i] < 'A' || f.p[at + i] > 'P')
            return false;
        v += (unsigned)(f.p[at + i] - 'A') * weights[i];
    }
    *ret_value = v;
    return true;
}

void sk_0183_pbve(struct sk_0183 *s)
{
    struct sk_span f = sk_0183_field(s, 1);
    unsigned value, unit, minutes, hours;
    char product = f.n > 0 ? f.p[0] : '\0';
    if (product == 'B' && letters(f, 28, 2, &minutes) && letters(f, 30, 4, &hours) && letters(f, 42, 4, &value)) {
        sk_0183_put(s, SK_PBVE_REVOLUTIONS, value / 60.0);
        sk_0183_put(s, SK_PBVE_RUN_TIME, hours * 3600.0 + minutes * 60.0);
    } else if ((product == 'D' || product == 'E') && letters(f, 15, 2, &unit) && letters(f, 28, 4, &value)) {
        if (product == 'D')
            sk_0183_put(s, SK_PBVE_OIL_PRESSURE, value * (unit == 0 ? PSI : BAR));
        else
            sk_0183_put(s, SK_PBVE_COOLANT, (unit == 0 ? (value - 32.0) * 5 / 9 : value) + SK_ZERO_CELSIUS);
    }
}
