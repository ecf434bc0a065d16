/*
 * Data connections: where bytes come from. Each kind is a const struct of functions; what a connection reads goes to the hub
 * under its id. Owner: loop thread. A connection that cannot work shows an error status and leaves the others alone.
 */
#ifndef SK_INPUT_INPUT_H
#define SK_INPUT_INPUT_H

#include "base/json.h"
#include "hub/hub.h"
#include "store/settings.h"

struct sk_input;

struct sk_input_ops {
    const char *kind;
    /* `options` (subOptions of the settings) live as long as the settings. May fail later too, through sk_input_failed. */
    int (*open)(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em);
    void (*close)(struct sk_input *in); /* frees its own state, perhaps in a later turn */
};

struct sk_input {
    struct sk_input *next;
    const struct sk_input_ops *ops;
    struct sk_hub *hub;
    const char *config_dir;
    char *id;
    void *state; /* of the kind */
};

/* Recorded deltas, replayed at their own pace. */
extern const struct sk_input_ops sk_input_file;

void sk_input_status(struct sk_input *in, const char *text);
void sk_input_failed(struct sk_input *in, const char *text);

struct sk_inputs;
/* Opens every enabled connection of the settings (pipedProviders). */
struct sk_inputs *sk_inputs_create(struct sk_hub *hub, const struct sk_settings *settings, const char *config_dir);
void sk_inputs_destroy(struct sk_inputs *list);

#endif
