/* Asks for what its package.json does not grant, and publishes the answers, if it may publish at all. */
#include "skiff/plugin.h"

SKP_IMPORT("sk_register_weather_provider") int32_t sk_register_weather_provider(const char *name, size_t len);

SKP_PLUGIN("probe-no-caps", "No capabilities", "{\"type\":\"object\",\"properties\":{}}")

static unsigned deltas;

/* The status line is the one thing that needs no grant. */
SKP_ON_START(config)
{
    char buf[512], out[64];
    struct skp_writer w;
    (void)config;
    skp_writer_init(&w, buf, sizeof(buf));
    skp_write_object(&w);
    skp_put_number(&w, "put", sk_register_put_handler("vessels.self", 12, "test.none", 9));
    skp_put_number(&w, "resource", sk_register_resource_provider("notes", 5));
    skp_put_number(&w, "weather", sk_register_weather_provider("w", 1));
    skp_put_number(&w, "udp", sk_udp_create(0));
    skp_put_number(&w, "tcp", sk_tcp_create());
    skp_put_number(&w, "network", sk_has_capability("network", 7));
    skp_put_number(&w, "read", sk_get_self_path("uuid", 4, out, sizeof(out)) > 0);
    skp_put_number(&w, "stream", sk_emit_binary_stream("radars/x", 8, "x", 1));
    skp_write_object_end(&w);
    sk_set_status(buf, w.len);

    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_bool(&d, "test.noCaps.published", true);
    skp_delta_send(&d);
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_ON_DELTA(text, len)
{
    (void)text, (void)len;
    if (deltas++ == 0)
        skp_error("a delta came in although dataRead is false");
}
