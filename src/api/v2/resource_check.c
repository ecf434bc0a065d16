#include "api/v2/resource_check.h"

#include "api/v2/schema_error.h"

#include <stdio.h>

#define POINTS_MAX 100000u

static int not_one_of(struct sk_buf *errors, const struct sk_schema_at *at, const char *allowed)
{
    char params[160];
    snprintf(params, sizeof params, "{\"allowedValues\":[%s]}", allowed);
    return sk_schema_wrong(errors, at, "enum", params, "should be equal to one of the allowed values");
}

/* ---- parts ---- */

static int string_member(const yyjson_val *o, const char *name, const struct sk_schema_at *up, struct sk_buf *errors)
{
    yyjson_val *v = sk_json_get(o, name);
    return v == NULL || yyjson_is_str(v) ? 0 : sk_schema_wrong_type(errors, &(struct sk_schema_at){ up, name, 0 }, "string");
}

static int strings(const yyjson_val *o, const char *const *names, struct sk_buf *errors)
{
    int r = 0;
    for (size_t i = 0; names[i] != NULL && r == 0; i++)
        r = string_member(o, names[i], NULL, errors);
    return r;
}

static int number_from(const yyjson_val *o, const char *name, double min, double max, struct sk_buf *errors)
{
    yyjson_val *v = sk_json_get(o, name);
    const struct sk_schema_at at = { NULL, name, 0 };
    char params[64], message[64];
    double d;
    if (v == NULL)
        return 0;
    if (!sk_json_number(v, &d))
        return sk_schema_wrong_type(errors, &at, "number");
    if (d >= min && d <= max)
        return 0;
    bool low = d < min;
    snprintf(params, sizeof params, "{\"comparison\":\"%s\",\"limit\":%lld}", low ? ">=" : "<=", (long long)(low ? min : max));
    snprintf(message, sizeof message, "should be %s %lld", low ? ">=" : "<=", (long long)(low ? min : max));
    return sk_schema_wrong(errors, &at, low ? "minimum" : "maximum", params, message);
}

static int array_of(const yyjson_val *v, size_t min, size_t max, const struct sk_schema_at *at, struct sk_buf *errors)
{
    char params[32], message[64];
    if (!yyjson_is_arr((yyjson_val *)(uintptr_t)v))
        return sk_schema_wrong_type(errors, at, "array");
    size_t n = yyjson_arr_size((yyjson_val *)(uintptr_t)v);
    if (n >= min && n <= max)
        return 0;
    bool few = n < min;
    snprintf(params, sizeof params, "{\"limit\":%zu}", few ? min : max);
    snprintf(message, sizeof message, "should NOT have %s than %zu items", few ? "fewer" : "more", few ? min : max);
    return sk_schema_wrong(errors, at, few ? "minItems" : "maxItems", params, message);
}

static int numbers(const yyjson_val *v, size_t min, size_t max, const struct sk_schema_at *at, struct sk_buf *errors)
{
    size_t i, n;
    double d;
    yyjson_val *item;
    int r = array_of(v, min, max, at, errors);
    if (r < 0)
        return r;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)v, i, n, item)
        if (!sk_json_number(item, &d))
            return sk_schema_wrong_type(errors, &(struct sk_schema_at){ at, NULL, i }, "number");
    return 0;
}

/* `depth` arrays of arrays of points: 0 a point, 1 a line, 2 a polygon, 3 several. */
static int coordinates(const yyjson_val *v, unsigned depth, size_t min, const struct sk_schema_at *at, struct sk_buf *errors)
{
    size_t i, n;
    yyjson_val *item;
    if (depth == 0)
        return numbers(v, 2, 3, at, errors);
    int r = array_of(v, min, POINTS_MAX, at, errors);
    if (r < 0)
        return r;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)v, i, n, item) {
        r = coordinates(item, depth - 1, 1, &(struct sk_schema_at){ at, NULL, i }, errors);
        if (r < 0)
            return r;
    }
    return 0;
}

struct geometry {
    const char *type;
    unsigned depth;
    size_t min;
};

