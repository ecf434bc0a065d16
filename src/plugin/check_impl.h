/* What the files of the check share. Owner: whoever runs it; one thread. */
#ifndef SK_PLUGIN_CHECK_IMPL_H
#define SK_PLUGIN_CHECK_IMPL_H

#include "plugin/check.h"
#include "plugin/module.h"
#include "plugin/package.h"

struct sk_check {
    const struct sk_check_options *o;
    const struct sk_package *package; /* NULL: a module alone */
    sk_finding_fn found;
    void *arg;
};

void sk_check_say(const struct sk_check *c, enum sk_finding_level level, const char *where, const char *cure, const char *fmt,
                  ...) __attribute__((format(printf, 5, 6)));

/* check_package.c: of the whole text; *ret_package is NULL when it cannot be used at all */
void sk_check_package(struct sk_check *c, const char *dir, struct sk_package **ret_package);
/* check_module.c */
void sk_check_module(const struct sk_check *c, const char *file);
/* check_exports.c; has_wasi: the module imports some of WASI */
void sk_check_exports(const struct sk_check *c, const wasmtime_module_t *m, enum sk_module_kind kind, bool has_wasi);

/* "(i32, i32) -> i32" of a function type. */
void sk_check_signature(const wasm_functype_t *type, char *out, size_t size);

#endif
