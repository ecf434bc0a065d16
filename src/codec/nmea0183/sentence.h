/*
 * One NMEA 0183 sentence under the decoder's knife, for the files of this folder only: its fields, and the delta that is written
 * while they are read. Spec: NMEA 0183 / IEC 61162-1. Everything lives until the decoder returns.
 */
#ifndef SK_NMEA0183_SENTENCE_H
#define SK_NMEA0183_SENTENCE_H

#include "codec/codec.h"
#include "codec/nmea0183/paths.h"

#define SK_0183_FIELDS_MAX 80
#define SK_KNOT (1852.0 / 3600.0) /* m/s */
#define SK_KMH (1.0 / 3.6)
#define SK_NAUTICAL_MILE 1852.0
#define SK_FOOT 0.3048
#define SK_DEGREE 0.017453292519943295 /* rad */
#define SK_ZERO_CELSIUS 273.15

struct sk_0183_session;

struct sk_0183 {
    struct sk_span line; /* "$..." up to the checksum */
    struct sk_span id, talker;
    struct sk_span field[SK_0183_FIELDS_MAX + 1]; /* from 1; field[0] is the header */
    int fields;
    int64_t now_ms;  /* when it came */
    int64_t time_ms; /* its timestamp: the tag block's or now, until the sentence knows better */
    struct sk_0183_session *session;
    struct sk_buf *out;     /* the values so far: {"path":...,"value":...},... */
    struct sk_buf *context; /* written by decoders whose delta is not about the own vessel */
};

typedef void sk_0183_decoder(struct sk_0183 *s);

/* What a decoder has to remember between sentences of one connection. */
struct sk_0183_gsv {
    struct sk_buf satellites; /* JSON objects */
    unsigned next, of, count, in_view;
    char gnss[8];
};
struct sk_ais_part;
struct sk_0183_session {
    struct sk_0183_gsv gsv;
    struct sk_ais_part *parts;
    uint64_t *incomplete; /* multi-part messages given up */
    struct {              /* Seatalk sends its position and its date in pieces */
        double latitude;
        bool has_latitude;
        unsigned year, month, day;
        double trip_low;
        bool has_trip;
    } seatalk;
};

/* ---- reading (fields.c) ---- */
static inline struct sk_span sk_0183_field(const struct sk_0183 *s, int i)
{
    return i <= s->fields ? s->field[i] : (struct sk_span){ "", 0 };
}
static inline bool sk_0183_empty(const struct sk_0183 *s, int i)
{
    return sk_0183_field(s, i).n == 0;
}
static inline bool sk_0183_given(const struct sk_0183 *s, int i)
{
    return sk_0183_field(s, i).n != 0;
}
/* One letter, whatever its case. */
bool sk_0183_is(const struct sk_0183 *s, int i, char letter);
/* Decimal number with optional sign, leading zeros allowed; false for anything else and for nothing. */
bool sk_0183_parse(struct sk_span text, double *ret_value);
/* Empty is 0; text that is no number is NaN, which is written as null. */
double sk_0183_value(const struct sk_0183 *s, int i);
double sk_0183_value_or_nan(const struct sk_0183 *s, int i); /* empty is NaN too */
unsigned sk_0183_empty_count(const struct sk_0183 *s);
/* Latitude from fields i and i+1, longitude behind them. False: missing or out of the world. */
bool sk_0183_read_position(const struct sk_0183 *s, int i, double *ret_latitude, double *ret_longitude);
/* Time of day (hhmmss.sss) and date (ddmmyy), either may be empty: then today, or now in whole seconds. `fraction`: keep it. */
void sk_0183_set_time(struct sk_0183 *s, struct sk_span time, struct sk_span date, bool fraction);
int64_t sk_0183_days_from_civil(int year, unsigned month, unsigned day);

/* ---- writing (emit.c) ---- */
void sk_0183_put(struct sk_0183 *s, enum sk_0183_path p, double value); /* not finite: null */
void sk_0183_put_null(struct sk_0183 *s, enum sk_0183_path p);
void sk_0183_put_text(struct sk_0183 *s, enum sk_0183_path p, struct sk_span text);
void sk_0183_put_time(struct sk_0183 *s, enum sk_0183_path p, int64_t ms);
void sk_0183_put_position(struct sk_0183 *s, enum sk_0183_path p, int first_field); /* null when there is none */
void sk_0183_put_lat_lon(struct sk_0183 *s, enum sk_0183_path p, double latitude, double longitude);
/* A value of another shape: what is appended to the returned buffer until sk_0183_end. */
struct sk_buf *sk_0183_begin(struct sk_0183 *s, enum sk_0183_path p);
struct sk_buf *sk_0183_begin_path(struct sk_0183 *s, struct sk_span path); /* for paths with names in them */
void sk_0183_end(struct sk_0183 *s);

/* ---- decoders: one file a subject ---- */
sk_0183_decoder sk_0183_rmc, sk_0183_gga, sk_0183_gll, sk_0183_gns, sk_0183_gsv, sk_0183_vtg, sk_0183_zda;
sk_0183_decoder sk_0183_hdg, sk_0183_hdm, sk_0183_hdt, sk_0183_vhw, sk_0183_rot, sk_0183_rsa, sk_0183_vlw, sk_0183_vdr,
    sk_0183_hsc;
sk_0183_decoder sk_0183_dbt, sk_0183_dbs, sk_0183_dbk, sk_0183_dpt, sk_0183_mwv, sk_0183_mwd, sk_0183_vwr, sk_0183_vwt,
    sk_0183_mtw, sk_0183_mta, sk_0183_mda, sk_0183_vpw;
sk_0183_decoder sk_0183_rmb, sk_0183_apb, sk_0183_xte, sk_0183_bod, sk_0183_bwc, sk_0183_bwr;
sk_0183_decoder sk_0183_rpm, sk_0183_pnkep, sk_0183_pbve, sk_0183_dsc;
sk_0183_decoder sk_0183_seatalk, sk_0183_vdm;
void sk_ais_session_finish(struct sk_0183_session *session);

#endif
