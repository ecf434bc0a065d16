/*
 * Heavy libraries are loaded when first used: linked in at start, each would cost the idle server memory that most boats never
 * need. Thread: any; loading blocks, some for a few milliseconds.
 */
#ifndef SK_BASE_LIBRARY_H
#define SK_BASE_LIBRARY_H

#include "base/base.h"

/* A handle for sk_library_find, never given back; NULL when the library is not installed. */
void *sk_library_open(const char *name);
/* Writes the function's address to *(function pointer)function; false, and nothing written, when there is none of that name. */
bool sk_library_find(void *library, const char *name, void *function);

#endif
