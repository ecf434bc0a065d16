#include "signals.h"

#include "plugin/engine.h"

#include <signal.h>

static const int engine_signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGBUS };
static struct sigaction engine_actions[4];

void keep_engine_signals(void)
{
    struct sk_engine *e = sk_engine_create(1000);
    sk_engine_wasm(e);
    for (size_t i = 0; i < SK_COUNT(engine_signals); i++)
        sigaction(engine_signals[i], NULL, &engine_actions[i]);
    sk_engine_destroy(e);
}

void restore_engine_signals(void)
{
    for (size_t i = 0; i < SK_COUNT(engine_signals); i++)
        sigaction(engine_signals[i], &engine_actions[i], NULL);
}
