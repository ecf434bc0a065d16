/* /signalk/v2/api/vessels/self/radars: one request about one radar, as its files share it. Owner: loop thread. */
#ifndef SK_API_RADARS_H
#define SK_API_RADARS_H

#include "api/v2/v2.h"

#define SK_RADARS_API "/signalk/v2/api/vessels/self/radars"
#define SK_RADAR_ANSWER_MAX ((size_t)4 * 1024 * 1024)

struct sk_radar_op;
/* `answer` NULL: none, or no JSON; it lives during the call. Too late has been answered already. */
typedef void (*sk_radar_done)(struct sk_radar_op *op, int result, const yyjson_val *answer);

struct sk_radar_op { /* in the request's arena */
    struct sk_api *api;
    struct sk_http_req *req;
    const char *method;
    struct sk_span radar, what; /* what: the control, or what a failure is to name */
    struct sk_span members;     /* further members of the request: ,"a":1 */
    sk_radar_done done;
};

/* Finds whose radar `:id` is and asks that provider {"radarId":...<members>}. `members` is copied; NULL: none. */
void sk_radar_start(struct sk_api *api, struct sk_http_req *r, const char *method, struct sk_span what,
                    const struct sk_buf *members, sk_radar_done done);
/* ,"controlId":... */
void sk_radar_write_control(struct sk_span control, struct sk_buf *out);
void sk_radar_reply_value(struct sk_http_req *r, int status, const char *before, const yyjson_val *v, const char *after);

/* radars_write.c: PUT, POST, DELETE */
void sk_radars_add_write_routes(struct sk_api *api);

#endif
