/* Clients of the stream that do not read: who is cut, and the figures. What they get instead of all news is src/hub/pressure.c.
 */
#include "api/stream/stream.h"

#include "base/log.h"

#define CHECK_MAX_MS 5000u
#define CHECK_MIN_MS 100u
#define STUCK_MS 60000u /* not one byte taken */

static bool over_for_too_long(struct sk_stream *s, uint64_t now, size_t unsent)
{
    const struct sk_pressure *p = &s->api->pressure;
    if (p->max == 0 || unsent <= p->max) {
        s->over_since_ms = 0;
        return false;
    }
    if (s->over_since_ms == 0)
        s->over_since_ms = now;
    return now - s->over_since_ms >= p->max_ms;
}

static bool stuck(struct sk_stream *s, uint64_t now, size_t unsent)
{
    uint64_t written = s->ops->written(s->arg);
    if (unsent == 0 || written != s->written_before || s->written_ms == 0) {
        s->written_before = written;
        s->written_ms = now;
    }
    return now - s->written_ms >= STUCK_MS;
}

static void cut(struct sk_stream *s, const char *why)
{
    sk_log_warn("%s: disconnected with %zu unsent bytes: %s", s->remote_ip, s->ops->unsent(s->arg), why);
    s->cut = true;
    s->api->pressure.cut++;
    s->ops->cut(s->arg, why);
}

static void check(struct sk_stream *s, uint64_t now)
{
    size_t unsent = s->ops->unsent(s->arg);
    if (s->cut)
        return;
    if (over_for_too_long(s, now, unsent))
        cut(s, "Server outgoing buffer overflow, terminating connection");
    else if (stuck(s, now, unsent))
        cut(s, "Nothing was read for a minute, terminating connection");
}

static void check_all(uv_timer_t *t)
{
    const struct sk_api *api = t->data;
    uint64_t now = uv_now(t->loop);
    for (struct sk_stream *s = api->streams, *next; s != NULL; s = next) {
        next = s->next;
        check(s, now);
    }
}

void sk_pressure_start(struct sk_api *api)
{
    struct sk_pressure *p = &api->pressure;
    unsigned every = p->max_ms / 4;
    every = every > CHECK_MAX_MS ? CHECK_MAX_MS : every < CHECK_MIN_MS ? CHECK_MIN_MS : every;
    p->started = true;
    uv_timer_init(sk_loop_uv(api->loop), &p->timer);
    p->timer.data = api;
    uv_timer_start(&p->timer, check_all, every, every);
}

void sk_pressure_stop(struct sk_api *api)
{
    if (api->pressure.started)
        uv_close((uv_handle_t *)&api->pressure.timer, NULL);
    api->pressure.started = false;
}

/* ---- figures ------------------------------------------------------------------------------------------------------------ */

void sk_pressure_write(const struct sk_api *api, struct sk_buf *b)
{
    uint64_t behind = 0, lost = 0, presses = 0;
    for (const struct sk_stream *s = api->streams; s != NULL; s = s->next) {
        struct sk_feed_pressure p;
        sk_feed_pressure(s->feed, &p);
        behind += p.pressed;
        presses += p.presses;
        lost += p.lost;
    }
    sk_buf_printf(b, "{\"behind\":%llu,\"episodes\":%llu,\"lost\":%llu,\"cut\":%llu}", (unsigned long long)behind,
                  (unsigned long long)presses, (unsigned long long)lost, (unsigned long long)api->pressure.cut);
}

static void write_stream(const struct sk_stream *s, struct sk_buf *b)
{
    struct sk_feed_pressure p;
    sk_feed_pressure(s->feed, &p);
    SK_BUF_LIT(b, "{\"remote\":");
    sk_json_write_str(b, sk_span_of(s->remote_ip));
    sk_buf_printf(b, ",\"transport\":\"%s\",\"unsent\":%zu,\"written\":%llu,\"behind\":%s,\"episodes\":%llu,\"lost\":%llu",
                  s->requests ? "ws" : "tcp", s->ops->unsent(s->arg), (unsigned long long)s->ops->written(s->arg),
                  p.pressed ? "true" : "false", (unsigned long long)p.presses, (unsigned long long)p.lost);
    if (p.pressed)
        sk_buf_printf(b, ",\"behindMs\":%llu", (unsigned long long)(uv_now(sk_loop_uv(s->api->loop)) - p.since_ms));
    sk_buf_char(b, '}');
}

void sk_streams_write(const struct sk_api *api, struct sk_buf *out)
{
    sk_buf_char(out, '[');
    for (const struct sk_stream *s = api->streams; s != NULL; s = s->next) {
        sk_buf_append(out, ",", s != api->streams);
        write_stream(s, out);
    }
    sk_buf_char(out, ']');
}

/* GET /skServer/streams: the clients of the stream, and how they keep up. */
void sk_streams_get(struct sk_http_req *r, void *arg)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)16 * 1024 * 1024);
    sk_streams_write(arg, &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}
