#include "api/data/unit_preferences_private.h"

#include "api/body.h"
#include "api/data/unit_check.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define PRESET_FILE_MAX ((size_t)100 * 1024)
#define ALL "/signalk/v1/unitpreferences"

/* ---- presets ------------------------------------------------------------------------------------------------------------ */

static struct sk_unit_preset *find_preset(struct sk_unit_preferences *p, struct sk_span name)
{
    for (unsigned i = 0; i < p->preset_count; i++)
        if (sk_span_eq(name, p->presets[i].name))
            return &p->presets[i];
    return NULL;
}

static char *preset_file(const struct sk_unit_preferences *p, struct sk_span name)
{
    char file[128];
    SK_CLEANUP(sk_freep) char *folder = sk_fs_path(p->folder, "presets/custom");
    snprintf(file, sizeof file, "%.*s.json", (int)name.n, name.p); /* checked: plain characters */
    return sk_fs_path(folder, file);
}

/* NULL: too many. */
static struct sk_unit_preset *add_preset(struct sk_unit_preferences *p, struct sk_span name)
{
    struct sk_unit_preset *found = find_preset(p, name);
    if (found != NULL || p->preset_count == SK_UNIT_PRESETS_MAX)
        return found;
    SK_CLEANUP(sk_freep) char *file = preset_file(p, name);
    found = &p->presets[p->preset_count++];
    *found = (struct sk_unit_preset){ .name = sk_xstrndup(name.p, name.n), .saver = sk_saver_create(p->api->loop, file, 0644) };
    return found;
}

const yyjson_val *sk_unit_preset_of(struct sk_unit_preferences *p, struct sk_span name)
{
    const yyjson_val *builtin = sk_units_builtin_preset(p->units, name);
    const struct sk_unit_preset *own = builtin == NULL ? find_preset(p, name) : NULL;
    return own != NULL && own->doc != NULL ? yyjson_doc_get_root(own->doc) : builtin;
}

uint32_t sk_unit_preset_id(struct sk_unit_preferences *p, struct sk_span name)
{
    const struct sk_unit_preset *own = find_preset(p, name);
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)sk_units_builtin(p->units, "presets"), i, n, key, v)
        if (sk_span_is(name, sk_json_str(key)))
            return (uint32_t)(SK_UNIT_PRESETS_MAX + i + 1);
    return own != NULL && own->doc != NULL ? (uint32_t)(own - p->presets) + 1 : 0;
}

static yyjson_doc *copy_of(const yyjson_val *v)
{
    yyjson_mut_doc *copy = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(copy, yyjson_val_mut_copy(copy, (yyjson_val *)(uintptr_t)v));
    yyjson_doc *doc = yyjson_mut_doc_imut_copy(copy, NULL);
    yyjson_mut_doc_free(copy);
    return doc;
}

/* The preset that is active now; one that is gone gives way to the default. */
static void apply_preset(struct sk_unit_preferences *p)
{
    const yyjson_val *active = p->active != NULL ? sk_unit_preset_of(p, sk_span_of(p->active)) : NULL;
    sk_units_set_preset(p->units, active != NULL ? copy_of(active) : NULL);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

static void saved(void *arg, int result, const char *error)
{
    if (result == 0)
        sk_http_reply_json(arg, 200, SK_SPAN("{\"success\":true}"));
    else
        sk_body_reply_error(arg, 500, error);
}

/* Pretty text of the value, and the answer when it is on disk. */
static void save(struct sk_saver *saver, struct sk_http_req *r, const yyjson_val *v)
{
    struct sk_buf b;
    size_t n;
    sk_buf_init(&b, SK_UNIT_ANSWER_MAX);
    sk_json_write_pretty(&b, v);
    char *text = sk_buf_steal(&b, &n);
    sk_buf_finish(&b);
    if (text != NULL)
        sk_saver_put(saver, text, n, saved, r);
    else
        sk_body_reply_error(r, 400, "too large to be saved");
}

static void tell(struct sk_unit_preferences *p)
{
    sk_hub_announce_meta_again(p->api->hub);
}

/* ---- changing ----------------------------------------------------------------------------------------------------------- */

static void put_config(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    struct sk_span name = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "activePreset"));
    if (!sk_unit_preset_name_ok(name) || sk_unit_preset_of(p, name) == NULL) {
        sk_body_reply_error(r, 400, "activePreset must name a preset");
        yyjson_doc_free(doc);
        return;
    }
    free(p->active);
    p->active = sk_xstrndup(name.p, name.n);
    yyjson_doc_free(p->config);
    p->config = doc;
    apply_preset(p);
    tell(p);
    save(p->config_saver, r, yyjson_doc_get_root(doc));
}

