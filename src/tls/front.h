/*
 * The server's side of TLS (1.2 and 1.3; RFC 8446), as a thread in front of the loop: it takes connections, shakes hands, and
 * hands the loop a socket of this machine that carries the same bytes in clear, with the client's address. So the loop knows
 * nothing of TLS, and a handshake's arithmetic delays nobody. What is on its way is bounded in both directions: who does not read
 * is felt by the one who writes.
 *
 * Limits: SK_TLS_SHAKING_MAX handshakes at once, and then the oldest gives way of the address with most of them; ten seconds for
 * each. A few are worked on in each turn, those of addresses with few first: who is through with his is not kept waiting.
 * The keys' folder is watched: new files are used for new connections, old connections go on. Files that do not fit together
 * are reported and change nothing.
 */
#ifndef SK_TLS_FRONT_H
#define SK_TLS_FRONT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define SK_TLS_SHAKING_MAX 512u

struct sk_tls_front;

struct sk_tls_front_options {
    const char *address, *keys_dir;
    unsigned port; /* 0: any */
    int fd;        /* a socket that listens already, in place of address and port; taken over. 0: none */
    /* Thread: the front's. Takes over the descriptor. */
    void (*accepted)(void *arg, int fd, const char *ip);
    void *arg;
};

/* Listens when it returns 0. Owner: the creating thread. Keys that cannot be used are replaced by some of this run. */
int sk_tls_front_create(const struct sk_tls_front_options *o, struct sk_tls_front **ret_front, struct sk_errmsg *em);
unsigned sk_tls_front_port(const struct sk_tls_front *f);
/* Waits up to `grace_ms` for what is still going out, cuts the rest, and joins the thread; `accepted` is not called any more when
   it returns. NULL is fine. */
void sk_tls_front_destroy(struct sk_tls_front *f, unsigned grace_ms);

struct sk_tls_figures {
    uint64_t handshakes, failed, evicted; /* since the start */
    uint64_t open;
};
/* Thread: any. */
void sk_tls_front_figures(const struct sk_tls_front *f, struct sk_tls_figures *ret_figures);

#endif
