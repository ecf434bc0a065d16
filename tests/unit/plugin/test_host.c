/* The whole host with the real hub, in a folder of its own: lives, configurations, crashes, calls, shutdown. */
#include "base/clock.h"
#include "boat.h"
#include "plugin/image_index.h"
#include "plugin/image_prune.h"
#include "signals.h"
#include "store/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int count(const char *text, const char *what)
{
    int n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static bool is_completed(void *arg)
{
    return sk_request_state_of(arg) == SK_REQUEST_COMPLETED;
}

/* ---- tests ---- */

static void disabled_plugins_are_listed_and_gone(void **state)
{
    struct boat *b = boat();
    install(b, "@test/modes", "modes", "");
    install(b, "wrong", "unknown", "");
    sail(b);
    struct sk_plugin *p = plugin(b, "_test_modes");
    assert_string_equal(sk_plugin_name(p), "Modes");
    assert_string_equal(sk_plugin_state(p), "stopped");
    struct sk_buf out;
    sk_buf_init(&out, 100000);
    sk_host_write_list(b->host, &out);
    const char *list = sk_buf_cstr(&out);
    assert_non_null(strstr(list, "\"id\":\"_test_modes\",\"name\":\"Modes\",\"packageName\":\"@test/modes\""));
    assert_non_null(strstr(list, "\"schema\":{\"type\":\"object\",\"properties\":{}}"));
    assert_non_null(strstr(list, "\"data\":{},\"type\":\"wasm\",\"bundled\":false}"));
    assert_non_null(strstr(list, "unknown import env.sk_emit_delta; did you mean sk_handle_message?"));
    sk_buf_finish(&out);
    assert_string_equal(sk_plugin_state(plugin(b, "wrong")), "error");
    char path[200];
    snprintf(path, sizeof path, "%s/plugin-config-data/_test_modes.json", b->dir);
    assert_false(sk_fs_is_file(path));
    call(b, "_test_modes", "http_count", SK_CALL_DOWN);
    moor(b);
    (void)state;
}

static void a_life_from_saving_to_shutdown(void **state)
{
    struct boat *b = boat();
    install(b, "@test/modes", "modes", ",\"wasmCapabilities\":{\"putHandlers\":true}");
    sail(b);
    save(b, "_test_modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "_test_modes")), "running");
    char path[200], *text = NULL;
    size_t n;
    snprintf(path, sizeof path, "%s/plugin-config-data/_test_modes.json", b->dir);
    assert_int_equal(sk_fs_read(path, 1000, &text, &n, NULL), 0);
    assert_string_equal(text,
                        "{\n  \"configuration\": {\n    \"mode\": 0\n  },\n  \"enabled\": true,\n  \"enableDebug\": false\n}");
    free(text);
    static const char *const parts[] = { "data", "config", "tmp" };
    for (size_t i = 0; i < SK_COUNT(parts); i++) {
        snprintf(path, sizeof path, "%s/plugin-config-data/_test_modes/vfs/%s", b->dir, parts[i]);
        assert_true(sk_fs_is_dir(path));
    }
    wait_seen(b, "test.polls");
    wait_seen(b, "supportsPut");
    assert_non_null(strstr(b->seen, "\"$source\":\"@test/modes\""));
    call(b, "_test_modes", "http_count", SK_CALL_OK);
    call(b, "_test_modes", "http_none", SK_CALL_MISSING);

    struct sk_put_input in = { .context = SK_SPAN("vessels.self"), .path = SK_SPAN("test.switch"), .value = SK_SPAN("true") };
    struct sk_request *r = sk_puts_submit(b->puts, &in);
    assert_true(sk_loop_run_until(b->loop, is_completed, r, sk_clock_mono_ms() + PATIENCE_MS));
    assert_int_equal(sk_request_status_code(r), 200);
    sk_request_unref(r);

    const struct sk_figures *f = sk_plugin_figures(plugin(b, "_test_modes"));
    assert_true(sk_figures_calls(f) > 0 && sk_plugin_cpu_ns(plugin(b, "_test_modes")) > 0 && f->memory_bytes == 4 * 65536 &&
                f->count[SK_COUNT_DELTAS_OUT] > 0 && f->count[SK_COUNT_STARTS] == 1 && f->count[SK_COUNT_CRASHES] == 0);

    save(b, "_test_modes", "{\"enabled\":true,\"configuration\":{\"mode\":0,\"again\":1}}", ""); /* a restart */
    assert_int_equal(count(b->seen, "test.stopped"), 1);
    save(b, "_test_modes", "{\"enabled\":false,\"configuration\":{\"mode\":0}}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "_test_modes")), "stopped");
    assert_int_equal(count(b->seen, "test.stopped"), 2);
    r = sk_puts_submit(b->puts, &in);
    assert_int_equal(sk_request_status_code(r), 405);
    sk_request_unref(r);
    save(b, "_test_modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}", "");
    sk_host_stop_all(b->host, on_stopped, b);
    assert_true(sk_loop_run_until(b->loop, has_stopped, b, sk_clock_mono_ms() + PATIENCE_MS));
    assert_int_equal(count(b->seen, "test.stopped"), 3);
    struct outcome o = { 0 };
    sk_plugin_save_config(plugin(b, "_test_modes"), SK_SPAN("{}"), on_saved, &o);
    assert_true(o.done);
    sk_host_destroy(b->host);
    b->host = NULL;
    b->stopped = false;
    sail(b); /* enabled by its file: runs at once */
    assert_string_equal(sk_plugin_state(plugin(b, "_test_modes")), "running");
    moor(b);
    (void)state;
}

static void starts_that_fail_say_why(void **state)
{
    struct boat *b = boat();
    install(b, "modes", "modes", "");
    sail(b);
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":7}}", "Plugin start() returned error code: 7");
    assert_string_equal(sk_plugin_state(plugin(b, "modes")), "error");
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "modes")), "running");
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":4}}", "unreachable");
    wait_state(b, "modes", "error");
    save(b, "modes", "{\"enabled\":false,\"configuration\":{\"mode\":4}}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "modes")), "stopped");
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":1}}", "took too long and was interrupted");
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "modes")), "running");
    moor(b);
    (void)state;
}

