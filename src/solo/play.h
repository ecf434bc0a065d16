/*
 * Plays a scenario against a plugin and says where it did something else than expected. Owner: one thread, which becomes the
 * loop thread of the plugin's host for that time.
 */
#ifndef SK_SOLO_PLAY_H
#define SK_SOLO_PLAY_H

#include "solo/match.h"
#include "solo/scenario.h"

#define SK_PLAY_SHOWN 5u /* of what came instead */

struct sk_failure {
    size_t step;   /* from 1; 0: the start */
    unsigned line; /* 0: none */
    const char *note;
    char message[700];
    bool has_difference;
    struct sk_mismatch difference;
    struct sk_buf seen; /* lines: what came instead */
};

/* `dir`: the package's folder. True: all was as expected. Otherwise `ret_failure` is filled; finish it. */
bool sk_play(const char *dir, const struct sk_scenario *scenario, struct sk_failure *ret_failure);
void sk_failure_finish(struct sk_failure *f);

#endif
