#include "input/link.h"

#include "http/outq.h"

#include <stdio.h>
#include <stdlib.h>

/* Most bytes of a turn: some 150 lines, each of which goes to every client. What piled up while there was no processor would
   otherwise be done in one go, and everybody else kept waiting for it. */
#define PIECE ((size_t)8 * 1024)
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 5000
#define CONNECT_MS 10000

struct sk_link {
    struct sk_loop *loop;
    uv_loop_t *uv;
    const struct sk_link_ops *ops;
    void *arg;
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
    struct sk_loop_hook go_on; /* armed: the rest is read in the next turn */
    bool closing, resolving, tcp_open, connected, timer_open;
    char piece[PIECE];
};

static void try_now(struct sk_link *t);

/* ---- closing: when the timer, the socket and the name lookup are all done with ---- */
static void maybe_free(struct sk_link *t)
{
    if (!t->closing || t->resolving || t->tcp_open || t->timer_open)
        return;
    free(t->host);
    free(t);
}

static void timer_closed(uv_handle_t *h)
{
    struct sk_link *t = h->data;
    t->timer_open = false;
    maybe_free(t);
}

static void on_pause_over(uv_timer_t *timer)
{
    try_now(timer->data);
}

static void socket_closed(uv_handle_t *h)
{
    struct sk_link *t = h->data;
    t->tcp_open = false;
    if (!t->closing)
        uv_timer_start(&t->timer, on_pause_over, t->pause_ms, 0);
    maybe_free(t);
}

static void hang_up(struct sk_link *t)
{
    if (t->connected)
        sk_outq_finish(&t->out);
    t->connected = false;
    sk_loop_disarm(t->loop, &t->go_on);
    if (t->tcp_open && !uv_is_closing((uv_handle_t *)&t->tcp))
        uv_close((uv_handle_t *)&t->tcp, socket_closed);
}

/* Ends the attempt or the connection; the next attempt begins a pause after the socket is gone. */
static void fail(struct sk_link *t, const char *why)
{
    uv_timer_stop(&t->timer);
    t->tries++;
    unsigned next = t->pause_ms == 0 ? PAUSE_FIRST_MS : t->pause_ms + t->pause_ms / 2;
    t->pause_ms = next < PAUSE_MAX_MS ? next : PAUSE_MAX_MS;
    bool was_connected = t->connected;
    char text[400];
    (void)snprintf(text, sizeof text, "Reconnect %.200s %s retry %u delay %u ms: %.100s", t->host, t->port, t->tries, t->pause_ms,
                   why);
    if (t->tcp_open)
        hang_up(t);
    else
        uv_timer_start(&t->timer, on_pause_over, t->pause_ms, 0);
    t->ops->lost(t->arg, text, was_connected);
}

void sk_link_destroy(struct sk_link *t)
{
    if (t == NULL)
        return;
    t->closing = true;
    hang_up(t);
    if (t->resolving)
        uv_cancel((uv_req_t *)&t->resolve);
    uv_close((uv_handle_t *)&t->timer, timer_closed);
}

void sk_link_fail(struct sk_link *t, const char *why)
{
    if (t->connected)
        fail(t, why);
}

void sk_link_healthy(struct sk_link *t)
{
    t->pause_ms = t->tries = 0;
}

/* ---- connected ---------------------------------------------------------------------------------------------------------- */

