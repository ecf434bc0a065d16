/* What the user ranked, resolved to identities; for priority.c only. Owner: loop thread. */
#ifndef SK_HUB_PRIORITY_RULES_H
#define SK_HUB_PRIORITY_RULES_H

#include "hub/priority.h"

/*
 * What a source is, whatever way it is connected: the lower-case CAN name of an NMEA 2000 device, else its reference. One object
 * per identity, so that they compare by pointer.
 */
struct sk_identity {
    struct sk_span text;
    const struct sk_ranking *group; /* the active group it is in */
    bool inactive;                  /* it is in a group that is switched off */
};

struct sk_ranking {
    struct sk_ranked {
        char *ref; /* as configured */
        struct sk_identity *identity;
        double timeout_ms; /* negative: never speaks */
    } * rows;              /* best first */
    uint32_t count;
    bool inactive; /* group only: switched off */
    bool pass_all; /* path only: "*" */
};

/* NULL: the path has no ranking of its own that counts. */
const struct sk_ranking *sk_priority_rules_override(struct sk_priority_rules *r, struct sk_span path);
const struct sk_identity *sk_priority_rules_identity(struct sk_priority_rules *r, const struct sk_source *s);

#endif
