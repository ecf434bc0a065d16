/* Which contexts a subscription is about. */
#include "hub/hub_private.h"

#include <math.h>
#include <stdlib.h>

static bool position_of(const struct sk_context *c, double *ret_lat, double *ret_lon)
{
    for (const struct sk_node *n = c->first; n != NULL; n = n->next) {
        if (!sk_span_eq(n->path->name, "navigation"))
            continue;
        for (const struct sk_node *k = n->first; k != NULL; k = k->next) {
            if (k->leaf == NULL || !sk_span_eq(k->path->name, "position"))
                continue;
            yyjson_doc *doc = NULL;
            if (sk_json_read(sk_text_span(&k->leaf->values[k->leaf->current].json), &doc, NULL) < 0)
                return false;
            yyjson_val *v = yyjson_doc_get_root(doc);
            bool ok = sk_json_number(sk_json_get(v, "latitude"), ret_lat) && sk_json_number(sk_json_get(v, "longitude"), ret_lon);
            yyjson_doc_free(doc);
            return ok;
        }
    }
    return false;
}

/* Great-circle distance on a sphere of the earth's mean radius (haversine). */
static double distance_m(double lat1, double lon1, double lat2, double lon2)
{
    double rad = M_PI / 180, dlat = (lat2 - lat1) * rad, dlon = (lon2 - lon1) * rad;
    double a = sin(dlat / 2) * sin(dlat / 2) + cos(lat1 * rad) * cos(lat2 * rad) * sin(dlon / 2) * sin(dlon / 2);
    return 2 * 6371008.8 * asin(sqrt(a < 1 ? a : 1));
}

bool sk_context_matches(const struct sk_context_match *m, const struct sk_context *c)
{
    double lat, lon;
    switch (m->kind) {
    case SK_MATCH_ALL:
        return true;
    case SK_MATCH_SELF:
        return c->self;
    case SK_MATCH_GLOB:
        return sk_glob(sk_span_of(m->glob), c->text);
    case SK_MATCH_NEAR:
        return position_of(c, &lat, &lon) && distance_m(m->latitude, m->longitude, lat, lon) <= m->radius;
    }
    return false;
}

bool sk_context_may_match(const struct sk_context_match *m, const struct sk_context *c)
{
    return m->kind == SK_MATCH_NEAR || sk_context_matches(m, c);
}

bool sk_context_match_same(const struct sk_context_match *a, const struct sk_context_match *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == SK_MATCH_GLOB)
        return strcmp(a->glob, b->glob) == 0;
    return a->kind != SK_MATCH_NEAR || (a->radius == b->radius && a->latitude == b->latitude && a->longitude == b->longitude);
}

void sk_context_match_finish(struct sk_context_match *m)
{
    free(m->glob);
    m->glob = NULL;
}
