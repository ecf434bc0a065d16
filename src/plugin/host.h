/*
 * The plugin host: finds WebAssembly plugins in node_modules folders, runs each on a thread of its own inside Wasmtime, and
 * speaks for them to the rest of the server.
 *
 * Owner: the loop thread; every function here is called on it unless it says otherwise. Nothing but sk_host_scan blocks: what
 * takes time (compiling, calling into a plugin, syncing a file) happens on other threads and comes back as a callback in a later
 * turn. A plugin that loops, traps or eats memory ends its own instance only (plugin/supervisor.h says what happens then).
 */
#ifndef SK_PLUGIN_HOST_H
#define SK_PLUGIN_HOST_H

#include "base/simtime.h"
#include "hub/bstreams.h"
#include "hub/hub.h"
#include "hub/providers.h"
#include "hub/put.h"
#include "plugin/allowance.h"
#include "plugin/endpoint.h"
#include "plugin/figures.h"
#include "plugin/package.h"

struct sk_host;
struct sk_plugin;

struct sk_host_options {
    struct sk_loop *loop;
    struct sk_hub *hub;
    struct sk_puts *puts;
    struct sk_providers *providers; /* NULL: plugins can provide nothing */
    struct sk_bstreams *streams;    /* NULL: what they emit goes nowhere */
    const char *config_dir;         /* holds plugin-config-data */
    const char *cache_dir;          /* compiled modules go to <cache_dir>/wasm; see sk_host_default_cache_dir */
    const char *const *roots;       /* node_modules folders, first hit of a package name wins; see sk_host_default_roots */
    size_t root_count;
    const char *bundled_root;            /* packages of this root are "bundled" in the listing; NULL: none */
    bool plugins_off;                    /* --no-plugins: only the files of webapps */
    bool wasm_off;                       /* settings.interfaces.wasm === false: listed as "disabled", never loaded */
    const char *safe_mode;               /* why plugins are listed but not loaded (see store/run_record.h); NULL: they run */
    bool watch;                          /* packages that appear, change or go while it runs are noticed */
    bool compile_in_process;             /* for tests; otherwise /proc/self/exe --internal-compile, see sk_compile_main */
    const struct sk_host_limits *limits; /* NULL: defaults */
    struct sk_span hosts_json;           /* the setting pluginHosts: {package or id or "*": [hosts]}; p NULL: none */
    struct sk_span limits_json;          /* the setting pluginLimits, on top of them; p NULL: none */
    void (*changed)(void *arg);          /* the listing changed (config saved, plugin started or gone); NULL: nobody cares */
    void *changed_arg;

    /* for plugins that are run alone (solo/solo.h) */
    struct sk_simtime *time;       /* that plugins live in; NULL: the machine's */
    const struct sk_stand_in *web; /* answers their HTTP requests instead of the network; NULL: none */
    void (*logged)(void *arg, const struct sk_package *package, struct sk_span line); /* gets what they log; NULL: the log does */
    void *logged_arg;
};

/* Copies what it keeps. */
int sk_host_create(const struct sk_host_options *o, struct sk_host **ret_host, struct sk_errmsg *em);
/* Reads the packages and their configurations. The one call here that blocks: before the server listens, so that no request can
   meet a listing that is not there yet. */
void sk_host_scan(struct sk_host *h);
/* Loads all plugins and starts the enabled ones; scans first when that was not done. Call once. */
void sk_host_start(struct sk_host *h);
/* Why plugins are kept off, or NULL. */
const char *sk_host_safe_mode(const struct sk_host *h);
/* Loads all and starts the enabled ones after all. */
void sk_host_leave_safe_mode(struct sk_host *h);
/* True when the scan is done and each plugin's first load and start attempt has ended, however it ended. */
bool sk_host_settled(const struct sk_host *h);
/* plugin_stop in all running plugins, in parallel; `done` comes in a later turn, at the latest after about 2 * stop_ms +
 * grace_ms. */
void sk_host_stop_all(struct sk_host *h, void (*done)(void *arg), void *arg);
/* After done (or without a start). Closes loop handles: run the loop once more before it is destroyed (sk_loop_destroy does). */
void sk_host_destroy(struct sk_host *h);

/* <config_dir>/node_modules, <app_dir>/node_modules (NULL: left out), npm's global folders, then `extra` (setting pluginPaths).
   A NULL-terminated list; free it with sk_host_free_roots. */
char **sk_host_default_roots(const char *config_dir, const char *app_dir, const char *const *extra, size_t extra_count);
void sk_host_free_roots(char **roots);
char *sk_host_default_cache_dir(void); /* $XDG_CACHE_HOME/skiff or ~/.cache/skiff; NULL without either; free() it */

/* `skiff --internal-compile IN.wasm OUT.cwasm`: what main() calls when argv[1] is that flag. Returns the exit status. */
#define SK_COMPILE_FLAG "--internal-compile"
int sk_compile_main(int argc, char **argv);

