/*
 * HTTP requests to an identity provider, asked on the loop and answered on the loop; the waiting is done by threads of
 * net/fetch.h. Redirects are not followed: who answers with one is not the provider that was configured.
 * Limits: SK_ASKS_AT_ONCE at a time, some tens that wait, then refused; SK_ASK_MS for each; SK_ASK_BODY_MAX bytes of an answer.
 * Owner: loop thread.
 */
#ifndef SK_OIDC_ASK_H
#define SK_OIDC_ASK_H

#include "base/loop.h"
#include "net/fetch_request.h"

#define SK_ASKS_AT_ONCE 4u
#define SK_ASK_MS 10000u
#define SK_ASK_BODY_MAX ((size_t)256 * 1024)

struct sk_asks;

/* `em` NULL: the answer is there, whatever its status. The body lives during the call, and is wiped behind it. */
typedef void (*sk_asked)(void *arg, int status, struct sk_span body, const struct sk_errmsg *em);

struct sk_asks *sk_asks_create(struct sk_loop *loop);
/* Takes the request's contents, and wipes them when they have been sent. `done` is called exactly once, in a later turn or, when
   the request is refused, before this returns. */
void sk_ask(struct sk_asks *a, struct sk_fetch_request *req, sk_asked done, void *arg);
/* All that is asked fails now, as does whatever is asked later. Blocks for a moment. */
void sk_asks_stop(struct sk_asks *a);
bool sk_asks_idle(const struct sk_asks *a);
void sk_asks_destroy(struct sk_asks *a); /* stopped and idle; NULL is fine */

#endif
