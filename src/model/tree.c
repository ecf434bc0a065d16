#include "base/clock.h"
#include "base/json.h"
#include "model/meta.h"
#include "model/model_private.h"

#include <stdlib.h>

#define TABLE_MIN 16u
#define ROOT_MEMBERS_MAX 100u
#define ROOT_SOURCES_MAX 32u

/* ---- contexts ----------------------------------------------------------------------------------------------------------- */

struct sk_context *sk_context_find(const struct sk_model *m, struct sk_span text)
{
    return sk_map_get(&m->contexts, text);
}

size_t sk_tree_context_count(const struct sk_model *m)
{
    return m->contexts.count;
}

struct sk_context *sk_context_first(const struct sk_model *m)
{
    return m->first;
}

static struct sk_span quoted(struct sk_span s)
{
    struct sk_buf b;
    sk_buf_init(&b, s.n * 6 + 3);
    sk_json_write_str(&b, s);
    struct sk_span q;
    q.p = sk_buf_xsteal(&b, &q.n);
    return q;
}

static struct sk_root_member *member_for(struct sk_context *c, struct sk_span name)
{
    struct sk_root_member *found = (struct sk_root_member *)(uintptr_t)sk_context_member(c, name);
    if (found != NULL || c->member_count >= ROOT_MEMBERS_MAX)
        return found;
    c->members = sk_xrealloc(c->members, (c->member_count + 1) * sizeof *c->members);
    struct sk_root_member *r = &c->members[c->member_count++];
    *r = (struct sk_root_member){ .name = { sk_xstrndup(name.p, name.n), name.n } };
    r->name_json = quoted(name);
    return r;
}

static void set_member(struct sk_context *c, struct sk_span name, struct sk_span json)
{
    struct sk_root_member *r = member_for(c, name);
    if (r != NULL)
        sk_text_set(&r->json, json);
}

/* The id itself says who it is: MMSI, UUID, else a URL. */
static void set_identity(struct sk_context *c)
{
    static const char mmsi[] = "urn:mrn:imo:mmsi:";
    struct sk_span id = c->id, name = SK_SPAN("url");
    if (sk_span_starts(id, mmsi)) {
        name = SK_SPAN("mmsi");
        id = (struct sk_span){ id.p + sizeof mmsi - 1, id.n - (sizeof mmsi - 1) };
    } else if (sk_span_starts(id, "urn:mrn:signalk")) {
        name = SK_SPAN("uuid");
    }
    struct sk_span q = quoted(id);
    set_member(c, name, q);
    free((char *)(uintptr_t)q.p);
}

static bool forbidden(struct sk_span s)
{
    return sk_span_eq(s, "__proto__") || sk_span_eq(s, "constructor") || sk_span_eq(s, "prototype");
}

