#include "hub/alarms.h"

#include "base/clock.h"
#include "base/map.h"
#include "hub/alarm_private.h"
#include "hub/hub_private.h"
#include "hub/zones.h"

#include <stdio.h>
#include <stdlib.h>

#define SWEEP_MS 60000
#define VALUES_MAX ((size_t)4 * 1024 * 1024) /* bytes of all values together */

struct sk_alarms {
    struct sk_hub *hub;
    struct sk_map by_key, by_id;
    struct sk_alarm *first, **last_next; /* oldest first */
    size_t bytes;
    uint64_t unmanaged;
    uv_timer_t sweep_timer;
    void (*changed)(void *arg);
    void *changed_arg;
};

/* ---- the list ----------------------------------------------------------------------------------------------------------- */

static char *key_of(struct sk_span context, struct sk_span path, struct sk_span source)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_CONTEXT_LEN_MAX + SK_PATH_LEN_MAX + SK_SOURCE_LEN_MAX + 8);
    sk_buf_span_append(&b, context);
    sk_buf_char(&b, '\n');
    sk_buf_span_append(&b, path);
    sk_buf_char(&b, '\n');
    sk_buf_span_append(&b, source);
    char *key = sk_buf_steal(&b, NULL);
    sk_buf_finish(&b);
    return key;
}

static void forget(struct sk_alarms *a, struct sk_alarm *x)
{
    struct sk_alarm **at = &a->first;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    if (a->last_next == &x->next)
        a->last_next = at;
    sk_map_remove(&a->by_key, sk_span_of(x->key));
    sk_map_remove(&a->by_id, sk_span_of(x->id));
    a->bytes -= x->value_len;
    sk_alarm_destroy(x);
}

static bool make_room(struct sk_alarms *a)
{
    if (a->by_id.count < SK_ALARMS_MAX && a->bytes < VALUES_MAX)
        return true;
    for (struct sk_alarm *x = a->first; x != NULL; x = x->next)
        if (x->normal) {
            forget(a, x);
            return a->bytes < VALUES_MAX;
        }
    return false;
}

/* NULL: no room. `id` NULL: a new one. */
static struct sk_alarm *add(struct sk_alarms *a, const char *id, struct sk_span context, struct sk_span path,
                            struct sk_span source)
{
    char *key = make_room(a) ? key_of(context, path, source) : NULL;
    if (key == NULL)
        return NULL;
    struct sk_alarm *x = sk_xcalloc(1, sizeof *x);
    x->list = a;
    x->key = key;
    x->context = sk_xstrndup(context.p, context.n);
    x->path = sk_xstrndup(path.p, path.n);
    x->source = sk_xstrndup(source.p, source.n);
    x->normal = true;
    x->can_silence = x->can_acknowledge = true;
    if (id != NULL)
        snprintf(x->id, sizeof x->id, "%s", id);
    else
        sk_uuid_v4(x->id);
    sk_map_put(&a->by_key, sk_span_of(x->key), x);
    sk_map_put(&a->by_id, sk_span_of(x->id), x);
    *a->last_next = x;
    a->last_next = &x->next;
    return x;
}

static struct sk_alarm *find_key(const struct sk_alarms *a, struct sk_span context, struct sk_span path, struct sk_span source)
{
    SK_CLEANUP(sk_freep) char *key = key_of(context, path, source);
    return key != NULL ? sk_map_get(&a->by_key, sk_span_of(key)) : NULL;
}

struct sk_alarm *sk_alarms_find(const struct sk_alarms *a, struct sk_span id)
{
    return sk_map_get(&a->by_id, id);
}

/* Normal for a whole minute: forgotten. */
static void sweep(uv_timer_t *t)
{
    struct sk_alarms *a = t->data;
    for (struct sk_alarm *x = a->first, *next; x != NULL; x = next) {
        next = x->next;
        if (x->normal && x->swept)
            forget(a, x);
        else
            x->swept = x->normal;
    }
    if (a->first == NULL)
        uv_timer_stop(t);
}

/* ---- out ---------------------------------------------------------------------------------------------------------------- */

static void emit(struct sk_alarm *x)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    SK_BUF_LIT(&b, "{\"updates\":[{\"values\":[{\"path\":");
    sk_json_write_str(&b, sk_span_of(x->path));
    SK_BUF_LIT(&b, ",\"value\":");
    sk_alarm_write_value(x, &b);
    SK_BUF_LIT(&b, "}],\"$source\":");
    sk_json_write_str(&b, sk_span_of(x->source));
    SK_BUF_LIT(&b, ",\"timestamp\":");
    sk_json_write_str(&b, sk_span_of(x->timestamp));
    sk_buf_printf(&b, ",\"notificationId\":\"%s\"}],\"context\":", x->id);
    sk_json_write_str(&b, sk_span_of(x->context));
    sk_buf_char(&b, '}');
    sk_hub_emit(x->list->hub, &(struct sk_origin){ .provider = "notificationApi", .managed = true }, &b);
    sk_buf_finish(&b);
}

