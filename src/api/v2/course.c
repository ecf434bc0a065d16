/* The course over HTTP: what is asked for, checked, and done. What a route or waypoint holds is asked of its provider first. */
#include "api/v2/course_private.h"

#include "api/admin/save_setting.h"
#include "api/v2/resource_check.h"
#include "api/v2/schema_error.h"
#include "base/clock.h"
#include "store/settings.h"

#include <math.h>

#define API "/signalk/v2/api/vessels/self/navigation/course"

enum change { TO_WAYPOINT, TO_ROUTE, TO_STEP, TO_INDEX, TO_REVERSE, TO_REFRESH };

/* One request under way; lives in the request's arena. */
struct op {
    struct sk_course *c;
    struct sk_http_req *req;
    enum change change;
    const char *href;
    double index; /* NaN: not given */
    bool reverse;
    double circle; /* NaN: not given */
};

/* ---- answers ---- */

static void saved(void *arg, int result, const char *error)
{
    if (result < 0)
        sk_v2_fail(arg, 500, "It holds until the server stops, but could not be saved: %s", error);
    else
        sk_v2_reply(arg, 200, SK_SPAN(""));
}

static void done(struct sk_course *c, struct sk_http_req *r)
{
    sk_course_changed(c, saved, r);
}

/* The answer to a body that breaks its schema is the bare list. */
static void reply_errors(struct sk_http_req *r, struct sk_buf *errors)
{
    sk_http_reply_buf(r, 400, SK_HTTP_JSON, errors);
}

static void wrong_member(struct sk_http_req *r, const char *name, const char *keyword, const char *params, const char *message)
{
    struct sk_buf errors;
    sk_buf_init(&errors, 4096);
    (void)sk_schema_wrong(&errors, &(struct sk_schema_at){ NULL, name, 0 }, keyword, params, message);
    reply_errors(r, &errors);
    sk_buf_finish(&errors);
}

static void not_a(struct sk_http_req *r, const char *name, const char *type)
{
    struct sk_buf errors;
    sk_buf_init(&errors, 4096);
    (void)sk_schema_wrong_type(&errors, &(struct sk_schema_at){ NULL, name, 0 }, type);
    reply_errors(r, &errors);
    sk_buf_finish(&errors);
}

/* The body, if this user may write and it is an object; NULL: answered. Free it. */
static yyjson_doc *body_of(struct sk_course *c, struct sk_http_req *r)
{
    yyjson_doc *doc = sk_v2_may_write(c->api, r, "navigation.course") ? sk_v2_body(r) : NULL;
    if (doc == NULL || yyjson_is_obj(yyjson_doc_get_root(doc)))
        return doc;
    struct sk_buf errors;
    sk_buf_init(&errors, 4096);
    (void)sk_schema_wrong_type(&errors, NULL, "object");
    reply_errors(r, &errors);
    sk_buf_finish(&errors);
    yyjson_doc_free(doc);
    return NULL;
}

/* A whole number, or NaN when it is absent; false: answered. */
static bool whole(struct sk_http_req *r, const yyjson_val *body, const char *name, double *ret)
{
    yyjson_val *v = sk_json_get(body, name);
    *ret = NAN;
    if (v == NULL || (sk_json_number(v, ret) && *ret == floor(*ret)))
        return true;
    not_a(r, name, "integer");
    return false;
}

/* arrivalCircle, or NaN when it is absent; false: answered. */
static bool circle_of(struct sk_http_req *r, const yyjson_val *body, const char *name, double *ret)
{
    yyjson_val *v = sk_json_get(body, name);
    *ret = NAN;
    if (v == NULL || sk_course_circle(v, ret))
        return true;
    if (yyjson_is_num(v))
        wrong_member(r, name, "minimum", "{\"comparison\":\">=\",\"limit\":0,\"exclusive\":false}", "should be >= 0");
    else
        not_a(r, name, "number");
    return false;
}

static bool vessel(const struct sk_course *c, struct sk_http_req *r, struct sk_position *ret)
{
    if (sk_course_vessel(c->api, ret))
        return true;
    sk_v2_fail(r, 400, "Error: Unable to retrieve vessel position!");
    return false;
}

