/*
 * JSON Web Tokens as Signal K servers hand them out: signed with HS256 and nothing else. RFC 7515, RFC 7519.
 * The role is not in the token: whoever accepts one looks its subject up, so a deleted user is out at once. Thread: any.
 */
#ifndef SK_AUTH_TOKEN_H
#define SK_AUTH_TOKEN_H

#include "base/buf.h"
#include "base/err.h"

#define SK_SUBJECT_MAX 128u /* bytes of a user name or client id */
#define SK_TOKEN_MAX 2048u  /* bytes of a token; longer ones are refused unread */

struct sk_claims {
    char subject[SK_SUBJECT_MAX + 1];
    bool device;      /* subject is a device's client id, else a user name */
    bool remember_me; /* the session was asked to outlive the browser */
    int64_t iat_s;    /* issued at, seconds since 1970 */
    int64_t exp_s;    /* 0: never expires */
};

/* Appends the token. `key` is the server's secret as text. */
int sk_token_issue(struct sk_span key, const struct sk_claims *claims, struct sk_buf *out, struct sk_errmsg *em);
/* SK_ERR_INVALID: no token, or not of this kind; SK_ERR_DENIED: wrong signature, or no longer valid at `now_s`. */
int sk_token_verify(struct sk_span key, struct sk_span token, int64_t now_s, struct sk_claims *ret_claims, struct sk_errmsg *em);

/* A life time as it stands in the settings: "NEVER", "60s", "10 minutes", "1h", "1d", "1y"; a bare number counts milliseconds.
 *ret_s is 0 for never. */
int sk_timespan_parse(struct sk_span text, int64_t *ret_s, struct sk_errmsg *em);

#endif
