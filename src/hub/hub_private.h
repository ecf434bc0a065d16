/* The hub's own structs, for the files of this folder only. */
#ifndef SK_HUB_PRIVATE_H
#define SK_HUB_PRIVATE_H

#include "base/map.h"
#include "hub/feed.h"
#include "hub/priority.h"
#include "hub/render.h"
#include "model/delta.h"
#include "model/tree.h"

/* See struct sk_pattern. */
struct sk_pattern_index {
    struct sk_map by_path; /* the text of their path -> first of the patterns with it */
    struct sk_pattern *general;
    size_t count;
};

struct sk_hub {
    struct sk_loop *loop;
    struct sk_model *model;
    struct sk_status *status;
    struct sk_senders *senders;
    struct sk_arena arena;           /* of the delta under way */
    struct sk_buf out;               /* its rendering */
    struct sk_buf scratch;           /* one-value renderings made meanwhile */
    struct sk_buf preferred;         /* the delta without what source priority kept out */
    struct sk_priority_rules *rules; /* NULL: nothing is ranked */
    struct sk_priority_engine *priority;
    struct sk_hub_tap *taps;
    struct sk_feed *feeds;
    struct sk_feed *live; /* those of them that take whole deltas now: a thousand that are behind cost nothing per delta */
    struct sk_pattern_index patterns;
    size_t announcers;
    struct sk_alarms *alarms;       /* NULL: notifications pass as they came */
    struct sk_staleness *staleness; /* NULL: values never grow old */
    struct sk_zones *zones;
    struct sk_later *later, **later_last; /* deltas of our own that wait for the one under way */
    bool draining;
    uv_timer_t fixed_timer; /* next bucket of a fixed-period row */
    struct sk_row *active_rows;
    uint64_t fixed_due; /* UINT64_MAX: it does not run */
    uv_timer_t prune_timer;
    uv_timer_t replay_timer; /* while cached values wait for later turns */
    struct sk_replay *replays, **last_replay;
    uint64_t replay_turn; /* loop time at which ... */
    size_t replayed;      /* ... so many cached values went out */
    uint64_t replay_round;
    uint64_t prune_after_ms;
    int open_timers;        /* while closing */
    uint64_t serial;        /* of the delta under way, or the last one */
    uint32_t pressed;       /* feeds that are behind */
    struct sk_loose *loose; /* last values that do not live in the tree, for them */
    uint32_t loose_count, loose_next;
    struct sk_hub_stats stats;
    int busy;                      /* depth of ingestion: a client's callback must not feed the hub */
    const struct sk_simtime *time; /* NULL: the machine's */
    char iso[SK_TIMESTAMP_LEN_MAX];
};

/* Which contexts a row or a message is about. */
struct sk_context_match {
    enum { SK_MATCH_ALL, SK_MATCH_SELF, SK_MATCH_GLOB, SK_MATCH_NEAR } kind;
    char *glob;
    double radius, latitude, longitude;
};

/*
 * What rows ask for: contexts and paths. Each distinct wish exists once, with all rows of all clients that have it, so that a
 * path is matched once however many clients want it, and a value finds its rows through the node it lies at.
 */
struct sk_pattern {
    struct sk_pattern *next_same_path;               /* other contexts */
    struct sk_pattern *next_general, **prev_general; /* general ones only: they are tried one after the other */
    enum sk_glob_kind kind;
    struct sk_context_match context;
    struct sk_span path; /* owned */
    struct sk_row *rows; /* never empty but for a moment */
    struct sk_sub_link *links;
};

/* A pattern meets a leaf. */
struct sk_sub_link {
    struct sk_pattern *pattern;
    struct sk_node *node;
    struct sk_sub_link *next_at_node, *prev_at_node, *next_of_pattern, *prev_of_pattern;
};

/* One row of a subscribe message. */
struct sk_row {
    struct sk_feed *feed;
    struct sk_row *next;
    struct sk_pattern *pattern;
    struct sk_row *next_of_pattern, *prev_of_pattern;
    bool all_sources;                  /* sourcePolicy=all: also what source priority kept out */
    struct sk_view *view;              /* excludeSources, or NULL */
    uint32_t min_period_ms, period_ms; /* 0: not asked for; at most one is set */
    char *remarks[3];                  /* contradictions in the row, remarked on once per path; from the front */
    struct sk_map paces;               /* by node and source, when one of the periods is set */
    struct sk_map buckets;             /* by path, when period_ms is set */
    struct sk_bucket *due, **due_last; /* running buckets, soonest first: all have the same period */
    struct sk_row *next_active, *prev_active;
    bool active;
};

