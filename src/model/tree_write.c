/* Rendering the tree as JSON, in the order in which it grew. */
#include "base/json.h"
#include "model/meta.h"
#include "model/model_private.h"
#include "model/units.h"

static void write_origin(const struct sk_value *v, struct sk_buf *out)
{
    if (v->pgn != 0) {
        SK_BUF_LIT(out, ",\"pgn\":");
        sk_json_write_int(out, v->pgn);
    } else if (v->sentence[0] != '\0') {
        SK_BUF_LIT(out, ",\"sentence\":");
        sk_json_write_str(out, sk_span_of(v->sentence));
    }
}

static void write_timestamp(const struct sk_value *v, struct sk_buf *out)
{
    SK_BUF_LIT(out, ",\"timestamp\":");
    sk_json_write_str(out, sk_text_span(&v->timestamp));
}

static void write_state(const struct sk_value *v, struct sk_buf *out)
{
    if (v->state == NULL)
        return;
    SK_BUF_LIT(out, ",\"state\":");
    sk_buf_text(out, v->state);
}

static void write_several(const struct sk_leaf *l, struct sk_buf *out)
{
    SK_BUF_LIT(out, ",\"values\":{");
    for (unsigned i = 0; i < l->count; i++) {
        const struct sk_value *v = &l->values[i];
        sk_buf_append(out, ",", i > 0);
        sk_buf_span_append(out, v->source->json);
        SK_BUF_LIT(out, ":{\"value\":");
        sk_buf_span_append(out, sk_text_span(&v->json));
        write_timestamp(v, out);
        write_origin(v, out);
        write_state(v, out);
        sk_buf_char(out, '}');
    }
    sk_buf_char(out, '}');
}

/* Display units are for the data of vessels. */
static struct sk_span shown_meta(const struct sk_node *n)
{
    return sk_units_shown(sk_span_eq(n->context->root, "vessels") ? n->context->model->units : NULL, n->path);
}

/* Members of a leaf, without braces. */
static void write_leaf(const struct sk_node *n, struct sk_buf *out)
{
    const struct sk_leaf *l = n->leaf;
    const struct sk_value *v = &l->values[l->current];
    struct sk_span meta = shown_meta(n);
    if (meta.n != 0) {
        SK_BUF_LIT(out, "\"meta\":");
        sk_buf_span_append(out, meta);
        sk_buf_char(out, ',');
    }
    SK_BUF_LIT(out, "\"value\":");
    sk_buf_span_append(out, sk_text_span(&v->json));
    SK_BUF_LIT(out, ",\"$source\":");
    sk_buf_span_append(out, v->source->json);
    write_timestamp(v, out);
    write_origin(v, out);
    if (l->several)
        write_several(l, out);
    write_state(v, out);
}

/* Depth of recursion: SK_PATH_SEGMENTS_MAX. */
void sk_node_write(const struct sk_node *n, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    if (n->leaf != NULL)
        write_leaf(n, out);
    bool first = n->leaf == NULL;
    for (const struct sk_node *c = n->first; c != NULL; c = c->next) {
        if (!c->shown)
            continue;
        sk_buf_append(out, ",", !first);
        first = false;
        sk_buf_span_append(out, c->path->name_json);
        sk_buf_char(out, ':');
        sk_node_write(c, out);
    }
    sk_buf_char(out, '}');
}

void sk_context_write(const struct sk_context *c, struct sk_buf *out)
{
    bool first = true;
    sk_buf_char(out, '{');
    for (uint32_t i = 0; i < c->member_count; i++) {
        sk_buf_append(out, ",", !first);
        first = false;
        sk_buf_span_append(out, c->members[i].name_json);
        sk_buf_char(out, ':');
        sk_buf_span_append(out, sk_text_span(&c->members[i].json));
    }
    for (const struct sk_node *n = c->first; n != NULL; n = n->next) {
        if (!n->shown || sk_context_member(c, n->path->name) != NULL)
            continue; /* a path of the same name as an identity member: the member is what clients look for */
        sk_buf_append(out, ",", !first);
        first = false;
        sk_buf_span_append(out, n->path->name_json);
        sk_buf_char(out, ':');
        sk_node_write(n, out);
    }
    sk_buf_char(out, '}');
}

