/* Deltas of the course: its state as v1 and v2 know it, the calculated values, the alarms of arrival. */
#include "api/v2/course_private.h"

#include "base/clock.h"
#include "base/log.h"

#include <math.h>

#define CALC "navigation.course.calcValues."

static void ingest(struct sk_course *c, const char *source, int version, struct sk_buf *b)
{
    struct sk_errmsg em = { 0 };
    SK_BUF_LIT(b, "]}]}");
    SK_ASSERT(sk_buf_ok(b)); /* its parts are bounded */
    if (sk_hub_ingest(c->api->hub, &(struct sk_origin){ .provider = source, .version = version }, sk_buf_span(b), &em) < 0)
        sk_log_debug("signalk-server:course", "no delta: %s", em.text);
    sk_buf_finish(b);
}

static void begin(struct sk_buf *b)
{
    sk_buf_init(b, SK_COURSE_TEXT_MAX);
    SK_BUF_LIT(b, "{\"updates\":[{\"values\":[");
}

/* The value follows. */
static void path(struct sk_buf *b, const char *front, const char *name)
{
    if (sk_buf_ends(b, '}'))
        sk_buf_char(b, ',');
    sk_buf_printf(b, "{\"path\":\"%s%s\",\"value\":", front, name);
}

static void text_at(struct sk_buf *b, const char *front, const char *name, const char *text)
{
    path(b, front, name);
    sk_course_write_text(text, b);
    sk_buf_char(b, '}');
}

static void number_at(struct sk_buf *b, const char *front, const char *name, double d)
{
    path(b, front, name);
    sk_json_write_double(b, d);
    sk_buf_char(b, '}');
}

static void position_at(struct sk_buf *b, const char *front, const char *name, const struct sk_course_point *p)
{
    path(b, front, name);
    sk_course_write_position(p, b);
    sk_buf_char(b, '}');
}

static void write_v1(const struct sk_course_state *s, const char *front, struct sk_buf *b)
{
    text_at(b, front, "activeRoute.href", s->route.href);
    text_at(b, front, "activeRoute.startTime", s->route.set ? s->start : "");
    text_at(b, front, "nextPoint.value.href", s->next.href);
    text_at(b, front, "nextPoint.value.type", s->next.type);
    position_at(b, front, "nextPoint.position", &s->next);
    number_at(b, front, "nextPoint.arrivalCircle", s->circle);
    position_at(b, front, "previousPoint.position", &s->previous);
    text_at(b, front, "previousPoint.value.type", s->previous.type);
}

static void write_v2(const struct sk_course_state *s, struct sk_buf *b)
{
    const char *front = "navigation.course.";
    text_at(b, front, "startTime", s->start);
    text_at(b, front, "targetArrivalTime", s->target);
    path(b, front, "activeRoute");
    sk_course_write_route(&s->route, b);
    sk_buf_char(b, '}');
    number_at(b, front, "arrivalCircle", s->circle);
    path(b, front, "previousPoint");
    sk_course_write_point(&s->previous, b);
    sk_buf_char(b, '}');
    path(b, front, "nextPoint");
    sk_course_write_point(&s->next, b);
    sk_buf_char(b, '}');
}

void sk_course_tell(struct sk_course *c)
{
    struct sk_buf b;
    begin(&b);
    write_v1(&c->state, "navigation.courseGreatCircle.", &b);
    write_v1(&c->state, "navigation.courseRhumbline.", &b);
    ingest(c, SK_COURSE_SOURCE, 1, &b);
    begin(&b);
    write_v2(&c->state, &b);
    ingest(c, SK_COURSE_SOURCE, 2, &b);
}

/* ---- calculated values ---- */

static const char *method_name(enum sk_line method)
{
    return method == SK_RHUMB_LINE ? "Rhumbline" : "GreatCircle";
}

static void iso_of(double ms, char out[SK_ISO_TIME_SIZE])
{
    out[0] = '\0';
    if (isfinite(ms))
        sk_iso_time(out, (int64_t)ms);
}

