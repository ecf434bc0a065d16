/*
 * The sockets of one plugin: UDP, and TCP as a client. Ids are of one counter of the process a kind, so they never name another
 * plugin's socket; an id that is not this plugin's is simply unknown.
 *
 * Owner: the plugin's thread, which makes all calls here but the ones that say otherwise. None of them blocks: bytes arrive
 * through the poller's thread into bounded queues (net/recvq.h), names are looked up on a thread of the set's own, one at a time.
 * Full: a socket beyond the limit is refused; a queue drops its oldest item; a stream that cannot send takes no more
 * (SK_ERR_LIMIT); datagrams that cannot leave at once are dropped. All of it is counted in the figures.
 */
#ifndef SK_NET_SOCKETS_H
#define SK_NET_SOCKETS_H

#include "base/err.h"
#include "net/address.h"
#include "net/figures.h"
#include "net/poller.h"

#define SK_SOCKETS_BYTES ((size_t)16 * 1024 * 1024) /* received and not fetched, of all sockets of a set */
#define SK_SOCKETS_OUT_BYTES ((size_t)1024 * 1024)  /* of one stream, not sent yet */

struct sk_sockets;

/* `name` stands in log lines. `max`: sockets at once. The poller must outlive the set; of the figures a reference is taken. */
struct sk_sockets *sk_sockets_create(struct sk_poller *poller, const char *name, size_t max, struct sk_net_figures *figures);
/* Closes all. The memory goes when a look-up in progress has ended. */
void sk_sockets_destroy(struct sk_sockets *s);
/* Closes all; no call after it finds or makes a socket. */
void sk_sockets_shut(struct sk_sockets *s);

/* ---- UDP ---- */
/* Results: 0 or an error, unless said otherwise; the reason is in the figures and in the log. */
int32_t sk_udp_create(struct sk_sockets *s, bool v6); /* the id, or an error */
int sk_udp_bind(struct sk_sockets *s, int32_t id, uint16_t port);
/* `interface`: address or name of one, empty for the system's choice. Before bind these four are remembered, and applied by it.
 */
int sk_udp_join(struct sk_sockets *s, int32_t id, struct sk_span group, struct sk_span interface);
int sk_udp_leave(struct sk_sockets *s, int32_t id, struct sk_span group, struct sk_span interface);
enum sk_udp_option { SK_UDP_TTL, SK_UDP_LOOPBACK, SK_UDP_BROADCAST };
int sk_udp_set(struct sk_sockets *s, int32_t id, enum sk_udp_option option, int value);
void sk_udp_send(struct sk_sockets *s, int32_t id, struct sk_span host, uint16_t port, struct sk_span bytes);
/* Bytes of the oldest datagram, cut at `max`; 0: none. */
size_t sk_udp_recv(struct sk_sockets *s, int32_t id, void *out, size_t max, struct sk_address *ret_from);
size_t sk_udp_pending(struct sk_sockets *s, int32_t id);
void sk_udp_close(struct sk_sockets *s, int32_t id);

/* ---- TCP ---- */
int32_t sk_tcp_create(struct sk_sockets *s);
int sk_tcp_connect(struct sk_sockets *s, int32_t id, struct sk_span host, uint16_t port);
int sk_tcp_connected(struct sk_sockets *s, int32_t id); /* 1, 0, -1: unknown or closed (what came before can still be read) */
int sk_tcp_set_lines(struct sk_sockets *s, int32_t id, bool on);
/* All or nothing. SK_ERR_CLOSED: not connected. SK_ERR_LIMIT: too much waits already. */
int sk_tcp_send(struct sk_sockets *s, int32_t id, struct sk_span bytes);
size_t sk_tcp_recv(struct sk_sockets *s, int32_t id, bool line, void *out, size_t max);
size_t sk_tcp_pending(struct sk_sockets *s, int32_t id);
void sk_tcp_close(struct sk_sockets *s, int32_t id);

#endif
