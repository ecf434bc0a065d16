/*
 * The doors to the past of the v1 interface: /signalk/v1/snapshot and /signalk/v1/playback. No provider of history exists, and
 * both say so, after they have looked at what was asked.
 */
#include "api/history.h"

#include "base/clock.h"
#include "base/json.h"
#include "http/ws.h"

static bool is_utc_time(struct sk_span time)
{
    int64_t ms;
    return time.n > 0 && time.p[time.n - 1] == 'Z' && sk_iso_parse(time.p, time.n, &ms);
}

void sk_snapshot_get(struct sk_http_req *r, void *arg)
{
    struct sk_span time = sk_http_query_param(r, "time");
    (void)arg;
    if (time.n == 0)
        sk_http_reply_text(r, 400, "Snapshot api requires time query parameter");
    else if (!is_utc_time(time))
        sk_http_reply_text(r, 400, "Time query parameter must be a valid ISO 8601 UTC time value like 2018-12-11T18:40:03.246");
    else
        sk_http_reply_text(r, 501, "No history provider");
}

static void on_text(struct sk_ws *ws, void *arg, struct sk_span text)
{
    (void)ws;
    (void)arg;
    (void)text; /* it is closing already */
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    (void)ws;
    (void)arg;
    (void)code;
}

void sk_playback_get(struct sk_http_req *r, void *arg)
{
    static const struct sk_ws_ops ops = { .text = on_text, .closed = on_closed };
    (void)arg;
    if (!sk_ws_expect_upgrade(r))
        return;
    bool started = sk_http_query_param(r, "startTime").n != 0;
    struct sk_ws *ws = sk_ws_accept(r, &ops, NULL, NULL);
    if (ws == NULL)
        return;
    (void)sk_ws_send_text(ws, started ? SK_SPAN("\"No history provider\"")
                                      : SK_SPAN("\"startTime is a required query parameter for playback connections\""));
    sk_ws_close(ws, 0, NULL);
}
