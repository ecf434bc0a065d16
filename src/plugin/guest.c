#include "plugin/guest.h"

#include "base/utf8.h"
#include "plugin/compile.h"
#include "plugin/gate.h"
#include "plugin/guest_impl.h"
#include "plugin/imports.h"

#include <stdlib.h>

/* ---- calls ---- */

static const char *trap_text(wasmtime_trap_code_t code)
{
    switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
        return "stack overflow";
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
        return "memory access out of bounds";
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
        return "table index is out of bounds";
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
        return "call of a null function";
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE:
        return "indirect call with a wrong signature";
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
        return "integer overflow";
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
        return "divide by zero";
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
        return "float unrepresentable in integer range";
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
        return "unreachable";
    case WASMTIME_TRAP_CODE_INTERRUPT:
        return "interrupted";
    default:
        return "trap";
    }
}

static void append_frames(struct sk_buf *b, const wasm_frame_vec_t *frames)
{
    for (size_t i = 0; i < frames->size && i < 20; i++) {
        const wasm_frame_t *f = frames->data[i];
        const wasm_name_t *name = wasmtime_frame_func_name(f);
        sk_buf_printf(b, "\n    at ");
        if (name != NULL)
            sk_utf8_append_lossy(b, name->data, name->size < 80 ? name->size : 80);
        else
            sk_buf_printf(b, "function %u", wasm_frame_func_index(f));
        sk_buf_printf(b, " (wasm +0x%zx)", wasm_frame_module_offset(f));
    }
}

/* One line for users: what went wrong in which export. */
static void reason_of(struct sk_guest *g, const wasm_trap_t *trap, const wasmtime_error_t *error, struct sk_errmsg *em)
{
    wasmtime_trap_code_t code;
    int status;
    if (g->timed_out)
        sk_errmsg_set(em, SK_ERR_TIMEOUT, "took too long and was interrupted");
    else if (error != NULL && wasmtime_error_exit_status(error, &status))
        sk_errmsg_set(em, SK_ERR_TRAP, "called proc_exit(%d)", status);
    else if (g->abort_text[0] != 0)
        sk_errmsg_set(em, SK_ERR_TRAP, "%s", g->abort_text);
    else if (trap != NULL && wasmtime_trap_code(trap, &code))
        sk_errmsg_set(em, SK_ERR_TRAP, "%s", trap_text(code));
    else {
        wasm_name_t text = { 0 };
        char words[400];
        if (trap != NULL)
            wasm_trap_message(trap, &text);
        else
            wasmtime_error_message(error, &text);
        sk_engine_words(&text, words, sizeof words);
        sk_errmsg_set(em, SK_ERR_TRAP, "%s", words);
        wasm_byte_vec_delete(&text);
    }
}

/* The instance is dead from here on. Takes trap and error. */
static int died(struct sk_guest *g, const char *where, wasm_trap_t *trap, wasmtime_error_t *error, struct sk_errmsg *em)
{
    struct sk_errmsg why = { 0 };
    struct sk_buf b;
    wasm_frame_vec_t frames = { 0 };
    g->dead = true;
    reason_of(g, trap, error, &why);
    sk_buf_init(&b, sizeof g->trap - 1);
    sk_buf_printf(&b, "%s: %s", where, why.text);
    if (trap != NULL)
        wasm_trap_trace(trap, &frames);
    else
        wasmtime_error_wasm_trace(error, &frames);
    append_frames(&b, &frames);
    wasm_frame_vec_delete(&frames);
    memcpy(g->trap, b.p != NULL ? b.p : "", b.n);
    g->trap[b.n] = 0;
    sk_buf_finish(&b);
    if (trap != NULL)
        wasm_trap_delete(trap);
    if (error != NULL)
        wasmtime_error_delete(error);
    return sk_errmsg_set(em, why.code, "%s", why.text);
}

static void set_raw(wasmtime_val_raw_t *raw, wasm_valkind_t kind, uint32_t v)
{
    memset(raw, 0, sizeof *raw);
    switch (kind) {
    case WASM_F64:
        raw->f64 = (double)(int32_t)v;
        break;
    case WASM_F32:
        raw->f32 = (float)(int32_t)v;
        break;
    case WASM_I64:
        raw->i64 = (int64_t)v;
        break;
    default:
        raw->i32 = (int32_t)v;
    }
}

static int32_t from_double(double d)
{
    return d > -9007199254740992.0 && d < 9007199254740992.0 ? (int32_t)(uint32_t)(int64_t)d : 0;
}

