/* VDM and VDO: joins the parts of a message and writes what it says. The bits are read in ais_read.c. */
#include "codec/nmea0183/ais.h"

#include <math.h>
#include <stdlib.h>

#define SLOTS 16
#define PART_MAX 82
#define AGE_MAX_MS 30000 /* parts that are further apart do not belong together */

struct sk_ais_part {
    int sequence; /* -1: free */
    char channel;
    unsigned of, got; /* bits of `got`: which parts are there */
    int64_t since_ms;
    unsigned fill;
    uint8_t len[SK_AIS_PARTS_MAX];
    char text[SK_AIS_PARTS_MAX][PART_MAX];
};

void sk_ais_session_finish(struct sk_0183_session *session)
{
    free(session->parts);
}

/* ---- joining ------------------------------------------------------------------------------------------------------------ */

static struct sk_ais_part *slots_of(struct sk_0183_session *session)
{
    if (session->parts == NULL) { /* once in the life of a connection */
        session->parts = sk_xcalloc(SLOTS, sizeof *session->parts);
        for (unsigned i = 0; i < SLOTS; i++)
            session->parts[i].sequence = -1;
    }
    return session->parts;
}

static void give_up(struct sk_0183 *s, struct sk_ais_part *p)
{
    if (p->sequence >= 0)
        ++*s->session->incomplete;
    p->sequence = -1;
}

/* The message that a part belongs to; a new one takes the place of a free one, else of the oldest. */
static struct sk_ais_part *slot_for(struct sk_0183 *s, int sequence, char channel, unsigned of)
{
    struct sk_ais_part *slots = slots_of(s->session), *pick = &slots[0];
    for (unsigned i = 0; i < SLOTS; i++) {
        struct sk_ais_part *p = &slots[i];
        if (p->sequence >= 0 && (s->now_ms - p->since_ms > AGE_MAX_MS || p->since_ms - s->now_ms > AGE_MAX_MS))
            give_up(s, p);
        if (p->sequence == sequence && p->channel == channel && p->of == of)
            return p;
        if (pick->sequence >= 0 && (p->sequence < 0 || p->since_ms < pick->since_ms))
            pick = p;
    }
    give_up(s, pick);
    *pick = (struct sk_ais_part){ .sequence = sequence, .channel = channel, .of = of, .since_ms = s->now_ms };
    return pick;
}

static bool digit(struct sk_span f, unsigned max, unsigned *ret_value)
{
    if (f.n != 1 || f.p[0] < '0' || f.p[0] > '9' || (unsigned)(f.p[0] - '0') > max)
        return false;
    *ret_value = (unsigned)(f.p[0] - '0');
    return true;
}

