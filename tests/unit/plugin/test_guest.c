/* Guests alone: linking, conventions, deadlines, hostile memory. The host's side is a recorder. */
#include "base/clock.h"
#include "plugin/compile.h"
#include "plugin/guest.h"
#include "signals.h"
#include "store/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char *modules; /* folder of the assembled modules */
static struct sk_engine *engine;

struct seen {
    char log[500], output[500], status[200], delta[500];
    int deltas, version;
};

static void keep(char *to, size_t size, struct sk_span s)
{
    size_t at = strlen(to);
    snprintf(to + at, size - at, "%s%.*s", at > 0 ? "|" : "", (int)s.n, s.p);
}

static void on_log(void *owner, struct sk_span text)
{
    keep(((struct seen *)owner)->log, 500, text);
}

static void on_output(void *owner, struct sk_span text)
{
    keep(((struct seen *)owner)->output, 500, text);
}

static void on_status(void *owner, struct sk_span text, bool error)
{
    keep(((struct seen *)owner)->status, 200, text);
    (void)error;
}

static bool on_delta(void *owner, struct sk_span json, int version)
{
    struct seen *s = owner;
    s->deltas++;
    s->version = version;
    keep(s->delta, sizeof s->delta, json);
    return true;
}

static bool on_register(void *owner, struct sk_span context, struct sk_span path)
{
    (void)owner, (void)context, (void)path;
    return true;
}

static bool on_register_provider(void *owner, enum sk_provider_kind kind, struct sk_span name)
{
    (void)owner, (void)kind, (void)name;
    return true;
}

static bool on_emit(void *owner, struct sk_span id, bool spokes, struct sk_span bytes)
{
    (void)owner, (void)id, (void)spokes, (void)bytes;
    return true;
}

static int on_query(void *owner, struct sk_span path, bool from_root, struct sk_buf *out)
{
    (void)owner, (void)from_root;
    if (!sk_span_eq(path, "uuid"))
        return SK_ERR_NOTFOUND;
    SK_BUF_LIT(out, "\"abcd\"");
    return 0;
}

static void on_read_config(void *owner, struct sk_buf *out)
{
    (void)owner;
    SK_BUF_LIT(out, "{}");
}

static int on_save_config(void *owner, struct sk_span json)
{
    (void)owner, (void)json;
    return 0;
}

static void on_sleep(void *owner, unsigned ms)
{
    (void)owner;
    usleep((useconds_t)(ms > 2000 ? 2000 : ms) * 1000);
}

static const struct sk_guest_ops recorder = {
    .log = on_log,
    .output = on_output,
    .status = on_status,
    .delta = on_delta,
    .register_put = on_register,
    .register_provider = on_register_provider,
    .emit = on_emit,
    .query = on_query,
    .read_config = on_read_config,
    .save_config = on_save_config,
    .sleep = on_sleep,
};

static char package_name[] = "@test/guest";
static struct sk_package package = {
    .name = package_name,
    .caps = UINT32_MAX & ~(1u << SK_CAP_RAW_SOCKETS),
};

struct guest {
    struct sk_guest *g;
    struct seen seen;
    struct sk_errmsg em;
    int r;
};

static void open_with(struct guest *t, const char *name, const char *vfs, unsigned ms)
{
    char file[600];
    wasmtime_module_t *m = NULL;
    struct sk_compile_options o = { .engine = engine, .module_max = 1 << 20, .ms = 10000, .in_process = true };
    snprintf(file, sizeof file, "%s/%s.wasm", modules, name);
    memset(t, 0, sizeof *t);
    restore_engine_signals();
    t->r = sk_module_load(&o, file, &m, &t->em);
    if (t->r < 0)
        fail_msg("%s", t->em.text);
    struct sk_guest_options g = {
        .engine = engine,
        .module = m,
        .package = &package,
        .vfs = vfs,
        .memory_max = 1 << 20,
        .table_max = 100,
        .ops = &recorder,
        .owner = &t->seen,
    };
    sk_engine_enter(engine);
    t->r = sk_guest_create(&g, ms, &t->g, &t->em);
    wasmtime_module_delete(m);
}

static void open_guest(struct guest *t, const char *name)
{
    open_with(t, name, NULL, 1000);
}

static void close_guest(struct guest *t)
{
    sk_guest_destroy(t->g);
    sk_engine_leave(engine);
}

