#include "plugin/plugin.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/data.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NS "signalk:wasm:loader"
#define MESSAGE_MAX ((size_t)8192)

static struct sk_plugin *plugin_from(void *p)
{
    struct sk_plugin *plugin = p;
    SK_ASSERT(plugin != NULL && plugin->tag == SK_PLUGIN_TAG);
    return plugin;
}

/* ---- what the user sees ---- */

void sk_plugin_say(struct sk_plugin *p, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sk_status_error(sk_hub_status(p->host->o.hub), SK_STATUS_PLUGIN, p->package->name, sk_span_of(text));
    p->host_said = true;
    sk_log_error("[%s] %s", p->package->name, text);
}

void sk_plugin_unsay(struct sk_plugin *p)
{
    if (p->host_said)
        sk_status_remove(sk_hub_status(p->host->o.hub), p->package->name);
    p->host_said = false;
}

const struct sk_package *sk_plugin_package(const struct sk_plugin *p)
{
    return p->package;
}

const char *sk_plugin_id(const struct sk_plugin *p)
{
    return p->package->id;
}

const char *sk_plugin_name(const struct sk_plugin *p)
{
    return p->name;
}

const char *sk_plugin_state(const struct sk_plugin *p)
{
    if (p->host->o.wasm_off || p->host->safe_mode != NULL)
        return "disabled";
    if (p->super.state == SK_SUPER_STOPPED && p->load_failed)
        return "error";
    return sk_super_state_text(p->super.state);
}

const char *sk_plugin_message(const struct sk_plugin *p)
{
    if (p->host->safe_mode != NULL)
        return p->host->safe_mode;
    if (p->reload_error != NULL)
        return p->reload_error;
    return sk_status_text(sk_hub_status(p->host->o.hub), p->package->name);
}

bool sk_plugin_enabled(const struct sk_plugin *p)
{
    return p->config.enabled;
}

bool sk_plugin_has_routes(const struct sk_plugin *p)
{
    return !p->host->o.wasm_off;
}

const struct sk_endpoint *sk_plugin_endpoint(const struct sk_plugin *p, struct sk_span method, struct sk_span path,
                                             struct sk_endpoint_params *ret_params)
{
    return sk_endpoints_match(p->endpoints, method, path, ret_params);
}

static void key(struct sk_buf *out, const char *name, const char *value)
{
    sk_buf_printf(out, "\"%s\":", name);
    sk_json_write_str(out, sk_span_of(value));
    sk_buf_char(out, ',');
}

/* Of a plugin that crashed the whole story, with its back-trace: the configuration page is where people read it. */
static void write_message(const struct sk_plugin *p, struct sk_buf *out)
{
    const char *message = sk_plugin_message(p), *trap = sk_plugin_last_trap(p);
    bool down = p->super.state == SK_SUPER_CRASHED || p->super.state == SK_SUPER_ERROR;
    if (!down || p->super.crashes == 0 || trap[0] == '\0') {
        key(out, "statusMessage", message);
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, MESSAGE_MAX);
    sk_buf_text(&b, message);
    sk_buf_char(&b, '\n');
    size_t n = strlen(trap);
    sk_buf_append(&b, trap, n < MESSAGE_MAX / 2 ? n : MESSAGE_MAX / 2);
    const char *text = sk_buf_cstr(&b);
    key(out, "statusMessage", text != NULL ? text : message);
    sk_buf_finish(&b);
}

void sk_plugin_write_entry(const struct sk_plugin *p, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    key(out, "id", p->package->id);
    key(out, "name", p->name);
    key(out, "packageName", p->package->name);
    sk_buf_printf(out, "\"keywords\":%s,", p->package->keywords_json);
    key(out, "version", p->package->version);
    key(out, "description", p->package->description);
    SK_BUF_LIT(out, "\"schema\":");
    sk_buf_text(out, p->schema);
    sk_buf_char(out, ',');
    write_message(p, out);
    key(out, "state", sk_plugin_state(p));
    SK_BUF_LIT(out, "\"data\":");
    sk_buf_text(out, p->config.data != NULL ? p->config.data : "{}");
    sk_buf_printf(out, ",\"type\":\"wasm\",\"bundled\":%s}", p->package->bundled ? "true" : "false");
}

void sk_plugin_write_info(const struct sk_plugin *p, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"enabled\":%s,\"enabledByDefault\":false,", p->config.enabled ? "true" : "false");
    key(out, "id", p->package->id);
    key(out, "name", p->name);
    SK_BUF_LIT(out, "\"version\":");
    sk_json_write_str(out, sk_span_of(p->package->version));
    sk_buf_char(out, '}');
}

