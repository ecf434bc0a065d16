/*
 * /skServer/reconciledGroups: which sources say the same things. Sources that share a path of the own vessel belong together, and
 * so do those that share one with either; a group that the user ranked is found again by its members. Owner: loop thread.
 */
#include "api/data/priorities.h"
#include "model/query.h"

#include <stdlib.h>

#define GROUPS_MAX ((size_t)4 * 1024 * 1024)

struct member {
    const struct sk_source *source;
    size_t parent; /* of its group's tree; the root is its own */
    size_t saved;  /* number + 1 of the saved group that names it, 0: none */
};

struct work {
    struct sk_map index; /* source -> its number + 1 */
    struct member *list;
    size_t count, cap;
    struct shared_path {
        const struct sk_path *path;
        size_t member; /* one of its sources: a number of `list` */
    } * paths;         /* with several sources */
    size_t path_count, path_cap;
    yyjson_val *saved;
};

static size_t root_of(struct work *w, size_t i)
{
    while (w->list[i].parent != i)
        i = w->list[i].parent = w->list[w->list[i].parent].parent;
    return i;
}

static size_t number_of(struct work *w, const struct sk_source *s)
{
    void *known = sk_map_get(&w->index, s->ref);
    if (known != NULL)
        return (size_t)(uintptr_t)known - 1;
    if (w->count == w->cap) {
        w->cap = w->cap == 0 ? 32 : 2 * w->cap;
        w->list = sk_xrealloc(w->list, w->cap * sizeof *w->list);
    }
    w->list[w->count] = (struct member){ .source = s, .parent = w->count };
    sk_map_put(&w->index, s->ref, (void *)(uintptr_t)(w->count + 1));
    return w->count++;
}

/* The sources of a path belong together; the number of the first. */
static size_t join(struct work *w, const struct sk_node *n)
{
    const struct sk_leaf *const leaves[] = { n->leaf, n->rejected };
    size_t first = SIZE_MAX;
    for (size_t l = 0; l < SK_COUNT(leaves); l++)
        for (unsigned i = 0; leaves[l] != NULL && i < leaves[l]->count; i++) {
            size_t number = number_of(w, leaves[l]->values[i].source);
            first = first == SIZE_MAX ? number : first;
            w->list[root_of(w, number)].parent = root_of(w, first);
        }
    return first;
}

static void take_node(struct work *w, const struct sk_node *n)
{
    unsigned count = (n->leaf != NULL ? n->leaf->count : 0u) + (n->rejected != NULL ? n->rejected->count : 0u);
    if (count < 2 || sk_span_starts(n->path->text, "notifications"))
        return;
    if (w->path_count == w->path_cap) {
        w->path_cap = w->path_cap == 0 ? 64 : 2 * w->path_cap;
        w->paths = sk_xrealloc(w->paths, w->path_cap * sizeof *w->paths);
    }
    w->paths[w->path_count++] = (struct shared_path){ n->path, join(w, n) };
}

static void walk(struct work *w, const struct sk_node *n)
{
    for (; n != NULL; n = n->next) {
        take_node(w, n);
        walk(w, n->first);
    }
}

/* ---- what the user saved ------------------------------------------------------------------------------------------------ */

static void find_saved(struct work *w)
{
    size_t g, groups, i, n;
    yyjson_val *group, *ref;
    yyjson_arr_foreach(w->saved, g, groups, group) {
        yyjson_arr_foreach(sk_json_get(group, "sources"), i, n, ref) {
            void *known = sk_map_get(&w->index, sk_json_str(ref));
            if (known != NULL)
                w->list[(size_t)(uintptr_t)known - 1].saved = g + 1;
        }
    }
}

