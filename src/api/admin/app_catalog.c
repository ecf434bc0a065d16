#include "api/admin/app_catalog.h"

#include "base/clock.h"
#include "npm/semver.h"
#include "npm/spec.h"

#include <stdlib.h>

#define RECENT_MS (INT64_C(30) * 24 * 3600 * 1000)
#define TEXT_MAX_SHOWN ((size_t)2000)

static const struct {
    const char *keyword, *name;
} categories[] = {
    { "ais", "AIS" },
    { "chart-plotters", "Chart Plotters" },
    { "cloud", "Cloud" },
    { "database", "Database & History" },
    { "digital-switching", "Digital Switching" },
    { "hardware", "Hardware Support" },
    { "instruments", "Instruments" },
    { "nmea-0183", "NMEA 0183" },
    { "nmea-2000", "NMEA 2000" },
    { "notifications", "Notifications" },
    { "utility", "Utility" },
    { "weather", "Weather" },
};

void sk_catalog_write_categories(struct sk_buf *out)
{
    SK_BUF_LIT(out, "[\"All\"");
    for (size_t i = 0; i < SK_COUNT(categories); i++)
        sk_buf_printf(out, ",\"%s\"", categories[i].name);
    sk_buf_char(out, ']');
}

static void write_flag(struct sk_buf *out, const char *name, bool value)
{
    sk_buf_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static bool has_webapp(const yyjson_val *keywords)
{
    return sk_json_lists(keywords, SK_SPAN("signalk-webapp")) || sk_json_lists(keywords, SK_SPAN("signalk-embeddable-webapp"));
}

/* What follows from the keywords alone. */
static void write_kinds(struct sk_buf *out, const yyjson_val *keywords, bool runs_here)
{
    size_t i, n, count = 0;
    yyjson_val *k;
    bool plugin =
        sk_json_lists(keywords, SK_SPAN("signalk-wasm-plugin")) || sk_json_lists(keywords, SK_SPAN("signalk-node-server-plugin"));
    bool embeddable = sk_json_lists(keywords, SK_SPAN("signalk-embeddable-webapp"));
    write_flag(out, "isPlugin", plugin);
    write_flag(out, "isWebapp", sk_json_lists(keywords, SK_SPAN("signalk-webapp")));
    write_flag(out, "isEmbeddableWebapp", embeddable);
    if (plugin && !has_webapp(keywords) && !runs_here)
        write_flag(out, "needsNodeServer", true);
    SK_BUF_LIT(out, ",\"categories\":[");
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)keywords, i, n, k) {
        static const char prefix[] = "signalk-category-";
        struct sk_span s = sk_json_str(k);
        for (size_t c = 0; c < SK_COUNT(categories) && sk_span_starts(s, prefix); c++)
            if (sk_span_eq((struct sk_span){ s.p + sizeof prefix - 1, s.n - sizeof prefix + 1 }, categories[c].keyword))
                sk_buf_printf(out, "%s\"%s\"", count++ > 0 ? "," : "", categories[c].name);
    }
    sk_buf_char(out, ']');
}

static void write_text(struct sk_buf *out, const char *name, struct sk_span text)
{
    sk_buf_printf(out, ",\"%s\":", name);
    sk_json_write_str(out, (struct sk_span){ text.p != NULL ? text.p : "", text.n < TEXT_MAX_SHOWN ? text.n : TEXT_MAX_SHOWN });
}

/* The author's or publisher's name, whichever form the registry chose. */
static struct sk_span author_of(const yyjson_val *package)
{
    const yyjson_val *author = sk_json_get(package, "author"), *publisher = sk_json_get(package, "publisher");
    struct sk_span s = sk_json_str(author);
    if (s.p == NULL)
        s = sk_json_str(sk_json_get(author, "name"));
    return s.p != NULL ? s : sk_json_str(sk_json_get(publisher, "username"));
}

static void write_keywords(struct sk_buf *out, const yyjson_val *keywords)
{
    SK_BUF_LIT(out, ",\"keywords\":");
    if (yyjson_is_arr((yyjson_val *)(uintptr_t)keywords))
        sk_json_write(out, keywords);
    else
        SK_BUF_LIT(out, "[]");
}

