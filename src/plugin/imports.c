#include "plugin/imports.h"

#include "base/log.h"
#include "plugin/compile.h"
#include "plugin/gate.h"

#include <math.h>

#define NS "signalk:wasm:bindings"
#define WASI "wasi_snapshot_preview1"

/* ---- the table ---- */

/* The formatter never agrees with itself on a list of macro calls. */
/* clang-format off */
#define MATH1(X) \
    X(acos) X(acosh) X(asin) X(asinh) X(atan) X(atanh) X(cbrt) X(ceil) X(cos) X(cosh) X(exp) X(expm1) X(fabs) X(floor) \
    X(log) X(log10) X(log1p) X(log2) X(sin) X(sinh) X(sqrt) X(tan) X(tanh) X(trunc)
/* clang-format on */
#define MATH2(X) X(atan2) X(hypot) X(pow)
#define AS_FUNC1(fn)                                                                                                             \
    static void math_##fn(struct sk_hostcall *c)                                                                                 \
    {                                                                                                                            \
        c->result_f = fn(c->f[0]);                                                                                               \
    }
#define AS_FUNC2(fn)                                                                                                             \
    static void math_##fn(struct sk_hostcall *c)                                                                                 \
    {                                                                                                                            \
        c->result_f = fn(c->f[0], c->f[1]);                                                                                      \
    }
MATH1(AS_FUNC1)
MATH2(AS_FUNC2)

#define ANY SK_CAP_NONE
#define RESOURCE SK_CAP_RESOURCE_PROVIDER
#define WEATHER SK_CAP_WEATHER_PROVIDER
#define RADAR SK_CAP_RADAR_PROVIDER
#define SOCKETS SK_CAP_RAW_SOCKETS

