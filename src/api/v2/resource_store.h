/*
 * The built-in provider of resources, `resources-provider`: routes, waypoints, notes, regions, charts, and types that its
 * configuration adds, kept as files where the Node server's provider of that name keeps them
 * (<config>/plugin-config-data/resources-provider/resources/<type>/<id>). Owner: loop thread.
 */
#ifndef SK_API_RESOURCE_STORE_H
#define SK_API_RESOURCE_STORE_H

#include "api/api.h"
#include "store/docstore.h"

#define SK_RESOURCE_STORE_ID "resources-provider"
#define SK_RESOURCE_MAX ((size_t)1000000) /* bytes of one: it must fit into a delta */
#define SK_RESOURCES_MAX ((size_t)10000)  /* of all types together */
#define SK_RESOURCES_BYTES_MAX ((size_t)32 * 1024 * 1024)

struct sk_resource_store;

/* Reads its configuration (blocks: before the server listens) and registers. The files are read with the first request. */
struct sk_resource_store *sk_resource_store_create(struct sk_api *api);
bool sk_resource_store_idle(const struct sk_resource_store *s); /* all changes are saved */
void sk_resource_store_destroy(struct sk_resource_store *s);    /* only when idle; NULL is fine */

/* Takes a type up or gives it up (its files stay); `done` comes when that is saved. A standard type has no description.
   SK_ERR_INVALID: no name for a type, _LIMIT: too many, _NOTFOUND: it was off. */
void sk_resource_store_turn(struct sk_resource_store *s, struct sk_span name, struct sk_span description, bool on,
                            sk_docstore_done done, void *arg);
void sk_resource_store_write_types(const struct sk_resource_store *s, struct sk_buf *out); /* {"standard":...,"custom":...} */
bool sk_resource_store_enabled(const struct sk_resource_store *s);

#endif
