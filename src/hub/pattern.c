/* The distinct wishes of all subscriptions, and how a path finds those that match it without trying them all. */
#include "hub/hub_private.h"

#include <stdlib.h>

/* ---- patterns and leaves ------------------------------------------------------------------------------------------------ */

static void attach(struct sk_pattern *p, struct sk_node *n)
{
    struct sk_sub_link *l = sk_xcalloc(1, sizeof *l);
    l->pattern = p;
    l->node = n;
    l->next_at_node = n->links;
    if (l->next_at_node != NULL)
        l->next_at_node->prev_at_node = l;
    n->links = l;
    l->next_of_pattern = p->links;
    if (l->next_of_pattern != NULL)
        l->next_of_pattern->prev_of_pattern = l;
    p->links = l;
}

static void detach(struct sk_sub_link *l)
{
    *(l->prev_at_node != NULL ? &l->prev_at_node->next_at_node : &l->node->links) = l->next_at_node;
    if (l->next_at_node != NULL)
        l->next_at_node->prev_at_node = l->prev_at_node;
    *(l->prev_of_pattern != NULL ? &l->prev_of_pattern->next_of_pattern : &l->pattern->links) = l->next_of_pattern;
    if (l->next_of_pattern != NULL)
        l->next_of_pattern->prev_of_pattern = l->prev_of_pattern;
    free(l);
}

struct leaf_walk {
    const struct sk_pattern *pattern;
    void (*fn)(void *arg, struct sk_node *n);
    void *arg;
};

static void walk(const struct leaf_walk *w, struct sk_node *n)
{
    for (; n != NULL; n = n->next) {
        if ((n->leaf != NULL || n->rejected != NULL) &&
            (w->pattern->kind == SK_GLOB_BRANCH || sk_glob(w->pattern->path, n->path->text)))
            w->fn(w->arg, n);
        walk(w, n->first);
    }
}

void sk_pattern_each_leaf(struct sk_hub *h, const struct sk_pattern *p, const struct sk_context *c,
                          void (*fn)(void *arg, struct sk_node *n), void *arg)
{
    const struct leaf_walk w = { p, fn, arg };
    if (p->kind == SK_GLOB_GENERAL) {
        walk(&w, c->first);
        return;
    }
    struct sk_span start = p->path;
    if (p->kind == SK_GLOB_BRANCH)
        start.n -= 2; /* ".*" */
    const struct sk_path *path = sk_path_find(sk_model_paths(h->model), start);
    struct sk_node *n = path != NULL ? sk_node_find(c, path) : NULL;
    if (n == NULL)
        return;
    if (p->kind == SK_GLOB_BRANCH)
        walk(&w, n->first);
    else if (n->leaf != NULL || n->rejected != NULL)
        fn(arg, n);
}

static void attach_leaf(void *arg, struct sk_node *n)
{
    attach(arg, n);
}

static void attach_all(struct sk_hub *h, struct sk_pattern *p)
{
    for (struct sk_context *c = sk_context_first(h->model); c != NULL; c = c->next)
        if (sk_context_may_match(&p->context, c))
            sk_pattern_each_leaf(h, p, c, attach_leaf, p);
}

/* ---- the index ---------------------------------------------------------------------------------------------------------- */

static void index_add(struct sk_pattern_index *x, struct sk_pattern *p)
{
    p->next_same_path = sk_map_put(&x->by_path, p->path, p);
    x->count++;
    if (p->kind != SK_GLOB_GENERAL)
        return;
    p->next_general = x->general;
    p->prev_general = &x->general;
    if (p->next_general != NULL)
        p->next_general->prev_general = &p->next_general;
    x->general = p;
}

static void index_remove(struct sk_pattern_index *x, struct sk_pattern *p)
{
    struct sk_pattern *first = sk_map_remove(&x->by_path, p->path), **at = &first; /* the map's key is the first one's text */
    while (*at != p)
        at = &(*at)->next_same_path;
    *at = p->next_same_path;
    if (first != NULL)
        sk_map_put(&x->by_path, first->path, first);
    x->count--;
    if (p->kind != SK_GLOB_GENERAL)
        return;
    *p->prev_general = p->next_general;
    if (p->next_general != NULL)
        p->next_general->prev_general = p->prev_general;
}

