/* A source leaves the tree. */
#include "model/model_private.h"

#include <stdlib.h>

static uint16_t newest_of(const struct sk_leaf *l)
{
    uint16_t newest = 0;
    for (uint16_t i = 1; i < l->count; i++)
        if (l->values[i].changed > l->values[newest].changed)
            newest = i;
    return newest;
}

static bool holds(const struct sk_leaf *l, const struct sk_source *s)
{
    for (unsigned i = 0; l != NULL && i < l->count; i++)
        if (l->values[i].source == s)
            return true;
    return false;
}

/* A leaf without values is none. */
static uint32_t forget_in_leaf(struct sk_leaf **leaf, const struct sk_source *s)
{
    struct sk_leaf *l = *leaf;
    uint32_t removed = 0;
    for (uint16_t i = 0; l != NULL && i < l->count && removed == 0; i++) {
        if (l->values[i].source != s)
            continue;
        sk_value_finish(&l->values[i]);
        memmove(&l->values[i], &l->values[i + 1], (size_t)(l->count - i - 1) * sizeof *l->values);
        l->count--;
        l->several = l->count > 1;
        l->current = newest_of(l);
        removed = 1;
    }
    if (l != NULL && l->count == 0) {
        sk_leaf_destroy(l);
        *leaf = NULL;
    }
    return removed;
}

static bool stays(const struct sk_leaf *l, const struct sk_source *s)
{
    return l != NULL && l->count > (holds(l, s) ? 1u : 0u);
}

static bool update_shown(struct sk_node *n)
{
    bool any = false;
    for (; n != NULL; n = n->next) {
        n->shown = update_shown(n->first) || n->leaf != NULL;
        any |= n->shown;
    }
    return any;
}

static uint32_t forget_in_context(struct sk_context *c, const struct sk_source *s,
                                  void (*leaving)(void *arg, struct sk_node *n, bool last), void *arg)
{
    uint32_t removed = 0;
    for (uint32_t i = 0; i < c->table_cap; i++) {
        struct sk_node *n = c->table[i];
        if (n == NULL || (!holds(n->leaf, s) && !holds(n->rejected, s)))
            continue;
        leaving(arg, n, !stays(n->leaf, s) && !stays(n->rejected, s));
        removed += forget_in_leaf(&n->leaf, s) + forget_in_leaf(&n->rejected, s);
    }
    for (uint32_t i = 0; i < c->root_count; i++) {
        if (c->roots[i].ref != s)
            continue;
        sk_root_value_finish(&c->roots[i]);
        c->roots[i] = c->roots[--c->root_count];
        removed++;
        break;
    }
    if (removed > 0)
        update_shown(c->first);
    return removed;
}

uint32_t sk_tree_forget_source(struct sk_model *m, const struct sk_source *s, uint64_t *serial,
                               void (*leaving)(void *arg, struct sk_node *n, bool last), void *arg)
{
    uint32_t removed = 0;
    for (struct sk_context *c = m->first; c != NULL; c = c->next) {
        uint32_t here = forget_in_context(c, s, leaving, arg);
        if (here > 0)
            c->changed = ++*serial;
        removed += here;
    }
    return removed;
}
