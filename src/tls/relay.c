#include "tls/relay.h"

#include "base/log.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIR_BUFFER (128 * 1024)
#define NET_NOT_SENT (128 * 1024)
#define TLS_HANDSHAKE_RECORD 0x16
#define TLS_HEADER 5u
#define SHAKES_A_TURN 4u /* a millisecond or two */

static void pump(struct sk_relay *r);

/* ---- lists ---- */

static void list_append(struct sk_relay_list *l, struct sk_relay *r)
{
    r->prev = l->last;
    r->next = NULL;
    if (l->last != NULL)
        l->last->next = r;
    else
        l->first = r;
    l->last = r;
}

static void list_remove(struct sk_relay_list *l, struct sk_relay *r)
{
    if (r->prev != NULL)
        r->prev->next = r->next;
    else
        l->first = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
    else
        l->last = r->prev;
}

static void leave_list(struct sk_relay *r)
{
    if (r->state == SK_RELAY_SHAKING) {
        sk_waiter_leave(&r->shaking);
        sk_waiter_leave(&r->ready);
    } else {
        list_remove(&r->front->open_list, r);
        atomic_fetch_sub(&r->front->open, 1);
    }
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *h)
{
    struct sk_relay *r = h->data;
    if (--r->open_handles > 0)
        return;
    if (r->s != NULL)
        sk_libssl.SSL_free(r->s);
    struct sk_tls_front *f = r->front;
    sk_buf_finish(&r->hello);
    free(r->net_bytes);
    free(r->pair_bytes);
    free(r);
    sk_front_relay_gone(f);
}

void sk_relay_close(struct sk_relay *r)
{
    if (r->state == SK_RELAY_CLOSING)
        return;
    leave_list(r);
    r->state = SK_RELAY_CLOSING;
    uv_close((uv_handle_t *)&r->net, on_closed);
    if (r->has_pair)
        uv_close((uv_handle_t *)&r->pair, on_closed);
}

/* False: it was late, and is closed. */
static bool in_time(struct sk_relay *r, uint64_t now)
{
    if (r->deadline == 0 || now < r->deadline)
        return true;
    sk_relay_close(r);
    return false;
}

bool sk_relay_sweep(struct sk_tls_front *f, uint64_t now)
{
    bool any = false;
    for (struct sk_waiter *w = f->shaking.first, *next; w != NULL; w = next) {
        next = w->next;
        any |= in_time(SK_CONTAINER(w, struct sk_relay, shaking), now);
    }
    for (struct sk_relay *r = f->open_list.first, *next; r != NULL; r = next) {
        next = r->next;
        any |= r->deadline != 0 && in_time(r, now);
    }
    return any;
}

static void set_deadline(struct sk_relay *r, unsigned ms)
{
    r->deadline = uv_now(&r->front->uv) + ms;
    sk_front_sweep(r->front);
}

/* ---- writing ---- */

/* What is not taken at once is kept for libuv, one piece a direction. False: the connection is closed. */
static bool write_some(struct sk_relay *r, bool to_net, const char *p, size_t n, uv_write_cb done)
{
    uv_stream_t *to = to_net ? (uv_stream_t *)&r->net : (uv_stream_t *)&r->pair;
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
    int sent = uv_try_write(to, &b, 1);
    if (sent < 0 && sent != UV_EAGAIN)
        return false;
    size_t rest = n - (size_t)(sent > 0 ? sent : 0);
    if (rest == 0)
        return true;
    char **kept = to_net ? &r->net_bytes : &r->pair_bytes;
    *kept = malloc(rest);
    if (*kept == NULL)
        return false;
    memcpy(*kept, p + n - rest, rest);
    b = uv_buf_init(*kept, (unsigned)rest);
    if (uv_write(to_net ? &r->net_write : &r->pair_write, to, &b, 1, done) < 0)
        return false;
    if (to_net)
        r->net_full = true;
    else
        r->pair_full = true;
    return true;
}

static void on_net_written(uv_write_t *w, int status)
{
    struct sk_relay *r = w->data;
    free(r->net_bytes);
    r->net_bytes = NULL;
    r->net_full = false;
    if (status < 0)
        sk_relay_close(r);
    else
        pump(r);
}

