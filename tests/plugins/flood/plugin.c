/* Publishes many small deltas in each poll: more than a slow client, or another plugin's inbox, can take. */
#include "skiff/plugin.h"

SKP_PLUGIN(
    "flood", "Flood of deltas",
    "{\"type\":\"object\",\"properties\":{\"count\":{\"type\":\"integer\",\"title\":\"Deltas per poll\",\"default\":10000},"
    "\"polls\":{\"type\":\"integer\",\"title\":\"Stop after this many polls, 0 = never\",\"default\":0}}}")

static double count, polls_max;
static unsigned polls, sent;

SKP_ON_START(config)
{
    count = 10000;
    polls_max = 0;
    skp_json_number(config, "count", &count);
    skp_json_number(config, "polls", &polls_max);
    polls = sent = 0;
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_ON_POLL()
{
    char buf[256];
    struct skp_delta d;
    if (polls_max > 0 && polls >= polls_max) { /* by now the server takes deltas again */
        skp_delta_begin(&d, buf, sizeof(buf));
        skp_delta_number(&d, "test.flood.done", sent);
        skp_delta_send(&d);
        return 0;
    }
    polls++;
    for (int i = 0; i < count; i++) {
        skp_delta_begin(&d, buf, sizeof(buf));
        skp_delta_number(&d, "test.flood.sent", ++sent);
        skp_delta_send(&d);
    }
    return 0;
}
