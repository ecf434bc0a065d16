/*
 * The record of one plugin: what is known of it, its configuration, its life (a worker or none), the calls that wait for it.
 * Owner: loop thread. Inside of the host; others use plugin/host.h.
 */
#ifndef SK_PLUGIN_PLUGIN_H
#define SK_PLUGIN_PLUGIN_H

#include "plugin/config.h"
#include "plugin/discover.h"
#include "plugin/engine.h"
#include "plugin/folder_watch.h"
#include "plugin/host.h"
#include "plugin/inbox.h"
#include "plugin/worker.h"

#define SK_PLUGIN_TAG 0x706c7567u

struct sk_call { /* waits for a REPLY */
    struct sk_call *next;
    uint64_t id, deadline_ms;
    sk_call_done done;
    void *arg;
};

struct sk_save { /* waits for the file, then (the user's) for the start attempt */
    struct sk_save *next;
    char *text; /* body of the POST, or the plugin's own configuration */
    size_t n;
    struct sk_question *question; /* the plugin's own; else NULL */
    sk_saved done;
    void *arg;
};

struct sk_plugin {
    uint32_t tag;
    struct sk_host *host;
    struct sk_package *package;
    char *name, *schema, *data_dir;
    struct sk_endpoints *endpoints;
    struct sk_plugin_config config;

    struct sk_super super;
    struct sk_worker *worker;
    struct sk_worker *lost; /* does not come back; at most one, as nothing is started before it does */
    bool worker_starts;     /* the worker is to start, not only to load */
    bool start_waits;       /* a start shall follow when the present worker has ended */
    bool settled;           /* the first attempt has ended */
    bool load_failed;       /* while disabled: listed as "error" */
    bool said;              /* the plugin set a status itself in this life */
    bool host_said;         /* the status entry is the host's */

    struct sk_package *incoming;      /* what its files are now; NULL: as they were loaded */
    struct sk_package *refused;       /* the last version that did not load */
    struct sk_worker *trial;          /* loads the incoming version beside the running one */
    struct sk_package *trial_package; /* what it loads */
    bool trial_good;
    char *reload_error;  /* NULL: none */
    struct sk_inbox gap; /* deltas between two lives */
    bool gap_open;
    bool removing;    /* its package is gone; the record goes when its last life has ended */
    unsigned missing; /* scans in a row that did not find it */

    struct sk_hub_tap tap;
    bool tapped, wake_queued;
    struct sk_plugin *wake_next;

    struct sk_provision *provisions; /* what it provides, or wants to once it has started */

    struct sk_call *calls, **calls_end;
    size_t call_count;
    uint64_t next_call;
    void (*idle)(void *arg); /* asked for; NULL: not */
    void *idle_arg;

    struct sk_save *saves, **saves_end; /* not begun */
    struct sk_save *saving;             /* its file is being written */
    struct sk_save *applying;           /* written; the start attempt goes on */
    struct sk_plugin_config saving_config;

    uv_timer_t timer;
    bool timer_open;
    uint64_t restart_at_ms; /* 0: none */

    struct sk_host_limits limits;
    struct sk_figures *figures;
    uint64_t past_cpu_ns; /* of ended lives */
    struct sk_trap {
        int64_t at_ms; /* wall clock */
        char *text;
    } traps[SK_FIGURES_TRAPS_MAX]; /* the latest first */
};

struct sk_host {
    struct sk_host_options o;
    struct sk_host_limits limits;
    yyjson_doc *limits_doc; /* the user's; NULL: none */
    char *config_dir, *cache_dir, *bundled_root;
    char *safe_mode; /* reason; NULL: plugins run */
    char **roots;
    struct sk_engine *engine;
    struct sk_poller *poller;    /* watches the plugins' sockets */
    yyjson_doc *hosts_doc;       /* the setting pluginHosts */
    bool hosts_broken;           /* it is no object */
    struct sk_packages packages; /* owns them all, plugins and webapps */
    struct sk_plugin **plugins;
    size_t plugin_count, plugin_cap;
    struct sk_plugin *to_wake;
    struct sk_loop_hook wake_hook;
    unsigned works; /* on the thread pool */
    bool scanned, closing, closed_told;
    struct sk_folder_watch *watch; /* NULL: not watched */
    bool rescanning, rescan_again;
    struct sk_loop_hook collect_hook;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct sk_loop_task stopped_task;
};

