/* The v1 interface to the past. Owner: loop thread; `arg` of the handlers is the sk_api. */
#ifndef SK_API_HISTORY_H
#define SK_API_HISTORY_H

#include "api/api.h"

void sk_snapshot_get(struct sk_http_req *r, void *arg);
void sk_playback_get(struct sk_http_req *r, void *arg);

#endif