static void crashes_lead_to_restarts_and_then_to_error(void **state)
{
    struct boat *b = boat();
    install(b, "trap", "modes", "");
    install(b, "loop", "modes", "");
    install(b, "good", "modes", "");
    configure(b, "trap", "{\"enabled\":true,\"configuration\":{\"mode\":5}}");
    configure(b, "loop", "{\"enabled\":true,\"configuration\":{\"mode\":2}}");
    configure(b, "good", "{\"enabled\":true,\"configuration\":{\"mode\":0}}");
    sail(b);
    wait_state(b, "trap", "error");
    wait_state(b, "loop", "error");
    const struct sk_figures *f = sk_plugin_figures(plugin(b, "trap"));
    assert_int_equal(f->count[SK_COUNT_CRASHES], 4);
    assert_int_equal(f->count[SK_COUNT_STARTS], 4);
    assert_int_equal(f->count[SK_COUNT_RESTARTS], 3);
    assert_non_null(strstr(sk_plugin_last_trap(plugin(b, "trap")), "poll: unreachable\n    at "));
    assert_int_equal(sk_plugin_figures(plugin(b, "loop"))->count[SK_COUNT_DEADLINE_MISSES], 4);
    assert_non_null(strstr(sk_plugin_message(plugin(b, "trap")), "unreachable"));
    assert_int_equal(sk_plugin_figures(plugin(b, "good"))->count[SK_COUNT_STARTS], 1);
    assert_string_equal(sk_plugin_state(plugin(b, "good")), "running");
    moor(b);
    (void)state;
}

