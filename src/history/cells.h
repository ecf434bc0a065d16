/*
 * Values gathered into time windows: one cell for each window of a column, which says in the end what its method makes of the
 * values. They may come in any order of time. Pure; owner: one thread at a time.
 */
#ifndef SK_HISTORY_CELLS_H
#define SK_HISTORY_CELLS_H

#include "history/read.h"

struct sk_hcells;

/* `budget`: how many values all columns together may keep, for methods that must see them all; lives as long. */
struct sk_hcells *sk_hcells_create(const struct sk_history_column *column, size_t windows, size_t *budget);
void sk_hcells_destroy(struct sk_hcells *c);
/* SK_ERR_LIMIT: the budget is used up. */
int sk_hcells_add(struct sk_hcells *c, size_t window, int64_t t, const struct sk_hvalue *v, struct sk_errmsg *em);
void sk_hcells_close(struct sk_hcells *c); /* all have come */
bool sk_hcells_has(const struct sk_hcells *c, size_t window);
void sk_hcells_write(const struct sk_hcells *c, size_t window, struct sk_buf *out); /* JSON; null where there is nothing */

#endif
