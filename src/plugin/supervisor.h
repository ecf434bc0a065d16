/*
 * When a plugin starts, restarts and gives up: a pure step function. It takes an event and the time and returns what to do; the
 * plugin record does it. Thread: any. No memory, no clock of its own.
 *
 * A crash (trap, missed deadline) is followed by a restart with a fresh instance, after 1, 2, 4 ... 300 s. A crash within the
 * first minute of a run is a quick one: after three quick ones in a row the next ends in ERROR, where the plugin stays until the
 * user saves its configuration or its module is replaced. A plugin that crashes now and then is never given up, only started
 * ever later; ten minutes of health forget all. A plugin_start that returns an error is no crash: it says no, and is not asked
 * again by itself. A worker that does not come back (LOST) cannot be restarted.
 */
#ifndef SK_PLUGIN_SUPERVISOR_H
#define SK_PLUGIN_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

struct sk_super_limits {
    unsigned restarts;       /* after quick crashes in a row; default 3 */
    unsigned first_delay_ms; /* doubles with each crash; default 1,000 */
    unsigned max_delay_ms;   /* default 300,000 */
    unsigned quick_ms;       /* a run shorter than this ends in a quick crash; default 60,000 */
    unsigned healthy_ms;     /* a run this long forgets all crashes; default 600,000 */
};

#define SK_SUPER_STATES(X)                                                                                                       \
    X(STOPPED, "stopped")                                                                                                        \
    X(STARTING, "starting")                                                                                                      \
    X(RUNNING, "running")                                                                                                        \
    X(STOPPING, "running") /* no word of its own outside: the plugin still answers */                                            \
    X(CRASHED, "crashed")                                                                                                        \
    X(ERROR, "error")

enum sk_super_state {
#define SK_AS_ENUM(id, text) SK_SUPER_##id,
    SK_SUPER_STATES(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_SUPER_STATE_COUNT
};

enum sk_super_event {
    SK_SUPER_EV_WANTED,       /* boot, config save, new module: it shall run; forgets old crashes */
    SK_SUPER_EV_UNWANTED,     /* disabled, or server shutdown: it shall not run; forgets old crashes */
    SK_SUPER_EV_STARTED,      /* plugin_start returned 0 */
    SK_SUPER_EV_START_FAILED, /* not loadable, or plugin_start returned an error */
    SK_SUPER_EV_CRASHED,
    SK_SUPER_EV_LOST,  /* its thread is stuck: no restart by itself */
    SK_SUPER_EV_ENDED, /* a life that was told to stop is over */
    SK_SUPER_EV_TIME,  /* wake_at_ms has come */
};

enum sk_super_do { SK_SUPER_DO_NOTHING, SK_SUPER_DO_START, SK_SUPER_DO_STOP };

struct sk_super_action {
    enum sk_super_do what;
    uint64_t wake_at_ms; /* 0: no need; otherwise send SK_SUPER_EV_TIME then */
};

struct sk_super {
    struct sk_super_limits limits;
    enum sk_super_state state;
    bool wanted;      /* after a stop it starts again */
    unsigned crashes; /* since the last healthy run: they make the delay */
    unsigned quick;   /* quick ones in a row: they make it give up */
    uint64_t running_since_ms;
    uint64_t restart_at_ms;
};

void sk_super_init(struct sk_super *s, struct sk_super_limits limits);
struct sk_super_action sk_super_step(struct sk_super *s, enum sk_super_event ev, uint64_t now_ms);
const char *sk_super_state_text(enum sk_super_state state); /* as the listing shows it */

#endif
