#include "api/stream.h"

#include "base/log.h"

#include <stdlib.h>

#define NS "signalk-server:interfaces:ws"

/* ---- out ---------------------------------------------------------------------------------------------------------------- */

static int feed_frame(void *arg, struct sk_frame *frame)
{
    struct sk_stream *s = arg;
    return s->ops->frame(s->arg, frame);
}

static void feed_remark(void *arg, struct sk_span json)
{
    struct sk_stream *s = arg;
    if (s->remarks)
        (void)s->ops->text(s->arg, json);
    else
        sk_log_debug(NS, "%s: %.*s", s->remote_ip, (int)json.n, json.p);
}

static int forward(void *arg, struct sk_span message)
{
    struct sk_stream *s = arg;
    return s->ops->text(s->arg, message);
}

static const struct sk_feed_ops feed_ops = { feed_frame, feed_remark };
static const struct sk_publisher_ops publisher_ops = { forward };

void sk_stream_init(struct sk_stream *s, struct sk_api *api, const struct sk_stream_ops *ops, void *arg)
{
    s->api = api;
    s->ops = ops;
    s->arg = arg;
    s->feed = sk_feed_create(api->hub, &feed_ops, s);
    s->publisher = s->requests ? sk_publisher_create(api->publishers, &publisher_ops, s) : NULL;
    sk_arena_init(&s->arena, 16 * SK_DELTA_MAX);
    s->next = api->streams;
    if (s->next != NULL)
        s->next->prev = s;
    api->streams = s;
}

void sk_stream_finish(struct sk_stream *s)
{
    *(s->prev != NULL ? &s->prev->next : &s->api->streams) = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
    sk_stream_forget_requests(s);
    sk_feed_destroy(s->feed);
    sk_publisher_destroy(s->publisher);
    sk_arena_finish(&s->arena);
}

/* ---- in ----------------------------------------------------------------------------------------------------------------- */

static void take_delta(struct sk_stream *s, struct sk_span text)
{
    struct sk_origin o = { .provider = s->provider,
                           .published = s->publisher != NULL ? sk_publisher_note : NULL,
                           .published_arg = s->publisher };
    (void)sk_hub_ingest(s->api->hub, &o, text, NULL);
}

static void answer(struct sk_stream *s, struct sk_span text)
{
    (void)s->ops->text(s->arg, text);
}

/* What only makes sense with security; it is off. */
static void refuse_access_request(struct sk_stream *s, const yyjson_val *m)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    SK_BUF_LIT(&b, "{");
    if (sk_json_get_str(m, "requestId") != NULL) {
        SK_BUF_LIT(&b, "\"requestId\":");
        sk_json_write_str(&b, sk_json_str(sk_json_get(m, "requestId")));
        SK_BUF_LIT(&b, ",");
    }
    SK_BUF_LIT(&b, "\"state\":\"COMPLETED\",\"statusCode\":404,"
                   "\"message\":\"Access requests not available. Server security may not be enabled.\"}");
    if (sk_buf_ok(&b))
        answer(s, sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void requests(struct sk_stream *s, const yyjson_val *m)
{
    if (sk_json_get(m, "accessRequest") != NULL)
        refuse_access_request(s, m);
    if (sk_publisher_answer(s->publisher, m))
        return;
    if (sk_json_get(m, "put") != NULL)
        sk_stream_put(s, m, false);
    if (sk_json_get(m, "delete") != NULL)
        sk_stream_put(s, m, true);
    if (sk_json_get(m, "requestId") != NULL && sk_json_truthy(sk_json_get(m, "query")))
        sk_stream_query(s, m);
}

/* The frequent message is a delta and nothing else: it goes straight to the hub, which parses it. Anything that may be more
   than that shows one of these member names somewhere in its text. */
static bool only_delta(struct sk_span text)
{
    static const char *const members[] = { "\"subscribe\"", "\"unsubscribe\"", "\"requestId\"",
                                           "\"put\"",       "\"delete\"",      "\"accessRequest\"" };
    if (memmem(text.p, text.n, "\"updates\"", 9) == NULL || memchr(text.p, '\\', text.n) != NULL)
        return false;
    for (size_t i = 0; i < SK_COUNT(members); i++)
        if (memmem(text.p, text.n, members[i], strlen(members[i])) != NULL)
            return false;
    return true;
}

void sk_stream_message(struct sk_stream *s, struct sk_span text)
{
    yyjson_doc *doc;
    struct sk_errmsg em;
    if (only_delta(text)) {
        take_delta(s, text);
        return;
    }
    if (sk_json_read_raw(&s->arena, text, &doc, &em) < 0) {
        sk_log_debug(NS, "%s: message ignored: %s", s->remote_ip, em.text);
    } else {
        yyjson_val *m = yyjson_doc_get_root(doc);
        if (sk_json_get(m, "updates") != NULL)
            take_delta(s, text);
        if (sk_json_get(m, "subscribe") != NULL)
            sk_feed_subscribe(s->feed, m);
        if (sk_json_get(m, "unsubscribe") != NULL)
            sk_feed_unsubscribe(s->feed, m);
        if (s->requests)
            requests(s, m);
    }
    sk_arena_reset(&s->arena);
}
