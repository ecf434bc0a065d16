/* The module: its form, its imports, what it needs and what it says that it needs. */
#include "plugin/check_impl.h"

#include "plugin/compile.h"
#include "plugin/host.h"
#include "plugin/imports.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define WHERE "module"
#define LARGE ((size_t)2 * 1024 * 1024)

/* ---- form ----------------------------------------------------------------------------------------------------------------- */

/* Magic and version: 1 is a core module, 0x0d with layer 1 a component. */
static bool check_form(const struct sk_check *c, struct sk_span bytes)
{
    if (bytes.n >= 4 && memcmp(bytes.p, "(mod", 4) == 0)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Translate it: wat2wasm plugin.wat.", "This is WebAssembly text, not a binary.");
    else if (bytes.n < 8 || memcmp(bytes.p, "\0asm", 4) != 0)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Build it again.", "This is no WebAssembly module (%zu bytes).", bytes.n);
    else if (bytes.p[4] == 0x0d)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Build for wasm32-wasip1; wasm32-wasip2 and cargo-component make components.",
                     "This is a component; Signal K plugins are core modules.");
    else
        return true;
    return false;
}

static void check_size(const struct sk_check *c, size_t n)
{
    if (n > sk_host_default_limits.module_max)
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "Build it optimised and without debug information.",
                     "It has %zu bytes; servers take at most %zu.", n, sk_host_default_limits.module_max);
    else if (n > LARGE)
        sk_check_say(c, SK_FINDING_NOTE, WHERE,
                     "Rust: opt-level = \"z\", lto = true, strip = true in [profile.release]; C: -Oz; Go: TinyGo; then wasm-opt "
                     "-Oz.",
                     "It has %zu KiB, which small computers take long to compile.", n / 1024);
}

static void refuse(const struct sk_check *c, const char *why)
{
    struct sk_span text = sk_span_of(why);
    const char *cure = "";
    if (sk_span_holds(text, "thread") || sk_span_holds(text, "shared"))
        cure = "Build without threads: no -pthread, no atomics target feature.";
    else if (sk_span_holds(text, "memory64") || sk_span_holds(text, "64-bit"))
        cure = "Build for wasm32, not wasm64.";
    else if (sk_span_holds(text, "multi-memory") || sk_span_holds(text, "multiple memories"))
        cure = "A plugin has one memory.";
    sk_check_say(c, SK_FINDING_ERROR, WHERE, cure, "It is not accepted: %s.", why);
}

/* ---- imports -------------------------------------------------------------------------------------------------------------- */

static bool name_starts(const wasm_name_t *n, const char *text)
{
    return n->size >= strlen(text) && memcmp(n->data, text, strlen(text)) == 0;
}

static void unknown(const struct sk_check *c, const char *where, const wasm_name_t *module, const wasm_name_t *name)
{
    char cure[200] = "";
    const char *right = sk_module_suggest_import(name);
    if (name_starts(module, "__wbindgen") || sk_wasm_name_is(module, "wbg") || name_starts(name, "__wbindgen")) {
        sk_check_say(c, SK_FINDING_ERROR, where,
                     "Build for wasm32-wasip1 (rustup target add wasm32-wasip1), without wasm-bindgen.",
                     "It was built for a browser (wasm32-unknown-unknown with wasm-bindgen).");
        return;
    }
    if (sk_wasm_name_is(module, "wasi_unstable"))
        snprintf(cure, sizeof cure, "Build with a newer toolchain: WASI preview 1 is wasi_snapshot_preview1.");
    else if (right != NULL)
        snprintf(cure, sizeof cure, "Use %s.", right);
    sk_check_say(c, SK_FINDING_ERROR, where, cure, "No server offers this import.");
}

static char letter_of(const wasm_valtype_t *t)
{
    switch (wasm_valtype_kind(t)) {
    case WASM_I32:
        return 'i';
    case WASM_F64:
        return 'd';
    case WASM_F32:
        return 'f';
    case WASM_I64:
        return 'l';
    default:
        return '?';
    }
}

/* A parameter of another type than the table's, or more of them, is a mistake; fewer are how older plugins call. */
static bool fits(const wasm_functype_t *type, const char *canonical)
{
    const wasm_valtype_vec_t *params = wasm_functype_params(type);
    size_t given = (size_t)(strchr(canonical, '>') - canonical);
    if (params->size > given)
        return false;
    for (size_t i = 0; i < params->size; i++)
        if (letter_of(params->data[i]) != canonical[i])
            return false;
    return true;
}