/* ---- with a resource at hand ---- */

static void go_to_waypoint(struct op *op, const yyjson_val *waypoint)
{
    struct sk_course_state *s = &op->c->state;
    struct sk_course_point next;
    struct sk_position here;
    if (sk_course_set_waypoint(&next, waypoint, sk_span_of(op->href)) < 0) {
        sk_v2_fail(op->req, 400, "** Waypoint has no position: %s", op->href);
        return;
    }
    if (!vessel(op->c, op->req, &here))
        return;
    sk_course_state_begin(s, sk_clock_wall_ms());
    s->next = next;
    sk_course_set_point(&s->previous, here, "VesselPosition", "VP");
    s->circle = isnan(op->circle) ? s->circle : op->circle;
    op->c->by_nmea = false;
    done(op->c, op->req);
}

static void go_along(struct op *op, const yyjson_val *route)
{
    struct sk_course_state *s = &op->c->state;
    struct sk_course_route fresh = { .set = true, .reverse = op->reverse };
    struct sk_position here;
    struct sk_errmsg em;
    if (!vessel(op->c, op->req, &here))
        return;
    if (sk_course_route_take(&fresh, route, &em) < 0) {
        sk_v2_fail(op->req, 400, "** %s: %s", op->href, em.text);
        return;
    }
    memcpy(fresh.href, op->href, strlen(op->href) + 1);
    sk_course_state_begin(s, sk_clock_wall_ms());
    s->route = fresh;
    s->circle = isnan(op->circle) ? s->circle : op->circle;
    sk_course_head_for(s, route, op->index, &here);
    op->c->by_nmea = false;
    done(op->c, op->req);
}

/* Within the route that is active. */
static void move_along(struct op *op, const yyjson_val *route)
{
    struct sk_course_state *s = &op->c->state;
    struct sk_course_route *active = &s->route;
    struct sk_position here;
    struct sk_errmsg em;
    if (!active->set || strcmp(active->href, op->href) != 0) {
        sk_v2_fail(op->req, 400, "The active route has changed meanwhile.");
        return;
    }
    if (sk_course_route_take(active, route, &em) < 0) {
        sk_v2_fail(op->req, 400, "** %s: %s", op->href, em.text);
        return;
    }
    double index = (double)active->index;
    if (op->change == TO_REVERSE) {
        active->reverse = !active->reverse;
        index = isnan(op->index) ? (double)active->total - 1 - index : op->index;
    } else if (op->change == TO_STEP) {
        index += isnan(op->index) ? 1 : op->index;
    } else if (op->change == TO_INDEX) {
        index = op->index;
    }
    sk_course_head_for(s, route, index, sk_course_vessel(op->c->api, &here) ? &here : NULL);
    done(op->c, op->req);
}

static void fetched(void *arg, const yyjson_val *resource, int why)
{
    struct op *op = arg;
    (void)why;
    if (resource == NULL)
        sk_v2_fail(op->req, 400, "** Could not retrieve %s information for %s", op->change == TO_WAYPOINT ? "waypoint" : "route",
                   op->href);
    else if (op->change == TO_WAYPOINT)
        go_to_waypoint(op, resource);
    else if (op->change == TO_ROUTE)
        go_along(op, resource);
    else
        move_along(op, resource);
}

/* `href` is copied. */
static void start_op(struct op o, struct sk_span href)
{
    struct op *op = sk_arena_zalloc(sk_http_arena(o.req), sizeof *op);
    char *copy = op != NULL && href.n <= SK_COURSE_NAME_MAX ? sk_arena_copy(sk_http_arena(o.req), href.p, href.n) : NULL;
    if (copy == NULL) {
        sk_v2_fail(o.req, 400, "** href is too long");
        return;
    }
    *op = o;
    op->href = copy;
    if (!sk_course_fetch(o.c, copy, o.change == TO_WAYPOINT ? "waypoints" : "routes", fetched, op))
        sk_v2_fail(o.req, 400, "** Could not retrieve %s information for %s", o.change == TO_WAYPOINT ? "waypoint" : "route",
                   copy);
}

