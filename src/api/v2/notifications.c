/* /signalk/v2/api/notifications: what is active, and what the user does about it. */
#include "api/v2/notifications_private.h"

#include "api/body.h"
#include "api/v2/v2.h"
#include "base/clock.h"
#include "base/json.h"
#include "model/query.h"

#include <ctype.h>
#include <stdio.h>

#define LIST_MAX ((size_t)32 * 1024 * 1024)

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

static void reply_id(struct sk_http_req *r, const char *id)
{
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    SK_BUF_LIT(&b, "{\"state\":\"COMPLETED\",\"statusCode\":200,\"message\":\"OK\",\"id\":");
    sk_json_write_str(&b, sk_span_of(id));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* An answer that waits for the disk. */
struct waiting {
    struct sk_http_req *req;
    char id[SK_UUID_SIZE]; /* "": none */
};

static void saved(void *arg, int result, const char *error)
{
    const struct waiting *w = arg;
    if (result < 0)
        sk_v2_reply(w->req, 500, sk_span_of(error));
    else if (w->id[0] != '\0')
        reply_id(w->req, w->id);
    else
        sk_v2_reply(w->req, 200, SK_SPAN(""));
}

static void reply_when_saved(struct sk_notifications *n, struct sk_http_req *r, const char *id)
{
    struct waiting *w = sk_arena_zalloc(sk_http_arena(r), sizeof *w); /* lives until the answer */
    if (w == NULL) {
        sk_v2_reply(r, 500, SK_SPAN("out of memory"));
        return;
    }
    w->req = r;
    snprintf(w->id, sizeof w->id, "%s", id != NULL ? id : "");
    sk_notifications_save(n, saved, w);
}

static void reply_result(struct sk_notifications *n, struct sk_http_req *r, int result, const struct sk_errmsg *em)
{
    if (result == 0)
        reply_when_saved(n, r, NULL);
    else
        sk_v2_reply(r, 400, sk_span_of(em->text));
}

static bool refuse_unmanaged(const struct sk_notifications *n, struct sk_http_req *r)
{
    if (n->alarms == NULL)
        sk_v2_reply(r, 501, SK_SPAN("Not implemented."));
    return n->alarms == NULL;
}

static bool is_uuid(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s.p[i] != '-' : !isxdigit((unsigned char)s.p[i]))
            return false;
    return s.n == SK_UUID_SIZE - 1;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static void write_unmanaged(const struct sk_node *n, struct sk_buf *out)
{
    for (; n != NULL; n = n->next) {
        if (n->leaf != NULL && n->path->notification) {
            sk_buf_append(out, ",", out->n > 1);
            sk_buf_span_append(out, n->path->json);
            SK_BUF_LIT(out, ":{\"context\":");
            sk_buf_span_append(out, n->context->json);
            SK_BUF_LIT(out, ",\"path\":");
            sk_buf_span_append(out, n->path->json);
            SK_BUF_LIT(out, ",\"value\":");
            sk_buf_span_append(out, sk_text_span(&n->leaf->values[n->leaf->current].json));
            sk_buf_char(out, '}');
        }
        write_unmanaged(n->first, out);
    }
}

static void get_list(struct sk_http_req *r, void *arg)
{
    const struct sk_notifications *n = arg;
    struct sk_buf out;
    sk_buf_init(&out, LIST_MAX);
    if (n->alarms != NULL) {
        sk_alarms_write(n->alarms, &out);
    } else {
        sk_buf_char(&out, '{');
        write_unmanaged(sk_model_self(n->api->model)->first, &out);
        sk_buf_char(&out, '}');
    }
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}

static void get_one(struct sk_http_req *r, void *arg)
{
    const struct sk_notifications *n = arg;
    struct sk_span id = sk_http_param(r, "id");
    if (refuse_unmanaged(n, r))
        return;
    const struct sk_alarm *alarm = sk_alarms_find(n->alarms, id);
    if (!is_uuid(id)) {
        sk_v2_reply(r, 400, SK_SPAN("Invalid Data supplied."));
    } else if (alarm == NULL) {
        sk_v2_reply(r, 404, SK_SPAN("Resource not found."));
    } else {
        struct sk_buf out;
        sk_buf_init(&out, LIST_MAX);
        sk_alarm_write(alarm, &out);
        sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
        sk_buf_finish(&out);
    }
}

/* ---- raising ------------------------------------------------------------------------------------------------------------ */

static void write_position(struct sk_api *api, struct sk_buf *value)
{
    size_t at = value->n;
    SK_BUF_LIT(value, ",\"position\":");
    if (sk_model_query(api->model, SK_SPAN("navigation.position.value"), false, value) < 0)
        value->n = at; /* not known: left out */
}

struct wish {
    const char *state, *message;
    struct sk_span path, context;
    const yyjson_val *data;
    bool id_in_path, position, created_at;
};

static void write_wish(struct sk_api *api, const struct wish *w, struct sk_buf *value)
{
    SK_BUF_LIT(value, "{\"state\":");
    sk_json_write_str(value, sk_span_of(w->state));
    SK_BUF_LIT(value, ",\"method\":[\"visual\",\"sound\"],\"message\":");
    sk_json_write_str(value, sk_span_of(w->message));
    if (w->position)
        write_position(api, value);
    if (w->created_at) {
        char now[SK_ISO_TIME_SIZE];
        sk_iso_time(now, sk_clock_wall_ms());
        sk_buf_printf(value, ",\"createdAt\":\"%s\"", now);
    }
    if (w->data != NULL) {
        SK_BUF_LIT(value, ",\"data\":");
        sk_json_write(value, w->data);
    }
    sk_buf_char(value, '}');
}

static void write_path(const struct wish *w, const char *id, struct sk_buf *path)
{
    if (w->path.n == 0) {
        sk_buf_printf(path, "notifications.%s", id);
        return;
    }
    if (!sk_span_starts(w->path, "notifications."))
        SK_BUF_LIT(path, "notifications.");
    sk_buf_span_append(path, w->path);
    if (w->id_in_path)
        sk_buf_printf(path, ".%s", id);
}

/* Not managed: it goes out as any client's notification would. */
static int emit_unmanaged(struct sk_api *api, const struct sk_alarm_input *in, struct sk_errmsg *em)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    SK_BUF_LIT(&b, "{\"context\":");
    sk_json_write_str(&b, in->context.n != 0 ? in->context : SK_SPAN("vessels.self"));
    SK_BUF_LIT(&b, ",\"updates\":[{\"values\":[{\"path\":");
    sk_json_write_str(&b, in->path);
    SK_BUF_LIT(&b, ",\"value\":");
    sk_buf_span_append(&b, in->value);
    SK_BUF_LIT(&b, "}]}]}");
    int r = sk_buf_ok(&b) ? sk_hub_ingest(api->hub, &(struct sk_origin){ .provider = SK_ALARMS_SOURCE }, sk_buf_span(&b), em)
                          : sk_errmsg_set(em, SK_ERR_LIMIT, "too large for a delta");
    sk_buf_finish(&b);
    return r;
}

