#include "store/settings.h"

#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

struct sk_settings {
    yyjson_doc *doc;
    char *unreadable; /* why the file is not what the user meant; NULL: it is */
};

static int read_file(const char *file, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    int r = sk_kept_read_json(file, SK_SETTINGS_MAX, ret_doc, em);
    if (r < 0)
        return r;
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

bool sk_settings_is_broken(const struct sk_settings *s)
{
    return s->unreadable != NULL;
}

static int check_readable(const struct sk_settings *s, struct sk_errmsg *em)
{
    if (s->unreadable == NULL)
        return 0;
    return sk_errmsg_set(em, SK_ERR_DENIED, "the settings file is broken, mend it or move it away and start again: %s",
                         s->unreadable);
}

int sk_settings_replace(struct sk_settings *s, const yyjson_mut_doc *all, struct sk_buf *out, struct sk_errmsg *em)
{
    int r = check_readable(s, em);
    if (r < 0)
        return r;
    yyjson_doc *doc = yyjson_mut_doc_imut_copy((yyjson_mut_doc *)(uintptr_t)all, NULL);
    if (doc == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "settings");
    sk_json_write_pretty(out, yyjson_doc_get_root(doc));
    if (!sk_buf_ok(out)) {
        yyjson_doc_free(doc);
        return sk_errmsg_set(em, SK_ERR_LIMIT, "settings too large");
    }
    yyjson_doc_free(s->doc);
    s->doc = doc;
    return 0;
}

static yyjson_mut_val *object_in(yyjson_mut_doc *doc, yyjson_mut_val *parent, struct sk_span name)
{
    yyjson_mut_val *v = yyjson_mut_obj_getn(parent, name.p, name.n);
    if (!yyjson_mut_is_obj(v)) {
        v = yyjson_mut_obj(doc);
        yyjson_mut_obj_put(parent, yyjson_mut_strn(doc, name.p, name.n), v);
    }
    return v;
}

int sk_settings_set(struct sk_settings *s, const struct sk_span *path, struct sk_span value_json, struct sk_buf *out,
                    struct sk_errmsg *em)
{
    yyjson_doc *value = NULL;
    int r = check_readable(s, em);
    if (r < 0)
        return r;
    if (value_json.n > 0)
        r = sk_json_read(value_json, &value, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%.*s", (int)path->n, path->p);
    yyjson_mut_doc *all = yyjson_doc_mut_copy(s->doc, NULL);
    yyjson_mut_val *at = yyjson_mut_doc_get_root(all);
    for (; path[1].n > 0; path++)
        at = object_in(all, at, *path);
    yyjson_mut_obj_put(at, yyjson_mut_strn(all, path->p, path->n),
                       value != NULL ? yyjson_val_mut_copy(all, yyjson_doc_get_root(value)) : NULL);
    r = sk_settings_replace(s, all, out, em);
    yyjson_mut_doc_free(all);
    yyjson_doc_free(value);
    return r;
}

yyjson_val *sk_settings_root(const struct sk_settings *s)
{
    return yyjson_doc_get_root(s->doc);
}

bool sk_settings_interface(const struct sk_settings *s, const char *name)
{
    return sk_json_get_bool(sk_json_get(sk_settings_root(s), "interfaces"), name, true);
}
