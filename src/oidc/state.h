/*
 * What has to be remembered between sending a browser to the provider and its return: in a cookie of that browser, encrypted, so
 * that the server keeps nothing for those who never come back, and nobody else's answer fits. Pure, but for random numbers.
 * Thread: any.
 */
#ifndef SK_OIDC_STATE_H
#define SK_OIDC_STATE_H

#include "base/buf.h"
#include "base/err.h"

#define SK_OIDC_STATE_COOKIE "OIDC_STATE"
#define SK_OIDC_STATE_LIFE_S 600
#define SK_OIDC_TARGET_MAX 1024u
#define SK_OIDC_RANDOM_SIZE 44 /* 32 random bytes in base64url, with NUL */

struct sk_oidc_state {
    char state[SK_OIDC_RANDOM_SIZE], nonce[SK_OIDC_RANDOM_SIZE];
    char verifier[SK_OIDC_RANDOM_SIZE];  /* RFC 7636 section 4.1 */
    char target[SK_OIDC_TARGET_MAX + 1]; /* page of this server to go on with */
    char provider[SK_OIDC_RANDOM_SIZE];  /* stands for the issuer and the client id it was made for */
    int64_t made_s;                      /* since 1970 */
};

/* A new one. A `target` that is no page of this server, or too long, becomes "/". */
int sk_oidc_state_make(struct sk_span target, const char *issuer, const char *client_id, int64_t now_s, struct sk_oidc_state *ret,
                       struct sk_errmsg *em);
/* Appends the cookie's value. `secret`: the server's key of all tokens. */
int sk_oidc_state_seal(struct sk_span secret, const struct sk_oidc_state *s, struct sk_buf *out, struct sk_errmsg *em);
/* SK_ERR_DENIED: not one of this server, too old, or made for another provider. */
int sk_oidc_state_open(struct sk_span secret, struct sk_span cookie, const char *issuer, const char *client_id, int64_t now_s,
                       struct sk_oidc_state *ret, struct sk_errmsg *em);

/* The challenge of a verifier, S256: RFC 7636 section 4.2. */
int sk_oidc_challenge(const char *verifier, char ret[SK_OIDC_RANDOM_SIZE], struct sk_errmsg *em);

#endif
