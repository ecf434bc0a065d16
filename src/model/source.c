#include "model/source.h"

#include <stdlib.h>

#define TREE_NODES_MAX (8u * SK_SOURCES_MAX)
#define CHILDREN_MAX 2000u

/* A small ordered tree of names; a node has either JSON text or children (none: an empty object). */
struct sk_source_node {
    struct sk_source_node *next, *first, **last_next;
    char *name, *json;
    uint32_t name_len, json_len, json_cap, children;
};

static bool char_ok(char c, bool dot)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           (dot && c == '.');
}

static bool all_ok(struct sk_span s, bool dot)
{
    for (size_t i = 0; i < s.n; i++)
        if (!char_ok(s.p[i], dot))
            return false;
    return s.n > 0;
}

/* ---- references --------------------------------------------------------------------------------------------------------- */

int sk_source_intern(struct sk_sources *t, struct sk_span ref, struct sk_source **ret_source, struct sk_errmsg *em)
{
    struct sk_source *s = sk_map_get(&t->map, ref);
    if (s == NULL) {
        if (ref.n > SK_SOURCE_LEN_MAX)
            return sk_errmsg_set(em, SK_ERR_LIMIT, "$source of %zu bytes, at most %u", ref.n, SK_SOURCE_LEN_MAX);
        if (t->map.count >= SK_SOURCES_MAX)
            return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u distinct sources", SK_SOURCES_MAX);
        s = sk_xcalloc(1, sizeof *s);
        s->ref = (struct sk_span){ sk_xstrndup(ref.p, ref.n), ref.n };
        struct sk_buf b;
        sk_buf_init(&b, 6 * SK_SOURCE_LEN_MAX + 16);
        sk_json_write_str(&b, ref);
        s->json.p = sk_buf_xsteal(&b, &s->json.n);
        sk_map_put(&t->map, s->ref, s);
    }
    *ret_source = s;
    return 0;
}

struct sk_source_text *sk_source_text_for(struct sk_source *s, struct sk_span json)
{
    struct sk_source_text *t = s->last_text;
    if (t == NULL || t->len != json.n || memcmp(t->bytes, json.p, json.n) != 0) {
        sk_source_text_unref(t);
        t = sk_xmalloc(sizeof *t + json.n);
        t->refs = 1;
        t->len = (uint32_t)json.n;
        memcpy(t->bytes, json.p, json.n);
        s->last_text = t;
        s->seen = false; /* to be noted in the tree anew */
    }
    t->refs++;
    return t;
}

void sk_source_text_unref(struct sk_source_text *t)
{
    if (t != NULL && --t->refs == 0)
        free(t);
}

/* ---- the `source` object ------------------------------------------------------------------------------------------------ */

/* Text of a string or number member. */
static struct sk_span text_of(const yyjson_val *v)
{
    yyjson_val *m = (yyjson_val *)(uintptr_t)v;
    if (yyjson_is_str(m) || yyjson_is_raw(m))
        return (struct sk_span){ yyjson_is_str(m) ? yyjson_get_str(m) : yyjson_get_raw(m), yyjson_get_len(m) };
    return (struct sk_span){ 0 };
}

void sk_source_info_read(const yyjson_val *object, struct sk_span provider, struct sk_source_info *i)
{
    *i = (struct sk_source_info){ .pgn = -1, .object = object };
    size_t at, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, at, n, key, v) {
        struct sk_span k = sk_json_str(key);
        if (sk_span_eq(k, "label")) {
            i->label = sk_json_str(v);
        } else if (sk_span_eq(k, "type")) {
            i->type = text_of(v);
        } else if (sk_span_eq(k, "talker")) {
            i->talker = text_of(v);
        } else if (sk_span_eq(k, "sentence")) {
            i->sentence = text_of(v);
        } else if (sk_span_eq(k, "src")) {
            i->src = text_of(v);
            i->has_src = !yyjson_is_null(v);
        } else if (sk_span_eq(k, "canName")) {
            i->can_name = text_of(v);
        } else if (sk_span_eq(k, "instance")) {
            i->instance = text_of(v);
        } else if (sk_span_eq(k, "pgn")) {
            double d;
            if (sk_json_number(v, &d) && d >= 0 && d <= 1e9)
                i->pgn = (int64_t)d;
        }
    }
    if (!all_ok(i->label, true))
        i->label = provider;
}