static void a_handler_that_traps_or_loops_is_answered(void **state)
{
    struct boat *b = boat();
    install(b, "modes", "modes", "");
    configure(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}");
    sail(b);
    call(b, "modes", "http_trap", SK_CALL_FAILED);
    wait_state(b, "modes", "running");
    uint64_t began = sk_clock_mono_ms(), used = sk_plugin_cpu_ns(plugin(b, "modes"));
    call(b, "modes", "http_loop", SK_CALL_TIMEOUT);
    assert_true(sk_clock_mono_ms() - began >= b->limits.request_ms);
    wait_state(b, "modes", "running");
    used = sk_plugin_cpu_ns(plugin(b, "modes")) - used; /* processor time: others may take the wall's */
    assert_true(used > 0 && used < (b->limits.request_ms + 200) * UINT64_C(1000000));
    call(b, "modes", "http_count", SK_CALL_OK);

    struct answer first = { 0 }, second = { 0 }; /* one waits behind the other, and is begun later: its own time is not over */
    sk_plugin_call(plugin(b, "modes"), SK_CALL_HTTP, "http_loop", SK_SPAN("{}"), 0, on_answer, &first);
    assert_false(sk_loop_run_until(b->loop, is_answered, &first, sk_clock_mono_ms() + b->limits.request_ms / 2));
    sk_plugin_call(plugin(b, "modes"), SK_CALL_HTTP, "http_count", SK_SPAN("{}"), 0, on_answer, &second);
    assert_true(sk_loop_run_until(b->loop, is_answered, &first, sk_clock_mono_ms() + PATIENCE_MS));
    assert_true(sk_loop_run_until(b->loop, is_answered, &second, sk_clock_mono_ms() + PATIENCE_MS));
    assert_int_equal(first.result, SK_CALL_TIMEOUT);
    assert_int_equal(second.result, SK_CALL_DOWN);
    moor(b);
    (void)state;
}

static void deltas_flow_in_and_are_dropped_when_too_many(void **state)
{
    struct boat *b = boat();
    install(b, "modes", "modes", "");
    configure(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}");
    b->limits.inbox_deltas = 50;
    b->limits.poll_ms = 100000;
    sail(b);
    struct sk_origin origin = { .provider = "test" };
    const struct sk_figures *f = sk_plugin_figures(plugin(b, "modes"));
    for (int i = 0; i < 20; i++)
        assert_int_equal(sk_hub_ingest(b->hub, &origin, SK_SPAN("{\"updates\":[{\"values\":[{\"path\":\"a.b\",\"value\":1}]}]}"),
                                       NULL),
                         0);
    call(b, "modes", "http_count", SK_CALL_OK);
    assert_int_equal(f->count[SK_COUNT_DELTAS_IN], 20);
    assert_int_equal(f->count[SK_COUNT_DELTAS_DROPPED], 0);
    for (int i = 0; i < 500; i++) /* in one turn, as a burst comes */
        sk_hub_ingest(b->hub, &origin, SK_SPAN("{\"updates\":[{\"values\":[{\"path\":\"a.b\",\"value\":1}]}]}"), NULL);
    assert_int_equal(f->count[SK_COUNT_DELTAS_IN], 520);
    assert_true(f->count[SK_COUNT_DELTAS_DROPPED] >= 450 - 100);
    moor(b);
    (void)state;
}

static void a_crash_in_the_delta_handler_is_cut(void **state)
{
    struct boat *b = boat();
    install(b, "modes", "modes", "");
    configure(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":3}}");
    sail(b);
    struct sk_origin origin = { .provider = "test" };
    for (int i = 0; i < 4; i++) {
        wait_state(b, "modes", "running");
        sk_hub_ingest(b->hub, &origin, SK_SPAN("{\"updates\":[{\"values\":[{\"path\":\"a.b\",\"value\":1}]}]}"), NULL);
        wait_state(b, "modes", i == 3 ? "error" : "crashed");
    }
    moor(b);
    (void)state;
}

static void saves_in_a_row_end_in_the_last_state(void **state)
{
    struct boat *b = boat();
    install(b, "modes", "modes", "");
    sail(b);
    struct outcome o[21] = { 0 };
    for (int i = 0; i < 21; i++)
        sk_plugin_save_config(plugin(b, "modes"),
                              sk_span_of(i % 2 ? "{\"enabled\":false,\"configuration\":{\"mode\":0}}"
                                               : "{\"enabled\":true,\"configuration\":{\"mode\":0}}"),
                              on_saved, &o[i]);
    assert_true(sk_loop_run_until(b->loop, is_done, &o[20], sk_clock_mono_ms() + PATIENCE_MS));
    for (int i = 0; i < 21; i++)
        assert_true(o[i].done && o[i].error[0] == 0);
    assert_string_equal(sk_plugin_state(plugin(b, "modes")), "running");
    moor(b);
    (void)state;
}