static bool is_fresh(const struct sk_context *c, const struct sk_rendering *now)
{
    const struct sk_rendering *r = &c->rendering;
    return r->frame != NULL && r->changed == now->changed && r->meta_changes == now->meta_changes && r->units == now->units;
}

const struct sk_rendering *sk_context_rendering(struct sk_context *c)
{
    struct sk_rendering now = { .changed = c->changed,
                                .meta_changes = sk_meta_changes(),
                                .units = c->model->units != NULL ? sk_units_serial(c->model->units) : 0,
                                .used = true };
    c->rendering.used = true;
    if (is_fresh(c, &now))
        return &c->rendering;
    struct sk_buf *b = &c->model->scratch;
    sk_buf_clear(b);
    sk_buf_char(b, ',');
    sk_json_write_str(b, c->id);
    sk_buf_char(b, ':');
    sk_context_write(c, b);
    now.frame = sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL;
    if (now.frame == NULL)
        return NULL;
    now.hash = sk_hash_bytes(b->p, b->n);
    sk_frame_unref(c->rendering.frame);
    c->rendering = now;
    return &c->rendering;
}

void sk_tree_forget_renderings(struct sk_model *m)
{
    for (struct sk_context *c = m->first; c != NULL; c = c->next) {
        struct sk_rendering *r = &c->rendering;
        if (!r->used) {
            sk_frame_unref(r->frame);
            r->frame = NULL;
        }
        r->used = false;
    }
    sk_buf_finish(&m->scratch);
}

bool sk_tree_has_root(const struct sk_model *m, struct sk_span root)
{
    if (sk_span_eq(root, "vessels"))
        return true;
    for (const struct sk_context *c = m->first; c != NULL; c = c->next)
        if (sk_span_is(c->root, root))
            return true;
    return false;
}

void sk_tree_write_root(const struct sk_model *m, struct sk_span root, struct sk_buf *out)
{
    bool first = true;
    sk_buf_char(out, '{');
    for (const struct sk_context *c = m->first; c != NULL; c = c->next) {
        if (!sk_span_is(c->root, root))
            continue;
        sk_buf_append(out, ",", !first);
        first = false;
        sk_json_write_str(out, c->id);
        sk_buf_char(out, ':');
        sk_context_write(c, out);
    }
    sk_buf_char(out, '}');
}

static bool root_seen_before(const struct sk_model *m, const struct sk_context *until)
{
    for (const struct sk_context *c = m->first; c != until; c = c->next)
        if (sk_span_is(c->root, until->root))
            return true;
    return sk_span_eq(until->root, "vessels");
}

void sk_tree_write(const struct sk_model *m, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"vessels\":");
    sk_tree_write_root(m, SK_SPAN("vessels"), out);
    SK_BUF_LIT(out, ",\"self\":");
    sk_json_write_str(out, sk_span_of(m->self_context));
    SK_BUF_LIT(out, ",\"version\":\"0.1.0\",\"sources\":");
    sk_sources_write(&m->sources, out);
    for (const struct sk_context *c = m->first; c != NULL; c = c->next) {
        if (sk_span_eq(c->root, "vessels") || root_seen_before(m, c))
            continue;
        sk_buf_char(out, ',');
        sk_json_write_str(out, c->root);
        sk_buf_char(out, ':');
        sk_tree_write_root(m, c->root, out);
    }
    sk_buf_char(out, '}');
}

static void write_metas(const struct sk_node *n, struct sk_buf *out)
{
    for (; n != NULL; n = n->next) {
        struct sk_span meta = n->leaf != NULL ? shown_meta(n) : (struct sk_span){ 0 };
        if (meta.n != 0) {
            sk_buf_append(out, ",", !sk_buf_ends(out, '{'));
            sk_buf_span_append(out, n->path->json);
            sk_buf_char(out, ':');
            sk_buf_span_append(out, meta);
        }
        write_metas(n->first, out);
    }
}

void sk_context_write_meta(const struct sk_context *c, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    write_metas(c->first, out);
    sk_buf_char(out, '}');
}
