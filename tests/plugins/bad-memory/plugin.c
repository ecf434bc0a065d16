/* Each poll takes and touches 16 MiB more, until the server refuses; it goes on asking and reports both. */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-memory", "Bad: memory without end",
           "{\"type\":\"object\",\"properties\":{\"perPoll\":{\"type\":\"integer\",\"title\":\"MiB per poll\",\"default\":16}}}")

enum { PAGE = 65536, PAGES_PER_MIB = 16 };

static double per_poll;
static unsigned refusals;

SKP_ON_START(config)
{
    per_poll = 16;
    skp_json_number(config, "perPoll", &per_poll);
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

static bool take_one_mib(void)
{
    size_t page = __builtin_wasm_memory_grow(0, PAGES_PER_MIB);
    if (page == (size_t)-1)
        return false;
    /* Untouched memory costs the host nothing. */
    volatile char *p = (volatile char *)(page * PAGE);
    for (size_t i = 0; i < (size_t)PAGES_PER_MIB * PAGE; i += 4096)
        p[i] = 1;
    return true;
}

SKP_ON_POLL()
{
    char buf[256];
    struct skp_delta d;
    for (int i = 0; i < per_poll; i++) {
        if (!take_one_mib()) {
            refusals++;
            break;
        }
    }
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "test.badMemory.mib", (double)(__builtin_wasm_memory_size(0) / PAGES_PER_MIB));
    skp_delta_number(&d, "test.badMemory.refusals", refusals);
    skp_delta_send(&d);
    return 0;
}
