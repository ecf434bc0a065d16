#include "api/v2/course_state.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- small parts ---- */

/* As much as fits, and no half character. */
static void set_text(char to[SK_COURSE_NAME_MAX + 1], struct sk_span s)
{
    size_t n = s.p == NULL ? 0 : s.n < SK_COURSE_NAME_MAX ? s.n : SK_COURSE_NAME_MAX;
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    if (n > 0)
        memcpy(to, s.p, n);
    to[n] = '\0';
}

bool sk_course_position(const yyjson_val *v, struct sk_position *ret_position)
{
    struct sk_position p;
    bool ok = sk_json_number(sk_json_get(v, "latitude"), &p.latitude) && fabs(p.latitude) <= 90 &&
              sk_json_number(sk_json_get(v, "longitude"), &p.longitude) && fabs(p.longitude) <= 180;
    if (ok)
        *ret_position = p;
    return ok;
}

bool sk_course_circle(const yyjson_val *v, double *ret_circle)
{
    double d;
    bool ok = sk_json_number(v, &d) && d >= 0;
    if (ok)
        *ret_circle = d;
    return ok;
}

/* [longitude, latitude] of GeoJSON. */
static bool read_coordinates(const yyjson_val *v, struct sk_position *ret)
{
    yyjson_val *list = (yyjson_val *)(uintptr_t)v;
    return sk_json_number(yyjson_arr_get(list, 0), &ret->longitude) && sk_json_number(yyjson_arr_get(list, 1), &ret->latitude) &&
           fabs(ret->latitude) <= 90;
}

static yyjson_val *coordinates_of(const yyjson_val *resource)
{
    return sk_json_get(sk_json_get(sk_json_get(resource, "feature"), "geometry"), "coordinates");
}

void sk_course_set_point(struct sk_course_point *p, struct sk_position at, const char *type, const char *name)
{
    *p = (struct sk_course_point){ .set = true, .at = at, .named = name != NULL };
    set_text(p->type, sk_span_of(type));
    set_text(p->name, sk_span_of(name));
}

int sk_course_set_waypoint(struct sk_course_point *p, const yyjson_val *waypoint, struct sk_span href)
{
    struct sk_course_point fresh; /* `href` may stand in *p */
    struct sk_position at;
    const char *type = sk_json_get_str(waypoint, "type");
    if (!read_coordinates(coordinates_of(waypoint), &at))
        return SK_ERR_INVALID;
    sk_course_set_point(&fresh, at, type != NULL && type[0] != '\0' ? type : "Waypoint", sk_json_get_str(waypoint, "name"));
    set_text(fresh.href, href);
    *p = fresh;
    return 0;
}

/* ---- routes ---- */

int sk_course_route_take(struct sk_course_route *r, const yyjson_val *route, struct sk_errmsg *em)
{
    yyjson_val *list = coordinates_of(route), *v;
    size_t i, n, count = yyjson_arr_size(list);
    if (count < 1)
        return sk_errmsg_set(em, SK_ERR_INVALID, "the route has no points");
    if (count > SK_COURSE_POINTS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "the route has %zu points; a course has at most %u", count, SK_COURSE_POINTS_MAX);
    struct sk_position *points = sk_xcalloc(count, sizeof *points);
    yyjson_arr_foreach(list, i, n, v)
        if (!read_coordinates(v, &points[i])) {
            free(points);
            return sk_errmsg_set(em, SK_ERR_INVALID, "point %zu of the route is no position", i + 1);
        }
    free(r->points);
    r->points = points;
    r->total = count;
    set_text(r->name, sk_json_str(sk_json_get(route, "name")));
    return 0;
}

/* `travel` counts in the order of travel. */
static void set_route_point(const struct sk_course_route *r, const yyjson_val *route, size_t travel, struct sk_course_point *p)
{
    size_t i = r->reverse ? r->total - 1 - travel : travel;
    yyjson_val *metas = sk_json_get(sk_json_get(sk_json_get(route, "feature"), "properties"), "coordinatesMeta");
    const char *name = sk_json_get_str(yyjson_arr_get(metas, i), "name");
    sk_course_set_point(p, r->points[i], "RoutePoint", name != NULL ? name : "");
}

void sk_course_head_for(struct sk_course_state *s, const yyjson_val *route, double index, const struct sk_position *vessel)
{
    struct sk_course_route *r = &s->route;
    double last = (double)(r->total - 1);
    r->index = !(index > 0) ? 0 : (size_t)(index > last ? last : index);
    set_route_point(r, route, r->index, &s->next);
    if (r->index > 0)
        set_route_point(r, route, r->index - 1, &s->previous);
    else if (vessel != NULL)
        sk_course_set_point(&s->previous, *vessel, "VesselPosition", "VP");
    else
        s->previous = (struct sk_course_point){ 0 };
}

/* ---- the whole ---- */

static void drop_route(struct sk_course_state *s)
{
    free(s->route.points);
    s->route = (struct sk_course_route){ 0 };
}

void sk_course_state_finish(struct sk_course_state *s)
{
    drop_route(s);
}

void sk_course_state_clear(struct sk_course_state *s)
{
    drop_route(s);
    s->start[0] = s->target[0] = '\0';
    s->next = s->previous = (struct sk_course_point){ 0 };
}

