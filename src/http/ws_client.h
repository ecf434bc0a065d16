/*
 * The client's side of a WebSocket (RFC 6455) over any stream of bytes: opening handshake, then whole text messages both ways;
 * wslay does the frames. No I/O of its own: bytes come in through sk_ws_client_bytes and leave through `send`. Owner: one thread.
 * Callbacks must not destroy it. Limits: SK_WS_CLIENT_HEAD_MAX for the answer's head, SK_WS_CLIENT_TEXT_MAX a message.
 */
#ifndef SK_HTTP_WS_CLIENT_H
#define SK_HTTP_WS_CLIENT_H

#include "base/base.h"
#include "base/err.h"

#define SK_WS_CLIENT_HEAD_MAX 16384u
#define SK_WS_CLIENT_TEXT_MAX ((size_t)8 * 1024 * 1024)

struct sk_ws_client;

struct sk_ws_client_ops {
    int (*send)(void *arg, struct sk_span bytes); /* SK_ERR_LIMIT, SK_ERR_CLOSED as for a write */
    void (*opened)(void *arg);
    void (*text)(void *arg, struct sk_span text); /* valid during the call */
};

struct sk_ws_client_request {
    const char *host;  /* for the Host header, with the port */
    const char *path;  /* begins with '/' */
    const char *token; /* for Authorization; NULL: none */
};

/* Sends the request at once. */
int sk_ws_client_create(const struct sk_ws_client_request *q, const struct sk_ws_client_ops *ops, void *arg,
                        struct sk_ws_client **ret_client, struct sk_errmsg *em);
void sk_ws_client_destroy(struct sk_ws_client *c);
/* SK_ERR_DENIED: 401 or 403; SK_ERR_CLOSED: the other side said farewell; SK_ERR_PROTOCOL and others: `em` says what is wrong.
   After an error the stream is of no use any more. */
int sk_ws_client_bytes(struct sk_ws_client *c, struct sk_span bytes, struct sk_errmsg *em);
int sk_ws_client_text(struct sk_ws_client *c, struct sk_span text);
/* A ping that shows whether the other side is alive; its answer is bytes like any other. */
int sk_ws_client_ping(struct sk_ws_client *c);

#endif
