/*
 * The full tree: contexts, their nodes and leaves, with every source's last value. The tree is rendered by walking it; nothing
 * is kept twice. Owner: loop thread. Pointers live until the context is pruned (its nodes) or the process ends (paths, sources).
 */
#ifndef SK_MODEL_TREE_H
#define SK_MODEL_TREE_H

#include "base/frame.h"
#include "model/path.h"
#include "model/source.h"
#include "model/text.h"

struct sk_model;

/* One source's last value at a leaf. */
struct sk_value {
    struct sk_source *source;           /* key in the tree's "values" */
    struct sk_source *ref;              /* "$source" as streamed; differs only for a delta that names both differently */
    struct sk_source_text *source_text; /* the `source` object, or NULL */
    struct sk_frame *frame;             /* one-value delta, rendered for subscribers; dropped at the next change */
    struct sk_text json, timestamp;
    int32_t pgn;      /* 0: none */
    char sentence[8]; /* "": none */
    uint64_t changed; /* the hub's number of the delta that it came with */
    char *state;      /* JSON object that came beside the value ("state"), or NULL */
};

struct sk_leaf {
    uint16_t count, cap, current; /* current: index of the value shown at the top */
    bool several;                 /* a second source has been seen: "values" is shown from now on */
    struct sk_value *values;
};

struct sk_node {
    struct sk_path *path;
    struct sk_context *context;
    struct sk_node *next, *first, **last_next; /* siblings and children in order of creation */
    struct sk_leaf *leaf;                      /* NULL: branch only */
    struct sk_leaf *rejected;  /* what source priority kept out, of each source newer than its value in the leaf */
    bool shown;                /* it or something below it has a leaf */
    struct sk_sub_link *links; /* hub: subscription rows that match here */
};

/* One member of the context object itself ("name", "mmsi", ...). */
struct sk_root_member {
    struct sk_span name_json;
    struct sk_span name;
    struct sk_text json;
};

/* A context's part of the full model, kept while it stays the same and is asked for. */
struct sk_rendering {
    struct sk_frame *frame; /* ,"<id>":{...} with the comma; NULL: none */
    uint64_t hash;
    uint64_t changed, meta_changes; /* what it was made of: the context's, everybody's */
    uint32_t units;
    bool used; /* since sk_tree_forget_renderings was called */
};

/* What one source last said in the "" path, member by member, for replay. */
struct sk_root_value {
    struct sk_source *ref;
    struct sk_source_text *source_text;
    struct sk_text timestamp;
    struct sk_text json; /* merged object */
    uint64_t changed;
};

struct sk_context {
    struct sk_model *model;
    struct sk_context *next;   /* in order of creation */
    struct sk_span text, json; /* "vessels.urn:..." plain and quoted; text is NUL-terminated too */
    struct sk_span root, id;   /* "vessels", "urn:..." */
    bool self;
    uint32_t serial;        /* never used again after it was pruned */
    uint64_t heard_ms;      /* monotonic, last delta */
    uint64_t changed;       /* the hub's number of the last delta */
    struct sk_node **table; /* open addressing by path id */
    uint32_t table_cap, node_count;
    struct sk_node *first, **last_next; /* nodes of depth 1 */
    struct sk_root_member *members;
    uint32_t member_count;
    struct sk_root_value *roots;
    uint32_t root_count;
    struct sk_rendering rendering;
};

struct sk_model;

struct sk_context *sk_context_find(const struct sk_model *m, struct sk_span text);
/* Creates it, with its identity member. SK_ERR_LIMIT, SK_ERR_DENIED, SK_ERR_INVALID (no second segment). */
int sk_context_intern(struct sk_model *m, struct sk_span text, struct sk_context **ret_context, struct sk_errmsg *em);
size_t sk_tree_context_count(const struct sk_model *m);
struct sk_context *sk_context_first(const struct sk_model *m);
struct sk_node *sk_node_find(const struct sk_context *c, const struct sk_path *p);

