/*
 * The course: where the vessel is going, along which route, and since when. What is true of it without looking anywhere else;
 * positions of routes and waypoints are handed in. Owner: loop thread.
 * Spec: Signal K v2 Course API. Limits: SK_COURSE_POINTS_MAX points of a route, SK_COURSE_NAME_MAX bytes of a name.
 */
#ifndef SK_API_COURSE_STATE_H
#define SK_API_COURSE_STATE_H

#include "base/json.h"
#include "nav/calc.h"

#define SK_COURSE_POINTS_MAX 10000u
#define SK_COURSE_NAME_MAX 200u
#define SK_COURSE_TIME_MAX 40u

struct sk_course_point {
    bool set;
    struct sk_position at;
    char type[SK_COURSE_NAME_MAX + 1];
    char name[SK_COURSE_NAME_MAX + 1];
    char href[SK_COURSE_NAME_MAX + 1]; /* "": it stands in no store */
    bool named;
};

struct sk_course_route {
    bool set, reverse;
    char href[SK_COURSE_NAME_MAX + 1], name[SK_COURSE_NAME_MAX + 1];
    size_t index, total;        /* of the next point, in the order of travel */
    struct sk_position *points; /* in the order of the route; NULL: not read yet */
};

struct sk_course_state {
    char start[SK_COURSE_TIME_MAX + 1], target[SK_COURSE_TIME_MAX + 1]; /* ISO; "": null */
    double circle;
    struct sk_course_route route;
    struct sk_course_point next, previous;
};

void sk_course_state_finish(struct sk_course_state *s);
/* Nowhere; the arrival circle stays. */
void sk_course_state_clear(struct sk_course_state *s);

/* A new destination or route begins: neither time of arrival nor route of before. */
void sk_course_state_begin(struct sk_course_state *s, int64_t now_ms);
void sk_course_set_point(struct sk_course_point *p, struct sk_position at, const char *type, const char *name);
/* A waypoint as it is kept; SK_ERR_INVALID: it has no position. */
int sk_course_set_waypoint(struct sk_course_point *p, const yyjson_val *waypoint, struct sk_span href);

/* Reads points and name of a route; SK_ERR_INVALID, SK_ERR_LIMIT with the reason. */
int sk_course_route_take(struct sk_course_route *r, const yyjson_val *route, struct sk_errmsg *em);
/* Heads for that point (bounded to those there are); the one before becomes the previous point, for the first `vessel` does. */
void sk_course_head_for(struct sk_course_state *s, const yyjson_val *route, double index, const struct sk_position *vessel);

/* The destination stays, but it is only a place now: what it stood in is gone. */
void sk_course_forget_resource(struct sk_course_state *s);

/* [-90, 90] and [-180, 180]. */
bool sk_course_position(const yyjson_val *v, struct sk_position *ret_position);
/* A finite number from 0. */
bool sk_course_circle(const yyjson_val *v, double *ret_circle);

/* {"startTime":...,"targetArrivalTime":...,"arrivalCircle":...,"activeRoute":...,"nextPoint":...,"previousPoint":...} */
void sk_course_state_write(const struct sk_course_state *s, struct sk_buf *out);
void sk_course_write_route(const struct sk_course_route *r, struct sk_buf *out); /* or null */
void sk_course_write_point(const struct sk_course_point *p, struct sk_buf *out); /* or null */
void sk_course_write_position(const struct sk_course_point *p, struct sk_buf *out);
void sk_course_write_text(const char *text, struct sk_buf *out); /* "" is null */
/* What sk_course_state_write wrote. What makes no sense is left out. */
void sk_course_state_read(struct sk_course_state *s, const yyjson_val *saved);

#endif
