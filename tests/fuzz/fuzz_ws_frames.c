/* links: http_dep */
/* Bytes of one WebSocket client after the handshake; the first byte says in which portions they arrive, and
   with its highest bit that compression was agreed on. */
#include "http/conn.h"
#include "http/ws.h"

#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct sk_loop *loop;
static struct sk_http_server *server;
static unsigned closed_calls;

/* Some texts make the handler do what handlers do. */
static void on_text(struct sk_ws *ws, void *arg, struct sk_span text)
{
    (void)arg;
    if (!sk_utf8_valid(text.p, text.n) || text.n > 5000)
        abort();
    if (sk_span_eq(text, "close"))
        sk_ws_close(ws, 1000, "bye");
    else if (sk_span_eq(text, "abort"))
        sk_ws_abort(ws);
    else
        sk_ws_send_text(ws, text);
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    (void)ws;
    (void)arg;
    if (code < 1000 || code > 4999)
        abort();
    closed_calls++;
}

static const struct sk_ws_ops ops = { on_text, on_closed, NULL };
static const struct sk_ws_limits limits = {
    .message_max = 5000, .deflate = true, .queue_max = 10000, .ping_ms = 1000, .close_ms = 1000
};

static void stream(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_ws_accept(r, &ops, NULL, &limits);
}

static const struct sk_route routes[] = { { "GET", "/w", SK_ACCESS_OPEN, stream, NULL } };

static void start(void)
{
    struct sk_http_options o;
    loop = sk_loop_create();
    o = (struct sk_http_options){ .loop = loop };
    if (sk_http_server_create(&o, &server, NULL) < 0)
        abort();
    sk_http_server_add(server, routes, SK_COUNT(routes));
}

#define HELLO                                                                                                                    \
    "GET /w HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                                                \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static struct sk_http_conn *open_stream(bool deflate)
{
    const char *hello =
        deflate ? HELLO "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n" : HELLO "\r\n";
    struct sk_http_conn *c = sk_conn_create_deaf(server);
    sk_conn_bytes(c, hello, strlen(hello));
    if (c->ws == NULL)
        abort();
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (loop == NULL)
        start();
    if (n < 1)
        return 0;
    closed_calls = 0;
    struct sk_http_conn *c = open_stream((data[0] & 128) != 0);
    size_t portion = (data[0] & 127) == 0 ? n : data[0] & 127u;
    for (size_t at = 1; at < n && c->state != CONN_CLOSING; at += portion) {
        size_t len = n - at < portion ? n - at : portion;
        char *copy = malloc(len);
        memcpy(copy, data + at, len);
        sk_conn_bytes(c, copy, len);
        free(copy);
    }
    uv_run(sk_loop_uv(loop), UV_RUN_NOWAIT);
    if (server->conns != NULL && c->state != CONN_CLOSING)
        sk_conn_eof(c);
    while (server->conns != NULL)
        uv_run(sk_loop_uv(loop), UV_RUN_NOWAIT);
    if (closed_calls != 1)
        abort();
    return 0;
}
