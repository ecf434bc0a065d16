/* Weather, two radars "r1" and "r2", resources of type "tides" that can only be read, and binary streams on demand. Every answer
 * of a provider tells the request it got. GET /api/start: what the calls in plugin_start gave. POST /api/emit
 * {"id","text","count","spokes","size"}: emits, and says how often that was taken. */
#include "skiff/plugin.h"

SKP_IMPORT("sk_register_weather_provider") int32_t sk_register_weather_provider(const char *name, size_t len);
SKP_IMPORT("sk_register_radar_provider") int32_t sk_register_radar_provider(const char *name, size_t len);
SKP_IMPORT("sk_radar_emit_spokes") int32_t sk_radar_emit_spokes(const char *id, size_t id_len, const void *data, size_t data_len);

SKP_PLUGIN("probe-provider", "Provider probe", "{\"type\":\"object\",\"properties\":{}}")

static char started[512];
static size_t started_len;
static char power[32] = "standby";

SKP_ON_START(config)
{
    struct skp_writer w;
    double many = 0, fail = 0;
    skp_writer_init(&w, started, sizeof(started));
    skp_write_object(&w);
    skp_put_number(&w, "spokesBefore", sk_radar_emit_spokes("r1", 2, "x", 1));
    skp_put_number(&w, "weather", sk_register_weather_provider("Probe weather", 13));
    skp_put_number(&w, "radar", sk_register_radar_provider("Probe radar", 11));
    skp_put_number(&w, "tides", sk_register_resource_provider("tides", 5));
    skp_put_number(&w, "empty", sk_register_resource_provider("", 0));
    skp_put_number(&w, "spokesInStart", sk_radar_emit_spokes("r1", 2, "x", 1));
    skp_json_number(config, "many", &many);
    int32_t taken = 0;
    for (int i = 0; i < (int)many; i++) {
        char type[8] = { 't', (char)('a' + i / 26), (char)('a' + i % 26) };
        taken += sk_register_resource_provider(type, 3);
    }
    skp_put_number(&w, "many", taken);
    skp_write_object_end(&w);
    started_len = w.len;
    skp_json_number(config, "fail", &fail);
    return (int32_t)fail;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_HTTP_ENDPOINTS("[{\"method\":\"GET\",\"path\":\"/api/start\",\"handler\":\"http_start\"},"
                   "{\"method\":\"POST\",\"path\":\"/api/emit\",\"handler\":\"http_emit\"}]")

SKP_ON_HTTP(http_start, request, reply)
{
    (void)request;
    skp_http_begin(reply, 200);
    skp_write_json(reply, started, started_len);
    skp_http_end(reply);
}

static char big[2 * 1024 * 1024];

SKP_ON_HTTP(http_emit, request, reply)
{
    char id[600] = "", text[1000] = "";
    double count = 1, size = 0;
    bool spokes = false;
    skp_json_text(request, "body.id", id, sizeof(id));
    skp_json_text(request, "body.text", text, sizeof(text));
    skp_json_number(request, "body.count", &count);
    skp_json_number(request, "body.size", &size);
    skp_json_bool(request, "body.spokes", &spokes);
    const char *data = size > 0 ? big : text;
    size_t n = size > 0 ? (size_t)size : skp_len(text);
    double taken = 0;
    for (int i = 0; i < (int)count; i++) {
        big[0] = (char)i;
        big[1] = (char)(i >> 8);
        taken += spokes ? sk_radar_emit_spokes(id, skp_len(id), data, n) : sk_emit_binary_stream(id, skp_len(id), data, n);
    }
    skp_http_begin(reply, 200);
    skp_write_number(reply, taken);
    skp_http_end(reply);
}

static int32_t echo(const char *before, const char *request, size_t n, const char *after, char *out, size_t max)
{
    struct skp_writer w;
    skp_writer_init(&w, out, max);
    skp_write_plain(&w, before);
    skp_write_json(&w, request, n);
    skp_write_plain(&w, after);
    return (int32_t)w.len;
}

#define PROVIDES(name, before, after)                                                                                            \
    SKP_EXPORT(#name) int32_t name(const char *request, size_t n, char *out, size_t max)                                         \
    {                                                                                                                            \
        return echo(before, request, n, after, out, max);                                                                        \
    }

PROVIDES(weather_get_observations, "[{\"date\":\"2026-01-01T00:00:00.000Z\",\"type\":\"observation\",\"request\":", "}]")
PROVIDES(weather_get_warnings, "[{\"type\":\"Warning\",\"request\":", "}]")
PROVIDES(radar_get_capabilities, "{\"request\":", "}")
PROVIDES(radar_get_targets, "{\"targets\":[],\"request\":", "}")
PROVIDES(radar_get_arpa_settings, "{\"enabled\":false,\"request\":", "}")
PROVIDES(radar_set_arpa_settings, "{\"success\":true,\"request\":", "}")
PROVIDES(radar_acquire_target, "{\"success\":true,\"targetId\":7,\"request\":", "}")

static void parse(const char *request, size_t n, const char *path, char *out, size_t max)
{
    struct skp_json v;
    out[0] = 0;
    if (skp_json_parse(request, n, &v))
        skp_json_text(&v, path, out, max);
}

/* "long": 100 kB of text, if there is room; otherwise cut, as plugins do. */
SKP_EXPORT("resources_get_resource") int32_t resources_get_resource(const char *request, size_t n, char *out, size_t max)
{
    char id[32];
    parse(request, n, "id", id, sizeof(id));
    if (!skp_equal(id, "long"))
        return echo("{\"request\":", request, n, "}", out, max);
    size_t at = skp_copy(out, max, "{\"text\":\"", 9);
    while (at < 100000 && at < max)
        out[at++] = 'x';
    if (at + 2 <= max) {
        out[at++] = '"';
        out[at++] = '}';
    }
    return (int32_t)at;
}

/* type "daily": an object instead of a list; latitude 80 and more never returns, 70 and more traps. */
SKP_EXPORT("weather_get_forecasts") int32_t weather_get_forecasts(const char *request, size_t n, char *out, size_t max)
{
    struct skp_json v;
    double latitude = 0;
    char type[16];
    if (skp_json_parse(request, n, &v))
        skp_json_number(&v, "position.latitude", &latitude);
    for (volatile int on = 1; latitude >= 80 && on;)
        continue;
    if (latitude >= 70)
        __builtin_trap();
    parse(request, n, "type", type, sizeof(type));
    if (skp_equal(type, "daily"))
        return echo("{\"no\":\"list\",\"request\":", request, n, "}", out, max);
    return echo("[{\"type\":\"point\",\"request\":", request, n, "}]", out, max);
}

/* The one without a request. */
SKP_EXPORT("radar_get_radars") int32_t radar_get_radars(char *out, size_t max)
{
    return skp_give(out, max, "[\"r1\",\"r2\",\"odd\"]");
}

SKP_EXPORT("radar_get_radar_info") int32_t radar_get_radar_info(const char *request, size_t n, char *out, size_t max)
{
    char id[32];
    parse(request, n, "radarId", id, sizeof(id));
    if (skp_equal(id, "odd"))
        return skp_give(out, max, "null");
    return skp_give(out, max, "{\"id\":\"r\",\"name\":\"Probe\",\"brand\":\"Skiff\",\"radarIpAddress\":\"192.0.2.1\"}");
}

SKP_EXPORT("radar_get_state") int32_t radar_get_state(const char *request, size_t n, char *out, size_t max)
{
    struct skp_writer w;
    char id[32];
    parse(request, n, "radarId", id, sizeof(id));
    if (skp_equal(id, "r2"))
        return skp_give(out, max, "{\"error\":\"switched off\"}");
    skp_writer_init(&w, out, max);
    skp_write_object(&w);
    skp_put_text(&w, "status", power);
    skp_write_key(&w, "controls");
    skp_write_object(&w);
    skp_put_text(&w, "power", power);
    skp_write_object_end(&w);
    skp_write_object_end(&w);
    return (int32_t)w.len;
}

SKP_EXPORT("radar_get_control") int32_t radar_get_control(const char *request, size_t n, char *out, size_t max)
{
    char id[32];
    parse(request, n, "controlId", id, sizeof(id));
    if (!skp_equal(id, "gain"))
        return skp_give(out, max, "null");
    return skp_give(out, max, "{\"auto\":true,\"value\":50}");
}

/* Everything is accepted but the control "locked"; "power" is remembered. */
SKP_EXPORT("radar_set_control") int32_t radar_set_control(const char *request, size_t n, char *out, size_t max)
{
    char id[32];
    parse(request, n, "controlId", id, sizeof(id));
    if (skp_equal(id, "locked"))
        return skp_give(out, max, "{\"success\":false,\"error\":\"it is locked\"}");
    if (skp_equal(id, "power"))
        parse(request, n, "value", power, sizeof(power));
    sk_debug(request, n);
    return skp_give(out, max, "{\"success\":true}");
}

SKP_EXPORT("radar_cancel_target") int32_t radar_cancel_target(const char *request, size_t n, char *out, size_t max)
{
    struct skp_json v;
    double target = 0;
    if (skp_json_parse(request, n, &v))
        skp_json_number(&v, "targetId", &target);
    return skp_give(out, max, target == 7 ? "true" : "false");
}
