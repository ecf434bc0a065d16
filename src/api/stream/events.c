/* Server events on streams opened with ?serverevents=all: how the server does, for dashboards. */
#include "api/stream/events.h"

#include "api/access/access_requests.h"
#include "api/access/session.h"
#include "api/admin/server_log.h"
#include "api/data/priorities.h"
#include "api/data/source_events.h"
#include "api/stream/stream.h"
#include "api/v2/history.h"
#include "base/clock.h"
#include "hub/alarms.h"
#include "hub/senders.h"
#include "input/input.h"
#include "model/query.h"
#include "plugin/host.h"

#include <inttypes.h>

#define EVENT_PERIOD_MS 5000

static size_t count_leaves(const struct sk_node *n)
{
    size_t count = 0;
    for (; n != NULL; n = n->next)
        count += (n->leaf != NULL) + count_leaves(n->first);
    return count;
}

static void member(struct sk_buf *b, const char *name, const struct sk_root_member *m)
{
    if (m == NULL)
        return;
    sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
    sk_json_write_str(b, sk_span_of(name));
    sk_buf_char(b, ':');
    sk_buf_span_append(b, sk_text_span(&m->json));
}

static void write_vessel_info(struct sk_api *api, struct sk_buf *b)
{
    const struct sk_context *self = sk_model_self(api->model);
    const struct sk_root_member *name = sk_context_member(self, SK_SPAN("name"));
    SK_BUF_LIT(b, "{\"type\":\"VESSEL_INFO\",\"data\":{");
    member(b, "name", name);
    if (name == NULL)
        SK_BUF_LIT(b, "\"name\":null");
    member(b, "mmsi", sk_context_member(self, SK_SPAN("mmsi")));
    member(b, "uuid", sk_context_member(self, SK_SPAN("uuid")));
    SK_BUF_LIT(b, "}}");
}

static void write_provider_status(struct sk_api *api, struct sk_buf *b)
{
    SK_BUF_LIT(b, "{\"type\":\"PROVIDERSTATUS\",\"from\":\"signalk-server\",\"data\":");
    sk_status_write(sk_hub_status(api->hub), b);
    sk_buf_char(b, '}');
}

/* skiff's own addition: how full the model is, and what its limits cost. */
static void write_model_statistics(struct sk_api *api, const struct sk_hub_stats *stats, struct sk_buf *b)
{
    struct sk_alarms_stats alarms = { 0 };
    if (sk_hub_alarms(api->hub) != NULL)
        sk_alarms_stats(sk_hub_alarms(api->hub), &alarms);
    sk_buf_printf(b, ",\"model\":{\"contexts\":%zu,\"contextsMax\":%u,\"contextsEvicted\":%" PRIu64,
                  sk_tree_context_count(api->model), SK_CONTEXTS_MAX, stats->evicted);
    sk_buf_printf(b, ",\"paths\":%u,\"pathsMax\":%u,\"sources\":%zu,\"sourcesMax\":%u", sk_model_paths(api->model)->count,
                  SK_PATHS_MAX, sk_model_sources(api->model)->map.count, SK_SOURCES_MAX);
    sk_buf_printf(b,
                  ",\"deltasRefused\":%" PRIu64 ",\"deltasPartlyRefused\":%" PRIu64
                  ",\"notifications\":%zu,\"notificationsUnmanaged\":%" PRIu64 "}",
                  stats->rejected, stats->partly, alarms.count, alarms.unmanaged);
}

