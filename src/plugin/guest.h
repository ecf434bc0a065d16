/*
 * One instance of a plugin's module and the calls into it. Three conventions of passing texts (buffer, AssemblyScript, and
 * command modules, which are buffer modules that run `_start` once) lie behind struct sk_guest_abi; nobody outside sees which one
 * it is.
 *
 * Owner: the plugin's worker thread. Guest memory is hostile: each access asks for base and size anew, checks by subtraction and
 * copies; no pointer into it outlives the access. After SK_ERR_TRAP or SK_ERR_TIMEOUT the instance is dead: every later call
 * fails with SK_ERR_CLOSED, and the owner makes a fresh one.
 */
#ifndef SK_PLUGIN_GUEST_H
#define SK_PLUGIN_GUEST_H

#include "base/buf.h"
#include "net/sockets.h"
#include "plugin/engine.h"
#include "plugin/host.h"
#include "plugin/module.h"

#include <wasmtime.h>

struct sk_guest;

/* What host calls of the guest lead to. Called on the guest's thread, during a call into it; spans live until they return. */
struct sk_guest_ops {
    void (*log)(void *owner, struct sk_span text);    /* one line of the plugin's own */
    void (*output)(void *owner, struct sk_span line); /* one line of stdout or stderr */
    void (*status)(void *owner, struct sk_span text, bool error);
    bool (*delta)(void *owner, struct sk_span json, int version); /* false: not taken */
    bool (*register_put)(void *owner, struct sk_span context, struct sk_span path);
    bool (*register_provider)(void *owner, enum sk_provider_kind kind, struct sk_span name);
    /* One message of a binary stream; `spokes`: the id is a radar's. False: refused, or no room. */
    bool (*emit)(void *owner, struct sk_span id, bool spokes, struct sk_span bytes);
    /* Node of the model, below the own vessel or from the root. 0, SK_ERR_NOTFOUND, _TIMEOUT, _CLOSED. */
    int (*query)(void *owner, struct sk_span path, bool from_root, struct sk_buf *out);
    void (*read_config)(void *owner, struct sk_buf *out); /* the `configuration` object */
    int (*save_config)(void *owner, struct sk_span json);
    void (*sleep)(void *owner, unsigned ms); /* at most until the current deadline */
    void (*busy)(void *owner, unsigned ms);  /* the call in progress may take so long from now on; may be NULL */
    void (*file_refused)(void *owner);       /* a file did not grow, or was not made, at a limit; may be NULL */
};

struct sk_guest_options {
    struct sk_engine *engine;
    const wasmtime_module_t *module;
    const struct sk_package *package;
    const char *vfs; /* host folder of guest "/"; NULL: none */
    size_t memory_max, table_max;
    struct sk_sockets *sockets;    /* of this life */
    struct sk_fetcher *fetcher;    /* of this life */
    const wasmtime_module_t *gate; /* see gate.h; NULL: its files are not limited */
    struct sk_quota *quota;
    const struct sk_guest_ops *ops;
    void *owner;
    const atomic_uint_fast64_t *cut_at; /* tick at which any call is cut, 0: none; may be NULL */
    const struct sk_simtime *time;      /* that the guest lives in; NULL: the machine's */
};

/* Links, instantiates and initialises (start section, then `_start` or `_initialize` once). The deadline must be set for it. */
int sk_guest_create(const struct sk_guest_options *o, unsigned deadline_ms, struct sk_guest **ret_guest, struct sk_errmsg *em);
void sk_guest_destroy(struct sk_guest *g);

/* Each call below has `ms` to return. Results: 0; SK_ERR_TRAP, SK_ERR_TIMEOUT (dead now); SK_ERR_NOTFOUND (no such export);
   SK_ERR_PROTOCOL (the guest's answer is no text). The text in `em` is fit for users; sk_guest_trap has the long form. */
int sk_guest_text(struct sk_guest *g, const char *name, unsigned ms, struct sk_buf *out, struct sk_errmsg *em); /* pure getters */
/* `ret_code` INT32_MIN stands for JavaScript's undefined: the export returns nothing. */
int sk_guest_start(struct sk_guest *g, struct sk_span config, unsigned ms, int32_t *ret_code, struct sk_errmsg *em);
int sk_guest_stop(struct sk_guest *g, unsigned ms, int32_t *ret_code, struct sk_errmsg *em);
int sk_guest_poll(struct sk_guest *g, unsigned ms, int32_t *ret_code, struct sk_errmsg *em);
int sk_guest_delta(struct sk_guest *g, struct sk_span json, unsigned ms, struct sk_errmsg *em);
int sk_guest_request(struct sk_guest *g, enum sk_call_shape shape, const char *name, struct sk_span request, size_t out_max,
                     unsigned ms, struct sk_buf *out, struct sk_errmsg *em);

/* AssemblyScript: the answer to an asynchronous fetch goes to the export responseHandler. */
int sk_guest_fetched(struct sk_guest *g, struct sk_span body, int status, bool redirected, int32_t id, unsigned ms,
                     struct sk_errmsg *em);

bool sk_guest_has_poll(const struct sk_guest *g);
bool sk_guest_has_delta_handler(const struct sk_guest *g);
bool sk_guest_has_export(struct sk_guest *g, const char *name);
bool sk_guest_dead(const struct sk_guest *g);
size_t sk_guest_memory_bytes(const struct sk_guest *g);
const char *sk_guest_trap(const struct sk_guest *g); /* reason and back-trace of what killed it, "" while alive */
uint64_t sk_guest_ms_left(const struct sk_guest *g); /* of the current call's deadline */

#endif