int sk_context_intern(struct sk_model *m, struct sk_span text, struct sk_context **ret_context, struct sk_errmsg *em)
{
    struct sk_context *c = sk_context_find(m, text);
    if (c != NULL) {
        *ret_context = c;
        return 0;
    }
    if (text.n > SK_CONTEXT_LEN_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "context of %zu bytes, at most %u", text.n, SK_CONTEXT_LEN_MAX);
    const char *dot = memchr(text.p, '.', text.n);
    if (dot == NULL || dot == text.p || dot + 1 == text.p + text.n)
        return sk_errmsg_set(em, SK_ERR_INVALID, "context '%.*s' has no second part", (int)text.n, text.p);
    struct sk_span root = { text.p, (size_t)(dot - text.p) }, id = { dot + 1, text.n - root.n - 1 };
    if (forbidden(root) || forbidden(id))
        return sk_errmsg_set(em, SK_ERR_DENIED, "context '%.*s': forbidden segment", (int)text.n, text.p);
    if (m->contexts.count >= SK_CONTEXTS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u contexts", SK_CONTEXTS_MAX);
    c = sk_xcalloc(1, sizeof *c);
    c->text = (struct sk_span){ sk_xstrndup(text.p, text.n), text.n };
    c->json = quoted(text);
    c->root = (struct sk_span){ c->text.p, root.n };
    c->id = (struct sk_span){ c->text.p + root.n + 1, id.n };
    c->model = m;
    c->self = sk_span_eq(c->text, m->self_context);
    c->serial = m->next_serial++;
    c->heard_ms = sk_clock_mono_ms();
    c->last_next = &c->first;
    set_identity(c);
    sk_map_put(&m->contexts, c->text, c);
    *m->last_next = c;
    m->last_next = &c->next;
    *ret_context = c;
    return 0;
}

void sk_value_finish(struct sk_value *v)
{
    sk_source_text_unref(v->source_text);
    sk_frame_unref(v->frame);
    sk_text_finish(&v->json);
    sk_text_finish(&v->timestamp);
    free(v->state);
}

void sk_leaf_destroy(struct sk_leaf *l)
{
    if (l == NULL)
        return;
    for (unsigned i = 0; i < l->count; i++)
        sk_value_finish(&l->values[i]);
    free(l->values);
    free(l);
}

static void node_destroy(struct sk_node *n)
{
    SK_ASSERT(n->links == NULL); /* the hub lets go first */
    sk_leaf_destroy(n->leaf);
    sk_leaf_destroy(n->rejected);
    free(n);
}

void sk_root_value_finish(struct sk_root_value *r)
{
    sk_source_text_unref(r->source_text);
    sk_text_finish(&r->timestamp);
    sk_text_finish(&r->json);
}

void sk_context_destroy(struct sk_context *c)
{
    sk_frame_unref(c->rendering.frame);
    for (uint32_t i = 0; i < c->table_cap; i++)
        if (c->table[i] != NULL)
            node_destroy(c->table[i]);
    for (uint32_t i = 0; i < c->member_count; i++) {
        free((char *)(uintptr_t)c->members[i].name.p);
        free((char *)(uintptr_t)c->members[i].name_json.p);
        sk_text_finish(&c->members[i].json);
    }
    for (uint32_t i = 0; i < c->root_count; i++)
        sk_root_value_finish(&c->roots[i]);
    free(c->members);
    free(c->roots);
    free(c->table);
    free((char *)(uintptr_t)c->text.p);
    free((char *)(uintptr_t)c->json.p);
    free(c);
}

/* At most `count` of those heard of last before `before_ms`. */
static uint32_t remove_silent(struct sk_model *m, uint64_t before_ms, uint32_t count,
                              void (*dying)(void *arg, struct sk_context *c), void *arg)
{
    struct sk_context **at = &m->first;
    uint32_t removed = 0;
    while (*at != NULL) {
        struct sk_context *c = *at;
        if (c->self || c->heard_ms >= before_ms || removed == count) {
            at = &c->next;
            continue;
        }
        if (dying != NULL)
            dying(arg, c);
        *at = c->next;
        sk_map_remove(&m->contexts, c->text);
        sk_context_destroy(c);
        removed++;
    }
    m->last_next = at;
    return removed;
}

void sk_tree_prune(struct sk_model *m, uint64_t before_ms, void (*dying)(void *arg, struct sk_context *c), void *arg)
{
    (void)remove_silent(m, before_ms, UINT32_MAX, dying, arg);
}

bool sk_tree_full(const struct sk_model *m)
{
    return m->contexts.count >= SK_CONTEXTS_MAX;
}

static int by_time(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Many at once: to look for the oldest costs as much for one. */
uint32_t sk_tree_evict(struct sk_model *m, void (*dying)(void *arg, struct sk_context *c), void *arg)
{
    uint64_t *times = sk_xcalloc(m->contexts.count + 1, sizeof *times);
    uint32_t n = 0;
    for (const struct sk_context *c = m->first; c != NULL; c = c->next)
        if (!c->self)
            times[n++] = c->heard_ms;
    qsort(times, n, sizeof *times, by_time);
    uint32_t removed = n > 0 ? remove_silent(m, times[n / 8] + 1, n / 8 + 1, dying, arg) : 0;
    free(times);
    return removed;
}

/* ---- nodes -------------------------------------------------------------------------------------------------------------- */

static uint32_t slot_of(uint32_t id, uint32_t cap)
{
    return id * 2654435761u & (cap - 1); /* Knuth's multiplicative hash; ids are dense */
}

struct sk_node *sk_node_find(const struct sk_context *c, const struct sk_path *p)
{
    if (c->table_cap == 0)
        return NULL;
    for (uint32_t i = slot_of(p->id, c->table_cap);; i = (i + 1) & (c->table_cap - 1)) {
        struct sk_node *n = c->table[i];
        if (n == NULL || n->path == p)
            return n;
    }
}

static void table_put(struct sk_context *c, struct sk_node *n)
{
    uint32_t i = slot_of(n->path->id, c->table_cap);
    while (c->table[i] != NULL)
        i = (i + 1) & (c->table_cap - 1);
    c->table[i] = n;
}

static void table_grow(struct sk_context *c)
{
    struct sk_node **old = c->table;
    uint32_t cap = c->table_cap;
    c->table_cap = cap == 0 ? TABLE_MIN : cap * 2;
    c->table = sk_xcalloc(c->table_cap, sizeof(struct sk_node *));
    for (uint32_t i = 0; i < cap; i++)
        if (old[i] != NULL)
            table_put(c, old[i]);
    free(old);
}

static struct sk_node *node_intern(struct sk_context *c, struct sk_path *p)
{
    struct sk_node *n = sk_node_find(c, p);
    if (n != NULL)
        return n;
    struct sk_node *parent = p->parent != NULL ? node_intern(c, p->parent) : NULL;
    if ((c->node_count + 1) * 4 > c->table_cap * 3)
        table_grow(c);
    n = sk_xcalloc(1, sizeof *n);
    n->path = p;
    n->context = c;
    n->last_next = &n->first;
    c->node_count++;
    table_put(c, n);
    struct sk_node ***last = parent != NULL ? &parent->last_next : &c->last_next;
    **last = n;
    *last = &n->next;
    return n;
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

static struct sk_value *value_for(struct sk_leaf *l, struct sk_source *s)
{
    if (l->count > 0 && l->values[l->current].source == s)
        return &l->values[l->current];
    for (unsigned i = 0; i < l->count; i++)
        if (l->values[i].source == s)
            return &l->values[i];
    if (l->count >= SK_SOURCES_PER_PATH_MAX)
        return NULL;
    if (l->count == l->cap) {
        l->cap = l->cap == 0 ? 1 : (uint16_t)(l->cap * 2);
        l->values = sk_xrealloc(l->values, l->cap * sizeof *l->values);
    }
    struct sk_value *v = &l->values[l->count++];
    *v = (struct sk_value){ .source = s };
    l->several = l->count > 1;
    return v;
}

static void value_set(struct sk_value *v, const struct sk_value_input *in)
{
    v->ref = in->ref;
    if (v->source_text != in->source_text) {
        sk_source_text_unref(v->source_text);
        v->source_text = in->source_text;
        if (v->source_text != NULL)
            v->source_text->refs++;
    }
    if (v->frame != NULL) {
        sk_frame_unref(v->frame);
        v->frame = NULL;
    }
    sk_text_set(&v->json, in->json);
    sk_text_set(&v->timestamp, in->timestamp);
    v->changed = in->serial;
    if (v->state != NULL || in->state.n != 0) {
        free(v->state);
        v->state = in->state.n != 0 ? sk_xstrndup(in->state.p, in->state.n) : NULL;
    }
    v->pgn = 0;
    v->sentence[0] = '\0';
    if (in->info != NULL && in->info->pgn >= 0) {
        v->pgn = (int32_t)in->info->pgn;
    } else if (in->info != NULL && in->info->sentence.n > 0 && in->info->sentence.n < sizeof v->sentence) {
        memcpy(v->sentence, in->info->sentence.p, in->info->sentence.n);
        v->sentence[in->info->sentence.n] = '\0';
    }
}

/* The branch down to a new leaf is what the tree shows from now on. */
static void show(const struct sk_context *c, struct sk_path *p)
{
    struct sk_node *n;
    for (; p != NULL && (n = sk_node_find(c, p)) != NULL && !n->shown; p = p->parent)
        n->shown = true;
}

static int node_for(struct sk_context *c, struct sk_path *p, struct sk_node **ret_node, struct sk_errmsg *em)
{
    if (p->untreed)
        return sk_errmsg_set(em, SK_ERR_DENIED, "path '%s' holds a name that the tree reserves", p->text.p);
    struct sk_node *n = sk_node_find(c, p);
    if (n == NULL && c->node_count + p->depth > SK_PATHS_PER_CONTEXT_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "'%s' holds more than %u paths", c->text.p, SK_PATHS_PER_CONTEXT_MAX);
    *ret_node = n != NULL ? n : node_intern(c, p);
    return 0;
}

static int leaf_set(struct sk_leaf **leaf, const struct sk_path *p, const struct sk_value_input *in, struct sk_value **ret_value,
                    struct sk_errmsg *em)
{
    if (*leaf == NULL)
        *leaf = sk_xcalloc(1, sizeof **leaf);
    struct sk_value *v = value_for(*leaf, in->source);
    if (v == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "path '%s' has more than %u sources", p->text.p, SK_SOURCES_PER_PATH_MAX);
    (*leaf)->current = (uint16_t)(v - (*leaf)->values);
    value_set(v, in);
    *ret_value = v;
    return 0;
}

/* A source's value passed: what it said while it was kept out is no longer its last word. */
static void forget_rejected(struct sk_node *n, const struct sk_source *s)
{
    struct sk_leaf *l = n->rejected;
    for (unsigned i = 0; i < l->count; i++) {
        if (l->values[i].source != s)
            continue;
        sk_value_finish(&l->values[i]);
        l->values[i] = l->values[--l->count];
        l->current = 0;
        return;
    }
}

int sk_tree_set(struct sk_model *m, struct sk_context *c, struct sk_path *p, const struct sk_value_input *in,
                struct sk_node **ret_node, struct sk_value **ret_value, bool *ret_new_leaf, struct sk_errmsg *em)
{
    (void)m;
    struct sk_node *n = NULL;
    int r = node_for(c, p, &n, em);
    if (r < 0)
        return r;
    bool new_leaf = n->leaf == NULL;
    r = leaf_set(&n->leaf, p, in, ret_value, em);
    if (r < 0)
        return r;
    if (new_leaf)
        show(c, p);
    if (n->rejected != NULL)
        forget_rejected(n, in->source);
    *ret_node = n;
    *ret_new_leaf = new_leaf;
    return 0;
}

int sk_tree_set_rejected(struct sk_model *m, struct sk_context *c, struct sk_path *p, const struct sk_value_input *in,
                         struct sk_node **ret_node, struct sk_value **ret_value, bool *ret_new, struct sk_errmsg *em)
{
    (void)m;
    struct sk_node *n = NULL;
    int r = node_for(c, p, &n, em);
    if (r < 0)
        return r;
    *ret_new = n->leaf == NULL && n->rejected == NULL;
    *ret_node = n;
    return leaf_set(&n->rejected, p, in, ret_value, em);
}

static struct sk_value *find_value(const struct sk_leaf *l, const struct sk_source *s)
{
    for (unsigned i = 0; l != NULL && i < l->count; i++)
        if (l->values[i].source == s)
            return &l->values[i];
    return NULL;
}

struct sk_value *sk_node_value_of(const struct sk_node *n, const struct sk_source *s, bool rejected)
{
    struct sk_value *v = rejected ? find_value(n->rejected, s) : NULL;
    return v != NULL ? v : find_value(n->leaf, s);
}

const struct sk_root_member *sk_context_member(const struct sk_context *c, struct sk_span name)
{
    for (uint32_t i = 0; i < c->member_count; i++)
        if (sk_span_is(c->members[i].name, name))
            return &c->members[i];
    return NULL;
}

static struct sk_root_value *root_for(struct sk_context *c, struct sk_source *ref)
{
    for (uint32_t i = 0; i < c->root_count; i++)
        if (c->roots[i].ref == ref)
            return &c->roots[i];
    if (c->root_count >= ROOT_SOURCES_MAX)
        return NULL;
    c->roots = sk_xrealloc(c->roots, (c->root_count + 1) * sizeof *c->roots);
    c->roots[c->root_count] = (struct sk_root_value){ .ref = ref };
    return &c->roots[c->root_count++];
}

/* Members of `object` that `except` (may be NULL) does not have. */
static void write_members(struct sk_buf *out, const yyjson_val *object, const yyjson_val *except)
{
    size_t i, n;
    yyjson_val *key, *v;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)object))
        return;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, key, v) {
        if (sk_json_get(except, yyjson_get_str(key)) != NULL)
            continue;
        sk_buf_append(out, ",", out->n > 1);
        sk_json_write(out, key);
        sk_buf_char(out, ':');
        sk_json_write(out, v);
    }
}

