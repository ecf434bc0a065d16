#include "boat.h"

#include "base/clock.h"
#include "signals.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *modules = ".";

static void on_delta(struct sk_hub_tap *tap, struct sk_frame *f, bool self)
{
    struct boat *b = SK_CONTAINER(tap, struct boat, tap);
    size_t at = strlen(b->seen);
    struct sk_span s = sk_frame_text(f);
    if (at + s.n + 2 < sizeof b->seen)
        snprintf(b->seen + at, sizeof b->seen - at, "%.*s\n", (int)s.n, s.p);
    (void)self;
}

void write_file(const char *file, const char *text)
{
    char *dir = sk_xstrdup(file);
    *strrchr(dir, '/') = 0;
    assert_int_equal(sk_fs_mkdirs(dir, 0755, NULL), 0);
    assert_int_equal(sk_fs_write_atomic(file, sk_span_of(text), 0644, NULL), 0);
    free(dir);
}

void install(struct boat *b, const char *name, const char *module, const char *more)
{
    char path[400], from[400], text[500];
    snprintf(path, sizeof path, "%s/%s/package.json", b->root, name);
    snprintf(text, sizeof text,
             "{\"name\":\"%s\",\"version\":\"1.0.0\",\"keywords\":[\"signalk-wasm-plugin\"],\"wasmManifest\":\"p.wasm\"%s}", name,
             more);
    write_file(path, text);
    snprintf(path, sizeof path, "%s/%s/p.wasm", b->root, name);
    snprintf(from, sizeof from, "%s/%s.wasm", modules, module);
    assert_int_equal(symlink(from, path), 0);
}

void configure(struct boat *b, const char *id, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/plugin-config-data/%s.json", b->dir, id);
    write_file(path, text);
}

struct boat *boat(void)
{
    struct boat *b = calloc(1, sizeof *b);
    restore_engine_signals();
    snprintf(b->dir, sizeof b->dir, "/tmp/sk-host-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->root, sizeof b->root, "%s/node_modules", b->dir);
    mkdir(b->root, 0755);
    b->loop = sk_loop_create();
    b->model = sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d");
    b->hub = sk_hub_create(b->loop, b->model);
    b->puts = sk_puts_create(b->loop);
    b->tap.deliver = on_delta;
    sk_hub_add_tap(b->hub, &b->tap);
    b->limits = sk_host_default_limits;
    b->limits.start_ms = 1000; /* short, for the modules that never come back; a sound one keeps within them on a busy machine */
    b->limits.call_ms = 500;
    b->limits.request_ms = 1000;
    b->limits.stop_ms = 1000;
    b->limits.poll_ms = 30;
    b->limits.restart = (struct sk_super_limits){
        .restarts = 3, .first_delay_ms = 20, .max_delay_ms = 1000, .quick_ms = 5000, .healthy_ms = 60000
    };
    return b;
}

bool is_settled(void *arg)
{
    return sk_host_settled(((struct boat *)arg)->host);
}

void sail(struct boat *b)
{
    const char *const roots[] = { b->root };
    char cache[100];
    struct sk_errmsg em;
    snprintf(cache, sizeof cache, "%s/cache", b->dir);
    struct sk_host_options o = {
        .loop = b->loop,
        .hub = b->hub,
        .puts = b->puts,
        .config_dir = b->dir,
        .cache_dir = cache,
        .roots = roots,
        .root_count = 1,
        .compile_in_process = true,
        .limits = &b->limits,
    };
    assert_int_equal(sk_host_create(&o, &b->host, &em), 0);
    sk_host_start(b->host);
    assert_true(sk_loop_run_until(b->loop, is_settled, b, sk_clock_mono_ms() + PATIENCE_MS));
}

void on_stopped(void *arg)
{
    ((struct boat *)arg)->stopped = true;
}

bool has_stopped(void *arg)
{
    return ((struct boat *)arg)->stopped;
}

void moor(struct boat *b)
{
    char command[100];
    sk_host_stop_all(b->host, on_stopped, b);
    assert_true(sk_loop_run_until(b->loop, has_stopped, b, sk_clock_mono_ms() + PATIENCE_MS));
    sk_host_destroy(b->host);
    sk_hub_remove_tap(b->hub, &b->tap);
    sk_puts_destroy(b->puts);
    sk_hub_destroy(b->hub);
    sk_model_destroy(b->model);
    sk_loop_destroy(b->loop);
    snprintf(command, sizeof command, "rm -r %s", b->dir);
    assert_int_equal(system(command), 0);
    free(b);
}

struct sk_plugin *plugin(struct boat *b, const char *id)
{
    struct sk_plugin *p = sk_host_find(b->host, sk_span_of(id));
    assert_non_null(p);
    return p;
}

static bool has_state(void *arg)
{
    struct wish *w = arg;
    return strcmp(sk_plugin_state(plugin(w->b, w->id)), w->state) == 0;
}

void wait_state(struct boat *b, const char *id, const char *state)
{
    struct wish w = { b, id, state, NULL };
    if (!sk_loop_run_until(b->loop, has_state, &w, sk_clock_mono_ms() + PATIENCE_MS))
        fail_msg("%s is %s (%s), not %s", id, sk_plugin_state(plugin(b, id)), sk_plugin_message(plugin(b, id)), state);
}

static bool has_seen(void *arg)
{
    struct wish *w = arg;
    return strstr(w->b->seen, w->text) != NULL;
}

void wait_seen(struct boat *b, const char *text)
{
    struct wish w = { b, NULL, NULL, text };
    if (!sk_loop_run_until(b->loop, has_seen, &w, sk_clock_mono_ms() + PATIENCE_MS))
        fail_msg("%s was never published", text);
}

void on_saved(void *arg, const char *error)
{
    struct outcome *o = arg;
    assert_false(o->done);
    o->done = true;
    snprintf(o->error, sizeof o->error, "%s", error != NULL ? error : "");
}

bool is_done(void *arg)
{
    return ((struct outcome *)arg)->done;
}

void save(struct boat *b, const char *id, const char *body, const char *error)
{
    struct outcome o = { 0 };
    sk_plugin_save_config(plugin(b, id), sk_span_of(body), on_saved, &o);
    assert_true(sk_loop_run_until(b->loop, is_done, &o, sk_clock_mono_ms() + PATIENCE_MS));
    assert_string_equal(o.error, error);
}

void on_answer(void *arg, enum sk_call_result result, struct sk_span text)
{
    struct answer *a = arg;
    assert_false(a->done);
    a->done = true;
    a->result = result;
    snprintf(a->text, sizeof a->text, "%.*s", (int)text.n, text.p);
}

bool is_answered(void *arg)
{
    return ((struct answer *)arg)->done;
}

void call(struct boat *b, const char *id, const char *name, enum sk_call_result result)
{
    struct answer a = { 0 };
    sk_plugin_call(plugin(b, id), SK_CALL_HTTP, name, SK_SPAN("{}"), 0, on_answer, &a);
    assert_true(sk_loop_run_until(b->loop, is_answered, &a, sk_clock_mono_ms() + PATIENCE_MS));
    if (a.result != result)
        fail_msg("%s: %d %s", name, a.result, a.text);
}
