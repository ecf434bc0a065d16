#include "store/settings.h"

#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)

struct sk_settings {
    yyjson_doc *doc;
    char *unreadable; /* why the file is not what the user meant; NULL: it is */
};

static int read_file(const char *file, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n;
    int r = sk_kept_read(file, FILE_MAX, &text, &n, em);
    if (r < 0)
        return r;
    r = sk_json_read((struct sk_span){ text, n }, ret_doc, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", file);
    if (yyjson_is_obj(yyjson_doc_get_root(*ret_doc)))
        return 0;
    yyjson_doc_free(*ret_doc);
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s: not an object", file);
}

struct sk_settings *sk_settings_load(const char *file)
{
    struct sk_settings *s = sk_xcalloc(1, sizeof *s);
    struct sk_errmsg em;
    int r = read_file(file, &s->doc, &em);
    if (r == 0)
        return s;
    if (r != SK_ERR_NOTFOUND) {
        sk_log_error("settings not read, going on with the defaults: %s", em.text);
        s->unreadable = sk_xstrdup(em.text);
    }
    r = sk_json_read(SK_SPAN("{\"pipedProviders\":[],\"interfaces\":{}}"), &s->doc, &em);
    SK_ASSERT(r == 0);
    return s;
}

void sk_settings_destroy(struct sk_settings *s)
{
    if (s == NULL)
        return;
    yyjson_doc_free(s->doc);
    free(s->unreadable);
    free(s);
}

static int with_member(const struct sk_settings *s, const char *name, struct sk_span value_json, yyjson_doc **ret_doc,
                       struct sk_errmsg *em)
{
    yyjson_doc *value = NULL;
    int r = value_json.n > 0 ? sk_json_read(value_json, &value, em) : 0;
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", name);
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(s->doc, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(copy), *key = yyjson_mut_str(copy, name);
    yyjson_mut_val *new_value = value != NULL ? yyjson_val_mut_copy(copy, yyjson_doc_get_root(value)) : NULL;
    yyjson_mut_obj_put(root, key, new_value);
    *ret_doc = yyjson_mut_doc_imut_copy(copy, NULL);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(value);
    return *ret_doc != NULL ? 0 : sk_errmsg_set(em, SK_ERR_NOMEM, "settings");
}

int sk_settings_set(struct sk_settings *s, const char *name, struct sk_span value_json, struct sk_buf *out, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    if (s->unreadable != NULL)
        return sk_errmsg_set(em, SK_ERR_DENIED, "the settings file is broken, mend it or move it away and start again: %s",
                             s->unreadable);
    int r = with_member(s, name, value_json, &doc, em);
    if (r < 0)
        return r;
    sk_json_write_pretty(out, yyjson_doc_get_root(doc));
    if (!sk_buf_ok(out)) {
        yyjson_doc_free(doc);
        return sk_errmsg_set(em, SK_ERR_LIMIT, "settings too large");
    }
    yyjson_doc_free(s->doc);
    s->doc = doc;
    return 0;
}

int sk_settings_write(const struct sk_settings *s, struct sk_buf *out, struct sk_errmsg *em)
{
    if (s->unreadable != NULL)
        return sk_errmsg_set(em, SK_ERR_DENIED, "the settings file is broken, mend it or move it away and start again: %s",
                             s->unreadable);
    sk_json_write_pretty(out, yyjson_doc_get_root(s->doc));
    return sk_buf_ok(out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "settings too large");
}

yyjson_val *sk_settings_root(const struct sk_settings *s)
{
    return yyjson_doc_get_root(s->doc);
}

bool sk_settings_interface(const struct sk_settings *s, const char *name)
{
    return sk_json_get_bool(sk_json_get(sk_settings_root(s), "interfaces"), name, true);
}
