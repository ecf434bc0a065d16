/* plugin_start never returns. The status set before shows that it was reached. */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-start-loop", "Bad: endless start", "{\"type\":\"object\",\"properties\":{}}")

static volatile unsigned spin;

SKP_ON_START(config)
{
    (void)config;
    skp_status("spinning");
    for (;;)
        spin++;
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}
