#include "app/server.h"

#include "api/admin/admin.h"
#include "api/data/priorities.h"
#include "api/data/sources_cache.h"
#include "api/data/unit_preferences.h"
#include "api/pool.h"
#include "api/stream/publishers.h"
#include "api/v2/course.h"
#include "api/v2/notifications.h"
#include "api/v2/resource_store.h"
#include "app/security.h"
#include "app/server_private.h"
#include "app/trim.h"
#include "base/clock.h"
#include "base/log.h"
#include "history/history.h"
#include "hub/staleness.h"
#include "input/input.h"
#include "input/playback.h"
#include "plugin/host.h"
#include "sandbox/sandbox.h"
#include "store/fs.h"
#include "store/kept.h"
#include "store/leftovers.h"
#include "store/restore.h"
#include "store/run_address.h"
#include "store/saver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_NMEA_PORT 10110
#define TRIM_MS 2000u
#define TRIM_WAITS_MAX 15u

/* The folder, and whether earlier runs in it died so often that this one does without plugins. */
static int prepare_config(struct sk_server *s, struct sk_errmsg *em)
{
    int r = sk_fs_mkdirs(s->options->config_dir, 0755, em);
    struct sk_errmsg why;
    if (r < 0)
        return r;
    (void)sk_restore_finish(s->options->config_dir);
    if (sk_run_begin(s->options->config_dir, &s->run, &why) < 0)
        sk_log_warn("safe mode will not be noticed: %s", why.text);
    if (s->options->safe_mode)
        snprintf(s->run.reason, sizeof s->run.reason, "the server was started with --safe-mode");
    if (s->run.reason[0] != 0)
        sk_log_error("safe mode: %s; plugins are off. To leave it, stop the server and start it again, or POST "
                     "{\"active\":false} to "
                     "/skServer/safeMode",
                     s->run.reason);
    s->api.run = &s->run;
    return 0;
}

/* Only when the user asked for it: without, a value stays until another one comes. */
static void start_staleness(struct sk_server *s)
{
    const yyjson_val *root = sk_settings_root(s->settings);
    struct sk_staleness_options o = sk_staleness_defaults;
    double check_ms = sk_json_get_number(root, "staleCheckIntervalMs", o.check_ms);
    double samples = sk_json_get_number(root, "autoTimeoutSamples", o.auto_samples);
    if (!sk_json_get_bool(root, "enforceDataTimeouts", false))
        return;
    o.check_ms = check_ms >= 10 && check_ms <= 3600000 ? (unsigned)check_ms : o.check_ms;
    o.use_default = sk_json_get_bool(root, "useDefaultTimeouts", o.use_default);
    o.default_s = sk_json_get_number(root, "defaultTimeout", o.default_s);
    o.auto_samples = samples >= 1 && samples <= SK_RHYTHM_SAMPLES_MAX ? (unsigned)samples : o.auto_samples;
    o.auto_warmup_s = sk_json_get_number(root, "autoTimeoutWarmupSeconds", o.auto_warmup_s);
    o.other_contexts = sk_json_get_bool(root, "enforceDataTimeoutsForOthers", false);
    s->api.staleness = sk_staleness_create(s->api.hub, &o);
}

static int start_data(struct sk_server *s, struct sk_errmsg *em)
{
    struct sk_api *api = &s->api;
    api->config_dir = s->options->config_dir;
    int r = sk_basedeltas_load(s->options->config_dir, &api->base, em);
    if (r < 0)
        return r;
    api->base_saver = sk_saver_create(s->loop, sk_basedeltas_file(api->base), 0644);
    api->model = sk_model_create(sk_basedeltas_self_id(api->base));
    api->hub = sk_hub_create(s->loop, api->model);
    sk_hub_set_prune_minutes(api->hub, sk_json_get_number(sk_settings_root(s->settings), "pruneContextsMinutes", 60));
    api->puts = sk_puts_create(s->loop);
    api->publishers = sk_publishers_create(api->puts, sk_model_paths(api->model));
    api->providers = sk_providers_create();
    api->bstreams = sk_bstreams_create();
    sk_uuid_v4(api->start_id);
    sk_arena_init(&api->message_arena, 16 * SK_DELTA_MAX);
    api->unit_preferences = sk_unit_preferences_load(api);
    api->priorities = sk_priority_store_load(api, sk_settings_root(s->settings));
    api->notifications = sk_notifications_start(api, sk_json_get_bool(sk_json_get(sk_settings_root(s->settings), "notifications"),
                                                                      "manageNotifications", true));
    start_staleness(s);
    sk_api_send_base(api);
    api->history = sk_history_create(api->hub, sk_json_get(sk_settings_root(s->settings), "history"), s->options->config_dir);
    sk_notifications_settle(api->notifications);
    api->sources_cache = sk_sources_cache_create(api);
    api->resources = sk_resource_store_create(api);
    sk_resources_choose_defaults(api, sk_settings_root(s->settings));
    return 0;
}

