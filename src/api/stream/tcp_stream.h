/* The Signal K stream over plain TCP (port 8375): one JSON message a line, nothing but the hello until the client subscribes.
   Owner: loop thread. Limits: lines of SK_DELTA_MAX, SK_TCP_CLIENTS_MAX clients, 2 MiB unsent per client (then frames are lost).
 */
#ifndef SK_API_TCP_STREAM_H
#define SK_API_TCP_STREAM_H

#include "api/api.h"

#define SK_TCP_CLIENTS_MAX 256u

struct sk_tcp_server;

int sk_tcp_server_create(struct sk_api *api, const char *address, unsigned port, struct sk_tcp_server **ret_server,
                         struct sk_errmsg *em);
unsigned sk_tcp_server_port(const struct sk_tcp_server *s);
/* Closes the listener and all clients; the memory goes in later turns. */
void sk_tcp_server_destroy(struct sk_tcp_server *s);

#endif
