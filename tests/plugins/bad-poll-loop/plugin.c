/* Counts its polls; the third never returns. A fresh instance counts from zero again. */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-poll-loop", "Bad: endless poll", "{\"type\":\"object\",\"properties\":{}}")

static volatile unsigned spin;
static unsigned polls;

SKP_ON_START(config)
{
    (void)config;
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_ON_POLL()
{
    char buf[128];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "test.badPollLoop.polls", ++polls);
    skp_delta_send(&d);
    while (polls >= 3)
        spin++;
    return 0;
}
