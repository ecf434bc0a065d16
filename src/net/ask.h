/*
 * HTTP requests of the server itself, asked on the loop and answered on the loop; the waiting is done by threads of net/fetch.h.
 * Redirects are answers: who leads elsewhere is not the one who was asked. Owner: loop thread.
 * Full means: so many at a time as the options say, some tens that wait, further ones are refused.
 */
#ifndef SK_NET_ASK_H
#define SK_NET_ASK_H

#include "base/loop.h"
#include "net/address.h"
#include "net/fetch_request.h"

struct sk_asks;

struct sk_asks_options {
    struct sk_loop *loop;
    const char *name; /* in the log */
    size_t at_once, body_max, total_ms;
    bool quiet;                                 /* failures are told to who asked only, not to the log */
    bool (*refuse)(const struct sk_address *a); /* addresses that no connection is made to; NULL: none */
};

/* `em` NULL: the answer is there, whatever its status. The body lives during the call, and is wiped behind it. */
typedef void (*sk_asked)(void *arg, int status, struct sk_span body, const struct sk_errmsg *em);

struct sk_asks *sk_asks_create(const struct sk_asks_options *o);
/* Takes the request's contents, and wipes them when they have been sent. `done` is called exactly once, in a later turn or, when
   the request is refused, before this returns. */
void sk_ask(struct sk_asks *a, struct sk_fetch_request *req, sk_asked done, void *arg);
/* All that is asked fails now, as does whatever is asked later. Blocks for a moment. */
void sk_asks_stop(struct sk_asks *a);
bool sk_asks_idle(const struct sk_asks *a);
void sk_asks_destroy(struct sk_asks *a); /* stopped and idle; NULL is fine */

#endif
