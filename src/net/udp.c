#include "net/sockets_impl.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define AT_ONCE 32 /* datagrams of one socket; then the others get their turn */

int32_t sk_udp_create(struct sk_sockets *s, bool v6)
{
    int32_t id = SK_ERR_LIMIT;
    int on = 1;
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_add(s, false);
    if (so != NULL) {
        so->u.udp.v6 = v6;
        so->fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        id = so->id;
        if (so->fd < 0 || setsockopt(so->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) {
            id = sk_sockets_fail(s, SK_ERR_IO, "no UDP socket: %s", strerror(errno));
            sk_sockets_remove(so);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return id;
}

void sk_udp_finish(struct sk_socket *so)
{
    free(so->u.udp.steps);
}

/* ---- options ---- */

static unsigned index_of_address(const struct sk_address *wanted)
{
    struct ifaddrs *all = NULL;
    struct sk_address a;
    struct sk_address_range same;
    char text[SK_ADDRESS_TEXT];
    unsigned index = 0;
    sk_address_text(wanted, text);
    if (!sk_address_range_parse(sk_span_of(text), &same) || getifaddrs(&all) < 0)
        return 0;
    for (struct ifaddrs *i = all; i != NULL && index == 0; i = i->ifa_next)
        if (i->ifa_addr != NULL && sk_address_from(i->ifa_addr, sizeof(struct sockaddr_in6), &a) &&
            sk_address_range_has(&same, &a))
            index = if_nametoindex(i->ifa_name);
    freeifaddrs(all);
    return index;
}

/* "eth0", "::%eth0", "192.168.1.5", "fe80::1%eth0"; 0 for the empty text, -1 for an interface that is not there. */
static int interface_index(const char *text)
{
    struct sk_address a;
    if (*text == 0 || strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0)
        return 0;
    unsigned index = if_nametoindex(text);
    if (index == 0 && sk_address_parse(sk_span_of(text), 0, &a))
        index = a.u.any.sa_family == AF_INET6 && a.u.in6.sin6_scope_id != 0 ? a.u.in6.sin6_scope_id : index_of_address(&a);
    return index == 0 ? -1 : (int)index;
}

static int membership(int fd, bool join, const struct sk_address *group, unsigned index)
{
    if (group->u.any.sa_family == AF_INET6) {
        struct ipv6_mreq m = { .ipv6mr_multiaddr = group->u.in6.sin6_addr, .ipv6mr_interface = index };
        return setsockopt(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &m, sizeof m);
    }
    struct ip_mreqn m = { .imr_multiaddr = group->u.in4.sin_addr, .imr_ifindex = (int)index };
    return setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &m, sizeof m);
}

/* Without a default route, as on most boats, the system cannot choose an interface: then each of them. */
static int membership_everywhere(int fd, bool join, const struct sk_address *group)
{
    struct if_nameindex *list = if_nameindex();
    int r = -1;
    for (struct if_nameindex *i = list; i != NULL && i->if_index != 0; i++)
        r = membership(fd, join, group, i->if_index) == 0 ? 0 : r;
    if (list != NULL)
        if_freenameindex(list);
    if (r < 0)
        errno = ENODEV;
    return r;
}

static int do_membership(struct sk_socket *so, const struct sk_udp_step *step)
{
    bool join = step->action == SK_UDP_DO_JOIN;
    char group[SK_ADDRESS_TEXT];
    int index = interface_index(step->interface), r = -1;
    sk_address_text(&step->group, group);
    if (index < 0) {
        errno = ENODEV;
    } else {
        r = membership(so->fd, join, &step->group, (unsigned)index);
        if (r < 0 && errno == ENODEV && index == 0)
            r = membership_everywhere(so->fd, join, &step->group);
    }
    return r == 0 ? 0
                  : sk_sockets_fail(so->set, SK_ERR_IO, "cannot %s group %s%s%s: %s", join ? "join" : "leave", group,
                                    index == 0 ? "" : " on interface ", step->interface, strerror(errno));
}

static int do_set(struct sk_socket *so, enum sk_udp_option option, int value)
{
    static const char *const names[] = { "multicast ttl", "multicast loopback", "broadcast" };
    static const struct {
        int level, name;
    } v4[] = { { IPPROTO_IP, IP_MULTICAST_TTL }, { IPPROTO_IP, IP_MULTICAST_LOOP }, { SOL_SOCKET, SO_BROADCAST } },
      v6[] = { { IPPROTO_IPV6, IPV6_MULTICAST_HOPS }, { IPPROTO_IPV6, IPV6_MULTICAST_LOOP }, { SOL_SOCKET, SO_BROADCAST } };
    int r = setsockopt(so->fd, v4[option].level, v4[option].name, &value, sizeof value);
    if (so->u.udp.v6) { /* it may speak both, then both count */
        int r6 = setsockopt(so->fd, v6[option].level, v6[option].name, &value, sizeof value);
        r = r6 == 0 ? 0 : r;
    }
    return r == 0 ? 0 : sk_sockets_fail(so->set, SK_ERR_IO, "%s %d refused: %s", names[option], value, strerror(errno));
}

static int do_step(struct sk_socket *so, const struct sk_udp_step *step)
{
    return step->action == SK_UDP_DO_SET ? do_set(so, step->option, step->value) : do_membership(so, step);
}

/* Plugins set options in any order; before bind they are only remembered. */
static int step(struct sk_sockets *s, int32_t id, const struct sk_udp_step *step)
{
    int r = SK_ERR_NOTFOUND;
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, false, id);
    if (so != NULL && so->u.udp.bound) {
        r = do_step(so, step);
    } else if (so != NULL && so->u.udp.step_count >= SK_UDP_REMEMBERED) {
        r = sk_sockets_fail(s, SK_ERR_LIMIT, "more than %u options before bind", SK_UDP_REMEMBERED);
    } else if (so != NULL) {
        struct sk_udp *u = &so->u.udp;
        if (u->steps == NULL)
            u->steps = sk_xcalloc(SK_UDP_REMEMBERED, sizeof *u->steps);
        u->steps[u->step_count++] = *step;
        r = 0;
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

static bool is_multicast(const struct sk_address *a)
{
    return a->u.any.sa_family == AF_INET ? IN_MULTICAST(ntohl(a->u.in4.sin_addr.s_addr)) : a->u.in6.sin6_addr.s6_addr[0] == 0xff;
}

static int group_step(struct sk_sockets *s, int32_t id, enum sk_udp_action action, struct sk_span group, struct sk_span interface)
{
    struct sk_udp_step st = { .action = action };
    if (!sk_address_parse(group, 0, &st.group) || !is_multicast(&st.group) || interface.n >= sizeof st.interface)
        return SK_ERR_INVALID;
    if (interface.n > 0)
        memcpy(st.interface, interface.p, interface.n);
    return step(s, id, &st);
}

int sk_udp_join(struct sk_sockets *s, int32_t id, struct sk_span group, struct sk_span interface)
{
    return group_step(s, id, SK_UDP_DO_JOIN, group, interface);
}

int sk_udp_leave(struct sk_sockets *s, int32_t id, struct sk_span group, struct sk_span interface)
{
    return group_step(s, id, SK_UDP_DO_LEAVE, group, interface);
}

int sk_udp_set(struct sk_sockets *s, int32_t id, enum sk_udp_option option, int value)
{
    if (option == SK_UDP_TTL && (value < 0 || value > 255))
        return SK_ERR_INVALID;
    return step(s, id, &(struct sk_udp_step){ .action = SK_UDP_DO_SET, .option = option, .value = value });
}

/* ---- bind ---- */

static int bind_to(struct sk_socket *so, uint16_t port)
{
    struct sk_address any = { 0 };
    sk_address_parse(so->u.udp.v6 ? SK_SPAN("::") : SK_SPAN("0.0.0.0"), port, &any);
    if (so->u.udp.bound)
        return sk_sockets_fail(so->set, SK_ERR_EXISTS, "UDP socket %d is bound already", so->id);
    if (bind(so->fd, &any.u.any, any.size) < 0)
        return sk_sockets_fail(so->set, SK_ERR_IO, "UDP port %u cannot be opened: %s", port, strerror(errno));
    int r = sk_socket_watch(so, EPOLLIN);
    if (r < 0)
        return r;
    so->u.udp.bound = true;
    for (size_t i = 0; i < so->u.udp.step_count; i++)
        do_step(so, &so->u.udp.steps[i]);
    free(so->u.udp.steps);
    so->u.udp.steps = NULL;
    so->u.udp.step_count = 0;
    return 0;
}

int sk_udp_bind(struct sk_sockets *s, int32_t id, uint16_t port)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, false, id);
    int r = so != NULL ? bind_to(so, port) : SK_ERR_NOTFOUND;
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* ---- sending ---- */

static void send_to(struct sk_socket *so, struct sk_address *to, struct sk_span bytes)
{
    struct sk_sockets *s = so->set;
    char text[SK_ADDRESS_TEXT];
    if (so->u.udp.v6)
        sk_address_to_v6(to);
    ssize_t n = sendto(so->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL, &to->u.any, to->size);
    if (n >= 0) {
        sk_net_count(s->figures, SK_NET_SENT, 1);
        sk_net_count(s->figures, SK_NET_SENT_BYTES, (int64_t)bytes.n);
        return;
    }
    sk_net_count(s->figures, SK_NET_SENT_DROPPED, 1);
    if (errno == EAGAIN || errno == ENOBUFS) /* the network is slower than the plugin */
        return;
    int why = errno;
    sk_address_text(to, text);
    sk_sockets_fail(s, SK_ERR_IO, "a datagram of %zu bytes to %s port %u was not sent: %s", bytes.n, text, sk_address_port(to),
                    strerror(why));
}

void sk_udp_resolved(struct sk_socket *so, struct sk_address *address, uint16_t port, struct sk_span bytes)
{
    if (address == NULL) {
        sk_net_count(so->set->figures, SK_NET_SENT_DROPPED, 1);
        return;
    }
    sk_address_set_port(address, port);
    send_to(so, address, bytes);
}

static void send_from(struct sk_socket *so, struct sk_span host, uint16_t port, struct sk_span bytes)
{
    struct sk_address to;
    if (!so->u.udp.bound && bind_to(so, 0) < 0) {
        sk_net_count(so->set->figures, SK_NET_SENT_DROPPED, 1);
    } else if (sk_address_parse(host, port, &to)) {
        send_to(so, &to, bytes);
    } else if (sk_resolve_known(so->set, host, so->u.udp.v6, &to)) {
        sk_udp_resolved(so, to.size > 0 ? &to : NULL, port, bytes);
    } else if (sk_resolve_later(so, host, so->u.udp.v6, port, bytes) < 0) {
        sk_net_count(so->set->figures, SK_NET_SENT_DROPPED, 1);
    }
}

void sk_udp_send(struct sk_sockets *s, int32_t id, struct sk_span host, uint16_t port, struct sk_span bytes)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, false, id);
    if (so != NULL && bytes.n > 0)
        send_from(so, host, port, bytes);
    pthread_mutex_unlock(&s->lock);
}

