#include "model/query.h"

#include "base/json.h"
#include "model/meta.h"
#include "model/model_private.h"

/* Below a value, inside metadata, in the sources tree: plain JSON, looked at by parsing it. Rare and small. */
static int descend_json(struct sk_span json, const struct sk_span *names, size_t count, struct sk_buf *out)
{
    if (count == 0) {
        sk_buf_span_append(out, json);
        return 0;
    }
    yyjson_doc *doc = NULL;
    if (sk_json_read(json, &doc, NULL) < 0)
        return SK_ERR_NOTFOUND;
    yyjson_val *v = yyjson_doc_get_root(doc);
    for (size_t i = 0; i < count && v != NULL; i++) {
        int64_t index;
        if (yyjson_is_arr(v))
            v = sk_parse_int(names[i], 0, INT32_MAX, &index) ? yyjson_arr_get(v, (size_t)index) : NULL;
        else
            v = yyjson_obj_getn(v, names[i].p, names[i].n);
    }
    if (v != NULL)
        sk_json_write(out, v);
    yyjson_doc_free(doc);
    return v != NULL ? 0 : SK_ERR_NOTFOUND;
}

static int descend_written(void (*write)(const struct sk_node *n, struct sk_buf *out), const struct sk_node *n,
                           const struct sk_span *names, size_t count, struct sk_buf *out)
{
    struct sk_buf whole;
    sk_buf_init(&whole, out->max);
    write(n, &whole);
    int r = sk_buf_ok(&whole) ? descend_json(sk_buf_span(&whole), names, count, out) : SK_ERR_LIMIT;
    sk_buf_finish(&whole);
    return r;
}

/* The frequent reads of a leaf's members need no detour; whatever else is asked of a leaf goes through its JSON. */
static int query_leaf(const struct sk_node *n, const struct sk_span *names, size_t count, struct sk_buf *out)
{
    const struct sk_value *v = &n->leaf->values[n->leaf->current];
    if (sk_span_eq(names[0], "value"))
        return descend_json(sk_text_span(&v->json), names + 1, count - 1, out);
    if (sk_span_eq(names[0], "timestamp") && count == 1) {
        sk_json_write_str(out, sk_text_span(&v->timestamp));
        return 0;
    }
    const struct sk_meta *meta = sk_span_eq(names[0], "meta") ? sk_meta_of(n->path) : NULL;
    if (meta != NULL)
        return descend_json((struct sk_span){ meta->json, meta->len }, names + 1, count - 1, out);
    return descend_written(sk_node_write, n, names, count, out);
}

static int query_context(struct sk_model *m, const struct sk_context *c, const struct sk_span *names, size_t count,
                         struct sk_buf *out)
{
    if (count == 0) {
        sk_context_write(c, out);
        return 0;
    }
    const struct sk_root_member *member = sk_context_member(c, names[0]);
    if (member != NULL)
        return descend_json(sk_text_span(&member->json), names + 1, count - 1, out);
    char text[SK_PATH_LEN_MAX];
    size_t n = 0, used = 0;
    const struct sk_node *deepest = NULL;
    for (size_t i = 0; i < count; i++) { /* a name with a dot is no member: dots do not separate here */
        if (memchr(names[i].p, '.', names[i].n) != NULL || names[i].n + 1 > sizeof text - n)
            break;
        if (i > 0)
            text[n++] = '.';
        memcpy(text + n, names[i].p, names[i].n);
        n += names[i].n;
        const struct sk_path *p = sk_path_find(&m->paths, (struct sk_span){ text, n });
        const struct sk_node *node = p != NULL ? sk_node_find(c, p) : NULL;
        if (node == NULL || !node->shown)
            break;
        deepest = node;
        used = i + 1;
    }
    if (deepest == NULL)
        return SK_ERR_NOTFOUND;
    if (used == count) {
        sk_node_write(deepest, out);
        return 0;
    }
    return deepest->leaf != NULL ? query_leaf(deepest, names + used, count - used, out) : SK_ERR_NOTFOUND;
}

static int query_sources(const struct sk_model *m, const struct sk_span *names, size_t count, struct sk_buf *out)
{
    struct sk_buf whole;
    sk_buf_init(&whole, out->max);
    sk_sources_write(&m->sources, &whole);
    int r = sk_buf_ok(&whole) ? descend_json(sk_buf_span(&whole), names, count, out) : SK_ERR_LIMIT;
    sk_buf_finish(&whole);
    return r;
}

int sk_tree_query(struct sk_model *m, const struct sk_span *names, size_t count, struct sk_buf *out)
{
    if (count == 0) {
        sk_tree_write(m, out);
        return 0;
    }
    if (sk_span_eq(names[0], "self") || sk_span_eq(names[0], "version")) {
        if (count > 1)
            return SK_ERR_NOTFOUND;
        sk_json_write_str(out, sk_span_eq(names[0], "self") ? sk_span_of(m->self_context) : SK_SPAN("0.1.0"));
        return 0;
    }
    if (sk_span_eq(names[0], "sources"))
        return query_sources(m, names + 1, count - 1, out);
    if (!sk_tree_has_root(m, names[0]))
        return SK_ERR_NOTFOUND;
    if (count == 1) {
        sk_tree_write_root(m, names[0], out);
        return 0;
    }
    char text[SK_CONTEXT_LEN_MAX];
    size_t n = names[0].n + 1 + names[1].n;
    if (n > sizeof text)
        return SK_ERR_NOTFOUND;
    memcpy(text, names[0].p, names[0].n);
    text[names[0].n] = '.';
    memcpy(text + names[0].n + 1, names[1].p, names[1].n);
    const struct sk_context *c = sk_context_find(m, (struct sk_span){ text, n });
    return c != NULL ? query_context(m, c, names + 2, count - 2, out) : SK_ERR_NOTFOUND;
}

/* Splits at dots, but an URN in second place keeps its dots only if the context is known by it. */
int sk_model_query(struct sk_model *m, struct sk_span dotted, bool from_root, struct sk_buf *out)
{
    struct sk_span names[SK_PATH_SEGMENTS_MAX + 4];
    size_t count = 0;
    if (dotted.n > 0 && dotted.p[0] == '/') { /* "/sources" and "sources" are the same question */
        dotted.p++;
        dotted.n--;
    }
    for (size_t at = 0, i = 0; dotted.n > 0 && i <= dotted.n; i++) {
        if (i < dotted.n && dotted.p[i] != '.')
            continue;
        if (count == SK_COUNT(names))
            return SK_ERR_NOTFOUND;
        names[count++] = (struct sk_span){ dotted.p + at, i - at };
        at = i + 1;
    }
    if (!from_root)
        return query_context(m, m->self, names, count, out);
    if (count >= 2 && sk_span_eq(names[1], "self"))
        names[1] = sk_span_of(m->self_id);
    return sk_tree_query(m, names, count, out);
}