static void on_pair_written(uv_write_t *w, int status)
{
    struct sk_relay *r = w->data;
    free(r->pair_bytes);
    r->pair_bytes = NULL;
    r->pair_full = false;
    if (status < 0)
        r->pair_deaf = true;
    pump(r);
}

/* False: closed. */
static bool send_cipher(struct sk_relay *r)
{
    while (!r->net_full) {
        int n = sk_libcrypto.BIO_read(r->out, r->front->cipher_buf, (int)sizeof r->front->cipher_buf);
        if (n <= 0)
            return true;
        if (!write_some(r, true, r->front->cipher_buf, (size_t)n, on_net_written)) {
            sk_relay_close(r);
            return false;
        }
    }
    return true;
}

/* ---- handshake ---- */

static bool waits(const struct sk_relay *r, int result)
{
    int what = sk_libssl.SSL_get_error(r->s, result);
    return what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct sk_relay *r = h->data;
    (void)suggested;
    *buf = uv_buf_init(r->front->read_buf, sizeof r->front->read_buf); /* one for all: it is used up within the callback */
}

/* The loop gets its half of a socket pair. */
static bool open_pair(struct sk_relay *r)
{
    const int size = PAIR_BUFFER, not_sent = NET_NOT_SENT;
    int fds[2];
    uv_os_fd_t net;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        return false;
    for (int i = 0; i < 2; i++)
        (void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (uv_fileno((uv_handle_t *)&r->net, &net) == 0) /* what waits in the kernel is as stale as what waits here */
        (void)setsockopt(net, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof not_sent);
    uv_pipe_init(&r->front->uv, &r->pair, 0);
    r->pair.data = r;
    r->has_pair = true;
    r->open_handles++;
    if (uv_pipe_open(&r->pair, fds[0]) < 0) {
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    r->front->o.accepted(r->front->o.arg, fds[1], r->ip);
    return true;
}

static void shaken(struct sk_relay *r)
{
    leave_list(r);
    r->state = SK_RELAY_OPEN;
    r->deadline = 0;
    list_append(&r->front->open_list, r);
    atomic_fetch_add(&r->front->open, 1);
    atomic_fetch_add(&r->front->handshakes, 1);
    if (!open_pair(r)) {
        sk_log_warn("TLS: a client of %s was turned away: no descriptors left", r->ip);
        sk_relay_close(r);
    }
}

static void shake(struct sk_relay *r)
{
    sk_libcrypto.ERR_clear_error();
    int n = sk_libssl.SSL_do_handshake(r->s);
    bool failed = n != 1 && !waits(r, n);
    if (failed) {
        const char *reason = sk_libcrypto.ERR_reason_error_string(sk_libcrypto.ERR_get_error());
        sk_log_debug("skiff:tls", "%s: handshake failed: %s", r->ip, reason != NULL ? reason : "no reason");
        atomic_fetch_add(&r->front->failed, 1);
    }
    if (!send_cipher(r)) /* also the alert that says why not */
        return;
    if (failed)
        sk_relay_close(r);
    else if (n == 1)
        shaken(r);
}

/* ---- both ways ---- */

static void on_shutdown(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status;
}

/* Network → loop. */
static void pump_in(struct sk_relay *r)
{
    char *clear = r->front->clear_buf;
    while (r->state == SK_RELAY_OPEN && !r->pair_full) {
        sk_libcrypto.ERR_clear_error();
        int n = sk_libssl.SSL_read(r->s, clear, (int)sizeof r->front->clear_buf);
        if (n <= 0) {
            r->net_eof |= !waits(r, n); /* its farewell, or nonsense */
            break;
        }
        if (!r->pair_deaf && !write_some(r, false, clear, (size_t)n, on_pair_written))
            r->pair_deaf = true;
        explicit_bzero(clear, (size_t)n); /* there may be a password in it */
    }
    if (r->state == SK_RELAY_OPEN && r->net_eof && !r->pair_full && r->pair_shutdown.data == NULL) {
        r->pair_shutdown.data = r;
        if (uv_shutdown(&r->pair_shutdown, (uv_stream_t *)&r->pair, on_shutdown) < 0)
            sk_relay_close(r);
    }
}

/* The loop has ended its direction: everything has been written, then the farewell goes out. */
static void end_net(struct sk_relay *r)
{
    r->state = SK_RELAY_ENDING;
    set_deadline(r, SK_RELAY_LINGER_MS);
    sk_libcrypto.ERR_clear_error();
    (void)sk_libssl.SSL_shutdown(r->s);
    if (send_cipher(r) && uv_shutdown(&r->net_shutdown, (uv_stream_t *)&r->net, on_shutdown) < 0)
        sk_relay_close(r);
}

static void on_net_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);
static void on_pair_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

/* Each socket is read while the other one takes what comes of it. */
static void set_reading(struct sk_relay *r)
{
    bool net = !r->net_eof && !r->pair_full, pair = r->has_pair && !r->pair_eof && !r->net_full && r->state == SK_RELAY_OPEN;
    if (net != r->net_reading) {
        r->net_reading = net;
        if (net)
            uv_read_start((uv_stream_t *)&r->net, on_alloc, on_net_read);
        else
            uv_read_stop((uv_stream_t *)&r->net);
    }
    if (r->has_pair && pair != r->pair_reading) {
        r->pair_reading = pair;
        if (pair)
            uv_read_start((uv_stream_t *)&r->pair, on_alloc, on_pair_read);
        else
            uv_read_stop((uv_stream_t *)&r->pair);
    }
}

static void pump(struct sk_relay *r)
{
    if (r->state == SK_RELAY_OPEN)
        pump_in(r);
    if (r->state != SK_RELAY_CLOSING && r->s != NULL && !send_cipher(r))
        return;
    if (r->state == SK_RELAY_OPEN && r->pair_eof && !r->net_full)
        end_net(r);
    if (r->state == SK_RELAY_ENDING && r->net_eof && !r->net_full)
        sk_relay_close(r);
    if (r->state != SK_RELAY_CLOSING)
        set_reading(r);
}

static struct sk_relay *shaking_of(struct sk_waiter *w)
{
    return SK_CONTAINER(w, struct sk_relay, shaking);
}

/* ---- handshakes, a few each turn ---- */

/* A session costs tens of kilobytes, so it begins with the first whole record; nonsense gets its alert from OpenSSL. */
static bool hello_is_whole(const struct sk_buf *b)
{
    const unsigned char *p = (const unsigned char *)b->p;
    if (b->n == 0 || p[0] != TLS_HANDSHAKE_RECORD || b->n < TLS_HEADER)
        return b->n > 0 && p[0] != TLS_HANDSHAKE_RECORD;
    size_t length = (size_t)p[3] << 8 | p[4];
    return length > SK_RELAY_HELLO_MAX || b->n - TLS_HEADER >= length;
}

static bool begin(struct sk_relay *r)
{
    r->s = sk_libssl.SSL_new(r->front->ctx);
    r->in = sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_mem());
    r->out = sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_mem());
    if (r->s == NULL || r->in == NULL || r->out == NULL) {
        sk_libcrypto.BIO_free(r->in);
        sk_libcrypto.BIO_free(r->out);
        return false;
    }
    sk_libssl.SSL_set_bio(r->s, r->in, r->out);
    sk_libssl.SSL_set_accept_state(r->s);
    bool ok = sk_libcrypto.BIO_write(r->in, r->hello.p, (int)r->hello.n) == (int)r->hello.n;
    sk_buf_finish(&r->hello);
    return ok;
}

