/*
 * The public keys of somebody who signs: a JWK Set (RFC 7517; keys as in RFC 7518 section 6 and RFC 8037). Pure, but for the
 * arithmetic of jose/crypto.h. Keys that cannot be used here are passed over, as RFC 7517 section 5 says: kinds that are not
 * known, keys with a shared secret ("oct"), keys for encryption, RSA keys of fewer than 2048 or more than 8192 bits.
 * Thread: any, one at a time.
 */
#ifndef SK_JOSE_JWK_H
#define SK_JOSE_JWK_H

#include "base/json.h"
#include "jose/crypto.h"

#define SK_JWKS_MAX 64u   /* keys that can be used; those behind are passed over */
#define SK_JWK_ID_MAX 255 /* bytes of a key id; a key with a longer one is passed over */

enum sk_jwk_kind { SK_JWK_RSA, SK_JWK_P256, SK_JWK_P384, SK_JWK_P521, SK_JWK_ED25519 };

struct sk_jwk {
    enum sk_jwk_kind kind;
    enum sk_jose_alg alg; /* the only one it is for; NO_ALG: any of its kind */
    char id[SK_JWK_ID_MAX + 1];
    bool has_id;
    struct sk_buf der; /* SubjectPublicKeyInfo */
};

struct sk_jwks {
    struct sk_jwk *keys;
    size_t count;
};

/* SK_ERR_INVALID: no JWK Set, or none of its keys can be used. */
int sk_jwks_read(struct sk_span json, struct sk_jwks *ret_keys, struct sk_errmsg *em);
void sk_jwks_finish(struct sk_jwks *k); /* zeroed is fine */

/*
 * The key for a signature of that algorithm. With `id` NULL there must be exactly one key that fits, as OpenID Connect Core
 * section 10.1 wants it. SK_ERR_NOTFOUND: there is none; newer keys may hold it.
 */
int sk_jwks_choose(const struct sk_jwks *k, enum sk_jose_alg alg, const char *id, const struct sk_jwk **ret_key,
                   struct sk_errmsg *em);

#endif
