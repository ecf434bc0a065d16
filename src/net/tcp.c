#include "net/sockets_impl.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define READS_AT_ONCE 4
#define SYN_TRIES 4 /* about 30 seconds an address */

static void take_line(void *arg, struct sk_span line)
{
    struct sk_socket *so = arg;
    sk_socket_receive(so, &so->u.tcp.lines, line, NULL);
}

int32_t sk_tcp_create(struct sk_sockets *s)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_add(s, true);
    int32_t id = so != NULL ? so->id : SK_ERR_LIMIT;
    if (so != NULL) {
        so->u.tcp.line_mode = true;
        sk_lines_init_plain(&so->u.tcp.splitter, SK_TCP_LINE_MAX, take_line, so);
        sk_recvq_init(&so->u.tcp.lines, &s->account);
        sk_buf_init(&so->u.tcp.out, SK_SOCKETS_OUT_BYTES);
    }
    pthread_mutex_unlock(&s->lock);
    return id;
}

void sk_tcp_finish(struct sk_socket *so)
{
    sk_lines_finish(&so->u.tcp.splitter);
    sk_recvq_finish(&so->u.tcp.lines);
    sk_buf_finish(&so->u.tcp.out);
}

/* ---- the end of a stream ---- */

static bool unread(const struct sk_socket *so)
{
    return so->in.count > 0 || so->u.tcp.lines.count > 0;
}

/* What arrived stays until it is read; then the id is gone. */
static void ended(struct sk_socket *so)
{
    struct sk_tcp *t = &so->u.tcp;
    sk_socket_close_fd(so);
    t->state = SK_TCP_CLOSED;
    sk_lines_flush(&t->splitter, true);
    sk_buf_finish(&t->out);
    if (!unread(so))
        sk_sockets_remove(so);
}

/* ---- connecting ---- */

static int open_to(struct sk_socket *so, const struct sk_address *to)
{
    int on = 1, tries = SYN_TRIES;
    so->fd = socket(to->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (so->fd < 0)
        return -1;
    setsockopt(so->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* a gateway that lost power says no good-bye */
    setsockopt(so->fd, IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof tries);
    if (connect(so->fd, &to->u.any, to->size) == 0 || errno == EINPROGRESS)
        return sk_socket_watch(so, EPOLLOUT) < 0 ? -1 : 0;
    return -1;
}

/* False: no address is left; the socket has ended then. */
static bool connect_next(struct sk_socket *so, int why)
{
    struct sk_tcp *t = &so->u.tcp;
    while (t->next_address < t->address_count) {
        t->state = SK_TCP_CONNECTING;
        if (open_to(so, &t->addresses[t->next_address++]) == 0)
            return true;
        why = errno;
        sk_socket_close_fd(so);
    }
    sk_sockets_fail(so->set, SK_ERR_IO, "no connection to %.80s port %u: %s", t->host, t->port, strerror(why));
    ended(so);
    return false;
}

void sk_tcp_resolved(struct sk_socket *so, const struct sk_address *list, size_t n, const char *why)
{
    struct sk_tcp *t = &so->u.tcp;
    (void)why; /* said already */
    if (t->state != SK_TCP_RESOLVING)
        return;
    if (n == 0) {
        ended(so);
        return;
    }
    memcpy(t->addresses, list, n * sizeof *list);
    t->address_count = n;
    connect_next(so, 0);
}

static int start_connect(struct sk_socket *so, struct sk_span host, uint16_t port)
{
    struct sk_tcp *t = &so->u.tcp;
    if (t->state != SK_TCP_NEW)
        return SK_ERR_EXISTS;
    t->port = port;
    memcpy(t->host, host.p != NULL ? host.p : "", host.n < SK_HOST_NAME_MAX ? host.n : SK_HOST_NAME_MAX);
    if (sk_address_parse(host, port, &t->addresses[0])) {
        t->address_count = 1;
        connect_next(so, 0); /* a refusal is seen by sk_tcp_connected, as one that comes later */
        return 0;
    }
    int r = sk_resolve_later(so, host, false, port, (struct sk_span){ NULL, 0 });
    if (r == 0)
        t->state = SK_TCP_RESOLVING;
    return r;
}

int sk_tcp_connect(struct sk_sockets *s, int32_t id, struct sk_span host, uint16_t port)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, true, id);
    int r = so != NULL ? start_connect(so, host, port) : SK_ERR_NOTFOUND;
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* ---- on the poller's thread ---- */

static void connected(struct sk_socket *so)
{
    int why = 0;
    socklen_t size = sizeof why;
    if (getsockopt(so->fd, SOL_SOCKET, SO_ERROR, &why, &size) < 0)
        why = errno;
    if (why == 0) {
        so->u.tcp.state = SK_TCP_OPEN;
        sk_poller_change(so->set->poller, &so->item, so->fd, EPOLLIN);
        return;
    }
    sk_socket_close_fd(so);
    connect_next(so, why);
}

/* False: the connection is gone. */
static bool flush(struct sk_socket *so)
{
    struct sk_tcp *t = &so->u.tcp;
    while (t->out.n > 0) {
        ssize_t n = send(so->fd, t->out.p, t->out.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        sk_buf_consume(&t->out, (size_t)n);
    }
    sk_poller_change(so->set->poller, &so->item, so->fd, EPOLLIN);
    return true;
}

static bool read_some(struct sk_socket *so, char *scratch)
{
    struct sk_tcp *t = &so->u.tcp;
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t n = recv(so->fd, scratch, SK_POLLER_SCRATCH, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (n < 0)
            return true;
        struct sk_span bytes = { scratch, (size_t)n };
        if (t->line_mode) {
            uint64_t before = t->splitter.oversized;
            sk_lines_feed(&t->splitter, bytes);
            sk_net_count(so->set->figures, SK_NET_LINES_CUT, (int64_t)(t->splitter.oversized - before));
        } else {
            sk_socket_receive(so, &so->in, bytes, NULL);
        }
    }
    return true;
}

void sk_tcp_ready(struct sk_socket *so, uint32_t events, char *scratch)
{
    if (so->u.tcp.state == SK_TCP_CONNECTING) {
        connected(so);
        return;
    }
    bool alive = so->u.tcp.state == SK_TCP_OPEN;
    if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        alive = read_some(so, scratch);
    if (alive && (events & EPOLLOUT) != 0)
        alive = flush(so);
    if (!alive)
        ended(so);
}

/* ---- the plugin's calls ---- */

int sk_tcp_connected(struct sk_sockets *s, int32_t id)
{
    pthread_mutex_lock(&s->lock);
    const struct sk_socket *so = sk_sockets_find(s, true, id);
    int r = so == NULL || so->u.tcp.state == SK_TCP_CLOSED ? -1 : so->u.tcp.state == SK_TCP_OPEN;
    pthread_mutex_unlock(&s->lock);
    return r;
}

int sk_tcp_set_lines(struct sk_sockets *s, int32_t id, bool on)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, true, id);
    if (so != NULL)
        so->u.tcp.line_mode = on;
    pthread_mutex_unlock(&s->lock);
    return so != NULL ? 0 : SK_ERR_NOTFOUND;
}