/* False: no memory. */
static bool take_handshake(struct sk_relay *r, const char *p, size_t n)
{
    if (r->s != NULL) {
        if (sk_libcrypto.BIO_write(r->in, p, (int)n) != (int)n)
            return false;
    } else {
        sk_buf_append(&r->hello, p, n);
        if (!sk_buf_ok(&r->hello))
            return false;
        if (!hello_is_whole(&r->hello))
            return true;
    }
    sk_waiter_join(&r->ready, &r->front->ready);
    sk_front_work(r->front);
    return true;
}

static void go_on(struct sk_relay *r)
{
    sk_waiter_leave(&r->ready);
    if (r->s == NULL && !begin(r)) {
        sk_relay_close(r);
        return;
    }
    shake(r);
    pump(r);
}

bool sk_relay_shake_some(struct sk_tls_front *f)
{
    struct sk_waiter *w;
    for (unsigned i = 0; i < SHAKES_A_TURN && (w = sk_waiting_of_fewest(&f->ready)) != NULL; i++)
        go_on(SK_CONTAINER(w, struct sk_relay, ready));
    return f->ready.count > 0;
}

void sk_relay_close_shaking(struct sk_tls_front *f)
{
    while (f->shaking.first != NULL)
        sk_relay_close(shaking_of(f->shaking.first));
}

