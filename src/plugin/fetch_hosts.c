/* Which hosts a plugin may fetch from: what settings.json and the plugin's own configuration file say. Owner: loop thread. */
#include "plugin/plugin.h"

#include "base/json.h"

#define NS "signalk:wasm:fetch"

static void take(const struct sk_plugin *p, const char *where, const yyjson_val *list, struct sk_hosts **ret)
{
    struct sk_errmsg em = { 0 };
    if (sk_hosts_create(list, ret, &em) == 0)
        return;
    sk_errmsg_wrap(&em, em.code, "%s: no host is allowed until this is corrected", where);
    sk_net_figures_error(p->figures->net, SK_NET_FETCH, NS, p->package->name, em.text);
}

void sk_plugin_hosts(const struct sk_plugin *p, struct sk_hosts *ret_hosts[2])
{
    const yyjson_val *settings = yyjson_doc_get_root(p->host->hosts_doc), *list = sk_json_get(settings, p->package->name);
    yyjson_doc *doc = NULL;
    if (list == NULL)
        list = sk_json_get(settings, p->package->id);
    if (list == NULL)
        list = sk_json_get(settings, "*");
    take(p, "settings.json: pluginHosts", p->host->hosts_broken ? settings : list, &ret_hosts[0]);
    if (p->config.data != NULL && sk_json_read(sk_span_of(p->config.data), &doc, NULL) == 0)
        take(p, "configuration file: allowedHosts", sk_json_get(yyjson_doc_get_root(doc), "allowedHosts"), &ret_hosts[1]);
    else
        ret_hosts[1] = NULL;
    yyjson_doc_free(doc);
}
