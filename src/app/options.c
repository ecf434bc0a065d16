#include "app/options.h"

#include "base/json.h"
#include "store/config_dir.h"

#include <stdlib.h>
#include <strings.h>

#define SK_BODY_LIMIT_MAX (100 * 1024 * 1024)

static int read_number(const char *text, const char *what, int max, int *ret_value, struct sk_errmsg *em)
{
    int64_t v;
    if (!sk_parse_int(sk_span_of(text), 0, max, &v))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s '%s' is not a number from 0 to %d", what, text, max);
    *ret_value = (int)v;
    return 0;
}

/* "500kb", "10MB", or bytes; the units are powers of 1024. */
static int read_size(const char *text, const char *what, int max, int *ret_bytes, struct sk_errmsg *em)
{
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = { { "kb", 1024 }, { "mb", 1024 * 1024 }, { "gb", 1024 * 1024 * 1024 }, { "b", 1 }, { "", 1 } };
    size_t n = strspn(text, "0123456789");
    int64_t v;
    for (size_t i = 0; i < SK_COUNT(units); i++)
        if (strcasecmp(text + n, units[i].unit) == 0 && sk_parse_int((struct sk_span){ text, n }, 1, max / units[i].bytes, &v)) {
            *ret_bytes = (int)(v * units[i].bytes);
            return 0;
        }
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s '%s' is not a size like 10mb, of at most %d bytes", what, text, max);
}

static int read_environment(struct sk_options *o, struct sk_errmsg *em)
{
    static const struct {
        const char *name;
        size_t offset;
    } ports[] = { { "PORT", offsetof(struct sk_options, port) },
                  { "TCPSTREAMPORT", offsetof(struct sk_options, tcp_port) },
                  { "NMEA0183PORT", offsetof(struct sk_options, nmea_port) } };
    for (size_t i = 0; i < SK_COUNT(ports); i++) {
        const char *text = getenv(ports[i].name);
        int *to = (int *)(void *)((char *)o + ports[i].offset);
        if (text != NULL && text[0] != '\0' && read_number(text, ports[i].name, 65535, to, em) < 0)
            return em->code;
    }
    static const struct {
        const char *name;
        size_t offset;
        int usual;
    } numbers[] = { { "MAX_WS_CONNECTIONS_PER_IP", offsetof(struct sk_options, ws_per_ip), 30 },
                    { "BACKPRESSURE_ENTER", offsetof(struct sk_options, pressure_enter), 512 * 1024 },
                    { "BACKPRESSURE_EXIT", offsetof(struct sk_options, pressure_exit), 1024 },
                    { "MAXSENDBUFFERSIZE", offsetof(struct sk_options, pressure_max), 2 * 1024 * 1024 },
                    { "MAXSENDBUFFERCHECKTIME", offsetof(struct sk_options, pressure_max_ms), 30000 } };
    for (size_t i = 0; i < SK_COUNT(numbers); i++) {
        const char *text = getenv(numbers[i].name);
        int *to = (int *)(void *)((char *)o + numbers[i].offset);
        *to = numbers[i].usual;
        if (text != NULL && text[0] != '\0' && read_number(text, numbers[i].name, 1000000000, to, em) < 0)
            return em->code;
    }
    const char *body = getenv("FILEUPLOADSIZELIMIT");
    if (body != NULL && body[0] != '\0' && read_size(body, "FILEUPLOADSIZELIMIT", SK_BODY_LIMIT_MAX, &o->body_max, em) < 0)
        return em->code;
    const char *compression = getenv("WSCOMPRESSION");
    o->ws_compression = compression != NULL && strcmp(compression, "true") == 0;
    o->tcp_host = getenv("TCPSTREAMADDRESS");
    return 0;
}

int sk_options_read(const struct sk_cli_args *a, struct sk_options *o, struct sk_errmsg *em)
{
    *o = (struct sk_options){ .port = -1, .tcp_port = -1, .nmea_port = -1 };
    int r = read_environment(o, em);
    if (r == 0)
        r = sk_activation_read(&o->passed, em);
    const char *port = sk_cli_value(a, "port");
    if (r == 0 && port != NULL)
        r = read_number(port, "--port", 65535, &o->port, em);
    if (r == 0 && sk_cli_nth(a, "data", 1) != NULL)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "--data was given twice: one recording can be played");
    if (r < 0)
        return r;
    o->host = sk_cli_value(a, "host");
    o->data = sk_cli_value(a, "data");
    o->override_timestamps = sk_cli_has(a, "override-timestamps");
    o->sample_nmea0183 = sk_cli_has(a, "sample-nmea0183-data");
    o->sample_nmea2000 = sk_cli_has(a, "sample-n2k-data");
    o->no_plugins = sk_cli_has(a, "no-plugins");
    o->security = sk_cli_has(a, "securityenabled");
    o->safe_mode = sk_cli_has(a, "safe-mode");
    o->no_sandbox = sk_cli_has(a, "no-sandbox");
    r = sk_config_dir_find(sk_cli_value(a, "config"), &o->config_dir, em);
    if (r == 0)
        o->settings_file = sk_config_settings_file(o->config_dir, sk_cli_value(a, "settings"));
    return r;
}

void sk_options_finish(struct sk_options *o)
{
    free(o->config_dir);
    free(o->settings_file);
}
