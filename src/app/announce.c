#include "app/announce.h"

#include "base/env.h"
#include "model/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HOST_MAX 256u

static unsigned port_of(const struct sk_api *api, const yyjson_val *settings, unsigned tls_port)
{
    int64_t n;
    if (sk_env("EXTERNALPORT") != NULL && sk_parse_int(sk_span_of(sk_env("EXTERNALPORT")), 1, 65535, &n))
        return (unsigned)n;
    double d = sk_json_get_number(settings, "proxy_port", 0);
    if (d >= 1 && d <= 65535)
        return (unsigned)d;
    return tls_port != 0 ? tls_port : sk_http_server_port(api->http);
}

static bool is_tls(const yyjson_val *settings, unsigned tls_port)
{
    const char *external = sk_env("EXTERNALSSL");
    return external != NULL ? strcmp(external, "false") != 0 : sk_json_get_bool(settings, "proxy_ssl", tls_port != 0);
}

/* Without ".local". */
static void strip(char name[HOST_MAX])
{
    size_t n = strlen(name);
    if (n > 6 && strcmp(name + n - 6, ".local") == 0)
        name[n - 6] = '\0';
}

static bool only_this_machine(const char *host)
{
    return host != NULL && (strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0);
}

static void add_service(struct sk_mdns_options *o, const char *type, unsigned port)
{
    if (port != 0 && o->service_count < SK_MDNS_SERVICES_MAX)
        o->services[o->service_count++] = (struct sk_mdns_service){ type, port };
}

/* A text that is empty is left out; one that is too long is cut. */
static void add_txt(struct sk_mdns_options *o, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0' && o->txt_count < SK_MDNS_TXT_MAX)
        snprintf(o->txt[o->txt_count++], sizeof o->txt[0], "%s=%s", key, value);
}

static void add_vessel(struct sk_mdns_options *o, const struct sk_api *api)
{
    static const char mmsi[] = "urn:mrn:imo:mmsi:";
    const char *id = sk_model_self_id(api->model);
    bool by_mmsi = strncmp(id, mmsi, sizeof mmsi - 1) == 0;
    add_txt(o, "self", id);
    add_txt(o, "vname", sk_basedeltas_name(api->base));
    add_txt(o, "vmmsi", by_mmsi ? id + sizeof mmsi - 1 : NULL);
    add_txt(o, "vuuid", by_mmsi ? NULL : id);
}

struct sk_mdns *sk_announce(const struct sk_api *api, const struct sk_settings *settings, const struct sk_options *options,
                            unsigned nmea_port, unsigned tls_port)
{
    const yyjson_val *root = sk_settings_root(settings);
    const char *host = sk_env("EXTERNALHOST") != NULL ? sk_env("EXTERNALHOST") : sk_json_get_str(root, "proxy_host");
    const char *named = host != NULL ? host : sk_json_get_str(root, "hostname");
    if (!sk_json_get_bool(root, "mdns", true) || (host == NULL && only_this_machine(options->host)))
        return NULL;
    struct sk_mdns_options o = { .loop = api->loop };
    char name[HOST_MAX] = "", full[HOST_MAX + 8] = "", own[HOST_MAX] = "";
    (void)gethostname(own, sizeof own - 1);
    snprintf(name, sizeof name, "%s", named != NULL ? named : own);
    strip(name);
    if (name[0] != '\0')
        o.name = name;
    if (host != NULL) {
        snprintf(full, sizeof full, strchr(name, '.') != NULL ? "%s" : "%s.local", name);
        o.host = full;
    }
    bool tls = is_tls(root, tls_port);
    unsigned port = port_of(api, root, tls_port);
    add_service(&o, tls ? "_https._tcp" : "_http._tcp", port);
    if (sk_settings_interface(settings, "rest"))
        add_service(&o, tls ? "_signalk-https._tcp" : "_signalk-http._tcp", port);
    if (sk_settings_interface(settings, "ws"))
        add_service(&o, tls ? "_signalk-wss._tcp" : "_signalk-ws._tcp", port);
    add_service(&o, "_signalk-tcp._tcp", api->tcp_port);
    add_service(&o, "_nmea-0183._tcp", nmea_port);
    add_txt(&o, "txtvers", "1");
    add_txt(&o, "swname", "signalk-server");
    add_txt(&o, "swvers", SK_COMPAT_VERSION);
    add_txt(&o, "roles", "master, main");
    add_vessel(&o, api);
    return sk_mdns_start(&o);
}