void sk_plugin_write_config(const struct sk_plugin *p, struct sk_buf *out)
{
    sk_plugin_config_write(&p->config, out);
}

/* ---- figures ---- */

const struct sk_figures *sk_plugin_figures(const struct sk_plugin *p)
{
    return p->figures;
}

uint64_t sk_plugin_cpu_ns(const struct sk_plugin *p)
{
    return p->past_cpu_ns + (p->worker != NULL ? sk_worker_cpu_ns(p->worker) : 0);
}

const char *sk_plugin_last_trap(const struct sk_plugin *p)
{
    return p->traps[0].text != NULL ? p->traps[0].text : "";
}

void sk_plugin_note_trap(struct sk_plugin *p, struct sk_span text)
{
    free(p->traps[SK_FIGURES_TRAPS_MAX - 1].text);
    memmove(p->traps + 1, p->traps, (SK_FIGURES_TRAPS_MAX - 1) * sizeof p->traps[0]);
    p->traps[0] = (struct sk_trap){ .at_ms = sk_clock_wall_ms(), .text = sk_xstrndup(text.p, text.n) };
}

static void write_traps(const struct sk_plugin *p, struct sk_buf *out)
{
    sk_buf_char(out, '[');
    for (size_t i = 0; i < SK_FIGURES_TRAPS_MAX && p->traps[i].text != NULL; i++) {
        char when[SK_ISO_TIME_SIZE];
        sk_iso_time(when, p->traps[i].at_ms);
        sk_buf_printf(out, "%s{\"time\":\"%s\",\"text\":", i > 0 ? "," : "", when);
        sk_json_write_str(out, sk_span_of(p->traps[i].text));
        sk_buf_char(out, '}');
    }
    sk_buf_char(out, ']');
}

void sk_plugin_write_stats(const struct sk_plugin *p, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    key(out, "id", p->package->id);
    key(out, "packageName", p->package->name);
    key(out, "version", p->package->version);
    key(out, "state", sk_plugin_state(p));
    key(out, "statusMessage", sk_plugin_message(p));
    sk_buf_printf(out, "\"cpuMicroseconds\":%llu,", (unsigned long long)(sk_plugin_cpu_ns(p) / 1000));
    sk_figures_write(p->figures, out);
    SK_BUF_LIT(out, ",\"lastTrap\":");
    sk_json_write_str(out, sk_span_of(sk_plugin_last_trap(p)));
    SK_BUF_LIT(out, ",\"traps\":");
    write_traps(p, out);
    SK_BUF_LIT(out, ",\"limits\":");
    sk_allowance_write(&p->limits, out);
    sk_buf_char(out, '}');
}

/* ---- lives ---- */

static void on_notify(void *owner)
{
    sk_plugin_notes(plugin_from(owner));
}

/* Stuck in a host call: the thread cannot be ended from outside. It is set aside; if it ever returns, the plugin may start again.
 */
static void on_lost(void *owner)
{
    struct sk_plugin *p = plugin_from(owner);
    if (p->worker == NULL)
        return;
    sk_plugin_drop_calls(p, "the plugin does not come back");
    p->lost = p->worker;
    p->worker = NULL;
    sk_figures_add(p->figures, SK_COUNT_DEADLINE_MISSES, 1);
    sk_plugin_say(p, "does not come back from a call; it stays off until that returns");
    sk_plugin_event(p, SK_SUPER_EV_LOST); /* no restart: the thread still holds the plugin's files */
    sk_plugin_event(p, SK_SUPER_EV_ENDED);
    p->settled = p->load_failed = true;
    sk_plugin_save_outcome(p, "the plugin does not come back from a call");
    sk_host_check_stopped(p->host);
}

struct sk_worker *sk_plugin_make_worker(struct sk_plugin *p, struct sk_package *package, bool start, void (*notify)(void *owner),
                                        void (*lost)(void *owner))
{
    struct sk_figures *figures = package == p->package ? sk_figures_ref(p->figures) : sk_figures_create();
    struct sk_buf config;
    sk_buf_init(&config, 2 * SK_PLUGIN_CONFIG_MAX);
    sk_plugin_config_write_start(&p->config, &config);
    struct sk_worker_options o = {
        .loop = p->host->o.loop,
        .engine = p->host->engine,
        .poller = p->host->poller,
        .limits = &p->limits,
        .package = package,
        .figures = figures,
        .data_dir = p->data_dir,
        .cache_dir = p->host->cache_dir,
        .compile_in_process = p->host->o.compile_in_process,
        .start = start,
        .config = sk_buf_span(&config),
        .configuration = p->config.configuration != NULL ? sk_span_of(p->config.configuration) : (struct sk_span){ 0 },
        .notify = notify,
        .lost = lost,
        .owner = p,
        .time = p->host->o.time,
        .web = p->host->o.web,
        .tell_log = p->host->o.logged != NULL,
    };
    sk_plugin_hosts(p, o.hosts);
    struct sk_worker *w = sk_worker_create(&o);
    sk_buf_finish(&config);
    sk_figures_unref(figures);
    return w;
}

