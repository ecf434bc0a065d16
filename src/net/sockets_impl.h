/* Inside of a socket set; only for sockets.c, udp.c, tcp.c and resolve.c. All but the atomics is guarded by the set's lock. */
#ifndef SK_NET_SOCKETS_IMPL_H
#define SK_NET_SOCKETS_IMPL_H

#include "base/lines.h"
#include "net/recvq.h"
#include "net/sockets.h"

#include <pthread.h>
#include <stdatomic.h>

#define SK_TCP_LINE_MAX ((size_t)64 * 1024)
#define SK_HOST_NAME_MAX 255u /* bytes, without NUL */
#define SK_UDP_REMEMBERED 64u /* options set before bind; further ones are refused */
#define SK_TCP_ADDRESSES 8u   /* of one name that are tried */

enum sk_udp_action { SK_UDP_DO_JOIN, SK_UDP_DO_LEAVE, SK_UDP_DO_SET };

struct sk_udp_step { /* one call, remembered until bind */
    enum sk_udp_action action;
    enum sk_udp_option option;
    int value;
    struct sk_address group;
    char interface[SK_ADDRESS_TEXT];
};

struct sk_udp {
    bool v6, bound;
    struct sk_udp_step *steps;
    size_t step_count;
};

enum sk_tcp_state { SK_TCP_NEW, SK_TCP_RESOLVING, SK_TCP_CONNECTING, SK_TCP_OPEN, SK_TCP_CLOSED };

struct sk_tcp {
    enum sk_tcp_state state;
    bool line_mode;
    struct sk_lines splitter;
    struct sk_recvq lines;
    struct sk_buf out;
    struct sk_address addresses[SK_TCP_ADDRESSES];
    size_t address_count, next_address;
    char host[SK_HOST_NAME_MAX + 1];
    uint16_t port;
};

struct sk_socket {
    struct sk_poller_item item;
    atomic_int refs; /* one of the set's table while it is listed, one of the poller during ready() */
    struct sk_sockets *set;
    int32_t id;
    bool is_tcp;
    int fd; /* -1: none */
    struct sk_recvq in;
    union {
        struct sk_udp udp;
        struct sk_tcp tcp;
    } u;
};

struct sk_known_host { /* what a look-up found a moment ago */
    char host[SK_HOST_NAME_MAX + 1];
    bool v6;
    struct sk_address address; /* size 0: not found */
    uint64_t until_ms;
};

struct sk_lookup { /* waits for an address */
    struct sk_lookup *next;
    int32_t id;
    bool is_tcp, v6;
    uint16_t port;
    char host[SK_HOST_NAME_MAX + 1];
    size_t n;
    char bytes[]; /* a datagram */
};

struct sk_sockets {
    atomic_int refs; /* owner, sockets, the look-up thread */
    pthread_mutex_t lock;
    struct sk_poller *poller;
    char *name;
    bool shut;
    struct sk_socket **list; /* room for max */
    size_t count, max;
    struct sk_recvq_account account;
    struct sk_net_figures *figures;
    bool looking_up; /* the thread runs */
    struct sk_lookup *lookups, **lookups_end;
    size_t lookup_count, lookup_bytes;
    struct sk_known_host known[8];
    unsigned next_known;
};

/* ---- sockets.c ---- */
void sk_sockets_unref(struct sk_sockets *s);
/* Keeps the reason for the figures and logs it, as a warning when it is news. Returns `code`. */
int sk_sockets_fail(struct sk_sockets *s, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct sk_socket *sk_sockets_find(struct sk_sockets *s, bool is_tcp, int32_t id);
struct sk_socket *sk_sockets_add(struct sk_sockets *s, bool is_tcp); /* NULL: at the limit */
void sk_sockets_remove(struct sk_socket *so);                        /* closes it and takes it from the table */
void sk_socket_close_fd(struct sk_socket *so);
int sk_socket_watch(struct sk_socket *so, uint32_t events);
void sk_socket_receive(struct sk_socket *so, struct sk_recvq *q, struct sk_span bytes, const struct sk_address *from);

/* ---- udp.c, tcp.c: on the poller's thread, under the lock ---- */
void sk_udp_ready(struct sk_socket *so, char *scratch);
void sk_tcp_ready(struct sk_socket *so, uint32_t events, char *scratch);
void sk_udp_finish(struct sk_socket *so);
void sk_tcp_finish(struct sk_socket *so);
/* A look-up ended; `n` 0: nothing found, `why` says so. */
void sk_udp_resolved(struct sk_socket *so, struct sk_address *address, uint16_t port, struct sk_span bytes);
void sk_tcp_resolved(struct sk_socket *so, const struct sk_address *list, size_t n, const char *why);

/* ---- resolve.c ---- */
/* True: known from a moment ago. `ret_address` of size 0: known not to exist. */
bool sk_resolve_known(struct sk_sockets *s, struct sk_span host, bool v6, struct sk_address *ret_address);
int sk_resolve_later(struct sk_socket *so, struct sk_span host, bool v6, uint16_t port, struct sk_span bytes);

#endif
