#include "api/access/acl_filter.h"

#include "base/json.h"
#include "model/query.h"
#include "model/tree.h"

#include <stdlib.h>

struct filter {
    const struct sk_api *api;
    const char *user;
    enum sk_acl_action action;
    struct sk_span context; /* as in deltas */
};

const yyjson_mut_val *sk_acl_lists(const struct sk_api *api)
{
    return sk_auth_on(api->auth) ? sk_security_acls(sk_auth_security(api->auth)) : NULL;
}

bool sk_acl_may(const struct sk_api *api, const char *user, enum sk_acl_action action, struct sk_span context,
                struct sk_span path, struct sk_span source)
{
    if (context.n == 0 || sk_span_eq(context, sk_model_self_context(api->model)))
        context = SK_SPAN("vessels.self");
    return sk_acl_allows(sk_acl_lists(api), sk_span_of(user), action, context, path, source);
}

static struct sk_span text(yyjson_mut_val *v)
{
    return yyjson_mut_is_str(v) ? (struct sk_span){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) } : (struct sk_span){ "", 0 };
}

/* ---- deltas --------------------------------------------------------------------------------------------------------------- */

/* Takes out the entries that may not pass; true when some are left. */
static bool filter_entries(const struct filter *f, yyjson_mut_val *entries, struct sk_span source, bool *changed)
{
    size_t kept = 0;
    while (kept < yyjson_mut_arr_size(entries)) {
        struct sk_span path = text(yyjson_mut_obj_get(yyjson_mut_arr_get(entries, kept), "path"));
        if (sk_acl_may(f->api, f->user, f->action, f->context, path, source)) {
            kept++;
            continue;
        }
        yyjson_mut_arr_remove(entries, kept);
        *changed = true;
    }
    return kept > 0;
}

static bool filter_update(const struct filter *f, yyjson_mut_val *update, bool *changed)
{
    struct sk_span source = text(yyjson_mut_obj_get(update, "$source"));
    yyjson_mut_val *values = yyjson_mut_obj_get(update, "values"), *meta = yyjson_mut_obj_get(update, "meta");
    bool left = filter_entries(f, values, source, changed);
    return filter_entries(f, meta, source, changed) || left;
}

/* False: nothing is left. */
static bool filter_delta(struct filter *f, yyjson_mut_val *delta, bool *changed)
{
    yyjson_mut_val *updates = yyjson_mut_obj_get(delta, "updates");
    size_t kept = 0;
    f->context = text(yyjson_mut_obj_get(delta, "context"));
    while (kept < yyjson_mut_arr_size(updates)) {
        if (filter_update(f, yyjson_mut_arr_get(updates, kept), changed)) {
            kept++;
        } else {
            yyjson_mut_arr_remove(updates, kept);
            *changed = true;
        }
    }
    return kept > 0;
}

static struct sk_frame *frame_of(const yyjson_mut_val *v)
{
    struct sk_buf b;
    sk_buf_init(&b, 2 * SK_DELTA_MAX);
    sk_json_write_mut(&b, v);
    struct sk_frame *made = sk_buf_ok(&b) ? sk_frame_create(b.p, b.n) : NULL;
    sk_buf_finish(&b);
    return made;
}

struct sk_frame *sk_acl_filter_frame(const struct sk_api *api, const char *user, struct sk_frame *frame)
{
    struct filter f = { .api = api, .user = user, .action = SK_ACL_READ };
    struct sk_frame *left = NULL;
    yyjson_doc *doc = NULL;
    bool changed = false;
    if (sk_json_read(sk_frame_text(frame), &doc, NULL) < 0)
        return NULL;
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(copy);
    if (yyjson_mut_obj_get(root, "updates") == NULL)
        left = sk_frame_ref(frame);
    else if (filter_delta(&f, root, &changed))
        left = changed ? frame_of(root) : sk_frame_ref(frame);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
    return left;
}

yyjson_doc *sk_acl_filter_delta(const struct sk_api *api, const char *user, const yyjson_val *delta)
{
    struct filter f = { .api = api, .user = user, .action = SK_ACL_WRITE };
    bool changed = false;
    yyjson_mut_doc *copy = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(copy, yyjson_val_mut_copy(copy, (yyjson_val *)(uintptr_t)delta));
    bool left = filter_delta(&f, yyjson_mut_doc_get_root(copy), &changed);
    yyjson_doc *doc = left ? yyjson_mut_doc_imut_copy(copy, NULL) : NULL;
    yyjson_mut_doc_free(copy);
    return doc;
}

/* ---- the tree ------------------------------------------------------------------------------------------------------------- */

static bool belongs_to_leaf(struct sk_span name)
{
    static const char *const names[] = { "meta", "value", "$source", "timestamp", "pgn", "sentence", "values", "state" };
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (sk_span_eq(name, names[i]))
            return true;
    return false;
}

static bool filter_node(const struct filter *f, yyjson_mut_val *node, struct sk_buf *path);

/* A member of a node at `path`: false when it is to go. */
static bool filter_member(const struct filter *f, struct sk_span name, yyjson_mut_val *v, struct sk_buf *path)
{
    size_t n = path->n;
    if (n > 0)
        sk_buf_char(path, '.');
    sk_buf_span_append(path, name);
    bool kept = yyjson_mut_is_obj(v)
                    ? filter_node(f, v, path)
                    : sk_acl_may(f->api, f->user, f->action, f->context, sk_buf_span(path), (struct sk_span){ "", 0 });
    path->n = n;
    return kept && sk_buf_ok(path);
}