/* The saved group that names most members of this one; NULL: none does. */
static yyjson_val *saved_for(struct work *w, size_t root)
{
    size_t groups = yyjson_arr_size(w->saved), best = 0, most = 0;
    size_t *votes = sk_xcalloc(groups + 1, sizeof *votes);
    for (size_t i = 0; i < w->count; i++)
        if (root_of(w, i) == root && w->list[i].saved != 0 && ++votes[w->list[i].saved] > most) {
            best = w->list[i].saved;
            most = votes[best];
        }
    free(votes);
    return best != 0 ? yyjson_arr_get(w->saved, best - 1) : NULL;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

static void comma(struct sk_buf *out)
{
    sk_buf_append(out, ",", !sk_buf_ends(out, '['));
}

static bool is_newcomer(const struct work *w, size_t i, const yyjson_val *saved)
{
    return saved == NULL || w->list[i].saved == 0 ||
           yyjson_arr_get(w->saved, w->list[i].saved - 1) != (yyjson_val *)(uintptr_t)saved;
}

/* Those that the user ranked in their order, then the others. */
static void write_sources(struct work *w, size_t root, const yyjson_val *saved, struct sk_buf *out)
{
    size_t i, n;
    yyjson_val *ref;
    SK_BUF_LIT(out, ",\"sources\":[");
    yyjson_arr_foreach(sk_json_get(saved, "sources"), i, n, ref) {
        void *known = sk_map_get(&w->index, sk_json_str(ref));
        if (known == NULL || root_of(w, (size_t)(uintptr_t)known - 1) != root)
            continue;
        comma(out);
        sk_json_write(out, ref);
    }
    struct sk_buf fresh;
    sk_buf_init(&fresh, GROUPS_MAX);
    sk_buf_char(&fresh, '[');
    for (i = 0; i < w->count; i++)
        if (root_of(w, i) == root && is_newcomer(w, i, saved)) {
            comma(out);
            comma(&fresh);
            sk_buf_span_append(out, w->list[i].source->json);
            sk_buf_span_append(&fresh, w->list[i].source->json);
        }
    SK_BUF_LIT(out, "],\"newcomerSources\":");
    if (saved != NULL)
        sk_buf_span_append(out, sk_buf_span(&fresh));
    else
        sk_buf_char(out, '[');
    sk_buf_char(out, ']');
    sk_buf_finish(&fresh);
}

static void write_paths(struct work *w, size_t root, struct sk_buf *out)
{
    SK_BUF_LIT(out, ",\"paths\":[");
    for (size_t i = 0; i < w->path_count; i++) {
        if (root_of(w, w->paths[i].member) != root)
            continue;
        comma(out);
        sk_buf_span_append(out, w->paths[i].path->json);
    }
    sk_buf_char(out, ']');
}

static void write_group(struct work *w, size_t root, struct sk_buf *out)
{
    yyjson_val *saved = saved_for(w, root), *id = sk_json_get(saved, "id");
    comma(out);
    SK_BUF_LIT(out, "{\"id\":");
    if (id != NULL)
        sk_json_write(out, id);
    else
        sk_buf_span_append(out, w->list[root].source->json);
    SK_BUF_LIT(out, ",\"matchedSavedId\":");
    if (id != NULL)
        sk_json_write(out, id);
    else
        SK_BUF_LIT(out, "null");
    sk_buf_printf(out, ",\"inactive\":%s", sk_json_get_bool(saved, "inactive", false) ? "true" : "false");
    write_sources(w, root, saved, out);
    write_paths(w, root, out);
    sk_buf_char(out, '}');
}

static void get_groups(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct work w = { 0 };
    struct sk_buf out, saved;
    yyjson_doc *doc = NULL;
    sk_buf_init(&out, GROUPS_MAX);
    sk_buf_init(&saved, GROUPS_MAX);
    sk_priorities_write_groups(api, &saved);
    if (sk_buf_ok(&saved))
        (void)sk_json_read(sk_buf_span(&saved), &doc, NULL);
    w.saved = yyjson_doc_get_root(doc);
    walk(&w, sk_model_self(api->model)->first);
    find_saved(&w);
    sk_buf_char(&out, '[');
    for (size_t i = 0; i < w.count; i++)
        if (root_of(&w, i) == i)
            write_group(&w, i, &out);
    sk_buf_char(&out, ']');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    yyjson_doc_free(doc);
    sk_buf_finish(&saved);
    sk_map_finish(&w.index);
    free(w.list);
    free(w.paths);
}

void sk_source_groups_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "GET", "/skServer/reconciledGroups", SK_ACCESS_ADMIN, get_groups, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