static void put_custom(struct sk_http_req *r, struct sk_unit_preferences *p, struct sk_saver *saver,
                       int (*check)(const yyjson_val *v, struct sk_errmsg *em), void (*set)(struct sk_units *u, yyjson_doc *doc))
{
    struct sk_errmsg em;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    if (check(yyjson_doc_get_root(doc), &em) < 0) {
        sk_body_reply_error(r, 400, em.text);
        yyjson_doc_free(doc);
        return;
    }
    set(p->units, doc);
    tell(p);
    save(saver, r, yyjson_doc_get_root(doc));
}

static void put_custom_definitions(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    put_custom(r, p, p->definitions_saver, sk_unit_check_definitions, sk_units_set_custom_definitions);
}

static void put_custom_categories(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    put_custom(r, p, p->categories_saver, sk_unit_check_categories, sk_units_set_custom_categories);
}

static void put_primary(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_body_reply_error(r, 401, "Authentication required"); /* it is kept per user */
}

static void put_preset(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_span name = sk_http_param(r, "name");
    struct sk_errmsg em;
    if (!sk_unit_preset_name_ok(name)) {
        sk_body_reply_error(r, 400, "Invalid preset name");
        return;
    }
    if (sk_units_builtin_preset(p->units, name) != NULL) {
        sk_body_reply_error(r, 400, "Cannot overwrite built-in preset");
        return;
    }
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    struct sk_unit_preset *own = NULL;
    if (sk_unit_check_preset(p->units, yyjson_doc_get_root(doc), &em) < 0)
        sk_body_reply_error(r, 400, em.text);
    else if (sk_http_body(r).n > PRESET_FILE_MAX || (own = add_preset(p, name)) == NULL)
        sk_body_reply_error(r, 400, "The preset is too large, or there are too many");
    if (own == NULL) {
        yyjson_doc_free(doc);
        return;
    }
    yyjson_doc_free(own->doc);
    own->doc = doc;
    apply_preset(p);
    tell(p);
    save(own->saver, r, yyjson_doc_get_root(doc));
}

static void delete_preset(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_span name = sk_http_param(r, "name");
    struct sk_unit_preset *own = find_preset(p, name);
    if (!sk_unit_preset_name_ok(name)) {
        sk_body_reply_error(r, 400, "Invalid preset name");
    } else if (own == NULL || own->doc == NULL) {
        sk_body_reply_error(r, 404, "Preset not found");
    } else {
        yyjson_doc_free(own->doc);
        own->doc = NULL;
        apply_preset(p);
        tell(p);
        sk_saver_remove(own->saver, saved, r);
    }
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

/* NULL: there is none, or it is broken (which is logged). */
static yyjson_doc *read_doc(const char *file)
{
    struct sk_errmsg em;
    yyjson_doc *doc;
    int r = sk_kept_read_json(file, SK_UNIT_FILE_MAX, &doc, &em);
    if (r < 0 && r != SK_ERR_NOTFOUND)
        sk_log_error("unit preferences not used: %s", em.text);
    return doc;
}

static yyjson_doc *read_checked(struct sk_unit_preferences *p, const char *name,
                                int (*check)(const yyjson_val *v, struct sk_errmsg *em), struct sk_saver **ret_saver)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(p->folder, name);
    struct sk_errmsg em;
    *ret_saver = sk_saver_create(p->api->loop, file, 0644);
    yyjson_doc *doc = read_doc(file);
    if (doc == NULL || check == NULL || check(yyjson_doc_get_root(doc), &em) == 0)
        return doc;
    sk_log_error("unit preferences not used: %s: %s", file, em.text);
    yyjson_doc_free(doc);
    return NULL;
}

static void read_preset(struct sk_unit_preferences *p, struct sk_span name)
{
    SK_CLEANUP(sk_freep) char *file = preset_file(p, name);
    struct sk_errmsg em;
    yyjson_doc *doc = read_doc(file);
    struct sk_unit_preset *own = NULL;
    if (doc != NULL && sk_unit_check_preset(p->units, yyjson_doc_get_root(doc), &em) < 0)
        sk_log_error("unit preset not used: %s: %s", file, em.text);
    else if (doc != NULL && (own = add_preset(p, name)) == NULL)
        sk_log_error("unit preset not used: %s: more than %u", file, SK_UNIT_PRESETS_MAX);
    if (own != NULL)
        own->doc = doc;
    else
        yyjson_doc_free(doc);
}

