/* Other vessels' identity and shape: values of paths.txt that AIS messages bring. */
#include "codec/nmea0183/ais.h"
#include "base/json.h"
#include "codec/n2k/reading.h"

/* The number as nine digits where the context is padded, bare otherwise. */
static void write_mmsi(struct sk_n2k_reading *r, int64_t mmsi)
{
    sk_buf_printf(r->out, r->def->context_padded && mmsi != 0 ? "%09lld" : "%lld", (long long)mmsi);
}

SK_N2K_BY(mmsi)
{
    int64_t mmsi;
    if (!sk_n2k_raw(r, row->field[0], &mmsi) || mmsi == 0)
        return;
    sk_n2k_value_begin_path(r, "");
    SK_BUF_LIT(r->out, "{\"mmsi\":\"");
    write_mmsi(r, mmsi);
    SK_BUF_LIT(r->out, "\"}");
    sk_n2k_value_end(r);
}

SK_N2K_BY(callsign)
{
    char room[SK_N2K_STRING_MAX];
    struct sk_span sign = sk_n2k_string(r, row->field[0], room);
    if (sign.n == 0)
        return;
    sk_n2k_value_begin_path(r, "");
    SK_BUF_LIT(r->out, "{\"communication\":{\"callsignVhf\":");
    sk_json_write_str(r->out, sign);
    SK_BUF_LIT(r->out, "}}");
    sk_n2k_value_end(r);
}

SK_N2K_BY(imo)
{
    int64_t imo;
    if (!sk_n2k_raw(r, row->field[0], &imo) || imo == 0)
        return;
    sk_n2k_value_begin_path(r, "");
    sk_buf_printf(r->out, "{\"registrations\":{\"imo\":\"IMO %lld\"}}", (long long)imo);
    sk_n2k_value_end(r);
}

static void write_type(struct sk_n2k_reading *r, const struct sk_n2k_row *row, int64_t id, const char *name)
{
    if (name == NULL || !sk_n2k_value_begin(r, row))
        return;
    sk_buf_printf(r->out, "{\"id\":%lld,\"name\":", (long long)id);
    sk_json_write_str(r->out, sk_span_of(name));
    sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}

SK_N2K_BY(ship_type)
{
    int64_t id;
    if (sk_n2k_raw(r, row->field[0], &id))
        write_type(r, row, id, sk_ais_ship_type((int)id));
}

SK_N2K_BY(aton_type)
{
    int64_t id;
    if (sk_n2k_raw(r, row->field[0], &id))
        write_type(r, row, id, sk_ais_aid_type((int)id));
}

/* Half the beam less the distance to starboard; both in tenths of a metre, and written exactly. */
SK_N2K_BY(from_center)
{
    int64_t starboard, beam;
    if (!sk_n2k_raw(r, row->field[0], &starboard) || !sk_n2k_raw(r, row->field[1], &beam) || starboard == 0 || beam == 0 ||
        !sk_n2k_value_begin(r, row))
        return;
    sk_n2k_write_decimal(r->out, beam * 5 - starboard * 10, 2);
    sk_n2k_value_end(r);
}
