/* Counts the deltas it is given, and publishes the count as bench.counter.<tag> after every `every` of them. */
#include "skiff/plugin.h"

SKP_PLUGIN(
    "bench-counter", "Bench: counts deltas",
    "{\"type\":\"object\",\"properties\":{\"tag\":{\"type\":\"string\"},\"every\":{\"type\":\"integer\",\"default\":1000}}}")

static char path[64];
static uint64_t count, every;

static void publish(void)
{
    char buf[256];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, path, (double)count);
    skp_delta_send(&d);
}

SKP_ON_START(config)
{
    static const char prefix[] = "bench.counter.";
    double n = 1000;
    skp_json_number(config, "every", &n);
    every = n < 1 ? 1 : (uint64_t)n;
    skp_copy(path, sizeof(path), prefix, sizeof(prefix) - 1);
    if (!skp_json_text(config, "tag", path + sizeof(prefix) - 1, sizeof(path) - sizeof(prefix)))
        path[sizeof(prefix) - 1] = 'x';
    count = 0;
    publish();
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_ON_DELTA(json, len)
{
    if (len == 0 || json[0] != '{')
        __builtin_trap();
    if (++count % every == 0)
        publish();
}
