#include "net/sockets.h"

#include "net/sockets_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the set ---- */

struct sk_sockets *sk_sockets_create(struct sk_poller *poller, const char *name, size_t max, struct sk_net_figures *figures)
{
    struct sk_sockets *s = sk_xcalloc(1, sizeof *s);
    s->max = max;
    s->figures = sk_net_figures_ref(figures);
    s->refs = 1;
    s->poller = poller;
    s->name = sk_xstrdup(name);
    s->account.max = SK_SOCKETS_BYTES;
    s->lookups_end = &s->lookups;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void sk_sockets_unref(struct sk_sockets *s)
{
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    while (s->lookups != NULL) {
        struct sk_lookup *l = s->lookups;
        s->lookups = l->next;
        free(l);
    }
    pthread_mutex_destroy(&s->lock);
    sk_net_figures_unref(s->figures);
    free(s->list);
    free(s->name);
    free(s);
}

void sk_sockets_shut(struct sk_sockets *s)
{
    pthread_mutex_lock(&s->lock);
    s->shut = true;
    while (s->count > 0)
        sk_sockets_remove(s->list[s->count - 1]);
    pthread_mutex_unlock(&s->lock);
}

void sk_sockets_destroy(struct sk_sockets *s)
{
    if (s == NULL)
        return;
    sk_sockets_shut(s);
    sk_sockets_unref(s);
}

int sk_sockets_fail(struct sk_sockets *s, int code, const char *fmt, ...)
{
    char text[SK_NET_ERROR_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sk_net_figures_error(s->figures, SK_NET_SOCKETS, "signalk:wasm:sockets", s->name, text);
    return code;
}

/* ---- one socket ---- */

static struct sk_socket *socket_of(struct sk_poller_item *item)
{
    return SK_CONTAINER(item, struct sk_socket, item);
}

static void hold(struct sk_poller_item *item)
{
    atomic_fetch_add(&socket_of(item)->refs, 1);
}

static void drop(struct sk_poller_item *item)
{
    struct sk_socket *so = socket_of(item);
    if (atomic_fetch_sub(&so->refs, 1) != 1)
        return;
    sk_sockets_unref(so->set);
    free(so);
}

static void ready(struct sk_poller_item *item, uint32_t events, char *scratch)
{
    struct sk_socket *so = socket_of(item);
    struct sk_sockets *s = so->set;
    pthread_mutex_lock(&s->lock);
    if (so->fd >= 0 && so->is_tcp)
        sk_tcp_ready(so, events, scratch);
    else if (so->fd >= 0)
        sk_udp_ready(so, scratch);
    pthread_mutex_unlock(&s->lock);
}

static const struct sk_poller_ops ops = { hold, ready, drop };

struct sk_socket *sk_sockets_find(struct sk_sockets *s, bool is_tcp, int32_t id)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i]->id == id && s->list[i]->is_tcp == is_tcp)
            return s->list[i];
    return NULL;
}

/* A stream whose peer has closed and whose data nobody fetched gives its place to a new one. */
static void make_room(struct sk_sockets *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i]->is_tcp && s->list[i]->u.tcp.state == SK_TCP_CLOSED) {
            sk_sockets_remove(s->list[i]);
            return;
        }
}

static int32_t next_id(struct sk_sockets *s, bool is_tcp)
{
    static atomic_uint counters[2];
    int32_t id;
    do
        id = (int32_t)((atomic_fetch_add(&counters[is_tcp], 1) + 1) & INT32_MAX);
    while (id == 0 || sk_sockets_find(s, is_tcp, id) != NULL);
    return id;
}

struct sk_socket *sk_sockets_add(struct sk_sockets *s, bool is_tcp)
{
    if (s->count >= s->max)
        make_room(s);
    bool full = s->count >= s->max;
    if (full || s->shut || !sk_poller_reserve(s->poller)) {
        sk_net_count(s->figures, SK_NET_REFUSED, 1);
        if (full)
            sk_sockets_fail(s, SK_ERR_LIMIT, "has %zu sockets, and may have no more", s->count);
        else
            sk_sockets_fail(s, SK_ERR_LIMIT, "the plugins have too many sockets together");
        return NULL;
    }
    if (s->list == NULL)
        s->list = sk_xcalloc(s->max, sizeof(struct sk_socket *));
    struct sk_socket *so = sk_xcalloc(1, sizeof *so);
    so->item.ops = &ops;
    so->refs = 1;
    so->set = s;
    atomic_fetch_add(&s->refs, 1);
    so->is_tcp = is_tcp;
    so->fd = -1;
    so->id = next_id(s, is_tcp);
    sk_recvq_init(&so->in, &s->account);
    s->list[s->count++] = so;
    sk_net_count(s->figures, SK_NET_OPEN, 1);
    return so;
}

void sk_socket_close_fd(struct sk_socket *so)
{
    if (so->fd < 0)
        return;
    sk_poller_unwatch(so->set->poller, &so->item, so->fd);
    close(so->fd);
    so->fd = -1;
}

void sk_sockets_remove(struct sk_socket *so)
{
    struct sk_sockets *s = so->set;
    size_t at = 0;
    while (s->list[at] != so)
        at++;
    memmove(s->list + at, s->list + at + 1, (s->count - at - 1) * sizeof s->list[0]);
    s->count--;
    sk_net_count(s->figures, SK_NET_OPEN, -1);
    sk_socket_close_fd(so);
    sk_recvq_finish(&so->in);
    if (so->is_tcp)
        sk_tcp_finish(so);
    else
        sk_udp_finish(so);
    sk_poller_release(s->poller);
    drop(&so->item);
}

int sk_socket_watch(struct sk_socket *so, uint32_t events)
{
    struct sk_errmsg em = { 0 };
    int r = sk_poller_watch(so->set->poller, &so->item, so->fd, events, &em);
    return r < 0 ? sk_sockets_fail(so->set, r, "%s", em.text) : 0;
}

void sk_socket_receive(struct sk_socket *so, struct sk_recvq *q, struct sk_span bytes, const struct sk_address *from)
{
    struct sk_net_figures *f = so->set->figures;
    uint64_t before = q->dropped;
    sk_recvq_push(q, bytes, from);
    sk_net_count(f, SK_NET_RECEIVED_BYTES, (int64_t)bytes.n);
    sk_net_count(f, SK_NET_RECEIVED_DROPPED, (int64_t)(q->dropped - before));
    sk_net_count(f, SK_NET_RECEIVED, 1);
}
