/*
 * The HTTP and WebSocket surface of Signal K: one file per resource, all working on this one context.
 * Owner: loop thread. Lifetime: created and destroyed by the app; it outlives all requests.
 */
#ifndef SK_API_API_H
#define SK_API_API_H

#include "auth/auth.h"
#include "base/loop.h"
#include "http/server.h"
#include "hub/hub.h"
#include "hub/put.h"
#include "model/basedeltas.h"
#include "store/saver.h"

/* What clients test for; skiff names itself in `server.implementation`. */
#define SK_COMPAT_VERSION "2.31.1"
#define SK_COMPAT_SERVER_ID "signalk-server-node"

#define SK_PRESSURE_MAX ((size_t)2 * 1024 * 1024)
/* When a client of the stream does not read. */
struct sk_pressure {
    size_t enter, exit; /* unsent bytes at which it gets no more news, and at which it catches up */
    size_t max;         /* unsent bytes above which it is cut after max_ms; 0: never */
    unsigned max_ms;
    size_t hard; /* unsent bytes that nothing, not even cached values, may exceed */
    uv_timer_t timer;
    bool started;
    uint64_t cut; /* clients */
};

struct sk_api {
    struct sk_loop *loop;
    struct sk_hub *hub;
    struct sk_model *model;
    struct sk_puts *puts;
    struct sk_basedeltas *base;
    struct sk_priority_store *priorities;
    struct sk_notifications *notifications;
    struct sk_unit_preferences *unit_preferences;
    struct sk_sources_cache *sources_cache;
    struct sk_staleness *staleness; /* NULL: off */
    struct sk_history *history;     /* NULL: off */
    unsigned playbacks;             /* WebSockets that play the past */
    struct sk_auth *auth;
    struct sk_oidc *oidc; /* logging in by OpenID Connect */
    struct sk_settings *settings;
    struct sk_saver *settings_saver;
    bool security_setup_open, security_setup_forbidden; /* no user yet: the first may be made without login; or never */
    struct sk_access_requests *access_requests;
    struct sk_http_server *http;
    const struct sk_tls_front *tls;   /* NULL: plain HTTP */
    struct sk_publishers *publishers; /* who publishes which path over WebSocket: they take PUTs for it */
    struct sk_host *plugins;          /* NULL with --no-plugins */
    struct sk_inputs *inputs;         /* NULL while starting and stopping */
    unsigned tcp_port;                /* 0: the TCP stream does not run */
    unsigned ws_per_ip;               /* at most so many WebSockets from one address; 0: no limit */
    unsigned ws_ping_ms;
    bool ws_deflate; /* setting wsCompression */
    struct sk_pressure pressure;
    char start_id[37];             /* new for each start */
    struct sk_stream *streams;     /* open streams, WebSocket and TCP */
    struct sk_arena message_arena; /* of the client message under way */
    const char *config_dir;
    struct sk_run_record *run; /* the app's; who may change it: the safe mode's job while one is under way */
    bool leaving_safe_mode;
    struct sk_saver *base_saver; /* of baseDeltas.json */
    struct sk_server_log *server_log;
    struct sk_backup *backup;
    unsigned pool_jobs; /* api/pool.h: under way */
    struct sk_app_store *app_store;
    struct sk_remote *remote;              /* api/admin/remote.h; NULL without the connections' routes */
    struct sk_app_data_job *app_data_jobs; /* the first is at work, the others wait */
    unsigned app_data_waiting;
    void (*restart)(void *arg); /* the server shall stop and begin anew; NULL: it cannot */
    void *restart_arg;
    unsigned full_model_jobs;                    /* answers under way */
    struct sk_connection_edit *connection_edits; /* the first is being saved, the others wait */
    struct sk_providers *providers;              /* of resources, weather, radars */
    struct sk_bstreams *bstreams;
    struct sk_bstream_listeners *bstream_listeners;
    struct sk_resource_store *resources;
    struct sk_course *course;
    struct sk_kept_routes *kept_routes;
    struct sk_route *routes;
    uv_timer_t events_timer;
    struct sk_source_events *source_events;
    struct sk_loop_hook plugins_changed, status_changed;
    uint64_t started_ms, deltas_before;
    struct sk_loop_turns turns; /* of the last period of server events */
    double delta_rate;          /* deltas per second, over the last period of server events */
};

