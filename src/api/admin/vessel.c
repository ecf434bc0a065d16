/* /skServer/vessel: what the user says of the boat, kept in baseDeltas.json and sent on at once. */
#include "api/admin/admin.h"
#include "api/body.h"
#include "api/stream/events.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/nmea0183/ais.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE_MAX ((size_t)1024 * 1024)
#define NAME_MAX_BYTES 200u
#define METRES_MAX 1000.0

/* Lengths of the boat: the member of the page, the path, and the member of the path's value ("" : the value itself). */
static const struct {
    const char *name, *path, *inner;
} lengths[] = {
    { "draft", "design.draft", "maximum" },
    { "length", "design.length", "overall" },
    { "beam", "design.beam", "" },
    { "height", "design.airHeight", "" },
    { "gpsFromBow", "sensors.gps.fromBow", "" },
    { "gpsFromCenter", "sensors.gps.fromCenter", "" },
};

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static void member(struct sk_buf *b, const char *name, const yyjson_mut_val *v)
{
    if (v == NULL || yyjson_mut_is_null((yyjson_mut_val *)(uintptr_t)v))
        return;
    sk_buf_char(b, ',');
    sk_json_write_str(b, sk_span_of(name));
    sk_buf_char(b, ':');
    sk_json_write_mut(b, v);
}

static void get_vessel(struct sk_http_req *r, void *arg)
{
    const struct sk_basedeltas *base = ((struct sk_api *)arg)->base;
    const char *name = sk_basedeltas_name(base);
    struct sk_buf b;
    sk_buf_init(&b, BASE_MAX);
    SK_BUF_LIT(&b, "{\"name\":");
    if (name != NULL)
        sk_json_write_str(&b, sk_span_of(name));
    else
        SK_BUF_LIT(&b, "null");
    member(&b, "mmsi", sk_basedeltas_root(base, "mmsi"));
    member(&b, "uuid", sk_basedeltas_root(base, "uuid"));
    for (size_t i = 0; i < SK_COUNT(lengths); i++) {
        yyjson_mut_val *v = sk_basedeltas_value(base, sk_span_of(lengths[i].path));
        member(&b, lengths[i].name, lengths[i].inner[0] != '\0' ? yyjson_mut_obj_get(v, lengths[i].inner) : v);
    }
    member(&b, "aisShipType", yyjson_mut_obj_get(sk_basedeltas_value(base, SK_SPAN("design.aisShipType")), "id"));
    member(&b, "callsignVhf", yyjson_mut_obj_get(sk_basedeltas_root(base, "communication"), "callsignVhf"));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

/* ---- checking ----------------------------------------------------------------------------------------------------------- */

/* Not said, null and "" are the same: nothing. */
static yyjson_val *said(const yyjson_val *body, const char *name)
{
    yyjson_val *v = sk_json_get(body, name);
    return v == NULL || yyjson_is_null(v) || (yyjson_is_str(v) && yyjson_get_len(v) == 0) ? NULL : v;
}

/* A number, also as a text: 0 nothing is said, 1 it is, or an error. */
static int number(const yyjson_val *body, const char *name, double min, double max, double *ret, struct sk_errmsg *em)
{
    yyjson_val *v = said(body, name);
    if (v == NULL)
        return 0;
    bool ok = yyjson_is_str(v) ? sk_parse_double(sk_json_str(v), ret) : sk_json_number(v, ret);
    if (!ok || *ret < min || *ret > max)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is not a number from %g to %g", name, min, max);
    return 1;
}

static int check_text(const yyjson_val *body, const char *name, struct sk_errmsg *em)
{
    yyjson_val *v = said(body, name);
    if (v == NULL || (yyjson_is_str(v) && yyjson_get_len(v) <= NAME_MAX_BYTES))
        return 0;
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s is not a text of at most %u bytes", name, NAME_MAX_BYTES);
}

static bool is_mmsi(const yyjson_val *v)
{
    struct sk_span s = sk_json_str(v);
    if (s.n != 9)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

static bool is_uuid(const yyjson_val *v)
{
    struct sk_span s = sk_json_str(v);
    return s.n == sizeof "urn:mrn:signalk:uuid:" - 1 + SK_UUID_SIZE - 1 && sk_span_starts(s, "urn:mrn:signalk:uuid:");
}

static int check(const yyjson_val *body, struct sk_errmsg *em)
{
    double ignored;
    int r = yyjson_is_obj((yyjson_val *)(uintptr_t)body) ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "not a JSON object");
    for (size_t i = 0; r >= 0 && i < SK_COUNT(lengths); i++)
        r = number(body, lengths[i].name, strcmp(lengths[i].name, "gpsFromCenter") == 0 ? -METRES_MAX : 0, METRES_MAX, &ignored,
                   em);
    if (r >= 0)
        r = number(body, "aisShipType", 0, 255, &ignored, em);
    if (r >= 0)
        r = check_text(body, "name", em);
    if (r >= 0)
        r = check_text(body, "callsignVhf", em);
    if (r >= 0 && said(body, "mmsi") != NULL && !is_mmsi(said(body, "mmsi")))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "mmsi is not a text of nine digits");
    if (r >= 0 && said(body, "uuid") != NULL && !is_uuid(said(body, "uuid")))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "uuid is not urn:mrn:signalk:uuid: and a UUID");
    return r < 0 ? r : 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

/* A value of our own making, as the documents of yyjson want it. */
static yyjson_doc *made(struct sk_buf *b)
{
    yyjson_doc *doc = NULL;
    SK_ASSERT(sk_buf_ok(b) && sk_json_read(sk_buf_span(b), &doc, NULL) == 0);
    return doc;
}

