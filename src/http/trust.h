/*
 * Which proxies in front of the server are believed when they name the client (X-Forwarded-For). Without any, nobody is: a client
 * could name whom it likes. As Express has it: true, false, a number of proxies, or a list of addresses, ranges and the words
 * loopback, linklocal, uniquelocal. Immutable once made. Thread: any.
 */
#ifndef SK_HTTP_TRUST_H
#define SK_HTTP_TRUST_H

#include "base/err.h"
#include "net/address.h"

#define SK_TRUST_RANGES_MAX 64u
#define SK_TRUST_HOPS_MAX 32u /* addresses looked at, from the nearest on */

struct sk_trust {
    bool all;
    unsigned hops; /* so many proxies, whoever they are */
    size_t count;
    struct sk_address_range ranges[SK_TRUST_RANGES_MAX];
};

/* "true", "false", "2", "loopback, 10.0.0.0/8". SK_ERR_INVALID names the part that is none of these; nobody is trusted then. */
int sk_trust_parse(struct sk_span text, struct sk_trust *ret_trust, struct sk_errmsg *em);
static inline bool sk_trust_nobody(const struct sk_trust *t)
{
    return !t->all && t->hops == 0 && t->count == 0;
}
/* The first address on the way back from `peer` (the one connected) that is no trusted proxy. What is no address ends the way. */
void sk_trust_client(const struct sk_trust *t, const char *peer, struct sk_span forwarded_for, char out[SK_ADDRESS_TEXT]);

#endif
