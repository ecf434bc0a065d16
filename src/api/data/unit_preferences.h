/*
 * Unit preferences: which preset is active, and what the user defined beside the built-in units. Files under unitpreferences/ in
 * the configuration folder, routes under /signalk/v1/unitpreferences/. A change is in effect at once, answered when on disk, and
 * clients that asked for metadata get it again. Owner: loop thread.
 */
#ifndef SK_API_UNIT_PREFERENCES_H
#define SK_API_UNIT_PREFERENCES_H

#include "api/api.h"

struct sk_unit_preferences;

/* Reads the files, and gives the model its units. What is wrong in a file is logged and not used. */
struct sk_unit_preferences *sk_unit_preferences_load(struct sk_api *api);
void sk_unit_preferences_add_routes(struct sk_unit_preferences *p);
bool sk_unit_preferences_idle(const struct sk_unit_preferences *p);
void sk_unit_preferences_destroy(struct sk_unit_preferences *p); /* after the model, idle only; NULL is fine */

#endif