static void opened(struct guest *t, const char *name)
{
    open_guest(t, name);
    if (t->r < 0)
        fail_msg("%s: %s", name, t->em.text);
}

static void expect(struct guest *t, const char *handler, const char *request, int r, const char *answer)
{
    struct sk_buf b;
    sk_buf_init(&b, 1 << 20);
    int got = sk_guest_request(t->g, SK_CALL_HTTP, handler, sk_span_of(request), 0, 1000, &b, &t->em);
    if (got != r)
        fail_msg("%s(%s): %d %s", handler, request, got, t->em.text);
    if (r == 0)
        assert_string_equal(sk_buf_cstr(&b), answer);
    sk_buf_finish(&b);
}

static void start_mode(struct guest *t, int mode, unsigned ms)
{
    char config[40];
    int32_t code = -1;
    snprintf(config, sizeof config, "{\"mode\":%d}", mode);
    t->r = sk_guest_start(t->g, sk_span_of(config), ms, &code, &t->em);
    if (t->r == 0 && mode != 7)
        assert_int_equal(code, 0);
}

/* ---- tests ---- */

static void import_types_are_the_modules_own(void **state)
{
    struct guest t;
    int32_t code = -1;
    opened(&t, "types");
    assert_int_equal(sk_guest_start(t.g, SK_SPAN("{}"), 1000, &code, &t.em), 0);
    assert_int_equal(code, 0);
    assert_string_equal(t.seen.log, "hello");
    assert_int_equal(t.seen.deltas, 2);
    assert_int_equal(t.seen.version, 2);
    struct sk_buf b;
    sk_buf_init(&b, 1000);
    assert_int_equal(sk_guest_text(t.g, "plugin_schema", 1000, &b, &t.em), 0); /* no parameters, no result */
    assert_int_equal(b.n, 0);
    sk_buf_finish(&b);
    close_guest(&t);
    (void)state;
}

static void unknown_imports_are_named(void **state)
{
    struct guest t;
    open_guest(&t, "unknown");
    assert_int_equal(t.r, SK_ERR_UNSUPPORTED);
    assert_non_null(strstr(t.em.text, "env.sk_emit_delta"));
    assert_non_null(strstr(t.em.text, "sk_handle_message"));
    close_guest(&t);
    open_guest(&t, "misspelt");
    assert_non_null(strstr(t.em.text, "did you mean sk_get_self_path?"));
    close_guest(&t);
    (void)state;
}

static void early_code_runs_and_initialize_once(void **state)
{
    struct guest t;
    struct sk_buf b;
    sk_buf_init(&b, 1000);
    opened(&t, "early");
    assert_string_equal(t.seen.log, "early");
    assert_int_equal(sk_guest_text(t.g, "plugin_name", 1000, &b, &t.em), 0);
    assert_string_equal(sk_buf_cstr(&b), "once");
    sk_buf_finish(&b);
    close_guest(&t);
    (void)state;
}

static void a_command_runs_once_and_goes_on(void **state)
{
    struct guest t;
    struct sk_buf b;
    sk_buf_init(&b, 1000);
    opened(&t, "command");
    assert_int_equal(sk_guest_text(t.g, "plugin_name", 1000, &b, &t.em), 0);
    assert_string_equal(sk_buf_cstr(&b), "PLUGIN_ID=@test/guest");
    sk_buf_finish(&b);
    assert_string_equal(t.seen.output, "first");
    struct seen *seen = &t.seen;
    close_guest(&t);
    assert_string_equal(seen->output, "first|second");
    (void)state;
}

struct start {
    uint64_t wall, processor; /* milliseconds */
};

static struct start now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (struct start){ sk_clock_mono_ms(), (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 };
}

/* A loop takes all the processor it gets, and no more than its deadline and a little: that holds on a busy machine as well, where
   the clock on the wall runs on while others have the processor. */
static void cut_within(unsigned deadline, struct start began)
{
    struct start end = now();
    uint64_t took = end.wall - began.wall, used = end.processor - began.processor;
    if (took < deadline || used > deadline + 60 || took > deadline + 5000)
        fail_msg("cut after %lu ms, %lu of the processor, instead of %u", (unsigned long)took, (unsigned long)used, deadline);
}

