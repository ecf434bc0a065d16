/* {{title}}: publishes how long it has been running. */
#include <skiff/plugin.h>

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{\"interval\":{\"type\":\"integer\","
           "\"title\":\"Publish every so many seconds\",\"default\":1,\"minimum\":1}}}")

static uint32_t interval, seconds;

SKP_ON_START(config)
{
    double wanted = 1;
    skp_json_number(config, "interval", &wanted);
    if (!(wanted >= 1 && wanted <= 86400)) {
        skp_error("The interval must be one second to one day");
        return 1;
    }
    interval = (uint32_t)wanted;
    seconds = 0;
    skp_status("Counting");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

/* Once a second. */
SKP_ON_POLL()
{
    char buf[256];
    struct skp_delta d;
    if (++seconds % interval != 0)
        return 0;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "plugins.{{key}}.uptime", seconds);
    return skp_delta_send(&d) ? 0 : 1;
}
