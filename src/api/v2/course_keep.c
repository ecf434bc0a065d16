/* The course over a restart, and what it refers to: saving, restoring, asking for routes and waypoints, following their edits. */
#include "api/v2/course_private.h"

#include "api/v2/resource_store.h"
#include "api/v2/resources.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"
#include "store/settings.h"

#include <stdlib.h>

#define TICK_MS 1000u

/* ---- changes ---- */

static void save(struct sk_course *c, sk_saver_done done, void *arg)
{
    struct sk_course_state nowhere = { .circle = c->state.circle };
    struct sk_buf b;
    size_t n;
    sk_buf_init(&b, SK_COURSE_TEXT_MAX);
    sk_course_state_write(c->by_nmea ? &nowhere : &c->state, &b); /* the instrument will say it again */
    char *text = sk_buf_xsteal(&b, &n);                           /* bounded by its parts */
    sk_saver_put(c->saver, text, n, done, arg);
}

void sk_course_changed(struct sk_course *c, sk_saver_done done, void *arg)
{
    c->revision++;
    c->beyond_known = false;
    c->unconfirmed = false;
    if (!c->state.next.set)
        c->by_nmea = false;
    sk_course_tell(c);
    save(c, done, arg);
}

/* ---- asking ---- */

struct fetch {
    sk_course_fetched done;
    void *arg;
};

static void fetched(void *arg, struct sk_asked *answers, size_t count)
{
    struct fetch f = *(struct fetch *)arg;
    yyjson_doc *doc = NULL;
    free(arg);
    for (size_t i = 0; i < count && doc == NULL; i++)
        if (answers[i].result == 0 && sk_resource_is_there(sk_buf_span(&answers[i].text)))
            doc = sk_v2_parse(sk_buf_span(&answers[i].text));
    f.done(f.arg, yyjson_doc_get_root(doc), sk_v2_worst(answers, count));
    yyjson_doc_free(doc);
}

/* The id in "/resources/<type>/<id>". */
static bool id_of(const char *href, const char *type, struct sk_span *ret_id)
{
    static const char front[] = "/resources/";
    size_t n = strlen(type);
    if (strncmp(href, front, sizeof front - 1) != 0 || strncmp(href + sizeof front - 1, type, n) != 0 ||
        href[sizeof front - 1 + n] != '/')
        return false;
    *ret_id = sk_span_of(href + sizeof front + n);
    return sk_resource_id_ok(sk_resource_type_of(sk_span_of(type)), *ret_id);
}

bool sk_course_fetch(struct sk_course *c, const char *href, const char *type, sk_course_fetched done, void *arg)
{
    const struct sk_provider *list[SK_ASKED_MAX];
    struct sk_span id;
    struct sk_buf b;
    if (!id_of(href, type, &id))
        return false;
    size_t n = sk_providers_list(c->api->providers, SK_PROVIDES_RESOURCES, sk_span_of(type), list, SK_ASKED_MAX);
    if (n == 0) {
        done(arg, NULL, SK_ERR_CLOSED);
        return true;
    }
    struct fetch *f = sk_xmalloc(sizeof *f);
    *f = (struct fetch){ done, arg };
    sk_buf_init(&b, 1024);
    sk_buf_printf(&b, "{\"id\":\"%.*s\",\"resourceType\":\"%s\"}", (int)id.n, id.p, type); /* checked: plain characters */
    sk_v2_ask(list, n, "resources_get_resource", sk_buf_span(&b), fetched, f);
    sk_buf_finish(&b);
    return true;
}

/* ---- edits ---- */

static void route_edited(struct sk_course *c, const yyjson_val *route)
{
    struct sk_errmsg em = { 0 };
    struct sk_course_state *s = &c->state;
    struct sk_position vessel;
    if (sk_course_route_take(&s->route, route, &em) < 0) {
        sk_log_warn("the active route was changed; the course stays as it was: %s", em.text);
        return;
    }
    struct sk_course_point from = s->previous;
    bool first = s->route.index == 0;
    sk_course_head_for(s, route, (double)s->route.index, first && sk_course_vessel(c->api, &vessel) ? &vessel : NULL);
    if (first)
        s->previous = from; /* where the leg began does not change */
}

void sk_course_resource_changed(struct sk_course *c, struct sk_span type, struct sk_span id, struct sk_span value)
{
    struct sk_span own;
    if (c == NULL)
        return;
    struct sk_course_state *s = &c->state;
    bool route = sk_span_eq(type, "routes") && s->route.set && id_of(s->route.href, "routes", &own) && sk_span_is(own, id);
    bool waypoint = sk_span_eq(type, "waypoints") && s->next.set && id_of(s->next.href, "waypoints", &own) && sk_span_is(own, id);
    if (!route && !waypoint)
        return;
    yyjson_doc *doc = sk_v2_parse(value);
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        sk_course_forget_resource(s);
    else if (route)
        route_edited(c, root);
    else if (sk_course_set_waypoint(&s->next, root, sk_span_of(s->next.href)) < 0)
        sk_log_warn("the active waypoint was changed and has no position now; the course stays as it was");
    yyjson_doc_free(doc);
    sk_course_changed(c, NULL, NULL);
}

/* ---- start and end ---- */

static void restore(struct sk_course *c, const char *file)
{
    struct sk_errmsg em;
    yyjson_doc *doc;
    int r = sk_kept_read_json(file, SK_COURSE_TEXT_MAX, &doc, &em);
    if (r == SK_ERR_NOTFOUND)
        return;
    if (r < 0) {
        sk_log_error("the course of the last run is not known: %s", em.text);
        return;
    }
    sk_course_state_read(&c->state, yyjson_doc_get_root(doc));
    c->unconfirmed = c->state.next.set;
    if (c->state.next.set)
        sk_course_tell(c);
    yyjson_doc_free(doc);
}

static void tick(uv_timer_t *t)
{
    sk_course_tick(t->data);
}

struct sk_course *sk_course_start(struct sk_api *api)
{
    struct sk_course *c = sk_xcalloc(1, sizeof *c);
    const yyjson_val *settings = sk_json_get(sk_settings_root(api->settings), "courseApi");
    const char *method = sk_json_get_str(settings, "calcMethod");
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(api->config_dir, "serverState/course/settings.json");
    c->api = api;
    c->api_only = sk_json_get_bool(settings, "apiOnly", false);
    c->sound = sk_json_get_bool(settings, "alarmSound", false);
    c->method = method != NULL && strcmp(method, "Rhumbline") == 0 ? SK_RHUMB_LINE : SK_GREAT_CIRCLE;
    c->saver = sk_saver_create(api->loop, file, 0644);
    restore(c, file);
    c->timer = sk_xcalloc(1, sizeof *c->timer);
    uv_timer_init(sk_loop_uv(api->loop), c->timer);
    c->timer->data = c;
    uv_timer_start(c->timer, tick, TICK_MS, TICK_MS);
    return c;
}

bool sk_course_idle(const struct sk_course *c)
{
    return c == NULL || (c->asking == 0 && sk_saver_idle(c->saver));
}

static void timer_closed(uv_handle_t *t)
{
    free(t);
}

void sk_course_destroy(struct sk_course *c)
{
    if (c == NULL)
        return;
    uv_close((uv_handle_t *)c->timer, timer_closed);
    sk_saver_destroy(c->saver);
    sk_course_state_finish(&c->state);
    free(c);
}
