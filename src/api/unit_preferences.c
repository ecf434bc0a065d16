#include "api/unit_preferences.h"

#include "api/body.h"
#include "api/unit_check.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/saver.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)1024 * 1024)
#define PRESETS_MAX 100u
#define PRESET_FILE_MAX ((size_t)100 * 1024)
#define ALL "/signalk/v1/unitpreferences"

/* A preset of the user. Its place is kept when it was deleted, for its saver may still be at work. */
struct preset {
    char *name;
    yyjson_doc *doc; /* NULL: deleted */
    struct sk_saver *saver;
};

struct sk_unit_preferences {
    struct sk_api *api;
    struct sk_units *units;
    char *folder;
    char *active;       /* name of the active preset */
    yyjson_doc *config; /* config.json as it was read or put; NULL: none */
    struct sk_saver *config_saver, *definitions_saver, *categories_saver;
    struct preset presets[PRESETS_MAX];
    unsigned preset_count;
    struct sk_route routes[17];
};

/* ---- presets ------------------------------------------------------------------------------------------------------------ */

static struct preset *find_preset(struct sk_unit_preferences *p, struct sk_span name)
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
static struct preset *add_preset(struct sk_unit_preferences *p, struct sk_span name)
{
    struct preset *found = find_preset(p, name);
    if (found != NULL || p->preset_count == PRESETS_MAX)
        return found;
    SK_CLEANUP(sk_freep) char *file = preset_file(p, name);
    found = &p->presets[p->preset_count++];
    *found = (struct preset){ .name = sk_xstrndup(name.p, name.n), .saver = sk_saver_create(p->api->loop, file, 0644) };
    return found;
}

static const yyjson_val *preset_of(struct sk_unit_preferences *p, struct sk_span name)
{
    const yyjson_val *builtin = sk_units_builtin_preset(p->units, name);
    const struct preset *own = builtin == NULL ? find_preset(p, name) : NULL;
    return own != NULL && own->doc != NULL ? yyjson_doc_get_root(own->doc) : builtin;
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
    const yyjson_val *active = p->active != NULL ? preset_of(p, sk_span_of(p->active)) : NULL;
    sk_units_set_preset(p->units, active != NULL ? copy_of(active) : NULL);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

static void reply_error(struct sk_http_req *r, int status, const char *text)
{
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"error\":");
    sk_json_write_str(&b, sk_span_of(text));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void reply_value(struct sk_http_req *r, const yyjson_val *v)
{
    struct sk_buf b;
    sk_buf_init(&b, 4 * FILE_MAX);
    sk_json_write(&b, v);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void saved(void *arg, int result, const char *error)
{
    if (result == 0)
        sk_http_reply_json(arg, 200, SK_SPAN("{\"success\":true}"));
    else
        reply_error(arg, 500, error);
}

/* Pretty text of the value, and the answer when it is on disk. */
static void save(struct sk_saver *saver, struct sk_http_req *r, const yyjson_val *v)
{
    struct sk_buf b;
    size_t n;
    sk_buf_init(&b, 4 * FILE_MAX);
    sk_json_write_pretty(&b, v);
    char *text = sk_buf_steal(&b, &n);
    sk_buf_finish(&b);
    if (text != NULL)
        sk_saver_put(saver, text, n, saved, r);
    else
        reply_error(r, 400, "too large to be saved");
}

static void tell(struct sk_unit_preferences *p)
{
    sk_hub_announce_meta_again(p->api->hub);
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static void get_config(struct sk_http_req *r, void *arg)
{
    const struct sk_unit_preferences *p = arg;
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    SK_BUF_LIT(&b, "{\"activePreset\":");
    sk_json_write_str(&b, sk_span_of(p->active != NULL ? p->active : SK_UNITS_DEFAULT_PRESET));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void write_pair(struct sk_buf *b, yyjson_val *key, const yyjson_val *v)
{
    sk_buf_append(b, ",", b->p[b->n - 1] != '{');
    sk_json_write(b, key);
    sk_buf_char(b, ':');
    sk_json_write(b, v);
}

/* {...} of both, the second's members instead of the first's. */
static void write_merged(struct sk_buf *b, const yyjson_val *below, const yyjson_val *above)
{
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_char(b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)below, i, n, key, v)
        if (sk_json_get(above, yyjson_get_str(key)) == NULL)
            write_pair(b, key, v);
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)above, i, n, key, v)
        write_pair(b, key, v);
    sk_buf_char(b, '}');
}

static void get_categories(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    const yyjson_val *builtin = sk_units_builtin(p->units, "categories");
    struct sk_buf b;
    sk_buf_init(&b, 4 * FILE_MAX);
    SK_BUF_LIT(&b, "{\"categoryToBaseUnit\":");
    write_merged(&b, sk_json_get(builtin, "categoryToBaseUnit"), sk_units_custom_categories(p->units));
    SK_BUF_LIT(&b, ",\"coreCategories\":");
    sk_json_write(&b, sk_json_get(builtin, "coreCategories"));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* An SI unit that both define has the conversions of both. */
static void write_definition(struct sk_buf *b, yyjson_val *si, const yyjson_val *below, const yyjson_val *above)
{
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_append(b, ",", b->p[b->n - 1] != '{');
    sk_json_write(b, si);
    SK_BUF_LIT(b, ":{");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)below, i, n, key, v)
        if (!yyjson_equals_str(key, "conversions"))
            write_pair(b, key, v);
    sk_buf_text(b, b->p[b->n - 1] != '{' ? ",\"conversions\":" : "\"conversions\":");
    write_merged(b, sk_json_get(below, "conversions"), sk_json_get(above, "conversions"));
    sk_buf_char(b, '}');
}