/* ---- receiving ---- */

void sk_udp_ready(struct sk_socket *so, char *scratch)
{
    for (int i = 0; i < AT_ONCE; i++) {
        struct sockaddr_storage sa;
        struct sk_address from = { 0 };
        socklen_t size = sizeof sa;
        ssize_t n = recvfrom(so->fd, scratch, SK_POLLER_SCRATCH, MSG_DONTWAIT, (struct sockaddr *)&sa, &size);
        if (n < 0)
            return;
        if (n > 0 && sk_address_from((struct sockaddr *)&sa, size, &from)) /* an empty one would read as "nothing there" */
            sk_socket_receive(so, &so->in, (struct sk_span){ scratch, (size_t)n }, &from);
    }
}

size_t sk_udp_recv(struct sk_sockets *s, int32_t id, void *out, size_t max, struct sk_address *ret_from)
{
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, false, id);
    if (so != NULL && so->in.count > 0) {
        *ret_from = sk_recvq_first(&so->in)->from;
        n = sk_recvq_take(&so->in, out, max, false);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

size_t sk_udp_pending(struct sk_sockets *s, int32_t id)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, false, id);
    size_t n = so != NULL ? so->in.count : 0;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void sk_udp_close(struct sk_sockets *s, int32_t id)
{
    pthread_mutex_lock(&s->lock);
    struct sk_socket *so = sk_sockets_find(s, false, id);
    if (so != NULL)
        sk_sockets_remove(so);
    pthread_mutex_unlock(&s->lock);
}
