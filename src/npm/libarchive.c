#include "npm/libarchive.h"

#include "base/library.h"

#include <pthread.h>

static struct sk_archive archive;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *lib = sk_library_open("libarchive.so.13");
    archive.usable = true;
#define SK_AS_LOOKUP(name) archive.usable = archive.usable && sk_library_find(lib, "archive_" #name, &archive.name);
    SK_ARCHIVE_FUNCTIONS(SK_AS_LOOKUP)
#undef SK_AS_LOOKUP
}

int sk_archive_load(const struct sk_archive **ret_archive, struct sk_errmsg *em)
{
    pthread_once(&loaded, load);
    if (!archive.usable)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "libarchive is missing or too old (Debian package libarchive13)");
    *ret_archive = &archive;
    return 0;
}
