/*
 * /plugins and /skServer/plugins: the listing, configurations, and the endpoints that plugins bring. All of it needs an admin.
 * Owner: loop thread.
 */
#ifndef SK_API_PLUGINS_H
#define SK_API_PLUGINS_H

#include "api/api.h"

/* Adds the routes. api->plugins is looked at with each request; NULL (--no-plugins) is an empty list. */
void sk_plugins_add_routes(struct sk_api *api);

#endif