/* ---- destination ---- */

static void go_to_position(struct sk_course *c, struct sk_http_req *r, const yyjson_val *v, double circle)
{
    struct sk_course_state *s = &c->state;
    struct sk_position to, here;
    if (!sk_course_position(v, &to)) {
        wrong_member(r, "position", "type", "{\"type\":\"object\"}",
                     "should be an object with latitude (-90 to 90) and longitude (-180 to 180)");
        return;
    }
    if (!vessel(c, r, &here))
        return;
    sk_course_state_begin(s, sk_clock_wall_ms());
    sk_course_set_point(&s->next, to, "Location", "DP");
    sk_course_set_point(&s->previous, here, "VesselPosition", "VP");
    s->circle = isnan(circle) ? s->circle : circle;
    c->by_nmea = false;
    done(c, r);
}

#define NO_HREF                                                                                                                  \
    "{\"keyword\":\"required\",\"dataPath\":\"\",\"schemaPath\":\"#/oneOf/0/"                                                    \
    "required\",\"params\":{\"missingProperty\":\"href\"},\"message\":\"should have required property 'href'\"}"
#define NO_POSITION                                                                                                              \
    "{\"keyword\":\"required\",\"dataPath\":\"\",\"schemaPath\":\"#/oneOf/1/"                                                    \
    "required\",\"params\":{\"missingProperty\":\"position\"},\"message\":\"should have required property 'position'\"}"
#define NOT_ONE                                                                                                                  \
    "{\"keyword\":\"oneOf\",\"dataPath\":\"\",\"schemaPath\":\"#/"                                                               \
    "oneOf\",\"params\":{\"passingSchemas\":%s},\"message\":\"should match "                                                     \
    "exactly one schema in oneOf\"}"

static void not_one_of_both(struct sk_http_req *r, bool neither)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    if (neither)
        sk_buf_printf(&b, "[" NO_HREF "," NO_POSITION "," NOT_ONE "]", "null");
    else
        sk_buf_printf(&b, "[" NOT_ONE "]", "[0,1]");
    reply_errors(r, &b);
    sk_buf_finish(&b);
}

static void put_destination(struct sk_http_req *r, void *arg)
{
    struct sk_course *c = arg;
    yyjson_doc *doc = body_of(c, r);
    const yyjson_val *body = yyjson_doc_get_root(doc);
    yyjson_val *href = sk_json_get(body, "href"), *position = sk_json_get(body, "position");
    double circle;
    if (doc == NULL)
        return;
    if ((href == NULL) == (position == NULL))
        not_one_of_both(r, href == NULL);
    else if (href != NULL && !yyjson_is_str(href))
        not_a(r, "href", "string");
    else if (circle_of(r, body, "arrivalCircle", &circle)) {
        if (position != NULL)
            go_to_position(c, r, position, circle);
        else
            start_op((struct op){ .c = c, .req = r, .change = TO_WAYPOINT, .circle = circle }, sk_json_str(href));
    }
    yyjson_doc_free(doc);
}

/* ---- route ---- */

static void put_route(struct sk_http_req *r, void *arg)
{
    struct op op = { .c = arg, .req = r, .change = TO_ROUTE };
    yyjson_doc *doc = body_of(arg, r);
    const yyjson_val *body = yyjson_doc_get_root(doc);
    yyjson_val *href = sk_json_get(body, "href");
    if (doc == NULL)
        return;
    op.reverse = sk_json_get_bool(body, "reverse", false);
    if (href == NULL) {
        struct sk_buf errors;
        sk_buf_init(&errors, 4096);
        (void)sk_schema_missing(&errors, NULL, "href");
        reply_errors(r, &errors);
        sk_buf_finish(&errors);
    } else if (!yyjson_is_str(href)) {
        not_a(r, "href", "string");
    } else if (whole(r, body, "pointIndex", &op.index) && circle_of(r, body, "arrivalCircle", &op.circle)) {
        start_op(op, sk_json_str(href));
    }
    yyjson_doc_free(doc);
}

