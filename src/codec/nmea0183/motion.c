/* How the vessel lies and moves: headings, rates, log. */
#include "codec/nmea0183/sentence.h"

#include <math.h>

static double signed_east(const struct sk_0183 *s, int i)
{
    double v = sk_0183_value(s, i);
    return sk_0183_is(s, i + 1, 'E') ? v : -v;
}

void sk_0183_hdg(struct sk_0183 *s)
{
    bool has_deviation = sk_0183_given(s, 2), has_variation = sk_0183_given(s, 4);
    double deviation = has_deviation ? signed_east(s, 2) : 0, variation = has_variation ? signed_east(s, 4) : 0;
    if (sk_0183_given(s, 1)) {
        double compass = sk_0183_value(s, 1);
        sk_0183_put(s, SK_HDG_MAGNETIC, (compass + deviation) * SK_DEGREE);
        if (has_deviation)
            sk_0183_put(s, SK_HDG_COMPASS, compass * SK_DEGREE);
        if (has_variation)
            sk_0183_put(s, SK_HDG_TRUE, (compass + deviation + variation) * SK_DEGREE);
    }
    if (has_variation)
        sk_0183_put(s, SK_HDG_VARIATION, variation * SK_DEGREE);
    if (has_deviation)
        sk_0183_put(s, SK_HDG_DEVIATION, deviation * SK_DEGREE);
}

static void put_if_given(struct sk_0183 *s, int i, enum sk_0183_path p, double factor)
{
    if (sk_0183_given(s, i))
        sk_0183_put(s, p, sk_0183_value(s, i) * factor);
}

void sk_0183_hdm(struct sk_0183 *s)
{
    put_if_given(s, 1, SK_HDM_MAGNETIC, SK_DEGREE);
}

void sk_0183_hdt(struct sk_0183 *s)
{
    put_if_given(s, 1, SK_HDT_TRUE, SK_DEGREE);
}

void sk_0183_vhw(struct sk_0183 *s)
{
    put_if_given(s, 1, SK_VHW_TRUE, SK_DEGREE);
    put_if_given(s, 3, SK_VHW_MAGNETIC, SK_DEGREE);
    put_if_given(s, 5, SK_VHW_STW, SK_KNOT);
}

void sk_0183_vlw(struct sk_0183 *s)
{
    put_if_given(s, 1, SK_VLW_LOG, SK_NAUTICAL_MILE);
    put_if_given(s, 3, SK_VLW_TRIP, SK_NAUTICAL_MILE);
}

void sk_0183_rot(struct sk_0183 *s)
{
    if (sk_0183_is(s, 2, 'A') && sk_0183_given(s, 1))
        sk_0183_put(s, SK_ROT_RATE, sk_0183_value(s, 1) * SK_DEGREE / 60);
}

void sk_0183_rsa(struct sk_0183 *s)
{
    if (sk_0183_is(s, 2, 'A'))
        put_if_given(s, 1, SK_RSA_RUDDER, SK_DEGREE);
}

void sk_0183_vdr(struct sk_0183 *s)
{
    if (sk_0183_empty(s, 1) && sk_0183_empty(s, 3) && sk_0183_empty(s, 5))
        return;
    struct sk_buf *b = sk_0183_begin(s, SK_VDR_CURRENT);
    SK_BUF_LIT(b, "{\"setTrue\":");
    sk_json_write_double(b, sk_0183_value(s, 1) * SK_DEGREE);
    SK_BUF_LIT(b, ",\"setMagnetic\":");
    sk_json_write_double(b, sk_0183_value(s, 3) * SK_DEGREE);
    SK_BUF_LIT(b, ",\"drift\":");
    sk_json_write_double(b, sk_0183_value(s, 5) * SK_KNOT);
    sk_buf_char(b, '}');
    sk_0183_end(s);
}

void sk_0183_rpm(struct sk_0183 *s)
{
    char path[64];
    struct sk_span number = sk_0183_field(s, 2);
    const char *what = sk_0183_is(s, 1, 'S') ? "propulsion.shaft_" : "propulsion.engine_";
    if (number.n == 0 || number.n > 8 || strspn(number.p, "0123456789") < number.n || sk_0183_is(s, 5, 'V'))
        return;
    size_t n = strlen(what);
    memcpy(path, what, n);
    memcpy(path + n, number.p, number.n);
    memcpy(path + n + number.n, ".revolutions", 12);
    sk_json_write_double(sk_0183_begin_path(s, (struct sk_span){ path, n + number.n + 12 }), sk_0183_value(s, 3) / 60);
    sk_0183_end(s);
}
