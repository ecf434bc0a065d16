/* A worker's fetches: where they may go, and the answers that come later. */
#include "plugin/worker_impl.h"

#include "base/log.h"

#define NS "signalk:wasm:fetch"

/* Thread: one of the fetcher's. */
static void on_done(void *arg)
{
    sk_worker_wake(arg);
}

void sk_worker_open_fetcher(struct sk_worker *w)
{
    struct sk_fetcher_options o = {
        .name = w->o.package->name,
        .hosts = { w->o.hosts[0], w->o.hosts[1] },
        .limits = { .parallel = w->limits.fetches, .body_max = w->limits.fetch_bytes, .total_ms = w->limits.fetch_ms },
        .figures = w->o.figures->net,
        .wake = on_done,
        .arg = w,
        .stand_in = w->o.web,
    };
    w->fetcher = sk_fetcher_create(&o);
}

int sk_worker_give_fetched(struct sk_worker *w, unsigned ms, struct sk_errmsg *em)
{
    struct sk_fetch_done *d = sk_fetcher_take(w->fetcher);
    if (d == NULL)
        return 0;
    int r = sk_guest_fetched(w->guest, sk_buf_span(&d->response.body), d->response.status, d->response.redirected, d->id, ms, em);
    if (r < 0 && !sk_guest_dead(w->guest)) {
        sk_log_debug(NS, "[%s] an answer was not delivered: %s", w->o.package->name, em->text);
        r = 0;
    }
    sk_fetch_done_destroy(d);
    return r;
}
