/* The end: first nobody comes in any more, then what is under way ends or is given up, then all is freed. */
#include "app/server_private.h"

#include "api/admin/admin.h"
#include "api/admin/app_store.h"
#include "api/admin/remote.h"
#include "api/data/priorities.h"
#include "api/data/sources_cache.h"
#include "api/data/unit_preferences.h"
#include "api/stream/publishers.h"
#include "api/stream/tcp_stream.h"
#include "api/v2/course.h"
#include "api/v2/notifications.h"
#include "api/v2/resource_store.h"
#include "app/security.h"
#include "base/clock.h"
#include "base/log.h"
#include "history/history.h"
#include "hub/staleness.h"
#include "input/input.h"
#include "oidc/oidc.h"
#include "plugin/host.h"
#include "sandbox/sandbox.h"
#include "store/saver.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define STOP_GRACE_MS 1000u
#define STOP_DEADLINE_MS 5000u
#define PLUGINS_DEADLINE_MS 8000u

static void http_closed(void *arg)
{
    struct sk_server *s = arg;
    s->http_closed = true;
}

static bool is_http_closed(void *arg)
{
    return ((struct sk_server *)arg)->http_closed;
}

static bool is_saved(void *arg)
{
    const struct sk_api *api = &((struct sk_server *)arg)->api;
    return sk_saver_idle(api->base_saver) && sk_server_log_idle(api->server_log) && api->pool_jobs == 0 &&
           api->app_data_jobs == NULL && api->full_model_jobs == 0 && sk_history_idle(api->history) &&
           sk_app_store_idle(api->app_store) && sk_remote_idle(api->remote) && sk_priority_store_idle(api->priorities) &&
           sk_notifications_idle(api->notifications) && sk_unit_preferences_idle(api->unit_preferences) &&
           sk_resource_store_idle(api->resources) && sk_course_idle(api->course) && sk_sources_cache_idle(api->sources_cache) &&
           sk_security_idle(api);
}

static void plugins_stopped(void *arg)
{
    ((struct sk_server *)arg)->plugins_down = true;
}

static bool are_plugins_down(void *arg)
{
    return ((struct sk_server *)arg)->plugins_down;
}

static void stop_plugins(struct sk_server *s)
{
    if (s->api.plugins == NULL)
        return;
    sk_host_stop_all(s->api.plugins, plugins_stopped, s);
    s->abandoned |= !sk_loop_run_until(s->loop, are_plugins_down, s, sk_clock_mono_ms() + PLUGINS_DEADLINE_MS);
}

static bool is_announced(void *arg)
{
    return sk_mdns_idle(((struct sk_server *)arg)->mdns);
}

static void stop_mdns(struct sk_server *s)
{
    if (sk_loop_run_until(s->loop, is_announced, s, sk_clock_mono_ms() + STOP_DEADLINE_MS))
        sk_mdns_stop(s->mdns);
    else
        s->abandoned = true;
}

static void stop_http(struct sk_server *s)
{
    if (s->api.http == NULL)
        return;
    sk_http_server_close(s->api.http, STOP_GRACE_MS, http_closed, s);
    bool closed = sk_loop_run_until(s->loop, is_http_closed, s, sk_clock_mono_ms() + STOP_DEADLINE_MS);
    if (sk_https_stop(s->https, STOP_DEADLINE_MS) && closed)
        sk_http_server_destroy(s->api.http);
    else
        s->abandoned = true;
}

static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void sk_server_stop(struct sk_server *s)
{
    struct sk_api *api = &s->api;
    if (s->loop == NULL)
        return;
    if (!s->again)
        sk_notify_stopping(&s->notify);
    sk_app_store_stop(api->app_store);
    sk_remote_stop(api->remote);
    sk_oidc_stop(api->oidc);
    stop_mdns(s);
    sk_inputs_destroy(api->inputs, s->again);
    api->inputs = NULL;
    stop_plugins(s);
    sk_tcp_server_destroy(s->tcp);
    stop_http(s);
    sk_notifications_flush(api->notifications);
    sk_history_stop(api->history);
    sk_sources_cache_flush(api->sources_cache);
    s->abandoned |= !sk_loop_run_until(s->loop, is_saved, s, sk_clock_mono_ms() + STOP_DEADLINE_MS);
    if (s->abandoned) {
        sk_log_warn("stopped without waiting for what did not end in time");
        return;
    }
    sk_history_destroy(api->history);
    sk_events_stop(api);
    sk_app_store_destroy(api->app_store);
    sk_remote_destroy(api->remote);
    sk_sources_cache_destroy(api->sources_cache);
    sk_pressure_stop(api);
    sk_host_destroy(api->plugins);
    sk_course_destroy(api->course);
    sk_resource_store_destroy(api->resources);
    sk_providers_destroy(api->providers);
    sk_bstreams_free_listeners(api);
    sk_bstreams_destroy(api->bstreams);
    if (api->hub != NULL) {
        sk_publishers_destroy(api->publishers);
        sk_puts_destroy(api->puts);
        sk_priority_store_destroy(api->priorities);
        sk_notifications_destroy(api->notifications);
        sk_staleness_destroy(api->staleness);
        sk_hub_destroy(api->hub);
        sk_model_destroy(api->model);
        sk_unit_preferences_destroy(api->unit_preferences);
    }
    sk_security_stop(api);
    sk_saver_destroy(api->base_saver);
    sk_basedeltas_destroy(api->base);
    free(api->routes);
    sk_api_free_routes(api);
    sk_arena_finish(&api->message_arena);
    block_signals(); /* a second one shall not kill what is about to end well */
    uv_close((uv_handle_t *)&s->sigterm, NULL);
    uv_close((uv_handle_t *)&s->sigint, NULL);
    if (s->trim_timer.data != NULL)
        uv_close((uv_handle_t *)&s->trim_timer, NULL);
    sk_backup_free(api);
    sk_server_log_close(api->server_log);
    sk_notify_close(&s->notify);
    sk_sandbox_unwatch();
    sk_loop_destroy(s->loop);
    sk_server_log_destroy(api->server_log);
    sk_settings_destroy(s->settings);
    yyjson_doc_free(s->more);
}
