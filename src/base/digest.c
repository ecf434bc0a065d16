#include "base/digest.h"

#include "base/openssl.h"

int sk_sha1(struct sk_span text, unsigned char out[SK_SHA1_SIZE], struct sk_errmsg *em)
{
    SHA_CTX c;
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    sk_libcrypto.SHA1_Init(&c);
    sk_libcrypto.SHA1_Update(&c, text.p, text.n);
    sk_libcrypto.SHA1_Final(out, &c);
    return 0;
}

int sk_sha256(struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em)
{
    SHA256_CTX c;
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    sk_libcrypto.SHA256_Init(&c);
    sk_libcrypto.SHA256_Update(&c, text.p, text.n);
    sk_libcrypto.SHA256_Final(out, &c);
    return 0;
}

int sk_hmac_sha256(struct sk_span key, struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em)
{
    enum { BLOCK = 64 };
    unsigned char k[BLOCK] = { 0 }, inner[BLOCK], outer[BLOCK];
    SHA256_CTX c;
    int r = key.n > BLOCK ? sk_sha256(key, k, em) : sk_libcrypto_load(em);
    if (r < 0)
        return r;
    if (key.n > 0 && key.n <= BLOCK)
        memcpy(k, key.p, key.n);
    for (int i = 0; i < BLOCK; i++) {
        inner[i] = k[i] ^ 0x36;
        outer[i] = k[i] ^ 0x5c;
    }
    sk_libcrypto.SHA256_Init(&c);
    sk_libcrypto.SHA256_Update(&c, inner, BLOCK);
    sk_libcrypto.SHA256_Update(&c, text.p, text.n);
    sk_libcrypto.SHA256_Final(out, &c);
    sk_libcrypto.SHA256_Init(&c);
    sk_libcrypto.SHA256_Update(&c, outer, BLOCK);
    sk_libcrypto.SHA256_Update(&c, out, SK_SHA256_SIZE);
    sk_libcrypto.SHA256_Final(out, &c);
    explicit_bzero(k, sizeof k);
    explicit_bzero(inner, sizeof inner);
    explicit_bzero(outer, sizeof outer);
    explicit_bzero(&c, sizeof c);
    return 0;
}

union state {
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha512; /* SHA-384 too */
};
_Static_assert(sizeof(union state) <= sizeof((struct sk_digest *)0)->state, "OpenSSL's state has grown");

int sk_digest_begin(enum sk_digest_kind kind, struct sk_digest *ret, struct sk_errmsg *em)
{
    union state *s = (union state *)(void *)&ret->state;
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    ret->kind = kind;
    if (kind == SK_DIGEST_SHA1)
        sk_libcrypto.SHA1_Init(&s->sha1);
    else if (kind == SK_DIGEST_SHA256)
        sk_libcrypto.SHA256_Init(&s->sha256);
    else if (kind == SK_DIGEST_SHA384)
        sk_libcrypto.SHA384_Init(&s->sha512);
    else
        sk_libcrypto.SHA512_Init(&s->sha512);
    return 0;
}

void sk_digest_add(struct sk_digest *d, struct sk_span bytes)
{
    union state *s = (union state *)(void *)&d->state;
    if (d->kind == SK_DIGEST_SHA1)
        sk_libcrypto.SHA1_Update(&s->sha1, bytes.p, bytes.n);
    else if (d->kind == SK_DIGEST_SHA256)
        sk_libcrypto.SHA256_Update(&s->sha256, bytes.p, bytes.n);
    else if (d->kind == SK_DIGEST_SHA384)
        sk_libcrypto.SHA384_Update(&s->sha512, bytes.p, bytes.n);
    else
        sk_libcrypto.SHA512_Update(&s->sha512, bytes.p, bytes.n);
}

size_t sk_digest_end(struct sk_digest *d, unsigned char out[SK_DIGEST_SIZE_MAX])
{
    union state *s = (union state *)(void *)&d->state;
    switch (d->kind) {
    case SK_DIGEST_SHA1:
        sk_libcrypto.SHA1_Final(out, &s->sha1);
        return SK_SHA1_SIZE;
    case SK_DIGEST_SHA256:
        sk_libcrypto.SHA256_Final(out, &s->sha256);
        return SK_SHA256_SIZE;
    case SK_DIGEST_SHA384:
        sk_libcrypto.SHA384_Final(out, &s->sha512);
        return SHA384_DIGEST_LENGTH;
    case SK_DIGEST_SHA512:
        break;
    }
    sk_libcrypto.SHA512_Final(out, &s->sha512);
    return SHA512_DIGEST_LENGTH;
}

bool sk_same_secret(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b;
    unsigned char differs = 0;
    for (size_t i = 0; i < n; i++)
        differs |= x[i] ^ y[i];
    return differs == 0;
}
