/* links: plugin_pure_dep */
#include "plugin/config.h"
#include "plugin/endpoint.h"
#include "plugin/package.h"

/* package.json of a stranger, and the other JSON texts that come from plugins: the same bytes as each of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    struct sk_package *p = NULL;
    if (sk_package_parse(text, &p, NULL) == 0) {
        SK_ASSERT(p->id[0] != '.' && strchr(p->id, '/') == NULL);
        sk_package_unref(p);
    }
    struct sk_plugin_config c;
    if (sk_plugin_config_parse(&c, text, NULL) == 0) {
        struct sk_buf b;
        sk_buf_init(&b, SK_PLUGIN_CONFIG_MAX);
        sk_plugin_config_write_start(&c, &b);
        sk_buf_finish(&b);
        sk_plugin_config_apply(&c, text, NULL);
        sk_plugin_config_finish(&c);
    }
    struct sk_endpoints *e = NULL;
    struct sk_endpoint_params params;
    sk_endpoints_parse(text, &e, NULL);
    sk_endpoints_match(e, SK_SPAN("GET"), (struct sk_span){ text.p, n < 64 ? n : 64 }, &params);
    sk_endpoints_destroy(e);
    return 0;
}