/* What a row with a period remembers of one source at one leaf: when it last passed, or that it waits for the period to end. */
struct sk_pace {
    struct {
        struct sk_node *node;
        struct sk_source *source;
    } key;
    uint64_t passed_ms;
    struct sk_bucket *bucket; /* NULL with minPeriod */
    bool waiting;
    struct sk_pace *newer, *older; /* those that wait, in their bucket */
};

/* Values of one path waiting for a row's period to end. */
struct sk_bucket {
    struct sk_path *path;
    struct sk_bucket *next_due;
    uint64_t due_ms;
    bool running;
    struct sk_pace *newest;
};

struct sk_feed {
    struct sk_hub *hub;
    struct sk_feed *next, *prev;
    struct sk_feed *next_live, *prev_live;
    bool is_live; /* it stands in hub->live */
    const struct sk_feed_ops *ops;
    void *arg;
    enum sk_feed_mode mode;
    bool meta;
    bool all_sources; /* of the default feed, and the default of its rows */
    bool announce;    /* announceNewPaths */
    bool announce_all_sources;
    struct sk_context_match announce_for;
    struct sk_row *rows;
    uint32_t row_count;
    uint64_t *announced; /* hash set of (context, path) whose metadata went out */
    uint32_t announced_count, announced_cap;
    uint64_t lost;
    /* Back-pressure: the client is behind, and catches up from the tree. */
    bool pressed, in_round;
    size_t unsent_max;
    uint64_t pressed_ms, presses;
    uint64_t since;        /* what came later has not been sent */
    uint64_t round_from;   /* `since` once all contexts were gone through, ... */
    uint32_t round_pos;    /* ... of which those with a smaller serial are done */
    uint64_t replay_round; /* of the hub: it had its turn in that one */
};

