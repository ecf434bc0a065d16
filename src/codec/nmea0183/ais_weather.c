/*
 * Weather and water in binary broadcasts: DAC 1, FI 31 (IMO SN.1/Circ.289) and its forerunner FI 11 (Circ.236). A row says where
 * a number lies in each, what it may be, and where it goes.
 */
#include "codec/nmea0183/ais.h"

#include <math.h>

enum unit { PLAIN, KNOTS, DEGREES, CELSIUS, RATIO, HECTOPASCAL };

static const struct row {
    const char *path;
    uint16_t at31, at11; /* 0: not in that message */
    uint8_t bits;
    bool is_signed;
    enum unit unit;
    int16_t min, max; /* as sent; anything else is "not available" */
    int16_t add;      /* before scaling */
    uint8_t divide;
} rows[] = {
    { "environment.wind.averageSpeed", 122, 121, 7, false, KNOTS, 0, 126, 0, 1 },
    { "environment.wind.gust", 129, 128, 7, false, KNOTS, 0, 126, 0, 1 },
    { "environment.wind.directionTrue", 136, 135, 9, false, DEGREES, 0, 359, 0, 1 },
    { "environment.wind.gustDirectionTrue", 145, 144, 9, false, DEGREES, 0, 359, 0, 1 },
    { "environment.outside.temperature", 154, 0, 11, true, CELSIUS, -600, 600, 0, 10 },
    { "environment.outside.temperature", 0, 153, 11, false, CELSIUS, 0, 1200, -600, 10 },
    { "environment.outside.relativeHumidity", 165, 164, 7, false, RATIO, 0, 100, 0, 1 },
    { "environment.outside.dewPointTemperature", 172, 0, 10, true, CELSIUS, -200, 500, 0, 10 },
    { "environment.outside.dewPointTemperature", 0, 171, 10, false, CELSIUS, 0, 700, -200, 10 },
    { "environment.outside.pressure", 182, 181, 9, false, HECTOPASCAL, 0, 400, 799, 1 },
    { "environment.water.level", 201, 0, 12, false, PLAIN, 0, 4000, -1000, 100 },
    { "environment.water.level", 0, 200, 9, false, PLAIN, 0, 400, -100, 10 },
    { "environment.water.waves.significantHeight", 276, 272, 8, false, PLAIN, 0, 251, 0, 10 },
    { "environment.water.waves.period", 284, 280, 6, false, PLAIN, 0, 60, 0, 1 },
    { "environment.water.waves.directionTrue", 290, 286, 9, false, DEGREES, 0, 359, 0, 1 },
    { "environment.water.swell.height", 299, 295, 8, false, PLAIN, 0, 251, 0, 10 },
    { "environment.water.swell.period", 307, 303, 6, false, PLAIN, 0, 60, 0, 1 },
    { "environment.water.swell.directionTrue", 313, 309, 9, false, DEGREES, 0, 359, 0, 1 },
    { "environment.water.temperature", 326, 0, 10, true, CELSIUS, -100, 500, 0, 10 },
    { "environment.water.temperature", 0, 322, 10, false, CELSIUS, 0, 600, -100, 10 },
    { "environment.water.salinity", 339, 335, 9, false, RATIO, 0, 501, 0, 10 },
    { "environment.water.current.drift", 215, 211, 8, false, KNOTS, 0, 251, 0, 10 },
    { "environment.water.current.set", 223, 219, 9, false, DEGREES, 0, 359, 0, 1 },
};

static double converted(enum unit u, double v)
{
    switch (u) {
    case KNOTS:
        return round(v * SK_KNOT * 100) / 100;
    case DEGREES:
        return v * SK_DEGREE;
    case CELSIUS:
        return round((v + SK_ZERO_CELSIUS) * 100) / 100;
    case RATIO:
        return v / 100;
    case HECTOPASCAL:
        return v * 100;
    default:
        return v;
    }
}

void sk_ais_put_weather(struct sk_0183 *s, const struct sk_ais_bits *b, const struct sk_ais *a)
{
    if (a->dac != 1 || (a->fid != 11 && a->fid != 31))
        return;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        unsigned at = a->fid == 31 ? r->at31 : r->at11;
        int32_t raw = r->is_signed ? sk_ais_int(b, at, r->bits) : (int32_t)sk_ais_uint(b, at, r->bits);
        if (at == 0 || raw < r->min || raw > r->max)
            continue;
        sk_json_write_double(sk_0183_begin_path(s, sk_span_of(r->path)), converted(r->unit, (double)(raw + r->add) / r->divide));
        sk_0183_end(s);
    }
}
