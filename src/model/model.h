/*
 * The Signal K full data model: contexts (vessels, aircraft, aton, ...), their tree of paths, sources, metadata, own identity.
 * Values are kept as compact JSON text, every source's last one. Owner: the loop thread; no other thread reads or writes it.
 * Spec: Signal K 1.7 "Full and Delta Models". Limits in model/limits.h.
 */
#ifndef SK_MODEL_MODEL_H
#define SK_MODEL_MODEL_H

#include "base/buf.h"
#include "base/err.h"
#include "model/limits.h"
#include "model/path.h"
#include "model/source.h"

struct sk_model;
struct sk_units;

/* `self_id`: "urn:mrn:imo:mmsi:..." or "urn:mrn:signalk:uuid:...". */
struct sk_model *sk_model_create(const char *self_id);
void sk_model_destroy(struct sk_model *m);
const char *sk_model_self_id(const struct sk_model *m);
const char *sk_model_self_context(const struct sk_model *m); /* "vessels." + self id */

/* In what units metadata is shown; must outlive the model. NULL (the beginning): metadata is shown as it is. */
void sk_model_set_units(struct sk_model *m, struct sk_units *u);
struct sk_units *sk_model_units(const struct sk_model *m);
struct sk_paths *sk_model_paths(struct sk_model *m);
struct sk_sources *sk_model_sources(struct sk_model *m);

/*
 * Appends the JSON of the node at a '/'-free dotted path: below the own vessel (`from_root` false) or from the root of the full
 * tree ("vessels.self.navigation", "sources.gps"). "" is the whole. SK_ERR_NOTFOUND when there is nothing there.
 */
int sk_model_query(struct sk_model *m, struct sk_span dotted, bool from_root, struct sk_buf *out);

#endif
