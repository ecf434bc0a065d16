/* Satellite navigation: RMC, GGA, GLL, GNS, GSV, VTG, ZDA. */
#include "base/clock.h"
#include "codec/nmea0183/sentence.h"

#include <math.h>

static struct sk_span no_date(void)
{
    return (struct sk_span){ "", 0 };
}

/* Easterly is positive. */
static double variation(const struct sk_0183 *s, int i)
{
    double v = sk_0183_value_or_nan(s, i);
    return (sk_0183_is(s, i + 1, 'W') ? -v : v) * SK_DEGREE;
}

void sk_0183_rmc(struct sk_0183 *s)
{
    sk_0183_set_time(s, sk_0183_field(s, 1), sk_0183_field(s, 9), true);
    double speed = sk_0183_value_or_nan(s, 7) * SK_KNOT;
    sk_0183_put_position(s, SK_RMC_POSITION, 3);
    sk_0183_put(s, SK_RMC_COG, sk_0183_value_or_nan(s, 8) * SK_DEGREE);
    sk_0183_put(s, SK_RMC_SOG, speed >= 0 ? speed : NAN);
    sk_0183_put(s, SK_RMC_VARIATION, variation(s, 10));
    sk_0183_put(s, SK_RMC_VARIATION_AGE, (double)(s->time_ms / 1000));
    sk_0183_put_time(s, SK_RMC_DATETIME, s->time_ms);
}

static struct sk_span fix_quality(double code)
{
    static const char *const names[] = {
        "no GPS",       "GNSS Fix",       "DGNSS fix", "Precise GNSS", "RTK fixed integer", "RTK float", "Estimated (DR) mode",
        "Manual input", "Simulator mode", "Error"
    };
    return code >= 0 && code < (double)SK_COUNT(names) ? sk_span_of(names[(size_t)code]) : (struct sk_span){ 0 };
}

void sk_0183_gga(struct sk_0183 *s)
{
    if (sk_0183_empty_count(s) > 4)
        return;
    struct sk_span quality = fix_quality(sk_0183_value(s, 6));
    sk_0183_set_time(s, sk_0183_field(s, 1), no_date(), false);
    sk_0183_put_position(s, SK_GGA_POSITION, 2);
    if (quality.p != NULL)
        sk_0183_put_text(s, SK_GGA_QUALITY, quality);
    sk_0183_put(s, SK_GGA_SATELLITES, trunc(sk_0183_value(s, 7)));
    sk_0183_put(s, SK_GGA_ALTITUDE, sk_0183_value(s, 9));
    sk_0183_put(s, SK_GGA_HDOP, sk_0183_value(s, 8));
    sk_0183_put(s, SK_GGA_GEOID, sk_0183_value(s, 11));
    sk_0183_put(s, SK_GGA_AGE, sk_0183_value(s, 13));
    sk_0183_put(s, SK_GGA_REFERENCE, sk_0183_value(s, 14));
}

void sk_0183_gll(struct sk_0183 *s)
{
    if (sk_0183_is(s, 6, 'V') || sk_0183_empty(s, s->fields))
        return;
    sk_0183_set_time(s, sk_0183_field(s, 5), no_date(), false);
    sk_0183_put_position(s, SK_GLL_POSITION, 1);
}

static const char *gns_mode(char letter)
{
    switch (letter) {
    case 'A':
        return "Autonomous";
    case 'D':
        return "Differential";
    case 'E':
        return "Estimated";
    case 'F':
        return "RTK Float";
    case 'M':
        return "Manual";
    case 'N':
        return "No Valid Fix";
    case 'P':
        return "Precise";
    case 'R':
        return "RTK Integer";
    case 'S':
        return "Simulator";
    default:
        return NULL;
    }
}

static void put_gns_quality(struct sk_0183 *s)
{
    static const char *const systems[] = { "GPS", "GLONASS", "Galileo", "BeiDou", "QZSS" };
    struct sk_span modes = sk_0183_field(s, 6);
    struct sk_buf *b = sk_0183_begin(s, SK_GNS_QUALITY);
    sk_buf_char(b, '{');
    for (size_t i = 0; i < modes.n && i < SK_COUNT(systems); i++) {
        const char *mode = gns_mode(modes.p[i]);
        if (mode == NULL)
            continue;
        sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
        sk_json_write_str(b, sk_span_of(systems[i]));
        sk_buf_char(b, ':');
        sk_json_write_str(b, sk_span_of(mode));
    }
    sk_buf_char(b, '}');
    sk_0183_end(s);
}

static void put_gns_status(struct sk_0183 *s)
{
    static const char letters[] = "SCUV";
    static const char *const names[] = { "Safe", "Caution", "Unsafe", "Not Valid" };
    struct sk_span f = sk_0183_field(s, 13);
    const char *at = f.n == 1 ? memchr(letters, f.p[0], sizeof letters - 1) : NULL;
    if (at != NULL)
        sk_0183_put_text(s, SK_GNS_STATUS, sk_span_of(names[at - letters]));
}

void sk_0183_gns(struct sk_0183 *s)
{
    if (sk_0183_empty_count(s) > 4)
        return;
    sk_0183_set_time(s, sk_0183_field(s, 1), no_date(), false);
    sk_0183_put_position(s, SK_GNS_POSITION, 2);
    put_gns_quality(s);
    sk_0183_put(s, SK_GNS_SATELLITES, trunc(sk_0183_value(s, 7)));
    sk_0183_put(s, SK_GNS_ALTITUDE, sk_0183_value(s, 9));
    sk_0183_put(s, SK_GNS_HDOP, sk_0183_value(s, 8));
    sk_0183_put(s, SK_GNS_GEOID, sk_0183_value(s, 10));
    sk_0183_put(s, SK_GNS_AGE, sk_0183_value(s, 11));
    sk_0183_put(s, SK_GNS_REFERENCE, sk_0183_value(s, 12));
    put_gns_status(s);
}

