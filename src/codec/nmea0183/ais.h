/* An AIS message, decoded. For the files of this folder only. Spec: ITU-R M.1371-5, IEC 61162-1 (VDM, VDO). */
#ifndef SK_NMEA0183_AIS_H
#define SK_NMEA0183_AIS_H

#include "codec/nmea0183/sentence.h"

#define SK_AIS_PARTS_MAX 9
#define SK_AIS_PAYLOAD_MAX (SK_AIS_PARTS_MAX * 82)

/* The bits of a message; reading behind the end gives zeros. */
struct sk_ais_bits {
    uint8_t bytes[SK_AIS_PAYLOAD_MAX * 6 / 8 + 16];
    unsigned n; /* bits */
};

/* False: a character that does not belong there. */
bool sk_ais_unarmour(struct sk_ais_bits *b, struct sk_span payload, unsigned fill);
uint32_t sk_ais_uint(const struct sk_ais_bits *b, unsigned at, unsigned n); /* n <= 32 */
int32_t sk_ais_int(const struct sk_ais_bits *b, unsigned at, unsigned n);

/* NaN, -1 and empty text: not said. */
struct sk_ais {
    unsigned type, mmsi;
    char name[36], callsign[8], destination[24], eta[32];
    double sog, cog, heading, rate, latitude, longitude; /* knots, degrees, degrees a minute */
    double length, beam, draft;                          /* metres; 0: not said */
    unsigned to_bow, to_starboard;
    int status, maneuver, aid_type, off_position, is_virtual, ship_type, dac, fid;
    unsigned imo;
};

/* False: not a kind that is known, or too short. */
bool sk_ais_read(const struct sk_ais_bits *b, int64_t now_ms, struct sk_ais *ret);
/* Weather of a binary broadcast (DAC 1, FI 11 and 31): its values, to be put behind the others. */
void sk_ais_put_weather(struct sk_0183 *s, const struct sk_ais_bits *b, const struct sk_ais *a);
/* Names of ship types and aids to navigation; NULL when there is none. */
const char *sk_ais_ship_type(int code);
const char *sk_ais_aid_type(int code);

#endif