/* A person typed http:// where https:// belongs. */
static void answer_plain(struct sk_relay *r)
{
    static const char text[] =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 51\r\nConnection: close\r\n\r\n"
        "This port speaks HTTPS: put https:// in its place\r\n";
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)text, sizeof text - 1);
    (void)uv_try_write((uv_stream_t *)&r->net, &b, 1);
    atomic_fetch_add(&r->front->failed, 1);
    sk_relay_close(r);
}

static void on_net_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct sk_relay *r = stream->data;
    if (n == 0)
        return;
    if (n < 0) {
        r->net_eof = true;
        if (n != UV_EOF || r->state == SK_RELAY_SHAKING) {
            sk_relay_close(r);
            return;
        }
    } else if (!r->first_seen && buf->base[0] >= 'A' && buf->base[0] <= 'Z') {
        answer_plain(r);
        return;
    } else if (r->state == SK_RELAY_SHAKING) {
        if (!take_handshake(r, buf->base, (size_t)n))
            sk_relay_close(r);
    } else if (r->state != SK_RELAY_ENDING && sk_libcrypto.BIO_write(r->in, buf->base, (int)n) != (int)n) {
        sk_relay_close(r);
    }
    r->first_seen = true;
    if (r->state != SK_RELAY_SHAKING && r->state != SK_RELAY_CLOSING)
        pump(r);
}

static void on_pair_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct sk_relay *r = stream->data;
    if (n == 0)
        return;
    sk_libcrypto.ERR_clear_error();
    if (n < 0)
        r->pair_eof = true;
    else if (sk_libssl.SSL_write(r->s, buf->base, (int)n) != (int)n) { /* memory takes it all, or the session is over */
        sk_relay_close(r);
        return;
    }
    pump(r);
}

/* ---- the beginning ---- */

static void learn_ip(struct sk_relay *r)
{
    struct sockaddr_storage a;
    int n = sizeof a;
    if (uv_tcp_getpeername(&r->net, (struct sockaddr *)&a, &n) == 0)
        uv_ip_name((struct sockaddr *)&a, r->ip, sizeof r->ip);
}

static void make_room(struct sk_tls_front *f)
{
    if (f->shaking.count < SK_TLS_SHAKING_MAX)
        return;
    atomic_fetch_add(&f->evicted, 1);
    const struct sk_waiting *const lists[] = { &f->shaking };
    sk_relay_close(shaking_of(sk_waiting_of_most(lists, 1)));
}

void sk_relay_accept(struct sk_tls_front *f)
{
    struct sk_relay *r = sk_xcalloc(1, sizeof *r);
    r->front = f;
    r->net_write.data = r->pair_write.data = r;
    r->open_handles = 1;
    set_deadline(r, SK_RELAY_SHAKE_MS);
    SK_ASSERT(uv_tcp_init(&f->uv, &r->net) == 0);
    r->net.data = r;
    sk_buf_init(&r->hello, SK_RELAY_HELLO_MAX + SK_RELAY_READ);
    f->relays++;
    if (uv_accept((uv_stream_t *)&f->listener, (uv_stream_t *)&r->net) < 0) {
        sk_relay_close(r);
        return;
    }
    uv_tcp_nodelay(&r->net, 1);
    learn_ip(r);
    make_room(f);
    sk_waiter_init(&r->shaking, r->ip);
    sk_waiter_init(&r->ready, r->ip);
    sk_waiter_join(&r->shaking, &f->shaking);
    set_reading(r);
}
