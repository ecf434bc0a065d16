/*
 * A reactor that guards itself as newer C libraries and Go do: the second _initialize traps. Publishes how often its
 * constructors ran.
 */
#include "skiff/plugin.h"

SKP_PLUGIN("probe-c-once", "Reactor, initialised once", "{\"type\":\"object\",\"properties\":{}}")

extern void __wasm_call_ctors(void);
static volatile int initialised;
static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed++;
}

SKP_EXPORT("_initialize") void reactor_initialize(void)
{
    if (initialised)
        __builtin_trap();
    initialised = 1;
    __wasm_call_ctors();
}

SKP_ON_START(config)
{
    char buf[256];
    struct skp_delta d;
    (void)config;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "test.once.initialised", initialised);
    skp_delta_number(&d, "test.once.constructed", constructed);
    skp_delta_send(&d);
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}
