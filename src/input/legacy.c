/*
 * Free-form pipelines, as settings of old have them: a source, perhaps something that cuts lines or slows down, and a converter.
 * The usual ones mean the same as a simple connection; the rest is not run.
 */
#include "input/input.h"

enum role { SOURCE, PASSIVE, CONVERTER };

/* What each element stands for in a simple connection: subOptions.type of a source, options.type of a converter. */
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
    { "providers/liner", PASSIVE, NULL },
    { "providers/splitting-liner", PASSIVE, NULL },
    { "providers/throttle", PASSIVE, NULL },
    { "providers/nmea0183-signalk", CONVERTER, "NMEA0183" },
    { "providers/from_json", CONVERTER, "SignalK" },
};

static const struct element *element_of(const char *type)
{
    for (size_t i = 0; i < SK_COUNT(elements) && type != NULL; i++)
        if (strcmp(elements[i].type, type) == 0)
            return &elements[i];
    return NULL;
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
            return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "a free-form pipeline with %s in a place where it makes no sense", type);
        }
    }
    if (source == NULL || converter == NULL)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "a free-form pipeline without %s, which skiff does not run",
                             source == NULL ? "a source that it knows" : "a converter that it knows");
    bool file = strcmp(source->stands_for, "file") == 0;
    *ret_type = file ? "FileStream" : converter->stands_for;
    *ret_sub = file ? converter->stands_for : source->stands_for;
    return 0;
}
