/* The model's own struct, for the files of this folder only. Owner: loop thread. */
#ifndef SK_MODEL_PRIVATE_H
#define SK_MODEL_PRIVATE_H

#include "model/model.h"
#include "model/tree.h"

struct sk_model {
    struct sk_paths paths;
    struct sk_sources sources;
    struct sk_units *units;
    struct sk_map contexts; /* by text */
    struct sk_context *first, **last_next;
    char *self_id, *self_context;
    struct sk_context *self;
    uint32_t next_serial;
    struct sk_buf scratch; /* one context */
};

void sk_context_destroy(struct sk_context *c);
void sk_value_finish(struct sk_value *v);
void sk_leaf_destroy(struct sk_leaf *l);
void sk_root_value_finish(struct sk_root_value *r);

#endif