static void spell(const char *canonical, char *out, size_t size)
{
    static const char *const words[] = { ['i'] = "i32", ['d'] = "f64" };
    size_t n = 0;
    n += (size_t)snprintf(out, size, "(");
    for (; *canonical != '>' && n < size; canonical++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", words[(unsigned char)*canonical], canonical[1] != '>' ? ", " : "");
    if (n < size)
        snprintf(out + n, size - n, ")%s%s", canonical[1] != '\0' ? " -> " : "",
                 canonical[1] != '\0' ? words[(unsigned char)canonical[1]] : "");
}

static bool is_extension(const struct sk_import *i)
{
    static const char *const names[] = { "sk_get_path",     "sk_http_request", "sk_http_body",   "Date.now",
                                         "performance.now", "process.exit",    "console.debug",  "console.info",
                                         "console.warn",    "console.error",   "console.assert", "console.time",
                                         "console.timeLog", "console.timeEnd" };
    for (size_t k = 0; k < SK_COUNT(names); k++)
        if (strcmp(i->name, names[k]) == 0)
            return true;
    return false;
}

static void check_known(const struct sk_check *c, const char *where, const struct sk_import *i, const wasm_functype_t *type,
                        uint32_t *used)
{
    char declared[120], right[120];
    if (!fits(type, i->type)) {
        sk_check_signature(type, declared, sizeof declared);
        spell(i->type, right, sizeof right);
        char cure[200];
        snprintf(cure, sizeof cure, "Declare it as %s.", right);
        sk_check_say(c, SK_FINDING_WARNING, where, cure, "It is declared as %s.", declared);
    }
    if (is_extension(i))
        sk_check_say(c, c->o->portable ? SK_FINDING_ERROR : SK_FINDING_NOTE, where,
                     "Do without it where the plugin is to run on other servers.",
                     "Other Signal K servers do not offer this import.");
    if (i->cap != SK_CAP_NONE)
        *used |= UINT32_C(1) << i->cap;
}

static void check_import(const struct sk_check *c, const wasm_importtype_t *import, uint32_t *used)
{
    const wasm_name_t *module = wasm_importtype_module(import), *name = wasm_importtype_name(import);
    const wasm_externtype_t *type = wasm_importtype_type(import);
    char where[260];
    snprintf(where, sizeof where, "import %.*s.%.*s", (int)(module->size < 100 ? module->size : 100), module->data,
             (int)(name->size < 140 ? name->size : 140), name->data);
    const struct sk_import *known = sk_import_find(module, name);
    if (wasm_externtype_kind(type) != WASM_EXTERN_FUNC)
        sk_check_say(c, SK_FINDING_ERROR, where, "Let the module define and export its own memory (no --import-memory).",
                     "Only functions can be imported.");
    else if (known != NULL)
        check_known(c, where, known, wasm_externtype_as_functype_const(type), used);
    else if (!sk_import_is_wasi(module))
        unknown(c, where, module, name);
}

/* ---- capabilities --------------------------------------------------------------------------------------------------------- */

/* Those that stand for imports and are off unless declared. */
static bool is_gated(enum sk_capability cap)
{
    return cap == SK_CAP_NETWORK || cap == SK_CAP_PUT_HANDLERS || cap == SK_CAP_RESOURCE_PROVIDER ||
           cap == SK_CAP_WEATHER_PROVIDER || cap == SK_CAP_RADAR_PROVIDER || cap == SK_CAP_RAW_SOCKETS;
}

static void compare_capabilities(const struct sk_check *c, uint32_t used)
{
    char cure[120];
    for (enum sk_capability cap = 0; c->package != NULL && cap < SK_CAP_COUNT; cap++) {
        bool needs = (used & UINT32_C(1) << cap) != 0, has = sk_package_can(c->package, cap);
        if (needs && !has) {
            snprintf(cure, sizeof cure, "Add \"%s\": true to wasmCapabilities.", sk_capability_key(cap));
            sk_check_say(c, SK_FINDING_ERROR, "package.json", cure, "The module uses the capability %s, which is not declared.",
                         sk_capability_key(cap));
        } else if (has && !needs && is_gated(cap)) {
            sk_check_say(c, SK_FINDING_NOTE, "package.json", "Leave it out: users see what a plugin may do.",
                         "The capability %s is declared, but no import needs it.", sk_capability_key(cap));
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------ */

static void check_lists(const struct sk_check *c, const wasmtime_module_t *m)
{
    wasm_importtype_vec_t imports;
    uint32_t used = 0;
    bool has_wasi = false;
    enum sk_module_kind kind;
    struct sk_errmsg em;
    wasmtime_module_imports(m, &imports);
    for (size_t i = 0; i < imports.size; i++) {
        check_import(c, imports.data[i], &used);
        has_wasi |= sk_import_is_wasi(wasm_importtype_module(imports.data[i]));
    }
    wasm_importtype_vec_delete(&imports);
    compare_capabilities(c, used);
    if (sk_module_kind(m, &kind, &em) < 0)
        sk_check_say(c, SK_FINDING_ERROR, WHERE,
                     "Rust: #[no_mangle] pub extern \"C\"; C: __attribute__((export_name(\"…\"))); Go: //go:wasmexport; "
                     "AssemblyScript: export function.",
                     "%s.", em.text);
    else
        sk_check_exports(c, m, kind, has_wasi);
}

static void check_bytes(const struct sk_check *c, struct sk_span bytes)
{
    wasm_engine_t *engine = wasm_engine_new_with_config(sk_engine_config());
    wasmtime_module_t *m = NULL;
    wasmtime_error_t *error = wasmtime_module_new(engine, (const uint8_t *)bytes.p, bytes.n, &m);
    struct sk_errmsg em;
    if (error != NULL) {
        sk_engine_error(&em, SK_ERR_INVALID, error, "module");
        refuse(c, em.text);
    } else {
        check_lists(c, m);
        wasmtime_module_delete(m);
    }
    wasm_engine_delete(engine);
}

void sk_check_module(const struct sk_check *c, const char *file)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    struct sk_errmsg em;
    size_t n;
    if (sk_fs_read(file, (size_t)256 * 1024 * 1024, &text, &n, &em) < 0) {
        sk_check_say(c, SK_FINDING_ERROR, WHERE, "", "%s.", em.text);
        return;
    }
    check_size(c, n);
    if (check_form(c, (struct sk_span){ text, n }))
        check_bytes(c, (struct sk_span){ text, n });
}
