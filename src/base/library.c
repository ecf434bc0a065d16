#include "base/library.h"

#include <dlfcn.h>

void *sk_library_open(const char *name)
{
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

bool sk_library_find(void *library, const char *name, void *function)
{
    void *symbol = library != NULL ? dlsym(library, name) : NULL;
    if (symbol == NULL)
        return false;
    memcpy(function, &symbol, sizeof symbol); /* ISO C has no cast from an object to a function pointer; POSIX: same bytes */
    return true;
}
