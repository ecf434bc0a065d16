/*
 * A module made at run time from the host's own table of imports and the list of WASI's: it imports every function and calls
 * whichever its request names, with whichever arguments. What the table gains is called from then on, too.
 *
 * Export http_calls(request, length, out, max): the request begins with the offset (u32) of the first call; calls follow each
 * other to its end, EVERY_STRIDE bytes each: u32 number of the import, u32 room for an i32 result, then 8 bytes for each
 * argument. The request lies at EVERY_REQUEST when it is longer than 16 bytes. Memory is EVERY_MEMORY bytes and never grows.
 */
#ifndef TEST_PLUGIN_EVERY_IMPORT_H
#define TEST_PLUGIN_EVERY_IMPORT_H

#include "base/buf.h"

#define EVERY_ARGS 9u
#define EVERY_STRIDE (8u + 8u * EVERY_ARGS)
#define EVERY_REQUEST 0x20000u
#define EVERY_REQUEST_MAX 0x10000u
#define EVERY_MEMORY 0x40000u

struct every_import {
    const char *module, *name;
    const char *type; /* as in src/plugin/imports.h; I is a 64-bit integer */
    const char *hint; /* what each argument is meant to be, see test_calls.c; NULL: guess from the type */
};

size_t every_import_count(void);
const struct every_import *every_import(size_t i);
void every_import_module(struct sk_buf *out);

#endif