static void shutdown_does_not_wait_for_a_loop(void **state)
{
    struct boat *b = boat();
    install(b, "loop", "modes", "");
    install(b, "sleeper", "modes", "");
    install(b, "good", "modes", "");
    configure(b, "loop", "{\"enabled\":true,\"configuration\":{\"mode\":0}}");
    configure(b, "good", "{\"enabled\":true,\"configuration\":{\"mode\":0}}");
    b->limits.request_ms = 60000;
    b->limits.start_ms = 60000;
    sail(b);
    struct answer a = { 0 };
    struct outcome o = { 0 };
    sk_plugin_call(plugin(b, "loop"), SK_CALL_HTTP, "http_loop", SK_SPAN("{}"), 0, on_answer, &a);
    sk_plugin_save_config(plugin(b, "sleeper"), SK_SPAN("{\"enabled\":true,\"configuration\":{\"mode\":9}}"), on_saved, &o);
    wait_state(b, "sleeper", "starting");
    assert_string_equal(sk_plugin_state(plugin(b, "loop")), "running");
    assert_false(a.done || o.done);
    uint64_t began = sk_clock_mono_ms();
    moor(b);
    assert_true(sk_clock_mono_ms() - began < 4000); /* a sanitizer makes it slow; the call alone would take a minute */
    assert_true(a.done && a.result == SK_CALL_DOWN && o.done);
    (void)state;
}

static bool has_text(void *arg)
{
    struct wish *w = arg;
    return strstr(sk_plugin_message(plugin(w->b, w->id)), w->text) != NULL;
}

/* Opening a pipe that nobody reads blocks within the host: no deadline reaches there. */
static void a_worker_that_does_not_come_back_is_set_aside(void **state)
{
    struct boat *b = boat();
    char path[300], name[] = "data/pipe", rest[10];
    install(b, "files", "files", "");
    configure(b, "files", "{\"enabled\":true}");
    b->limits.grace_ms = 200;
    sail(b);
    snprintf(path, sizeof path, "%s/plugin-config-data/files/vfs/%s", b->dir, name);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct answer a = { 0 };
    sk_plugin_call(plugin(b, "files"), SK_CALL_REQUEST, "http_open", sk_span_of(name), 0, on_answer, &a);
    assert_true(sk_loop_run_until(b->loop, is_answered, &a, sk_clock_mono_ms() + PATIENCE_MS));
    if (a.result == SK_CALL_OK) { /* this engine opens it without waiting: nothing to see here */
        moor(b);
        skip();
    }
    assert_int_equal(a.result, SK_CALL_TIMEOUT);
    wait_state(b, "files", "error");
    assert_non_null(strstr(sk_plugin_message(plugin(b, "files")), "does not come back"));
    save(b, "files", "{\"enabled\":true}", "an earlier call does not come back; restart the server to run it again");
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    struct wish back = { b, "files", NULL, "came back" };
    assert_true(sk_loop_run_until(b->loop, has_text, &back, sk_clock_mono_ms() + PATIENCE_MS));
    assert_true(read(reader, rest, sizeof rest) >= 0);
    close(reader);
    save(b, "files", "{\"enabled\":true}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "files")), "running");
    moor(b);
    (void)state;
}

static void the_cache_is_trusted_only_when_it_is_ours(void **state)
{
    struct boat *b = boat();
    char path[300], command[400];
    install(b, "modes", "modes", "");
    sail(b);
    snprintf(path, sizeof path, "%s/cache/wasm", b->dir);
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0700);
    snprintf(command, sizeof command, "cd %s && for f in *.cwasm; do head -c 100 $f > x && cat x > $f; done && chmod 666 *.cwasm",
             path);
    assert_int_equal(system(command), 0); /* cut short, and writable by all */
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}", "");
    snprintf(command, sizeof command, "cd %s && test -n \"$(find . -name '*.cwasm' -perm 600 -size +1k)\"", path);
    assert_int_equal(system(command), 0); /* compiled anew, and kept as it should be */
    chmod(path, 0777);
    save(b, "modes", "{\"enabled\":true,\"configuration\":{\"mode\":0}}", "");
    assert_string_equal(sk_plugin_state(plugin(b, "modes")), "running");
    moor(b);
    (void)state;
}

