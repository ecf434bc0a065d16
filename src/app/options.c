#include "app/options.h"

#include "base/json.h"
#include "store/fs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPT_HOST = 256,
    OPT_PORT,
    OPT_VERSION,
    OPT_NO_PLUGINS,
    OPT_SAFE_MODE,
    OPT_SECURITY,
    OPT_DATA,
    OPT_OVERRIDE,
    OPT_SAMPLE_0183,
    OPT_SAMPLE_2000
};

static const struct option long_options[] = {
    { "config", required_argument, NULL, 'c' },
    { "settings", required_argument, NULL, 's' },
    { "host", required_argument, NULL, OPT_HOST },
    { "port", required_argument, NULL, OPT_PORT },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, 'h' },
    { "no-plugins", no_argument, NULL, OPT_NO_PLUGINS },
    { "safe-mode", no_argument, NULL, OPT_SAFE_MODE },
    { "securityenabled", no_argument, NULL, OPT_SECURITY },
    { "data", required_argument, NULL, OPT_DATA },
    { "override-timestamps", no_argument, NULL, OPT_OVERRIDE },
    { "sample-nmea0183-data", no_argument, NULL, OPT_SAMPLE_0183 },
    { "sample-n2k-data", no_argument, NULL, OPT_SAMPLE_2000 },
    { NULL, 0, NULL, 0 },
};

void sk_options_print_help(void)
{
    puts("Usage: skiff [options]\n"
         "       skiff plugin check FOLDER|FILE.wasm [--portable] [--json]\n"
         "       skiff plugin stats [ID] [--url URL] [--json]\n"
         "\n"
         "A Signal K server for boats; its plugins are sandboxed WebAssembly modules.\n"
         "\n"
         "  -c, --config DIR     configuration folder (default: $SIGNALK_NODE_CONFIG_DIR, else ~/.signalk)\n"
         "  -s, --settings FILE  settings file in the configuration folder (default: settings.json)\n"
         "      --host ADDRESS   listen on this address only (default: all interfaces)\n"
         "      --port N         HTTP and WebSocket port (default: $PORT, else the settings' port, else 3000)\n"
         "      --no-plugins     start without plugins\n"
         "      --data FILE      play a raw log instead of opening the connections of the settings\n"
         "      --override-timestamps   with --data: values carry the time of the playing\n"
         "      --sample-nmea0183-data  add a connection that plays a recording of a sail\n"
         "      --sample-n2k-data       the same from an NMEA 2000 bus\n"
         "      --safe-mode      list plugins, but run none until the safe mode is left\n"
         "      --securityenabled  users must log in, also without a security strategy in the settings\n"
         "      --version        print the version\n"
         "  -h, --help           print this text\n"
         "\n"
         "Environment: PORT, TCPSTREAMPORT, TCPSTREAMADDRESS, NMEA0183PORT, SIGNALK_NODE_CONFIG_DIR, SIGNALK_NODE_SETTINGS, "
         "DISABLEPLUGINS,\n"
         "DEFAULTENABLEDPLUGINS, MAX_WS_CONNECTIONS_PER_IP, BACKPRESSURE_ENTER, BACKPRESSURE_EXIT, MAXSENDBUFFERSIZE,\n"
         "MAXSENDBUFFERCHECKTIME, WSCOMPRESSION, EXTERNALHOST, EXTERNALPORT, EXTERNALSSL, SECURITYSTRATEGY, ADMINUSER,\n"
         "SECRETKEY, ALLOW_DEVICE_ACCESS_REQUESTS, ALLOW_NEW_USER_REGISTRATION, DISABLE_SECURITY_ACTIVATION, HTTP_RATE_LIMITS,\n"
         "DEBUG (comma list of name spaces, e.g. signalk:wasm:*)");
}

static int read_number(const char *text, const char *what, int max, int *ret_value, struct sk_errmsg *em)
{
    int64_t v;
    if (!sk_parse_int(sk_span_of(text), 0, max, &v))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s '%s' is not a number from 0 to %d", what, text, max);
    *ret_value = (int)v;
    return 0;
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
    const char *compression = getenv("WSCOMPRESSION");
    o->ws_compression = compression != NULL && strcmp(compression, "true") == 0;
    o->tcp_host = getenv("TCPSTREAMADDRESS");
    return 0;
}

/* Where the configuration lies, in the order in which users of the Node server know it. */
static int find_config(struct sk_options *o, const char *given, const char *settings, struct sk_errmsg *em)
{
    const char *env = getenv("SIGNALK_NODE_CONDFIG_DIR"); /* a typo of old that scripts rely on */
    const char *file = getenv("SIGNALK_NODE_SETTINGS"), *home = getenv("HOME");
    if (env == NULL)
        env = getenv("SIGNALK_NODE_CONFIG_DIR");
    if (given != NULL)
        o->config_dir = sk_xstrdup(given); /* what was typed now beats what was set once */
    else if (env != NULL && env[0] != '\0')
        o->config_dir = sk_xstrdup(env);
    else if (home != NULL && home[0] != '\0')
        o->config_dir = sk_fs_path(home, ".signalk");
    else
        return sk_errmsg_set(em, SK_ERR_INVALID, "no configuration folder: give one with -c, or set HOME");
    if (file != NULL && file[0] != '\0')
        o->settings_file = sk_xstrdup(file);
    else if (settings != NULL && settings[0] == '/')
        o->settings_file = sk_xstrdup(settings);
    else
        o->settings_file = sk_fs_path(o->config_dir, settings != NULL ? settings : "settings.json");
    return 0;
}

int sk_options_read(int argc, char **argv, struct sk_options *o, struct sk_errmsg *em)
{
    const char *config = NULL, *settings = NULL;
    *o = (struct sk_options){ .port = -1, .tcp_port = -1, .nmea_port = -1 };
    int r = read_environment(o, em);
    opterr = 0;
    for (int opt; r == 0 && (opt = getopt_long(argc, argv, ":c:s:h", long_options, NULL)) != -1;) {
        switch (opt) {
        case 'c':
            config = optarg;
            break;
        case 's':
            settings = optarg;
            break;
        case 'h':
            o->help = true;
            break;
        case OPT_HOST:
            o->host = optarg;
            break;
        case OPT_PORT:
            r = read_number(optarg, "--port", 65535, &o->port, em);
            break;
        case OPT_SECURITY:
            o->security = true;
            break;
        case OPT_SAFE_MODE:
            o->safe_mode = true;
            break;
        case OPT_VERSION:
            o->version = true;
            break;
        case OPT_DATA:
            if (o->data != NULL)
                r = sk_errmsg_set(em, SK_ERR_INVALID, "--data was given twice: one recording can be played");
            o->data = optarg;
            break;
        case OPT_OVERRIDE:
            o->override_timestamps = true;
            break;
        case OPT_SAMPLE_0183:
            o->sample_nmea0183 = true;
            break;
        case OPT_SAMPLE_2000:
            o->sample_nmea2000 = true;
            break;
        case OPT_NO_PLUGINS:
            o->no_plugins = true;
            break;
        case ':':
            r = sk_errmsg_set(em, SK_ERR_INVALID, "%s needs a value", argv[optind - 1]);
            break;
        default:
            r = sk_errmsg_set(em, SK_ERR_INVALID, "unknown option %s (see skiff --help)", argv[optind - 1]);
        }
    }
    if (r == 0 && optind < argc)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "unknown word '%s' (see skiff --help)", argv[optind]);
    return r < 0 ? r : find_config(o, config, settings, em);
}

void sk_options_finish(struct sk_options *o)
{
    free(o->config_dir);
    free(o->settings_file);
}