void sk_events_write_statistics(struct sk_api *api, struct sk_buf *b)
{
    struct sk_hub_stats stats;
    size_t clients = 0;
    sk_hub_stats(api->hub, &stats);
    for (const struct sk_stream *s = api->streams; s != NULL; s = s->next)
        clients += s->requests;
    SK_BUF_LIT(b, "{\"deltaRate\":");
    sk_json_write_double(b, api->delta_rate);
    sk_buf_printf(b,
                  ",\"numberOfAvailablePaths\":%zu,\"wsClients\":%zu,\"uptime\":", count_leaves(sk_model_self(api->model)->first),
                  clients);
    sk_json_write_double(b, (double)(sk_clock_mono_ms() - api->started_ms) / 1000);
    SK_BUF_LIT(b, ",\"providerStatistics\":");
    sk_inputs_write_statistics(api->inputs, b);
    SK_BUF_LIT(b, ",\"lines\":");
    sk_inputs_write_lines(api->inputs, b);
    SK_BUF_LIT(b, ",\"backpressure\":");
    sk_pressure_write(api, b);
    sk_buf_printf(b, ",\"loop\":{\"turns\":%" PRIu64 ",\"longestTurnMs\":%.3f,\"longestWaitMs\":%.3f,\"busiestTurnMs\":%.3f}",
                  api->turns.count, (double)api->turns.longest_ns / 1e6, (double)api->turns.longest_wait_ns / 1e6,
                  (double)api->turns.busiest_ns / 1e6);
    write_model_statistics(api, &stats, b);
    sk_buf_char(b, '}');
}

static void write_statistics(struct sk_api *api, struct sk_buf *b)
{
    SK_BUF_LIT(b, "{\"type\":\"SERVERSTATISTICS\",\"from\":\"signalk-server\",\"data\":");
    sk_events_write_statistics(api, b);
    sk_buf_char(b, '}');
}

static void push(const struct sk_stream *s, const struct sk_buf *b)
{
    if (sk_buf_ok(b))
        (void)s->ops->text(s->arg, sk_buf_span(b));
}

static void write_event(struct sk_buf *b, const char *type, struct sk_span json)
{
    sk_buf_clear(b);
    sk_buf_printf(b, "{\"type\":\"%s\",\"data\":", type);
    sk_buf_span_append(b, json);
    sk_buf_char(b, '}');
}

static void push_event(void *arg, const char *type, struct sk_span json)
{
    struct sk_buf b;
    sk_buf_init(&b, 8 * 1024 * 1024);
    write_event(&b, type, json);
    push(arg, &b);
    sk_buf_finish(&b);
}

static void greet_administrator(struct sk_stream *s)
{
    struct sk_buf b;
    sk_buf_init(&b, 4 * 1024 * 1024);
    sk_server_log_write_settings(s->api->server_log, &b);
    push_event(s, "DEBUG_SETTINGS", sk_buf_span(&b));
    sk_priorities_greet(s->api, push_event, s);
    sk_source_events_greet(s->api, push_event, s);
    if (s->api->history != NULL) {
        sk_buf_clear(&b);
        sk_history_write_providers_event(s->api, &b);
        push_event(s, "HISTORYPROVIDERS", sk_buf_span(&b));
    }
    if (sk_auth_on(s->api->auth)) {
        sk_buf_clear(&b);
        sk_access_requests_write_event(s->api, &b);
        push(s, &b);
    }
    sk_buf_finish(&b);
}

void sk_events_greet(struct sk_stream *s)
{
    struct sk_buf b;
    sk_buf_init(&b, 4 * 1024 * 1024);
    write_vessel_info(s->api, &b);
    push(s, &b);
    sk_buf_clear(&b);
    write_provider_status(s->api, &b);
    push(s, &b);
    sk_buf_clear(&b);
    write_statistics(s->api, &b);
    push(s, &b);
    if (sk_auth_on(s->api->auth)) {
        sk_buf_clear(&b);
        SK_BUF_LIT(&b, "{\"type\":\"RECEIVE_LOGIN_STATUS\",\"data\":{");
        sk_session_write_status(s->api, s->who.role != SK_ROLE_NONE && !s->who.anonymous ? &s->who : NULL, &b);
        SK_BUF_LIT(&b, "}}");
        push(s, &b);
    }
    sk_buf_finish(&b);
    if (sk_stream_may(s, SK_ACCESS_ADMIN))
        greet_administrator(s);
}

/* What is not about the boat as such is for administrators. */
static void push_all(struct sk_api *api, enum sk_access needed, const struct sk_buf *b)
{
    struct sk_frame *f = sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL;
    for (struct sk_stream *s = api->streams; f != NULL && s != NULL; s = s->next)
        if (s->events && sk_stream_may(s, needed))
            (void)s->ops->frame(s->arg, f, true); /* told again soon: one that is behind can do without */
    sk_frame_unref(f);
}