static void get_definitions(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    const yyjson_val *below = sk_units_builtin(p->units, "definitions"), *above = sk_units_custom_definitions(p->units);
    size_t i, n;
    yyjson_val *key, *v;
    struct sk_buf b;
    sk_buf_init(&b, 4 * FILE_MAX);
    sk_buf_char(&b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)below, i, n, key, v)
        write_definition(&b, key, v, sk_json_get(above, yyjson_get_str(key)));
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)above, i, n, key, v)
        if (sk_json_get(below, yyjson_get_str(key)) == NULL)
            write_pair(&b, key, v);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_custom_definitions(struct sk_http_req *r, void *arg)
{
    reply_value(r, sk_units_custom_definitions(((struct sk_unit_preferences *)arg)->units));
}

static void get_custom_categories(struct sk_http_req *r, void *arg)
{
    reply_value(r, sk_units_custom_categories(((struct sk_unit_preferences *)arg)->units));
}

static void get_default_categories(struct sk_http_req *r, void *arg)
{
    reply_value(r, sk_units_builtin(((struct sk_unit_preferences *)arg)->units, "defaultCategories"));
}

static void get_default_category(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_span rest = sk_http_decode(sk_http_arena(r), sk_http_param(r, "*"), false);
    char *dotted = rest.p != NULL ? sk_arena_copy(sk_http_arena(r), rest.p, rest.n) : NULL;
    if (dotted == NULL) {
        sk_http_reply_cannot(r);
        return;
    }
    for (size_t i = 0; i < rest.n; i++)
        dotted[i] = dotted[i] == '/' ? '.' : dotted[i];
    struct sk_span path = { dotted, rest.n }, category = sk_units_default_category(p->units, path, SK_SPAN(""));
    struct sk_buf b;
    sk_buf_init(&b, 64 * 1024);
    SK_BUF_LIT(&b, "{\"path\":");
    sk_json_write_str(&b, path);
    SK_BUF_LIT(&b, ",\"category\":");
    if (category.n != 0)
        sk_json_write_str(&b, category);
    else
        SK_BUF_LIT(&b, "null");
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_primary(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_buf b;
    sk_buf_init(&b, FILE_MAX);
    SK_BUF_LIT(&b, "{\"ambiguousUnits\":");
    sk_units_write_ambiguous(p->units, &b);
    SK_BUF_LIT(&b, ",\"effectivePrimary\":");
    sk_units_write_primary(p->units, &b);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* A choice of one category with the conversion that leads there. */
static void write_choice(struct sk_unit_preferences *p, struct sk_buf *b, yyjson_val *category, const yyjson_val *choice)
{
    static const char *const names[] = { "formula", "inverseFormula", "symbol" };
    const yyjson_val *conversion = sk_units_conversion(p->units, sk_json_str(sk_json_get(choice, "baseUnit")),
                                                       sk_json_str(sk_json_get(choice, "targetUnit")));
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_append(b, ",", b->p[b->n - 1] != '{');
    sk_json_write(b, category);
    SK_BUF_LIT(b, ":{");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)choice, i, n, key, v)
        write_pair(b, key, v);
    for (size_t k = 0; conversion != NULL && k < SK_COUNT(names); k++) {
        yyjson_val *text = sk_json_get(conversion, names[k]);
        if (text == NULL)
            continue;
        sk_buf_printf(b, ",\"%s\":", names[k]);
        sk_json_write(b, text);
    }
    sk_buf_char(b, '}');
}

