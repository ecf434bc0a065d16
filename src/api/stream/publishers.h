/*
 * Who publishes which path over WebSocket: a PUT for a path that nobody registered goes to the connection that is known to
 * publish it. Owner: loop thread. Bounded: SK_PUBLISHED_MAX pairs of path and source in all; further ones are not remembered.
 */
#ifndef SK_API_PUBLISHERS_H
#define SK_API_PUBLISHERS_H

#include "base/json.h"
#include "hub/hub.h"
#include "hub/put.h"

#define SK_PUBLISHED_MAX 100000u

struct sk_publishers;
struct sk_publisher; /* one per connection */

struct sk_publisher_ops {
    /* Sends the request to the device; its answers come through sk_publisher_answer. SK_ERR_LIMIT: it is too slow. */
    int (*forward)(void *arg, struct sk_span message);
};

struct sk_publishers *sk_publishers_create(struct sk_puts *puts, struct sk_paths *paths);
void sk_publishers_destroy(struct sk_publishers *p);

struct sk_publisher *sk_publisher_create(struct sk_publishers *p, const struct sk_publisher_ops *ops, void *arg);
void sk_publisher_destroy(struct sk_publisher *pub); /* forgets its paths; requests it holds end with 504 */
/* For sk_origin.published; cheap when already known. */
void sk_publisher_note(void *publisher, struct sk_path *path, struct sk_source *source);
/* A message of the device with `requestId` and `state`: true when it answered a forwarded request. */
bool sk_publisher_answer(struct sk_publisher *pub, const yyjson_val *message);

#endif
