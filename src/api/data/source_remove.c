/* What a source said (GET /skServer/cacheInspect), and one that is gone for good (DELETE /skServer/removeSource). */
#include "api/admin/admin.h"
#include "api/stream/events.h"
#include "api/v2/v2.h"

#include "model/tree.h"

#include <stdio.h>

#define ANSWER_MAX ((size_t)16 * 1024 * 1024)

static void remove_source(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span ref = sk_http_query_param(r, "sourceRef");
    if (ref.n == 0 || ref.n > SK_SOURCE_LEN_MAX) {
        sk_v2_fail(r, 400, "the query parameter sourceRef has to name a source");
        return;
    }
    if (!sk_hub_forget_source(api->hub, ref)) {
        sk_v2_fail(r, 404, "no source '%.*s' is known", (int)ref.n, ref.p);
        return;
    }
    char message[SK_SOURCE_LEN_MAX + 100];
    struct sk_buf b;
    sk_buf_init(&b, 6 * SK_SOURCE_LEN_MAX + 64);
    SK_BUF_LIT(&b, "{\"sourceRef\":");
    sk_json_write_str(&b, ref);
    sk_buf_char(&b, '}');
    sk_events_send(api, "SOURCEEVICTED", sk_buf_span(&b));
    sk_buf_finish(&b);
    snprintf(message, sizeof message, "source '%.*s' and its values are removed", (int)ref.n, ref.p);
    sk_v2_reply(r, 200, sk_span_of(message));
}

static void inspect_source(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span ref = sk_http_query_param(r, "sourceRef");
    const struct sk_source *s = ref.n != 0 ? sk_map_get(&sk_model_sources(api->model)->map, ref) : NULL;
    struct sk_buf b;
    if (s == NULL) {
        sk_v2_fail(r, ref.n == 0 ? 400 : 404,
                   ref.n == 0 ? "the query parameter sourceRef has to name a source" : "no source '%.*s' is known", (int)ref.n,
                   ref.p);
        return;
    }
    sk_buf_init(&b, ANSWER_MAX);
    SK_BUF_LIT(&b, "{\"sourceRef\":");
    sk_buf_span_append(&b, s->json);
    SK_BUF_LIT(&b, ",\"values\":");
    size_t count = sk_tree_write_source(api->model, s, &b);
    sk_buf_printf(&b, ",\"count\":%zu}", count);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_source_remove_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "GET", "/skServer/cacheInspect", SK_ACCESS_ADMIN, inspect_source, api },
                                      { "DELETE", "/skServer/removeSource", SK_ACCESS_ADMIN, remove_source, api },
                                      { "DELETE", "/skServer/n2kRemoveSource", SK_ACCESS_ADMIN, remove_source, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
