#include "plugin/config.h"

#include "base/json.h"

#include <stdlib.h>

static char *compact(const yyjson_val *v)
{
    struct sk_buf b;
    sk_buf_init(&b, 2 * SK_PLUGIN_CONFIG_MAX);
    sk_json_write(&b, v);
    char *text = sk_buf_steal(&b, NULL);
    sk_buf_finish(&b);
    return text;
}

static int read_object(struct sk_span text, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    int r = text.n > SK_PLUGIN_CONFIG_MAX ? sk_errmsg_set(em, SK_ERR_LIMIT, "larger than %zu bytes", SK_PLUGIN_CONFIG_MAX)
                                          : sk_json_read(text, ret_doc, em);
    if (r == 0 && !yyjson_is_obj(yyjson_doc_get_root(*ret_doc))) {
        yyjson_doc_free(*ret_doc);
        *ret_doc = NULL;
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not a JSON object");
    }
    return r;
}

static bool is_ours(struct sk_span key)
{
    return sk_span_eq(key, "configuration") || sk_span_eq(key, "enabled") || sk_span_eq(key, "enableDebug");
}

static void write_key(struct sk_buf *out, const char *key)
{
    SK_BUF_LIT(out, "\"");
    sk_buf_text(out, key);
    SK_BUF_LIT(out, "\":");
}

/* The object with our three keys as they are now, then the members of the old one that are not ours. */
static void write_data(const struct sk_plugin_config *c, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    if (c->configuration != NULL) {
        write_key(out, "configuration");
        sk_buf_text(out, c->configuration);
        sk_buf_char(out, ',');
    }
    write_key(out, "enabled");
    sk_buf_text(out, c->enabled ? "true" : "false");
    if (c->has_debug) {
        sk_buf_char(out, ',');
        write_key(out, "enableDebug");
        sk_buf_text(out, c->enable_debug ? "true" : "false");
    }
    yyjson_doc *old = NULL;
    if (c->data != NULL && sk_json_read(sk_span_of(c->data), &old, NULL) == 0) {
        size_t i, n;
        yyjson_val *k, *v;
        yyjson_obj_foreach(yyjson_doc_get_root(old), i, n, k, v) {
            if (is_ours(sk_json_str(k)))
                continue;
            sk_buf_char(out, ',');
            sk_json_write_str(out, sk_json_str(k));
            sk_buf_char(out, ':');
            sk_json_write(out, v);
        }
    }
    yyjson_doc_free(old);
    sk_buf_char(out, '}');
}

static int refresh_data(struct sk_plugin_config *c, struct sk_errmsg *em)
{
    struct sk_buf b;
    sk_buf_init(&b, 2 * SK_PLUGIN_CONFIG_MAX);
    write_data(c, &b);
    char *text = sk_buf_steal(&b, NULL);
    sk_buf_finish(&b);
    if (text == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "configuration is too large or too deep");
    free(c->data);
    c->data = text;
    return 0;
}

int sk_plugin_config_parse(struct sk_plugin_config *c, struct sk_span text, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    *c = (struct sk_plugin_config){ 0 };
    int r = read_object(text, &doc, em);
    if (r < 0)
        return r;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    const yyjson_val *conf = sk_json_get(root, "configuration"), *enabled = sk_json_get(root, "enabled");
    c->data = compact(root);
    c->configuration = conf != NULL ? compact(conf) : NULL;
    c->has_enabled = enabled != NULL;
    c->enabled = sk_json_truthy(enabled);
    c->has_debug = sk_json_get(root, "enableDebug") != NULL;
    c->enable_debug = sk_json_truthy(sk_json_get(root, "enableDebug"));
    yyjson_doc_free(doc);
    if (c->data == NULL || (conf != NULL && c->configuration == NULL)) {
        sk_plugin_config_finish(c);
        return sk_errmsg_set(em, SK_ERR_LIMIT, "nested too deeply");
    }
    return 0;
}

