/*
 * What a module's import and export lists tell: the plugin's kind, and whether skiff can link it. Pure over Wasmtime's type
 * lists. Thread: any.
 */
#ifndef SK_PLUGIN_MODULE_H
#define SK_PLUGIN_MODULE_H

#include "base/buf.h"
#include "base/err.h"

#include <wasmtime.h>

enum sk_module_kind { SK_MODULE_BUFFER, SK_MODULE_COMMAND, SK_MODULE_AS };

/* SK_ERR_UNSUPPORTED with a text that says which exports are missing. */
int sk_module_kind(const wasmtime_module_t *m, enum sk_module_kind *ret_kind, struct sk_errmsg *em);
/* Every import must be one that skiff offers; the text names the first that is not, and the right name where one is near. */
int sk_module_check_imports(const wasm_importtype_vec_t *imports, struct sk_errmsg *em);

/* The import that an author who wrote `name` probably meant; NULL: no idea. */
const char *sk_module_suggest_import(const wasm_name_t *name);

#endif
