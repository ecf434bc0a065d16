/*
 * A TCP connection to a host, opened again with a growing pause after each loss, and when nothing came for too long.
 * Unsent bytes over QUEUE_MAX are dropped, message by message.
 */
#include "http/outq.h"
#include "input/input.h"

#include <stdio.h>
#include <stdlib.h>

#define QUEUE_MAX ((size_t)512 * 1024)
#define PIECE ((size_t)64 * 1024)
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 5000
#define CONNECT_MS 10000

struct tcp_input {
    struct sk_input *in; /* NULL once closing */
    uv_loop_t *uv;
    char *host;
    char port[8];
    uint64_t silence_max_ms; /* 0: may stay silent */
    uint64_t heard_ms;
    unsigned pause_ms, tries;
    uv_timer_t timer; /* what it waits for depends on the state: pause over, connected too late, silent too long */
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    uv_tcp_t tcp;
    struct sk_outq out;
    const char *greeting; /* sent after each connect; NULL: none */
    bool resolving, tcp_open, connected, timer_open;
    char piece[PIECE];
};

static void try_now(struct tcp_input *t);

/* ---- closing: when the timer, the socket and the name lookup are all done with ---- */
static void maybe_free(struct tcp_input *t)
{
    if (t->in != NULL || t->resolving || t->tcp_open || t->timer_open)
        return;
    free(t->host);
    free(t);
}

static void timer_closed(uv_handle_t *h)
{
    struct tcp_input *t = h->data;
    t->timer_open = false;
    maybe_free(t);
}

static void on_pause_over(uv_timer_t *timer)
{
    try_now(timer->data);
}

static void socket_closed(uv_handle_t *h)
{
    struct tcp_input *t = h->data;
    t->tcp_open = false;
    if (t->in != NULL)
        uv_timer_start(&t->timer, on_pause_over, t->pause_ms, 0);
    maybe_free(t);
}

static void hang_up(struct tcp_input *t)
{
    if (t->connected)
        sk_outq_finish(&t->out);
    t->connected = false;
    if (t->tcp_open && !uv_is_closing((uv_handle_t *)&t->tcp))
        uv_close((uv_handle_t *)&t->tcp, socket_closed);
}

/* Ends the attempt or the connection; the next attempt begins a pause after the socket is gone. */
static void fail(struct tcp_input *t, const char *why)
{
    uv_timer_stop(&t->timer);
    t->tries++;
    unsigned next = t->pause_ms == 0 ? PAUSE_FIRST_MS : t->pause_ms + t->pause_ms / 2;
    t->pause_ms = next < PAUSE_MAX_MS ? next : PAUSE_MAX_MS;
    bool was_connected = t->connected;
    (was_connected ? sk_input_lost : sk_input_failed)(t->in, "Reconnect %s %s retry %u delay %u ms: %s", t->host, t->port,
                                                      t->tries, t->pause_ms, why);
    if (t->tcp_open)
        hang_up(t);
    else
        uv_timer_start(&t->timer, on_pause_over, t->pause_ms, 0);
}

static void tcp_close(struct sk_input *in)
{
    struct tcp_input *t = in->state;
    t->in = NULL;
    hang_up(t);
    if (t->resolving)
        uv_cancel((uv_req_t *)&t->resolve);
    uv_close((uv_handle_t *)&t->timer, timer_closed);
}

/* ---- connected ---------------------------------------------------------------------------------------------------------- */

static void on_silence(uv_timer_t *timer)
{
    struct tcp_input *t = timer->data;
    uint64_t silent = uv_now(t->uv) - t->heard_ms;
    if (silent < t->silence_max_ms) {
        uv_timer_start(timer, on_silence, t->silence_max_ms - silent, 0);
        return;
    }
    char why[80];
    snprintf(why, sizeof why, "no data for %llu s", (unsigned long long)(silent / 1000));
    fail(t, why);
}

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct tcp_input *t = h->data;
    (void)suggested;
    *buf = uv_buf_init(t->piece, sizeof t->piece);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tcp_input *t = stream->data;
    if (t->in == NULL || !t->connected)
        return;
    if (n < 0) {
        fail(t, n == UV_EOF ? "the other side closed the connection" : uv_strerror((int)n));
        return;
    }
    t->heard_ms = uv_now(t->uv);
    t->pause_ms = t->tries = 0;
    sk_input_bytes(t->in, (struct sk_span){ buf->base, (size_t)n });
}

static void on_broken(struct sk_outq *q, int uv_error)
{
    struct tcp_input *t = SK_CONTAINER(q, struct tcp_input, out);
    if (t->in != NULL && t->connected)
        fail(t, uv_strerror(uv_error));
}

