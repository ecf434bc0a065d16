/* Once a second: the instruments' destination, the calculated values, the alarms of arrival. */
#include "api/v2/course_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/query.h"
#include "model/tree.h"
#include "plugin/host.h"

#include <math.h>

#define NMEA_SILENCE_MS 15000u /* after which an instrument's destination is none any more */
#define VALUE_MAX 4096
#define CONFIRM_TICKS 20u /* plugins that are not up by then have no say in what there is */

/* ---- the own vessel's values ---- */

static yyjson_doc *own_value(const struct sk_api *api, const char *dotted)
{
    struct sk_buf b;
    yyjson_doc *doc = NULL;
    sk_buf_init(&b, VALUE_MAX);
    if (sk_model_query(api->model, sk_span_of(dotted), false, &b) == 0 && sk_buf_ok(&b))
        (void)sk_json_read(sk_buf_span(&b), &doc, NULL);
    sk_buf_finish(&b);
    return doc;
}

bool sk_course_vessel(const struct sk_api *api, struct sk_position *ret_position)
{
    yyjson_doc *doc = own_value(api, "navigation.position.value");
    bool ok = sk_course_position(yyjson_doc_get_root(doc), ret_position);
    yyjson_doc_free(doc);
    return ok;
}

/* NaN: none. */
static double own_number(const struct sk_api *api, const char *path)
{
    yyjson_doc *doc = own_value(api, path);
    double d;
    if (!sk_json_number(yyjson_doc_get_root(doc), &d))
        d = NAN;
    yyjson_doc_free(doc);
    return d;
}

/* The boat's clock knows better than the machine's, which may have none. */
static int64_t boat_time(const struct sk_api *api)
{
    yyjson_doc *doc = own_value(api, "navigation.datetime.value");
    struct sk_span s = sk_json_str(yyjson_doc_get_root(doc));
    int64_t ms;
    if (s.p == NULL || !sk_iso_parse(s.p, s.n, &ms))
        ms = sk_clock_wall_ms();
    yyjson_doc_free(doc);
    return ms;
}

/* ---- destinations of instruments ---- */

static bool from_nmea(const struct sk_value *v)
{
    struct sk_span text =
        v->source_text != NULL ? (struct sk_span){ v->source_text->bytes, v->source_text->len } : (struct sk_span){ 0 };
    return sk_span_holds(text, "\"type\":\"NMEA0183\"") || sk_span_holds(text, "\"type\":\"NMEA2000\"");
}

/* The position that an instrument gave last, if later than `*changed`. */
static void look_at(const struct sk_api *api, const char *dotted, uint64_t *changed, const struct sk_value **ret)
{
    const struct sk_path *p = sk_path_find(sk_model_paths(api->model), sk_span_of(dotted));
    const struct sk_node *n = p != NULL ? sk_node_find(sk_model_self(api->model), p) : NULL;
    for (size_t i = 0; n != NULL && n->leaf != NULL && i < n->leaf->count; i++) {
        const struct sk_value *v = &n->leaf->values[i];
        if (v->changed > *changed && from_nmea(v)) {
            *changed = v->changed;
            *ret = v;
        }
    }
}

static void take_nmea(struct sk_course *c, const struct sk_value *v)
{
    struct sk_position to, vessel;
    yyjson_doc *doc = NULL;
    bool ok = sk_json_read(sk_text_span(&v->json), &doc, NULL) == 0 && sk_course_position(yyjson_doc_get_root(doc), &to);
    yyjson_doc_free(doc);
    if (!ok || !sk_course_vessel(c->api, &vessel))
        return;
    c->nmea_heard_ms = sk_clock_mono_ms();
    if (c->by_nmea && to.latitude == c->state.next.at.latitude && to.longitude == c->state.next.at.longitude)
        return;
    sk_course_state_begin(&c->state, sk_clock_wall_ms());
    sk_course_set_point(&c->state.next, to, "Location", NULL);
    sk_course_set_point(&c->state.previous, vessel, "VesselPosition", "VP");
    c->by_nmea = true;
    sk_course_changed(c, NULL, NULL);
}

static void follow_nmea(struct sk_course *c)
{
    const struct sk_value *news = NULL;
    look_at(c->api, "navigation.courseRhumbline.nextPoint.position", &c->nmea_changed, &news);
    look_at(c->api, "navigation.courseGreatCircle.nextPoint.position", &c->nmea_changed, &news);
    if (news != NULL && !c->api_only && (c->by_nmea || !c->state.next.set))
        take_nmea(c, news);
    if (c->by_nmea && sk_clock_mono_ms() - c->nmea_heard_ms > NMEA_SILENCE_MS) {
        sk_course_state_clear(&c->state);
        sk_course_changed(c, NULL, NULL);
    }
}