void sk_source_info_ref(const struct sk_source_info *i, struct sk_buf *out)
{
    sk_buf_span_append(out, i->label);
    struct sk_span suffix = { 0 };
    if (i->can_name.n != 0)
        suffix = i->can_name;
    else if (i->has_src)
        suffix = i->src;
    else if (sk_span_eq(i->type, "plugin"))
        return;
    else
        suffix = i->talker.n != 0 ? i->talker : SK_SPAN("XX");
    sk_buf_char(out, '.');
    sk_buf_span_append(out, suffix);
}

/* ---- the tree ----------------------------------------------------------------------------------------------------------- */

static struct sk_source_node *node_create(struct sk_span name)
{
    struct sk_source_node *n = sk_xcalloc(1, sizeof *n);
    n->name = sk_xstrndup(name.p, name.n);
    n->name_len = (uint32_t)name.n;
    n->last_next = &n->first;
    return n;
}

static void node_destroy(struct sk_source_node *n)
{
    while (n != NULL) {
        struct sk_source_node *next = n->next;
        node_destroy(n->first);
        free(n->name);
        free(n->json);
        free(n);
        n = next;
    }
}

void sk_sources_init(struct sk_sources *t)
{
    *t = (struct sk_sources){ .tree = node_create(SK_SPAN("")) };
}

void sk_sources_finish(struct sk_sources *t)
{
    size_t pos = 0;
    struct sk_source *s;
    while ((s = sk_map_next(&t->map, &pos)) != NULL) {
        sk_source_text_unref(s->last_text);
        free((char *)(uintptr_t)s->ref.p);
        free((char *)(uintptr_t)s->json.p);
        free(s);
    }
    sk_map_finish(&t->map);
    node_destroy(t->tree);
}

/* The child of that name, made when missing; NULL at the limits. */
static struct sk_source_node *child(struct sk_sources *t, struct sk_source_node *n, struct sk_span name)
{
    if (n == NULL)
        return NULL;
    for (struct sk_source_node *c = n->first; c != NULL; c = c->next)
        if (sk_span_is((struct sk_span){ c->name, c->name_len }, name))
            return c;
    if (t->tree_nodes >= TREE_NODES_MAX || n->children >= CHILDREN_MAX || name.n > SK_SOURCE_LEN_MAX)
        return NULL;
    struct sk_source_node *c = node_create(name);
    *n->last_next = c;
    n->last_next = &c->next;
    n->children++;
    t->tree_nodes++;
    return c;
}

static void set_json(struct sk_sources *t, struct sk_source_node *n, const char *name, struct sk_span json)
{
    struct sk_source_node *c = child(t, n, sk_span_of(name));
    if (c == NULL)
        return;
    if (c->json_cap < json.n) {
        c->json = sk_xrealloc(c->json, json.n);
        c->json_cap = (uint32_t)json.n;
    }
    memcpy(c->json, json.p, json.n);
    c->json_len = (uint32_t)json.n;
}

/* Room is reused: a time stamp is written with every delta. */
static void write_str(struct sk_source_node *c, struct sk_span text)
{
    struct sk_buf b = { .p = c->json, .cap = c->json_cap, .max = 6 * SK_SOURCE_LEN_MAX + 2 };
    sk_json_write_str(&b, text);
    c->json = b.p;
    c->json_cap = (uint32_t)b.cap;
    c->json_len = (uint32_t)b.n;
}

static struct sk_source_node *set_str(struct sk_sources *t, struct sk_source_node *n, struct sk_span name, struct sk_span text)
{
    struct sk_source_node *c = child(t, n, name);
    if (c != NULL)
        write_str(c, text);
    return c;
}

/* "n2k.43" is n2k over 43; a part with unusual characters makes everything behind the first dot one key. */
static void note_ref(struct sk_sources *t, struct sk_span ref)
{
    const char *dot = memchr(ref.p, '.', ref.n);
    if (dot == NULL) {
        child(t, t->tree, ref);
        return;
    }
    struct sk_span label = { ref.p, (size_t)(dot - ref.p) }, rest = { dot + 1, ref.n - label.n - 1 };
    struct sk_source_node *n = child(t, t->tree, label);
    const char *second = memchr(rest.p, '.', rest.n);
    struct sk_span part = { rest.p, second != NULL ? (size_t)(second - rest.p) : rest.n };
    if (!all_ok(label, false) || !all_ok(part, false) || second == NULL) {
        child(t, n, rest);
        return;
    }
    while (second != NULL) {
        n = child(t, n, part);
        rest = (struct sk_span){ second + 1, rest.n - part.n - 1 };
        second = memchr(rest.p, '.', rest.n);
        part = (struct sk_span){ rest.p, second != NULL ? (size_t)(second - rest.p) : rest.n };
    }
    child(t, n, part);
}

