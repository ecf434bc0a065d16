/* Where a resource lies: the box around its coordinates, for the filters bbox and distance of lists. Degrees. Pure. Thread: any.
 */
#ifndef SK_API_RESOURCE_PLACE_H
#define SK_API_RESOURCE_PLACE_H

#include "base/json.h"

struct sk_box {
    double west, south, east, north;
};

/* Box of feature.geometry, of position, or of bounds; false when the resource has none of them. */
bool sk_place_of(const yyjson_val *resource, struct sk_box *ret_box);
/* Do they touch? A filter with west > east crosses the antimeridian. */
bool sk_place_touches(const struct sk_box *place, const struct sk_box *filter);
/* Great-circle distance in metres from the position to the nearest point of the box (0 inside). */
double sk_place_distance(const struct sk_box *place, double longitude, double latitude);

#endif
