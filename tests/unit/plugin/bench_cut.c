/*
 * How late a call that never returns is cut: bench_plugin_cut MODULES_DIR [CALLS] [DEADLINE_MS] makes CALLS calls of an endless
 * loop, each in a fresh instance, and prints the milliseconds behind the deadline: p50, p99 and the most.
 */
#include "base/clock.h"
#include "plugin/compile.h"
#include "plugin/guest.h"

#include <stdio.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

#define NOT_CUT (-1e9)

/* Milliseconds behind the deadline; a little before it is possible when the ticker had to catch up. */
static double cut_once(const struct sk_guest_options *o, unsigned deadline_ms)
{
    struct sk_errmsg em = { 0 };
    struct sk_guest *g = NULL;
    struct sk_buf out;
    if (sk_guest_create(o, 10000, &g, &em) < 0) {
        fprintf(stderr, "%s\n", em.text);
        return NOT_CUT;
    }
    sk_buf_init(&out, 1000);
    sk_engine_enter(o->engine);
    uint64_t began = sk_clock_mono_ns();
    int r = sk_guest_request(g, SK_CALL_HTTP, "http_loop", SK_SPAN("{}"), 0, deadline_ms, &out, &em);
    double took = (double)(sk_clock_mono_ns() - began) / 1e6;
    sk_engine_leave(o->engine);
    sk_buf_finish(&out);
    sk_guest_destroy(g);
    return r == SK_ERR_TIMEOUT ? took - deadline_ms : NOT_CUT;
}

int main(int argc, char **argv)
{
    size_t calls = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    unsigned deadline_ms = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20;
    struct sk_errmsg em = { 0 };
    struct sk_engine *engine = sk_engine_create(2000);
    char name[] = "bench", id[] = "bench", file[600];
    struct sk_package package = { .name = name, .id = id, .no_storage = true, .caps = UINT32_MAX };
    struct sk_compile_options co = { .engine = engine, .module_max = 1 << 20, .ms = 10000, .in_process = true };
    static const struct sk_guest_ops none; /* the loop asks the host for nothing */
    wasmtime_module_t *m = NULL;
    snprintf(file, sizeof file, "%s/modes.wasm", argc > 1 ? argv[1] : ".");
    if (sk_module_load(&co, file, &m, &em) < 0) {
        fprintf(stderr, "%s\n", em.text);
        return 1;
    }
    struct sk_guest_options go = {
        .engine = engine, .module = m, .package = &package, .memory_max = 1 << 26, .table_max = 100, .ops = &none
    };
    double *late = sk_xcalloc(calls, sizeof *late);
    for (size_t i = 0; i < calls; i++) {
        late[i] = cut_once(&go, deadline_ms);
        if (late[i] == NOT_CUT) {
            fprintf(stderr, "call %zu was not cut at its deadline\n", i);
            return 1;
        }
    }
    qsort(late, calls, sizeof *late, by_size);
    printf("%.1f %.1f %.1f\n", late[calls / 2], late[calls * 99 / 100], late[calls - 1]);
    free(late);
    wasmtime_module_delete(m);
    sk_engine_destroy(engine);
    return 0;
}
