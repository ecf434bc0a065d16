/* /signalk/v2/api/weather: observations, forecasts and warnings for a position, asked of one provider: the one that ?provider=
 * names, or the default. */
#include "api/v2/v2.h"

#include <stdlib.h>

#define API "/signalk/v2/api/weather"
#define REQUEST_MAX ((size_t)64 * 1024)

/* ---- the question ---- */

static bool number_param(struct sk_http_req *r, const char *name, double max, double *ret)
{
    struct sk_span text = sk_http_query_param(r, name);
    return text.p != NULL && sk_parse_double(text, ret) && *ret >= -max && *ret <= max;
}

/* {"position":...  False: answered. */
static bool write_position(struct sk_http_req *r, struct sk_buf *out)
{
    double lat, lon;
    if (sk_http_query_param(r, "lat").p == NULL || sk_http_query_param(r, "lon").p == NULL) {
        sk_v2_fail(r, 400, "Location not supplied!");
        return false;
    }
    if (!number_param(r, "lat", 90, &lat) || !number_param(r, "lon", 180, &lon)) {
        sk_v2_fail(r, 400, "Invalid position data!");
        return false;
    }
    SK_BUF_LIT(out, "{\"position\":{\"latitude\":");
    sk_json_write_double(out, lat);
    SK_BUF_LIT(out, ",\"longitude\":");
    sk_json_write_double(out, lon);
    sk_buf_char(out, '}');
    return true;
}

