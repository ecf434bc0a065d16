/*
 * WebSocket endpoints (RFC 6455) on an accepted HTTP request. wslay reads frames (fragmentation, control frames, UTF-8 check);
 * outgoing texts are sk_frames shared by all clients, flushed once per loop turn with one system call.
 * Owner: the loop thread. Lifetime: from sk_ws_accept until `closed` has been called, which happens exactly once.
 */
#ifndef SK_HTTP_WS_H
#define SK_HTTP_WS_H

#include "base/frame.h"
#include "http/server.h"

struct sk_ws;

struct sk_ws_ops {
    void (*text)(struct sk_ws *ws, void *arg, struct sk_span text); /* one whole message; valid during the call */
    void (*closed)(struct sk_ws *ws, void *arg, unsigned code);     /* last call; 1005 without a code, 1006 for a broken link */
    void (*eased)(struct sk_ws *ws, void *arg);                     /* optional: after sk_ws_offer refused, there is room again */
    void (*drained)(struct sk_ws *ws, void *arg);                   /* optional: the output queue became empty after it was not */
};

struct sk_ws_limits {
    size_t message_max; /* bytes, default 1 MiB: closed with 1009 */
    size_t queue_max;   /* unsent bytes that sk_ws_send accepts, default 2 MiB */
    size_t offer_max;   /* unsent bytes that sk_ws_offer accepts, default 512 KiB */
    size_t ease_max;    /* unsent bytes at which `eased` is called, default 1 KiB */
    bool deflate;       /* take the client's offer of permessage-deflate (RFC 7692) */
    unsigned ping_ms;   /* default 30 s; 0: none. No pong since the previous ping: closed */
    unsigned close_ms;  /* wait for the other side's close frame, default 2 s */
};
extern const struct sk_ws_limits sk_ws_default_limits;

/* True when the request asks for a WebSocket upgrade (RFC 6455 §4.2.1), right or wrong; any other is answered 426. */
bool sk_ws_expect_upgrade(struct sk_http_req *r);
/* Answers 101 and returns the endpoint, or answers 400/426 itself and returns NULL. The request is used up either way. */
struct sk_ws *sk_ws_accept(struct sk_http_req *r, const struct sk_ws_ops *ops, void *arg, const struct sk_ws_limits *limits);

/* Takes a reference of its own. SK_ERR_LIMIT when the queue is full (nothing was queued), SK_ERR_CLOSED after close began. */
int sk_ws_send(struct sk_ws *ws, struct sk_frame *frame);
/* The same for news that the client can do without: SK_ERR_LIMIT already when offer_max is reached, and `eased` follows. */
int sk_ws_offer(struct sk_ws *ws, struct sk_frame *frame);
int sk_ws_send_text(struct sk_ws *ws, struct sk_span text);
/* Within `text`: the message held a secret, of which nothing stays in memory here. */
void sk_ws_secret(struct sk_ws *ws);
/* What the socket takes leaves now instead of at the end of the turn: to tell a slow client from a burst. */
void sk_ws_try_flush(struct sk_ws *ws);
uint64_t sk_ws_written(const struct sk_ws *ws); /* bytes that the kernel has taken, ever */
size_t sk_ws_queued(const struct sk_ws *ws);    /* unsent bytes */
/* Sends what is queued, then a close frame (code 0: without one). `closed` follows in a later turn. Calling it again is fine. */
void sk_ws_close(struct sk_ws *ws, unsigned code, const char *reason);
void sk_ws_abort(struct sk_ws *ws); /* no close frame, queue dropped */
const char *sk_ws_remote_ip(const struct sk_ws *ws);

#endif