static void change_route(struct sk_http_req *r, struct sk_course *c, enum change change, const char *member)
{
    struct op op = { .c = c, .req = r, .change = change, .index = NAN };
    yyjson_doc *doc = body_of(c, r);
    const yyjson_val *body = yyjson_doc_get_root(doc);
    if (doc == NULL)
        return;
    if (member != NULL && !whole(r, body, member, &op.index)) {
        /* answered */
    } else if (change == TO_INDEX && isnan(op.index)) {
        not_a(r, "value", "integer");
    } else if (!c->state.route.set) {
        sk_v2_fail(r, 400, "Invalid Data supplied. There is no active route.");
    } else {
        start_op(op, sk_span_of(c->state.route.href));
    }
    yyjson_doc_free(doc);
}

static void put_next_point(struct sk_http_req *r, void *arg)
{
    change_route(r, arg, TO_STEP, "value");
}

static void put_point_index(struct sk_http_req *r, void *arg)
{
    change_route(r, arg, TO_INDEX, "value");
}

static void put_reverse(struct sk_http_req *r, void *arg)
{
    change_route(r, arg, TO_REVERSE, "pointIndex");
}

static void put_refresh(struct sk_http_req *r, void *arg)
{
    change_route(r, arg, TO_REFRESH, NULL);
}

/* ---- the rest of the state ---- */