static void endless_loops_are_cut(void **state)
{
    struct guest t;
    struct start began;
    opened(&t, "modes");
    began = now();
    start_mode(&t, 1, 100);
    assert_int_equal(t.r, SK_ERR_TIMEOUT);
    cut_within(100, began);
    assert_non_null(strstr(sk_guest_trap(t.g), "plugin_start"));
    assert_int_equal(sk_guest_delta(t.g, SK_SPAN("{}"), 100, &t.em), SK_ERR_CLOSED);
    close_guest(&t);

    int32_t code;
    opened(&t, "modes");
    start_mode(&t, 2, 1000);
    usleep(300 * 1000);
    began = now();
    assert_int_equal(sk_guest_poll(t.g, 50, &code, &t.em), SK_ERR_TIMEOUT);
    cut_within(50, began);
    close_guest(&t);

    opened(&t, "modes");
    start_mode(&t, 3, 1000);
    began = now();
    assert_int_equal(sk_guest_delta(t.g, SK_SPAN("{}"), 50, &t.em), SK_ERR_TIMEOUT);
    cut_within(50, began);
    close_guest(&t);

    opened(&t, "modes");
    began = now();
    start_mode(&t, 9, 100); /* asleep, not looping */
    assert_int_equal(t.r, SK_ERR_TIMEOUT);
    assert_true(now().wall - began.wall < 300);
    close_guest(&t);
    (void)state;
}

static void a_parked_ticker_wakes(void **state)
{
    struct guest t;
    usleep(1300 * 1000); /* nothing is active: it sleeps */
    opened(&t, "modes");
    struct start began = now();
    start_mode(&t, 1, 100);
    assert_int_equal(t.r, SK_ERR_TIMEOUT);
    cut_within(100, began);
    close_guest(&t);
    (void)state;
}

static void traps_kill_the_instance_only(void **state)
{
    struct guest t;
    opened(&t, "modes");
    start_mode(&t, 4, 1000);
    assert_int_equal(t.r, SK_ERR_TRAP);
    assert_string_equal(t.em.text, "unreachable");
    assert_true(sk_guest_dead(t.g));
    close_guest(&t);
    opened(&t, "modes");
    start_mode(&t, 0, 1000);
    assert_int_equal(t.r, 0);
    close_guest(&t);
    opened(&t, "files");
    expect(&t, "http_exit", "x", SK_ERR_TRAP, NULL);
    assert_string_equal(t.em.text, "called proc_exit(5)");
    close_guest(&t);
    (void)state;
}

static void memory_stops_at_the_limit(void **state)
{
    struct guest t;
    opened(&t, "modes");
    start_mode(&t, 8, 1000);
    assert_int_equal(t.r, 0); /* growing is refused, which is no crime */
    assert_true(sk_guest_memory_bytes(t.g) <= 1 << 20);
    close_guest(&t);
    (void)state;
}

static void deltas_arrive(void **state)
{
    struct guest t;
    opened(&t, "modes");
    start_mode(&t, 0, 1000);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(sk_guest_delta(t.g, SK_SPAN("{\"updates\":[]}"), 1000, &t.em), 0);
    expect(&t, "http_count", "{}", 0, "{\"statusCode\":200,\"body\":{\"deltas\":10005000}}");
    expect(&t, "http_none", "{}", SK_ERR_NOTFOUND, NULL);
    close_guest(&t);
    (void)state;
}

static void wrong_results_are_bounded(void **state)
{
    struct guest t;
    opened(&t, "files");
    struct sk_buf b;
    sk_buf_init(&b, 1 << 20);
    assert_int_equal(sk_guest_request(t.g, SK_CALL_REQUEST, "http_wide", SK_SPAN("x"), 100, 1000, &b, &t.em), 0);
    assert_int_equal(b.n, 100); /* never more than was announced */
    sk_buf_finish(&b);
    expect(&t, "http_negative", "x", SK_ERR_PROTOCOL, NULL);
    assert_false(sk_guest_dead(t.g));
    close_guest(&t);
    (void)state;
}

static void wrong_pointers_harm_nobody(void **state)
{
    struct guest t;
    opened(&t, "pointers");
    expect(&t, "http_try", "x", 0, "ok");
    close_guest(&t);
    (void)state;
}