static int32_t get_raw(const wasmtime_val_raw_t *raw, wasm_valkind_t kind)
{
    switch (kind) {
    case WASM_F64:
        return from_double(raw->f64);
    case WASM_F32:
        return from_double((double)raw->f32);
    case WASM_I64:
        return (int32_t)raw->i64;
    default:
        return raw->i32;
    }
}

int sk_guest_invoke(struct sk_guest *g, const struct sk_guest_func *f, const uint32_t *args, unsigned n, int32_t *ret,
                    struct sk_errmsg *em)
{
    wasmtime_val_raw_t raw[SK_GUEST_PARAMS_MAX];
    wasm_trap_t *trap = NULL;
    if (g->dead)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the instance has ended");
    if (!f->present)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND,
                             f->odd ? "export %s is no function that takes and gives numbers" : "no export %s",
                             f->name != NULL ? f->name : "");
    if (f->plain)
        for (unsigned i = 0; i < f->nparams; i++)
            raw[i].i32 = i < n ? (int32_t)args[i] : 0;
    else
        for (unsigned i = 0; i < f->nparams; i++)
            set_raw(&raw[i], f->params[i], i < n ? args[i] : 0);
    wasmtime_error_t *error =
        wasmtime_func_call_unchecked(g->ctx, &f->f, raw, f->nparams > f->nresults ? f->nparams : f->nresults, &trap);
    if (error != NULL || trap != NULL)
        return died(g, f->name, trap, error, em);
    if (ret != NULL)
        *ret = f->nresults > 0 ? get_raw(&raw[0], f->results[0]) : 0;
    return 0;
}

/* ---- exports ---- */

/* wasm_valtype_kind ends the process when it meets a vector or an unusual reference; this one says 255. */
wasm_valkind_t sk_guest_valkind(const wasm_valtype_t *type)
{
    wasmtime_valtype_t t;
    wasmtime_valtype_new(type, &t);
    wasmtime_valtype_kind_t kind = t.kind;
    wasmtime_valtype_delete(&t);
    return kind <= WASMTIME_VALTYPE_KIND_F64 ? kind : UINT8_MAX;
}

static bool numeric(const wasm_valtype_vec_t *types, wasm_valkind_t *kinds, uint8_t *ret_n, bool *plain)
{
    if (types->size > SK_GUEST_PARAMS_MAX)
        return false;
    for (size_t i = 0; i < types->size; i++) {
        kinds[i] = sk_guest_valkind(types->data[i]);
        if (kinds[i] > WASM_F64)
            return false;
        *plain &= kinds[i] == WASM_I32;
    }
    *ret_n = (uint8_t)types->size;
    return true;
}

bool sk_guest_lookup(struct sk_guest *g, const char *name, struct sk_guest_func *ret_func)
{
    wasmtime_extern_t item;
    *ret_func = (struct sk_guest_func){ .name = name, .plain = true };
    if (!wasmtime_instance_export_get(g->ctx, &g->instance, name, strlen(name), &item))
        return false;
    if (item.kind == WASMTIME_EXTERN_FUNC) {
        ret_func->f = item.of.func;
        wasm_functype_t *t = wasmtime_func_type(g->ctx, &item.of.func);
        ret_func->present = numeric(wasm_functype_params(t), ret_func->params, &ret_func->nparams, &ret_func->plain) &&
                            numeric(wasm_functype_results(t), ret_func->results, &ret_func->nresults, &ret_func->plain);
        wasm_functype_delete(t);
    }
    wasmtime_extern_delete(&item);
    ret_func->odd = !ret_func->present;
    return ret_func->present;
}

static void lookup_all(struct sk_guest *g)
{
    static const char *const names[] = {
#define SK_AS_NAME(id, name) name,
        SK_GUEST_EXPORTS(SK_AS_NAME)
#undef SK_AS_NAME
    };
    for (unsigned i = 0; i < SK_EXPORT_COUNT; i++)
        sk_guest_lookup(g, names[i], &g->exports[i]);
}

static int find_memory(struct sk_guest *g, struct sk_errmsg *em)
{
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(g->ctx, &g->instance, "memory", 6, &item) || item.kind != WASMTIME_EXTERN_MEMORY)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "the module does not export its memory under the name \"memory\"");
    wasm_memorytype_t *t = wasmtime_memory_type(g->ctx, &item.of.memory);
    bool wide = wasmtime_memorytype_is64(t);
    wasm_memorytype_delete(t);
    if (wide)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "the module's memory has 64-bit addresses; build it for wasm32");
    g->memory = item.of.memory;
    g->has_memory = true;
    return 0;
}

