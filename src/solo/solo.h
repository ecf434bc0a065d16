/*
 * One plugin alone: the real host, hub, model, PUT handling and providers, without a server around them. Its configuration and
 * its files lie in a temporary folder that goes with it. `skiff plugin run` and `skiff plugin test` are built on it.
 *
 * Owner: the thread that creates it, which becomes its loop thread. The calls block: they run the loop until what they ask for
 * has happened, or until a deadline that only a broken plugin or machine meets.
 */
#ifndef SK_SOLO_SOLO_H
#define SK_SOLO_SOLO_H

#include "plugin/host.h"

#define SK_SOLO_CONTEXT "vessels.self"

struct sk_solo;

/* Told during the blocking calls, on the loop. Texts live during the call; all may be NULL. */
struct sk_solo_ops {
    void (*delta)(void *arg,
                  struct sk_span json); /* published by the plugin, as clients get it; the own vessel is vessels.self */
    void (*status)(void *arg, const char *text, bool error);
    void (*state)(void *arg, const char *state); /* as the listing has it, or "reloaded" */
    void (*log)(void *arg, struct sk_span line); /* debug lines and output of the plugin, and what was wrong with its deltas */
};

struct sk_solo_options {
    const char *dir;          /* the package's folder */
    struct sk_span config;    /* the plugin's configuration, an object; p NULL: {} */
    const yyjson_val *limits; /* as the setting pluginLimits; NULL: none */
    struct sk_simtime *time;  /* NULL: the machine's */
    const struct sk_stand_in *web;
    bool watch;  /* reload when its files change */
    bool asleep; /* it is only loaded, for its schema */
    const struct sk_solo_ops *ops;
    void *arg;
};

/* Sets all up and reads the package; the plugin has not started. */
int sk_solo_create(const struct sk_solo_options *o, struct sk_solo **ret_solo, struct sk_errmsg *em);
/* Loads and starts it. SK_ERR_INVALID: it did not start, the text says why. */
int sk_solo_start(struct sk_solo *s, struct sk_errmsg *em);
/* Of one that is asleep: its schema is appended to `out`. SK_ERR_INVALID: it does not load, the text says why. */
int sk_solo_read_schema(struct sk_solo *s, struct sk_buf *out, struct sk_errmsg *em);
void sk_solo_destroy(struct sk_solo *s); /* stops it first; NULL is fine */
struct sk_plugin *sk_solo_plugin(struct sk_solo *s);
struct sk_loop *sk_solo_loop(struct sk_solo *s);
struct sk_hub *sk_solo_hub(struct sk_solo *s);
const char *sk_solo_folder(const struct sk_solo *s); /* its configuration folder, removed with it */
bool sk_solo_stop(struct sk_solo *s);                /* plugin_stop; false: it did not come back in time */

/* Waits until the plugin is at rest. SK_ERR_TRAP: it crashed, or stopped to run; the text says why, with its back-trace. */
int sk_solo_settle(struct sk_solo *s, struct sk_errmsg *em);
/* Lets its time pass, poll by poll, at rest after each; time has to stand still. */
int sk_solo_advance(struct sk_solo *s, double seconds, struct sk_errmsg *em);
/* Publishes a delta as some device ("test") would. */
int sk_solo_publish(struct sk_solo *s, struct sk_span json, struct sk_errmsg *em);
/* Saves a new configuration, which restarts it. */
int sk_solo_configure(struct sk_solo *s, struct sk_span config, struct sk_errmsg *em);

/* Answers are appended to `out` as JSON. PUT: {"state","statusCode","message"?}. */
int sk_solo_put(struct sk_solo *s, struct sk_span context, struct sk_span path, struct sk_span value, struct sk_buf *out,
                struct sk_errmsg *em);
struct sk_solo_request {
    struct sk_span method, path;  /* "/api/status?a=1" */
    struct sk_span headers, body; /* JSON; p NULL: {} */
};
/* {"status","headers","body"}; the body is JSON when the plugin's answer is, else a text. */
int sk_solo_http(struct sk_solo *s, const struct sk_solo_request *r, struct sk_buf *out, struct sk_errmsg *em);
/* An export that gets a request object and answers with JSON, such as resources_list_resources. */
int sk_solo_call(struct sk_solo *s, const char *name, struct sk_span request, struct sk_buf *out, struct sk_errmsg *em);

/* A temporary folder of one's own. The caller removes it (sk_tree_remove) and frees the name. */
int sk_solo_make_folder(char **ret_dir, struct sk_errmsg *em);

#endif
