#include "model/meta.h"
#include "model/model_private.h"
#include "model/query.h"

#include <stdlib.h>

struct sk_model *sk_model_create(const char *self_id)
{
    struct sk_model *m = sk_xcalloc(1, sizeof *m);
    m->last_next = &m->first;
    sk_buf_init(&m->scratch, (size_t)512 * 1024 * 1024);
    m->self_id = sk_xstrdup(self_id);
    struct sk_buf b;
    sk_buf_init(&b, SK_CONTEXT_LEN_MAX + 16);
    sk_buf_printf(&b, "vessels.%s", self_id);
    m->self_context = sk_buf_xsteal(&b, NULL);
    sk_sources_init(&m->sources);
    SK_ASSERT(sk_context_intern(m, sk_span_of(m->self_context), &m->self, NULL) == 0);
    return m;
}

void sk_model_destroy(struct sk_model *m)
{
    if (m == NULL)
        return;
    while (m->first != NULL) {
        struct sk_context *c = m->first;
        m->first = c->next;
        sk_context_destroy(c);
    }
    size_t pos = 0;
    struct sk_path *p;
    while ((p = sk_map_next(&m->paths.map, &pos)) != NULL)
        sk_meta_forget(p);
    sk_map_finish(&m->contexts);
    sk_paths_finish(&m->paths);
    sk_sources_finish(&m->sources);
    sk_buf_finish(&m->scratch);
    free(m->self_id);
    free(m->self_context);
    free(m);
}

const char *sk_model_self_id(const struct sk_model *m)
{
    return m->self_id;
}

const char *sk_model_self_context(const struct sk_model *m)
{
    return m->self_context;
}

void sk_model_set_units(struct sk_model *m, struct sk_units *u)
{
    m->units = u;
}

struct sk_units *sk_model_units(const struct sk_model *m)
{
    return m->units;
}

struct sk_paths *sk_model_paths(struct sk_model *m)
{
    return &m->paths;
}

struct sk_sources *sk_model_sources(struct sk_model *m)
{
    return &m->sources;
}

struct sk_context *sk_model_self(const struct sk_model *m)
{
    return m->self;
}