static struct sk_source_node *note_0183(struct sk_sources *t, struct sk_source_node *n, const struct sk_source_info *i,
                                        struct sk_span ts)
{
    struct sk_source_node *talker = child(t, n, i->talker.n != 0 ? i->talker : SK_SPAN("XX"));
    if (talker == NULL)
        return NULL;
    if (talker->first == NULL)
        set_str(t, talker, SK_SPAN("talker"), i->talker.n != 0 ? i->talker : SK_SPAN("XX"));
    return i->sentence.n != 0 ? set_str(t, child(t, talker, SK_SPAN("sentences")), i->sentence, ts) : NULL;
}

static struct sk_source_node *find_child(const struct sk_source_node *n, struct sk_span name)
{
    struct sk_source_node *c = n != NULL ? n->first : NULL;
    while (c != NULL && !sk_span_is((struct sk_span){ c->name, c->name_len }, name))
        c = c->next;
    return c;
}

struct sk_span sk_sources_can_name(const struct sk_sources *t, struct sk_span label, struct sk_span address)
{
    const struct sk_source_node *n2k = find_child(find_child(find_child(t->tree, label), address), SK_SPAN("n2k"));
    const struct sk_source_node *name = find_child(n2k, SK_SPAN("canName"));
    if (name == NULL || name->json_len < 2)
        return (struct sk_span){ 0 };
    return (struct sk_span){ name->json + 1, name->json_len - 2 }; /* hexadecimal digits need no escapes */
}

static bool has_json(const struct sk_source_node *n, struct sk_span json)
{
    return n != NULL && sk_span_is((struct sk_span){ n->json, n->json_len }, json);
}

static struct sk_source_node *note_2000(struct sk_sources *t, struct sk_source_node *n, const struct sk_source_info *i,
                                        struct sk_span ts)
{
    static const char *const left_out[] = { "pgn", "label", "instance", "type" };
    struct sk_source_node *device = child(t, n, i->src.n != 0 ? i->src : SK_SPAN("XX"));
    struct sk_source_node *n2k = child(t, device, SK_SPAN("n2k"));
    struct sk_source_node *pgns = child(t, n2k, SK_SPAN("pgns")), *stamp = NULL;
    if (pgns == NULL)
        return NULL;
    if (i->pgn >= 0) {
        struct sk_buf b;
        sk_buf_init(&b, 32);
        sk_json_write_int(&b, i->pgn);
        stamp = set_str(t, pgns, sk_buf_span(&b), ts);
        sk_buf_finish(&b);
    }
    size_t at, count;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)i->object, at, count, key, v) {
        bool skip = false;
        for (size_t k = 0; k < SK_COUNT(left_out); k++)
            skip |= sk_span_eq(sk_json_str(key), left_out[k]);
        if (skip || yyjson_get_len(key) > SK_SOURCE_LEN_MAX)
            continue;
        if (sk_span_eq(sk_json_str(key), "src")) {
            set_str(t, n2k, SK_SPAN("src"), i->src);
            continue;
        }
        struct sk_buf b;
        sk_buf_init(&b, 4096);
        sk_json_write(&b, v);
        if (sk_buf_ok(&b) && !has_json(find_child(n2k, sk_json_str(key)), sk_buf_span(&b))) {
            t->names_revision += sk_span_eq(sk_json_str(key), "canName");
            t->devices_revision++;
            set_json(t, n2k, yyjson_get_str(key), sk_buf_span(&b));
        }
        sk_buf_finish(&b);
    }
    if (i->instance.n != 0)
        child(t, device, i->instance);
    return stamp;
}

