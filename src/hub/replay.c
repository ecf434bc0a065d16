/* Cached values: what a client gets first. One message per source and leaf, oldest timestamp first (as text). */
#include "hub/hub_private.h"

#include <stdlib.h>

/* What is to be sent: a leaf's value, or what a source said in the "" path. */
struct item {
    struct sk_span timestamp;
    const struct sk_context *context;
    const struct sk_node *node; /* NULL: root value */
    const struct sk_value *value;
    const struct sk_root_value *root;
    size_t order; /* keeps equal timestamps in tree order */
};

struct items {
    struct item *all;
    size_t count, cap;
};

static void add(struct items *list, struct item it)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 64 : list->cap * 2;
        list->all = sk_xrealloc(list->all, list->cap * sizeof *list->all);
    }
    it.order = list->count;
    list->all[list->count++] = it;
}

static void add_value(struct items *list, const struct sk_node *n, const struct sk_value *v)
{
    add(list, (struct item){ sk_text_span(&v->timestamp), n->context, n, v, NULL, 0 });
}

/* The last word of each source, kept out or not. */
static void add_every_source(struct items *list, const struct sk_node *n)
{
    for (unsigned i = 0; n->leaf != NULL && i < n->leaf->count; i++)
        add_value(list, n, sk_node_value_of(n, n->leaf->values[i].source, true));
    for (unsigned i = 0; n->rejected != NULL && i < n->rejected->count; i++)
        if (sk_node_value_of(n, n->rejected->values[i].source, false) == NULL)
            add_value(list, n, &n->rejected->values[i]);
}

/* A ranked path is spoken for by one source: the one whose value the tree shows. */
static void add_preferred(struct items *list, const struct sk_hub *h, const struct sk_node *n)
{
    const struct sk_leaf *l = n->leaf;
    if (l == NULL)
        return;
    if (h->priority != NULL && n->context->self && sk_priority_governs(h->priority, n->path)) {
        add_value(list, n, &l->values[l->current]);
        return;
    }
    for (unsigned i = 0; i < l->count; i++)
        add_value(list, n, &l->values[i]);
}

static void add_leaf(struct items *list, const struct sk_hub *h, const struct sk_node *n, bool all_sources)
{
    if (all_sources)
        add_every_source(list, n);
    else
        add_preferred(list, h, n);
}

static void add_branch(struct items *list, const struct sk_hub *h, const struct sk_node *n, bool all_sources)
{
    for (; n != NULL; n = n->next) {
        add_leaf(list, h, n, all_sources);
        add_branch(list, h, n->first, all_sources);
    }
}

static void add_roots(struct items *list, const struct sk_context *c, uint64_t since)
{
    for (uint32_t i = 0; i < c->root_count; i++)
        if (c->roots[i].changed > since)
            add(list, (struct item){ sk_text_span(&c->roots[i].timestamp), c, NULL, NULL, &c->roots[i], 0 });
}

static int by_timestamp(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    size_t n = x->timestamp.n < y->timestamp.n ? x->timestamp.n : y->timestamp.n;
    int r = n != 0 ? memcmp(x->timestamp.p, y->timestamp.p, n) : 0;
    if (r != 0)
        return r;
    if (x->timestamp.n != y->timestamp.n)
        return x->timestamp.n < y->timestamp.n ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static struct sk_render_one root_base(const struct item *it)
{
    return (struct sk_render_one){ .context_json = it->context->json,
                                   .source_text = it->root->source_text,
                                   .ref_json = it->root->ref->json,
                                   .timestamp = it->timestamp,
                                   .path_json = SK_SPAN("\"\""),
                                   .value_json = sk_text_span(&it->root->json) };
}

static void send_item(struct sk_feed *f, const struct item *it)
{
    struct sk_frame *frame;
    if (it->node != NULL) {
        sk_feed_announce_meta(f, it->context, it->node->path, it->timestamp);
        frame =
            it->value->frame != NULL ? sk_frame_ref(it->value->frame) : sk_render_value(&f->hub->scratch, it->node, it->value);
    } else {
        struct sk_render_one one = root_base(it);
        frame = sk_render_one(&f->hub->scratch, &one);
    }
    sk_feed_send_now(f, frame);
    sk_frame_unref(frame);
}

static void sort_items(struct items *list)
{
    if (list->count > 1)
        qsort(list->all, list->count, sizeof *list->all, by_timestamp);
}

size_t sk_replay_contexts(struct sk_feed *f, const struct sk_context_match *which, bool all_sources, size_t max, uint32_t *from)
{
    struct items list = { 0 };
    const struct sk_context *c = sk_context_first(f->hub->model);
    for (; c != NULL && list.count < max; c = c->next) {
        if (c->serial < *from || !sk_context_matches(which, c))
            continue;
        add_roots(&list, c, 0);
        add_branch(&list, f->hub, c->first, all_sources);
    }
    sort_items(&list);
    for (size_t i = 0; i < list.count; i++)
        send_item(f, &list.all[i]);
    free(list.all);
    *from = c != NULL ? c->serial : UINT32_MAX;
    return list.count;
}

/* A view's own engine sees the last values in their order; on a ranked path only the one it ends with goes out. */
static void keep_of_view(struct items *list, struct sk_view *view, struct sk_hub *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct item *it = &list->all[i];
        if (!sk_view_passes(view, h, it->node, it->value->source))
            continue;
        if (h->priority != NULL && it->context->self && sk_priority_governs(h->priority, it->node->path))
            kept = 0;
        list->all[kept++] = *it;
    }
    list->count = kept;
}

struct row_replay {
    struct sk_row *row;
    size_t sent;
};

/* Initial values of one row: path by path, each sorted by timestamp. */
static void replay_leaf(void *arg, struct sk_node *n)
{
    struct row_replay *replay = arg;
    struct sk_row *r = replay->row;
    struct items list = { 0 };
    add_leaf(&list, r->feed->hub, n, r->all_sources || r->view != NULL);
    sort_items(&list);
    if (r->view != NULL)
        keep_of_view(&list, r->view, r->feed->hub);
    for (size_t i = 0; i < list.count; i++)
        send_item(r->feed, &list.all[i]);
    replay->sent += list.count;
    free(list.all);
}

void sk_replay_roots(struct sk_row *r, const struct sk_context *c, uint64_t since)
{
    struct items list = { 0 };
    add_roots(&list, c, since);
    sort_items(&list);
    for (size_t i = 0; i < list.count; i++) {
        yyjson_doc *doc = NULL;
        struct sk_root_news news = { .context = c, .source = list.all[i].root->ref, .whole = root_base(&list.all[i]) };
        if (sk_json_read(news.whole.value_json, &doc, NULL) < 0)
            continue;
        news.object = yyjson_doc_get_root(doc);
        sk_pattern_send_root(r->pattern, r, &news);
        yyjson_doc_free(doc);
    }
    free(list.all);
}

size_t sk_replay_row(struct sk_row *r, size_t max, uint32_t *from)
{
    struct row_replay replay = { .row = r };
    const struct sk_context *c = sk_context_first(r->feed->hub->model);
    size_t looked_at = 0;
    for (; c != NULL && replay.sent + looked_at / 16 < max; c = c->next) {
        if (c->serial < *from || !sk_context_matches(&r->pattern->context, c))
            continue;
        looked_at++;
        sk_replay_roots(r, c, 0);
        sk_pattern_each_leaf(r->feed->hub, r->pattern, c, replay_leaf, &replay);
    }
    *from = c != NULL ? c->serial : UINT32_MAX;
    return replay.sent + looked_at / 16;
}