static bool create_worker(struct sk_plugin *p, bool start)
{
    p->worker = sk_plugin_make_worker(p, p->package, start, on_notify, on_lost);
    p->worker_starts = start;
    p->said = false;
    return p->worker != NULL;
}

void sk_plugin_start_life(struct sk_plugin *p)
{
    if (p->worker != NULL) { /* still reading the schema, or about to end */
        p->start_waits = true;
        return;
    }
    p->start_waits = false;
    p->load_failed = false;
    const char *why = NULL;
    if (p->lost != NULL)
        why = "an earlier call does not come back; restart the server to run it again";
    else if (p->host->closing)
        why = "the server is stopping";
    else if (!create_worker(p, true))
        why = "no thread can be created";
    if (why != NULL) {
        sk_plugin_say(p, "%s", why);
        sk_plugin_event(p, SK_SUPER_EV_START_FAILED);
        sk_plugin_save_outcome(p, why);
        return;
    }
    sk_plugin_unsay(p);
    sk_figures_add(p->figures, SK_COUNT_STARTS, 1);
}

static void quiet(struct sk_plugin *p)
{
    if (p->tapped && !p->gap_open)
        sk_hub_remove_tap(p->host->o.hub, &p->tap);
    p->tapped = p->tapped && p->gap_open;
    sk_puts_unregister_source(p->host->o.puts, p->package->name);
    sk_plugin_providers_gone(p);
}

static void stop_life(struct sk_plugin *p)
{
    quiet(p);
    sk_plugin_drop_calls(p, "Plugin is not running");
    if (p->worker != NULL && p->worker_starts)
        sk_worker_stop(p->worker);
    else { /* its start had not begun */
        p->start_waits = false;
        sk_plugin_event(p, SK_SUPER_EV_ENDED);
    }
}

void sk_plugin_event(struct sk_plugin *p, enum sk_super_event ev)
{
    enum sk_super_state before = p->super.state;
    struct sk_super_action a = sk_super_step(&p->super, ev, sk_clock_mono_ms());
    p->restart_at_ms = a.wake_at_ms;
    if (before != p->super.state) {
        sk_log_debug(NS, "[%s] %s", p->package->name, sk_super_state_text(p->super.state));
        if (p->super.state == SK_SUPER_CRASHED || p->super.state == SK_SUPER_ERROR || p->super.state == SK_SUPER_STOPPED) {
            sk_plugin_end_gap(p, false);
            quiet(p);
            sk_plugin_drop_calls(p, "Plugin is not running");
        }
        if (p->super.state == SK_SUPER_STOPPED)
            sk_plugin_unsay(p);
        sk_host_changed(p->host);
    }
    sk_plugin_reschedule(p);
    if (a.what == SK_SUPER_DO_START) {
        if (before == SK_SUPER_CRASHED && ev == SK_SUPER_EV_TIME)
            sk_figures_add(p->figures, SK_COUNT_RESTARTS, 1);
        sk_plugin_start_life(p);
    } else if (a.what == SK_SUPER_DO_STOP)
        stop_life(p);
}

void sk_plugin_boot(struct sk_plugin *p)
{
    if (p->host->o.wasm_off) {
        p->settled = true;
        sk_status_set(sk_hub_status(p->host->o.hub), SK_STATUS_PLUGIN, p->package->id, SK_SPAN("WASM interface disabled"));
        return;
    }
    if (p->host->safe_mode != NULL) {
        p->settled = true;
        return;
    }
    if (p->config.enabled) {
        sk_plugin_event(p, SK_SUPER_EV_WANTED);
    } else if (!create_worker(p, false)) {
        p->settled = true;
        sk_plugin_say(p, "no thread can be created");
    }
}

void sk_plugin_shut(struct sk_plugin *p)
{
    p->start_waits = false;
    sk_plugin_event(p, SK_SUPER_EV_UNWANTED);
    if (p->worker != NULL && !p->worker_starts)
        sk_worker_stop(p->worker); /* gives up a compile */
    if (p->trial != NULL)
        sk_worker_stop(p->trial);
}