/* Connections of the command line; NULL when there are none. */
static yyjson_doc *more_connections(const struct sk_options *o)
{
    struct sk_buf b;
    char id[40];
    yyjson_doc *doc = NULL;
    SK_CLEANUP(sk_freep) char *full = o->data != NULL ? realpath(o->data, NULL) : NULL;
    sk_buf_init(&b, 65536);
    sk_buf_char(&b, '[');
    snprintf(id, sizeof id, "fs-%lld", (long long)(sk_clock_wall_ms() / 1000));
    if (o->data != NULL)
        sk_playback_write(&b, id, "Multiplexed", full != NULL ? full : o->data, o->override_timestamps);
    if (o->data == NULL && o->sample_nmea0183)
        sk_playback_write(&b, "nmea0183-sample-data", "NMEA0183", "nmea0183.log", false);
    if (o->data == NULL && o->sample_nmea2000)
        sk_playback_write(&b, "n2k-sample-data", "NMEA2000YD", "nmea2000.log", false);
    sk_buf_char(&b, ']');
    if (b.n > 2 && sk_buf_ok(&b))
        (void)sk_json_read(sk_buf_span(&b), &doc, NULL);
    sk_buf_finish(&b);
    return doc;
}

/* 0: it is off. */
static unsigned nmea_port(const struct sk_server *s)
{
    if (!sk_settings_interface(s->settings, "nmea-tcp"))
        return 0;
    return s->options->nmea_port >= 0 ? (unsigned)s->options->nmea_port : DEFAULT_NMEA_PORT;
}

static void start_inputs(struct sk_server *s)
{
    struct sk_inputs_options o = { .hub = s->api.hub, .settings = s->settings, .config_dir = s->options->config_dir };
    if (nmea_port(s) != 0)
        o.address = s->options->host != NULL ? s->options->host : "::";
    o.port = nmea_port(s);
    s->more = more_connections(s->options);
    o.more = yyjson_doc_get_root(s->more);
    o.only_more = s->options->data != NULL;
    o.launcher = s->launcher;
    s->api.inputs = sk_inputs_create(&o);
}

char **sk_server_plugin_roots(const struct sk_server *s)
{
    const char *extra[64];
    size_t count = 0, i, n;
    yyjson_val *v, *paths = sk_json_get(sk_settings_root(s->settings), "pluginPaths");
    if (!yyjson_is_arr(paths))
        return sk_host_default_roots(s->options->config_dir, NULL, NULL, 0);
    yyjson_arr_foreach(paths, i, n, v)
        if (yyjson_is_str(v) && count < SK_COUNT(extra))
            extra[count++] = yyjson_get_str(v);
    return sk_host_default_roots(s->options->config_dir, NULL, extra, count);
}

static void write_setting(const struct sk_server *s, const char *name, struct sk_buf *out)
{
    const yyjson_val *set = sk_json_get(sk_settings_root(s->settings), name);
    sk_buf_init(out, (size_t)1024 * 1024);
    if (set != NULL)
        sk_json_write(out, set);
}

static int start_plugins(struct sk_server *s, struct sk_errmsg *em)
{
    struct sk_host_options o = { .loop = s->loop,
                                 .hub = s->api.hub,
                                 .puts = s->api.puts,
                                 .config_dir = s->options->config_dir,
                                 .providers = s->api.providers,
                                 .streams = s->api.bstreams };
    SK_CLEANUP(sk_freep) char *cache_dir = sk_host_default_cache_dir();
    char **roots = sk_server_plugin_roots(s), why[sizeof s->run.reason + 40];
    snprintf(why, sizeof why, "Off in safe mode: %s", s->run.reason);
    while (roots[o.root_count] != NULL)
        o.root_count++;
    o.roots = (const char *const *)roots;
    o.cache_dir = cache_dir;
    o.plugins_off = s->options->no_plugins || !sk_settings_interface(s->settings, "plugins");
    struct sk_buf limits, hosts;
    write_setting(s, "pluginLimits", &limits);
    write_setting(s, "pluginHosts", &hosts);
    o.limits_json = sk_buf_span(&limits);
    o.hosts_json = sk_buf_span(&hosts);
    o.safe_mode = s->run.reason[0] != 0 ? why : NULL;
    o.watch = true;
    o.changed = sk_events_plugins_changed;
    o.changed_arg = &s->api;
    o.wasm_off = !sk_settings_interface(s->settings, "wasm");
    int r = sk_host_create(&o, &s->api.plugins, em);
    sk_host_free_roots(roots);
    sk_buf_finish(&limits);
    sk_buf_finish(&hosts);
    if (r == 0)
        sk_host_scan(s->api.plugins);
    return r;
}

static void restart(void *arg)
{
    struct sk_server *s = arg;
    sk_log_info("restarting");
    s->again = true;
    sk_loop_stop(s->loop);
}

