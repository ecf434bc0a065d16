#include "npm/dependencies.h"

#include "base/json.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)1024 * 1024)

static const char fresh[] = "{\"name\":\"signalk-server-config\",\"version\":\"0.0.1\","
                            "\"description\":\"Plugins and webapps of this boat\",\"private\":true,\"dependencies\":{}}";

static int load(const char *file, yyjson_doc **ret, struct sk_errmsg *em)
{
    int r = sk_kept_read_json(file, FILE_MAX, ret, em);
    if (r == SK_ERR_NOTFOUND)
        return sk_json_read(SK_SPAN(fresh), ret, em);
    if (r < 0)
        return r;
    if (yyjson_is_obj(yyjson_doc_get_root(*ret)))
        return 0;
    yyjson_doc_free(*ret);
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s: not an object", file);
}

int sk_dependencies_check(const char *config_dir, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    char *file = sk_fs_path(config_dir, "package.json");
    int r = load(file, &doc, em);
    yyjson_doc_free(doc);
    free(file);
    return r;
}

/* In the order of names, as npm writes them. */
static yyjson_mut_val *changed(yyjson_mut_doc *doc, yyjson_mut_val *old, const char *name, const char *wanted)
{
    yyjson_mut_val *list = yyjson_mut_obj(doc), *key, *value;
    bool placed = wanted == NULL;
    size_t i, n;
    yyjson_mut_obj_foreach(old, i, n, key, value)
    {
        const char *k = yyjson_mut_get_str(key);
        if (strcmp(k, name) == 0)
            continue;
        if (!placed && strcmp(k, name) > 0) {
            yyjson_mut_obj_add_strcpy(doc, list, name, wanted);
            placed = true;
        }
        yyjson_mut_obj_add(list, yyjson_mut_strcpy(doc, k), yyjson_mut_val_mut_copy(doc, value));
    }
    if (!placed)
        yyjson_mut_obj_add_strcpy(doc, list, name, wanted);
    return list;
}

int sk_dependencies_set(const char *config_dir, const char *name, const char *wanted, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    struct sk_buf b;
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, "package.json");
    int r = load(file, &doc, em);
    if (r < 0)
        return r;
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(copy), *old = yyjson_mut_obj_get(root, "dependencies");
    if (wanted != NULL || old != NULL)
        yyjson_mut_obj_put(root, yyjson_mut_str(copy, "dependencies"), changed(copy, old, name, wanted));
    sk_buf_init(&b, 2 * FILE_MAX);
    sk_json_write_mut_pretty(&b, root);
    sk_buf_char(&b, '\n');
    r = sk_buf_ok(&b) ? sk_kept_write(file, sk_buf_span(&b), 0644, em) : sk_errmsg_set(em, SK_ERR_LIMIT, "%s is too large", file);
    sk_buf_finish(&b);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
    return r;
}
