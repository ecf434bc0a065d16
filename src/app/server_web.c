/* HTTP or HTTPS with all routes, and the Signal K stream over TCP. */
#include "app/server_private.h"

#include "api/admin/admin.h"
#include "api/admin/app_store.h"
#include "api/admin/plugins.h"
#include "api/admin/remote.h"
#include "api/data/priorities.h"
#include "api/data/unit_preferences.h"
#include "api/stream/tcp_stream.h"
#include "api/v2/course.h"
#include "api/v2/notifications.h"
#include "app/doors.h"
#include "base/log.h"

#include <stdlib.h>

#define DEFAULT_PORT 3000
#define DEFAULT_TCP_PORT 8375

static unsigned choose_port(const struct sk_server *s)
{
    if (s->options->port >= 0)
        return (unsigned)s->options->port;
    yyjson_val *v = sk_json_get(sk_settings_root(s->settings), "port");
    double d;
    if (sk_json_number(v, &d) && d >= 0 && d <= 65535)
        return (unsigned)d;
    int64_t n;
    return yyjson_is_str(v) && sk_parse_int(sk_json_str(v), 0, 65535, &n) ? (unsigned)n : DEFAULT_PORT;
}

static unsigned ping_ms(const struct sk_settings *settings)
{
    yyjson_val *v = sk_json_get(sk_settings_root(settings), "wsPingInterval");
    double d;
    if (yyjson_is_false(v))
        return 0;
    return sk_json_number(v, &d) && d >= 0 && d <= 86400000 ? (unsigned)d : 30000;
}

static void set_pressure(struct sk_api *api, const struct sk_options *o)
{
    api->pressure.enter = (size_t)o->pressure_enter;
    api->pressure.exit = (size_t)o->pressure_exit;
    api->pressure.max = (size_t)o->pressure_max;
    api->pressure.hard = 8 * (api->pressure.max > SK_PRESSURE_MAX ? api->pressure.max : SK_PRESSURE_MAX);
    api->pressure.max_ms = (unsigned)o->pressure_max_ms;
}

/* A mistake in it must not make somebody trusted, nor keep the boat without its server. */
static void read_trust(const struct sk_settings *settings, struct sk_trust *ret_trust)
{
    const char *env = getenv("TRUST_PROXY");
    yyjson_val *set = sk_json_get(sk_settings_root(settings), "trustProxy");
    struct sk_buf text;
    struct sk_errmsg em;
    sk_buf_init(&text, 8192);
    if (env != NULL && env[0] != '\0')
        sk_buf_text(&text, env);
    else if (yyjson_is_str(set))
        sk_buf_span_append(&text, sk_json_str(set));
    else if (set != NULL)
        sk_json_write(&text, set);
    if (sk_trust_parse(sk_buf_span(&text), ret_trust, &em) < 0)
        sk_log_error("%s; no proxy is trusted", em.text);
    sk_buf_finish(&text);
}

static void add_routes(struct sk_server *s)
{
    struct sk_api *api = &s->api;
    sk_api_add_routes(api);
    sk_plugins_add_routes(api);
    sk_priorities_add_routes(api);
    sk_safe_mode_add_routes(api);
    sk_status_page_add_routes(api);
    sk_openapi_add_routes(api);
    sk_admin_add_routes(api);
    sk_notifications_add_routes(api->notifications);
    sk_course_add_routes(api->course);
    if (sk_settings_interface(s->settings, "unitpreferences-api"))
        sk_unit_preferences_add_routes(api->unit_preferences);
    if (sk_settings_interface(s->settings, "providers")) {
        sk_connections_add_routes(api);
        api->remote = sk_remote_create(api);
        sk_remote_add_routes(api->remote);
    }
    sk_webapps_add_routes(api);
    if (sk_settings_interface(s->settings, "appstore")) {
        api->app_store = sk_app_store_create(api);
        sk_app_store_add_routes(api->app_store);
    }
    sk_https_add_routes(api, api->http);
}

static int start_http(struct sk_server *s, struct sk_errmsg *em)
{
    struct sk_api *api = &s->api;
    struct sk_http_options o = {
        .loop = s->loop, .limits = sk_http_default_limits, .authorise = sk_auth_authorise, .authorise_arg = s->api.auth
    };
    unsigned port = choose_port(s);
    if (s->options->body_max > 0)
        o.limits.body_max = (size_t)s->options->body_max;
    read_trust(s->settings, &o.trust);
    api->ws_per_ip = (unsigned)s->options->ws_per_ip;
    set_pressure(api, s->options);
    api->ws_ping_ms = ping_ms(s->settings);
    api->ws_deflate = s->options->ws_compression || sk_json_get_bool(sk_settings_root(s->settings), "wsCompression", false);
    int r = sk_http_server_create(&o, &api->http, em);
    if (r < 0)
        return r;
    if (sk_auth_on(api->auth))
        sk_http_server_set_origins(api->http, sk_security_origins(sk_auth_security(api->auth)));
    add_routes(s);
    if (sk_https_wanted(s->settings))
        return sk_https_start(api, s->options, s->settings, port, &s->https, em);
    return sk_doors_open(api->http, s->options->passed.primary, s->options->host, port, em);
}

/* The TCP stream is a help beside the main door: without it the boat still runs. */
static void start_tcp(struct sk_server *s)
{
    struct sk_errmsg em;
    const char *address = s->options->tcp_host != NULL ? s->options->tcp_host
                          : s->options->host != NULL   ? s->options->host
                                                       : "::";
    unsigned port = s->options->tcp_port >= 0 ? (unsigned)s->options->tcp_port : DEFAULT_TCP_PORT;
    if (!sk_settings_interface(s->settings, "tcp"))
        return;
    if (sk_auth_on(s->api.auth) && !sk_security_allow_readonly(sk_auth_security(s->api.auth)))
        return; /* its clients cannot say who they are */
    if (sk_tcp_server_create(&s->api, address, port, &s->tcp, &em) < 0) {
        sk_log_error("%s", em.text);
        return;
    }
    s->api.tcp_port = sk_tcp_server_port(s->tcp);
}

int sk_server_web_start(struct sk_server *s, struct sk_errmsg *em)
{
    int r = start_http(s, em);
    if (r == 0)
        start_tcp(s);
    return r;
}
