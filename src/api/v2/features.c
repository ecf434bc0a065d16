/* GET /signalk/v2/features: which v2 APIs and plugins there are; apps decide by it what they offer. */
#include "api/api.h"
#include "base/json.h"
#include "plugin/host.h"

static const char *const apis[] = { "resources", "course", "weather", "radar", "notifications" }; /* v2 APIs that are served */

static void write_plugin(struct sk_plugin *p, struct sk_buf *b)
{
    SK_BUF_LIT(b, "{\"id\":");
    sk_json_write_str(b, sk_span_of(sk_plugin_id(p)));
    SK_BUF_LIT(b, ",\"name\":");
    sk_json_write_str(b, sk_span_of(sk_plugin_name(p)));
    SK_BUF_LIT(b, ",\"version\":");
    sk_json_write_str(b, sk_span_of(sk_plugin_package(p)->version));
    sk_buf_text(b, sk_plugin_enabled(p) ? ",\"enabled\":true}" : ",\"enabled\":false}");
}

void sk_features_get(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_span want = sk_http_query_param(r, "enabled");
    bool only_on = sk_span_eq(want, "1") || sk_span_eq(want, "true"),
         only_off = sk_span_eq(want, "0") || sk_span_eq(want, "false");
    struct sk_buf b;
    sk_buf_init(&b, 4 * 1024 * 1024);
    SK_BUF_LIT(&b, "{\"apis\":[");
    for (size_t i = 0; i < SK_COUNT(apis) && !only_off; i++)
        sk_buf_printf(&b, "%s\"%s\"", i > 0 ? "," : "", apis[i]);
    if (api->history != NULL && !only_off)
        SK_BUF_LIT(&b, ",\"history\",\"historyplayback\",\"historysnapshot\"");
    SK_BUF_LIT(&b, "],\"plugins\":[");
    struct sk_plugin *p = NULL;
    while (api->plugins != NULL && (p = sk_host_next(api->plugins, p)) != NULL) {
        if ((only_on && !sk_plugin_enabled(p)) || (only_off && sk_plugin_enabled(p)))
            continue;
        sk_buf_append(&b, ",", !sk_buf_ends(&b, '['));
        write_plugin(p, &b);
    }
    SK_BUF_LIT(&b, "]}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}
