/* Listening, counting, closing. */
#include "http/conn.h"
#include "http/ws.h"

#include "base/listen.h"
#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OVER_MAX 64  /* connections past the limit that still get their 503 */
#define BURST_MAX 16 /* clients taken in a row; then those who are here already have their turn */

struct sk_listener {
    struct sk_listener *next;
    struct sk_http_server *server;
    uv_tcp_t tcp;
    unsigned port;
    unsigned burst; /* clients since the last pause */
    struct sk_loop_task after_pause;
    bool pauses, closed;
};

const struct sk_http_limits sk_http_default_limits = {
    .request_line_max = (size_t)8 * 1024,
    .header_max = (size_t)16 * 1024,
    .body_max = (size_t)10 * 1000 * 1000,
    .connections_max = 2048,
    .pipeline_max = 32,
    .header_ms = 10000,
    .body_ms = 30000,
    .idle_ms = 5000,
    .write_ms = 60000,
};

static struct sk_http_server *server_from(void *p)
{
    struct sk_http_server *s = p;
    SK_ASSERT(s != NULL && s->tag == SK_SERVER_TAG);
    return s;
}

static void fill_limits(struct sk_http_limits *l)
{
    const struct sk_http_limits *d = &sk_http_default_limits;
#define SK_DEFAULT(field) l->field = l->field != 0 ? l->field : d->field
    SK_DEFAULT(request_line_max);
    SK_DEFAULT(header_max);
    SK_DEFAULT(body_max);
    SK_DEFAULT(connections_max);
    SK_DEFAULT(pipeline_max);
    SK_DEFAULT(header_ms);
    SK_DEFAULT(body_ms);
    SK_DEFAULT(idle_ms);
    SK_DEFAULT(write_ms);
#undef SK_DEFAULT
}

int sk_http_server_create(const struct sk_http_options *o, struct sk_http_server **ret_server, struct sk_errmsg *em)
{
    struct sk_http_server *s = calloc(1, sizeof *s);
    char *read_buf = malloc(SK_READ_SIZE);
    if (s == NULL || read_buf == NULL) {
        free(s);
        free(read_buf);
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory for the HTTP server");
    }
    signal(SIGPIPE, SIG_IGN); /* libuv writes with writev, which knows no MSG_NOSIGNAL; a client that left is an error code */
    s->tag = SK_SERVER_TAG;
    s->o = *o;
    s->loop = o->loop;
    s->limits = o->limits;
    fill_limits(&s->limits);
    s->read_buf = read_buf;
    sk_buf_init(&s->scratch, (size_t)256 * 1024);
    snprintf(s->keep_alive, sizeof s->keep_alive, "Connection: keep-alive\r\nKeep-Alive: timeout=%u\r\n",
             s->limits.idle_ms < 1000 ? 1 : s->limits.idle_ms / 1000);
    *ret_server = s;
    return 0;
}

/* ---- connections ---- */

/* An IPv4 client of a dual-stack socket. */
static void unmap_ip(char *ip)
{
    if (strncmp(ip, "::ffff:", 7) == 0 && strchr(ip, '.') != NULL)
        memmove(ip, ip + 7, strlen(ip + 7) + 1);
}

static void learn_ip(struct sk_http_conn *c)
{
    struct sockaddr_storage a;
    int n = sizeof a;
    if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &n) < 0)
        return;
    uv_ip_name((struct sockaddr *)&a, c->ip, sizeof c->ip);
    unmap_ip(c->ip);
}

/* Of the address that makes nobody work with most: one without a whole request yet, or else between two, or within one. */
static struct sk_http_conn *idlest(const struct sk_http_server *s)
{
    const struct sk_waiting *const lists[] = { &s->silent, &s->idle, &s->partial };
    struct sk_waiter *w = sk_waiting_of_most(lists, SK_COUNT(lists));
    return w != NULL ? SK_CONTAINER(w, struct sk_http_conn, waiter) : NULL;
}

static void listener_gone(struct sk_listener *l);