static void match_text(struct sk_hub *h, struct sk_span text, enum sk_glob_kind kind, void (*fn)(void *arg, struct sk_pattern *p),
                       void *arg)
{
    for (struct sk_pattern *p = sk_map_get(&h->patterns.by_path, text), *next; p != NULL && p->kind == kind; p = next) {
        next = p->next_same_path;
        fn(arg, p);
    }
}

/* By the path itself, by each branch it lies in, and then those that have to be tried. */
void sk_patterns_match(struct sk_hub *h, struct sk_span path, void (*fn)(void *arg, struct sk_pattern *p), void *arg)
{
    char branch[SK_PATH_LEN_MAX + 1];
    if (h->patterns.count == 0 || path.n > SK_PATH_LEN_MAX)
        return;
    match_text(h, path, SK_GLOB_LITERAL, fn, arg);
    memcpy(branch, path.p, path.n);
    for (size_t i = 1; i < path.n; i++) {
        if (path.p[i] != '.')
            continue;
        branch[i + 1] = '*';
        match_text(h, (struct sk_span){ branch, i + 2 }, SK_GLOB_BRANCH, fn, arg);
        if (i + 1 < path.n)
            branch[i + 1] = path.p[i + 1];
    }
    for (struct sk_pattern *p = h->patterns.general, *next; p != NULL; p = next) {
        next = p->next_general;
        if (sk_glob(p->path, path))
            fn(arg, p);
    }
}

void sk_patterns_each(struct sk_hub *h, void (*fn)(void *arg, struct sk_pattern *p), void *arg)
{
    size_t pos = 0;
    struct sk_pattern *p;
    while ((p = sk_map_next(&h->patterns.by_path, &pos)) != NULL)
        for (; p != NULL; p = p->next_same_path)
            fn(arg, p);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_pattern *sk_pattern_take(struct sk_hub *h, struct sk_context_match *context, struct sk_span path)
{
    for (struct sk_pattern *p = sk_map_get(&h->patterns.by_path, path); p != NULL; p = p->next_same_path)
        if (sk_context_match_same(&p->context, context)) {
            sk_context_match_finish(context);
            return p;
        }
    struct sk_pattern *p = sk_xcalloc(1, sizeof *p);
    p->kind = sk_glob_kind(path);
    p->context = *context;
    context->glob = NULL;
    p->path = (struct sk_span){ sk_xstrndup(path.p, path.n), path.n };
    index_add(&h->patterns, p);
    attach_all(h, p);
    return p;
}

void sk_pattern_add(struct sk_pattern *p, struct sk_row *r)
{
    r->pattern = p;
    r->next_of_pattern = p->rows;
    if (r->next_of_pattern != NULL)
        r->next_of_pattern->prev_of_pattern = r;
    p->rows = r;
}

void sk_pattern_drop(struct sk_hub *h, struct sk_pattern *p, struct sk_row *r)
{
    *(r->prev_of_pattern != NULL ? &r->prev_of_pattern->next_of_pattern : &p->rows) = r->next_of_pattern;
    if (r->next_of_pattern != NULL)
        r->next_of_pattern->prev_of_pattern = r->prev_of_pattern;
    if (p->rows != NULL)
        return;
    while (p->links != NULL)
        detach(p->links);
    index_remove(&h->patterns, p);
    sk_context_match_finish(&p->context);
    free((char *)(uintptr_t)p->path.p);
    free(p);
}

static void meet(void *arg, struct sk_pattern *p)
{
    struct sk_node *n = arg;
    if (!sk_context_may_match(&p->context, n->context))
        return;
    attach(p, n);
    for (const struct sk_row *r = p->rows; r != NULL; r = r->next_of_pattern)
        sk_row_send_remarks(r);
}

void sk_patterns_leaf_created(struct sk_hub *h, struct sk_node *n)
{
    sk_patterns_match(h, n->path->text, meet, n);
}

void sk_patterns_node_dying(struct sk_node *n)
{
    while (n->links != NULL) {
        for (struct sk_row *r = n->links->pattern->rows; r != NULL; r = r->next_of_pattern)
            sk_pace_forget(r, n);
        detach(n->links);
    }
}

void sk_patterns_context_dying(struct sk_context *c)
{
    for (uint32_t i = 0; i < c->table_cap; i++)
        if (c->table[i] != NULL)
            sk_patterns_node_dying(c->table[i]);
}