static void get_course(struct sk_http_req *r, void *arg)
{
    const struct sk_course *c = arg;
    struct sk_buf b;
    sk_buf_init(&b, SK_COURSE_TEXT_MAX);
    sk_course_state_write(&c->state, &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void delete_course(struct sk_http_req *r, void *arg)
{
    struct sk_course *c = arg;
    if (!sk_v2_may_write(c->api, r, "navigation.course"))
        return;
    sk_course_state_clear(&c->state);
    done(c, r);
}

static void put_circle(struct sk_http_req *r, void *arg)
{
    struct sk_course *c = arg;
    yyjson_doc *doc = body_of(c, r);
    double circle;
    if (doc != NULL && circle_of(r, yyjson_doc_get_root(doc), "value", &circle)) {
        if (isnan(circle)) {
            not_a(r, "value", "number");
        } else {
            c->state.circle = circle;
            done(c, r);
        }
    }
    yyjson_doc_free(doc);
}

static void put_target(struct sk_http_req *r, void *arg)
{
    struct sk_course *c = arg;
    yyjson_doc *doc = body_of(c, r);
    yyjson_val *v = sk_json_get(yyjson_doc_get_root(doc), "value");
    struct sk_span s = sk_json_str(v);
    int64_t ms;
    if (doc == NULL)
        return;
    if (yyjson_is_null(v) || (s.p != NULL && s.n <= SK_COURSE_TIME_MAX && sk_iso_parse(s.p, s.n, &ms))) {
        memcpy(c->state.target, s.n > 0 ? s.p : "", s.n);
        c->state.target[s.n] = '\0';
        done(c, r);
    } else {
        wrong_member(r, "value", "format", "{\"format\":\"date-time\"}", "should be a time like 2026-06-01T12:00:00Z, or null");
    }
    yyjson_doc_free(doc);
}

static void put_restart(struct sk_http_req *r, void *arg)
{
    struct sk_course *c = arg;
    struct sk_position here;
    if (!sk_v2_may_write(c->api, r, "navigation.course"))
        return;
    if (!c->state.next.set) {
        sk_v2_fail(r, 400, "No active destination!");
    } else if (vessel(c, r, &here)) {
        sk_course_set_point(&c->state.previous, here, "VesselPosition", "VP");
        done(c, r);
    }
}

static void get_circle_meta(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_json(r, 200,
                       SK_SPAN("{\"arrivalCircle\":{\"description\":\"The circle which indicates arrival when vessel position is "
                               "within its "
                               "radius.\",\"units\":\"m\"}}"));
}

/* ---- calculated values ---- */

/* As of now; ?method=GreatCircle|Rhumbline for another than the configured one. */
static void get_values(struct sk_http_req *r, void *arg)
{
    struct sk_course *c = arg;
    struct sk_course_values v;
    struct sk_span wanted = sk_http_query_param(r, "method");
    enum sk_line method = sk_span_eq(wanted, "Rhumbline")     ? SK_RHUMB_LINE
                          : sk_span_eq(wanted, "GreatCircle") ? SK_GREAT_CIRCLE
                                                              : c->method;
    struct sk_buf b;
    if (!sk_course_calculate_now(c, method, &v)) {
        sk_v2_fail(r, 400, "No active destination!");
        return;
    }
    sk_buf_init(&b, SK_COURSE_TEXT_MAX);
    sk_course_write_values(&v, method, &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ---- configuration ---- */

static void get_config(struct sk_http_req *r, void *arg)
{
    const struct sk_course *c = arg;
    sk_http_reply_json(r, 200, c->api_only ? SK_SPAN("{\"apiOnly\":true}") : SK_SPAN("{\"apiOnly\":false}"));
}

static void set_api_only(struct sk_http_req *r, struct sk_course *c, bool on)
{
    if (!sk_v2_may_write(c->api, r, "navigation.course"))
        return;
    c->api_only = on;
    if (on && c->by_nmea) {
        sk_course_state_clear(&c->state);
        sk_course_changed(c, NULL, NULL);
    }
    sk_save_setting(c->api, SK_SETTING(SK_SPAN("courseApi"), SK_SPAN("apiOnly")), on ? SK_SPAN("true") : SK_SPAN("false"), saved,
                    r);
}

static void post_api_only(struct sk_http_req *r, void *arg)
{
    set_api_only(r, arg, true);
}

static void delete_api_only(struct sk_http_req *r, void *arg)
{
    set_api_only(r, arg, false);
}

void sk_course_add_routes(struct sk_course *c)
{
    const struct sk_route table[] = {
        { "GET", API, SK_ACCESS_READ, get_course, c, "Where the vessel is going" },
        { "DELETE", API, SK_ACCESS_WRITE, delete_course, c, "End the course; the arrival circle stays" },
        { "PUT", API "/destination", SK_ACCESS_WRITE, put_destination, c,
          "Go to a waypoint {\"href\"} or a place {\"position\"}" },
        { "PUT", API "/activeRoute", SK_ACCESS_WRITE, put_route, c,
          "Sail along a route {\"href\", \"pointIndex\", \"reverse\", \"arrivalCircle\"}" },
        { "PUT", API "/activeRoute/nextPoint", SK_ACCESS_WRITE, put_next_point, c, "So many points on {\"value\"}, or back" },
        { "PUT", API "/activeRoute/pointIndex", SK_ACCESS_WRITE, put_point_index, c, "Head for that point {\"value\"}" },
        { "PUT", API "/activeRoute/reverse", SK_ACCESS_WRITE, put_reverse, c, "Sail the route the other way" },
        { "PUT", API "/activeRoute/refresh", SK_ACCESS_WRITE, put_refresh, c, "Read the route again" },
        { "PUT", API "/arrivalCircle", SK_ACCESS_WRITE, put_circle, c, "Radius of the arrival circle in metres {\"value\"}" },
        { "GET", API "/arrivalCircle/meta", SK_ACCESS_READ, get_circle_meta, c, "What the arrival circle is" },
        { "PUT", API "/targetArrivalTime", SK_ACCESS_WRITE, put_target, c, "When to arrive {\"value\": time or null}" },
        { "PUT", API "/restart", SK_ACCESS_WRITE, put_restart, c, "The leg begins where the vessel is now" },
        { "GET", API "/calcValues", SK_ACCESS_READ, get_values, c, "Distances, bearings, speeds and times as of now" },
        { "GET", API "/_config", SK_ACCESS_READ, get_config, c, "Do destinations of instruments count?" },
        { "POST", API "/_config/apiOnly", SK_ACCESS_WRITE, post_api_only, c, "Destinations of instruments do not count" },
        { "DELETE", API "/_config/apiOnly", SK_ACCESS_WRITE, delete_api_only, c, "Destinations of instruments count" },
    };
    sk_api_keep_routes(c->api, table, SK_COUNT(table));
}
