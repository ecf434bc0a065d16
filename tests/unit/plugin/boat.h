/*
 * The whole plugin host with the real hub, in a folder of its own, for tests: boat() makes it, install() and configure() fill the
 * folder, sail() starts the host and waits until all first starts are over, moor() stops and removes everything. All waits have
 * a deadline and fail the test.
 */
#ifndef TEST_PLUGIN_BOAT_H
#define TEST_PLUGIN_BOAT_H

#include "plugin/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PATIENCE_MS 30000 /* for what shall happen, on a machine that does much else */

extern const char *modules; /* folder of the assembled modules */

struct boat {
    char dir[64], root[128];
    struct sk_loop *loop;
    struct sk_model *model;
    struct sk_hub *hub;
    struct sk_puts *puts;
    struct sk_host *host;
    struct sk_host_limits limits;
    struct sk_hub_tap tap;
    char seen[20000]; /* texts of all deltas */
    bool stopped;
};

struct wish {
    struct boat *b;
    const char *id, *state, *text;
};

struct outcome {
    bool done;
    char error[300];
};

struct answer {
    bool done;
    enum sk_call_result result;
    char text[300];
};

struct boat *boat(void); /* short deadlines; change `limits` before sail() */
void sail(struct boat *b);
void moor(struct boat *b);

/* A package `name` whose module is a link to modules/MODULE.wasm; `more` is added to its package.json: ",\"key\":value". */
void install(struct boat *b, const char *name, const char *module, const char *more);
void configure(struct boat *b, const char *id, const char *text);
void write_file(const char *file, const char *text); /* with its folders */

struct sk_plugin *plugin(struct boat *b, const char *id);
void wait_state(struct boat *b, const char *id, const char *state);
void wait_seen(struct boat *b, const char *text); /* in a delta */
void save(struct boat *b, const char *id, const char *body, const char *error);
void call(struct boat *b, const char *id, const char *name, enum sk_call_result result);

/* Callbacks, and conditions for sk_loop_run_until. */
bool is_settled(void *boat);
void on_stopped(void *boat);
bool has_stopped(void *boat);
void on_saved(void *outcome, const char *error);
bool is_done(void *outcome);
void on_answer(void *answer, enum sk_call_result result, struct sk_span text);
bool is_answered(void *answer);

#endif
