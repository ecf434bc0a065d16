/* The route table: what there is, and what it needs. */
#include "api/api.h"

#include <stdlib.h>

static void upgrade_nowhere(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_cannot(r);
}

void sk_api_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/signalk", SK_ACCESS_OPEN, sk_discovery_get, api },
        { "GET", "/signalk/v2/features", SK_ACCESS_READ, sk_features_get, api },
        { "GET", "/signalk/v1/stream", SK_ACCESS_OPEN, sk_stream_get, api }, /* decides by itself what an anonymous client gets */
        { "GET", "/signalk/v2/stream", SK_ACCESS_OPEN, upgrade_nowhere, api },
        { "GET", "/signalk/v1/api/*", SK_ACCESS_READ, sk_rest_get, api },
        { "PUT", "/signalk/v1/api/*", SK_ACCESS_WRITE, sk_rest_put, api },
        { "DELETE", "/signalk/v1/api/*", SK_ACCESS_WRITE, sk_rest_delete, api },
        { "GET", "/skServer/streams", SK_ACCESS_ADMIN, sk_streams_get, api },
        { "GET", "/signalk/v1/requests/:id", SK_ACCESS_READ, sk_request_get, api },
    };
    api->routes = sk_xmalloc(sizeof table); /* the server keeps a pointer to it */
    memcpy(api->routes, table, sizeof table);
    sk_http_server_add(api->http, api->routes, SK_COUNT(table));
    sk_resources_add_routes(api);
    sk_resource_config_add_routes(api);
    sk_weather_add_routes(api);
    sk_radars_add_routes(api);
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
