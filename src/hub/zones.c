#include "hub/zones.h"

#include "hub/hub_private.h"
#include "model/meta.h"

#include <math.h>
#include <stdlib.h>

#define NOTIFICATION_MAX (2 * SK_META_LEN_MAX)

enum { UNKNOWN = -2, OUTSIDE = -1 }; /* besides the index of a zone */

struct sk_zones {
    struct sk_zones *next; /* of the hub */
    struct sk_path *path;
    int current; /* index of the zone last told of, or UNKNOWN, OUTSIDE */
    uint32_t count;
    struct zone {
        double lower, upper; /* infinite when not bounded */
    } zones[];
};

bool sk_zones_watched(const struct sk_path *p)
{
    return p->zones != NULL;
}

/* ---- what is told ------------------------------------------------------------------------------------------------------- */

static void write_bound(struct sk_buf *b, double bound)
{
    if (isinf(bound))
        SK_BUF_LIT(b, "undefined"); /* as clients know it */
    else
        sk_json_write_double(b, bound);
}

static void write_message(struct sk_buf *b, const struct zone *z, const char *message)
{
    if (message != NULL) {
        sk_json_write_str(b, sk_span_of(message));
        return;
    }
    sk_buf_char(b, '"');
    write_bound(b, z->lower);
    SK_BUF_LIT(b, " < value < ");
    write_bound(b, z->upper);
    sk_buf_char(b, '"');
}

/* meta.<state>Method: an array as it is, null for none, and what is seen but not heard when nothing is said. */
static void write_method(struct sk_buf *b, const yyjson_val *meta, const char *state)
{
    char name[64];
    size_t n = strlen(state) < sizeof name - 8 ? strlen(state) : sizeof name - 8;
    memcpy(name, state, n);
    memcpy(name + n, "Method", 7);
    yyjson_val *method = sk_json_get(meta, name);
    if (yyjson_is_arr(method))
        sk_json_write(b, method);
    else if (yyjson_is_null(method))
        SK_BUF_LIT(b, "[]");
    else
        SK_BUF_LIT(b, "[\"visual\"]");
}

static void begin(struct sk_buf *b, const struct sk_path *p)
{
    sk_buf_init(b, NOTIFICATION_MAX);
    SK_BUF_LIT(b, "{\"updates\":[{\"values\":[{\"path\":\"notifications.");
    sk_buf_append(b, p->json.p + 1, p->json.n - 1);
    SK_BUF_LIT(b, ",\"value\":");
}

static void end(struct sk_hub *h, struct sk_buf *b)
{
    SK_BUF_LIT(b, "}]}]}");
    sk_hub_emit(h, &(struct sk_origin){ .provider = SK_ZONES_SOURCE }, b);
    sk_buf_finish(b);
}

static void tell(struct sk_hub *h, const struct sk_zones *w)
{
    const struct sk_meta *m = sk_meta_of(w->path);
    yyjson_doc *doc = NULL;
    if (m == NULL || sk_json_read((struct sk_span){ m->json, m->len }, &doc, NULL) < 0)
        return;
    yyjson_val *meta = yyjson_doc_get_root(doc);
    yyjson_val *zone = w->current >= 0 ? yyjson_arr_get(sk_json_get(meta, "zones"), (size_t)w->current) : NULL;
    const char *state = sk_json_get_str(zone, "state");
    struct sk_buf b;
    begin(&b, w->path);
    SK_BUF_LIT(&b, "{\"state\":");
    sk_json_write_str(&b, sk_span_of(zone != NULL && state != NULL ? state : "normal"));
    SK_BUF_LIT(&b, ",\"message\":");
    if (zone != NULL)
        write_message(&b, &w->zones[w->current], sk_json_get_str(zone, "message"));
    else
        SK_BUF_LIT(&b, "\"Value is within normal range\"");
    SK_BUF_LIT(&b, ",\"method\":");
    write_method(&b, meta, zone != NULL && state != NULL ? state : "normal");
    sk_buf_char(&b, '}');
    end(h, &b);
    yyjson_doc_free(doc);
}

static void tell_ended(struct sk_hub *h, const struct sk_path *p)
{
    struct sk_buf b;
    begin(&b, p);
    SK_BUF_LIT(&b, "{\"state\":\"normal\",\"method\":[]}");
    end(h, &b);
}

/* ---- watching ----------------------------------------------------------------------------------------------------------- */

static void unwatch(struct sk_hub *h, struct sk_path *p)
{
    struct sk_zones **at = &h->zones;
    while (*at != p->zones)
        at = &(*at)->next;
    *at = p->zones->next;
    free(p->zones);
    p->zones = NULL;
}

static double bound_of(const yyjson_val *zone, const char *name, double otherwise)
{
    double d;
    return sk_json_number(sk_json_get(zone, name), &d) ? d : otherwise;
}

static void watch(struct sk_hub *h, struct sk_path *p, const yyjson_val *array)
{
    yyjson_val *zone, *list = (yyjson_val *)(uintptr_t)array;
    size_t i, n;
    struct sk_zones *w = sk_xcalloc(1, sizeof *w + SK_ZONES_MAX * sizeof w->zones[0]);
    w->path = p;
    w->current = UNKNOWN;
    yyjson_arr_foreach(list, i, n, zone)
        if (w->count < SK_ZONES_MAX)
            w->zones[w->count++] =
                (struct zone){ bound_of(zone, "lower", -(double)INFINITY), bound_of(zone, "upper", (double)INFINITY) };
    w->next = h->zones;
    h->zones = w;
    p->zones = w;
}

void sk_zones_meta(struct sk_hub *h, struct sk_path *p, const yyjson_val *object)
{
    bool named = sk_json_get(object, "zones") != NULL, watched = p->zones != NULL;
    if (!named && !watched)
        return;
    const struct sk_meta *m = sk_meta_of(p);
    yyjson_doc *doc = NULL;
    if (m != NULL)
        (void)sk_json_read((struct sk_span){ m->json, m->len }, &doc, NULL);
    yyjson_val *zones = sk_json_get(yyjson_doc_get_root(doc), "zones");
    bool some = yyjson_is_arr(zones) && yyjson_arr_size(zones) > 0;
    if (watched && (named || !some))
        unwatch(h, p);
    if (named && some)
        watch(h, p, zones);
    else if (watched && !some)
        tell_ended(h, p);
    yyjson_doc_free(doc);
}

void sk_zones_value(struct sk_hub *h, struct sk_path *p, struct sk_span json)
{
    struct sk_zones *w = p->zones;
    int found = OUTSIDE;
    double v;
    if (sk_parse_double(json, &v))
        for (uint32_t i = 0; i < w->count && found == OUTSIDE; i++)
            if (v >= w->zones[i].lower && v < w->zones[i].upper)
                found = (int)i;
    if (found == w->current)
        return;
    w->current = found;
    tell(h, w);
}

void sk_zones_finish(struct sk_hub *h)
{
    while (h->zones != NULL)
        unwatch(h, h->zones->path);
}
