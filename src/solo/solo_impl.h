/* Inside of solo*.c. */
#ifndef SK_SOLO_SOLO_IMPL_H
#define SK_SOLO_SOLO_IMPL_H

#include "solo/solo.h"

#define SK_SOLO_TEXT_MAX ((size_t)32 * 1024 * 1024)

struct sk_solo {
    struct sk_solo_options o;
    struct sk_loop *loop;
    struct sk_model *model;
    struct sk_hub *hub;
    struct sk_puts *puts;
    struct sk_providers *providers;
    struct sk_bstreams *streams;
    struct sk_host *host;
    struct sk_hub_tap tap;
    char *folder, *root, *id;
    const char *state;
    char status[2048], reload_error[600];
    uint64_t reloads;
    uint64_t began_ms;      /* of its time */
    uint64_t rounds_deltas; /* that passed the hub */
    bool stopping, stopped;
};

/* Runs, and has nothing but its own life to lose: SK_ERR_TRAP with its back-trace, SK_ERR_INVALID with its own words. */
int sk_solo_alive(struct sk_solo *s, struct sk_errmsg *em);

#endif
