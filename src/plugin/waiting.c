#include "plugin/waiting.h"

#define FREE_MS 120000u

/* A stop waits for this call to end. (During plugin_stop itself it does not.) */
static bool stop_waits(void *arg)
{
    const struct sk_guest *g = arg;
    return g->o.cut_at != NULL && atomic_load_explicit(g->o.cut_at, memory_order_relaxed) != 0;
}

static void expect_back_in(struct sk_guest *g, uint64_t ms)
{
    if (g->o.ops->busy != NULL)
        g->o.ops->busy(g->o.owner, (unsigned)ms);
}

int sk_guest_fetch(struct sk_guest *g, struct sk_fetch_request *req, struct sk_fetch_response *ret_response, struct sk_errmsg *em)
{
    uint64_t left = sk_guest_ms_left(g), began = sk_engine_ticks(g->o.engine);
    bool counts = g->stopping || g->waited_ms >= FREE_MS;
    uint64_t ms = counts ? left : FREE_MS;
    expect_back_in(g, left + ms);
    int r = sk_fetcher_run(g->o.fetcher, req, (unsigned)ms, stop_waits, g, ret_response, em);
    if (!counts) {
        uint64_t ticks = sk_engine_ticks(g->o.engine) - began;
        g->deadline_tick += ticks;
        g->waited_ms += ticks * SK_TICK_MS;
    }
    expect_back_in(g, sk_guest_ms_left(g));
    return r;
}
