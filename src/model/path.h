/*
 * Interned Signal K paths: one object per distinct dotted path for the life of the process, so that paths compare by pointer
 * and carry what is worked out once (quoted text, parent, metadata). Owner: loop thread. Bounded by SK_PATHS_MAX.
 */
#ifndef SK_MODEL_PATH_H
#define SK_MODEL_PATH_H

#include "base/err.h"
#include "base/map.h"
#include "model/limits.h"

struct sk_meta;
struct sk_zones;

struct sk_path {
    struct sk_path *parent; /* "a.b" of "a.b.c"; NULL for one segment and for "" */
    struct sk_span text;    /* NUL-terminated too */
    struct sk_span name;    /* last segment, within text */
    struct sk_span json;    /* text with quotes and escapes */
    struct sk_span name_json;
    struct sk_meta *meta;   /* what the registry knows; NULL until asked for or when nothing is known */
    struct sk_zones *zones; /* the hub's: what it watches the path's values for; NULL: nothing */
    uint32_t id;            /* small and dense: for hash tables keyed by path */
    uint16_t depth;         /* number of segments; 0 for "" */
    uint32_t meta_serial;   /* another one whenever `meta` changed */
    char *shown;            /* metadata as it was last shown, with the serials it was made of; units.h */
    uint32_t shown_len, shown_meta, shown_units;
    bool meta_looked_up;
    bool notification; /* below "notifications" */
    bool untreed;      /* a segment is reserved in the tree ("value", "meta", ...): streamed, never stored */
};

struct sk_paths {
    struct sk_map map;
    uint32_t count;
};

void sk_paths_finish(struct sk_paths *t);
/* Creates the path and its parents. Refused with a reason: too long, too many segments, too many paths, forbidden segment. */
int sk_path_intern(struct sk_paths *t, struct sk_span text, struct sk_path **ret_path, struct sk_errmsg *em);
struct sk_path *sk_path_find(const struct sk_paths *t, struct sk_span text); /* NULL when unknown */

/* '*' matches any run of characters, dots included; anything else is literal; anchored at both ends. No star is ever
   taken back: each literal part is searched for once, so that no pattern makes it slow. */
bool sk_glob(struct sk_span pattern, struct sk_span text);

/* How a pattern can be looked up, so that not every pattern has to be tried on every path. */
enum sk_glob_kind {
    SK_GLOB_LITERAL, /* no star */
    SK_GLOB_BRANCH,  /* "a.b.*": its only star is the last segment */
    SK_GLOB_GENERAL, /* anything else */
};
enum sk_glob_kind sk_glob_kind(struct sk_span pattern);

#endif