/* feature: {type?: "Feature", geometry: {type, coordinates}, properties?: {}} */
static int feature(const yyjson_val *value, const struct geometry *known, size_t count, const char *allowed,
                   struct sk_buf *errors)
{
    const struct sk_schema_at f_at = { NULL, "feature", 0 }, g_at = { &f_at, "geometry", 0 };
    const struct sk_schema_at type_at = { &g_at, "type", 0 }, c_at = { &g_at, "coordinates", 0 };
    yyjson_val *f = sk_json_get(value, "feature"), *g = sk_json_get(f, "geometry"), *p = sk_json_get(f, "properties");
    yyjson_val *type = sk_json_get(f, "type");
    if (f == NULL)
        return sk_schema_missing(errors, NULL, "feature");
    if (!yyjson_is_obj(f))
        return sk_schema_wrong_type(errors, &f_at, "object");
    if (type != NULL && !sk_span_eq(sk_json_str(type), "Feature"))
        return not_one_of(errors, &(struct sk_schema_at){ &f_at, "type", 0 }, "\"Feature\"");
    if (g == NULL)
        return sk_schema_missing(errors, &f_at, "geometry");
    if (!yyjson_is_obj(g))
        return sk_schema_wrong_type(errors, &g_at, "object");
    if (p != NULL && !yyjson_is_obj(p) && !yyjson_is_null(p))
        return sk_schema_wrong_type(errors, &(struct sk_schema_at){ &f_at, "properties", 0 }, "object");
    if (sk_json_get(g, "type") == NULL)
        return sk_schema_missing(errors, &g_at, "type");
    for (size_t i = 0; i < count; i++)
        if (sk_span_eq(sk_json_str(sk_json_get(g, "type")), known[i].type)) {
            if (sk_json_get(g, "coordinates") == NULL)
                return sk_schema_missing(errors, &g_at, "coordinates");
            return coordinates(sk_json_get(g, "coordinates"), known[i].depth, known[i].min, &c_at, errors);
        }
    return not_one_of(errors, &type_at, allowed);
}

/* "/resources/<type>/<uuid>" */
static bool is_href(struct sk_span s)
{
    if (!sk_span_starts(s, "/resources/"))
        return false;
    struct sk_span rest = { s.p + 11, s.n - 11 };
    const char *slash = memchr(rest.p, '/', rest.n);
    if (slash == NULL)
        return false;
    struct sk_span type = { rest.p, (size_t)(slash - rest.p) }, id = { slash + 1, rest.n - type.n - 1 };
    return sk_resource_type_ok(type) && sk_resource_id_ok(sk_resource_type_of(type), id);
}

/* Names of a route's points: each {name} or {href}. */
static int points_meta(const yyjson_val *value, struct sk_buf *errors)
{
    const struct sk_schema_at f_at = { NULL, "feature", 0 }, p_at = { &f_at, "properties", 0 },
                              at = { &p_at, "coordinatesMeta", 0 };
    yyjson_val *list = sk_json_get(sk_json_get(sk_json_get(value, "feature"), "properties"), "coordinatesMeta"), *item;
    size_t i, n;
    if (list == NULL)
        return 0;
    int r = array_of(list, 0, POINTS_MAX, &at, errors);
    if (r < 0)
        return r;
    yyjson_arr_foreach(list, i, n, item) {
        const struct sk_schema_at here = { &at, NULL, i };
        yyjson_val *name = sk_json_get(item, "name"), *href = sk_json_get(item, "href");
        if (!yyjson_is_obj(item))
            return sk_schema_wrong_type(errors, &here, "object");
        if (name != NULL && !yyjson_is_str(name))
            return sk_schema_wrong_type(errors, &(struct sk_schema_at){ &here, "name", 0 }, "string");
        if (href != NULL && !is_href(sk_json_str(href)))
            return sk_schema_wrong(errors, &(struct sk_schema_at){ &here, "href", 0 }, "pattern",
                                   "{\"pattern\":\"^/resources/(type)/(id)$\"}",
                                   "should match pattern \"^/resources/(type)/(id)$\"");
    }
    return 0;
}

