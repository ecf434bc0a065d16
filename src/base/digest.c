#include "base/digest.h"

#include "base/library.h"

/* The low-level calls are marked as old, but they need neither OpenSSL's providers nor its configuration. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <pthread.h>

#define LIBRARY "libcrypto.so.3"

static struct {
    __typeof__(&SHA1_Init) sha1_init;
    __typeof__(&SHA1_Update) sha1_update;
    __typeof__(&SHA1_Final) sha1_final;
    __typeof__(&SHA256_Init) sha256_init;
    __typeof__(&SHA256_Update) sha256_update;
    __typeof__(&SHA256_Final) sha256_final;
    bool usable;
} crypto;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *lib = sk_library_open(LIBRARY);
    crypto.usable =
        sk_library_find(lib, "SHA1_Init", &crypto.sha1_init) && sk_library_find(lib, "SHA1_Update", &crypto.sha1_update) &&
        sk_library_find(lib, "SHA1_Final", &crypto.sha1_final) && sk_library_find(lib, "SHA256_Init", &crypto.sha256_init) &&
        sk_library_find(lib, "SHA256_Update", &crypto.sha256_update) &&
        sk_library_find(lib, "SHA256_Final", &crypto.sha256_final);
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
    crypto.sha1_init(&c);
    crypto.sha1_update(&c, text.p, text.n);
    crypto.sha1_final(out, &c);
    return 0;
}

int sk_sha256(struct sk_span text, unsigned char out[SK_SHA256_SIZE], struct sk_errmsg *em)
{
    SHA256_CTX c;
    int r = ready(em);
    if (r < 0)
        return r;
    crypto.sha256_init(&c);
    crypto.sha256_update(&c, text.p, text.n);
    crypto.sha256_final(out, &c);
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
    crypto.sha256_init(&c);
    crypto.sha256_update(&c, inner, BLOCK);
    crypto.sha256_update(&c, text.p, text.n);
    crypto.sha256_final(out, &c);
    crypto.sha256_init(&c);
    crypto.sha256_update(&c, outer, BLOCK);
    crypto.sha256_update(&c, out, SK_SHA256_SIZE);
    crypto.sha256_final(out, &c);
    explicit_bzero(k, sizeof k);
    explicit_bzero(inner, sizeof inner);
    explicit_bzero(outer, sizeof outer);
    explicit_bzero(&c, sizeof c);
    return 0;
}

bool sk_same_secret(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b;
    unsigned char differs = 0;
    for (size_t i = 0; i < n; i++)
        differs |= x[i] ^ y[i];
    return differs == 0;
}
