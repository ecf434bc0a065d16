#include "api/stream/tcp_stream.h"

#include "api/stream/stream.h"
#include "base/listen.h"
#include "base/log.h"
#include "http/outq.h"

#include <stdio.h>
#include <stdlib.h>

struct tcp_client {
    struct sk_stream base;
    struct sk_tcp_server *server;
    struct tcp_client *next, *prev;
    uv_tcp_t tcp;
    struct sk_outq out;
    struct sk_buf line; /* an unfinished line */
    bool closing;
};

struct sk_tcp_server {
    struct sk_api *api;
    uv_tcp_t listener;
    struct tcp_client *clients;
    unsigned count, port;
    bool closing;
    char chunk[64 * 1024]; /* read buffer of all clients: each read is consumed at once */
};

/* ---- closing ------------------------------------------------------------------------------------------------------------ */

static void maybe_free(struct sk_tcp_server *s)
{
    if (s->closing && s->count == 0)
        free(s);
}

static void client_closed(uv_handle_t *h)
{
    struct tcp_client *c = h->data;
    struct sk_tcp_server *s = c->server;
    sk_buf_finish(&c->line);
    free(c);
    s->count--;
    maybe_free(s);
}

static void client_close(struct tcp_client *c)
{
    if (c->closing)
        return;
    c->closing = true;
    *(c->prev != NULL ? &c->prev->next : &c->server->clients) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    sk_stream_finish(&c->base);
    sk_outq_finish(&c->out);
    uv_close((uv_handle_t *)&c->tcp, client_closed);
}

static void listener_closed(uv_handle_t *h)
{
    struct sk_tcp_server *s = h->data;
    s->count--;
    maybe_free(s);
}

/* ---- data --------------------------------------------------------------------------------------------------------------- */

static int tcp_frame(void *arg, struct sk_frame *frame, bool live)
{
    struct tcp_client *c = arg;
    const struct sk_pressure *limits = &c->base.api->pressure;
    if (c->closing)
        return SK_ERR_CLOSED;
    if (!sk_outq_fits(&c->out, sk_frame_line(frame).n, live ? limits->enter : limits->hard)) {
        c->out.ease_wanted |= live;
        return SK_ERR_LIMIT;
    }
    sk_outq_frame(&c->out, frame, SK_OUTQ_LINE);
    return 0;
}

static int tcp_text(void *arg, struct sk_span text)
{
    struct sk_frame *f = sk_frame_create(text.p, text.n);
    int r = f != NULL ? tcp_frame(arg, f, false) : SK_ERR_NOMEM;
    sk_frame_unref(f);
    return r;
}

static size_t tcp_unsent(void *arg)
{
    return ((struct tcp_client *)arg)->out.bytes;
}

static uint64_t tcp_written(void *arg)
{
    return ((struct tcp_client *)arg)->out.written;
}

static void tcp_cut(void *arg, const char *why)
{
    (void)why; /* behind all that it has not read there is no place to say so */
    client_close(arg);
}

static const struct sk_stream_ops stream_ops = { tcp_frame, tcp_text, tcp_unsent, tcp_written, tcp_cut };

static void on_eased(struct sk_outq *q)
{
    struct tcp_client *c = SK_CONTAINER(q, struct tcp_client, out);
    if (!c->closing)
        sk_feed_eased(c->base.feed);
}

static void take_line(struct tcp_client *c, struct sk_span line)
{
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (line.n > 0)
        sk_stream_message(&c->base, line);
}

/* Whole lines of the chunk are taken in place; only a rest is copied. */
static void take_chunk(struct tcp_client *c, struct sk_span in)
{
    while (in.n > 0 && !c->closing) {
        const char *end = memchr(in.p, '\n', in.n);
        size_t n = end != NULL ? (size_t)(end - in.p) : in.n;
        if (end == NULL || c->line.n > 0)
            sk_buf_append(&c->line, in.p, n);
        if (!sk_buf_ok(&c->line)) {
            sk_log_warn("TCP client %s: a line over %zu bytes, disconnected", c->base.remote_ip, SK_DELTA_MAX);
            client_close(c);
            return;
        }
        if (end == NULL)
            return;
        take_line(c, c->line.n > 0 ? sk_buf_span(&c->line) : (struct sk_span){ in.p, n });
        sk_buf_clear(&c->line);
        in.p += n + 1;
        in.n -= n + 1;
    }
}

