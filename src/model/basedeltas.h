/*
 * The vessel's own words on itself: baseDeltas.json in the configuration folder, an array of deltas with context "vessels.self".
 * One-segment paths live in the "" value, dotted paths as entries, metadata as `meta` entries (only what the user set).
 * Legacy defaults.json (full-tree form) is converted when baseDeltas.json is absent.
 * Owner: loop thread; load and save block (start-up, and rare edits).
 */
#ifndef SK_MODEL_BASEDELTAS_H
#define SK_MODEL_BASEDELTAS_H

#include "base/json.h"

struct sk_basedeltas;

/* Reads or creates; makes sure there is an mmsi or a uuid, and saves a new uuid at once. A file that cannot be understood, and
   has no good copy, is put aside with an error in the log. SK_ERR_INVALID: its mmsi or uuid is no text; `em` names the file. */
int sk_basedeltas_load(const char *config_dir, struct sk_basedeltas **ret_base, struct sk_errmsg *em);
void sk_basedeltas_destroy(struct sk_basedeltas *b);
const char *sk_basedeltas_self_id(const struct sk_basedeltas *b); /* "urn:mrn:..." as of the load */
const char *sk_basedeltas_name(const struct sk_basedeltas *b);    /* vessel name or NULL */
/* JSON text of each delta, in order. */
size_t sk_basedeltas_count(const struct sk_basedeltas *b);
void sk_basedeltas_write(const struct sk_basedeltas *b, size_t index, struct sk_buf *out);

/* User metadata of a path; NULL when none. */
yyjson_mut_val *sk_basedeltas_meta(const struct sk_basedeltas *b, struct sk_span path);
/* Replaces it (value NULL: removes it, SK_ERR_NOTFOUND when there was none); with `field` only that member. Not saved yet. */
int sk_basedeltas_set_meta(struct sk_basedeltas *b, struct sk_span path, struct sk_span field, const yyjson_val *value,
                           struct sk_errmsg *em);
/* What is set of the vessel: a member of its root ("name", "mmsi", "communication"), or a dotted path; NULL when nothing is. */
yyjson_mut_val *sk_basedeltas_root(const struct sk_basedeltas *b, const char *member);
yyjson_mut_val *sk_basedeltas_value(const struct sk_basedeltas *b, struct sk_span path);
/* Sets them; `value` NULL removes. Not saved yet. */
void sk_basedeltas_set_root(struct sk_basedeltas *b, const char *member, const yyjson_val *value);
void sk_basedeltas_set_value(struct sk_basedeltas *b, struct sk_span path, const yyjson_val *value);
int sk_basedeltas_save(struct sk_basedeltas *b, struct sk_errmsg *em);
/* File name and content for a caller that saves elsewhere (thread pool); free the content. */
const char *sk_basedeltas_file(const struct sk_basedeltas *b);
char *sk_basedeltas_text(const struct sk_basedeltas *b, size_t *ret_n);

#endif