static void welcome(struct sk_http_server *s, struct sk_http_conn *c)
{
    if (s->stats.connections - s->leaving > s->limits.connections_max) {
        struct sk_http_conn *given_up = idlest(s); /* the new one waits nowhere yet */
        if (given_up != NULL) {
            s->stats.evicted++;
            sk_conn_close(given_up);
        }
    }
    sk_waiter_init(&c->waiter, c->ip);
    sk_conn_start(c);
    if (s->stats.connections - s->leaving > s->limits.connections_max && c->state == CONN_READING)
        sk_conn_fail(c, 503, "Service Unavailable");
}

static void take(struct sk_listener *l)
{
    struct sk_http_server *s = l->server;
    struct sk_http_conn *c = sk_conn_create(s);
    if (uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)&c->tcp) < 0 ||
        s->stats.connections - s->leaving > s->limits.connections_max + OVER_MAX) {
        sk_conn_close(c);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    learn_ip(c);
    welcome(s, c);
}

static void on_pause_over(struct sk_loop_task *task)
{
    struct sk_listener *l = SK_CONTAINER(task, struct sk_listener, after_pause);
    l->pauses = false;
    l->burst = 0;
    if (l->closed)
        listener_gone(l);
    else if (!uv_is_closing((uv_handle_t *)&l->tcp))
        take(l);
}

/* libuv brings no further client before this one is taken. */
static void on_connection(uv_stream_t *listener, int status)
{
    struct sk_listener *l = listener->data;
    struct sk_http_server *s = server_from(l->server);
    if (status < 0) {
        sk_listen_complain("http", status);
    } else if (++l->burst > BURST_MAX) {
        l->pauses = true;
        sk_loop_post(s->loop, &l->after_pause);
    } else {
        take(l);
    }
}

void sk_http_server_adopt(struct sk_http_server *s, int fd, const char *ip)
{
    struct sk_http_conn *c = sk_conn_create(s);
    int r = uv_tcp_open(&c->tcp, fd); /* to libuv a socket pair is a stream like another */
    if (r < 0)
        close(fd);
    if (r < 0 || s->closing || s->stats.connections - s->leaving > s->limits.connections_max + OVER_MAX) {
        sk_conn_close(c);
        return;
    }
    c->secure = true;
    snprintf(c->ip, sizeof c->ip, "%s", ip);
    unmap_ip(c->ip);
    welcome(s, c);
}

static void finish_close(struct sk_http_server *s);

void sk_server_forget(struct sk_http_server *s, struct sk_http_conn *c)
{
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    s->stats.connections--;
    s->leaving--;
    c->tag = 0;
    if (c->ws != NULL)
        sk_ws_gone(c->ws);
    free(c);
    finish_close(s);
}

/* ---- listening ---- */

static void listener_gone(struct sk_listener *l)
{
    struct sk_http_server *s = l->server;
    free(l);
    s->open_listeners--;
    finish_close(s);
}

static void on_listener_closed(uv_handle_t *h)
{
    struct sk_listener *l = h->data;
    l->closed = true;
    if (!l->pauses)
        listener_gone(l);
}

static struct sk_listener *listener_create(struct sk_http_server *s)
{
    struct sk_listener *l = sk_xcalloc(1, sizeof *l);
    l->server = s;
    l->after_pause.run = on_pause_over;
    SK_ASSERT(uv_tcp_init(sk_loop_uv(s->loop), &l->tcp) == 0);
    l->tcp.data = l;
    s->open_listeners++;
    return l;
}

static void listener_add(struct sk_http_server *s, struct sk_listener *l)
{
    l->next = s->listeners;
    s->listeners = l;
}

int sk_http_server_listen(struct sk_http_server *s, const char *address, unsigned port, struct sk_errmsg *em)
{
    struct sk_listener *l = listener_create(s);
    int r = port <= 65535 ? sk_listen_start(&l->tcp, address, port, on_connection, &l->port) : UV_EINVAL;
    if (r < 0) {
        uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
        return sk_errmsg_set(em, sk_listen_code(r), "cannot listen on %s port %u: %s", address, port,
                             r == UV_EINVAL ? "not an address" : uv_strerror(r));
    }
    listener_add(s, l);
    return 0;
}

