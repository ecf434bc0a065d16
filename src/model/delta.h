/*
 * A delta on its way through the house, and its reader from JSON. Everything lives in the arena it was read into (and in the
 * JSON text, which must stay). Spec: Signal K "Delta Format". Owner: the reading thread.
 * An update that breaks a rule is left out with a note; the others survive.
 */
#ifndef SK_MODEL_DELTA_H
#define SK_MODEL_DELTA_H

#include "base/json.h"
#include "model/path.h"
#include "model/source.h"

#define SK_DELTA_UPDATES_MAX 1000u
#define SK_DELTA_VALUES_MAX 10000u /* values and metas of one delta together */

struct sk_path_value {
    struct sk_path *path;    /* NULL for one that was refused: forwarded nowhere */
    const yyjson_val *entry; /* the whole {path, value, ...} object */
    const yyjson_val *value; /* NULL when missing: not stored */
    uint32_t at, len;        /* where the value's compact JSON stands in the rendered delta */
    bool dropped;            /* refused by a rule of the hub */
    bool rejected;           /* kept out by source priority */
};

struct sk_update {
    const yyjson_val *object;  /* as received; members are rendered in its order */
    const yyjson_val *source;  /* object, or NULL */
    struct sk_span source_ref; /* "$source" as given, or {NULL,0} */
    struct sk_span timestamp;  /* as given, or {NULL,0} */
    struct sk_path_value *values, *metas;
    uint32_t value_count, meta_count;
    bool has_values, has_meta; /* the member stands there (and is an array) */
    /* filled in by the hub */
    struct sk_source *stream_source, *tree_source;
    struct sk_source_info info;
    struct sk_source_text *source_text;
    bool husk; /* nothing is left to pass on */
};

struct sk_delta {
    const yyjson_val *object;
    struct sk_span context; /* as given; {NULL,0} when absent */
    struct sk_update *updates;
    uint32_t update_count, left_out;
};

/*
 * Reads and validates. SK_ERR_INVALID when it is no delta (not JSON, not an object, no `updates` array) and when no update is
 * left; `em` then, and `left_out` with the last reason in `em` otherwise, say why.
 */
int sk_delta_read(struct sk_arena *a, struct sk_paths *paths, struct sk_span json, struct sk_delta *ret_delta,
                  struct sk_errmsg *em);
/* The same from a value that is part of a larger document read by sk_json_read_raw into `a`. */
int sk_delta_from_json(struct sk_arena *a, struct sk_paths *paths, const yyjson_val *object, struct sk_delta *ret_delta,
                       struct sk_errmsg *em);

#endif
