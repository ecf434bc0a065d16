/* The route table: what there is, and what it needs. */
#include "api/access/access_requests.h"
#include "api/access/session.h"
#include "api/api.h"
#include "api/v2/history.h"
#include "store/settings.h"

#include <stdlib.h>

static void upgrade_nowhere(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_cannot(r);
}

/* What the user can switch off. */
static void add_data_routes(struct sk_api *api)
{
    const struct sk_route stream[] = {
        { "GET", "/signalk/v1/stream", SK_ACCESS_OPEN, sk_stream_get, api }, /* decides by itself what an anonymous client gets */
    };
    const struct sk_route rest[] = {
        { "GET", "/signalk/v1/api/*", SK_ACCESS_READ, sk_rest_get, api },
        { "PUT", "/signalk/v1/api/*", SK_ACCESS_WRITE, sk_rest_put, api },
        { "DELETE", "/signalk/v1/api/*", SK_ACCESS_WRITE, sk_rest_delete, api },
    };
    if (sk_settings_interface(api->settings, "ws"))
        sk_api_keep_routes(api, stream, SK_COUNT(stream));
    if (sk_settings_interface(api->settings, "rest"))
        sk_api_keep_routes(api, rest, SK_COUNT(rest));
}

void sk_api_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/signalk", SK_ACCESS_OPEN, sk_discovery_get, api },
        { "GET", "/signalk/v2/features", SK_ACCESS_READ, sk_features_get, api },
        { "GET", "/signalk/v2/stream", SK_ACCESS_OPEN, upgrade_nowhere, api },
        { "GET", "/skServer/streams", SK_ACCESS_ADMIN, sk_streams_get, api },
        { "GET", "/signalk/v1/requests/:id", SK_ACCESS_OPEN, sk_request_get, api }, /* open for access requests only */
        { "POST", "/signalk/v1/auth/login", SK_ACCESS_OPEN, sk_session_login, api, .any_body = true },
        { "POST", "/login", SK_ACCESS_OPEN, sk_session_login, api, .any_body = true },
        { "PUT", "/signalk/v1/auth/logout", SK_ACCESS_OPEN, sk_session_logout, api },
        { "PUT", "/logout", SK_ACCESS_OPEN, sk_session_logout, api },
        { "GET", "/skServer/loginStatus", SK_ACCESS_OPEN, sk_session_status, api },
        { "GET", "/loginStatus", SK_ACCESS_OPEN, sk_session_status, api },
        { "POST", "/signalk/v1/access/requests", SK_ACCESS_OPEN, sk_access_post, api },
        { "POST", "/skServer/enableSecurity", SK_ACCESS_OPEN, sk_setup_enable, api }, /* only while there is no user */
        { "POST", "/skServer/disableSecurity", SK_ACCESS_ADMIN, sk_setup_disable, api },
        { "GET", "/skServer/security/hasBackup", SK_ACCESS_ADMIN, sk_setup_has_backup, api },
        { "GET", "/skServer/security/users", SK_ACCESS_ADMIN, sk_users_list, api },
        { "POST", "/skServer/security/users/:id", SK_ACCESS_ADMIN, sk_users_add, api },
        { "PUT", "/skServer/security/users/:id", SK_ACCESS_ADMIN, sk_users_update, api },
        { "DELETE", "/skServer/security/users/:id", SK_ACCESS_ADMIN, sk_users_remove, api },
        { "GET", "/skServer/security/devices", SK_ACCESS_ADMIN, sk_devices_list, api },
        { "PUT", "/skServer/security/devices/:id", SK_ACCESS_ADMIN, sk_devices_update, api },
        { "DELETE", "/skServer/security/devices/:id", SK_ACCESS_ADMIN, sk_devices_remove, api },
        { "GET", "/skServer/security/config", SK_ACCESS_ADMIN, sk_security_config_get, api },
        { "PUT", "/skServer/security/config", SK_ACCESS_ADMIN, sk_security_config_put, api },
        { "GET", "/skServer/security/access/requests", SK_ACCESS_ADMIN, sk_access_list, api },
        { "PUT", "/skServer/security/access/requests/:id/:status", SK_ACCESS_ADMIN, sk_access_decide, api },
        { "PUT", "/security/access/requests/:id/:status", SK_ACCESS_ADMIN, sk_access_decide, api },
    };
    api->routes = sk_xmalloc(sizeof table); /* the server keeps a pointer to it */
    memcpy(api->routes, table, sizeof table);
    sk_http_server_add(api->http, api->routes, SK_COUNT(table));
    add_data_routes(api);
    sk_oidc_add_routes(api);
    sk_resources_add_routes(api);
    sk_resource_config_add_routes(api);
    sk_weather_add_routes(api);
    sk_radars_add_routes(api);
    sk_history_add_routes(api);
    sk_bstreams_add_routes(api);
}

struct sk_kept_routes {
    struct sk_kept_routes *next;
    struct sk_route list[];
};

void sk_api_keep_routes(struct sk_api *api, const struct sk_route *table, size_t count)
{
    struct sk_kept_routes *k = sk_xmalloc(sizeof *k + count * sizeof *table);
    memcpy(k->list, table, count * sizeof *table);
    k->next = api->kept_routes;
    api->kept_routes = k;
    sk_http_server_add(api->http, k->list, count);
}

void sk_api_free_routes(struct sk_api *api)
{
    while (api->kept_routes != NULL) {
        struct sk_kept_routes *k = api->kept_routes;
        api->kept_routes = k->next;
        free(k);
    }
}
