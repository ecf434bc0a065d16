/* Where clients come in over HTTP. Owner: main thread. */
#ifndef SK_APP_DOORS_H
#define SK_APP_DOORS_H

#include "http/server.h"

/* Listens at the door that was passed (activation.h), else (0) at `host` and `port`; `host` NULL: all interfaces. */
int sk_doors_open(struct sk_http_server *http, int passed, const char *host, unsigned port, struct sk_errmsg *em);

#endif