void sk_alarms_publish(struct sk_alarm *x, bool news)
{
    struct sk_alarms *a = x->list;
    x->swept = false;
    if (!uv_is_active((uv_handle_t *)&a->sweep_timer))
        uv_timer_start(&a->sweep_timer, sweep, SWEEP_MS, SWEEP_MS);
    emit(x);
    if (news && a->changed != NULL)
        a->changed(a->changed_arg);
}

/* ---- in ----------------------------------------------------------------------------------------------------------------- */

static void take(struct sk_alarm *x, const yyjson_val *value, struct sk_span timestamp)
{
    struct sk_alarms *a = x->list;
    a->bytes -= x->value_len;
    bool news = sk_alarm_take(x, value, timestamp);
    a->bytes += x->value_len;
    sk_alarms_publish(x, news);
}

/* False: it is not ours to manage, or there is no room. */
static bool take_value(struct sk_alarms *a, const struct sk_context *c, const struct sk_update *u, const struct sk_path_value *pv)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)pv->value;
    if (!yyjson_is_obj(v) && !yyjson_is_null(v))
        return false;
    struct sk_alarm *x = find_key(a, c->text, pv->path->text, u->stream_source->ref);
    if (x == NULL)
        x = add(a, NULL, c->text, pv->path->text, u->stream_source->ref);
    a->unmanaged += x == NULL;
    if (x != NULL)
        take(x, v, u->timestamp);
    return x != NULL;
}

static bool intercept_update(struct sk_alarms *a, const struct sk_context *c, struct sk_update *u)
{
    bool any = false;
    uint32_t left = u->meta_count;
    for (uint32_t i = 0; i < u->value_count; i++) {
        struct sk_path_value *pv = &u->values[i];
        if (!pv->dropped && pv->path->notification && take_value(a, c, u, pv))
            pv->dropped = any = true;
        left += !pv->dropped;
    }
    u->husk = left == 0;
    return any;
}

bool sk_alarms_intercept(struct sk_alarms *a, const struct sk_context *c, struct sk_delta *d)
{
    bool any = false;
    for (uint32_t i = 0; i < d->update_count; i++)
        if (!d->updates[i].husk)
            any |= intercept_update(a, c, &d->updates[i]);
    return any;
}

void sk_alarms_context_dying(struct sk_alarms *a, const struct sk_context *c)
{
    for (struct sk_alarm *x = a->first, *next; x != NULL; x = next) {
        next = x->next;
        if (sk_span_eq(c->text, x->context))
            forget(a, x);
    }
}

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

int sk_alarms_raise(struct sk_alarms *a, const struct sk_alarm_input *in, struct sk_errmsg *em)
{
    bool own = in->context.n == 0 || sk_span_eq(in->context, "vessels.self");
    struct sk_span context = own ? sk_span_of(sk_model_self_context(a->hub->model)) : in->context;
    struct sk_path *p;
    int r = sk_path_intern(sk_model_paths(a->hub->model), in->path, &p, em);
    if (r == 0 && context.n > SK_CONTEXT_LEN_MAX)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "context of %zu bytes, at most %u", context.n, SK_CONTEXT_LEN_MAX);
    if (r < 0)
        return r;
    yyjson_doc *doc = NULL;
    r = sk_json_read(in->value, &doc, em);
    if (r < 0)
        return r;
    struct sk_alarm *x = find_key(a, context, in->path, SK_SPAN(SK_ALARMS_SOURCE));
    if (x != NULL)
        forget(a, x); /* raised anew, under a new id */
    x = add(a, in->id, context, in->path, SK_SPAN(SK_ALARMS_SOURCE));
    if (x != NULL) {
        char now[SK_ISO_TIME_SIZE];
        sk_iso_time(now, sk_clock_wall_ms());
        x->raised = true;
        x->shown_context = sk_xstrndup(in->context.p != NULL ? in->context.p : "", in->context.n);
        take(x, yyjson_doc_get_root(doc), sk_span_of(now));
    }
    yyjson_doc_free(doc);
    return x != NULL ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "too many notifications are active");
}

void sk_alarms_silence_all(struct sk_alarms *a)
{
    for (struct sk_alarm *x = a->first; x != NULL; x = x->next)
        if (!x->normal)
            (void)sk_alarm_silence(x, NULL);
}