void sk_plugin_remove(struct sk_plugin *p)
{
    p->removing = true;
    sk_plugin_shut(p);
    sk_plugin_unsay(p);
    sk_status_remove(sk_hub_status(p->host->o.hub), p->package->name);
    sk_host_changed(p->host);
    sk_host_collect_later(p->host);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *t)
{
    struct sk_plugin *p = plugin_from(t->data);
    uint64_t now = sk_clock_mono_ms();
    sk_plugin_expire_calls(p, now);
    if (p->restart_at_ms != 0 && now >= p->restart_at_ms)
        sk_plugin_event(p, SK_SUPER_EV_TIME);
    sk_plugin_reschedule(p);
}

void sk_plugin_reschedule(struct sk_plugin *p)
{
    uint64_t at = p->restart_at_ms != 0 ? p->restart_at_ms : UINT64_MAX, now = sk_clock_mono_ms();
    for (struct sk_call *c = p->calls; c != NULL; c = c->next)
        at = c->deadline_ms < at ? c->deadline_ms : at;
    if (!p->timer_open)
        return;
    if (at == UINT64_MAX) {
        uv_timer_stop(&p->timer);
        return;
    }
    uv_update_time(sk_loop_uv(p->host->o.loop)); /* or a long turn would make it fire early, again and again */
    uv_timer_start(&p->timer, on_timer, at > now ? at - now : 0, 0);
}

/* ---- existence ---- */

static void on_delta(struct sk_hub_tap *tap, struct sk_frame *delta, bool self)
{
    struct sk_plugin *p = SK_CONTAINER(tap, struct sk_plugin, tap);
    (void)self;
    if (p->gap_open) {
        sk_plugin_keep_in_gap(p, delta);
        return;
    }
    if (p->worker == NULL)
        return;
    sk_figures_add(p->figures, SK_COUNT_DELTAS_IN, 1);
    sk_worker_deliver(p->worker, delta);
    if (!p->wake_queued)
        sk_host_wake_later(p->host, p);
}

struct sk_plugin *sk_plugin_create(struct sk_host *h, struct sk_package *package, struct sk_span config_text)
{
    struct sk_plugin *p = sk_xcalloc(1, sizeof *p);
    struct sk_errmsg em = { 0 };
    p->tag = SK_PLUGIN_TAG;
    p->host = h;
    p->package = sk_package_ref(package);
    p->name = sk_xstrdup(h->o.wasm_off ? package->display_name : package->name);
    p->schema = sk_xstrdup("{}");
    p->calls_end = &p->calls;
    p->saves_end = &p->saves;
    p->tap.deliver = on_delta;
    p->figures = sk_figures_create();
    p->limits = h->limits;
    if (sk_allowance_for(&p->limits, yyjson_doc_get_root(h->limits_doc), package->name, package->id, &em) < 0)
        sk_log_warn("[%s] settings: %s", package->name, em.text);
    sk_super_init(&p->super, h->limits.restart);
    p->data_dir = sk_plugin_data_folder(h->config_dir, package->id);
    if (config_text.p != NULL && sk_plugin_config_parse(&p->config, config_text, &em) < 0)
        sk_log_warn("configuration of %s cannot be read, the plugin is off: %s", package->name, em.text);
    uv_timer_init(sk_loop_uv(h->o.loop), &p->timer);
    p->timer.data = p;
    p->timer_open = true;
    return p;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void sk_plugin_destroy(struct sk_plugin *p)
{
    SK_ASSERT(p->worker == NULL && p->saving == NULL);
    sk_plugin_drop_calls(p, "the server has stopped");
    sk_plugin_drop_reload(p);
    quiet(p);
    if (p->lost != NULL)
        sk_worker_abandon(p->lost);
    while (p->saves != NULL) {
        struct sk_save *s = p->saves;
        p->saves = s->next;
        if (s->done != NULL)
            s->done(s->arg, "the server is stopping");
        if (s->question != NULL)
            sk_question_answer(s->question, SK_ERR_CLOSED, NULL);
        sk_question_unref(s->question);
        free(s->text);
        free(s);
    }
    sk_plugin_save_outcome(p, "the server is stopping");
    sk_endpoints_destroy(p->endpoints);
    sk_plugin_config_finish(&p->config);
    free(p->name);
    free(p->schema);
    free(p->data_dir);
    for (size_t i = 0; i < SK_FIGURES_TRAPS_MAX; i++)
        free(p->traps[i].text);
    sk_figures_unref(p->figures);
    sk_package_unref(p->package);
    p->tag = 0;
    p->timer_open = false;
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}
