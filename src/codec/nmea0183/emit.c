#include "base/clock.h"
#include "codec/nmea0183/sentence.h"

/* The beginning of each value, put together by the compiler. */
static const struct sk_span starts[SK_0183_PATH_COUNT] = {
#define AS_START(sentence, name, path, unit, note)                                                                               \
    [SK_##sentence##_##name] = { "{\"path\":\"" path "\",\"value\":", sizeof("{\"path\":\"" path "\",\"value\":") - 1 },
    SK_0183_PATHS(AS_START)
#undef AS_START
};

struct sk_buf *sk_0183_begin(struct sk_0183 *s, enum sk_0183_path p)
{
    if (s->out->n != 0)
        sk_buf_char(s->out, ',');
    sk_buf_span_append(s->out, starts[p]);
    return s->out;
}

struct sk_buf *sk_0183_begin_path(struct sk_0183 *s, struct sk_span path)
{
    if (s->out->n != 0)
        sk_buf_char(s->out, ',');
    SK_BUF_LIT(s->out, "{\"path\":");
    sk_json_write_str(s->out, path);
    SK_BUF_LIT(s->out, ",\"value\":");
    return s->out;
}

void sk_0183_end(struct sk_0183 *s)
{
    sk_buf_char(s->out, '}');
}

void sk_0183_put(struct sk_0183 *s, enum sk_0183_path p, double value)
{
    sk_json_write_double(sk_0183_begin(s, p), value);
    sk_0183_end(s);
}

void sk_0183_put_null(struct sk_0183 *s, enum sk_0183_path p)
{
    SK_BUF_LIT(sk_0183_begin(s, p), "null");
    sk_0183_end(s);
}

void sk_0183_put_text(struct sk_0183 *s, enum sk_0183_path p, struct sk_span text)
{
    sk_json_write_str(sk_0183_begin(s, p), text);
    sk_0183_end(s);
}

void sk_0183_put_time(struct sk_0183 *s, enum sk_0183_path p, int64_t ms)
{
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, ms);
    sk_0183_put_text(s, p, (struct sk_span){ iso, SK_ISO_TIME_SIZE - 1 });
}

void sk_0183_put_lat_lon(struct sk_0183 *s, enum sk_0183_path p, double latitude, double longitude)
{
    struct sk_buf *b = sk_0183_begin(s, p);
    SK_BUF_LIT(b, "{\"latitude\":");
    sk_json_write_double(b, latitude);
    SK_BUF_LIT(b, ",\"longitude\":");
    sk_json_write_double(b, longitude);
    sk_buf_char(b, '}');
    sk_0183_end(s);
}

void sk_0183_put_position(struct sk_0183 *s, enum sk_0183_path p, int first_field)
{
    double latitude, longitude;
    if (sk_0183_read_position(s, first_field, &latitude, &longitude))
        sk_0183_put_lat_lon(s, p, latitude, longitude);
    else
        sk_0183_put_null(s, p);
}
