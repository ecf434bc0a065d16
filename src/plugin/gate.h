/*
 * The gate before Wasmtime's file functions: what makes files grow, or makes new ones, is checked against the plugin's quota
 * first and then passed on. Wasmtime's functions find the memory they work on in their caller, so they cannot be called by the
 * host itself: between them stands a tiny module that borrows the guest's memory and does nothing but pass calls on. Thread: the
 * plugin's worker.
 */
#ifndef SK_PLUGIN_GATE_H
#define SK_PLUGIN_GATE_H

#include "plugin/compile.h"
#include "plugin/quota.h"

struct sk_guest;
struct sk_gate;

bool sk_gate_needed(const wasmtime_module_t *module); /* it can write files */
/* The tiny module, compiled once per engine (and kept in the cache). It belongs to the engine. */
int sk_gate_module(const struct sk_compile_options *o, const wasmtime_module_t **ret_module, struct sk_errmsg *em);

/* One per guest; `quota` and the guest outlive it. `linker` has Wasmtime's WASI. */
int sk_gate_create(struct sk_guest *g, const wasmtime_module_t *module, struct sk_quota *quota, const wasmtime_linker_t *linker,
                   struct sk_gate **ret_gate, struct sk_errmsg *em);
void sk_gate_destroy(struct sk_gate *gate); /* NULL is fine */
bool sk_gate_has(const wasm_name_t *name);  /* of a function of wasi_snapshot_preview1 */
/* SK_ERR_UNSUPPORTED when the module declares another type than WASI has. */
int sk_gate_bind(struct sk_gate *gate, const wasm_name_t *name, const wasm_functype_t *type, wasmtime_extern_t *ret_extern,
                 struct sk_errmsg *em);

#endif
