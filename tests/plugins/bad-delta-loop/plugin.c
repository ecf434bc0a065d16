/* delta_handler counts the deltas that carry a path and never returns from the last one it was told to wait for. */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-delta-loop", "Bad: endless delta handler",
           "{\"type\":\"object\",\"properties\":{"
           "\"path\":{\"type\":\"string\",\"title\":\"Path that counts\",\"default\":\"test.trigger\"},"
           "\"after\":{\"type\":\"integer\",\"title\":\"Loop at this one\",\"default\":1}}}")

static volatile unsigned spin;
static char trigger[128];
static double after;
static unsigned hits;

SKP_ON_START(config)
{
    skp_copy(trigger, sizeof(trigger), "test.trigger", 12);
    skp_json_text(config, "path", trigger, sizeof(trigger));
    after = 1;
    skp_json_number(config, "after", &after);
    hits = 0;
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

static bool carries(const struct skp_json *delta, const char *path)
{
    struct skp_json updates, update, values, value;
    size_t u = 0;
    char found[128];
    if (!skp_json_at(delta, "updates", &updates))
        return false;
    while (skp_json_next(&updates, &u, &update)) {
        size_t v = 0;
        if (!skp_json_at(&update, "values", &values))
            continue;
        while (skp_json_next(&values, &v, &value)) {
            if (skp_json_text(&value, "path", found, sizeof(found)) && skp_equal(found, path))
                return true;
        }
    }
    return false;
}

SKP_ON_DELTA(text, len)
{
    struct skp_json delta;
    if (!skp_json_parse(text, len, &delta))
        __builtin_trap(); /* the server must never hand out anything but JSON */
    if (carries(&delta, trigger))
        hits++;
    while (hits >= after)
        spin++;
}
