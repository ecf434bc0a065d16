/* The functions a plugin exports: which are missing, misspelt, or of another shape than servers call. */
#include "base/nearest.h"
#include "plugin/check_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* Shapes: number of i32 parameters, and whether an i32 comes back. */
struct shape {
    const char *name;
    int buffer, as; /* parameters in the two calling conventions; -1: not of that kind */
    bool result;
    bool required;
};

#define GETTER 2, 0, true
#define HANDLER 4, 1, true
static const struct shape shapes[] = {
    { "allocate", 1, -1, true, true },
    { "deallocate", 2, -1, false, false },
    { "plugin_id", GETTER, false },
    { "plugin_name", GETTER, true },
    { "plugin_schema", GETTER, true },
    { "plugin_start", 2, 2, true, true },
    { "plugin_stop", 0, 0, true, true },
    { "poll", 0, 0, true, false },
    { "delta_handler", 2, 1, false, false },
    { "http_endpoints", GETTER, false },
    { "resources_list_resources", HANDLER, false },
    { "resources_get_resource", HANDLER, false },
    { "resources_set_resource", HANDLER, false },
    { "resources_delete_resource", HANDLER, false },
    { "weather_get_observations", HANDLER, false },
    { "weather_get_forecasts", HANDLER, false },
    { "weather_get_warnings", HANDLER, false },
    { "radar_get_radars", 2, 1, true, false },
    { "radar_get_radar_info", HANDLER, false },
    { "radar_get_capabilities", HANDLER, false },
    { "radar_get_state", HANDLER, false },
    { "radar_get_control", HANDLER, false },
    { "radar_set_control", HANDLER, false },
    { "radar_set_controls", HANDLER, false },
    { "radar_get_targets", HANDLER, false },
    { "radar_acquire_target", HANDLER, false },
    { "radar_cancel_target", HANDLER, false },
    { "radar_get_arpa_settings", HANDLER, false },
    { "radar_set_arpa_settings", HANDLER, false },
    { "radar_set_power", HANDLER, false },
    { "radar_set_range", HANDLER, false },
    { "radar_set_gain", HANDLER, false },
    { "radar_set_sea", HANDLER, false },
    { "radar_set_rain", HANDLER, false },
};
static const struct shape put_shape = { "handle_put_", HANDLER, false };

void sk_check_signature(const wasm_functype_t *type, char *out, size_t size)
{
    static const char *const words[] = { [WASM_I32] = "i32", [WASM_I64] = "i64", [WASM_F32] = "f32", [WASM_F64] = "f64" };
    const wasm_valtype_vec_t *params = wasm_functype_params(type), *results = wasm_functype_results(type);
    size_t n = (size_t)snprintf(out, size, "(");
    for (size_t i = 0; i < params->size && n < size; i++) {
        wasm_valkind_t k = wasm_valtype_kind(params->data[i]);
        n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? ", " : "", k < SK_COUNT(words) ? words[k] : "reference");
    }
    if (n < size)
        snprintf(out + n, size - n, ")%s", results->size > 0 ? " -> …" : "");
    if (n < size && results->size == 1 && wasm_valtype_kind(results->data[0]) < SK_COUNT(words))
        snprintf(out + n, size - n, ") -> %s", words[wasm_valtype_kind(results->data[0])]);
}

static void write_shape(const struct shape *s, int params, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "(");
    for (int i = 0; i < params; i++)
        n += (size_t)snprintf(out + n, size - n, "%si32", i > 0 ? ", " : "");
    snprintf(out + n, size - n, ")%s", s->result ? " -> i32" : "");
}

static bool all_i32(const wasm_valtype_vec_t *types)
{
    for (size_t i = 0; i < types->size; i++)
        if (wasm_valtype_kind(types->data[i]) != WASM_I32)
            return false;
    return true;
}

static void check_shape(const struct sk_check *c, const char *name, const struct shape *s, int params,
                        const wasm_externtype_t *type)
{
    char where[200], has[120], wants[120], cure[160];
    snprintf(where, sizeof where, "export %.160s", name);
    if (wasm_externtype_kind(type) != WASM_EXTERN_FUNC) {
        sk_check_say(c, SK_FINDING_ERROR, where, "Export a function.", "It is not a function.");
        return;
    }
    const wasm_functype_t *f = wasm_externtype_as_functype_const(type);
    const wasm_valtype_vec_t *p = wasm_functype_params(f), *r = wasm_functype_results(f);
    bool result_ok = !s->result || (r->size == 1 && all_i32(r)), numbers_ok = all_i32(p);
    if (p->size == (size_t)params && numbers_ok && result_ok)
        return;
    sk_check_signature(f, has, sizeof has);
    write_shape(s, params, wants, sizeof wants);
    snprintf(cure, sizeof cure, "Make it %s.", wants);
    sk_check_say(c, numbers_ok && result_ok ? SK_FINDING_WARNING : SK_FINDING_ERROR, where, cure, "It is %s.", has);
}

