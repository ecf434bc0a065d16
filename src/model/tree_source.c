/* What one source has said, as the tree holds it. */
#include "model/tree.h"

#include "model/model_private.h"

struct listing {
    const struct sk_source *source;
    struct sk_buf *out;
    size_t count;
};

static void write_entry(struct listing *l, const struct sk_node *n, const struct sk_value *v, const char *state)
{
    sk_buf_append(l->out, ",", l->count++ > 0);
    SK_BUF_LIT(l->out, "{\"context\":");
    sk_buf_span_append(l->out, n->context->json);
    SK_BUF_LIT(l->out, ",\"path\":");
    sk_buf_span_append(l->out, n->path->json);
    SK_BUF_LIT(l->out, ",\"value\":");
    sk_buf_span_append(l->out, sk_text_span(&v->json));
    SK_BUF_LIT(l->out, ",\"timestamp\":");
    sk_json_write_str(l->out, sk_text_span(&v->timestamp));
    sk_buf_printf(l->out, ",\"state\":\"%s\"}", state);
}

static void write_leaf(struct listing *l, const struct sk_node *n, const struct sk_leaf *leaf)
{
    for (unsigned i = 0; leaf != NULL && i < leaf->count; i++)
        if (leaf->values[i].source == l->source)
            write_entry(l, n, &leaf->values[i],
                        leaf == n->rejected  ? "kept out"
                        : i == leaf->current ? "shown"
                                             : "beside another");
}

size_t sk_tree_write_source(const struct sk_model *m, const struct sk_source *s, struct sk_buf *out)
{
    struct listing l = { s, out, 0 };
    sk_buf_char(out, '[');
    for (const struct sk_context *c = m->first; c != NULL; c = c->next)
        for (uint32_t i = 0; i < c->table_cap; i++)
            if (c->table[i] != NULL) {
                write_leaf(&l, c->table[i], c->table[i]->leaf);
                write_leaf(&l, c->table[i], c->table[i]->rejected);
            }
    sk_buf_char(out, ']');
    return l.count;
}