static void give_chunk(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct tcp_client *c = h->data;
    (void)suggested;
    *buf = uv_buf_init(c->server->chunk, sizeof c->server->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tcp_client *c = stream->data;
    if (c->closing)
        return;
    if (n < 0)
        client_close(c);
    else
        take_chunk(c, (struct sk_span){ buf->base, (size_t)n });
}

static void on_broken(struct sk_outq *q, int uv_error)
{
    (void)uv_error;
    client_close(SK_CONTAINER(q, struct tcp_client, out));
}

/* ---- connecting --------------------------------------------------------------------------------------------------------- */

static void name_peer(struct tcp_client *c)
{
    struct sockaddr_storage a;
    int n = sizeof a;
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &n) == 0)
        uv_ip_name((struct sockaddr *)&a, c->base.remote_ip, sizeof c->base.remote_ip);
}

static void on_connect(uv_stream_t *listener, int status)
{
    struct sk_tcp_server *s = listener->data;
    if (status < 0)
        return;
    if (s->count > SK_TCP_CLIENTS_MAX) {
        sk_log_warn("TCP stream: more than %u clients, one was refused", SK_TCP_CLIENTS_MAX);
        sk_listen_refuse(listener);
        return;
    }
    struct tcp_client *c = sk_xcalloc(1, sizeof *c);
    c->server = s;
    uv_tcp_init(listener->loop, &c->tcp);
    c->tcp.data = c;
    s->count++;
    c->next = s->clients;
    if (c->next != NULL)
        c->next->prev = c;
    s->clients = c;
    sk_buf_init(&c->line, SK_DELTA_MAX);
    sk_outq_init(&c->out, s->api->loop, (uv_stream_t *)&c->tcp);
    c->out.broken = on_broken;
    c->out.eased = on_eased;
    c->out.ease_mark = s->api->pressure.exit;
    c->base.provider = "tcp";
    sk_stream_init(&c->base, s->api, &stream_ops, c);
    if (sk_auth_on(s->api->auth)) /* runs only while anybody may read */
        sk_stream_identify(&c->base, &(struct sk_principal){ .name = "AUTO", .role = SK_ROLE_READONLY, .anonymous = true });
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0 || uv_read_start((uv_stream_t *)&c->tcp, give_chunk, on_read) < 0) {
        client_close(c);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    sk_outq_bound_kernel(&c->out);
    name_peer(c);
    struct sk_buf hello;
    sk_buf_init(&hello, 4096);
    sk_api_hello(s->api, &hello);
    (void)tcp_text(c, sk_buf_span(&hello));
    sk_buf_finish(&hello);
}

int sk_tcp_server_create(struct sk_api *api, const char *address, unsigned port, struct sk_tcp_server **ret_server,
                         struct sk_errmsg *em)
{
    struct sk_tcp_server *s = sk_xcalloc(1, sizeof *s);
    s->api = api;
    s->listener.data = s;
    s->count = 1; /* the listener counts until it is closed */
    uv_tcp_init(sk_loop_uv(api->loop), &s->listener);
    int r = sk_listen_start(&s->listener, address, port, on_connect, &s->port);
    if (r < 0) {
        sk_tcp_server_destroy(s);
        return sk_errmsg_set(em, SK_ERR_IO,
                             "cannot listen on %s port %u for the Signal K TCP stream: %s (set TCPSTREAMPORT to another port)",
                             address, port, uv_strerror(r));
    }
    *ret_server = s;
    return 0;
}

unsigned sk_tcp_server_port(const struct sk_tcp_server *s)
{
    return s->port;
}

void sk_tcp_server_destroy(struct sk_tcp_server *s)
{
    if (s == NULL)
        return;
    s->closing = true;
    while (s->clients != NULL)
        client_close(s->clients);
    uv_close((uv_handle_t *)&s->listener, listener_closed);
}