static void read_presets(struct sk_unit_preferences *p)
{
    SK_CLEANUP(sk_freep) char *folder = sk_fs_path(p->folder, "presets/custom");
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        struct sk_span name = { e->d_name, n > 5 ? n - 5 : 0 };
        if (name.n != 0 && strcmp(e->d_name + name.n, ".json") == 0 && sk_unit_preset_name_ok(name))
            read_preset(p, name);
    }
    if (dir != NULL)
        closedir(dir);
}

struct sk_unit_preferences *sk_unit_preferences_load(struct sk_api *api)
{
    struct sk_unit_preferences *p = sk_xcalloc(1, sizeof *p);
    p->api = api;
    p->folder = sk_fs_path(api->config_dir, "unitpreferences");
    p->units = sk_units_create();
    yyjson_doc *own = read_checked(p, "custom-units-definitions.json", sk_unit_check_definitions, &p->definitions_saver);
    if (own != NULL)
        sk_units_set_custom_definitions(p->units, own);
    own = read_checked(p, "custom-categories.json", sk_unit_check_categories, &p->categories_saver);
    if (own != NULL)
        sk_units_set_custom_categories(p->units, own);
    p->config = read_checked(p, "config.json", NULL, &p->config_saver);
    read_presets(p);
    const char *active = sk_json_get_str(yyjson_doc_get_root(p->config), "activePreset");
    if (active != NULL) {
        p->active = sk_xstrdup(active);
        apply_preset(p);
    }
    p->users = sk_unit_users_load(api->config_dir);
    sk_model_set_units(api->model, p->units);
    return p;
}

bool sk_unit_preferences_idle(const struct sk_unit_preferences *p)
{
    bool idle = p == NULL ||
                (sk_saver_idle(p->config_saver) && sk_saver_idle(p->definitions_saver) && sk_saver_idle(p->categories_saver));
    for (unsigned i = 0; idle && p != NULL && i < p->preset_count; i++)
        idle = sk_saver_idle(p->presets[i].saver);
    return idle;
}

void sk_unit_preferences_destroy(struct sk_unit_preferences *p)
{
    if (p == NULL)
        return;
    for (unsigned i = 0; i < p->preset_count; i++) {
        free(p->presets[i].name);
        yyjson_doc_free(p->presets[i].doc);
        sk_saver_destroy(p->presets[i].saver);
    }
    sk_saver_destroy(p->config_saver);
    sk_saver_destroy(p->definitions_saver);
    sk_saver_destroy(p->categories_saver);
    yyjson_doc_free(p->config);
    sk_unit_users_destroy(p->users);
    sk_units_destroy(p->units);
    free(p->active);
    free(p->folder);
    free(p);
}

void sk_unit_preferences_add_routes(struct sk_unit_preferences *p)
{
    const struct sk_route table[] = {
        { "GET", ALL "/config", SK_ACCESS_READ, sk_unit_get_config, p },
        { "PUT", ALL "/config", SK_ACCESS_ADMIN, put_config, p },
        { "GET", ALL "/active", SK_ACCESS_READ, sk_unit_get_active, p },
        { "GET", ALL "/categories", SK_ACCESS_READ, sk_unit_get_categories, p },
        { "GET", ALL "/definitions", SK_ACCESS_READ, sk_unit_get_definitions, p },
        { "GET", ALL "/custom-definitions", SK_ACCESS_READ, sk_unit_get_custom_definitions, p },
        { "PUT", ALL "/custom-definitions", SK_ACCESS_ADMIN, put_custom_definitions, p },
        { "GET", ALL "/custom-categories", SK_ACCESS_READ, sk_unit_get_custom_categories, p },
        { "PUT", ALL "/custom-categories", SK_ACCESS_ADMIN, put_custom_categories, p },
        { "GET", ALL "/default-categories", SK_ACCESS_READ, sk_unit_get_default_categories, p },
        { "GET", ALL "/default-category/*", SK_ACCESS_READ, sk_unit_get_default_category, p },
        { "GET", ALL "/primary-categories", SK_ACCESS_READ, sk_unit_get_primary, p },
        { "PUT", ALL "/primary-categories", SK_ACCESS_WRITE, put_primary, p },
        { "GET", ALL "/presets", SK_ACCESS_READ, sk_unit_get_presets, p },
        { "GET", ALL "/presets/:name", SK_ACCESS_READ, sk_unit_get_preset, p },
        { "PUT", ALL "/presets/custom/:name", SK_ACCESS_ADMIN, put_preset, p },
        { "DELETE", ALL "/presets/custom/:name", SK_ACCESS_ADMIN, delete_preset, p },
    };
    _Static_assert(sizeof table == sizeof p->routes, "room for all routes");
    memcpy(p->routes, table, sizeof table);
    sk_http_server_add(p->api->http, p->routes, SK_COUNT(table));
}
