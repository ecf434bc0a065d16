/*
 * Binary streams over WebSocket: /signalk/v2/api/streams/<id>, and /signalk/v2/api/vessels/self/radars/<id>/spokes as another
 * name of radars/<id>. One binary message per emit, shared by all listeners. A listener that is slow misses messages; one that
 * stays slow is closed with 1008. What clients send is ignored.
 */
#include "api/api.h"

#include "base/log.h"
#include "http/ws.h"
#include "hub/bstreams.h"

#include <stdio.h>
#include <stdlib.h>

#define NS "signalk:streams"
#define QUEUED_MAX ((size_t)256 * 1024) /* unsent bytes above which messages are skipped */
#define SKIPS_MAX 30u                   /* in a row; one more and it is closed */
#define LISTENERS_MAX 500u
#define INCOMING_MAX ((size_t)64 * 1024)

struct listener {
    struct listener *next, *prev; /* of all */
    struct sk_bstream_tap tap;
    struct sk_api *api;
    struct sk_ws *ws;
    unsigned skips;
    uint64_t sent, skipped;
    bool closing;
    char remote_ip[64];
};

struct sk_bstream_listeners {
    struct listener *first;
    unsigned count;
};

static void deliver(struct sk_bstream_tap *tap, struct sk_frame *frame)
{
    struct listener *l = SK_CONTAINER(tap, struct listener, tap);
    if (l->closing)
        return;
    if (sk_ws_queued(l->ws) > QUEUED_MAX) /* a burst within this turn is no reason yet */
        sk_ws_try_flush(l->ws);
    if (sk_ws_queued(l->ws) <= QUEUED_MAX && sk_ws_send(l->ws, frame) == 0) {
        l->skips = 0;
        l->sent++;
        return;
    }
    l->skipped++;
    if (++l->skips <= SKIPS_MAX)
        return;
    l->closing = true;
    sk_log_info("a binary stream to %s is closed: it reads too slowly (%llu messages sent, %llu skipped)", l->remote_ip,
                (unsigned long long)l->sent, (unsigned long long)l->skipped);
    sk_ws_close(l->ws, 1008, "Client too slow");
}

static void on_message(struct sk_ws *ws, void *arg, struct sk_span text)
{
    (void)ws, (void)arg, (void)text;
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    struct listener *l = arg;
    struct sk_bstream_listeners *all = l->api->bstream_listeners;
    (void)ws, (void)code;
    sk_log_debug(NS, "%s left: %llu messages sent, %llu skipped", l->remote_ip, (unsigned long long)l->sent,
                 (unsigned long long)l->skipped);
    sk_bstreams_leave(l->api->bstreams, &l->tap);
    *(l->prev != NULL ? &l->prev->next : &all->first) = l->next;
    if (l->next != NULL)
        l->next->prev = l->prev;
    all->count--;
    free(l);
}

static const struct sk_ws_ops ws_ops = { .text = on_message, .closed = on_closed };

static bool too_many(const struct sk_api *api, const char *ip)
{
    unsigned same = 0;
    for (const struct listener *l = api->bstream_listeners->first; l != NULL; l = l->next)
        same += strcmp(l->remote_ip, ip) == 0;
    return api->bstream_listeners->count >= LISTENERS_MAX || (api->ws_per_ip != 0 && same >= api->ws_per_ip);
}

static void open_stream(struct sk_http_req *r, struct sk_api *api, struct sk_span id)
{
    struct sk_bstream_listeners *all = api->bstream_listeners;
    if (!sk_ws_expect_upgrade(r))
        return;
    if (too_many(api, sk_http_remote_ip(r))) {
        sk_stream_reply_too_many(r);
        return;
    }
    struct listener *l = sk_xcalloc(1, sizeof *l);
    struct sk_ws_limits limits = sk_ws_default_limits;
    limits.message_max = INCOMING_MAX;
    limits.ping_ms = api->ws_ping_ms;
    snprintf(l->remote_ip, sizeof l->remote_ip, "%s", sk_http_remote_ip(r));
    l->api = api;
    l->tap.deliver = deliver;
    sk_bstreams_listen(api->bstreams, id, &l->tap); /* `id` goes with the request */
    l->ws = sk_ws_accept(r, &ws_ops, l, &limits);
    if (l->ws == NULL) {
        sk_bstreams_leave(api->bstreams, &l->tap);
        free(l);
        return;
    }
    l->next = all->first;
    if (l->next != NULL)
        l->next->prev = l;
    all->first = l;
    all->count++;
}

static void get_stream(struct sk_http_req *r, void *arg)
{
    struct sk_span id = sk_http_decode(sk_http_arena(r), sk_http_param(r, "*"), false);
    if (id.n == 0 || id.n > SK_BSTREAM_ID_MAX)
        sk_http_reply_cannot(r);
    else
        open_stream(r, arg, id);
}

static void get_spokes(struct sk_http_req *r, void *arg)
{
    struct sk_span radar = sk_http_param(r, "id");
    struct sk_buf id;
    sk_buf_init(&id, SK_BSTREAM_ID_MAX);
    SK_BUF_LIT(&id, "radars/");
    sk_buf_span_append(&id, radar);
    if (radar.n == 0 || !sk_buf_ok(&id))
        sk_http_reply_cannot(r);
    else
        open_stream(r, arg, sk_buf_span(&id));
    sk_buf_finish(&id);
}

void sk_bstreams_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/signalk/v2/api/streams/*", SK_ACCESS_READ, get_stream, api },
        { "GET", "/signalk/v2/api/vessels/self/radars/:id/spokes", SK_ACCESS_READ, get_spokes, api },
    };
    api->bstream_listeners = sk_xcalloc(1, sizeof *api->bstream_listeners);
    sk_api_keep_routes(api, table, SK_COUNT(table));
}

void sk_bstreams_free_listeners(struct sk_api *api)
{
    SK_ASSERT(api->bstream_listeners == NULL || api->bstream_listeners->count == 0);
    free(api->bstream_listeners);
}