/* Adds the routes of all resources. */
void sk_api_add_routes(struct sk_api *api);

/* Adds a table that lives on the stack of its maker; the copy goes with sk_api_free_routes. */
void sk_api_keep_routes(struct sk_api *api, const struct sk_route *table, size_t count);
void sk_api_free_routes(struct sk_api *api);
/* /signalk/v2/api/resources, .../weather, .../vessels/self/radars */
void sk_resources_add_routes(struct sk_api *api);
/* resourcesApi.defaultProviders of the settings: {"<type>":"<provider>",...} */
void sk_resources_choose_defaults(struct sk_api *api, const yyjson_val *settings);
void sk_resource_config_add_routes(struct sk_api *api);
void sk_weather_add_routes(struct sk_api *api);
void sk_radars_add_routes(struct sk_api *api);
/* WebSockets of binary streams; all of them are closed when the second is called. */
void sk_bstreams_add_routes(struct sk_api *api);
void sk_bstreams_free_listeners(struct sk_api *api);

/* Data connections: /skServer/providers */
void sk_connections_add_routes(struct sk_api *api);
void sk_serial_ports_get(struct sk_http_req *r, void *arg);

/* Webapps of packages: /skServer/webapps, /skServer/addons, and their files at /<package name>/ for paths that no route takes. */
void sk_webapps_add_routes(struct sk_api *api);

/* /skServer/safeMode: {"active","reason"}, and a POST of {"active":false} that leaves it. */
void sk_safe_mode_add_routes(struct sk_api *api);

/* /skServer/openapi/<name> and a page that lists them: OpenAPI documents, made from the routes that there are. */
void sk_openapi_add_routes(struct sk_api *api);

/* /skiff: how the server does, for people (a page), programs (status) and Prometheus (metrics). */
void sk_status_page_add_routes(struct sk_api *api);

/* {"name":...,"self":...} greeting of WebSocket and TCP streams. */
void sk_api_hello(const struct sk_api *api, struct sk_buf *out);

/* One file each; `arg` of the handlers is the sk_api. */
void sk_features_get(struct sk_http_req *r, void *arg);
void sk_discovery_get(struct sk_http_req *r, void *arg);
void sk_rest_get(struct sk_http_req *r, void *arg);
void sk_rest_put(struct sk_http_req *r, void *arg);
void sk_rest_delete(struct sk_http_req *r, void *arg);
void sk_request_get(struct sk_http_req *r, void *arg);
void sk_stream_get(struct sk_http_req *r, void *arg);
void sk_stream_reply_too_many(struct sk_http_req *r); /* of WebSockets from one address: 429 */
void sk_streams_get(struct sk_http_req *r, void *arg);
void sk_streams_write(const struct sk_api *api, struct sk_buf *out); /* array: the clients of the stream */

/* Watches over streams that are not read, from src/api/stream/pressure.c. */
void sk_pressure_start(struct sk_api *api);
void sk_pressure_stop(struct sk_api *api);

/* Brings what `base` holds now to disk; `done` comes in a later turn. */
void sk_api_save_base(struct sk_api *api, sk_saver_done done, void *arg);
/* Sends all of it as deltas of the configuration. */
void sk_api_send_base(struct sk_api *api);

/* The whole model ("") or all contexts of a root ("vessels"), in slices; false: `rest` asks for something else. */
bool sk_full_model_get(struct sk_api *api, struct sk_http_req *r, struct sk_span rest);

/* Server events (status, statistics) for the streams that asked for them. */
void sk_events_start(struct sk_api *api);
void sk_events_stop(struct sk_api *api);
/* The undecided access requests changed: told to administrators. */
void sk_events_access_requests(struct sk_api *api);
/* The listing of plugins changed: told once at the end of the loop turn. `arg` is the sk_api. */
void sk_events_plugins_changed(void *arg);

/*
 * Metadata that the user edits: `field` "" for the whole object; `value` NULL deletes. Saved on the thread pool, then sent as a
 * delta of the defaults; the request is updated to its end.
 */
void sk_meta_edit(struct sk_api *api, struct sk_request *r, struct sk_span path, struct sk_span field, struct sk_span value_json);

#endif
