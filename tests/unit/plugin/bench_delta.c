/* What a delta costs: bench_plugin_delta MODULES_DIR [DELTAS] prints CPU per delta of a call alone, and of the whole way through
   inbox and worker thread. */
#include "base/clock.h"
#include "plugin/compile.h"
#include "plugin/guest.h"
#include "plugin/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DELTA                                                                                                                    \
    "{\"updates\":[{\"source\":{\"label\":\"gps\",\"type\":\"NMEA0183\",\"sentence\":\"RMC\",\"talker\":\"GP\"},\"$source\":"    \
    "\"gps.GP\",\"timestamp\":"                                                                                                  \
    "\"2026-11-22T17:08:10.134Z\",\"values\":[{\"path\":\"navigation.position\",\"value\":{\"longitude\":24.9021,\"latitude\":"  \
    "60.1508}},{\"path\":"                                                                                                       \
    "\"navigation.speedOverGround\",\"value\":3.1},{\"path\":\"navigation.courseOverGroundTrue\",\"value\":1.2}]}],\"context\":" \
    "\"vessels.urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d\"}"

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void nothing(void *owner)
{
    (void)owner;
}

int main(int argc, char **argv)
{
    unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    struct sk_errmsg em = { 0 };
    struct sk_engine *engine = sk_engine_create(2000);
    struct sk_host_limits limits = sk_host_default_limits;
    char name[] = "bench", dir[500], manifest[] = "modes.wasm", id[] = "bench";
    snprintf(dir, sizeof dir, "%s", argc > 1 ? argv[1] : ".");
    struct sk_package package = {
        .name = name, .id = id, .dir = dir, .manifest = manifest, .manifest_usable = true, .no_storage = true, .caps = UINT32_MAX
    };

    wasmtime_module_t *m = NULL;
    struct sk_compile_options co = { .engine = engine, .module_max = 1 << 20, .ms = 10000, .in_process = true };
    char file[600];
    snprintf(file, sizeof file, "%s/modes.wasm", dir);
    struct sk_guest *g = NULL;
    struct sk_guest_options go = { .engine = engine, .package = &package, .memory_max = 1 << 26, .table_max = 100, .ops = NULL };
    static const struct sk_guest_ops none;
    go.ops = &none;
    if (sk_module_load(&co, file, &m, &em) < 0 || (go.module = m, sk_guest_create(&go, 1000, &g, &em)) < 0) {
        fprintf(stderr, "%s\n", em.text);
        return 1;
    }
    sk_engine_enter(engine);
    uint64_t began = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned long i = 0; i < n; i++)
        sk_guest_delta(g, SK_SPAN(DELTA), 5000, &em);
    printf("call alone (allocate, copy, call, deallocate; %zu bytes): %.0f ns\n", sizeof DELTA - 1,
           (double)(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - began) / (double)n);
    sk_engine_leave(engine);
    sk_guest_destroy(g);
    wasmtime_module_delete(m);

    struct sk_figures *figures = sk_figures_create();
    struct sk_loop *loop = sk_loop_create();
    struct sk_worker_options wo = {
        .loop = loop,
        .engine = engine,
        .limits = &limits,
        .package = &package,
        .figures = figures,
        .data_dir = dir,
        .compile_in_process = true,
        .start = true,
        .config = SK_SPAN("{\"mode\":0}"),
        .notify = nothing,
        .lost = nothing,
    };
    struct sk_worker *w = sk_worker_create(&wo);
    usleep(300000);
    struct sk_frame *f = sk_frame_create(DELTA, sizeof DELTA - 1);
    uint64_t cpu_before = sk_worker_cpu_ns(w);
    const struct sk_histogram *served = &sk_figures_export(figures, "delta_handler")->took;
    began = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned long i = 0; i < n; i++) {
        sk_worker_deliver(w, f);
        if (i % 100 == 99) { /* a loop turn with a hundred deltas */
            sk_worker_wake(w);
            while (sk_histogram_count(served) < i + 1 && sk_figures_get(figures, SK_COUNT_DELTAS_DROPPED) == 0)
                usleep(50);
        }
    }
    printf("through inbox and worker, 100 a turn (with the waiting of this program): %.0f ns in the process, ",
           (double)(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - began) / (double)n);
    printf("%.0f ns in the worker, %lu dropped\n", (double)(sk_worker_cpu_ns(w) - cpu_before) / (double)n,
           (unsigned long)sk_figures_get(figures, SK_COUNT_DELTAS_DROPPED));
    sk_frame_unref(f);
    fflush(stdout);
    _exit(0); /* the worker goes with the process */
}