static void raise_wish(struct sk_notifications *n, struct sk_http_req *r, const struct wish *w)
{
    char id[SK_UUID_SIZE];
    struct sk_buf value, path;
    struct sk_errmsg em = { 0 };
    sk_uuid_v4(id);
    sk_buf_init(&value, SK_VALUE_LEN_MAX);
    sk_buf_init(&path, SK_PATH_LEN_MAX);
    write_wish(n->api, w, &value);
    write_path(w, id, &path);
    struct sk_alarm_input in = { id, w->context, sk_buf_span(&path), sk_buf_span(&value) };
    if (!sk_buf_ok(&value) || !sk_buf_ok(&path))
        sk_v2_reply(r, 400, SK_SPAN("the path or the value is too long"));
    else if ((n->alarms != NULL ? sk_alarms_raise(n->alarms, &in, &em) : emit_unmanaged(n->api, &in, &em)) < 0)
        sk_v2_reply(r, 400, sk_span_of(em.text));
    else if (n->alarms != NULL)
        reply_when_saved(n, r, id);
    else
        reply_id(r, id);
    sk_buf_finish(&value);
    sk_buf_finish(&path);
}

static void post_raise(struct sk_http_req *r, void *arg)
{
    yyjson_doc *doc = sk_body_json(r);
    yyjson_val *body = yyjson_doc_get_root(doc);
    struct wish w = { .state = sk_json_get_str(body, "state"),
                      .message = sk_json_get_str(body, "message"),
                      .path = sk_json_str(sk_json_get(body, "path")),
                      .context = sk_json_str(sk_json_get(body, "context")),
                      .data = sk_json_get(body, "data"),
                      .id_in_path = sk_json_truthy(sk_json_get(body, "idInPath")),
                      .position = sk_json_truthy(sk_json_get(body, "includePosition")),
                      .created_at = sk_json_truthy(sk_json_get(body, "includeCreatedAt")) };
    if (doc == NULL)
        return;
    if (w.state == NULL || w.message == NULL)
        sk_v2_reply(r, 400, SK_SPAN("Notification `state` or `message` properties are missing!"));
    else
        raise_wish(arg, r, &w);
    yyjson_doc_free(doc);
}