/* The page shows a button for each: the words say what it will not do. */
static void write_description(struct sk_buf *out, const yyjson_val *package, bool needs_node)
{
    struct sk_buf b;
    struct sk_span text = sk_json_str(sk_json_get(package, "description"));
    sk_buf_init(&b, 2 * TEXT_MAX_SHOWN);
    if (needs_node)
        SK_BUF_LIT(&b, "(In JavaScript: needs the Node server) ");
    sk_buf_append(&b, text.p, text.n < TEXT_MAX_SHOWN ? text.n : TEXT_MAX_SHOWN);
    write_text(out, "description", sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void write_entry(struct sk_buf *out, const yyjson_val *package, int64_t now_ms)
{
    const yyjson_val *keywords = sk_json_get(package, "keywords"), *links = sk_json_get(package, "links");
    struct sk_span date = sk_json_str(sk_json_get(package, "date")), name = sk_json_str(sk_json_get(package, "name"));
    int64_t at = 0;
    bool dated = date.p != NULL && sk_iso_parse(date.p, date.n, &at),
         javascript = !sk_json_lists(keywords, SK_SPAN("signalk-wasm-plugin"));
    SK_BUF_LIT(out, "{\"name\":");
    sk_json_write_str(out, name);
    write_text(out, "version", sk_json_str(sk_json_get(package, "version")));
    write_description(out, package, javascript && !has_webapp(keywords));
    write_text(out, "author", author_of(package));
    write_keywords(out, keywords);
    write_kinds(out, keywords, !javascript);
    write_flag(out, "official", sk_span_starts(name, "@signalk/"));
    write_text(out, "updated", dated ? date : SK_SPAN(""));
    write_flag(out, "recent", dated && at > now_ms - RECENT_MS);
    if (sk_json_get_str(links, "npm") != NULL)
        write_text(out, "npmUrl", sk_json_str(sk_json_get(links, "npm")));
    else
        SK_BUF_LIT(out, ",\"npmUrl\":null");
    if (sk_json_get_str(links, "repository") != NULL)
        write_text(out, "githubUrl", sk_json_str(sk_json_get(links, "repository")));
    sk_buf_char(out, '}');
}

size_t sk_catalog_add_page(struct sk_buf *array, struct sk_map *seen, const yyjson_val *answer, int64_t now_ms)
{
    size_t i, n;
    struct sk_semver v;
    yyjson_val *object, *objects = sk_json_get(answer, "objects");
    if (!yyjson_is_arr(objects))
        return 0;
    yyjson_arr_foreach(objects, i, n, object) {
        const yyjson_val *package = sk_json_get(object, "package");
        struct sk_span name = sk_json_str(sk_json_get(package, "name"));
        if (!sk_npm_name_ok(name) || !sk_semver_parse(sk_json_str(sk_json_get(package, "version")), &v) ||
            sk_map_get(seen, name) != NULL || seen->count >= SK_CATALOG_ENTRIES_MAX)
            continue;
        char *key = sk_xstrndup(name.p, name.n);
        sk_map_put(seen, (struct sk_span){ key, name.n }, key);
        sk_buf_append(array, ",", !sk_buf_ends(array, '['));
        write_entry(array, package, now_ms);
    }
    return yyjson_arr_size(objects);
}

void sk_catalog_finish_seen(struct sk_map *seen)
{
    size_t pos = 0;
    void *key;
    while ((key = sk_map_next(seen, &pos)) != NULL)
        free(key);
    sk_map_finish(seen);
}

struct sk_catalog *sk_catalog_create(struct sk_span array)
{
    size_t i, n;
    yyjson_doc *doc = NULL;
    yyjson_val *entry;
    if (sk_json_read(array, &doc, NULL) < 0)
        return NULL;
    struct sk_catalog *c = sk_xcalloc(1, sizeof *c);
    atomic_init(&c->refs, 1);
    c->doc = doc;
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, entry)
        sk_map_put(&c->by_name, sk_json_str(sk_json_get(entry, "name")), entry);
    return c;
}

struct sk_catalog *sk_catalog_ref(struct sk_catalog *c)
{
    if (c != NULL)
        atomic_fetch_add(&c->refs, 1);
    return c;
}

void sk_catalog_unref(struct sk_catalog *c)
{
    if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    sk_map_finish(&c->by_name);
    yyjson_doc_free(c->doc);
    free(c);
}

const yyjson_val *sk_catalog_find(const struct sk_catalog *c, struct sk_span name)
{
    return c != NULL ? sk_map_get(&c->by_name, name) : NULL;
}

void sk_catalog_write_installed(struct sk_buf *out, const struct sk_package *p)
{
    yyjson_doc *keywords = NULL, *json = NULL;
    (void)sk_json_read(sk_span_of(p->keywords_json), &keywords, NULL);
    if (p->json != NULL)
        (void)sk_json_read(sk_span_of(p->json), &json, NULL);
    const char *icon = sk_json_get_str(sk_json_get(yyjson_doc_get_root(json), "signalk"), "appIcon");
    write_text(out, "description", sk_span_of(p->description));
    write_text(out, "author", author_of(yyjson_doc_get_root(json)));
    write_keywords(out, yyjson_doc_get_root(keywords));
    write_kinds(out, yyjson_doc_get_root(keywords), p->manifest != NULL);
    write_flag(out, "official", sk_span_starts(sk_span_of(p->name), "@signalk/"));
    write_text(out, "displayName", sk_span_of(p->display_name));
    if (p->is_plugin)
        write_text(out, "id", sk_span_of(p->id));
    if (icon != NULL) {
        struct sk_buf url;
        sk_buf_init(&url, 4096);
        sk_buf_printf(&url, "/%s/%s", p->name, strncmp(icon, "./", 2) == 0 ? icon + 2 : icon);
        write_text(out, "appIcon", sk_span_of(icon));
        write_text(out, "installedIconUrl", sk_buf_span(&url));
        sk_buf_finish(&url);
    }
    SK_BUF_LIT(out, ",\"updated\":\"\",\"recent\":false,\"npmUrl\":null");
    yyjson_doc_free(json);
    yyjson_doc_free(keywords);
}