int sk_http_server_listen_fd(struct sk_http_server *s, int fd, struct sk_errmsg *em)
{
    struct sk_listener *l = listener_create(s);
    int r = sk_listen_take(&l->tcp, fd, on_connection, &l->port);
    if (r < 0) {
        uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
        return sk_errmsg_set(em, SK_ERR_IO, "cannot listen on the socket that was passed: %s", uv_strerror(r));
    }
    listener_add(s, l);
    return 0;
}

unsigned sk_http_server_port(const struct sk_http_server *s)
{
    const struct sk_listener *l = s->listeners;
    while (l != NULL && l->next != NULL) /* the first that was opened */
        l = l->next;
    return l != NULL ? l->port : 0;
}

void sk_http_server_add(struct sk_http_server *s, const struct sk_route *r, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sk_router_add(s, &r[i]);
}

void sk_http_server_set_fallback(struct sk_http_server *s, sk_http_handler handler, void *arg)
{
    s->fallback = handler;
    s->fallback_arg = arg;
}

void sk_http_server_set_origins(struct sk_http_server *s, const char *origins)
{
    free(s->origins);
    s->origins = origins != NULL && *origins != '\0' ? sk_xstrdup(origins) : NULL;
}

void sk_http_server_stats(const struct sk_http_server *s, struct sk_http_stats *ret_stats)
{
    *ret_stats = s->stats;
    ret_stats->bytes_out = s->bytes_out_closed;
    for (const struct sk_http_conn *c = s->conns; c != NULL; c = c->next)
        ret_stats->bytes_out += c->state != CONN_CLOSING ? c->out.written : 0;
}

/* ---- closing ---- */

static void on_finished(uv_handle_t *h)
{
    struct sk_http_server *s = server_from(h->data);
    s->finished = true;
    while (s->live != NULL) { /* still with their handlers; their answers will go nowhere */
        struct sk_http_req *r = s->live;
        s->live = r->next;
        r->prev = r->next = NULL;
        r->server = NULL;
    }
    if (s->done != NULL)
        s->done(s->done_arg);
}

static void finish_close(struct sk_http_server *s)
{
    uv_handle_t *grace = (uv_handle_t *)&s->grace;
    if (s->closing && s->conns == NULL && s->open_listeners == 0 && !uv_is_closing(grace))
        uv_close(grace, on_finished);
}

static void on_grace_over(uv_timer_t *t)
{
    struct sk_http_server *s = server_from(t->data);
    for (struct sk_http_conn *c = s->conns, *next; c != NULL; c = next) {
        next = c->next;
        sk_conn_close(c);
    }
    finish_close(s);
}

void sk_http_server_close(struct sk_http_server *s, unsigned grace_ms, void (*done)(void *arg), void *arg)
{
    SK_ASSERT(!s->closing);
    s->closing = true;
    s->done = done;
    s->done_arg = arg;
    uv_timer_init(sk_loop_uv(s->loop), &s->grace);
    s->grace.data = s;
    while (s->listeners != NULL) {
        struct sk_listener *l = s->listeners;
        s->listeners = l->next;
        uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
    }
    for (struct sk_http_conn *c = s->conns; c != NULL; c = c->next) {
        if (c->state == CONN_WS)
            sk_ws_close(c->ws, 1001, "server is going away");
        else if (c->state == CONN_READING && c->req == NULL)
            sk_conn_linger(c);
    }
    uv_timer_start(&s->grace, on_grace_over, grace_ms, 0);
    finish_close(s); /* a server without doors and clients has nothing to wait for */
}

void sk_http_server_destroy(struct sk_http_server *s)
{
    if (s == NULL)
        return;
    SK_ASSERT(s->conns == NULL && s->open_listeners == 0 && s->live == NULL);
    while (s->pool != NULL) {
        struct sk_http_req *r = s->pool;
        s->pool = r->next;
        sk_req_really_free(r);
    }
    sk_ws_free_readers(s);
    sk_router_free(s->routes);
    sk_buf_finish(&s->scratch);
    free(s->origins);
    free(s->read_buf);
    s->tag = 0;
    free(s);
}
