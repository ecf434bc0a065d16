/*
 * One client's view of the data: its default feed, its subscriptions, its announced metadata. WebSocket and TCP connections each
 * own one. Spec: Signal K "Subscription Protocol". Owner: loop thread. Limits: SK_FEED_ROWS_MAX rows per client.
 */
#ifndef SK_HUB_FEED_H
#define SK_HUB_FEED_H

#include "base/json.h"
#include "hub/hub.h"

#define SK_FEED_ROWS_MAX 2000u

struct sk_feed;

enum sk_feed_mode { SK_FEED_NONE, SK_FEED_SELF, SK_FEED_ALL };

struct sk_feed_ops {
    /* Takes its own reference if it keeps the frame. `live`: news, which may be refused with SK_ERR_LIMIT because the client is
       behind; it then gets no more news until sk_feed_eased, and the latest values at that time. Not live: what a client asked
       for; a refused one is lost (and counted). */
    int (*frame)(void *arg, struct sk_frame *frame, bool live);
    /* A remark for the client, as a JSON string. */
    void (*remark)(void *arg, struct sk_span json_string);
    size_t (*unsent)(void *arg); /* bytes queued; NULL: news is never refused */
    /* Before (true) and after (false) metadata is worked out for this client: in whose units. NULL: in everybody's. */
    void (*units)(void *arg, bool own);
};

struct sk_feed *sk_feed_create(struct sk_hub *h, const struct sk_feed_ops *ops, void *arg);
void sk_feed_destroy(struct sk_feed *f); /* NULL is fine; not from within one of its own callbacks */

void sk_feed_set_mode(struct sk_feed *f, enum sk_feed_mode mode);
/* Metadata messages before the first value of each path (sendMeta=all). */
void sk_feed_set_meta(struct sk_feed *f, bool on);
/* Sends what was announced of self again: its units have changed. */
void sk_feed_announce_meta_again(struct sk_feed *f);
/* sourcePolicy=all: the default feed and its cached values carry every source; rows too, unless their message says otherwise. */
void sk_feed_set_all_sources(struct sk_feed *f, bool on);
/* Unsent bytes (default 256 KiB) at which catching up pauses until sk_feed_eased is called again. */
void sk_feed_set_unsent_max(struct sk_feed *f, size_t bytes);
/* Sends the last value of every source at every leaf of the selected contexts, oldest timestamp first; of many values only some
   before it returns, the others in later turns, as fast as the client reads. */
void sk_feed_replay(struct sk_feed *f, enum sk_feed_mode mode);

/* `message`: the whole object with `subscribe`. Initial values go out as with sk_feed_replay. */
void sk_feed_subscribe(struct sk_feed *f, const yyjson_val *message);
/* `message`: the whole object with `unsubscribe`. Context "*" and path "*" end everything, the default feed too; other rows end
   the subscriptions of the same context and path. */
void sk_feed_unsubscribe(struct sk_feed *f, const yyjson_val *message);

/* The client has taken what was queued (nearly). One that was behind catches up: one delta for each context that has changed,
   with "$backpressure", then news again. Not from within `frame`. */
void sk_feed_eased(struct sk_feed *f);

struct sk_feed_pressure {
    bool pressed;
    uint64_t since_ms, presses, lost; /* since_ms: loop time, when pressed */
};
void sk_feed_pressure(const struct sk_feed *f, struct sk_feed_pressure *ret_pressure);
uint64_t sk_feed_lost(const struct sk_feed *f); /* frames that the client was too slow for */

#endif