/* feed.c */
void sk_feed_relist(struct sk_feed *f);                           /* after `mode` or `pressed` changed */
void sk_feed_send(struct sk_feed *f, struct sk_frame *frame);     /* news: a client that is behind does not get it now */
void sk_feed_send_now(struct sk_feed *f, struct sk_frame *frame); /* cached values, metadata before a value */
void sk_feed_send_remark(struct sk_feed *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sends metadata of the path and its ancestors once, when the feed asked for it. */
void sk_feed_announce_meta(struct sk_feed *f, const struct sk_context *c, struct sk_path *p, struct sk_span timestamp);
enum sk_readers { SK_TO_EVERYBODY, SK_TO_PREFERRED, SK_TO_ALL_SOURCES }; /* by their sourcePolicy */
void sk_feeds_deliver(struct sk_hub *h, const struct sk_context *c, const struct sk_delta *d, struct sk_frame *frame,
                      enum sk_readers readers);

/* pressure.c */
/* From now on the feed gets no news; what changed after delta `since` is sent when the client has taken what is queued. */
void sk_feed_press(struct sk_feed *f, uint64_t since);
void sk_feed_release(struct sk_feed *f); /* the feed goes */
/* While some feed is behind: a value that does not live in the tree is kept for it. Takes a reference. */
void sk_loose_keep(struct sk_hub *h, const struct sk_context *c, const struct sk_path *p, const struct sk_source *s,
                   struct sk_frame *frame);
void sk_loose_forget(struct sk_hub *h);

/* preferred.c */
/* Marks the values that source priority keeps out; true when there are any. Only with h->priority or a timed-out origin. */
bool sk_hub_judge(struct sk_hub *h, const struct sk_origin *o, const struct sk_context *c, struct sk_delta *d);
/* The delta without them (NULL: nothing is left), and their marks until sk_hub_unmask. */
struct sk_frame *sk_hub_render_preferred(struct sk_hub *h, struct sk_delta *d, struct sk_span context_json, bool self_filter);
void sk_hub_unmask(struct sk_delta *d);
struct sk_view *sk_view_create(const yyjson_val *exclude_sources); /* NULL: none are named */
struct sk_view *sk_view_ref(struct sk_view *v);
void sk_view_unref(struct sk_view *v);
bool sk_view_excludes(const struct sk_view *v, const struct sk_source *s);
bool sk_view_passes(struct sk_view *v, struct sk_hub *h, const struct sk_node *n, struct sk_source *s);

/* later.c */
/* A delta of the hub's own rules: at once, or behind the one under way. Of the origin, provider, managed and timed_out count. */
void sk_hub_emit(struct sk_hub *h, const struct sk_origin *o, const struct sk_buf *json);
void sk_hub_emit_later(struct sk_hub *h); /* what waits, when nothing is under way any more */

/* context_match.c */
bool sk_context_matches(const struct sk_context_match *m, const struct sk_context *c);
/* A moving vessel comes and goes: relative contexts attach everywhere and are asked again at each delta. */
bool sk_context_may_match(const struct sk_context_match *m, const struct sk_context *c);
bool sk_context_match_same(const struct sk_context_match *a, const struct sk_context_match *b);
void sk_context_match_finish(struct sk_context_match *m);

/* pattern.c */
/* The pattern of that wish, made and attached to the leaves there are when it is new; takes `context` over. */
struct sk_pattern *sk_pattern_take(struct sk_hub *h, struct sk_context_match *context, struct sk_span path);
void sk_pattern_add(struct sk_pattern *p, struct sk_row *r);
void sk_pattern_drop(struct sk_hub *h, struct sk_pattern *p, struct sk_row *r); /* the last row ends the pattern */
/* Calls `fn` for each leaf of the context whose path matches, in tree order. */
void sk_pattern_each_leaf(struct sk_hub *h, const struct sk_pattern *p, const struct sk_context *c,
                          void (*fn)(void *arg, struct sk_node *n), void *arg);
/* Calls `fn` for each pattern whose path matches; their contexts are not looked at. */
void sk_patterns_match(struct sk_hub *h, struct sk_span path, void (*fn)(void *arg, struct sk_pattern *p), void *arg);
void sk_patterns_each(struct sk_hub *h, void (*fn)(void *arg, struct sk_pattern *p), void *arg);
void sk_patterns_leaf_created(struct sk_hub *h, struct sk_node *n);
void sk_patterns_context_dying(struct sk_context *c);
void sk_patterns_node_dying(struct sk_node *n); /* or only its values; the next one makes it new */

/* pace.c */
/* May the value pass now? Else it was swallowed, or waits for the row's period to end. */
bool sk_pace_passes(struct sk_row *r, struct sk_node *n, struct sk_source *s);
void sk_pace_forget(struct sk_row *r, struct sk_node *n); /* the node goes */
void sk_pace_forget_source(struct sk_row *r, struct sk_node *n, struct sk_source *s);
void sk_pace_finish(struct sk_row *r);
void sk_pace_timer(uv_timer_t *t);

/* subscription.c */
/* What is new about a value. */
struct sk_news {
    bool first_seen; /* nothing was known at the node before */
    bool new_leaf;   /* the tree did not show the path before */
    bool rejected;   /* source priority kept it out */
};
void sk_rows_value(struct sk_hub *h, struct sk_node *n, struct sk_value *v, struct sk_news news);
void sk_rows_root(struct sk_hub *h, const struct sk_context *c, const struct sk_update *u, const yyjson_val *object);
/* Metadata and values that do not live in the tree: matched by name. */
void sk_rows_loose(struct sk_hub *h, const struct sk_context *c, const struct sk_update *u, struct sk_path *p,
                   struct sk_span json, bool meta);
void sk_rows_clear(struct sk_feed *f);
void sk_row_remove(struct sk_feed *f, struct sk_row *r);
void sk_row_send_value(struct sk_row *r, const struct sk_node *n, struct sk_value *v);
void sk_row_send_remarks(const struct sk_row *r);
/* A source's "" value. */
struct sk_root_news {
    const struct sk_context *context;
    const struct sk_source *source;
    const yyjson_val *object;
    struct sk_render_one whole; /* the delta of all of it */
};
/* What the pattern's rows (or `only` that one of them) get of it: all when their path matches "", else the members that it names,
   flattened. */
void sk_pattern_send_root(const struct sk_pattern *p, const struct sk_row *only, const struct sk_root_news *news);

/* replay.c: the cached values of the contexts from serial `from` on, until about `max` went out; returns how many did, and where
   to go on (UINT32_MAX: all is done). They are in the order of their time as far as they go out together. */
size_t sk_replay_contexts(struct sk_feed *f, const struct sk_context_match *which, bool all_sources, size_t max, uint32_t *from);
size_t sk_replay_row(struct sk_row *r, size_t max, uint32_t *from);

/* replay_later.c: the same, at once as far as one turn of the loop may take, the rest in later ones and at the client's pace */
void sk_replay_begin_contexts(struct sk_feed *f, const struct sk_context_match *which, bool all_sources);
void sk_replay_begin_row(struct sk_row *r);
void sk_replay_forget_feed(struct sk_feed *f);
void sk_replay_forget_row(struct sk_row *r);
void sk_replay_timer(uv_timer_t *t);

/* What sources said in the "" path of that context after delta `since`. */
void sk_replay_roots(struct sk_row *r, const struct sk_context *c, uint64_t since);

#endif