static int position(const yyjson_val *v, struct sk_buf *errors)
{
    static const char *const names[] = { "latitude", "longitude" };
    static const double max[] = { 90, 180 };
    const struct sk_schema_at at = { NULL, "position", 0 };
    double d;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)v))
        return sk_schema_wrong_type(errors, &at, "object");
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        const struct sk_schema_at here = { &at, names[i], 0 };
        yyjson_val *n = sk_json_get(v, names[i]);
        char params[64], message[64];
        if (n == NULL)
            return sk_schema_missing(errors, &at, names[i]);
        if (!sk_json_number(n, &d))
            return sk_schema_wrong_type(errors, &here, "number");
        if (d >= -max[i] && d <= max[i])
            continue;
        bool low = d < 0;
        snprintf(params, sizeof params, "{\"comparison\":\"%s\",\"limit\":%lld}",
                 low ? ">=" : "<=", (long long)(low ? -max[i] : max[i]));
        snprintf(message, sizeof message, "should be %s %lld", low ? ">=" : "<=", (long long)(low ? -max[i] : max[i]));
        return sk_schema_wrong(errors, &here, low ? "minimum" : "maximum", params, message);
    }
    return 0;
}

/* ---- types ---- */

static int check_route(const yyjson_val *v, struct sk_buf *errors)
{
    static const struct geometry line = { "LineString", 1, 2 };
    int r = strings(v, (const char *const[]){ "name", "description", NULL }, errors);
    if (r == 0)
        r = number_from(v, "distance", 0, 1e12, errors);
    if (r == 0)
        r = feature(v, &line, 1, "\"LineString\"", errors);
    return r == 0 ? points_meta(v, errors) : r;
}

static int check_waypoint(const yyjson_val *v, struct sk_buf *errors)
{
    static const struct geometry point = { "Point", 0, 2 };
    int r = strings(v, (const char *const[]){ "name", "description", "type", NULL }, errors);
    return r == 0 ? feature(v, &point, 1, "\"Point\"", errors) : r;
}

static int check_region(const yyjson_val *v, struct sk_buf *errors)
{
    static const struct geometry areas[] = { { "Polygon", 2, 1 }, { "MultiPolygon", 3, 1 } };
    int r = strings(v, (const char *const[]){ "name", "description", NULL }, errors);
    return r == 0 ? feature(v, areas, SK_COUNT(areas), "\"Polygon\",\"MultiPolygon\"", errors) : r;
}

static int check_note(const yyjson_val *v, struct sk_buf *errors)
{
    yyjson_val *href = sk_json_get(v, "href"), *pos = sk_json_get(v, "position"), *p = sk_json_get(v, "properties");
    int r = strings(v, (const char *const[]){ "title", "description", "mimeType", "url", "href", NULL }, errors);
    if (r == 0 && p != NULL && !yyjson_is_obj(p))
        r = sk_schema_wrong_type(errors, &(struct sk_schema_at){ NULL, "properties", 0 }, "object");
    if (r == 0 && pos != NULL)
        r = position(pos, errors);
    if (r == 0 && href != NULL && !is_href(sk_json_str(href)))
        r = sk_schema_wrong(errors, &(struct sk_schema_at){ NULL, "href", 0 }, "pattern",
                            "{\"pattern\":\"^/resources/(type)/(id)$\"}", "should match pattern \"^/resources/(type)/(id)$\"");
    if (r == 0 && href == NULL && pos == NULL)
        r = sk_schema_missing(errors, NULL, "position");
    return r;
}

static bool one_of(struct sk_span s, const char *const *names)
{
    size_t i = 0;
    while (names[i] != NULL && !sk_span_eq(s, names[i]))
        i++;
    return names[i] != NULL;
}

