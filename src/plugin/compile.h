/*
 * From a .wasm file to a module ready to run: content hash, cache, and a short-lived child process that compiles what the cache
 * does not hold, so that neither the compiler's memory nor its bugs stay in the server. Thread: worker threads; blocks.
 */
#ifndef SK_PLUGIN_COMPILE_H
#define SK_PLUGIN_COMPILE_H

#include "base/base.h"
#include "plugin/engine.h"

struct sk_compile_options {
    struct sk_engine *engine;
    const char *cache_dir; /* <cache_dir>/wasm is used; NULL: no cache, compile in this process */
    size_t module_max;
    unsigned ms;               /* time limit of a compile */
    bool in_process;           /* no child */
    const atomic_bool *cancel; /* given up soon after this turns true */
};

/* The error text says what is wrong with the file, for the plugin's author. */
int sk_module_load(const struct sk_compile_options *o, const char *file, wasmtime_module_t **ret_module, struct sk_errmsg *em);
/* A module of the server's own, known in the cache by a name that changes with it. */
int sk_module_load_own(const struct sk_compile_options *o, const char *name, struct sk_span module,
                       wasmtime_module_t **ret_module, struct sk_errmsg *em);
/* "<wasmtime error text>" into em, and frees the error. */
int sk_engine_error(struct sk_errmsg *em, int code, wasmtime_error_t *error, const char *what);
/* One line of an error or trap message, the one that says what happened. */
void sk_engine_words(const wasm_name_t *message, char *ret_words, size_t size);

#endif