static void on_silence(uv_timer_t *timer)
{
    struct sk_link *t = timer->data;
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
    struct sk_link *t = h->data;
    (void)suggested;
    *buf = uv_buf_init(t->piece, sizeof t->piece);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void go_on(struct sk_loop_hook *hook)
{
    struct sk_link *t = SK_CONTAINER(hook, struct sk_link, go_on);
    uv_read_start((uv_stream_t *)&t->tcp, give_room, on_read);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct sk_link *t = stream->data;
    if (t->closing || !t->connected)
        return;
    if (n < 0) {
        fail(t, n == UV_EOF ? "the other side closed the connection" : uv_strerror((int)n));
        return;
    }
    t->heard_ms = uv_now(t->uv);
    if ((size_t)n == sizeof t->piece) {
        uv_read_stop(stream);
        sk_loop_at_turn_end(t->loop, &t->go_on);
    }
    t->ops->bytes(t->arg, (struct sk_span){ buf->base, (size_t)n });
}

static void on_broken(struct sk_outq *q, int uv_error)
{
    struct sk_link *t = SK_CONTAINER(q, struct sk_link, out);
    if (!t->closing && t->connected)
        fail(t, uv_strerror(uv_error));
}

static void on_connected(uv_connect_t *req, int status)
{
    struct sk_link *t = req->data;
    if (t->closing || uv_is_closing((uv_handle_t *)&t->tcp))
        return;
    if (status < 0) {
        fail(t, uv_strerror(status));
        return;
    }
    uv_timer_stop(&t->timer);
    uv_tcp_nodelay(&t->tcp, 1);
    uv_tcp_keepalive(&t->tcp, 1, 30);
    sk_outq_init(&t->out, t->loop, (uv_stream_t *)&t->tcp);
    t->out.broken = on_broken;
    t->connected = true;
    t->heard_ms = uv_now(t->uv);
    if (t->silence_max_ms != 0)
        uv_timer_start(&t->timer, on_silence, t->silence_max_ms, 0);
    uv_read_start((uv_stream_t *)&t->tcp, give_room, on_read);
    t->ops->connected(t->arg);
}

int sk_link_write(struct sk_link *t, struct sk_span bytes)
{
    if (!t->connected)
        return SK_ERR_CLOSED;
    if (t->out.bytes + bytes.n > SK_LINK_QUEUE_MAX)
        return SK_ERR_LIMIT;
    sk_outq_copy(&t->out, bytes.p, bytes.n);
    return 0;
}

/* ---- connecting --------------------------------------------------------------------------------------------------------- */

static void on_late(uv_timer_t *timer)
{
    fail(timer->data, "no answer");
}

/* A name may have several addresses (::1 and 127.0.0.1): another one with each try. */
static const struct addrinfo *pick(const struct addrinfo *list, unsigned tries)
{
    unsigned n = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        n++;
    for (n = tries % n; n > 0; n--)
        list = list->ai_next;
    return list;
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
    struct sk_link *t = req->data;
    t->resolving = false;
    int r = status;
    if (!t->closing && r == 0) {
        uv_tcp_init(t->uv, &t->tcp);
        t->tcp_open = true;
        r = uv_tcp_connect(&t->connect, &t->tcp, pick(list, t->tries)->ai_addr, on_connected);
    }
    uv_freeaddrinfo(list);
    if (t->closing)
        maybe_free(t);
    else if (r < 0)
        fail(t, uv_strerror(r));
    else
        uv_timer_start(&t->timer, on_late, CONNECT_MS, 0);
}

static void try_now(struct sk_link *t)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    int r = uv_getaddrinfo(t->uv, &t->resolve, on_resolved, t->host, t->port, &hints);
    t->resolving = r == 0;
    if (r < 0)
        fail(t, uv_strerror(r));
}

struct sk_link *sk_link_create(const struct sk_link_options *o)
{
    struct sk_link *t = sk_xcalloc(1, sizeof *t);
    *t =
        (struct sk_link){ .loop = o->loop, .uv = sk_loop_uv(o->loop), .ops = o->ops, .arg = o->arg, .host = sk_xstrdup(o->host) };
    t->silence_max_ms = (uint64_t)o->silence_max_s * 1000;
    (void)snprintf(t->port, sizeof t->port, "%u", o->port % 65536);
    t->go_on.run = go_on;
    uv_timer_init(t->uv, &t->timer);
    t->timer_open = true;
    t->timer.data = t->tcp.data = t->resolve.data = t->connect.data = t;
    uv_timer_start(&t->timer, on_pause_over, 0, 0);
    return t;
}
