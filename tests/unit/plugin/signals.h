/*
 * cmocka takes SIGSEGV and SIGILL for itself at the start of each test; Wasmtime, which turns them into traps, installed its
 * handlers once before. Tests that call guests put Wasmtime's back.
 */
#ifndef TEST_PLUGIN_SIGNALS_H
#define TEST_PLUGIN_SIGNALS_H

#include "plugin/engine.h"

#include <signal.h>

static const int engine_signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGBUS };
static struct sigaction engine_actions[4];

/* Before the first test. */
static void keep_engine_signals(void)
{
    struct sk_engine *e = sk_engine_create(1000);
    sk_engine_wasm(e);
    for (size_t i = 0; i < SK_COUNT(engine_signals); i++)
        sigaction(engine_signals[i], NULL, &engine_actions[i]);
    sk_engine_destroy(e);
}

static void restore_engine_signals(void)
{
    for (size_t i = 0; i < SK_COUNT(engine_signals); i++)
        sigaction(engine_signals[i], &engine_actions[i], NULL);
}

#endif
