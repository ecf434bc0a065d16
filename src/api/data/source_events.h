/* MULTISOURCEPATHS and POSITION_SOURCES, for the page of source priorities. Owner: loop thread. */
#ifndef SK_API_SOURCE_EVENTS_H
#define SK_API_SOURCE_EVENTS_H

#include "api/api.h"

void sk_source_events_start(struct sk_api *api);
void sk_source_events_stop(struct sk_api *api); /* the memory goes in a later turn */
void sk_source_events_greet(struct sk_api *api, void (*send)(void *arg, const char *type, struct sk_span json), void *arg);

#endif
