#include "base/openssl.h"

#include "base/library.h"

#include <pthread.h>

#define LIBCRYPTO "libcrypto.so.3"
#define LIBSSL "libssl.so.3"

struct sk_libcrypto sk_libcrypto;
struct sk_libssl sk_libssl;
static pthread_once_t crypto_loaded = PTHREAD_ONCE_INIT, ssl_loaded = PTHREAD_ONCE_INIT;

static void load_crypto(void)
{
    void *lib = sk_library_open(LIBCRYPTO);
    bool all = true;
#define AS_LOOKUP(name) all = all && sk_library_find(lib, #name, &sk_libcrypto.name);
    SK_LIBCRYPTO_FUNCTIONS(AS_LOOKUP)
#undef AS_LOOKUP
    sk_libcrypto.usable = all;
}

static void load_ssl(void)
{
    void *lib = sk_library_open(LIBSSL);
    bool all = true;
#define AS_LOOKUP(name) all = all && sk_library_find(lib, #name, &sk_libssl.name);
    SK_LIBSSL_FUNCTIONS(AS_LOOKUP)
#undef AS_LOOKUP
    sk_libssl.usable = all;
}

static int missing(const char *library, struct sk_errmsg *em)
{
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is missing or too old (Debian package libssl3)", library);
}

int sk_libcrypto_load(struct sk_errmsg *em)
{
    pthread_once(&crypto_loaded, load_crypto);
    return sk_libcrypto.usable ? 0 : missing(LIBCRYPTO, em);
}

int sk_libssl_load(struct sk_errmsg *em)
{
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    pthread_once(&ssl_loaded, load_ssl);
    return sk_libssl.usable ? 0 : missing(LIBSSL, em);
}
