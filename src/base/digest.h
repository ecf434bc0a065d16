/*
 * SHA-1, SHA-2 and HMAC by OpenSSL's libcrypto, which is loaded with the first digest: linked in at start it would cost a third
 * of the server's resident memory. Thread: any. The loading blocks once for about a millisecond.
 */
#ifndef SK_BASE_DIGEST_H
#define SK_BASE_DIGEST_H

#include "base/base.h"
#include "base/err.h"

#define SK_SHA1_SIZE 20
#define SK_SHA256_SIZE 32
#define SK_DIGEST_SIZE_MAX 64

/* SK_ERR_UNSUPPORTED when libcrypto is not installed; `em` names it. */
int sk_sha1(struct sk_span text, unsigned char out[SK_SHA1_SIZE], struct sk_errmsg *em);
int sk_sha256(struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em);
/* RFC 2104, over the SHA-256 above. */
int sk_hmac_sha256(struct sk_span key, struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em);

/* A digest of what comes in parts. */
enum sk_digest_kind { SK_DIGEST_SHA1, SK_DIGEST_SHA256, SK_DIGEST_SHA384, SK_DIGEST_SHA512 };
struct sk_digest {
    enum sk_digest_kind kind;
    union {
        uint64_t aligned;
        unsigned char room[232]; /* for OpenSSL's own state */
    } state;
};
int sk_digest_begin(enum sk_digest_kind kind, struct sk_digest *ret, struct sk_errmsg *em); /* SK_ERR_UNSUPPORTED as above */
void sk_digest_add(struct sk_digest *d, struct sk_span bytes);
size_t sk_digest_end(struct sk_digest *d, unsigned char out[SK_DIGEST_SIZE_MAX]); /* the number of bytes written */

/* Takes the same time wherever the two differ. */
bool sk_same_secret(const void *a, const void *b, size_t n);

#endif
