/*
 * What access lists leave of a delta or of the tree for one user. Only used while security.json has such lists: then every delta
 * is looked at anew for each client. Owner: loop thread.
 */
#ifndef SK_API_ACL_FILTER_H
#define SK_API_ACL_FILTER_H

#include "api/api.h"
#include "auth/acl.h"
#include "base/frame.h"

/* The lists, or NULL: security is off, or there are none. */
const yyjson_mut_val *sk_acl_lists(const struct sk_api *api);
/* `context` as in deltas; the own vessel's by its urn, or empty. */
bool sk_acl_may(const struct sk_api *api, const char *user, enum sk_acl_action action, struct sk_span context,
                struct sk_span path, struct sk_span source);
/* A reference to what is left: `frame` itself, another one, or NULL for nothing. What is no delta is passed on. */
struct sk_frame *sk_acl_filter_frame(const struct sk_api *api, const char *user, struct sk_frame *frame);
/* The same for a delta that comes in: a copy without what the user may not write, NULL when nothing is left. Free it. */
yyjson_doc *sk_acl_filter_delta(const struct sk_api *api, const char *user, const yyjson_val *delta);
/* What is left of the JSON that was found at `count` member names of the full tree; false: nothing, as if it did not exist. */
bool sk_acl_filter_tree(const struct sk_api *api, const char *user, const struct sk_span *names, size_t count,
                        struct sk_buf *json);

#endif