static int check_layers(const yyjson_val *v, struct sk_buf *errors)
{
    const struct sk_schema_at at = { NULL, "layers", 0 };
    size_t i, n;
    yyjson_val *layers = sk_json_get(v, "layers"), *item;
    int r = layers != NULL ? array_of(layers, 0, POINTS_MAX, &at, errors) : 0;
    if (layers == NULL || r < 0)
        return r;
    yyjson_arr_foreach(layers, i, n, item)
        if (!yyjson_is_str(item))
            return sk_schema_wrong_type(errors, &(struct sk_schema_at){ &at, NULL, i }, "string");
    return 0;
}

static int check_tiles(const yyjson_val *v, struct sk_buf *errors)
{
    static const char *const formats[] = { "jpg", "pbf", "png", "webp", NULL };
    yyjson_val *bounds = sk_json_get(v, "bounds"), *format = sk_json_get(v, "format");
    int r = bounds != NULL ? numbers(bounds, 4, 4, &(struct sk_schema_at){ NULL, "bounds", 0 }, errors) : 0;
    if (r == 0 && format != NULL && !one_of(sk_json_str(format), formats))
        r = not_one_of(errors, &(struct sk_schema_at){ NULL, "format", 0 }, "\"jpg\",\"pbf\",\"png\",\"webp\"");
    if (r == 0)
        r = number_from(v, "minzoom", 0, 30, errors);
    if (r == 0)
        r = number_from(v, "maxzoom", 0, 30, errors);
    return r == 0 ? number_from(v, "scale", 1, 1e12, errors) : r;
}

static int check_chart(const yyjson_val *v, struct sk_buf *errors)
{
    static const char *const types[] = { "tilelayer", "tileJSON", "WMS", "WMTS", "mapstyleJSON", "S-57", NULL };
    struct sk_span type = sk_json_str(sk_json_get(v, "type"));
    if (sk_json_get(v, "type") == NULL)
        return sk_schema_missing(errors, NULL, "type");
    if (!one_of(type, types))
        return not_one_of(errors, &(struct sk_schema_at){ NULL, "type", 0 },
                          "\"tilelayer\",\"tileJSON\",\"WMS\",\"WMTS\",\"mapstyleJSON\",\"S-57\"");
    int r = strings(v, (const char *const[]){ "identifier", "name", "description", "url", NULL }, errors);
    if (r == 0)
        r = check_layers(v, errors);
    return r == 0 && sk_span_eq(type, "tilelayer") ? check_tiles(v, errors) : r;
}

int sk_resource_check(enum sk_resource_type type, const yyjson_val *value, struct sk_buf *errors)
{
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)value))
        return sk_schema_wrong_type(errors, NULL, "object");
    switch (type) {
    case SK_ROUTES:
        return check_route(value, errors);
    case SK_WAYPOINTS:
        return check_waypoint(value, errors);
    case SK_NOTES:
        return check_note(value, errors);
    case SK_REGIONS:
        return check_region(value, errors);
    case SK_CHARTS:
        return check_chart(value, errors);
    case SK_CUSTOM_RESOURCE:
        break;
    }
    return 0;
}

int sk_resource_check_param(struct sk_span name, const yyjson_val *value, struct sk_buf *errors)
{
    static const char *const counts[] = { "limit", "zoom" };
    static const struct {
        const char *name;
        size_t n;
    } lists[] = { { "bbox", 4 }, { "position", 2 } };
    const struct sk_schema_at query = { NULL, "query", 0 };
    double d;
    for (size_t i = 0; i < SK_COUNT(counts); i++)
        if (sk_span_eq(name, counts[i]) && !(sk_json_number(value, &d) && d >= 0 && d < 1e9 && d == (double)(int64_t)d))
            return sk_schema_wrong_type(errors, &(struct sk_schema_at){ &query, counts[i], 0 }, "integer");
    for (size_t i = 0; i < SK_COUNT(lists); i++)
        if (sk_span_eq(name, lists[i].name))
            return numbers(value, lists[i].n, lists[i].n, &(struct sk_schema_at){ &query, lists[i].name, 0 }, errors);
    if (sk_span_eq(name, "distance") && !(sk_json_number(value, &d) && d >= 0))
        return sk_schema_wrong_type(errors, &(struct sk_schema_at){ &query, "distance", 0 }, "number");
    return 0;
}