static int send_now(struct sk_socket *so, struct sk_span bytes)
{
    struct sk_tcp *t = &so->u.tcp;
    if (t->out.max - t->out.n < bytes.n)
        return sk_sockets_fail(so->set, SK_ERR_LIMIT, "%.80s takes the data too slowly; some was not sent", t->host);
    bool queued = t->out.n > 0;
    ssize_t n = queued ? 0 : send(so->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    size_t gone = n > 0 ? (size_t)n : 0; /* errors are seen by the poller's next look at the socket */
    if (gone == bytes.n)
        return 0;
    sk_buf_append(&t->out, bytes.p + gone, bytes.n - gone);
    if (!sk_buf_ok(&t->out)) {
        ended(so); /* out of memory in the middle of a message: the stream cannot go on */
        return SK_ERR_NOMEM;
    }
    if (!queued)
        sk_poller_change(so->set->poller, &so->item, so->fd, EPOLLIN | EPOLLOUT);
    return 0;
}

int sk_tcp_send(struct sk_sockets *s, int32_t id, struct sk_span bytes)
{
    int r = SK_ERR_CLOSED;
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, true, id);
    if (so != NULL && so->u.tcp.state == SK_TCP_OPEN && bytes.n > 0)
        r = send_now(so, bytes);
    if (r == 0) {
        sk_net_count(s->figures, SK_NET_SENT, 1);
        sk_net_count(s->figures, SK_NET_SENT_BYTES, (int64_t)bytes.n);
    } else if (bytes.n > 0) {
        sk_net_count(s->figures, SK_NET_SENT_DROPPED, 1);
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

size_t sk_tcp_recv(struct sk_sockets *s, int32_t id, bool line, void *out, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, true, id);
    if (so != NULL) {
        n = line ? sk_recvq_take(&so->u.tcp.lines, out, max, false) : sk_recvq_take(&so->in, out, max, true);
        if (so->u.tcp.state == SK_TCP_CLOSED && !unread(so))
            sk_sockets_remove(so);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

size_t sk_tcp_pending(struct sk_sockets *s, int32_t id)
{
    pthread_mutex_lock(&s->lock);
    const struct sk_socket *so = sk_sockets_find(s, true, id);
    size_t n = so == NULL ? 0 : so->u.tcp.line_mode ? so->u.tcp.lines.count : so->in.count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void sk_tcp_close(struct sk_sockets *s, int32_t id)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, true, id);
    if (so != NULL)
        sk_sockets_remove(so);
    pthread_mutex_unlock(&s->lock);
}