struct sk_value_input {
    struct sk_source *source, *ref;
    const struct sk_source_info *info;  /* NULL: came with a reference only */
    struct sk_source_text *source_text; /* NULL when info is */
    struct sk_span timestamp, json;
    struct sk_span state; /* JSON, may be empty */
    uint64_t serial;      /* of the delta; becomes `changed` */
};
/*
 * Stores a value; *ret_value is it. SK_ERR_LIMIT when the context holds too many paths or the path too many sources,
 * SK_ERR_DENIED for a path that cannot stand in the tree. *ret_new_node tells that the leaf is new.
 */
int sk_tree_set(struct sk_model *m, struct sk_context *c, struct sk_path *p, const struct sk_value_input *in,
                struct sk_node **ret_node, struct sk_value **ret_value, bool *ret_new_leaf, struct sk_errmsg *em);
/* The same for a value that source priority kept out: it waits beside the leaf for those who want every source. *ret_new tells
   that the node held nothing before. */
int sk_tree_set_rejected(struct sk_model *m, struct sk_context *c, struct sk_path *p, const struct sk_value_input *in,
                         struct sk_node **ret_node, struct sk_value **ret_value, bool *ret_new, struct sk_errmsg *em);
/* The last value of a source; with `rejected` also one that was kept out, when it is newer. NULL: none. */
struct sk_value *sk_node_value_of(const struct sk_node *n, const struct sk_source *s, bool rejected);
/* Merges the members of a "" value shallowly into the context object. */
int sk_tree_set_root(struct sk_model *m, struct sk_context *c, const yyjson_val *object, const struct sk_value_input *in,
                     struct sk_errmsg *em);
const struct sk_root_member *sk_context_member(const struct sk_context *c, struct sk_span name);

/* Nothing more fits in: the next new context is refused. */
bool sk_tree_full(const struct sk_model *m);
/* Makes room: removes the contexts longest silent, an eighth of all, never self; `dying` as below. Returns how many. */
uint32_t sk_tree_evict(struct sk_model *m, void (*dying)(void *arg, struct sk_context *c), void *arg);
/* Removes contexts other than self that were silent since `before_ms`; `dying` (may be NULL) hears of each first. */
void sk_tree_prune(struct sk_model *m, uint64_t before_ms, void (*dying)(void *arg, struct sk_context *c), void *arg);

/* The context's member of its root; made anew only when something in it has changed. NULL: out of memory. Lives until the next
   call for this context; take a reference. */
const struct sk_rendering *sk_context_rendering(struct sk_context *c);
void sk_tree_forget_renderings(struct sk_model *m); /* those that were not used since the last call */

/* The values of a source, [{"context","path","value","timestamp","state"}], state: "shown", "beside another" or "kept out" (by
   source priority). How many there are. */
size_t sk_tree_write_source(const struct sk_model *m, const struct sk_source *s, struct sk_buf *out);
/* Removes all that a source said, in every context; where it spoke last, the newest of the others is shown. `leaving` hears of
   each node before it loses a value, its `last` one or not. `serial` rises for each context that changed. Returns how many values
   went. */
uint32_t sk_tree_forget_source(struct sk_model *m, const struct sk_source *s, uint64_t *serial,
                               void (*leaving)(void *arg, struct sk_node *n, bool last), void *arg);

/* Writers: JSON of a leaf/branch, a context, all contexts of a root, or the whole tree. */
void sk_node_write(const struct sk_node *n, struct sk_buf *out);
void sk_context_write(const struct sk_context *c, struct sk_buf *out);
void sk_tree_write_root(const struct sk_model *m, struct sk_span root, struct sk_buf *out);
void sk_tree_write(const struct sk_model *m, struct sk_buf *out);
bool sk_tree_has_root(const struct sk_model *m, struct sk_span root);
/* {"<dotted path>": meta, ...} of the leaves that have metadata. */
void sk_context_write_meta(const struct sk_context *c, struct sk_buf *out);

#endif