static void get_active(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    size_t i, n, k, count;
    yyjson_val *key, *v, *category, *choice;
    struct sk_buf b;
    sk_buf_init(&b, 4 * FILE_MAX);
    sk_buf_char(&b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)sk_units_preset(p->units), i, n, key, v) {
        if (!yyjson_equals_str(key, "categories")) {
            write_pair(&b, key, v);
            continue;
        }
        sk_buf_text(&b, b.n > 1 ? ",\"categories\":{" : "\"categories\":{");
        yyjson_obj_foreach(v, k, count, category, choice)
            write_choice(p, &b, category, choice);
        sk_buf_char(&b, '}');
    }
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void write_listed(struct sk_buf *b, struct sk_span name, const yyjson_val *preset)
{
    yyjson_val *text = sk_json_get(preset, "description");
    sk_buf_append(b, ",", b->p[b->n - 1] != '[');
    SK_BUF_LIT(b, "{\"name\":");
    sk_json_write_str(b, name);
    SK_BUF_LIT(b, ",\"displayName\":");
    sk_json_write(b, sk_json_get(preset, "name"));
    if (text != NULL) {
        SK_BUF_LIT(b, ",\"description\":");
        sk_json_write(b, text);
    }
    sk_buf_char(b, '}');
}

static void get_presets(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    size_t i, n;
    yyjson_val *key, *v;
    struct sk_buf b;
    sk_buf_init(&b, FILE_MAX);
    SK_BUF_LIT(&b, "{\"builtIn\":[");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)sk_units_builtin(p->units, "presets"), i, n, key, v)
        write_listed(&b, sk_json_str(key), v);
    SK_BUF_LIT(&b, "],\"custom\":[");
    for (unsigned k = 0; k < p->preset_count; k++)
        if (p->presets[k].doc != NULL)
            write_listed(&b, sk_span_of(p->presets[k].name), yyjson_doc_get_root(p->presets[k].doc));
    SK_BUF_LIT(&b, "]}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_preset(struct sk_http_req *r, void *arg)
{
    struct sk_span name = sk_http_param(r, "name");
    const yyjson_val *preset = sk_unit_preset_name_ok(name) ? preset_of(arg, name) : NULL;
    if (!sk_unit_preset_name_ok(name))
        reply_error(r, 400, "Invalid preset name");
    else if (preset == NULL)
        reply_error(r, 404, "Preset not found");
    else
        reply_value(r, preset);
}

/* ---- changing ----------------------------------------------------------------------------------------------------------- */

static void put_config(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    struct sk_span name = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "activePreset"));
    if (!sk_unit_preset_name_ok(name) || preset_of(p, name) == NULL) {
        reply_error(r, 400, "activePreset must name a preset");
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
        reply_error(r, 400, em.text);
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
    reply_error(r, 401, "Authentication required"); /* it is kept per user */
}

