#include "hub/providers.h"

#include <stdlib.h>

struct choice {
    struct choice *next;
    enum sk_provider_kind kind;
    char *type, *id;
};

struct sk_providers {
    struct sk_provider *first;
    struct choice *choices;
    size_t count;
};

struct sk_providers *sk_providers_create(void)
{
    return sk_xcalloc(1, sizeof(struct sk_providers));
}

static void free_provider(struct sk_provider *v)
{
    free(v->id);
    free(v->name);
    free(v);
}

void sk_providers_destroy(struct sk_providers *p)
{
    if (p == NULL)
        return;
    while (p->first != NULL) {
        struct sk_provider *v = p->first;
        p->first = v->next;
        free_provider(v);
    }
    while (p->choices != NULL) {
        struct choice *c = p->choices;
        p->choices = c->next;
        free(c->type);
        free(c->id);
        free(c);
    }
    free(p);
}

/* Only resources are told apart by type. */
static bool fits(const struct sk_provider *v, enum sk_provider_kind kind, struct sk_span type)
{
    return v->kind == kind && (kind != SK_PROVIDES_RESOURCES || type.p == NULL || sk_span_eq(type, v->name));
}

int sk_providers_add(struct sk_providers *p, enum sk_provider_kind kind, const char *id, struct sk_span name,
                     sk_provider_call call, void *arg, struct sk_errmsg *em)
{
    struct sk_provider **at = &p->first;
    if (name.n == 0 || name.n > SK_PROVIDER_NAME_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "a provider's name has 1 to %u bytes", SK_PROVIDER_NAME_MAX);
    while (*at != NULL && !(fits(*at, kind, name) && strcmp((*at)->id, id) == 0))
        at = &(*at)->next;
    if (*at == NULL && p->count >= SK_PROVIDERS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%u providers are registered already", SK_PROVIDERS_MAX);
    if (*at == NULL) {
        *at = sk_xcalloc(1, sizeof **at);
        (*at)->id = sk_xstrdup(id);
        p->count++;
    }
    struct sk_provider *v = *at;
    free(v->name);
    v->kind = kind;
    v->name = sk_xstrndup(name.p, name.n);
    v->call = call;
    v->arg = arg;
    return 0;
}

static void remove_some(struct sk_providers *p, const char *id, struct sk_span type)
{
    for (struct sk_provider **at = &p->first; *at != NULL;) {
        struct sk_provider *v = *at;
        if (strcmp(v->id, id) != 0 || (type.p != NULL && !(v->kind == SK_PROVIDES_RESOURCES && sk_span_eq(type, v->name)))) {
            at = &v->next;
            continue;
        }
        *at = v->next;
        p->count--;
        free_provider(v);
    }
}

void sk_providers_remove(struct sk_providers *p, const char *id)
{
    remove_some(p, id, (struct sk_span){ NULL, 0 });
}

void sk_providers_remove_type(struct sk_providers *p, const char *id, struct sk_span type)
{
    remove_some(p, id, type);
}

const struct sk_provider *sk_providers_find(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type,
                                            struct sk_span id)
{
    for (const struct sk_provider *v = p->first; v != NULL; v = v->next)
        if (fits(v, kind, type) && sk_span_eq(id, v->id))
            return v;
    return NULL;
}

static struct choice *choice_of(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type)
{
    for (struct choice *c = p->choices; c != NULL; c = c->next)
        if (c->kind == kind && (kind != SK_PROVIDES_RESOURCES || sk_span_eq(type, c->type)))
            return c;
    return NULL;
}

const struct sk_provider *sk_providers_default(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type)
{
    const struct choice *c = choice_of(p, kind, type);
    const struct sk_provider *v = c != NULL ? sk_providers_find(p, kind, type, sk_span_of(c->id)) : NULL;
    for (const struct sk_provider *at = p->first; at != NULL && v == NULL; at = at->next)
        if (fits(at, kind, type))
            v = at;
    return v;
}

void sk_providers_choose(struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type, struct sk_span id)
{
    struct choice *c = choice_of(p, kind, type);
    if (c == NULL) {
        c = sk_xcalloc(1, sizeof *c);
        c->kind = kind;
        c->type = sk_xstrndup(type.n > 0 ? type.p : "", type.n);
        c->next = p->choices;
        p->choices = c;
    }
    free(c->id);
    c->id = sk_xstrndup(id.p, id.n);
}

size_t sk_providers_list(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type,
                         const struct sk_provider **ret, size_t max)
{
    const struct sk_provider *first =
        type.p != NULL || kind != SK_PROVIDES_RESOURCES ? sk_providers_default(p, kind, type) : NULL;
    size_t n = 0;
    if (first != NULL && n < max)
        ret[n++] = first;
    for (const struct sk_provider *v = p->first; v != NULL && n < max; v = v->next)
        if (fits(v, kind, type) && v != first)
            ret[n++] = v;
    return n;
}
