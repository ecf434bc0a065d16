/* DELETE /skServer/removeSource: a source that is gone for good, and what it said. */
#include "api/admin.h"
#include "api/events.h"
#include "api/v2.h"

#include <stdio.h>

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

void sk_source_remove_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "DELETE", "/skServer/removeSource", SK_ACCESS_ADMIN, remove_source, api },
                                      { "DELETE", "/skServer/n2kRemoveSource", SK_ACCESS_ADMIN, remove_source, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
