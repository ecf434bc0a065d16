/* What can be set on a radar: controls, their short routes, targets, ARPA settings. Wrong values stop here. */
#include "api/v2/radars.h"

#define API SK_RADARS_API
#define ANSWER_MAX SK_RADAR_ANSWER_MAX

/* Why a provider's {"success":...} is no success; NULL when it is one. */
static const char *failure(int result, const yyjson_val *v, const char *otherwise)
{
    const char *said = sk_json_get_str(v, "error");
    if (result == SK_ERR_CLOSED)
        return "Provider not ready";
    if (result < 0 || yyjson_is_null((yyjson_val *)(uintptr_t)v))
        return "No response";
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)v))
        return "Invalid response";
    if (yyjson_is_true(sk_json_get(v, "success")))
        return NULL;
    return said != NULL ? said : otherwise;
}

/* {"success":false,"error":...} */
static void reply_failure(struct sk_http_req *r, int status, const char *why, struct sk_span control)
{
    struct sk_buf b;
    sk_buf_init(&b, 64 * 1024);
    SK_BUF_LIT(&b, "{\"success\":false,\"error\":");
    sk_json_write_str(&b, sk_span_of(why));
    if (control.p != NULL)
        sk_radar_write_control(control, &b);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void reply_success(struct sk_http_req *r)
{
    sk_http_reply_json(r, 200, SK_SPAN("{\"success\":true}"));
}

static void set_control_done(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    const char *why = failure(result, v, "Failed to set control");
    if (why == NULL)
        reply_success(op->req);
    else
        reply_failure(op->req, 400, why, op->what);
}

/* The short routes (power, range, gain, ...) answer with an envelope. */
static void shortcut_done(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    const char *why = failure(result, v, "");
    if (why == NULL)
        sk_v2_reply(op->req, 200, SK_SPAN(""));
    else if (*why == 0)
        sk_v2_fail(op->req, 400, "Failed to set radar %.*s", (int)op->what.n, op->what.p);
    else
        sk_v2_fail(op->req, 400, "Failed to set radar %.*s: %s", (int)op->what.n, op->what.p, why);
}

static void set_arpa_done(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    const char *why = failure(result, v, "Failed to set ARPA settings");
    if (why == NULL)
        reply_success(op->req);
    else
        reply_failure(op->req, 400, why, (struct sk_span){ 0 });
}

static void set_controls_done(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    (void)result;
    if (yyjson_is_true((yyjson_val *)(uintptr_t)v))
        sk_v2_reply(op->req, 200, SK_SPAN(""));
    else
        sk_v2_fail(op->req, 400, "Failed to set radar controls");
}

static void acquire_done(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    const char *why = failure(result, v, "Failed to acquire target");
    yyjson_val *id = sk_json_get(v, "targetId");
    if (why != NULL)
        reply_failure(op->req, 400, why, (struct sk_span){ 0 });
    else if (id != NULL)
        sk_radar_reply_value(op->req, 201, "{\"success\":true,\"targetId\":", id, "}");
    else
        sk_http_reply_json(op->req, 201, SK_SPAN("{\"success\":true}"));
}

static void cancel_done(struct sk_radar_op *op, int result, const yyjson_val *v)
{
    (void)result;
    if (yyjson_is_true((yyjson_val *)(uintptr_t)v))
        reply_success(op->req);
    else
        reply_failure(op->req, 404, "Target not found or already cancelled", (struct sk_span){ 0 });
}

static void set_control(struct sk_http_req *r, struct sk_api *api, struct sk_span control, const yyjson_val *value,
                        sk_radar_done done)
{
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    sk_radar_write_control(control, &b);
    SK_BUF_LIT(&b, ",\"value\":");
    sk_json_write(&b, value);
    sk_radar_start(api, r, "radar_set_control", control, &b, done);
    sk_buf_finish(&b);
}

static const yyjson_val *value_of(const yyjson_val *body) /* {"value":...}, or the body itself */
{
    yyjson_val *value = sk_json_get(body, "value");
    return value != NULL ? value : body;
}

static void put_control(struct sk_http_req *r, void *api)
{
    yyjson_doc *doc = sk_v2_body(r);
    if (doc != NULL)
        set_control(r, api, sk_http_param(r, "control"), value_of(yyjson_doc_get_root(doc)), set_control_done);
    yyjson_doc_free(doc);
}

static bool is_power(const yyjson_val *v)
{
    static const char *const states[] = { "off", "standby", "transmit", "warming" };
    for (size_t i = 0; i < SK_COUNT(states); i++)
        if (sk_span_eq(sk_json_str(v), states[i]))
            return true;
    return false;
}

static void put_power(struct sk_http_req *r, void *api)
{
    yyjson_doc *doc = sk_v2_body(r);
    const yyjson_val *v = value_of(yyjson_doc_get_root(doc));
    if (doc != NULL && !is_power(v))
        sk_v2_fail(r, 400, "Invalid power value. Must be off, standby, transmit, or warming");
    else if (doc != NULL)
        set_control(r, api, SK_SPAN("power"), v, shortcut_done);
    yyjson_doc_free(doc);
}

static void put_range(struct sk_http_req *r, void *api)
{
    yyjson_doc *doc = sk_v2_body(r);
    const yyjson_val *v = value_of(yyjson_doc_get_root(doc));
    double metres;
    if (doc != NULL && !(sk_json_number(v, &metres) && metres > 0))
        sk_v2_fail(r, 400, "Invalid range value. Must be a positive number (meters)");
    else if (doc != NULL)
        set_control(r, api, SK_SPAN("range"), v, shortcut_done);
    yyjson_doc_free(doc);
}

static void put_auto(struct sk_http_req *r, struct sk_api *api, const char *control)
{
    yyjson_doc *doc = sk_v2_body(r);
    const yyjson_val *root = yyjson_doc_get_root(doc);
    const yyjson_val *v = yyjson_is_obj(sk_json_get(root, "value")) ? sk_json_get(root, "value") : root;
    if (doc != NULL && !yyjson_is_bool(sk_json_get(v, "auto")))
        sk_v2_fail(r, 400, "Invalid %s value. Must have \"auto\" boolean property", control);
    else if (doc != NULL)
        set_control(r, api, sk_span_of(control), v, shortcut_done);
    yyjson_doc_free(doc);
}

static void put_gain(struct sk_http_req *r, void *api)
{
    put_auto(r, api, "gain");
}

static void put_sea(struct sk_http_req *r, void *api)
{
    put_auto(r, api, "sea");
}

static void put_rain(struct sk_http_req *r, void *api)
{
    put_auto(r, api, "rain");
}

/* An object of the body, handed on whole. */
static void put_object(struct sk_http_req *r, struct sk_api *api, const char *method, const char *member, sk_radar_done done)
{
    yyjson_doc *doc = sk_v2_body(r);
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    if (doc != NULL && !yyjson_is_obj(yyjson_doc_get_root(doc))) {
        sk_v2_fail(r, 400, "Invalid request. The body must be an object with %s", member);
    } else if (doc != NULL) {
        sk_buf_printf(&b, ",\"%s\":", member);
        sk_json_write(&b, yyjson_doc_get_root(doc));
        sk_radar_start(api, r, method, (struct sk_span){ 0 }, &b, done);
    }
    sk_buf_finish(&b);
    yyjson_doc_free(doc);
}

static void put_controls(struct sk_http_req *r, void *api)
{
    put_object(r, api, "radar_set_controls", "controls", set_controls_done);
}

static void put_arpa(struct sk_http_req *r, void *api)
{
    put_object(r, api, "radar_set_arpa_settings", "settings", set_arpa_done);
}

static void post_target(struct sk_http_req *r, void *api)
{
    yyjson_doc *doc = sk_v2_body(r);
    double bearing, distance;
    struct sk_buf b;
    sk_buf_init(&b, 1024);
    if (doc == NULL) {
        /* answered */
    } else if (!sk_json_number(sk_json_get(yyjson_doc_get_root(doc), "bearing"), &bearing) ||
               !sk_json_number(sk_json_get(yyjson_doc_get_root(doc), "distance"), &distance)) {
        sk_v2_fail(r, 400, "Invalid request. Must provide bearing (radians) and distance (meters)");
    } else if (bearing < 0 || bearing >= 2 * 3.14159265358979323846) {
        sk_v2_fail(r, 400, "Bearing must be in radians [0, 2\xcf\x80)");
    } else if (distance <= 0) {
        sk_v2_fail(r, 400, "Distance must be a positive number (meters)");
    } else {
        SK_BUF_LIT(&b, ",\"bearing\":");
        sk_json_write_double(&b, bearing);
        SK_BUF_LIT(&b, ",\"distance\":");
        sk_json_write_double(&b, distance);
        sk_radar_start(api, r, "radar_acquire_target", (struct sk_span){ 0 }, &b, acquire_done);
    }
    sk_buf_finish(&b);
    yyjson_doc_free(doc);
}

static void delete_target(struct sk_http_req *r, void *api)
{
    int64_t id;
    struct sk_buf b;
    if (!sk_parse_int(sk_http_param(r, "target"), INT32_MIN, INT32_MAX, &id)) {
        sk_v2_fail(r, 400, "Invalid target ID. Must be a number");
        return;
    }
    sk_buf_init(&b, 256);
    sk_buf_printf(&b, ",\"targetId\":%lld", (long long)id);
    sk_radar_start(api, r, "radar_cancel_target", (struct sk_span){ 0 }, &b, cancel_done);
    sk_buf_finish(&b);
}

void sk_radars_add_write_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "PUT", API "/:id/controls", SK_ACCESS_WRITE, put_controls, api },
        { "PUT", API "/:id/controls/:control", SK_ACCESS_WRITE, put_control, api },
        { "PUT", API "/:id/power", SK_ACCESS_WRITE, put_power, api },
        { "PUT", API "/:id/range", SK_ACCESS_WRITE, put_range, api },
        { "PUT", API "/:id/gain", SK_ACCESS_WRITE, put_gain, api },
        { "PUT", API "/:id/sea", SK_ACCESS_WRITE, put_sea, api },
        { "PUT", API "/:id/rain", SK_ACCESS_WRITE, put_rain, api },
        { "POST", API "/:id/targets", SK_ACCESS_WRITE, post_target, api },
        { "DELETE", API "/:id/targets/:target", SK_ACCESS_WRITE, delete_target, api },
        { "PUT", API "/:id/arpa/settings", SK_ACCESS_WRITE, put_arpa, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