/* False when nothing of it is left. */
static bool filter_node(const struct filter *f, yyjson_mut_val *node, struct sk_buf *path)
{
    struct sk_span source = text(yyjson_mut_obj_get(node, "$source"));
    bool leaf = source.n > 0 && yyjson_mut_obj_get(node, "timestamp") != NULL;
    bool keep_leaf = leaf && sk_acl_may(f->api, f->user, f->action, f->context, sk_buf_span(path), source);
    yyjson_mut_obj_iter it;
    yyjson_mut_obj_iter_init(node, &it);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&it)) != NULL;) {
        struct sk_span name = text(key);
        bool kept = leaf && belongs_to_leaf(name) ? keep_leaf : filter_member(f, name, yyjson_mut_obj_iter_get_val(key), path);
        if (!kept)
            yyjson_mut_obj_iter_remove(&it);
    }
    return yyjson_mut_obj_size(node) > 0;
}

/* All contexts of one root ("vessels"). */
static void filter_contexts(struct filter *f, struct sk_span root, yyjson_mut_val *contexts, struct sk_buf *path)
{
    struct sk_buf context;
    sk_buf_init(&context, 2 * SK_CONTEXT_LEN_MAX);
    yyjson_mut_obj_iter it;
    yyjson_mut_obj_iter_init(contexts, &it);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&it)) != NULL;) {
        sk_buf_clear(&context);
        sk_buf_span_append(&context, root);
        sk_buf_char(&context, '.');
        sk_buf_span_append(&context, text(key));
        f->context = sk_buf_span(&context);
        if (!filter_node(f, yyjson_mut_obj_iter_get_val(key), path))
            yyjson_mut_obj_iter_remove(&it);
    }
    sk_buf_finish(&context);
}

static bool about_contexts(struct sk_span root)
{
    return !sk_span_eq(root, "sources") && !sk_span_eq(root, "self") && !sk_span_eq(root, "version");
}

static void filter_whole(struct filter *f, yyjson_mut_val *tree, struct sk_buf *path)
{
    yyjson_mut_obj_iter it;
    yyjson_mut_obj_iter_init(tree, &it);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&it)) != NULL;)
        if (about_contexts(text(key)))
            filter_contexts(f, text(key), yyjson_mut_obj_iter_get_val(key), path);
}

/* Names up to the leaf that the last ones are members of: ".../speed/value" is about ".../speed". */
static size_t node_names(const struct sk_span *names, size_t count)
{
    for (size_t i = 3; i < count; i++)
        if (belongs_to_leaf(names[i]))
            return i;
    return count;
}

static bool filter_below(struct filter *f, const struct sk_span *names, size_t count, yyjson_mut_val *v, struct sk_buf *path)
{
    for (size_t i = 2; i < count; i++) {
        sk_buf_append(path, ".", i > 2);
        sk_buf_span_append(path, names[i]);
    }
    if (yyjson_mut_is_obj(v))
        return filter_node(f, v, path) && sk_buf_ok(path);
    return sk_buf_ok(path) && sk_acl_may(f->api, f->user, f->action, f->context, sk_buf_span(path), (struct sk_span){ "", 0 });
}

/* Filters what stands in `json`, found at `count` names. */
static bool filter_found(struct filter *f, const struct sk_span *names, size_t count, struct sk_buf *json)
{
    yyjson_doc *doc = NULL;
    struct sk_buf path, context;
    bool left = true;
    if (sk_json_read(sk_buf_span(json), &doc, NULL) < 0)
        return false;
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(copy);
    sk_buf_init(&path, SK_PATH_LEN_MAX);
    sk_buf_init(&context, 2 * SK_CONTEXT_LEN_MAX);
    if (count == 0) {
        filter_whole(f, root, &path);
    } else if (count == 1) {
        filter_contexts(f, names[0], root, &path);
    } else {
        sk_buf_span_append(&context, names[0]);
        sk_buf_char(&context, '.');
        sk_buf_span_append(&context, names[1]);
        f->context = sk_buf_span(&context);
        left = filter_below(f, names, count, root, &path);
    }
    sk_buf_clear(json);
    sk_json_write_mut(json, root);
    sk_buf_finish(&path);
    sk_buf_finish(&context);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
    return left;
}

bool sk_acl_filter_tree(const struct sk_api *api, const char *user, const struct sk_span *names, size_t count,
                        struct sk_buf *json)
{
    struct filter f = { .api = api, .user = user, .action = SK_ACL_READ };
    size_t node = node_names(names, count);
    struct sk_buf whole;
    if (count > 0 && !about_contexts(names[0]))
        return true;
    if (node == count)
        return filter_found(&f, names, count, json);
    /* a part of a leaf: may the leaf be seen? */
    sk_buf_init(&whole, json->max);
    bool may = sk_tree_query(api->model, names, node, &whole) == 0 && filter_found(&f, names, node, &whole) &&
               sk_span_holds(sk_buf_span(&whole), "\"$source\"");
    sk_buf_finish(&whole);
    return may;
}
