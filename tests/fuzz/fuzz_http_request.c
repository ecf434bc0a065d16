/* links: http_dep */
/*
 * Bytes of one connection, from the parser to handlers that touch everything a request offers. The first byte says in which
 * portions the rest arrives.
 */
#include "http/conn.h"
#include "http/ws.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct sk_loop *loop;
static struct sk_http_server *server;
static struct sk_http_req *held;

static void touch(struct sk_span s)
{
    volatile char sum = 0;
    for (size_t i = 0; i < s.n; i++)
        sum = (char)(sum ^ s.p[i]);
}

static void look_at(struct sk_http_req *r)
{
    struct sk_span name, value;
    size_t pos = 0;
    touch(sk_http_method(r));
    touch(sk_http_target(r));
    touch(sk_http_path(r));
    touch(sk_http_query(r));
    touch(sk_http_body(r));
    touch(sk_http_header(r, "Cookie"));
    touch(sk_http_param(r, "id"));
    touch(sk_http_param(r, "*"));
    touch(sk_http_query_param(r, "q"));
    while (sk_http_header_next(r, &pos, &name, &value)) {
        touch(name);
        touch(value);
    }
}

static void at_once(struct sk_http_req *r, void *arg)
{
    (void)arg;
    look_at(r);
    sk_http_reply(r, 200, "text/plain", sk_http_body(r));
}

static void later(struct sk_http_req *r, void *arg)
{
    (void)arg;
    look_at(r);
    held = r;
}

static void on_text(struct sk_ws *ws, void *arg, struct sk_span text)
{
    (void)arg;
    sk_ws_send_text(ws, text);
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    (void)ws;
    (void)arg;
    (void)code;
}

static const struct sk_ws_ops ops = { on_text, on_closed, NULL };

static void stream(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_ws_accept(r, &ops, NULL, NULL);
}

static const struct sk_route routes[] = {
    { "*", "/a/*", SK_ACCESS_OPEN, at_once, NULL },
    { "*", "/a/:id", SK_ACCESS_OPEN, at_once, NULL },
    { "*", "/l", SK_ACCESS_OPEN, later, NULL },
    { "GET", "/w", SK_ACCESS_OPEN, stream, NULL },
};

static void start(void)
{
    struct sk_http_options o;
    loop = sk_loop_create();
    o = (struct sk_http_options){ .loop = loop, .limits = { .request_line_max = 500, .header_max = 1000, .body_max = 3000 } };
    if (sk_http_server_create(&o, &server, NULL) < 0)
        abort();
    sk_http_server_add(server, routes, SK_COUNT(routes));
}

static void turn(void)
{
    uv_run(sk_loop_uv(loop), UV_RUN_NOWAIT);
    if (held != NULL) {
        struct sk_http_req *r = held;
        held = NULL;
        sk_http_reply_json(r, 200, SK_SPAN("1"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (loop == NULL)
        start();
    if (n < 1)
        return 0;
    struct sk_http_conn *c = sk_conn_create_deaf(server);
    size_t portion = data[0] == 0 ? n : data[0];
    for (size_t at = 1; at < n && c->state != CONN_CLOSING; at += portion) {
        size_t len = n - at < portion ? n - at : portion;
        char *copy = malloc(len); /* exactly what a read returned, so that reading past it shows */
        memcpy(copy, data + at, len);
        sk_conn_bytes(c, copy, len);
        free(copy);
        if (at % 3 == 0 && server->conns != NULL)
            turn();
        if (server->conns == NULL)
            return 0;
    }
    if (c->state != CONN_CLOSING)
        sk_conn_eof(c);
    turn();
    if (server->conns != NULL && c->state != CONN_CLOSING)
        sk_conn_close(c);
    while (server->conns != NULL || held != NULL)
        turn();
    return 0;
}