/* Somebody in the water: the body may be missing altogether. */
static void post_mob(struct sk_http_req *r, void *arg)
{
    yyjson_doc *doc = NULL;
    if (sk_http_body(r).n != 0 && (doc = sk_body_json(r)) == NULL)
        return;
    const char *message = sk_json_get_str(yyjson_doc_get_root(doc), "message");
    struct wish w = { .state = "emergency",
                      .message = message != NULL ? message : "Person Overboard!",
                      .path = SK_SPAN("mob"),
                      .id_in_path = true,
                      .position = true,
                      .created_at = true };
    raise_wish(arg, r, &w);
    yyjson_doc_free(doc);
}

/* ---- doing something about one ------------------------------------------------------------------------------------------ */

static struct sk_alarm *alarm_of(const struct sk_notifications *n, struct sk_http_req *r)
{
    if (refuse_unmanaged(n, r))
        return NULL;
    struct sk_alarm *alarm = sk_alarms_find(n->alarms, sk_http_param(r, "id"));
    if (alarm == NULL)
        sk_v2_reply(r, 400, SK_SPAN("Alarm not found!"));
    return alarm;
}

static void act(struct sk_http_req *r, void *arg, int (*action)(struct sk_alarm *alarm, struct sk_errmsg *em))
{
    struct sk_alarm *alarm = alarm_of(arg, r);
    struct sk_errmsg em;
    if (alarm == NULL)
        return;
    int result = action(alarm, &em);
    reply_result(arg, r, result, &em);
}

static void post_silence(struct sk_http_req *r, void *arg)
{
    act(r, arg, sk_alarm_silence);
}

static void post_acknowledge(struct sk_http_req *r, void *arg)
{
    act(r, arg, sk_alarm_acknowledge);
}

static void delete_one(struct sk_http_req *r, void *arg)
{
    act(r, arg, sk_alarm_clear);
}

static void put_one(struct sk_http_req *r, void *arg)
{
    struct sk_alarm *alarm = alarm_of(arg, r);
    yyjson_doc *doc = alarm != NULL ? sk_body_json(r) : NULL;
    struct sk_errmsg em;
    if (doc == NULL)
        return;
    int result = sk_alarm_edit(alarm, yyjson_doc_get_root(doc), &em);
    yyjson_doc_free(doc);
    reply_result(arg, r, result, &em);
}

static void post_silence_all(struct sk_http_req *r, void *arg)
{
    struct sk_notifications *n = arg;
    if (refuse_unmanaged(n, r))
        return;
    sk_alarms_silence_all(n->alarms);
    reply_when_saved(n, r, NULL);
}

static void post_acknowledge_all(struct sk_http_req *r, void *arg)
{
    struct sk_notifications *n = arg;
    if (refuse_unmanaged(n, r))
        return;
    sk_alarms_acknowledge_all(n->alarms);
    reply_when_saved(n, r, NULL);
}

/* ---- PUT of the v1 interface -------------------------------------------------------------------------------------------- */

static const struct sk_value *notification_at(struct sk_api *api, struct sk_span context, struct sk_span path)
{
    const struct sk_context *c =
        sk_span_eq(context, "vessels.self") ? sk_model_self(api->model) : sk_context_find(api->model, context);
    const struct sk_path *p = sk_path_find(sk_model_paths(api->model), path);
    const struct sk_node *n = c != NULL && p != NULL ? sk_node_find(c, p) : NULL;
    return n != NULL && n->leaf != NULL ? &n->leaf->values[n->leaf->current] : NULL;
}

