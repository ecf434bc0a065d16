/*
 * The entries of the setting pipedProviders as an administrator sees and edits them: one row each, flat. Functions of JSON to
 * JSON text; no state. Members that are not understood are kept.
 * Limits: SK_ENTRIES_MAX connections, names of SK_ENTRY_ID_MAX bytes.
 */
#ifndef SK_INPUT_ENTRIES_H
#define SK_INPUT_ENTRIES_H

#include "base/json.h"

#define SK_ENTRIES_MAX 200u
#define SK_ENTRY_ID_MAX 100u

/* {"id","enabled","type","logging","options",...,"editable":true}; an entry of another shape (a free-form pipeline), or one that
   is `locked`, as {"id","enabled","json":"<its text>","type","editable":false}. */
void sk_entry_write_row(const yyjson_val *entry, bool locked, struct sk_buf *out);

/* The entry of that id, or NULL. */
yyjson_val *sk_entries_find(const yyjson_val *all, struct sk_span id);
/* options.type of a simple connection; without text of any other (and of NULL). */
struct sk_span sk_entry_type(const yyjson_val *entry);

/*
 * The whole list `all` (NULL: empty) with one entry added, changed or removed, appended to `out`. `row` is as written above; of a
 * change its `options` are merged into those that are there, unless `type` or options.type differs.
 * SK_ERR_INVALID: the row makes no sense. SK_ERR_NOTFOUND, SK_ERR_EXISTS, SK_ERR_DENIED, SK_ERR_LIMIT: not with this list.
 */
int sk_entries_add(const yyjson_val *all, const yyjson_val *row, struct sk_buf *out, struct sk_errmsg *em);
int sk_entries_update(const yyjson_val *all, struct sk_span id, const yyjson_val *row, struct sk_buf *out, struct sk_errmsg *em);
int sk_entries_remove(const yyjson_val *all, struct sk_span id, struct sk_buf *out, struct sk_errmsg *em);

#endif