void sk_course_tell_values(struct sk_course *c)
{
    static const struct sk_course_values nothing = { NAN, NAN, NAN, NAN, NAN, NAN, NAN,   NAN,
                                                     NAN, NAN, NAN, NAN, NAN, NAN, false, false };
    const struct sk_course_values *v = c->has_values ? &c->values : &nothing;
    const struct {
        const char *name;
        double d;
    } numbers[] = { { "bearingTrackTrue", v->track_true },
                    { "bearingTrackMagnetic", v->track_magnetic },
                    { "crossTrackError", v->cross_track },
                    { "previousPoint.distance", v->previous_distance },
                    { "distance", v->distance },
                    { "bearingTrue", v->bearing_true },
                    { "bearingMagnetic", v->bearing_magnetic },
                    { "velocityMadeGood", v->vmg },
                    { "timeToGo", v->time_to_go },
                    { "route.timeToGo", v->route_time_to_go },
                    { "route.distance", v->route_distance },
                    { "targetSpeed", v->target_speed } };
    char eta[SK_ISO_TIME_SIZE], route_eta[SK_ISO_TIME_SIZE];
    struct sk_buf b;
    iso_of(v->eta_ms, eta);
    iso_of(v->route_eta_ms, route_eta);
    begin(&b);
    text_at(&b, CALC, "calcMethod", method_name(c->method));
    for (size_t i = 0; i < SK_COUNT(numbers); i++)
        number_at(&b, CALC, numbers[i].name, numbers[i].d);
    text_at(&b, CALC, "estimatedTimeOfArrival", eta);
    text_at(&b, CALC, "route.estimatedTimeOfArrival", route_eta);
    number_at(&b, "performance.", "velocityMadeGoodToWaypoint", v->vmg);
    ingest(c, "course-provider", 2, &b);
}

static void member(struct sk_buf *out, const char *name, double d)
{
    sk_buf_printf(out, ",\"%s\":", name);
    sk_json_write_double(out, d);
}

static void time_member(struct sk_buf *out, const char *name, double ms)
{
    char iso[SK_ISO_TIME_SIZE];
    iso_of(ms, iso);
    sk_buf_printf(out, ",\"%s\":", name);
    sk_course_write_text(iso, out);
}

void sk_course_write_values(const struct sk_course_values *v, enum sk_line method, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"calcMethod\":\"%s\"", method_name(method));
    member(out, "bearingTrackTrue", v->track_true);
    member(out, "bearingTrackMagnetic", v->track_magnetic);
    member(out, "crossTrackError", v->cross_track);
    member(out, "distance", v->distance);
    member(out, "bearingTrue", v->bearing_true);
    member(out, "bearingMagnetic", v->bearing_magnetic);
    member(out, "velocityMadeGood", v->vmg);
    member(out, "timeToGo", v->time_to_go);
    time_member(out, "estimatedTimeOfArrival", v->eta_ms);
    SK_BUF_LIT(out, ",\"previousPoint\":{\"distance\":");
    sk_json_write_double(out, v->previous_distance);
    SK_BUF_LIT(out, "},\"route\":{\"timeToGo\":");
    sk_json_write_double(out, v->route_time_to_go);
    time_member(out, "estimatedTimeOfArrival", v->route_eta_ms);
    member(out, "distance", v->route_distance);
    sk_buf_char(out, '}');
    member(out, "targetSpeed", v->target_speed);
    sk_buf_char(out, '}');
}

/* ---- alarms ---- */

void sk_course_tell_alarm(struct sk_course *c, const char *name, bool on, const char *message)
{
    struct sk_buf b;
    begin(&b);
    path(&b, "notifications.navigation.course.", name);
    sk_buf_printf(&b, "{\"state\":\"%s\",\"method\":[%s],\"message\":", on ? "alert" : "normal",
                  !on        ? ""
                  : c->sound ? "\"sound\",\"visual\""
                             : "\"visual\"");
    sk_json_write_str(&b, sk_span_of(message));
    SK_BUF_LIT(&b, "}}");
    ingest(c, "course-provider", 1, &b);
}
