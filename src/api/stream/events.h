/* Server events, for the files of this folder that have something to tell. Owner: loop thread. */
#ifndef SK_API_EVENTS_H
#define SK_API_EVENTS_H

#include "api/api.h"

/* {"type":TYPE,"data":JSON} to all streams of administrators opened with ?serverevents=all. */
void sk_events_send(struct sk_api *api, const char *type, struct sk_span json);

/* Does anybody listen? */
bool sk_events_wanted(const struct sk_api *api);

/* Name or number of the vessel changed: told to everybody. */
void sk_events_vessel(struct sk_api *api);

/* Data of the event SERVERSTATISTICS: an object. */
void sk_events_write_statistics(struct sk_api *api, struct sk_buf *b);

#endif
