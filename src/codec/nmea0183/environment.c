/* Water below, wind above: depth, wind, temperature, pressure. */
#include "codec/nmea0183/sentence.h"

#include <math.h>

#define INCH_OF_MERCURY 3386.3886666667 /* Pa */
#define BAR 100000.0

/* ---- depth ---- */

void sk_0183_dbt(struct sk_0183 *s)
{
    double depth = sk_0183_value_or_nan(s, 3);
    sk_0183_put(s, SK_DBT_DEPTH, isfinite(depth) ? depth : sk_0183_value_or_nan(s, 1) * SK_FOOT);
}

void sk_0183_dbs(struct sk_0183 *s)
{
    sk_0183_put(s, SK_DBS_DEPTH, sk_0183_value_or_nan(s, 3));
}

void sk_0183_dbk(struct sk_0183 *s)
{
    sk_0183_put(s, SK_DBK_DEPTH, sk_0183_value_or_nan(s, 3));
}

/* Metres are tenths or hundredths: their sum is too, not a hair beside it. */
static double sum(double a, double b)
{
    return round((a + b) * 1e6) / 1e6;
}

void sk_0183_dpt(struct sk_0183 *s)
{
    double depth = sk_0183_value_or_nan(s, 1), offset = sk_0183_value(s, 2);
    sk_0183_put(s, SK_DPT_DEPTH, depth);
    if (offset > 0) {
        sk_0183_put(s, SK_DPT_SURFACE_OFFSET, offset);
        if (isfinite(depth))
            sk_0183_put(s, SK_DPT_BELOW_SURFACE, sum(depth, offset));
    } else if (offset < 0) {
        sk_0183_put(s, SK_DPT_KEEL_OFFSET, -offset);
        if (isfinite(depth))
            sk_0183_put(s, SK_DPT_BELOW_KEEL, sum(depth, offset));
    }
}

/* ---- wind ---- */

static double speed_factor(const struct sk_0183 *s, int unit_field)
{
    return sk_0183_is(s, unit_field, 'K') ? SK_KMH : sk_0183_is(s, unit_field, 'N') ? SK_KNOT : 1;
}

/* To -180..180. */
static double normalised(double degrees)
{
    double d = fmod(degrees, 360);
    return d > 180 ? d - 360 : d <= -180 ? d + 360 : d;
}

void sk_0183_mwv(struct sk_0183 *s)
{
    bool apparent = sk_0183_is(s, 2, 'R');
    if (!sk_0183_is(s, 5, 'A') || (!apparent && !sk_0183_is(s, 2, 'T')))
        return;
    double angle = normalised(sk_0183_value(s, 1)) * SK_DEGREE;
    double speed = sk_0183_value(s, 3) * speed_factor(s, 4);
    sk_0183_put(s, apparent ? SK_MWV_SPEED_APPARENT : SK_MWV_SPEED_TRUE, speed);
    sk_0183_put(s, apparent ? SK_MWV_ANGLE_APPARENT : SK_MWV_ANGLE_TRUE, angle);
}

/* The first given of up to three fields, each with its unit letter behind it. False: none. */
struct choice {
    int field;
    char unit;
    double factor;
};
static bool first_given(const struct sk_0183 *s, const struct choice *choices, size_t n, double *ret_value)
{
    for (size_t i = 0; i < n; i++) {
        if (sk_0183_given(s, choices[i].field) && sk_0183_is(s, choices[i].field + 1, choices[i].unit)) {
            *ret_value = sk_0183_value(s, choices[i].field) * choices[i].factor;
            return true;
        }
    }
    return false;
}

