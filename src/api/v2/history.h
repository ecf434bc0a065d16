/*
 * The doors to the past, for people and apps: /signalk/v2/api/history, the tree at a time (/signalk/v1/snapshot), the stream as
 * it was (/signalk/v1/playback), and the figures of it all (/skServer/history). Without history they say that there is none.
 * Owner: loop thread; `arg` of the handlers is the sk_api.
 */
#ifndef SK_API_HISTORY_H
#define SK_API_HISTORY_H

#include "api/api.h"
#include "history/read.h"

#define SK_HISTORY_ID "skiff" /* as a provider of history */

void sk_history_add_routes(struct sk_api *api);

/* What of the past may this one see? To be set into a question. */
void sk_history_set_who(const struct sk_api *api, const struct sk_principal *p, struct sk_history_who *ret);
/* {"ids","defaultId","configuredId","configuredAvailable"}: the data of the server event HISTORYPROVIDERS. */
void sk_history_write_providers_event(const struct sk_api *api, struct sk_buf *out);

/* snapshot.c, playback.c */
void sk_snapshot_get(struct sk_http_req *r, void *arg);
void sk_playback_get(struct sk_http_req *r, void *arg);

#endif