/* plugin.c */
struct sk_plugin *sk_plugin_create(struct sk_host *h, struct sk_package *package, struct sk_span config_text);
void sk_plugin_destroy(struct sk_plugin *p); /* no worker may be left, but a lost one */
void sk_plugin_boot(struct sk_plugin *p);    /* load, and start if enabled */
void sk_plugin_shut(struct sk_plugin *p);    /* server shutdown */
void sk_plugin_event(struct sk_plugin *p, enum sk_super_event ev);
void sk_plugin_start_life(struct sk_plugin *p); /* a new worker, or when the present one has ended */
void sk_plugin_say(struct sk_plugin *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* an error entry of the host's */
void sk_plugin_unsay(struct sk_plugin *p); /* takes it back; a plugin's own words stay */
void sk_plugin_reschedule(struct sk_plugin *p);
void sk_plugin_note_trap(struct sk_plugin *p, struct sk_span text);
struct sk_worker *sk_plugin_make_worker(struct sk_plugin *p, struct sk_package *package, bool start, void (*notify)(void *owner),
                                        void (*lost)(void *owner));
void sk_plugin_remove(struct sk_plugin *p); /* stops it; the record goes when that is over */
/* reload.c */
void sk_plugin_reload(struct sk_plugin *p, struct sk_package *package); /* its files, as they were found now */
void sk_plugin_reload_step(struct sk_plugin *p);                        /* a worker has ended */
void sk_plugin_drop_reload(struct sk_plugin *p);
void sk_plugin_keep_in_gap(struct sk_plugin *p, struct sk_frame *f);
void sk_plugin_carry_over(struct sk_plugin *p); /* from the worker that has ended */
void sk_plugin_end_gap(struct sk_plugin *p, bool deliver);
/* fetch_hosts.c */
void sk_plugin_hosts(const struct sk_plugin *p, struct sk_hosts *ret_hosts[2]); /* lists that the caller owns, or NULL */
/* notes.c */
void sk_plugin_notes(struct sk_plugin *p); /* takes what its worker says */
/* calls.c */
void sk_plugin_reply(struct sk_plugin *p, uint64_t id, enum sk_call_result result, struct sk_span text);
void sk_plugin_drop_calls(struct sk_plugin *p, const char *why);
void sk_plugin_expire_calls(struct sk_plugin *p, uint64_t now_ms);
/* put.c */
void sk_plugin_register_put(struct sk_plugin *p, struct sk_span context, struct sk_span path);
/* provider.c */
void sk_plugin_provide(struct sk_plugin *p, enum sk_provider_kind kind, struct sk_span name); /* it wants to register */
void sk_plugin_providers_live(struct sk_plugin *p); /* plugin_start returned 0: what it registered is there now */
void sk_plugin_providers_gone(struct sk_plugin *p);
/* save.c */
void sk_plugin_save(struct sk_plugin *p, struct sk_save *s);
void sk_plugin_save_outcome(struct sk_plugin *p, const char *error); /* the start attempt, or the stop, has ended */
/* rescan.c */
/* Any thread; blocks. What to watch for changes in these packages. */
void sk_host_folders(const struct sk_host *h, const struct sk_packages *found, struct sk_folders *ret_folders);
void sk_host_watch(struct sk_host *h, const struct sk_folders *folders);
/* host.c */
struct sk_scan {
    struct sk_host *host;
    struct sk_packages found;
    struct sk_span *configs; /* file text per package; p NULL: no file */
    size_t config_count;
};
void sk_host_look(struct sk_scan *s); /* any thread; blocks */
void sk_host_scan_finish(struct sk_scan *s);
struct sk_plugin *sk_host_add(struct sk_host *h, struct sk_package *package, struct sk_span config);
struct sk_plugin *sk_host_record_of(struct sk_host *h, const char *package_name); /* also one that is being removed */
void sk_host_collect_later(struct sk_host *h);
void sk_host_changed(struct sk_host *h);
void sk_host_wake_later(struct sk_host *h, struct sk_plugin *p);
void sk_host_check_stopped(struct sk_host *h);

#endif
