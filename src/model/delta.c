#include "model/delta.h"

static yyjson_val *writable(const yyjson_val *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

/* One {path, value} entry. 0: taken (perhaps with path NULL, when only the path is refused); negative: the update is bad. */
static int read_entry(struct sk_paths *paths, yyjson_val *entry, struct sk_path_value *pv, struct sk_errmsg *em)
{
    *pv = (struct sk_path_value){ .entry = entry };
    if (!yyjson_is_obj(entry))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a value entry is %s, not an object", yyjson_get_type_desc(entry));
    yyjson_val *path = sk_json_get(entry, "path");
    if (!yyjson_is_str(path))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a value entry has no path text");
    pv->value = sk_json_get(entry, "value");
    (void)sk_path_intern(paths, sk_json_str(path), &pv->path, em);
    return 0;
}

/* A bad value spoils its update, a bad piece of metadata only itself. SK_ERR_LIMIT when the delta holds too many entries or
   memory is out. */
static int read_entries(struct sk_arena *a, struct sk_paths *paths, yyjson_val *array, bool strict, uint32_t *budget,
                        struct sk_path_value **ret_values, uint32_t *ret_count, struct sk_errmsg *em)
{
    size_t n = yyjson_arr_size(array);
    if (n > *budget)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u values in a delta", SK_DELTA_VALUES_MAX);
    struct sk_path_value *pv = sk_arena_alloc(a, (n + 1) * sizeof *pv);
    if (pv == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "delta too big");
    *budget -= (uint32_t)n;
    size_t i, max;
    uint32_t kept = 0;
    yyjson_val *entry;
    yyjson_arr_foreach(array, i, max, entry) {
        int r = read_entry(paths, entry, &pv[kept], em);
        if (r < 0 && strict)
            return r;
        kept += pv[kept].path != NULL;
    }
    *ret_values = pv;
    *ret_count = kept;
    return 0;
}

static void read_members(struct sk_update *u, yyjson_val **ret_values, yyjson_val **ret_meta)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(writable(u->object), i, n, key, v) {
        struct sk_span k = sk_json_str(key);
        if (sk_span_eq(k, "values"))
            *ret_values = v;
        else if (sk_span_eq(k, "meta"))
            *ret_meta = v;
        else if (sk_span_eq(k, "source"))
            u->source = yyjson_is_obj(v) ? v : NULL;
        else if (sk_span_eq(k, "$source"))
            u->source_ref = sk_json_str(v);
        else if (sk_span_eq(k, "timestamp"))
            u->timestamp = sk_json_str(v);
    }
}

static int read_update(struct sk_arena *a, struct sk_paths *paths, yyjson_val *object, uint32_t *budget, struct sk_update *u,
                       struct sk_errmsg *em)
{
    *u = (struct sk_update){ .object = object };
    if (!yyjson_is_obj(object))
        return sk_errmsg_set(em, SK_ERR_INVALID, "an update is %s, not an object", yyjson_get_type_desc(object));
    yyjson_val *values = NULL, *meta = NULL;
    read_members(u, &values, &meta);
    if (values != NULL && !yyjson_is_arr(values))
        return sk_errmsg_set(em, SK_ERR_INVALID, "values of an update is %s, not an array", yyjson_get_type_desc(values));
    if (u->timestamp.n > SK_TIMESTAMP_LEN_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "timestamp of %zu bytes, at most %u", u->timestamp.n, SK_TIMESTAMP_LEN_MAX);
    u->has_values = values != NULL;
    u->has_meta = yyjson_is_arr(meta);
    if (!u->has_values && !u->has_meta)
        return sk_errmsg_set(em, SK_ERR_INVALID, "an update has neither values nor meta");
    int r = u->has_values ? read_entries(a, paths, values, true, budget, &u->values, &u->value_count, em) : 0;
    if (r == 0 && u->has_meta)
        r = read_entries(a, paths, meta, false, budget, &u->metas, &u->meta_count, em);
    return r;
}

int sk_delta_from_json(struct sk_arena *a, struct sk_paths *paths, const yyjson_val *object, struct sk_delta *d,
                       struct sk_errmsg *em)
{
    *d = (struct sk_delta){ .object = object };
    if (!yyjson_is_obj(writable(object)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a delta is an object, this is %s", yyjson_get_type_desc(writable(object)));
    yyjson_val *context = sk_json_get(object, "context"), *updates = sk_json_get(object, "updates");
    if (context != NULL && !yyjson_is_str(context))
        return sk_errmsg_set(em, SK_ERR_INVALID, "context is %s, not a text", yyjson_get_type_desc(context));
    d->context = sk_json_str(context);
    if (!yyjson_is_arr(updates))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a delta needs an array of updates");
    size_t n = yyjson_arr_size(updates), i, max;
    if (n > SK_DELTA_UPDATES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%zu updates in a delta, at most %u", n, SK_DELTA_UPDATES_MAX);
    d->updates = sk_arena_alloc(a, (n + 1) * sizeof *d->updates);
    if (d->updates == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "delta too big");
    uint32_t budget = SK_DELTA_VALUES_MAX;
    yyjson_val *u;
    yyjson_arr_foreach(updates, i, max, u) {
        if (read_update(a, paths, u, &budget, &d->updates[d->update_count], em) < 0)
            d->left_out++;
        else
            d->update_count++;
    }
    if (d->update_count == 0)
        return n == 0 ? sk_errmsg_set(em, SK_ERR_INVALID, "no updates in the delta") : SK_ERR_INVALID;
    return 0;
}

int sk_delta_read(struct sk_arena *a, struct sk_paths *paths, struct sk_span json, struct sk_delta *d, struct sk_errmsg *em)
{
    yyjson_doc *doc;
    int r = sk_json_read_raw(a, json, &doc, em);
    return r < 0 ? r : sk_delta_from_json(a, paths, yyjson_doc_get_root(doc), d, em);
}
