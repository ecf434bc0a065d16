#include "model/basedeltas.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)

struct sk_basedeltas {
    char *file;
    yyjson_mut_doc *doc; /* root: array of deltas */
    char self_id[256];
};

/* ---- shape -------------------------------------------------------------------------------------------------------------- */

static yyjson_mut_val *first_update(yyjson_mut_val *delta)
{
    return yyjson_mut_arr_get_first(yyjson_mut_obj_get(delta, "updates"));
}

/* The entry of `list` ("values" or "meta") for a path in any delta; *ret_delta_index tells where. */
static yyjson_mut_val *find_entry(const struct sk_basedeltas *b, const char *list, struct sk_span path, size_t *ret_delta_index)
{
    size_t i, n, j, m;
    yyjson_mut_val *delta, *entry;
    yyjson_mut_arr_foreach(yyjson_mut_doc_get_root(b->doc), i, n, delta)
    {
        yyjson_mut_val *entries = yyjson_mut_obj_get(first_update(delta), list);
        if (!yyjson_mut_is_arr(entries))
            continue;
        yyjson_mut_arr_foreach(entries, j, m, entry)
        {
            if (yyjson_mut_equals_strn(yyjson_mut_obj_get(entry, "path"), path.p, path.n)) {
                if (ret_delta_index != NULL)
                    *ret_delta_index = i;
                return entry;
            }
        }
    }
    return NULL;
}

/* A new delta {"context":"vessels.self","updates":[{<list>:[{"path":..,"value":..}]}]} at the end. */
static void add_delta(struct sk_basedeltas *b, const char *list, struct sk_span path, yyjson_mut_val *value)
{
    yyjson_mut_doc *d = b->doc;
    yyjson_mut_val *delta = yyjson_mut_arr_add_obj(d, yyjson_mut_doc_get_root(d));
    yyjson_mut_obj_add_str(d, delta, "context", "vessels.self");
    yyjson_mut_val *update = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, delta, "updates"));
    yyjson_mut_val *entries = yyjson_mut_arr(d);
    yyjson_mut_obj_add(update, yyjson_mut_strcpy(d, list), entries);
    yyjson_mut_val *entry = yyjson_mut_arr_add_obj(d, entries);
    yyjson_mut_obj_add(entry, yyjson_mut_str(d, "path"), yyjson_mut_strncpy(d, path.p, path.n));
    yyjson_mut_obj_add_val(d, entry, "value", value);
}

static yyjson_mut_val *root_values(struct sk_basedeltas *b)
{
    yyjson_mut_val *entry = find_entry(b, "values", SK_SPAN(""), NULL);
    if (entry == NULL) {
        add_delta(b, "values", SK_SPAN(""), yyjson_mut_obj(b->doc));
        entry = find_entry(b, "values", SK_SPAN(""), NULL);
    }
    return yyjson_mut_obj_get(entry, "value");
}

/* ---- legacy defaults.json ----------------------------------------------------------------------------------------------- */

static bool is_leaf(yyjson_val *v)
{
    return !yyjson_is_obj(v) || sk_json_get(v, "value") != NULL;
}

/* Full-tree form to deltas: root members that are plain values go to "", leaves become entries under their dotted path. */
static void convert(struct sk_basedeltas *b, yyjson_val *node, const char *prefix)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(node, i, n, key, v) {
        char path[512];
        snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", yyjson_get_str(key));
        bool communication = prefix[0] == '\0' && yyjson_equals_str(key, "communication");
        if (prefix[0] == '\0' && (communication || !yyjson_is_obj(v)))
            yyjson_mut_obj_put(root_values(b), yyjson_val_mut_copy(b->doc, key), yyjson_val_mut_copy(b->doc, v));
        else if (!is_leaf(v) && strlen(path) < sizeof path - 1)
            convert(b, v, path);
        else if (yyjson_is_obj(v))
            add_delta(b, "values", sk_span_of(path), yyjson_val_mut_copy(b->doc, sk_json_get(v, "value")));
        if (yyjson_is_obj(v) && yyjson_is_obj(sk_json_get(v, "meta")) && !communication)
            add_delta(b, "meta", sk_span_of(path), yyjson_val_mut_copy(b->doc, sk_json_get(v, "meta")));
    }
}

