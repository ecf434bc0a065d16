#include "net/curl.h"

#include "base/library.h"

#include <pthread.h>

static struct sk_curl curl;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
    void *lib = NULL;
    for (size_t i = 0; i < SK_COUNT(names) && lib == NULL; i++)
        lib = sk_library_open(names[i]);
    bool found = true;
#define SK_AS_LOOKUP(name) found = found && sk_library_find(lib, "curl_" #name, &curl.name);
    SK_CURL_FUNCTIONS(SK_AS_LOOKUP)
#undef SK_AS_LOOKUP
    curl.usable = found && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int sk_curl_load(const struct sk_curl **ret_curl, struct sk_errmsg *em)
{
    pthread_once(&loaded, load);
    if (!curl.usable)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "libcurl is missing or too old (Debian package libcurl4)");
    *ret_curl = &curl;
    return 0;
}
