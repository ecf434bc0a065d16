/*
 * Sources: interned `$source` references ("gps.GP", "n2k.43", a plugin's package name) and the tree of what is known of them
 * (`/signalk/v1/api/sources`). Spec: Signal K "Multiple Values", "Sources". Owner: loop thread. Bounded by SK_SOURCES_MAX.
 */
#ifndef SK_MODEL_SOURCE_H
#define SK_MODEL_SOURCE_H

#include "base/err.h"
#include "base/json.h"
#include "base/map.h"
#include "model/limits.h"

/* A `source` object's JSON text, shared by all values that came with it. */
struct sk_source_text {
    uint32_t refs, len;
    char bytes[];
};

struct sk_source {
    struct sk_span ref;               /* NUL-terminated too */
    struct sk_span json;              /* quoted */
    struct sk_source_text *last_text; /* most deltas of a source carry the same object */
    bool seen;
    const struct sk_source_text *noted; /* the object that the tree knows, ... */
    struct sk_source_node *stamp;       /* ... and where it keeps the time of the last such delta */
};

/* What a `source` object says, as far as the server cares; spans into the delta. */
struct sk_source_info {
    struct sk_span label, type, talker, sentence, src, can_name, instance;
    int64_t pgn; /* -1: none */
    bool has_src;
    const yyjson_val *object;
};

struct sk_source_node;
struct sk_sources {
    struct sk_map map;
    struct sk_source_node *tree;
    size_t tree_nodes;
    uint32_t names_revision;   /* rises when the CAN name of an address becomes known or changes, */
    uint32_t devices_revision; /* and when anything does that an NMEA 2000 device says of itself */
};

void sk_sources_init(struct sk_sources *t);
void sk_sources_finish(struct sk_sources *t);
int sk_source_intern(struct sk_sources *t, struct sk_span ref, struct sk_source **ret_source, struct sk_errmsg *em);

/* Reads a `source` object. A label that is missing or has characters outside [A-Za-z0-9-_.] becomes `provider`. */
void sk_source_info_read(const yyjson_val *object, struct sk_span provider, struct sk_source_info *ret_info);
/* The reference that the object stands for: label.canName, label.src, label (type plugin), label.talker or label.XX. */
void sk_source_info_ref(const struct sk_source_info *i, struct sk_buf *out);

/* Notes in the sources tree that a delta of this source came. `info` and `text` NULL: it came with a reference only. */
void sk_sources_note(struct sk_sources *t, struct sk_source *s, const struct sk_source_info *info,
                     const struct sk_source_text *text, struct sk_span timestamp);
/* The CAN name of the device at an address, as the tree knows it ("can0", "43"); {NULL,0} when it does not. Valid until the next
   note. */
struct sk_span sk_sources_can_name(const struct sk_sources *t, struct sk_span label, struct sk_span address);
/* Removes what the tree knows of that reference; false: nothing. */
bool sk_sources_forget(struct sk_sources *t, struct sk_span ref);
/* JSON of the whole tree. */
void sk_sources_write(const struct sk_sources *t, struct sk_buf *out);

struct sk_source_text *sk_source_text_for(struct sk_source *s, struct sk_span json); /* a reference for the caller */
void sk_source_text_unref(struct sk_source_text *t);

#endif