static void on_signal(uv_signal_t *h, int number)
{
    struct sk_server *s = h->data;
    sk_log_info("%s: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
    sk_loop_stop(s->loop);
}

static void start_signals(struct sk_server *s)
{
    uv_loop_t *uv = sk_loop_uv(s->loop);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error like a full disk, not an end */
    uv_signal_init(uv, &s->sigterm);
    uv_signal_init(uv, &s->sigint);
    s->sigterm.data = s->sigint.data = s;
    uv_signal_start(&s->sigterm, on_signal, SIGTERM);
    uv_signal_start(&s->sigint, on_signal, SIGINT);
}

/* Files that were found broken: said where a person looks, as a notification of the server. */
static void tell_of_files(struct sk_server *s)
{
    struct sk_origin o = { .provider = "server" };
    struct sk_errmsg em;
    const char *text;
    struct sk_buf b;
    sk_buf_init(&b, 16384);
    while ((text = sk_kept_note(s->told)) != NULL) {
        sk_buf_clear(&b);
        sk_buf_printf(&b,
                      "{\"updates\":[{\"values\":[{\"path\":\"notifications.server.files.%zu\",\"value\":"
                      "{\"state\":\"warn\",\"method\":[\"visual\"],\"message\":",
                      ++s->told);
        sk_json_write_str(&b, sk_span_of(text));
        SK_BUF_LIT(&b, "}}]}]}");
        if (sk_hub_ingest(s->api.hub, &o, sk_buf_span(&b), &em) < 0)
            sk_log_warn("not told: %s", em.text);
    }
    sk_buf_finish(&b);
}

static void trim(uv_timer_t *t)
{
    struct sk_server *s = t->data;
    tell_of_files(s);
    if (!sk_host_settled(s->api.plugins) && ++s->trim_waits < TRIM_WAITS_MAX)
        return;
    uv_timer_stop(t);
    sk_trim();
}

/* What only the start needed is given back when it is over: the plugins run, the first clients have been served. */
static void start_trim(struct sk_server *s)
{
    uv_timer_init(sk_loop_uv(s->loop), &s->trim_timer);
    s->trim_timer.data = s;
    uv_timer_start(&s->trim_timer, trim, TRIM_MS, TRIM_MS);
}

static void sweep(void *arg)
{
    const struct sk_api *api = arg;
    sk_leftovers_remove(api->config_dir);
}

static void swept(void *arg)
{
    (void)arg;
}

static int start(struct sk_server *s, struct sk_errmsg *em)
{
    int r = prepare_config(s, em);
    if (r < 0)
        return r;
    s->settings = sk_settings_load(s->options->settings_file);
    sk_notify_open(&s->notify);
    sk_confine(s); /* before the first thread */
    s->loop = sk_loop_create();
    s->api.loop = s->loop;
    s->api.server_log = sk_server_log_create(&s->api, s->options->config_dir);
    s->api.restart = restart;
    s->api.restart_arg = s;
    start_signals(s);
    sk_sandbox_watch(s->loop);
    sk_sandbox_enter_pool(s->loop);
    r = start_data(s, em);
    if (r == 0)
        r = sk_security_start(&s->api, s->options, s->settings, em);
    if (r == 0)
        s->api.course = sk_course_start(&s->api);
    if (r == 0)
        r = start_plugins(s, em);
    if (r == 0)
        r = sk_server_web_start(s, em);
    if (r < 0)
        return r;
    sk_events_start(&s->api);
    sk_pressure_start(&s->api);
    start_inputs(s);
    const char *host = s->options->host != NULL ? s->options->host : "0.0.0.0";
    unsigned tls_port = s->https != NULL ? sk_https_port(s->https) : 0;
    SK_CLEANUP(sk_freep) char *certificate = s->https != NULL ? sk_https_certificate(s->https) : NULL;
    unsigned port = tls_port != 0 ? tls_port : sk_http_server_port(s->api.http);
    s->mdns = sk_announce(&s->api, s->settings, s->options, nmea_port(s), tls_port);
    sk_host_start(s->api.plugins); /* behind the listener: no plugin delays it */
    printf("signalk-server running at %s:%u\n", host, port);
    fflush(stdout);
    if (sk_run_address_write(s->options->config_dir, s->options->host, port, certificate, em) < 0)
        sk_log_warn("commands of this machine will not find the server by themselves: %s", em->text);
    tell_of_files(s);
    sk_pool_run(&s->api, sweep, swept, &s->api);
    start_trim(s);
    sk_notify_ready(&s->notify, s->loop);
    return 0;
}

int sk_server_run(const struct sk_options *o, bool *ret_again, struct sk_errmsg *em)
{
    struct sk_server s = { .options = o, .notify.fd = -1 };
    int r = start(&s, em);
    if (r == 0)
        sk_loop_run(s.loop);
    sk_server_stop(&s);
    if (r == 0)
        sk_run_address_remove(o->config_dir);
    sk_run_end(o->config_dir); /* it ended because it was told to, or could not begin: no death */
    if (r == 0)
        sk_log_info("stopped");
    *ret_again = r == 0 && s.again;
    return r;
}
