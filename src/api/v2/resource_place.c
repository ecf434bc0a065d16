#include "api/v2/resource_place.h"

#include <math.h>

#define EARTH_RADIUS 6371008.8 /* metres, mean */
#define DEPTH_MAX 4u

static void widen(struct sk_box *box, bool *any, double lon, double lat)
{
    if (!*any)
        *box = (struct sk_box){ lon, lat, lon, lat };
    box->west = lon < box->west ? lon : box->west;
    box->east = lon > box->east ? lon : box->east;
    box->south = lat < box->south ? lat : box->south;
    box->north = lat > box->north ? lat : box->north;
    *any = true;
}

/* [lon, lat], or arrays of such. */
static void take(const yyjson_val *v, unsigned depth, struct sk_box *box, bool *any)
{
    yyjson_val *list = (yyjson_val *)(uintptr_t)v, *item;
    size_t i, n;
    double lon, lat;
    if (!yyjson_is_arr(list) || depth > DEPTH_MAX)
        return;
    if (sk_json_number(yyjson_arr_get(list, 0), &lon)) {
        if (sk_json_number(yyjson_arr_get(list, 1), &lat))
            widen(box, any, lon, lat);
        return;
    }
    yyjson_arr_foreach(list, i, n, item)
        take(item, depth + 1, box, any);
}

bool sk_place_of(const yyjson_val *resource, struct sk_box *ret_box)
{
    bool any = false;
    double lon, lat;
    yyjson_val *pos = sk_json_get(resource, "position"), *bounds = sk_json_get(resource, "bounds");
    take(sk_json_get(sk_json_get(sk_json_get(resource, "feature"), "geometry"), "coordinates"), 0, ret_box, &any);
    if (!any && sk_json_number(sk_json_get(pos, "longitude"), &lon) && sk_json_number(sk_json_get(pos, "latitude"), &lat))
        widen(ret_box, &any, lon, lat);
    for (size_t i = 0; i < 4 && yyjson_arr_size(bounds) == 4 && (i > 0 || !any); i += 2)
        if (sk_json_number(yyjson_arr_get(bounds, i), &lon) && sk_json_number(yyjson_arr_get(bounds, i + 1), &lat))
            widen(ret_box, &any, lon, lat);
    return any;
}

bool sk_place_touches(const struct sk_box *p, const struct sk_box *f)
{
    if (p->north < f->south || p->south > f->north)
        return false;
    if (f->west <= f->east)
        return p->east >= f->west && p->west <= f->east;
    return p->east >= f->west || p->west <= f->east;
}

static double between(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

double sk_place_distance(const struct sk_box *p, double longitude, double latitude)
{
    const double rad = 3.14159265358979323846 / 180;
    double lat = between(latitude, p->south, p->north), lon = between(longitude, p->west, p->east);
    if (lon != longitude) { /* the nearer edge may be the one across the antimeridian */
        double west = fabs(remainder(p->west - longitude, 360)), east = fabs(remainder(p->east - longitude, 360));
        lon = west < east ? p->west : p->east;
    }
    double sin_lat = sin((lat - latitude) * rad / 2), sin_lon = sin((lon - longitude) * rad / 2);
    double a = sin_lat * sin_lat + cos(lat * rad) * cos(latitude * rad) * sin_lon * sin_lon;
    return 2 * EARTH_RADIUS * asin(sqrt(a > 1 ? 1 : a));
}
