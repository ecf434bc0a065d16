/* What the files of the course share. Owner: loop thread. */
#ifndef SK_API_COURSE_PRIVATE_H
#define SK_API_COURSE_PRIVATE_H

#include "api/v2/course.h"
#include "api/v2/course_state.h"
#include "api/v2/v2.h"
#include "store/saver.h"

#define SK_COURSE_SOURCE "courseApi"
#define SK_COURSE_TEXT_MAX ((size_t)64 * 1024)

struct sk_course {
    struct sk_api *api;
    struct sk_course_state state;
    struct sk_saver *saver;
    uv_timer_t *timer;
    enum sk_line method;
    bool api_only;    /* destinations of NMEA count for nothing */
    bool sound;       /* arrival is heard, too */
    bool unconfirmed; /* the course of the last run: does what it refers to still exist? */
    unsigned ticks, asking;
    uint64_t revision, asked_revision; /* of the course; as it was when that was asked */
    bool by_nmea;                      /* the destination is an instrument's */
    uint64_t nmea_changed, nmea_heard_ms;
    bool beyond_known; /* `beyond`: from the next point to the end of the route, by that method */
    enum sk_line beyond_method;
    double beyond;
    bool has_values;
    struct sk_course_values values;
    struct sk_position watched;           /* the next point that the alarms are about */
    bool told_circle, told_perpendicular; /* these alarms are on */
};

/* course_keep.c: the course is another one: deltas go out, it is saved (`done` may be NULL). */
void sk_course_changed(struct sk_course *c, sk_saver_done done, void *arg);
/* Asks the providers for what "/resources/<type>/<id>" names. `done`: its JSON, or NULL with the reason: 0 when nobody has it, an
   error when nobody could be asked. */
typedef void (*sk_course_fetched)(void *arg, const yyjson_val *resource, int why);
/* False: `href` names no such resource; `done` is not called. */
bool sk_course_fetch(struct sk_course *c, const char *href, const char *type, sk_course_fetched done, void *arg);

/* course_follow.c */
void sk_course_tick(struct sk_course *c);
/* False: there is no destination, or nobody knows where the vessel is. */
bool sk_course_calculate_now(struct sk_course *c, enum sk_line method, struct sk_course_values *ret_values);
bool sk_course_vessel(const struct sk_api *api, struct sk_position *ret_position);

/* course_tell.c */
void sk_course_tell(struct sk_course *c);
void sk_course_tell_values(struct sk_course *c);
void sk_course_write_values(const struct sk_course_values *v, enum sk_line method, struct sk_buf *out);
void sk_course_tell_alarm(struct sk_course *c, const char *name, bool on, const char *message);

#endif