static void wasi_works_in_assemblyscript_plugins_too(void **state)
{
    struct boat *b = boat();
    char file[300], *text = NULL;
    size_t n = 0;
    struct sk_errmsg em;
    install(b, "aswasi", "aswasi", "");
    configure(b, "aswasi", "{\"enabled\":true,\"configuration\":{}}");
    sail(b);
    assert_string_equal(sk_plugin_state(plugin(b, "aswasi")), "running");
    snprintf(file, sizeof file, "%s/plugin-config-data/aswasi/vfs/data/x", b->dir);
    assert_int_equal(sk_fs_read(file, 10, &text, &n, &em), 0);
    assert_string_equal(text, "y");
    free(text);
    const struct sk_figures *f = sk_plugin_figures(plugin(b, "aswasi"));
    assert_int_equal(f->files_count, 1);
    assert_true(f->files_bytes > 0);
    moor(b);
    (void)state;
}

static void what_was_not_used_for_longest_leaves_the_cache(void **state)
{
    char dir[] = "/tmp/sk-prune-XXXXXX", file[80], command[100];
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < 10; i++) {
        snprintf(file, sizeof file, "%s/%d.cwasm", dir, i);
        write_file(file, "0123456789");
        struct timespec times[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };
        assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    }
    snprintf(file, sizeof file, "%s/other.index", dir);
    write_file(file, "x");
    assert_int_equal(sk_image_prune(dir, 20, 1000), 0);
    assert_int_equal(sk_image_prune(dir, 8, 1000), 2);
    assert_int_equal(sk_image_prune(dir, 8, 35), 5);
    snprintf(command, sizeof command, "cd %s && test \"$(echo *)\" = '7.cwasm 8.cwasm 9.cwasm other.index'", dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(sk_image_prune(dir, 0, 0), 2); /* the latest stays, whatever the limit is */
    struct stat s;
    snprintf(file, sizeof file, "%s/9.cwasm", dir);
    int fd = open(file, O_RDONLY);
    sk_image_used(fd);
    assert_int_equal(fstat(fd, &s), 0);
    assert_true(s.st_mtim.tv_sec > 1000000);
    close(fd);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    (void)state;
}

static void unchanged_files_are_known_again(void **state)
{
    char dir[] = "/tmp/sk-index-XXXXXX", file[64], link[64], name[SK_IMAGE_NAME_MAX], command[100];
    struct stat s;
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/p.wasm", dir);
    snprintf(link, sizeof link, "%s/q.wasm", dir);
    write_file(file, "one");
    assert_int_equal(symlink(file, link), 0);
    assert_int_equal(stat(file, &s), 0);
    sk_image_index_note(dir, file, &s, "image");
    assert_false(sk_image_index_find(dir, file, name)); /* too young: it could change without showing it */
    sleep(4);
    sk_image_index_note(dir, file, &s, "image");
    assert_true(sk_image_index_find(dir, file, name));
    assert_string_equal(name, "image");
    assert_false(sk_image_index_find(dir, link, name));
    sk_image_index_note(dir, file, &s, "../image");
    assert_false(sk_image_index_find(dir, file, name));
    sk_image_index_note(dir, file, &s, "image");
    write_file(file, "two");
    assert_false(sk_image_index_find(dir, file, name));
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disabled_plugins_are_listed_and_gone),
        cmocka_unit_test(a_life_from_saving_to_shutdown),
        cmocka_unit_test(starts_that_fail_say_why),
        cmocka_unit_test(crashes_lead_to_restarts_and_then_to_error),
        cmocka_unit_test(a_handler_that_traps_or_loops_is_answered),
        cmocka_unit_test(deltas_flow_in_and_are_dropped_when_too_many),
        cmocka_unit_test(a_crash_in_the_delta_handler_is_cut),
        cmocka_unit_test(saves_in_a_row_end_in_the_last_state),
        cmocka_unit_test(shutdown_does_not_wait_for_a_loop),
        cmocka_unit_test(a_worker_that_does_not_come_back_is_set_aside),
        cmocka_unit_test(the_cache_is_trusted_only_when_it_is_ours),
        cmocka_unit_test(wasi_works_in_assemblyscript_plugins_too),
        cmocka_unit_test(what_was_not_used_for_longest_leaves_the_cache),
        cmocka_unit_test(unchanged_files_are_known_again),
    };
    modules = argc > 1 ? argv[1] : ".";
    keep_engine_signals();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
