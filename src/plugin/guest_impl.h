/* Inside of a guest; only for guest*.c, imports*.c and wasi.c. Owner: the plugin's thread. */
#ifndef SK_PLUGIN_GUEST_IMPL_H
#define SK_PLUGIN_GUEST_IMPL_H

#include "net/fetch.h"
#include "plugin/guest.h"

#define SK_GUEST_PARAMS_MAX 16
#define SK_TEXT_MIN 8192u /* announced for names, schemas, endpoints */
#define SK_TEXT_MAX 262144u
#define SK_OUT_DEFAULT 65536u /* announced for requests */
#define SK_LINE_MAX 2000u     /* of stdout and stderr; longer lines are divided */

#define SK_AS_ARRAYBUFFER 1u
#define SK_AS_STRING 2u

/* Exports that are looked up once. */
/* The formatter never agrees with itself on a list of macro calls. */
/* clang-format off */
#define SK_GUEST_EXPORTS(X) \
    X(ALLOCATE, "allocate") X(DEALLOCATE, "deallocate") X(NEW, "__new") X(PIN, "__pin") X(UNPIN, "__unpin") \
    X(START, "plugin_start") X(STOP, "plugin_stop") X(POLL, "poll") X(DELTA, "delta_handler") \
    X(COMMAND_START, "_start") X(INITIALIZE, "_initialize")
/* clang-format on */

enum sk_guest_export {
#define SK_AS_ENUM(id, name) SK_EXPORT_##id,
    SK_GUEST_EXPORTS(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_EXPORT_COUNT
};

struct sk_guest_func {
    wasmtime_func_t f;
    const char *name;
    bool present;
    bool odd;   /* it is exported, but cannot be called */
    bool plain; /* i32 only: no conversions */
    uint8_t nparams, nresults;
    wasm_valkind_t params[SK_GUEST_PARAMS_MAX], results[SK_GUEST_PARAMS_MAX];
};

struct sk_guest_abi {
    const char *kind;
    int (*text)(struct sk_guest *g, const struct sk_guest_func *f, struct sk_buf *out, struct sk_errmsg *em);
    int (*start)(struct sk_guest *g, struct sk_span config, int32_t *ret_code, struct sk_errmsg *em);
    int (*delta)(struct sk_guest *g, struct sk_span json, struct sk_errmsg *em);
    int (*request)(struct sk_guest *g, const struct sk_guest_func *f, enum sk_call_shape shape, struct sk_span request,
                   uint32_t max, struct sk_buf *out, struct sk_errmsg *em);
};
extern const struct sk_guest_abi sk_guest_buffer_abi, sk_guest_as_abi;

struct sk_gate;
struct sk_import;
struct sk_import_binding { /* one function import of the module, with the types it declares */
    struct sk_guest *g;
    const struct sk_import *import;
    uint8_t nparams, nresults;
    bool denied;
    wasm_valkind_t params[SK_GUEST_PARAMS_MAX], result;
};

struct sk_guest_lines { /* collects one output line */
    struct sk_guest *guest;
    size_t n;
    char text[SK_LINE_MAX];
};

struct sk_guest {
    struct sk_guest_options o;
    const struct sk_guest_abi *abi;
    wasmtime_store_t *store;
    wasmtime_context_t *ctx; /* during a host call: the caller's */
    wasmtime_instance_t instance;
    wasmtime_memory_t memory;
    bool has_memory, dead, timed_out;
    uint64_t deadline_tick, clock_start_ns;
    struct sk_import_binding *bindings; /* one per function import of ours */
    struct sk_gate *gate;               /* NULL: none */
    struct sk_guest_lines out, err;
    uint64_t denied_logged;        /* bit per import row: it is said once */
    bool stopping;                 /* in plugin_stop */
    uint64_t waited_ms;            /* of this call, in fetches that do not count */
    struct sk_fetch_response http; /* of sk_http_request, until its body was taken */
    size_t http_taken;
    char *vfs;            /* the folder's real name; NULL: none */
    char abort_text[400]; /* last abort() of AssemblyScript code */
    char trap[2000];
    struct sk_guest_func exports[SK_EXPORT_COUNT];
};

/* ---- guest.c ---- */
bool sk_guest_lookup(struct sk_guest *g, const char *name, struct sk_guest_func *ret_func);
/* Surplus arguments are dropped, missing ones are 0. `ret` may be NULL; a missing result is 0. */
int sk_guest_invoke(struct sk_guest *g, const struct sk_guest_func *f, const uint32_t *args, unsigned n, int32_t *ret,
                    struct sk_errmsg *em);

/* At the begin of a host call: the context is the caller's until it is set back to what this returns. */
wasmtime_context_t *sk_guest_enter_host(struct sk_guest *g, wasmtime_caller_t *caller);
wasm_valkind_t sk_guest_valkind(const wasm_valtype_t *type); /* WASM_I32 to WASM_F64, or UINT8_MAX for what is no number */

void sk_guest_set_deadline(struct sk_guest *g, unsigned ms); /* at the begin of each call from outside */

/* ---- guest_memory.c ---- */
/* Valid until the next call into the guest or growth of its memory; NULL when any byte is outside. */
uint8_t *sk_guest_view(struct sk_guest *g, uint32_t off, uint32_t len);
bool sk_guest_put(struct sk_guest *g, uint32_t off, const void *p, size_t n);
/* UTF-8 of a host call's argument. False (with a debug line that names `what`) when it lies outside or exceeds out->max. */
bool sk_guest_utf8(struct sk_guest *g, uint32_t ptr, uint32_t len, const char *what, struct sk_buf *out);
/* AssemblyScript string object. 0; SK_ERR_NOTFOUND for null; SK_ERR_PROTOCOL when it is none. */
int sk_guest_as_string(struct sk_guest *g, uint32_t ptr, struct sk_buf *out);
/* Elements of an AssemblyScript array of references; how many, or negative: no array, or more than `max`. */
int sk_guest_as_array(struct sk_guest *g, uint32_t ptr, uint32_t *out, uint32_t max);
int sk_guest_as_bytes(struct sk_guest *g, uint32_t ptr, struct sk_buf *out); /* of an ArrayBuffer */
void sk_utf16_append(struct sk_buf *out, const uint8_t *le, size_t units);   /* lone surrogates become U+FFFD */
/* Code units of the text; with `le` they are written there too. */
size_t sk_utf16_units(struct sk_span utf8, uint8_t *le);

/* ---- guest_as.c ---- */
/* A new ArrayBuffer. Nothing pins it: for a host call's result, which the guest keeps at once. */
int sk_guest_as_give(struct sk_guest *g, struct sk_span bytes, uint32_t *ret_ptr, struct sk_errmsg *em);

/* ---- imports.c ---- */
int sk_imports_bind(struct sk_guest *g, wasmtime_extern_t *ret_externs, const wasm_importtype_vec_t *types, struct sk_errmsg *em);

/* ---- wasi.c ---- */
int sk_wasi_configure(struct sk_guest *g, struct sk_errmsg *em);
void sk_wasi_flush_lines(struct sk_guest *g);

#endif
