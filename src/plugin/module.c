#include "plugin/module.h"

#include "base/nearest.h"
#include "plugin/imports.h"

#include <stdlib.h>

int sk_module_kind(const wasmtime_module_t *m, enum sk_module_kind *ret_kind, struct sk_errmsg *em)
{
    wasm_exporttype_vec_t exports;
    bool id = false, name = false, start = false, alloc = false, command = false;
    wasmtime_module_exports(m, &exports);
    for (size_t i = 0; i < exports.size; i++) {
        const wasm_name_t *n = wasm_exporttype_name(exports.data[i]);
        id |= sk_wasm_name_is(n, "plugin_id");
        name |= sk_wasm_name_is(n, "plugin_name");
        start |= sk_wasm_name_is(n, "plugin_start");
        alloc |= sk_wasm_name_is(n, "allocate");
        command |= sk_wasm_name_is(n, "_start");
    }
    wasm_exporttype_vec_delete(&exports);
    if (id && alloc)
        *ret_kind = command ? SK_MODULE_COMMAND : SK_MODULE_BUFFER;
    else if ((id || (name && start)) && !alloc && !command)
        *ret_kind = SK_MODULE_AS;
    else if (command)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED,
                             "a bare command module (_start) is no plugin: it must export plugin_id and allocate");
    else if (alloc)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "Unknown WASM plugin format: allocate is exported, but plugin_id is not");
    else
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED,
                             "Unknown WASM plugin format: none of plugin_id, plugin_name and plugin_start is exported");
    return 0;
}

/* ---- names ---- */

/* Names that tutorials and generated code are known to use by mistake. */
static const char *known_mistake(const wasm_name_t *name)
{
    static const struct {
        const char *wrong, *right;
    } table[] = {
        { "sk_log_debug", "sk_debug" },
        { "sk_log_info", "sk_debug" },
        { "sk_log_warn", "sk_debug" },
        { "sk_log_error", "sk_debug" },
        { "sk_log", "sk_debug" },
        { "sk_emit_delta", "sk_handle_message" },
        { "sk_send_delta", "sk_handle_message" },
        { "sk_udp_recv_from", "sk_udp_recv" },
    };
    for (size_t i = 0; i < SK_COUNT(table); i++)
        if (sk_wasm_name_is(name, table[i].wrong))
            return table[i].right;
    return NULL;
}

const char *sk_module_suggest_import(const wasm_name_t *name)
{
    const char *right = known_mistake(name);
    if (right != NULL)
        return right;
    const char **names = sk_xcalloc(sk_import_count + 1, sizeof *names);
    for (size_t i = 0; i < sk_import_count; i++)
        names[i] = sk_imports[i].name;
    right = sk_nearest_name(name->data, name->size, names);
    free(names);
    return right;
}

static int refuse(const wasm_name_t *module, const wasm_name_t *name, struct sk_errmsg *em)
{
    const char *right = sk_module_suggest_import(name);
    int mn = module->size < 100 ? (int)module->size : 100, nn = name->size < 100 ? (int)name->size : 100;
    if (right != NULL)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "unknown import %.*s.%.*s; did you mean %s?", mn, module->data, nn,
                             name->data, right);
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "unknown import %.*s.%.*s", mn, module->data, nn, name->data);
}

int sk_module_check_imports(const wasm_importtype_vec_t *imports, struct sk_errmsg *em)
{
    for (size_t i = 0; i < imports->size; i++) {
        const wasm_name_t *module = wasm_importtype_module(imports->data[i]), *name = wasm_importtype_name(imports->data[i]);
        if (wasm_externtype_kind(wasm_importtype_type(imports->data[i])) != WASM_EXTERN_FUNC)
            return sk_errmsg_set(em, SK_ERR_UNSUPPORTED,
                                 "import %.*s.%.*s is no function: plugins bring their own memory and tables", (int)module->size,
                                 module->data, (int)name->size, name->data);
        if (sk_import_find(module, name) == NULL && !sk_import_is_wasi(module))
            return refuse(module, name, em);
    }
    return 0;
}
