#include "api/v2/resource_types.h"

#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

#define DESCRIPTION_MAX 1000u

size_t sk_resource_types_find(const struct sk_resource_types *t, struct sk_span name)
{
    size_t i = 0;
    while (i < t->count && !sk_span_eq(name, t->names[i]))
        i++;
    return i;
}

int sk_resource_types_add(struct sk_resource_types *t, struct sk_span name, struct sk_span description, struct sk_errmsg *em)
{
    if (!sk_resource_type_ok(name))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a type is named with letters, digits, '_', '-', '.', at most 64");
    if (sk_resource_types_find(t, name) < t->count)
        return sk_errmsg_set(em, SK_ERR_INVALID, "there is such a type already");
    if (t->count == SK_RESOURCE_TYPES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "there are %u custom types already", SK_CUSTOM_TYPES_MAX);
    t->names[t->count] = sk_xstrndup(name.p, name.n);
    t->descriptions[t->count] =
        sk_xstrndup(description.n > 0 ? description.p : "", description.n < DESCRIPTION_MAX ? description.n : 0);
    t->on[t->count++] = true;
    return 0;
}

static void take_custom(struct sk_resource_types *t, yyjson_val *custom)
{
    size_t i, n;
    yyjson_val *item;
    struct sk_errmsg em = { 0 };
    if (!yyjson_is_arr(custom))
        return;
    yyjson_arr_foreach(custom, i, n, item) {
        struct sk_span name = sk_json_str(sk_json_get(item, "name"));
        if (sk_resource_types_add(t, name, sk_json_str(sk_json_get(item, "description")), &em) < 0)
            sk_log_warn("%s: custom resource type %zu left out: %s", t->file, i + 1, em.text);
    }
}

void sk_resource_types_init(struct sk_resource_types *t, const char *config_dir)
{
    struct sk_errmsg em = { 0 };
    SK_CLEANUP(sk_freep) char *text = NULL;
    yyjson_doc *doc = NULL;
    size_t n = 0;
    *t = (struct sk_resource_types){ 0 };
    t->file = sk_fs_path(config_dir, "plugin-config-data/resources-provider.json");
    int r = sk_kept_read(t->file, SK_PLUGIN_CONFIG_MAX, &text, &n, &em);
    if (r == 0)
        r = sk_plugin_config_parse(&t->config, (struct sk_span){ text, n }, &em);
    if (r < 0 && r != SK_ERR_NOTFOUND)
        sk_log_warn("%s: not read, resources go on with the defaults: %s", t->file, em.text);
    if (t->config.configuration != NULL)
        (void)sk_json_read(sk_span_of(t->config.configuration), &doc, NULL);
    const yyjson_val *c = yyjson_doc_get_root(doc), *standard = sk_json_get(c, "standard");
    t->enabled = !t->config.has_enabled || t->config.enabled;
    for (; t->count < SK_STANDARD_RESOURCES; t->count++) {
        t->names[t->count] = sk_xstrdup(sk_resource_names[t->count]);
        t->descriptions[t->count] = sk_xstrdup("");
        t->on[t->count] = sk_json_get_bool(standard, sk_resource_names[t->count], true);
    }
    take_custom(t, sk_json_get(c, "custom"));
    yyjson_doc_free(doc);
}

void sk_resource_types_finish(struct sk_resource_types *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->names[i]);
        free(t->descriptions[i]);
    }
    sk_plugin_config_finish(&t->config);
    free(t->file);
}

void sk_resource_types_write(const struct sk_resource_types *t, struct sk_buf *out)
{
    bool first = true;
    SK_BUF_LIT(out, "{\"standard\":{");
    for (size_t i = 0; i < SK_STANDARD_RESOURCES; i++)
        sk_buf_printf(out, "%s\"%s\":%s", i > 0 ? "," : "", t->names[i], t->on[i] ? "true" : "false");
    SK_BUF_LIT(out, "},\"custom\":[");
    for (size_t i = SK_STANDARD_RESOURCES; i < t->count; i++) {
        if (!t->on[i])
            continue;
        sk_buf_printf(out, "%s{\"name\":\"%s\",\"description\":", first ? "" : ",", t->names[i]);
        sk_json_write_str(out, sk_span_of(t->descriptions[i]));
        sk_buf_char(out, '}');
        first = false;
    }
    SK_BUF_LIT(out, "]}");
}

int sk_resource_types_write_file(struct sk_resource_types *t, struct sk_buf *out, struct sk_errmsg *em)
{
    struct sk_buf configuration;
    sk_buf_init(&configuration, SK_PLUGIN_CONFIG_MAX);
    sk_resource_types_write(t, &configuration);
    int r = sk_buf_ok(&configuration) ? sk_plugin_config_replace(&t->config, sk_buf_span(&configuration), em) : SK_ERR_LIMIT;
    if (r == 0)
        sk_plugin_config_write_file(&t->config, out);
    sk_buf_finish(&configuration);
    return r;
}