const struct sk_import sk_imports[] = {
    /* logging and status */
    { "env", "sk_debug", "ii>", ANY, 0, sk_import_debug },
    { "env", "sk_set_status", "ii>", ANY, 0, sk_import_set_status },
    { "env", "sk_set_error", "ii>", ANY, 0, sk_import_set_error },
    /* data */
    { "env", "sk_handle_message", "iii>", SK_CAP_DATA_WRITE, 0, sk_import_handle_message },
    { "env", "sk_publish_notification", "iiii>i", SK_CAP_DATA_WRITE, -1, sk_import_publish_notification },
    { "env", "sk_get_self_path", "iiii>i", SK_CAP_DATA_READ, 0, sk_import_get_self_path },
    { "env", "sk_get_path", "iiii>i", SK_CAP_DATA_READ, 0, sk_import_get_path },
    { "env", "sk_read_config", "ii>i", ANY, 0, sk_import_read_config },
    { "env", "sk_save_config", "ii>i", ANY, -1, sk_import_save_config },
    { "env", "sk_has_capability", "ii>i", ANY, 0, sk_import_has_capability },
    /* registration */
    { "env", "sk_register_put_handler", "iiii>i", SK_CAP_PUT_HANDLERS, 0, sk_import_register_put_handler },
    { "env", "sk_register_resource_provider", "ii>i", RESOURCE, 0, sk_import_register_resource_provider },
    { "env", "sk_register_weather_provider", "ii>i", WEATHER, 0, sk_import_register_weather_provider },
    { "env", "sk_register_radar_provider", "ii>i", RADAR, 0, sk_import_register_radar_provider },
    /* binary streams */
    { "env", "sk_emit_binary_stream", "iiii>i", ANY, 0, sk_import_emit_binary_stream },
    { "env", "sk_radar_emit_spokes", "iiii>i", RADAR, 0, sk_import_radar_emit_spokes },
    /* UDP */
    { "env", "sk_udp_create", "i>i", SOCKETS, -1, sk_import_udp_create },
    { "env", "sk_udp_bind", "ii>i", SOCKETS, -1, sk_import_udp_bind },
    { "env", "sk_udp_join_multicast", "iiiii>i", SOCKETS, -1, sk_import_udp_join_multicast },
    { "env", "sk_udp_leave_multicast", "iiiii>i", SOCKETS, -1, sk_import_udp_leave_multicast },
    { "env", "sk_udp_set_multicast_ttl", "ii>i", SOCKETS, -1, sk_import_udp_set_multicast_ttl },
    { "env", "sk_udp_set_multicast_loopback", "ii>i", SOCKETS, -1, sk_import_udp_set_multicast_loopback },
    { "env", "sk_udp_set_broadcast", "ii>i", SOCKETS, -1, sk_import_udp_set_broadcast },
    { "env", "sk_udp_send", "iiiiii>i", SOCKETS, -1, sk_import_udp_send },
    { "env", "sk_udp_recv", "iiiii>i", SOCKETS, -1, sk_import_udp_recv },
    { "env", "sk_udp_pending", "i>i", SOCKETS, -1, sk_import_udp_pending },
    { "env", "sk_udp_close", "i>", SOCKETS, 0, sk_import_udp_close },
    /* TCP client */
    { "env", "sk_tcp_create", ">i", SOCKETS, -1, sk_import_tcp_create },
    { "env", "sk_tcp_connect", "iiii>i", SOCKETS, -1, sk_import_tcp_connect },
    { "env", "sk_tcp_connected", "i>i", SOCKETS, -1, sk_import_tcp_connected },
    { "env", "sk_tcp_set_line_buffering", "ii>i", SOCKETS, -1, sk_import_tcp_set_line_buffering },
    { "env", "sk_tcp_send", "iii>i", SOCKETS, -1, sk_import_tcp_send },
    { "env", "sk_tcp_recv_line", "iii>i", SOCKETS, -1, sk_import_tcp_recv_line },
    { "env", "sk_tcp_recv_raw", "iii>i", SOCKETS, -1, sk_import_tcp_recv_raw },
    { "env", "sk_tcp_pending", "i>i", SOCKETS, -1, sk_import_tcp_pending },
    { "env", "sk_tcp_close", "i>", SOCKETS, 0, sk_import_tcp_close },
    /* HTTP: skiff's own */
    { "env", "sk_http_request", "iiiiii>i", SK_CAP_NETWORK, -1, sk_import_http_request },
    { "env", "sk_http_body", "ii>i", SK_CAP_NETWORK, -1, sk_import_http_body },
    /* what AssemblyScript's own library wants */
    { "env", "abort", "iiii>", ANY, 0, sk_import_abort },
    { "env", "trace", "iiddddd>", ANY, 0, sk_import_trace },
    { "env", "seed", ">d", ANY, 0, sk_import_seed },
    { "env", "Date.now", ">d", ANY, 0, sk_import_now },
    { "env", "performance.now", ">d", ANY, 0, sk_import_performance_now },
    { "env", "process.exit", "i>", ANY, 0, sk_import_exit },
    { "env", "console.log", "ii>", ANY, 0, sk_import_console },
    { "env", "console.debug", "i>", ANY, 0, sk_import_console },
    { "env", "console.info", "i>", ANY, 0, sk_import_console },
    { "env", "console.warn", "i>", ANY, 0, sk_import_console },
    { "env", "console.error", "i>", ANY, 0, sk_import_console },
    { "env", "console.assert", "ii>", ANY, 0, sk_import_console_assert },
    { "env", "console.time", "i>", ANY, 0, sk_import_nothing },
    { "env", "console.timeLog", "i>", ANY, 0, sk_import_nothing },
    { "env", "console.timeEnd", "i>", ANY, 0, sk_import_nothing },
    { "Date", "now", ">d", ANY, 0, sk_import_now },
#define AS_ROW1(fn) { "Math", #fn, "d>d", ANY, 0, math_##fn },
#define AS_ROW2(fn) { "Math", #fn, "dd>d", ANY, 0, math_##fn },
    MATH1(AS_ROW1) MATH2(AS_ROW2)
    /* network of AssemblyScript plugins */
    { "as-fetch", "_initAsyncify", "ii>", ANY, 0, sk_import_nothing },
    { "as-fetch", "_fetchGETSync", "iii>i", SK_CAP_NETWORK, 0, sk_import_fetch_get_sync },
    { "as-fetch", "_fetchPOSTSync", "iiii>i", SK_CAP_NETWORK, 0, sk_import_fetch_post_sync },
    { "as-fetch", "_fetchGET", "iiii>", SK_CAP_NETWORK, 0, sk_import_fetch_get },
    { "as-fetch", "_fetchPOST", "iiiii>", SK_CAP_NETWORK, 0, sk_import_fetch_post },
    /* ours instead of Wasmtime's */
    { WASI, "poll_oneoff", "iiii>i", ANY, 28 /* EINVAL */, sk_wasi_poll_oneoff },
};
const size_t sk_import_count = SK_COUNT(sk_imports);