static bool is_date(struct sk_span s) /* YYYY-MM-DD */
{
    for (size_t i = 0; i < s.n; i++)
        if (i == 4 || i == 7 ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 10;
}

/* What the API does not know itself is the provider's: "custom". */
static void write_custom(struct sk_http_req *r, struct sk_buf *out)
{
    static const char *const own[] = { "lat", "lon", "count", "date", "provider" };
    struct sk_span name, text;
    size_t n = 0, at = 0;
    while (sk_v2_next_param(r, &at, &name, &text)) {
        size_t i = 0;
        while (i < SK_COUNT(own) && !sk_span_eq(name, own[i]))
            i++;
        if (i < SK_COUNT(own))
            continue;
        sk_buf_text(out, n++ == 0 ? "\"custom\":{" : ",");
        sk_json_write_str(out, name);
        sk_buf_char(out, ':');
        sk_json_write_str(out, text);
    }
    if (n > 0)
        SK_BUF_LIT(out, "},");
}

/* ,"options":{...} unless there are none. False: answered. */
static bool write_options(struct sk_http_req *r, struct sk_buf *out)
{
    struct sk_span count = sk_http_query_param(r, "count"), date = sk_http_query_param(r, "date");
    int64_t n = 0;
    size_t before = out->n;
    if (count.p != NULL && !sk_parse_int(count, 0, 100000, &n)) {
        sk_v2_fail(r, 400, "Invalid count: a whole number is needed!");
        return false;
    }
    if (date.p != NULL && !is_date(date)) {
        sk_v2_fail(r, 400, "Invalid date: YYYY-MM-DD is needed!");
        return false;
    }
    SK_BUF_LIT(out, ",\"options\":{");
    size_t empty = out->n;
    if (count.p != NULL)
        sk_buf_printf(out, "\"maxCount\":%lld,", (long long)n);
    if (date.p != NULL)
        sk_buf_printf(out, "\"startDate\":\"%.*s\",", (int)date.n, date.p);
    write_custom(r, out);
    if (out->n == empty || !sk_buf_ok(out))
        out->n = before;
    else
        out->p[out->n - 1] = '}'; /* in place of the last comma */
    return true;
}

/* ---- the answer ---- */

/* A list, or none: whatever else a provider says, clients get an empty one. */
static void answered(void *arg, struct sk_asked *answers, size_t count)
{
    struct sk_http_req *r = arg;
    SK_ASSERT(count == 1);
    int result = answers[0].result;
    if (result == SK_ERR_TIMEOUT || result == SK_ERR_CLOSED || result == SK_ERR_LIMIT) {
        sk_v2_fail_provider(r, result, sk_buf_span(&answers[0].text));
        return;
    }
    yyjson_doc *doc = result == 0 ? sk_v2_parse(sk_buf_span(&answers[0].text)) : NULL;
    if (yyjson_is_arr(yyjson_doc_get_root(doc)))
        sk_http_reply_buf(r, 200, SK_HTTP_JSON, &answers[0].text);
    else
        sk_http_reply_json(r, 200, SK_SPAN("[]"));
    yyjson_doc_free(doc);
}

static void ask(struct sk_http_req *r, struct sk_api *api, const char *method, const char *type, bool options)
{
    struct sk_buf b;
    sk_buf_init(&b, REQUEST_MAX);
    bool ok = write_position(r, &b);
    if (ok && type != NULL)
        sk_buf_printf(&b, ",\"type\":\"%s\"", type);
    ok = ok && (!options || write_options(r, &b));
    sk_buf_char(&b, '}');
    const struct sk_provider *v = ok ? sk_v2_provider(api, r, SK_PROVIDES_WEATHER) : NULL;
    if (v != NULL && sk_buf_ok(&b))
        sk_v2_ask(&v, 1, method, sk_buf_span(&b), answered, r);
    else if (v != NULL)
        sk_v2_fail(r, 400, "The query is too long.");
    sk_buf_finish(&b);
}

static void get_observations(struct sk_http_req *r, void *api)
{
    ask(r, api, "weather_get_observations", NULL, true);
}

static void get_daily(struct sk_http_req *r, void *api)
{
    ask(r, api, "weather_get_forecasts", "daily", true);
}

static void get_point(struct sk_http_req *r, void *api)
{
    ask(r, api, "weather_get_forecasts", "point", true);
}

static void get_warnings(struct sk_http_req *r, void *api)
{
    ask(r, api, "weather_get_warnings", NULL, false);
}

/* ---- the rest ---- */

static void get_root(struct sk_http_req *r, void *api)
{
    (void)api;
    sk_http_reply_json(r, 200,
                       SK_SPAN("{\"observations\":{\"description\":\"Observed weather at a position\"},"
                               "\"forecasts\":{\"description\":\"Weather to come at a position: daily, point\"},"
                               "\"warnings\":{\"description\":\"Weather warnings for a position\"}}"));
}

static void get_forecasts(struct sk_http_req *r, void *api)
{
    (void)api;
    sk_http_reply_json(r, 200,
                       SK_SPAN("{\"daily\":{\"description\":\"One forecast a day\"},"
                               "\"point\":{\"description\":\"Forecasts for points in time\"}}"));
}

static void get_providers(struct sk_http_req *r, void *api)
{
    sk_v2_get_providers(api, r, SK_PROVIDES_WEATHER);
}

static void get_default(struct sk_http_req *r, void *api)
{
    sk_v2_get_default(api, r, SK_PROVIDES_WEATHER);
}

static void post_default(struct sk_http_req *r, void *api)
{
    if (sk_v2_may_write(api, r, "weather"))
        sk_v2_set_default(api, r, SK_PROVIDES_WEATHER, sk_http_param(r, "id"));
}

void sk_weather_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", API, SK_ACCESS_READ, get_root, api },
        { "GET", API "/forecasts", SK_ACCESS_READ, get_forecasts, api },
        { "GET", API "/observations", SK_ACCESS_READ, get_observations, api },
        { "GET", API "/forecasts/daily", SK_ACCESS_READ, get_daily, api },
        { "GET", API "/forecasts/point", SK_ACCESS_READ, get_point, api },
        { "GET", API "/warnings", SK_ACCESS_READ, get_warnings, api },
        { "GET", API "/_providers", SK_ACCESS_READ, get_providers, api },
        { "GET", API "/_providers/_default", SK_ACCESS_READ, get_default, api },
        { "POST", API "/_providers/_default/:id", SK_ACCESS_WRITE, post_default, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
