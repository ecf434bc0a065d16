/*
 * Subresource Integrity ("sha512-<base64> ..."), as registries and lock files give it for an archive. Of several algorithms the
 * strongest counts; one of its digests must be that of the bytes. Owner: one thread at a time.
 */
#ifndef SK_NPM_SRI_H
#define SK_NPM_SRI_H

#include "base/digest.h"

#define SK_SRI_SIZE (8 + 92) /* "sha512-" and base64 of 64 bytes */

struct sk_sri {
    struct sk_digest digest;
    unsigned char wanted[4][SK_DIGEST_SIZE_MAX];
    size_t wanted_count;
};

/* `integrity`, or where that is empty `shasum` (SHA-1 in hexadecimal). SK_ERR_INVALID: neither can be used. */
int sk_sri_begin(struct sk_sri *s, const char *integrity, const char *shasum, struct sk_errmsg *em);
void sk_sri_add(struct sk_sri *s, struct sk_span bytes);
/* SK_ERR_INVALID: they are not the bytes that were promised. */
int sk_sri_end(struct sk_sri *s, struct sk_errmsg *em);
/* Of a digest begun with SK_DIGEST_SHA512. */
void sk_sri_write(struct sk_digest *d, char out[SK_SRI_SIZE]);

#endif
