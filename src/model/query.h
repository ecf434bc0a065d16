/* Reading a place in the full tree by its member names, as `GET /signalk/v1/api/...` and the plugins' questions do. Owner: loop
 * thread. */
#ifndef SK_MODEL_QUERY_H
#define SK_MODEL_QUERY_H

#include "model/model.h"
#include "model/tree.h"

/*
 * Appends the JSON found by descending `count` member names from the root of the full tree ("vessels", "<id>", ...). Names are
 * plain; the caller has turned "self" into the own id. SK_ERR_NOTFOUND when a member is missing.
 */
int sk_tree_query(struct sk_model *m, const struct sk_span *names, size_t count, struct sk_buf *out);

struct sk_context *sk_model_self(const struct sk_model *m);

#endif