/* ---- calculation ---- */

static double beyond(struct sk_course *c, enum sk_line method)
{
    const struct sk_course_route *r = &c->state.route;
    if (r->points == NULL)
        return 0;
    if (!c->beyond_known || c->beyond_method != method)
        c->beyond = sk_course_beyond(method, r->points, r->total, r->index, r->reverse);
    c->beyond_known = true;
    c->beyond_method = method;
    return c->beyond;
}

bool sk_course_calculate_now(struct sk_course *c, enum sk_line method, struct sk_course_values *ret_values)
{
    const struct sk_course_state *s = &c->state;
    struct sk_course_input in = {
        .next = s->next.at, .previous = s->previous.at, .has_previous = s->previous.set, .circle = s->circle
    };
    if (!s->next.set || !sk_course_vessel(c->api, &in.vessel))
        return false;
    in.speed = own_number(c->api, "navigation.speedOverGround.value");
    in.course = own_number(c->api, "navigation.courseOverGroundTrue.value");
    in.variation = own_number(c->api, "navigation.magneticVariation.value");
    in.now_ms = boat_time(c->api);
    if (s->target[0] == '\0' || !sk_iso_parse(s->target, strlen(s->target), &in.target_ms))
        in.target_ms = 0;
    in.has_route = s->route.points != NULL;
    in.route_beyond = beyond(c, method);
    sk_course_calculate(method, &in, ret_values);
    return true;
}

static void set_alarm(struct sk_course *c, bool *told, bool on, const char *name, const char *message)
{
    if (*told == on)
        return;
    *told = on;
    sk_course_tell_alarm(c, name, on, message);
}

static void tell_alarms(struct sk_course *c, bool in_circle, bool passed)
{
    set_alarm(c, &c->told_circle, in_circle, "arrivalCircleEntered", "The next point is near: its arrival circle was entered");
    set_alarm(c, &c->told_perpendicular, passed, "perpendicularPassed", "The next point has been passed");
}

static void calculate_and_tell(struct sk_course *c)
{
    bool had = c->has_values;
    const struct sk_position *next = &c->state.next.at;
    c->has_values = sk_course_calculate_now(c, c->method, &c->values);
    if (c->has_values || had)
        sk_course_tell_values(c);
    if (next->latitude != c->watched.latitude || next->longitude != c->watched.longitude)
        tell_alarms(c, false, false); /* those were about another point */
    c->watched = *next;
    tell_alarms(c, c->has_values && c->values.in_circle, c->has_values && c->values.passed_perpendicular);
}

/* ---- what the course of the last run refers to ---- */

static void confirmed(void *arg, const yyjson_val *resource, int why)
{
    struct sk_course *c = arg;
    struct sk_errmsg em = { 0 };
    struct sk_course_state *s = &c->state;
    c->asking--;
    if (c->asked_revision != c->revision || (resource == NULL && why < 0))
        return; /* it is another course by now; or nobody could say: the positions are known all the same */
    if (resource != NULL && s->route.set && sk_course_route_take(&s->route, resource, &em) == 0) {
        struct sk_course_point from = s->previous;
        sk_course_head_for(s, resource, (double)s->route.index, NULL);
        s->previous = s->route.index == 0 ? from : s->previous;
    } else if (resource == NULL || s->route.set || sk_course_set_waypoint(&s->next, resource, sk_span_of(s->next.href)) < 0) {
        sk_log_warn("the course of the last run ends: %s is not there any more", s->route.set ? s->route.href : s->next.href);
        sk_course_state_clear(s);
    }
    sk_course_changed(c, NULL, NULL);
}

static void confirm(struct sk_course *c)
{
    const char *href = c->state.route.set ? c->state.route.href : c->state.next.href;
    if (c->api->plugins != NULL && !sk_host_settled(c->api->plugins) && c->ticks < CONFIRM_TICKS)
        return;
    c->unconfirmed = false;
    c->asked_revision = c->revision;
    c->asking++; /* the answer may come before sk_course_fetch returns */
    if (href[0] == '\0' || !sk_course_fetch(c, href, c->state.route.set ? "routes" : "waypoints", confirmed, c))
        c->asking--;
}

void sk_course_tick(struct sk_course *c)
{
    c->ticks++;
    if (c->unconfirmed)
        confirm(c);
    follow_nmea(c);
    calculate_and_tell(c);
}
