/* The list of connections and what they share; private to src/input. Owner: loop thread. */
#ifndef SK_INPUT_INPUTS_H
#define SK_INPUT_INPUTS_H

#include "input/input.h"

#define SK_INPUTS_TICK_MS 1000
#define SK_INPUTS_STATISTICS_TICKS 5
#define SK_INPUT_ENTRY_MAX ((size_t)1024 * 1024) /* bytes of an entry of the settings */

struct sk_inputs {
    struct sk_hub *hub;
    const struct sk_settings *settings;
    const char *config_dir;
    bool only_fixed; /* those of the settings stay closed */
    struct sk_input *first, **last_next;
    struct sk_bus *bus;
    struct sk_output *output;
    struct sk_rawlog *log;        /* NULL: nothing was logged so far */
    struct sk_launcher *launcher; /* NULL: no command was started so far */
    uv_timer_t timer;
    unsigned ticks;
};

/* Opened, or with an error status. `entry` has an id and is not kept. The list is the caller's to mend. */
struct sk_input *sk_input_create(struct sk_inputs *list, const yyjson_val *entry);
void sk_input_destroy(struct sk_input *in);
/* An entry as text, to be compared; NULL when it is too large. */
char *sk_input_entry_text(const yyjson_val *entry);

/* On the status board: the last status while it worked, or what is wrong (logged when it is news). */
void sk_input_show_status(struct sk_input *in);
void sk_input_show_failure(struct sk_input *in, const char *text) __attribute__((nonnull));

/* Who starts commands, made when first asked for. NULL: a server that confined itself without one cannot have one any more. */
struct sk_launcher *sk_inputs_launcher(struct sk_inputs *list, struct sk_errmsg *em);

/* Makes the raw log; there must be none yet. */
void sk_inputs_open_log(struct sk_inputs *list);

#endif