void sk_course_state_begin(struct sk_course_state *s, int64_t now_ms)
{
    sk_course_state_clear(s);
    sk_iso_time(s->start, now_ms);
}

void sk_course_forget_resource(struct sk_course_state *s)
{
    drop_route(s);
    s->next.href[0] = '\0';
    set_text(s->next.type, SK_SPAN("Location"));
}

/* ---- JSON ---- */

void sk_course_write_text(const char *text, struct sk_buf *out)
{
    if (text[0] != '\0')
        sk_json_write_str(out, sk_span_of(text));
    else
        SK_BUF_LIT(out, "null");
}

void sk_course_write_position(const struct sk_course_point *p, struct sk_buf *out)
{
    if (!p->set) {
        SK_BUF_LIT(out, "null");
        return;
    }
    SK_BUF_LIT(out, "{\"latitude\":");
    sk_json_write_double(out, p->at.latitude);
    SK_BUF_LIT(out, ",\"longitude\":");
    sk_json_write_double(out, p->at.longitude);
    sk_buf_char(out, '}');
}

void sk_course_write_point(const struct sk_course_point *p, struct sk_buf *out)
{
    if (!p->set) {
        SK_BUF_LIT(out, "null");
        return;
    }
    SK_BUF_LIT(out, "{\"position\":");
    sk_course_write_position(p, out);
    if (p->href[0] != '\0') {
        SK_BUF_LIT(out, ",\"href\":");
        sk_json_write_str(out, sk_span_of(p->href));
    }
    SK_BUF_LIT(out, ",\"type\":");
    sk_json_write_str(out, sk_span_of(p->type));
    if (p->named) {
        SK_BUF_LIT(out, ",\"name\":");
        sk_json_write_str(out, sk_span_of(p->name));
    }
    sk_buf_char(out, '}');
}

void sk_course_write_route(const struct sk_course_route *r, struct sk_buf *out)
{
    if (!r->set) {
        SK_BUF_LIT(out, "null");
        return;
    }
    SK_BUF_LIT(out, "{\"href\":");
    sk_json_write_str(out, sk_span_of(r->href));
    SK_BUF_LIT(out, ",\"name\":");
    sk_course_write_text(r->name, out);
    sk_buf_printf(out, ",\"reverse\":%s,\"pointIndex\":%zu,\"pointTotal\":%zu}", r->reverse ? "true" : "false", r->index,
                  r->total);
}

void sk_course_state_write(const struct sk_course_state *s, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"startTime\":");
    sk_course_write_text(s->start, out);
    SK_BUF_LIT(out, ",\"targetArrivalTime\":");
    sk_course_write_text(s->target, out);
    SK_BUF_LIT(out, ",\"arrivalCircle\":");
    sk_json_write_double(out, s->circle);
    SK_BUF_LIT(out, ",\"activeRoute\":");
    sk_course_write_route(&s->route, out);
    SK_BUF_LIT(out, ",\"nextPoint\":");
    sk_course_write_point(&s->next, out);
    SK_BUF_LIT(out, ",\"previousPoint\":");
    sk_course_write_point(&s->previous, out);
    sk_buf_char(out, '}');
}

static void read_time(char to[SK_COURSE_TIME_MAX + 1], const yyjson_val *v)
{
    struct sk_span s = sk_json_str(v);
    int64_t ms;
    if (s.p != NULL && s.n <= SK_COURSE_TIME_MAX && sk_iso_parse(s.p, s.n, &ms))
        snprintf(to, SK_COURSE_TIME_MAX + 1, "%s", s.p);
}

static void read_point(struct sk_course_point *p, const yyjson_val *v)
{
    struct sk_position at;
    const char *type = sk_json_get_str(v, "type");
    if (!sk_course_position(sk_json_get(v, "position"), &at))
        return;
    sk_course_set_point(p, at, type != NULL ? type : "Location", sk_json_get_str(v, "name"));
    set_text(p->href, sk_json_str(sk_json_get(v, "href")));
}

static void read_route(struct sk_course_route *r, const yyjson_val *v)
{
    struct sk_span href = sk_json_str(sk_json_get(v, "href"));
    double index = sk_json_get_number(v, "pointIndex", 0), total = sk_json_get_number(v, "pointTotal", 0);
    if (href.p == NULL || !(total >= 1) || total > SK_COURSE_POINTS_MAX || !(index >= 0) || index >= total)
        return;
    r->set = true;
    r->reverse = sk_json_get_bool(v, "reverse", false);
    r->index = (size_t)index;
    r->total = (size_t)total;
    set_text(r->href, href);
    set_text(r->name, sk_json_str(sk_json_get(v, "name")));
}

void sk_course_state_read(struct sk_course_state *s, const yyjson_val *saved)
{
    (void)sk_course_circle(sk_json_get(saved, "arrivalCircle"), &s->circle);
    read_point(&s->next, sk_json_get(saved, "nextPoint"));
    if (!s->next.set)
        return;
    read_point(&s->previous, sk_json_get(saved, "previousPoint"));
    read_route(&s->route, sk_json_get(saved, "activeRoute"));
    read_time(s->start, sk_json_get(saved, "startTime"));
    read_time(s->target, sk_json_get(saved, "targetArrivalTime"));
}