static void set_value(struct sk_basedeltas *base, const char *path, struct sk_buf *json)
{
    yyjson_doc *doc = json->n > 0 ? made(json) : NULL;
    sk_basedeltas_set_value(base, sk_span_of(path), yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void set_lengths(struct sk_basedeltas *base, const yyjson_val *body, struct sk_buf *b)
{
    for (size_t i = 0; i < SK_COUNT(lengths); i++) {
        double metres;
        bool wrapped = lengths[i].inner[0] != '\0';
        sk_buf_clear(b);
        if (number(body, lengths[i].name, -METRES_MAX, METRES_MAX, &metres, NULL) == 1) {
            if (wrapped)
                sk_buf_printf(b, "{\"%s\":", lengths[i].inner);
            sk_json_write_double(b, metres);
            sk_buf_append(b, "}", wrapped);
        }
        set_value(base, lengths[i].path, b);
    }
}

static void set_ship_type(struct sk_basedeltas *base, const yyjson_val *body, struct sk_buf *b)
{
    double id;
    sk_buf_clear(b);
    if (number(body, "aisShipType", 0, 255, &id, NULL) == 1) {
        const char *name = sk_ais_ship_type((int)id);
        SK_BUF_LIT(b, "{\"name\":");
        sk_json_write_str(b, sk_span_of(name != NULL ? name : ""));
        sk_buf_printf(b, ",\"id\":%d}", (int)id);
    }
    set_value(base, "design.aisShipType", b);
}

/* The other ways to call the boat stay as they are. */
static void set_call_sign(struct sk_basedeltas *base, const yyjson_val *sign)
{
    yyjson_mut_val *old = sk_basedeltas_root(base, "communication");
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *all = old != NULL ? yyjson_mut_val_mut_copy(doc, old) : yyjson_mut_obj(doc);
    if (!yyjson_mut_is_obj(all))
        all = yyjson_mut_obj(doc);
    yyjson_mut_obj_put(all, yyjson_mut_str(doc, "callsignVhf"),
                       sign != NULL ? yyjson_val_mut_copy(doc, (yyjson_val *)(uintptr_t)sign) : NULL);
    yyjson_doc *text = yyjson_mut_val_imut_copy(all, NULL);
    sk_basedeltas_set_root(base, "communication", yyjson_mut_obj_size(all) > 0 ? yyjson_doc_get_root(text) : NULL);
    yyjson_doc_free(text);
    yyjson_mut_doc_free(doc);
}

/* An MMSI is who the boat is, and the UUID goes; without any, the UUID that there is stays. */
static void set_identity(struct sk_basedeltas *base, const yyjson_val *body)
{
    yyjson_val *mmsi = said(body, "mmsi"), *uuid = said(body, "uuid");
    sk_basedeltas_set_root(base, "name", said(body, "name"));
    sk_basedeltas_set_root(base, "mmsi", mmsi);
    if (mmsi != NULL || uuid != NULL)
        sk_basedeltas_set_root(base, "uuid", mmsi != NULL ? NULL : uuid);
}

void sk_api_send_base(struct sk_api *api)
{
    struct sk_origin o = { .provider = "defaults", .defaults = true };
    struct sk_buf b;
    struct sk_errmsg em;
    sk_buf_init(&b, SK_DELTA_MAX);
    for (size_t i = 0; i < sk_basedeltas_count(api->base); i++) {
        sk_buf_clear(&b);
        sk_basedeltas_write(api->base, i, &b);
        if (sk_hub_ingest(api->hub, &o, sk_buf_span(&b), &em) < 0)
            sk_log_warn("baseDeltas.json: delta %zu not used: %s", i + 1, em.text);
    }
    sk_buf_finish(&b);
}

void sk_api_save_base(struct sk_api *api, sk_saver_done done, void *arg)
{
    size_t n = 0;
    char *text = sk_basedeltas_text(api->base, &n);
    if (text != NULL)
        sk_saver_put(api->base_saver, text, n, done, arg);
    else
        done(arg, SK_ERR_LIMIT, "baseDeltas.json would grow too large");
}

struct saving {
    struct sk_api *api;
    struct sk_http_req *req;
};

static void saved(void *arg, int result, const char *error)
{
    struct saving *s = arg;
    (void)error;
    if (result < 0) {
        sk_http_reply_text(s->req, 500, "Unable to save to defaults file");
    } else {
        sk_api_send_base(s->api);
        sk_events_vessel(s->api);
        sk_http_reply_text(s->req, 200, "Vessel changed");
    }
    free(s);
}

static void put_vessel(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_errmsg em;
    struct sk_buf b;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    const yyjson_val *body = yyjson_doc_get_root(doc);
    if (check(body, &em) < 0) {
        sk_http_reply_text(r, 400, em.text);
    } else {
        sk_buf_init(&b, 4096);
        set_identity(api->base, body);
        set_lengths(api->base, body, &b);
        set_ship_type(api->base, body, &b);
        set_call_sign(api->base, said(body, "callsignVhf"));
        sk_buf_finish(&b);
        struct saving *s = sk_xcalloc(1, sizeof *s);
        s->api = api;
        s->req = r;
        sk_api_save_base(api, saved, s);
    }
    yyjson_doc_free(doc);
}

void sk_vessel_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/vessel", SK_ACCESS_ADMIN, get_vessel, api },
        { "PUT", "/skServer/vessel", SK_ACCESS_ADMIN, put_vessel, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
