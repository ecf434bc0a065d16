/* /skServer/deviceIdentities: the NMEA 2000 devices that said who they are, and by which references their values come. */
#include "api/admin/admin.h"
#include "base/json.h"

#include <stdio.h>

#define LIST_MAX ((size_t)4 * 1024 * 1024)
#define REF_MAX 300

/* References under which values of it came: by name, by address. */
static void write_refs(const struct sk_sources *sources, struct sk_span label, yyjson_val *n2k, struct sk_buf *out)
{
    static const char *const parts[] = { "canName", "src" };
    char ref[REF_MAX];
    bool first = true;
    sk_buf_char(out, '[');
    for (size_t i = 0; i < SK_COUNT(parts); i++) {
        const char *part = sk_json_get_str(n2k, parts[i]);
        if (part == NULL || label.n + strlen(part) + 2 > sizeof ref)
            continue;
        int n = snprintf(ref, sizeof ref, "%.*s.%s", (int)label.n, label.p, part);
        const struct sk_source *s = sk_map_get(&sources->map, (struct sk_span){ ref, (size_t)n });
        if (s == NULL)
            continue;
        sk_buf_append(out, ",", !first);
        sk_buf_span_append(out, s->json);
        first = false;
    }
    sk_buf_char(out, ']');
}

static void write_device(const struct sk_sources *sources, struct sk_span label, yyjson_val *n2k, struct sk_buf *out)
{
    static const char *const shown[] = { "manufacturerCode", "modelId", "productCode" };
    sk_buf_append(out, ",", !sk_buf_ends(out, '['));
    SK_BUF_LIT(out, "{\"canName\":");
    sk_json_write(out, sk_json_get(n2k, "canName"));
    for (size_t i = 0; i < SK_COUNT(shown); i++) {
        yyjson_val *v = sk_json_get(n2k, shown[i]);
        if (v == NULL)
            continue;
        sk_buf_printf(out, ",\"%s\":", shown[i]);
        sk_json_write(out, v);
    }
    SK_BUF_LIT(out, ",\"sourceRefs\":");
    write_refs(sources, label, n2k, out);
    sk_buf_char(out, '}');
}

static void write_devices(const struct sk_sources *sources, yyjson_val *tree, struct sk_buf *out)
{
    size_t i, n, k, count;
    yyjson_val *label, *connection, *key, *device;
    sk_buf_char(out, '[');
    yyjson_obj_foreach(tree, i, n, label, connection) {
        if (!yyjson_is_obj(connection))
            continue;
        yyjson_obj_foreach(connection, k, count, key, device) {
            yyjson_val *n2k = sk_json_get(device, "n2k");
            if (sk_json_get_str(n2k, "canName") != NULL)
                write_device(sources, sk_json_str(label), n2k, out);
        }
    }
    sk_buf_char(out, ']');
}

static void get_devices(struct sk_http_req *r, void *arg)
{
    const struct sk_sources *sources = sk_model_sources(((struct sk_api *)arg)->model);
    struct sk_buf tree, out;
    yyjson_doc *doc = NULL;
    sk_buf_init(&tree, LIST_MAX);
    sk_buf_init(&out, LIST_MAX);
    sk_sources_write(sources, &tree);
    if (sk_buf_ok(&tree))
        (void)sk_json_read(sk_buf_span(&tree), &doc, NULL);
    write_devices(sources, yyjson_doc_get_root(doc), &out);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    yyjson_doc_free(doc);
    sk_buf_finish(&tree);
}

void sk_device_identities_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "GET", "/skServer/deviceIdentities", SK_ACCESS_ADMIN, get_devices, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