static int set_configuration(struct sk_plugin_config *c, const yyjson_val *v, struct sk_errmsg *em)
{
    char *text = v != NULL ? compact(v) : sk_xstrdup("{}");
    if (text == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "configuration is too large or too deep");
    free(c->configuration);
    c->configuration = text;
    return 0;
}

int sk_plugin_config_apply(struct sk_plugin_config *c, struct sk_span body, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = body.n == 0 ? 0 : read_object(body, &doc, em);
    if (r < 0)
        return r;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    r = set_configuration(c, sk_json_get(root, "configuration"), em);
    if (r == 0) {
        c->enabled = sk_json_get_bool(root, "enabled", c->enabled);
        c->enable_debug = sk_json_get_bool(root, "enableDebug", c->enable_debug);
        c->has_enabled = c->has_debug = true;
        r = refresh_data(c, em);
    }
    yyjson_doc_free(doc);
    return r;
}

int sk_plugin_config_replace(struct sk_plugin_config *c, struct sk_span configuration, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = configuration.n > SK_PLUGIN_CONFIG_MAX ? sk_errmsg_set(em, SK_ERR_LIMIT, "too large")
                                                   : sk_json_read(configuration, &doc, em);
    if (r < 0)
        return r;
    r = set_configuration(c, yyjson_doc_get_root(doc), em);
    yyjson_doc_free(doc);
    if (r < 0)
        return r;
    if (!c->has_enabled)
        c->enabled = c->has_enabled = true;
    return refresh_data(c, em);
}

void sk_plugin_config_finish(struct sk_plugin_config *c)
{
    free(c->data);
    free(c->configuration);
    *c = (struct sk_plugin_config){ 0 };
}

void sk_plugin_config_write_file(const struct sk_plugin_config *c, struct sk_buf *out)
{
    yyjson_doc *doc = NULL;
    if (c->data == NULL || sk_json_read(sk_span_of(c->data), &doc, NULL) < 0) {
        out->failed = true;
        return;
    }
    sk_json_write_pretty(out, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

void sk_plugin_config_write(const struct sk_plugin_config *c, struct sk_buf *out)
{
    yyjson_doc *doc = NULL;
    sk_buf_printf(out, "{\"enabled\":%s,\"enableDebug\":%s", c->enabled ? "true" : "false", c->enable_debug ? "true" : "false");
    if (c->data != NULL && sk_json_read(sk_span_of(c->data), &doc, NULL) == 0) {
        size_t i, n;
        yyjson_val *k, *v;
        yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, k, v) {
            if (yyjson_equals_str(k, "enabled") || yyjson_equals_str(k, "enableDebug"))
                continue;
            sk_buf_char(out, ',');
            sk_json_write_str(out, sk_json_str(k));
            sk_buf_char(out, ':');
            sk_json_write(out, v);
        }
        yyjson_doc_free(doc);
    }
    sk_buf_char(out, '}');
}

void sk_plugin_config_write_start(const struct sk_plugin_config *c, struct sk_buf *out)
{
    const char *debug = c->enable_debug ? "true" : "false";
    bool placed = false, first = true;
    yyjson_doc *doc = NULL;
    sk_buf_char(out, '{');
    if (c->configuration != NULL && sk_json_read(sk_span_of(c->configuration), &doc, NULL) == 0) {
        size_t i, n;
        yyjson_val *k, *v;
        yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, k, v) {
            bool here = yyjson_equals_str(k, "enableDebug");
            if (here && placed)
                continue;
            if (!first)
                sk_buf_char(out, ',');
            first = false;
            sk_json_write_str(out, sk_json_str(k));
            sk_buf_char(out, ':');
            if (here)
                sk_buf_text(out, debug);
            else
                sk_json_write(out, v);
            placed |= here;
        }
        yyjson_doc_free(doc);
    }
    if (!placed)
        sk_buf_printf(out, "%s\"enableDebug\":%s", first ? "" : ",", debug);
    sk_buf_char(out, '}');
}