static void broadcast(struct sk_api *api, enum sk_access needed, void (*write)(struct sk_api *api, struct sk_buf *b))
{
    struct sk_buf b;
    sk_buf_init(&b, 4 * 1024 * 1024);
    write(api, &b);
    push_all(api, needed, &b);
    sk_buf_finish(&b);
}

bool sk_events_wanted(const struct sk_api *api)
{
    for (const struct sk_stream *s = api->streams; s != NULL; s = s->next)
        if (s->events)
            return true;
    return false;
}

void sk_events_send(struct sk_api *api, const char *type, struct sk_span json)
{
    if (!sk_events_wanted(api))
        return;
    struct sk_buf b;
    sk_buf_init(&b, 8 * 1024 * 1024);
    write_event(&b, type, json);
    push_all(api, SK_ACCESS_ADMIN, &b);
    sk_buf_finish(&b);
}

static void tick(uv_timer_t *t)
{
    struct sk_api *api = t->data;
    struct sk_hub_stats stats;
    sk_hub_stats(api->hub, &stats);
    api->delta_rate = (double)(stats.deltas - api->deltas_before) * 1000 / EVENT_PERIOD_MS;
    api->deltas_before = stats.deltas;
    sk_senders_tick(sk_hub_senders(api->hub));
    api->turns = sk_loop_turns(api->loop);
    sk_streams_recheck(api); /* tokens run out */
    if (!sk_events_wanted(api))
        return;
    broadcast(api, SK_ACCESS_OPEN, write_provider_status);
    broadcast(api, SK_ACCESS_OPEN, write_statistics);
}

static void write_plugins(struct sk_api *api, struct sk_buf *b)
{
    SK_BUF_LIT(b, "{\"type\":\"PLUGINS_CHANGED\",\"data\":");
    sk_host_write_list(api->plugins, b);
    sk_buf_char(b, '}');
}

static void tell_plugins(struct sk_loop_hook *hook)
{
    struct sk_api *api = SK_CONTAINER(hook, struct sk_api, plugins_changed);
    if (api->plugins != NULL && sk_events_wanted(api))
        broadcast(api, SK_ACCESS_ADMIN, write_plugins);
}

void sk_events_vessel(struct sk_api *api)
{
    if (sk_events_wanted(api))
        broadcast(api, SK_ACCESS_OPEN, write_vessel_info);
}

void sk_events_access_requests(struct sk_api *api)
{
    if (sk_events_wanted(api))
        broadcast(api, SK_ACCESS_ADMIN, sk_access_requests_write_event);
}

void sk_events_plugins_changed(void *arg)
{
    struct sk_api *api = arg;
    api->plugins_changed.run = tell_plugins;
    sk_loop_at_turn_end(api->loop, &api->plugins_changed);
}

static void tell_status(struct sk_loop_hook *hook)
{
    struct sk_api *api = SK_CONTAINER(hook, struct sk_api, status_changed);
    if (sk_events_wanted(api))
        broadcast(api, SK_ACCESS_OPEN, write_provider_status);
}

static void status_changed(void *arg)
{
    struct sk_api *api = arg;
    api->status_changed.run = tell_status;
    sk_loop_at_turn_end(api->loop, &api->status_changed);
}

void sk_events_start(struct sk_api *api)
{
    sk_status_on_change(sk_hub_status(api->hub), status_changed, api);
    uv_timer_init(sk_loop_uv(api->loop), &api->events_timer);
    api->events_timer.data = api;
    api->started_ms = sk_clock_mono_ms();
    uv_timer_start(&api->events_timer, tick, EVENT_PERIOD_MS, EVENT_PERIOD_MS);
    sk_source_events_start(api);
}

void sk_events_stop(struct sk_api *api)
{
    if (api->started_ms == 0)
        return;
    sk_status_on_change(sk_hub_status(api->hub), NULL, NULL);
    sk_loop_disarm(api->loop, &api->status_changed);
    sk_loop_disarm(api->loop, &api->plugins_changed);
    uv_close((uv_handle_t *)&api->events_timer, NULL);
    sk_source_events_stop(api);
}
