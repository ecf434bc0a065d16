/*
 * /signalk/v2/api/vessels/self/navigation/course: the active destination or route, its deltas, its calculations once a second
 * (as the Node server's plugin `course-provider` has them), kept over a restart in serverState/course/settings.json.
 * Settings: courseApi {"apiOnly": bool, "calcMethod": "GreatCircle"|"Rhumbline", "alarmSound": bool}. Owner: loop thread.
 */
#ifndef SK_API_COURSE_H
#define SK_API_COURSE_H

#include "api/api.h"

struct sk_course;

/* Behind the resources and the settings. Reads the course of the last run (blocks: before the server listens). */
struct sk_course *sk_course_start(struct sk_api *api);
void sk_course_add_routes(struct sk_course *c);
bool sk_course_idle(const struct sk_course *c); /* NULL: true */
void sk_course_destroy(struct sk_course *c);    /* idle only, before the hub; NULL is fine */

/* A resource was written or ("null") removed: the course follows what it refers to. NULL is fine. */
void sk_course_resource_changed(struct sk_course *c, struct sk_span type, struct sk_span id, struct sk_span value);

#endif