void sk_sources_note(struct sk_sources *t, struct sk_source *s, const struct sk_source_info *i, const struct sk_source_text *text,
                     struct sk_span ts)
{
    /* Nothing new but the time? An update without values comes without its text: it may say anything. */
    if (s->seen && s->noted == text && (text != NULL || i == NULL)) {
        if (s->stamp != NULL)
            write_str(s->stamp, ts);
        return;
    }
    s->seen = true;
    s->noted = text;
    s->stamp = NULL;
    if (i == NULL) {
        note_ref(t, s->ref);
        return;
    }
    struct sk_source_node *n = child(t, t->tree, i->label);
    if (n == NULL)
        return;
    if (n->first == NULL) {
        set_str(t, n, SK_SPAN("label"), i->label);
        if (i->type.n != 0)
            set_str(t, n, SK_SPAN("type"), i->type);
    }
    if (sk_span_eq(i->type, "NMEA2000") || i->has_src)
        s->stamp = note_2000(t, n, i, ts);
    else if (sk_span_eq(i->type, "NMEA0183"))
        s->stamp = note_0183(t, n, i, ts);
    else
        s->stamp = set_str(t, n, SK_SPAN("timestamp"), ts);
}

/* ---- forgetting --------------------------------------------------------------------------------------------------------- */

static size_t count_nodes(const struct sk_source_node *n)
{
    size_t count = 1;
    for (const struct sk_source_node *c = n->first; c != NULL; c = c->next)
        count += count_nodes(c);
    return count;
}

static void remove_child(struct sk_sources *t, struct sk_source_node *parent, struct sk_source_node *gone)
{
    struct sk_source_node **at = &parent->first;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    if (*at == NULL)
        parent->last_next = at;
    parent->children--;
    gone->next = NULL;
    t->tree_nodes -= count_nodes(gone);
    node_destroy(gone);
}

/* By its key, or as the NMEA 2000 device of that name. */
static struct sk_source_node *find_part(const struct sk_source_node *label, struct sk_span part)
{
    struct sk_source_node *found = find_child(label, part);
    for (struct sk_source_node *c = label->first; found == NULL && c != NULL; c = c->next) {
        const struct sk_source_node *name = find_child(find_child(c, SK_SPAN("n2k")), SK_SPAN("canName"));
        if (name != NULL && name->json_len >= 2 && sk_span_is((struct sk_span){ name->json + 1, name->json_len - 2 }, part))
            found = c;
    }
    return found;
}

/* Nothing is left but what it is called. */
static bool is_husk(const struct sk_source_node *label)
{
    for (const struct sk_source_node *c = label->first; c != NULL; c = c->next)
        if (c->json == NULL)
            return false;
    return true;
}

static bool forget_node(struct sk_sources *t, struct sk_span ref)
{
    struct sk_source_node *label = find_child(t->tree, ref);
    if (label != NULL) {
        remove_child(t, t->tree, label);
        return true;
    }
    const char *dot = memchr(ref.p, '.', ref.n);
    label = dot != NULL ? find_child(t->tree, (struct sk_span){ ref.p, (size_t)(dot - ref.p) }) : NULL;
    struct sk_source_node *part =
        label != NULL ? find_part(label, (struct sk_span){ dot + 1, (size_t)(ref.p + ref.n - dot - 1) }) : NULL;
    if (part == NULL || part->json != NULL)
        return false;
    remove_child(t, label, part);
    if (is_husk(label))
        remove_child(t, t->tree, label);
    return true;
}

bool sk_sources_forget(struct sk_sources *t, struct sk_span ref)
{
    size_t pos = 0;
    struct sk_source *s;
    if (!forget_node(t, ref))
        return false;
    t->names_revision++;
    t->devices_revision++;
    while ((s = sk_map_next(&t->map, &pos)) != NULL) { /* whoever still speaks is noted anew */
        s->seen = false;
        s->noted = NULL;
        s->stamp = NULL;
    }
    return true;
}

static void write_node(const struct sk_source_node *n, struct sk_buf *out)
{
    if (n->json != NULL) {
        sk_buf_append(out, n->json, n->json_len);
        return;
    }
    sk_buf_char(out, '{');
    for (const struct sk_source_node *c = n->first; c != NULL; c = c->next) {
        if (c != n->first)
            sk_buf_char(out, ',');
        sk_json_write_str(out, (struct sk_span){ c->name, c->name_len });
        sk_buf_char(out, ':');
        write_node(c, out);
    }
    sk_buf_char(out, '}');
}

void sk_sources_write(const struct sk_sources *t, struct sk_buf *out)
{
    write_node(t->tree, out);
}
