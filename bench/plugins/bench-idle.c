/* Starts and does nothing more: what an installed plugin costs by being there. */
#include "skiff/plugin.h"

SKP_PLUGIN("bench-idle", "Bench: idle", "{\"type\":\"object\",\"properties\":{}}")

SKP_ON_START(config)
{
    (void)config;
    skp_status("idle");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}
