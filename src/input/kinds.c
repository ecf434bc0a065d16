/* The connections that a user can configure: which transport and which codec serve each. One row each; a new one is added here.
 */
#include "codec/n2k/n2k.h"
#include "input/input.h"

static const struct sk_input_kind kinds[] = {
    { "NMEA0183", "serial", &sk_transport_serial, &sk_codec_nmea0183, 0 },
    { "NMEA0183", "tcp", &sk_transport_tcp, &sk_codec_nmea0183, 0 },
    { "NMEA0183", "tcpserver", &sk_transport_tcpserver, &sk_codec_nmea0183, 0 },
    { "NMEA0183", "udp", &sk_transport_udp, &sk_codec_nmea0183, 0 },
    { "NMEA0183", "gpsd", &sk_transport_gpsd, &sk_codec_nmea0183, 0 },
    { "SignalK", "serial", &sk_transport_serial, &sk_codec_signalk, 0 },
    { "SignalK", "tcp", &sk_transport_tcp, &sk_codec_signalk_remote, 0 },
    { "SignalK", "udp", &sk_transport_udp, &sk_codec_signalk_remote, 0 },
    { "SignalK", "ws", &sk_transport_signalk_ws, &sk_codec_signalk_remote, 0 },
    { "SignalK", "wss", &sk_transport_signalk_wss, &sk_codec_signalk_remote, 0 },
    { "FileStream", "Multiplexed", &sk_transport_file, &sk_codec_multiplexed, 0 },
    { "FileStream", "NMEA0183", &sk_transport_file, &sk_codec_nmea0183, 0 },
    { "FileStream", "SignalK", &sk_transport_file, &sk_codec_signalk, 0 },
    { "FileStream", "NMEA2000", &sk_transport_file, &sk_codec_n2k_lines, 0 },
    { "FileStream", "NMEA2000JS", &sk_transport_file, &sk_codec_n2k_lines, 0 },
    { "FileStream", "NMEA2000YD", &sk_transport_file, &sk_codec_n2k_lines, 0 },
    { "FileStream", "NMEA2000IK", &sk_transport_file, &sk_codec_n2k_lines, 0 },
    { "Execute", "Multiplexed", &sk_transport_exec, &sk_codec_multiplexed, 0 },
    { "Execute", "NMEA0183", &sk_transport_exec, &sk_codec_nmea0183, 0 },
    { "Execute", "SignalK", &sk_transport_exec, &sk_codec_signalk, 0 },
    { "Execute", "NMEA2000", &sk_transport_exec, &sk_codec_n2k_lines, 0 },
    { "Execute", "NMEA2000JS", &sk_transport_exec, &sk_codec_n2k_lines, 0 },
    { "Execute", "NMEA2000YD", &sk_transport_exec, &sk_codec_n2k_lines, 0 },
    { "Execute", "NMEA2000IK", &sk_transport_exec, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "canbus-canboatjs", &sk_transport_can, &sk_codec_n2k_can, 0 },
    { "NMEA2000", "canbus", &sk_transport_can, &sk_codec_n2k_can, 0 },
    { "NMEA2000", "ngt-1-canboatjs", &sk_transport_serial, &sk_codec_n2k_actisense, 115200 },
    { "NMEA2000", "ngt-1", &sk_transport_serial, &sk_codec_n2k_actisense, 115200 },
    { "NMEA2000", "ikonvert-canboatjs", &sk_transport_serial, &sk_codec_n2k_lines, 230400 },
    { "NMEA2000", "ydwg02-canboatjs", &sk_transport_tcp, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "ydwg02-udp-canboatjs", &sk_transport_udp, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "ydwg02-usb-canboatjs", &sk_transport_serial, &sk_codec_n2k_lines, 38400 },
    { "NMEA2000", "navlink2-tcp-canboatjs", &sk_transport_tcp, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "navlink2-udp-canboatjs", &sk_transport_udp, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "w2k-1-n2k-ascii-canboatjs", &sk_transport_tcp, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "w2k-1-n2k-actisense-canboatjs", &sk_transport_tcp, &sk_codec_n2k_actisense, 0 },
    { "NMEA2000", "canboat-csv-canboatjs", &sk_transport_tcp, &sk_codec_n2k_lines, 0 },
    { "NMEA2000", "n2k-ip-gateway-canboatjs", &sk_transport_tcp, &sk_codec_n2k_lines, 0 },
};

static bool is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static bool by_data_type(const char *type)
{
    return is(type, "FileStream") || is(type, "Execute");
}

static int find_kind(const char *type, const char *sub, struct sk_input_kind *ret_kind, struct sk_errmsg *em)
{
    for (size_t i = 0; i < SK_COUNT(kinds); i++) {
        if (is(type, kinds[i].type) && is(sub, kinds[i].sub)) {
            *ret_kind = kinds[i];
            return 0;
        }
    }
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "type %s%s%s is not supported by this version", type != NULL ? type : "(none)",
                         sub == NULL          ? ""
                         : by_data_type(type) ? " with data type "
                                              : " over ",
                         sub != NULL ? sub : "");
}

int sk_input_kind_of(const yyjson_val *entry, struct sk_input_kind *ret_kind, struct sk_errmsg *em)
{
    yyjson_val *elements = sk_json_get(entry, "pipeElements"), *element = yyjson_arr_get_first(elements);
    yyjson_val *options = sk_json_get(element, "options"), *sub_options = sk_json_get(options, "subOptions");
    const char *type = sk_json_get_str(options, "type");
    const char *sub = sk_json_get_str(sub_options, by_data_type(type) ? "dataType" : "type");
    struct sk_input_kind found = { .options = sub_options, .codec_options = sub_options }, kind;
    int r = 0;
    if (yyjson_arr_size(elements) != 1 || !is(sk_json_get_str(element, "type"), "providers/simple"))
        r = sk_input_legacy_kind(entry, &type, &sub, &found, em);
    if (r == 0)
        r = find_kind(type, sub, &kind, em);
    if (r < 0)
        return r;
    kind.options = found.options;
    kind.codec_options = found.codec_options;
    kind.logging = sk_json_get_bool(options, "logging", false);
    *ret_kind = kind;
    return 0;
}

int sk_input_option_int(const yyjson_val *options, const char *name, int64_t min, int64_t max, int64_t otherwise,
                        int64_t *ret_value, struct sk_errmsg *em)
{
    yyjson_val *v = sk_json_get(options, name);
    struct sk_span text = sk_span_trimmed(sk_json_str(v));
    double d;
    if (v == NULL || yyjson_is_null(v) || (yyjson_is_str(v) && text.n == 0))
        *ret_value = otherwise;
    else if (sk_json_number(v, &d) && d >= (double)min && d <= (double)max)
        *ret_value = (int64_t)d;
    else if (!yyjson_is_str(v) || !sk_parse_int(text, min, max, ret_value))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is not a number from %lld to %lld", name, (long long)min, (long long)max);
    return *ret_value < min ? sk_errmsg_set(em, SK_ERR_INVALID, "no %s given", name) : 0;
}

int sk_input_option_text(const yyjson_val *options, const char *name, const char *otherwise, char **ret_text,
                         struct sk_errmsg *em)
{
    struct sk_span text = sk_span_trimmed(sk_json_str(sk_json_get(options, name)));
    if (text.n == 0 && otherwise == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "no %s given", name);
    *ret_text = text.n != 0 ? sk_xstrndup(text.p, text.n) : sk_xstrdup(otherwise);
    return 0;
}
