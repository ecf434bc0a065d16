/* The built-in provider's own page, /plugins/resources-provider, as clients know the Node server's: what it is, which types it
 * keeps. */
#include "api/v2/resource_store.h"
#include "api/v2/v2.h"

#include <stdlib.h>

#define ANSWER_MAX ((size_t)256 * 1024)

static void get_info(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    sk_buf_printf(&b,
                  "{\"enabled\":%s,\"enabledByDefault\":true,\"id\":\"" SK_RESOURCE_STORE_ID
                  "\",\"name\":\"Resources Provider (built-in)\",\"version\":\"" SK_VERSION "\"}",
                  sk_resource_store_enabled(api->resources) ? "true" : "false");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_config(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    sk_resource_store_write_types(api->resources, &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void turned(void *arg, int result, const char *error)
{
    struct sk_http_req *r = arg;
    int status = result == SK_ERR_NOTFOUND ? 404 : result == SK_ERR_INVALID ? 400 : result == SK_ERR_LIMIT ? 507 : 500;
    if (result < 0)
        sk_v2_fail(r, status, "%s", error);
    else
        sk_v2_reply(r, 200, SK_SPAN(""));
}

static void post_type(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    yyjson_doc *doc = sk_v2_body(r);
    if (doc == NULL)
        return;
    struct sk_span description = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "description"));
    sk_resource_store_turn(api->resources, sk_http_param(r, "name"), description, true, turned, r);
    yyjson_doc_free(doc);
}

static void delete_type(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    sk_resource_store_turn(api->resources, sk_http_param(r, "name"), (struct sk_span){ 0 }, false, turned, r);
}

void sk_resource_config_add_routes(struct sk_api *api)
{
#define BOTH(method, path, handler)                                                                                              \
    { method, "/plugins/" SK_RESOURCE_STORE_ID path, SK_ACCESS_ADMIN, handler, api },                                            \
    {                                                                                                                            \
        method, "/skServer/plugins/" SK_RESOURCE_STORE_ID path, SK_ACCESS_ADMIN, handler, api                                    \
    }
    const struct sk_route table[] = {
        BOTH("GET", "", get_info),
        BOTH("GET", "/_config", get_config),
        BOTH("POST", "/_config/:name", post_type),
        BOTH("DELETE", "/_config/:name", delete_type),
    };
#undef BOTH
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
