#include "api/stream/stream.h"

#include "api/access/acl_filter.h"
#include "api/admin/server_log.h"
#include "api/data/unit_users.h"
#include "base/log.h"

#include <stdlib.h>

#define NS "signalk-server:interfaces:ws"

/* ---- out ---------------------------------------------------------------------------------------------------------------- */

static int feed_frame(void *arg, struct sk_frame *frame, bool live)
{
    struct sk_stream *s = arg;
    if (!sk_stream_may(s, SK_ACCESS_READ))
        return 0;
    if (sk_acl_lists(s->api) == NULL)
        return s->ops->frame(s->arg, frame, live);
    struct sk_frame *left = sk_acl_filter_frame(s->api, s->who.name, frame);
    int r = left != NULL ? s->ops->frame(s->arg, left, live) : 0;
    sk_frame_unref(left);
    return r;
}

static size_t feed_unsent(void *arg)
{
    struct sk_stream *s = arg;
    return s->ops->unsent(s->arg);
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

static void feed_units(void *arg, bool own)
{
    const struct sk_stream *s = arg;
    sk_unit_users_see(s->api, own && !s->who.device ? s->who.name : "");
}

static const struct sk_feed_ops feed_ops = {
    .frame = feed_frame, .remark = feed_remark, .unsent = feed_unsent, .units = feed_units
};
static const struct sk_publisher_ops publisher_ops = { forward };

void sk_stream_init(struct sk_stream *s, struct sk_api *api, const struct sk_stream_ops *ops, void *arg)
{
    s->api = api;
    s->ops = ops;
    s->arg = arg;
    s->feed = sk_feed_create(api->hub, &feed_ops, s);
    sk_feed_set_unsent_max(s->feed, api->pressure.enter / 2);
    s->publisher = s->requests ? sk_publisher_create(api->publishers, &publisher_ops, s) : NULL;
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
    sk_stream_forget_job(s);
    free(s->access_id);
    sk_feed_destroy(s->feed);
    sk_publisher_destroy(s->publisher);
}

/* ---- in ----------------------------------------------------------------------------------------------------------------- */

static void take_delta(struct sk_stream *s, const yyjson_val *m)
{
    struct sk_origin o = { .provider = s->provider,
                           .published = s->publisher != NULL ? sk_publisher_note : NULL,
                           .published_arg = s->publisher };
    if (!sk_stream_may(s, SK_ACCESS_WRITE)) {
        sk_log_debug(NS, "%s: updates ignored: it may not write", s->remote_ip);
        return;
    }
    if (sk_acl_lists(s->api) == NULL) {
        (void)sk_hub_ingest_json(s->api->hub, &o, m, NULL);
        return;
    }
    yyjson_doc *left = sk_acl_filter_delta(s->api, s->who.name, m);
    if (left != NULL)
        (void)sk_hub_ingest_json(s->api->hub, &o, yyjson_doc_get_root(left), NULL);
    yyjson_doc_free(left);
}

static void requests(struct sk_stream *s, const yyjson_val *m)
{
    if (sk_json_get(m, "accessRequest") != NULL)
        sk_stream_ask_access(s, m);
    if (sk_json_get(m, "login") != NULL)
        sk_stream_login(s, m);
    if (sk_publisher_answer(s->publisher, m))
        return;
    if (sk_json_get(m, "put") != NULL)
        sk_stream_put(s, m, false);
    if (sk_json_get(m, "delete") != NULL)
        sk_stream_put(s, m, true);
    if (sk_json_get(m, "requestId") != NULL && sk_json_truthy(sk_json_get(m, "query")))
        sk_stream_query(s, m);
}

/* What a message asks for, by its member names; each name starts differently enough to be told by its first letters. */
struct wishes {
    bool updates, subscribe, unsubscribe, request;
};

static struct wishes wishes_of(const yyjson_val *m)
{
    struct wishes w = { 0 };
    size_t i, n;
    yyjson_val *key, *v;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)m))
        return w;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)m, i, n, key, v) {
        struct sk_span name = sk_json_str(key);
        w.updates |= sk_span_eq(name, "updates");
        w.subscribe |= sk_span_eq(name, "subscribe");
        w.unsubscribe |= sk_span_eq(name, "unsubscribe");
        w.request |= sk_span_eq(name, "requestId") || sk_span_eq(name, "put") || sk_span_eq(name, "delete") ||
                     sk_span_eq(name, "accessRequest") || sk_span_eq(name, "login");
    }
    return w;
}

static void take_message(struct sk_stream *s, const yyjson_val *m)
{
    struct wishes w = wishes_of(m);
    if (w.updates)
        take_delta(s, m);
    if (w.subscribe) {
        sk_feed_subscribe(s->feed, m);
        sk_server_log_subscribe(s, m);
    }
    if (w.unsubscribe) {
        sk_feed_unsubscribe(s->feed, m);
        sk_server_log_unsubscribe(s, m);
    }
    if (w.request && s->requests)
        requests(s, m);
}

/* One arena serves all connections in turn: a message is done with before the next one is looked at. */
void sk_stream_message(struct sk_stream *s, struct sk_span text)
{
    struct sk_arena *a = &s->api->message_arena;
    yyjson_doc *doc;
    struct sk_errmsg em;
    if (sk_json_read_raw(a, text, &doc, &em) < 0)
        sk_log_debug(NS, "%s: message ignored: %s", s->remote_ip, em.text);
    else
        take_message(s, yyjson_doc_get_root(doc));
    if (s->secret)
        sk_arena_wipe(a);
    sk_arena_reset(a);
}
