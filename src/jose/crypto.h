/*
 * Signatures and authenticated encryption by OpenSSL's libcrypto, which is loaded when first used. Thread: any. The loading
 * blocks once for some milliseconds; a call takes a fraction of one.
 */
#ifndef SK_JOSE_CRYPTO_H
#define SK_JOSE_CRYPTO_H

#include "base/buf.h"
#include "base/err.h"

/* Algorithms of RFC 7518 section 3.1 and RFC 8037 with a public key. "none" and those with a shared secret are not among them. */
#define SK_JOSE_ALGORITHMS(X) X(RS256) X(RS384) X(RS512) X(PS256) X(PS384) X(PS512) X(ES256) X(ES384) X(ES512) X(EdDSA)
enum sk_jose_alg {
    SK_JOSE_NO_ALG,
#define SK_AS_ENUM(name) SK_JOSE_##name,
    SK_JOSE_ALGORITHMS(SK_AS_ENUM)
#undef SK_AS_ENUM
};
enum sk_jose_alg sk_jose_alg_of(struct sk_span name); /* NO_ALG: not one of these */

/* `key`: a SubjectPublicKeyInfo in DER (RFC 5280). `signature` as RFC 7518 has it; that of ECDSA is r and s, of equal length.
   SK_ERR_DENIED: it is not the signature; SK_ERR_INVALID: no such key; SK_ERR_UNSUPPORTED: libcrypto is missing. */
int sk_signature_check(enum sk_jose_alg alg, struct sk_span key, struct sk_span text, struct sk_span signature,
                       struct sk_errmsg *em);

#define SK_SEAL_KEY_SIZE 32
/* AES-256-GCM (NIST SP 800-38D): a random nonce of 12 bytes, the encrypted text, and a tag of 16 bytes are appended. `context`
   goes into the tag: what was sealed for one purpose does not open for another. */
int sk_seal(const unsigned char key[SK_SEAL_KEY_SIZE], struct sk_span context, struct sk_span text, struct sk_buf *out,
            struct sk_errmsg *em);
/* SK_ERR_DENIED: not sealed with that key and context, or changed since. */
int sk_unseal(const unsigned char key[SK_SEAL_KEY_SIZE], struct sk_span context, struct sk_span sealed, struct sk_buf *out,
              struct sk_errmsg *em);

/* DER (ITU-T X.690) for those who make keys: one element around `content`, and an unsigned number as INTEGER. */
void sk_der_append(struct sk_buf *out, unsigned char tag, struct sk_span content);
void sk_der_append_number(struct sk_buf *out, struct sk_span big_endian);

#define SK_DER_INTEGER 0x02u
#define SK_DER_BIT_STRING 0x03u
#define SK_DER_SEQUENCE 0x30u

#endif
