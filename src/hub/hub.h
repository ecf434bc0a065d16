/*
 * The one door: every delta from any origin passes here, in this order: validate and complete (context, source, timestamp),
 * static self data filter, model, fan-out. The rendered text goes to all default-feed clients and taps as one shared frame.
 * Owner: loop thread. Limits: SK_DELTA_MAX bytes per delta text; further ones in model/limits.h.
 */
#ifndef SK_HUB_HUB_H
#define SK_HUB_HUB_H

#include "base/frame.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/simtime.h"
#include "hub/status.h"
#include "model/model.h"
#include "model/path.h"
#include "model/source.h"

#define SK_DELTA_MAX ((size_t)1024 * 1024)

struct sk_hub;
struct sk_alarms;
struct sk_priority_engine;

/* Where a delta comes from. */
struct sk_origin {
    const char *provider; /* connection id, package name of a plugin, "ws", "tcp", "defaults", ... */
    bool defaults;        /* the server's own configuration: may name the vessel */
    int version;          /* 2: streamed but not merged into the tree; anything else: 1 */
    bool managed;         /* comes from the notification manager: its notifications go on as they are */
    bool timed_out;       /* its nulls say that a source fell silent */
    /* Optional: told of each value's path and `$source` as it passes. */
    void (*published)(void *arg, struct sk_path *path, struct sk_source *source);
    void *published_arg;
};

struct sk_hub *sk_hub_create(struct sk_loop *loop, struct sk_model *model);
/* Closes its timers; the memory goes in a later turn. All feeds and taps must be gone. */
void sk_hub_destroy(struct sk_hub *h);
/* Contexts silent for longer leave the tree (setting pruneContextsMinutes, default 60); never the own vessel. */
void sk_hub_set_prune_minutes(struct sk_hub *h, double minutes);
/* Source priority (priority.h says of what shape); in effect at once, for the own vessel. All NULL or empty: none. */
void sk_hub_set_priorities(struct sk_hub *h, const yyjson_val *groups, const yyjson_val *overrides, const yyjson_val *defaults);
struct sk_priority_engine *sk_hub_priority(struct sk_hub *h); /* NULL: none */
struct sk_alarms *sk_hub_alarms(struct sk_hub *h);            /* NULL: notifications are not managed */
struct sk_model *sk_hub_model(struct sk_hub *h);
struct sk_status *sk_hub_status(struct sk_hub *h);
struct sk_senders *sk_hub_senders(struct sk_hub *h); /* who delivers how much */
struct sk_loop *sk_hub_loop(struct sk_hub *h);
/* What stamps deltas that come without a time; must outlive the hub. NULL (the beginning): the machine's clock. */
void sk_hub_set_time(struct sk_hub *h, const struct sk_simtime *time);

/*
 * Takes a delta text in. 0: passed on, wholly or in part. SK_ERR_INVALID: nothing of it was usable; `em` says what was wrong and
 * where. The caller keeps `json`. Effects (tree, queues of clients) are complete on return.
 */
int sk_hub_ingest(struct sk_hub *h, const struct sk_origin *origin, struct sk_span json, struct sk_errmsg *em);

/* The same for a delta that is parsed already (sk_json_read_raw); the caller keeps the document. */
int sk_hub_ingest_json(struct sk_hub *h, const struct sk_origin *origin, const yyjson_val *delta, struct sk_errmsg *em);

/*
 * A tap sees every delta that is fanned out, all contexts, rendered (keys: ..., "updates" and "context" with the resolved
 * context). `deliver` must not block and takes its own reference if it keeps the frame. Add and remove at any time.
 */
struct sk_hub_tap {
    struct sk_hub_tap *next;
    void (*deliver)(struct sk_hub_tap *tap, struct sk_frame *delta, bool self);
    bool self_only;
};
void sk_hub_add_tap(struct sk_hub *h, struct sk_hub_tap *tap);
void sk_hub_remove_tap(struct sk_hub *h, struct sk_hub_tap *tap);

/* Clients that asked for metadata get the own vessel's once more: it is shown otherwise now. */
void sk_hub_announce_meta_again(struct sk_hub *h);

/* Forgets a source: its values in all contexts and its place in the tree of sources. False: nothing is known of it. */
bool sk_hub_forget_source(struct sk_hub *h, struct sk_span ref);

struct sk_hub_stats {
    uint64_t deltas, rejected, values;
    uint64_t partly;  /* deltas of which a part was refused */
    uint64_t evicted; /* contexts that had to make room for others */
};
void sk_hub_stats(const struct sk_hub *h, struct sk_hub_stats *ret_stats);

#endif