static void strings_of_assemblyscript(void **state)
{
    struct guest t;
    struct sk_buf b;
    int32_t code = -1;
    sk_buf_init(&b, 1000);
    opened(&t, "as");
    assert_int_equal(sk_guest_text(t.g, "plugin_name", 1000, &b, &t.em), 0);
    assert_string_equal(sk_buf_cstr(&b), "Åbo\xef\xbf\xbd");
    sk_buf_clear(&b);
    assert_int_equal(sk_guest_text(t.g, "plugin_schema", 1000, &b, &t.em), 0);
    assert_int_equal(b.n, 0);
    sk_buf_finish(&b);
    assert_int_equal(sk_guest_start(t.g, SK_SPAN("{\"a\":1}"), 1000, &code, &t.em), 0);
    assert_int_equal(code, 0);
    assert_string_equal(t.seen.log, "Åbo\xef\xbf\xbd");
    expect(&t, "http_echo", "Åbo ⚓ 𝄞", 0, "Åbo ⚓ 𝄞");
    expect(&t, "http_pins", "x", 0, "1"); /* its own argument */
    expect(&t, "http_null", "x", 0, "");
    expect(&t, "http_buffer", "x", SK_ERR_PROTOCOL, NULL);
    expect(&t, "http_wild", "x", SK_ERR_PROTOCOL, NULL);
    expect(&t, "http_pins", "x", 0, "1");
    expect(&t, "http_abort", "x", SK_ERR_TRAP, NULL);
    assert_non_null(strstr(t.em.text, "abort: no in Åbo"));
    assert_non_null(strstr(t.em.text, "(7:9)"));
    close_guest(&t);
    (void)state;
}

static void files_stay_in_the_folder(void **state)
{
    struct guest t;
    char root[] = "/tmp/sk-guest-XXXXXX", path[300], outside[300];
    assert_non_null(mkdtemp(root));
    snprintf(outside, sizeof outside, "%s/outside", root);
    snprintf(path, sizeof path, "%s/vfs", root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/vfs/data", root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/vfs/link", root);
    assert_int_equal(symlink("../outside", path), 0);
    snprintf(path, sizeof path, "%s/vfs/up", root);
    assert_int_equal(symlink("..", path), 0);
    snprintf(path, sizeof path, "%s/vfs", root);
    open_with(&t, "files", path, 1000);
    assert_int_equal(t.r, 0);
    expect(&t, "http_open", "data/x", 0, "00");
    static const char *const escapes[] = { "../outside", "data/../../outside", "/outside",
                                           "link",       "up/outside",         "data/../../../etc/hostname" };
    for (size_t i = 0; i < SK_COUNT(escapes); i++) {
        struct sk_buf b;
        sk_buf_init(&b, 1000);
        assert_int_equal(sk_guest_request(t.g, SK_CALL_REQUEST, "http_open", sk_span_of(escapes[i]), 0, 1000, &b, &t.em), 0);
        if (strcmp(sk_buf_cstr(&b), "00") == 0)
            fail_msg("left the folder by %s", escapes[i]);
        sk_buf_finish(&b);
        assert_false(sk_fs_is_file(outside));
    }
    close_guest(&t);
    char command[400];
    snprintf(command, sizeof command, "%s/vfs/data/x", root);
    char *text = NULL;
    size_t n;
    assert_int_equal(sk_fs_read(command, 100, &text, &n, NULL), 0);
    assert_string_equal(text, "hi");
    free(text);
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);

    open_guest(&t, "files"); /* storage "none": nothing to open */
    expect(&t, "http_open", "data/x", 0, "08");
    close_guest(&t);
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_types_are_the_modules_own),
        cmocka_unit_test(unknown_imports_are_named),
        cmocka_unit_test(early_code_runs_and_initialize_once),
        cmocka_unit_test(a_command_runs_once_and_goes_on),
        cmocka_unit_test(endless_loops_are_cut),
        cmocka_unit_test(a_parked_ticker_wakes),
        cmocka_unit_test(traps_kill_the_instance_only),
        cmocka_unit_test(memory_stops_at_the_limit),
        cmocka_unit_test(deltas_arrive),
        cmocka_unit_test(wrong_results_are_bounded),
        cmocka_unit_test(wrong_pointers_harm_nobody),
        cmocka_unit_test(strings_of_assemblyscript),
        cmocka_unit_test(files_stay_in_the_folder),
    };
    modules = argc > 1 ? argv[1] : ".";
    engine = sk_engine_create(2000);
    keep_engine_signals();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sk_engine_destroy(engine);
    return failed;
}