wasmtime_context_t *sk_guest_enter_host(struct sk_guest *g, wasmtime_caller_t *caller)
{
    wasmtime_context_t *outside = g->ctx;
    wasmtime_extern_t item;
    g->ctx = wasmtime_caller_context(caller);
    /* top-level code runs before instantiation ends */
    if (!g->has_memory && wasmtime_caller_export_get(caller, "memory", 6, &item) && item.kind == WASMTIME_EXTERN_MEMORY) {
        g->memory = item.of.memory;
        g->has_memory = true;
    }
    return outside;
}

/* ---- life ---- */

/* The ticker made the epoch pass; whether the call may go on is decided here. */
static wasmtime_error_t *on_epoch(wasmtime_context_t *ctx, void *data, uint64_t *delta, wasmtime_update_deadline_kind_t *kind)
{
    struct sk_guest *g = data;
    uint64_t now = sk_engine_ticks(g->o.engine);
    uint64_t cut = g->o.cut_at != NULL ? atomic_load_explicit(g->o.cut_at, memory_order_relaxed) : 0;
    (void)ctx;
    *delta = 1;
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
    if (now < g->deadline_tick && (cut == 0 || now < cut))
        return NULL;
    g->timed_out = true;
    return wasmtime_error_new("deadline");
}

/* A call from outside begins. */
void sk_guest_set_deadline(struct sk_guest *g, unsigned ms)
{
    g->waited_ms = 0;
    g->abort_text[0] = 0; /* of an earlier abort() that was not followed by a trap */
    g->deadline_tick = sk_engine_deadline(g->o.engine, ms);
}

uint64_t sk_guest_ms_left(const struct sk_guest *g)
{
    uint64_t now = sk_engine_ticks(g->o.engine), end = g->deadline_tick;
    uint64_t cut = g->o.cut_at != NULL ? atomic_load_explicit(g->o.cut_at, memory_order_relaxed) : 0;
    if (cut != 0 && cut < end)
        end = cut;
    return now < end ? (end - now) * SK_TICK_MS : 0;
}

static int instantiate(struct sk_guest *g, struct sk_errmsg *em)
{
    wasm_importtype_vec_t types;
    wasm_trap_t *trap = NULL;
    wasmtime_module_imports(g->o.module, &types);
    wasmtime_extern_t *externs = calloc(types.size + 1, sizeof *externs);
    g->bindings = calloc(types.size + 1, sizeof *g->bindings);
    int r = externs == NULL || g->bindings == NULL ? sk_errmsg_set(em, SK_ERR_NOMEM, "imports") : 0;
    if (r == 0)
        r = sk_imports_bind(g, externs, &types, em);
    if (r == 0) {
        wasmtime_error_t *error = wasmtime_instance_new(g->ctx, g->o.module, externs, types.size, &g->instance, &trap);
        if (trap != NULL || g->timed_out)
            r = died(g, "start section", trap, error, em);
        else if (error != NULL)
            r = sk_engine_error(em, SK_ERR_INVALID, error, "cannot be instantiated");
    }
    free(externs);
    wasm_importtype_vec_delete(&types);
    return r;
}

static int run_command_start(struct sk_guest *g, struct sk_errmsg *em)
{
    struct sk_guest_func *f = &g->exports[SK_EXPORT_COMMAND_START];
    wasm_trap_t *trap = NULL;
    int status;
    wasmtime_val_raw_t none[1];
    wasmtime_error_t *error = wasmtime_func_call_unchecked(g->ctx, &f->f, none, 0, &trap);
    if (error != NULL && trap == NULL && wasmtime_error_exit_status(error, &status)) {
        wasmtime_error_delete(error); /* the normal end of a command; the instance stays usable */
        return 0;
    }
    return error != NULL || trap != NULL ? died(g, "_start", trap, error, em) : 0;
}

static int initialise(struct sk_guest *g, enum sk_module_kind kind, struct sk_errmsg *em)
{
    int r = instantiate(g, em);
    if (r == 0)
        r = find_memory(g, em);
    if (r < 0)
        return r;
    lookup_all(g);
    if (kind == SK_MODULE_COMMAND)
        return run_command_start(g, em);
    if (kind == SK_MODULE_BUFFER && g->exports[SK_EXPORT_INITIALIZE].present)
        return sk_guest_invoke(g, &g->exports[SK_EXPORT_INITIALIZE], NULL, 0, NULL, em);
    return 0;
}