static int load_legacy(struct sk_basedeltas *b, const char *config_dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, "defaults.json");
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n;
    int r = sk_fs_read(file, FILE_MAX, &text, &n, em);
    if (r == SK_ERR_NOTFOUND)
        return 0;
    yyjson_doc *doc = NULL;
    if (r == 0)
        r = sk_json_read((struct sk_span){ text, n }, &doc, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", file);
    yyjson_val *self = sk_json_get(sk_json_get(yyjson_doc_get_root(doc), "vessels"), "self");
    if (yyjson_is_obj(self))
        convert(b, self, "");
    yyjson_doc_free(doc);
    sk_log_info("converted the vessel data of %s to baseDeltas.json", file);
    return 1;
}

/* ---- load --------------------------------------------------------------------------------------------------------------- */

/* 1: there was something to read, 0: nothing yet. */
static int load_file(struct sk_basedeltas *b, const char *config_dir, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = sk_kept_read_json(b->file, FILE_MAX, &doc, em);
    if (r == SK_ERR_NOTFOUND) {
        b->doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_doc_set_root(b->doc, yyjson_mut_arr(b->doc));
        r = load_legacy(b, config_dir, em);
        return r < 0 ? r : r == 1 ? sk_basedeltas_save(b, em) : 0;
    }
    if (r < 0)
        return r;
    b->doc = yyjson_doc_mut_copy(doc, NULL);
    yyjson_doc_free(doc);
    if (!yyjson_mut_is_arr(yyjson_mut_doc_get_root(b->doc)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s: not an array of deltas", b->file);
    return 0;
}

/* mmsi, else uuid, else a new uuid that is kept from now on. */
static int find_identity(struct sk_basedeltas *b, struct sk_errmsg *em)
{
    yyjson_mut_val *root = root_values(b);
    yyjson_mut_val *mmsi = yyjson_mut_obj_get(root, "mmsi"), *uuid = yyjson_mut_obj_get(root, "uuid");
    yyjson_mut_val *bad = mmsi != NULL && !yyjson_mut_is_str(mmsi)   ? mmsi
                          : uuid != NULL && !yyjson_mut_is_str(uuid) ? uuid
                                                                     : NULL;
    if (bad != NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s: %s must be a text in quotes", b->file, bad == mmsi ? "mmsi" : "uuid");
    if (yyjson_mut_get_len(mmsi) > 100 || yyjson_mut_get_len(uuid) > 200)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s: mmsi or uuid too long", b->file);
    if (yyjson_mut_get_len(mmsi) > 0) {
        snprintf(b->self_id, sizeof b->self_id, "urn:mrn:imo:mmsi:%s", yyjson_mut_get_str(mmsi));
        return 0;
    }
    if (yyjson_mut_get_len(uuid) > 0) {
        snprintf(b->self_id, sizeof b->self_id, "%s", yyjson_mut_get_str(uuid));
        return 0;
    }
    char id[SK_UUID_SIZE];
    sk_uuid_v4(id);
    snprintf(b->self_id, sizeof b->self_id, "urn:mrn:signalk:uuid:%s", id);
    yyjson_mut_obj_put(root, yyjson_mut_str(b->doc, "uuid"), yyjson_mut_strcpy(b->doc, b->self_id));
    struct sk_errmsg why;
    if (sk_basedeltas_save(b, &why) < 0)
        sk_log_error("the vessel's new identity is of this run only: %s", why.text);
    return 0;
}

/* What the file says cannot be understood, and there is no better copy: the boat still gets its server, as a new vessel. */
static void start_anew(struct sk_basedeltas *b, const char *why)
{
    size_t size = strlen(b->file) + 8;
    SK_CLEANUP(sk_freep) char *aside = sk_xmalloc(size);
    struct sk_errmsg em;
    snprintf(aside, size, "%s.broken", b->file);
    bool kept = sk_fs_rename(b->file, aside, &em) == 0;
    sk_log_error("the vessel's data are not read, going on as a new vessel: %s%s%s", why, kept ? "; the file is kept as " : "",
                 kept ? aside : "");
    yyjson_mut_doc_free(b->doc);
    b->doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(b->doc, yyjson_mut_arr(b->doc));
}

int sk_basedeltas_load(const char *config_dir, struct sk_basedeltas **ret_base, struct sk_errmsg *em)
{
    struct sk_basedeltas *b = sk_xcalloc(1, sizeof *b);
    struct sk_errmsg why;
    b->file = sk_fs_path(config_dir, "baseDeltas.json");
    if (load_file(b, config_dir, &why) < 0)
        start_anew(b, why.text);
    int r = find_identity(b, em);
    if (r < 0) {
        sk_basedeltas_destroy(b);
        return r;
    }
    *ret_base = b;
    return 0;
}

void sk_basedeltas_destroy(struct sk_basedeltas *b)
{
    if (b == NULL)
        return;
    yyjson_mut_doc_free(b->doc);
    free(b->file);
    free(b);
}

const char *sk_basedeltas_self_id(const struct sk_basedeltas *b)
{
    return b->self_id;
}

const char *sk_basedeltas_name(const struct sk_basedeltas *b)
{
    yyjson_mut_val *entry = find_entry(b, "values", SK_SPAN(""), NULL);
    return yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(entry, "value"), "name"));
}

size_t sk_basedeltas_count(const struct sk_basedeltas *b)
{
    return yyjson_mut_arr_size(yyjson_mut_doc_get_root(b->doc));
}

void sk_basedeltas_write(const struct sk_basedeltas *b, size_t index, struct sk_buf *out)
{
    sk_json_write_mut(out, yyjson_mut_arr_get(yyjson_mut_doc_get_root(b->doc), index));
}

/* ---- metadata ----------------------------------------------------------------------------------------------------------- */

yyjson_mut_val *sk_basedeltas_meta(const struct sk_basedeltas *b, struct sk_span path)
{
    return yyjson_mut_obj_get(find_entry(b, "meta", path, NULL), "value");
}

static bool is_empty_array(const yyjson_val *v)
{
    return yyjson_is_arr((yyjson_val *)(uintptr_t)v) && yyjson_arr_size((yyjson_val *)(uintptr_t)v) == 0;
}

/* Empty arrays are kept as null: that is how a user clears zones. */
static yyjson_mut_val *stored_form(struct sk_basedeltas *b, const yyjson_val *v)
{
    if (is_empty_array(v))
        return yyjson_mut_null(b->doc);
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)v))
        return yyjson_val_mut_copy(b->doc, (yyjson_val *)(uintptr_t)v);
    yyjson_mut_val *copy = yyjson_mut_obj(b->doc);
    size_t i, n;
    yyjson_val *key, *member;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)v, i, n, key, member)
        yyjson_mut_obj_add(copy, yyjson_val_mut_copy(b->doc, key),
                           is_empty_array(member) ? yyjson_mut_null(b->doc) : yyjson_val_mut_copy(b->doc, member));
    return copy;
}