/* ---- plugins -------------------------------------------------------------------------------------------------------------- */
struct sk_plugin *sk_host_find(struct sk_host *h, struct sk_span id);              /* by plugin id; NULL when unknown */
struct sk_plugin *sk_host_next(struct sk_host *h, const struct sk_plugin *before); /* NULL: the first; in loading order */

const struct sk_package *sk_plugin_package(const struct sk_plugin *p);
const char *sk_plugin_id(const struct sk_plugin *p);
const char *sk_plugin_name(const struct sk_plugin *p);    /* display name */
const char *sk_plugin_state(const struct sk_plugin *p);   /* "stopped", "starting", "running", "crashed", "error", "disabled" */
const char *sk_plugin_message(const struct sk_plugin *p); /* last status or error of the plugin, or why it is not running */
bool sk_plugin_enabled(const struct sk_plugin *p);        /* by its configuration */
bool sk_plugin_has_routes(const struct sk_plugin *p);     /* false while the wasm interface is off */

void sk_host_write_list(struct sk_host *h, struct sk_buf *out);            /* array sorted by display name */
void sk_plugin_write_entry(const struct sk_plugin *p, struct sk_buf *out); /* one element of it */
void sk_plugin_write_info(const struct sk_plugin *p,
                          struct sk_buf *out); /* {"enabled","enabledByDefault","id","name","version"} */
void sk_plugin_write_config(const struct sk_plugin *p, struct sk_buf *out); /* the file's object, with enabled and enableDebug */

/*
 * Saves a configuration ({"enabled"?,"enableDebug"?,"configuration"}), then restarts, starts or stops the plugin as it asks.
 * `done` comes once, in a later turn, after the file is durable and the start attempt has ended; `error` NULL: all went well.
 * Several saves of one plugin run one after the other.
 */
typedef void (*sk_saved)(void *arg, const char *error);
void sk_plugin_save_config(struct sk_plugin *p, struct sk_span body, sk_saved done, void *arg);

/* The first endpoint of the plugin that fits; params are appended to `ret` (see endpoint.h). NULL: none. */
const struct sk_endpoint *sk_plugin_endpoint(const struct sk_plugin *p, struct sk_span method, struct sk_span path,
                                             struct sk_endpoint_params *ret_params);

/* ---- calls into a running plugin ------------------------------------------------------------------------------------------ */
enum sk_call_shape {
    SK_CALL_REQUEST, /* buffer (req, len, out, max) -> len; AssemblyScript (string) -> string */
    SK_CALL_HTTP,    /* the same, but AssemblyScript (string, code units) -> string */
    SK_CALL_ANSWER,  /* buffer (out, max) -> len; AssemblyScript (string "{}") -> string */
};
enum sk_call_result {
    SK_CALL_OK,      /* `text` is the plugin's answer, not checked further */
    SK_CALL_MISSING, /* no such export */
    SK_CALL_FAILED,  /* trap, or no answer text; `text` is the reason */
    SK_CALL_TIMEOUT,
    SK_CALL_DOWN, /* not running, stopped meanwhile, or too many calls waiting */
};
typedef void (*sk_call_done)(void *arg, enum sk_call_result result, struct sk_span text);
/* `done` comes exactly once, in a later turn or before this returns. `out_max` 0: 65536, the size plugins are promised. */
void sk_plugin_call(struct sk_plugin *p, enum sk_call_shape shape, const char *name, struct sk_span request, size_t out_max,
                    sk_call_done done, void *arg);

/*
 * `idle` comes once, in a later turn, when the plugin has nothing to do at its time, and whatever it said until then had its
 * effect. Requests of its own that wait for the network are something to do. It never comes when the life ends before.
 * NULL: nobody cares any more.
 */
void sk_plugin_when_idle(struct sk_plugin *p, void (*idle)(void *arg), void *arg);
void sk_plugin_time_moved(struct sk_plugin *p); /* after sk_simtime_advance: a poll may be due */

/* ---- figures -------------------------------------------------------------------------------------------------------------- */
const struct sk_figures *sk_plugin_figures(const struct sk_plugin *p); /* of all lives since the server started */
uint64_t sk_plugin_cpu_ns(const struct sk_plugin *p);
const char *sk_plugin_last_trap(const struct sk_plugin *p); /* with back-trace; "" when there was none; valid until the next */
/* All of it as JSON, with the state, the last traps and the limits. */
void sk_plugin_write_stats(const struct sk_plugin *p, struct sk_buf *out);
void sk_host_write_stats(struct sk_host *h, struct sk_buf *out); /* array of these, in the order of the listing */

/* ---- static files of packages (a webapp, an addon or a configurator by its keywords, plugin or not) --------------------------
 */
/* `files`: folder to serve at /<name>/. `plugin_off`: it belongs to a plugin that is not enabled: served, but not listed. */
typedef void (*sk_webapp_fn)(void *arg, const struct sk_package *package, const char *files, bool plugin_off);
void sk_host_each_webapp(struct sk_host *h, sk_webapp_fn fn, void *arg);

#endif