/* The notification once more, by its old source, with one member changed. */
static int emit_changed(struct sk_api *api, struct sk_request *r, struct sk_span path, const char *member,
                        const struct sk_value *old, struct sk_errmsg *em)
{
    yyjson_doc *was = NULL, *value = NULL;
    int result = sk_json_read(sk_text_span(&old->json), &was, em);
    if (result == 0)
        result = sk_json_read(sk_request_value(r), &value, em);
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    if (result == 0) {
        yyjson_mut_doc *now = yyjson_doc_mut_copy(was, NULL);
        yyjson_mut_obj_put(yyjson_mut_doc_get_root(now), yyjson_mut_str(now, member),
                           yyjson_val_mut_copy(now, yyjson_doc_get_root(value)));
        SK_BUF_LIT(&b, "{\"context\":");
        sk_json_write_str(&b, sk_request_context(r));
        SK_BUF_LIT(&b, ",\"updates\":[{\"$source\":");
        sk_buf_span_append(&b, old->ref->json);
        SK_BUF_LIT(&b, ",\"values\":[{\"path\":");
        sk_json_write_str(&b, path);
        SK_BUF_LIT(&b, ",\"value\":");
        sk_json_write_mut(&b, yyjson_mut_doc_get_root(now));
        SK_BUF_LIT(&b, "}]}]}");
        yyjson_mut_doc_free(now);
        result = sk_buf_ok(&b) ? sk_hub_ingest(api->hub, &(struct sk_origin){ .provider = "server" }, sk_buf_span(&b), em)
                               : sk_errmsg_set(em, SK_ERR_LIMIT, "value too big");
    }
    yyjson_doc_free(was);
    yyjson_doc_free(value);
    sk_buf_finish(&b);
    return result;
}

void sk_notifications_put(struct sk_request *r, void *arg)
{
    struct sk_api *api = ((struct sk_notifications *)arg)->api;
    struct sk_span path = sk_request_path(r);
    size_t dot = path.n;
    while (dot > 0 && path.p[dot - 1] != '.')
        dot--;
    struct sk_span head = { path.p, dot - 1 };
    const char *member = path.p + dot; /* NUL-terminated, as the request's path is */
    bool known = strcmp(member, "method") == 0 || strcmp(member, "state") == 0;
    const struct sk_value *old = notification_at(api, sk_request_context(r), head);
    struct sk_errmsg em;
    char text[SK_PATH_LEN_MAX + 40];
    if (old == NULL || sk_text_span(&old->json).p[0] != '{') {
        sk_request_update(r, SK_REQUEST_COMPLETED, 404, "No such notification");
    } else if (!known) {
        snprintf(text, sizeof text, "PUT not supported for %s", path.p);
        sk_request_update(r, SK_REQUEST_COMPLETED, 405, text);
    } else if (sk_request_value(r).p[0] != (member[0] == 'm' ? '[' : '"')) {
        sk_request_update(r, SK_REQUEST_COMPLETED, 400, member[0] == 'm' ? "method must be an array" : "state must be a text");
    } else if (emit_changed(api, r, head, member, old, &em) < 0) {
        sk_request_update(r, SK_REQUEST_COMPLETED, 400, em.text);
    } else {
        sk_request_update(r, SK_REQUEST_COMPLETED, 200, NULL);
    }
}

void sk_notifications_add_routes(struct sk_notifications *n)
{
#define ALL "/signalk/v2/api/notifications"
    const struct sk_route table[] = {
        { "GET", ALL, SK_ACCESS_READ, get_list, n },
        { "POST", ALL, SK_ACCESS_WRITE, post_raise, n },
        { "POST", ALL "/mob", SK_ACCESS_WRITE, post_mob, n },
        { "POST", ALL "/silenceAll", SK_ACCESS_WRITE, post_silence_all, n },
        { "POST", ALL "/acknowledgeAll", SK_ACCESS_WRITE, post_acknowledge_all, n },
        { "GET", ALL "/:id", SK_ACCESS_READ, get_one, n },
        { "PUT", ALL "/:id", SK_ACCESS_WRITE, put_one, n },
        { "DELETE", ALL "/:id", SK_ACCESS_WRITE, delete_one, n },
        { "POST", ALL "/:id/silence", SK_ACCESS_WRITE, post_silence, n },
        { "POST", ALL "/:id/acknowledge", SK_ACCESS_WRITE, post_acknowledge, n },
    };
#undef ALL
    _Static_assert(SK_COUNT(table) == SK_NOTIFICATION_ROUTES, "room for all routes");
    memcpy(n->routes, table, sizeof table);
    sk_http_server_add(n->api->http, n->routes, SK_COUNT(table));
}
