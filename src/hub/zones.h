/*
 * Zones of the own vessel's paths: `meta.zones` divides the numbers of a path, and a notification tells when its value enters
 * another zone. Spec: Signal K "Zones", "Notifications". Owner: loop thread. At most SK_ZONES_MAX zones a path.
 */
#ifndef SK_HUB_ZONES_H
#define SK_HUB_ZONES_H

#include "hub/hub.h"

#define SK_ZONES_MAX 100u
#define SK_ZONES_SOURCE "self.notificationhandler"

/* The metadata of the path changed by `object`: watching begins anew when it has zones, and ends when there are none any more. */
void sk_zones_meta(struct sk_hub *h, struct sk_path *p, const yyjson_val *object);
/* A value passed, at a path with `zones` set. */
void sk_zones_value(struct sk_hub *h, struct sk_path *p, struct sk_span json);
bool sk_zones_watched(const struct sk_path *p);
void sk_zones_finish(struct sk_hub *h);

#endif
