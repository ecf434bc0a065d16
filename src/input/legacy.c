/*
 * Free-form pipelines, as settings of old have them: a source, perhaps something that cuts lines or slows down, and a converter.
 * The usual ones mean the same as a simple connection; the rest is not run.
 */
#include "input/input.h"

enum role { SOURCE, PASSIVE, CONVERTER };

/*
 * What each element stands for in a simple connection: subOptions.type of a source, options.type of a converter. NMEA 2000 is
 * decoded here in one step: what made lines or JSON of it on the way to the last element has nothing left to do.
 */
static const struct element {
    const char *type;
    enum role role;
    const char *stands_for;
} elements[] = {
    { "providers/serialport", SOURCE, "serial" },
    { "providers/tcp", SOURCE, "tcp" },
    { "providers/tcpserver", SOURCE, "tcpserver" },
    { "providers/udp", SOURCE, "udp" },
    { "providers/gpsd", SOURCE, "gpsd" },
    { "providers/filestream", SOURCE, "file" },
    { "providers/execute", SOURCE, "exec" },
    { "providers/canbus", SOURCE, "canbus" },
    { "providers/actisense-serial", SOURCE, "actisense" },
    { "providers/liner", PASSIVE, NULL },
    { "providers/splitting-liner", PASSIVE, NULL },
    { "providers/throttle", PASSIVE, NULL },
    { "providers/canboatjs", PASSIVE, NULL },
    { "providers/n2kAnalyzer", PASSIVE, NULL },
    { "providers/nmea0183-signalk", CONVERTER, "NMEA0183" },
    { "providers/n2k-signalk", CONVERTER, "NMEA2000" },
    { "providers/from_json", CONVERTER, "SignalK" },
};

/* The simple connection of each source with each converter, where it is not named after both of them. */
static const struct pair {
    const char *source, *converter, *type, *sub;
} pairs[] = {
    { "file", "NMEA0183", "FileStream", "NMEA0183" },
    { "file", "SignalK", "FileStream", "SignalK" },
    { "file", "NMEA2000", "FileStream", "NMEA2000JS" },
    { "exec", "NMEA0183", "Execute", "NMEA0183" },
    { "exec", "SignalK", "Execute", "SignalK" },
    { "exec", "NMEA2000", "Execute", "NMEA2000JS" },
    { "canbus", "NMEA2000", "NMEA2000", "canbus-canboatjs" },
    { "actisense", "NMEA2000", "NMEA2000", "ngt-1-canboatjs" },
    { "tcp", "NMEA2000", "NMEA2000", "n2k-ip-gateway-canboatjs" },
    { "udp", "NMEA2000", "NMEA2000", "ydwg02-udp-canboatjs" },
};

static const struct element *element_of(const char *type)
{
    for (size_t i = 0; i < SK_COUNT(elements) && type != NULL; i++)
        if (strcmp(elements[i].type, type) == 0)
            return &elements[i];
    return NULL;
}

static void pair_up(const struct element *source, const struct element *converter, const char **ret_type, const char **ret_sub)
{
    *ret_type = converter->stands_for;
    *ret_sub = source->stands_for;
    for (size_t i = 0; i < SK_COUNT(pairs); i++) {
        if (strcmp(pairs[i].source, source->stands_for) == 0 && strcmp(pairs[i].converter, converter->stands_for) == 0) {
            *ret_type = pairs[i].type;
            *ret_sub = pairs[i].sub;
        }
    }
}

static int misplaced(const struct element *e, const struct element *converter, struct sk_errmsg *em)
{
    if (e->role == CONVERTER && converter != NULL && strcmp(converter->stands_for, "SignalK") == 0)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED,
                             "a free-form pipeline that reads the JSON of canboat's analyzer; leave analyzer and from_json out, "
                             "the server decodes NMEA 2000 itself");
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "a free-form pipeline with %s in a place where it makes no sense", e->type);
}

int sk_input_legacy_kind(const yyjson_val *entry, const char **ret_type, const char **ret_sub, struct sk_input_kind *kind,
                         struct sk_errmsg *em)
{
    yyjson_val *e, *pipe = sk_json_get(entry, "pipeElements");
    const struct element *source = NULL, *converter = NULL;
    size_t i, n;
    yyjson_arr_foreach(pipe, i, n, e) {
        const char *type = sk_json_get_str(e, "type");
        const struct element *known = element_of(type);
        if (known == NULL)
            return sk_errmsg_set(em, SK_ERR_UNSUPPORTED,
                                 "a free-form pipeline with %.100s, which skiff does not run; make it a simple connection",
                                 type != NULL ? type : "an element without a type");
        if (known->role == SOURCE && source == NULL) {
            source = known;
            kind->options = sk_json_get(e, "options");
        } else if (known->role == CONVERTER && source != NULL && converter == NULL) {
            converter = known;
            kind->codec_options = sk_json_get(e, "options");
        } else if (known->role != PASSIVE) {
            return misplaced(known, converter, em);
        }
    }
    if (source == NULL || converter == NULL)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "a free-form pipeline without %s, which skiff does not run",
                             source == NULL ? "a source that it knows" : "a converter that it knows");
    pair_up(source, converter, ret_type, ret_sub);
    return 0;
}
