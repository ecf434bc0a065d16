/*
 * SHA-1, SHA-256 and HMAC by OpenSSL's libcrypto, which is loaded with the first digest: linked in at start it would cost a third
 * of the server's resident memory. Thread: any. The loading blocks once for about a millisecond.
 */
#ifndef SK_BASE_DIGEST_H
#define SK_BASE_DIGEST_H

#include "base/base.h"
#include "base/err.h"

#define SK_SHA1_SIZE 20
#define SK_SHA256_SIZE 32

/* SK_ERR_UNSUPPORTED when libcrypto is not installed; `em` names it. */
int sk_sha1(struct sk_span text, unsigned char out[SK_SHA1_SIZE], struct sk_errmsg *em);
int sk_sha256(struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em);
/* RFC 2104, over the SHA-256 above. */
int sk_hmac_sha256(struct sk_span key, struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em);
/* Takes the same time wherever the two differ. */
bool sk_same_secret(const void *a, const void *b, size_t n);

#endif
