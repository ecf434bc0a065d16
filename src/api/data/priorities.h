/*
 * Source priority as the user sets it: priorities.json and the routes under /skServer/ that read and change it. A change is in
 * effect at once and answered when it is on disk. Owner: loop thread.
 */
#ifndef SK_API_PRIORITIES_H
#define SK_API_PRIORITIES_H

#include "api/api.h"
#include "base/json.h"

struct sk_priority_store;

/* Reads priorities.json; without one, the same members of settings.json (an object). What is wrong in it is logged and not used.
 */
struct sk_priority_store *sk_priority_store_load(struct sk_api *api, const yyjson_val *settings);
void sk_priority_store_destroy(struct sk_priority_store *s); /* idle only */
bool sk_priority_store_idle(const struct sk_priority_store *s);
void sk_priorities_add_routes(struct sk_api *api);
/* The saved groups, as JSON. */
void sk_priorities_write_groups(const struct sk_api *api, struct sk_buf *out);
/* source_groups.c */
void sk_source_groups_add_routes(struct sk_api *api);
/* What the sources do, as JSON. */
enum sk_source_list {
    SK_SOURCES_SEVERAL,  /* {"<path>":[refs]} of the paths that have several */
    SK_SOURCES_POSITION, /* [refs] that say where the vessel is */
};
void sk_priorities_write_sources(struct sk_api *api, enum sk_source_list list, struct sk_buf *out);
/* The events that a new listener of server events gets. */
void sk_priorities_greet(struct sk_api *api, void (*send)(void *arg, const char *type, struct sk_span json), void *arg);

#endif