/* Where the plugin's time is not the machine's; else the clock is Wasmtime's. */
static const struct sk_import sim_clock = { WASI, "clock_time_get", "iii>i", ANY, 0, sk_wasi_clock_time_get };

bool sk_wasm_name_is(const wasm_name_t *name, const char *text)
{
    return name->size == strlen(text) && memcmp(name->data, text, name->size) == 0;
}

const struct sk_import *sk_import_find(const wasm_name_t *module, const wasm_name_t *name)
{
    for (size_t i = 0; i < sk_import_count; i++)
        if (sk_wasm_name_is(name, sk_imports[i].name) && sk_wasm_name_is(module, sk_imports[i].module))
            return &sk_imports[i];
    return NULL;
}

bool sk_import_is_wasi(const wasm_name_t *module)
{
    return sk_wasm_name_is(module, WASI);
}

/* ---- one call ---- */

static void take_argument(struct sk_hostcall *c, unsigned i, wasm_valkind_t kind, const wasmtime_val_raw_t *raw)
{
    switch (kind) {
    case WASM_F64:
        c->f[i] = raw->f64;
        break;
    case WASM_F32:
        c->f[i] = (double)raw->f32;
        break;
    case WASM_I64:
        c->a[i] = (uint32_t)raw->i64;
        c->f[i] = (double)raw->i64;
        return;
    default:
        c->a[i] = (uint32_t)raw->i32;
        c->f[i] = (double)raw->i32;
        return;
    }
    double d = c->f[i];
    c->a[i] = d > -9007199254740992.0 && d < 9007199254740992.0 ? (uint32_t)(int64_t)d : 0;
}

static void give_result(const struct sk_import_binding *b, const struct sk_hostcall *c, wasmtime_val_raw_t *raw)
{
    const char *canonical = strchr(b->import->type, '>') + 1;
    double d = *canonical == 'd' ? c->result_f : (double)c->result;
    if (b->nresults == 0)
        return;
    memset(raw, 0, sizeof *raw);
    switch (b->result) {
    case WASM_F64:
        raw->f64 = d;
        break;
    case WASM_F32:
        raw->f32 = (float)d;
        break;
    case WASM_I64:
        raw->i64 = d > -9e18 && d < 9e18 ? (int64_t)d : 0;
        break;
    default:
        raw->i32 = *canonical == 'd' ? (d > -9e15 && d < 9e15 ? (int32_t)(uint32_t)(int64_t)d : 0) : c->result;
    }
}

static void say_denied(struct sk_guest *g, const struct sk_import_binding *b)
{
    uint64_t bit = UINT64_C(1) << ((size_t)(b->import - sk_imports) % 64);
    if (g->denied_logged & bit)
        return;
    g->denied_logged |= bit;
    sk_log_debug(NS, "[%s] %s: package.json does not declare the capability it needs", g->o.package->name, b->import->name);
}

static wasm_trap_t *call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw, size_t n)
{
    struct sk_import_binding *b = env;
    struct sk_guest *g = b->g;
    struct sk_hostcall c = { .g = g, .given = b->nparams, .result = b->import->denied };
    (void)n;
    if (b->denied) {
        say_denied(g, b);
        give_result(b, &c, raw);
        return NULL;
    }
    for (unsigned i = 0; i < b->nparams; i++)
        take_argument(&c, i, b->params[i], &raw[i]);
    wasmtime_context_t *outside = sk_guest_enter_host(g, caller);
    b->import->fn(&c);
    g->ctx = outside;
    give_result(b, &c, raw);
    return c.trap != NULL ? wasmtime_trap_new(c.trap, strlen(c.trap)) : NULL;
}

/* ---- linking ---- */