/* Old members that the new object does not name are kept: what a source said in several messages is replayed as one. */
static void root_merge(struct sk_root_value *r, const yyjson_val *object)
{
    struct sk_buf out;
    sk_buf_init(&out, SK_VALUE_LEN_MAX);
    yyjson_doc *old = NULL;
    struct sk_span had = sk_text_span(&r->json);
    if (had.n != 0)
        (void)sk_json_read(had, &old, NULL);
    sk_buf_char(&out, '{');
    write_members(&out, yyjson_doc_get_root(old), object);
    write_members(&out, object, NULL);
    sk_buf_char(&out, '}');
    yyjson_doc_free(old);
    if (sk_buf_ok(&out))
        sk_text_set(&r->json, sk_buf_span(&out));
    sk_buf_finish(&out);
}

int sk_tree_set_root(struct sk_model *m, struct sk_context *c, const yyjson_val *object, const struct sk_value_input *in,
                     struct sk_errmsg *em)
{
    (void)m;
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, key, v) {
        struct sk_span name = sk_json_str(key);
        if (forbidden(name) || name.n > SK_PATH_LEN_MAX)
            return sk_errmsg_set(em, SK_ERR_DENIED, "root member '%.*s' refused", (int)(name.n < 40 ? name.n : 40), name.p);
    }
    struct sk_buf b;
    sk_buf_init(&b, SK_VALUE_LEN_MAX);
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, key, v) {
        sk_buf_clear(&b);
        sk_json_write(&b, v);
        if (sk_buf_ok(&b))
            set_member(c, sk_json_str(key), sk_buf_span(&b));
    }
    sk_buf_finish(&b);
    struct sk_root_value *r = root_for(c, in->ref);
    if (r == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "'%s' is named by more than %u sources", c->text.p, ROOT_SOURCES_MAX);
    root_merge(r, object);
    sk_text_set(&r->timestamp, in->timestamp);
    r->changed = in->serial;
    sk_source_text_unref(r->source_text);
    r->source_text = in->source_text;
    if (r->source_text != NULL)
        r->source_text->refs++;
    return 0;
}
