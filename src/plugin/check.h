/*
 * What an author should know of a plugin before its users do: package.json, the module's target, imports, exports and their
 * signatures, capabilities, size; each finding with its cure. Nothing of the plugin is run.
 * Thread: any; blocks, compiles in this process (for the command line).
 */
#ifndef SK_PLUGIN_CHECK_H
#define SK_PLUGIN_CHECK_H

#include "base/base.h"
#include "base/err.h"

enum sk_finding_level {
    SK_FINDING_ERROR,   /* it will not work */
    SK_FINDING_WARNING, /* it will not work everywhere, or not as meant */
    SK_FINDING_NOTE,
};

struct sk_finding {
    enum sk_finding_level level;
    const char *where; /* "package.json", "import env.sk_debug", "export poll", "module" */
    const char *what;  /* a sentence */
    const char *cure;  /* another; "" when there is nothing to say */
};
typedef void (*sk_finding_fn)(void *arg, const struct sk_finding *f);

struct sk_check_options {
    bool portable; /* only what other Signal K servers offer too */
};

/* `path`: a package folder, or a .wasm file alone. Fails only when there is nothing to check (no such file). */
int sk_plugin_check(const char *path, const struct sk_check_options *o, sk_finding_fn found, void *arg, struct sk_errmsg *em);

/* What a form cannot be made of in the schema of a configuration, as plugin_schema gives it. */
void sk_plugin_check_schema(struct sk_span text, sk_finding_fn found, void *arg);

#endif