/* ---- satellites in view: a series of sentences, four satellites each ---------------------------------------------------- */

static const char *gnss_of(struct sk_span header)
{
    static const char *const names[][2] = {
        { "GP", "GPS" }, { "GL", "GLONASS" }, { "GA", "GALILEO" }, { "GB", "BEIDOU" }, { "GQ", "QZSS" }
    };
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (sk_span_starts(header, names[i][0]))
            return names[i][1];
    return "";
}

static void add_satellite(const struct sk_0183 *s, int i, struct sk_0183_gsv *g)
{
    double prn = sk_0183_value(s, i);
    struct sk_buf *b = &g->satellites;
    if (i > s->fields || !isfinite(prn) || g->count >= g->in_view)
        return;
    g->count++;
    sk_buf_append(b, ",", b->n != 0);
    SK_BUF_LIT(b, "{\"id\":");
    sk_json_write_double(b, prn >= 64 ? prn - 64 : prn);
    SK_BUF_LIT(b, ",\"elevation\":");
    sk_json_write_double(b, sk_0183_value(s, i + 1) * SK_DEGREE);
    SK_BUF_LIT(b, ",\"azimuth\":");
    sk_json_write_double(b, sk_0183_value(s, i + 2) * SK_DEGREE);
    SK_BUF_LIT(b, ",\"SNR\":");
    sk_json_write_double(b, sk_0183_value(s, i + 3));
    sk_buf_char(b, '}');
}

static void put_in_view(struct sk_0183 *s, const struct sk_0183_gsv *g)
{
    struct sk_buf *b = sk_0183_begin(s, SK_GSV_IN_VIEW);
    SK_BUF_LIT(b, "{\"count\":");
    sk_json_write_int(b, g->in_view);
    SK_BUF_LIT(b, ",\"satellites\":[");
    sk_buf_span_append(b, sk_buf_span(&g->satellites));
    sk_buf_char(b, ']');
    if (g->gnss[0] != '\0') {
        SK_BUF_LIT(b, ",\"gnss\":");
        sk_json_write_str(b, sk_span_of(g->gnss));
    }
    sk_buf_char(b, '}');
    sk_0183_end(s);
}

void sk_0183_gsv(struct sk_0183 *s)
{
    struct sk_0183_gsv *g = &s->session->gsv;
    double of = sk_0183_value(s, 1), number = sk_0183_value(s, 2), in_view = sk_0183_value(s, 3);
    if (!(of >= 1 && of <= 99 && number >= 1 && number <= of && in_view >= 0 && in_view <= 999))
        return;
    const char *gnss = gnss_of(s->field[0]);
    if (number == 1) {
        *g = (struct sk_0183_gsv){ .satellites = g->satellites, .next = 1, .of = (unsigned)of, .in_view = (unsigned)in_view };
        memcpy(g->gnss, gnss, strlen(gnss) + 1);
        sk_buf_clear(&g->satellites);
    }
    if ((unsigned)number != g->next || strcmp(g->gnss, gnss) != 0) {
        *s->session->incomplete += g->next != 0;
        g->next = 0;
        return;
    }
    g->next++;
    for (int i = 4; i < 20; i += 4)
        add_satellite(s, i, g);
    if ((unsigned)number == g->of) {
        g->next = 0;
        put_in_view(s, g);
    }
}

/* ---- */

void sk_0183_vtg(struct sk_0183 *s)
{
    if (sk_0183_empty(s, 1) && sk_0183_empty(s, 3) && sk_0183_empty(s, 5) && sk_0183_empty(s, 7))
        return;
    double knots = sk_0183_value(s, 5), kmh = sk_0183_value(s, 7), speed = 0;
    if (kmh > 0 && sk_0183_is(s, 8, 'K'))
        speed = kmh * SK_KMH;
    else if (knots > 0 && sk_0183_is(s, 6, 'N'))
        speed = knots * SK_KNOT;
    sk_0183_put(s, SK_VTG_COG_MAGNETIC, sk_0183_value_or_nan(s, 3) * SK_DEGREE);
    sk_0183_put(s, SK_VTG_COG, sk_0183_value_or_nan(s, 1) * SK_DEGREE);
    sk_0183_put(s, SK_VTG_SOG, speed);
}

void sk_0183_zda(struct sk_0183 *s)
{
    struct sk_span time = sk_0183_field(s, 1);
    double day = sk_0183_value(s, 2), month = sk_0183_value(s, 3), year = sk_0183_value(s, 4);
    if (time.n < 6 || !(day >= 1 && day <= 31 && month >= 1 && month <= 12 && year >= 1 && year <= 9999))
        return;
    struct sk_0183 of_day = *s;
    of_day.now_ms = 12 * 3600000; /* noon of day 0: whatever the time is, it stays on that day */
    sk_0183_set_time(&of_day, time, no_date(), true);
    int64_t in_day = (of_day.time_ms % 86400000 + 86400000) % 86400000;
    sk_0183_put_time(s, SK_ZDA_DATETIME, sk_0183_days_from_civil((int)year, (unsigned)month, (unsigned)day) * 86400000 + in_day);
}
