#include "plugin/package.h"

#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"

#include <stdlib.h>

/* The name becomes part of file names, URLs and log lines: no hidden files, nothing that could climb or break a line. */
static bool name_usable(struct sk_span name)
{
    if (name.n == 0 || name.n > SK_PACKAGE_NAME_MAX || name.p[0] == '.' || name.p[0] == '/' || !sk_utf8_valid(name.p, name.n))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c <= 0x20 || c == 0x7f || c == '\\' || c == '"' || c == '?' || c == '#' || c == '%')
            return false;
        if (c == '/' && (i + 1 == name.n || name.p[i + 1] == '.' || name.p[i + 1] == '/'))
            return false;
    }
    return true;
}

static bool manifest_usable(struct sk_span path)
{
    if (path.n == 0 || path.n > 1024 || path.p[0] == '/' || memchr(path.p, 0, path.n) != NULL)
        return false;
    for (size_t i = 0; i < path.n;) {
        const char *slash = memchr(path.p + i, '/', path.n - i);
        size_t n = slash != NULL ? (size_t)(slash - path.p) - i : path.n - i;
        if (n == 2 && memcmp(path.p + i, "..", 2) == 0)
            return false;
        i += n + 1;
    }
    return true;
}

static char *text_of(const yyjson_val *v, const char *otherwise)
{
    struct sk_span s = sk_json_str(v);
    if (s.p == NULL || memchr(s.p, 0, s.n) != NULL)
        return sk_xstrdup(otherwise);
    return sk_xstrndup(s.p, s.n);
}

static char *id_of(const char *name)
{
    char *id = sk_xstrdup(name);
    for (char *c = id; *c != 0; c++)
        if (*c == '@' || *c == '/')
            *c = '_';
    return id;
}

static const struct {
    const char *key;
    bool otherwise;
} table[SK_CAP_COUNT] = {
#define SK_AS_ROW(id, key, otherwise) { key, otherwise },
    SK_CAPABILITIES(SK_AS_ROW)
#undef SK_AS_ROW
};

const char *sk_capability_key(enum sk_capability cap)
{
    SK_ASSERT(cap < SK_CAP_COUNT);
    return table[cap].key;
}

static uint32_t capabilities(const yyjson_val *declared)
{
    uint32_t caps = 0;
    for (unsigned i = 0; i < SK_CAP_COUNT; i++) {
        const yyjson_val *v = sk_json_get(declared, table[i].key);
        /* those on by default go off only by exactly `false`; the others come on by anything true */
        bool on = table[i].otherwise ? !yyjson_is_false((yyjson_val *)(uintptr_t)v) : sk_json_truthy(v);
        caps |= on ? UINT32_C(1) << i : 0;
    }
    return caps;
}

static char *compact(const yyjson_val *v, const char *otherwise)
{
    struct sk_buf b;
    sk_buf_init(&b, 2 * SK_PACKAGE_JSON_MAX);
    if (v != NULL)
        sk_json_write(&b, v);
    char *text = b.n > 0 ? sk_buf_steal(&b, NULL) : NULL;
    sk_buf_finish(&b);
    return text != NULL ? text : sk_xstrdup(otherwise);
}

static int fill(struct sk_package *p, const yyjson_val *root, struct sk_errmsg *em)
{
    const yyjson_val *name = sk_json_get(root, "name");
    if (!name_usable(sk_json_str(name)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "no usable \"name\"");
    p->name = text_of(name, "");
    p->id = id_of(p->name);
    p->version = text_of(sk_json_get(root, "version"), "");
    p->description = text_of(sk_json_get(root, "description"), "");
    p->display_name = text_of(sk_json_get(sk_json_get(root, "signalk"), "displayName"), p->name);

    const yyjson_val *keywords = sk_json_get(root, "keywords");
    if (!yyjson_is_arr((yyjson_val *)(uintptr_t)keywords))
        keywords = NULL;
    p->keywords_json = compact(keywords, "[]");
    p->is_plugin =
        sk_json_lists(keywords, SK_SPAN("signalk-wasm-plugin")) || sk_json_lists(keywords, SK_SPAN("signalk-node-server-plugin"));
    p->is_embeddable = sk_json_lists(keywords, SK_SPAN("signalk-embeddable-webapp"));
    p->is_webapp = p->is_embeddable || sk_json_lists(keywords, SK_SPAN("signalk-webapp"));
    p->is_addon = sk_json_lists(keywords, SK_SPAN("signalk-node-server-addon"));
    p->is_configurator = sk_json_lists(keywords, SK_SPAN("signalk-plugin-configurator"));
    p->is_module = sk_span_eq(sk_json_str(sk_json_get(root, "type")), "module");
    if (sk_package_served(p))
        p->json = compact(root, "{}");

    const yyjson_val *caps = sk_json_get(root, "wasmCapabilities");
    p->caps = capabilities(caps);
    p->no_storage = sk_span_eq(sk_json_str(sk_json_get(caps, "storage")), "none");

    const yyjson_val *manifest = sk_json_get(root, "wasmManifest");
    if (!sk_json_truthy(manifest))
        return 0;
    p->manifest_usable = manifest_usable(sk_json_str(manifest));
    p->manifest = text_of(manifest, "");
    return 0;
}

int sk_package_parse(struct sk_span text, struct sk_package **ret_package, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    if (text.n > SK_PACKAGE_JSON_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "larger than %zu bytes", SK_PACKAGE_JSON_MAX);
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) { /* editors on Windows leave one */
        text.p += 3;
        text.n -= 3;
    }
    int r = sk_json_read(text, &doc, em);
    if (r < 0)
        return r;
    struct sk_package *p = sk_xcalloc(1, sizeof *p);
    atomic_init(&p->refs, 1);
    p->text_hash = sk_hash_bytes(text.p, text.n);
    r = fill(p, yyjson_doc_get_root(doc), em);
    yyjson_doc_free(doc);
    if (r < 0) {
        sk_package_unref(p);
        return r;
    }
    *ret_package = p;
    return 0;
}

bool sk_package_same(const struct sk_package *a, const struct sk_package *b)
{
    const struct sk_file_mark *m = &a->module_mark, *n = &b->module_mark;
    return a->text_hash == b->text_hash && strcmp(a->dir, b->dir) == 0 && m->dev == n->dev && m->ino == n->ino &&
           m->size == n->size && m->mtime_ns == n->mtime_ns;
}

struct sk_package *sk_package_ref(struct sk_package *p)
{
    atomic_fetch_add(&p->refs, 1);
    return p;
}

void sk_package_unref(struct sk_package *p)
{
    if (p == NULL || atomic_fetch_sub(&p->refs, 1) != 1)
        return;
    free(p->name);
    free(p->version);
    free(p->description);
    free(p->dir);
    free(p->id);
    free(p->manifest);
    free(p->keywords_json);
    free(p->display_name);
    free(p->json);
    free(p);
}
