/* Server events when a path gets a second source, or a source of positions comes. Looked at every two seconds, while somebody
   listens. */
#include "api/data/source_events.h"
#include "api/data/priorities.h"
#include "api/stream/events.h"

#include "base/map.h"

#include <stdlib.h>

#define PERIOD_MS 2000
#define TEXT_MAX ((size_t)16 * 1024 * 1024)

static const struct {
    const char *type;
    enum sk_source_list list;
} events[] = { { "MULTISOURCEPATHS", SK_SOURCES_SEVERAL }, { "POSITION_SOURCES", SK_SOURCES_POSITION } };

struct sk_source_events {
    struct sk_api *api;
    uv_timer_t timer;
    uint64_t told[SK_COUNT(events)]; /* hash of what was sent last */
};

static void look(uv_timer_t *t)
{
    struct sk_source_events *s = t->data;
    if (!sk_events_wanted(s->api))
        return;
    struct sk_buf b;
    sk_buf_init(&b, TEXT_MAX);
    for (size_t i = 0; i < SK_COUNT(events); i++) {
        sk_buf_clear(&b);
        sk_priorities_write_sources(s->api, events[i].list, &b);
        uint64_t hash = sk_hash_bytes(b.p, b.n);
        if (sk_buf_ok(&b) && hash != s->told[i])
            sk_events_send(s->api, events[i].type, sk_buf_span(&b));
        s->told[i] = hash;
    }
    sk_buf_finish(&b);
}

void sk_source_events_greet(struct sk_api *api, void (*send)(void *arg, const char *type, struct sk_span json), void *arg)
{
    struct sk_buf b;
    sk_buf_init(&b, TEXT_MAX);
    for (size_t i = 0; i < SK_COUNT(events); i++) {
        sk_buf_clear(&b);
        sk_priorities_write_sources(api, events[i].list, &b);
        if (sk_buf_ok(&b))
            send(arg, events[i].type, sk_buf_span(&b));
    }
    sk_buf_finish(&b);
}

void sk_source_events_start(struct sk_api *api)
{
    struct sk_source_events *s = api->source_events = sk_xcalloc(1, sizeof *s);
    s->api = api;
    uv_timer_init(sk_loop_uv(api->loop), &s->timer);
    s->timer.data = s;
    uv_timer_start(&s->timer, look, PERIOD_MS, PERIOD_MS);
}

static void closed(uv_handle_t *h)
{
    free(h->data);
}

void sk_source_events_stop(struct sk_api *api)
{
    if (api->source_events != NULL)
        uv_close((uv_handle_t *)&api->source_events->timer, closed);
    api->source_events = NULL;
}