void sk_alarms_acknowledge_all(struct sk_alarms *a)
{
    for (struct sk_alarm *x = a->first; x != NULL; x = x->next)
        if (!x->normal)
            (void)sk_alarm_acknowledge(x, NULL);
}

void sk_alarms_write(const struct sk_alarms *a, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    for (const struct sk_alarm *x = a->first; x != NULL; x = x->next) {
        sk_buf_append(out, ",", x != a->first);
        sk_json_write_str(out, sk_span_of(x->id));
        sk_buf_char(out, ':');
        sk_alarm_write(x, out);
    }
    sk_buf_char(out, '}');
}

/* ---- over a restart ----------------------------------------------------------------------------------------------------- */

void sk_alarms_write_saved(const struct sk_alarms *a, struct sk_buf *out)
{
    bool first = true;
    SK_BUF_LIT(out, "{\"alarms\":[");
    for (const struct sk_alarm *x = a->first; x != NULL; x = x->next) {
        if (x->normal)
            continue;
        if (!first)
            SK_BUF_LIT(out, ",\n");
        first = false;
        sk_alarm_write_saved(x, sk_model_self_context(a->hub->model), out);
    }
    SK_BUF_LIT(out, "]}\n");
}

static bool restore_one(struct sk_alarms *a, const yyjson_val *saved)
{
    struct sk_span id = sk_json_str(sk_json_get(saved, "id")), context = sk_json_str(sk_json_get(saved, "context"));
    struct sk_span path = sk_json_str(sk_json_get(saved, "path")), source = sk_json_str(sk_json_get(saved, "$source"));
    if (id.n != SK_UUID_SIZE - 1 || context.n == 0 || path.n == 0 || source.n == 0 || sk_alarms_find(a, id) != NULL)
        return false;
    if (sk_span_eq(context, "vessels.self"))
        context = sk_span_of(sk_model_self_context(a->hub->model));
    if (!yyjson_is_obj(sk_json_get(saved, "value")) || find_key(a, context, path, source) != NULL)
        return false;
    struct sk_alarm *x = add(a, id.p, context, path, source);
    if (x == NULL)
        return false;
    sk_alarm_read_saved(x, saved);
    a->bytes += x->value_len;
    sk_alarms_publish(x, false);
    return true;
}

size_t sk_alarms_restore(struct sk_alarms *a, const yyjson_val *saved)
{
    size_t i, n, count = 0;
    yyjson_val *one;
    yyjson_arr_foreach(sk_json_get(saved, "alarms"), i, n, one)
        count += restore_one(a, one);
    return count;
}

void sk_alarms_settle(struct sk_alarms *a)
{
    static const char prefix[] = "notifications.";
    char now[SK_ISO_TIME_SIZE];
    sk_iso_time(now, sk_clock_wall_ms());
    for (struct sk_alarm *x = a->first; x != NULL; x = x->next) {
        if (!x->restored || strcmp(x->source, SK_ZONES_SOURCE) != 0 || strncmp(x->path, prefix, sizeof prefix - 1) != 0)
            continue;
        const struct sk_path *watched = sk_path_find(sk_model_paths(a->hub->model), sk_span_of(x->path + sizeof prefix - 1));
        if (watched == NULL || !sk_zones_watched(watched))
            take(x, NULL, sk_span_of(now));
    }
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_alarms *sk_alarms_create(struct sk_hub *h, void (*changed)(void *arg), void *arg)
{
    SK_ASSERT(h->alarms == NULL);
    struct sk_alarms *a = sk_xcalloc(1, sizeof *a);
    a->hub = h;
    a->last_next = &a->first;
    a->changed = changed;
    a->changed_arg = arg;
    uv_timer_init(sk_loop_uv(h->loop), &a->sweep_timer);
    a->sweep_timer.data = a;
    h->alarms = a;
    return a;
}

static void timer_closed(uv_handle_t *t)
{
    free(t->data);
}

void sk_alarms_destroy(struct sk_alarms *a)
{
    if (a == NULL)
        return;
    while (a->first != NULL)
        forget(a, a->first);
    sk_map_finish(&a->by_key);
    sk_map_finish(&a->by_id);
    a->hub->alarms = NULL;
    uv_close((uv_handle_t *)&a->sweep_timer, timer_closed);
}

void sk_alarms_stats(const struct sk_alarms *a, struct sk_alarms_stats *ret_stats)
{
    *ret_stats = (struct sk_alarms_stats){ a->by_id.count, a->unmanaged };
}
