/*
 * A signed text in its compact form: header, payload and signature in base64url, with dots between (RFC 7515). Only signatures
 * with public keys are read: a token that claims to need none, or to be signed with a shared secret, is refused unread. Keys that
 * a token brings along (jwk, jku, x5c, x5u) are never looked at. Pure. Thread: any, one at a time.
 */
#ifndef SK_JOSE_JWS_H
#define SK_JOSE_JWS_H

#include "jose/jwk.h"

#define SK_JWS_MAX ((size_t)32 * 1024)

struct sk_jws {
    enum sk_jose_alg alg;
    char id[SK_JWK_ID_MAX + 1]; /* of its key */
    bool has_id;
    struct sk_span text;              /* what is signed; in the token */
    struct sk_buf payload, signature; /* decoded */
};

/* SK_ERR_LIMIT: too long; SK_ERR_INVALID: no such token; SK_ERR_DENIED: not signed in a way that is accepted. Nothing is
   verified yet. The token must outlive `ret`. */
int sk_jws_read(struct sk_span token, struct sk_jws *ret, struct sk_errmsg *em);
void sk_jws_finish(struct sk_jws *j); /* zeroed is fine */

/* SK_ERR_NOTFOUND: no key for it; SK_ERR_DENIED: the signature is wrong. */
int sk_jws_verify(const struct sk_jws *j, const struct sk_jwks *keys, struct sk_errmsg *em);

#endif
