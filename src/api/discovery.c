/* GET /signalk: where the services are (Signal K "Discovery and Connection Establishment"). And the hello of the streams. */
#include "api/api.h"

#include "base/clock.h"
#include "base/json.h"
#include "model/query.h"
#include "store/settings.h"

#include <stdio.h>

void sk_api_hello(const struct sk_api *api, struct sk_buf *out)
{
    char now[SK_ISO_TIME_SIZE];
    sk_iso_time(now, sk_clock_wall_ms());
    SK_BUF_LIT(out, "{\"name\":\"signalk-server\",\"version\":\"" SK_COMPAT_VERSION "\",\"self\":");
    sk_buf_span_append(out, sk_model_self(api->model)->json);
    sk_buf_printf(out, ",\"roles\":[\"master\",\"main\"],\"timestamp\":\"%s\",\"serverStartId\":\"%s\"}", now, api->start_id);
}

static void url(struct sk_buf *out, const char *name, const char *scheme, struct sk_span host, const char *path)
{
    struct sk_buf b;
    sk_buf_init(&b, host.n + 200);
    sk_buf_text(&b, scheme);
    SK_BUF_LIT(&b, "://");
    sk_buf_span_append(&b, host);
    sk_buf_text(&b, path);
    sk_buf_printf(out, ",\"%s\":", name);
    sk_json_write_str(out, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* "[::1]:3000" and "boat:3000" without their port. */
static struct sk_span without_port(struct sk_span host)
{
    for (size_t i = host.n; i-- > 0 && host.p[i] != ']';)
        if (host.p[i] == ':')
            return (struct sk_span){ host.p, i };
    return host;
}

void sk_discovery_get(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_span host = sk_http_header(r, "host");
    bool tls = sk_http_secure(r);
    struct sk_buf out;
    sk_buf_init(&out, 64 * 1024);
    SK_BUF_LIT(&out, "{\"endpoints\":{\"v1\":{\"version\":\"" SK_COMPAT_VERSION "\"");
    if (sk_settings_interface(api->settings, "rest"))
        url(&out, "signalk-http", tls ? "https" : "http", host, "/signalk/v1/api/");
    if (sk_settings_interface(api->settings, "ws"))
        url(&out, "signalk-ws", tls ? "wss" : "ws", host, "/signalk/v1/stream");
    if (api->tcp_port != 0) {
        char port[16];
        snprintf(port, sizeof port, ":%u", api->tcp_port);
        url(&out, "signalk-tcp", "tcp", without_port(host), port);
    }
    SK_BUF_LIT(&out, "}},\"server\":{\"id\":\"" SK_COMPAT_SERVER_ID "\",\"version\":\"" SK_COMPAT_VERSION
                     "\",\"implementation\":{\"name\":\"skiff\",\"version\":\"" SK_VERSION "\"}}}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}