static void on_connected(uv_connect_t *req, int status)
{
    struct tcp_input *t = req->data;
    if (t->in == NULL || uv_is_closing((uv_handle_t *)&t->tcp))
        return;
    if (status < 0) {
        fail(t, uv_strerror(status));
        return;
    }
    uv_timer_stop(&t->timer);
    uv_tcp_nodelay(&t->tcp, 1);
    uv_tcp_keepalive(&t->tcp, 1, 30);
    sk_outq_init(&t->out, sk_hub_loop(t->in->hub), (uv_stream_t *)&t->tcp);
    t->out.broken = on_broken;
    t->connected = true;
    t->heard_ms = uv_now(t->uv);
    if (t->silence_max_ms != 0)
        uv_timer_start(&t->timer, on_silence, t->silence_max_ms, 0);
    uv_read_start((uv_stream_t *)&t->tcp, give_room, on_read);
    if (t->greeting != NULL)
        sk_outq_copy(&t->out, t->greeting, strlen(t->greeting));
    sk_input_opened(t->in, "Connected to %s %s", t->host, t->port);
}

static int tcp_write(struct sk_input *in, struct sk_span bytes)
{
    struct tcp_input *t = in->state;
    if (!t->connected)
        return SK_ERR_CLOSED;
    if (t->out.bytes + bytes.n > QUEUE_MAX)
        return SK_ERR_LIMIT;
    sk_outq_copy(&t->out, bytes.p, bytes.n);
    return 0;
}

/* ---- connecting --------------------------------------------------------------------------------------------------------- */

static void on_late(uv_timer_t *timer)
{
    fail(timer->data, "no answer");
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
    struct tcp_input *t = req->data;
    t->resolving = false;
    int r = status;
    if (t->in != NULL && r == 0) {
        uv_tcp_init(t->uv, &t->tcp);
        t->tcp_open = true;
        r = uv_tcp_connect(&t->connect, &t->tcp, list->ai_addr, on_connected);
    }
    uv_freeaddrinfo(list);
    if (t->in == NULL)
        maybe_free(t);
    else if (r < 0)
        fail(t, uv_strerror(r));
    else
        uv_timer_start(&t->timer, on_late, CONNECT_MS, 0);
}

static void try_now(struct tcp_input *t)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    int r = uv_getaddrinfo(t->uv, &t->resolve, on_resolved, t->host, t->port, &hints);
    t->resolving = r == 0;
    if (r < 0)
        fail(t, uv_strerror(r));
}

struct defaults {
    const char *host; /* NULL: must be given */
    int64_t port;     /* 0: must be given */
    int64_t silence_max_s;
    const char *greeting;
};

static int open_with(struct sk_input *in, const yyjson_val *options, const struct defaults *d, struct sk_errmsg *em)
{
    int64_t port, silence;
    char *host = NULL;
    int r = sk_input_option_int(options, "port", 1, 65535, d->port, &port, em);
    if (r == 0)
        r = sk_input_option_int(options, "noDataReceivedTimeout", 0, 86400, d->silence_max_s, &silence, em);
    if (r == 0)
        r = sk_input_option_text(options, sk_json_get(options, "hostname") != NULL ? "hostname" : "host", d->host, &host, em);
    if (r < 0)
        return r;
    struct tcp_input *t = sk_xcalloc(1, sizeof *t);
    *t = (struct tcp_input){ .in = in, .host = host, .silence_max_ms = (uint64_t)silence * 1000, .greeting = d->greeting };
    t->uv = sk_loop_uv(sk_hub_loop(in->hub));
    snprintf(t->port, sizeof t->port, "%u", (unsigned)port);
    uv_timer_init(t->uv, &t->timer);
    t->timer_open = true;
    t->timer.data = t->tcp.data = t->resolve.data = t->connect.data = t;
    in->state = t;
    sk_input_status(in, "Connecting to %s %s", t->host, t->port);
    try_now(t);
    return 0;
}

static int tcp_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    return open_with(in, options, &(struct defaults){ .silence_max_s = 60 }, em);
}

/* gpsd's own messages stand between the sentences; the codec passes over them. */
static int gpsd_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    static const struct defaults d = { "localhost", 2947, 0, "?WATCH={\"class\":\"WATCH\",\"nmea\":true,\"json\":false}\n" };
    return open_with(in, options, &d, em);
}

const struct sk_transport_ops sk_transport_tcp = { "tcp", tcp_open, tcp_write, tcp_close };
const struct sk_transport_ops sk_transport_gpsd = { "gpsd", gpsd_open, tcp_write, tcp_close };

/* ---- what clients of the NMEA 0183 port send: the port is the server's own, lines come through input.c ---- */

static int tcpserver_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    (void)options;
    (void)em;
    sk_input_opened(in, "Taking what clients send to the NMEA 0183 port");
    return 0;
}

static void tcpserver_close(struct sk_input *in)
{
    (void)in;
}

const struct sk_transport_ops sk_transport_tcpserver = { "tcpserver", tcpserver_open, NULL, tcpserver_close };
