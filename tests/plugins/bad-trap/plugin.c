/* The second poll of every instance traps, two calls deep so that a back-trace has something to show. */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-trap", "Bad: trap in poll", "{\"type\":\"object\",\"properties\":{}}")

static unsigned polls;

__attribute__((noinline)) static void hit_the_rock(void)
{
    __builtin_trap();
}

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
    skp_delta_number(&d, "test.badTrap.polls", ++polls);
    skp_delta_send(&d);
    if (polls >= 2)
        hit_the_rock();
    return 0;
}