/* A delta whose only update holds nothing else goes altogether. */
static void remove_entry(struct sk_basedeltas *b, const char *list, struct sk_span path)
{
    size_t index = 0, i, n;
    yyjson_mut_val *entry = find_entry(b, list, path, &index), *e;
    if (entry == NULL)
        return;
    yyjson_mut_val *delta = yyjson_mut_arr_get(yyjson_mut_doc_get_root(b->doc), index);
    yyjson_mut_val *update = first_update(delta), *entries = yyjson_mut_obj_get(update, list);
    yyjson_mut_arr_foreach(entries, i, n, e)
    {
        if (e == entry)
            break;
    }
    yyjson_mut_arr_remove(entries, i);
    if (yyjson_mut_arr_size(entries) == 0)
        yyjson_mut_obj_remove_key(update, list);
    if (yyjson_mut_obj_get(update, "values") == NULL && yyjson_mut_obj_get(update, "meta") == NULL)
        yyjson_mut_arr_remove(yyjson_mut_doc_get_root(b->doc), index);
}

int sk_basedeltas_set_meta(struct sk_basedeltas *b, struct sk_span path, struct sk_span field, const yyjson_val *value,
                           struct sk_errmsg *em)
{
    yyjson_mut_val *entry = find_entry(b, "meta", path, NULL);
    yyjson_mut_val *meta = yyjson_mut_obj_get(entry, "value");
    if (value == NULL) {
        if (entry == NULL || (field.n != 0 && yyjson_mut_obj_getn(meta, field.p, field.n) == NULL))
            return sk_errmsg_set(em, SK_ERR_NOTFOUND, "no metadata of '%.*s' was set by the user", (int)path.n, path.p);
        if (field.n != 0)
            yyjson_mut_obj_remove_keyn(meta, field.p, field.n);
        if (field.n == 0 || yyjson_mut_obj_size(meta) == 0)
            remove_entry(b, "meta", path);
        return 0;
    }
    if (field.n == 0 && !yyjson_is_obj((yyjson_val *)(uintptr_t)value))
        return sk_errmsg_set(em, SK_ERR_INVALID, "metadata must be an object");
    if (entry == NULL) {
        add_delta(b, "meta", path, yyjson_mut_obj(b->doc));
        entry = find_entry(b, "meta", path, NULL);
        meta = yyjson_mut_obj_get(entry, "value");
    }
    if (field.n == 0)
        yyjson_mut_obj_put(entry, yyjson_mut_str(b->doc, "value"), stored_form(b, value));
    else
        yyjson_mut_obj_put(meta, yyjson_mut_strncpy(b->doc, field.p, field.n), stored_form(b, value));
    return 0;
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

yyjson_mut_val *sk_basedeltas_root(const struct sk_basedeltas *b, const char *member)
{
    return yyjson_mut_obj_get(yyjson_mut_obj_get(find_entry(b, "values", SK_SPAN(""), NULL), "value"), member);
}

yyjson_mut_val *sk_basedeltas_value(const struct sk_basedeltas *b, struct sk_span path)
{
    return yyjson_mut_obj_get(find_entry(b, "values", path, NULL), "value");
}

void sk_basedeltas_set_root(struct sk_basedeltas *b, const char *member, const yyjson_val *value)
{
    yyjson_mut_val *root = root_values(b);
    if (value == NULL)
        yyjson_mut_obj_remove_key(root, member);
    else
        yyjson_mut_obj_put(root, yyjson_mut_strcpy(b->doc, member), yyjson_val_mut_copy(b->doc, (yyjson_val *)(uintptr_t)value));
}

void sk_basedeltas_set_value(struct sk_basedeltas *b, struct sk_span path, const yyjson_val *value)
{
    yyjson_mut_val *copy = value != NULL ? yyjson_val_mut_copy(b->doc, (yyjson_val *)(uintptr_t)value) : NULL;
    yyjson_mut_val *entry = find_entry(b, "values", path, NULL);
    if (copy == NULL)
        remove_entry(b, "values", path);
    else if (entry != NULL)
        yyjson_mut_obj_put(entry, yyjson_mut_str(b->doc, "value"), copy);
    else
        add_delta(b, "values", path, copy);
}

const char *sk_basedeltas_file(const struct sk_basedeltas *b)
{
    return b->file;
}

char *sk_basedeltas_text(const struct sk_basedeltas *b, size_t *ret_n)
{
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    sk_json_write_mut_pretty(&out, yyjson_mut_doc_get_root(b->doc));
    char *text = sk_buf_steal(&out, ret_n);
    sk_buf_finish(&out);
    return text;
}

int sk_basedeltas_save(struct sk_basedeltas *b, struct sk_errmsg *em)
{
    size_t n = 0;
    SK_CLEANUP(sk_freep) char *text = sk_basedeltas_text(b, &n);
    if (text == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%s would grow over %zu bytes", b->file, FILE_MAX);
    return sk_kept_write(b->file, (struct sk_span){ text, n }, 0644, em);
}
