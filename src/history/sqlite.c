#include "history/sqlite.h"

#include "base/library.h"

#include <pthread.h>

#define LIBRARY "libsqlite3.so.0"

static struct sk_sqlite functions;
static bool usable;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *lib = sk_library_open(LIBRARY);
    usable = true;
#define SK_FIND(name) usable = usable && sk_library_find(lib, "sqlite3_" #name, &functions.name);
    SK_SQLITE_FUNCTIONS(SK_FIND)
#undef SK_FIND
}

const struct sk_sqlite *sk_sqlite_load(struct sk_errmsg *em)
{
    pthread_once(&loaded, load);
    if (usable)
        return &functions;
    (void)sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is missing or too old (Debian package libsqlite3-0)", LIBRARY);
    return NULL;
}