/* True when `bits` is the whole message. */
static bool join(struct sk_0183 *s, struct sk_ais_bits *bits)
{
    unsigned of, number, sequence = 9, fill;
    struct sk_span payload = sk_0183_field(s, 5), channel = sk_0183_field(s, 4);
    if (!digit(sk_0183_field(s, 1), SK_AIS_PARTS_MAX, &of) || !digit(sk_0183_field(s, 2), of, &number) || number == 0 ||
        payload.n == 0 || payload.n > PART_MAX)
        return false;
    if (!digit(sk_0183_field(s, 6), 5, &fill))
        fill = 0;
    if (of == 1)
        return sk_ais_unarmour(bits, payload, fill);
    (void)digit(sk_0183_field(s, 3), 9, &sequence);
    struct sk_ais_part *p = slot_for(s, (int)sequence, channel.n != 0 ? channel.p[0] : '\0', of);
    if ((p->got & 1u << number) != 0) { /* again: the message begins anew */
        ++*s->session->incomplete;
        p->got = 0;
        p->since_ms = s->now_ms;
    }
    p->got |= 1u << number;
    p->len[number - 1] = (uint8_t)payload.n;
    memcpy(p->text[number - 1], payload.p, payload.n);
    if (number == of)
        p->fill = fill;
    if (p->got != (1u << (of + 1)) - 2)
        return false;
    char whole[SK_AIS_PAYLOAD_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < of; i++) {
        memcpy(whole + n, p->text[i], p->len[i]);
        n += p->len[i];
    }
    p->sequence = -1;
    return sk_ais_unarmour(bits, (struct sk_span){ whole, n }, p->fill);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

static const char *context_prefix(const struct sk_ais *a)
{
    if (a->fid == 11 || a->fid == 31 || a->fid == 33)
        return "meteo.";
    if (a->aid_type > 0 || a->type == 4 || a->type == 21)
        return "atons.";
    return a->type == 9 ? "aircraft." : "vessels.";
}

static void write_context(struct sk_0183 *s, const struct sk_ais *a)
{
    sk_buf_text(s->context, context_prefix(a));
    sk_buf_printf(s->context, "urn:mrn:imo:mmsi:%09u", a->mmsi);
    if (a->fid != 11 && a->fid != 31)
        return; /* a station may speak for several places: the third decimals tell them apart */
    double lat, lon, unused;
    lat = fabs(modf(isfinite(a->latitude) ? a->latitude : 0, &unused));
    lon = fabs(modf(isfinite(a->longitude) ? a->longitude : 0, &unused));
    sk_buf_printf(s->context, ":%03u%03u", (unsigned)(lat * 1000 + 0.5) % 1000, (unsigned)(lon * 1000 + 0.5) % 1000);
}

static void put_root(struct sk_0183 *s, const char *before, const char *text, const char *after)
{
    struct sk_buf *b = sk_0183_begin(s, SK_VDM_IDENTITY);
    sk_buf_text(b, before);
    sk_json_write_str(b, sk_span_of(text));
    sk_buf_text(b, after);
    sk_0183_end(s);
}

static void put_object(struct sk_0183 *s, enum sk_0183_path p, const char *member, double value)
{
    struct sk_buf *b = sk_0183_begin(s, p);
    sk_buf_printf(b, "{\"%s\":", member);
    sk_json_write_double(b, value);
    sk_buf_char(b, '}');
    sk_0183_end(s);
}

static void put_type(struct sk_0183 *s, enum sk_0183_path p, int id, const char *name)
{
    if (name == NULL)
        return;
    struct sk_buf *b = sk_0183_begin(s, p);
    sk_buf_printf(b, "{\"id\":%d,\"name\":", id);
    sk_json_write_str(b, sk_span_of(name));
    sk_buf_char(b, '}');
    sk_0183_end(s);
}

static void put_some(struct sk_0183 *s, enum sk_0183_path p, double value)
{
    if (isfinite(value))
        sk_0183_put(s, p, value);
}

static void put_names(struct sk_0183 *s, const struct sk_ais *a)
{
    sk_buf_printf(sk_0183_begin(s, SK_VDM_IDENTITY), "{\"mmsi\":\"%09u\"}", a->mmsi);
    sk_0183_end(s);
    if (a->name[0] != '\0')
        put_root(s, "{\"name\":", a->name, "}");
}

static void put_motion(struct sk_0183 *s, const struct sk_ais *a)
{
    put_some(s, SK_VDM_SOG, a->sog * SK_KNOT);
    put_some(s, SK_VDM_COG, a->cog * SK_DEGREE);
    put_some(s, SK_VDM_HEADING, a->heading * SK_DEGREE);
    put_some(s, SK_VDM_RATE, a->rate * SK_DEGREE / 60);
}

static void put_size(struct sk_0183 *s, const struct sk_ais *a)
{
    if (a->length > 0)
        put_object(s, SK_VDM_LENGTH, "overall", a->length);
    if (a->beam > 0)
        sk_0183_put(s, SK_VDM_BEAM, a->beam);
    if (a->draft > 0)
        put_object(s, SK_VDM_DRAFT, "current", a->draft);
    if (a->to_bow > 0)
        sk_0183_put(s, SK_VDM_FROM_BOW, a->to_bow);
    if (a->to_starboard > 0 && a->beam > 0)
        sk_0183_put(s, SK_VDM_FROM_CENTER, a->beam / 2 - a->to_starboard);
}

static void put_voyage(struct sk_0183 *s, const struct sk_ais *a)
{
    static const char *const states[16] = { "motoring",
                                            "anchored",
                                            "not under command",
                                            "restricted manouverability",
                                            "constrained by draft",
                                            "moored",
                                            "aground",
                                            "fishing",
                                            "sailing",
                                            "hazardous material high speed",
                                            "hazardous material wing in ground",
                                            [14] = "ais-sart",
                                            [15] = "default" };
    if (a->status >= 0 && states[a->status] != NULL)
        sk_0183_put_text(s, SK_VDM_STATE, sk_span_of(states[a->status]));
    if (a->destination[0] != '\0')
        sk_0183_put_text(s, SK_VDM_DESTINATION, sk_span_of(a->destination));
    if (a->eta[0] != '\0')
        sk_0183_put_text(s, SK_VDM_ETA, sk_span_of(a->eta));
    if (a->callsign[0] != '\0')
        put_root(s, "{\"communication\":{\"callsignVhf\":", a->callsign, "}}");
}

static const char *class_of(unsigned type)
{
    switch (type) {
    case 1:
    case 2:
    case 3:
    case 5:
        return "A";
    case 4:
        return "BASE";
    case 18:
    case 19:
        return "B";
    case 21:
        return "ATON";
    default:
        return NULL;
    }
}

static void put_kind(struct sk_0183 *s, const struct sk_ais *a)
{
    if (class_of(a->type) != NULL)
        sk_0183_put_text(s, SK_VDM_CLASS, sk_span_of(class_of(a->type)));
    if (a->imo != 0) {
        struct sk_buf *b = sk_0183_begin(s, SK_VDM_IDENTITY);
        sk_buf_printf(b, "{\"registrations\":{\"imo\":\"IMO %u\"}}", a->imo);
        sk_0183_end(s);
    }
    if (a->aid_type > 0) {
        put_type(s, SK_VDM_ATON_TYPE, a->aid_type, sk_ais_aid_type(a->aid_type));
        sk_buf_text(sk_0183_begin(s, SK_VDM_OFF_POSITION), a->off_position > 0 ? "true" : "false");
        sk_0183_end(s);
        sk_buf_text(sk_0183_begin(s, SK_VDM_VIRTUAL), a->is_virtual > 0 ? "true" : "false");
        sk_0183_end(s);
    }
    if (a->ship_type > 0)
        put_type(s, SK_VDM_SHIP_TYPE, a->ship_type, sk_ais_ship_type(a->ship_type));
}

static void put_rest(struct sk_0183 *s, const struct sk_ais *a)
{
    static const char *const maneuvers[] = { "not available", "not engaged", "engaged", "reserved" };
    if (a->maneuver >= 0)
        sk_0183_put_text(s, SK_VDM_MANEUVER, sk_span_of(maneuvers[a->maneuver & 3]));
    if (a->dac >= 0)
        sk_0183_put(s, SK_VDM_DAC, a->dac);
    if (a->fid >= 0)
        sk_0183_put(s, SK_VDM_FID, a->fid);
    if (isfinite(a->latitude) && isfinite(a->longitude) && a->latitude != 0 && a->longitude != 0)
        sk_0183_put_lat_lon(s, SK_VDM_POSITION, a->latitude, a->longitude);
}

void sk_0183_vdm(struct sk_0183 *s)
{
    struct sk_ais_bits bits;
    struct sk_ais a;
    if (!join(s, &bits) || !sk_ais_read(&bits, s->now_ms, &a))
        return;
    write_context(s, &a);
    put_names(s, &a);
    put_motion(s, &a);
    put_size(s, &a);
    put_voyage(s, &a);
    put_kind(s, &a);
    put_rest(s, &a);
    sk_ais_put_weather(s, &bits, &a);
}
