#include "base/digest.h"

/* The low-level calls are marked as old, but they need neither OpenSSL's providers nor its configuration. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <dlfcn.h>
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

/* ISO C has no cast from an object to a function pointer; POSIX says the bytes are the same. */
static bool find(void *lib, const char *name, void *function)
{
    void *symbol = dlsym(lib, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load(void)
{
    void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    crypto.usable = lib != NULL && find(lib, "SHA1_Init", &crypto.sha1_init) && find(lib, "SHA1_Update", &crypto.sha1_update) &&
                    find(lib, "SHA1_Final", &crypto.sha1_final) && find(lib, "SHA256_Init", &crypto.sha256_init) &&
                    find(lib, "SHA256_Update", &crypto.sha256_update) && find(lib, "SHA256_Final", &crypto.sha256_final);
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