void sk_0183_mwd(struct sk_0183 *s)
{
    static const struct choice speeds[] = { { 7, 'M', 1 }, { 5, 'N', SK_KNOT } };
    bool true_given = sk_0183_given(s, 1) && sk_0183_is(s, 2, 'T');
    bool magnetic_given = sk_0183_given(s, 3) && sk_0183_is(s, 4, 'M');
    double speed;
    if ((!true_given && !magnetic_given) || !first_given(s, speeds, SK_COUNT(speeds), &speed))
        return;
    if (true_given)
        sk_0183_put(s, SK_MWD_TRUE, sk_0183_value(s, 1) * SK_DEGREE);
    if (magnetic_given)
        sk_0183_put(s, SK_MWD_MAGNETIC, sk_0183_value(s, 3) * SK_DEGREE);
    sk_0183_put(s, SK_MWD_SPEED, speed);
}

/* Angle to one side, three speeds: VWR and VWT. */
static void side_wind(struct sk_0183 *s, const struct choice *speeds, enum sk_0183_path speed_path, enum sk_0183_path angle_path)
{
    double speed, angle = sk_0183_value_or_nan(s, 1) * SK_DEGREE;
    bool left = sk_0183_is(s, 2, 'L');
    if (sk_0183_empty_count(s) > 4 || (!left && !sk_0183_is(s, 2, 'R')) || !first_given(s, speeds, 3, &speed))
        return;
    sk_0183_put(s, angle_path, left ? -angle : angle);
    sk_0183_put(s, speed_path, speed);
}

void sk_0183_vwr(struct sk_0183 *s)
{
    static const struct choice speeds[] = { { 3, 'N', SK_KNOT }, { 5, 'M', 1 }, { 7, 'K', SK_KMH } };
    side_wind(s, speeds, SK_VWR_SPEED, SK_VWR_ANGLE);
}

void sk_0183_vwt(struct sk_0183 *s)
{
    static const struct choice speeds[] = { { 5, 'M', 1 }, { 7, 'K', SK_KMH }, { 3, 'N', SK_KNOT } };
    side_wind(s, speeds, SK_VWT_SPEED, SK_VWT_ANGLE);
}

void sk_0183_vpw(struct sk_0183 *s)
{
    if (sk_0183_given(s, 3))
        sk_0183_put(s, SK_VPW_VMG, sk_0183_value(s, 3));
    else if (sk_0183_given(s, 1))
        sk_0183_put(s, SK_VPW_VMG, sk_0183_value(s, 1) * SK_KNOT);
}

/* ---- weather ---- */

static double kelvin(double celsius)
{
    return sum(celsius, SK_ZERO_CELSIUS);
}

void sk_0183_mtw(struct sk_0183 *s)
{
    sk_0183_put(s, SK_MTW_TEMPERATURE, kelvin(sk_0183_value_or_nan(s, 1)));
}

void sk_0183_mta(struct sk_0183 *s)
{
    if (sk_0183_given(s, 1) && sk_0183_is(s, 2, 'C'))
        sk_0183_put(s, SK_MTA_TEMPERATURE, kelvin(sk_0183_value(s, 1)));
}

void sk_0183_mda(struct sk_0183 *s)
{
    static const struct {
        int field;
        enum sk_0183_path path;
        double factor; /* 0: degrees Celsius */
    } rows[] = {
        { 1, SK_MDA_PRESSURE, INCH_OF_MERCURY },
        { 3, SK_MDA_PRESSURE, BAR },
        { 5, SK_MDA_TEMPERATURE, 0 },
        { 7, SK_MDA_WATER, 0 },
        { 9, SK_MDA_HUMIDITY, 0.01 },
        { 10, SK_MDA_HUMIDITY_ABSOLUTE, 0.01 },
        { 11, SK_MDA_DEW_POINT, 0 },
        { 13, SK_MDA_WIND_TRUE, SK_DEGREE },
        { 15, SK_MDA_WIND_MAGNETIC, SK_DEGREE },
        { 17, SK_MDA_WIND_SPEED, SK_KNOT },
        { 19, SK_MDA_WIND_SPEED, 1 },
    };
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        double v = sk_0183_value(s, rows[i].field);
        if (sk_0183_given(s, rows[i].field))
            sk_0183_put(s, rows[i].path, rows[i].factor == 0 ? kelvin(v) : v * rows[i].factor);
    }
}
