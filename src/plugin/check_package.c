/* package.json as its author should have written it. */
#include "base/json.h"
#include "base/nearest.h"
#include "plugin/check_impl.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define WHERE "package.json"
#define KEYWORD "signalk-wasm-plugin"

static bool has_keyword(const yyjson_val *root, const char *word)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(sk_json_get(root, "keywords"), i, n, v)
        if (yyjson_equals_str(v, word))
            return true;
    return false;
}

static void check_keywords(const struct sk_check *c, const yyjson_val *root)
{
    yyjson_val *v = sk_json_get(root, "keywords");
    if (v != NULL && !yyjson_is_arr(v))
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Write it as a list: [\"" KEYWORD "\"].", "keywords is not a list.");
    else if (!has_keyword(root, KEYWORD) && !has_keyword(root, "signalk-node-server-plugin"))
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Add it to keywords.",
                     "The keyword " KEYWORD " is missing: no server finds the plugin.");
}

static const char *const cap_names[] = {
#define AS_NAME(id, key, otherwise) key,
    SK_CAPABILITIES(AS_NAME)
#undef AS_NAME
        "storage",
    NULL
};

static bool known_capability(const char *name)
{
    for (size_t i = 0; cap_names[i] != NULL; i++)
        if (strcmp(cap_names[i], name) == 0)
            return true;
    return strcmp(name, "staticFiles") == 0; /* in old guides; means nothing */
}

static void check_storage(const struct sk_check *c, const yyjson_val *v)
{
    if (!yyjson_equals_str((yyjson_val *)(uintptr_t)v, "vfs-only") && !yyjson_equals_str((yyjson_val *)(uintptr_t)v, "none"))
        sk_check_say(c, SK_FINDING_WARNING, WHERE, "Write \"vfs-only\" or \"none\".",
                     "wasmCapabilities.storage has a value that means nothing.");
}

static void check_capability(const struct sk_check *c, const char *name, const yyjson_val *v)
{
    char cure[120] = "Remove it.";
    const char *near = sk_nearest_name(name, strlen(name), cap_names);
    if (strcmp(name, "storage") == 0) {
        check_storage(c, v);
    } else if (!known_capability(name)) {
        if (near != NULL)
            snprintf(cure, sizeof cure, "Did you mean %s?", near);
        sk_check_say(c, SK_FINDING_WARNING, WHERE, cure, "wasmCapabilities.%.100s is no capability.", name);
    } else if (!yyjson_is_bool((yyjson_val *)(uintptr_t)v)) {
        sk_check_say(c, SK_FINDING_WARNING, WHERE, "Write true or false.", "wasmCapabilities.%s is neither true nor false.",
                     name);
    }
}

static void check_capabilities(const struct sk_check *c, const yyjson_val *root)
{
    size_t i, n;
    yyjson_val *k, *v, *caps = sk_json_get(root, "wasmCapabilities");
    if (sk_json_get(sk_json_get(root, "signalk"), "wasmCapabilities") != NULL)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Move it to the top level.",
                     "wasmCapabilities stands inside signalk, where nobody looks.");
    if (caps == NULL)
        return;
    if (!yyjson_is_obj(caps)) {
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Write {\"network\": true, …}.", "wasmCapabilities is not an object.");
        return;
    }
    yyjson_obj_foreach(caps, i, n, k, v)
        check_capability(c, yyjson_get_str(k), v);
}

static void check_members(const struct sk_check *c, const yyjson_val *root, const struct sk_package *p)
{
    const char *version = sk_json_get_str(root, "version");
    if (version == NULL || version[0] == '\0')
        sk_check_say(c, SK_FINDING_WARNING, WHERE, "Add \"version\": \"0.1.0\".",
                     "There is no version; npm does not publish such a package.");
    if (sk_json_get_str(root, "description") == NULL)
        sk_check_say(c, SK_FINDING_NOTE, WHERE, "Add a sentence that says what the plugin is for.", "There is no description.");
    if (p->manifest == NULL)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Add \"wasmManifest\": \"plugin.wasm\".",
                     "wasmManifest is missing: it names the module.");
    else if (!p->manifest_usable)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Name a file inside the package.", "wasmManifest leads out of the package.");
    check_keywords(c, root);
    check_capabilities(c, root);
}

void sk_check_package(struct sk_check *c, const char *dir, struct sk_package **ret_package)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, WHERE), *text = NULL;
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    size_t n;
    if (sk_fs_read(file, SK_PACKAGE_JSON_MAX, &text, &n, &em) < 0) {
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Make one: it names the plugin and its module.", "%s.", em.text);
        return;
    }
    struct sk_span span = { text, n };
    if (sk_json_read(span, &doc, &em) < 0 || sk_package_parse(span, ret_package, &em) < 0)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "", "It cannot be used: %s.", em.text);
    else
        check_members(c, yyjson_doc_get_root(doc), *ret_package);
    yyjson_doc_free(doc);
}
