#include "base/digest.h"

#include "base/library.h"

/* The low-level calls are marked as old, but they need neither OpenSSL's providers nor its configuration. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <pthread.h>

#define LIBRARY "libcrypto.so.3"

/* clang-format off */
#define FUNCTIONS(X) \
    X(SHA1_Init) X(SHA1_Update) X(SHA1_Final) X(SHA256_Init) X(SHA256_Update) X(SHA256_Final) \
    X(SHA384_Init) X(SHA384_Update) X(SHA384_Final) X(SHA512_Init) X(SHA512_Update) X(SHA512_Final)
/* clang-format on */

static struct {
#define AS_MEMBER(name) __typeof__(&name) name;
    FUNCTIONS(AS_MEMBER)
#undef AS_MEMBER
    bool usable;
} crypto;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *lib = sk_library_open(LIBRARY);
    crypto.usable = true;
#define AS_LOOKUP(name) crypto.usable = crypto.usable && sk_library_find(lib, #name, &crypto.name);
    FUNCTIONS(AS_LOOKUP)
#undef AS_LOOKUP
}

static int ready(struct sk_errmsg *em)
{
    pthread_once(&loaded, load);
    return crypto.usable ? 0
                         : sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is missing or too old (Debian package libssl3)", LIBRARY);
}

int sk_sha1(struct sk_span text, unsigned char out[SK_SHA1_SIZE], struct sk_errmsg *em)
{
    SHA_CTX c;
    int r = ready(em);
    if (r < 0)
        return r;
    crypto.SHA1_Init(&c);
    crypto.SHA1_Update(&c, text.p, text.n);
    crypto.SHA1_Final(out, &c);
    return 0;
}

int sk_sha256(struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em)
{
    SHA256_CTX c;
    int r = ready(em);
    if (r < 0)
        return r;
    crypto.SHA256_Init(&c);
    crypto.SHA256_Update(&c, text.p, text.n);
    crypto.SHA256_Final(out, &c);
    return 0;
}

int sk_hmac_sha256(struct sk_span key, struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em)
{
    enum { BLOCK = 64 };
    unsigned char k[BLOCK] = { 0 }, inner[BLOCK], outer[BLOCK];
    SHA256_CTX c;
    int r = key.n > BLOCK ? sk_sha256(key, k, em) : ready(em);
    if (r < 0)
        return r;
    if (key.n > 0 && key.n <= BLOCK)
        memcpy(k, key.p, key.n);
    for (int i = 0; i < BLOCK; i++) {
        inner[i] = k[i] ^ 0x36;
        outer[i] = k[i] ^ 0x5c;
    }
    crypto.SHA256_Init(&c);
    crypto.SHA256_Update(&c, inner, BLOCK);
    crypto.SHA256_Update(&c, text.p, text.n);
    crypto.SHA256_Final(out, &c);
    crypto.SHA256_Init(&c);
    crypto.SHA256_Update(&c, outer, BLOCK);
    crypto.SHA256_Update(&c, out, SK_SHA256_SIZE);
    crypto.SHA256_Final(out, &c);
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
    int r = ready(em);
    if (r < 0)
        return r;
    ret->kind = kind;
    if (kind == SK_DIGEST_SHA1)
        crypto.SHA1_Init(&s->sha1);
    else if (kind == SK_DIGEST_SHA256)
        crypto.SHA256_Init(&s->sha256);
    else if (kind == SK_DIGEST_SHA384)
        crypto.SHA384_Init(&s->sha512);
    else
        crypto.SHA512_Init(&s->sha512);
    return 0;
}

void sk_digest_add(struct sk_digest *d, struct sk_span bytes)
{
    union state *s = (union state *)(void *)&d->state;
    if (d->kind == SK_DIGEST_SHA1)
        crypto.SHA1_Update(&s->sha1, bytes.p, bytes.n);
    else if (d->kind == SK_DIGEST_SHA256)
        crypto.SHA256_Update(&s->sha256, bytes.p, bytes.n);
    else if (d->kind == SK_DIGEST_SHA384)
        crypto.SHA384_Update(&s->sha512, bytes.p, bytes.n);
    else
        crypto.SHA512_Update(&s->sha512, bytes.p, bytes.n);
}

size_t sk_digest_end(struct sk_digest *d, unsigned char out[SK_DIGEST_SIZE_MAX])
{
    union state *s = (union state *)(void *)&d->state;
    switch (d->kind) {
    case SK_DIGEST_SHA1:
        crypto.SHA1_Final(out, &s->sha1);
        return SK_SHA1_SIZE;
    case SK_DIGEST_SHA256:
        crypto.SHA256_Final(out, &s->sha256);
        return SK_SHA256_SIZE;
    case SK_DIGEST_SHA384:
        crypto.SHA384_Final(out, &s->sha512);
        return SHA384_DIGEST_LENGTH;
    case SK_DIGEST_SHA512:
        break;
    }
    crypto.SHA512_Final(out, &s->sha512);
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