int sk_guest_create(const struct sk_guest_options *o, unsigned deadline_ms, struct sk_guest **ret_guest, struct sk_errmsg *em)
{
    enum sk_module_kind kind;
    int r = sk_module_kind(o->module, &kind, em);
    if (r < 0)
        return r;
    struct sk_guest *g = sk_xcalloc(1, sizeof *g);
    g->o = *o;
    g->abi = kind == SK_MODULE_AS ? &sk_guest_as_abi : &sk_guest_buffer_abi;
    g->out.guest = g->err.guest = g;
    g->store = wasmtime_store_new(sk_engine_wasm(o->engine), NULL, NULL);
    g->ctx = wasmtime_store_context(g->store);
    wasmtime_store_limiter(g->store, (int64_t)o->memory_max, (int64_t)o->table_max, 2, 10, 1); /* two instances: the gate */
    wasmtime_store_epoch_deadline_callback(g->store, on_epoch, g, NULL);
    wasmtime_context_set_epoch_deadline(g->ctx, 1);
    sk_guest_set_deadline(g, deadline_ms);
    r = sk_wasi_configure(g, em);
    if (r == 0)
        r = initialise(g, kind, em);
    if (r < 0) {
        sk_guest_destroy(g);
        return r;
    }
    *ret_guest = g;
    return 0;
}

void sk_guest_destroy(struct sk_guest *g)
{
    if (g == NULL)
        return;
    wasmtime_store_delete(g->store);
    sk_wasi_flush_lines(g);
    sk_gate_destroy(g->gate);
    free(g->bindings);
    sk_fetch_response_finish(&g->http);
    free(g);
}

/* ---- the interface ---- */

int sk_guest_text(struct sk_guest *g, const char *name, unsigned ms, struct sk_buf *out, struct sk_errmsg *em)
{
    struct sk_guest_func f;
    if (!sk_guest_lookup(g, name, &f))
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "no export %s", name);
    sk_guest_set_deadline(g, ms);
    int r = g->abi->text(g, &f, out, em);
    return r < 0 ? sk_errmsg_wrap(em, r, "%s", name) : 0;
}

/* A void export yields `undefined`, as JavaScript would see it. */
static int32_t code_of(const struct sk_guest_func *f, int32_t code)
{
    return f->nresults == 0 ? INT32_MIN : code;
}

int sk_guest_start(struct sk_guest *g, struct sk_span config, unsigned ms, int32_t *ret_code, struct sk_errmsg *em)
{
    int32_t code = 0;
    sk_guest_set_deadline(g, ms);
    int r = g->abi->start(g, config, &code, em);
    if (r == 0)
        *ret_code = code_of(&g->exports[SK_EXPORT_START], code);
    return r;
}

static int simple(struct sk_guest *g, enum sk_guest_export which, unsigned ms, int32_t *ret_code, struct sk_errmsg *em)
{
    sk_guest_set_deadline(g, ms);
    return sk_guest_invoke(g, &g->exports[which], NULL, 0, ret_code, em);
}

int sk_guest_stop(struct sk_guest *g, unsigned ms, int32_t *ret_code, struct sk_errmsg *em)
{
    g->stopping = true;
    return simple(g, SK_EXPORT_STOP, ms, ret_code, em);
}

int sk_guest_poll(struct sk_guest *g, unsigned ms, int32_t *ret_code, struct sk_errmsg *em)
{
    return simple(g, SK_EXPORT_POLL, ms, ret_code, em);
}

int sk_guest_delta(struct sk_guest *g, struct sk_span json, unsigned ms, struct sk_errmsg *em)
{
    sk_guest_set_deadline(g, ms);
    return g->abi->delta(g, json, em);
}

int sk_guest_request(struct sk_guest *g, enum sk_call_shape shape, const char *name, struct sk_span request, size_t out_max,
                     unsigned ms, struct sk_buf *out, struct sk_errmsg *em)
{
    struct sk_guest_func f;
    if (g->dead)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the instance has ended");
    if (!sk_guest_lookup(g, name, &f))
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "no export %s", name);
    sk_guest_set_deadline(g, ms);
    return g->abi->request(g, &f, shape, request, out_max == 0 ? SK_OUT_DEFAULT : (uint32_t)out_max, out, em);
}

bool sk_guest_has_poll(const struct sk_guest *g)
{
    return g->exports[SK_EXPORT_POLL].present;
}

bool sk_guest_has_delta_handler(const struct sk_guest *g)
{
    return g->exports[SK_EXPORT_DELTA].present;
}

bool sk_guest_has_export(struct sk_guest *g, const char *name)
{
    struct sk_guest_func f;
    return !g->dead && sk_guest_lookup(g, name, &f);
}

bool sk_guest_dead(const struct sk_guest *g)
{
    return g->dead;
}

size_t sk_guest_memory_bytes(const struct sk_guest *g)
{
    return g->has_memory ? wasmtime_memory_data_size(g->ctx, &g->memory) : 0;
}

const char *sk_guest_trap(const struct sk_guest *g)
{
    return g->trap;
}