static const struct shape *shape_of(const char *name)
{
    for (size_t i = 0; i < SK_COUNT(shapes); i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return strncmp(name, put_shape.name, strlen(put_shape.name)) == 0 ? &put_shape : NULL;
}

static int params_of(const struct shape *s, enum sk_module_kind kind)
{
    return kind == SK_MODULE_AS ? s->as : s->buffer;
}

/* Exported names, NULL at the end. */
struct names {
    char **at;
    size_t count;
    bool memory, wide;
};

static void take_names(const wasm_exporttype_vec_t *exports, struct names *n)
{
    n->at = sk_xcalloc(exports->size + 1, sizeof *n->at);
    for (size_t i = 0; i < exports->size; i++) {
        const wasm_name_t *name = wasm_exporttype_name(exports->data[i]);
        n->at[n->count++] = sk_xstrndup(name->data, name->size);
        const wasm_externtype_t *type = wasm_exporttype_type(exports->data[i]);
        if (strcmp(n->at[i], "memory") != 0 || wasm_externtype_kind(type) != WASM_EXTERN_MEMORY)
            continue;
        n->memory = true;
        n->wide = wasmtime_memorytype_is64(wasm_externtype_as_memorytype_const(type));
    }
}

static bool holds(const struct names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->at[i], name) == 0)
            return true;
    return false;
}

static void check_missing(const struct sk_check *c, const struct names *n, enum sk_module_kind kind)
{
    char where[80], cure[200];
    for (size_t i = 0; i < SK_COUNT(shapes); i++) {
        const struct shape *s = &shapes[i];
        if (!s->required || params_of(s, kind) < 0 || holds(n, s->name))
            continue;
        const char *near = sk_nearest_name(s->name, strlen(s->name), (const char *const *)n->at);
        snprintf(where, sizeof where, "export %s", s->name);
        snprintf(cure, sizeof cure, near != NULL && shape_of(near) == NULL ? "Rename %.100s." : "Add it.",
                 near != NULL ? near : "");
        sk_check_say(c, SK_FINDING_ERROR, where, cure, "It is missing.");
    }
    if (!n->memory)
        sk_check_say(c, SK_FINDING_ERROR, "export memory", "Export the memory under this name.",
                     "The module does not export its memory.");
    if (n->wide)
        sk_check_say(c, SK_FINDING_ERROR, "module", "Build for wasm32, not wasm64.", "Its memory has 64-bit addresses.");
    if (kind == SK_MODULE_AS && !holds(n, "__new"))
        sk_check_say(c, SK_FINDING_ERROR, "export __new", "Build with --exportRuntime.",
                     "AssemblyScript's runtime is not exported.");
    if (kind != SK_MODULE_AS && !holds(n, "deallocate"))
        sk_check_say(c, SK_FINDING_WARNING, "export deallocate", "Add it.",
                     "It is missing: whatever the server hands over is never freed.");
}

/* What package.json says that fits no export, or does not let one work. */
static void check_declared(const struct sk_check *c, const struct names *n)
{
    if (c->package == NULL)
        return;
    if (sk_package_can(c->package, SK_CAP_HTTP_ENDPOINTS) && !holds(n, "http_endpoints"))
        sk_check_say(c, SK_FINDING_NOTE, "package.json", "Leave it out, or export http_endpoints.",
                     "The capability httpEndpoints is declared, but there is no export http_endpoints.");
    if (!sk_package_can(c->package, SK_CAP_DATA_READ) && holds(n, "delta_handler"))
        sk_check_say(c, SK_FINDING_WARNING, "package.json", "Let dataRead be true, or do without delta_handler.",
                     "dataRead is false, so delta_handler is never called.");
    if (sk_package_can(c->package, SK_CAP_SERIAL_PORTS))
        sk_check_say(c, SK_FINDING_NOTE, "package.json", "Leave it out.", "No server offers serial ports to plugins.");
}

static void check_portable(const struct sk_check *c, const struct names *n, enum sk_module_kind kind)
{
    if (c->o->portable && kind == SK_MODULE_BUFFER && holds(n, "_initialize"))
        sk_check_say(c, SK_FINDING_WARNING, "export _initialize",
                     "Build a command module (_start), or a cdylib without start files; or make it harmless to call it again.",
                     "The Node server calls it twice.");
}

/*
 * rustc's linker options for wasm32-unknown-unknown, and nothing else that makes plugins, export these two and not the rest of
 * what the linker can define (as --export-all does). Nothing is missing at link time: what std cannot do there fails when called.
 */
static void check_target(const struct sk_check *c, const struct names *n, enum sk_module_kind kind, bool has_wasi)
{
    if (kind == SK_MODULE_BUFFER && !has_wasi && holds(n, "__data_end") && holds(n, "__heap_base") && !holds(n, "__dso_handle"))
        sk_check_say(c, SK_FINDING_WARNING, "module", "Build for wasm32-wasip1 (rustup target add wasm32-wasip1).",
                     "It looks built for wasm32-unknown-unknown: the clock panics there, and a panic's text is lost.");
}

void sk_check_exports(const struct sk_check *c, const wasmtime_module_t *m, enum sk_module_kind kind, bool has_wasi)
{
    wasm_exporttype_vec_t exports;
    struct names n = { 0 };
    wasmtime_module_exports(m, &exports);
    take_names(&exports, &n);
    for (size_t i = 0; i < n.count; i++) {
        const struct shape *s = shape_of(n.at[i]);
        if (s != NULL && params_of(s, kind) >= 0)
            check_shape(c, n.at[i], s, params_of(s, kind), wasm_exporttype_type(exports.data[i]));
    }
    check_missing(c, &n, kind);
    check_declared(c, &n);
    check_portable(c, &n, kind);
    check_target(c, &n, kind, has_wasi);
    for (size_t i = 0; i < n.count; i++)
        free(n.at[i]);
    free(n.at);
    wasm_exporttype_vec_delete(&exports);
}