static void put_preset(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_span name = sk_http_param(r, "name");
    struct sk_errmsg em;
    if (!sk_unit_preset_name_ok(name)) {
        reply_error(r, 400, "Invalid preset name");
        return;
    }
    if (sk_units_builtin_preset(p->units, name) != NULL) {
        reply_error(r, 400, "Cannot overwrite built-in preset");
        return;
    }
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    struct preset *own = NULL;
    if (sk_unit_check_preset(p->units, yyjson_doc_get_root(doc), &em) < 0)
        reply_error(r, 400, em.text);
    else if (sk_http_body(r).n > PRESET_FILE_MAX || (own = add_preset(p, name)) == NULL)
        reply_error(r, 400, "The preset is too large, or there are too many");
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
    struct preset *own = find_preset(p, name);
    if (!sk_unit_preset_name_ok(name)) {
        reply_error(r, 400, "Invalid preset name");
    } else if (own == NULL || own->doc == NULL) {
        reply_error(r, 404, "Preset not found");
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
    SK_CLEANUP(sk_freep) char *text = NULL;
    struct sk_errmsg em;
    size_t n;
    yyjson_doc *doc = NULL;
    int r = sk_fs_read(file, FILE_MAX, &text, &n, &em);
    if (r == SK_ERR_NOTFOUND)
        return NULL;
    if (r == 0 && (r = sk_json_read((struct sk_span){ text, n }, &doc, &em)) < 0)
        sk_errmsg_wrap(&em, r, "%s", file);
    if (r < 0)
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
    struct preset *own = NULL;
    if (doc != NULL && sk_unit_check_preset(p->units, yyjson_doc_get_root(doc), &em) < 0)
        sk_log_error("unit preset not used: %s: %s", file, em.text);
    else if (doc != NULL && (own = add_preset(p, name)) == NULL)
        sk_log_error("unit preset not used: %s: more than %u", file, PRESETS_MAX);
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
    sk_units_destroy(p->units);
    free(p->active);
    free(p->folder);
    free(p);
}

void sk_unit_preferences_add_routes(struct sk_unit_preferences *p)
{
    const struct sk_route table[] = {
        { "GET", ALL "/config", SK_ACCESS_READ, get_config, p },
        { "PUT", ALL "/config", SK_ACCESS_ADMIN, put_config, p },
        { "GET", ALL "/active", SK_ACCESS_READ, get_active, p },
        { "GET", ALL "/categories", SK_ACCESS_READ, get_categories, p },
        { "GET", ALL "/definitions", SK_ACCESS_READ, get_definitions, p },
        { "GET", ALL "/custom-definitions", SK_ACCESS_READ, get_custom_definitions, p },
        { "PUT", ALL "/custom-definitions", SK_ACCESS_ADMIN, put_custom_definitions, p },
        { "GET", ALL "/custom-categories", SK_ACCESS_READ, get_custom_categories, p },
        { "PUT", ALL "/custom-categories", SK_ACCESS_ADMIN, put_custom_categories, p },
        { "GET", ALL "/default-categories", SK_ACCESS_READ, get_default_categories, p },
        { "GET", ALL "/default-category/*", SK_ACCESS_READ, get_default_category, p },
        { "GET", ALL "/primary-categories", SK_ACCESS_READ, get_primary, p },
        { "PUT", ALL "/primary-categories", SK_ACCESS_WRITE, put_primary, p },
        { "GET", ALL "/presets", SK_ACCESS_READ, get_presets, p },
        { "GET", ALL "/presets/:name", SK_ACCESS_READ, get_preset, p },
        { "PUT", ALL "/presets/custom/:name", SK_ACCESS_ADMIN, put_preset, p },
        { "DELETE", ALL "/presets/custom/:name", SK_ACCESS_ADMIN, delete_preset, p },
    };
    _Static_assert(sizeof table == sizeof p->routes, "room for all routes");
    memcpy(p->routes, table, sizeof table);
    sk_http_server_add(p->api->http, p->routes, SK_COUNT(table));
}
