/* GET /signalk/v1/stream: the WebSocket transport of the stream. */
#include "api/stream/stream.h"
#include "base/log.h"
#include "http/ws.h"

#include <stdio.h>
#include <stdlib.h>

struct ws_stream {
    struct sk_stream base;
    struct sk_ws *ws;
};

static int ws_frame(void *arg, struct sk_frame *frame, bool live)
{
    struct ws_stream *w = arg;
    return live ? sk_ws_offer(w->ws, frame) : sk_ws_send(w->ws, frame);
}

static int ws_text(void *arg, struct sk_span text)
{
    struct ws_stream *w = arg;
    return sk_ws_send_text(w->ws, text);
}

static size_t ws_unsent(void *arg)
{
    return sk_ws_queued(((struct ws_stream *)arg)->ws);
}

static uint64_t ws_written(void *arg)
{
    return sk_ws_written(((struct ws_stream *)arg)->ws);
}

static void ws_cut(void *arg, const char *why)
{
    struct ws_stream *w = arg;
    struct sk_buf b;
    sk_buf_init(&b, 1000);
    SK_BUF_LIT(&b, "{\"errorMessage\":");
    sk_json_write_str(&b, sk_span_of(why));
    sk_buf_char(&b, '}');
    (void)sk_ws_send_text(w->ws, sk_buf_span(&b));
    sk_buf_finish(&b);
    sk_ws_close(w->ws, 0, NULL);
}

static const struct sk_stream_ops stream_ops = { ws_frame, ws_text, ws_unsent, ws_written, ws_cut };

static void on_eased(struct sk_ws *ws, void *arg)
{
    struct ws_stream *w = arg;
    (void)ws;
    sk_feed_eased(w->base.feed);
}

static void on_text(struct sk_ws *ws, void *arg, struct sk_span text)
{
    struct ws_stream *w = arg;
    (void)ws;
    sk_stream_message(&w->base, text);
    if (w->base.secret)
        sk_ws_secret(ws);
    w->base.secret = false;
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    struct ws_stream *w = arg;
    (void)ws;
    (void)code;
    sk_stream_finish(&w->base);
    free(w);
}

static const struct sk_ws_ops ws_ops = { .text = on_text, .closed = on_closed, .eased = on_eased };

static bool too_many(const struct sk_api *api, const char *ip)
{
    unsigned n = 0;
    for (const struct sk_stream *s = api->streams; s != NULL; s = s->next)
        n += s->ops == &stream_ops && strcmp(s->remote_ip, ip) == 0;
    return api->ws_per_ip != 0 && n >= api->ws_per_ip;
}

static enum sk_feed_mode mode_of(struct sk_span word)
{
    return sk_span_eq(word, "all") ? SK_FEED_ALL : sk_span_eq(word, "none") ? SK_FEED_NONE : SK_FEED_SELF;
}

static void greet(struct ws_stream *w)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    sk_api_hello(w->base.api, &b);
    (void)sk_ws_send_text(w->ws, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* Without a token a client is let in to greet it, so that it can log in; with a bad one it is not. */
static bool admit(struct sk_api *api, struct sk_http_req *r, struct sk_principal *ret_who)
{
    if (!sk_auth_on(api->auth) || sk_auth_identify(api->auth, r, true, ret_who) != SK_IDENTITY_BAD)
        return true;
    sk_http_reply_json(r, 401, SK_SPAN("{\"error\":\"bad auth token\"}"));
    return false;
}

void sk_stream_reply_too_many(struct sk_http_req *r)
{
    sk_http_reply_json(r, 429, SK_SPAN("{\"error\":\"Too many concurrent websocket connections from same IP address\"}"));
}

void sk_stream_get(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    if (!sk_ws_expect_upgrade(r))
        return;
    if (too_many(api, sk_http_remote_ip(r))) {
        sk_stream_reply_too_many(r);
        return;
    }
    struct sk_principal who = { 0 };
    if (!admit(api, r, &who))
        return;
    enum sk_feed_mode mode = mode_of(sk_http_query_param(r, "subscribe"));
    bool cached = !sk_span_eq(sk_http_query_param(r, "sendCachedValues"), "false");
    bool events = sk_span_eq(sk_http_query_param(r, "serverevents"), "all");
    bool all_sources = sk_span_eq(sk_http_query_param(r, "sourcePolicy"), "all");
    bool meta = sk_span_eq(sk_http_query_param(r, "sendMeta"), "all");
    struct ws_stream *w = sk_xcalloc(1, sizeof *w);
    snprintf(w->base.remote_ip, sizeof w->base.remote_ip, "%s", sk_http_remote_ip(r));
    struct sk_ws_limits limits = sk_ws_default_limits;
    limits.message_max = SK_DELTA_MAX;
    limits.ping_ms = api->ws_ping_ms;
    limits.deflate = api->ws_deflate;
    limits.queue_max = api->pressure.hard;
    limits.offer_max = api->pressure.enter;
    limits.ease_max = api->pressure.exit;
    w->ws = sk_ws_accept(r, &ws_ops, w, &limits);
    if (w->ws == NULL) {
        free(w);
        return;
    }
    w->base.provider = "ws";
    w->base.requests = w->base.remarks = true;
    w->base.mode = mode;
    w->base.cached = cached;
    sk_stream_init(&w->base, api, &stream_ops, w);
    if (who.role != SK_ROLE_NONE)
        sk_stream_identify(&w->base, &who);
    greet(w);
    sk_feed_set_meta(w->base.feed, meta);
    sk_feed_set_all_sources(w->base.feed, all_sources);
    if (cached && sk_stream_may(&w->base, SK_ACCESS_READ))
        sk_feed_replay(w->base.feed, mode);
    if (events)
        sk_events_greet(&w->base);
    w->base.events = events;
    sk_feed_set_mode(w->base.feed, mode);
}
