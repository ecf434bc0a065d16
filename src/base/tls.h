/*
 * The client's side of TLS over any stream of bytes, by OpenSSL's libssl, which is loaded with the first connection: linked in at
 * start it would cost more memory than the rest of the server. No I/O of its own. The certificate must be valid for `host` and
 * known to the system, unless `trust` says something else. Owner: one thread. Callbacks must not destroy it. The loading, and
 * reading the system's certificates, block once for some milliseconds.
 */
#ifndef SK_BASE_TLS_H
#define SK_BASE_TLS_H

#include "base/base.h"
#include "base/err.h"

struct sk_tls;

/* Whose certificates are good enough. */
struct sk_tls_trust {
    bool any;               /* all */
    struct sk_span exactly; /* this one (PEM) and no other, whatever names and dates are in it; {NULL,0}: see below */
};

struct sk_tls_ops {
    int (*send)(void *arg, struct sk_span bytes);   /* to the other side, encrypted; negative: could not */
    void (*ready)(void *arg);                       /* the handshake is done: sk_tls_write works */
    void (*bytes)(void *arg, struct sk_span bytes); /* from the other side, in clear; valid during the call */
};

/* Begins the handshake at once. SK_ERR_UNSUPPORTED when libssl is not installed. */
int sk_tls_create(const char *host, const struct sk_tls_trust *trust, const struct sk_tls_ops *ops, void *arg,
                  struct sk_tls **ret_tls, struct sk_errmsg *em);
void sk_tls_destroy(struct sk_tls *t);
/* From now on this process trusts the certificates of that PEM file, too, besides the system's. SK_ERR_INVALID: it holds none. */
int sk_tls_also_trust(const char *file, struct sk_errmsg *em);
/* Encrypted bytes of the other side. SK_ERR_DENIED: its certificate is not accepted; SK_ERR_CLOSED: it said farewell. */
int sk_tls_bytes(struct sk_tls *t, struct sk_span bytes, struct sk_errmsg *em);
int sk_tls_write(struct sk_tls *t, struct sk_span bytes); /* SK_ERR_CLOSED before `ready` */

#endif
