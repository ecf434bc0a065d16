/*
 * Doors for clients over TCP. Owner: loop thread.
 */
#ifndef SK_BASE_LISTEN_H
#define SK_BASE_LISTEN_H

#include <uv.h>

/* `listener` is initialised; its owner closes it, also after an error. An IPv4 or IPv6 address; port 0: any, `ret_port` tells
   which. 0 or libuv's error. */
int sk_listen_start(uv_tcp_t *listener, const char *address, unsigned port, uv_connection_cb on_client, unsigned *ret_port);
/* The same with a socket that listens already; takes `fd` over. */
int sk_listen_take(uv_tcp_t *listener, int fd, uv_connection_cb on_client, unsigned *ret_port);
/* What that error is to us: SK_ERR_DENIED, SK_ERR_EXISTS (the port is taken), SK_ERR_INVALID (no address), else SK_ERR_IO. */
int sk_listen_code(int uv_error);
/* A client could not be taken: said in the log, at most every ten seconds of all doors together. Thread: any. */
void sk_listen_complain(const char *door, int uv_error);
/* Takes the client that waits and closes it at once. */
void sk_listen_refuse(uv_stream_t *listener);

#endif
