/*
 * Weather and water in binary broadcasts: DAC 1, FI 31 (IMO SN.1/Circ.289) and its forerunner FI 11 (Circ.236). A row says where
 * a number lies in each, what it may be, and where it goes.
 */
#include "base/clock.h"
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

/* Numbers that stand for words: both are written, the number under the path with "Value" behind it. */
static const char *const tendency[] = { "steady", "decreasing", "increasing" };
static const char *const precipitation[] = {
    "reserved", "rain", "thunderstorm", "freezing rain", "mixed/ice", "snow", "reserved"
};
static const char *const ice[] = { "no", "yes" };
static const char *const beaufort[] = { "calm, 0-0.2 m/s",
                                        "light air, 0.3-1.5 m/s",
                                        "light breeze, 1.6-3.3 m/s",
                                        "gentle breeze, 3.4-5.4 m/s",
                                        "moderate breeze, 5.5-7.9 m/s",
                                        "fresh breeze, 8-10.7 m/s",
                                        "strong breeze, 10.8-13.8 m/s",
                                        "high wind, 13.9-17.1 m/s",
                                        "gale, 17.2-20.7 m/s",
                                        "strong gale, 20.8-24.4 m/s",
                                        "storm, 24.5-28.4 m/s",
                                        "violent storm, 28.5-32.6 m/s",
                                        "hurricane-force, ≥ 32.7 m/s" };

static const struct word_row {
    const char *path, *value_path;
    uint16_t at31, at11;
    uint8_t bits, count;
    const char *const *words;
} word_rows[] = {
#define WORDS(path, at31, at11, bits, words)                                                                                     \
    {                                                                                                                            \
        path, path "Value", at31, at11, bits, SK_COUNT(words), words                                                             \
    }
    WORDS("environment.water.ice", 348, 344, 2, ice),
    WORDS("environment.outside.precipitation", 336, 332, 3, precipitation),
    WORDS("environment.water.seaState", 322, 318, 4, beaufort),
    WORDS("environment.water.levelTendency", 213, 209, 2, tendency),
    WORDS("environment.outside.pressureTendency", 191, 190, 2, tendency),
#undef WORDS
};

static void put_words(struct sk_0183 *s, const struct sk_ais_bits *b, bool is31)
{
    for (size_t i = 0; i < SK_COUNT(word_rows); i++) {
        const struct word_row *r = &word_rows[i];
        uint32_t v = sk_ais_uint(b, is31 ? r->at31 : r->at11, r->bits);
        if (v >= r->count)
            continue;
        sk_json_write_str(sk_0183_begin_path(s, sk_span_of(r->path)), sk_span_of(r->words[v]));
        sk_0183_end(s);
        sk_json_write_int(sk_0183_begin_path(s, sk_span_of(r->value_path)), v);
        sk_0183_end(s);
    }
}

/* FI 31 only: tenths of nautical miles, and whether it is more than that. */
static void put_visibility(struct sk_0183 *s, const struct sk_ais_bits *b)
{
    uint32_t v = sk_ais_uint(b, 194, 7);
    if (v == 127)
        return;
    sk_json_write_double(sk_0183_begin_path(s, SK_SPAN("environment.outside.horizontalVisibility")), v * SK_NAUTICAL_MILE / 10);
    sk_0183_end(s);
    sk_buf_text(sk_0183_begin_path(s, SK_SPAN("environment.outside.horizontalVisibility.overRange")),
                sk_ais_uint(b, 193, 1) != 0 ? "true" : "false");
    sk_0183_end(s);
}

/* Day of this month, hour and minute. */
static void put_date(struct sk_0183 *s, const struct sk_ais_bits *b, unsigned at)
{
    unsigned day = sk_ais_uint(b, at, 5), hour = sk_ais_uint(b, at + 5, 5), minute = sk_ais_uint(b, at + 10, 6);
    char iso[SK_ISO_TIME_SIZE];
    if (day < 1 || day > 31 || hour > 23 || minute > 59)
        return;
    sk_iso_time(iso, s->now_ms);
    struct sk_buf *out = sk_0183_begin_path(s, SK_SPAN("environment.date"));
    sk_buf_printf(out, "\"%.8s%02uT%02u:%02u:00.000Z\"", iso, day, hour, minute);
    sk_0183_end(s);
}

static void put_numbers(struct sk_0183 *s, const struct sk_ais_bits *b, bool is31)
{
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        unsigned at = is31 ? r->at31 : r->at11;
        int32_t raw = r->is_signed ? sk_ais_int(b, at, r->bits) : (int32_t)sk_ais_uint(b, at, r->bits);
        if (at == 0 || raw < r->min || raw > r->max)
            continue;
        sk_json_write_double(sk_0183_begin_path(s, sk_span_of(r->path)), converted(r->unit, (double)(raw + r->add) / r->divide));
        sk_0183_end(s);
    }
}

void sk_ais_put_weather(struct sk_0183 *s, const struct sk_ais_bits *b, const struct sk_ais *a)
{
    bool is31 = a->fid == 31;
    if (a->dac != 1 || (a->fid != 11 && !is31))
        return;
    put_numbers(s, b, is31);
    put_words(s, b, is31);
    if (is31)
        put_visibility(s, b);
    put_date(s, b, is31 ? 106 : 105);
}