static bool bindable(struct sk_import_binding *b, const wasm_functype_t *t)
{
    const wasm_valtype_vec_t *params = wasm_functype_params(t), *results = wasm_functype_results(t);
    if (params->size > SK_GUEST_PARAMS_MAX || results->size > 1)
        return false;
    b->nparams = (uint8_t)params->size;
    b->nresults = (uint8_t)results->size;
    for (size_t i = 0; i < params->size; i++) {
        b->params[i] = sk_guest_valkind(params->data[i]);
        if (b->params[i] > WASM_F64)
            return false;
    }
    if (results->size == 1)
        b->result = sk_guest_valkind(results->data[0]);
    return results->size == 0 || b->result <= WASM_F64;
}

static int bind_ours(struct sk_guest *g, struct sk_import_binding *b, const struct sk_import *import, const wasm_functype_t *type,
                     wasmtime_extern_t *ret_extern, struct sk_errmsg *em)
{
    b->g = g;
    b->import = import;
    b->denied = !sk_package_can(g->o.package, import->cap);
    if (!bindable(b, type))
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "import %s.%s has a type that no caller can use", import->module,
                             import->name);
    ret_extern->kind = WASMTIME_EXTERN_FUNC;
    wasmtime_func_new_unchecked(g->ctx, type, call, b, NULL, &ret_extern->of.func);
    return 0;
}

static int make_linker(struct sk_guest *g, wasmtime_linker_t **ret_linker, struct sk_errmsg *em)
{
    *ret_linker = wasmtime_linker_new(sk_engine_wasm(g->o.engine));
    wasmtime_error_t *e = wasmtime_linker_define_wasi(*ret_linker);
    return e != NULL ? sk_engine_error(em, SK_ERR_INTERNAL, e, "WASI") : 0;
}

/* A function of WASI: Wasmtime's, behind the gate where it can make files grow. */
static int bind_wasi(struct sk_guest *g, const wasmtime_linker_t *wasi, const wasm_importtype_t *type,
                     wasmtime_extern_t *ret_extern, struct sk_errmsg *em)
{
    const wasm_name_t *module = wasm_importtype_module(type), *name = wasm_importtype_name(type);
    if (g->o.gate != NULL && sk_gate_has(name)) {
        int r = g->gate == NULL ? sk_gate_create(g, g->o.gate, g->o.quota, wasi, &g->gate, em) : 0;
        return r < 0 ? r
                     : sk_gate_bind(g->gate, name, wasm_externtype_as_functype_const(wasm_importtype_type(type)), ret_extern, em);
    }
    if (wasmtime_linker_get(wasi, g->ctx, module->data, module->size, name->data, name->size, ret_extern))
        return 0;
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "unknown import %.*s.%.*s", (int)module->size, module->data, (int)name->size,
                         name->data);
}

static bool is_sim_clock(const wasm_importtype_t *type)
{
    return sk_wasm_name_is(wasm_importtype_module(type), WASI) && sk_wasm_name_is(wasm_importtype_name(type), sim_clock.name);
}

int sk_imports_bind(struct sk_guest *g, wasmtime_extern_t *ret_externs, const wasm_importtype_vec_t *types, struct sk_errmsg *em)
{
    wasmtime_linker_t *wasi = NULL;
    int r = sk_module_check_imports(types, em);
    for (size_t i = 0; i < types->size && r == 0; i++) {
        const wasm_importtype_t *type = types->data[i];
        const struct sk_import *import = sk_import_find(wasm_importtype_module(type), wasm_importtype_name(type));
        if (import == NULL && g->o.time != NULL && is_sim_clock(type))
            import = &sim_clock;
        if (import != NULL) {
            const wasm_functype_t *t = wasm_externtype_as_functype_const(wasm_importtype_type(type));
            r = bind_ours(g, &g->bindings[i], import, t, &ret_externs[i], em);
            continue;
        }
        if (wasi == NULL)
            r = make_linker(g, &wasi, em);
        if (r == 0)
            r = bind_wasi(g, wasi, type, &ret_externs[i], em);
    }
    if (wasi != NULL)
        wasmtime_linker_delete(wasi);
    return r;
}
