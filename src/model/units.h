/*
 * Display units: in what unit people want to see a value, and the formulas to get there. The server never converts; it tells
 * clients, in the metadata's `displayUnits`. Built-in data (units_data.h) with the user's own definitions, categories and preset
 * on top. Spec: Signal K "Metadata" (displayUnits). Owner: loop thread. The built-in data is parsed when first asked for.
 */
#ifndef SK_MODEL_UNITS_H
#define SK_MODEL_UNITS_H

#include "base/json.h"
#include "model/meta.h"

#define SK_UNITS_DEFAULT_PRESET "nautical-metric"

struct sk_units;

struct sk_units *sk_units_create(void);
void sk_units_destroy(struct sk_units *u);

/* What the user set; each takes the document over (NULL: back to the built-in). The shape was checked before. */
void sk_units_set_custom_definitions(struct sk_units *u, yyjson_doc *doc);
void sk_units_set_custom_categories(struct sk_units *u, yyjson_doc *doc);
void sk_units_set_preset(struct sk_units *u, yyjson_doc *preset); /* NULL: the default preset */
uint32_t sk_units_serial(const struct sk_units *u);               /* another one after each change, and for each view */

/*
 * Somebody's own preset takes the place of everybody's until the next call; `id` (1 to 255) tells presets apart, for what is
 * kept. NULL and 0: everybody's again. The caller undoes it before it returns to the loop, and keeps `preset` until then.
 */
void sk_units_see_as(struct sk_units *u, const yyjson_val *preset, uint32_t id);

/* Built-in and set data. NULL: none of that name. */
const yyjson_val *sk_units_builtin(struct sk_units *u, const char *member);
const yyjson_val *sk_units_builtin_preset(struct sk_units *u, struct sk_span name);
const yyjson_val *sk_units_preset(struct sk_units *u);
const yyjson_val *sk_units_custom_definitions(struct sk_units *u);
const yyjson_val *sk_units_custom_categories(struct sk_units *u);
/* {"formula","inverseFormula","symbol"} from an SI unit to another one. */
const yyjson_val *sk_units_conversion(struct sk_units *u, struct sk_span si, struct sk_span target);
struct sk_span sk_units_si_of_category(struct sk_units *u, struct sk_span category); /* {NULL,0}: unknown */
/* From the list of well-known paths, else by the SI unit (may be empty); {NULL,0}: none. */
struct sk_span sk_units_default_category(struct sk_units *u, struct sk_span path, struct sk_span si);
/* Categories of one SI unit, of those that have several: {"m":["distance","depth","length"]}, and the one chosen for each. */
void sk_units_write_ambiguous(struct sk_units *u, struct sk_buf *out);
void sk_units_write_primary(struct sk_units *u, struct sk_buf *out);

/* May metadata of a path with that SI unit (may be empty) name the category? SK_ERR_INVALID with the reason. */
int sk_units_check_category(struct sk_units *u, struct sk_span category, struct sk_span si, struct sk_errmsg *em);

/*
 * Metadata of a path as it is shown: with `displayUnits` worked out. NULL when nothing is known of the path. Kept with the path
 * until its metadata or the units change. `u` NULL: as it is.
 */
struct sk_span sk_units_shown(struct sk_units *u, struct sk_path *p);

#endif
