/*
 * Values that nobody renews: after its timeout a path's value becomes null, once, with `state` telling what it was. The timeout
 * is metadata of the path (`timeout` in seconds, 0: never, "auto": by the rhythm in which values came). Off unless switched on.
 * Owner: loop thread. At most SK_RHYTHMS_MAX rhythms are kept; a source beyond has the default timeout.
 */
#ifndef SK_HUB_STALENESS_H
#define SK_HUB_STALENESS_H

#include "hub/hub.h"

#define SK_RHYTHMS_MAX 10000u
#define SK_RHYTHM_SAMPLES_MAX 100u

struct sk_staleness;

struct sk_staleness_options {
    unsigned check_ms; /* between looks at all values */
    bool use_default;  /* paths without a timeout have default_s */
    double default_s;
    unsigned auto_samples; /* intervals that "auto" looks back at */
    double auto_warmup_s;  /* before that it uses the default */
    bool other_contexts;   /* not only the own vessel */
};
extern const struct sk_staleness_options sk_staleness_defaults;

/* The hub tells it of values from now on. */
struct sk_staleness *sk_staleness_create(struct sk_hub *h, const struct sk_staleness_options *o);
void sk_staleness_destroy(struct sk_staleness *s); /* before the hub; closes its timer, the memory goes in a later turn */

/* For the hub: a value of that source came. */
struct sk_context;
struct sk_node;
void sk_staleness_heard(struct sk_staleness *s, const struct sk_node *n, const struct sk_source *source);
void sk_staleness_context_dying(struct sk_staleness *s, const struct sk_context *c);

#endif
