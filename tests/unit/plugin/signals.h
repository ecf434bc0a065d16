/*
 * cmocka takes SIGSEGV and SIGILL for itself at the start of each test; Wasmtime, which turns them into traps, installed its
 * handlers once before. Tests that call guests put Wasmtime's back.
 */
#ifndef TEST_PLUGIN_SIGNALS_H
#define TEST_PLUGIN_SIGNALS_H

void keep_engine_signals(void); /* before the first test */
void restore_engine_signals(void);

#endif
